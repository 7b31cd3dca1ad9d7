//! Our layer: a client's connection and a server's endpoint as the chat uses them, sealed, one channel.

use crate::peer::{CLIENT, Peer, SERVER};
use sayagain::crypto::Identity;
use sayagain::service::api::Path;
use sayagain::shell::{clock, entropy};
use sayagain::trace::Tracer;
use sayagain::transport::config::TransportConfig;
use sayagain::transport::connection::Connection;
use sayagain::transport::endpoint::{Endpoint, ServerSetup};
use sayagain::transport::handshake::client::ClientHello;
use sayagain::transport::session::{ChannelId, SessionEvent};
use sayagain::transport::trust::TrustAll;
use sayagain::wire::datagram::ConnectionId;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CHANNEL: ChannelId = ChannelId::room(0);

/// Waits for a datagram, at the latest until one of these moments.
fn wait(
    socket: &UdpSocket,
    buffer: &mut [u8],
    until: Instant,
    due: Option<sayagain::time::Instant>,
) -> io::Result<Option<usize>> {
    let own = due.map_or(Duration::MAX, |due| due - clock::now());
    let span = until.saturating_duration_since(Instant::now()).min(own);
    // A timeout of zero would be none.
    socket.set_read_timeout(Some(span.max(Duration::from_micros(1))))?;
    match socket.recv(buffer) {
        Ok(length) => Ok(Some(length)),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The client's end.
pub struct Client {
    socket: UdpSocket,
    connection: Connection,
    path: Path,
    connected: bool,
    came: VecDeque<Vec<u8>>,
    buffer: Vec<u8>,
}

impl Client {
    /// Begins to connect.
    pub fn connect() -> io::Result<Self> {
        let socket = UdpSocket::bind(CLIENT)?;
        socket.connect(SERVER)?;
        let mut rng = entropy::rng();
        let hello = ClientHello {
            identity: Arc::new(Identity::generate(&mut rng)),
            server: None,
            greeting: Vec::new(),
            trust: Arc::new(TrustAll),
        };
        let path = Path { remote: SERVER, local: None };
        let config = TransportConfig::default();
        let connection = Connection::client(clock::now(), config, hello, path, rng, Tracer::default());
        let mut client = Self {
            socket,
            connection,
            path,
            connected: false,
            came: VecDeque::new(),
            buffer: vec![0; 2_048],
        };
        client.drain();
        Ok(client)
    }

    fn drain(&mut self) {
        let now = clock::now();
        if self.connection.poll_timeout().is_some_and(|(due, _)| due <= now) {
            self.connection.handle_timeout(now);
        }
        while let Some(event) = self.connection.poll_event(now) {
            match event {
                SessionEvent::Connected { .. } => self.connected = true,
                SessionEvent::Message { bytes, .. } => self.came.push_back(bytes),
                _ => {}
            }
        }
        let mut datagram = Vec::new();
        while self.connection.poll_transmit(now, &mut datagram).is_some() {
            // What the system does not take is lost, as on any link.
            let _ = self.socket.send(&datagram);
            datagram.clear();
        }
    }
}

impl Peer for Client {
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        self.drain();
        let due = self.connection.poll_timeout().map(|(due, _)| due);
        if let Some(length) = wait(&self.socket, &mut self.buffer, until, due)? {
            self.connection.handle_datagram(clock::now(), self.path, &mut self.buffer[..length]);
        }
        self.drain();
        Ok(())
    }

    fn is_connected(&self) -> bool {
        self.connected
    }

    fn send(&mut self, message: &[u8]) -> io::Result<bool> {
        Ok(self.connection.send(CHANNEL, message.to_vec().into()).is_ok())
    }

    fn receive(&mut self) -> Option<Vec<u8>> {
        self.came.pop_front()
    }
}

/// The server's end, for one session.
pub struct Server {
    socket: UdpSocket,
    endpoint: Endpoint,
    session: Option<ConnectionId>,
    came: VecDeque<Vec<u8>>,
    buffer: Vec<u8>,
}

impl Server {
    /// Listens.
    pub fn bind() -> io::Result<Self> {
        let mut rng = entropy::rng();
        let setup = ServerSetup {
            config: TransportConfig::default(),
            identity: Arc::new(Identity::generate(&mut rng)),
            greeting: Vec::new(),
            max_sessions: 1,
        };
        let endpoint = Endpoint::new(setup, rng, Tracer::default());
        Ok(Self {
            socket: UdpSocket::bind(SERVER)?,
            endpoint,
            session: None,
            came: VecDeque::new(),
            buffer: vec![0; 2_048],
        })
    }

    fn drain(&mut self) {
        let now = clock::now();
        if self.endpoint.poll_timeout().is_some_and(|due| due <= now) {
            self.endpoint.handle_timeout(now);
        }
        while let Some((id, event)) = self.endpoint.poll_event() {
            self.session = Some(id);
            if let SessionEvent::Message { bytes, .. } = event {
                self.came.push_back(bytes);
            }
        }
        let mut datagram = Vec::new();
        while let Some(path) = self.endpoint.poll_transmit(now, &mut datagram) {
            let _ = self.socket.send_to(&datagram, path.remote);
            datagram.clear();
        }
    }
}

impl Peer for Server {
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        self.drain();
        let due = self.endpoint.poll_timeout();
        let own = due.map_or(Duration::MAX, |due| due - clock::now());
        let span = until.saturating_duration_since(Instant::now()).min(own);
        self.socket.set_read_timeout(Some(span.max(Duration::from_micros(1))))?;
        match self.socket.recv_from(&mut self.buffer) {
            Ok((length, remote)) => {
                let path = Path { remote, local: None };
                self.endpoint.handle_datagram(clock::now(), path, &mut self.buffer[..length]);
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        self.drain();
        Ok(())
    }

    fn is_connected(&self) -> bool {
        self.session.is_some()
    }

    fn send(&mut self, message: &[u8]) -> io::Result<bool> {
        let now = clock::now();
        Ok(self
            .session
            .is_some_and(|id| self.endpoint.send(now, id, CHANNEL, message.to_vec().into()).is_ok()))
    }

    fn receive(&mut self) -> Option<Vec<u8>> {
        self.came.pop_front()
    }
}
