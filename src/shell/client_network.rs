//! Which socket has a client just now?
//!
//! None, a UDP port or a TCP connection, as its node asks with [`ClientAction`]. Each gets a token of its
//! own, so that what the system still says about an earlier one is not taken for news of this one. What
//! fails is told to the node with the next turn, never from within its own request.

use super::datagrams::Datagrams;
use super::node::ClientCore;
use super::tcp::{Pipe, READ_BYTES, Reading};
use super::udp::{Batch, UdpPort, means_unreachable};
use crate::service::api::{ClientAction, NetworkInput, Path};
use crate::time::Instant;
use crate::transport::session::Transport;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Registry, Token};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

/// Datagrams received with one system call.
const BATCH: usize = 8;

#[derive(Debug)]
enum Socket {
    Closed,
    Udp(Datagrams),
    Tcp { pipe: Pipe, connected: bool, readable: bool },
}

/// A client's socket, and the addresses that it may be opened to.
#[derive(Debug)]
pub(super) struct Network {
    transport: Transport,
    addresses: Vec<SocketAddr>,
    /// The one that the socket is, or was last, opened to.
    address: usize,
    socket: Socket,
    /// The socket's token: one higher for each new socket.
    token: Token,
    /// What failed, not yet told to the node.
    trouble: Option<String>,
    batch: Batch,
    buffer: Vec<u8>,
}

impl Network {
    /// No socket yet. The sockets' tokens will lie above `token`.
    pub fn new(transport: Transport, addresses: Vec<SocketAddr>, token: Token) -> Self {
        let (batch, buffer) = (Batch::new(BATCH), vec![0; READ_BYTES]);
        Self { transport, addresses, address: 0, socket: Socket::Closed, token, trouble: None, batch, buffer }
    }

    /// Does what the node wants done.
    pub fn act(&mut self, registry: &Registry, action: ClientAction) {
        let outcome = match (action, self.transport) {
            (ClientAction::Open { address }, _) => {
                self.socket = Socket::Closed;
                self.address = address;
                self.open(registry)
            }
            (ClientAction::Rebind, Transport::Udp) => self.open(registry),
            (ClientAction::Rebind, Transport::Tcp) => Ok(()),
            (ClientAction::Close, _) => {
                self.socket = Socket::Closed;
                Ok(())
            }
        };
        self.trouble = outcome.err().map(|error| error.to_string());
    }

    fn open(&mut self, registry: &Registry) -> io::Result<()> {
        let missing = || io::Error::new(ErrorKind::AddrNotAvailable, "the server has no such address");
        let peer = *self.addresses.get(self.address).ok_or_else(missing)?;
        self.token.0 += 1;
        self.socket = match self.transport {
            Transport::Udp => Socket::Udp(Datagrams::new(UdpPort::connect(peer)?, registry, self.token)?),
            Transport::Tcp => {
                let mut pipe = Pipe::new(TcpStream::connect(peer)?);
                pipe.register(registry, self.token)?;
                Socket::Tcp { pipe, connected: false, readable: false }
            }
        };
        Ok(())
    }

    /// The system says something about a socket.
    pub fn on_ready(&mut self, registry: &Registry, event: &Event) {
        if event.token() != self.token {
            return;
        }
        match &mut self.socket {
            Socket::Closed => {}
            Socket::Udp(port) => {
                port.on_readable();
                if event.is_writable() {
                    self.trouble = port.on_writable(registry).err().map(|error| error.to_string());
                }
            }
            Socket::Tcp { pipe, readable, .. } => {
                *readable = true;
                if event.is_writable() {
                    pipe.unblock();
                }
            }
        }
    }

    /// Is there work that no readiness will announce again?
    pub fn has_work(&self) -> bool {
        self.trouble.is_some()
            || match &self.socket {
                Socket::Closed => false,
                Socket::Udp(port) => port.is_readable(),
                Socket::Tcp { readable, .. } => *readable,
            }
    }

    /// Hands one portion of what came to the node.
    pub fn receive<N: ClientCore>(&mut self, now: Instant, node: &mut N) -> io::Result<()> {
        if let Some(trouble) = self.trouble.take() {
            self.report(now, &trouble, node);
            return Ok(());
        }
        match &mut self.socket {
            Socket::Closed => {}
            Socket::Udp(port) => {
                let each =
                    |_, datagram: &mut [u8]| node.handle_network(now, NetworkInput::Datagram(datagram));
                match port.receive(&mut self.batch, each) {
                    Err(error) if means_unreachable(&error) => self.report(now, &error.to_string(), node),
                    outcome => outcome?,
                }
            }
            Socket::Tcp { connected: false, .. } => self.finish_connecting(now, node),
            Socket::Tcp { .. } => self.read(now, node),
        }
        Ok(())
    }

    fn finish_connecting<N: ClientCore>(&mut self, now: Instant, node: &mut N) {
        let Socket::Tcp { pipe, connected, readable } = &mut self.socket else { return };
        match pipe.connected() {
            Some(Ok(())) => {
                *connected = true;
                node.handle_network(now, NetworkInput::StreamOpened);
            }
            Some(Err(error)) => self.report(now, &error.to_string(), node),
            None => *readable = false,
        }
    }

    fn read<N: ClientCore>(&mut self, now: Instant, node: &mut N) {
        let Socket::Tcp { pipe, readable, .. } = &mut self.socket else { return };
        match pipe.read(&mut self.buffer) {
            Reading::Bytes(count) => {
                node.handle_network(now, NetworkInput::StreamBytes(&self.buffer[..count]));
            }
            Reading::Nothing => *readable = false,
            Reading::Ended(reason) => self.report(now, &reason, node),
        }
    }

    fn report<N: ClientCore>(&mut self, now: Instant, reason: &str, node: &mut N) {
        match self.transport {
            Transport::Udp => node.handle_network(now, NetworkInput::Unreachable(reason)),
            Transport::Tcp => {
                self.socket = Socket::Closed;
                node.handle_network(now, NetworkInput::StreamClosed(reason));
            }
        }
    }

    /// Sends what the node has to send, as far as the system takes it.
    pub fn send<N: ClientCore>(&mut self, now: Instant, registry: &Registry, node: &mut N) {
        let outcome = match &mut self.socket {
            Socket::Closed => Ok(()),
            Socket::Udp(port) => {
                let path = Path { remote: self.addresses[self.address], local: None };
                send_datagrams(now, registry, port, path, &mut self.buffer, node)
            }
            Socket::Tcp { connected: false, .. } => Ok(()),
            Socket::Tcp { pipe, .. } => write_stream(now, pipe, node),
        };
        if let Err(error) = outcome {
            self.trouble = Some(error.to_string());
        }
    }

    /// Has the system taken all that the node had to say?
    pub fn is_flushed<N: ClientCore>(&self, node: &N) -> bool {
        match &self.socket {
            Socket::Closed => true,
            Socket::Udp(port) => !port.is_blocked(),
            Socket::Tcp { connected, .. } => !connected || node.stream_output().is_empty(),
        }
    }
}

fn send_datagrams<N: ClientCore>(
    now: Instant,
    registry: &Registry,
    port: &mut Datagrams,
    path: Path,
    buffer: &mut Vec<u8>,
    node: &mut N,
) -> io::Result<()> {
    while !port.is_blocked() {
        buffer.clear();
        if !node.poll_transmit(now, buffer) {
            break;
        }
        port.send(registry, path, buffer)?;
    }
    Ok(())
}

fn write_stream<N: ClientCore>(now: Instant, pipe: &mut Pipe, node: &mut N) -> io::Result<()> {
    while !pipe.is_blocked() && !node.stream_output().is_empty() {
        let count = pipe.write(node.stream_output())?;
        node.stream_written(now, count);
    }
    Ok(())
}
