//! Whose state changed, told how often?
//!
//! As with [comings and goings](super::comings): the first at once, then all of a second together. What is
//! told is the state at that moment, and nobody whose state is again what it was.

use super::comings::PACE;
use crate::chat::message::{PersonId, PresenceState};
use crate::store::RoomId;
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// A person whose state may have changed since it was last told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// What was told last.
    pub before: PresenceState,
    /// The rooms whose members are to hear it.
    pub rooms: BTreeSet<RoomId>,
}

/// What was not told yet.
#[derive(Debug, Default)]
pub struct PresenceNews {
    ready_at: Instant,
    changed: BTreeMap<PersonId, Changed>,
}

impl PresenceNews {
    /// This person was so before; the members of these rooms are to hear how they are now.
    pub fn add(&mut self, person: PersonId, before: PresenceState, rooms: &BTreeSet<RoomId>) {
        let fresh = || Changed { before, rooms: BTreeSet::new() };
        self.changed.entry(person).or_insert_with(fresh).rooms.extend(rooms);
    }

    /// What is to be told now; `state` says how each of them is.
    pub fn take_due(
        &mut self,
        now: Instant,
        state: impl Fn(PersonId) -> PresenceState,
    ) -> BTreeMap<PersonId, Changed> {
        if self.changed.is_empty() || now < self.ready_at {
            return BTreeMap::new();
        }
        let mut due = std::mem::take(&mut self.changed);
        due.retain(|person, changed| state(*person) != changed.before && !changed.rooms.is_empty());
        if !due.is_empty() {
            self.ready_at = now + PACE;
        }
        due
    }

    /// When the next notice is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        (!self.changed.is_empty()).then_some(self.ready_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;
    use PresenceState::{Away, Lost, Online};

    fn add(news: &mut PresenceNews, person: u64, before: PresenceState, room: u64) {
        news.add(PersonId(person), before, &BTreeSet::from([RoomId(room)]));
    }

    #[test]
    fn the_first_is_told_at_once_and_the_others_after_a_second() {
        let mut news = PresenceNews::default();
        add(&mut news, 1, Online, 1);
        assert_eq!(news.take_due(at(0), |_| Away).len(), 1);
        add(&mut news, 2, Online, 1);
        add(&mut news, 3, Online, 2);
        assert!(news.take_due(at(999_999), |_| Lost).is_empty());
        assert_eq!(news.poll_timeout(), Some(at(1_000_000)));
        assert_eq!(news.take_due(at(1_000_000), |_| Lost).len(), 2);
        assert_eq!(news.poll_timeout(), None);
    }

    #[test]
    fn whoever_is_again_as_before_is_not_mentioned() {
        let mut news = PresenceNews::default();
        add(&mut news, 1, Online, 1);
        add(&mut news, 1, Lost, 2);
        assert!(news.take_due(at(0), |_| Online).is_empty(), "what was told last counts");
        add(&mut news, 1, Online, 1);
        add(&mut news, 1, Lost, 2);
        let due = news.take_due(at(0), |_| Away);
        assert_eq!(due[&PersonId(1)].rooms.len(), 2, "all who heard anything hear it");
    }
}
