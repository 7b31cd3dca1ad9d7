//! What does a server do for somebody whom it does not know?
//!
//! ```text
//!   HELLO ─┬─ session or handshake of its own ──▶ the same WELCOME again
//!          ├─ no such pattern, wrong seal, full ─▶ REFUSE
//!          ├─ too many unproven, or too much arithmetic for them, no cookie ─▶ RETRY, nothing kept
//!          ├─ a cookie, and still too many or too much ──────────────────────▶ silence, nothing kept
//!          ├─ XX ────────▶ half-open + WELCOME ── FINISH ──▶ session (full meanwhile: RESET)
//!          └─ IK, Clear ─▶ session, unproven ─ a packet ──▶ proven (10 s without: forgotten)
//! ```

use super::answers::Asker;
use super::{Endpoint, Session};
use crate::crypto::{Pattern, PublicKey, Responder, TrafficKeys};
use crate::time::{Duration, Instant};
use crate::trace::DropReason;
use crate::transport::channel::ChannelLimits;
use crate::transport::connection::{Accepted, Connection};
use crate::transport::handshake::half_open::HalfOpen;
use crate::transport::handshake::prologue;
use crate::transport::params::Params;
use crate::transport::path::Path;
use crate::transport::session::{CloseCode, SessionEvent};
use crate::wire::datagram::{self, ConnectionId, Handshake, put_handshake};

/// So long a session may go without a packet that proves that its client has the keys. Ours: less than the
/// silence that ends a proven one, but an outage of the first seconds must not end it either.
const UNPROVEN_FOR: Duration = Duration::from_secs(25);

/// What a HELLO says.
#[derive(Clone, Copy)]
pub(super) struct Hello<'a> {
    pub pattern: u8,
    pub token: &'a [u8],
    pub noise: &'a [u8],
}

/// What a handshake comes to.
struct Opened {
    keys: TrafficKeys,
    local: ConnectionId,
    remote: ConnectionId,
    peer_limits: ChannelLimits,
    /// To be said before each packet until the client is heard; empty if it was heard already.
    welcome: Vec<u8>,
    connected: SessionEvent,
    /// Its first flight is heard.
    early_accepted: bool,
    /// Whose it is, and the stamp of its hello; none in the clear, where keys are only claimed.
    stamp: Option<(PublicKey, u64)>,
}

impl Endpoint {
    pub(super) fn handle_hello(&mut self, now: Instant, asker: Asker, hello: Hello<'_>) {
        let Asker { path, client, asked } = asker;
        self.heard(now, ConnectionId(0), "HELLO", asked);
        if asked < datagram::HELLO_MIN {
            return self.dropped(now, asked, DropReason::Malformed);
        }
        if let Some(id) = self.by_client.get(&(path.remote, client)).copied() {
            // Its welcome was lost: the connection says it again, and has longer to be answered. Without a
            // packet that opens it dies of silence all the same.
            if let Some(session) = self.sessions.get_mut(&id) {
                session.connection.on_hello_again(asked);
                session.unproven = session.unproven.map(|_| now + UNPROVEN_FOR);
            }
            return self.touch(now, id);
        }
        if let Some(half_open) = self.half_open.find(path.remote, client, hello.noise).copied() {
            if self.may_cost(now, asker, hello.token, true) {
                self.half_open.on_wanted(half_open.local);
                self.welcome_again(asker, &half_open);
            }
            return;
        }
        let pattern = match self.judge(hello.pattern) {
            Ok(pattern) => pattern,
            Err((code, text)) => {
                self.answers.on_turned_away(now, path, text);
                return self.refuse(now, asker, code, text);
            }
        };
        if !self.may_cost(now, asker, hello.token, false) {
            return;
        }
        if pattern.has_finish() {
            self.begin_half_open(now, asker, hello.noise);
        } else {
            self.accept_at_once(now, asker, pattern, hello.noise);
        }
    }

    /// May a handshake take a place (unless it has one) and cost us arithmetic? Else a cookie is asked for.
    fn may_cost(&mut self, now: Instant, asker: Asker, token: &[u8], has_place: bool) -> bool {
        let Asker { path: Path { remote, .. }, client, asked } = asker;
        let unproven = self.half_open.unproven();
        let (admits, admits_with_cookie) =
            (unproven.admits(remote.ip()), unproven.admits_with_cookie(remote.ip()));
        if (has_place || admits) && self.effort.takes(now) {
            return true;
        }
        if !self.cookies.accepts(now, remote, client, token) {
            if self.answers.may_be_free(now) {
                let token = self.cookies.issue(now, remote, client);
                self.answers.put(asker, ConnectionId(0), &Handshake::Retry { token: &token });
            }
            return false;
        }
        let may = (has_place || admits_with_cookie) && self.effort.takes_at(now, remote.ip());
        if !may {
            // Ours: silence, because the client asks again with the same cookie by itself, and another
            // one would be no better.
            self.dropped(now, asked, DropReason::Unexpected);
        }
        may
    }

    /// May a handshake with this pattern begin now? Else with which words not.
    fn judge(&self, pattern: u8) -> Result<Pattern, (CloseCode, &'static str)> {
        let pattern =
            Pattern::from_byte(pattern).ok_or((CloseCode::PROTOCOL, "no such handshake pattern"))?;
        let insecure = self.setup.config.insecure;
        if (pattern == Pattern::Clear) != insecure {
            let text = if insecure {
                "this server speaks in the clear only: start chat with --insecure"
            } else {
                "this server speaks sealed only: start chat without --insecure"
            };
            return Err((CloseCode::SEAL_MISMATCH, text));
        }
        if self.is_full() {
            return Err((CloseCode::FULL, "the server is full"));
        }
        Ok(pattern)
    }

    fn is_full(&self) -> bool {
        self.sessions.len() >= self.setup.max_sessions
    }

    fn refuse(&mut self, now: Instant, asker: Asker, code: CloseCode, text: &str) {
        if self.answers.may_be_free(now) {
            self.answers.put(asker, ConnectionId(0), &Handshake::Refuse { code: code.0, text });
        }
    }

    fn begin_half_open(&mut self, now: Instant, asker: Asker, noise: &[u8]) {
        let (local, seed) = (self.fresh_id(), self.rng.bytes());
        let half_open = HalfOpen::new(local, asker.client, asker.path.remote, seed, noise)
            .filter(|half_open| self.welcome_of(half_open).is_some());
        let Some(half_open) = half_open else {
            return self.dropped(now, asker.asked, DropReason::Malformed);
        };
        self.half_open.insert(now, half_open);
        self.welcome_again(asker, &half_open);
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

    fn welcome_again(&mut self, asker: Asker, half_open: &HalfOpen) {
        if let Some((_, noise)) = self.welcome_of(half_open) {
            self.answers.put(asker, half_open.local, &Handshake::Welcome { noise: &noise });
        }
    }

    pub(super) fn handle_finish(
        &mut self,
        now: Instant,
        path: Path,
        local: ConnectionId,
        noise: &[u8],
        len: usize,
    ) {
        let Some(half_open) = self.half_open.get(local).copied() else {
            return self.answers.put_reset(now, path, local, len);
        };
        if !self.effort.takes_at(now, half_open.remote.ip()) {
            return self.dropped(now, len, DropReason::Unexpected);
        }
        let Some((mut responder, _)) = self.welcome_of(&half_open) else { return };
        let Ok(payload) = responder.read_finish(noise) else {
            return self.dropped(now, noise.len(), DropReason::Forged);
        };
        self.half_open.remove(local);
        if self.is_full() {
            // Its client has keys already and heeds no REFUSE any more; when it asks anew it hears why.
            self.answers.on_turned_away(now, path, "the server is full");
            return self.answers.put_reset(now, path, local, len);
        }
        let Some(client) = responder.client_key() else { return };
        let (Ok(params), Ok(keys)) = (Params::read(&payload), responder.into_keys()) else { return };
        if params.connection_id != half_open.client {
            return self.dropped(now, noise.len(), DropReason::Forged);
        }
        let connected = SessionEvent::Connected { peer: client, greeting: params.greeting.to_vec() };
        let remote = half_open.client;
        let (peer_limits, welcome) = (params.limits, Vec::new());
        // A FINISH belongs to this handshake alone: it proves that its client is here.
        self.first_flights.on_proven(client, params.stamp_us, self.setup.config.unix_us(now));
        let (early_accepted, stamp) = (false, None);
        let opened = Opened { keys, local, remote, peer_limits, welcome, connected, early_accepted, stamp };
        self.open(now, path, opened);
    }

    /// The client knew our key: its first message proves its own, and its first words are already here. They
    /// are heard if they cannot have been heard before.
    fn accept_at_once(&mut self, now: Instant, asker: Asker, pattern: Pattern, noise: &[u8]) {
        let Asker { path, client: remote, asked } = asker;
        let prologue = prologue(pattern.to_byte(), remote);
        let seed = self.rng.bytes();
        let Ok((mut responder, payload)) =
            Responder::accept(pattern, &self.setup.identity, &prologue, seed, noise)
        else {
            let text = "this server has another key than the one you know";
            return self.refuse(now, asker, CloseCode::UNKNOWN_KEY, text);
        };
        let (Ok(params), Some(peer)) = (Params::read(&payload), responder.client_key()) else {
            return self.dropped(now, asked, DropReason::Malformed);
        };
        if params.connection_id != remote {
            return self.dropped(now, asked, DropReason::Forged);
        }
        let stamp = (pattern != Pattern::Clear).then_some((peer, params.stamp_us));
        let early_accepted = stamp.is_none_or(|(key, stamp_us)| self.first_flights.take(key, stamp_us));
        let local = self.fresh_id();
        let Ok(noise) = responder.write_welcome(&self.params(local, early_accepted)) else { return };
        let Ok(keys) = responder.into_keys() else { return };
        let mut welcome = Vec::new();
        put_handshake(&mut welcome, remote, local, &Handshake::Welcome { noise: &noise });
        let connected = SessionEvent::Connected { peer, greeting: params.greeting.to_vec() };
        let peer_limits = params.limits;
        self.half_open.unproven().on_begun(path.remote.ip());
        let opened = Opened { keys, local, remote, peer_limits, welcome, connected, early_accepted, stamp };
        self.open(now, path, opened);
        if let Some(session) = self.sessions.get_mut(&local) {
            session.unproven = Some(now + UNPROVEN_FOR);
            session.connection.on_hello_again(asked);
            if early_accepted {
                session.connection.handle_early(now, params.early);
            }
        }
        self.touch(now, local);
    }

    fn open(&mut self, now: Instant, path: Path, opened: Opened) {
        let Opened { keys, local, remote, peer_limits, welcome, connected, early_accepted, stamp } = opened;
        let proven = welcome.is_empty();
        let accepted =
            Accepted { keys, local, remote, path, proven, early_accepted, peer_limits, welcome, connected };
        let rng = self.rng.fork();
        let connection = Connection::server(now, self.setup.config, accepted, rng, self.tracer.clone());
        let client = (path.remote, remote);
        self.by_client.insert(client, local);
        let seat = self.alarms.take_seat();
        let session = Session { connection, client, wake: None, seat, active: false, unproven: None, stamp };
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
            reset_token: self.answers.reset_token(local),
            stamp_us: 0,
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
}
