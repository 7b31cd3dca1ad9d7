//! What is a room about, and how slow is it?

use super::chat_server::{ChatServer, encode};
use super::effect::{Effect, SessionKey};
use super::measures::in_words;
use super::moderate::Actor;
use super::record::because;
use super::slow_mode::SLOWEST_S;
use crate::chat::message::{Failure, ToClient};
use crate::store::RoomId;
use crate::time::{Duration, Instant};
use std::collections::BTreeSet;

impl ChatServer {
    /// `/slow`: everybody below a moderator waits so long between two messages.
    pub(super) fn slow(
        &mut self,
        now: Instant,
        actor: &Actor,
        room: &str,
        seconds: u64,
    ) -> Result<(), Failure> {
        let room = self.existing_room(room)?;
        if seconds > SLOWEST_S {
            return Err(Failure::new("usage", format!("a room may be slow by {SLOWEST_S} seconds at most")));
        }
        let fact = self.rooms.set_slow(room, seconds);
        self.batch.add_facts(fact);
        self.order.slow_mode.forget(room);
        let name = self.rooms.name(room);
        let deed = match seconds {
            0 => format!("ended the slow mode of {name}"),
            seconds => format!("made {name} slow: one message in {}", in_words(seconds * 1_000)),
        };
        let audience = self.rooms.seats(room).map(|(session, _)| session).collect();
        self.put_on_record(now, actor, deed, &audience);
        Ok(())
    }

    /// `/topic`: the room hears it, and whoever enters.
    pub(super) fn set_topic(
        &mut self,
        now: Instant,
        actor: &Actor,
        room: &str,
        text: &str,
    ) -> Result<(), Failure> {
        let room = self.existing_room(room)?;
        let fact = self.rooms.set_topic(room, text, &actor.name);
        self.batch.add_facts(fact);
        let topic = encode(&self.topic(room));
        for (session, seat) in self.rooms.seats(room) {
            self.effects.push_back(Effect::Send { session, channel: seat.channel, bytes: topic.clone() });
        }
        let deed = format!("set the topic of {}{}", self.rooms.name(room), because(text));
        self.put_on_record(now, actor, deed, &BTreeSet::new());
        Ok(())
    }

    fn topic(&self, room: RoomId) -> ToClient {
        let (text, by) = self.rooms.topic(room);
        ToClient::Topic { text: text.to_owned(), by: by.to_owned() }
    }

    /// Somebody took a seat: what the room is about, and that it is slow.
    pub(super) fn tell_manners(&mut self, key: SessionKey, room: RoomId, channel: u64) {
        if !self.rooms.topic(room).0.is_empty() {
            let topic = self.topic(room);
            self.send(key, channel, &topic);
        }
        let interval = self.rooms.interval(room);
        if interval > Duration::ZERO {
            let slow = in_words(interval.as_secs() * 1_000);
            let text = format!("{} is slow: one message in {slow}", self.rooms.name(room));
            self.tell(key, &ToClient::Notice { text });
        }
    }
}
