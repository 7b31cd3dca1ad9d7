//! What stands for a public key where people must type it, scan it or say it?
//!
//! ```text
//!  public key, 32 bytes ── Argon2id, 19 MiB, 2 passes ──▶ 80 bits ──┬─▶ a join code carries all of them
//!                                                                  └─▶ words that are compared by voice: 72
//! ```
//!
//! 80 bits are short enough to type, and alone they would be short for a hash: whoever wants another key
//! with the same 80 bits computes keys and hashes until one fits, and keys come at millions a second. So
//! each guess is made to cost what a password's does: 19 MiB of memory, gone over twice. docs/security.md
//! has what that comes to.
//!
//! There is no salt of one's own, since both ends must come to the same bits from the key alone; the fixed
//! one only keeps this use apart from others. So somebody who wants *any* of a million servers' codes works
//! a million times less; that is counted in.
//!
//! Source: RFC 9106 (Argon2id).

use super::identity::PublicKey;
use argon2::{Algorithm, Argon2, Params, Version};
use std::fmt;

/// How many bytes stay: 80 bits.
const BYTES: usize = 10;

/// Memory of one computation, in KiB: 19 MiB. Ours: the least that is advised for passwords, because a
/// small computer must check a code too.
const MEMORY_KIB: u32 = 19_456;

/// How often the memory is gone over.
const PASSES: u32 = 2;

/// Keeps this use apart from others. Never changes: every code and every row of words depends on it.
const SALT: &[u8] = b"sayagain: a server's key, stretched, 1";

/// 80 bits that stand for a public key: costly to compute, so that no other key is found that has them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StretchedKey(pub [u8; BYTES]);

impl StretchedKey {
    /// Computes it: 19 MiB and some ten milliseconds, so once a key and never for each packet.
    pub fn of(key: &PublicKey) -> Self {
        let params = Params::new(MEMORY_KIB, PASSES, 1, Some(BYTES)).expect("RFC 9106 §3.1 allows these");
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut bytes = [0; BYTES];
        argon.hash_password_into(&key.0, SALT, &mut bytes).expect("RFC 9106 §3.1 allows these lengths");
        Self(bytes)
    }
}

impl fmt::Debug for StretchedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the reference implementation of Argon2 has them.
    #[test]
    fn the_bits_of_a_key_never_change() {
        let of = |byte| format!("{:?}", StretchedKey::of(&PublicKey([byte; 32])));
        assert_eq!(of(0), "90aa33bb625651b6f581");
        assert_eq!(of(1), "2f584f973b55c7870534");
    }

    #[test]
    fn one_bit_of_the_key_changes_about_half_of_them() {
        let mut other = [7; 32];
        other[31] ^= 1;
        let (one, other) = (StretchedKey::of(&PublicKey([7; 32])), StretchedKey::of(&PublicKey(other)));
        let differing: u32 = one.0.iter().zip(other.0).map(|(a, b)| (a ^ b).count_ones()).sum();
        assert!((20..=60).contains(&differing), "{differing} of 80");
    }
}
