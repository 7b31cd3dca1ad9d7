//! How is the sending end of a direction kept from ever using a number twice, and when does its key change?
//!
//! ```text
//!  number   0 1 2 3 … k-1 │ k k+1 …        │ m m+1 …
//!  phase    0 0 0 0 …  0  │ 1  1  …        │ 0  0  …
//!  key      K             │ K' = REKEY(K)  │ K'' = REKEY(K')
//! ```
//!
//! Numbers go on rising over a change of keys (Noise §11.3 leaves n alone). The phase is one bit of the
//! header, so the receiver knows at once which key is meant. Each direction changes by itself. The key of
//! the header's mask stays the same.

use super::lock::{Lock, RESERVED_NUMBERS};
use super::shroud::Shroud;
use crate::wire::datagram::DATA_HEADER;

/// Seals what one side sends: ChaCha20-Poly1305, or a CRC in the clear.
#[derive(Debug)]
pub struct Sealer {
    lock: Lock,
    /// What masks headers; none in the clear.
    shroud: Option<Shroud>,
    phase: bool,
    next_number: u64,
    sealed_in_phase: u64,
}

impl Sealer {
    pub(super) fn new(lock: Lock) -> Self {
        let shroud = lock.shroud();
        Self { lock, shroud, phase: false, next_number: 0, sealed_in_phase: 0 }
    }

    /// How many bytes [`Self::seal`] appends: 16, or 4 in the clear.
    pub const fn overhead(&self) -> usize {
        self.lock.overhead()
    }

    /// The bit that goes into the header before sealing.
    pub const fn phase(&self) -> bool {
        self.phase
    }

    /// Seals `buffer[from..]` in place and appends the tag; the header `buffer[..from]` stays readable and is
    /// covered. Allocates nothing if the buffer has room for the tag.
    ///
    /// Panics if `number` is not above every number sealed before (or is above 2^64 - 3): to repeat one would
    /// give the plaintext away, and only an error of our own can.
    pub fn seal(&mut self, number: u64, buffer: &mut Vec<u8>, from: usize) {
        assert!(number >= self.next_number, "packet number {number} was used before");
        assert!(number < RESERVED_NUMBERS, "packet numbers stop far below 2^64");
        self.next_number = number + 1;
        self.sealed_in_phase += 1;
        self.lock.seal(number, buffer, from);
    }

    /// Seals a data packet, which is all of `buffer`, and masks its header (docs/protocol.md §3.3); in the
    /// clear the header stays readable. `number` as in [`Self::seal`].
    pub fn seal_packet(&mut self, number: u64, buffer: &mut Vec<u8>) {
        self.seal(number, buffer, DATA_HEADER);
        if let Some(shroud) = &self.shroud {
            shroud.put_on(buffer);
        }
    }

    /// Goes on with the next key; the phase flips. On UDP only after a packet of the present phase was
    /// acknowledged (RFC 9001 §6.1), or the receiver could miss a whole phase and lose the thread.
    pub fn rekey(&mut self) {
        self.lock = self.lock.next();
        self.phase = !self.phase;
        self.sealed_in_phase = 0;
    }

    /// How much the present key has sealed: the measure for [`Self::rekey`].
    pub const fn sealed_in_phase(&self) -> u64 {
        self.sealed_in_phase
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "was used before")]
    fn a_number_seals_only_once() {
        let mut sealer = Sealer::new(Lock::new(&[1; 32]));
        sealer.seal(3, &mut Vec::new(), 0);
        sealer.seal(3, &mut Vec::new(), 0);
    }

    #[test]
    #[should_panic(expected = "was used before")]
    fn a_number_stays_used_over_a_change_of_keys() {
        let mut sealer = Sealer::new(Lock::new(&[1; 32]));
        sealer.seal(3, &mut Vec::new(), 0);
        sealer.rekey();
        sealer.seal(2, &mut Vec::new(), 0);
    }

    #[test]
    #[should_panic(expected = "stop far below")]
    fn the_number_that_makes_the_next_key_seals_nothing_else() {
        Sealer::new(Lock::new(&[1; 32])).seal(u64::MAX, &mut Vec::new(), 0);
    }

    #[test]
    #[should_panic(expected = "stop far below")]
    fn the_number_that_makes_the_mask_s_key_seals_nothing_else() {
        Sealer::new(Lock::new(&[1; 32])).seal(u64::MAX - 1, &mut Vec::new(), 0);
    }

    #[test]
    fn the_count_begins_anew_with_each_phase() {
        let mut sealer = Sealer::new(Lock::Clear);
        for number in 0..5 {
            sealer.seal(number, &mut Vec::new(), 0);
        }
        assert_eq!((sealer.sealed_in_phase(), sealer.phase()), (5, false));
        sealer.rekey();
        assert_eq!((sealer.sealed_in_phase(), sealer.phase()), (0, true));
    }

    #[test]
    fn sealing_into_a_buffer_with_room_moves_nothing() {
        let mut buffer = Vec::with_capacity(64);
        buffer.extend_from_slice(b"head and payload");
        let place = buffer.as_ptr();
        Sealer::new(Lock::new(&[1; 32])).seal(0, &mut buffer, 4);
        assert_eq!((buffer.as_ptr(), buffer.len()), (place, 32));
    }
}
