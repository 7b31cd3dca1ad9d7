//! How does a server recognise what it said itself, without remembering it?
//!
//! By a keyed tag (`BLAKE2s` with a key, RFC 7693 §2.9, cut to 16 bytes): cookies and reset tokens are made
//! and checked by the same server.

use blake2::Blake2sMac;
use blake2::digest::consts::U16;
use blake2::digest::{KeyInit, Mac};

/// A secret for tags.
#[derive(Clone)]
pub struct MacKey([u8; 32]);

impl MacKey {
    /// This secret.
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The tag of these parts, each preceded by its length, so that no two lists of parts run together.
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 16] {
        let Ok(mut mac) = <Blake2sMac<U16> as KeyInit>::new_from_slice(&self.0) else {
            unreachable!("BLAKE2s takes keys of 32 bytes")
        };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey(…)")
    }
}

/// Are these bytes the same? Takes as long whatever differs.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_depends_on_key_and_parts_and_their_bounds() {
        let key = MacKey::new([1; 32]);
        let tag = key.tag(&[b"ab", b"c"]);
        assert_eq!(tag, key.tag(&[b"ab", b"c"]));
        assert_ne!(tag, key.tag(&[b"a", b"bc"]));
        assert_ne!(tag, MacKey::new([2; 32]).tag(&[b"ab", b"c"]));
    }

    #[test]
    fn equal_means_equal() {
        assert!(equal(b"same", b"same") && !equal(b"same", b"sane") && !equal(b"same", b"sam"));
    }
}
