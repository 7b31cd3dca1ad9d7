//! What do people ask on the control channel?
//!
//! Each request has a number and gets one answer with that number: what it asked for, `Done`, or `Failed`.

use super::chat_server::ChatServer;
use super::effect::{ChatHappening, SessionKey};
use super::list::{self, cut};
use crate::chat::message::{
    Failure, PersonEntry, PersonId, PresenceState, RequestId, Role, RoomEntry, SessionEntry, ToClient,
    WhoisEntry,
};
use crate::chat::name::Name;
use crate::chat::room_name::RoomName;
use crate::store::RoomId;
use crate::time::Instant;
use std::collections::BTreeSet;

impl ChatServer {
    pub(super) fn answer_request(
        &mut self,
        key: SessionKey,
        request: RequestId,
        answer: Result<ToClient, Failure>,
    ) {
        let message = answer.unwrap_or_else(|failure| ToClient::Failed { request, failure });
        self.tell(key, &message);
    }

    fn person_of(&self, key: SessionKey) -> Option<PersonId> {
        self.sessions.get(key).map(|session| session.person)
    }

    /// `/nick`: everybody who shares a room hears it, and the person's own terminals.
    pub(super) fn nick(&mut self, now: Instant, key: SessionKey, request: RequestId, typed: &str) {
        let answer = self.rename(now, key, typed).map(|()| ToClient::Done { request });
        self.answer_request(key, request, answer);
    }

    fn rename(&mut self, now: Instant, key: SessionKey, typed: &str) -> Result<(), Failure> {
        let name = Name::parse(typed)?;
        let Some(person) = self.person_of(key) else { return Ok(()) };
        self.check_speech(now, key, None)?;
        if self.batch.is_full() {
            return Err(server_busy());
        }
        let Some(renaming) = self.accounts.rename(person, &name, self.unix_ms(now))? else { return Ok(()) };
        self.batch.add_facts(renaming.changes);
        let due = self.news.comings.take_about(now, person);
        self.tell_comings(&due);
        let (old, new) = (renaming.old.to_string(), renaming.new.to_string());
        let message = ToClient::Renamed { person, old: old.clone(), new: new.clone() };
        self.tell_all(&self.neighbours(person), &message);
        self.happened(ChatHappening::Renamed { session: key, old, new });
        Ok(())
    }

    /// The sessions of a person and of everybody who shares a room with them.
    pub(super) fn neighbours(&self, person: PersonId) -> BTreeSet<SessionKey> {
        let rooms = self.rooms.of(person);
        let seats = rooms.iter().flat_map(|room| self.rooms.seats(*room).map(|(session, _)| session));
        seats.chain(self.people.sessions(person)).collect()
    }

    /// `/who`: who is in a room, or on the server.
    pub(super) fn who(&mut self, key: SessionKey, request: RequestId, room: Option<&str>) {
        let answer = match room {
            None => {
                let people = self.entries(self.people.iter());
                Ok(ToClient::Who { request, room: None, people, total: self.people.iter().len() as u64 })
            }
            Some(typed) => self.existing_room(typed).map(|room| {
                let people = self.entries(self.rooms.members(room));
                let name = self.rooms.name(room).to_string();
                ToClient::Who { request, room: Some(name), people, total: self.rooms.count(room) as u64 }
            }),
        };
        self.answer_request(key, request, answer);
    }

    pub(super) fn existing_room(&self, typed: &str) -> Result<RoomId, Failure> {
        let name = RoomName::parse(typed)?;
        self.rooms.find(&name).ok_or_else(|| {
            let text = format!("no such room: {}; /rooms lists those there are", name.as_str());
            Failure::new("no-such-room", text)
        })
    }

    fn entries(&self, people: impl Iterator<Item = PersonId>) -> Vec<PersonEntry> {
        let entry = |person| {
            let name = self.accounts.name(person).to_string();
            PersonEntry { name, state: self.people.state(person) }
        };
        cut(people.map(entry), |entry| &entry.name)
    }

    /// `/whois`: about one person who is here.
    pub(super) fn whois(&mut self, now: Instant, key: SessionKey, request: RequestId, name: &str) {
        let answer = match self.accounts.find(name, self.unix_ms(now)) {
            None => Err(Failure::new("no-such-name", format!("nobody is called {}", shortened(name)))),
            Some(person) if self.people.state(person) == PresenceState::Offline => Err(absent(name)),
            Some(person) => Ok(ToClient::Whois { request, entry: self.describe(key, person) }),
        };
        self.answer_request(key, request, answer);
    }

    fn describe(&self, asker: SessionKey, person: PersonId) -> WhoisEntry {
        let asking = self.sessions.get(asker);
        let sees_addresses = asking.is_some_and(|session| session.role >= Role::Moderator);
        let own_rooms = asking.map(|session| self.rooms.of(session.person)).unwrap_or_default();
        let rooms = self.rooms.of(person);
        let shared = rooms.intersection(&own_rooms).map(|room| self.rooms.name(*room).to_string());
        let sessions = self.people.sessions(person).filter_map(|key| self.sessions.get(key));
        WhoisEntry {
            name: self.accounts.name(person).to_string(),
            state: self.people.state(person),
            away: self.people.away(person),
            since_ms: self.people.since_ms(person),
            sessions: sessions
                .map(|session| SessionEntry {
                    transport: session.peer.transport.to_owned(),
                    rtt_us: session.rtt.map(|rtt| u64::try_from(rtt.as_micros()).unwrap_or(u64::MAX)),
                    address: sees_addresses.then(|| session.peer.address.clone()),
                })
                .collect(),
            rooms: shared.take(list::ROOMS_SHARED).collect(),
            role: self.role_of(person),
        }
    }

    /// `/rooms`: which there are, empty ones included.
    pub(super) fn list_rooms(&mut self, key: SessionKey, request: RequestId) {
        let entry =
            |(name, people): (&str, usize)| RoomEntry { name: name.to_owned(), people: people as u64 };
        let rooms = cut(self.rooms.iter().map(entry), |entry| &entry.name);
        self.tell(key, &ToClient::Rooms { request, rooms });
    }

    /// `/away`: away with this word, or back.
    pub(super) fn set_away(&mut self, key: SessionKey, request: RequestId, word: Option<String>) {
        let Some(person) = self.person_of(key) else { return };
        let before = self.people.state(person);
        self.people.set_away(person, word);
        let rooms = self.rooms.of(person);
        self.note_presence(person, before, &rooms);
        self.tell(key, &ToClient::Done { request });
    }
}

/// Past the bound on what waits for the store.
pub(super) fn server_busy() -> Failure {
    Failure::new("server-busy", "the server has too much to store just now; try again in a moment")
}

/// Nobody of this name has a session.
pub(super) fn absent(name: &str) -> Failure {
    Failure::new("absent", format!("{} is not here", shortened(name)))
}

/// A name that somebody typed, cut for an error's text, without what could steer a terminal.
pub(super) fn shortened(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(32).collect()
}
