//! Where in this place was that said?
//!
//! ```text
//!  Ctrl-F ─▶ words typed ─▶ the newest entry that has them; Enter or Up: an older one, Down: a newer one
//!                           Escape: back to where one was; Ctrl-F again: an older one
//! ```

use super::buffer::{Buffer, Dated, Entry};
use super::input::Input;
use crate::chat::client::event::UserEvent;

/// A search under way.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Search {
    /// The words sought.
    pub words: Input,
    /// The entry that is shown.
    pub at: Option<i64>,
}

impl Search {
    /// How many entries have the words, and which of them, from 1 (the oldest), is shown.
    pub fn count(&self, buffer: &Buffer) -> (usize, usize) {
        let found = self.found(buffer);
        let shown = found.iter().position(|number| Some(*number) == self.at);
        (found.len(), shown.map_or(0, |index| index + 1))
    }

    /// The words were changed: shows the newest entry that has them, if one has.
    pub fn begin(&mut self, buffer: &Buffer) {
        self.at = self.found(buffer).pop();
    }

    /// Shows the next entry in this direction; at the end the search stays where it is.
    pub fn step(&mut self, buffer: &Buffer, older: bool) {
        let found = self.found(buffer);
        let Some(at) = self.at else { return self.begin(buffer) };
        let next = if older {
            found.iter().rev().find(|number| **number < at)
        } else {
            found.iter().find(|number| **number > at)
        };
        self.at = next.copied().or(self.at);
    }

    fn found(&self, buffer: &Buffer) -> Vec<i64> {
        let sought = self.words.text().to_lowercase();
        if sought.is_empty() {
            return Vec::new();
        }
        let has = |dated: &&Dated| contains(&dated.entry, &sought);
        buffer.entries().iter().filter(has).map(|dated| dated.number).collect()
    }
}

/// What people wrote, who wrote it, and the program's own words; `sought` is in small letters.
fn contains(entry: &Entry, sought: &str) -> bool {
    let from = match entry {
        Entry::Event(UserEvent::Message { from, .. } | UserEvent::Private { from, .. }) => from.as_str(),
        _ => "",
    };
    entry.text().to_lowercase().contains(sought) || from.to_lowercase().contains(sought)
}

#[cfg(test)]
mod tests {
    use super::super::buffer::Place;
    use super::super::moment::Moment;
    use super::*;

    fn search(words: &str) -> (Search, Buffer) {
        let mut buffer = Buffer::new(Place::Room("lobby".into()));
        for text in ["apple", "pear", "Apple pie", "plum"] {
            buffer.push(Moment(0), Entry::Note(text.into()));
        }
        let mut search = Search::default();
        search.words.insert(words);
        search.begin(&buffer);
        (search, buffer)
    }

    #[test]
    fn the_newest_comes_first_and_the_ends_stop() {
        let (mut search, buffer) = search("aPPle");
        assert_eq!((search.at, search.count(&buffer)), (Some(2), (2, 2)));
        for _ in 0..2 {
            search.step(&buffer, true);
            assert_eq!((search.at, search.count(&buffer)), (Some(0), (2, 1)));
        }
        search.step(&buffer, false);
        assert_eq!(search.at, Some(2));
    }

    #[test]
    fn what_nobody_said_is_not_found_and_no_words_find_nothing() {
        for words in ["cherry", ""] {
            let (mut search, buffer) = search(words);
            search.step(&buffer, true);
            assert_eq!((search.at, search.count(&buffer)), (None, (0, 0)));
        }
    }
}
