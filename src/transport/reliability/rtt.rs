//! How long does a round trip take?
//!
//! A smoothed mean and a mean deviation, as TCP keeps them (RFC 6298 §2) with QUIC's corrections
//! (RFC 9002 §5): the receiver says how long it held an acknowledgement back, and packet numbers are
//! never reused, so every sample is unambiguous and Karn's rule is not needed.

use super::probe::base_timeout;
use crate::time::Duration;

/// The estimate before the first sample, and its deviation half of it. Ours: 100 ms where RFC 9002
/// §6.2.2 says 333, because the first retry shall come soon and a handshake gives a sample at once.
pub const INITIAL_RTT: Duration = Duration::from_millis(100);

/// The estimate of one path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RttEstimate {
    smoothed: Duration,
    variation: Duration,
    least: Duration,
    latest: Duration,
    /// What follows from mean and deviation: asked for far more often than there is a sample.
    timeout: Duration,
    sampled: bool,
}

impl Default for RttEstimate {
    fn default() -> Self {
        Self {
            smoothed: INITIAL_RTT,
            variation: INITIAL_RTT / 2,
            least: Duration::ZERO,
            latest: INITIAL_RTT,
            timeout: base_timeout(INITIAL_RTT, INITIAL_RTT / 2, Duration::ZERO),
            sampled: false,
        }
    }
}

impl RttEstimate {
    /// A round trip took `sample`, of which the peer says that it held the acknowledgement for `held`.
    pub fn on_sample(&mut self, sample: Duration, held: Duration) {
        self.latest = sample;
        if self.sampled {
            self.adapt(sample, held);
        } else {
            // RFC 9002 §5.3: the first sample sets everything.
            (self.smoothed, self.variation, self.least) = (sample, sample / 2, sample);
            self.sampled = true;
        }
        self.timeout = base_timeout(self.smoothed, self.variation, Duration::ZERO);
    }

    fn adapt(&mut self, sample: Duration, held: Duration) {
        // RFC 9002 §5.2: the least ignores what the peer says of itself.
        self.least = self.least.min(sample);
        // RFC 9002 §5.3: subtract the peer's delay unless that would go below the least.
        let adjusted = if sample >= self.least + held { sample.saturating_sub(held) } else { sample };
        let deviation = self.smoothed.abs_diff(adjusted);
        self.variation = (self.variation * 3 + deviation) / 4;
        self.smoothed = (self.smoothed * 7 + adjusted) / 8;
    }

    /// The smoothed mean.
    pub const fn smoothed(&self) -> Duration {
        self.smoothed
    }

    /// The mean deviation.
    pub const fn variation(&self) -> Duration {
        self.variation
    }

    /// The probe timeout with nothing sent again yet, if the peer holds no acknowledgement back (RFC 9002 §6.2.1).
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The least sample; zero before the first.
    pub const fn least(&self) -> Duration {
        self.least
    }

    /// The latest sample.
    pub const fn latest(&self) -> Duration {
        self.latest
    }

    /// Has there been a sample yet?
    pub const fn is_sampled(&self) -> bool {
        self.sampled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn the_first_sample_sets_mean_and_half_of_it_as_deviation() {
        let mut rtt = RttEstimate::default();
        rtt.on_sample(ms(40), ms(0));
        assert_eq!((rtt.smoothed(), rtt.variation(), rtt.least()), (ms(40), ms(20), ms(40)));
    }

    #[test]
    fn a_later_sample_moves_the_mean_by_an_eighth_and_the_deviation_by_a_quarter() {
        let mut rtt = RttEstimate::default();
        rtt.on_sample(ms(40), ms(0));
        rtt.on_sample(ms(80), ms(0));
        assert_eq!((rtt.smoothed(), rtt.variation(), rtt.latest()), (ms(45), ms(25), ms(80)));
    }

    #[test]
    fn what_the_peer_held_back_is_subtracted_but_never_below_the_least() {
        let mut rtt = RttEstimate::default();
        rtt.on_sample(ms(40), ms(0));
        rtt.on_sample(ms(80), ms(40));
        assert_eq!(rtt.smoothed(), ms(40));
        rtt.on_sample(ms(50), ms(45));
        assert_eq!(
            rtt.smoothed(),
            (ms(40) * 7 + ms(50)) / 8,
            "a peer cannot talk the estimate below the least"
        );
    }

    #[test]
    fn a_steady_path_lets_the_deviation_fall_to_nothing_without_a_floor() {
        let mut rtt = RttEstimate::default();
        (0..200).for_each(|_| rtt.on_sample(Duration::from_micros(50), ms(0)));
        assert_eq!(rtt.smoothed(), Duration::from_micros(50));
        assert!(rtt.variation() < Duration::from_micros(2));
    }
}
