//! How late did packets leave the emulator?
//!
//! The link says to the microsecond when a packet is due; a machine that sleeps, or is busy, sends it later.
//! That error is the emulator's and not the link's, so every result carries it: values are kept to three
//! digits, whatever their number.

use crate::time::{Duration, Instant};
use hdrhistogram::Histogram;

/// The lateness of every packet of one direction.
#[derive(Clone, Debug)]
pub struct Lateness(Histogram<u64>);

impl Default for Lateness {
    fn default() -> Self {
        // Ours: from 1 µs to an hour, because whatever is later than that says no more.
        Self(Histogram::new_with_max(3_600_000_000, 3).expect("constant bounds that the crate takes"))
    }
}

impl Lateness {
    /// A packet that was due then leaves now.
    pub fn on_sent(&mut self, due: Instant, now: Instant) {
        self.0.saturating_record(now.micros_since(due));
    }

    /// Half of all were late by at most this; zero of none.
    pub fn p50(&self) -> Duration {
        self.quantile(0.5)
    }

    /// 99 of 100 were late by at most this.
    pub fn p99(&self) -> Duration {
        self.quantile(0.99)
    }

    /// The latest of all.
    pub fn max(&self) -> Duration {
        Duration::from_micros(self.0.max())
    }

    fn quantile(&self, share: f64) -> Duration {
        Duration::from_micros(self.0.value_at_quantile(share).min(self.0.max()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn quantiles_are_of_all_packets() {
        let mut lateness = Lateness::default();
        assert_eq!((lateness.p99(), lateness.max()), (Duration::ZERO, Duration::ZERO));
        (1..=1_000).for_each(|micros| lateness.on_sent(at(5_000), at(5_000 + micros)));
        assert_eq!(lateness.p50(), Duration::from_micros(500));
        assert_eq!(lateness.p99(), Duration::from_micros(990));
        assert_eq!(lateness.max(), Duration::from_millis(1));
    }

    #[test]
    fn a_packet_that_leaves_at_its_time_is_not_late() {
        let mut lateness = Lateness::default();
        lateness.on_sent(at(7), at(7));
        lateness.on_sent(at(7), at(u64::MAX));
        assert_eq!(lateness.p50(), Duration::ZERO);
        assert!(lateness.max() >= Duration::from_hours(1));
    }
}
