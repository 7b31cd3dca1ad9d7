//! Is the next packet lost?
//!
//! Without a burst each packet is lost by itself. With one, the losses come in runs: the chain of Gilbert
//! (E. N. Gilbert, "Capacity of a burst-noise channel", BSTJ 39, 1960; Elliott's form with all packets lost
//! in the bad state and none in the good one), counted in packets:
//!
//! ```text
//!              g = p / (B · (1 − p))
//!         ┌──────────────────────────▶┐
//!      good: passes                bad: lost
//!         └◀──────────────────────────┘
//!              b = 1 / B
//! ```
//!
//! A run ends after each lost packet with probability b, so its mean length is 1 / b = B. The chain is bad
//! for g / (g + b) = p of the packets. It starts in its steady state. As g is at most 1, p is at most
//! B / (B + 1). Runs in packets are hard on a sender that slows down, since it meets the same number of
//! losses more slowly; [`super::fade`] has outages in time instead.

/// The state of the chain of one direction.
#[derive(Clone, Copy, Debug, Default)]
pub struct LossChain {
    bad: Option<bool>,
}

impl LossChain {
    /// Moves on by one packet: is it lost? `thrown` is uniform from 0 to 1; `loss` and `burst` as in
    /// [`super::config::DirectionConfig`].
    pub fn step(&mut self, loss: f64, burst: Option<f64>, thrown: f64) -> bool {
        let bad = match (burst, self.bad) {
            (Some(burst), Some(true)) if loss < 1.0 => thrown >= 1.0 / burst,
            (Some(burst), Some(false)) if loss < 1.0 => thrown < loss / (burst * (1.0 - loss)),
            _ => thrown < loss,
        };
        self.bad = Some(bad);
        bad
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "counts of a test are small")]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// (share lost, mean run) of 200,000 packets.
    fn measured(loss: f64, burst: Option<f64>, seed: u64) -> (f64, f64) {
        let (mut chain, mut rng) = (LossChain::default(), Rng::from_seed(seed));
        let fates: Vec<bool> = (0..200_000).map(|_| chain.step(loss, burst, rng.unit())).collect();
        let count = fates.iter().filter(|lost| **lost).count() as f64;
        let runs = fates.windows(2).filter(|pair| pair[0] && !pair[1]).count() as f64;
        (count / 200_000.0, count / runs)
    }

    #[test]
    fn share_and_mean_run_are_what_was_asked_for() {
        for (loss, burst) in [(0.01, 3.0), (0.05, 4.0), (0.3, 2.0), (0.5, 1.0), (0.2, 20.0)] {
            let (share, run) = measured(loss, Some(burst), 1);
            assert!((share / loss - 1.0).abs() < 0.1, "asked for {loss} with runs of {burst}, got {share}");
            assert!((run / burst - 1.0).abs() < 0.05, "asked for runs of {burst}, got {run}");
        }
    }

    #[test]
    fn without_a_burst_runs_are_as_long_as_chance_makes_them() {
        let (share, run) = measured(0.3, None, 2);
        assert!((share - 0.3).abs() < 0.01 && (run - 1.0 / 0.7).abs() < 0.02, "{share}, {run}");
    }

    #[test]
    fn all_and_nothing_are_exact() {
        assert!(measured(1.0, Some(5.0), 3).0 >= 1.0);
        assert!(measured(0.0, None, 3).0 <= 0.0);
    }
}
