//! What stands for a public key where a server tells the whole network that it is there?
//!
//! ```text
//!  public key, 32 bytes ── BLAKE2s, 16 bytes ──▶ thumbprint
//! ```
//!
//! Nobody types or says it, so it can be long enough to need no stretching: another key with the thumbprint
//! of a given one takes 2^127 guesses on average. The key itself is not told, since somebody who knows it can
//! write a first flight to its owner without having been answered.
//!
//! Source: RFC 7693 (BLAKE2s); the word is that of RFC 7638.

use super::identity::PublicKey;
use super::mac::MacKey;
use std::fmt;

/// Keeps this use apart from others. Never changes: what is announced is compared by it.
const LABEL: [u8; 32] = *b"sayagain: a server's thumbprint1";

/// 128 bits that stand for a public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thumbprint(pub [u8; 16]);

impl Thumbprint {
    /// That of this key.
    pub fn of(key: &PublicKey) -> Self {
        Self(MacKey::new(LABEL).tag(&[&key.0]))
    }

    /// Reads 32 hexadecimal digits; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        if text.len() != 32 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by Python's `hashlib.blake2s(key=…, digest_size=16)`.
    #[test]
    fn the_thumbprint_of_a_key_never_changes() {
        assert_eq!(Thumbprint::of(&PublicKey([1; 32])).to_string(), "675a93e57d756991ff53a26af1265c74");
        assert_ne!(Thumbprint::of(&PublicKey([1; 32])), Thumbprint::of(&PublicKey([2; 32])));
    }

    #[test]
    fn what_is_written_can_be_read_and_nothing_else() {
        let one = Thumbprint([0xa7; 16]);
        assert_eq!(Thumbprint::parse(&one.to_string()), Some(one));
        for text in ["", "a7", &"a7".repeat(17), &"+7".repeat(16), &"ü".repeat(16)] {
            assert_eq!(Thumbprint::parse(text), None, "{text}");
        }
    }
}
