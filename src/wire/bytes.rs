//! How are numbers, strings and byte runs written down?
//!
//! Numbers are the variable-length integers of QUIC (RFC 9000 §16): the two high bits of the first byte
//! say how long the number is, the rest is the number, most significant byte first.
//!
//! ```text
//!  00xxxxxx                                    1 byte    up to 63
//!  01xxxxxx xxxxxxxx                           2 bytes   up to 16,383
//!  10xxxxxx xxxxxxxx xxxxxxxx xxxxxxxx         4 bytes   up to 2^30 - 1
//!  11xxxxxx … 7 more                           8 bytes   up to 2^62 - 1
//! ```
//!
//! Byte runs and strings are a number (the length in bytes) and then the bytes. A reader never allocates
//! for a length that it was only told of.

use std::fmt;

/// The largest number that a variable-length integer holds: 2^62 - 1.
pub const VARINT_MAX: u64 = (1 << 62) - 1;

/// These bytes are not what they should be; the text names the field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed: {}", self.0)
    }
}

impl std::error::Error for Malformed {}

/// How many bytes this number takes.
pub const fn varint_len(value: u64) -> usize {
    match value {
        0..=0x3f => 1,
        0x40..=0x3fff => 2,
        0x4000..=0x3fff_ffff => 4,
        _ => 8,
    }
}

/// Takes values off the front of a run of bytes. Each `take_…` names what it looks for, so that the
/// error can.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads these bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What was not read yet.
    #[inline]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Nothing left?
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// So many bytes.
    #[inline]
    pub fn take(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Malformed(what))?;
        self.rest = rest;
        Ok(taken)
    }

    /// So many bytes, as an array.
    #[inline]
    pub fn take_array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Malformed(what))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// One byte.
    #[inline]
    pub fn take_u8(&mut self, what: &'static str) -> Result<u8, Malformed> {
        self.take_array::<1>(what).map(|[byte]| byte)
    }

    /// Two bytes, most significant first.
    pub fn take_u16(&mut self, what: &'static str) -> Result<u16, Malformed> {
        self.take_array(what).map(u16::from_be_bytes)
    }

    /// Four bytes, most significant first.
    pub fn take_u32(&mut self, what: &'static str) -> Result<u32, Malformed> {
        self.take_array(what).map(u32::from_be_bytes)
    }

    /// Eight bytes, most significant first.
    pub fn take_u64(&mut self, what: &'static str) -> Result<u64, Malformed> {
        self.take_array(what).map(u64::from_be_bytes)
    }

    /// A variable-length integer (RFC 9000 §16, appendix A.1).
    #[inline]
    pub fn take_varint(&mut self, what: &'static str) -> Result<u64, Malformed> {
        let first = *self.rest.first().ok_or(Malformed(what))?;
        match first >> 6 {
            0 => self.take_u8(what).map(u64::from),
            1 => self.take_u16(what).map(|value| u64::from(value & 0x3fff)),
            2 => self.take_u32(what).map(|value| u64::from(value & 0x3fff_ffff)),
            _ => self.take_u64(what).map(|value| value & VARINT_MAX),
        }
    }

    /// A byte run of at most `max` bytes.
    pub fn take_run(&mut self, max: usize, what: &'static str) -> Result<&'a [u8], Malformed> {
        let len = usize::try_from(self.take_varint(what)?).map_err(|_| Malformed(what))?;
        if len > max {
            return Err(Malformed(what));
        }
        self.take(len, what)
    }

    /// A string of at most `max` bytes of UTF-8.
    pub fn take_str(&mut self, max: usize, what: &'static str) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.take_run(max, what)?).map_err(|_| Malformed(what))
    }

    /// Nothing may be left.
    pub fn finish(self, what: &'static str) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed(what)) }
    }
}

/// Appends values to a buffer of the caller's.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Appends to this buffer.
    pub const fn new(buffer: &'a mut Vec<u8>) -> Self {
        Self { buffer }
    }

    /// These bytes as they are.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.buffer.extend_from_slice(bytes);
        self
    }

    /// One byte.
    #[inline]
    pub fn put_u8(&mut self, value: u8) -> &mut Self {
        self.put(&[value])
    }

    /// Two bytes, most significant first.
    pub fn put_u16(&mut self, value: u16) -> &mut Self {
        self.put(&value.to_be_bytes())
    }

    /// Four bytes, most significant first.
    pub fn put_u32(&mut self, value: u32) -> &mut Self {
        self.put(&value.to_be_bytes())
    }

    /// Eight bytes, most significant first.
    pub fn put_u64(&mut self, value: u64) -> &mut Self {
        self.put(&value.to_be_bytes())
    }

    /// A variable-length integer in its shortest form; a number above [`VARINT_MAX`] is written as that.
    #[inline]
    pub fn put_varint(&mut self, value: u64) -> &mut Self {
        if value < 0x40 {
            #[expect(clippy::cast_possible_truncation, reason = "below 64")]
            self.buffer.push(value as u8);
            return self;
        }
        self.put_longer(value.min(VARINT_MAX))
    }

    /// A variable-length integer of more than one byte.
    fn put_longer(&mut self, value: u64) -> &mut Self {
        #[expect(clippy::cast_possible_truncation, reason = "each arm knows that the number fits")]
        match varint_len(value) {
            1 | 2 => self.put(&(value as u16 | 0x4000).to_be_bytes()),
            4 => self.put(&(value as u32 | 0x8000_0000).to_be_bytes()),
            _ => self.put(&(value | 0xc000_0000_0000_0000).to_be_bytes()),
        }
    }

    /// A byte run: its length, then itself.
    pub fn put_run(&mut self, bytes: &[u8]) -> &mut Self {
        self.put_varint(bytes.len() as u64).put(bytes)
    }

    /// A string, as a byte run of UTF-8.
    pub fn put_str(&mut self, text: &str) -> &mut Self {
        self.put_run(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: u64) -> Vec<u8> {
        let mut buffer = Vec::new();
        Writer::new(&mut buffer).put_varint(value);
        buffer
    }

    #[test]
    fn the_examples_of_rfc_9000_appendix_a_1_read_and_write_alike() {
        let examples: [(u64, &[u8]); 4] = [
            (151_288_809_941_952_652, &[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c]),
            (494_878_333, &[0x9d, 0x7f, 0x3e, 0x7d]),
            (15_293, &[0x7b, 0xbd]),
            (37, &[0x25]),
        ];
        for (value, bytes) in examples {
            assert_eq!(written(value), bytes);
            assert_eq!(Reader::new(bytes).take_varint("example"), Ok(value));
        }
        assert_eq!(Reader::new(&[0x40, 0x25]).take_varint("two bytes for 37 are allowed"), Ok(37));
    }

    #[test]
    fn every_boundary_survives_the_round_trip_in_the_shortest_form() {
        for shift in [6, 14, 30, 62] {
            for value in [(1u64 << shift) - 2, (1 << shift) - 1, 1 << shift] {
                let value = value.min(VARINT_MAX);
                let bytes = written(value);
                assert_eq!(bytes.len(), varint_len(value));
                assert_eq!(Reader::new(&bytes).take_varint("boundary"), Ok(value));
            }
        }
    }

    #[test]
    fn a_length_that_lies_is_an_error_and_takes_nothing() {
        let mut buffer = Vec::new();
        Writer::new(&mut buffer).put_varint(4 << 30).put(b"short");
        assert_eq!(Reader::new(&buffer).take_run(usize::MAX, "run"), Err(Malformed("run")));
        assert_eq!(Reader::new(&written(9)).take_run(8, "run"), Err(Malformed("run")));
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        assert_eq!(Reader::new(&[2, 0xff, 0xfe]).take_str(9, "name"), Err(Malformed("name")));
    }
}
