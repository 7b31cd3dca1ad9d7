//! Has this person said something in this slow room just now?
//!
//! Kept by person, so that a second terminal or a new session gains nothing.

use crate::chat::message::PersonId;
use crate::store::RoomId;
use crate::time::{Duration, Instant};
use std::collections::BTreeMap;

/// The slowest that a room may be: an hour.
pub const SLOWEST_S: u64 = 3_600;
/// People remembered in a room before those whose time is over are dropped.
const SWEEP_AT: usize = 1_024;

/// When everybody last spoke in slow rooms.
#[derive(Debug, Default)]
pub struct SlowMode {
    spoke: BTreeMap<RoomId, BTreeMap<PersonId, Instant>>,
}

impl SlowMode {
    /// How long this person must wait in a room of this interval; `None` if they may speak now.
    pub fn wait(&self, now: Instant, room: RoomId, person: PersonId, interval: Duration) -> Option<Duration> {
        let free = *self.spoke.get(&room)?.get(&person)? + interval;
        (free > now).then(|| free - now)
    }

    /// This person spoke in a room of this interval.
    pub fn on_spoke(&mut self, now: Instant, room: RoomId, person: PersonId, interval: Duration) {
        let spoke = self.spoke.entry(room).or_default();
        if spoke.len() >= SWEEP_AT {
            spoke.retain(|_, at| *at + interval > now);
        }
        spoke.insert(person, now);
    }

    /// The room's interval changed.
    pub fn forget(&mut self, room: RoomId) {
        self.spoke.remove(&room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const ROOM: RoomId = RoomId(1);
    const TEN: Duration = Duration::from_secs(10);

    #[test]
    fn who_spoke_waits_the_rest_of_the_interval_and_others_do_not() {
        let mut slow = SlowMode::default();
        slow.on_spoke(at(0), ROOM, PersonId(1), TEN);
        assert_eq!(slow.wait(at(4_000_000), ROOM, PersonId(1), TEN), Some(Duration::from_secs(6)));
        assert_eq!(slow.wait(at(10_000_000), ROOM, PersonId(1), TEN), None);
        assert_eq!(slow.wait(at(0), ROOM, PersonId(2), TEN), None);
        assert_eq!(slow.wait(at(0), RoomId(2), PersonId(1), TEN), None);
    }

    #[test]
    fn a_crowd_is_remembered_no_longer_than_it_must_wait() {
        let mut slow = SlowMode::default();
        for person in 0..10_000 {
            slow.on_spoke(at(person * 1_000_000), ROOM, PersonId(person), TEN);
        }
        assert!(slow.spoke[&ROOM].len() <= SWEEP_AT);
        slow.forget(ROOM);
        assert!(slow.spoke.is_empty());
    }
}
