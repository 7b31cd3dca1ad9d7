//! What happens between the handshake and the end?
//!
//! Contents go out and come in sealed, numbered from 0 in each direction; keys change by count and by time;
//! a ping goes out each heartbeat and its answer is a sample of the round trip. A ping's token is the age of
//! the session in microseconds, so that the answer alone says how long it took.
//!
//! Ours: a ping each heartbeat also while messages flow, because TCP tells nobody when they arrived and the
//! round trip would be unknown just when it is interesting.

use super::content::Content;
use super::frame::{HEADER_LEN, Header, Kind};
use super::handshake::{Established, Role};
use super::output::Output;
use super::{StreamConfig, content};
use crate::crypto::{Opener, Sealer};
use crate::time::Instant;
use crate::trace::{TraceEvent, Tracer};
use crate::transport::liveness::{Silence, Turn};
use crate::transport::reliability::rtt::RttEstimate;
use crate::transport::session::{Liveness, SessionStats};
use crate::wire::bytes::Malformed;
use std::time::Duration;

/// An idle stream keeps no larger buffer than this.
const KEPT: usize = 4_096;

/// The two sealed directions of a stream.
#[derive(Debug)]
pub struct Sealed {
    role: Role,
    sealer: Sealer,
    opener: Opener,
    next_out: u64,
    next_in: u64,
    phase_since: Instant,
    began: Instant,
    silence: Silence,
    rtt: RttEstimate,
    scratch: Vec<u8>,
    tracer: Tracer,
    /// As its trace calls the session.
    session: u64,
}

impl Sealed {
    /// Begins after the handshake; `tracer` hears of each frame.
    pub fn new(now: Instant, config: &StreamConfig, established: Established, tracer: Tracer) -> Self {
        Self {
            role: established.role,
            sealer: established.sealer,
            opener: established.opener,
            next_out: 0,
            next_in: 0,
            phase_since: now,
            began: now,
            silence: Silence::new(now, config.liveness),
            rtt: RttEstimate::default(),
            scratch: Vec::new(),
            tracer,
            session: established.client_id,
        }
    }

    /// The most bytes that a message of this length takes.
    pub const fn cost(message_len: usize) -> usize {
        HEADER_LEN + 1 + 8 + message_len + 16
    }

    /// Seals one content as the next frame.
    pub fn put(&mut self, now: Instant, config: &StreamConfig, content: &Content<'_>, output: &mut Output) {
        let used_up = self.sealer.sealed_in_phase() >= config.rekey_frames;
        if used_up || now - self.phase_since >= config.rekey_interval {
            self.sealer.rekey();
            self.phase_since = now;
        }
        self.scratch.extend_from_slice(&[0; HEADER_LEN]);
        content.put(&mut self.scratch);
        let len = self.scratch.len() - HEADER_LEN + self.sealer.overhead();
        let header = Header { kind: Kind::Sealed(self.sealer.phase()), len };
        self.scratch[..HEADER_LEN].copy_from_slice(&header.to_bytes());
        self.sealer.seal(self.next_out, &mut self.scratch, HEADER_LEN);
        let (number, kind, bytes) = (self.next_out, content.name(), self.scratch.len());
        self.tracer.emit(now, self.session, || TraceEvent::FrameSent { number, kind, bytes });
        self.next_out += 1;
        output.put(&self.scratch);
        self.scratch.clear();
        self.scratch.shrink_to(KEPT);
    }

    /// Opens the next frame in place. The state of the peer, where that changes by hearing of it, is given
    /// with the content.
    pub fn open<'a>(
        &mut self,
        now: Instant,
        frame: &'a mut [u8],
    ) -> Result<(Option<Liveness>, Content<'a>), Malformed> {
        let (header, body) = frame.split_first_chunk_mut::<HEADER_LEN>().ok_or(Malformed("a torn frame"))?;
        let Kind::Sealed(phase) = Header::read(*header)?.kind else {
            return Err(Malformed("a frame out of turn"));
        };
        let len = self
            .opener
            .open(phase, self.next_in, header, body)
            .map_err(|_| Malformed("a frame that does not open"))?;
        let (number, bytes) = (self.next_in, HEADER_LEN + body.len());
        self.next_in += 1;
        let content = Content::read(&body[..len])?;
        let kind = content.name();
        self.tracer.emit(now, self.session, || TraceEvent::FrameReceived { number, kind, bytes });
        Ok((self.silence.on_heard(now), content))
    }

    /// Asks whether the peer is there.
    pub fn ping(&mut self, now: Instant, config: &StreamConfig, output: &mut Output) {
        self.silence.on_asked(now);
        // A peer that does not even read the last megabyte will not read a ping.
        if output.pending().len() < config.output_max {
            self.put(now, config, &Content::Ping(self.age(now)), output);
        }
    }

    /// Answers a ping.
    pub fn on_ping(&mut self, now: Instant, config: &StreamConfig, token: u64, output: &mut Output) {
        if output.pending().len() < config.output_max {
            self.put(now, config, &Content::Pong(token), output);
        }
    }

    /// A ping was answered: so long after it was sent.
    pub fn on_pong(&mut self, now: Instant, token: u64) -> Option<Duration> {
        // A token from the future is none of ours; whoever makes one up fools only the own statistics.
        let sample = Duration::from_micros(self.age(now).checked_sub(token)?);
        self.rtt.on_sample(sample, Duration::ZERO);
        Some(sample)
    }

    /// The event of this sample, which was taken in.
    pub const fn rtt_sampled(&self, sample: Duration) -> TraceEvent {
        let (smoothed, variation, least) = (self.rtt.smoothed(), self.rtt.variation(), self.rtt.least());
        TraceEvent::RttSampled { sample, smoothed, variation, least }
    }

    /// The server slows its heartbeats down to this; a client may not ask a server to.
    pub fn on_pace(&mut self, heartbeat_ms: u64) -> Result<(), Malformed> {
        if self.role == Role::Server {
            return Err(Malformed("a pace from a client"));
        }
        self.silence.on_pace(heartbeat_ms);
        Ok(())
    }

    /// All intervals of silence are this many times as long from now on; tells the peer.
    pub fn stretch(&mut self, now: Instant, config: &StreamConfig, factor: u32, output: &mut Output) {
        let before = self.silence.heartbeat();
        self.silence.on_stretch(factor);
        let heartbeat = self.silence.heartbeat();
        if heartbeat != before {
            let heartbeat_ms = u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX);
            self.put(now, config, &Content::Pace { heartbeat_ms }, output);
        }
    }

    /// Time passed: pings where due, and says what became of the silence.
    pub fn handle_timeout(
        &mut self,
        now: Instant,
        config: &StreamConfig,
        output: &mut Output,
    ) -> Option<Turn> {
        let turn = self.silence.handle_timeout(now);
        if turn.is_none() && self.silence.is_ping_due(now) {
            self.ping(now, config, output);
        }
        turn
    }

    /// When to look again.
    pub fn poll_timeout(&self) -> Instant {
        self.silence.poll_timeout()
    }

    /// What was measured.
    pub fn stats(&self) -> SessionStats {
        let sampled = self.rtt.is_sampled();
        SessionStats {
            rtt: sampled.then_some(self.rtt.smoothed()),
            rttvar: sampled.then_some(self.rtt.variation()),
            rtt_min: sampled.then_some(self.rtt.least()),
            sent: self.next_out,
            ..SessionStats::default()
        }
    }

    fn age(&self, now: Instant) -> u64 {
        u64::try_from((now - self.began).as_micros()).unwrap_or(u64::MAX)
    }
}

const _: () = assert!(Sealed::cost(content::MESSAGE_LEN_MAX) < 1 << 24, "a length has three bytes");
