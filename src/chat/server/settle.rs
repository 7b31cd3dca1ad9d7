//! What follows once the store has answered?
//!
//! ```text
//!  begin ─▶ ids given, receipts settled ─▶ Store(Commit) ─┬─ Committed ─▶ Accepted, then broadcast
//!                                                         └─ Failed ────▶ Rejected; ids given back
//! ```

use super::batch::{Content, Draft, Sender};
use super::chat_server::{ChatServer, encode};
use super::effect::{ChatHappening, Effect, SessionKey};
use super::ids::Ids;
use super::instances::Fault;
use super::lookups::Lookup;
use crate::chat::message::{
    Failure, MessageId, PRIVATE_CHANNEL, PersonId, PrivateMessage, RoomMessage, ToClient,
};
use crate::store::{Change, RoomId, StoreRequest};
use crate::time::Instant;

impl ChatServer {
    /// Hands what waits to the store, if it is idle.
    pub(super) fn emit_batch(&mut self, now: Instant) {
        let at_ms = self.unix_ms(now);
        let Some(under_way) = self.batch.begin(now) else { return };
        let mut changes = under_way.facts.clone();
        let mut instances = under_way.touched.clone();
        for Draft { sender, content } in &mut under_way.drafts {
            self.instances.on_handed_over(sender.instance, sender.counter);
            instances.insert(sender.instance);
            match content {
                Content::Post { room, message } => {
                    message.id = self.rooms.ids_mut(*room).map_or(MessageId(0), Ids::give);
                    changes.push(Change::Message { room: *room, message: message.clone() });
                }
                Content::Private { to, from, message } => {
                    message.id = self.private_ids.entry(*to).or_default().give();
                    changes.push(Change::Private { to: *to, from: *from, message: message.clone() });
                }
                Content::Refusal { .. } => {}
            }
        }
        changes.extend(instances.into_iter().filter_map(|instance| {
            Some(Change::Instance { record: self.instances.record(instance)?, at_ms })
        }));
        let batch = under_way.number;
        self.effects.push_back(Effect::Store(StoreRequest::Commit { batch, changes }));
    }

    /// The batch is stored: receipts to the senders, messages to everybody.
    pub(super) fn on_committed(&mut self, now: Instant, batch: u64) {
        for Draft { sender, content } in self.batch.on_committed(batch) {
            self.instances.on_stored(sender.instance, sender.counter);
            match content {
                Content::Post { room, message } => self.on_post_stored(now, sender, room, message),
                Content::Private { to, from, message } => self.on_private_stored(sender, to, from, message),
                Content::Refusal { failure } => self.settle_rejected(sender, None, failure, Fault::Theirs),
            }
        }
    }

    fn on_post_stored(&mut self, now: Instant, sender: Sender, room: RoomId, message: RoomMessage) {
        if let Some(ids) = self.rooms.ids_mut(room) {
            ids.on_stored(message.id);
        }
        self.answer(sender, Some(room), &ToClient::Accepted { counter: sender.counter, id: message.id });
        // Nobody is heard in a room before they are told to have come.
        let due = self.news.comings.take_about(now, message.person);
        self.tell_comings(&due);
        let bytes = encode(&ToClient::Message { message, history: false });
        for (session, seat) in self.rooms.seats(room).filter(|(_, seat)| seat.is_live) {
            self.effects.push_back(Effect::Send { session, channel: seat.channel, bytes: bytes.clone() });
        }
    }

    fn on_private_stored(&mut self, sender: Sender, to: PersonId, from: PersonId, message: PrivateMessage) {
        self.private_ids.entry(to).or_default().on_stored(message.id);
        if from != to {
            self.news.marks.on_private(to, message.id, from);
        }
        self.answer(sender, None, &ToClient::Accepted { counter: sender.counter, id: message.id });
        let copy = encode(&ToClient::PrivateCopy(message.clone()));
        let bytes = encode(&ToClient::Private(message));
        let hears = |key: &SessionKey| self.sessions.get(*key).is_some_and(|session| session.hears_privates);
        let is_other =
            |key: &SessionKey| self.sessions.get(*key).is_some_and(|s| s.instance != sender.instance);
        let recipients = self.people.sessions(to).filter(hears).map(|session| (session, &bytes));
        let own = self.people.sessions(from).filter(|key| from != to && is_other(key));
        for (session, bytes) in recipients.chain(own.map(|session| (session, &copy))) {
            let bytes = bytes.clone();
            self.effects.push_back(Effect::Send { session, channel: PRIVATE_CHANNEL, bytes });
        }
    }

    /// The batch failed: its messages are rejected; what it knew of names and rooms goes with the next one.
    pub(super) fn on_failed(&mut self, now: Instant, batch: u64, reason: &str) {
        for Draft { sender, content } in self.batch.on_failed(now, batch) {
            let text = || format!("the server could not store this message: {reason}");
            let unstored = || Failure::new("storage-failed", text());
            let (room, failure, fault) = match content {
                Content::Post { room, .. } => {
                    self.rooms.ids_mut(room).map(Ids::on_failed);
                    (Some(room), unstored(), Fault::Ours)
                }
                Content::Private { to, .. } => {
                    self.private_ids.entry(to).or_default().on_failed();
                    (None, unstored(), Fault::Ours)
                }
                Content::Refusal { failure } => (None, failure, Fault::Theirs),
            };
            self.batch.touch(sender.instance);
            self.settle_rejected(sender, room, failure, fault);
        }
        self.happened(ChatHappening::StoreFailed { reason: reason.to_owned() });
    }

    fn settle_rejected(&mut self, sender: Sender, room: Option<RoomId>, failure: Failure, fault: Fault) {
        self.instances.reject(sender.instance, sender.counter, failure.clone(), fault);
        self.answer(sender, room, &ToClient::Rejected { counter: sender.counter, failure });
    }

    /// Answers a message where it came from, or else to the present session of its instance. If that is in
    /// no such room yet, it hears the answer when it sends the message again.
    fn answer(&mut self, sender: Sender, room: Option<RoomId>, message: &ToClient) {
        if self.sessions.get(sender.session).is_some() {
            return self.send(sender.session, sender.channel, message);
        }
        let Some(key) = self.instances.session(sender.instance) else { return };
        let channel = match room {
            None if sender.channel == PRIVATE_CHANNEL => Some(PRIVATE_CHANNEL),
            None => None,
            Some(room) => self.sessions.get(key).and_then(|session| session.channel(room)),
        };
        if let Some(channel) = channel {
            self.send(key, channel, message);
        }
    }

    /// The receipt of a message that came again.
    pub(super) fn on_receipt(&mut self, ticket: u64, id: Option<MessageId>) {
        let Some(Lookup::Receipt(sender)) = self.lookups.take(ticket) else { return };
        let Some(session) = self.sessions.get_mut(sender.session) else { return };
        session.on_looked_up(sender.counter);
        let counter = sender.counter;
        let unknown = || {
            let text = "this message was settled earlier, and was not stored or is no longer kept";
            ToClient::Rejected { counter, failure: Failure::new("not-kept", text) }
        };
        let answer = id.map_or_else(unknown, |id| ToClient::Accepted { counter, id });
        self.send(sender.session, sender.channel, &answer);
    }

    /// A look-up failed. A receipt stays open: the client asks again when it connects again.
    pub(super) fn on_unavailable(&mut self, now: Instant, ticket: u64, reason: String) {
        match self.lookups.take(ticket) {
            None => return,
            Some(Lookup::Earlier(wanted)) => self.on_earlier_unavailable(&wanted, &reason),
            Some(Lookup::Sweep) => self.sweeps.on_swept(now, false),
            Some(Lookup::Page(key)) => self.on_page_unavailable(key, ticket, &reason),
            Some(Lookup::Audit(key, request)) => self.on_audit_unavailable(key, request, &reason),
            Some(Lookup::Receipt(sender)) => {
                if let Some(session) = self.sessions.get_mut(sender.session) {
                    session.on_looked_up(sender.counter);
                }
            }
            Some(Lookup::Newcomer(key)) => self.on_unknown(now, key),
            Some(Lookup::Nick(key, request, _)) if self.sessions.get(key).is_some() => {
                let failure = Failure::new("server-busy", "the server cannot look that name up just now");
                self.tell(key, &ToClient::Failed { request, failure });
            }
            Some(Lookup::Nick(..)) => {}
        }
        self.happened(ChatHappening::StoreFailed { reason });
    }
}
