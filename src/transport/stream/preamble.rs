//! What are the first bytes of a stream?
//!
//! ```text
//!   0               4               8        9                      17
//!  ┌───────────────┬───────────────┬─────────┬──────────────────────┐
//!  │ "SAYA"        │ version       │ pattern │ client id            │
//!  └───────────────┴───────────────┴─────────┴──────────────────────┘
//! ```
//!
//! The first eight bytes mean the same in every version, so a server can tell a foreign version from a
//! foreign protocol, and says as soon as a byte is wrong. All 17 are the prologue of the handshake: were one
//! changed on its way, the two sides would get no keys.

use crate::crypto::Pattern;
use crate::wire::bytes::{Malformed, Reader, Writer};

/// The version of the stream's format and handshake that is spoken here.
pub const VERSION: u32 = 1;

/// How many bytes a preamble has.
pub const LEN: usize = 17;

const MAGIC: &[u8; 4] = b"SAYA";

/// The first bytes of a client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Preamble {
    /// How the handshake goes.
    pub pattern: Pattern,
    /// The client's number for this connection, random; makes each prologue another.
    pub client_id: [u8; 8],
}

/// Why these bytes begin no stream of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// Another protocol altogether.
    Foreign,
    /// Another version of ours.
    Version(u32),
}

impl Preamble {
    /// The 17 bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LEN);
        Writer::new(&mut bytes)
            .put(MAGIC)
            .put_u32(VERSION)
            .put_u8(self.pattern.to_byte())
            .put(&self.client_id);
        bytes
    }

    /// Can a preamble begin so? `bytes` may be any part of it from its first byte on.
    pub fn check(bytes: &[u8]) -> Result<(), Unfit> {
        if !bytes.iter().zip(MAGIC).all(|(byte, magic)| byte == magic) {
            return Err(Unfit::Foreign);
        }
        match Reader::new(bytes.get(MAGIC.len()..).unwrap_or_default()).take_u32("version") {
            Ok(version) if version != VERSION => Err(Unfit::Version(version)),
            _ => Ok(()),
        }
    }

    /// Reads all 17 bytes, of which [`Self::check`] has approved.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        reader.take(MAGIC.len(), "magic")?;
        reader.take_u32("version")?;
        let pattern = Pattern::from_byte(reader.take_u8("pattern")?).ok_or(Malformed("pattern"))?;
        let client_id = reader.take_array("client id")?;
        reader.finish("rest of the preamble")?;
        Ok(Self { pattern, client_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preamble_reads_back_and_every_part_of_it_passes_the_check() {
        let preamble = Preamble { pattern: Pattern::Ik, client_id: *b"12345678" };
        let bytes = preamble.to_bytes();
        assert_eq!(bytes, b"SAYA\x00\x00\x00\x01\x0212345678");
        assert_eq!(Preamble::read(&bytes), Ok(preamble));
        assert!((0..=LEN).all(|len| Preamble::check(&bytes[..len]) == Ok(())));
    }

    #[test]
    fn another_protocol_is_known_by_its_first_wrong_byte() {
        for (bytes, verdict) in [
            (&b"G"[..], Err(Unfit::Foreign)),
            (b"SAX", Err(Unfit::Foreign)),
            (b"SAYA\x00\x00\x00", Ok(())),
            (b"SAYA\x00\x00\x00\x02", Err(Unfit::Version(2))),
            (b"SAYA\x00\x00\x00\x01", Ok(())),
        ] {
            assert_eq!(Preamble::check(bytes), verdict);
        }
    }

    #[test]
    fn an_unknown_pattern_is_malformed() {
        assert_eq!(Preamble::read(b"SAYA\x00\x00\x00\x01\x0312345678"), Err(Malformed("pattern")));
    }
}
