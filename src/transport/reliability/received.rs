//! Which packets arrived, and what is to be acknowledged?
//!
//! The receiver keeps the numbers of what arrived as ranges and says so at once: a sender under loss
//! learns most from an early acknowledgement. (Holding acknowledgements back saves datagrams under bulk;
//! its place is [`Received::is_due`].)

use crate::time::{Duration, Instant};
use crate::wire::ranges::RangeSet;

/// How many ranges of received numbers are remembered for acknowledgement. Beyond it the oldest are
/// forgotten; the replay window still knows them as duplicates.
const RANGES_MAX: usize = 64;

/// What arrived.
#[derive(Clone, Debug, Default)]
pub struct Received {
    ranges: RangeSet,
    largest_at: Instant,
    due: bool,
}

/// How a packet fits in with those before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// The largest number so far.
    Newest,
    /// A later one came first.
    Late,
}

impl Received {
    /// Packet `number` arrived at `now`, for the first time (the replay window has seen to that).
    pub fn on_packet(&mut self, now: Instant, number: u64, ack_eliciting: bool) -> Arrival {
        let newest = self.ranges.largest().is_none_or(|largest| number > largest);
        self.ranges.insert(number, number);
        self.ranges.keep_newest(RANGES_MAX);
        self.due |= ack_eliciting;
        if newest {
            self.largest_at = now;
            Arrival::Newest
        } else {
            Arrival::Late
        }
    }

    /// Is an acknowledgement to be sent now?
    pub const fn is_due(&self) -> bool {
        self.due
    }

    /// The ranges to acknowledge, and how long ago the largest arrived.
    pub fn acknowledge(&self, now: Instant) -> Option<(&RangeSet, Duration)> {
        (!self.ranges.is_empty()).then_some((&self.ranges, now - self.largest_at))
    }

    /// An acknowledgement was sent.
    pub fn on_acknowledged(&mut self) {
        self.due = false;
    }

    /// The peer knows that we have all up to `largest`: they need not be named any more.
    pub fn on_acknowledgement_seen(&mut self, largest: u64) {
        // RFC 9000 §13.2.4. The largest stays, so that there is always something to acknowledge.
        if self.ranges.largest().is_some_and(|newest| newest > largest) {
            self.ranges.remove_below(largest + 1);
        }
    }

    /// The largest number received.
    pub fn largest(&self) -> Option<u64> {
        self.ranges.largest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn a_packet_that_asks_for_it_makes_an_acknowledgement_due_at_once() {
        let mut received = Received::default();
        received.on_packet(at(0), 0, false);
        assert!(!received.is_due());
        received.on_packet(at(5), 1, true);
        assert!(received.is_due());
        received.on_acknowledged();
        assert!(!received.is_due());
    }

    #[test]
    fn the_delay_told_is_that_of_the_largest() {
        let mut received = Received::default();
        received.on_packet(at(100), 5, true);
        assert_eq!(received.on_packet(at(900), 3, true), Arrival::Late);
        let (ranges, delay) = received.acknowledge(at(1_100)).unwrap();
        assert_eq!(ranges.descending().collect::<Vec<_>>(), [5..=5, 3..=3]);
        assert_eq!(delay, Duration::from_millis(1));
    }

    #[test]
    fn ranges_that_the_peer_has_seen_acknowledged_are_not_named_again() {
        let mut received = Received::default();
        (0..10).for_each(|n| {
            received.on_packet(at(n), n * 2, true);
        });
        received.on_acknowledgement_seen(14);
        let (ranges, _) = received.acknowledge(at(20)).unwrap();
        assert_eq!(ranges.descending().collect::<Vec<_>>(), [18..=18, 16..=16]);
        received.on_acknowledgement_seen(18);
        assert_eq!(received.largest(), Some(18));
    }

    #[test]
    fn the_memory_for_ranges_has_a_bound() {
        let mut received = Received::default();
        (0..1_000).for_each(|n| {
            received.on_packet(at(n), n * 2, true);
        });
        assert_eq!(received.acknowledge(at(2_000)).unwrap().0.len(), RANGES_MAX);
    }
}
