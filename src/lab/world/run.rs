//! How does a simulated world run?
//!
//! It jumps from one moment at which something is due to the next. At each, in a fixed order: what the
//! script and the streams have due, what the links deliver, a turn of the server, a turn of each client. A
//! turn is what a shell makes: hand in what came, drain, handle the timeout if it is due, drain.

use super::agenda::Agenda;
use super::script::{Deed, Script};
use super::seat::{Addresses, Blocked, ClientInput, ClientSeat, Inbox, ServerInput, ServerSeat, Sockets};
use super::tcp::{Connection, ConnectionId, StreamStep};
use super::transcript::{Fact, Transcript};
use crate::files::{FileReply, KeptFile, MemoryFiles};
use crate::lab::link::{Direction, Link, Rebind};
use crate::rng::Rng;
use crate::service::verbs::{ClientCore, ServerCore};
use crate::store::{MemoryStore, Store, StoreReply, StoreRequest};
use crate::time::{Duration, Instant};
use crate::transport::session::Transport;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

/// Turns at one and the same moment after which a node is said to spin.
const MAX_TURNS_AT_ONCE: u32 = 100_000;

/// Who plays: makes the nodes.
pub trait Cast {
    /// The server's node.
    type Server: ServerCore;
    /// The clients' node.
    type Client: ClientCore;
    /// The server is started, on what its store kept. All chance in it comes from the seed.
    fn server(&mut self, now: Instant, store: &MemoryStore, seed: [u8; 32]) -> Self::Server;
    /// Its disk of files has kept these.
    fn with_files(&mut self, server: Self::Server, _kept: Vec<KeptFile>) -> Self::Server {
        server
    }
    /// A client is started.
    fn client(&mut self, now: Instant, client: usize, seed: [u8; 32]) -> Self::Client;
}

/// A node asks to be woken at a moment that has passed, again and again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spin {
    /// The moment at which time stands still.
    pub at: Instant,
}

impl fmt::Display for Spin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a node spins at {:?}: its timeout never moves", self.at)
    }
}

#[derive(Debug)]
pub(super) enum Event {
    Deed(Deed),
    /// The store does what was asked; its answer comes at `answered`.
    Store {
        incarnation: u64,
        request: StoreRequest,
        answered: Instant,
    },
    Stored {
        incarnation: u64,
        reply: StoreReply,
    },
    Filed {
        incarnation: u64,
        reply: FileReply,
    },
    ClientFiled {
        client: usize,
        reply: FileReply,
    },
    Unreachable {
        client: usize,
        address: SocketAddr,
    },
    Stream(ConnectionId, StreamStep),
}

/// A server, its store, its clients, and all that is between them.
#[derive(Debug)]
pub struct World<C: Cast> {
    cast: C,
    pub(super) now: Instant,
    pub(super) rng: Rng,
    pub(super) agenda: Agenda<Event>,
    pub(super) server: ServerSeat<C::Server>,
    pub(super) clients: Vec<ClientSeat<C::Client>>,
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    pub(super) next_connection: u64,
    pub(super) addresses: Addresses,
    store: MemoryStore,
    pub(super) store_delay: Duration,
    pub(super) transcript: Transcript,
    turns_at_once: u32,
    pub(super) buffer: Vec<u8>,
}

impl<C: Cast> World<C> {
    /// A world at its start, in which this script is about to be played.
    pub fn new(mut cast: C, script: &Script, seed: u64) -> Self {
        let mut rng = Rng::from_seed(seed);
        let store = MemoryStore::default();
        let node = cast.server(Instant::ZERO, &store, rng.bytes());
        let node = cast.with_files(node, Vec::new());
        let mut agenda = Agenda::new();
        for (due, deed) in &script.deeds {
            agenda.note(*due, Event::Deed(deed.clone()));
        }
        let mut addresses = Addresses::default();
        let clients = script.seats.iter().enumerate().map(|(client, plan)| ClientSeat {
            node: None,
            inbox: Inbox::new(),
            link: Link::new(plan.link.clone(), Instant::ZERO),
            sockets: Sockets::default(),
            blocked: Blocked::default(),
            address: addresses.new_host(client),
            lines: 0,
            started: false,
            files: MemoryFiles::default(),
        });
        Self {
            clients: clients.collect(),
            cast,
            now: Instant::ZERO,
            rng,
            agenda,
            server: ServerSeat::new(node),
            connections: BTreeMap::new(),
            next_connection: 1,
            addresses,
            store,
            store_delay: script.store_delay,
            transcript: Transcript::default(),
            turns_at_once: 0,
            buffer: Vec::new(),
        }
    }

    /// The present moment.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// What has come of it so far.
    pub const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The disk of files of a client, which survives its program.
    pub fn files(&mut self, client: usize) -> Option<&mut MemoryFiles> {
        self.clients.get_mut(client).map(|seat| &mut seat.files)
    }

    /// Is this client's program running?
    pub fn is_running(&self, client: usize) -> bool {
        self.clients.get(client).is_some_and(|seat| seat.node.is_some())
    }

    /// Adds a deed to the script; one that lies in the past is done at once.
    pub fn plan(&mut self, due: Instant, deed: Deed) {
        self.agenda.note(due.max(self.now), Event::Deed(deed));
    }

    /// The link of this client from now on (what is under way on the former one is lost).
    pub fn replace_link(&mut self, client: usize, config: crate::lab::link::LinkConfig) {
        if let Some(seat) = self.clients.get_mut(client) {
            seat.link = Link::new(config, self.now);
        }
    }

    /// Lets everything happen that is due up to and with this moment.
    pub fn run_until(&mut self, end: Instant) -> Result<(), Spin> {
        while let Some(next) = self.next_due().filter(|next| *next <= end) {
            self.turns_at_once = if next > self.now { 0 } else { self.turns_at_once + 1 };
            if self.turns_at_once > MAX_TURNS_AT_ONCE {
                return Err(Spin { at: self.now });
            }
            self.now = self.now.max(next);
            self.turn();
        }
        self.now = self.now.max(end);
        Ok(())
    }

    fn next_due(&self) -> Option<Instant> {
        let server = self.server.node.as_ref().and_then(|node| self.server.inbox.wake(node.poll_timeout()));
        let clients = self.clients.iter().flat_map(|seat| {
            let node = seat.node.as_ref().and_then(|node| seat.inbox.wake(node.poll_timeout()));
            node.into_iter().chain(seat.link.poll_timeout())
        });
        clients.chain(server).chain(self.agenda.next_due()).min()
    }

    fn turn(&mut self) {
        while let Some(event) = self.agenda.take_due(self.now) {
            self.on_event(event);
        }
        self.carry_datagrams();
        self.run_server();
        for client in 0..self.clients.len() {
            self.run_client(client);
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Deed(deed) => self.on_deed(deed),
            Event::Store { incarnation, request, answered } if incarnation == self.server.incarnation => {
                let reply = self.store.handle(request);
                self.agenda.note(answered, Event::Stored { incarnation, reply });
            }
            Event::Stored { incarnation, reply } if incarnation == self.server.incarnation => {
                self.server.inbox.put(ServerInput::Stored(reply));
            }
            Event::Filed { incarnation, reply } if incarnation == self.server.incarnation => {
                self.server.inbox.put(ServerInput::Filed(reply));
            }
            Event::Store { .. } | Event::Stored { .. } | Event::Filed { .. } => {}
            Event::ClientFiled { client, reply } => {
                if self.is_running(client) {
                    self.clients[client].inbox.put(ClientInput::Filed(reply));
                }
            }
            Event::Unreachable { client, address } => {
                let seat = &mut self.clients[client];
                if seat.node.is_some() && seat.sockets.udp && seat.address == address {
                    seat.inbox.put_datagram(ClientInput::Unreachable);
                }
            }
            Event::Stream(connection, step) => self.on_stream(connection, step),
        }
    }

    fn on_deed(&mut self, deed: Deed) {
        if self.can_be_done(&deed) {
            self.transcript.note(self.now, Fact::Done(deed.clone()));
            self.do_deed(deed);
        }
    }

    fn can_be_done(&self, deed: &Deed) -> bool {
        match *deed {
            Deed::Start { client } => self.clients.get(client).is_some_and(|seat| !seat.started),
            Deed::Type { client, .. }
            | Deed::EndInput { client }
            | Deed::Kill { client }
            | Deed::PauseClient { client, .. }
            | Deed::Rebind { client, .. } => self.is_running(client),
            Deed::Block { client, .. } => client < self.clients.len(),
            Deed::KillServer | Deed::PauseServer { .. } => self.server.node.is_some(),
            Deed::StartServer => self.server.node.is_none(),
        }
    }

    fn do_deed(&mut self, deed: Deed) {
        match deed {
            Deed::Start { client } => {
                let seed = self.rng.bytes();
                self.clients[client].started = true;
                self.clients[client].node = Some(self.cast.client(self.now, client, seed));
            }
            Deed::Type { client, line } => self.clients[client].inbox.put(ClientInput::Line(line)),
            Deed::EndInput { client } => self.clients[client].inbox.put(ClientInput::EndOfInput),
            Deed::Kill { client } => self.take_away(client, "connection reset by peer"),
            Deed::PauseClient { client, length } => self.clients[client].inbox.pause(self.now, length),
            Deed::Rebind { client, what } => self.rebind(client, what),
            Deed::Block { client, transport, blocked } => self.block(client, transport, blocked),
            Deed::KillServer => {
                self.server.node = None;
                self.server.incarnation += 1;
                self.server.inbox = Inbox::new();
                self.break_streams_of_server();
            }
            Deed::StartServer => {
                let seed = self.rng.bytes();
                self.server.store_free_at = self.now;
                let node = self.cast.server(self.now, &self.store, seed);
                self.server.node = Some(self.cast.with_files(node, self.server.files.kept()));
            }
            Deed::PauseServer { length } => self.server.inbox.pause(self.now, length),
        }
    }

    fn rebind(&mut self, client: usize, what: Rebind) {
        let seat = &mut self.clients[client];
        seat.address = match what {
            Rebind::Port => self.addresses.new_port(seat.address),
            Rebind::Address => self.addresses.new_host(client),
        };
        // A kernel's TCP does not survive it, and hears nothing of it.
        if let Some(connection) = seat.sockets.tcp {
            self.silence(connection);
        }
    }

    /// A stream of which anything was swallowed stays silent: the kernels' retransmissions are left out.
    fn block(&mut self, client: usize, transport: Transport, blocked: bool) {
        let seat = &mut self.clients[client];
        match transport {
            Transport::Udp => seat.blocked.udp = blocked,
            Transport::Tcp => {
                seat.blocked.tcp = blocked;
                if let Some(connection) = seat.sockets.tcp.filter(|_| blocked) {
                    self.silence(connection);
                }
            }
        }
    }

    /// The client's program is gone; its system ends its streams.
    pub(super) fn take_away(&mut self, client: usize, reason: &'static str) {
        self.close_udp(client);
        self.close_stream(client, reason);
        let seat = &mut self.clients[client];
        seat.node = None;
        seat.inbox = Inbox::new();
    }

    /// When something that leaves now in this direction arrives over a client's stream.
    pub(super) fn stream_arrival(&mut self, client: usize, direction: Direction) -> Instant {
        let link = &self.clients[client].link;
        super::pipe::arrival(self.now, self.now - link.start(), link.config().way(direction), &mut self.rng)
    }
}
