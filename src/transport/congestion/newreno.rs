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
//!
//! Slow start ends at the first loss, or before, when the round trip grows (`hystart.rs`).

use super::hystart::HyStart;
use super::{Acknowledged, Controller, LEAST_DATAGRAMS, RoundTrip, initial_window};
use crate::time::Instant;

/// What a loss changes, and what is restored if it was none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Growth {
    window: u64,
    threshold: u64,
    /// Bytes acknowledged in congestion avoidance that have not yet made a whole datagram of growth.
    acknowledged: u64,
}

/// RFC 9002 appendix B.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewReno {
    datagram: u64,
    growth: Growth,
    /// As it was before the latest reduction.
    before: Option<Growth>,
    /// Packets sent before this were sent before the latest reduction, and ask for no other.
    recovery_since: Option<Instant>,
    hystart: HyStart,
}

impl NewReno {
    /// For datagrams of this many bytes.
    pub fn new(datagram: u64) -> Self {
        Self {
            datagram,
            growth: Growth { window: initial_window(datagram), threshold: u64::MAX, acknowledged: 0 },
            before: None,
            recovery_since: None,
            hystart: HyStart::default(),
        }
    }

    fn in_recovery(&self, sent_at: Instant) -> bool {
        self.recovery_since.is_some_and(|since| sent_at <= since)
    }

    const fn is_slow_start(&self) -> bool {
        self.growth.window < self.growth.threshold
    }

    fn reduce(&mut self, now: Instant, sent_at: Instant) {
        // RFC 9002 §7.3.2 and appendix B.6: once a round trip.
        if self.in_recovery(sent_at) {
            return;
        }
        self.before = Some(self.growth);
        self.recovery_since = Some(now);
        let window = (self.growth.window / 2).max(LEAST_DATAGRAMS * self.datagram);
        self.growth = Growth { window, threshold: window, acknowledged: 0 };
    }
}

impl Controller for NewReno {
    fn on_acknowledged(&mut self, packet: Acknowledged) {
        if !packet.limited || self.in_recovery(packet.sent_at) {
            return;
        }
        if self.is_slow_start() {
            // RFC 9002 §7.3.1.
            self.growth.window += self.hystart.growth(packet.bytes);
            return;
        }
        // RFC 9002 §7.3.3: one datagram for each window acknowledged, counted without rounding.
        self.growth.acknowledged += packet.bytes;
        if self.growth.acknowledged >= self.growth.window {
            self.growth.acknowledged -= self.growth.window;
            self.growth.window += self.datagram;
        }
    }

    fn on_round_trip(&mut self, trip: RoundTrip) {
        if self.is_slow_start() && self.hystart.on_round_trip(trip) {
            self.growth.threshold = self.growth.window;
        }
    }

    fn on_lost(&mut self, now: Instant, sent_at: Instant) {
        self.reduce(now, sent_at);
    }

    fn on_marked(&mut self, now: Instant, sent_at: Instant) {
        self.reduce(now, sent_at);
    }

    fn on_persistent_congestion(&mut self) {
        // RFC 9002 §7.6.2, appendix B.8: the threshold stays as the losses have set it.
        self.growth.window = LEAST_DATAGRAMS * self.datagram;
        self.recovery_since = None;
        self.hystart = HyStart::default();
    }

    fn on_spurious_loss(&mut self) {
        if let Some(before) = self.before.take().filter(|before| before.window > self.growth.window) {
            self.growth = before;
        }
    }

    fn on_path_changed(&mut self) {
        *self = Self::new(self.datagram);
    }

    fn on_datagram_size(&mut self, bytes: u64) {
        self.datagram = bytes;
        self.growth.window = self.growth.window.max(LEAST_DATAGRAMS * bytes);
    }

    fn window(&self) -> u64 {
        self.growth.window
    }

    fn threshold(&self) -> Option<u64> {
        (self.growth.threshold != u64::MAX).then_some(self.growth.threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Duration, at};

    const DATAGRAM: u64 = 1_200;

    fn ack(reno: &mut NewReno, now: u64, sent_at: u64) {
        reno.on_acknowledged(Acknowledged {
            now: at(now),
            sent_at: at(sent_at),
            bytes: DATAGRAM,
            limited: true,
        });
    }

    #[test]
    fn slow_start_doubles_the_window_in_a_round_trip() {
        let mut reno = NewReno::new(DATAGRAM);
        let window = reno.window();
        (0..10).for_each(|_| ack(&mut reno, 50, 0));
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
        (0..5).for_each(|_| ack(&mut reno, 200, 150));
        assert_eq!(reno.window(), 6_000 + DATAGRAM);
    }

    #[test]
    fn a_window_that_was_not_the_limit_does_not_grow() {
        let mut reno = NewReno::new(DATAGRAM);
        let window = reno.window();
        let packet = Acknowledged { now: at(50), sent_at: at(0), bytes: DATAGRAM, limited: false };
        reno.on_acknowledged(packet);
        assert_eq!(reno.window(), window);
    }

    #[test]
    fn slow_start_ends_without_a_loss_when_the_round_trip_grows() {
        let mut reno = NewReno::new(DATAGRAM);
        let mut now = at(0);
        for round in 0..12u64 {
            let sample = Duration::from_millis(50 + 10 * round);
            let sent_at = now;
            now += sample;
            for _ in 0..10 {
                let (smoothed, least) = (sample, sample);
                reno.on_round_trip(RoundTrip { now, sent_at, sample, smoothed, least });
            }
        }
        assert_eq!(reno.threshold(), Some(reno.window()));
    }
}
