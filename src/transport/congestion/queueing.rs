//! Does a queue stand on the path?
//!
//! What a round trip takes beyond the least ever seen is time in queues. Single samples jump (a busy
//! receiver, a radio that waits for its turn), so the least of the last eight is compared:
//!
//! ```text
//!   round trip   ·   ·     ·                      least of the last eight
//!        ·   ·     ·    ·    ·   ·  ┐
//!   ─────────────────────────────── ┘ queueing delay
//!   least ever = empty queues
//! ```
//!
//! Left out: a path whose least round trip grows for good while its address stays (a new route). All of it
//! then looks like a queue, and whoever asks here is as careful as with one.

use crate::time::{Duration, Micros};

/// How many samples the recent least is taken over, if nothing else is said: as many as `HyStart++` takes
/// (RFC 9406 §4.3).
const SAMPLES: usize = 8;

/// Ours: a queue stands if it holds more than an eighth of the least round trip, the share at which
/// `HyStart++` believes in one (RFC 9406 §4.3) …
const STANDING_DIVISOR: u64 = 8;

/// … and more than two milliseconds, which sleeping threads and radios take without any queue.
const STANDING_MIN: Micros = Micros::of(Duration::from_millis(2));

/// The recent round trips against the least.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Queueing<const N: usize = SAMPLES> {
    recent: [Micros; N],
    next: usize,
    count: usize,
    least: Micros,
}

impl<const N: usize> Default for Queueing<N> {
    fn default() -> Self {
        Self { recent: [Micros::ZERO; N], next: 0, count: 0, least: Micros::ZERO }
    }
}

impl<const N: usize> Queueing<N> {
    /// A round trip took `sample`; the least ever on this path is `least`.
    pub fn on_round_trip(&mut self, sample: Duration, least: Duration) {
        self.recent[self.next] = Micros::of(sample);
        self.next = (self.next + 1) % N;
        self.count = (self.count + 1).min(N);
        self.least = Micros::of(least);
    }

    /// Was any round trip measured?
    pub const fn is_known(&self) -> bool {
        self.count > 0
    }

    /// Does a queue stand? Without any sample nobody can deny it.
    pub fn is_standing(&self) -> bool {
        self.recent_least().is_none_or(|recent| {
            let waited = recent.beyond(self.least);
            waited > STANDING_MIN && waited.times(STANDING_DIVISOR) > self.least
        })
    }

    /// The share of what is in flight that is on the way and in no queue, 0 to 1.
    pub fn share_without_queue(&self) -> f64 {
        match self.recent_least() {
            Some(recent) if recent > Micros::ZERO => {
                (self.least.duration().as_secs_f64() / recent.duration().as_secs_f64()).min(1.0)
            }
            _ => 0.0,
        }
    }

    fn recent_least(&self) -> Option<Micros> {
        self.recent[..self.count].iter().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(samples_ms: &[u64], least_ms: u64) -> Queueing {
        let mut queueing = <Queueing>::default();
        for ms in samples_ms {
            queueing.on_round_trip(Duration::from_millis(*ms), Duration::from_millis(least_ms));
        }
        queueing
    }

    #[test]
    fn a_queue_stands_when_all_recent_round_trips_are_an_eighth_longer() {
        assert!(!after(&[56; 8], 50).is_standing());
        assert!(after(&[57; 8], 50).is_standing());
    }

    #[test]
    fn one_short_round_trip_in_eight_is_an_empty_queue() {
        assert!(!after(&[90, 90, 90, 50, 90, 90, 90, 90], 50).is_standing());
        assert!(after(&[50, 90, 90, 90, 90, 90, 90, 90, 90], 50).is_standing(), "the ninth has forgotten it");
    }

    #[test]
    fn two_milliseconds_are_no_queue_however_short_the_path() {
        assert!(!after(&[2; 8], 0).is_standing());
        assert!(after(&[3; 8], 0).is_standing());
    }

    #[test]
    fn without_a_sample_a_queue_is_assumed() {
        assert!(<Queueing>::default().is_standing());
        assert!(<Queueing>::default().share_without_queue() < 0.001);
    }

    #[test]
    fn half_of_a_doubled_round_trip_is_queue() {
        assert!((after(&[100; 8], 50).share_without_queue() - 0.5).abs() < 1e-9);
    }
}
