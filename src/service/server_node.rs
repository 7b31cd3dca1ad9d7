//! A whole server, without its sockets: transports × chat × store.
//!
//! ```text
//!   datagrams ⇄ endpoint ┐                      ┌ store requests ⇄ replies
//!                        ├ session ⇄ chat server ┤
//!   TCP bytes ⇄ streams  ┘                      └ events for the log
//! ```
//!
//! The node only carries: what the transports tell goes to the chat, what the chat wants done goes to the
//! transports and to the store, until all are quiet.

use super::api::{Path, ServerConfig, ServerEvent, StreamAction, StreamId};
use super::carriers::{Carried, Carrier, Carriers};
use super::held::Held;
use super::streams::Streams;
use super::verbs::ServerCore;
use crate::chat::codec::encode_server_greeting;
use crate::chat::message::ServerGreeting;
use crate::chat::server::{
    ChatConfig, ChatHappening, ChatLimits, ChatServer, DoorConfig, Effect, Peer, SessionKey,
};
use crate::crypto::Identity;
use crate::files::codec::is_flow;
use crate::files::message::FILES_CHANNEL;
use crate::files::{Desk, DeskEffect, FileLimits, FileReply, FileRequest, KeptFile};
use crate::rng::Rng;
use crate::store::{Snapshot, StoreReply, StoreRequest};
use crate::time::Instant;
use crate::trace::Tracer;
use crate::transport::config::TransportConfig;
use crate::transport::endpoint::{Endpoint, ServerSetup};
use crate::transport::session::{
    ChannelId, CloseCode, Liveness, Payload, SendError, SessionEvent, SessionStats,
};
use crate::transport::stream::StreamConfig;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

/// A session whose queue is at most so long may be given more of a replay.
const QUEUE_LOW: u64 = 32 << 10;

/// With so many sessions all clocks of silence run at half the speed, with twice as many at a third …
const SESSIONS_PER_STRETCH: usize = 1_000;

/// A whole server.
pub struct ServerNode {
    endpoint: Endpoint,
    streams: Streams,
    chat: ChatServer,
    carriers: Carriers,
    held: Held,
    /// Sessions that were sent something since they were last asked whether their queue is low.
    filled: VecDeque<SessionKey>,
    requests: VecDeque<StoreRequest>,
    files: Desk,
    file_requests: VecDeque<FileRequest>,
    events: VecDeque<ServerEvent>,
    stretch: u32,
    max_sessions: usize,
    rng: Rng,
}

impl ServerNode {
    /// A server that goes on where the store left off.
    pub fn new(
        config: &ServerConfig,
        identity: &Identity,
        mut snapshot: Snapshot,
        mut rng: Rng,
        tracer: Tracer,
    ) -> Self {
        let agent = concat!("sayagain ", env!("CARGO_PKG_VERSION")).to_owned();
        let greeting = encode_server_greeting(&ServerGreeting { name: config.server_name.clone(), agent });
        let transport = TransportConfig {
            liveness: config.liveness,
            insecure: config.insecure,
            unix_ms_at_zero: config.unix_ms_at_zero,
            ..TransportConfig::chosen(config.choices)
        };
        let stream =
            StreamConfig { liveness: config.liveness, insecure: config.insecure, ..StreamConfig::default() };
        let setup = ServerSetup {
            config: transport,
            identity: Arc::new(identity.clone()),
            greeting: greeting.clone(),
            max_sessions: config.max_sessions,
        };
        if config.insecure {
            // In the clear anybody may say that a key is theirs.
            snapshot.roles.clear();
        }
        let chat = ChatConfig {
            server_name: config.server_name.clone(),
            unix_ms_at_zero: config.unix_ms_at_zero,
            owner: config.owner.map(|key| key.0),
            keep: config.keep,
            limits: ChatLimits { terms: config.terms, ..ChatLimits::default() },
        };
        Self {
            streams: Streams::new(stream, identity.clone(), greeting, config.max_sessions)
                .traced(tracer.clone()),
            endpoint: Endpoint::new(setup, rng.fork(), tracer),
            chat: ChatServer::new(chat, snapshot),
            carriers: Carriers::default(),
            held: Held::default(),
            filled: VecDeque::new(),
            requests: VecDeque::new(),
            files: Desk::new(FileLimits::NONE, Vec::new(), config.unix_ms_at_zero),
            file_requests: VecDeque::new(),
            events: VecDeque::new(),
            stretch: 1,
            max_sessions: config.max_sessions,
            rng,
        }
    }
}

impl ServerNode {
    /// With this door, in place of one that is open to everybody.
    #[must_use]
    pub fn with_door(mut self, config: DoorConfig) -> Self {
        self.chat = self.chat.with_door(config);
        self
    }

    /// Taking files within these limits, in place of none; `kept` is what its disk has of them.
    #[must_use]
    pub fn with_files(mut self, config: &ServerConfig, limits: FileLimits, kept: Vec<KeptFile>) -> Self {
        self.files = Desk::new(limits, kept, config.unix_ms_at_zero);
        self
    }
}

impl ServerCore for ServerNode {
    fn handle_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]) {
        self.share_places();
        self.endpoint.handle_datagram(now, path, datagram);
        self.carry(now);
    }

    fn handle_marked_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]) {
        self.share_places();
        self.endpoint.handle_marked_datagram(now, path, datagram);
        self.carry(now);
    }

    fn handle_stream_opened(&mut self, now: Instant, remote: SocketAddr) -> StreamId {
        let seed = self.rng.bytes();
        self.share_places();
        self.streams.handle_opened(now, remote, seed)
    }

    fn handle_stream_bytes(&mut self, now: Instant, id: StreamId, bytes: &[u8]) {
        self.share_places();
        self.streams.handle_bytes(now, id, bytes);
        self.carry(now);
    }

    fn handle_stream_closed(&mut self, now: Instant, id: StreamId, reason: &str) {
        self.streams.handle_broken(now, id, reason);
        self.carry(now);
    }

    fn handle_store_reply(&mut self, now: Instant, reply: StoreReply) {
        self.chat.handle_stored(now, reply);
        self.carry(now);
    }

    fn handle_file_reply(&mut self, now: Instant, reply: FileReply) {
        self.files.handle_reply(now, reply, &self.chat);
        self.carry(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        self.streams.handle_timeout(now);
        if self.chat.poll_timeout().is_some_and(|due| due <= now) {
            self.chat.handle_timeout(now);
        }
        self.files.handle_timeout(now);
        self.carry(now);
    }

    fn shutdown(&mut self, now: Instant) {
        self.chat.shutdown(now);
        self.carry(now);
    }

    fn is_shut_down(&self) -> bool {
        self.chat.is_down() && self.endpoint.is_empty() && self.streams.is_empty()
    }

    fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Path> {
        self.endpoint.poll_transmit(now, buffer)
    }

    fn is_ect(&self) -> bool {
        self.endpoint.is_ect()
    }

    fn poll_stream(&mut self) -> Option<StreamAction> {
        self.streams.poll_action()
    }

    fn stream_output(&self, id: StreamId) -> &[u8] {
        self.streams.output(id)
    }

    fn stream_written(&mut self, now: Instant, id: StreamId, len: usize) {
        self.streams.written(now, id, len);
        self.carry(now);
    }

    fn poll_store(&mut self) -> Option<StoreRequest> {
        self.requests.pop_front()
    }

    fn poll_file(&mut self) -> Option<FileRequest> {
        self.file_requests.pop_front()
    }

    fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let parts = [
            self.endpoint.poll_timeout(),
            self.streams.poll_timeout(),
            self.chat.poll_timeout(),
            self.files.poll_timeout(),
        ];
        parts.into_iter().flatten().min()
    }
}

impl ServerNode {
    /// How many sessions are up.
    pub fn sessions(&self) -> usize {
        self.carriers.len()
    }

    /// The bound on sessions is the server's: what one transport has the other has not.
    fn share_places(&mut self) {
        self.endpoint.set_max_sessions(self.max_sessions.saturating_sub(self.streams.sessions()));
        self.streams.set_max_sessions(self.max_sessions.saturating_sub(self.endpoint.len()));
    }

    /// Carries facts and wishes to and fro until all are quiet.
    fn carry(&mut self, now: Instant) {
        loop {
            // The chat's wishes first: who is about to be told of an end must still be known.
            if let Some(effect) = self.chat.poll_effect() {
                self.do_effect(now, effect);
            } else if let Some(effect) = self.files.poll_effect() {
                self.do_file_effect(now, effect);
            } else if let Some((id, event)) = self.endpoint.poll_event() {
                let remote = self.endpoint.path(id).map(|path| path.remote);
                self.hear(now, Carrier::Udp(id), remote, event);
            } else if let Some((id, event)) = self.streams.poll_event() {
                let remote = self.streams.remote(id);
                self.hear(now, Carrier::Tcp(id), remote, event);
            } else if self.release_proven(now) {
            } else if !self.ask_drained(now) {
                break;
            }
        }
        while let Some(turned_away) = self.endpoint.poll_turned_away() {
            let (address, reason) = (turned_away.path.remote, turned_away.reason);
            self.events.push_back(ServerEvent::TurnedAway { address, reason });
        }
    }

    /// Holds what would replace a live session until its sender has proved itself.
    fn hear(&mut self, now: Instant, carrier: Carrier, remote: Option<SocketAddr>, event: SessionEvent) {
        let replaces = match &event {
            SessionEvent::Connected { greeting, .. } => self.chat.would_replace(greeting),
            _ => false,
        };
        if replaces || self.held.holds(carrier) {
            self.held.hold(carrier, remote, event);
        } else {
            self.on_session_event(now, carrier, remote, event);
        }
    }

    fn release_proven(&mut self, now: Instant) -> bool {
        let (endpoint, streams) = (&self.endpoint, &self.streams);
        let released = self.held.release(|carrier, events| match carrier {
            Carrier::Udp(id) => endpoint.is_proven(id),
            // On a stream nothing but the greeting comes before frames sealed with the session's keys; who
            // has nothing to say yet proves itself by answering our ping.
            Carrier::Tcp(id) => {
                events.len() > 1 || streams.stats(id).is_some_and(|stats| stats.rtt.is_some())
            }
        });
        let Some((carrier, (remote, events))) = released else { return false };
        events.into_iter().for_each(|event| self.on_session_event(now, carrier, remote, event));
        true
    }

    fn on_session_event(
        &mut self,
        now: Instant,
        carrier: Carrier,
        remote: Option<SocketAddr>,
        event: SessionEvent,
    ) {
        if let SessionEvent::Connected { peer, greeting } = event {
            // The connection may be over already; then nothing of it matters.
            let Some(remote) = remote else { return };
            let key = self.carriers.begin(carrier, remote);
            let transport = match carrier {
                Carrier::Udp(_) => "udp",
                Carrier::Tcp(_) => "tcp",
            };
            let peer = Peer { key: peer.0, transport, address: remote.to_string() };
            self.stretch_for(now, carrier);
            return self.chat.handle_connected(now, key, peer, &greeting);
        }
        let Some(key) = self.carriers.key(carrier) else { return };
        if let Some(remote) = remote
            && let Some(from) = self.carriers.on_remote(key, remote)
        {
            self.events.push_back(ServerEvent::Roamed { from, to: remote });
            self.chat.handle_roamed(now, key, &remote.to_string());
        }
        match event {
            SessionEvent::Message { channel, bytes } => {
                if let Some(rtt) = self.stats(carrier).and_then(|stats| stats.rtt) {
                    self.chat.handle_rtt(key, rtt);
                }
                if channel.0 == FILES_CHANNEL {
                    self.hear_of_files(now, key, &bytes);
                } else {
                    self.chat.handle_message(now, key, channel.0, &bytes);
                }
                if let Carrier::Udp(id) = carrier {
                    self.endpoint.recycle(id, bytes);
                }
            }
            SessionEvent::Connected { .. } | SessionEvent::Liveness(Liveness::Suspected) => {}
            SessionEvent::Liveness(state) => self.chat.handle_liveness(now, key, state == Liveness::Lost),
            SessionEvent::Closed(reason) => self.end(now, key, &reason.to_string()),
        }
    }

    fn do_effect(&mut self, now: Instant, effect: Effect) {
        match effect {
            Effect::Send { session, channel, bytes } => {
                if let Some(Carried { carrier, .. }) = self.carriers.get(session) {
                    self.send(now, session, carrier, ChannelId(channel), bytes);
                }
            }
            Effect::Close { session, code, text } => {
                // The carrier tells in turn that it is closed: then the session is forgotten here too.
                if let Some(Carried { carrier, .. }) = self.carriers.get(session) {
                    self.close(now, carrier, CloseCode(code), &text);
                }
            }
            Effect::Store(request) => self.requests.push_back(request),
            Effect::Entered { session, room } => self.files.on_arrived(session, Some(&room), &self.chat),
            Effect::Happened(happening) => {
                if let ChatHappening::Connected { session, .. } = &happening {
                    self.files.on_arrived(*session, None, &self.chat);
                }
                self.tell(happening);
            }
        }
    }

    /// Bytes on their way are bounded by their window; all else counts as anything that is said.
    fn hear_of_files(&mut self, now: Instant, key: SessionKey, bytes: &[u8]) {
        let heard = if is_flow(bytes) || self.chat.spend(now, key) {
            self.files.handle_message(now, key, bytes, &self.chat)
        } else {
            Err("more was asked of files than the quota lets through")
        };
        if let Err(rule) = heard
            && let Some(Carried { carrier, .. }) = self.carriers.get(key)
        {
            self.close(now, carrier, CloseCode::PROTOCOL, &format!("broke the protocol: {rule}"));
            self.end(now, key, rule);
        }
    }

    fn do_file_effect(&mut self, now: Instant, effect: DeskEffect) {
        match effect {
            DeskEffect::Send { session, bytes } => {
                if let Some(Carried { carrier, .. }) = self.carriers.get(session) {
                    self.send(now, session, carrier, ChannelId(FILES_CHANNEL), bytes);
                }
            }
            DeskEffect::Ask(request) => self.file_requests.push_back(request),
        }
    }

    fn send(&mut self, now: Instant, key: SessionKey, carrier: Carrier, channel: ChannelId, bytes: Payload) {
        let sent = match carrier {
            Carrier::Udp(id) => self.endpoint.send(now, id, channel, bytes),
            Carrier::Tcp(id) => self.streams.send(now, id, channel, bytes),
        };
        match sent {
            Ok(()) => {
                if self.filled.back() != Some(&key) {
                    self.filled.push_back(key);
                }
            }
            Err(SendError::QueueFull) => {
                let text = "you read so slowly that your queue overflowed: connect again, nothing is lost";
                self.close(now, carrier, CloseCode::SLOW_READER, text);
                self.end(now, key, "read too slowly");
            }
            // The session's end is on its way here; the others are errors of our own.
            Err(SendError::Closed | SendError::TooLong | SendError::Ordered) => {}
        }
    }

    fn close(&mut self, now: Instant, carrier: Carrier, code: CloseCode, text: &str) {
        match carrier {
            Carrier::Udp(id) => self.endpoint.close(now, id, code, text),
            Carrier::Tcp(id) => self.streams.close(now, id, code, text),
        }
    }

    fn end(&mut self, now: Instant, key: SessionKey, reason: &str) {
        self.chat.handle_closed(now, key, reason);
        while let Some(effect) = self.chat.poll_effect() {
            self.do_effect(now, effect);
        }
        self.files.handle_closed(key);
        self.carriers.end(key);
    }

    /// Tells the chat whose queue is low again. True if anybody's is.
    fn ask_drained(&mut self, now: Instant) -> bool {
        let mut any = false;
        for _ in 0..self.filled.len() {
            let Some(key) = self.filled.pop_front() else { break };
            let Some(Carried { carrier, .. }) = self.carriers.get(key) else { continue };
            let queued = match carrier {
                Carrier::Udp(id) => self.endpoint.queued(id),
                Carrier::Tcp(id) => self.streams.queued(id) as u64,
            };
            if queued <= QUEUE_LOW {
                self.chat.handle_drained(now, key);
                any = true;
            } else {
                self.filled.push_back(key);
            }
        }
        any
    }

    fn stats(&self, carrier: Carrier) -> Option<SessionStats> {
        match carrier {
            Carrier::Udp(id) => self.endpoint.stats(id),
            Carrier::Tcp(id) => self.streams.stats(id),
        }
    }

    /// With thousands of sessions heartbeats alone would be a load: all clocks of silence run slower.
    fn stretch_for(&mut self, now: Instant, newcomer: Carrier) {
        let factor = 1 + u32::try_from(self.carriers.len() / SESSIONS_PER_STRETCH).unwrap_or(u32::MAX - 1);
        if factor != self.stretch {
            self.stretch = factor;
            self.endpoint.stretch(now, factor);
            self.streams.stretch(now, factor);
        } else if factor > 1 {
            match newcomer {
                Carrier::Udp(id) => self.endpoint.stretch_one(now, id, factor),
                Carrier::Tcp(id) => self.streams.stretch_one(now, id, factor),
            }
        }
    }

    fn tell(&mut self, happening: ChatHappening) {
        let address = |key| self.carriers.get(key).map(|carried: Carried| carried.remote);
        let event = match happening {
            ChatHappening::Connected { session, name, agent, sessions } => {
                let Some(Carried { carrier, remote }) = self.carriers.get(session) else { return };
                let transport = carrier.transport();
                Some(ServerEvent::Connected { name, transport, address: remote, agent, sessions })
            }
            ChatHappening::Refused { session, reason } => {
                address(session).map(|address| ServerEvent::TurnedAway { address, reason })
            }
            ChatHappening::WrongProof { session, name, what } => {
                address(session).map(|address| ServerEvent::WrongProof { name, address, what })
            }
            ChatHappening::Disconnected { session, name, reason, sessions } => {
                address(session).map(|address| ServerEvent::Disconnected { name, address, reason, sessions })
            }
            ChatHappening::Liveness { session, name, lost } => {
                let state = if lost { "lost" } else { "back" };
                address(session).map(|address| ServerEvent::Liveness { name, address, state })
            }
            ChatHappening::Renamed { old, new, .. } => Some(ServerEvent::Renamed { old, new }),
            ChatHappening::Moderated { by, deed } => Some(ServerEvent::Moderated { by, deed }),
            ChatHappening::StoreFailed { reason } => Some(ServerEvent::StoreFailed { reason }),
        };
        self.events.extend(event);
    }
}
