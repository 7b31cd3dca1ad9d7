//! The client's side of the handshake: say hello until answered, then check who answered.
//!
//! ```text
//!            after 150 ms, 150, 150, 300, 600, 1000 …
//!              ┌───────┐
//!   begin ───▶ │ HELLO │ ── WELCOME, trusted ──▶ keys
//!              └───────┘
//!               │  ▲  └──── VERSIONS, REFUSE ──▶ failed
//!         RETRY └──┘ the same hello with the cookie
//!         REFUSE "unknown key" ── as a stranger, with Noise XX, from the start
//! ```

use super::prologue;
use crate::crypto::{HandshakeError, Identity, Initiator, Pattern, TrafficKeys};
use crate::rng::Rng;
use crate::time::{Duration, Instant};
use crate::transport::config::TransportConfig;
use crate::transport::params::Params;
use crate::transport::session::{CloseCode, CloseReason, PublicKey};
use crate::transport::trust::Trust;
use crate::wire::datagram::{ConnectionId, Handshake, HandshakePart, VERSION, put_handshake};
use std::sync::Arc;

/// How long the first hellos wait for an answer, before the wait doubles up to [`RETRY_MAX`]. Ours: TCP
/// waits a second (RFC 6298 §2.1), which is what one lost datagram costs a newcomer there.
const RETRY_FIRST: Duration = Duration::from_millis(150);

/// So many waits come before the first doubling. Ours: at 10 % loss each way one try in five fails, so two
/// in a row are no sign of congestion, but three retries bring the 99th percentile below 600 ms.
const UNDOUBLED: u32 = 3;

/// The longest wait.
const RETRY_MAX: Duration = Duration::from_secs(1);

/// How many cookies are followed before a server is taken for broken.
const COOKIES_MAX: u32 = 3;

/// Who says hello, and to whom.
#[derive(Clone)]
pub struct ClientHello {
    /// Our key.
    pub identity: Arc<Identity>,
    /// The server's, if known: then its first answer already comes sealed for us.
    pub server: Option<PublicKey>,
    /// What we say of ourselves.
    pub greeting: Vec<u8>,
    /// The judge of the server's key.
    pub trust: Arc<dyn Trust>,
}

/// A handshake under way at the client.
pub struct ClientHandshake {
    hello: ClientHello,
    config: TransportConfig,
    local: ConnectionId,
    pattern: Pattern,
    rng: Rng,
    /// The Noise state and its first message, once hello was said.
    begun: Option<(Initiator, Vec<u8>)>,
    token: Vec<u8>,
    cookies: u32,
    attempts: u32,
    first_sent: Instant,
    due: Option<Instant>,
}

/// What an answer leads to.
pub enum Answer {
    /// Nothing to do now.
    Wait,
    /// The server did not know us or its key: early frames are void, hello is said anew.
    Restarted,
    /// Done.
    Keys(Box<Established>),
    /// It is over.
    Failed(CloseReason),
}

/// A handshake that came to its end.
pub struct Established {
    /// For sealing and opening.
    pub keys: TrafficKeys,
    /// The server's connection id.
    pub remote: ConnectionId,
    /// The server's key, proved.
    pub server: PublicKey,
    /// The FINISH datagram to send before the first packets; empty if the pattern has none.
    pub finish: Vec<u8>,
    /// The server's parameters as they came.
    pub params: Vec<u8>,
    /// How long the round trip took, where it is unambiguous.
    pub rtt: Option<Duration>,
}

impl ClientHandshake {
    /// Nothing is sent yet.
    pub fn new(
        config: TransportConfig,
        hello: ClientHello,
        local: ConnectionId,
        now: Instant,
        rng: Rng,
    ) -> Self {
        let pattern = match (config.insecure, hello.server) {
            (true, _) => Pattern::Clear,
            (false, Some(_)) => Pattern::Ik,
            (false, None) => Pattern::Xx,
        };
        Self {
            hello,
            config,
            local,
            pattern,
            rng,
            begun: None,
            token: Vec::new(),
            cookies: 0,
            attempts: 0,
            first_sent: now,
            due: Some(now),
        }
    }

    /// May frames ride in the first flight, and has it not been made yet?
    pub fn wants_early(&self) -> bool {
        self.begun.is_none() && self.pattern != Pattern::Xx
    }

    /// How long the greeting is, in bytes.
    pub const fn greeting_len(&self) -> usize {
        self.hello.greeting.len()
    }

    /// Which attempt the last hello was, from 1.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Writes a HELLO if one is due; `early` frames go into the first one and stay in it.
    pub fn poll_transmit(
        &mut self,
        now: Instant,
        early: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<bool, HandshakeError> {
        if self.due.is_none_or(|due| due > now) {
            return Ok(false);
        }
        if self.begun.is_none() {
            self.begin(now, early)?;
        }
        let Some((_, noise)) = &self.begun else { return Ok(false) };
        let pattern = self.pattern.to_byte();
        let content = Handshake::Hello { pattern, token: &self.token, noise };
        put_handshake(buffer, ConnectionId(0), self.local, &content);
        self.attempts += 1;
        let doublings = self.attempts.saturating_sub(UNDOUBLED).min(8);
        self.due = Some(now + (RETRY_FIRST * (1 << doublings)).min(RETRY_MAX));
        Ok(true)
    }

    /// When hello is to be said again.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// An answer arrived, addressed to us.
    pub fn handle_answer(&mut self, now: Instant, part: &HandshakePart<'_>) -> Answer {
        match &part.content {
            Some(Handshake::Welcome { noise }) => self.on_welcome(now, noise),
            Some(Handshake::Retry { token }) => self.on_retry(now, token),
            Some(Handshake::Refuse { code, text }) => self.on_refused(now, CloseCode(*code), text),
            Some(Handshake::Versions { versions }) if !versions.contains(&VERSION) => {
                Answer::Failed(CloseReason::Version(versions.clone()))
            }
            _ => Answer::Wait,
        }
    }

    fn begin(&mut self, now: Instant, early: &[u8]) -> Result<(), HandshakeError> {
        let prologue = prologue(self.pattern.to_byte(), self.local);
        let seed = self.rng.bytes();
        let server = self.hello.server.filter(|_| self.pattern == Pattern::Ik);
        let mut initiator = Initiator::new(self.pattern, &self.hello.identity, server, &prologue, seed)?;
        let payload = if self.pattern == Pattern::Xx { Vec::new() } else { self.params(now, early) };
        let noise = initiator.write_hello(&payload)?;
        self.begun = Some((initiator, noise));
        self.first_sent = now;
        Ok(())
    }

    fn params(&self, now: Instant, early: &[u8]) -> Vec<u8> {
        let mut payload = Vec::new();
        Params {
            connection_id: self.local,
            limits: self.config.limits,
            heartbeat_ms: u64::try_from(self.config.liveness.heartbeat.as_millis()).unwrap_or(u64::MAX),
            early_accepted: false,
            reset_token: [0; 16],
            stamp_us: self.config.unix_us(now),
            greeting: &self.hello.greeting,
            early,
        }
        .put(&mut payload);
        payload
    }

    fn on_welcome(&mut self, now: Instant, noise: &[u8]) -> Answer {
        // A forged welcome changes nothing: the state stands as before, and the true one may still come.
        let Some((initiator, _)) = &mut self.begun else { return Answer::Wait };
        let Ok(payload) = initiator.read_welcome(noise) else { return Answer::Wait };
        let Ok(params) = Params::read(&payload) else {
            return Answer::Failed(CloseReason::Protocol("malformed handshake parameters"));
        };
        let Some(server) = initiator.server_key() else { return Answer::Wait };
        // Ours: the sealed id counts and not the header's, so that whoever changes that one changes nothing.
        let remote = params.connection_id;
        if let Err(text) = self.hello.trust.check(&server, params.greeting) {
            return Answer::Failed(CloseReason::Untrusted(text));
        }
        match self.establish(now, remote, server, payload) {
            Ok(established) => Answer::Keys(Box::new(established)),
            Err(_) => Answer::Failed(CloseReason::Protocol("the handshake did not come out even")),
        }
    }

    fn establish(
        &mut self,
        now: Instant,
        remote: ConnectionId,
        server: PublicKey,
        params: Vec<u8>,
    ) -> Result<Established, HandshakeError> {
        let own = self.params(now, &[]);
        let (mut initiator, _) = self.begun.take().ok_or(HandshakeError::Misused)?;
        let mut finish = Vec::new();
        if self.pattern.has_finish() {
            let noise = initiator.write_finish(&own)?;
            put_handshake(&mut finish, remote, self.local, &Handshake::Finish { noise: &noise });
        }
        // Karn's rule (RFC 6298 §3): hellos carry no number, so only an only one gives a sample.
        let rtt = (self.attempts == 1).then(|| now - self.first_sent);
        Ok(Established { keys: initiator.into_keys()?, remote, server, finish, params, rtt })
    }

    fn on_retry(&mut self, now: Instant, token: &[u8]) -> Answer {
        self.cookies += 1;
        if self.cookies <= COOKIES_MAX {
            self.token = token.to_vec();
            self.due = Some(now);
        }
        Answer::Wait
    }

    fn on_refused(&mut self, now: Instant, code: CloseCode, text: &str) -> Answer {
        if code != CloseCode::UNKNOWN_KEY {
            return Answer::Failed(CloseReason::Refused(code, text.to_owned()));
        }
        if self.pattern != Pattern::Ik {
            return Answer::Wait;
        }
        self.pattern = Pattern::Xx;
        self.begun = None;
        self.attempts = 0;
        self.due = Some(now);
        Answer::Restarted
    }
}
