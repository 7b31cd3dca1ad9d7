//! When does a packet leave the bottleneck, and does it get in at all?
//!
//! A drop-tail queue before a line of a fixed rate. Since the line is served in order, the moment at which
//! a packet leaves is known when it comes, and no timer is needed:
//!
//! ```text
//! start  = max(now, end of the one before)         waits start − now
//! end    = start + 8 · bytes / rate
//! ```
//!
//! It is dropped if what waits already leaves no room: longer than the limit in time, or more packets or
//! bytes than the limit (what is being sent does not wait, so it does not count). An idle line takes any
//! packet. With `ecn`, a packet that finds the queue at half the limit or more is marked. Times are counted
//! in nanoseconds, rounded up, since a packet of 64 bytes takes half a microsecond at 1 Gbit/s.

use super::config::QueueLimit;
use crate::time::{Duration, Instant, at};
use std::collections::VecDeque;

/// So many packets may wait, whatever the limit says.
const MAX_WAITING: usize = 1_000_000;

/// What a default queue holds at least: ten full packets, since a bandwidth-delay product may be nothing.
const MIN_QUEUE_BYTES: u64 = 10 * 1_500;

/// The line's settings for one packet.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Bits a second, at least 1.
    pub rate: u64,
    /// How much may wait; `None`: one bandwidth-delay product of `round_trip`.
    pub limit: Option<QueueLimit>,
    /// The delay there and back.
    pub round_trip: Duration,
}

impl Line {
    fn limit(&self) -> QueueLimit {
        self.limit.unwrap_or_else(|| {
            let least = Duration::from_nanos(self.nanos_for(MIN_QUEUE_BYTES));
            QueueLimit::Time(self.round_trip.max(least))
        })
    }

    fn nanos_for(&self, bytes: u64) -> u64 {
        let bit_nanos = u128::from(bytes) * 8 * 1_000_000_000;
        u64::try_from(bit_nanos.div_ceil(u128::from(self.rate.max(1)))).unwrap_or(u64::MAX)
    }
}

/// A packet let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Admitted {
    /// When its last bit is on the line.
    pub departs: Instant,
    /// It found the queue at half its limit or more.
    pub congested: bool,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    start_ns: u64,
    bytes: u64,
}

/// The queue and the line of one direction.
#[derive(Debug, Default)]
pub struct Bottleneck {
    free_at_ns: u64,
    waiting: VecDeque<Waiting>,
    waiting_bytes: u64,
}

impl Bottleneck {
    /// A packet comes. `None`: the queue is full.
    pub fn enqueue(&mut self, now: Instant, bytes: u64, line: Line) -> Option<Admitted> {
        let now_ns = now.as_micros().saturating_mul(1_000);
        self.serve(now_ns);
        let start_ns = self.free_at_ns.max(now_ns);
        let idle = start_ns == now_ns;
        let (used, size) = self.occupancy(line.limit(), start_ns - now_ns, bytes);
        if !idle && (used > size || self.waiting.len() >= MAX_WAITING) {
            return None;
        }
        if !idle {
            self.waiting.push_back(Waiting { start_ns, bytes });
            self.waiting_bytes += bytes;
        }
        self.free_at_ns = start_ns.saturating_add(line.nanos_for(bytes));
        Some(Admitted {
            departs: at(self.free_at_ns.div_ceil(1_000)),
            congested: !idle && used.saturating_mul(2) >= size,
        })
    }

    /// What began to be sent no longer waits.
    fn serve(&mut self, now_ns: u64) {
        while let Some(first) = self.waiting.front().copied().filter(|first| first.start_ns <= now_ns) {
            self.waiting_bytes -= first.bytes;
            self.waiting.pop_front();
        }
    }

    /// (what would wait with this packet, what may).
    fn occupancy(&self, limit: QueueLimit, wait_ns: u64, bytes: u64) -> (u64, u64) {
        match limit {
            QueueLimit::Time(longest) => (wait_ns, u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX)),
            QueueLimit::Packets(most) => (self.waiting.len() as u64 + 1, most),
            QueueLimit::Bytes(most) => (self.waiting_bytes + bytes, most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 12 Mbit/s: 1,500 bytes take a millisecond.
    fn line(limit: Option<QueueLimit>) -> Line {
        Line { rate: 12_000_000, limit, round_trip: Duration::from_millis(20) }
    }

    /// How many of 100 full packets at once get in.
    fn admitted_of_100(limit: Option<QueueLimit>) -> Vec<Admitted> {
        let mut bottleneck = Bottleneck::default();
        (0..100).filter_map(|_| bottleneck.enqueue(at(0), 1_500, line(limit))).collect()
    }

    #[test]
    fn packets_leave_one_after_the_other_at_the_rate() {
        let departures: Vec<u64> = admitted_of_100(None).iter().map(|one| one.departs.as_micros()).collect();
        assert_eq!(&departures[..3], [1_000, 2_000, 3_000]);
    }

    #[test]
    fn each_unit_of_the_limit_holds_what_it_says_besides_the_packet_being_sent() {
        let limits = [
            (Some(QueueLimit::Time(Duration::from_millis(5))), 1 + 5),
            (Some(QueueLimit::Packets(25)), 1 + 25),
            (Some(QueueLimit::Bytes(15_000)), 1 + 10),
            (None, 1 + 20), // a round trip of 20 ms at one packet a millisecond
        ];
        for (limit, count) in limits {
            assert_eq!(admitted_of_100(limit).len(), count, "{limit:?}");
        }
    }

    #[test]
    fn the_queue_empties_while_time_goes_on() {
        let mut bottleneck = Bottleneck::default();
        let two = line(Some(QueueLimit::Packets(2)));
        let admitted = (0..50).filter(|i| bottleneck.enqueue(at(i * 500), 1_500, two).is_some()).count();
        assert_eq!(admitted, 27, "25 sent in 25 ms, and two that still wait");
        assert_eq!(bottleneck.waiting.len(), 2);
    }

    #[test]
    fn an_idle_line_takes_a_packet_larger_than_the_whole_queue() {
        let mut bottleneck = Bottleneck::default();
        let tiny = line(Some(QueueLimit::Bytes(100)));
        assert!(bottleneck.enqueue(at(0), 1_500, tiny).is_some());
        assert!(bottleneck.enqueue(at(10), 1_500, tiny).is_none());
    }

    #[test]
    fn marks_begin_at_half_of_the_limit() {
        let marks: Vec<bool> =
            admitted_of_100(Some(QueueLimit::Packets(10))).iter().map(|one| one.congested).collect();
        assert_eq!(marks.iter().filter(|mark| **mark).count(), 6, "the 5th to the 10th that wait: {marks:?}");
        assert!(!marks[4] && marks[5]);
    }

    #[test]
    fn small_packets_on_a_fast_line_keep_their_fractions_of_a_microsecond() {
        let mut bottleneck = Bottleneck::default();
        let fast = Line { rate: 1_000_000_000, limit: None, round_trip: Duration::from_millis(20) };
        let last = (0..1_000).filter_map(|_| bottleneck.enqueue(at(0), 64, fast)).last();
        assert_eq!(last.map(|one| one.departs), Some(at(512)));
    }
}
