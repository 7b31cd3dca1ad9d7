//! Which places are there, in which order, and which one is looked at?
//!
//! ```text
//!  1 lobby   2 lab   3 physics │ 4 bob   5 carol
//!  rooms, as they were opened    people, as they wrote
//! ```
//!
//! There is always one: the last one that is closed stays, and says that one is in no room.

use super::buffer::{Buffer, Place};
use super::moment::Moment;

/// Places open at most; beyond, what comes goes to the one that is looked at.
pub const LIMIT_PLACES: usize = 256;

/// All places.
#[derive(Debug)]
pub struct Buffers {
    list: Vec<Buffer>,
    active: usize,
}

impl Buffers {
    /// One place to begin with.
    pub fn new(first: Place) -> Self {
        Self { list: vec![Buffer::new(first)], active: 0 }
    }

    /// The one that is looked at.
    pub fn active(&self) -> &Buffer {
        &self.list[self.active]
    }

    /// The one that is looked at, to change it.
    pub fn active_mut(&mut self) -> &mut Buffer {
        &mut self.list[self.active]
    }

    /// Its index.
    pub fn active_index(&self) -> usize {
        self.active
    }

    /// All, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Buffer> {
        self.list.iter()
    }

    /// All, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Buffer> {
        self.list.iter_mut()
    }

    /// The index of this place, if it is open.
    pub fn find(&self, place: &Place) -> Option<usize> {
        self.list.iter().position(|buffer| buffer.place.is(place))
    }

    /// This place, if it is open.
    pub fn get_mut(&mut self, place: &Place) -> Option<&mut Buffer> {
        self.find(place).map(|index| &mut self.list[index])
    }

    /// The index of this place, which is opened if it was not; the active one's where there are too many.
    pub fn open(&mut self, place: Place) -> usize {
        if let Some(index) = self.find(&place) {
            return index;
        }
        if self.list.len() >= LIMIT_PLACES {
            return self.active;
        }
        let rooms = self.list.iter().filter(|buffer| !buffer.place.is_private()).count();
        let index = if place.is_private() { self.list.len() } else { rooms };
        self.list.insert(index, Buffer::new(place));
        if index <= self.active && self.list.len() > 1 {
            self.active += 1;
        }
        index
    }

    /// This place, opened if it was not.
    pub fn at(&mut self, place: Place) -> &mut Buffer {
        let index = self.open(place);
        &mut self.list[index]
    }

    /// Looks at the place with this index, if there is one.
    pub fn activate(&mut self, index: usize) {
        if index < self.list.len() {
            if index != self.active {
                self.active_mut().on_turned_away();
                self.active = index;
            }
            self.active_mut().on_seen();
        }
    }

    /// Looks at the one so many further on, around the end.
    pub fn step(&mut self, back: bool) {
        let count = self.list.len();
        self.activate((self.active + if back { count - 1 } else { 1 }) % count);
    }

    /// Closes this place, unless it is the last one; then it is marked as left.
    pub fn close(&mut self, index: usize) {
        if self.list.len() == 1 {
            self.list[0].left = true;
            return;
        }
        self.list.remove(index);
        if self.active > index || self.active == self.list.len() {
            self.active -= 1;
        }
        self.active_mut().on_seen();
    }

    /// Says this where the person looks.
    pub fn say_here(&mut self, at: Moment, entry: super::buffer::Entry) {
        self.active_mut().push(at, entry);
    }

    /// Somebody has another name.
    pub fn on_renamed(&mut self, old: &str, new: &str) {
        for buffer in &mut self.list {
            if let Some(state) = buffer.people.remove(old) {
                buffer.people.insert(new.to_owned(), state);
            }
        }
        let taken =
            self.find(&Place::Person(new.to_owned())).is_some() && old.to_lowercase() != new.to_lowercase();
        if let Some(buffer) = self.get_mut(&Place::Person(old.to_owned())).filter(|_| !taken) {
            buffer.place = Place::Person(new.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str) -> Place {
        Place::Room(name.into())
    }

    fn person(name: &str) -> Place {
        Place::Person(name.into())
    }

    fn names(buffers: &Buffers) -> Vec<&str> {
        buffers.iter().map(|buffer| buffer.place.name()).collect()
    }

    #[test]
    fn rooms_stand_before_people_and_the_active_one_stays_active() {
        let mut buffers = Buffers::new(room("lobby"));
        let bob = buffers.open(person("bob"));
        buffers.activate(bob);
        buffers.open(room("lab"));
        assert_eq!(names(&buffers), ["lobby", "lab", "bob"]);
        assert_eq!(buffers.active().place, person("bob"));
        assert_eq!(buffers.open(person("BOB")), 2, "the same person");
    }

    #[test]
    fn stepping_goes_around_and_closing_never_leaves_nothing() {
        let mut buffers = Buffers::new(room("a"));
        buffers.open(room("b"));
        buffers.step(true);
        assert_eq!(buffers.active().place, room("b"));
        buffers.step(false);
        assert_eq!(buffers.active().place, room("a"));
        buffers.close(0);
        assert_eq!((names(&buffers), buffers.active_index()), (vec!["b"], 0));
        buffers.close(0);
        assert!(buffers.active().left && names(&buffers) == ["b"]);
    }

    #[test]
    fn places_are_opened_up_to_a_bound() {
        let mut buffers = Buffers::new(room("lobby"));
        for n in 0..LIMIT_PLACES + 9 {
            buffers.open(person(&n.to_string()));
        }
        assert_eq!(buffers.iter().count(), LIMIT_PLACES);
    }

    #[test]
    fn a_conversation_follows_the_person_to_another_name() {
        let mut buffers = Buffers::new(room("lobby"));
        buffers.open(person("bob"));
        buffers.on_renamed("bob", "rob");
        assert_eq!(names(&buffers), ["lobby", "rob"]);
    }
}
