//! Which of a session's channels has this number?
//!
//! A chat has a handful of rooms and mostly speaks in one: a sorted list finds it in fewer steps than a tree, and
//! [`CHANNELS_MAX`](super::CHANNELS_MAX) are searched in seven.

/// Something for each channel, in the order of their numbers.
#[derive(Clone, Debug)]
pub struct ChannelTable<T>(Vec<(u64, T)>);

impl<T> ChannelTable<T> {
    /// No channel yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many channels there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// None?
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// That of this channel.
    #[inline]
    pub fn get(&self, channel: u64) -> Option<&T> {
        self.place(channel).ok().map(|at| &self.0[at].1)
    }

    /// That of this channel, to be changed.
    #[inline]
    pub fn get_mut(&mut self, channel: u64) -> Option<&mut T> {
        self.place(channel).ok().map(|at| &mut self.0[at].1)
    }

    /// That of this channel, which there is from now on.
    #[inline]
    pub fn get_or_insert_with(&mut self, channel: u64, new: impl FnOnce() -> T) -> &mut T {
        let at = self.place(channel).unwrap_or_else(|at| {
            self.0.insert(at, (channel, new()));
            at
        });
        &mut self.0[at].1
    }

    /// All.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    /// All, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    #[inline]
    fn place(&self, channel: u64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&channel, |(number, _)| *number)
    }
}

impl<T> Default for ChannelTable<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use std::collections::BTreeMap;

    #[test]
    fn it_agrees_with_a_map() {
        let mut rng = Rng::from_seed(3);
        let (mut table, mut map) = (ChannelTable::new(), BTreeMap::new());
        assert!(table.is_empty());
        for step in 0..2_000u64 {
            let channel = rng.below(100) * 4;
            assert_eq!(table.get(channel), map.get(&channel));
            assert_eq!(table.get_mut(channel), map.get_mut(&channel));
            if rng.chance(0.2) {
                let made = *table.get_or_insert_with(channel, || step);
                assert_eq!(made, *map.entry(channel).or_insert(step));
            }
            assert_eq!(table.len(), map.len());
        }
        table.values_mut().for_each(|value| *value += 1);
        assert!(table.values().copied().eq(map.values().map(|value| value + 1)));
    }
}
