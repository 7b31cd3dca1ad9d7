//! Where do the buffers of messages come from that the user has done with?
//!
//! A chat's lines come one after another, each of a few hundred bytes: a user that gives their buffers back
//! makes that no memory is asked for while they come.

use crate::transport::redundancy::SMALL_MAX;

/// How many buffers are kept.
///
/// Ours: a few, because a server has very many sessions.
const KEPT: usize = 4;

/// Buffers to be filled again.
#[derive(Clone, Debug, Default)]
pub struct Spare(Vec<Vec<u8>>);

impl Spare {
    /// Takes a buffer back, if it is small and there are not enough already.
    pub fn put(&mut self, buffer: Vec<u8>) {
        if self.0.len() < KEPT && buffer.capacity() as u64 <= SMALL_MAX {
            self.0.push(buffer);
        }
    }

    /// A buffer with these bytes.
    pub fn filled(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut buffer = self.0.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(bytes);
        buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_given_back_is_filled_again_and_large_or_many_ones_are_not_kept() {
        let mut spare = Spare::default();
        spare.put(Vec::with_capacity(60));
        let buffer = spare.filled(b"hi");
        assert_eq!((buffer.as_slice(), buffer.capacity()), (&b"hi"[..], 60));
        spare.put(vec![0; 9_000]);
        (0..9).for_each(|_| spare.put(Vec::with_capacity(1)));
        assert_eq!(spare.0.len(), KEPT);
        assert_eq!(spare.filled(b"").capacity(), 1);
    }
}
