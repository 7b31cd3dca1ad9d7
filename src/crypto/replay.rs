//! Has this packet number been seen before?
//!
//! ```text
//!            too old │◀──────────── 2,048 numbers ────────────▶│ fresh
//!  ──────────────────┼─────────────────────────────────────────┼──────────▶ number
//!                    │  1 seen, 0 fresh: a bit each            highest accepted
//! ```
//!
//! Open the seal, look, and only then [`accept`](ReplayWindow::accept): were the window moved by numbers that
//! nobody proved, one forged packet with a high number would shut out all true ones. To look before opening
//! would spare work on copies, but the time of the refusal would tell a number that is masked on the way.
//!
//! Source: RFC 4303 §3.4.3 (the anti-replay window of ESP), RFC 6479 (the ring instead of a shift), RFC 9001
//! §9.5 (the order).

/// How far behind the highest number the window reaches.
pub const WINDOW: u64 = 2_048;

/// What is to be thought of a packet by its number alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Freshness {
    /// Not seen yet.
    Fresh,
    /// Seen.
    Replayed,
    /// So far behind that nobody remembers.
    TooOld,
}

/// The numbers seen among the last 2,048.
#[derive(Clone, Debug)]
pub struct ReplayWindow {
    /// Bit `number % WINDOW`; true of the numbers from `next - WINDOW` up to but not including `next`.
    seen: [u64; (WINDOW / 64) as usize],
    /// One above the highest accepted.
    next: u64,
}

impl Default for ReplayWindow {
    fn default() -> Self {
        Self { seen: [0; (WINDOW / 64) as usize], next: 0 }
    }
}

impl ReplayWindow {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks; changes nothing.
    pub fn check(&self, number: u64) -> Freshness {
        if number >= self.next {
            Freshness::Fresh
        } else if self.next - number > WINDOW {
            Freshness::TooOld
        } else if self.seen[word(number)] & bit(number) != 0 {
            Freshness::Replayed
        } else {
            Freshness::Fresh
        }
    }

    /// Remembers a number that was `Fresh` and whose packet has opened. Another one is not remembered anew.
    pub fn accept(&mut self, number: u64) {
        if self.check(number) != Freshness::Fresh {
            return;
        }
        let skipped_from = self.next.max(number.saturating_sub(WINDOW - 1));
        for skipped in skipped_from..=number {
            self.seen[word(skipped)] &= !bit(skipped);
        }
        self.seen[word(number)] |= bit(number);
        self.next = self.next.max(number.saturating_add(1));
    }
}

const fn word(number: u64) -> usize {
    (number % WINDOW / 64) as usize
}

const fn bit(number: u64) -> u64 {
    1 << (number % 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use std::collections::BTreeSet;

    #[test]
    fn each_number_is_fresh_once() {
        let mut window = ReplayWindow::new();
        for number in [0, 2, 1, 64, 63] {
            assert_eq!(window.check(number), Freshness::Fresh, "{number}");
            window.accept(number);
            assert_eq!(window.check(number), Freshness::Replayed, "{number}");
        }
        assert_eq!(window.check(3), Freshness::Fresh);
    }

    #[test]
    fn the_window_reaches_back_2047_numbers_and_no_further() {
        let mut window = ReplayWindow::new();
        window.accept(10_000);
        assert_eq!(window.check(10_000 - 2_047), Freshness::Fresh);
        assert_eq!(window.check(10_000 - 2_048), Freshness::TooOld);
        assert_eq!(window.check(0), Freshness::TooOld);
    }

    #[test]
    fn checking_alone_moves_nothing() {
        let mut window = ReplayWindow::new();
        window.accept(5);
        for _ in 0..3 {
            assert_eq!(window.check(1 << 40), Freshness::Fresh);
            assert_eq!(window.check(4), Freshness::Fresh);
        }
    }

    #[test]
    fn the_highest_numbers_there_are_do_no_harm() {
        let mut window = ReplayWindow::new();
        for number in [u64::MAX - 1, u64::MAX] {
            window.accept(number);
        }
        assert_eq!(window.check(u64::MAX - 1), Freshness::Replayed);
    }

    #[test]
    fn it_agrees_with_a_set_of_everything_ever_seen() {
        for seed in 0..50 {
            let mut rng = Rng::from_seed(seed);
            let (mut window, mut seen, mut front) = (ReplayWindow::new(), BTreeSet::new(), 0u64);
            for _ in 0..3_000 {
                front += if rng.chance(0.01) { rng.below(5_000) } else { rng.below(4) };
                let number = front.saturating_sub(rng.below(2_500));
                let expected = match seen.last() {
                    Some(highest) if highest - number.min(*highest) >= WINDOW => Freshness::TooOld,
                    _ if seen.contains(&number) => Freshness::Replayed,
                    _ => Freshness::Fresh,
                };
                assert_eq!(window.check(number), expected, "seed {seed}, number {number}");
                if expected == Freshness::Fresh {
                    window.accept(number);
                    seen.insert(number);
                }
            }
        }
    }
}
