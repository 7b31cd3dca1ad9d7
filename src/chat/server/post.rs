//! May this message be stored?
//!
//! Every message, in a room or private, goes the same way: is its counter new, may it be said, is there
//! room for it? Whatever the answer, its counter is settled and the client hears it.

use super::batch::{Content, Draft, Sender};
use super::chat_server::ChatServer;
use super::control::{absent, server_busy};
use super::effect::{Effect, SessionKey};
use super::greet::PRIVATES_REPLAYED;
use super::ids::Ids;
use super::instances::{Fault, Standing};
use super::lookups::Lookup;
use crate::chat::message::{
    Counter, Failure, MessageId, PRIVATE_CHANNEL, PersonId, PostKind, PresenceState, PrivateMessage,
    RoomMessage, ToClient,
};
use crate::chat::text;
use crate::store::StoreRequest;
use crate::time::Instant;

/// What a message that cannot be has broken.
const BAD_COUNTER: &str = "a message's counter is 0 or too far ahead of the oldest unsettled one";

impl ChatServer {
    /// Something said in a room.
    pub(super) fn post(
        &mut self,
        now: Instant,
        key: SessionKey,
        channel: u64,
        counter: Counter,
        kind: PostKind,
        text: &str,
    ) -> Result<(), &'static str> {
        let Some((sender, person)) = self.sender(key, channel, counter) else { return Ok(()) };
        if !self.is_new(sender)? {
            return Ok(());
        }
        let content = text::check(text).and_then(|()| {
            let room = self.sessions.get(key).and_then(|session| session.room(channel));
            let room =
                room.ok_or_else(|| Failure::new("not-in-room", "you are not in that room; /join it first"))?;
            self.check_speech(now, key, Some(room))?;
            let message = RoomMessage {
                id: MessageId(0),
                person,
                name: self.accounts.name(person),
                origin: sender.instance.origin(),
                counter,
                at_ms: self.unix_ms(now),
                kind,
                text: text.into(),
            };
            Ok(Content::Post { room, message })
        });
        let room = match &content {
            Ok(Content::Post { room, .. }) => Some(*room),
            _ => None,
        };
        if self.store(sender, content)
            && let Some(room) = room
        {
            self.note_speech(now, key, room);
        }
        Ok(())
    }

    /// Something said to one person.
    pub(super) fn private(
        &mut self,
        now: Instant,
        key: SessionKey,
        counter: Counter,
        to: &str,
        text: &str,
    ) -> Result<(), &'static str> {
        let Some((sender, person)) = self.sender(key, PRIVATE_CHANNEL, counter) else { return Ok(()) };
        if !self.is_new(sender)? {
            return Ok(());
        }
        let content = text::check(text).and_then(|()| {
            self.check_speech(now, key, None)?;
            let recipient = self.recipient(to, now)?;
            self.tell_away(key, recipient);
            let message = PrivateMessage {
                id: MessageId(0),
                from: self.accounts.name(person),
                to: self.accounts.name(recipient),
                origin: sender.instance.origin(),
                counter,
                at_ms: self.unix_ms(now),
                text: text.into(),
            };
            Ok(Content::Private { to: recipient, from: person, message })
        });
        self.store(sender, content);
        Ok(())
    }

    fn sender(&self, key: SessionKey, channel: u64, counter: Counter) -> Option<(Sender, PersonId)> {
        let session = self.sessions.get(key)?;
        Some((Sender { session: key, channel, instance: session.instance, counter }, session.person))
    }

    /// Whoever is known here: what is said to somebody who is away waits for them, up to a bound.
    fn recipient(&self, to: &str, now: Instant) -> Result<PersonId, Failure> {
        let person = self.accounts.find(to, self.unix_ms(now)).ok_or_else(|| absent(to))?;
        let is_away = self.people.state(person) == PresenceState::Offline;
        let newest = self.private_ids.get(&person).map_or(MessageId(0), Ids::stored);
        let seen = self.news.marks.get(person, None).unwrap_or_default();
        if is_away && newest.0.saturating_sub(seen.0) >= PRIVATES_REPLAYED {
            let text = "they are away, and more waits for them than is kept";
            return Err(Failure::new("mailbox-full", text));
        }
        Ok(person)
    }

    /// Says once a session that this person is away, and will get what is said.
    fn tell_away(&mut self, key: SessionKey, person: PersonId) {
        if self.people.state(person) != PresenceState::Offline {
            return;
        }
        let name = self.accounts.name(person);
        if self.sessions.get_mut(key).is_some_and(|session| session.on_told_away(person)) {
            let text = format!("{name} is away now: they get what you write when they come back");
            self.tell(key, &ToClient::Notice { text });
        }
    }

    /// Is this message to be looked at? One that came before gets the answer that it had.
    fn is_new(&mut self, sender: Sender) -> Result<bool, &'static str> {
        match self.instances.standing(sender.instance, sender.counter) {
            Standing::New => return Ok(true),
            Standing::Impossible => return Err(BAD_COUNTER),
            Standing::BeingStored => {}
            Standing::Rejected(failure) => self.send_rejected(sender, failure),
            Standing::Settled => self.look_up(sender),
        }
        Ok(false)
    }

    fn send_rejected(&mut self, sender: Sender, failure: Failure) {
        let rejected = ToClient::Rejected { counter: sender.counter, failure };
        self.send(sender.session, sender.channel, &rejected);
    }

    fn look_up(&mut self, sender: Sender) {
        let session = self.sessions.get_mut(sender.session);
        if session.is_some_and(|session| session.on_look_up(sender.counter)) {
            let ticket = self.lookups.add(Lookup::Receipt(sender));
            let request =
                StoreRequest::FindReceipt { ticket, origin: sender.instance, counter: sender.counter };
            self.effects.push_back(Effect::Store(request));
        }
    }

    /// Hands a message to the batch, or its rejection. False if there is no room for either.
    fn store(&mut self, sender: Sender, content: Result<Content, Failure>) -> bool {
        if self.batch.is_full() {
            let (failure, fault) =
                content.map_or_else(|failure| (failure, Fault::Theirs), |_| (server_busy(), Fault::Ours));
            self.instances.reject(sender.instance, sender.counter, failure.clone(), fault);
            self.batch.touch(sender.instance);
            self.send_rejected(sender, failure);
            return false;
        }
        self.instances.on_storing(sender.instance, sender.counter);
        let content = content.unwrap_or_else(|failure| Content::Refusal { failure });
        self.batch.push(Draft { sender, content });
        true
    }
}
