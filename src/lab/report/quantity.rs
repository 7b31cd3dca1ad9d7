//! What is told of a run in one number?

use super::matrix::Wanted;
use super::moments;
use super::spread::Spread;
use crate::lab::bench::{Carried, Measurement, MessageFate};
use crate::lab::flow::goodput::{Course, by_the_book as by_the_book_of, packet_with};
use crate::time::Duration;

/// So much behind the fastest of its run a message is called late.
///
/// Ours: 50 ms, what the jitter of a good link stays below and a talk begins to suffer from.
pub const LATE: Duration = Duration::from_millis(50);

/// A number of a run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Quantity {
    /// The median latency, in ms.
    P50,
    /// 90 of 100 messages that arrived took at most this, in ms.
    P90,
    /// 99 of 100, in ms.
    P99,
    /// The slowest, in ms.
    Max,
    /// The share of messages that never arrived, in percent.
    Missing,
    /// The share that came [`LATE`] or more behind the fastest of the run, in percent of what was sent.
    Late,
    /// Bytes of messages delivered a second, from the first that was handed in to the last delivery, in kB/s.
    Goodput,
    /// Bytes of IP packets, both ways and with the set-up of the connection, for each byte of a message that
    /// was delivered.
    Overhead,
    /// IP packets, both ways.
    Packets,
    /// Packets that the link dropped, both ways.
    Dropped,
    /// Messages that were late although another room lost the packet: see [`elsewhere`].
    Elsewhere,
    /// From the end of the planned outage (or the change of address) until all that was said before had come,
    /// in ms.
    CaughtUp,
    /// From there until the last late message had come: what is said later comes as usual, in ms.
    BackAfter,
    /// The longest time in which nothing was delivered, in ms.
    Silence,
    /// What the transfer beside the messages got through meanwhile, in kB/s.
    Beside,
    /// The messages' share of both, in percent.
    Share,
    /// What the textbook's formula says of the goodput, in kB/s.
    ByTheBook,
}

impl Quantity {
    /// All, in the order of tables.
    pub const ALL: [Self; 17] = [
        Self::P50,
        Self::P90,
        Self::P99,
        Self::Max,
        Self::Missing,
        Self::Late,
        Self::Goodput,
        Self::Overhead,
        Self::Packets,
        Self::Dropped,
        Self::Elsewhere,
        Self::CaughtUp,
        Self::BackAfter,
        Self::Silence,
        Self::Beside,
        Self::Share,
        Self::ByTheBook,
    ];

    /// What a table shows unless a scenario asks for something else.
    pub const USUAL: [Self; 7] =
        [Self::P50, Self::P90, Self::P99, Self::Late, Self::Missing, Self::Goodput, Self::Overhead];

    /// The head of a column.
    pub const fn head(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Missing => "missing",
            Self::Late => "late",
            Self::Goodput => "kB/s",
            Self::Overhead => "wire/byte",
            Self::Packets => "packets",
            Self::Dropped => "dropped",
            Self::Elsewhere => "late elsewhere",
            Self::CaughtUp => "all there",
            Self::BackAfter => "back after",
            Self::Silence => "silence",
            Self::Beside => "beside kB/s",
            Self::Share => "share",
            Self::ByTheBook => "book kB/s",
        }
    }

    /// The head of a column with its unit, where there is room.
    pub const fn head_with_unit(self) -> &'static str {
        match self {
            Self::P50 => "p50, ms",
            Self::P90 => "p90, ms",
            Self::P99 => "p99, ms",
            Self::Max => "max, ms",
            Self::Missing => "missing, %",
            Self::Late => "late, %",
            Self::Goodput => "goodput, kB/s",
            Self::Overhead => "wire bytes a byte",
            Self::Packets => "packets",
            Self::Dropped => "packets dropped",
            Self::Elsewhere => "late in the other room",
            Self::CaughtUp => "all there after, ms",
            Self::BackAfter => "back after, ms",
            Self::Silence => "longest silence, ms",
            Self::Beside => "beside it, kB/s",
            Self::Share => "share, %",
            Self::ByTheBook => "by the book, kB/s",
        }
    }

    /// What must be known of it to read a table.
    pub const fn key(self) -> Option<&'static str> {
        Some(match self {
            Self::Late => "late: 50 ms or more behind the fastest of the run",
            Self::Overhead => "wire/byte: IP bytes both ways for each byte of a message that was delivered",
            Self::Goodput => {
                "kB/s: bytes of messages from the first that was handed in to the last that came"
            }
            Self::Elsewhere => {
                "late elsewhere: messages of the other room that were late while one room waited for a packet"
            }
            Self::CaughtUp => {
                "all there: ms from the end of the outage or the move until all that was said before had come"
            }
            Self::BackAfter => {
                "back after: ms from the end of the outage or the move until the last late message had come"
            }
            Self::Silence => "silence: the longest time in which nothing came, ms",
            Self::Beside => "beside kB/s: the transfer beside it, over the same time",
            Self::Share => "share: what the messages had of both, in percent",
            Self::ByTheBook => "book kB/s: what the textbook's formula says (Padhye et al. of tcp-like)",
            _ => return None,
        })
    }

    /// Is it a share in percent?
    pub const fn is_percent(self) -> bool {
        matches!(self, Self::Late | Self::Missing | Self::Share)
    }

    /// The member of JSON.
    pub const fn member(self) -> &'static str {
        match self {
            Self::P50 => "latency_p50_ms",
            Self::P90 => "latency_p90_ms",
            Self::P99 => "latency_p99_ms",
            Self::Max => "latency_max_ms",
            Self::Missing => "missing_percent",
            Self::Late => "late_percent",
            Self::Goodput => "goodput_kb_per_s",
            Self::Overhead => "wire_bytes_per_byte",
            Self::Packets => "packets",
            Self::Dropped => "dropped",
            Self::Elsewhere => "late_in_other_rooms",
            Self::CaughtUp => "caught_up_ms",
            Self::BackAfter => "back_after_ms",
            Self::Silence => "longest_silence_ms",
            Self::Beside => "beside_kb_per_s",
            Self::Share => "share_percent",
            Self::ByTheBook => "by_the_book_kb_per_s",
        }
    }

    /// Of this run; `None`: nothing was delivered of which it could be told.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    pub fn of(self, run: &Measurement, wanted: &Wanted) -> Option<f64> {
        let quantile = |per_mille| run.latencies().quantile(per_mille).map(millis);
        let size = if wanted.workload.handshakes { 0 } else { wanted.workload.bytes };
        let bytes = run.delivered() as f64 * f64::from(size);
        let ways = [&run.link.up, &run.link.down];
        match self {
            Self::P50 => quantile(500),
            Self::P90 => quantile(900),
            Self::P99 => quantile(990),
            Self::Max => quantile(1_000),
            Self::Missing => share(run.lost(), run.fates.len()),
            Self::Late => {
                let bound = late_bound(run)?;
                let late = run.fates.iter().filter(|fate| is_late(fate, bound)).count();
                share(late as u64, run.fates.len())
            }
            Self::Goodput => span(run).filter(|_| size > 0).map(|span| bytes / 1e3 / span.as_secs_f64()),
            Self::Overhead => {
                let wire: u64 = ways.iter().map(|way| way.bytes).sum();
                (bytes > 0.0 && wire > 0).then(|| wire as f64 / bytes)
            }
            Self::Packets => Some(ways.iter().map(|way| way.packets).sum::<u64>() as f64),
            Self::Dropped => Some(ways.iter().map(|way| way.dropped_in_all()).sum::<u64>() as f64),
            Self::Elsewhere => (wanted.workload.rooms > 1).then(|| elsewhere(run) as f64),
            Self::CaughtUp => moments::caught_up(run, wanted).map(millis),
            Self::BackAfter => moments::back_after(run, wanted).map(millis),
            Self::Silence => moments::silence(run).map(millis),
            Self::Beside => beside(run),
            Self::Share => {
                let (own, beside) = (Self::Goodput.of(run, wanted)?, beside(run)?);
                Some(own * 100.0 / (own + beside))
            }
            Self::ByTheBook => by_the_book(wanted),
        }
    }

    /// Its median over runs.
    pub fn spread<'a>(self, runs: impl Iterator<Item = &'a Measurement>, wanted: &Wanted) -> Option<Spread> {
        Spread::of(runs.filter_map(|run| self.of(run, wanted)))
    }
}

/// Milliseconds.
pub fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// From which latency on a message of this run is called late. `None`: none arrived.
pub fn late_bound(run: &Measurement) -> Option<Duration> {
    run.latencies().min().map(|least| least + LATE)
}

/// It arrived, but late.
pub fn is_late(fate: &MessageFate, bound: Duration) -> bool {
    fate.latency().is_some_and(|latency| latency >= bound)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn share(part: u64, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 * 100.0 / whole as f64)
}

/// Messages that were late although the packet that was waited for carried words of another room.
///
/// Ours: a message that is late begins a wait, and its room is the one that lost; whoever is handed in before
/// that message has come, in another room, and is late too, was held up by it.
pub fn elsewhere(run: &Measurement) -> u64 {
    let Some(bound) = late_bound(run) else { return 0 };
    let mut held_up = 0;
    for receiver in 0..run.receivers {
        let mut waited_for: Option<&MessageFate> = None;
        for fate in run.fates.iter().filter(|fate| fate.receiver == receiver) {
            waited_for = waited_for.filter(|first| first.delivered.is_none_or(|came| fate.sent < came));
            match waited_for {
                _ if !is_late(fate, bound) => {}
                Some(first) => held_up += u64::from(first.room != fate.room),
                None => waited_for = Some(fate),
            }
        }
    }
    held_up
}

/// What the transfer beside the messages got through, in kB/s.
fn beside(run: &Measurement) -> Option<f64> {
    let beside = run.detail.get("beside")?;
    let (bytes, ms) = (beside.get("bytes")?.as_f64()?, beside.get("ms")?.as_f64()?);
    (ms > 0.0).then_some(bytes / ms)
}

/// What a formula says of bulk on a link of a stated rate, in kB/s.
fn by_the_book(wanted: &Wanted) -> Option<f64> {
    let (up, down) = (&wanted.config.up, &wanted.config.down);
    let course = Course { rate: up.rate?, loss: up.loss, round_trip: up.delay + down.delay };
    if wanted.row.carried != Carried::Udp || !wanted.workload.is_bulk() {
        return None;
    }
    let packet = packet_with(f64::from(wanted.workload.bytes) + CHAT_BYTES);
    let (megabits, _) = by_the_book_of(wanted.row.choices(), course, wanted.workload.bytes as usize, packet);
    Some(megabits * 1e3 / 8.0)
}

/// What a chat adds to each text: its kind, its number, its length.
const CHAT_BYTES: f64 = 6.0;

/// From the first message that was handed in to the last delivery; above zero.
fn span(run: &Measurement) -> Option<Duration> {
    let first = run.fates.iter().map(|fate| fate.sent).min()?;
    let last = run.fates.iter().filter_map(|fate| fate.delivered).max()?;
    Some(last - first).filter(|span| !span.is_zero())
}

#[cfg(test)]
#[path = "quantity_tests.rs"]
mod tests;
