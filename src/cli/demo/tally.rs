//! What became of numbered messages?
//!
//! ```text
//!  sent      1   2   3   4   5
//!  arrived   1       3   2   3      →  delivered 3, lost 2 (4, 5), twice 1 (3), out of order 1 (2)
//! ```

use crate::time::{Duration, Instant};
use std::collections::BTreeMap;

/// Takes note of each message's departure and arrivals.
#[derive(Debug, Default)]
pub struct Tally {
    sent: Vec<Instant>,
    latencies: BTreeMap<u64, Duration>,
    newest: Option<u64>,
    twice: u64,
    out_of_order: u64,
}

impl Tally {
    /// The next message leaves; returns its number, from 0.
    pub fn on_sent(&mut self, now: Instant) -> u64 {
        self.sent.push(now);
        self.sent.len() as u64 - 1
    }

    /// A message arrives. A number that was never sent is passed over.
    pub fn on_arrived(&mut self, now: Instant, number: u64) {
        let Some(sent) = usize::try_from(number).ok().and_then(|index| self.sent.get(index)) else { return };
        if self.latencies.contains_key(&number) {
            self.twice += 1;
            return;
        }
        self.latencies.insert(number, now - *sent);
        if self.newest.is_some_and(|newest| number < newest) {
            self.out_of_order += 1;
        }
        self.newest = self.newest.max(Some(number));
    }

    /// How many have left.
    pub fn sent(&self) -> usize {
        self.sent.len()
    }

    /// How many have arrived at least once.
    pub fn delivered(&self) -> usize {
        self.latencies.len()
    }

    /// What became of them so far. `datagrams`: (there, back).
    pub fn row(&self, name: &str, datagrams: (u64, u64)) -> Row {
        let mut latencies: Vec<Duration> = self.latencies.values().copied().collect();
        latencies.sort_unstable();
        Row {
            name: name.to_owned(),
            sent: self.sent.len(),
            delivered: latencies.len(),
            lost: self.sent.len() - latencies.len(),
            twice: self.twice,
            out_of_order: self.out_of_order,
            p50: percentile(&latencies, 50),
            p99: percentile(&latencies, 99),
            max: latencies.last().copied(),
            datagrams,
        }
    }
}

/// What became of the messages of one way of sending.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The way of sending.
    pub name: String,
    /// Messages handed in.
    pub sent: usize,
    /// Arrived at least once.
    pub delivered: usize,
    /// Never arrived.
    pub lost: usize,
    /// Arrivals beyond the first of a message.
    pub twice: u64,
    /// Arrived after a later one.
    pub out_of_order: u64,
    /// Median latency of the delivered, from the send call to the arrival.
    pub p50: Option<Duration>,
    /// 99 of 100 were faster.
    pub p99: Option<Duration>,
    /// The slowest.
    pub max: Option<Duration>,
    /// Datagrams sent, there and back.
    pub datagrams: (u64, u64),
}

/// The nearest-rank percentile: the smallest value that `percent` of all do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn each_fate_is_counted_once() {
        let mut tally = Tally::default();
        let numbers: Vec<u64> = (0..5).map(|n| tally.on_sent(at(n * 1_000))).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
        for (now, number) in [(1_500, 0), (3_000, 2), (4_000, 1), (4_500, 2), (9_000, 77)] {
            tally.on_arrived(at(now), number);
        }
        let row = tally.row("bare UDP", (5, 0));
        assert_eq!((row.sent, row.delivered, row.lost), (5, 3, 2));
        assert_eq!((row.twice, row.out_of_order), (1, 1));
        assert_eq!(row.p50, Some(Duration::from_micros(1_500)));
        assert_eq!((row.p99, row.max), (Some(Duration::from_millis(3)), Some(Duration::from_millis(3))));
    }

    #[test]
    fn of_nothing_there_is_no_latency() {
        let row = Tally::default().row("nothing", (0, 0));
        assert_eq!((row.p50, row.max, row.lost), (None, None, 0));
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let millis: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&millis, 50), Some(Duration::from_millis(100)));
        assert_eq!(percentile(&millis, 99), Some(Duration::from_millis(198)));
        assert_eq!(percentile(&millis[..1], 50), Some(Duration::from_millis(1)));
    }
}
