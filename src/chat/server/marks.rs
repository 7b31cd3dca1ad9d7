//! How far has everybody read, and who is to hear of it?
//!
//! Clients say up to which message they have shown what came. The mark of a person in a room (or in private)
//! is the highest that any of their terminals said, and outlives all of them: who comes back with a new
//! terminal goes on from there.
//!
//! ```text
//!  Seen ──▶ mark ─┬─ within 10 s, or when the person goes ──▶ the store
//!                 └─ within half a second ──▶ least mark of all in a small room ──▶ SeenByAll
//! ```
//!
//! A mark that is lost with a server that dies costs nobody anything but to see the last seconds again.

use crate::chat::message::{MessageId, PersonId};
use crate::store::{Change, MarkRecord, RoomId};
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Marks at once, at most: a new one beyond is not kept.
pub const MARKS_MAX: usize = 100_000;
/// Of this many private messages to a person, and of so many people, it is remembered who is to hear that
/// they were seen.
const AWAITED: usize = 256;
const AWAITED_PEOPLE: usize = 4_096;
const SAVE_AFTER: Duration = Duration::from_secs(10);
const TELL_AFTER: Duration = Duration::from_millis(500);

/// Where something was read: in a room or (`None`) in private.
pub type Place = Option<RoomId>;

/// All marks.
#[derive(Debug, Default)]
pub struct Marks {
    read: BTreeMap<(PersonId, Place), MessageId>,
    unsaved: BTreeSet<(PersonId, Place)>,
    save_at: Option<Instant>,
    /// Rooms in which a mark has moved.
    moved: BTreeSet<RoomId>,
    tell_at: Option<Instant>,
    told: BTreeMap<RoomId, MessageId>,
    /// Of each recipient: private messages not seen, and who sent them.
    awaited: BTreeMap<PersonId, VecDeque<(MessageId, PersonId)>>,
}

impl Marks {
    /// Those that the store knows.
    pub fn new(records: Vec<MarkRecord>) -> Self {
        let read = records.into_iter().map(|mark| ((mark.person, mark.room), mark.seen)).collect();
        Self { read, ..Self::default() }
    }

    /// How far this person has read there.
    pub fn get(&self, person: PersonId, place: Place) -> Option<MessageId> {
        self.read.get(&(person, place)).copied()
    }

    /// Would this be news?
    pub fn is_news(&self, person: PersonId, place: Place, seen: MessageId) -> bool {
        self.get(person, place).unwrap_or_default() < seen
    }

    /// This person has read so far there.
    pub fn on_seen(&mut self, now: Instant, person: PersonId, place: Place, seen: MessageId) {
        let is_known = self.read.contains_key(&(person, place));
        if !self.is_news(person, place, seen) || (!is_known && self.read.len() >= MARKS_MAX) {
            return;
        }
        self.read.insert((person, place), seen);
        self.unsaved.insert((person, place));
        self.save_at.get_or_insert(now + SAVE_AFTER);
        if let Some(room) = place {
            self.moved.insert(room);
            self.tell_at.get_or_insert(now + TELL_AFTER);
        }
    }

    /// A private message is stored: its sender is to hear when it was seen.
    pub fn on_private(&mut self, to: PersonId, id: MessageId, from: PersonId) {
        if self.awaited.len() >= AWAITED_PEOPLE && !self.awaited.contains_key(&to) {
            return;
        }
        let awaited = self.awaited.entry(to).or_default();
        awaited.push_back((id, from));
        if awaited.len() > AWAITED {
            awaited.pop_front();
        }
    }

    /// Who is to hear that this person has seen their messages up to this one.
    pub fn take_senders(&mut self, person: PersonId, seen: MessageId) -> BTreeSet<PersonId> {
        let Some(awaited) = self.awaited.get_mut(&person) else { return BTreeSet::new() };
        let mut senders = BTreeSet::new();
        while let Some((_, from)) = awaited.pop_front_if(|(id, _)| *id <= seen) {
            senders.insert(from);
        }
        if awaited.is_empty() {
            self.awaited.remove(&person);
        }
        senders
    }

    /// What is to be stored, if it is time to.
    pub fn take_due(&mut self, now: Instant) -> Vec<Change> {
        if self.save_at.is_some_and(|at| at <= now) { self.take_unsaved() } else { Vec::new() }
    }

    /// All that is to be stored.
    pub fn take_unsaved(&mut self) -> Vec<Change> {
        self.save_at = None;
        std::mem::take(&mut self.unsaved).into_iter().filter_map(|key| self.change(key)).collect()
    }

    /// What is to be stored of somebody who goes.
    pub fn take_of(&mut self, person: PersonId) -> Vec<Change> {
        let first = (person, None);
        let of_person: Vec<_> =
            self.unsaved.range(first..).take_while(|key| key.0 == person).copied().collect();
        of_person.iter().for_each(|key| {
            self.unsaved.remove(key);
        });
        if self.unsaved.is_empty() {
            self.save_at = None;
        }
        of_person.into_iter().filter_map(|key| self.change(key)).collect()
    }

    fn change(&self, (person, room): (PersonId, Place)) -> Option<Change> {
        let seen = self.get(person, room)?;
        Some(Change::Mark(MarkRecord { person, room, seen }))
    }

    /// The rooms in which a mark has moved, if it is time to tell.
    pub fn take_moved(&mut self, now: Instant) -> BTreeSet<RoomId> {
        if self.tell_at.take_if(|at| *at <= now).is_none() {
            return BTreeSet::new();
        }
        std::mem::take(&mut self.moved)
    }

    /// How far all of these have read in this room, if that is news. Who has no mark there does not count.
    pub fn take_least(&mut self, room: RoomId, members: impl Iterator<Item = PersonId>) -> Option<MessageId> {
        let least = members.filter_map(|person| self.get(person, Some(room))).min()?;
        let told = self.told.entry(room).or_default();
        (least > *told).then(|| {
            *told = least;
            least
        })
    }

    /// When something is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.save_at, self.tell_at].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const ANN: PersonId = PersonId(1);
    const BEN: PersonId = PersonId(2);
    const LOBBY: Place = Some(RoomId(1));

    const fn id(number: u64) -> MessageId {
        MessageId(number)
    }

    fn saved(changes: Vec<Change>) -> Vec<u64> {
        let seen = |change| match change {
            Change::Mark(mark) => mark.seen.0,
            other => panic!("{other:?}"),
        };
        changes.into_iter().map(seen).collect()
    }

    #[test]
    fn a_mark_never_goes_back_and_is_stored_after_ten_seconds_or_when_its_person_goes() {
        let mut marks = Marks::default();
        marks.on_seen(at(0), ANN, LOBBY, id(5));
        marks.on_seen(at(1), ANN, LOBBY, id(3));
        marks.on_seen(at(1), ANN, None, id(7));
        marks.on_seen(at(2), BEN, LOBBY, id(4));
        assert_eq!((marks.get(ANN, LOBBY), marks.is_news(ANN, LOBBY, id(5))), (Some(id(5)), false));
        assert!(marks.take_due(at(9_999_999)).is_empty());
        assert_eq!(saved(marks.take_of(ANN)), [7, 5]);
        assert_eq!(saved(marks.take_due(at(10_000_000))), [4], "the rest, once");
        assert!(marks.take_due(at(99_000_000)).is_empty());
    }

    #[test]
    fn the_least_mark_of_those_who_have_one_is_told_when_it_rises() {
        let mut marks = Marks::default();
        marks.on_seen(at(0), ANN, LOBBY, id(5));
        marks.on_seen(at(0), BEN, LOBBY, id(2));
        assert!(marks.take_moved(at(499_999)).is_empty());
        assert_eq!(marks.take_moved(at(500_000)), BTreeSet::from([RoomId(1)]));
        let everybody = || [ANN, BEN, PersonId(3)].into_iter();
        assert_eq!(marks.take_least(RoomId(1), everybody()), Some(id(2)));
        assert_eq!(marks.take_least(RoomId(1), everybody()), None, "told");
        marks.on_seen(at(600_000), BEN, LOBBY, id(9));
        assert_eq!(marks.take_least(RoomId(1), everybody()), Some(id(5)));
    }

    #[test]
    fn who_wrote_in_private_hears_once_that_it_was_seen() {
        let mut marks = Marks::default();
        for number in 1..=300 {
            marks.on_private(ANN, id(number), if number <= 44 { PersonId(9) } else { BEN });
        }
        assert_eq!(marks.take_senders(ANN, id(299)), BTreeSet::from([BEN]), "of the newest 256");
        assert_eq!(marks.take_senders(ANN, id(299)), BTreeSet::new());
        assert_eq!(marks.take_senders(ANN, id(300)), BTreeSet::from([BEN]));
    }

    #[test]
    fn marks_are_bounded() {
        let mut marks = Marks::default();
        (0..=MARKS_MAX as u64).for_each(|number| marks.on_seen(at(0), PersonId(number), LOBBY, id(1)));
        assert_eq!(marks.get(PersonId(MARKS_MAX as u64), LOBBY), None);
        marks.on_seen(at(0), PersonId(1), LOBBY, id(2));
        assert_eq!(marks.get(PersonId(1), LOBBY), Some(id(2)), "one that is kept goes on");
    }
}
