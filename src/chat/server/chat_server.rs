//! What does the chat server do with what happens to it?

use super::accounts::Accounts;
use super::batch::Batch;
use super::comings::Comings;
use super::config::ChatConfig;
use super::door::{Door, DoorConfig};
use super::effect::{ChatHappening, Effect, Peer, SessionKey, close_code};
use super::enter::Wanted;
use super::ids::Ids;
use super::instances::Instances;
use super::lookups::Lookups;
use super::marks::Marks;
use super::measures::Measures;
use super::people::People;
use super::presence_news::PresenceNews;
use super::replay::Replays;
use super::rooms::Rooms;
use super::sessions::Sessions;
use super::slow_mode::SlowMode;
use super::sweeps::Sweeps;
use super::wrong_proofs::WrongProofs;
use crate::chat::codec::{decode_to_server, encode_to_client};
use crate::chat::message::{
    CONTROL_CHANNEL, PRIVATE_CHANNEL, PersonId, Role, ToClient, ToServer, is_room_channel,
};
use crate::store::{Snapshot, StoreReply};
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Is the server taking anything?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Yes.
    Open,
    /// No: it waits for the store, then says goodbye.
    Settling,
    /// No: everybody was told.
    Down,
}

/// What waits to be told to many.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) comings: Comings,
    pub(super) presence: PresenceNews,
    pub(super) marks: Marks,
}

/// What keeps order: who may come in, and who may speak.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) door: Door,
    pub(super) wrong_proofs: WrongProofs,
    pub(super) measures: Measures,
    /// Everybody whom an owner made more than a member.
    pub(super) roles: BTreeMap<PersonId, Role>,
    pub(super) slow_mode: SlowMode,
}

/// The whole chat of a server, without sockets, clock or disk.
///
/// Mutate once, drain [`ChatServer::poll_effect`] until it says `None`, ask [`ChatServer::poll_timeout`],
/// sleep.
#[derive(Debug)]
pub struct ChatServer {
    pub(super) config: ChatConfig,
    pub(super) accounts: Accounts,
    pub(super) instances: Instances,
    pub(super) people: People,
    pub(super) sessions: Sessions,
    pub(super) rooms: Rooms,
    /// The message numbers of each recipient of private messages.
    pub(super) private_ids: BTreeMap<PersonId, Ids>,
    pub(super) batch: Batch,
    pub(super) news: News,
    pub(super) order: Order,
    pub(super) replays: Replays,
    pub(super) lookups: Lookups,
    pub(super) effects: VecDeque<Effect>,
    pub(super) stage: Stage,
    pub(super) sweeps: Sweeps,
}

impl ChatServer {
    /// A server that goes on where the store left off.
    pub fn new(config: ChatConfig, snapshot: Snapshot) -> Self {
        let limits = config.limits;
        let sweeps = Sweeps::new(config.keep);
        let order = Order {
            door: Door::default(),
            wrong_proofs: WrongProofs::default(),
            measures: Measures::new(snapshot.measures),
            roles: snapshot.roles.into_iter().collect(),
            slow_mode: SlowMode::default(),
        };
        let private_ids = snapshot.privates.into_iter().map(|(person, last)| (person, Ids::after(last)));
        Self {
            config,
            accounts: Accounts::new(limits, snapshot.accounts, snapshot.aliases),
            instances: Instances::new(limits.instances, snapshot.instances),
            people: People::default(),
            sessions: Sessions::default(),
            rooms: Rooms::new(snapshot.rooms),
            private_ids: private_ids.collect(),
            batch: Batch::new(limits),
            news: News { marks: Marks::new(snapshot.marks), ..News::default() },
            order,
            replays: Replays::default(),
            lookups: Lookups::default(),
            effects: VecDeque::new(),
            stage: Stage::Open,
            sweeps,
        }
    }

    /// With this door, in place of one that is open to everybody.
    #[must_use]
    pub fn with_door(mut self, config: DoorConfig) -> Self {
        self.order.door = Door::new(config);
        self
    }

    /// A session is up; `greeting` is what the client said of itself in the handshake. `session` was never
    /// used before.
    pub fn handle_connected(&mut self, now: Instant, session: SessionKey, peer: Peer, greeting: &[u8]) {
        self.knock(now, session, peer, greeting);
        self.finish(now);
    }

    /// A message arrived. One that cannot be read, or that does not belong on its channel, ends the session.
    pub fn handle_message(&mut self, now: Instant, session: SessionKey, channel: u64, bytes: &[u8]) {
        if self.stage != Stage::Open {
            return;
        }
        self.hear(now, session, channel, bytes);
        self.finish(now);
    }

    pub(super) fn hear(&mut self, now: Instant, session: SessionKey, channel: u64, bytes: &[u8]) {
        if self.sessions.get(session).is_none() {
            return self.hear_at_door(now, session, channel, bytes);
        }
        let message = decode_to_server(bytes).map_err(|malformed| malformed.0);
        if let Err(rule) = message.and_then(|message| self.route(now, session, channel, message)) {
            self.close(now, session, close_code::PROTOCOL, &format!("broke the protocol: {rule}"));
        }
    }

    fn route(
        &mut self,
        now: Instant,
        key: SessionKey,
        channel: u64,
        message: ToServer,
    ) -> Result<(), &'static str> {
        check_channel(&message, channel)?;
        let entrance = self.sessions.get_mut(key).map(|session| &mut session.entrance);
        match (entrance, &message) {
            (Some(entrance), ToServer::Anew) => return entrance.begin(channel),
            (Some(entrance), _) if !entrance.hears(channel) => return Ok(()),
            _ => {}
        }
        let Some(message) = self.paced(now, key, channel, message) else { return Ok(()) };
        match message {
            ToServer::Nick { request, name } => self.ask_for_name(now, key, request, &name),
            ToServer::Who { request, room } => self.who(key, request, room.as_deref()),
            ToServer::Whois { request, name } => self.whois(now, key, request, &name),
            ToServer::Rooms { request } => self.list_rooms(key, request),
            ToServer::Away { request, text } => self.set_away(key, request, text),
            ToServer::Moderate { request, act } => self.moderate(now, key, request, &act),
            ToServer::Measures { request } => self.list_measures(now, key, request),
            ToServer::Audit { request, count } => self.audit(key, request, count),
            ToServer::Earlier { request, room, before, count } => {
                self.earlier(key, request, &room, before, count);
            }
            ToServer::Private { counter, to, text } => return self.private(now, key, counter, &to, &text),
            ToServer::Join { room, since, history, since_left } => {
                return self.join(now, key, channel, &room, Wanted { since, history, since_left });
            }
            ToServer::Part => self.part(now, key, channel),
            ToServer::Post { counter, kind, text } => {
                return self.post(now, key, channel, counter, kind, &text);
            }
            ToServer::Seen { through } => self.on_seen(now, key, channel, through),
            ToServer::Typing { to } => self.on_typing(now, key, channel, to.as_deref()),
            ToServer::Prove { .. } | ToServer::Anew => return Err("nothing was asked"),
        }
        Ok(())
    }

    /// A session went silent, or is back.
    pub fn handle_liveness(&mut self, now: Instant, session: SessionKey, lost: bool) {
        self.hear_liveness(session, lost);
        self.finish(now);
    }

    /// A session goes on from this address.
    pub fn handle_roamed(&mut self, now: Instant, session: SessionKey, address: &str) {
        self.move_to(now, session, address);
        self.finish(now);
    }

    /// A session's round-trip time, as `/whois` shows it.
    pub fn handle_rtt(&mut self, session: SessionKey, rtt: Duration) {
        if let Some(session) = self.sessions.get_mut(session) {
            session.rtt = Some(rtt);
        }
    }

    /// A session is over, for this reason. Nothing for one that the chat closed itself.
    pub fn handle_closed(&mut self, now: Instant, session: SessionKey, reason: &str) {
        if self.stage != Stage::Down {
            self.order.door.remove(session);
            self.forget(now, session, reason, None);
            self.finish(now);
        }
    }

    /// The store answers. An answer to nothing that was asked changes nothing.
    pub fn handle_stored(&mut self, now: Instant, reply: StoreReply) {
        match reply {
            StoreReply::Committed { batch } => self.on_committed(now, batch),
            StoreReply::Failed { batch, reason } => self.on_failed(now, batch, &reason),
            StoreReply::Messages { ticket, messages } => self.on_room_messages(ticket, messages),
            StoreReply::Privates { ticket, messages } => self.on_privates(ticket, messages),
            StoreReply::Receipt { ticket, id } => self.on_receipt(ticket, id),
            StoreReply::Audit { ticket, entries } => self.on_audit(ticket, entries),
            StoreReply::Swept { ticket, more } => self.on_swept(now, ticket, more),
            StoreReply::Member { ticket, member } => self.on_member(now, ticket, member),
            StoreReply::Token { ticket, standing } => self.on_token(now, ticket, standing),
            StoreReply::Unavailable { ticket, reason } => self.on_unavailable(now, ticket, reason),
        }
        self.finish(now);
    }

    /// What was sent to this session has left its queue, or nearly: a replay may go on. To be called once
    /// after each time that the queue has held something and is low again, however little it held.
    pub fn handle_drained(&mut self, now: Instant, session: SessionKey) {
        self.replays.on_drained(session);
        self.step_replay(session);
        self.finish(now);
    }

    /// A moment that [`ChatServer::poll_timeout`] named has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((room, person)) = self.rooms.expired(now) {
            self.rooms.remove(room, person);
            self.news.comings.add(now, room, person, self.accounts.name(person), false);
        }
        self.turn_away_overdue(now);
        self.sweep_store(now);
        if self.sweeps.take_memory_due(now) {
            self.accounts.forget(self.unix_ms(now));
            self.instances.forget(now);
            self.order.measures.forget(self.unix_ms(now));
        }
        self.finish(now);
    }

    /// Takes nothing more, waits for the batch under way and what waits behind it, then tells and closes
    /// every session.
    pub fn shutdown(&mut self, now: Instant) {
        if self.stage == Stage::Open {
            self.stage = Stage::Settling;
            let marks = self.news.marks.take_unsaved();
            self.batch.add_facts(marks);
            self.finish(now);
        }
    }

    /// Has [`ChatServer::shutdown`] come to its end, so that all is stored and every session closed?
    pub fn is_down(&self) -> bool {
        self.stage == Stage::Down
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`ChatServer::handle_timeout`] is to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.stage == Stage::Down {
            return None;
        }
        let parts = [
            self.batch.poll_timeout(),
            self.news.comings.poll_timeout(),
            self.news.presence.poll_timeout(),
            self.news.marks.poll_timeout(),
            self.rooms.poll_timeout(),
            self.order.door.poll_timeout(),
            self.sweeps.poll_timeout(),
        ];
        parts.into_iter().flatten().min()
    }

    /// The end of every verb: what has gathered goes out.
    fn finish(&mut self, now: Instant) {
        if self.stage == Stage::Down {
            return;
        }
        self.tell_seen(now);
        self.emit_batch(now);
        let due = self.news.comings.take_due(now);
        self.tell_comings(&due);
        self.tell_presence(now);
        if self.stage == Stage::Settling && self.batch.is_settled() {
            self.say_goodbye();
        }
        let may_be_over =
            self.accounts.has_aliases() || !self.instances.is_empty() || !self.order.measures.is_empty();
        if may_be_over {
            self.sweeps.on_memory_used(now);
        }
    }

    /// Milliseconds since 1970.
    pub(super) fn unix_ms(&self, now: Instant) -> u64 {
        self.config.unix_ms_at_zero.saturating_add(now.as_micros() / 1_000)
    }

    /// Sends one message to one session.
    pub(super) fn send(&mut self, session: SessionKey, channel: u64, message: &ToClient) {
        let bytes = encode(message);
        self.effects.push_back(Effect::Send { session, channel, bytes });
    }

    /// Sends on the control channel.
    pub(super) fn tell(&mut self, session: SessionKey, message: &ToClient) {
        self.send(session, CONTROL_CHANNEL, message);
    }

    /// For the log.
    pub(super) fn happened(&mut self, happening: ChatHappening) {
        self.effects.push_back(Effect::Happened(happening));
    }
}

/// The bytes of a message, to be shared by all who get it.
pub(super) fn encode(message: &ToClient) -> Arc<[u8]> {
    encode_to_client(message).into()
}

fn check_channel(message: &ToServer, channel: u64) -> Result<(), &'static str> {
    let belongs = match message {
        ToServer::Nick { .. }
        | ToServer::Who { .. }
        | ToServer::Whois { .. }
        | ToServer::Rooms { .. }
        | ToServer::Away { .. }
        | ToServer::Moderate { .. }
        | ToServer::Measures { .. }
        | ToServer::Audit { .. }
        | ToServer::Earlier { .. }
        | ToServer::Prove { .. } => channel == CONTROL_CHANNEL,
        ToServer::Anew | ToServer::Seen { .. } | ToServer::Typing { .. } => {
            channel == PRIVATE_CHANNEL || is_room_channel(channel)
        }
        ToServer::Private { .. } => channel == PRIVATE_CHANNEL,
        ToServer::Join { .. } | ToServer::Part | ToServer::Post { .. } => is_room_channel(channel),
    };
    if belongs { Ok(()) } else { Err("this message does not belong on this channel") }
}
