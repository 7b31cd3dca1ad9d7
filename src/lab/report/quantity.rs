//! What is told of a run in one number?

use super::spread::Spread;
use super::workload::Workload;
use crate::lab::bench::{Measurement, MessageFate};
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
}

impl Quantity {
    /// All, in the order of tables.
    pub const ALL: [Self; 10] = [
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
    ];

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
        }
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
        }
    }

    /// Of this run; `None`: nothing was delivered of which it could be told.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    pub fn of(self, run: &Measurement, workload: Workload) -> Option<f64> {
        let quantile = |per_mille| run.latencies().quantile(per_mille).map(millis);
        let bytes = run.delivered() as f64 * f64::from(workload.size);
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
            Self::Goodput => span(run).map(|span| bytes / 1e3 / span.as_secs_f64()),
            Self::Overhead => {
                let wire: u64 = ways.iter().map(|way| way.bytes).sum();
                (bytes > 0.0 && wire > 0).then(|| wire as f64 / bytes)
            }
            Self::Packets => Some(ways.iter().map(|way| way.packets).sum::<u64>() as f64),
            Self::Dropped => Some(ways.iter().map(|way| way.dropped_in_all()).sum::<u64>() as f64),
        }
    }

    /// Its median over runs.
    pub fn spread<'a>(
        self,
        runs: impl Iterator<Item = &'a Measurement>,
        workload: Workload,
    ) -> Option<Spread> {
        Spread::of(runs.filter_map(|run| self.of(run, workload)))
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

/// From the first message that was handed in to the last delivery; above zero.
fn span(run: &Measurement) -> Option<Duration> {
    let first = run.fates.iter().map(|fate| fate.sent).min()?;
    let last = run.fates.iter().filter_map(|fate| fate.delivered).max()?;
    Some(last - first).filter(|span| !span.is_zero())
}

#[cfg(test)]
mod tests {
    use super::super::made_up::run;
    use super::*;

    #[test]
    fn each_number_is_what_its_words_say() {
        // Four messages each 20 ms: 50, 60 and 200 ms, and one that never arrived.
        let run = run("udp", &[Some(50), Some(60), None, Some(200)]);
        let workload = Workload { messages: 4, size: 100, ..Workload::default() };
        let told = |quantity: Quantity| quantity.of(&run, workload);
        assert_eq!((told(Quantity::P50), told(Quantity::Max)), (Some(60.0), Some(200.0)));
        assert_eq!((told(Quantity::Missing), told(Quantity::Late)), (Some(25.0), Some(25.0)));
        // 300 bytes in 60 + 200 ms.
        assert!(told(Quantity::Goodput).is_some_and(|it| (it - 0.3 / 0.26).abs() < 1e-9));
        assert_eq!((told(Quantity::Packets), told(Quantity::Dropped)), (Some(30.0), Some(3.0)));
        assert_eq!(told(Quantity::Overhead), Some(10.0));
    }

    #[test]
    fn of_a_run_in_which_nothing_arrived_no_latency_is_told() {
        let run = run("raw", &[None, None]);
        let workload = Workload::default();
        assert_eq!(Quantity::Missing.of(&run, workload), Some(100.0));
        for quantity in [Quantity::P50, Quantity::Late, Quantity::Goodput, Quantity::Overhead] {
            assert_eq!(quantity.of(&run, workload), None, "{quantity:?}");
        }
    }
}
