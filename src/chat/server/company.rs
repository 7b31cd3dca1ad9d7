//! Who is here? What whoever carries files for these people may ask.

use super::chat_server::ChatServer;
use super::effect::SessionKey;
use crate::chat::message::{Failure, PersonId};
use crate::chat::room_name::RoomName;
use crate::time::Instant;

impl ChatServer {
    /// Who speaks in this session, and under which name; `None` while they stand at the door.
    pub fn speaker(&self, session: SessionKey) -> Option<(PersonId, String)> {
        let person = self.sessions.get(session)?.person;
        Some((person, self.accounts.name(person).to_string()))
    }

    /// Who has this name, here or away, and how they write it.
    pub fn find_person(&self, now: Instant, name: &str) -> Option<(PersonId, String)> {
        let person = self.accounts.find(name, self.unix_ms(now))?;
        Some((person, self.accounts.name(person).to_string()))
    }

    /// Their sessions.
    pub fn sessions_of(&self, person: PersonId) -> Vec<SessionKey> {
        self.people.sessions(person).collect()
    }

    /// The room's own name, if the session is in it.
    pub fn room_of(&self, session: SessionKey, room: &str) -> Option<String> {
        let room = self.rooms.find(&RoomName::parse(room).ok()?)?;
        self.sessions.get(session)?.channel(room)?;
        Some(self.rooms.name(room).to_string())
    }

    /// The sessions in a room.
    pub fn sessions_in(&self, room: &str) -> Vec<SessionKey> {
        let room = RoomName::parse(room).ok().and_then(|room| self.rooms.find(&room));
        room.into_iter().flat_map(|room| self.rooms.seats(room)).map(|(session, _)| session).collect()
    }

    /// May they send something? Not who is muted.
    pub fn may_send(&self, now: Instant, session: SessionKey) -> Result<(), Failure> {
        self.check_speech(now, session, None)
    }
}
