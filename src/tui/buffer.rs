//! What was said in one place, and what of it has been read?
//!
//! ```text
//!  entries   ┌ oldest …        … ┐┌ unread ──┐
//!            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14
//!                    ▲               ▲
//!                    bottom: the     unread_from: where the line stands
//!                    last one shown, None when the newest is
//! ```
//!
//! Entries have numbers that rise and are never used twice, so that what is scrolled to stays where it is
//! when the oldest ones go, or older ones come above them (those below 0).

use super::courtesy::Courtesy;
use super::moment::Moment;
use crate::chat::client::event::UserEvent;
use crate::chat::message::PresenceState;
use std::collections::{BTreeMap, VecDeque};

/// Entries kept of one place.
pub const LIMIT_ENTRIES: usize = 2_000;
/// Bytes of text kept of one place: 1 MiB.
pub const LIMIT_BYTES: usize = 1 << 20;
/// People known of one place, as many as the client knows.
pub const LIMIT_PEOPLE: usize = 4_096;

/// Where one can talk.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// In a room.
    Room(String),
    /// In private, with this person.
    Person(String),
}

impl Place {
    /// The room's or the person's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Room(name) | Self::Person(name) => name,
        }
    }

    /// A conversation in private?
    pub fn is_private(&self) -> bool {
        matches!(self, Self::Person(_))
    }

    /// The same place, as names are compared: without regard to case.
    pub fn is(&self, other: &Self) -> bool {
        self.is_private() == other.is_private() && self.name().to_lowercase() == other.name().to_lowercase()
    }
}

/// Something that can be read.
#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    /// What the chat says.
    Event(UserEvent),
    /// What the program itself says.
    Note(String),
}

impl Entry {
    /// What of it counts against [`LIMIT_BYTES`], and is searched: what people wrote.
    pub fn text(&self) -> &str {
        match self {
            Self::Event(UserEvent::Message { text, .. } | UserEvent::Private { text, .. })
            | Self::Note(text) => text,
            Self::Event(_) => "",
        }
    }
}

/// An entry in its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Dated {
    /// Its number in this place.
    pub number: i64,
    /// When it was.
    pub at: Moment,
    /// What it is.
    pub entry: Entry,
}

/// The last row that is shown while one reads older ones: this entry's row, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bottom<N = i64> {
    /// The entry.
    pub number: N,
    /// How many of its rows are shown.
    pub rows: usize,
}

/// What is known of what stands above the oldest entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Past {
    /// There may be more.
    #[default]
    More,
    /// It is asked for.
    Asked,
    /// Nothing: this is the beginning.
    Start,
    /// What is not shown any more, so that nothing older joins on.
    Cut,
}

/// One place.
#[derive(Debug)]
pub struct Buffer {
    /// Which.
    pub place: Place,
    /// What it is about, if it was said.
    pub topic: String,
    /// Who is there, oneself included.
    pub people: BTreeMap<String, PresenceState>,
    /// Is one not in this room, or no longer?
    pub left: bool,
    /// Messages that came while nobody looked.
    pub unread: usize,
    /// Those of them that are meant for oneself.
    pub mentions: usize,
    /// The first entry that came while nobody looked.
    pub unread_from: Option<i64>,
    /// Where one reads; `None`: at the newest.
    pub bottom: Option<Bottom>,
    /// What is known of the others there.
    pub courtesy: Courtesy,
    /// What stands above.
    pub past: Past,
    entries: VecDeque<Dated>,
    next: i64,
    bytes: usize,
}

impl Buffer {
    /// An empty one.
    pub fn new(place: Place) -> Self {
        Self {
            place,
            topic: String::new(),
            people: BTreeMap::new(),
            left: false,
            unread: 0,
            mentions: 0,
            unread_from: None,
            bottom: None,
            courtesy: Courtesy::default(),
            past: Past::default(),
            entries: VecDeque::new(),
            next: 0,
            bytes: 0,
        }
    }

    /// What is remembered, oldest first.
    pub fn entries(&self) -> &VecDeque<Dated> {
        &self.entries
    }

    /// The index of the entry with this number, or of the oldest one if it is gone.
    pub fn index_of(&self, number: i64) -> usize {
        let first = self.entries.front().map_or(0, |entry| entry.number);
        usize::try_from(number.saturating_sub(first)).unwrap_or(0)
    }

    /// Adds an entry; the oldest go where there are too many.
    pub fn push(&mut self, at: Moment, entry: Entry) {
        self.bytes += entry.text().len();
        self.entries.push_back(Dated { number: self.next, at, entry });
        self.next += 1;
        while self.entries.len() > LIMIT_ENTRIES || (self.bytes > LIMIT_BYTES && self.entries.len() > 1) {
            let gone = self.entries.pop_front();
            self.past = Past::Cut;
            self.bytes -= gone.map_or(0, |gone| gone.entry.text().len());
        }
    }

    /// Puts these above all others, oldest first, as many of the newest as there is room for.
    pub fn prepend(&mut self, older: Vec<(Moment, Entry)>) {
        for (at, entry) in older.into_iter().rev() {
            let bytes = self.bytes + entry.text().len();
            if self.entries.len() >= LIMIT_ENTRIES || bytes > LIMIT_BYTES {
                self.past = Past::Cut;
                return;
            }
            let number = self.entries.front().map_or(self.next, |first| first.number) - 1;
            self.entries.push_front(Dated { number, at, entry });
            self.bytes = bytes;
        }
    }

    /// The newest entry came while nobody looked; `mention`: it is meant for oneself.
    pub fn on_unread(&mut self, mention: bool) {
        self.unread += 1;
        self.mentions += usize::from(mention);
        self.draw_unread_line();
    }

    /// The newest entry is the first that is unread, if none was before.
    pub fn draw_unread_line(&mut self) {
        self.unread_from = self.unread_from.or(self.next.checked_sub(1));
    }

    /// Somebody looks: the counts are gone, and the line stays for orientation.
    pub fn on_seen(&mut self) {
        (self.unread, self.mentions) = (0, 0);
    }

    /// Nobody looks any more: all that is here has been read.
    pub fn on_turned_away(&mut self) {
        if self.unread == 0 {
            self.unread_from = None;
        }
    }

    /// Somebody is here.
    pub fn on_came(&mut self, name: &str, state: PresenceState) {
        if self.people.len() < LIMIT_PEOPLE {
            self.people.insert(name.to_owned(), state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str) -> Entry {
        Entry::Note(text.to_owned())
    }

    #[test]
    fn the_oldest_entries_go_when_there_are_too_many_or_too_long_ones() {
        let mut buffer = Buffer::new(Place::Room("lobby".into()));
        (0..LIMIT_ENTRIES + 3).for_each(|n| buffer.push(Moment(0), note(&n.to_string())));
        assert_eq!((buffer.entries().len(), buffer.entries()[0].number), (LIMIT_ENTRIES, 3));
        assert_eq!((buffer.index_of(3), buffer.index_of(5), buffer.index_of(0)), (0, 2, 0));
        buffer.push(Moment(0), note(&"x".repeat(LIMIT_BYTES)));
        assert_eq!(buffer.entries().len(), 1);
    }

    #[test]
    fn people_are_known_up_to_a_bound() {
        let mut buffer = Buffer::new(Place::Room("lobby".into()));
        (0..LIMIT_PEOPLE + 3).for_each(|n| buffer.on_came(&n.to_string(), PresenceState::Online));
        assert_eq!(buffer.people.len(), LIMIT_PEOPLE);
    }

    #[test]
    fn the_unread_line_stands_until_one_has_looked_and_gone() {
        let mut buffer = Buffer::new(Place::Room("lobby".into()));
        buffer.push(Moment(0), note("read"));
        for mention in [false, true] {
            buffer.push(Moment(0), note("unread"));
            buffer.on_unread(mention);
        }
        assert_eq!((buffer.unread, buffer.mentions, buffer.unread_from), (2, 1, Some(1)));
        buffer.on_turned_away();
        assert_eq!(buffer.unread_from, Some(1), "nobody has looked yet");
        buffer.on_seen();
        assert_eq!((buffer.unread, buffer.mentions, buffer.unread_from), (0, 0, Some(1)));
        buffer.on_turned_away();
        assert_eq!(buffer.unread_from, None);
    }
}
