//! How do bytes that come in any portions become whole preambles and frames?
//!
//! At most one of them is held at a time, and only as much of it as has arrived: who announces 64 KiB and
//! sends ten bytes has cost us ten bytes.

use super::frame::{HEADER_LEN, Header, Kind};
use super::preamble::{self, Preamble, Unfit};
use crate::wire::bytes::Malformed;

/// An idle stream keeps no larger buffer than this.
const KEPT: usize = 4_096;

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// A client's first bytes.
    Preamble,
    /// A frame that is not sealed.
    Handshake,
    /// A sealed frame.
    Sealed,
}

/// Why what came cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unreadable {
    /// No preamble of ours.
    Preamble(Unfit),
    /// No frame that may come now; the text names the rule.
    Frame(&'static str),
}

impl From<Malformed> for Unreadable {
    fn from(malformed: Malformed) -> Self {
        Self::Frame(malformed.0)
    }
}

/// What has arrived of the next preamble or frame.
#[derive(Debug, Default)]
pub struct Input {
    buffer: Vec<u8>,
    whole: bool,
}

impl Input {
    /// Takes from the front of `source` what the next preamble or frame still lacks. True: it is
    /// [`Self::whole`]. False: `source` is used up.
    pub fn advance(&mut self, source: &mut &[u8], expected: Expected) -> Result<bool, Unreadable> {
        if std::mem::take(&mut self.whole) {
            self.buffer.clear();
            self.buffer.shrink_to(KEPT);
        }
        loop {
            let wanted = self.wanted(expected)?;
            if self.buffer.len() == wanted {
                self.whole = true;
                return Ok(true);
            }
            if source.is_empty() {
                return Ok(false);
            }
            let (portion, rest) = source.split_at(source.len().min(wanted - self.buffer.len()));
            self.buffer.extend_from_slice(portion);
            *source = rest;
        }
    }

    /// The preamble, or the frame with its header, that [`Self::advance`] found; empty when it found none.
    pub fn whole(&mut self) -> &mut [u8] {
        if self.whole { &mut self.buffer } else { &mut [] }
    }

    /// How many bytes the whole has, as far as can be told from its beginning.
    fn wanted(&self, expected: Expected) -> Result<usize, Unreadable> {
        if expected == Expected::Preamble {
            Preamble::check(&self.buffer).map_err(Unreadable::Preamble)?;
            return Ok(preamble::LEN);
        }
        let Some(header) = self.buffer.first_chunk::<HEADER_LEN>() else {
            return Ok(HEADER_LEN);
        };
        let header = Header::read(*header)?;
        let sealed = matches!(header.kind, Kind::Sealed(_));
        if sealed != (expected == Expected::Sealed) {
            return Err(Unreadable::Frame("a frame out of turn"));
        }
        Ok(HEADER_LEN + header.len)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Bytes of memory in use.
    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::plain;
    use super::*;

    #[test]
    fn frames_come_whole_whatever_the_portions() {
        let stream = [plain(Kind::Hello, b"one"), plain(Kind::Finish, b""), plain(Kind::Hello, b"three")];
        let bytes = stream.concat();
        for portion in 1..=bytes.len() {
            let (mut input, mut frames) = (Input::default(), Vec::new());
            for mut source in bytes.chunks(portion) {
                while input.advance(&mut source, Expected::Handshake).expect("frames") {
                    frames.push(input.whole().to_vec());
                }
            }
            assert_eq!(frames, stream, "portions of {portion}");
        }
    }

    #[test]
    fn a_length_that_is_only_told_takes_no_memory() {
        let mut input = Input::default();
        let told = Header { kind: Kind::Sealed(false), len: 60_000 }.to_bytes();
        assert_eq!(input.advance(&mut &told[..], Expected::Sealed), Ok(false));
        assert!(input.capacity() < 64);
    }

    #[test]
    fn a_long_frames_memory_is_given_back_with_the_next() {
        let mut input = Input::default();
        let frame = plain(Kind::Sealed(false), &vec![0; 60_000]);
        assert_eq!(input.advance(&mut &frame[..], Expected::Sealed), Ok(true));
        assert_eq!(input.advance(&mut &frame[..1], Expected::Sealed), Ok(false));
        assert!(input.capacity() <= KEPT);
    }

    #[test]
    fn what_may_not_come_now_is_refused_at_its_header() {
        let out_of_turn = Err(Unreadable::Frame("a frame out of turn"));
        let sealed = plain(Kind::Sealed(true), b"early");
        assert_eq!(Input::default().advance(&mut &sealed[..4], Expected::Handshake), out_of_turn);
        let refuse = plain(Kind::Refuse, b"late");
        assert_eq!(Input::default().advance(&mut &refuse[..4], Expected::Sealed), out_of_turn);
    }

    #[test]
    fn another_protocol_is_refused_at_its_first_byte() {
        let foreign = Err(Unreadable::Preamble(Unfit::Foreign));
        assert_eq!(Input::default().advance(&mut &b"GET / HTTP/1.1"[..], Expected::Preamble), foreign);
        assert_eq!(Input::default().advance(&mut &b"\x16"[..], Expected::Preamble), foreign);
    }
}
