//! Which packets arrived, and what is to be acknowledged?
//!
//! The receiver keeps the numbers of what arrived as ranges and says so at once: a sender under loss
//! learns most from an early acknowledgement. Only where packets come in a long run ([`super::thinning`]) and
//! in order, one acknowledgement does for several:
//!
//! ```text
//!   in order, in a long run   ─▶ with the 8th, or 1 ms after the first
//!   a gap opens or closes     ─▶ at once (RFC 9000 §13.2.1)
//!   all else                  ─▶ at once
//! ```
//!
//! At once is when datagrams are next written, after the user has seen what arrived: an answer in the same
//! turn carries it.

use super::thinning::{Patience, Run};
use crate::time::Instant;
use crate::wire::ranges::RangeSet;

/// How many ranges of received numbers are remembered for acknowledgement. Beyond it the oldest are
/// forgotten; the replay window still knows them as duplicates.
pub const RANGES_MAX: usize = 64;

/// What arrived.
#[derive(Clone, Debug, Default)]
pub struct Received {
    ranges: RangeSet,
    largest_at: Instant,
    due: bool,
    /// When it is due at the latest, if it waits for further packets.
    due_at: Option<Instant>,
    /// How many packets wait for it.
    waiting: u32,
    /// Was the packet that came last the next after the largest before it?
    follows: bool,
    run: Run,
    /// How long it may wait.
    patience: Patience,
    /// How many packets came with a mark.
    marked: u64,
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
    /// Nothing arrived yet; acknowledgements may wait so long.
    pub fn new(patience: Patience) -> Self {
        Self { patience, ..Self::default() }
    }

    /// How many ranges of numbers are remembered.
    pub fn ranges(&self) -> usize {
        self.ranges.len()
    }

    /// How a packet of this number fits in, whether or not it is taken.
    pub fn arrival(&self, number: u64) -> Arrival {
        if self.ranges.largest().is_none_or(|largest| number > largest) {
            Arrival::Newest
        } else {
            Arrival::Late
        }
    }

    /// Packet `number` arrived at `now`, for the first time (the replay window has seen to that).
    pub fn on_packet(&mut self, now: Instant, number: u64) -> Arrival {
        let arrival = self.arrival(number);
        self.follows = self.ranges.largest().is_none_or(|largest| number == largest + 1);
        self.ranges.insert(number, number);
        self.ranges.keep_newest(RANGES_MAX);
        if arrival == Arrival::Newest {
            self.largest_at = now;
        }
        arrival
    }

    /// The packet that came last came with the mark of a growing queue.
    pub fn on_marked(&mut self, ack_eliciting: bool) {
        self.marked += 1;
        // RFC 9000 §13.2.1: told at once.
        self.due |= ack_eliciting;
    }

    /// How many packets ever came with a mark.
    pub const fn marked(&self) -> u64 {
        self.marked
    }

    /// The packet that came last asks for an acknowledgement.
    pub fn on_asked(&mut self, now: Instant) {
        let Patience { longest, each, long } = self.patience;
        self.run.on_packet(now, longest);
        self.waiting += 1;
        let may_wait = self.follows && !longest.is_zero() && self.run.length() > long && self.waiting < each;
        if may_wait {
            self.due_at.get_or_insert(now + longest);
        } else {
            self.due = true;
        }
    }

    /// When an acknowledgement that waits is due.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.due_at
    }

    /// Time passed. Is an acknowledgement held back no longer?
    pub fn handle_timeout(&mut self, now: Instant) -> bool {
        let fires = self.due_at.take_if(|due| *due <= now).is_some();
        self.due |= fires;
        fires
    }

    /// Is an acknowledgement to be sent now?
    pub const fn is_due(&self) -> bool {
        self.due
    }

    /// The ranges to acknowledge, and how many microseconds ago the largest arrived.
    pub fn acknowledge(&self, now: Instant) -> Option<(&RangeSet, u64)> {
        (!self.ranges.is_empty()).then_some((&self.ranges, now.micros_since(self.largest_at)))
    }

    /// An acknowledgement was sent.
    pub fn on_acknowledged(&mut self) {
        self.due = false;
        self.due_at = None;
        self.waiting = 0;
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
    use crate::time::Duration;
    use crate::time::at;
    use crate::transport::arq::Arq;

    /// A packet that asks for an acknowledgement.
    fn ask(received: &mut Received, now: Instant, number: u64) -> Arrival {
        let arrival = received.on_packet(now, number);
        received.on_asked(now);
        arrival
    }

    #[test]
    fn a_packet_that_asks_for_it_makes_an_acknowledgement_due_at_once() {
        let mut received = Received::default();
        received.on_packet(at(0), 0);
        assert!(!received.is_due());
        ask(&mut received, at(5), 1);
        assert!(received.is_due());
        received.on_acknowledged();
        assert!(!received.is_due());
    }

    const DELAY: Duration = Duration::from_millis(1);

    fn bulk() -> Received {
        Received::new(Patience::under_bulk(DELAY))
    }

    /// Packets each 100 µs, in order, acknowledged when due: with which numbers?
    fn acknowledged(received: &mut Received, numbers: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let mut due = Vec::new();
        for number in numbers {
            ask(received, at(number * 100), number);
            if received.is_due() {
                received.on_acknowledged();
                due.push(number);
            }
        }
        due
    }

    #[test]
    fn in_a_long_run_one_acknowledgement_does_for_eight_packets() {
        let at_once: Vec<u64> = (0..16).collect();
        let mut received = bulk();
        assert_eq!(acknowledged(&mut received, 0..48), [at_once, vec![23, 31, 39, 47]].concat());
        assert_eq!(acknowledged(&mut Received::default(), 0..48).len(), 48);
    }

    #[test]
    fn one_that_waits_is_due_a_millisecond_after_the_first_that_asked() {
        let mut received = bulk();
        acknowledged(&mut received, 0..18);
        assert_eq!(received.poll_timeout(), Some(at(1_600 + 1_000)));
        assert!(!received.handle_timeout(at(2_599)) && !received.is_due());
        assert!(received.handle_timeout(at(2_600)) && received.is_due());
        assert_eq!(received.poll_timeout(), None);
    }

    #[test]
    fn a_gap_that_opens_or_closes_in_a_run_is_told_at_once() {
        let mut received = bulk();
        acknowledged(&mut received, 0..24);
        assert_eq!(acknowledged(&mut received, [24, 25, 27, 28, 29]), [27]);
        ask(&mut received, at(3_000), 26);
        assert!(received.is_due());
    }

    #[test]
    fn a_mark_in_a_run_is_told_at_once() {
        let mut received = bulk();
        acknowledged(&mut received, 0..24);
        ask(&mut received, at(2_400), 24);
        assert!(!received.is_due());
        received.on_marked(true);
        assert!(received.is_due() && received.marked() == 1);
        received.on_acknowledged();
        received.on_marked(false);
        assert!(!received.is_due(), "what only acknowledges asks for nothing");
    }

    #[test]
    fn what_comes_after_a_pause_is_acknowledged_at_once() {
        let mut received = bulk();
        acknowledged(&mut received, 0..24);
        ask(&mut received, at(2_300 + 1_001), 24);
        assert!(received.is_due());
    }

    #[test]
    fn tcp_acknowledges_each_second_packet_or_after_forty_milliseconds() {
        let mut received = Received::new(Arq::TcpLike.patience(DELAY));
        assert_eq!(acknowledged(&mut received, 0..7), [1, 3, 5]);
        assert_eq!(received.poll_timeout(), Some(at(600 + 40_000)));
        received.handle_timeout(at(40_600));
        assert!(received.is_due());
        received.on_acknowledged();
        ask(&mut received, at(50_000), 8);
        assert!(received.is_due(), "RFC 5681 §4.2: a gap is told at once");
    }

    #[test]
    fn the_textbooks_receivers_acknowledge_each_packet_at_once() {
        let mut received = Received::new(Arq::GoBackN.patience(DELAY));
        assert_eq!(acknowledged(&mut received, 0..48).len(), 48);
    }

    #[test]
    fn the_delay_told_is_that_of_the_largest() {
        let mut received = Received::default();
        ask(&mut received, at(100), 5);
        assert_eq!(ask(&mut received, at(900), 3), Arrival::Late);
        let (ranges, delay) = received.acknowledge(at(1_100)).unwrap();
        assert_eq!(ranges.descending().collect::<Vec<_>>(), [5..=5, 3..=3]);
        assert_eq!(delay, 1_000);
    }

    #[test]
    fn ranges_that_the_peer_has_seen_acknowledged_are_not_named_again() {
        let mut received = Received::default();
        (0..10).for_each(|n| {
            ask(&mut received, at(n), n * 2);
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
            ask(&mut received, at(n), n * 2);
        });
        assert_eq!(received.acknowledge(at(2_000)).unwrap().0.len(), RANGES_MAX);
    }
}
