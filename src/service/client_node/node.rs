//! The client node itself: the router between the chat, the session and the shell.

use super::attempts::Attempts;
use super::carrier::Carrier;
use super::fallback::{Failing, Fallback};
use super::leaving::Leave;
use super::pins::Pins;
use crate::chat::client::courtesy::Target;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::client::{ChatClient, ChatClientConfig, Pending};
use crate::chat::message::{Failure, Instance};
use crate::crypto::Identity;
use crate::files::message::FILES_CHANNEL;
use crate::files::{FileReply, FileRequest, Porter};
use crate::rng::Rng;
use crate::service::api::{Answer, ClientAction, ClientConfig, ClientEvent, Ending, NetworkInput, Path};
use crate::service::verbs::ClientCore;
use crate::time::{Duration, Instant};
use crate::trace::Tracer;
use crate::transport::session::{
    ChannelId, CloseCode, Liveness, PublicKey, SendError, SessionEvent, SessionStats,
};
use crate::wire::Malformed;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

/// When the user is told that connecting takes long, and what to check.
const SLOW_AFTER: Duration = Duration::from_secs(5);

/// How often statistics are told.
pub(super) const STATS_INTERVAL: Duration = Duration::from_secs(1);

/// With so many lines underway, further ones wait where they are typed.
const OPEN_LINES: usize = 1_024;

/// How long a good-bye may take.
pub(super) const GOODBYE: Duration = Duration::from_secs(1);

/// Where the shell's socket leads is the shell's affair: to the node there is one peer.
pub(super) const PEER: Path =
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
    pub(super) identity: Identity,
    pub(super) pins: Arc<Pins>,
    /// The key that the server proved last: known from then on.
    pub(super) server_key: Option<PublicKey>,
    pub(super) chat: ChatClient,
    pub(super) files: Porter,
    pub(super) session: Option<Carrier>,
    pub(super) stage: Stage,
    pub(super) attempts: Attempts,
    /// Which transport.
    pub(super) fallback: Fallback,
    /// May it still be said that UDP had its chance?
    pub(super) may_tell_of_turn: bool,
    pub(super) leave: Leave,
    /// Has the chat ever let us in?
    welcomed: bool,
    /// Was the server's name unknown when it proved its key?
    pub(super) is_new_server: bool,
    /// Connecting for the first time ends, and is complained about, then.
    deadline: Instant,
    slow_at: Option<Instant>,
    pub(super) stats_at: Instant,
    pub(super) actions: VecDeque<ClientAction>,
    pub(super) events: VecDeque<ClientEvent>,
    pub(super) rng: Rng,
    pub(super) tracer: Tracer,
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
            fallback: Fallback::new(config.transport),
            may_tell_of_turn: true,
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

    fn handle_typing(&mut self, now: Instant, target: Target) {
        self.chat.handle_typing(now, target);
        self.carry(now);
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
        self.on_network(now, input);
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
                self.on_attempt_failed(now, Failing::Silent, false, "no answer");
            }
            Stage::Leaving { until, .. } if until <= now => self.finish(now),
            Stage::Up if self.fallback.is_auto() => {
                let step = self.fallback.handle_timeout(now, self.rng.next_u64());
                self.take(now, step);
            }
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
            _ => self.fallback.poll_transmit(now, buffer),
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
            Stage::Up => self.fallback.poll_timeout().into_iter().chain([self.stats_at]).min(),
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

    fn on_connecting_for_long(&mut self, now: Instant) {
        if self.deadline <= now {
            let seconds = self.config.connect_timeout.as_secs_f32();
            self.give_up(now, &format!("no answer within {seconds} seconds"));
        } else if self.slow_at.is_some_and(|at| at <= now) {
            self.slow_at = None;
            self.events.push_back(ClientEvent::ConnectingSlowly);
        }
    }

    pub(super) fn give_up(&mut self, now: Instant, reason: &str) {
        self.end_with(now, Ending::NotConnected(reason.to_owned()));
    }

    pub(super) fn refuse(&mut self, now: Instant, code: &str, text: &str) {
        self.tell(UserEvent::Error { failure: Failure::new(code, text), line: None });
        self.end_with(now, Ending::Refused { code: code.to_owned(), text: text.to_owned() });
    }

    fn end_with(&mut self, now: Instant, ending: Ending) {
        self.stage = Stage::Leaving { ending, until: now };
        self.finish(now);
    }

    pub(super) fn finish(&mut self, now: Instant) {
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
            self.on_attempt_failed(now, Failing::Heard, false, "more was typed than the network took");
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
                    self.on_attempt_failed(
                        now,
                        Failing::Heard,
                        false,
                        "the server sent something unreadable",
                    );
                }
            }
            SessionEvent::Liveness(Liveness::Suspected) => {
                if let Some(Carrier::Udp(connection)) = &mut self.session {
                    // A NAT may have forgotten our port, or we may be in another network.
                    self.actions.push_back(ClientAction::Rebind);
                    connection.on_rebound();
                }
                if self.stage == Stage::Up && !self.chat.is_at_door() {
                    let step = self.fallback.on_silent(now);
                    self.take(now, step);
                }
            }
            SessionEvent::Liveness(Liveness::Lost) => {
                let reason = "the server is silent".to_owned();
                self.tell(UserEvent::Reconnecting { reason });
            }
            SessionEvent::Liveness(Liveness::Alive) => {
                let step = self.fallback.on_heard();
                self.take(now, step);
                // At the door there is nobody who could be connected again.
                if !self.chat.is_at_door() {
                    let name = self.chat.name().to_owned();
                    self.tell(UserEvent::Connected { name });
                }
            }
            SessionEvent::Closed(reason) => self.on_closed(now, &reason),
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
