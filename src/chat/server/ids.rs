//! Which number does the next message get?
//!
//! One counter a room, and one a recipient. Numbers are given when a batch is handed to the store, not
//! earlier: so a batch that fails gives its numbers back, none is ever missing, and a gap in a replay means
//! that messages are no longer kept.
//!
//! ```text
//!  1 2 3 4 5 │ 6 7 8 │ 9 …
//!   stored ──┘       └── the next one
//!          given, in the batch under way
//! ```

use crate::chat::message::MessageId;

/// The numbers of one room or one recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ids {
    stored: MessageId,
    given: MessageId,
}

impl Ids {
    /// Goes on after this one.
    pub const fn after(stored: MessageId) -> Self {
        Self { stored, given: stored }
    }

    /// The newest that is stored.
    pub const fn stored(&self) -> MessageId {
        self.stored
    }

    /// The next one, for the batch that is being handed over.
    pub const fn give(&mut self) -> MessageId {
        self.given.0 += 1;
        self.given
    }

    /// The message with this number is stored.
    pub fn on_stored(&mut self, id: MessageId) {
        self.stored = self.stored.max(id);
    }

    /// The batch failed: its numbers are free again.
    pub const fn on_failed(&mut self) {
        self.given = self.stored;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_failed_batch_are_given_again() {
        let mut ids = Ids::after(MessageId(4));
        assert_eq!((ids.give(), ids.give()), (MessageId(5), MessageId(6)));
        ids.on_stored(MessageId(5));
        ids.on_stored(MessageId(6));
        assert_eq!(ids.give(), MessageId(7));
        ids.on_failed();
        assert_eq!((ids.give(), ids.stored()), (MessageId(7), MessageId(6)));
    }
}
