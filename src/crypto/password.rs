//! How is a password, or the secret of a class, proved without anybody keeping it?
//!
//! ```text
//!  password, NFC ─┐
//!                 ├─ Argon2id, 19 MiB, 2 passes ─▶ stretched ── sealed session ──▶ BLAKE2s ─▶ kept
//!  bound salt ────┘        at the client            32 bytes                       at the server
//!      ▲
//!      └─ BLAKE2s of (what for, the server's public key, the salt that it named)
//! ```
//!
//! The client does the work, so nobody can make a server compute. The server keeps a hash of what comes out:
//! whoever steals that can neither come in with it nor spare one guess its cost. And because the salt is
//! bound to the key that the server has just proved, what a false server is told opens no other one, even if
//! it names another server's salt.
//!
//! The parameters are fixed: a server that could name them would name cheap ones. The salt of a name is a
//! keyed tag of the name, so that a name without an account has one too, and it never tells which it is.
//!
//! Source: RFC 9106 (Argon2id), RFC 7693 (BLAKE2s), RFC 8265 §4.2 (why NFC).

use super::identity::{Identity, PublicKey};
use super::mac::{MacKey, equal};
use argon2::{Algorithm, Argon2, Params, Version};
use blake2::{Blake2s256, Digest};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Memory of one computation, in KiB: 19 MiB. Ours: the least that is advised for passwords, because a
/// small computer must come in too.
const MEMORY_KIB: u32 = 19_456;
/// How often the memory is gone over.
const PASSES: u32 = 2;

/// What a server names beside its question: 16 bytes.
pub type Salt = [u8; 16];

/// What is asked for. Each has salts of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// The secret that a whole class shares; its salt comes from the server's key alone.
    ClassSecret,
    /// The password of a name.
    Password,
}

/// A salt that holds for one server only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BoundSalt([u8; 32]);

impl BoundSalt {
    /// Binds what the server named to its key. For the class secret nothing that it names counts.
    pub fn new(purpose: Purpose, server: &PublicKey, named: Salt) -> Self {
        let (label, named): (&[u8], Salt) = match purpose {
            Purpose::ClassSecret => (b"class secret", [0; 16]),
            Purpose::Password => (b"password", named),
        };
        Self(digest(&[b"sayagain: salt, 1", label, &server.0, &named]))
    }
}

/// What a password comes to at one server: as good as the password there, and nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct Stretched(pub [u8; 32]);

impl Stretched {
    /// Computes it: 19 MiB and some ten milliseconds. White space around the text does not count, and it may
    /// be composed in any way (NFC).
    pub fn of(text: &str, salt: &BoundSalt) -> Self {
        let normal: String = text.trim().nfc().collect();
        let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).expect("RFC 9106 §3.1 allows these");
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut bytes = [0; 32];
        argon.hash_password_into(normal.as_bytes(), &salt.0, &mut bytes).expect("RFC 9106 §3.1 allows these");
        Self(bytes)
    }

    /// What a server keeps of it.
    pub fn kept(&self) -> Kept {
        Kept(digest(&[b"sayagain: kept, 1", &self.0]))
    }
}

impl fmt::Debug for Stretched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stretched(…)")
    }
}

/// What a server keeps of a password, of the class secret, or of a token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept(pub [u8; 32]);

impl Kept {
    /// What is kept of a token. Its 128 random bits cannot be guessed, so they need no stretching.
    pub fn of_token(token: &[u8; 16]) -> Self {
        Self(digest(&[b"sayagain: token, 1", token]))
    }

    /// Is this what it was made of? Takes as long whatever differs.
    pub fn is_of(&self, stretched: &Stretched) -> bool {
        equal(&self.0, &stretched.kept().0)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept(…)")
    }
}

/// The salts of a server's names.
#[derive(Clone, Debug)]
pub struct Salts(MacKey);

impl Salts {
    /// Those of the server with this key pair.
    pub fn of(server: &Identity) -> Self {
        Self(MacKey::new(digest(&[b"sayagain: salts, 1", server.secret()])))
    }

    /// The salt of a name, given its skeleton; the same whether or not it has an account.
    pub fn salt(&self, skeleton: &str) -> Salt {
        self.0.tag(&[skeleton.as_bytes()])
    }
}

/// The hash of these parts, each preceded by its length, so that no two lists of parts run together.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Blake2s256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: PublicKey = PublicKey([1; 32]);

    fn salt(named: u8) -> BoundSalt {
        BoundSalt::new(Purpose::Password, &SERVER, [named; 16])
    }

    #[test]
    fn what_is_kept_knows_its_password_in_any_composition_and_no_other() {
        let kept = Stretched::of("Zo\u{eb}s horse", &salt(1)).kept();
        assert!(kept.is_of(&Stretched::of(" Zoe\u{308}s horse\r\n", &salt(1))));
        assert!(!kept.is_of(&Stretched::of("zo\u{eb}s horse", &salt(1))));
    }

    #[test]
    fn what_one_server_is_told_opens_no_other_even_with_the_same_salt_named() {
        let told = |server, purpose, named| {
            Stretched::of("horse", &BoundSalt::new(purpose, &PublicKey([server; 32]), [named; 16]))
        };
        let first = told(1, Purpose::Password, 1);
        assert_ne!(first, told(2, Purpose::Password, 1));
        assert_ne!(first, told(1, Purpose::Password, 2));
        assert_ne!(first, told(1, Purpose::ClassSecret, 1));
        let secret = told(1, Purpose::ClassSecret, 1);
        assert_eq!(secret, told(1, Purpose::ClassSecret, 2), "a server cannot name that salt");
        assert_ne!(secret, told(2, Purpose::ClassSecret, 1));
    }

    #[test]
    fn names_have_salts_of_their_own_at_each_server() {
        let salts = |secret| Salts::of(&Identity::from_secret([secret; 32]));
        assert_eq!(salts(1).salt("ann"), salts(1).salt("ann"));
        assert_ne!(salts(1).salt("ann"), salts(1).salt("ben"));
        assert_ne!(salts(1).salt("ann"), salts(2).salt("ann"));
    }

    #[test]
    fn nothing_that_proves_anything_is_printed() {
        let stretched = Stretched([7; 32]);
        let printed = format!("{stretched:?} {:?} {:?}", stretched.kept(), Kept::of_token(&[7; 16]));
        assert_eq!(printed, "Stretched(…) Kept(…) Kept(…)");
    }

    /// What a class's secret comes to never changes: every members' file depends on it.
    #[test]
    fn the_bits_never_change() {
        let stretched = Stretched::of("horse", &salt(1));
        let first =
            |bytes: [u8; 32]| format!("{:02x}{:02x}{:02x}{:02x}", bytes[0], bytes[1], bytes[2], bytes[3]);
        assert_eq!(
            (first(stretched.0), first(stretched.kept().0)),
            ("11f0e062".to_owned(), "e05da202".to_owned())
        );
    }
}
