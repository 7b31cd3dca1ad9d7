//! How do the parts of a chat client work together?
//!
//! The five verbs, and what they all end in: [`advance`](ChatClient), which does whatever has become
//! possible, in this order:
//!
//! ```text
//!  close   a visit that is to end, and whose posts are all settled: Part (or, without a session, gone)
//!  ask     requests that wait, once the server has welcomed us
//!  open    a visit that is wanted and out: Join
//!  launch  what the last session left flying, then what waits, in the order in which it was typed, as far
//!          as the span of counters lets it
//! ```
//!
//! All but the first go as fast as the server's terms let them: [`pace`](super::pace). Posts follow their Join at once, without waiting for its answer: if the room turns out to be closed, the
//! server rejects each. So a first flight carries a join and the first messages. Requests wait for the
//! server's welcome, because a first flight may be replayed by an attacker, and a counter makes a message
//! immune to that, but nothing does so for `/nick`.
//!
//! A server that wants something proved first hears none of it; [`at_door`](super::at_door) says how it comes
//! about that nothing is lost or doubled then.

use super::at_door::AtDoor;
use super::courtesy::Courtesy;
use super::event::{LineNumber, UserEvent};
use super::myself::Myself;
use super::outbox::{Lane, Outbox, Said, Unaccepted};
use super::pace::Pace;
use super::requests::Requests;
use super::rooms::{Rooms, Stay, VisitId};
use super::shown::Shown;
use crate::chat::codec::{encode_greeting, encode_to_server};
use crate::chat::message::{
    CONTROL_CHANNEL, Failure, Greeting, Instance, MessageId, PRIVATE_CHANNEL, RequestId, ToServer,
};
use crate::chat::room_name::RoomName;
use crate::time::Instant;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// How many lines may be without their outcome; further ones are refused.
pub const OPEN_LINES_MAX: usize = 10_000;

/// Above every message that there is.
const FROM_NOW_ON: MessageId = MessageId(u64::MAX >> 2);

const AGENT: &str = concat!("sayagain/", env!("CARGO_PKG_VERSION"));

/// How a client deals with what was said before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// How many earlier messages to replay on joining a room for the first time.
    pub history: u32,
    /// And what this person has not seen on any terminal, if that is more?
    pub since_left: bool,
    /// Does the server hear what was shown, so that others see it and the next terminal goes on from there?
    pub tells_seen: bool,
}

/// Settings of a chat client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChatClientConfig {
    /// 128 random bits, made at this start.
    pub instance: Instance,
    /// The name wanted.
    pub name: String,
    /// The room to join at the start; empty for none.
    pub room: String,
    /// What was said before, and what of it was seen.
    pub reading: Reading,
}

/// Something typed and not yet accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pending<'a> {
    /// Which line.
    pub line: LineNumber,
    /// The room, or the person if it is private.
    pub target: &'a str,
    /// Is it private?
    pub private: bool,
    /// What it says.
    pub text: &'a str,
}

/// How far the present session is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Link {
    /// There is none.
    Down,
    /// It carries messages.
    Up,
    /// The server wants something proved first: it carries the proof, and nothing else is heard.
    Asked,
    /// The server has said who we are: it carries requests, too.
    Welcomed,
}

/// A whole chat client, without the session that carries it.
#[derive(Debug)]
pub struct ChatClient {
    pub(super) config: ChatClientConfig,
    pub(super) link: Link,
    pub(super) myself: Myself,
    pub(super) outbox: Outbox,
    pub(super) pace: Pace,
    pub(super) rooms: Rooms,
    pub(super) requests: Requests,
    pub(super) shown: Shown,
    pub(super) courtesy: Courtesy,
    pub(super) reply_to: Option<String>,
    pub(super) open_lines: BTreeSet<LineNumber>,
    /// Those that asked for the keys before the server had welcomed us.
    asked_for_keys: Vec<LineNumber>,
    pub(super) door: AtDoor,
    pub(super) sends: VecDeque<(u64, Arc<[u8]>)>,
    events: VecDeque<UserEvent>,
}

impl ChatClient {
    /// A client that wants to be in its first room and waits for a session.
    pub fn new(config: ChatClientConfig) -> Self {
        let mut client = Self {
            link: Link::Down,
            myself: Myself::new(&config.name),
            outbox: Outbox::default(),
            pace: Pace::new(Instant::ZERO),
            rooms: Rooms::default(),
            requests: Requests::default(),
            shown: Shown::default(),
            courtesy: Courtesy::default(),
            reply_to: None,
            open_lines: BTreeSet::new(),
            asked_for_keys: Vec::new(),
            door: AtDoor::default(),
            sends: VecDeque::new(),
            events: VecDeque::new(),
            config,
        };
        client.enter_first_room();
        client
    }

    fn enter_first_room(&mut self) {
        if self.config.room.is_empty() {
            return;
        }
        match RoomName::parse(&self.config.room) {
            Ok(room) => {
                let visit = self.rooms.enter(room.as_str());
                self.rooms.set_current(Some(visit));
            }
            Err(failure) => self.tell(UserEvent::Error { failure, line: None }),
        }
    }

    /// What the next handshake says of us.
    pub fn greeting(&self) -> Vec<u8> {
        encode_greeting(&Greeting {
            instance: self.config.instance,
            name: self.myself.name().to_owned(),
            private_since: self.private_since(),
            settled: self.outbox.settled_or_abandoned(),
            agent: AGENT.to_owned(),
        })
    }

    /// After which private message the server is to replay. A new terminal of somebody who does not ask for
    /// what came since they left begins with what comes from now on.
    fn private_since(&self) -> Option<MessageId> {
        let from_now_on = (!self.config.reading.since_left).then_some(FROM_NOW_ON);
        self.shown.private_since().or(from_now_on)
    }

    /// A new session: joins again, and sends again what the last one left open. To be called as soon as
    /// messages can be sent, which may be before the server has answered.
    pub fn handle_connected(&mut self, now: Instant) {
        self.handle_disconnected(now, "");
        self.link = Link::Up;
        self.pace.on_connected(now);
        self.shown.on_connected();
        self.outbox.on_greeted(self.outbox.settled_or_abandoned());
        self.advance(now);
    }

    /// The session is gone; what it left open waits for the next. Emits nothing but what is owed to a `/part`
    /// that was under way, and to what a moderator did.
    pub fn handle_disconnected(&mut self, now: Instant, _reason: &str) {
        self.link = Link::Down;
        self.door = AtDoor::default();
        self.sends.clear();
        self.outbox.ground();
        self.rooms.on_disconnected();
        for line in self.requests.on_disconnected() {
            let text =
                "the connection broke before the server answered: look whether it was done (/audit, /bans)";
            self.fail(line, Failure::new("not-known", text));
        }
        self.advance(now);
    }

    /// Gives up, aloud, what nobody accepted for twelve hours.
    pub fn handle_timeout(&mut self, now: Instant) {
        for entry in self.outbox.expire(now) {
            let text =
                "nobody accepted this for twelve hours, so it is given up: type it again if it still matters";
            self.fail(entry.line, Failure::new("gave-up", text));
        }
        self.advance(now);
    }

    /// When [`ChatClient::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let parts = [self.outbox.gives_up_at(), self.pace.poll_timeout(), self.courtesy.poll_timeout()];
        parts.into_iter().flatten().min()
    }

    /// The next message for the present session: its channel and its bytes.
    pub fn poll_send(&mut self) -> Option<(u64, Arc<[u8]>)> {
        self.sends.pop_front()
    }

    /// The next thing to show.
    pub fn poll_event(&mut self) -> Option<UserEvent> {
        self.events.pop_front()
    }

    /// What was typed and is not accepted, oldest first.
    pub fn pending(&self) -> impl Iterator<Item = Pending<'_>> {
        self.outbox.iter().map(|entry| match &entry.said {
            Said::Post { visit, text, .. } => {
                let target = self.rooms.get(*visit).map_or("", |visit| &visit.room);
                Pending { line: entry.line, target, private: false, text }
            }
            Said::Private { to, text } => Pending { line: entry.line, target: to, private: true, text },
        })
    }

    /// How many lines are without their outcome.
    pub fn unsettled_lines(&self) -> usize {
        self.open_lines.len()
    }

    /// May one more line be taken from a pipe, or would it only wait here?
    pub fn takes_lines(&self) -> bool {
        self.open_lines.len() < self.pace.lines_ahead()
    }

    /// The lines without their outcome, in order.
    pub fn unsettled(&self) -> impl Iterator<Item = LineNumber> {
        self.open_lines.iter().copied()
    }

    /// The room that text goes to.
    pub fn current_room(&self) -> Option<&str> {
        let visit = self.rooms.get(self.rooms.current()?)?;
        Some(&visit.room)
    }

    /// Are we in this room in the present session? `None` if we do not want to be.
    pub fn standing(&self, room: &str) -> Option<bool> {
        let visit = self.rooms.get(self.rooms.wanted(room)?)?;
        Some(visit.stay == Stay::In)
    }

    /// The other people in a room we are in, by name, as far as the server told.
    pub fn members(&self, room: &str) -> impl Iterator<Item = &str> {
        let visit = self.rooms.wanted(room).and_then(|id| self.rooms.get(id));
        visit.into_iter().flat_map(|visit| visit.members.iter().map(String::as_str))
    }

    /// One's own name, as the server spells it.
    pub fn name(&self) -> &str {
        self.myself.name()
    }

    pub(super) fn advance(&mut self, now: Instant) {
        self.close_visits();
        self.pace.on_nothing_waits();
        if self.link == Link::Welcomed {
            self.ask_waiting(now);
        }
        if matches!(self.link, Link::Up | Link::Welcomed) {
            self.open_visits(now);
            self.launch(now);
        }
        self.tell_seen(now);
    }

    fn close_visits(&mut self) {
        let leaving: Vec<VisitId> =
            self.rooms.iter().filter(|(_, visit)| visit.leaving).map(|(id, _)| id).collect();
        for id in leaving {
            if !self.outbox.holds(Lane::Visit(id)) {
                self.close_visit(id);
            }
        }
    }

    fn close_visit(&mut self, id: VisitId) {
        let Some(visit) = self.rooms.get_mut(id) else { return };
        match visit.stay {
            Stay::In => {
                visit.stay = Stay::Parting;
                let channel = visit.channel.unwrap_or_default();
                self.send_free(channel, &ToServer::Part);
            }
            // Nobody knows of it yet, or the session took it along: it needs no Part.
            Stay::Out if visit.join_lines.is_empty() => self.finish_visit(id),
            Stay::Over => self.finish_visit(id),
            Stay::Out | Stay::Joining | Stay::Parting => {}
        }
    }

    /// The visit is gone, and that is told if it was not yet.
    pub(super) fn finish_visit(&mut self, id: VisitId) {
        if let Some(visit) = self.rooms.get(id)
            && !visit.told_over
        {
            let (room, line) = (visit.room.clone(), visit.part_line);
            let name = self.myself.name().to_owned();
            self.tell(UserEvent::Left { room, name, own: true, line });
        }
        self.rooms.remove(id);
    }

    fn ask_waiting(&mut self, now: Instant) {
        while let Some(next) = self.requests.next_waiting(|message| self.may_ask(message))
            && self.pace.may_send(now)
            && let Some(message) = self.requests.take(next).cloned()
        {
            self.send(CONTROL_CHANNEL, &message);
        }
    }

    fn open_visits(&mut self, now: Instant) {
        for id in self.rooms.to_open() {
            if !self.pace.may_send(now) {
                return;
            }
            let channel = self.rooms.open(id);
            let Some(visit) = self.rooms.get(id) else { continue };
            let room = visit.room.clone();
            let since = self.shown.since(&room);
            let Reading { history, since_left, .. } = self.config.reading;
            self.send(channel, &ToServer::Join { room, since, history, since_left });
        }
    }

    fn launch(&mut self, now: Instant) {
        let rooms = &self.rooms;
        let channel_of = |lane| match lane {
            Lane::Private => Some(PRIVATE_CHANNEL),
            Lane::Visit(id) => rooms.get(id).filter(|visit| takes_posts(visit.stay))?.channel,
        };
        while self.outbox.may_launch(|lane| channel_of(lane).is_some()) && self.pace.may_send(now) {
            let Some((lane, message)) = self.outbox.launch(|lane| channel_of(lane).is_some()) else { break };
            let channel = channel_of(lane).unwrap_or_default();
            self.pace.on_sent();
            self.door.begin(channel, &mut self.sends);
            self.sends.push_back((channel, encode_to_server(&message).into()));
        }
    }

    pub(super) fn say(&mut self, now: Instant, line: LineNumber, said: Said) {
        self.outbox.push(Unaccepted { line, typed_at: now, said });
    }

    /// Asks as soon as the server has welcomed us and its terms let us.
    pub(super) fn ask(&mut self, line: Option<LineNumber>, ask: impl FnOnce(RequestId) -> ToServer) {
        self.requests.push(line, ask);
    }

    /// The keys are told now, or as soon as the server has welcomed us, since it proves its own before.
    pub(super) fn ask_for_keys(&mut self, line: LineNumber) {
        self.asked_for_keys.push(line);
        self.tell_asked_for_keys();
    }

    pub(super) fn tell_asked_for_keys(&mut self) {
        if self.link == Link::Welcomed {
            for line in std::mem::take(&mut self.asked_for_keys) {
                self.tell(UserEvent::FingerprintsAsked { line });
            }
        }
    }

    /// Sends what counts.
    pub(super) fn send(&mut self, channel: u64, message: &ToServer) {
        self.pace.on_sent();
        self.send_free(channel, message);
    }

    /// Sends what costs nothing at the server.
    pub(super) fn send_free(&mut self, channel: u64, message: &ToServer) {
        self.door.begin(channel, &mut self.sends);
        self.sends.push_back((channel, encode_to_server(message).into()));
    }

    /// Shows this; but a line that has its outcome gets no second one.
    pub(super) fn tell(&mut self, event: UserEvent) {
        if event.line().is_none_or(|line| self.open_lines.remove(&line)) {
            self.events.push_back(event);
        }
    }

    pub(super) fn fail(&mut self, line: LineNumber, failure: Failure) {
        self.tell(UserEvent::Error { failure, line: Some(line) });
    }

    /// Text goes elsewhere, if it went to this visit.
    pub(super) fn leave_current(&mut self, id: VisitId) {
        if self.rooms.current() == Some(id) {
            self.go_to(self.rooms.fallback());
        }
    }

    /// Text goes there from now on.
    pub(super) fn go_to(&mut self, visit: Option<VisitId>) {
        if self.rooms.set_current(visit) {
            let room = self.current_room().map(str::to_owned);
            self.tell(UserEvent::CurrentRoom { room });
        }
    }
}

fn takes_posts(stay: Stay) -> bool {
    matches!(stay, Stay::Joining | Stay::In)
}
