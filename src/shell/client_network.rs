//! Which sockets has a client just now?
//!
//! None, a UDP port, a TCP connection or, while its node looks for the better of the two, both, as it asks
//! with [`ClientAction`]. Each gets a token of its
//! own, so that what the system still says about an earlier one is not taken for news of this one. What
//! fails is told to the node with the next turn, never from within its own request.

use super::datagrams::Datagrams;
use super::ecn::Ecn;
use super::impaired::{Impairment, Side};
use super::tcp::{Pipe, READ_BYTES, Reading};
use super::tcp_tuning::{TcpInForce, TcpTuning};
use super::udp::{UdpPort, means_unreachable};
use crate::lab::link::{LinkConfig, Rebinds};
use crate::service::api::{ClientAction, NetworkInput, Path, Preference};
use crate::service::verbs::ClientCore;
use crate::time::Instant;
use crate::transport::session::Transport;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Registry, Token};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

/// Datagrams received with one system call.
const BATCH: usize = 8;

/// Where a TCP connection is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Connecting,
    Open,
    /// We ended our side and wait for the peer to end its own; what it still says is nobody's news.
    Leaving,
}

#[derive(Debug)]
struct Stream {
    pipe: Pipe,
    stage: Stage,
    readable: bool,
}

/// A client's sockets, and the addresses that they may be opened to.
#[derive(Debug)]
pub(super) struct Network {
    preference: Preference,
    addresses: Vec<SocketAddr>,
    /// The one that the port is, or was last, opened to.
    peer: SocketAddr,
    udp: Box<Datagrams>,
    tcp: Option<Stream>,
    /// The sockets' tokens: higher for each new socket.
    udp_token: Token,
    tcp_token: Token,
    /// What failed, not yet told to the node.
    troubles: VecDeque<(Transport, String)>,
    rebinds: Option<Rebinds>,
    tuned: Option<Tuned>,
    /// A datagram on its way out; what was read from a stream.
    datagram: Vec<u8>,
    bytes: Vec<u8>,
}

/// What is asked of the kernel's TCP, and where what is in force is told.
#[derive(Debug)]
struct Tuned {
    tuning: TcpTuning,
    in_force: Arc<OnceLock<TcpInForce>>,
}

impl Network {
    /// No socket yet. The sockets' tokens will lie above `token`.
    pub fn new(preference: Preference, addresses: Vec<SocketAddr>, token: Token) -> Self {
        Self {
            preference,
            addresses,
            peer: (Ipv4Addr::UNSPECIFIED, 0).into(),
            udp: Box::new(Datagrams::new(BATCH)),
            tcp: None,
            udp_token: token,
            tcp_token: token,
            troubles: VecDeque::new(),
            rebinds: None,
            tuned: None,
            datagram: Vec::new(),
            bytes: vec![0; READ_BYTES],
        }
    }

    /// Leads all datagrams through an emulated link; an error says what cannot be had, and what to do.
    pub fn impair(&mut self, now: Instant, config: LinkConfig, clear: bool) -> Result<(), String> {
        if self.preference == Preference::Only(Transport::Tcp) {
            return Err("link options need datagrams, and TCP's segments are out of a program's reach: \
                        use --transport udp, or run server and client inside `sayagain link`"
                .to_owned());
        }
        self.rebinds = config.rebind.map(|plan| Rebinds::new(plan, now));
        self.udp.impair(Impairment::new(Side::Client, config, clear, now)?);
        Ok(())
    }

    /// Asks the kernel for this with every connection that is made.
    pub fn tune_tcp(&mut self, tuning: TcpTuning) -> Arc<OnceLock<TcpInForce>> {
        let in_force = Arc::new(OnceLock::new());
        self.tuned = Some(Tuned { tuning, in_force: Arc::clone(&in_force) });
        in_force
    }

    /// Does what the node wants done.
    pub fn act(&mut self, registry: &Registry, action: ClientAction) {
        let (transport, outcome) = match action {
            ClientAction::Open { transport, address } => (transport, self.open(registry, transport, address)),
            ClientAction::Rebind => (Transport::Udp, self.rebind(registry)),
            ClientAction::Close { transport } => {
                self.close_one(transport);
                (transport, Ok(()))
            }
        };
        self.troubles.retain(|(of, _)| *of != transport);
        self.note(transport, outcome);
    }

    fn note(&mut self, transport: Transport, outcome: io::Result<()>) {
        if let Err(error) = outcome {
            self.troubles.push_back((transport, error.to_string()));
        }
    }

    fn open(&mut self, registry: &Registry, transport: Transport, address: usize) -> io::Result<()> {
        self.close_one(transport);
        let missing = || io::Error::new(ErrorKind::AddrNotAvailable, "the server has no such address");
        let peer = *self.addresses.get(address).ok_or_else(missing)?;
        match transport {
            Transport::Udp => {
                self.peer = peer;
                self.open_port(registry)
            }
            Transport::Tcp => self.connect(registry, peer),
        }
    }

    /// The former port is kept if there is no other to be had.
    fn rebind(&mut self, registry: &Registry) -> io::Result<()> {
        if self.udp.is_in_use() { self.open_port(registry) } else { Ok(()) }
    }

    fn next_token(&self) -> Token {
        Token(self.udp_token.0.max(self.tcp_token.0) + 1)
    }

    fn open_port(&mut self, registry: &Registry) -> io::Result<()> {
        self.udp_token = self.next_token();
        self.udp.open(UdpPort::connect(self.peer)?, registry, self.udp_token)
    }

    fn connect(&mut self, registry: &Registry, peer: SocketAddr) -> io::Result<()> {
        self.tcp_token = self.next_token();
        let mut pipe = Pipe::new(TcpStream::connect(peer)?);
        if let Some(tuned) = &self.tuned {
            pipe.tune(&tuned.tuning)?;
        }
        pipe.register(registry, self.tcp_token)?;
        self.tcp = Some(Stream { pipe, stage: Stage::Connecting, readable: false });
        Ok(())
    }

    /// Takes leave: what is on its way in the emulated link still leaves, and a stream waits for the peer's
    /// end, because a socket closed with unread bytes is reset, and the reset may overtake our last words.
    pub fn close(&mut self) {
        self.close_one(Transport::Udp);
        self.close_one(Transport::Tcp);
    }

    fn close_one(&mut self, transport: Transport) {
        match transport {
            Transport::Udp => self.udp.close(),
            Transport::Tcp => {
                if let Some(open) = self.tcp.take_if(|it| it.stage != Stage::Leaving) {
                    let leaves = open.stage == Stage::Open && open.pipe.end_output().is_ok();
                    self.tcp = leaves.then_some(Stream { stage: Stage::Leaving, ..open });
                }
            }
        }
    }

    /// Is there no socket, not even one that is taking leave?
    pub fn is_closed(&self) -> bool {
        !self.udp.is_open() && self.tcp.is_none()
    }

    /// The system says something about a socket.
    pub fn on_ready(&mut self, registry: &Registry, event: &Event) {
        if event.token() == self.udp_token {
            self.udp.on_readable();
            if event.is_writable() {
                let outcome = self.udp.on_writable(registry);
                self.note(Transport::Udp, outcome);
            }
        } else if event.token() == self.tcp_token
            && let Some(stream) = &mut self.tcp
        {
            stream.readable = true;
            if event.is_writable() {
                stream.pipe.unblock();
            }
        }
    }

    /// Is there work that no readiness will announce again?
    pub fn has_work(&self) -> bool {
        let stream = self.tcp.as_ref().is_some_and(|stream| stream.readable);
        !self.troubles.is_empty() || self.udp.is_readable() || stream
    }

    /// When the emulated link has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let rebind = self.rebinds.as_ref().and_then(Rebinds::poll_timeout);
        self.udp.poll_timeout().into_iter().chain(rebind).min()
    }

    /// Hands one portion of what came to the node.
    pub fn receive<N: ClientCore>(
        &mut self,
        now: Instant,
        registry: &Registry,
        node: &mut N,
    ) -> io::Result<()> {
        if self.rebinds.as_mut().and_then(|plan| plan.poll(now)).is_some() {
            let outcome = self.rebind(registry);
            self.note(Transport::Udp, outcome);
        }
        if let Some((transport, trouble)) = self.troubles.pop_front() {
            self.report(now, transport, &trouble, node);
            return Ok(());
        }
        self.receive_datagrams(now, registry, node)?;
        self.receive_bytes(now, node);
        Ok(())
    }

    fn receive_datagrams<N: ClientCore>(
        &mut self,
        now: Instant,
        registry: &Registry,
        node: &mut N,
    ) -> io::Result<()> {
        let each = |_, ecn, datagram: &mut [u8]| match ecn {
            Ecn::Marked => node.handle_network(now, NetworkInput::MarkedDatagram(datagram)),
            Ecn::Not | Ecn::Capable => node.handle_network(now, NetworkInput::Datagram(datagram)),
        };
        match self.udp.receive(now, registry, each) {
            Err(error) if means_unreachable(&error) => {
                self.report(now, Transport::Udp, &error.to_string(), node);
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn receive_bytes<N: ClientCore>(&mut self, now: Instant, node: &mut N) {
        let Some(stream) = self.tcp.as_mut().filter(|stream| stream.readable) else { return };
        let was = stream.stage;
        let outcome = stream.receive(now, &mut self.bytes, node);
        if let Some(tuned) = self.tuned.as_ref().filter(|_| was == Stage::Connecting) {
            tuned.read_back(stream);
        }
        if let Err(reason) = outcome {
            self.report(now, Transport::Tcp, &reason, node);
        }
    }

    fn report<N: ClientCore>(&mut self, now: Instant, transport: Transport, reason: &str, node: &mut N) {
        match transport {
            Transport::Udp => node.handle_network(now, NetworkInput::Unreachable(reason)),
            Transport::Tcp => {
                let former = self.tcp.take();
                if former.is_none_or(|stream| stream.stage != Stage::Leaving) {
                    node.handle_network(now, NetworkInput::StreamClosed(reason));
                }
            }
        }
    }

    /// Sends what the node has to send, as far as the system takes it.
    pub fn send<N: ClientCore>(&mut self, now: Instant, registry: &Registry, node: &mut N) {
        let path = Path { remote: self.peer, local: None };
        let outcome = send_all(now, registry, &mut self.udp, path, &mut self.datagram, node);
        self.note(Transport::Udp, outcome);
        if let Some(stream) = &mut self.tcp {
            let outcome = stream.send(now, node);
            self.note(Transport::Tcp, outcome);
        }
    }

    /// Has the system taken all that the node had to say?
    pub fn is_flushed<N: ClientCore>(&self, node: &N) -> bool {
        match &self.tcp {
            Some(stream) if stream.stage == Stage::Open => node.stream_output().is_empty(),
            _ => true,
        }
    }
}

impl Tuned {
    /// Notes what a stream that has just come up really does.
    fn read_back(&self, stream: &Stream) {
        if stream.stage == Stage::Open
            && let Ok(in_force) = stream.pipe.in_force()
        {
            // The first connection's is what is told.
            let _ = self.in_force.set(in_force);
        }
    }
}

impl Stream {
    /// An error is the reason for which the stream is over.
    fn receive<N: ClientCore>(
        &mut self,
        now: Instant,
        buffer: &mut [u8],
        node: &mut N,
    ) -> Result<(), String> {
        if self.stage == Stage::Connecting {
            let Some(outcome) = self.pipe.connected() else {
                self.readable = false;
                return Ok(());
            };
            outcome.map_err(|error| error.to_string())?;
            self.stage = Stage::Open;
            node.handle_network(now, NetworkInput::StreamOpened);
            return Ok(());
        }
        match self.pipe.read(buffer) {
            Reading::Bytes(_) if self.stage == Stage::Leaving => {}
            Reading::Bytes(count) => node.handle_network(now, NetworkInput::StreamBytes(&buffer[..count])),
            Reading::Nothing => self.readable = false,
            Reading::Ended(reason) => return Err(reason),
        }
        Ok(())
    }

    fn send<N: ClientCore>(&mut self, now: Instant, node: &mut N) -> io::Result<()> {
        while self.stage == Stage::Open && !self.pipe.is_blocked() && !node.stream_output().is_empty() {
            let count = self.pipe.write(node.stream_output())?;
            node.stream_written(now, count);
        }
        Ok(())
    }
}

fn send_all<N: ClientCore>(
    now: Instant,
    registry: &Registry,
    datagrams: &mut Datagrams,
    path: Path,
    buffer: &mut Vec<u8>,
    node: &mut N,
) -> io::Result<()> {
    while datagrams.is_ready() {
        buffer.clear();
        if !node.poll_transmit(now, buffer) {
            break;
        }
        datagrams.send(now, registry, path, Ecn::of(node.is_ect()), buffer)?;
    }
    Ok(())
}
