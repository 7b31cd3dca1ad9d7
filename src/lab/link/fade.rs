//! Is the link out of order just now, by chance?
//!
//! Outages in time (a door, a passing crowd, a roaming phone): they hit whoever sends meanwhile, so a sender
//! that slows down or waits meets them as often as any other. The link alternates between up and out; both
//! spans are exponential, those of outage with the mean asked for, those between with
//!
//! ```text
//! mean up = mean out · (1 − share) / share
//! ```
//!
//! which makes `share` of the time an outage. It starts in its steady state. The spans come from a sequence
//! of their own, in the order of time, so they fall at the same instants whatever is sent.

use super::config::{Direction, Fade};
use crate::rng::Rng;
use crate::time::Duration;

/// The alternation of one direction.
#[derive(Debug)]
pub struct Fading {
    fade: Fade,
    rng: Rng,
    out: bool,
    until: Duration,
}

impl Fading {
    /// The fades of this direction under this seed.
    pub fn new(fade: Fade, seed: u64, direction: Direction) -> Self {
        let mut parent = Rng::from_seed(seed);
        let mut ways = [parent.fork(), parent.fork()];
        ways.rotate_left(direction.index());
        let [mut rng, _] = ways;
        let out = rng.chance(fade.share);
        let mut fading = Self { fade, rng, out, until: Duration::ZERO };
        fading.until = fading.draw_span();
        fading
    }

    /// Is it out of order at this time since the link's start? Asked in the order of time.
    pub fn is_out(&mut self, elapsed: Duration) -> bool {
        while elapsed >= self.until {
            self.out = !self.out;
            let span = self.draw_span();
            self.until += span;
        }
        self.out
    }

    fn draw_span(&mut self) -> Duration {
        let out = self.fade.mean.as_secs_f64();
        let mean = if self.out { out } else { out * (1.0 - self.fade.share) / self.fade.share };
        // The inverse of the exponential distribution; a microsecond at least, so that time goes on.
        let span = Duration::from_secs_f64((-mean * (1.0 - self.rng.unit()).ln()).clamp(1e-6, 1e9));
        Duration::from_micros(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "counts of a test are small")]
mod tests {
    use super::*;

    const FADE: Fade = Fade { mean: Duration::from_millis(80), share: 0.05 };

    fn outages(seed: u64, seconds: u64) -> Vec<bool> {
        let mut fading = Fading::new(FADE, seed, Direction::Up);
        (0..seconds * 1_000).map(|ms| fading.is_out(Duration::from_millis(ms))).collect()
    }

    #[test]
    fn share_and_mean_length_are_what_was_asked_for() {
        let out = outages(1, 10_000);
        let total = out.iter().filter(|out| **out).count() as f64;
        let count = out.windows(2).filter(|pair| !pair[0] && pair[1]).count() as f64;
        // About 6,250 outages: one standard deviation is 1.3 % of either figure.
        assert!((total / 10_000_000.0 / 0.05 - 1.0).abs() < 0.06, "{total} ms of 10,000 s");
        assert!((total / count / 80.0 - 1.0).abs() < 0.06, "{count} outages in {total} ms");
    }

    #[test]
    fn they_fall_at_the_same_instants_however_often_one_asks() {
        let often = outages(2, 100);
        let mut fading = Fading::new(FADE, 2, Direction::Up);
        for ms in (0..100_000).step_by(37) {
            assert_eq!(fading.is_out(Duration::from_millis(ms as u64)), often[ms]);
        }
    }

    #[test]
    fn some_runs_begin_in_an_outage() {
        let began_out = (0..2_000).filter(|seed| outages_begin_out(*seed)).count();
        assert!((60..140).contains(&began_out), "{began_out} of 2,000 at 5 % (standard deviation 10)");
    }

    fn outages_begin_out(seed: u64) -> bool {
        Fading::new(FADE, seed, Direction::Down).is_out(Duration::ZERO)
    }
}
