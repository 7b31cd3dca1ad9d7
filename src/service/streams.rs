//! All TCP connections of a server, as the endpoint holds all of its datagram connections: who needs
//! writing, who needs waking, who has something to tell?

use crate::crypto::Identity;
use crate::service::api::{StreamAction, StreamId};
use crate::time::Instant;
use crate::transport::session::{ChannelId, CloseCode, Payload, SendError, SessionEvent, SessionStats};
use crate::transport::stream::{Stream, StreamConfig};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

/// Streams whose handshake is not over, at most.
const HANDSHAKING_MAX: usize = 1_024;

struct Entry {
    stream: Stream,
    remote: SocketAddr,
    wake: Option<Instant>,
}

/// A server's streams.
pub struct Streams {
    config: StreamConfig,
    identity: Identity,
    greeting: Vec<u8>,
    max: usize,
    last: u64,
    entries: BTreeMap<StreamId, Entry>,
    timers: BTreeSet<(Instant, StreamId)>,
    actions: VecDeque<StreamAction>,
    events: VecDeque<(StreamId, SessionEvent)>,
}

impl Streams {
    /// No stream yet; at most `max` at a time.
    pub const fn new(config: StreamConfig, identity: Identity, greeting: Vec<u8>, max: usize) -> Self {
        Self {
            config,
            identity,
            greeting,
            max,
            last: 0,
            entries: BTreeMap::new(),
            timers: BTreeSet::new(),
            actions: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// A connection was accepted; `seed` is entropy for it alone. One too many is closed at once.
    pub fn handle_opened(&mut self, now: Instant, remote: SocketAddr, seed: [u8; 32]) -> StreamId {
        self.last += 1;
        let id = StreamId(self.last);
        let handshaking = self.entries.values().filter(|entry| !entry.stream.is_open()).count();
        if self.entries.len() >= self.max || handshaking >= HANDSHAKING_MAX {
            self.actions.push_back(StreamAction::Close(id));
            return id;
        }
        let stream = Stream::server(now, self.config, self.identity.clone(), self.greeting.clone(), seed);
        self.entries.insert(id, Entry { stream, remote, wake: None });
        self.settle(id);
        id
    }

    /// Something happens to a stream: what it comes to is collected.
    fn act(&mut self, id: StreamId, act: impl FnOnce(&mut Stream)) {
        if let Some(entry) = self.entries.get_mut(&id) {
            act(&mut entry.stream);
            self.settle(id);
        }
    }

    /// Bytes came.
    pub fn handle_bytes(&mut self, now: Instant, id: StreamId, bytes: &[u8]) {
        self.act(id, |stream| stream.handle_bytes(now, bytes));
    }

    /// The connection ended or broke.
    pub fn handle_broken(&mut self, now: Instant, id: StreamId, reason: &str) {
        self.act(id, |stream| stream.handle_broken(now, reason));
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.timers.first().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, id));
            self.act(id, |stream| stream.handle_timeout(now));
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
        self.act(id, |stream| sent = stream.send(now, channel, payload));
        sent
    }

    /// Closes a session.
    pub fn close(&mut self, now: Instant, id: StreamId, code: CloseCode, text: &str) {
        self.act(id, |stream| stream.close(now, code, text));
    }

    /// All silences are measured with clocks slower by this factor.
    pub fn stretch(&mut self, now: Instant, factor: u32) {
        let ids: Vec<StreamId> = self.entries.keys().copied().collect();
        ids.into_iter().for_each(|id| self.act(id, |stream| stream.stretch(now, factor)));
    }

    /// One silence is.
    pub fn stretch_one(&mut self, now: Instant, id: StreamId, factor: u32) {
        self.act(id, |stream| stream.stretch(now, factor));
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

    fn settle(&mut self, id: StreamId) {
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

    fn forget(&mut self, id: StreamId) {
        if let Some(Entry { wake: Some(at), .. }) = self.entries.remove(&id) {
            self.timers.remove(&(at, id));
        }
        self.actions.push_back(StreamAction::Close(id));
    }
}
