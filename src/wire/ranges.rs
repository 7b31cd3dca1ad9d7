//! Which numbers of a growing sequence are in? A sorted list of the gaps' opposites.
//!
//! ```text
//!   0 1 2 3 . . 6 7 . 9        three ranges: 0..=3, 6..=7, 9..=9
//!   ───────     ───   ─
//! ```
//!
//! Packets received (for acknowledgements) and bytes of a message (for reassembly) are both such sets.
//! Most of the time there is one range, so a sorted `Vec` beats any tree.

use std::ops::RangeInclusive;

/// A set of numbers, kept as sorted ranges that neither touch nor overlap.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RangeSet {
    ranges: Vec<(u64, u64)>,
}

impl RangeSet {
    /// The empty set; it allocates nothing yet.
    pub const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// Adds all numbers from `first` to `last`, both included; false if all were in already.
    pub fn insert(&mut self, first: u64, last: u64) -> bool {
        debug_assert!(first <= last);
        if let Some(newest) = self.ranges.last_mut()
            && newest.0 <= first
            && first <= newest.1.saturating_add(1)
        {
            // Mostly: what comes next.
            let is_new = last > newest.1;
            newest.1 = newest.1.max(last);
            return is_new;
        }
        // Ranges that end before `first - 1` stay as they are; those that begin after `last + 1` too.
        let low = self.ranges.partition_point(|range| range.1.saturating_add(1) < first);
        let high = self.ranges.partition_point(|range| range.0 <= last.saturating_add(1));
        if low == high {
            self.ranges.insert(low, (first, last));
            return true;
        }
        let merged = (first.min(self.ranges[low].0), last.max(self.ranges[high - 1].1));
        if high - low == 1 && merged == self.ranges[low] {
            return false;
        }
        self.ranges[low] = merged;
        self.ranges.drain(low + 1..high);
        true
    }

    /// Is this number in?
    pub fn contains(&self, number: u64) -> bool {
        let at = self.ranges.partition_point(|range| range.1 < number);
        self.ranges.get(at).is_some_and(|range| range.0 <= number)
    }

    /// Are all numbers from `first` to `last` in?
    pub fn covers(&self, first: u64, last: u64) -> bool {
        let at = self.ranges.partition_point(|range| range.1 < first);
        self.ranges.get(at).is_some_and(|range| range.0 <= first && last <= range.1)
    }

    /// The last number of the range that `number` is in.
    pub fn end_of(&self, number: u64) -> Option<u64> {
        let at = self.ranges.partition_point(|range| range.1 < number);
        self.ranges.get(at).filter(|range| range.0 <= number).map(|range| range.1)
    }

    /// The ranges, largest numbers first, as acknowledgements want them.
    pub fn descending(&self) -> impl Iterator<Item = RangeInclusive<u64>> + '_ {
        self.ranges.iter().rev().map(|range| range.0..=range.1)
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Nothing in?
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The largest number in.
    pub fn largest(&self) -> Option<u64> {
        self.ranges.last().map(|range| range.1)
    }

    /// Forgets the ranges of the smallest numbers until at most `count` are left.
    pub fn keep_newest(&mut self, count: usize) {
        if self.ranges.len() > count {
            self.ranges.drain(..self.ranges.len() - count);
        }
    }

    /// Forgets all numbers below `number`.
    pub fn remove_below(&mut self, number: u64) {
        let whole = self.ranges.partition_point(|range| range.1 < number);
        self.ranges.drain(..whole);
        if let Some(first) = self.ranges.first_mut() {
            first.0 = first.0.max(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn ranges_agree_with_a_plain_set(inserts in prop::collection::vec((0u64..200, 0u64..12), 1..60), floor in 0u64..100) {
            let mut ranges = RangeSet::new();
            let mut set = BTreeSet::new();
            for (first, extra) in inserts {
                let numbers: Vec<u64> = (first..=first + extra).collect();
                let news = numbers.iter().any(|n| !set.contains(n));
                prop_assert_eq!(ranges.insert(first, first + extra), news);
                set.extend(numbers);
            }
            ranges.remove_below(floor);
            set = set.split_off(&floor);
            let listed: BTreeSet<u64> = ranges.descending().flatten().collect();
            prop_assert_eq!(&listed, &set);
            prop_assert_eq!(ranges.largest(), set.last().copied());
            for number in 0..220 {
                prop_assert_eq!(ranges.contains(number), set.contains(&number));
                let end = (number..220).take_while(|n| set.contains(n)).last();
                prop_assert_eq!(ranges.end_of(number), end);
            }
            let bounds: Vec<_> = ranges.descending().collect();
            for pair in bounds.windows(2) {
                prop_assert!(pair[1].end() + 1 < *pair[0].start(), "ranges neither touch nor overlap");
            }
        }
    }

    #[test]
    fn only_the_newest_ranges_are_kept() {
        let mut ranges = RangeSet::new();
        for n in 0..10 {
            ranges.insert(n * 2, n * 2);
        }
        ranges.keep_newest(3);
        assert_eq!(ranges.descending().collect::<Vec<_>>(), [18..=18, 16..=16, 14..=14]);
    }
}
