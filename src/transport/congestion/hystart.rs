//! When does slow start end before anything is lost?
//!
//! Slow start doubles each round trip, so it overshoots by up to a whole window, and all of the overshoot
//! is lost at once. `HyStart++` (RFC 9406) looks at the round-trip time instead: when the least of eight is
//! clearly above the least of the round before, a queue begins to grow. It then grows more slowly for
//! some rounds (conservative slow start, CSS), and if the round trip stays long, slow start is over; if it
//! falls again it was noise, and slow start goes on.
//!
//! ```text
//!          least of eight ≥ last round's + η           five rounds
//!   slow start ───────────────────────▶ CSS ─────────────────────────▶ congestion avoidance
//!        ▲      least of eight < baseline    │
//!        └───────────────────────────────────┘
//! ```
//!
//! A round is a round trip: it ends when a packet is acknowledged that was sent in it. Ours: RFC 9406 §4.2
//! compares the least of the whole round, which is mostly that of its first packets, sent before the queue
//! began; then the rise is seen a round later, and a paced sender has doubled once more. The least of the last
//! eight samples of the round is as good against single jumps, and sees it in the round that makes the queue.
//!
//! Left out: the limit L on the growth by one acknowledgement, which is infinite for a paced sender (§4.3).

use super::RoundTrip;
use crate::time::{Duration, Instant};

/// RFC 9406 §4.3: `MIN_RTT_THRESH`.
const RISE_MIN: Duration = Duration::from_millis(4);
/// RFC 9406 §4.3: `MAX_RTT_THRESH`.
const RISE_MAX: Duration = Duration::from_millis(16);
/// RFC 9406 §4.3: `MIN_RTT_DIVISOR`.
const RISE_DIVISOR: u32 = 8;
/// RFC 9406 §4.3: `N_RTT_SAMPLE`.
const SAMPLES: usize = 8;
/// RFC 9406 §4.3: `CSS_GROWTH_DIVISOR`.
const CONSERVATIVE_DIVISOR: u64 = 4;
/// RFC 9406 §4.3: `CSS_ROUNDS`.
const CONSERVATIVE_ROUNDS: u32 = 5;

/// The conservative phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Conservative {
    /// The least round trip of the round that began it.
    baseline: Duration,
    rounds: u32,
}

/// One slow start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HyStart {
    round_began: Option<Instant>,
    last_least: Option<Duration>,
    least: Option<Duration>,
    samples: usize,
    /// The last samples of this round.
    recent: [Duration; SAMPLES],
    conservative: Option<Conservative>,
}

impl HyStart {
    /// By how much the window grows for so many bytes acknowledged.
    pub const fn growth(&self, bytes: u64) -> u64 {
        // RFC 9406 §4.2: in CSS a quarter.
        if self.conservative.is_some() { bytes / CONSERVATIVE_DIVISOR } else { bytes }
    }

    /// A round trip was measured in slow start. True: slow start is over.
    pub fn on_round_trip(&mut self, trip: RoundTrip) -> bool {
        let over = self.round_began.is_none_or(|began| trip.sent_at >= began) && self.begin_round(trip.now);
        self.least = Some(self.least.map_or(trip.sample, |least| least.min(trip.sample)));
        self.recent[self.samples % SAMPLES] = trip.sample;
        self.samples += 1;
        if self.samples >= SAMPLES {
            self.judge();
        }
        over
    }

    /// The next round begins. True if the conservative phase has lasted its rounds.
    fn begin_round(&mut self, now: Instant) -> bool {
        self.round_began = Some(now);
        self.last_least = self.least.take();
        self.samples = 0;
        let Some(conservative) = &mut self.conservative else { return false };
        conservative.rounds += 1;
        conservative.rounds > CONSERVATIVE_ROUNDS
    }

    fn judge(&mut self) {
        let Some(least) = self.recent.iter().min().copied() else { return };
        match (self.conservative, self.last_least) {
            // RFC 9406 §4.2: the rise was noise.
            (Some(css), _) if least < css.baseline => self.conservative = None,
            (None, Some(before)) if least >= before + (before / RISE_DIVISOR).clamp(RISE_MIN, RISE_MAX) => {
                self.conservative = Some(Conservative { baseline: least, rounds: 0 });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    /// Plays rounds of ten samples, each round with one round-trip time in ms; says in which one it ended.
    fn play(hystart: &mut HyStart, rounds: &[u64]) -> Option<usize> {
        let mut now = at(1_000_000);
        rounds.iter().position(|ms| {
            let sample = Duration::from_millis(*ms);
            let sent_at = now;
            now += sample;
            let trip = RoundTrip { now, sent_at, sample, smoothed: sample, least: sample };
            // All of a round leave together and are acknowledged together.
            (0..10).any(|_| hystart.on_round_trip(trip))
        })
    }

    #[test]
    fn a_steady_round_trip_never_ends_slow_start() {
        let mut hystart = HyStart::default();
        assert_eq!(play(&mut hystart, &[50; 30]), None);
        assert_eq!(hystart.growth(1_200), 1_200);
    }

    #[test]
    fn a_round_trip_that_rises_by_an_eighth_slows_the_growth_to_a_quarter() {
        let mut hystart = HyStart::default();
        play(&mut hystart, &[50, 56]);
        assert_eq!(hystart.growth(1_200), 1_200, "6.25 ms are an eighth");
        let mut hystart = HyStart::default();
        play(&mut hystart, &[50, 57]);
        assert_eq!(hystart.growth(1_200), 300);
    }

    #[test]
    fn a_queue_is_seen_in_the_round_that_makes_it_but_not_a_few_late_packets() {
        let trip = |ms| {
            let sample = Duration::from_millis(ms);
            RoundTrip { now: at(ms), sent_at: at(0), sample, smoothed: sample, least: sample }
        };
        let growth = |samples: &[u64]| {
            let mut hystart = HyStart::default();
            play(&mut hystart, &[50, 50]);
            samples.iter().for_each(|ms| _ = hystart.on_round_trip(trip(*ms)));
            hystart.growth(4)
        };
        assert_eq!(growth(&[50, 50, 52, 54, 57, 58, 59, 60, 61, 62, 63, 64]), 1);
        assert_eq!(growth(&[50, 50, 90, 90, 90, 90, 90, 90, 90, 50, 90, 90]), 4);
    }

    #[test]
    fn five_conservative_rounds_end_slow_start() {
        let mut hystart = HyStart::default();
        assert_eq!(play(&mut hystart, &[50, 60, 61, 62, 63, 64, 65, 66]), Some(7));
    }

    #[test]
    fn a_rise_that_was_noise_lets_slow_start_go_on() {
        let mut hystart = HyStart::default();
        assert_eq!(play(&mut hystart, &[50, 60, 50, 50, 50, 50, 50, 50, 50]), None);
        assert_eq!(hystart.growth(1_200), 1_200);
    }

    #[test]
    fn the_rise_is_at_least_four_and_at_most_sixteen_milliseconds() {
        for (rtt, quiet, rise) in [(1, 3, 4), (400, 15, 16)] {
            let mut hystart = HyStart::default();
            play(&mut hystart, &[rtt, rtt + quiet]);
            assert_eq!(hystart.growth(4), 4, "{rtt} ms");
            let mut hystart = HyStart::default();
            play(&mut hystart, &[rtt, rtt + rise]);
            assert_eq!(hystart.growth(4), 1, "{rtt} ms");
        }
    }
}
