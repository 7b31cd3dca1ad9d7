//! How long is what was said kept?
//!
//! By age, by the number of messages of a room (or to a person), by both, or for ever. What is over goes from
//! the old end, in steps of at most [`STEP`] messages, each short enough that no commit waits for long:
//!
//! ```text
//!  ids  1 2 3 4 5 6 7 8 9
//!       └─┬─┘ └── kept ──┘
//!       over: older than the age, or more than the count behind the newest
//! ```
//!
//! Ids rise with time, so whatever is older than a message that is over is over too, even if a clock that was
//! wrong stamped it with the future; [`PEEK`] says how many of those may stand in front.

use crate::chat::message::MessageId;
use crate::time::Duration;

/// Messages that one step takes away, at most: 500.
pub const STEP: usize = 500;

/// So many of the oldest are looked at to see whether anything is over: 8.
pub const PEEK: usize = 8;

/// What is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Keep {
    /// Nothing older than this; `None`: however old.
    pub age: Option<Duration>,
    /// So many messages of each room and to each person, at least 1; `None`: however many.
    pub count: Option<u64>,
}

impl Keep {
    /// All of it.
    pub const ALL: Self = Self { age: None, count: None };

    /// Is nothing ever over?
    pub fn is_all(self) -> bool {
        self == Self::ALL
    }

    /// The newest of these messages (ids, and milliseconds since 1970) that is over at `now_ms`, if `newest` is
    /// the newest there is; all that are older go with it.
    pub fn over(
        self,
        oldest: impl Iterator<Item = (MessageId, u64)>,
        newest: MessageId,
        now_ms: u64,
    ) -> Option<MessageId> {
        let age_ms = self.age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        let since_ms = age_ms.map_or(0, |age_ms| now_ms.saturating_sub(age_ms));
        let through = self.count.map_or(0, |count| newest.0.saturating_sub(count.max(1)));
        oldest.filter(|(id, at_ms)| *at_ms < since_ms || id.0 <= through).map(|(id, _)| id).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(keep: Keep, stamps: &[u64]) -> Option<u64> {
        let ids = (11..).map(MessageId);
        keep.over(ids.zip(stamps.iter().copied()), MessageId(20), 10_000).map(|id| id.0)
    }

    #[test]
    fn what_is_too_old_or_too_many_is_over() {
        let age = |ms| Keep { age: Some(Duration::from_millis(ms)), count: None };
        let count = |count| Keep { age: None, count: Some(count) };
        let stamps = [1_000, 2_000, 3_000, 4_000];
        assert_eq!(over(Keep::ALL, &stamps), None);
        assert_eq!(over(age(7_500), &stamps), Some(12));
        assert_eq!((over(age(9_000), &stamps), over(age(u64::MAX), &stamps)), (None, None));
        assert_eq!((over(count(7), &stamps), over(count(10), &stamps)), (Some(13), None));
        assert_eq!(
            over(Keep { age: age(7_500).age, count: Some(9) }, &stamps),
            Some(12),
            "whichever is stricter"
        );
        assert_eq!(over(count(0), &[1; 10]), Some(19), "the newest is never too many");
    }

    #[test]
    fn a_message_from_the_future_does_not_keep_those_behind_it() {
        let keep = Keep { age: Some(Duration::from_secs(5)), count: None };
        assert_eq!(over(keep, &[99_000, 2_000, 9_000]), Some(12));
    }
}
