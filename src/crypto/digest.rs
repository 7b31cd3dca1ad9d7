//! Are these the same bytes, without having both?
//!
//! A file is known by the BLAKE2s of all its bytes: who fetches it computes the same again and compares.
//!
//! Source: RFC 7693 (`BLAKE2s`, 32 bytes, no key).

use blake2::Blake2s256;
use blake2::digest::Digest as _;
use std::fmt;

/// 256 bits that stand for a sequence of bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// That of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digester = Digester::default();
        digester.update(bytes);
        digester.finish()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Takes the bytes piece by piece.
#[derive(Clone, Default)]
pub struct Digester(Blake2s256);

impl Digester {
    /// These come next.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// That was all.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digester(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7693, appendix B.
    #[test]
    fn the_digest_is_that_of_the_rfc_however_the_bytes_are_cut() {
        let known = "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982";
        assert_eq!(Digest::of(b"abc").to_string(), known);
        let mut cut = Digester::default();
        cut.update(b"a");
        cut.update(b"bc");
        assert_eq!(cut.finish().to_string(), known);
    }
}
