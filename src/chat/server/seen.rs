//! Who has seen what, and who is typing?
//!
//! Small courtesies: told while they are news, never stored as messages, and only in rooms where everybody
//! can be meant.

use super::chat_server::{ChatServer, encode};
use super::effect::{Effect, SessionKey};
use super::ids::Ids;
use super::marks::Place;
use crate::chat::message::{MessageId, PRIVATE_CHANNEL, PersonId, PresenceState, ToClient};
use crate::store::RoomId;
use crate::time::Instant;

/// In rooms of more people nobody hears who is typing, or that all have seen something. Ours: each of these
/// goes to everybody.
pub const COURTESY_MAX: usize = 64;

impl ChatServer {
    /// Where a session's channel leads; `None` if nowhere.
    fn place(&self, key: SessionKey, channel: u64) -> Option<(PersonId, Place)> {
        let session = self.sessions.get(key)?;
        match channel {
            PRIVATE_CHANNEL => Some((session.person, None)),
            channel => Some((session.person, Some(session.room(channel)?))),
        }
    }

    /// Does this say more than was known? Then it costs nothing.
    pub(super) fn is_news(&self, key: SessionKey, channel: u64, through: MessageId) -> bool {
        let news = |(person, place)| {
            self.news.marks.is_news(person, place, through.min(self.last_of(person, place)))
        };
        self.place(key, channel).is_some_and(news)
    }

    fn last_of(&self, person: PersonId, place: Place) -> MessageId {
        match place {
            Some(room) => self.rooms.last(room),
            None => self.private_ids.get(&person).map_or(MessageId(0), Ids::stored),
        }
    }

    /// A client has shown all up to this message.
    pub(super) fn on_seen(&mut self, now: Instant, key: SessionKey, channel: u64, through: MessageId) {
        let Some((person, place)) = self.place(key, channel) else { return };
        let through = through.min(self.last_of(person, place));
        self.news.marks.on_seen(now, person, place, through);
        if place.is_some() {
            return;
        }
        let bytes = encode(&ToClient::PrivateSeen { by: self.accounts.name(person).to_string(), through });
        for sender in self.news.marks.take_senders(person, through) {
            self.send_in_private(sender, &bytes);
        }
    }

    fn send_in_private(&mut self, person: PersonId, bytes: &std::sync::Arc<[u8]>) {
        for session in self.people.sessions(person) {
            let bytes = bytes.clone();
            self.effects.push_back(Effect::Send { session, channel: PRIVATE_CHANNEL, bytes });
        }
    }

    /// Tells small rooms up to where all have read, and keeps what is due to be kept.
    pub(super) fn tell_seen(&mut self, now: Instant) {
        for room in self.news.marks.take_moved(now) {
            // Whoever is alone is not all.
            if !(2..=COURTESY_MAX).contains(&self.rooms.count(room)) {
                continue;
            }
            if let Some(through) = self.news.marks.take_least(room, self.rooms.members(room)) {
                self.tell_room(room, &ToClient::SeenByAll { through }, None);
            }
        }
        let facts = self.news.marks.take_due(now);
        self.batch.add_facts(facts);
    }

    fn tell_room(&mut self, room: RoomId, message: &ToClient, except: Option<PersonId>) {
        let bytes = encode(message);
        for (session, seat) in self.rooms.seats(room).filter(|(_, seat)| seat.is_live) {
            let person = self.sessions.get(session).map(|session| session.person);
            if except.is_none() || person != except {
                self.effects.push_back(Effect::Send { session, channel: seat.channel, bytes: bytes.clone() });
            }
        }
    }

    /// Somebody is typing, in a room or to one person. Nobody hears it of who may not speak.
    pub(super) fn on_typing(&mut self, now: Instant, key: SessionKey, channel: u64, to: Option<&str>) {
        let Some((person, place)) = self.place(key, channel) else { return };
        if self.check_speech(now, key, place).is_err() {
            return;
        }
        let typing = ToClient::Typing { name: self.accounts.name(person).to_string() };
        match (place, to) {
            (Some(room), _) if self.rooms.count(room) <= COURTESY_MAX => {
                self.tell_room(room, &typing, Some(person));
            }
            (None, Some(to)) => {
                let found = self.accounts.find(to, self.unix_ms(now));
                let here =
                    found.filter(|it| *it != person && self.people.state(*it) != PresenceState::Offline);
                if let Some(to) = here {
                    self.send_in_private(to, &encode(&typing));
                }
            }
            _ => {}
        }
    }
}
