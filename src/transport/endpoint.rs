//! How does a server tell a thousand clients' datagrams apart, and what does it do for strangers?
//!
//! By the connection id at the front of each datagram. A stranger's HELLO is answered from almost no
//! memory (see [`half_open`](super::handshake::half_open)), and under a flood from none; everything else of
//! a stranger's is answered with a RESET or not at all. No answer is larger than its question.
//!
//! ```text
//!   datagram ─┬─ id known ──────────▶ connection
//!             ├─ HELLO ──────────────▶ VERSIONS │ REFUSE │ RETRY │ half-open + WELCOME │ connection
//!             ├─ FINISH, half-open ──▶ connection
//!             └─ data, id unknown ───▶ RESET
//! ```

use super::channel::ChannelLimits;
use super::config::TransportConfig;
use super::connection::{Accepted, Connection};
use super::handshake::cookie::CookieJar;
use super::handshake::half_open::{HalfOpen, HalfOpenTable};
use super::handshake::prologue;
use super::params::Params;
use super::path::Path;
use super::session::{ChannelId, CloseCode, Payload, SendError, SessionEvent, SessionStats};
use crate::crypto::mac::MacKey;
use crate::crypto::{Identity, Pattern, Responder, TrafficKeys};
use crate::rng::Rng;
use crate::time::Instant;
use crate::trace::{DropReason, TraceEvent, Tracer};
use crate::wire::datagram::{self, ConnectionId, Handshake, HandshakePart, VERSION, put_handshake};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

/// Answers to strangers that wait to be sent; beyond it they are dropped, as the network would.
const REPLIES_MAX: usize = 1_024;

/// A datagram shorter than this is not answered with a RESET, which must not be larger.
const RESET_MIN: usize = 48;

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

/// A handshake that was turned away, for the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TurnedAway {
    /// Who asked.
    pub path: Path,
    /// Why not.
    pub reason: String,
}

struct Session {
    connection: Connection,
    /// Its client's own id and the address it came from: the key in `by_client`.
    client: (SocketAddr, ConnectionId),
    /// When it is to be woken, as it stands in `timers`.
    wake: Option<Instant>,
    /// Is it in `active`?
    active: bool,
    /// Does it count as unproven?
    unproven: bool,
}

/// All of a server's connections.
pub struct Endpoint {
    setup: ServerSetup,
    sessions: HashMap<ConnectionId, Session>,
    /// Sessions by their client's own id and address, while a HELLO of theirs may still come.
    by_client: HashMap<(SocketAddr, ConnectionId), ConnectionId>,
    half_open: HalfOpenTable,
    cookies: CookieJar,
    reset_key: MacKey,
    /// Sessions that may have something to send or to tell, in the order in which they take turns.
    active: VecDeque<ConnectionId>,
    timers: BTreeSet<(Instant, ConnectionId)>,
    replies: VecDeque<(Path, Vec<u8>)>,
    events: VecDeque<(ConnectionId, SessionEvent)>,
    turned_away: VecDeque<TurnedAway>,
    rng: Rng,
    tracer: Tracer,
}

impl Endpoint {
    /// No session yet.
    pub fn new(setup: ServerSetup, mut rng: Rng, tracer: Tracer) -> Self {
        // Only this server's key can make it, and a restart does not change it: so a client of the server's
        // former life is told at once that its session is gone.
        let reset_key = MacKey::new(*setup.identity.secret()).tag(&[b"sayagain reset key"]);
        let mut reset_secret = [0; 32];
        reset_secret[..16].copy_from_slice(&reset_key);
        Self {
            setup,
            sessions: HashMap::new(),
            by_client: HashMap::new(),
            half_open: HalfOpenTable::default(),
            cookies: CookieJar::new(rng.bytes()),
            reset_key: MacKey::new(reset_secret),
            active: VecDeque::new(),
            timers: BTreeSet::new(),
            replies: VecDeque::new(),
            events: VecDeque::new(),
            turned_away: VecDeque::new(),
            rng,
            tracer,
        }
    }

    /// A datagram arrived.
    pub fn handle_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]) {
        if !datagram::is_handshake(datagram) {
            return self.handle_data(now, path, datagram);
        }
        let Ok(part) = datagram::read_handshake(datagram) else {
            return self.dropped(now, datagram.len(), DropReason::Malformed);
        };
        let (destination, source, len) = (part.destination, part.source, part.len);
        match part.content {
            None => {
                self.reply(path, source, datagram.len(), &Handshake::Versions { versions: vec![VERSION] });
            }
            Some(Handshake::Hello { pattern, token, noise }) => {
                self.handle_hello(now, path, source, pattern, token, noise, datagram.len());
            }
            Some(Handshake::Finish { noise }) => {
                self.heard(now, destination, "FINISH", len);
                if !self.sessions.contains_key(&destination) {
                    self.handle_finish(now, path, destination, noise, datagram.len());
                }
                if self.sessions.contains_key(&destination) {
                    self.handle_data(now, path, &mut datagram[len..]);
                }
            }
            Some(_) => self.dropped(now, datagram.len(), DropReason::Unexpected),
        }
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.half_open.handle_timeout(now);
        while let Some(&(at, id)) = self.timers.first().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, id));
            if let Some(session) = self.sessions.get_mut(&id) {
                session.wake = None;
                session.connection.handle_timeout(now);
            }
            self.touch(now, id);
        }
    }

    /// When to wake it.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let session = self.timers.first().map(|(at, _)| *at);
        match (session, self.half_open.poll_timeout()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Writes the next datagram into `buffer`, which is emptied first, and says where it goes.
    pub fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Path> {
        if let Some((path, reply)) = self.replies.pop_front() {
            buffer.clear();
            buffer.extend_from_slice(&reply);
            self.said(now, buffer);
            return Some(path);
        }
        while let Some(id) = self.active.pop_front() {
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            session.active = false;
            if let Some(path) = session.connection.poll_transmit(now, buffer) {
                self.touch(now, id);
                return Some(path);
            }
            self.settle(id);
        }
        None
    }

    /// The next fact about a session.
    pub fn poll_event(&mut self) -> Option<(ConnectionId, SessionEvent)> {
        self.events.pop_front()
    }

    /// The next handshake that was turned away.
    pub fn poll_turned_away(&mut self) -> Option<TurnedAway> {
        self.turned_away.pop_front()
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

    fn handle_data(&mut self, now: Instant, path: Path, packet: &mut [u8]) {
        let Ok(header) = datagram::read_data_header(packet) else {
            if !packet.is_empty() {
                self.dropped(now, packet.len(), DropReason::Malformed);
            }
            return;
        };
        let id = header.destination;
        let Some(session) = self.sessions.get_mut(&id) else {
            self.dropped(now, packet.len(), DropReason::Misaddressed);
            return self.reset(path, id, packet.len());
        };
        session.connection.handle_datagram(now, path, packet);
        if session.unproven && session.connection.is_proven() {
            session.unproven = false;
            let address = session.client.0.ip();
            self.half_open.unproven().on_ended(address);
        }
        self.touch(now, id);
    }

    /// RFC 9000 §10.3: a client of a session that is gone learns so at once, by a token that only this
    /// server's key can make.
    fn reset(&mut self, path: Path, id: ConnectionId, len: usize) {
        if len >= RESET_MIN && self.half_open.get(id).is_none() {
            let token = self.reset_token(id);
            self.reply_from(path, ConnectionId(0), id, len, &Handshake::Reset { token });
        }
    }

    fn reset_token(&self, id: ConnectionId) -> [u8; 16] {
        self.reset_key.tag(&[&id.0.to_be_bytes()])
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a HELLO and where it came from")]
    fn handle_hello(
        &mut self,
        now: Instant,
        path: Path,
        client: ConnectionId,
        pattern: u8,
        token: &[u8],
        noise: &[u8],
        len: usize,
    ) {
        self.heard(now, ConnectionId(0), "HELLO", len);
        if len < datagram::HELLO_MIN {
            return self.dropped(now, len, DropReason::Malformed);
        }
        if let Some(id) = self.by_client.get(&(path.remote, client)).copied() {
            // Its welcome was lost: the connection says it again.
            if let Some(session) = self.sessions.get_mut(&id) {
                session.connection.on_hello_again(len);
            }
            return self.touch(now, id);
        }
        if let Some(half_open) = self.half_open.find(path.remote, client).copied() {
            return self.welcome_again(path, &half_open, len);
        }
        let known = Pattern::from_byte(pattern)
            .filter(|pattern| (*pattern == Pattern::Clear) == self.setup.config.insecure);
        let Some(pattern) = known else {
            let text = if self.setup.config.insecure {
                "this server speaks in the clear only: start chat with --insecure"
            } else {
                "this server speaks sealed only: start chat without --insecure"
            };
            self.turn_away(path, text);
            return self.reply(
                path,
                client,
                len,
                &Handshake::Refuse { code: CloseCode::SEAL_MISMATCH.0, text },
            );
        };
        if self.sessions.len() >= self.setup.max_sessions {
            let text = "the server is full";
            self.turn_away(path, text);
            return self.reply(path, client, len, &Handshake::Refuse { code: CloseCode::FULL.0, text });
        }
        let admitted = self.half_open.unproven().admits(path.remote.ip())
            || self.cookies.accepts(now, path.remote, client, token);
        if !admitted {
            let token = self.cookies.issue(now, path.remote, client);
            return self.reply(path, client, len, &Handshake::Retry { token: &token });
        }
        if pattern.has_finish() {
            self.begin_half_open(now, path, client, noise, len);
        } else {
            self.accept_at_once(now, path, client, pattern, noise, len);
        }
    }

    fn begin_half_open(&mut self, now: Instant, path: Path, client: ConnectionId, noise: &[u8], len: usize) {
        let (local, seed) = (self.fresh_id(), self.rng.bytes());
        let Some(half_open) = HalfOpen::new(local, client, path.remote, seed, noise) else {
            return self.dropped(now, len, DropReason::Malformed);
        };
        if self.welcome_of(&half_open).is_none() {
            return self.dropped(now, len, DropReason::Malformed);
        }
        self.half_open.insert(now, half_open);
        self.welcome_again(path, &half_open, len);
    }

    /// The state of a half-open handshake after its WELCOME, computed from what is kept.
    fn welcome_of(&self, half_open: &HalfOpen) -> Option<(Responder, Vec<u8>)> {
        let prologue = prologue(Pattern::Xx.to_byte(), half_open.client);
        let (mut responder, _) = Responder::accept(
            Pattern::Xx,
            &self.setup.identity,
            &prologue,
            half_open.seed,
            half_open.hello(),
        )
        .ok()?;
        let noise = responder.write_welcome(&self.params(half_open.local, false)).ok()?;
        Some((responder, noise))
    }

    fn welcome_again(&mut self, path: Path, half_open: &HalfOpen, len: usize) {
        if let Some((_, noise)) = self.welcome_of(half_open) {
            let content = Handshake::Welcome { noise: &noise };
            self.reply_from(path, half_open.client, half_open.local, len, &content);
        }
    }

    fn handle_finish(&mut self, now: Instant, path: Path, local: ConnectionId, noise: &[u8], len: usize) {
        let Some(half_open) = self.half_open.get(local).copied() else {
            return self.reset(path, local, len);
        };
        let Some((mut responder, _)) = self.welcome_of(&half_open) else { return };
        let Ok(payload) = responder.read_finish(noise) else {
            return self.dropped(now, noise.len(), DropReason::Forged);
        };
        self.half_open.remove(local);
        let Some(client) = responder.client_key() else { return };
        let (Ok(params), Ok(keys)) = (Params::read(&payload), responder.into_keys()) else { return };
        if params.connection_id != half_open.client {
            return self.dropped(now, noise.len(), DropReason::Forged);
        }
        let connected = SessionEvent::Connected { peer: client, greeting: params.greeting.to_vec() };
        let ids = (local, half_open.client);
        self.open(now, path, ids, keys, params.limits, Vec::new(), connected);
    }

    /// The client knew our key: its first message proves its own, and its first words are already here.
    fn accept_at_once(
        &mut self,
        now: Instant,
        path: Path,
        client: ConnectionId,
        pattern: Pattern,
        noise: &[u8],
        len: usize,
    ) {
        let prologue = prologue(pattern.to_byte(), client);
        let seed = self.rng.bytes();
        let Ok((mut responder, payload)) =
            Responder::accept(pattern, &self.setup.identity, &prologue, seed, noise)
        else {
            let text = "this server has another key than the one you know";
            return self.reply(
                path,
                client,
                len,
                &Handshake::Refuse { code: CloseCode::UNKNOWN_KEY.0, text },
            );
        };
        let (Ok(params), Some(peer)) = (Params::read(&payload), responder.client_key()) else {
            return self.dropped(now, len, DropReason::Malformed);
        };
        if params.connection_id != client {
            return self.dropped(now, len, DropReason::Forged);
        }
        let local = self.fresh_id();
        let Ok(noise) = responder.write_welcome(&self.params(local, true)) else { return };
        let Ok(keys) = responder.into_keys() else { return };
        let mut welcome = Vec::new();
        put_handshake(&mut welcome, client, local, &Handshake::Welcome { noise: &noise });
        let connected = SessionEvent::Connected { peer, greeting: params.greeting.to_vec() };
        self.half_open.unproven().on_begun(path.remote.ip());
        self.open(now, path, (local, client), keys, params.limits, welcome, connected);
        if let Some(session) = self.sessions.get_mut(&local) {
            session.unproven = true;
            session.connection.on_hello_again(len);
            session.connection.handle_early(now, params.early);
        }
        self.touch(now, local);
    }

    #[expect(clippy::too_many_arguments, reason = "what a handshake comes to")]
    fn open(
        &mut self,
        now: Instant,
        path: Path,
        (local, remote): (ConnectionId, ConnectionId),
        keys: TrafficKeys,
        peer_limits: ChannelLimits,
        welcome: Vec<u8>,
        connected: SessionEvent,
    ) {
        let proven = welcome.is_empty();
        let accepted = Accepted { keys, local, remote, path, proven, peer_limits, welcome, connected };
        let rng = self.rng.fork();
        let connection = Connection::server(now, self.setup.config, accepted, rng, self.tracer.clone());
        let client = (path.remote, remote);
        self.by_client.insert(client, local);
        let session = Session { connection, client, wake: None, active: false, unproven: false };
        self.sessions.insert(local, session);
        self.touch(now, local);
    }

    fn params(&self, local: ConnectionId, early_accepted: bool) -> Vec<u8> {
        let mut payload = Vec::new();
        Params {
            connection_id: local,
            limits: self.setup.config.limits,
            heartbeat_ms: u64::try_from(self.setup.config.liveness.heartbeat.as_millis()).unwrap_or(u64::MAX),
            early_accepted,
            reset_token: self.reset_token(local),
            greeting: &self.setup.greeting,
            early: &[],
        }
        .put(&mut payload);
        payload
    }

    fn fresh_id(&mut self) -> ConnectionId {
        loop {
            let id = ConnectionId(self.rng.next_u64());
            if !self.sessions.contains_key(&id) && self.half_open.get(id).is_none() {
                return id;
            }
        }
    }

    /// Something happened to this session: collect what it tells, and give it its turn to send; its timer
    /// is set anew when it is done.
    fn touch(&mut self, now: Instant, id: ConnectionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        while let Some(event) = session.connection.poll_event(now) {
            self.events.push_back((id, event));
        }
        if !std::mem::replace(&mut session.active, true) {
            self.active.push_back(id);
        }
    }

    /// The session has nothing more to send: set its timer, or forget it.
    fn settle(&mut self, id: ConnectionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let wake = session.connection.poll_timeout().map(|(at, _)| at);
        if let Some(old) = session.wake.take() {
            self.timers.remove(&(old, id));
        }
        if session.connection.is_over() {
            self.forget(id);
            return;
        }
        session.wake = wake;
        if let Some(at) = wake {
            self.timers.insert((at, id));
        }
    }

    fn forget(&mut self, id: ConnectionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        if session.unproven {
            self.half_open.unproven().on_ended(session.client.0.ip());
        }
        if self.by_client.get(&session.client) == Some(&id) {
            self.by_client.remove(&session.client);
        }
    }

    fn reply(&mut self, path: Path, to: ConnectionId, asked: usize, content: &Handshake<'_>) {
        self.reply_from(path, to, ConnectionId(0), asked, content);
    }

    fn reply_from(
        &mut self,
        path: Path,
        to: ConnectionId,
        from: ConnectionId,
        asked: usize,
        content: &Handshake<'_>,
    ) {
        let mut reply = Vec::new();
        put_handshake(&mut reply, to, from, content);
        if self.replies.len() < REPLIES_MAX && reply.len() <= asked {
            self.replies.push_back((path, reply));
        }
    }

    fn turn_away(&mut self, path: Path, reason: &str) {
        if self.turned_away.len() < REPLIES_MAX {
            self.turned_away.push_back(TurnedAway { path, reason: reason.to_owned() });
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
