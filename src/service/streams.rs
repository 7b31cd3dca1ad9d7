//! All TCP connections of a server, as the endpoint holds all of its datagram connections: who needs
//! writing, who needs waking, who has something to tell, and who is one too many?
//!
//! ```text
//!   accepted ─▶ Handshaking ──▶ Up ──▶ Leaving ─▶ gone        Leaving: its last words are being written
//!      │   1,024, 64 an address │ max sessions  ▲  1,024
//!      └── too many: REFUSE ────┴── CLOSE ──────┘
//! ```

use crate::crypto::Identity;
use crate::service::api::{StreamAction, StreamId};
use crate::time::Instant;
use crate::trace::Tracer;
use crate::transport::handshake::unproven::Unproven;
use crate::transport::session::{ChannelId, CloseCode, Payload, SendError, SessionEvent, SessionStats};
use crate::transport::stream::{Stream, StreamConfig};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

/// Streams that are closed and still have something to write, at most: beyond it nobody is told why there is
/// no place.
const LEAVING_MAX: usize = 1_024;

const FULL: &str = "the server is full";

/// Where a stream is in its life, as far as it counts against a bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Handshaking,
    Up,
    Leaving,
}

struct Entry {
    stream: Stream,
    remote: SocketAddr,
    wake: Option<Instant>,
    stage: Stage,
}

/// A server's streams.
pub struct Streams {
    config: StreamConfig,
    identity: Identity,
    greeting: Vec<u8>,
    tracer: Tracer,
    max_sessions: usize,
    last: u64,
    handshaking: Unproven,
    up: usize,
    entries: BTreeMap<StreamId, Entry>,
    timers: BTreeSet<(Instant, StreamId)>,
    actions: VecDeque<StreamAction>,
    events: VecDeque<(StreamId, SessionEvent)>,
}

impl Streams {
    /// No stream yet; at most so many sessions at a time.
    pub fn new(config: StreamConfig, identity: Identity, greeting: Vec<u8>, max_sessions: usize) -> Self {
        Self {
            config,
            identity,
            greeting,
            tracer: Tracer::default(),
            max_sessions,
            last: 0,
            handshaking: Unproven::default(),
            up: 0,
            entries: BTreeMap::new(),
            timers: BTreeSet::new(),
            actions: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// None of them yet; `tracer` hears what will happen.
    pub fn traced(self, tracer: Tracer) -> Self {
        Self { tracer, ..self }
    }

    /// From now on there may be so many sessions; those that are up beyond that stay.
    pub const fn set_max_sessions(&mut self, max: usize) {
        self.max_sessions = max;
    }

    /// How many sessions are up.
    pub const fn sessions(&self) -> usize {
        self.up
    }

    /// A connection was accepted; `seed` is entropy for it alone. One too many is told so and closed.
    pub fn handle_opened(&mut self, now: Instant, remote: SocketAddr, seed: [u8; 32]) -> StreamId {
        self.last += 1;
        let id = StreamId(self.last);
        let refusal = self.refusal(remote);
        if refusal.is_some() && self.leaving() >= LEAVING_MAX {
            self.actions.push_back(StreamAction::Close(id));
            return id;
        }
        let stream = Stream::server(now, self.config, self.identity.clone(), self.greeting.clone(), seed)
            .traced(self.tracer.clone());
        self.handshaking.on_begun(remote.ip());
        self.entries.insert(id, Entry { stream, remote, wake: None, stage: Stage::Handshaking });
        self.act(now, id, |stream| {
            if let Some((code, text)) = refusal {
                stream.close(now, code, text);
            }
        });
        id
    }

    /// Why there is no place for one more from there, if so.
    fn refusal(&self, remote: SocketAddr) -> Option<(CloseCode, &'static str)> {
        if self.up >= self.max_sessions {
            Some((CloseCode::FULL, FULL))
        } else if !self.handshaking.admits(remote.ip()) {
            Some((CloseCode::BUSY, "too many are connecting at this moment"))
        } else {
            None
        }
    }

    fn leaving(&self) -> usize {
        self.entries.len() - self.up - self.handshaking.len()
    }

    /// Something happens to a stream: what it comes to is collected.
    fn act(&mut self, now: Instant, id: StreamId, act: impl FnOnce(&mut Stream)) {
        if let Some(entry) = self.entries.get_mut(&id) {
            act(&mut entry.stream);
            self.settle(now, id);
        }
    }

    /// Bytes came.
    pub fn handle_bytes(&mut self, now: Instant, id: StreamId, bytes: &[u8]) {
        self.act(now, id, |stream| stream.handle_bytes(now, bytes));
    }

    /// The connection ended or broke.
    pub fn handle_broken(&mut self, now: Instant, id: StreamId, reason: &str) {
        self.act(now, id, |stream| stream.handle_broken(now, reason));
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.timers.first().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, id));
            self.act(now, id, |stream| stream.handle_timeout(now));
        }
    }

    /// When to wake it.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Sends a message.
    pub fn send(
        &mut self,
        now: Instant,
        id: StreamId,
        channel: ChannelId,
        payload: Payload,
    ) -> Result<(), SendError> {
        let mut sent = Err(SendError::Closed);
        self.act(now, id, |stream| sent = stream.send(now, channel, payload));
        sent
    }

    /// Closes a session.
    pub fn close(&mut self, now: Instant, id: StreamId, code: CloseCode, text: &str) {
        self.act(now, id, |stream| stream.close(now, code, text));
    }

    /// All silences are measured with clocks slower by this factor.
    pub fn stretch(&mut self, now: Instant, factor: u32) {
        let ids: Vec<StreamId> = self.entries.keys().copied().collect();
        ids.into_iter().for_each(|id| self.act(now, id, |stream| stream.stretch(now, factor)));
    }

    /// One silence is.
    pub fn stretch_one(&mut self, now: Instant, id: StreamId, factor: u32) {
        self.act(now, id, |stream| stream.stretch(now, factor));
    }

    /// What is to be written next; empty when there is nothing, or no such stream.
    pub fn output(&self, id: StreamId) -> &[u8] {
        self.entries.get(&id).map_or(&[], |entry| entry.stream.output())
    }

    /// The socket took so many bytes.
    pub fn written(&mut self, now: Instant, id: StreamId, len: usize) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.stream.written(now, len);
            if entry.stream.is_over() {
                self.forget(id);
            }
        }
    }

    /// The next thing to do to a socket.
    pub fn poll_action(&mut self) -> Option<StreamAction> {
        self.actions.pop_front()
    }

    /// The next fact about a session.
    pub fn poll_event(&mut self) -> Option<(StreamId, SessionEvent)> {
        self.events.pop_front()
    }

    /// Bytes that wait to be written; 0 if the stream is gone.
    pub fn queued(&self, id: StreamId) -> usize {
        self.entries.get(&id).map_or(0, |entry| entry.stream.queued_bytes())
    }

    /// Where a stream's client is.
    pub fn remote(&self, id: StreamId) -> Option<SocketAddr> {
        self.entries.get(&id).map(|entry| entry.remote)
    }

    /// What a session has measured.
    pub fn stats(&self, id: StreamId) -> Option<SessionStats> {
        self.entries.get(&id).map(|entry| entry.stream.stats())
    }

    /// None left?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn settle(&mut self, now: Instant, id: StreamId) {
        self.count(now, id);
        let Some(entry) = self.entries.get_mut(&id) else { return };
        while let Some(event) = entry.stream.poll_event() {
            self.events.push_back((id, event));
        }
        if let Some(old) = entry.wake.take() {
            self.timers.remove(&(old, id));
        }
        if entry.stream.is_over() {
            self.forget(id);
            return;
        }
        entry.wake = entry.stream.poll_timeout().map(|(at, _)| at);
        if let Some(at) = entry.wake {
            self.timers.insert((at, id));
        }
        if !entry.stream.output().is_empty() && self.actions.back() != Some(&StreamAction::Write(id)) {
            self.actions.push_back(StreamAction::Write(id));
        }
    }

    /// Counts a stream where it is now. One that comes to its keys when the last place is gone is closed
    /// before anybody hears of it.
    fn count(&mut self, now: Instant, id: StreamId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        if entry.stage == Stage::Handshaking && entry.stream.is_open() && self.up >= self.max_sessions {
            entry.stream.close(now, CloseCode::FULL, FULL);
            while entry.stream.poll_event().is_some() {}
        }
        let stage = if entry.stream.is_open() {
            Stage::Up
        } else if entry.stream.is_handshaking() {
            Stage::Handshaking
        } else {
            Stage::Leaving
        };
        let (former, address) = (std::mem::replace(&mut entry.stage, stage), entry.remote.ip());
        if former == Stage::Handshaking && stage != former {
            self.handshaking.on_ended(address);
        }
        self.up += usize::from(stage == Stage::Up && former != stage);
        self.up -= usize::from(former == Stage::Up && former != stage);
    }

    fn forget(&mut self, id: StreamId) {
        if let Some(Entry { wake: Some(at), .. }) = self.entries.remove(&id) {
            self.timers.remove(&(at, id));
        }
        self.actions.push_back(StreamAction::Close(id));
    }
}

#[cfg(test)]
mod tests;
