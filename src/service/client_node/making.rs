//! How does a session come to be, and what follows when it is over?
//!
//! The node's part that makes sessions over either transport, one after the other. Which address and which
//! transport are for `attempts` and `fallback` to say.

use super::attempts::Next;
use super::carrier::Carrier;
use super::fallback::{Failing, Step};
use super::node::{ClientNode, PEER, STATS_INTERVAL, Stage};
use crate::chat::client::event::UserEvent;
use crate::chat::codec::decode_server_greeting;
use crate::crypto::Pattern;
use crate::service::api::{ClientAction, ClientEvent, NetworkInput};
use crate::time::Instant;
use crate::transport::config::TransportConfig;
use crate::transport::connection::Connection;
use crate::transport::handshake::client::ClientHello;
use crate::transport::session::{CloseCode, CloseReason, PublicKey, Transport};
use crate::transport::stream::{HandshakeInput, Stream, StreamConfig};
use std::sync::Arc;

impl ClientNode {
    pub(super) fn connect(&mut self, now: Instant) {
        let (transport, address) = (self.fallback.transport(), self.attempts.address());
        let alone = self.attempts.deadline(now, transport);
        self.stage = Stage::Connecting { give_up: self.fallback.on_attempt(now, alone) };
        self.actions.push_back(ClientAction::Open { transport, address });
        self.session = None;
        if transport == Transport::Udp {
            self.open_connection(now);
        }
    }

    fn open_connection(&mut self, now: Instant) {
        let hello = ClientHello {
            identity: Arc::new(self.identity.clone()),
            server: self.server_key,
            greeting: self.chat.greeting(),
            trust: Arc::clone(&self.pins) as _,
        };
        let config = TransportConfig {
            liveness: self.config.liveness,
            insecure: self.config.insecure,
            unix_ms_at_zero: self.config.unix_ms_at_zero,
            ..TransportConfig::chosen(self.config.choices)
        };
        let rng = self.rng.fork();
        let connection = Connection::client(now, config, hello, PEER, rng, self.tracer.clone());
        self.session = Some(Carrier::Udp(Box::new(connection)));
        self.chat.handle_connected(now);
    }

    fn open_stream(&mut self, now: Instant) {
        let pattern = match (self.config.insecure, self.server_key) {
            (true, _) => Pattern::Clear,
            (false, Some(_)) => Pattern::Ik,
            (false, None) => Pattern::Xx,
        };
        let input = HandshakeInput {
            pattern,
            identity: self.identity.clone(),
            server: self.server_key,
            greeting: self.chat.greeting(),
            seed: self.rng.bytes(),
            trust: Arc::clone(&self.pins) as _,
        };
        let config = StreamConfig { liveness: self.config.liveness, ..StreamConfig::default() };
        let stream = Stream::client(now, config, input).traced(self.tracer.clone());
        self.session = Some(Carrier::Tcp(Box::new(stream)));
        self.chat.handle_connected(now);
    }

    /// Hands on what the network did.
    pub(super) fn on_network(&mut self, now: Instant, input: NetworkInput<'_>) {
        let is_over_tcp = self.fallback.transport() == Transport::Tcp;
        match (input, &mut self.session) {
            (NetworkInput::Datagram(datagram), Some(Carrier::Udp(connection))) => {
                connection.handle_datagram(now, PEER, datagram);
            }
            (NetworkInput::MarkedDatagram(datagram), Some(Carrier::Udp(connection))) => {
                connection.handle_marked_datagram(now, PEER, datagram);
            }
            (
                NetworkInput::Datagram(datagram) | NetworkInput::MarkedDatagram(datagram),
                Some(Carrier::Tcp(_)),
            ) if self.stage == Stage::Up && !self.chat.is_at_door() => {
                let step = self.fallback.on_datagram(datagram);
                self.take(now, step);
            }
            (NetworkInput::StreamOpened, None) if is_over_tcp => self.open_stream(now),
            (NetworkInput::StreamOpened, Some(Carrier::Udp(_))) => self.fallback.on_stream_opened(now),
            (NetworkInput::StreamBytes(bytes), Some(Carrier::Tcp(stream))) => stream.handle_bytes(now, bytes),
            (NetworkInput::StreamClosed(reason), Some(Carrier::Tcp(stream))) => {
                stream.handle_broken(now, reason);
            }
            (NetworkInput::StreamClosed(reason), None) if is_over_tcp => {
                self.on_attempt_failed(now, Failing::Silent, true, reason);
            }
            (NetworkInput::StreamClosed(_), Some(Carrier::Udp(_))) => self.fallback.on_stream_closed(now),
            // Once a session is up only its own silence ends it: anybody can forge such a message.
            (NetworkInput::Unreachable(reason), _)
                if !is_over_tcp && matches!(self.stage, Stage::Connecting { .. }) =>
            {
                self.on_attempt_failed(now, Failing::Silent, true, reason);
            }
            _ => {}
        }
    }

    pub(super) fn on_attempt_failed(&mut self, now: Instant, how: Failing, refused: bool, reason: &str) {
        if self.is_leaving() {
            return self.finish(now);
        }
        self.drop_session(now, reason);
        let ever_up = self.attempts.ever_up();
        let next = self.attempts.on_failed(now, refused);
        let (next, is_other) = self.fallback.on_failed(now, how, next, ever_up);
        if is_other {
            self.attempts.on_other_transport();
            self.tell_of_turn(ever_up);
        }
        match next {
            Next::At(until) => self.stage = Stage::Waiting { until },
            Next::Hopeless => self.give_up(now, &format!("nobody listens there: {reason}")),
        }
    }

    /// Once: that UDP had its chance.
    fn tell_of_turn(&mut self, ever_up: bool) {
        if self.fallback.transport() == Transport::Tcp && !ever_up && self.may_tell_of_turn {
            self.may_tell_of_turn = false;
            let text =
                "no answer over udp: trying tcp (a firewall, or the network, may block udp)".to_owned();
            self.tell(UserEvent::Notice { text });
        }
    }

    pub(super) fn drop_session(&mut self, now: Instant, reason: &str) {
        self.session = None;
        self.chat.handle_disconnected(now, reason);
        self.files.on_disconnected();
        self.close_sockets();
    }

    fn close_sockets(&mut self) {
        let transport = self.fallback.transport();
        self.actions.push_back(ClientAction::Close { transport });
        if self.fallback.is_auto() {
            let transport = if transport == Transport::Udp { Transport::Tcp } else { Transport::Udp };
            self.actions.push_back(ClientAction::Close { transport });
        }
    }

    /// Does what the rules of falling back ask for.
    pub(super) fn take(&mut self, now: Instant, step: Option<Step>) {
        let address = self.attempts.address();
        match step {
            Some(Step::Open(transport)) => self.actions.push_back(ClientAction::Open { transport, address }),
            Some(Step::Close(transport)) => self.actions.push_back(ClientAction::Close { transport }),
            Some(Step::GoOver(transport)) => self.go_over(now, transport),
            None => {}
        }
    }

    /// A new session of the same instance: the server closes the old one when it binds it. The old socket stays
    /// open until then, so that the server does not think that we left.
    fn go_over(&mut self, now: Instant, to: Transport) {
        let reason = match to {
            Transport::Tcp => "no datagram gets through any more: going on over tcp",
            Transport::Udp => "datagrams get through: going on over udp",
        };
        self.session = None;
        self.chat.handle_disconnected(now, reason);
        self.files.on_disconnected();
        self.tell(UserEvent::Reconnecting { reason: reason.to_owned() });
        self.fallback.on_gone_over(now, to);
        match to {
            Transport::Udp => self.connect(now),
            Transport::Tcp => {
                self.stage = Stage::Connecting { give_up: self.attempts.deadline(now, to) };
                self.open_stream(now);
            }
        }
    }

    pub(super) fn on_up(&mut self, now: Instant, key: PublicKey, greeting: &[u8]) {
        self.attempts.on_up();
        self.fallback.on_up(now);
        if self.fallback.is_auto() {
            let transport = self.fallback.transport();
            let transport = if transport == Transport::Udp { Transport::Tcp } else { Transport::Udp };
            self.actions.push_back(ClientAction::Close { transport });
        }
        if let Some(transport) = self.fallback.news() {
            self.events.push_back(ClientEvent::Carried(transport));
        }
        self.server_key = Some(key);
        if !self.is_leaving() {
            self.stage = Stage::Up;
        }
        self.stats_at = now + STATS_INTERVAL;
        if let Ok(greeting) = decode_server_greeting(greeting) {
            let new = self.pins.is_new(&greeting.name);
            self.is_new_server = new;
            self.events.push_back(ClientEvent::Pin { server_name: greeting.name, key, new });
        }
    }

    pub(super) fn on_closed(&mut self, now: Instant, reason: &CloseReason) {
        if self.is_leaving() {
            return;
        }
        match reason {
            CloseReason::Untrusted(text) => self.refuse(now, self.pins.complaint(), text),
            CloseReason::Refused(code, text) | CloseReason::Peer(code, text)
                if is_final(*code) && !self.was_overtaken(*code) =>
            {
                self.refuse(now, code_name(*code), text);
            }
            CloseReason::Version(_) => self.give_up(now, &format!("{reason}: update the older of the two")),
            _ => {
                if self.attempts.ever_up() {
                    self.tell(UserEvent::Reconnecting { reason: reason.to_string() });
                }
                self.on_attempt_failed(now, failing(reason), false, &reason.to_string());
            }
        }
    }

    /// An instance belongs to one program, so whatever took over was our own: a hello over the transport that
    /// we had given up, which came late.
    fn was_overtaken(&self, code: CloseCode) -> bool {
        self.fallback.is_auto() && code == CloseCode::REPLACED
    }
}

/// Was the server itself heard?
const fn failing(reason: &CloseReason) -> Failing {
    match reason {
        CloseReason::TimedOut | CloseReason::HandshakeTimedOut => Failing::Silent,
        _ => Failing::Heard,
    }
}

/// Will it be no use to come back?
const fn is_final(code: CloseCode) -> bool {
    matches!(
        code,
        CloseCode::NAME_TAKEN
            | CloseCode::NAME_INVALID
            | CloseCode::REPLACED
            | CloseCode::FULL
            | CloseCode::SEAL_MISMATCH
            | CloseCode::DENIED
            | CloseCode::KICKED
            | CloseCode::BANNED
    )
}

const fn code_name(code: CloseCode) -> &'static str {
    match code {
        CloseCode::NAME_TAKEN => "name-taken",
        CloseCode::NAME_INVALID => "name-invalid",
        CloseCode::REPLACED => "replaced",
        CloseCode::FULL => "server-full",
        CloseCode::SEAL_MISMATCH => "seal-mismatch",
        CloseCode::DENIED => "denied",
        CloseCode::KICKED => "kicked",
        CloseCode::BANNED => "banned",
        _ => "refused",
    }
}
