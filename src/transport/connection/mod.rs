//! One session over datagrams: who is told what happened, in which order?
//!
//! The router. It owns the parts, hands each fact to the part that it concerns, and puts together what
//! they want to send; it decides nothing that a part can decide.
//!
//! ```text
//!   datagram ──▶ input ──┬─▶ seal (open, replay) ─▶ received ─▶ recovery ─▶ channels ─▶ events
//!                        └─▶ silence, path
//!   datagram ◀── output ◀── handshake │ received (ack) │ channels (pieces) │ recovery (may it leave?)
//! ```
//!
//! The contract of its verbs: mutate once (`handle_…`, `send`, `close`), drain all (`poll_transmit`,
//! `poll_event`) until both say `None`, then sleep until `poll_timeout`.
//!
//! - `input`: what arrives
//! - `output`: what leaves
//! - `closing`: how it ends
//! - [`footprint`]: what it remembers

mod closing;
pub mod footprint;
mod input;
mod output;
#[cfg(test)]
mod tests;

use super::channel::outgoing::Span;
use super::channel::{ChannelLimits, Channels};
use super::config::TransportConfig;
use super::handshake::client::{ClientHandshake, ClientHello};
use super::journal::Journal;
use super::liveness::{Silence, Turn};
use super::path::{Path, PathState};
use super::redundancy::Copies;
use super::reliability::ecn::Validation;
use super::reliability::loss::LossRule;
use super::reliability::received::Received;
use super::reliability::recovery::{Outcome, Recovery, is_size_probe};
use super::reliability::rtt::RttEstimate;
use super::reliability::sent::Part;
use super::session::{ChannelId, CloseReason, Liveness, Payload, SendError, SessionEvent, SessionStats};
use super::timer::{Timer, earlier};
use crate::crypto::{Opener, ReplayWindow, Sealer, Secrets, TrafficKeys};
use crate::rng::Rng;
use crate::time::{Duration, Instant};
use crate::trace::{SessionKeys, TraceEvent, Tracer};
use crate::wire::datagram::ConnectionId;
use closing::Closing;
use std::collections::VecDeque;

/// Where a connection is in its life.
enum Phase {
    /// The client says hello.
    Handshaking(Box<ClientHandshake>),
    /// Messages flow.
    Open,
    /// One of us has closed; it is said until heard.
    Closing(Closing),
    /// Nothing will ever be sent or heard again.
    Over,
}

/// What makes packets ours: keys, and the names at both ends.
struct Seal {
    sealer: Sealer,
    opener: Opener,
    replay: ReplayWindow,
    /// The first number sealed with the present key, and since when.
    phase_began: (u64, Instant),
}

impl Seal {
    fn new(now: Instant, (sealer, opener): (Sealer, Opener)) -> Self {
        Self { sealer, opener, replay: ReplayWindow::new(), phase_began: (0, now) }
    }
}

/// The two names of the connection and what else stands outside of the seal.
struct Names {
    local: ConnectionId,
    remote: ConnectionId,
    /// A FINISH or WELCOME that goes before each packet until the peer has been heard.
    prefix: Vec<u8>,
    /// What a RESET from the server will carry.
    reset_token: Option<[u8; 16]>,
}

/// What is to be said besides messages and acknowledgements.
#[derive(Default)]
struct Owed {
    ping: bool,
    pace: bool,
    response: Option<[u8; 8]>,
}

impl Owed {
    const fn is_any(&self) -> bool {
        self.ping || self.pace || self.response.is_some()
    }
}

/// What the user is still to be told.
#[derive(Default)]
struct News {
    events: VecDeque<SessionEvent>,
    /// The last word: told after all messages.
    closed: Option<CloseReason>,
}

impl News {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.closed.is_none()
    }
}

/// One session over datagrams, at either end.
pub struct Connection {
    config: TransportConfig,
    phase: Phase,
    names: Names,
    seal: Option<Seal>,
    path: PathState,
    recovery: Recovery,
    received: Received,
    channels: Channels,
    copies: Copies,
    silence: Silence,
    owed: Owed,
    /// Pieces that ride in a client's first flight.
    early: Vec<Part>,
    news: News,
    journal: Journal,
    rng: Rng,
}

/// What a server knows when a handshake came to its end.
pub struct Accepted {
    /// For sealing and opening.
    pub keys: TrafficKeys,
    /// Our name and the client's.
    pub local: ConnectionId,
    /// The client's.
    pub remote: ConnectionId,
    /// Where the client is, and whether it has answered us there.
    pub path: Path,
    /// True if the client has answered us at this address.
    pub proven: bool,
    /// The client's first flight is heard.
    pub early_accepted: bool,
    /// What the client is willing to buffer.
    pub peer_limits: ChannelLimits,
    /// The WELCOME to send before the first packets; empty if it was sent before.
    pub welcome: Vec<u8>,
    /// The event that begins the session.
    pub connected: SessionEvent,
}

impl Connection {
    /// A client's connection: the first `poll_transmit` says hello.
    pub fn client(
        now: Instant,
        config: TransportConfig,
        hello: ClientHello,
        path: Path,
        mut rng: Rng,
        tracer: Tracer,
    ) -> Self {
        let local = ConnectionId(rng.next_u64());
        let handshake = ClientHandshake::new(config, hello, local, now, rng.fork());
        // Until the server's limits are known, ours are as good a guess as any.
        let names = Names { local, remote: ConnectionId(0), prefix: Vec::new(), reset_token: None };
        let path = PathState::new(path, true);
        let phase = Phase::Handshaking(Box::new(handshake));
        Self::new(now, config, phase, names, path, config.limits, rng, tracer)
    }

    /// A server's connection, of a handshake that came to its end.
    pub fn server(
        now: Instant,
        config: TransportConfig,
        accepted: Accepted,
        rng: Rng,
        tracer: Tracer,
    ) -> Self {
        let Accepted { keys, local, remote, path, proven, early_accepted, peer_limits, welcome, connected } =
            accepted;
        let (owed_ping, secrets) = (!welcome.is_empty(), keys.secrets());
        let names = Names { local, remote, prefix: welcome, reset_token: None };
        let path = PathState::new(path, proven);
        let mut connection = Self::new(now, config, Phase::Open, names, path, peer_limits, rng, tracer);
        connection.seal = Some(Seal::new(now, keys.server()));
        connection.owed.ping = owed_ping;
        connection.news.events.push_back(connected);
        connection.trace(now, TraceEvent::Established { early_accepted });
        connection.tell_keys(secrets.as_ref());
        connection
    }

    #[expect(clippy::too_many_arguments, reason = "the common part of two constructors")]
    fn new(
        now: Instant,
        config: TransportConfig,
        phase: Phase,
        names: Names,
        path: PathState,
        peer: ChannelLimits,
        rng: Rng,
        tracer: Tracer,
    ) -> Self {
        let config = config.settled();
        let (arq, delay, largest) = (config.arq, config.max_ack_delay, path.path().largest_datagram());
        Self {
            config,
            phase,
            journal: Journal::new(names.local.0, tracer),
            names,
            seal: None,
            recovery: Recovery::new(delay, config.congestion, largest).obeying(arq),
            path,
            received: Received::new(arq.patience(delay)),
            channels: Channels::new(config.limits, peer).as_one_stream(arq.is_one_stream()),
            copies: Copies::new(config.redundancy),
            silence: Silence::new(now, config.liveness),
            owed: Owed::default(),
            early: Vec::new(),
            news: News::default(),
            rng,
        }
    }

    /// Our own name of the connection: what the peer addresses.
    pub const fn id(&self) -> ConnectionId {
        self.names.local
    }

    /// Where the peer is.
    pub const fn path(&self) -> Path {
        self.path.path()
    }

    /// May the datagram that `poll_transmit` has just given say that it understands marks, ECT(0) of RFC 3168 §5?
    pub fn is_ect(&self) -> bool {
        self.recovery.is_ect()
    }

    /// Has the peer answered us at its address?
    pub const fn is_proven(&self) -> bool {
        self.path.is_proven()
    }

    const fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Only a client has been told how a RESET will look.
    const fn is_client(&self) -> bool {
        self.names.reset_token.is_some()
    }

    /// Queues a message. It may be queued before the handshake has come to its end; with a server that is
    /// known, the first ones ride in the first flight.
    pub fn send(&mut self, channel: ChannelId, payload: Payload) -> Result<(), SendError> {
        match self.phase {
            Phase::Handshaking(_) | Phase::Open => self.channels.send(channel, payload, None),
            Phase::Closing(_) | Phase::Over => Err(SendError::Closed),
        }
    }

    /// Queues a message that is worth nothing from `deadline` on: what has not arrived by then is not sent
    /// (again). Only where the channel's [`Delivery`](super::channel::delivery::Delivery) is not in order.
    pub fn send_until(
        &mut self,
        channel: ChannelId,
        payload: Payload,
        deadline: Instant,
    ) -> Result<(), SendError> {
        match self.phase {
            Phase::Handshaking(_) | Phase::Open => self.channels.send(channel, payload, Some(deadline)),
            Phase::Closing(_) | Phase::Over => Err(SendError::Closed),
        }
    }

    /// The cost of the messages that wait to be acknowledged by the peer.
    pub const fn queued(&self) -> u64 {
        self.channels.queued()
    }

    /// The server tells its heartbeat interval, stretched by this factor.
    pub fn stretch(&mut self, factor: u32) {
        self.silence.on_stretch(factor);
        self.owed.pace = true;
    }

    /// The client says hello (again), in so many bytes: welcome it with the next packet.
    pub fn on_hello_again(&mut self, bytes: usize) {
        self.path.on_received(bytes);
        self.owed.ping |= !self.names.prefix.is_empty();
    }

    /// From now on no datagram (or one again) leaves only for a copy's sake: the server's budget is spent.
    pub fn hold_copies(&mut self, is_held: bool) {
        self.copies.hold(is_held);
    }

    /// How many datagrams left only for a copy's sake.
    pub const fn copies_sent(&self) -> u64 {
        self.journal.counters().copies()
    }

    /// The local socket was made anew, perhaps in another network: show the peer where we are.
    pub fn on_rebound(&mut self) {
        self.recovery.forget_what_passes(self.path.path().largest_datagram());
        self.owed.ping = true;
    }

    /// The next packet has this number, as if all before it had been sent long ago.
    #[cfg(test)]
    pub(crate) fn skip_numbers_to(&mut self, number: u64) {
        self.recovery.sent().skip_to(number);
    }

    /// When to wake it, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        match &self.phase {
            Phase::Handshaking(handshake) => handshake.poll_timeout().map(|at| (at, Timer::HandshakeRetry)),
            Phase::Open => {
                let next = (self.silence.poll_timeout(), Timer::Liveness);
                let next = earlier(next, self.recovery.poll_timeout());
                let next = earlier(next, self.received.poll_timeout().map(|at| (at, Timer::Acknowledge)));
                let next = earlier(next, self.copies.poll_timeout().map(|at| (at, Timer::ExtraCopy)));
                let next = earlier(next, self.recovery.poll_pacing().map(|at| (at, Timer::Pacing)));
                Some(earlier(next, self.path.poll_timeout().map(|at| (at, Timer::PathChallenge))))
            }
            Phase::Closing(closing) => Some((closing.poll_timeout(), Timer::Close)),
            Phase::Over => None,
        }
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.phase {
            Phase::Open => {
                let is_paced = self.recovery.poll_pacing().is_some_and(|at| at <= now);
                self.on_recovery_timeout(now);
                if self.received.handle_timeout(now) {
                    self.journal.tell(now, TraceEvent::AckTimerFired);
                }
                if is_paced {
                    self.journal.tell(now, TraceEvent::PacingTimerFired);
                }
                self.copies.handle_timeout(now);
                self.path.handle_timeout(now);
                if self.silence.is_ping_due(now) {
                    // Asked, whether or not the path allows it to leave: else the timer would never rest.
                    self.silence.on_asked(now);
                    self.owed.ping = true;
                }
                match self.silence.handle_timeout(now) {
                    Some(Turn::State(state)) => self.on_liveness(now, state),
                    Some(Turn::Over) => self.end(now, CloseReason::TimedOut),
                    None => {}
                }
            }
            Phase::Closing(closing) if closing.is_over(now) => self.phase = Phase::Over,
            _ => {}
        }
    }

    /// The next fact for the user.
    pub fn poll_event(&mut self, now: Instant) -> Option<SessionEvent> {
        // Asked first, because the answer is mostly no.
        if self.news.is_empty() && !self.channels.has_arrived() {
            return None;
        }
        self.next_event(now)
    }

    // Ours: on its own, because it is asked for in vain more often than not.
    #[inline(never)]
    fn next_event(&mut self, now: Instant) -> Option<SessionEvent> {
        if let Some(event) = self.news.events.pop_front() {
            return Some(event);
        }
        while let Some((channel, bytes)) = self.channels.poll_message() {
            match self.channels.unwrap(channel, bytes) {
                Ok((channel, bytes)) => {
                    self.trace(now, TraceEvent::MessageDelivered { channel: channel.0, bytes: bytes.len() });
                    return Some(SessionEvent::Message { channel, bytes });
                }
                Err(rule) if self.is_open() => self.violate(now, rule),
                Err(_) => {}
            }
        }
        self.news.closed.take().map(SessionEvent::Closed)
    }

    /// Takes the buffer of a message back, to fill it with another: who gives them back makes that none is
    /// allocated while small messages come.
    pub fn recycle(&mut self, buffer: Vec<u8>) {
        self.channels.recycle(buffer);
    }

    /// Has everything come to its end, so that the connection can be forgotten?
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over) && self.news.is_empty()
    }

    /// What was measured so far.
    pub fn stats(&self) -> SessionStats {
        SessionStats {
            in_flight: Some(self.recovery.bytes_in_flight()),
            cwnd: Some(self.recovery.window()),
            ..self.journal.counters().stats()
        }
    }

    /// How the peer is, as far as its silence tells.
    pub const fn liveness(&self) -> Liveness {
        self.silence.state()
    }

    fn on_recovery_timeout(&mut self, now: Instant) {
        let probes = self.with_verdicts(now, |recovery, verdicts| recovery.handle_timeout(now, verdicts));
        let Some(count) = probes else { return };
        self.trace(now, TraceEvent::ProbeFired { count });
        self.repeat_oldest();
    }

    /// Asks recovery something that leads to verdicts, and tells what moved with them.
    fn with_verdicts<T>(
        &mut self,
        now: Instant,
        ask: impl FnOnce(&mut Recovery, &mut Verdicts<'_>) -> T,
    ) -> T {
        // Nobody counts what moves.
        let before = self.journal.is_heard().then(|| self.moving());
        let mut verdicts = Verdicts {
            now,
            journal: &mut self.journal,
            channels: &mut self.channels,
            copies: &mut self.copies,
            received: &mut self.received,
            owed: &mut self.owed,
        };
        let answer = ask(&mut self.recovery, &mut verdicts);
        if let Some(before) = before {
            self.trace_moves(now, before);
        }
        answer
    }

    /// RFC 9002 §6.2.4: a probe carries what is out longest, as much as fits into one datagram, so that a
    /// lost tail is repaired by the probe itself.
    fn repeat_oldest(&mut self) {
        let mut room = output::PIECES_MAX;
        for part in self.recovery.oldest_parts() {
            let len = output::span_of(part).map_or(0, |(_, span)| span.len);
            // The oldest goes even if it must be cut anew: what does not fit follows as the window lets it.
            if len > room && room < output::PIECES_MAX {
                break;
            }
            room = room.saturating_sub(len);
            on_lost(&mut self.channels, part);
        }
        self.owed.ping = true;
    }

    fn on_liveness(&mut self, now: Instant, state: Liveness) {
        self.trace(now, TraceEvent::Liveness { state: state.name() });
        self.news.events.push_back(SessionEvent::Liveness(state));
    }

    /// What verdicts may move.
    fn moving(&self) -> (u64, usize, Validation) {
        (self.recovery.window(), self.recovery.datagram_size(), self.recovery.validation())
    }

    fn trace_moves(&mut self, now: Instant, before: (u64, usize, Validation)) {
        let (window, bytes, ecn) = self.moving();
        let in_flight = self.recovery.bytes_in_flight();
        if ecn != before.2 {
            self.trace(now, TraceEvent::EcnTested { works: ecn == Validation::Capable });
        }
        if bytes != before.1 {
            self.trace(now, TraceEvent::DatagramSize { bytes });
        }
        if window != before.0 {
            self.trace(now, TraceEvent::WindowMoved { window, in_flight });
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as what it calls")]
    fn trace(&mut self, now: Instant, event: TraceEvent) {
        self.journal.tell(now, event);
    }

    /// Both ends are known: whoever was let in on the keys may have them.
    fn tell_keys(&self, secrets: Option<&Secrets>) {
        let Some(Secrets { to_server, to_client }) = secrets else { return };
        let Names { local, remote, .. } = &self.names;
        let (client, server) = if self.is_client() { (local.0, remote.0) } else { (remote.0, local.0) };
        self.journal.tell_keys(&SessionKeys { transport: "udp", client, server, to_server, to_client });
    }
}

/// Where the verdicts of recovery go: to whoever owns what the packet carried.
struct Verdicts<'a> {
    now: Instant,
    journal: &'a mut Journal,
    channels: &'a mut Channels,
    copies: &'a mut Copies,
    received: &'a mut Received,
    owed: &'a mut Owed,
}

impl Outcome for Verdicts<'_> {
    fn on_acknowledged(&mut self, number: u64, parts: &[Part]) {
        self.journal.tell(self.now, TraceEvent::PacketAcknowledged { number });
        self.on_arrived(parts);
    }

    fn on_lost(&mut self, number: u64, rule: LossRule, age: Duration, parts: &[Part]) {
        let size_probe = is_size_probe(parts);
        let event = match rule {
            LossRule::PacketThreshold => TraceEvent::PacketLost { number, by_time: false, age, size_probe },
            LossRule::TimeThreshold => TraceEvent::PacketLost { number, by_time: true, age, size_probe },
            LossRule::Timeout => TraceEvent::PacketTimedOut { number, age, behind: false },
            LossRule::Behind => TraceEvent::PacketTimedOut { number, age, behind: true },
        };
        self.journal.tell(self.now, event);
        for part in parts {
            match *part {
                Part::SessionCredit => self.channels.on_update_lost(None),
                Part::ChannelCredit { channel } => self.channels.on_update_lost(Some(channel)),
                Part::Pace => self.owed.pace = true,
                // An acknowledgement is said anew with the next packet, a challenge by its own timer.
                Part::Ack { .. } | Part::PathChallenge | Part::SizeProbe => {}
                Part::Abandoned { .. } => on_lost(self.channels, *part),
                Part::Piece { .. } => {
                    if let Some((channel, span)) = output::span_of(*part)
                        && self.copies.on_lost(channel, span.sequence)
                    {
                        self.channels.on_lost(channel, span);
                    }
                }
            }
        }
    }

    fn on_spurious(&mut self, number: u64, after: Duration, parts: &[Part]) {
        self.journal.tell(self.now, TraceEvent::LossSpurious { number, after });
        self.on_arrived(parts);
    }

    fn on_rtt(&mut self, sample: Duration, rtt: &RttEstimate) {
        self.journal.tell(self.now, rtt_sampled(sample, rtt));
    }
}

fn rtt_sampled(sample: Duration, rtt: &RttEstimate) -> TraceEvent {
    let (smoothed, variation, least) = (rtt.smoothed(), rtt.variation(), rtt.least());
    TraceEvent::RttSampled { sample, smoothed, variation, least }
}

impl Verdicts<'_> {
    /// The peer has these parts.
    fn on_arrived(&mut self, parts: &[Part]) {
        for part in parts {
            match *part {
                Part::Ack { largest } => self.received.on_acknowledgement_seen(largest),
                part => {
                    if let Some((channel, span)) = output::span_of(part) {
                        self.copies.on_settled(channel, span.sequence);
                    }
                    on_arrived(self.channels, part);
                }
            }
        }
    }
}

/// The channels hear that a part of theirs has arrived.
fn on_arrived(channels: &mut Channels, part: Part) {
    match part {
        Part::Piece { channel, sequence, offset, len } => {
            channels.on_acknowledged(channel, Span { sequence, offset, len });
        }
        Part::Abandoned { channel, sequence } => channels.on_abandonment_acknowledged(channel, sequence),
        _ => {}
    }
}

/// The channels hear that a part of theirs is to be sent again.
fn on_lost(channels: &mut Channels, part: Part) {
    match part {
        Part::Piece { channel, sequence, offset, len } => {
            channels.on_lost(channel, Span { sequence, offset, len });
        }
        Part::Abandoned { channel, sequence } => channels.on_abandonment_lost(channel, sequence),
        _ => {}
    }
}
