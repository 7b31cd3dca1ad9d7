//! How does the k-th packet of a direction meet the same fate every time?
//!
//! Each throw is computed from (seed, direction, k, purpose) and from nothing else: no throw is taken off a
//! sequence that another packet, or another option, could shift. The mixing function is the finaliser of
//! `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014, figure
//! 16): a few nanoseconds, no state, and the same on every machine.

use super::config::Direction;
use crate::rng::Rng;

/// What a throw decides. The numbers are the throws' places and never change: a seed replays for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Is it lost (or: does the chain of losses change its state)?
    Loss = 0,
    /// How much jitter?
    Jitter = 1,
    /// Is it held back?
    Reorder = 2,
    /// Does it arrive twice?
    Duplicate = 3,
    /// Is a bit flipped?
    Corrupt = 4,
    /// Which bit?
    Flip = 5,
}

/// Places of throws for each packet: more than there are purposes, so that new ones shift nothing.
const PLACES: u64 = 16;

/// `2^64 / φ`, odd: the step of `SplitMix64`.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The dice of one direction of one seed.
#[derive(Clone, Copy, Debug)]
pub struct Dice {
    key: u64,
}

impl Dice {
    /// The dice of this direction under this seed.
    pub fn new(seed: u64, direction: Direction) -> Self {
        let mut rng = Rng::from_seed(seed);
        let keys = [rng.next_u64(), rng.next_u64()];
        Self { key: keys[direction.index()] }
    }

    /// All 64-bit numbers, equally likely: the throw for this purpose of the packet with this number.
    pub const fn number(self, packet: u64, purpose: Purpose) -> u64 {
        let place = packet.wrapping_mul(PLACES).wrapping_add(purpose as u64 + 1);
        mix(self.key.wrapping_add(place.wrapping_mul(GOLDEN_GAMMA)))
    }

    /// Likewise from 0 up to but not including 1, in steps of 2^-53.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub fn unit(self, packet: u64, purpose: Purpose) -> f64 {
        (self.number(packet, purpose) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Likewise: true with this probability (0 to 1).
    pub fn chance(self, packet: u64, purpose: Purpose, probability: f64) -> bool {
        self.unit(packet, purpose) < probability
    }
}

const fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_throws_of_a_seed_never_change() {
        let dice = Dice::new(1, Direction::Up);
        let thrown =
            [dice.number(0, Purpose::Loss), dice.number(1, Purpose::Loss), dice.number(1, Purpose::Flip)];
        assert_eq!(thrown, THROWS_OF_SEED_1);
    }

    const THROWS_OF_SEED_1: [u64; 3] =
        [12_756_955_192_867_627_001, 10_084_223_288_562_695_940, 13_979_395_811_011_910_833];

    #[test]
    fn the_mixing_is_that_of_splitmix64() {
        // The published first outputs of the generator for the seed 1234567.
        let outputs = [1, 2, 3].map(|step| mix(1_234_567u64.wrapping_add(GOLDEN_GAMMA.wrapping_mul(step))));
        assert_eq!(
            outputs,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn the_two_directions_throw_differently() {
        let [up, down] =
            [Direction::Up, Direction::Down].map(|way| Dice::new(1, way).number(0, Purpose::Loss));
        assert_ne!(up, down);
    }

    #[test]
    fn a_chance_comes_true_as_often_as_it_should() {
        let dice = Dice::new(2, Direction::Down);
        let hits = (0..100_000).filter(|packet| dice.chance(*packet, Purpose::Loss, 0.05)).count();
        assert!((4_800..5_200).contains(&hits), "{hits} of 100,000 at 5 % (standard deviation 69)");
    }

    #[test]
    fn neighbouring_packets_and_purposes_are_unrelated() {
        let dice = Dice::new(3, Direction::Up);
        let both = (0..100_000u64)
            .filter(|k| dice.chance(*k, Purpose::Loss, 0.5) && dice.chance(*k + 1, Purpose::Loss, 0.5))
            .count();
        let across = (0..100_000u64)
            .filter(|k| dice.chance(*k, Purpose::Loss, 0.5) && dice.chance(*k, Purpose::Corrupt, 0.5))
            .count();
        assert!((24_300..25_700).contains(&both) && (24_300..25_700).contains(&across), "{both}, {across}");
    }
}
