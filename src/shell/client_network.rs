//! Which socket has a client just now?
//!
//! None, a UDP port or a TCP connection, as its node asks with [`ClientAction`]. Each gets a token of its
//! own, so that what the system still says about an earlier one is not taken for news of this one. What
//! fails is told to the node with the next turn, never from within its own request.

use super::datagrams::Datagrams;
use super::ecn::Ecn;
use super::impaired::{Impairment, Side};
use super::tcp::{Pipe, READ_BYTES, Reading};
use super::tcp_tuning::{TcpInForce, TcpTuning};
use super::udp::{UdpPort, means_unreachable};
use crate::lab::link::{LinkConfig, Rebinds};
use crate::service::api::{ClientAction, NetworkInput, Path};
use crate::service::verbs::ClientCore;
use crate::time::Instant;
use crate::transport::session::Transport;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Registry, Token};
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

#[derive(Debug)]
enum Socket {
    Udp(Box<Datagrams>),
    Tcp(Option<Stream>),
}

/// A client's socket, and the addresses that it may be opened to.
#[derive(Debug)]
pub(super) struct Network {
    addresses: Vec<SocketAddr>,
    /// The one that the socket is, or was last, opened to.
    peer: SocketAddr,
    socket: Socket,
    /// The socket's token: one higher for each new socket.
    token: Token,
    /// What failed, not yet told to the node.
    trouble: Option<String>,
    rebinds: Option<Rebinds>,
    tuned: Option<Tuned>,
    buffer: Vec<u8>,
}

/// What is asked of the kernel's TCP, and where what is in force is told.
#[derive(Debug)]
struct Tuned {
    tuning: TcpTuning,
    in_force: Arc<OnceLock<TcpInForce>>,
}

impl Network {
    /// No socket yet. The sockets' tokens will lie above `token`.
    pub fn new(transport: Transport, addresses: Vec<SocketAddr>, token: Token) -> Self {
        let socket = match transport {
            Transport::Udp => Socket::Udp(Box::new(Datagrams::new(BATCH))),
            Transport::Tcp => Socket::Tcp(None),
        };
        let (peer, buffer) = ((Ipv4Addr::UNSPECIFIED, 0).into(), vec![0; READ_BYTES]);
        Self { addresses, peer, socket, token, trouble: None, rebinds: None, tuned: None, buffer }
    }

    /// Leads all datagrams through an emulated link; an error says what cannot be had, and what to do.
    pub fn impair(&mut self, now: Instant, config: LinkConfig, clear: bool) -> Result<(), String> {
        let Socket::Udp(datagrams) = &mut self.socket else {
            return Err("link options need datagrams, and TCP's segments are out of a program's reach: \
                        use --transport udp, or run server and client inside `sayagain link`"
                .to_owned());
        };
        self.rebinds = config.rebind.map(|plan| Rebinds::new(plan, now));
        datagrams.impair(Impairment::new(Side::Client, config, clear, now)?);
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
        let outcome = match action {
            ClientAction::Open { address } => self.open(registry, address),
            ClientAction::Rebind => self.rebind(registry),
            ClientAction::Close => {
                self.close();
                Ok(())
            }
        };
        self.trouble = outcome.err().map(|error| error.to_string());
    }

    fn open(&mut self, registry: &Registry, address: usize) -> io::Result<()> {
        self.close();
        let missing = || io::Error::new(ErrorKind::AddrNotAvailable, "the server has no such address");
        self.peer = *self.addresses.get(address).ok_or_else(missing)?;
        self.connect(registry)
    }

    /// The former port is kept if there is no other to be had.
    fn rebind(&mut self, registry: &Registry) -> io::Result<()> {
        match &self.socket {
            Socket::Udp(datagrams) if datagrams.is_in_use() => self.connect(registry),
            _ => Ok(()),
        }
    }

    fn connect(&mut self, registry: &Registry) -> io::Result<()> {
        self.token.0 += 1;
        match &mut self.socket {
            Socket::Udp(datagrams) => datagrams.open(UdpPort::connect(self.peer)?, registry, self.token),
            Socket::Tcp(stream) => {
                let mut pipe = Pipe::new(TcpStream::connect(self.peer)?);
                if let Some(tuned) = &self.tuned {
                    pipe.tune(&tuned.tuning)?;
                }
                pipe.register(registry, self.token)?;
                *stream = Some(Stream { pipe, stage: Stage::Connecting, readable: false });
                Ok(())
            }
        }
    }

    /// Takes leave: what is on its way in the emulated link still leaves, and a stream waits for the peer's
    /// end, because a socket closed with unread bytes is reset, and the reset may overtake our last words.
    pub fn close(&mut self) {
        match &mut self.socket {
            Socket::Udp(datagrams) => datagrams.close(),
            Socket::Tcp(stream) => {
                if let Some(open) = stream.take_if(|it| it.stage != Stage::Leaving) {
                    let leaves = open.stage == Stage::Open && open.pipe.end_output().is_ok();
                    *stream = leaves.then_some(Stream { stage: Stage::Leaving, ..open });
                }
            }
        }
    }

    /// Is there no socket, not even one that is taking leave?
    pub fn is_closed(&self) -> bool {
        match &self.socket {
            Socket::Udp(datagrams) => !datagrams.is_open(),
            Socket::Tcp(stream) => stream.is_none(),
        }
    }

    /// The system says something about a socket.
    pub fn on_ready(&mut self, registry: &Registry, event: &Event) {
        if event.token() != self.token {
            return;
        }
        match &mut self.socket {
            Socket::Udp(datagrams) => {
                datagrams.on_readable();
                if event.is_writable() {
                    self.trouble = datagrams.on_writable(registry).err().map(|error| error.to_string());
                }
            }
            Socket::Tcp(stream) => {
                if let Some(stream) = stream {
                    stream.readable = true;
                    if event.is_writable() {
                        stream.pipe.unblock();
                    }
                }
            }
        }
    }

    /// Is there work that no readiness will announce again?
    pub fn has_work(&self) -> bool {
        self.trouble.is_some()
            || match &self.socket {
                Socket::Udp(datagrams) => datagrams.is_readable(),
                Socket::Tcp(stream) => stream.as_ref().is_some_and(|stream| stream.readable),
            }
    }

    /// When the emulated link has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let delivery = match &self.socket {
            Socket::Udp(datagrams) => datagrams.poll_timeout(),
            Socket::Tcp(_) => None,
        };
        let rebind = self.rebinds.as_ref().and_then(Rebinds::poll_timeout);
        delivery.into_iter().chain(rebind).min()
    }

    /// Hands one portion of what came to the node.
    pub fn receive<N: ClientCore>(
        &mut self,
        now: Instant,
        registry: &Registry,
        node: &mut N,
    ) -> io::Result<()> {
        if self.rebinds.as_mut().and_then(|plan| plan.poll(now)).is_some() {
            self.trouble = self.rebind(registry).err().map(|error| error.to_string());
        }
        if let Some(trouble) = self.trouble.take() {
            self.report(now, &trouble, node);
            return Ok(());
        }
        match &mut self.socket {
            Socket::Udp(datagrams) => {
                let each = |_, ecn, datagram: &mut [u8]| match ecn {
                    Ecn::Marked => node.handle_network(now, NetworkInput::MarkedDatagram(datagram)),
                    Ecn::Not | Ecn::Capable => node.handle_network(now, NetworkInput::Datagram(datagram)),
                };
                match datagrams.receive(now, registry, each) {
                    Err(error) if means_unreachable(&error) => self.report(now, &error.to_string(), node),
                    outcome => outcome?,
                }
            }
            Socket::Tcp(Some(stream)) if stream.readable => {
                let was = stream.stage;
                let outcome = stream.receive(now, &mut self.buffer, node);
                if let Some(tuned) = self.tuned.as_ref().filter(|_| was == Stage::Connecting) {
                    tuned.read_back(stream);
                }
                if let Err(reason) = outcome {
                    self.report(now, &reason, node);
                }
            }
            Socket::Tcp(_) => {}
        }
        Ok(())
    }

    fn report<N: ClientCore>(&mut self, now: Instant, reason: &str, node: &mut N) {
        match &mut self.socket {
            Socket::Udp(_) => node.handle_network(now, NetworkInput::Unreachable(reason)),
            Socket::Tcp(stream) => {
                let former = stream.take();
                if former.is_none_or(|stream| stream.stage != Stage::Leaving) {
                    node.handle_network(now, NetworkInput::StreamClosed(reason));
                }
            }
        }
    }

    /// Sends what the node has to send, as far as the system takes it.
    pub fn send<N: ClientCore>(&mut self, now: Instant, registry: &Registry, node: &mut N) {
        let path = Path { remote: self.peer, local: None };
        let outcome = match &mut self.socket {
            Socket::Udp(datagrams) => send_all(now, registry, datagrams, path, &mut self.buffer, node),
            Socket::Tcp(Some(stream)) => stream.send(now, node),
            Socket::Tcp(None) => Ok(()),
        };
        if let Err(error) = outcome {
            self.trouble = Some(error.to_string());
        }
    }

    /// Has the system taken all that the node had to say?
    pub fn is_flushed<N: ClientCore>(&self, node: &N) -> bool {
        match &self.socket {
            Socket::Tcp(Some(stream)) if stream.stage == Stage::Open => node.stream_output().is_empty(),
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
