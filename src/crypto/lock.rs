//! What does one key do to one datagram or frame?
//!
//! ```text
//!          ┌─────────── header ───────────┬──────────── payload ────────────┐
//!  before  │ readable                     │ readable                        │
//!          ├──────────────────────────────┼─────────────────────────────────┼────────┐
//!  after   │ readable, covered by the tag │ ChaCha20 keystream over it      │  tag   │  16 bytes
//!          ├──────────────────────────────┼─────────────────────────────────┼────────┤
//!  clear   │ readable                     │ readable                        │ CRC-32 │   4 bytes
//!          └──────────────────────────────┴─────────────────────────────────┴────────┘
//! ```
//!
//! The nonce is the packet's or frame's number: four zero bytes, then the number in eight bytes, least
//! significant first (Noise §12.3). So a number must never be used twice with a key; [`Sealer`] sees to it.
//!
//! The key after a key is Noise's REKEY (§4.2): the first 32 bytes of sealing 32 zeros, with no associated
//! data, under the number 2^64 - 1, which no packet ever has. The step cannot be computed backwards.
//!
//! In the clear a CRC-32 (IEEE 802.3) over header and payload stands in the tag's place, most significant
//! byte first; its next key is again no key.
//!
//! The first key of a direction makes the key of its mask ([`shroud`](super::shroud)) in the same way, under
//! the number 2^64 - 2.
//!
//! Source: RFC 8439 §2.8; Noise revision 34 §4.2, §11.3, §12.3.

use super::open::Opener;
use super::seal::Sealer;
use super::shroud::Shroud;
use chacha20poly1305::{AeadInPlace, ChaCha20Poly1305, KeyInit, Nonce, Tag};
use std::fmt;

const TAG_LEN: usize = 16;
const CRC_LEN: usize = 4;
/// The number under which the next key is made; packets stop far below, at 2^62.
const REKEY_NUMBER: u64 = u64::MAX;
/// The number under which the key of the mask is made.
const SHROUD_NUMBER: u64 = REKEY_NUMBER - 1;
/// Numbers from here on seal no packet.
pub(super) const RESERVED_NUMBERS: u64 = SHROUD_NUMBER;

/// What came was not sealed by the peer under this number and header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forged;

impl fmt::Display for Forged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it was not sealed by the peer, or was changed on its way")
    }
}

impl std::error::Error for Forged {}

/// One key of one direction, or the mark of the clear.
#[derive(Clone)]
pub(super) enum Lock {
    Key(ChaCha20Poly1305),
    Clear,
}

impl Lock {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self::Key(ChaCha20Poly1305::new(key.into()))
    }

    /// How many bytes sealing adds.
    pub(super) const fn overhead(&self) -> usize {
        match self {
            Self::Key(_) => TAG_LEN,
            Self::Clear => CRC_LEN,
        }
    }

    /// Seals `buffer[from..]` in place and appends the tag; `buffer[..from]` is the header.
    pub(super) fn seal(&self, number: u64, buffer: &mut Vec<u8>, from: usize) {
        match self {
            Self::Key(key) => {
                let (header, payload) = buffer.split_at_mut(from);
                let tag = encrypt(key, number, header, payload);
                buffer.extend_from_slice(&tag);
            }
            Self::Clear => {
                let crc = crc32fast::hash(buffer);
                buffer.extend_from_slice(&crc.to_be_bytes());
            }
        }
    }

    /// Opens in place; the plaintext is the prefix of `payload` with the length returned. What does not open
    /// is left as it was.
    pub(super) fn open(&self, number: u64, header: &[u8], payload: &mut [u8]) -> Result<usize, Forged> {
        let len = payload.len().checked_sub(self.overhead()).ok_or(Forged)?;
        let (body, tag) = payload.split_at_mut(len);
        match self {
            Self::Key(key) => key
                .decrypt_in_place_detached(&nonce(number), header, body, Tag::from_slice(tag))
                .map_err(|_| Forged)?,
            Self::Clear => {
                let mut crc = crc32fast::Hasher::new();
                crc.update(header);
                crc.update(body);
                if crc.finalize().to_be_bytes() != *tag {
                    return Err(Forged);
                }
            }
        }
        Ok(len)
    }

    /// The key after this one.
    pub(super) fn next(&self) -> Self {
        match self {
            Self::Key(key) => Self::new(&derive(key, REKEY_NUMBER)),
            Self::Clear => Self::Clear,
        }
    }

    /// The mask that belongs to this key, if it is a direction's first; none in the clear.
    pub(super) fn shroud(&self) -> Option<Shroud> {
        match self {
            // Ours: as Noise makes its next key, so that nothing else is needed than what seals.
            Self::Key(key) => Some(Shroud::new(derive(key, SHROUD_NUMBER))),
            Self::Clear => None,
        }
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(hidden)",
            Self::Clear => "Clear",
        })
    }
}

/// A key that tells nothing of the one that it is made from.
fn derive(key: &ChaCha20Poly1305, number: u64) -> [u8; 32] {
    let mut derived = [0; 32];
    encrypt(key, number, &[], &mut derived);
    derived
}

fn encrypt(key: &ChaCha20Poly1305, number: u64, header: &[u8], payload: &mut [u8]) -> Tag {
    key.encrypt_in_place_detached(&nonce(number), header, payload)
        .expect("only above 256 GiB does ChaCha20 run out of keystream")
}

// Noise §12.3: "the 96-bit nonce is formed by encoding 32 bits of zeros followed by little-endian encoding
// of n".
fn nonce(number: u64) -> Nonce {
    let mut nonce = Nonce::default();
    nonce[4..].copy_from_slice(&number.to_le_bytes());
    nonce
}

/// What a handshake leaves: one key a direction, or the mark of the clear.
#[derive(Debug)]
pub struct TrafficKeys {
    to_server: Lock,
    to_client: Lock,
    secrets: Option<Secrets>,
}

/// The keys themselves, as Noise's `Split()` gives them: for a log of keys, and only if it was asked for.
#[derive(Clone, Copy)]
pub struct Secrets {
    /// What the client seals with at first.
    pub to_server: [u8; 32],
    /// What the server seals with at first.
    pub to_client: [u8; 32],
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(hidden)")
    }
}

impl TrafficKeys {
    /// These two keys, as Noise's `Split()` gives them.
    pub(super) fn sealed(to_server: &[u8; 32], to_client: &[u8; 32]) -> Self {
        let secrets = Some(Secrets { to_server: *to_server, to_client: *to_client });
        Self { to_server: Lock::new(to_server), to_client: Lock::new(to_client), secrets }
    }

    /// No keys: a CRC each.
    pub(super) const fn clear() -> Self {
        Self { to_server: Lock::Clear, to_client: Lock::Clear, secrets: None }
    }

    /// The keys themselves; `None` in the clear.
    pub const fn secrets(&self) -> Option<Secrets> {
        self.secrets
    }

    /// The client's two ends.
    pub fn client(self) -> (Sealer, Opener) {
        (Sealer::new(self.to_server), Opener::new(self.to_client))
    }

    /// The server's two ends.
    pub fn server(self) -> (Sealer, Opener) {
        (Sealer::new(self.to_client), Opener::new(self.to_server))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8439 appendix A.5, whose nonce has the four zero bytes of Noise.
    #[test]
    fn sealing_agrees_with_rfc_8439_appendix_a_5() {
        let key = [
            0x1c, 0x92, 0x40, 0xa5, 0xeb, 0x55, 0xd3, 0x8a, 0xf3, 0x33, 0x88, 0x86, 0x04, 0xf6, 0xb5, 0xf0,
            0x47, 0x39, 0x17, 0xc1, 0x40, 0x2b, 0x80, 0x09, 0x9d, 0xca, 0x5c, 0xbc, 0x20, 0x70, 0x75, 0xc0,
        ];
        let header = [0xf3, 0x33, 0x88, 0x86, 0, 0, 0, 0, 0, 0, 0x4e, 0x91];
        let text = "Internet-Drafts are draft documents valid for a maximum of six months and may be \
                    updated, replaced, or obsoleted by other documents at any time. It is inappropriate to \
                    use Internet-Drafts as reference material or to cite them other than as /\u{201c}work \
                    in progress./\u{201d}";
        let mut buffer = [&header, text.as_bytes()].concat();
        Lock::new(&key).seal(0x0807_0605_0403_0201, &mut buffer, header.len());
        let (sealed, tag) = buffer[header.len()..].split_at(text.len());
        assert_eq!(&sealed[..8], [0x64, 0xa0, 0x86, 0x15, 0x75, 0x86, 0x1a, 0xf4]);
        let expected: [u8; 16] = 0xeead_9d67_890c_bb22_3923_36fe_a185_1f38_u128.to_be_bytes();
        assert_eq!(tag, expected);
    }

    #[test]
    fn a_flipped_bit_anywhere_is_found_and_nothing_is_changed_by_looking() {
        for lock in [Lock::new(&[7; 32]), Lock::Clear] {
            let mut sealed = b"headpayload".to_vec();
            lock.seal(5, &mut sealed, 4);
            for bit in 0..sealed.len() * 8 {
                let mut forged = sealed.clone();
                forged[bit / 8] ^= 1 << (bit % 8);
                let before = forged.clone();
                let (header, payload) = forged.split_at_mut(4);
                assert_eq!(lock.open(5, header, payload), Err(Forged), "bit {bit} of {lock:?}");
                assert_eq!(forged, before);
            }
        }
    }

    #[test]
    fn what_is_shorter_than_a_tag_is_forged() {
        for lock in [Lock::new(&[7; 32]), Lock::Clear] {
            for len in 0..lock.overhead() {
                assert_eq!(lock.open(0, b"head", &mut vec![0; len]), Err(Forged));
            }
        }
    }
}
