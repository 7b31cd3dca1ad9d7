//! Who asks whom, in a session over TCP?
//!
//! ```text
//!                    ┌───────────┐ WELCOME / FINISH ┌──────┐ close, silence, broken ┌────────┐
//!  client(), server()│ Handshake ├─────────────────▶│ Open ├───────────────────────▶│ Closed │
//!                    └─────┬─────┘                  └──────┘                        └────────┘
//!                          └── 10 s, refused, another version, another protocol ────────▲
//! ```
//!
//! The contract of all that lives here: mutate once (`handle_…` or a command), drain [`Stream::output`] and
//! [`Stream::poll_event`], then sleep until [`Stream::poll_timeout`].

use super::config::{HandshakeInput, StreamConfig, Timer};
use super::content::{self, Content};
use super::frame::{HEADER_LEN, Header};
use super::handshake::{ClientHandshake, Established, ServerHandshake, refuse};
use super::input::{Expected, Input, Unreadable};
use super::output::Output;
use super::preamble::Unfit;
use super::sealed::Sealed;
use crate::crypto::{Identity, Secrets};
use crate::time::Instant;
use crate::trace::{SessionKeys, TraceEvent, Tracer};
use crate::transport::journal::Journal;
use crate::transport::liveness::Turn;
use crate::transport::session::{
    ChannelId, CloseCode, CloseReason, Liveness, Payload, SendError, SessionEvent, SessionStats,
};
use std::collections::VecDeque;

/// One end of a session over TCP.
#[derive(Debug)]
pub struct Stream {
    config: StreamConfig,
    state: State,
    input: Input,
    output: Output,
    events: VecDeque<SessionEvent>,
    /// Sent before the handshake was over.
    waiting: Vec<(ChannelId, Payload)>,
    waiting_bytes: usize,
    /// When the handshake, or the writing after a close, is given up.
    deadline: Instant,
    bytes_in: u64,
    last_stats: SessionStats,
    journal: Journal,
}

#[derive(Debug)]
enum State {
    Client(Box<ClientHandshake>),
    Server(Box<ServerHandshake>),
    Open(Box<Sealed>),
    Closed,
}

/// What becomes of the bytes that a closed stream has not written yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rest {
    Write,
    Discard,
}

impl Stream {
    /// The client's end of a connection that was just made: preamble and hello are ready to be written.
    pub fn client(now: Instant, config: StreamConfig, input: HandshakeInput) -> Self {
        let mut stream = Self::new(now, config);
        match ClientHandshake::begin(input, &mut stream.output) {
            Ok(handshake) => stream.state = State::Client(Box::new(handshake)),
            Err(_) => {
                stream.events.push_back(SessionEvent::Closed(CloseReason::Protocol(
                    "a handshake without the server's key, or with too long a greeting",
                )));
            }
        }
        stream
    }

    /// The server's end of a connection that was just accepted. `seed` is entropy for this one alone.
    pub fn server(
        now: Instant,
        config: StreamConfig,
        identity: Identity,
        greeting: Vec<u8>,
        seed: [u8; 32],
    ) -> Self {
        let handshake = ServerHandshake::new(identity, greeting, config.insecure, seed);
        Self { state: State::Server(Box::new(handshake)), ..Self::new(now, config) }
    }

    fn new(now: Instant, config: StreamConfig) -> Self {
        Self {
            deadline: now + config.handshake_timeout,
            config,
            state: State::Closed,
            input: Input::default(),
            output: Output::default(),
            events: VecDeque::new(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            bytes_in: 0,
            last_stats: SessionStats::default(),
            journal: Journal::new(0, Tracer::default()),
        }
    }

    /// The same, and `tracer` hears what happens: of our frames and the session, not of packets, which are the kernel's.
    pub fn traced(self, tracer: Tracer) -> Self {
        Self { journal: Journal::new(0, tracer), ..self }
    }

    /// Bytes came, in whatever portion.
    pub fn handle_bytes(&mut self, now: Instant, mut bytes: &[u8]) {
        self.bytes_in += bytes.len() as u64;
        while !self.is_closed() {
            match self.handle_next(now, &mut bytes) {
                Ok(true) => {}
                Ok(false) => return,
                Err((reason, rest)) => return self.finish(now, reason, rest),
            }
        }
    }

    /// Takes one preamble or frame from `source` and acts on it; says whether there was a whole one.
    fn handle_next(&mut self, now: Instant, source: &mut &[u8]) -> Result<bool, (CloseReason, Rest)> {
        let expected = match &self.state {
            State::Server(handshake) if handshake.awaits_preamble() => Expected::Preamble,
            State::Client(_) | State::Server(_) => Expected::Handshake,
            State::Open(_) | State::Closed => Expected::Sealed,
        };
        match self.input.advance(source, expected) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(unreadable) => return Err(self.reject(now, unreadable)),
        }
        let whole = self.input.whole();
        let step = match &mut self.state {
            State::Server(handshake) if expected == Expected::Preamble => {
                handshake.on_preamble(whole, &mut self.output).map(|()| None)
            }
            State::Server(handshake) => {
                let (header, body) = split(whole).ok_or((TORN, Rest::Discard))?;
                handshake.on_frame(header.kind, body, &mut self.output)
            }
            State::Client(handshake) => {
                let (header, body) = split(whole).ok_or((TORN, Rest::Discard))?;
                handshake.on_frame(header.kind, body, &mut self.output)
            }
            State::Open(_) | State::Closed => return self.handle_sealed(now).map(|()| true),
        };
        if let Some(established) = step.map_err(|reason| (reason, Rest::Write))? {
            self.on_established(now, established);
        }
        Ok(true)
    }

    fn handle_sealed(&mut self, now: Instant) -> Result<(), (CloseReason, Rest)> {
        let State::Open(sealed) = &mut self.state else { return Ok(()) };
        let opened = sealed.open(now, self.input.whole());
        let (liveness, content) = match opened {
            Ok(opened) => opened,
            Err(malformed) => return Err(self.reject(now, malformed.into())),
        };
        if let Some(state) = liveness {
            tell_liveness(&mut self.journal, &mut self.events, now, state);
        }
        match content {
            Content::Message { channel, bytes } => {
                let len = bytes.len();
                self.journal.tell(now, TraceEvent::MessageDelivered { channel: channel.0, bytes: len });
                self.events.push_back(SessionEvent::Message { channel, bytes: bytes.to_vec() });
            }
            Content::Ping(token) => sealed.on_ping(now, &self.config, token, &mut self.output),
            Content::Pong(token) => {
                if let Some(sample) = sealed.on_pong(now, token) {
                    self.journal.tell(now, sealed.rtt_sampled(sample));
                }
            }
            Content::Pace { heartbeat_ms } => {
                if let Err(malformed) = sealed.on_pace(heartbeat_ms) {
                    return Err(self.reject(now, malformed.into()));
                }
            }
            Content::Close { code, text } => {
                return Err((CloseReason::Peer(code, text.to_owned()), Rest::Discard));
            }
        }
        Ok(())
    }

    /// What the peer sent cannot be read: tells it so where it would understand.
    fn reject(&mut self, now: Instant, unreadable: Unreadable) -> (CloseReason, Rest) {
        match (unreadable, &mut self.state) {
            (Unreadable::Preamble(Unfit::Foreign), _) => {
                (CloseReason::Protocol("the peer speaks another protocol"), Rest::Discard)
            }
            (Unreadable::Preamble(Unfit::Version(version)), _) => {
                (ServerHandshake::on_foreign_version(version, &mut self.output), Rest::Write)
            }
            (Unreadable::Frame(rule), State::Open(sealed)) => {
                let close = Content::Close { code: CloseCode::PROTOCOL, text: rule };
                sealed.put(now, &self.config, &close, &mut self.output);
                (CloseReason::Protocol(rule), Rest::Write)
            }
            (Unreadable::Frame(rule), State::Server(_)) => {
                refuse(&mut self.output, CloseCode::PROTOCOL, rule);
                (CloseReason::Protocol(rule), Rest::Write)
            }
            (Unreadable::Frame(rule), _) => (CloseReason::Protocol(rule), Rest::Discard),
        }
    }

    fn on_established(&mut self, now: Instant, established: Established) {
        let (peer, greeting) = (established.peer, established.greeting.clone());
        self.journal.name(established.client_id);
        self.journal.tell(now, TraceEvent::Established { early_accepted: false });
        if let Some(Secrets { to_server, to_client }) = &established.secrets {
            let (client, server) = (established.client_id, 0);
            self.journal.tell_keys(&SessionKeys { transport: "tcp", client, server, to_server, to_client });
        }
        let mut sealed = Sealed::new(now, &self.config, established, self.journal.tracer());
        sealed.ping(now, &self.config, &mut self.output);
        for (channel, bytes) in self.waiting.drain(..) {
            let message = Content::Message { channel, bytes: &bytes };
            sealed.put(now, &self.config, &message, &mut self.output);
        }
        self.waiting_bytes = 0;
        self.state = State::Open(Box::new(sealed));
        self.events.push_back(SessionEvent::Connected { peer, greeting });
    }

    /// The socket ended or broke, with the system's words.
    pub fn handle_broken(&mut self, now: Instant, reason: &str) {
        self.finish(now, CloseReason::Broken(reason.to_owned()), Rest::Discard);
        self.output.clear();
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Client(_) | State::Server(_) if now >= self.deadline => {
                self.finish(now, CloseReason::HandshakeTimedOut, Rest::Discard);
            }
            State::Closed if now >= self.deadline => self.output.clear(),
            State::Open(sealed) => loop {
                match sealed.handle_timeout(now, &self.config, &mut self.output) {
                    None => break,
                    Some(Turn::State(state)) => {
                        tell_liveness(&mut self.journal, &mut self.events, now, state);
                    }
                    Some(Turn::Over) => return self.finish(now, CloseReason::TimedOut, Rest::Discard),
                }
            },
            _ => {}
        }
    }

    /// Sends a message; before the handshake is over it waits for that. An error leaves everything as it was.
    pub fn send(&mut self, now: Instant, channel: ChannelId, bytes: Payload) -> Result<(), SendError> {
        if self.is_closed() {
            return Err(SendError::Closed);
        }
        if bytes.len() > content::MESSAGE_LEN_MAX {
            return Err(SendError::TooLong);
        }
        let cost = Sealed::cost(bytes.len());
        if self.queued_bytes() + cost > self.config.output_max {
            return Err(SendError::QueueFull);
        }
        if let State::Open(sealed) = &mut self.state {
            let message = Content::Message { channel, bytes: &bytes };
            sealed.put(now, &self.config, &message, &mut self.output);
        } else {
            self.waiting.push((channel, bytes));
            self.waiting_bytes += cost;
        }
        Ok(())
    }

    /// Bytes that wait to be written, at most [`StreamConfig::output_max`] and a few small frames.
    pub fn queued_bytes(&self) -> usize {
        self.output.pending().len() + self.waiting_bytes
    }

    /// Ends the session: what was sent before is still written, then the peer is told.
    pub fn close(&mut self, now: Instant, code: CloseCode, text: &str) {
        match &mut self.state {
            State::Open(sealed) => {
                sealed.put(now, &self.config, &Content::Close { code, text }, &mut self.output);
            }
            State::Server(_) => {
                refuse(&mut self.output, code, text);
            }
            State::Client(_) => self.output.clear(),
            State::Closed => return,
        }
        self.finish(now, CloseReason::Local, Rest::Write);
    }

    /// Server: all intervals of silence are `factor` times as long from now on, on both sides.
    pub fn stretch(&mut self, now: Instant, factor: u32) {
        if let State::Open(sealed) = &mut self.state {
            sealed.stretch(now, &self.config, factor, &mut self.output);
        }
    }

    fn finish(&mut self, now: Instant, reason: CloseReason, rest: Rest) {
        if self.is_closed() {
            return;
        }
        self.last_stats = self.stats();
        self.journal.tell(now, TraceEvent::Closed { reason: format!("{reason:?}") });
        self.state = State::Closed;
        self.deadline = now + self.config.drain_timeout;
        self.input.clear();
        self.waiting.clear();
        self.waiting_bytes = 0;
        if rest == Rest::Discard {
            self.output.clear();
        }
        self.events.push_back(SessionEvent::Closed(reason));
    }

    /// What is to be written next; empty when there is nothing.
    pub fn output(&self) -> &[u8] {
        self.output.pending()
    }

    /// The socket took so many bytes of [`Self::output`].
    pub fn written(&mut self, _now: Instant, len: usize) {
        self.output.on_written(len);
    }

    /// What happened, in order.
    pub fn poll_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    /// When and why to call [`Self::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        match &self.state {
            State::Client(_) | State::Server(_) => Some((self.deadline, Timer::Handshake)),
            State::Open(sealed) => Some((sealed.poll_timeout(), Timer::Liveness)),
            State::Closed if self.output().is_empty() => None,
            State::Closed => Some((self.deadline, Timer::Drain)),
        }
    }

    /// Closed, and nothing left to write: the socket can go.
    pub fn is_over(&self) -> bool {
        self.is_closed() && self.output().is_empty()
    }

    /// Established and not closed?
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Neither established nor closed yet?
    pub const fn is_handshaking(&self) -> bool {
        matches!(self.state, State::Client(_) | State::Server(_))
    }

    const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// What was measured. The kernel keeps losses and retransmissions to itself.
    pub fn stats(&self) -> SessionStats {
        let measured = match &self.state {
            State::Open(sealed) => sealed.stats(),
            _ => self.last_stats,
        };
        SessionStats { bytes_out: self.output.total(), bytes_in: self.bytes_in, ..measured }
    }
}

fn tell_liveness(journal: &mut Journal, events: &mut VecDeque<SessionEvent>, now: Instant, state: Liveness) {
    journal.tell(now, TraceEvent::Liveness { state: state.name() });
    events.push_back(SessionEvent::Liveness(state));
}

const TORN: CloseReason = CloseReason::Protocol("a torn frame");

/// Header and body of a whole frame.
fn split(frame: &[u8]) -> Option<(Header, &[u8])> {
    let (header, body) = frame.split_first_chunk::<HEADER_LEN>()?;
    Some((Header::read(*header).ok()?, body))
}

#[cfg(test)]
mod tests;
