//! What does the server know of each live session?

use super::door::Entrance;
use super::effect::{Peer, SessionKey};
use crate::chat::message::{Counter, Instance, Measure, PersonId, Role};
use crate::chat::quota::Quota;
use crate::store::{Receipts, RoomId};
use crate::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// Of so many people a session is told that they are away.
const TOLD_AWAY_MAX: usize = 256;

/// A live session: who, from where, and which channel is which room.
#[derive(Debug)]
pub struct Session {
    /// Whose it is.
    pub person: PersonId,
    /// The start of the client that it belongs to.
    pub instance: Instance,
    /// Who is at the other end.
    pub peer: Peer,
    /// What it may do.
    pub role: Role,
    /// How many more repetitions are not counted.
    pub free_repeats: u64,
    /// How much more it may say.
    pub quota: Quota,
    /// The kind of measure that would hit these people too, of which it was warned.
    pub warned_of: Option<(Measure, BTreeSet<PersonId>)>,
    /// The smoothed round-trip time, once measured.
    pub rtt: Option<Duration>,
    /// How they came in.
    pub entrance: Entrance,
    /// Have the missed private messages been replayed? Only then it hears new ones.
    pub hears_privates: bool,
    rooms: BTreeMap<u64, RoomId>,
    told_away: BTreeSet<PersonId>,
    looked_up: BTreeSet<Counter>,
}

impl Session {
    /// A session in no room yet.
    pub fn new(person: PersonId, instance: Instance, peer: Peer, quota: Quota) -> Self {
        Self {
            person,
            instance,
            peer,
            role: Role::Member,
            free_repeats: Receipts::SPAN,
            quota,
            warned_of: None,
            rtt: None,
            entrance: Entrance::default(),
            hears_privates: false,
            rooms: BTreeMap::new(),
            told_away: BTreeSet::new(),
            looked_up: BTreeSet::new(),
        }
    }

    /// The room behind this channel.
    pub fn room(&self, channel: u64) -> Option<RoomId> {
        self.rooms.get(&channel).copied()
    }

    /// The channel of this room.
    pub fn channel(&self, room: RoomId) -> Option<u64> {
        self.rooms.iter().find(|(_, known)| **known == room).map(|(channel, _)| *channel)
    }

    /// All rooms that it is in.
    pub fn rooms(&self) -> impl ExactSizeIterator<Item = RoomId> + '_ {
        self.rooms.values().copied()
    }

    /// This channel is this room from now on.
    pub fn open(&mut self, channel: u64, room: RoomId) {
        self.rooms.insert(channel, room);
    }

    /// This channel is no room any more; which was it?
    pub fn close(&mut self, channel: u64) -> Option<RoomId> {
        self.rooms.remove(&channel)
    }

    /// It is being told that this person is away; false if it was before, or of many others.
    pub fn on_told_away(&mut self, person: PersonId) -> bool {
        self.told_away.len() < TOLD_AWAY_MAX && self.told_away.insert(person)
    }

    /// The receipt of this message is being looked up; false if it is already, or if so many are that the
    /// client cannot have as many unsettled.
    pub fn on_look_up(&mut self, counter: Counter) -> bool {
        (self.looked_up.len() as u64) < Receipts::SPAN && self.looked_up.insert(counter)
    }

    /// The receipt was found, or not.
    pub fn on_looked_up(&mut self, counter: Counter) {
        self.looked_up.remove(&counter);
    }
}

/// All live sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    live: BTreeMap<SessionKey, Session>,
}

impl Sessions {
    /// How many there are.
    pub fn total(&self) -> usize {
        self.live.len()
    }

    /// This one.
    pub fn get(&self, key: SessionKey) -> Option<&Session> {
        self.live.get(&key)
    }

    /// This one, to change.
    pub fn get_mut(&mut self, key: SessionKey) -> Option<&mut Session> {
        self.live.get_mut(&key)
    }

    /// One more.
    pub fn insert(&mut self, key: SessionKey, session: Session) {
        self.live.insert(key, session);
    }

    /// One less.
    pub fn remove(&mut self, key: SessionKey) -> Option<Session> {
        self.live.remove(&key)
    }

    /// All of them, each with what is known of it.
    pub fn iter(&self) -> impl Iterator<Item = (SessionKey, &Session)> {
        self.live.iter().map(|(key, session)| (*key, session))
    }

    /// All of them.
    pub fn keys(&self) -> Vec<SessionKey> {
        self.live.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::quota::Terms;

    fn session() -> Session {
        let peer = Peer { key: [1; 32], transport: "udp", address: "10.0.0.1:5".to_owned() };
        let quota = Quota::new(crate::time::Instant::ZERO, Terms::UNLIMITED);
        Session::new(PersonId(1), Instance::default(), peer, quota)
    }

    #[test]
    fn a_channel_is_a_room_until_it_is_closed() {
        let mut session = session();
        session.open(8, RoomId(3));
        assert_eq!((session.room(8), session.channel(RoomId(3))), (Some(RoomId(3)), Some(8)));
        assert_eq!(session.close(8), Some(RoomId(3)));
        assert_eq!((session.room(8), session.close(8), session.rooms().len()), (None, None, 0));
    }

    #[test]
    fn look_ups_are_bounded_and_not_doubled() {
        let mut session = session();
        assert!(session.on_look_up(Counter(1)) && !session.on_look_up(Counter(1)));
        assert!((2..=Receipts::SPAN).all(|counter| session.on_look_up(Counter(counter))));
        assert!(!session.on_look_up(Counter(9_999)));
        session.on_looked_up(Counter(1));
        assert!(session.on_look_up(Counter(9_999)));
    }
}
