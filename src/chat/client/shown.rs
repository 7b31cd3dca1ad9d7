//! What has been shown already, and from where on does the server replay?
//!
//! Ids rise within a room, and among the private messages to one person; and each comes in one ordered
//! channel. So one number a room says it all:
//!
//! ```text
//!  ids   1 2 3 … floor … … shown │ to come
//!                  │         └ whatever is not above was shown, and is dropped when it comes again
//!                  └ where the replay of the first join began: asked for again if that broke off
//! ```
//!
//! A server that answers with a newest message below what was shown has lost its memory (it keeps
//! everything, unless it is ephemeral), and counts anew; then so do we.

use crate::chat::message::MessageId;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    shown: MessageId,
    floor: MessageId,
    /// The oldest that was shown.
    oldest: Option<MessageId>,
}

impl Seen {
    fn since(self) -> MessageId {
        self.shown.max(self.floor)
    }
}

/// Is this one above all that was shown? It is shown now.
fn admit(shown: &mut MessageId, id: MessageId) -> bool {
    let is_new = id > *shown;
    *shown = id.max(*shown);
    is_new
}

/// The last message shown, in each room and in private.
#[derive(Debug, Default)]
pub struct Shown {
    rooms: BTreeMap<String, Seen>,
    private: Option<Seen>,
    private_told: Option<MessageId>,
    /// Up to where the server was told in this session that all was shown.
    marks: BTreeMap<String, MessageId>,
    private_mark: MessageId,
}

impl Shown {
    /// After which message the server is to replay this room; `None` if we never were there.
    pub fn since(&self, room: &str) -> Option<MessageId> {
        self.rooms.get(room).map(|seen| seen.since())
    }

    /// In this room now, whose newest message is `last`; the replay begins after `from`.
    pub fn on_joined(&mut self, room: &str, last: MessageId, from: MessageId) {
        let first = Seen { floor: from, ..Seen::default() };
        let seen = self.rooms.entry(room.to_owned()).or_insert(first);
        if last < seen.shown {
            *seen = first;
        }
    }

    /// Is this message of a room to be shown? Never twice.
    pub fn admit(&mut self, room: &str, id: MessageId) -> bool {
        let seen = self.rooms.entry(room.to_owned()).or_default();
        seen.oldest = seen.oldest.or(Some(id));
        admit(&mut seen.shown, id)
    }

    /// The oldest message of a room that was shown, if one was.
    pub fn oldest(&self, room: &str) -> Option<MessageId> {
        self.rooms.get(room)?.oldest
    }

    /// Messages from the first of these to the last are shown above the oldest; where none was shown, they are
    /// the newest, and those that are still to come again are dropped.
    pub fn on_earlier(&mut self, room: &str, (first, last): (MessageId, MessageId)) {
        let seen = self.rooms.entry(room.to_owned()).or_default();
        if seen.oldest.is_none() {
            seen.shown = seen.shown.max(last);
        }
        seen.oldest = Some(seen.oldest.map_or(first, |oldest| oldest.min(first)));
    }

    /// After which private message the server is to replay; `None` before the first welcome.
    pub fn private_since(&self) -> Option<MessageId> {
        self.private.map(Seen::since)
    }

    /// A session begins; the server was told [`Shown::private_since`].
    pub fn on_connected(&mut self) {
        self.marks.clear();
        self.private_mark = MessageId::default();
        self.private_told = self.private_since();
    }

    /// The server replays the private messages after this one.
    pub fn on_welcome(&mut self, after: MessageId) {
        let first = Seen { floor: after, ..Seen::default() };
        let seen = self.private.get_or_insert(first);
        if self.private_told.is_some_and(|told| after < told) {
            *seen = first;
        }
    }

    /// Was anything shown of which the server was not told?
    pub fn is_ahead(&self) -> bool {
        let mark = |room: &str| self.marks.get(room).copied().unwrap_or_default();
        self.private_shown() > self.private_mark
            || self.rooms.iter().any(|(room, seen)| seen.shown > mark(room))
    }

    fn private_shown(&self) -> MessageId {
        self.private.unwrap_or_default().shown
    }

    /// The rooms of which the server is to be told up to where all was shown; it is now.
    pub fn take_marks(&mut self) -> Vec<(String, MessageId)> {
        let mut ahead = Vec::new();
        for (room, Seen { shown, .. }) in &self.rooms {
            let mark = self.marks.entry(room.clone()).or_default();
            if std::mem::replace(mark, *shown) < *shown {
                ahead.push((room.clone(), *shown));
            }
        }
        ahead
    }

    /// The same of private messages.
    pub fn take_private_mark(&mut self) -> Option<MessageId> {
        let shown = self.private_shown();
        (std::mem::replace(&mut self.private_mark, shown) < shown).then_some(shown)
    }

    /// Is this private message to be shown? Never twice.
    pub fn admit_private(&mut self, id: MessageId) -> bool {
        admit(&mut self.private.get_or_insert_default().shown, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn id(number: u64) -> MessageId {
        MessageId(number)
    }

    #[test]
    fn the_server_is_told_once_a_session_how_far_all_was_shown() {
        let mut shown = Shown::default();
        shown.on_joined("a", id(9), id(4));
        shown.on_joined("b", id(9), id(4));
        assert!(!shown.is_ahead());
        assert!(shown.admit("a", id(5)) && shown.admit("a", id(6)) && shown.admit_private(id(2)));
        assert!(shown.is_ahead());
        assert_eq!(shown.take_marks(), [("a".to_owned(), id(6))]);
        assert_eq!((shown.take_private_mark(), shown.take_private_mark()), (Some(id(2)), None));
        assert!(!shown.is_ahead() && shown.take_marks().is_empty());
        shown.on_connected();
        assert_eq!(shown.take_marks(), [("a".to_owned(), id(6))], "what was told may have been lost");
    }

    #[test]
    fn a_message_is_shown_once() {
        let mut shown = Shown::default();
        shown.on_joined("a", id(0), id(0));
        assert!(shown.admit("a", id(1)) && shown.admit("a", id(3)));
        assert!(!shown.admit("a", id(3)) && !shown.admit("a", id(2)));
        assert!(shown.admit("b", id(1)), "every room counts for itself");
        assert_eq!(shown.since("a"), Some(id(3)));
    }

    #[test]
    fn a_first_replay_that_breaks_off_is_asked_for_again_from_where_it_began() {
        let mut shown = Shown::default();
        assert_eq!(shown.since("a"), None);
        shown.on_joined("a", id(1_000), id(950));
        assert_eq!(shown.since("a"), Some(id(950)));
        assert!(shown.admit("a", id(951)));
        shown.on_joined("a", id(1_200), id(1150));
        assert_eq!(shown.since("a"), Some(id(951)));
    }

    #[test]
    fn a_server_that_lost_its_memory_is_listened_to_from_its_new_beginning() {
        let mut shown = Shown::default();
        shown.on_joined("a", id(1_000), id(998));
        shown.admit("a", id(1_000));
        shown.on_joined("a", id(5), id(3));
        assert_eq!(shown.since("a"), Some(id(3)));
        assert!(shown.admit("a", id(4)));
    }

    #[test]
    fn a_private_message_is_shown_once_and_may_come_before_the_welcome() {
        let mut shown = Shown::default();
        assert_eq!(shown.private_since(), None);
        shown.on_connected();
        assert!(shown.admit_private(id(78)));
        shown.on_welcome(id(77));
        assert_eq!(shown.private_since(), Some(id(78)));
        assert!(!shown.admit_private(id(78)));
    }

    #[test]
    fn a_replay_of_private_messages_that_breaks_off_is_asked_for_again() {
        let mut shown = Shown::default();
        shown.on_connected();
        shown.on_welcome(id(0));
        assert_eq!(shown.private_since(), Some(id(0)), "it was here before there was any");
        shown.on_connected();
        shown.on_welcome(id(0));
        assert!(shown.admit_private(id(1)));
        assert_eq!(shown.private_since(), Some(id(1)));
    }

    #[test]
    fn a_server_that_forgot_the_private_messages_is_listened_to_from_its_new_beginning() {
        let mut shown = Shown::default();
        shown.on_welcome(id(77));
        shown.on_connected();
        shown.on_welcome(id(2));
        assert_eq!(shown.private_since(), Some(id(2)));
        assert!(shown.admit_private(id(3)));
    }
}
