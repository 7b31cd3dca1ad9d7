//! What of a packet's header can be hidden on the way, although its receiver must read it before it opens it?
//!
//! ```text
//!            ┌────────────┬────────────────┬─────────────┬─────────────────────────────┐
//!   packet   │ 0x40|phase │ destination id │ number      │ sealed frames and tag …     │
//!            └─────────▲──┴────────────────┴──▲▲▲▲───────┴─────────────────────────────┘
//!                      │                      ││││         └──── 16 bytes: sample ────┘
//!   XOR        mask[0] & 1              mask[1..5]         counter (4) │ nonce (12)
//!                      └──────────┬───────────┘                        │
//!                                 └──────────── ChaCha20(key) ◀────────┘
//! ```
//!
//! The sample is as good as random and different in each packet, so the mask is too, and two packets with
//! neighbouring numbers look unrelated. Whoever changes a bit of mask or sample gets another header, which
//! the tag does not cover: the packet is forged. The tag covers the header as it is without the mask.
//!
//! The key comes from the first key of a direction and stays the same when that changes, because the phase,
//! which says which key is meant, lies under the mask itself (RFC 9001 §5.4, §6).
//!
//! Source: RFC 9001 §5.4.1 to §5.4.4, with `ChaCha20` (RFC 8439 §2.3); DTLS 1.3 does the same (RFC 9147
//! §4.2.3). Left out: lengths of numbers, since ours have four bytes always, and padding for the sample,
//! since the tag alone is as long. What comes over TCP has no number in its header and no mask.

use crate::wire::datagram::{DATA_HEADER, MASK_LEN, SAMPLE_LEN, mask_header};
use chacha20::ChaChaCore;
use chacha20::cipher::consts::U10;
use chacha20::cipher::{Block, KeyIvInit, StreamCipherCore, StreamCipherSeekCore};
use std::fmt;

/// Twenty rounds, two at a time.
type ChaCha20 = ChaChaCore<U10>;

/// The mask of one direction.
#[derive(Clone)]
pub(super) struct Shroud {
    key: [u8; 32],
}

impl Shroud {
    pub(super) const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Masks the header of a sealed packet; what is too short to be one stays as it is.
    pub(super) fn put_on(&self, packet: &mut [u8]) {
        if let Some(covered) = self.taken_off(packet) {
            packet[..DATA_HEADER].copy_from_slice(&covered);
        }
    }

    /// The header of a packet without its mask (or with it, where it has none); `None` if the packet is too
    /// short to have been sealed.
    pub(super) fn taken_off(&self, packet: &[u8]) -> Option<[u8; DATA_HEADER]> {
        let (header, sealed) = packet.split_first_chunk()?;
        let mut header = *header;
        mask_header(&mut header, self.mask(sealed.first_chunk()?));
        Some(header)
    }

    // RFC 9001 §5.4.4: the first four bytes of the sample are the block counter, the others the nonce, and
    // the mask is the keystream's beginning.
    fn mask(&self, sample: &[u8; SAMPLE_LEN]) -> [u8; MASK_LEN] {
        let [a, b, c, d, nonce @ ..] = *sample;
        let mut cipher = ChaCha20::new(&self.key.into(), &nonce.into());
        cipher.set_block_pos(u32::from_le_bytes([a, b, c, d]));
        let mut block = Block::<ChaCha20>::default();
        cipher.write_keystream_block(&mut block);
        let mut mask = [0; MASK_LEN];
        mask.copy_from_slice(&block[..MASK_LEN]);
        mask
    }
}

impl fmt::Debug for Shroud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shroud(hidden)")
    }
}

#[cfg(test)]
mod tests;
