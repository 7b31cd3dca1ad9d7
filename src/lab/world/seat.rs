//! Where does a node sit, and what waits for it while it is paused?
//!
//! A paused program (a laptop's lid, a debugger, a machine that swaps) finds afterwards what the system kept
//! for it, in the order in which it came; datagrams only as many as a socket's buffer holds.

use super::tcp::ConnectionId;
use crate::files::{FileReply, MemoryFiles};
use crate::lab::link::Link;
use crate::service::api::{Path, StreamId};
use crate::store::StoreReply;
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Datagrams that wait in a socket, at most.
const SOCKET_BUFFER: usize = 1_000;

/// Where the server listens.
pub(super) const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 4747);

/// A datagram between two seats.
#[derive(Clone, Debug)]
pub(super) struct Datagram {
    /// The client's address at the time.
    pub client_address: SocketAddr,
    /// A queue may mark it.
    pub is_ect: bool,
    pub bytes: Vec<u8>,
}

/// What comes to a server.
#[derive(Debug)]
pub(super) enum ServerInput {
    Datagram(Path, Vec<u8>),
    MarkedDatagram(Path, Vec<u8>),
    StreamOpened(ConnectionId),
    StreamBytes(ConnectionId, Vec<u8>),
    StreamClosed(ConnectionId, &'static str),
    Stored(StoreReply),
    Filed(FileReply),
}

/// What comes to a client.
#[derive(Debug)]
pub(super) enum ClientInput {
    Line(String),
    Filed(FileReply),
    EndOfInput,
    Datagram(Vec<u8>),
    MarkedDatagram(Vec<u8>),
    Unreachable,
    StreamOpened(ConnectionId),
    StreamBytes(ConnectionId, Vec<u8>),
    StreamClosed(ConnectionId, &'static str),
}

/// What waits for a node that may be paused.
#[derive(Debug)]
pub(super) struct Inbox<I> {
    waiting: VecDeque<I>,
    paused_until: Instant,
}

impl<I> Inbox<I> {
    pub const fn new() -> Self {
        Self { waiting: VecDeque::new(), paused_until: Instant::ZERO }
    }

    pub fn put(&mut self, input: I) {
        self.waiting.push_back(input);
    }

    /// Puts a datagram, unless the socket's buffer is full.
    pub fn put_datagram(&mut self, input: I) {
        if self.waiting.len() < SOCKET_BUFFER {
            self.waiting.push_back(input);
        }
    }

    pub fn pause(&mut self, now: Instant, length: Duration) {
        self.paused_until = self.paused_until.max(now + length);
    }

    pub fn is_paused(&self, now: Instant) -> bool {
        now < self.paused_until
    }

    /// When the pause ends, if there is one.
    pub fn pause_end(&self, now: Instant) -> Option<Instant> {
        self.is_paused(now).then_some(self.paused_until)
    }

    /// What came next, if the node is not paused.
    pub fn take(&mut self, now: Instant) -> Option<I> {
        if self.is_paused(now) { None } else { self.waiting.pop_front() }
    }

    /// When a node with this timeout is to be run, if ever.
    pub fn wake(&self, timeout: Option<Instant>) -> Option<Instant> {
        let due = if self.waiting.is_empty() { timeout? } else { self.paused_until };
        Some(due.max(self.paused_until))
    }
}

/// What a client has open: at most one of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Sockets {
    pub udp: bool,
    pub tcp: Option<ConnectionId>,
}

/// What does not pass between a client and the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Blocked {
    pub udp: bool,
    pub tcp: bool,
}

/// A client's place. Its node is away before the start and after the end.
#[derive(Debug)]
pub(super) struct ClientSeat<N> {
    pub node: Option<N>,
    pub inbox: Inbox<ClientInput>,
    pub link: Link<Datagram>,
    pub sockets: Sockets,
    pub blocked: Blocked,
    /// As the server sees it.
    pub address: SocketAddr,
    pub lines: u64,
    /// A program is started once; whoever comes back takes another seat.
    pub started: bool,
    pub files: MemoryFiles,
}

/// The server's place. Its node is away between a crash and the next start.
#[derive(Debug)]
pub(super) struct ServerSeat<N> {
    pub node: Option<N>,
    pub inbox: Inbox<ServerInput>,
    /// Which start of the server this is: answers to a former one are void.
    pub incarnation: u64,
    pub streams: BTreeMap<StreamId, ConnectionId>,
    /// The store answers in the order of the requests.
    pub store_free_at: Instant,
    /// Survives the server, as its store does.
    pub files: MemoryFiles,
}

impl<N> ServerSeat<N> {
    pub fn new(node: N) -> Self {
        Self {
            node: Some(node),
            inbox: Inbox::new(),
            incarnation: 1,
            streams: BTreeMap::new(),
            store_free_at: Instant::ZERO,
            files: MemoryFiles::default(),
        }
    }
}

/// Addresses that were never used before.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    hosts: u32,
    ports: u16,
}

impl Addresses {
    pub fn new_host(&mut self, client: usize) -> SocketAddr {
        self.hosts += 1;
        let private = Ipv4Addr::from(0x0a01_0000 + self.hosts);
        let port = 40_000 + u16::try_from(client % 1_000).unwrap_or(0);
        SocketAddr::new(IpAddr::V4(private), port)
    }

    pub fn new_port(&mut self, old: SocketAddr) -> SocketAddr {
        self.ports = (self.ports + 1) % 20_000;
        SocketAddr::new(old.ip(), 41_000 + self.ports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn a_paused_node_finds_everything_afterwards_in_order() {
        let mut inbox = Inbox::new();
        inbox.pause(at(0), Duration::from_micros(10));
        inbox.put('a');
        inbox.put('b');
        assert_eq!((inbox.take(at(9)), inbox.wake(None)), (None, Some(at(10))));
        assert_eq!((inbox.take(at(10)), inbox.take(at(10))), (Some('a'), Some('b')));
        assert_eq!((inbox.wake(None), inbox.wake(Some(at(30)))), (None, Some(at(30))));
    }

    #[test]
    fn timeouts_wait_for_the_end_of_a_pause() {
        let mut inbox: Inbox<()> = Inbox::new();
        inbox.pause(at(0), Duration::from_micros(10));
        assert_eq!(inbox.wake(Some(at(5))), Some(at(10)));
    }

    #[test]
    fn a_socket_holds_only_so_many_datagrams() {
        let mut inbox = Inbox::new();
        (0..SOCKET_BUFFER + 5).for_each(|n| inbox.put_datagram(n));
        assert_eq!(inbox.waiting.len(), SOCKET_BUFFER);
    }
}
