//! Are datagrams and frames the bytes that the known answers have? (`tests/vectors/datagram.txt`,
//! `tests/vectors/frame.txt`)

use super::datagram::{
    ConnectionId, DataHeader, Handshake, is_handshake, put_data_header, put_handshake, read_data_header,
    read_handshake,
};
use super::frame::{self, Frame, take_frame};
use super::ranges::RangeSet;
use super::{Malformed, Reader, Writer, number};

const DATAGRAMS: &str = include_str!("../../tests/vectors/datagram.txt");
const FRAMES: &str = include_str!("../../tests/vectors/frame.txt");

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")).collect()
}

/// A section of the datagrams: its title, and its fields in their order.
struct Section(&'static str, Vec<(&'static str, &'static str)>);

impl Section {
    fn all() -> impl Iterator<Item = Self> {
        let blocks = DATAGRAMS.split("\n\n").filter(|block| block.starts_with('['));
        blocks.map(|block| {
            let (title, fields) = block.split_once('\n').expect("fields");
            let fields = fields.lines().filter_map(|line| line.split_once('='));
            Self(title.trim_matches(['[', ']']), fields.map(|(name, v)| (name.trim(), v.trim())).collect())
        })
    }

    fn text(&self, name: &str) -> &'static str {
        self.1.iter().find(|(field, _)| *field == name).expect(name).1
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        hex(self.text(name))
    }

    fn id(&self, name: &str) -> ConnectionId {
        ConnectionId(u64::from_str_radix(self.text(name), 16).expect("an id"))
    }

    fn decimal(&self, name: &str) -> u64 {
        self.text(name).parse().expect("a number")
    }

    /// Hands over what the fields say that the handshake datagram is.
    fn with_content(&self, check: impl FnOnce(&Handshake<'_>)) {
        let bytes = |name| self.bytes(name);
        match self.0 {
            "hello" => check(&Handshake::Hello {
                pattern: self.decimal("pattern").try_into().expect("a byte"),
                token: &bytes("token"),
                noise: &bytes("noise"),
            }),
            "welcome" => check(&Handshake::Welcome { noise: &bytes("noise") }),
            "finish" => check(&Handshake::Finish { noise: &bytes("noise") }),
            "retry" => check(&Handshake::Retry { token: &bytes("token") }),
            "versions" => {
                let versions = self.text("versions").split(' ').map(|v| v.parse().expect("a version"));
                check(&Handshake::Versions { versions: versions.collect() });
            }
            "refuse" => {
                check(&Handshake::Refuse {
                    code: self.decimal("code").try_into().expect("two bytes"),
                    text: self.text("text"),
                });
            }
            "reset" => check(&Handshake::Reset { token: bytes("token").try_into().expect("16 bytes") }),
            other => panic!("a datagram of kind {other}"),
        }
    }
}

#[test]
fn every_kind_of_handshake_datagram_is_byte_for_byte_the_recorded_one() {
    let mut kinds = Vec::new();
    for section in Section::all().filter(|section| !["data", "malformed"].contains(&section.0)) {
        let (destination, source) = (section.id("destination"), section.id("source"));
        let recorded = section.bytes("datagram");
        section.with_content(|content| {
            let mut written = Vec::new();
            put_handshake(&mut written, destination, source, content);
            assert_eq!(written, recorded, "{}", section.0);
            let read = read_handshake(&recorded).expect(section.0);
            assert_eq!((read.destination, read.source, read.len), (destination, source, recorded.len()));
            assert_eq!(read.content.as_ref(), Some(content));
        });
        kinds.push(recorded[0]);
    }
    kinds.dedup();
    assert_eq!(kinds, [0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87]);
}

#[test]
fn every_header_of_a_data_packet_is_byte_for_byte_the_recorded_one() {
    let sections: Vec<_> = Section::all().filter(|section| section.0 == "data").collect();
    assert!(!sections.is_empty());
    for section in sections {
        let (destination, phase) = (section.id("destination"), section.decimal("phase") == 1);
        let (number, recorded) = (section.decimal("number"), section.bytes("header"));
        let mut written = Vec::new();
        put_data_header(&mut written, destination, phase, number);
        assert_eq!(written, recorded);
        let truncated = number::truncate(number);
        assert_eq!(read_data_header(&recorded), Ok(DataHeader { destination, phase, truncated }));
        assert!(!is_handshake(&recorded));
    }
}

#[test]
fn every_malformed_datagram_is_refused_for_what_is_wrong_with_it() {
    let section = Section::all().find(|section| section.0 == "malformed").expect("a section");
    assert!(section.1.len() > 10);
    for (rule, bytes) in section.1 {
        assert_eq!(read_handshake(&hex(bytes)).err(), Some(Malformed(rule)), "{bytes}");
    }
}

fn read_frame(bytes: &[u8]) -> Result<Frame<'_>, Malformed> {
    let mut reader = Reader::new(bytes);
    let frame = take_frame(&mut reader)?.expect("a frame");
    assert_eq!(take_frame(&mut reader), Ok(None), "one frame a line");
    Ok(frame)
}

/// As the third column spells it: the ranges of an ACK as they are, its marks if there are any, all else with
/// its fields.
fn spelled(frame: &Frame<'_>) -> String {
    match frame {
        Frame::Ack { delay_us, ranges, marked } => {
            let ranges: Vec<_> = ranges.iter().collect();
            let marked = if *marked > 0 { format!(", marked: {marked}") } else { String::new() };
            format!("Ack {{ delay_us: {delay_us}, ranges: {ranges:?}{marked} }}")
        }
        other => format!("{other:?}"),
    }
}

fn written(frame: &Frame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let out = &mut Writer::new(&mut bytes);
    match frame {
        Frame::Ping => frame::put_ping(out),
        Frame::Ack { delay_us, ranges, marked } => {
            let mut received = RangeSet::new();
            ranges.iter().for_each(|range| {
                received.insert(*range.start(), *range.end());
            });
            frame::put_ack(out, &received, *delay_us, *marked, usize::MAX);
        }
        Frame::SessionCredit { limit } => frame::put_session_credit(out, *limit),
        Frame::ChannelCredit { channel, limit } => frame::put_channel_credit(out, *channel, *limit),
        Frame::Pace { heartbeat_ms } => frame::put_pace(out, *heartbeat_ms),
        Frame::Message(piece) => frame::put_piece(out, piece),
        Frame::PathChallenge(data) => frame::put_path_challenge(out, *data),
        Frame::PathResponse(data) => frame::put_path_response(out, *data),
        Frame::Close { code, text } => frame::put_close(out, *code, text),
        Frame::Abandoned { channel, sequence, total } => {
            frame::put_abandoned(out, *channel, *sequence, *total);
        }
    }
    bytes
}

#[test]
fn every_frame_is_byte_for_byte_the_recorded_one_and_what_is_malformed_is_refused() {
    let mut types = std::collections::BTreeSet::new();
    for line in FRAMES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [direction, digits, value] = columns[..] else { panic!("three columns: {line}") };
        let bytes = hex(digits);
        let read = read_frame(&bytes);
        match direction {
            "frame" => {
                let read = read.expect(line);
                assert_eq!((spelled(&read).as_str(), &written(&read)), (value, &bytes));
                types.insert(bytes[0]);
            }
            "reads" => {
                let read = read.expect(line);
                assert_eq!(spelled(&read), value);
                assert_ne!(written(&read), bytes, "{line}");
            }
            "malformed" => assert_eq!(read.err().map(|malformed| malformed.0), Some(value), "{line}"),
            other => panic!("direction {other}"),
        }
    }
    assert_eq!(Vec::from_iter(types), [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13]);
}
