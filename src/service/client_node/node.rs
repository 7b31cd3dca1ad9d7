//! The client node itself: the router between the chat, the session and the shell.

use super::attempts::{Attempts, Next};
use super::carrier::Carrier;
use super::leaving::Leave;
use super::pins::Pins;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::client::{ChatClient, ChatClientConfig, Pending};
use crate::chat::codec::decode_server_greeting;
use crate::chat::message::{Failure, Instance};
use crate::crypto::{Identity, Pattern};
use crate::files::message::FILES_CHANNEL;
use crate::files::{FileReply, FileRequest, Porter};
use crate::rng::Rng;
use crate::service::api::{Answer, ClientAction, ClientConfig, ClientEvent, Ending, NetworkInput, Path};
use crate::service::verbs::ClientCore;
use crate::time::{Duration, Instant};
use crate::trace::Tracer;
use crate::transport::config::TransportConfig;
use crate::transport::connection::Connection;
use crate::transport::handshake::client::ClientHello;
use crate::transport::session::{
    ChannelId, CloseCode, CloseReason, Liveness, PublicKey, SendError, SessionEvent, SessionStats, Transport,
};
use crate::transport::stream::{HandshakeInput, Stream, StreamConfig};
use crate::wire::Malformed;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

/// When the user is told that connecting takes long, and what to check.
const SLOW_AFTER: Duration = Duration::from_secs(5);

/// How often statistics are told.
const STATS_INTERVAL: Duration = Duration::from_secs(1);

/// With so many lines underway, further ones wait where they are typed.
const OPEN_LINES: usize = 1_024;

/// How long a good-bye may take.
pub(super) const GOODBYE: Duration = Duration::from_secs(1);

/// Where the shell's socket leads is the shell's affair: to the node there is one peer.
const PEER: Path =
    Path { remote: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0), local: None };

/// What a client is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// A session is being made; this attempt is given up then.
    Connecting { give_up: Option<Instant> },
    /// A session is up.
    Up,
    /// The next attempt is made then.
    Waiting { until: Instant },
    /// Good-bye has been said; then it is over anyway.
    Leaving { ending: Ending, until: Instant },
    /// All is over.
    Finished,
}

/// A whole client.
pub struct ClientNode {
    pub(super) config: ClientConfig,
    identity: Identity,
    pub(super) pins: Arc<Pins>,
    /// The key that the server proved last: known from then on.
    pub(super) server_key: Option<PublicKey>,
    pub(super) chat: ChatClient,
    pub(super) files: Porter,
    pub(super) session: Option<Carrier>,
    pub(super) stage: Stage,
    attempts: Attempts,
    pub(super) leave: Leave,
    /// Has the chat ever let us in?
    welcomed: bool,
    /// Was the server's name unknown when it proved its key?
    pub(super) is_new_server: bool,
    /// Connecting for the first time ends, and is complained about, then.
    deadline: Instant,
    slow_at: Option<Instant>,
    stats_at: Instant,
    actions: VecDeque<ClientAction>,
    pub(super) events: VecDeque<ClientEvent>,
    rng: Rng,
    tracer: Tracer,
}

impl ClientNode {
    /// A client that begins to connect.
    pub fn new(now: Instant, config: ClientConfig, identity: Identity, mut rng: Rng, tracer: Tracer) -> Self {
        let chat = ChatClient::new(ChatClientConfig {
            instance: Instance(rng.bytes()),
            name: config.name.clone(),
            room: config.room.clone(),
            reading: config.reading,
        });
        let pins = Arc::new(Pins::new(config.pins.clone(), config.promised));
        let mut node = Self {
            server_key: pins.expected(config.expected_key),
            pins,
            identity,
            chat,
            files: Porter::default(),
            session: None,
            stage: Stage::Waiting { until: now },
            attempts: Attempts::new(config.addresses.max(1)),
            leave: Leave::new(now, config.linger),
            welcomed: false,
            is_new_server: false,
            deadline: now + config.connect_timeout,
            slow_at: Some(now + SLOW_AFTER),
            stats_at: now + STATS_INTERVAL,
            actions: VecDeque::new(),
            events: VecDeque::new(),
            rng,
            tracer,
            config,
        };
        node.connect(now);
        node
    }
}

impl ClientCore for ClientNode {
    fn takes_lines(&self) -> bool {
        self.chat.unsettled_lines() < OPEN_LINES && self.chat.takes_lines()
    }

    fn handle_line(&mut self, now: Instant, line: LineNumber, text: &str) {
        if !matches!(self.stage, Stage::Leaving { .. } | Stage::Finished) {
            self.chat.handle_line(now, line, text);
            self.carry(now);
        }
    }

    fn handle_end_of_input(&mut self, now: Instant) {
        self.leave.on_end_of_input(now, self.welcomed);
        self.carry(now);
    }

    fn quit(&mut self, now: Instant) {
        self.say_goodbye(now);
        self.carry(now);
    }

    fn handle_answer(&mut self, now: Instant, answer: Answer) {
        self.answer(now, answer);
        self.carry(now);
    }

    fn handle_file_reply(&mut self, now: Instant, reply: FileReply) {
        self.files.handle_reply(now, reply);
        self.carry(now);
    }

    fn handle_network(&mut self, now: Instant, input: NetworkInput<'_>) {
        match (input, &mut self.session) {
            (NetworkInput::Datagram(datagram), Some(Carrier::Udp(connection))) => {
                connection.handle_datagram(now, PEER, datagram);
            }
            (NetworkInput::MarkedDatagram(datagram), Some(Carrier::Udp(connection))) => {
                connection.handle_marked_datagram(now, PEER, datagram);
            }
            (NetworkInput::StreamOpened, None) => self.open_stream(now),
            (NetworkInput::StreamBytes(bytes), Some(Carrier::Tcp(stream))) => stream.handle_bytes(now, bytes),
            (NetworkInput::StreamClosed(reason), Some(Carrier::Tcp(stream))) => {
                stream.handle_broken(now, reason);
            }
            (NetworkInput::StreamClosed(reason), None) => self.on_attempt_failed(now, true, reason),
            // Once a session is up only its own silence ends it: anybody can forge such a message.
            (NetworkInput::Unreachable(reason), _) if matches!(self.stage, Stage::Connecting { .. }) => {
                self.on_attempt_failed(now, true, reason);
            }
            _ => {}
        }
        self.carry(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Some(session) = &mut self.session {
            session.handle_timeout(now);
        }
        self.chat.handle_timeout(now);
        match self.stage {
            Stage::Waiting { until } if until <= now => self.connect(now),
            Stage::Connecting { give_up: Some(at) } if at <= now => {
                self.on_attempt_failed(now, false, "no answer");
            }
            Stage::Leaving { until, .. } if until <= now => self.finish(now),
            _ => {}
        }
        if !self.attempts.ever_up() && !matches!(self.stage, Stage::Finished) {
            self.on_connecting_for_long(now);
        }
        if self.stats_at <= now {
            self.stats_at = now + STATS_INTERVAL;
            self.tell_stats(None);
        }
        self.carry(now);
    }

    fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        match &mut self.session {
            Some(Carrier::Udp(connection)) => connection.poll_transmit(now, buffer).is_some(),
            _ => false,
        }
    }

    fn is_ect(&self) -> bool {
        matches!(&self.session, Some(Carrier::Udp(connection)) if connection.is_ect())
    }

    fn stream_output(&self) -> &[u8] {
        match &self.session {
            Some(Carrier::Tcp(stream)) => stream.output(),
            _ => &[],
        }
    }

    fn stream_written(&mut self, now: Instant, len: usize) {
        if let Some(Carrier::Tcp(stream)) = &mut self.session {
            stream.written(now, len);
        }
        self.carry(now);
    }

    fn poll_action(&mut self) -> Option<ClientAction> {
        self.actions.pop_front()
    }

    fn poll_file(&mut self) -> Option<FileRequest> {
        self.files.poll_request()
    }

    fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let stage = match self.stage {
            Stage::Waiting { until } | Stage::Leaving { until, .. } => Some(until),
            Stage::Connecting { give_up } => give_up,
            Stage::Up => Some(self.stats_at),
            Stage::Finished => return None,
        };
        let first =
            (!self.attempts.ever_up()).then(|| self.slow_at.unwrap_or(self.deadline).min(self.deadline));
        let session = self.session.as_ref().and_then(Carrier::poll_timeout);
        let leave = self.leave.at(self.is_unsettled()).filter(|_| !self.is_leaving());
        [stage, first, session, leave, self.chat.poll_timeout()].into_iter().flatten().min()
    }
}

impl ClientNode {
    /// What was typed and is not accepted yet, oldest first.
    pub fn pending(&self) -> impl Iterator<Item = Pending<'_>> {
        self.chat.pending()
    }

    /// What the present session has measured.
    pub fn stats(&self) -> SessionStats {
        self.session.as_ref().map(Carrier::stats).unwrap_or_default()
    }

    pub(super) const fn is_leaving(&self) -> bool {
        matches!(self.stage, Stage::Leaving { .. } | Stage::Finished)
    }

    fn connect(&mut self, now: Instant) {
        self.stage = Stage::Connecting { give_up: self.attempts.deadline(now, self.config.transport) };
        self.actions.push_back(ClientAction::Open { address: self.attempts.address() });
        self.session = None;
        if self.config.transport == Transport::Udp {
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

    fn on_attempt_failed(&mut self, now: Instant, refused: bool, reason: &str) {
        if self.is_leaving() {
            return self.finish(now);
        }
        self.drop_session(now, reason);
        match self.attempts.on_failed(now, refused) {
            Next::At(until) => self.stage = Stage::Waiting { until },
            Next::Hopeless => self.give_up(now, &format!("nobody listens there: {reason}")),
        }
    }

    fn drop_session(&mut self, now: Instant, reason: &str) {
        self.session = None;
        self.chat.handle_disconnected(now, reason);
        self.files.on_disconnected();
        self.actions.push_back(ClientAction::Close);
    }

    fn on_connecting_for_long(&mut self, now: Instant) {
        if self.deadline <= now {
            let seconds = self.config.connect_timeout.as_secs_f32();
            self.give_up(now, &format!("no answer within {seconds} seconds"));
        } else if self.slow_at.is_some_and(|at| at <= now) {
            self.slow_at = None;
            self.events.push_back(ClientEvent::ConnectingSlowly);
        }
    }

    fn give_up(&mut self, now: Instant, reason: &str) {
        self.end_with(now, Ending::NotConnected(reason.to_owned()));
    }

    fn refuse(&mut self, now: Instant, code: &str, text: &str) {
        self.tell(UserEvent::Error { failure: Failure::new(code, text), line: None });
        self.end_with(now, Ending::Refused { code: code.to_owned(), text: text.to_owned() });
    }

    fn end_with(&mut self, now: Instant, ending: Ending) {
        self.stage = Stage::Leaving { ending, until: now };
        self.finish(now);
    }

    fn finish(&mut self, now: Instant) {
        if let Stage::Leaving { ending, .. } = std::mem::replace(&mut self.stage, Stage::Finished) {
            self.drop_session(now, "left");
            let reason = match &ending {
                Ending::Done => "left".to_owned(),
                Ending::Undelivered(_) => "left before everything was delivered".to_owned(),
                Ending::NotConnected(text) | Ending::Refused { text, .. } => text.clone(),
            };
            self.tell(UserEvent::Disconnected { reason });
            self.events.push_back(ClientEvent::Finished(ending));
        }
    }

    /// Leaves in good order, with whatever is not accepted by now.
    fn say_goodbye(&mut self, now: Instant) {
        if self.is_leaving() {
            return;
        }
        let mut left: Vec<u64> =
            self.chat.unsettled().chain(self.files.open_lines()).map(|line| line.0).collect();
        left.sort_unstable();
        let ending = if left.is_empty() { Ending::Done } else { Ending::Undelivered(left) };
        self.stage = Stage::Leaving { ending, until: now + GOODBYE };
        match &mut self.session {
            Some(session) => session.close(now, CloseCode::GOODBYE, ""),
            None => self.finish(now),
        }
    }

    /// Carries facts and wishes to and fro until all are quiet.
    fn carry(&mut self, now: Instant) {
        loop {
            if let Some(event) = self.session.as_mut().and_then(|session| session.poll_event(now)) {
                self.on_session_event(now, event);
            } else if let Some((channel, bytes)) = self.chat.poll_send() {
                self.send(now, channel, bytes);
            } else if let Some(event) = self.chat.poll_event() {
                self.on_user_event(now, event);
            } else if let Some(asked) = self.chat.poll_asked() {
                self.on_asked(now, asked);
            } else if !self.carry_files(now) {
                break;
            }
        }
        if self.leave.at(self.is_unsettled()).is_some_and(|at| at <= now) {
            self.say_goodbye(now);
        }
        if matches!(self.stage, Stage::Leaving { .. }) && self.session.as_ref().is_none_or(Carrier::is_over) {
            self.finish(now);
        }
    }

    pub(super) fn send(&mut self, now: Instant, channel: u64, bytes: Arc<[u8]>) {
        let Some(session) = &mut self.session else { return };
        if session.send(now, ChannelId(channel), bytes) == Err(SendError::QueueFull) {
            // The chat keeps what has no receipt: a new session begins with an empty queue.
            session.close(now, CloseCode::GOODBYE, "");
            self.on_attempt_failed(now, false, "more was typed than the network took");
        }
    }

    fn on_session_event(&mut self, now: Instant, event: SessionEvent) {
        match event {
            SessionEvent::Connected { peer, greeting } => self.on_up(now, peer, &greeting),
            SessionEvent::Message { channel, bytes } => {
                let heard = match channel.0 {
                    FILES_CHANNEL => self.files.handle_message(now, &bytes).map_err(Malformed),
                    channel => self.chat.handle_message(now, channel, &bytes),
                };
                if let Some(session) = &mut self.session {
                    session.recycle(bytes);
                }
                if let (Err(malformed), Some(session)) = (heard, &mut self.session) {
                    session.close(now, CloseCode::PROTOCOL, malformed.0);
                    self.on_attempt_failed(now, false, "the server sent something unreadable");
                }
            }
            SessionEvent::Liveness(Liveness::Suspected) => {
                if let Some(Carrier::Udp(connection)) = &mut self.session {
                    // A NAT may have forgotten our port, or we may be in another network.
                    self.actions.push_back(ClientAction::Rebind);
                    connection.on_rebound();
                }
            }
            SessionEvent::Liveness(Liveness::Lost) => {
                let reason = "the server is silent".to_owned();
                self.tell(UserEvent::Reconnecting { reason });
            }
            // At the door there is nobody who could be connected again.
            SessionEvent::Liveness(Liveness::Alive) if self.chat.is_at_door() => {}
            SessionEvent::Liveness(Liveness::Alive) => {
                let name = self.chat.name().to_owned();
                self.tell(UserEvent::Connected { name });
            }
            SessionEvent::Closed(reason) => self.on_closed(now, &reason),
        }
    }

    fn on_up(&mut self, now: Instant, key: PublicKey, greeting: &[u8]) {
        self.attempts.on_up();
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

    fn on_closed(&mut self, now: Instant, reason: &CloseReason) {
        if self.is_leaving() {
            return;
        }
        match reason {
            CloseReason::Untrusted(text) => self.refuse(now, self.pins.complaint(), text),
            CloseReason::Refused(code, text) | CloseReason::Peer(code, text) if is_final(*code) => {
                self.refuse(now, code_name(*code), text);
            }
            CloseReason::Version(_) => self.give_up(now, &format!("{reason}: update the older of the two")),
            _ => {
                if self.attempts.ever_up() {
                    self.tell(UserEvent::Reconnecting { reason: reason.to_string() });
                }
                self.on_attempt_failed(now, false, &reason.to_string());
            }
        }
    }

    fn on_user_event(&mut self, now: Instant, event: UserEvent) {
        match event {
            UserEvent::StatsAsked { line } => {
                self.tell_stats(Some(line));
                self.leave.on_settled(now);
            }
            UserEvent::FingerprintsAsked { line } => {
                let proved = self.attempts.ever_up() && !self.config.insecure;
                let (server, own) = (self.server_key.filter(|_| proved), self.identity.public());
                self.events.push_back(ClientEvent::Keys { line, server, own });
                self.leave.on_settled(now);
            }
            UserEvent::FileAsked { line, wish } => self.files.handle_wish(line, wish),
            UserEvent::QuitAsked { .. } => {
                self.tell(event);
                self.leave.on_quit_asked(now, true);
            }
            event => {
                if let UserEvent::Connected { .. } = event {
                    // Only the chat's welcome counts: it may still turn us away after the handshake.
                    self.welcomed = true;
                    self.files.on_connected();
                    self.leave.on_up(now);
                }
                if event.line().is_some() {
                    self.leave.on_settled(now);
                }
                self.tell(event);
            }
        }
    }

    fn tell_stats(&mut self, line: Option<LineNumber>) {
        if line.is_some() || self.stage == Stage::Up {
            let stats = self.stats();
            self.events.push_back(ClientEvent::Stats { stats, line });
        }
    }

    pub(super) fn tell(&mut self, event: UserEvent) {
        self.events.push_back(ClientEvent::User(event));
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
