//! How does a server tell a thousand clients' datagrams apart, and what does it do for strangers?
//!
//! By the connection id at the front of each datagram. A stranger's HELLO is answered from almost no
//! memory (see [`half_open`](super::handshake::half_open)), and under a flood from none; everything else of
//! a stranger's is answered with a RESET or not at all.
//!
//! ```text
//!   datagram ─┬─ id known ──────────▶ connection
//!             ├─ HELLO ──────────────▶ VERSIONS │ REFUSE │ RETRY │ half-open + WELCOME │ connection
//!             ├─ FINISH, half-open ──▶ connection
//!             └─ data, id unknown ───▶ RESET
//! ```
//!
//! - `alarms`: who is to be woken first
//! - `strangers`: from a first datagram to a session
//! - `answers`: what is said to who has none

mod alarms;
mod answers;
mod strangers;
#[cfg(test)]
mod tests;

pub use answers::TurnedAway;

use super::config::TransportConfig;
use super::connection::Connection;
use super::connection::footprint::Footprint;
use super::handshake::cookie::CookieJar;
use super::handshake::effort::Effort;
use super::handshake::first_flight::FirstFlights;
use super::handshake::half_open::HalfOpenTable;
use super::path::Path;
use super::redundancy::allowance::CopyBudget;
use super::session::{ChannelId, CloseCode, Payload, SendError, SessionEvent, SessionStats};
use crate::crypto::mac::MacKey;
use crate::crypto::{Identity, PublicKey};
use crate::rng::Rng;
use crate::time::Instant;
use crate::trace::{DropReason, TraceEvent, Tracer};
use crate::wire::datagram::{self, ConnectionId, Handshake, HandshakePart, VERSION};
use alarms::{Alarms, Seat, sooner};
use answers::{Answers, Asker};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use strangers::Hello;

/// What a server is.
pub struct ServerSetup {
    /// Settings of every connection.
    pub config: TransportConfig,
    /// The server's key.
    pub identity: Arc<Identity>,
    /// What it says of itself.
    pub greeting: Vec<u8>,
    /// Sessions at once, at most.
    pub max_sessions: usize,
}

struct Session {
    connection: Connection,
    /// Its client's own id and the address it came from: the key in `by_client`.
    client: (SocketAddr, ConnectionId),
    /// When it is to be woken, as it stands in `alarms`, and where.
    wake: Option<Instant>,
    seat: Seat,
    /// Is it in `active`?
    active: bool,
    /// Until when its client has to show that it has the keys; `None` once it did, or need not.
    unproven: Option<Instant>,
    /// Whose it is, and the stamp of its HELLO: stored once it is proven. None in the clear.
    stamp: Option<(PublicKey, u64)>,
}

impl Session {
    /// Something happened to it: what it tells is collected, and it gets a turn to send.
    fn touch(
        &mut self,
        now: Instant,
        id: ConnectionId,
        events: &mut VecDeque<(ConnectionId, SessionEvent)>,
        active: &mut VecDeque<ConnectionId>,
    ) {
        while let Some(event) = self.connection.poll_event(now) {
            events.push_back((id, event));
        }
        self.line_up(id, active);
    }

    /// It gets a turn to send.
    fn line_up(&mut self, id: ConnectionId, active: &mut VecDeque<ConnectionId>) {
        if !std::mem::replace(&mut self.active, true) {
            active.push_back(id);
        }
    }

    /// It has nothing more to send: its alarm is set, unless it is over.
    fn settle(&mut self, id: ConnectionId, alarms: &mut Alarms) {
        let wake = self.connection.poll_timeout().map(|(at, _)| at);
        let wake = sooner(wake, self.unproven).filter(|_| !self.connection.is_over());
        if wake != self.wake {
            self.wake = wake;
            alarms.set(self.seat, wake.map(|at| (at, id)));
        }
    }
}

/// Our own ids are random already, and nobody else chooses them: they are their own hash.
#[derive(Clone, Copy, Default, Debug)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}

/// All of a server's connections.
pub struct Endpoint {
    setup: ServerSetup,
    sessions: HashMap<ConnectionId, Session, BuildHasherDefault<IdHasher>>,
    /// Sessions by their client's own id and address, while a HELLO of theirs may still come.
    by_client: HashMap<(SocketAddr, ConnectionId), ConnectionId>,
    half_open: HalfOpenTable,
    first_flights: FirstFlights,
    cookies: CookieJar,
    effort: Effort,
    answers: Answers,
    /// Sessions that may have something to send or to tell, in the order in which they take turns.
    active: VecDeque<ConnectionId>,
    alarms: Alarms,
    events: VecDeque<(ConnectionId, SessionEvent)>,
    copies: CopyBudget,
    rng: Rng,
    tracer: Tracer,
    /// The datagram that left last understands marks.
    is_ect: bool,
}

impl Endpoint {
    /// No session yet.
    pub fn new(setup: ServerSetup, mut rng: Rng, tracer: Tracer) -> Self {
        // Only this server's key can make it, and a restart does not change it: so a client of the server's
        // former life is told at once that its session is gone.
        let reset_key = MacKey::new(*setup.identity.secret()).tag(&[b"sayagain reset key"]);
        let mut reset_secret = [0; 32];
        reset_secret[..16].copy_from_slice(&reset_key);
        let effort = Effort::new(&MacKey::new(*setup.identity.secret()));
        Self {
            setup,
            sessions: HashMap::default(),
            by_client: HashMap::new(),
            half_open: HalfOpenTable::default(),
            first_flights: FirstFlights::default(),
            cookies: CookieJar::new(rng.bytes()),
            effort,
            answers: Answers::new(reset_secret),
            active: VecDeque::new(),
            alarms: Alarms::default(),
            events: VecDeque::new(),
            copies: CopyBudget::default(),
            rng,
            tracer,
            is_ect: false,
        }
    }

    /// A datagram arrived.
    pub fn handle_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]) {
        if !datagram::is_handshake(datagram) {
            return self.handle_data(now, path, datagram, false);
        }
        let Ok(part) = datagram::read_handshake(datagram) else {
            return self.dropped(now, datagram.len(), DropReason::Malformed);
        };
        let (destination, len) = (part.destination, part.len);
        let asker = Asker { path, client: part.source, asked: datagram.len() };
        match part.content {
            None => {
                if self.answers.may_be_free(now) {
                    self.answers.put(
                        asker,
                        ConnectionId(0),
                        &Handshake::Versions { versions: vec![VERSION] },
                    );
                }
            }
            Some(Handshake::Hello { pattern, token, noise }) => {
                self.handle_hello(now, asker, Hello { pattern, token, noise });
            }
            Some(Handshake::Finish { noise }) => {
                self.heard(now, destination, "FINISH", len);
                if !self.sessions.contains_key(&destination) {
                    self.handle_finish(now, path, destination, noise, datagram.len());
                }
                if self.sessions.contains_key(&destination) {
                    self.handle_data(now, path, &mut datagram[len..], false);
                }
            }
            Some(_) => self.dropped(now, datagram.len(), DropReason::Unexpected),
        }
    }

    /// A datagram arrived that a queue has marked (CE, RFC 3168 §5). What has a handshake in it never asks for
    /// marks, so there it means nothing.
    pub fn handle_marked_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]) {
        if datagram::is_handshake(datagram) {
            return self.handle_datagram(now, path, datagram);
        }
        self.handle_data(now, path, datagram, true);
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.half_open.handle_timeout(now);
        while let Some((_, id)) = self.alarms.first().filter(|(at, _)| *at <= now) {
            // Whoever has a seat is there.
            let Some(session) = self.sessions.get_mut(&id) else { return };
            session.wake = None;
            self.alarms.set(session.seat, None);
            session.connection.handle_timeout(now);
            if session.unproven.is_some_and(|until| until <= now) {
                session.connection.give_up_handshake(now);
            }
            session.touch(now, id, &mut self.events, &mut self.active);
        }
    }

    /// When to wake it.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let session = self.alarms.first().map(|(at, _)| at);
        sooner(session, self.half_open.poll_timeout())
    }

    /// Writes the next datagram into `buffer`, which is emptied first, and says where it goes.
    pub fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Path> {
        if let Some((path, reply)) = self.answers.poll() {
            buffer.clear();
            buffer.extend_from_slice(&reply);
            self.said(now, buffer);
            self.is_ect = false;
            return Some(path);
        }
        while let Some(id) = self.active.pop_front() {
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            session.active = false;
            session.connection.hold_copies(!self.copies.is_left(now));
            let before = session.connection.copies_sent();
            if let Some(path) = session.connection.poll_transmit(now, buffer) {
                self.copies.spend(session.connection.copies_sent() - before);
                self.is_ect = session.connection.is_ect();
                // What leaves tells nothing.
                session.line_up(id, &mut self.active);
                return Some(path);
            }
            session.settle(id, &mut self.alarms);
            if session.connection.is_over() {
                self.forget(id);
            }
        }
        None
    }

    /// May the datagram that `poll_transmit` has just given say that it understands marks, ECT(0) of RFC 3168 §5?
    pub const fn is_ect(&self) -> bool {
        self.is_ect
    }

    /// The next fact about a session.
    pub fn poll_event(&mut self) -> Option<(ConnectionId, SessionEvent)> {
        self.events.pop_front()
    }

    /// Takes the buffer of a session's message back: see
    /// [`Connection::recycle`](super::connection::Connection::recycle).
    pub fn recycle(&mut self, id: ConnectionId, buffer: Vec<u8>) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.connection.recycle(buffer);
        }
    }

    /// The next handshake that was turned away.
    pub fn poll_turned_away(&mut self) -> Option<TurnedAway> {
        self.answers.poll_turned_away()
    }

    /// Queues a message for a session.
    pub fn send(
        &mut self,
        now: Instant,
        id: ConnectionId,
        channel: ChannelId,
        payload: Payload,
    ) -> Result<(), SendError> {
        let session = self.sessions.get_mut(&id).ok_or(SendError::Closed)?;
        let sent = session.connection.send(channel, payload);
        session.touch(now, id, &mut self.events, &mut self.active);
        sent
    }

    /// Queues a message that is worth nothing from `deadline` on: see
    /// [`Connection::send_until`](super::connection::Connection::send_until).
    pub fn send_until(
        &mut self,
        now: Instant,
        id: ConnectionId,
        channel: ChannelId,
        payload: Payload,
        deadline: Instant,
    ) -> Result<(), SendError> {
        let session = self.sessions.get_mut(&id).ok_or(SendError::Closed)?;
        let sent = session.connection.send_until(channel, payload, deadline);
        self.touch(now, id);
        sent
    }

    /// Closes a session.
    pub fn close(&mut self, now: Instant, id: ConnectionId, code: CloseCode, text: &str) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.connection.close(now, code, text);
            self.touch(now, id);
        }
    }

    /// The cost of what is queued for a session and not acknowledged; 0 if it is gone.
    pub fn queued(&self, id: ConnectionId) -> u64 {
        self.sessions.get(&id).map_or(0, |session| session.connection.queued())
    }

    /// Has a session's client shown that it has the session's keys?
    pub fn is_proven(&self, id: ConnectionId) -> bool {
        self.sessions.get(&id).is_some_and(|session| session.connection.is_proven())
    }

    /// Where a session's client is.
    pub fn path(&self, id: ConnectionId) -> Option<Path> {
        self.sessions.get(&id).map(|session| session.connection.path())
    }

    /// What a session has measured.
    pub fn stats(&self, id: ConnectionId) -> Option<SessionStats> {
        self.sessions.get(&id).map(|session| session.connection.stats())
    }

    /// What a session remembers.
    pub fn footprint(&self, id: ConnectionId) -> Option<Footprint> {
        self.sessions.get(&id).map(|session| session.connection.footprint())
    }

    /// A client of this key is taken to have been here with this stamp (µs since 1970) and to have proven it:
    /// what is said of a server that goes on from another's memory, or is played in a laboratory.
    pub fn on_met(&mut self, key: PublicKey, stamp_us: u64) {
        self.first_flights.on_proven(key, stamp_us, stamp_us);
    }

    /// From now on it may have so many sessions; those that it has beyond that stay.
    pub const fn set_max_sessions(&mut self, max: usize) {
        self.setup.max_sessions = max;
    }

    /// How many sessions there are, those that are closing included.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// No session?
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// All sessions' silences are measured with clocks slower by this factor from now on.
    pub fn stretch(&mut self, now: Instant, factor: u32) {
        let ids: BTreeSet<ConnectionId> = self.sessions.keys().copied().collect();
        ids.into_iter().for_each(|id| self.stretch_one(now, id, factor));
    }

    /// One session's silence is.
    pub fn stretch_one(&mut self, now: Instant, id: ConnectionId, factor: u32) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.connection.stretch(factor);
            self.touch(now, id);
        }
    }

    fn handle_data(&mut self, now: Instant, path: Path, packet: &mut [u8], is_marked: bool) {
        let Ok(id) = datagram::read_destination(packet) else {
            if !packet.is_empty() {
                self.dropped(now, packet.len(), DropReason::Malformed);
            }
            return;
        };
        let Some(session) = self.sessions.get_mut(&id) else {
            self.dropped(now, packet.len(), DropReason::Misaddressed);
            if self.half_open.get(id).is_none() {
                self.answers.put_reset(now, path, id, packet.len());
            }
            return;
        };
        if is_marked {
            session.connection.handle_marked_datagram(now, path, packet);
        } else {
            session.connection.handle_datagram(now, path, packet);
        }
        if session.unproven.is_some() && session.connection.is_proven() {
            session.unproven = None;
            let address = session.client.0.ip();
            self.half_open.unproven().on_ended(address);
            if let Some((key, stamp_us)) = session.stamp {
                let now_us = self.setup.config.unix_us(now);
                self.first_flights.on_proven(key, stamp_us, now_us);
            }
        }
        session.touch(now, id, &mut self.events, &mut self.active);
    }

    /// Something happened to this session: collect what it tells, and give it its turn to send; its timer
    /// is set anew when it is done.
    fn touch(&mut self, now: Instant, id: ConnectionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.touch(now, id, &mut self.events, &mut self.active);
        }
    }

    fn forget(&mut self, id: ConnectionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.alarms.leave(session.seat);
        if session.unproven.is_some() {
            self.half_open.unproven().on_ended(session.client.0.ip());
        }
        if self.by_client.get(&session.client) == Some(&id) {
            self.by_client.remove(&session.client);
        }
    }

    fn heard(&self, now: Instant, id: ConnectionId, kind: &'static str, bytes: usize) {
        self.tracer.emit(now, id.0, || TraceEvent::HandshakeReceived { kind, bytes });
    }

    fn said(&self, now: Instant, reply: &[u8]) {
        if let Ok(HandshakePart { source, content: Some(content), len, .. }) = datagram::read_handshake(reply)
        {
            let (kind, bytes) = (content.kind(), len);
            self.tracer.emit(now, source.0, || TraceEvent::HandshakeSent { kind, bytes, attempt: 0 });
        }
    }

    fn dropped(&self, now: Instant, bytes: usize, reason: DropReason) {
        self.tracer.emit(now, 0, || TraceEvent::DatagramDropped { bytes, reason });
    }
}
