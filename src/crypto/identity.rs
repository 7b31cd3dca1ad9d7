//! Who is a peer? Whoever holds the secret half of this key pair.
//!
//! X25519 (RFC 7748): the secret half is 32 random bytes, the public half is a point computed from them.
//! People compare public keys by a [`fingerprint`](PublicKey::fingerprint), four groups of four digits.

use crate::rng::Rng;
use snow::params::DHChoice;
use snow::resolvers::{CryptoResolver, DefaultResolver};
use std::fmt;

/// A peer's static public key, proved in the handshake (claimed only, under `--insecure`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// The first 64 bits for people to compare by eye or aloud: `8f40 c5ad b68f 2562`.
    pub fn fingerprint(&self) -> String {
        let digits = self.to_string();
        [&digits[0..4], &digits[4..8], &digits[8..12], &digits[12..16]].join(" ")
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", &self.to_string()[..8])
    }
}

/// A static key pair: what a server or a person keeps on disk and proves in each handshake.
#[derive(Clone)]
pub struct Identity {
    secret: [u8; 32],
    public: PublicKey,
}

impl Identity {
    /// The identity of this secret, as it was kept on disk.
    pub fn from_secret(secret: [u8; 32]) -> Self {
        let mut curve = DefaultResolver.resolve_dh(&DHChoice::Curve25519).expect("X25519 is compiled in");
        curve.set(&secret);
        let mut public = [0; 32];
        public.copy_from_slice(curve.pubkey());
        Self { secret, public: PublicKey(public) }
    }

    /// A new identity; `rng` must have been seeded with entropy.
    pub fn generate(rng: &mut Rng) -> Self {
        Self::from_secret(rng.bytes())
    }

    /// What others know this identity by.
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// What is to be kept on disk, readable by its owner alone.
    pub const fn secret(&self) -> &[u8; 32] {
        &self.secret
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({:?}, secret hidden)", self.public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Alice's key pair in RFC 7748 §6.1.
    const ALICE: [u8; 32] = [
        0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf,
        0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a,
    ];

    #[test]
    fn the_public_half_is_that_of_rfc_7748() {
        let public = Identity::from_secret(ALICE).public();
        assert_eq!(public.to_string(), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        assert_eq!(public.fingerprint(), "8520 f009 8930 a754");
    }

    #[test]
    fn a_secret_never_shows_in_debug_output() {
        assert_eq!(format!("{:?}", Identity::from_secret(ALICE)), "Identity(8520f009…, secret hidden)");
    }

    #[test]
    fn a_seed_makes_the_same_identity_each_time_and_two_draws_differ() {
        let mut rng = Rng::from_seed(4);
        let first = Identity::generate(&mut rng);
        assert_ne!(first.public(), Identity::generate(&mut rng).public());
        assert_eq!(first.secret(), Identity::generate(&mut Rng::from_seed(4)).secret());
    }
}
