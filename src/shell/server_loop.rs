//! How does a server node meet the world?
//!
//! One thread, one sleep. The loop wakes when the UDP port, the listener, a connection, a letter of
//! another thread (an answer of the store, the wish to shut down) or the node's next timeout asks for it,
//! and makes one turn:
//!
//! ```text
//!        ┌───────────────────────────────────────────────────────────────────────────┐
//!        ▼                                                                           │
//!   sleep until readiness, letter or timeout                                         │
//!        │                                                                           │
//!        ├─ letters      ─▶ handle_store_reply, shutdown                             │
//!        ├─ datagrams    ─▶ handle_datagram          a batch, drain, … 32 batches    │
//!        ├─ connections  ─▶ handle_stream_…          16 KiB of each                  │
//!        ├─ timeouts     ─▶ handle_timeout           after the input: an ack that    │
//!        │                                           is here stops the probe         │
//!        └─ drain        ◀─ poll_stream, poll_transmit, poll_store, poll_event ──────┘
//! ```
//!
//! What a turn leaves behind makes the next sleep a short one, so everybody gets a turn and nobody two.
//! Why not a thread for each client: see docs/architecture.md.

use super::clock;
use super::datagrams::Datagrams;
use super::ecn::Ecn;
use super::impaired::{Impairment, Side};
use super::inbox::{Inbox, Postbox};
use super::listen::ServerSockets;
use super::open_files::make_room_for;
use super::server_streams::Streams;
use super::tcp_tuning::TcpTuning;
use crate::files::{FileReply, FileRequest};
use crate::lab::link::LinkConfig;
use crate::service::api::ServerEvent;
use crate::service::verbs::ServerCore;
use crate::store::{StoreReply, StoreRequest};
use crate::time::{Duration, Instant};
use mio::{Events, Poll, Token};
use std::io::{self, ErrorKind};

const INBOX: Token = Token(0);
const UDP: Token = Token(1);
/// The listener; the connections' tokens lie above it.
const TCP: Token = Token(2);

/// Batches of datagrams in one turn.
const BATCHES: usize = 32;
/// Letters in one turn.
const LETTERS: usize = 1_024;
/// From the wish to shut down to the end of the loop, whatever peers and store do.
const SHUTDOWN: Duration = Duration::from_millis(1_500);

#[derive(Debug)]
enum Letter {
    Stored(StoreReply),
    Filed(FileReply),
    Shutdown,
}

/// For other threads: reaches a running [`ServerLoop`].
#[derive(Clone, Debug)]
pub struct ServerHandle(Postbox<Letter>);

impl ServerHandle {
    /// Hands in an answer of the store. Never waits; false when the loop has ended.
    pub fn stored(&self, reply: StoreReply) -> bool {
        self.0.post(Letter::Stored(reply))
    }

    /// The disk of files answered. False if the loop has ended.
    pub fn filed(&self, reply: FileReply) -> bool {
        self.0.post(Letter::Filed(reply))
    }

    /// Asks the server to take leave of everybody and to end, within 2 s. Never waits; false when the
    /// loop has ended.
    pub fn shutdown(&self) -> bool {
        self.0.post(Letter::Shutdown)
    }
}

/// Where the node's requests and news go.
pub trait ServerOutlets {
    /// Takes what the node asks of the store; the answer comes through [`ServerHandle::stored`], from any
    /// thread.
    fn ask_store(&mut self, request: StoreRequest);
    /// Ask the disk of files; its reply comes back through [`ServerHandle::filed`]. Nobody needs to have one.
    fn ask_files(&mut self, _request: FileRequest) {}
    /// Takes news for the log. It must not wait.
    fn tell(&mut self, event: ServerEvent);
}

/// A server's sockets, ready to be served.
#[derive(Debug)]
pub struct ServerLoop {
    poll: Poll,
    inbox: Inbox<Letter>,
    udp: Datagrams,
    streams: Option<Streams>,
    buffer: Vec<u8>,
    /// When the loop ends at the latest, once a shutdown was asked for.
    deadline: Option<Instant>,
}

impl ServerLoop {
    /// A loop over these sockets, with at most `max_streams` TCP connections at once (fewer if the system
    /// does not give so many).
    pub fn new(sockets: ServerSockets, max_streams: usize) -> io::Result<Self> {
        let poll = Poll::new()?;
        let inbox = Inbox::new(poll.registry(), INBOX)?;
        let mut udp = Datagrams::new(usize::MAX);
        if let Some(port) = sockets.udp {
            udp.open(port, poll.registry(), UDP)?;
        }
        let max_open = make_room_for(max_streams);
        let streams = sockets.tcp.map(|tcp| Streams::new(tcp, poll.registry(), TCP, max_open)).transpose()?;
        Ok(Self { poll, inbox, udp, streams, buffer: Vec::with_capacity(2_048), deadline: None })
    }

    /// Leads all datagrams through an emulated link for each peer. `clear`: they are not sealed. An error
    /// says which option cannot be had here, and what to do.
    pub fn impair(&mut self, config: LinkConfig, clear: bool) -> Result<(), String> {
        if !self.udp.is_ready() {
            return Err("link options need datagrams, and this server has TCP only: \
                        run it inside `sayagain link`, which loses packets below TCP"
                .to_owned());
        }
        self.udp.impair(Impairment::new(Side::Server, config, clear, clock::now())?);
        Ok(())
    }

    /// Asks the kernel for this, of all TCP connections that will come. The error says what it lacks.
    pub fn tune_tcp(&mut self, tuning: &TcpTuning) -> Result<(), String> {
        let Some(streams) = &mut self.streams else {
            return Err("this server has no TCP whose options could be set: use --transport tcp".to_owned());
        };
        streams.tune(tuning.clone()).map_err(|error| tuning.explain(&error))
    }

    /// For other threads.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle(self.inbox.postbox())
    }

    /// Runs the node until it is shut down. An error is one of the sockets themselves, never of a peer.
    pub fn run<N: ServerCore>(mut self, node: &mut N, outlets: &mut impl ServerOutlets) -> io::Result<()> {
        let mut events = Events::with_capacity(1_024);
        self.drain(node, outlets)?;
        while !self.is_over(node) {
            self.sleep(&mut events, node)?;
            self.take_letters(node);
            self.note_readiness(&events, node)?;
            self.take_datagrams(node, outlets)?;
            self.serve_streams(node);
            let now = clock::now();
            if node.poll_timeout().is_some_and(|due| due <= now) {
                node.handle_timeout(now);
            }
            self.drain(node, outlets)?;
        }
        Ok(())
    }

    fn is_over<N: ServerCore>(&self, node: &N) -> bool {
        let Some(deadline) = self.deadline else { return false };
        let idle = node.is_shut_down()
            && self.udp.is_flushed()
            && self.streams.as_ref().is_none_or(|streams| !streams.is_saying_farewell());
        idle || clock::now() >= deadline
    }

    fn sleep<N: ServerCore>(&mut self, events: &mut Events, node: &N) -> io::Result<()> {
        let has_work = self.inbox.has(|_| true)
            || self.udp.is_readable()
            || self.streams.as_ref().is_some_and(Streams::has_work);
        let until = [
            node.poll_timeout(),
            self.deadline,
            self.udp.poll_timeout(),
            self.streams.as_ref().and_then(Streams::poll_timeout),
        ];
        let span = match until.into_iter().flatten().min() {
            _ if has_work => Some(Duration::ZERO),
            Some(end) => Some(end - clock::now()),
            None => None,
        };
        match self.poll.poll(events, span) {
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            outcome => outcome,
        }
    }

    fn take_letters<N: ServerCore>(&mut self, node: &mut N) {
        let now = clock::now();
        for _ in 0..LETTERS {
            match self.inbox.take() {
                Some(Letter::Stored(reply)) => node.handle_store_reply(now, reply),
                Some(Letter::Filed(reply)) => node.handle_file_reply(now, reply),
                Some(Letter::Shutdown) if self.deadline.is_none() => {
                    self.deadline = Some(now + SHUTDOWN);
                    node.shutdown(now);
                }
                Some(Letter::Shutdown) => {}
                None => return,
            }
        }
    }

    fn note_readiness<N: ServerCore>(&mut self, events: &Events, node: &mut N) -> io::Result<()> {
        let now = clock::now();
        for event in events {
            match (event.token(), &mut self.streams) {
                (INBOX, _) => {}
                (UDP, _) => {
                    self.udp.on_readable();
                    if event.is_writable() {
                        not_of_a_peer(self.udp.on_writable(self.poll.registry()))?;
                    }
                }
                (token, Some(streams)) => streams.on_ready(now, token, event.is_writable(), node),
                (_, None) => {}
            }
        }
        Ok(())
    }

    fn take_datagrams<N: ServerCore>(
        &mut self,
        node: &mut N,
        outlets: &mut impl ServerOutlets,
    ) -> io::Result<()> {
        for _ in 0..BATCHES {
            let now = clock::now();
            let each = |path, ecn, datagram: &mut [u8]| match ecn {
                Ecn::Marked => node.handle_marked_datagram(now, path, datagram),
                Ecn::Not | Ecn::Capable => node.handle_datagram(now, path, datagram),
            };
            not_of_a_peer(self.udp.receive(now, self.poll.registry(), each))?;
            self.drain(node, outlets)?;
            if !self.udp.is_readable() {
                break;
            }
        }
        Ok(())
    }

    fn serve_streams<N: ServerCore>(&mut self, node: &mut N) {
        let now = clock::now();
        if let Some(streams) = &mut self.streams {
            streams.handle_timeout(now);
            streams.accept(now, self.poll.registry(), node);
            streams.read(now, node);
        }
    }

    fn drain<N: ServerCore>(&mut self, node: &mut N, outlets: &mut impl ServerOutlets) -> io::Result<()> {
        let now = clock::now();
        // First, because writing acts on the node.
        while let Some(action) = node.poll_stream() {
            if let Some(streams) = &mut self.streams {
                streams.act(now, action, node);
            }
        }
        while self.udp.is_ready() {
            self.buffer.clear();
            let Some(path) = node.poll_transmit(now, &mut self.buffer) else { break };
            let ecn = Ecn::of(node.is_ect());
            not_of_a_peer(self.udp.send(now, self.poll.registry(), path, ecn, &self.buffer))?;
        }
        while let Some(request) = node.poll_store() {
            outlets.ask_store(request);
        }
        while let Some(request) = node.poll_file() {
            outlets.ask_files(request);
        }
        while let Some(event) = node.poll_event() {
            outlets.tell(event);
        }
        Ok(())
    }
}

/// A peer that cannot be reached is no trouble of a server: its session will find out.
fn not_of_a_peer(outcome: io::Result<()>) -> io::Result<()> {
    outcome.or_else(|error| if super::udp::means_unreachable(&error) { Ok(()) } else { Err(error) })
}
