//! Where does chance come from? From one seed that the caller hands in.
//!
//! The generator is `ChaCha20` (RFC 8439 §2.4 as a keystream): its sequence is the same on every machine
//! and in every version, so that a seed replays a run for good, and it is strong enough to make keys, so
//! that a real server and a simulated one run the very same code. A shell seeds it from the operating
//! system ([`Rng::from_bytes`]), a simulation from a number ([`Rng::from_seed`]).
//!
//! ```
//! use sayagain::rng::Rng;
//! assert_eq!(Rng::from_seed(7).next_u64(), Rng::from_seed(7).next_u64());
//! ```

use rand::rngs::ChaCha20Rng;
use rand::{Rng as _, SeedableRng};

/// A seeded generator whose sequence never changes.
#[derive(Debug)]
pub struct Rng(ChaCha20Rng);

impl Rng {
    /// The generator of a numbered run: for simulations, tests and link models, never for keys.
    pub fn from_seed(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self::from_bytes(bytes)
    }

    /// The generator of 32 bytes of entropy.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(bytes))
    }

    /// Fills `target` with random bytes.
    pub fn fill(&mut self, target: &mut [u8]) {
        self.0.fill_bytes(target);
    }

    /// An array of random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number from all 64-bit numbers.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound` (which is at least 1), all equally likely.
    ///
    /// Multiply and shift: the bias is below `bound / 2^64`, which no run here can see.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next_u64()) * u128::from(bound.max(1));
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from 0 up to but not including 1, in steps of 2^-53.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with this probability (0 to 1).
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A generator of its own for a part, so that what one part draws never shifts another's sequence.
    pub fn fork(&mut self) -> Self {
        Self::from_bytes(self.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_of_a_seed_never_changes() {
        let mut rng = Rng::from_seed(1);
        let drawn = [rng.next_u64(), rng.next_u64(), rng.below(1_000)];
        assert_eq!(drawn, SEQUENCE_OF_SEED_1);
    }

    const SEQUENCE_OF_SEED_1: [u64; 3] = [10_597_511_851_372_368_837, 9_609_124_134_916_180_088, 334];

    #[test]
    fn a_fork_leaves_the_parent_where_it_was() {
        let mut one = Rng::from_seed(5);
        let mut other = Rng::from_seed(5);
        let mut child = one.fork();
        let _ = other.fork();
        child.next_u64();
        assert_eq!(one.next_u64(), other.next_u64());
    }

    #[test]
    fn below_stays_below_and_reaches_both_ends() {
        let mut rng = Rng::from_seed(3);
        let drawn: Vec<u64> = (0..1_000).map(|_| rng.below(4)).collect();
        assert!(drawn.iter().all(|n| *n < 4) && (0..4).all(|n| drawn.contains(&n)));
    }
}
