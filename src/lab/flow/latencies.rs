//! How long did they take? Every value is kept, so that a quantile is one that was measured.

use crate::time::Duration;

/// The latencies of messages, in ascending order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Latencies {
    sorted: Vec<Duration>,
}

impl Latencies {
    /// Those of these, in any order.
    pub fn of(mut spans: Vec<Duration>) -> Self {
        spans.sort_unstable();
        Self { sorted: spans }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.sorted.len()
    }

    /// None?
    pub const fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The nearest rank: the smallest value that `per_mille` (1 to 1,000) of 1,000 do not exceed; `None` of
    /// nothing.
    pub fn quantile(&self, per_mille: usize) -> Option<Duration> {
        self.ranked((self.sorted.len() * per_mille).div_ceil(1_000).max(1))
    }

    /// The so-and-so-many-th fastest, from 1; `None`: there are not so many.
    pub fn ranked(&self, rank: usize) -> Option<Duration> {
        self.sorted.get(rank.checked_sub(1)?).copied()
    }

    /// The fastest.
    pub fn min(&self) -> Option<Duration> {
        self.sorted.first().copied()
    }

    /// The slowest.
    pub fn max(&self) -> Option<Duration> {
        self.sorted.last().copied()
    }

    /// Takes those of another run in.
    pub fn absorb(&mut self, other: &Self) {
        self.sorted.extend_from_slice(&other.sorted);
        self.sorted.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(values: impl IntoIterator<Item = u64>) -> Latencies {
        Latencies::of(values.into_iter().map(Duration::from_millis).collect())
    }

    #[test]
    fn a_quantile_is_a_value_that_was_measured() {
        let latencies = millis((1..=2_000).rev());
        let at = |per_mille| latencies.quantile(per_mille).map(|span| span.as_millis());
        assert_eq!(
            (at(500), at(990), at(999), at(1_000)),
            (Some(1_000), Some(1_980), Some(1_998), Some(2_000))
        );
        assert_eq!(latencies.min(), Some(Duration::from_millis(1)));
        assert_eq!(latencies.max(), Some(Duration::from_secs(2)));
    }

    #[test]
    fn of_nothing_there_is_none() {
        assert_eq!((Latencies::default().quantile(990), Latencies::default().max()), (None, None));
    }

    #[test]
    fn two_runs_are_one_set() {
        let mut all = millis([5, 1]);
        all.absorb(&millis([3]));
        assert_eq!((all.len(), all.quantile(500)), (3, Some(Duration::from_millis(3))));
    }
}
