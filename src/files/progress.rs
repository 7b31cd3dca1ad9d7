//! When is it told how far a file is, and how fast?

use crate::time::{Duration, Instant};

/// Twice a second at most: more often nobody reads it.
const INTERVAL: Duration = Duration::from_millis(500);

/// How far one file is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    told_at: Instant,
    told: u64,
}

impl Progress {
    /// So many bytes are there at the beginning.
    pub const fn new(now: Instant, bytes: u64) -> Self {
        Self { told_at: now, told: bytes }
    }

    /// So many bytes are there now: the bytes a second since it was last told, if it is to be told again.
    pub fn on_bytes(&mut self, now: Instant, bytes: u64) -> Option<u64> {
        let span = now.since(self.told_at);
        if span < INTERVAL {
            return None;
        }
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let rate = bytes.saturating_sub(self.told).saturating_mul(1_000_000) / micros;
        *self = Self::new(now, bytes);
        Some(rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn it_is_told_twice_a_second_at_most_with_the_rate_since() {
        let mut progress = Progress::new(at(0), 100);
        assert_eq!(progress.on_bytes(at(499_999), 5_000), None);
        assert_eq!(progress.on_bytes(at(500_000), 1_100), Some(2_000));
        assert_eq!(progress.on_bytes(at(900_000), 9_000), None);
        assert_eq!(progress.on_bytes(at(1_500_000), 1_600), Some(500));
    }
}
