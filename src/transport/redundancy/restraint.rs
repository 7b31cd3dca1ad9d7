//! Do copies make it worse?
//!
//! On a line that a hundred people share, copies are what fills it: then they wait in its queue and push
//! others out. Nobody can tell by the losses alone whose they are, but a queue is seen in the round trips.
//! So when one stands while copies are sent, there are none for a while; each time that they bring it back
//! the while is twice as long, and when they do not, half as long. They come back little by little: a hundred
//! sessions that took them up again at once would fill the queue before anybody saw it.
//!
//! ```text
//!            a queue stands                       hold is over
//!   copies ─────────────────▶ none, for `hold` ──────────────────▶ more and more of them, over 20 s
//!     │                       hold × 2, at most 80 s                 │
//!     └── no queue for `hold`: hold ÷ 2, at least 10 s ◀─────────────┘
//! ```
//!
//! Source: ours; the same caution as with the backoff of a shared medium (exponential, as RFC 6298 §5.5).

use crate::time::{Duration, Instant};

const HOLD_MIN: Duration = Duration::from_secs(10);
const HOLD_MAX: Duration = Duration::from_secs(80);

/// Ours: copies are all back so long after a rest. Then a hundred sessions add a datagram each five
/// seconds to what each sends in one, which is slow against the round trip that shows the queue.
const RAMP: Duration = Duration::from_secs(20);

/// Whether copies rest.
#[derive(Clone, Copy, Debug)]
pub struct Restraint {
    /// Until then there are none.
    until: Instant,
    /// How long they rest next time.
    hold: Duration,
    /// No queue since.
    clear_since: Instant,
}

impl Default for Restraint {
    fn default() -> Self {
        Self { until: Instant::ZERO, hold: HOLD_MIN, clear_since: Instant::ZERO }
    }
}

impl Restraint {
    /// Do copies rest now?
    pub fn holds(&self, now: Instant) -> bool {
        now < self.until
    }

    /// Which share of the copies that loss calls for may be sent now, 0 to 1: after a rest they come back
    /// little by little, so that a hundred sessions find together how many the line bears.
    pub fn share(&self, now: Instant) -> f64 {
        if self.holds(now) {
            return 0.0;
        }
        if self.until == Instant::ZERO {
            return 1.0;
        }
        ((now - self.until).as_secs_f64() / RAMP.as_secs_f64()).min(1.0)
    }

    /// Copies would be sent now, and a queue stands on the path, or none. Answers how long they rest, if that
    /// begins now.
    pub fn on_observed(&mut self, now: Instant, is_queueing: bool) -> Option<Duration> {
        if self.holds(now) {
            return None;
        }
        self.clear_since = self.clear_since.max(self.until);
        if is_queueing {
            let rest = self.hold + self.hold.mul_f64(spread(now));
            self.until = now + rest;
            self.hold = (self.hold * 2).min(HOLD_MAX);
            return Some(rest);
        }
        if now - self.clear_since >= self.hold {
            self.hold = (self.hold / 2).max(HOLD_MIN);
            self.clear_since = now;
        }
        None
    }
}

/// Up to half as much again, so that a hundred sessions do not come back together: the microseconds of the
/// moment are chance enough.
fn spread(now: Instant) -> f64 {
    f64::from(u16::try_from(now.as_micros() % 1_021).unwrap_or(0)) / 2_042.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Instant {
        crate::time::at(seconds * 1_000_000)
    }

    #[test]
    fn without_a_queue_copies_never_rest() {
        let mut restraint = Restraint::default();
        (0..100).for_each(|second| _ = restraint.on_observed(s(second), false));
        assert!(!restraint.holds(s(100)));
    }

    #[test]
    fn after_a_rest_copies_come_back_little_by_little() {
        let mut restraint = Restraint::default();
        assert!((restraint.share(s(9)) - 1.0).abs() < 1e-9, "who has seen no queue does not hesitate");
        restraint.on_observed(s(9), true);
        let shares =
            [0, 10, 30].map(|seconds| restraint.share(restraint.until + Duration::from_secs(seconds)));
        assert!(
            shares.iter().zip([0.0, 0.5, 1.0]).all(|(share, due)| (share - due).abs() < 1e-9),
            "{shares:?}"
        );
        assert!(restraint.share(s(10)) < 1e-9);
    }

    #[test]
    fn each_time_the_queue_comes_back_they_rest_twice_as_long_up_to_a_bound() {
        let mut restraint = Restraint::default();
        let mut rests = Vec::new();
        let mut now = s(10);
        for _ in 0..8 {
            let rest = restraint.on_observed(now, true).expect("a rest begins");
            rests.push(rest.as_secs());
            assert!(restraint.holds(now + rest / 2) && !restraint.holds(now + rest));
            now = restraint.until;
        }
        let holds = [10, 20, 40, 80, 80, 80, 80, 80];
        assert!(rests.iter().zip(holds).all(|(rest, hold)| (hold..hold * 3 / 2).contains(rest)), "{rests:?}");
    }

    #[test]
    fn a_path_that_stays_clear_is_trusted_again() {
        let mut restraint = Restraint::default();
        (0..6).for_each(|times| _ = restraint.on_observed(s(200 * times), true));
        assert_eq!(restraint.hold, HOLD_MAX);
        (1_200..2_000).for_each(|second| _ = restraint.on_observed(s(second), false));
        assert_eq!(restraint.hold, HOLD_MIN);
    }
}
