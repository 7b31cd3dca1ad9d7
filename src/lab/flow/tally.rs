//! What became of the messages of one direction?
//!
//! ```text
//!  sent      0   1   2   3   4
//!  arrived   0       2   1   2      →  delivered 3, duplicated 1 (2), out of order 1 (1), 3 and 4 missing
//! ```
//!
//! Paced messages are counted apart by when they were sent, before or after the warm-up; bulk by the second
//! in which it arrived.

use super::latencies::Latencies;
use super::plan::Workload;
use super::source::number_of;
use crate::time::{Duration, Instant};
use crate::transport::channel::delivery::Delivery;
use std::collections::BTreeMap;

/// Which of a direction's two kinds of messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lane {
    /// At a pace.
    Paced,
    /// As fast as they are taken.
    Bulk,
}

/// How two results that are made one belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// Two sessions of one run: their goodputs add up.
    Beside,
    /// Two seeds: their goodput is the mean over both times.
    Again,
}

/// Counts while a run goes on.
#[derive(Clone, Debug)]
pub struct Tally {
    bulk_channel: u64,
    begins: Instant,
    warm_until: Instant,
    first_arrival: Option<Instant>,
    paced: Numbers,
    bulk: Numbers,
    counts: [Counts; 2],
    bulk_counts: Counts,
    bulk_seconds: Vec<u64>,
    bulk_ended: Instant,
    refused: u64,
    damaged: u64,
}

/// The numbers of one lane.
#[derive(Clone, Debug, Default)]
struct Numbers {
    sent: Vec<Instant>,
    /// When each arrived first.
    arrived: Vec<Option<Instant>>,
    missing: u64,
    /// The newest that arrived, by channel.
    newest: BTreeMap<u64, u64>,
    /// From one message of a channel to its next.
    stride: u64,
    /// What their channels promise.
    delivery: Delivery,
    /// They have a deadline, and may be missing for good.
    may_expire: bool,
    /// The first arrival that broke the promise.
    broken: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    sent: u64,
    duplicated: u64,
    out_of_order: u64,
    spans: Vec<Duration>,
}

/// What became of messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fates {
    /// Handed in and taken.
    pub sent: u64,
    /// Arrived at least once.
    pub delivered: u64,
    /// Arrivals beyond the first of a message.
    pub duplicated: u64,
    /// Arrived behind a later one of the same channel.
    pub out_of_order: u64,
    /// Attempts to hand one in that the full queue refused.
    pub refused: u64,
    /// From when they were due to when the receiver's user got them.
    pub latencies: Latencies,
}

/// What became of a large transfer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Transfer {
    /// Its messages.
    pub fates: Fates,
    /// Bytes that arrived.
    pub bytes: u64,
    /// From the first message handed in to the last that arrived.
    pub span: Duration,
    /// Bytes that arrived in each second of the run.
    pub seconds: Vec<u64>,
}

/// What became of one direction.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WayReport {
    /// From the session's start to the first message that arrived, of each session in which one did.
    pub first: Latencies,
    /// Paced messages that were sent while it warmed up.
    pub early: Fates,
    /// Paced messages that were sent later.
    pub steady: Fates,
    /// Bulk.
    pub bulk: Transfer,
    /// Arrivals whose bytes were not those that were sent.
    pub damaged: u64,
}

impl Numbers {
    fn on_sent(&mut self, at: Instant) {
        self.sent.push(at);
        self.arrived.push(None);
        self.missing += 1;
    }

    /// When it was sent, whether it had arrived before, and whether a later one had.
    fn on_arrived(&mut self, now: Instant, channel: u64, number: u64) -> Option<(Instant, bool, bool)> {
        let index = usize::try_from(number).ok()?;
        let arrived = self.arrived.get_mut(index)?;
        let before = arrived.is_some();
        arrived.get_or_insert(now);
        self.missing -= u64::from(!before);
        let due = self.newest.get(&channel).map_or(number % self.stride, |newest| newest + self.stride);
        let is_kept = match self.delivery {
            Delivery::Ordered => number == due,
            Delivery::Unordered => !before,
            Delivery::Latest => number >= due,
        };
        if !is_kept {
            let told = || format!("channel {channel}: message {number} came where {due} was due");
            self.broken.get_or_insert_with(told);
        }
        let newest = self.newest.entry(channel).or_insert(number);
        let late = number < *newest;
        *newest = number.max(*newest);
        Some((*self.sent.get(index)?, before, late))
    }

    /// How many must still arrive: of channels where only the latest counts those, of others all.
    fn missing(&self) -> u64 {
        if self.may_expire {
            return 0;
        }
        match self.delivery {
            Delivery::Ordered | Delivery::Unordered => self.missing,
            Delivery::Latest => {
                let latest =
                    self.arrived.iter().rev().take(usize::try_from(self.stride).unwrap_or(usize::MAX));
                latest.filter(|arrived| arrived.is_none()).count() as u64
            }
        }
    }
}

impl Counts {
    fn on_arrived(&mut self, span: Duration, before: bool, late: bool) {
        if before {
            self.duplicated += 1;
        } else {
            self.spans.push(span);
            self.out_of_order += u64::from(late);
        }
    }

    fn fates(&self, refused: u64) -> Fates {
        let Self { sent, duplicated, out_of_order, ref spans } = *self;
        let latencies = Latencies::of(spans.clone());
        let delivered = latencies.len() as u64;
        Fates { sent, delivered, duplicated, out_of_order, refused, latencies }
    }
}

impl Tally {
    /// Nothing sent yet, of a session that begins at this moment; what is sent within `warm_up` of it counts
    /// as early.
    pub fn new(workload: &Workload, begins: Instant, warm_up: Duration) -> Self {
        Self {
            bulk_channel: workload.bulk_channel().0,
            begins,
            warm_until: begins + warm_up,
            first_arrival: None,
            paced: Numbers {
                stride: workload.paced.rooms.max(1),
                delivery: workload.paced.delivery,
                may_expire: workload.paced.deadline.is_some(),
                ..Numbers::default()
            },
            bulk: Numbers { stride: 1, ..Numbers::default() },
            counts: Default::default(),
            bulk_counts: Counts::default(),
            bulk_seconds: Vec::new(),
            bulk_ended: Instant::ZERO,
            refused: 0,
            damaged: 0,
        }
    }

    /// Does a message count as early that was sent at this moment?
    pub fn is_early(&self, sent: Instant) -> bool {
        sent < self.warm_until
    }

    /// The next message of a lane was taken; it was due at this moment.
    pub fn on_sent(&mut self, lane: Lane, due: Instant) {
        match lane {
            Lane::Paced => {
                self.paced.on_sent(due);
                self.counts[usize::from(due >= self.warm_until)].sent += 1;
            }
            Lane::Bulk => {
                self.bulk.on_sent(due);
                self.bulk_counts.sent += 1;
            }
        }
    }

    /// The queue had no room for a message.
    pub const fn on_refused(&mut self) {
        self.refused += 1;
    }

    /// The receiver's user got a message.
    pub fn on_arrived(&mut self, now: Instant, channel: u64, bytes: &[u8]) {
        let is_bulk = channel == self.bulk_channel;
        let numbers = if is_bulk { &mut self.bulk } else { &mut self.paced };
        let Some((sent, before, late)) = number_of(bytes).and_then(|it| numbers.on_arrived(now, channel, it))
        else {
            self.damaged += 1;
            return;
        };
        self.first_arrival.get_or_insert(now);
        if is_bulk {
            self.bulk_counts.on_arrived(now - sent, before, late);
            self.bulk_ended = now;
            self.count_second(now, bytes.len() as u64);
        } else {
            self.counts[usize::from(sent >= self.warm_until)].on_arrived(now - sent, before, late);
        }
    }

    fn count_second(&mut self, now: Instant, bytes: u64) {
        let second = usize::try_from(now.as_micros() / 1_000_000).unwrap_or(0);
        if self.bulk_seconds.len() <= second {
            self.bulk_seconds.resize(second + 1, 0);
        }
        self.bulk_seconds[second] += bytes;
    }

    /// What a channel never does and this one did, if anything: in order each must have delivered exactly what
    /// was handed in first, once each; without order each message once; of the latest only what is newer.
    pub fn broken(&self) -> Option<String> {
        let broken = self.paced.broken.as_ref().or(self.bulk.broken.as_ref()).cloned();
        broken.or_else(|| (self.damaged > 0).then(|| "bytes arrived that nobody handed in".to_owned()))
    }

    /// Messages that were taken, must arrive and have not.
    pub fn missing(&self) -> u64 {
        self.paced.missing() + self.bulk.missing()
    }

    /// When each paced message was due, in the order of their numbers, and when it arrived first.
    pub fn paced(&self) -> impl Iterator<Item = (Instant, Option<Instant>)> {
        self.paced.sent.iter().copied().zip(self.paced.arrived.iter().copied())
    }

    /// What is known so far.
    pub fn report(&self) -> WayReport {
        let bytes = self.bulk_seconds.iter().sum();
        let fates = self.bulk_counts.fates(0);
        let span = self.bulk.sent.first().map(|first| self.bulk_ended - *first).unwrap_or_default();
        let bulk = Transfer { fates, bytes, span, seconds: self.bulk_seconds.clone() };
        let [early, steady] = &self.counts;
        let first = self.first_arrival.map(|arrival| arrival - self.begins);
        let first = Latencies::of(first.into_iter().collect());
        WayReport {
            first,
            early: early.fates(0),
            steady: steady.fates(self.refused),
            bulk,
            damaged: self.damaged,
        }
    }
}

impl Fates {
    /// Takes those of another in.
    pub fn absorb(&mut self, other: &Self) {
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.duplicated += other.duplicated;
        self.out_of_order += other.out_of_order;
        self.refused += other.refused;
        self.latencies.absorb(&other.latencies);
    }
}

impl Transfer {
    /// Megabits a second of message bytes, over its span; 0 of nothing.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    pub fn goodput_mbit(&self) -> f64 {
        let seconds = self.span.as_secs_f64();
        if seconds > 0.0 { self.bytes as f64 * 8.0 / 1e6 / seconds } else { 0.0 }
    }

    fn absorb(&mut self, other: &Self, relation: Relation) {
        self.fates.absorb(&other.fates);
        self.bytes += other.bytes;
        self.span = match relation {
            Relation::Beside => self.span.max(other.span),
            Relation::Again => self.span + other.span,
        };
        let length = self.seconds.len().max(other.seconds.len());
        self.seconds.resize(length, 0);
        self.seconds.iter_mut().zip(&other.seconds).for_each(|(mine, other)| *mine += other);
    }
}

impl WayReport {
    /// All paced messages, early and steady.
    pub fn paced(&self) -> Fates {
        let mut all = self.early.clone();
        all.absorb(&self.steady);
        all
    }

    /// Takes another in.
    pub fn absorb(&mut self, other: &Self, relation: Relation) {
        self.first.absorb(&other.first);
        self.early.absorb(&other.early);
        self.steady.absorb(&other.steady);
        self.bulk.absorb(&other.bulk, relation);
        self.damaged += other.damaged;
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Bulk, Paced};
    use super::*;
    use crate::time::at;

    fn message(number: u64, size: usize) -> Vec<u8> {
        let mut bytes = number.to_be_bytes().to_vec();
        bytes.resize(size, u8::try_from(number).expect("a small number"));
        bytes
    }

    #[test]
    fn each_fate_is_counted_once_and_early_ones_apart() {
        let mut tally = Tally::new(&Workload::default(), at(1_000), Duration::from_millis(1));
        (0..5).for_each(|n| tally.on_sent(Lane::Paced, at(n * 1_000)));
        for (now, number) in [(1_500, 0), (3_000, 2), (4_000, 1), (4_500, 2)] {
            tally.on_arrived(at(now), 8, &message(number, 8));
        }
        tally.on_arrived(at(5_000), 8, b"garbage!!");
        tally.on_arrived(at(5_000), 8, &message(99, 8));
        let report = tally.report();
        assert_eq!((report.early.sent, report.early.delivered, report.early.out_of_order), (2, 2, 1));
        assert_eq!((report.steady.sent, report.steady.delivered, report.steady.duplicated), (3, 1, 1));
        assert_eq!(report.early.latencies.max(), Some(Duration::from_millis(3)));
        assert_eq!((report.damaged, tally.missing()), (2, 2));
        let broken = tally.broken().unwrap_or_default();
        assert_eq!(broken, "channel 8: message 2 came where 1 was due");
        assert_eq!(report.first.max(), Some(Duration::from_micros(500)));
    }

    #[test]
    fn rooms_have_an_order_each() {
        let paced = Paced { rooms: 2, ..Paced::default() };
        let mut tally = Tally::new(&Workload { paced, ..Workload::default() }, at(0), Duration::ZERO);
        (0..2).for_each(|_| tally.on_sent(Lane::Paced, at(0)));
        tally.on_arrived(at(1), 12, &message(1, 8));
        tally.on_arrived(at(2), 8, &message(0, 8));
        assert_eq!((tally.report().steady.out_of_order, tally.broken()), (0, None));
    }

    #[test]
    fn each_delivery_has_a_promise_of_its_own() {
        let arrivals = [
            (Delivery::Unordered, &[1, 0, 2][..], None, 0),
            (Delivery::Unordered, &[1, 1][..], Some("channel 8: message 1 came where 2 was due"), 2),
            (Delivery::Latest, &[0, 2][..], None, 0),
            (Delivery::Latest, &[1][..], None, 1),
            (Delivery::Latest, &[1, 0][..], Some("channel 8: message 0 came where 2 was due"), 1),
        ];
        for (delivery, numbers, broken, missing) in arrivals {
            let paced = Paced { delivery, ..Paced::default() };
            let mut tally = Tally::new(&Workload { paced, ..Workload::default() }, at(0), Duration::ZERO);
            (0..3).for_each(|_| tally.on_sent(Lane::Paced, at(0)));
            numbers.iter().for_each(|number| tally.on_arrived(at(1), 8, &message(*number, 8)));
            let found = (tally.broken(), tally.missing());
            assert_eq!(found, (broken.map(str::to_owned), missing), "{delivery:?} {numbers:?}");
        }
    }

    #[test]
    fn goodput_is_of_both_sessions_and_the_mean_of_both_seeds() {
        let bulk = Bulk { bytes: 250_000, size: 125_000, start: Duration::ZERO };
        let workload = Workload { bulk, ..Workload::default() };
        let mut tally = Tally::new(&workload, at(0), Duration::ZERO);
        for n in 0..2 {
            tally.on_sent(Lane::Bulk, at(0));
            tally.on_arrived(at(n * 1_000_000 + 1), workload.bulk_channel().0, &message(n, 125_000));
        }
        let one = tally.report();
        assert_eq!(one.bulk.seconds, [125_000, 125_000]);
        for (relation, goodput) in [(Relation::Beside, 4.0), (Relation::Again, 2.0)] {
            let mut both = one.clone();
            both.absorb(&one, relation);
            assert!((both.bulk.goodput_mbit() - goodput).abs() < 1e-3, "{relation:?}");
        }
    }
}
