//! `NewReno`: double each round trip until something is lost, then grow by a datagram each round trip, and
//! halve at each loss (RFC 9002 §7 and appendix B; RFC 5681 for TCP).
//!
//! ```text
//!   window
//!     │      ╱╲          loss: half
//!     │     ╱  ╲   ╱╲
//!     │    ╱    ╲ ╱  ╲ ╱   congestion avoidance: + one datagram each round trip
//!     │  _╱      ╲    ╲
//!     │_╱ slow start: doubles each round trip
//!     └───────────────────── time
//! ```

use super::Controller;
use crate::time::Instant;

/// The initial window in datagrams (RFC 9002 §7.2).
const INITIAL_DATAGRAMS: u64 = 10;

/// The least window in datagrams (RFC 9002 §7.2).
const LEAST_DATAGRAMS: u64 = 2;

/// RFC 9002 appendix B.
#[derive(Clone, Copy, Debug)]
pub struct NewReno {
    datagram: u64,
    window: u64,
    threshold: u64,
    /// Packets sent before this were sent before the last reduction, and ask for no other.
    recovery_since: Option<Instant>,
    /// Bytes acknowledged in congestion avoidance that have not yet made a whole datagram of growth.
    acknowledged: u64,
}

impl NewReno {
    /// For datagrams of this many bytes.
    pub fn new(datagram: u64) -> Self {
        // RFC 9002 §7.2: ten datagrams, but at most max(14,720, two datagrams).
        let window = (INITIAL_DATAGRAMS * datagram).min((2 * datagram).max(14_720));
        Self { datagram, window, threshold: u64::MAX, recovery_since: None, acknowledged: 0 }
    }

    fn in_recovery(&self, sent_at: Instant) -> bool {
        self.recovery_since.is_some_and(|since| sent_at <= since)
    }
}

impl Controller for NewReno {
    fn on_acknowledged(&mut self, _: Instant, sent_at: Instant, bytes: u64, limited: bool) {
        if !limited || self.in_recovery(sent_at) {
            return;
        }
        if self.window < self.threshold {
            // RFC 9002 §7.3.1: slow start.
            self.window += bytes;
            return;
        }
        // RFC 9002 §7.3.3: one datagram for each window acknowledged, counted without rounding.
        self.acknowledged += bytes;
        if self.acknowledged >= self.window {
            self.acknowledged -= self.window;
            self.window += self.datagram;
        }
    }

    fn on_lost(&mut self, now: Instant, sent_at: Instant) {
        if self.in_recovery(sent_at) {
            return;
        }
        // RFC 9002 §7.3.2 and appendix B.6: once a round trip.
        self.recovery_since = Some(now);
        self.window = (self.window / 2).max(LEAST_DATAGRAMS * self.datagram);
        self.threshold = self.window;
        self.acknowledged = 0;
    }

    fn on_path_changed(&mut self) {
        *self = Self::new(self.datagram);
    }

    fn window(&self) -> u64 {
        self.window
    }

    fn threshold(&self) -> Option<u64> {
        (self.threshold != u64::MAX).then_some(self.threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const DATAGRAM: u64 = 1_200;

    #[test]
    fn slow_start_doubles_the_window_in_a_round_trip() {
        let mut reno = NewReno::new(DATAGRAM);
        let window = reno.window();
        (0..10).for_each(|_| reno.on_acknowledged(at(50), at(0), DATAGRAM, true));
        assert_eq!(reno.window(), 2 * window);
    }

    #[test]
    fn a_loss_halves_the_window_once_a_round_trip() {
        let mut reno = NewReno::new(DATAGRAM);
        reno.on_lost(at(100), at(50));
        reno.on_lost(at(101), at(60));
        assert_eq!(reno.window(), 6_000, "both were sent before the reduction");
        reno.on_lost(at(300), at(200));
        assert_eq!(reno.window(), 3_000);
        (0..9).for_each(|n| reno.on_lost(at(1_000 * (n + 1)), at(1_000 * (n + 1) - 1)));
        assert_eq!(reno.window(), 2 * DATAGRAM, "never below two datagrams");
    }

    #[test]
    fn after_a_loss_a_window_of_acknowledgements_earns_one_datagram() {
        let mut reno = NewReno::new(DATAGRAM);
        reno.on_lost(at(100), at(50));
        (0..5).for_each(|_| reno.on_acknowledged(at(200), at(150), DATAGRAM, true));
        assert_eq!(reno.window(), 6_000 + DATAGRAM);
    }

    #[test]
    fn a_window_that_was_not_the_limit_does_not_grow() {
        let mut reno = NewReno::new(DATAGRAM);
        let window = reno.window();
        reno.on_acknowledged(at(50), at(0), DATAGRAM, false);
        assert_eq!(reno.window(), window);
    }
}
