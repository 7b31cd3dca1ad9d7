//! Which rooms are there, and who is in them?
//!
//! People are members, and their sessions have seats. Somebody whose session was replaced by a newer one of
//! the same instance keeps the membership for a moment without any seat (*held*), so that a reconnect shows
//! nobody a leave and a join.
//!
//! ```text
//!               take a seat                  last seat given up
//!  no member ───────────────▶ member ──────────────────────────────▶ no member
//!                               │  ▲ take a seat                       ▲
//!              session replaced ▼  │                                   │
//!                              held ───────────────────────────────────┘
//!                                     its time is over, or the person went offline
//! ```

use super::effect::SessionKey;
use super::ids::Ids;
use crate::chat::message::{MessageId, PersonId};
use crate::chat::room_name::RoomName;
use crate::store::{Change, RoomId, RoomRecord};
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A session in a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seat {
    /// The channel that the session uses for the room.
    pub channel: u64,
    /// Has the replay reached the newest message? Only then it hears new ones as they are stored.
    pub is_live: bool,
    /// The number of the first coming or going that it is to be told.
    pub news_from: u64,
}

#[derive(Debug, Default)]
struct Member {
    seats: BTreeMap<SessionKey, Seat>,
    held_until: Option<Instant>,
}

/// One room.
#[derive(Debug)]
struct Room {
    name: Arc<str>,
    /// What it is about, and who said so.
    topic: (String, String),
    slow_s: u64,
    ids: Ids,
    members: BTreeMap<PersonId, Member>,
}

/// All rooms.
#[derive(Debug, Default)]
pub struct Rooms {
    all: BTreeMap<RoomId, Room>,
    by_name: BTreeMap<Arc<str>, RoomId>,
    of_person: BTreeMap<PersonId, BTreeSet<RoomId>>,
    held: BTreeSet<(Instant, RoomId, PersonId)>,
}

impl Rooms {
    /// The rooms that the store knows.
    pub fn new(records: Vec<RoomRecord>) -> Self {
        let mut this = Self::default();
        for record in records {
            this.insert(record);
        }
        this
    }

    fn insert(&mut self, record: RoomRecord) {
        let RoomRecord { room, name, last, topic, slow_s } = record;
        let name: Arc<str> = name.into();
        self.by_name.insert(Arc::clone(&name), room);
        let ids = Ids::after(last);
        self.all.insert(room, Room { name, topic, slow_s, ids, members: BTreeMap::new() });
    }

    /// How many there are, empty ones included.
    pub fn total(&self) -> usize {
        self.all.len()
    }

    /// The room of this name.
    pub fn find(&self, name: &RoomName) -> Option<RoomId> {
        self.by_name.get(name.as_str()).copied()
    }

    /// A new room, for the store too.
    pub fn create(&mut self, name: &RoomName) -> (RoomId, Change) {
        let room = RoomId(self.all.last_key_value().map_or(1, |(last, _)| last.0.saturating_add(1)));
        let record = RoomRecord { room, name: name.as_str().to_owned(), ..RoomRecord::default() };
        self.insert(record.clone());
        (room, Change::Room(record))
    }

    /// What a room is about, and who said so; empty for nothing.
    pub fn topic(&self, room: RoomId) -> (&str, &str) {
        self.all.get(&room).map_or(("", ""), |room| (&room.topic.0, &room.topic.1))
    }

    /// Says what a room is about, for the store too.
    pub fn set_topic(&mut self, room: RoomId, text: &str, by: &str) -> Option<Change> {
        self.all.get_mut(&room)?.topic = (text.to_owned(), by.to_owned());
        self.record(room)
    }

    /// How long everybody below a moderator waits between two messages.
    pub fn interval(&self, room: RoomId) -> Duration {
        Duration::from_secs(self.all.get(&room).map_or(0, |room| room.slow_s))
    }

    /// Sets that, for the store too.
    pub fn set_slow(&mut self, room: RoomId, seconds: u64) -> Option<Change> {
        self.all.get_mut(&room)?.slow_s = seconds;
        self.record(room)
    }

    fn record(&self, id: RoomId) -> Option<Change> {
        let room = self.all.get(&id)?;
        Some(Change::Room(RoomRecord {
            room: id,
            name: room.name.to_string(),
            last: room.ids.stored(),
            topic: room.topic.clone(),
            slow_s: room.slow_s,
        }))
    }

    /// A room's name; empty for none.
    pub fn name(&self, room: RoomId) -> Arc<str> {
        self.all.get(&room).map_or_else(|| Arc::from(""), |room| Arc::clone(&room.name))
    }

    /// The message numbers of a room.
    pub fn ids_mut(&mut self, room: RoomId) -> Option<&mut Ids> {
        self.all.get_mut(&room).map(|room| &mut room.ids)
    }

    /// The newest message of a room that is stored.
    pub fn last(&self, room: RoomId) -> MessageId {
        self.all.get(&room).map_or(MessageId(0), |room| room.ids.stored())
    }

    /// All rooms by name, each with the number of its members.
    pub fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.by_name.iter().filter_map(|(name, id)| Some((&**name, self.all.get(id)?.members.len())))
    }

    /// The members of a room, held ones included.
    pub fn members(&self, room: RoomId) -> impl Iterator<Item = PersonId> + '_ {
        self.all.get(&room).into_iter().flat_map(|room| room.members.keys().copied())
    }

    /// How many members a room has.
    pub fn count(&self, room: RoomId) -> usize {
        self.all.get(&room).map_or(0, |room| room.members.len())
    }

    /// Is this person a member?
    pub fn has(&self, room: RoomId, person: PersonId) -> bool {
        self.all.get(&room).is_some_and(|room| room.members.contains_key(&person))
    }

    /// The rooms of this person.
    pub fn of(&self, person: PersonId) -> BTreeSet<RoomId> {
        self.of_person.get(&person).cloned().unwrap_or_default()
    }

    /// The seats in a room.
    pub fn seats(&self, room: RoomId) -> impl Iterator<Item = (SessionKey, Seat)> + '_ {
        let members = self.all.get(&room).into_iter().flat_map(|room| room.members.values());
        members.flat_map(|member| member.seats.iter().map(|(session, seat)| (*session, *seat)))
    }

    /// A session takes a seat; the membership is no longer held.
    pub fn sit(&mut self, room: RoomId, person: PersonId, session: SessionKey, seat: Seat) {
        let Some(found) = self.all.get_mut(&room) else { return };
        let member = found.members.entry(person).or_default();
        member.seats.insert(session, seat);
        if let Some(until) = member.held_until.take() {
            self.held.remove(&(until, room, person));
        }
        self.of_person.entry(person).or_default().insert(room);
    }

    /// The replay of this seat has reached the newest message.
    pub fn on_caught_up(&mut self, room: RoomId, person: PersonId, session: SessionKey) {
        let member = self.all.get_mut(&room).and_then(|room| room.members.get_mut(&person));
        if let Some(seat) = member.and_then(|member| member.seats.get_mut(&session)) {
            seat.is_live = true;
        }
    }

    /// A session gives its seat up. Does the person leave the room with it?
    pub fn rise(&mut self, room: RoomId, person: PersonId, session: SessionKey) -> bool {
        let Some(member) = self.member_mut(room, person) else { return false };
        member.seats.remove(&session);
        let leaves = member.seats.is_empty() && member.held_until.is_none();
        if leaves {
            self.remove(room, person);
        }
        leaves
    }

    /// A session gives its seat up, but the person stays a member until this moment at least.
    pub fn hold(&mut self, room: RoomId, person: PersonId, session: SessionKey, until: Instant) {
        let Some(member) = self.member_mut(room, person) else { return };
        member.seats.remove(&session);
        if member.seats.is_empty() {
            let before = member.held_until.replace(until);
            self.held.extend([(until, room, person)]);
            if let Some(before) = before.filter(|before| *before != until) {
                self.held.remove(&(before, room, person));
            }
        }
    }

    fn member_mut(&mut self, room: RoomId, person: PersonId) -> Option<&mut Member> {
        self.all.get_mut(&room)?.members.get_mut(&person)
    }

    /// This person is no member any more. Were they?
    pub fn remove(&mut self, room: RoomId, person: PersonId) -> bool {
        let member = self.all.get_mut(&room).and_then(|room| room.members.remove(&person));
        if let Some(until) = member.as_ref().and_then(|member| member.held_until) {
            self.held.remove(&(until, room, person));
        }
        if let Some(rooms) = self.of_person.get_mut(&person) {
            rooms.remove(&room);
            if rooms.is_empty() {
                self.of_person.remove(&person);
            }
        }
        member.is_some()
    }

    /// A membership that was held and whose time is over. The caller removes it.
    pub fn expired(&self, now: Instant) -> Option<(RoomId, PersonId)> {
        self.held.first().filter(|(until, ..)| *until <= now).map(|(_, room, person)| (*room, *person))
    }

    /// When the next held membership ends.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.held.first().map(|(until, ..)| *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const BOB: PersonId = PersonId(1);
    const ONE: SessionKey = SessionKey(1);
    const TWO: SessionKey = SessionKey(2);
    const SEAT: Seat = Seat { channel: 8, is_live: false, news_from: 0 };

    fn rooms() -> (Rooms, RoomId) {
        let mut rooms = Rooms::default();
        let (lobby, _) = rooms.create(&RoomName::parse("lobby").unwrap());
        rooms.sit(lobby, BOB, ONE, SEAT);
        (rooms, lobby)
    }

    #[test]
    fn a_person_leaves_with_the_last_seat() {
        let (mut rooms, lobby) = rooms();
        rooms.sit(lobby, BOB, TWO, SEAT);
        assert!(!rooms.rise(lobby, BOB, ONE));
        assert!(rooms.has(lobby, BOB));
        assert!(rooms.rise(lobby, BOB, TWO));
        assert!(!rooms.has(lobby, BOB) && rooms.of(BOB).is_empty());
        assert!(!rooms.rise(lobby, BOB, TWO), "only once");
    }

    #[test]
    fn a_held_member_stays_until_the_time_is_over() {
        let (mut rooms, lobby) = rooms();
        rooms.hold(lobby, BOB, ONE, at(10));
        assert!(rooms.has(lobby, BOB));
        assert_eq!(rooms.seats(lobby).count(), 0);
        assert_eq!((rooms.expired(at(9)), rooms.poll_timeout()), (None, Some(at(10))));
        assert_eq!(rooms.expired(at(10)), Some((lobby, BOB)));
        assert!(rooms.remove(lobby, BOB));
        assert_eq!(rooms.poll_timeout(), None);
    }

    #[test]
    fn a_new_seat_ends_the_holding() {
        let (mut rooms, lobby) = rooms();
        rooms.hold(lobby, BOB, ONE, at(10));
        rooms.hold(lobby, BOB, ONE, at(20));
        assert_eq!(rooms.poll_timeout(), Some(at(20)));
        rooms.sit(lobby, BOB, TWO, SEAT);
        assert_eq!(rooms.poll_timeout(), None);
        assert!(rooms.rise(lobby, BOB, TWO));
    }

    #[test]
    fn a_seat_beside_another_needs_no_holding() {
        let (mut rooms, lobby) = rooms();
        rooms.sit(lobby, BOB, TWO, SEAT);
        rooms.hold(lobby, BOB, ONE, at(10));
        assert_eq!(rooms.poll_timeout(), None);
        assert!(rooms.rise(lobby, BOB, TWO));
    }

    #[test]
    fn rooms_of_the_store_go_on_where_they_were() {
        let record = RoomRecord {
            room: RoomId(5),
            name: "lobby".to_owned(),
            last: MessageId(41),
            ..RoomRecord::default()
        };
        let mut rooms = Rooms::new(vec![record]);
        let lobby = rooms.find(&RoomName::parse("#Lobby").unwrap()).unwrap();
        assert_eq!(rooms.ids_mut(lobby).unwrap().give(), MessageId(42));
        assert_eq!(rooms.create(&RoomName::parse("b").unwrap()).0, RoomId(6));
    }
}
