//! By which names may a datagram of ours be dropped?
//!
//! By what it carries, in the words of `--drop`: `hello`, `welcome`, `finish`, `retry`, `versions`,
//! `refuse`, `reset` for the handshake; and for data packets in the clear `data`, `ack`, `ping`, `credit`,
//! `pace`, `challenge`, `response`, `close`. A packet that carries several has several names. Of a sealed
//! data packet nobody between the two ends can say anything.

use crate::wire::bytes::Reader;
use crate::wire::datagram::{DATA_HEADER, Handshake, is_handshake, read_data_header, read_handshake};
use crate::wire::frame::{Frame, take_frame};

/// Bytes behind the frames of a data packet in the clear: the CRC.
const CHECKSUM: usize = 4;

/// The names of this datagram, each once; of noise, none. `clear`: its data packet may be in the clear, which
/// it is if its checksum is right (of sealed ones that is so once in four thousand million).
pub fn labels(datagram: &[u8], clear: bool) -> Vec<&'static str> {
    let mut names = Vec::new();
    let mut data = datagram;
    if is_handshake(datagram) {
        let Ok(part) = read_handshake(datagram) else { return names };
        names.extend(part.content.as_ref().map(of_handshake));
        data = datagram.get(part.len..).unwrap_or_default();
    }
    if clear && read_data_header(data).is_ok() && has_right_checksum(data) {
        let frames = data.get(DATA_HEADER..data.len().saturating_sub(CHECKSUM)).unwrap_or_default();
        let mut reader = Reader::new(frames);
        while let Ok(Some(frame)) = take_frame(&mut reader) {
            let name = of_frame(&frame);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

fn has_right_checksum(data: &[u8]) -> bool {
    data.split_last_chunk::<CHECKSUM>()
        .is_some_and(|(body, checksum)| crc32fast::hash(body).to_be_bytes() == *checksum)
}

const fn of_handshake(handshake: &Handshake<'_>) -> &'static str {
    match handshake {
        Handshake::Hello { .. } => "hello",
        Handshake::Welcome { .. } => "welcome",
        Handshake::Finish { .. } => "finish",
        Handshake::Retry { .. } => "retry",
        Handshake::Versions { .. } => "versions",
        Handshake::Refuse { .. } => "refuse",
        Handshake::Reset { .. } => "reset",
    }
}

const fn of_frame(frame: &Frame<'_>) -> &'static str {
    match frame {
        Frame::Message(_) => "data",
        Frame::Ack { .. } => "ack",
        Frame::Ping => "ping",
        Frame::SessionCredit { .. } | Frame::ChannelCredit { .. } => "credit",
        Frame::Pace { .. } => "pace",
        Frame::PathChallenge(_) => "challenge",
        Frame::PathResponse(_) => "response",
        Frame::Close { .. } => "close",
        Frame::Abandoned { .. } => "abandoned",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::bytes::Writer;
    use crate::wire::datagram::{ConnectionId, put_data_header, put_handshake};
    use crate::wire::frame::{Piece, put_close, put_piece, put_ping};

    fn data(put: impl Fn(&mut Writer<'_>)) -> Vec<u8> {
        let mut datagram = Vec::new();
        put_data_header(&mut datagram, ConnectionId(1), false, 7);
        put(&mut Writer::new(&mut datagram));
        let checksum = crc32fast::hash(&datagram);
        datagram.extend_from_slice(&checksum.to_be_bytes());
        datagram
    }

    #[test]
    fn a_data_packet_in_the_clear_is_called_by_its_frames_each_once() {
        let piece = Piece { channel: 8, sequence: 0, total: 2, offset: 0, bytes: b"hi" };
        let datagram = data(|out| {
            put_ping(out);
            put_piece(out, &piece);
            put_piece(out, &piece);
            put_close(out, 0, "");
        });
        assert_eq!(labels(&datagram, true), ["ping", "data", "close"]);
        assert_eq!(labels(&datagram, false), [""; 0]);
    }

    #[test]
    fn a_handshake_is_called_by_its_kind_even_when_data_follows() {
        let mut datagram = Vec::new();
        let finish = Handshake::Finish { noise: b"third" };
        put_handshake(&mut datagram, ConnectionId(1), ConnectionId(2), &finish);
        datagram.extend(data(put_ping));
        assert_eq!(labels(&datagram, true), ["finish", "ping"]);
        assert_eq!(labels(&datagram, false), ["finish"]);
    }

    #[test]
    fn a_data_packet_with_a_wrong_checksum_may_be_sealed_and_has_no_name() {
        let mut datagram = data(put_ping);
        datagram[DATA_HEADER] ^= 1;
        assert_eq!(labels(&datagram, true), [""; 0]);
    }

    #[test]
    fn noise_has_no_name() {
        for noise in [&[][..], &[0x40], &[0x81; 30], &[0xff; 2_000], &[0x40; 14], &[0; 17]] {
            assert_eq!(labels(noise, true), [""; 0], "{} bytes", noise.len());
        }
    }
}
