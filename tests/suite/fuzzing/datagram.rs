//! Does everything that is read before its sender has proved itself read whatever comes, and alike when it is
//! written again?
//!
//! The first byte chooses the reader, the rest is what it reads. What it takes is written and read again, and
//! must be the same. Shared with the fuzzer, see `fuzz/`.

use super::checksum::with_checksum;
use sayagain::chat::codec;
use sayagain::transport::params::Params;
use sayagain::transport::session::CloseCode;
use sayagain::transport::stream::content::Content;
use sayagain::transport::stream::frame::{self as stream, Header};
use sayagain::transport::stream::preamble::{self, Preamble};
use sayagain::wire::datagram::{self, put_handshake, read_data_header, read_handshake};
use sayagain::wire::frame::{self, ACK_RANGES_MAX, Frame, take_frame};
use sayagain::wire::ranges::RangeSet;
use sayagain::wire::{Reader, Writer};

/// How many readers there are; the first byte counts modulo this.
pub const READERS: u8 = 12;

/// What reads is written, and must read as the same value.
macro_rules! again {
    ($bytes:expr, $read:expr, $put:expr) => {
        if let Ok(value) = $read($bytes) {
            let mut buffer = Vec::new();
            $put(&value, &mut buffer);
            assert_eq!($read(&buffer).ok().as_ref(), Some(&value), "written as {buffer:02x?}");
        }
    };
}

/// Reads it. Panics where a promise is broken.
pub fn play(input: &[u8]) {
    let Some((reader, bytes)) = input.split_first() else { return };
    match reader % READERS {
        0 => read_datagram(bytes),
        1 => read_datagram(&with_checksum(bytes)),
        2 => read_frames(bytes),
        3 => again!(bytes, Params::read, Params::put),
        4 => again!(bytes, Content::read, Content::put),
        5 => read_stream_frame(bytes),
        6 => read_preamble(bytes),
        7 => again!(bytes, codec::decode_greeting, |it, out: &mut Vec<u8>| {
            out.extend(codec::encode_greeting(it));
        }),
        8 => again!(bytes, codec::decode_server_greeting, |it, out: &mut Vec<u8>| {
            out.extend(codec::encode_server_greeting(it));
        }),
        9 => again!(bytes, codec::decode_to_server, |it, out: &mut Vec<u8>| {
            out.extend(codec::encode_to_server(it));
        }),
        10 => again!(bytes, codec::decode_to_client, |it, out: &mut Vec<u8>| {
            out.extend(codec::encode_to_client(it));
        }),
        _ => again!(bytes, stream::read_refuse, |it: &(CloseCode, String), out: &mut Vec<u8>| {
            out.extend(stream::refuse_body(it.0, &it.1));
        }),
    }
}

fn read_datagram(bytes: &[u8]) {
    let mut rest = bytes;
    if datagram::is_handshake(bytes) {
        let Ok(part) = read_handshake(bytes) else { return };
        assert!(part.len <= bytes.len());
        if let Some(content) = &part.content {
            let mut buffer = Vec::new();
            put_handshake(&mut buffer, part.destination, part.source, content);
            let same = read_handshake(&buffer).expect("what was written reads");
            assert_eq!((same.content.as_ref(), same.len), (Some(content), buffer.len()));
            assert_eq!((same.destination, same.source), (part.destination, part.source));
        }
        rest = &bytes[part.len..];
    }
    if let Ok(header) = read_data_header(rest) {
        let mut buffer = Vec::new();
        let number = u64::from(header.truncated);
        datagram::put_data_header(&mut buffer, header.destination, header.phase, number);
        assert_eq!(read_data_header(&buffer), Ok(header));
    }
}

fn read_frames(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    while let Ok(Some(frame)) = take_frame(&mut reader) {
        let mut buffer = Vec::new();
        put_frame(&frame, &mut buffer);
        let again = take_frame(&mut Reader::new(&buffer)).expect("what was written reads");
        assert!(again.is_some_and(|again| is_same(&frame, &again)), "{frame:?}, written as {buffer:02x?}");
    }
}

/// An acknowledgement is the same if it names the same ranges, of many the newest.
fn is_same(one: &Frame<'_>, other: &Frame<'_>) -> bool {
    match (one, other) {
        (
            Frame::Ack { delay_us, ranges, marked },
            Frame::Ack { delay_us: delay, ranges: others, marked: marks },
        ) => (delay_us, marked) == (delay, marks) && ranges.iter().take(ACK_RANGES_MAX).eq(others.iter()),
        _ => one == other,
    }
}

fn put_frame(it: &Frame<'_>, buffer: &mut Vec<u8>) {
    let out = &mut Writer::new(buffer);
    match it {
        Frame::Ping => frame::put_ping(out),
        Frame::Ack { delay_us, ranges, marked } => {
            let mut set = RangeSet::new();
            ranges.iter().for_each(|range| {
                set.insert(*range.start(), *range.end());
            });
            assert!(frame::put_ack(out, &set, *delay_us, *marked, usize::MAX));
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
}

fn read_stream_frame(bytes: &[u8]) {
    if let Some((header, body)) = bytes.split_first_chunk()
        && let Ok(header) = Header::read(*header)
    {
        assert!(header.len <= header.kind.body_max());
        assert_eq!(Header::read(header.to_bytes()), Ok(header));
        let versions = stream::read_versions(body);
        assert_eq!(stream::read_versions(&stream::versions_body(&versions)), versions);
    }
}

fn read_preamble(bytes: &[u8]) {
    let is_ours = Preamble::check(bytes).is_ok();
    if let Ok(read) = Preamble::read(bytes).map(Preamble::to_bytes)
        && is_ours
        && bytes.len() == preamble::LEN
    {
        assert_eq!(read, bytes);
    }
}
