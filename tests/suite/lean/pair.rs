//! A client's connection and a server's endpoint on a clean link, on virtual time.
//!
//! ```text
//!   send ─▶ Connection ─ datagram ─▶ Endpoint ─▶ Message      one turn: one message of 64 bytes
//!                      ◀─ ACK ──────                          sent, received, acknowledged
//! ```
//!
//! The link keeps order and takes no time to compute, nobody listens to the trace, and the buffers are the
//! caller's: a datagram's is used again and again, those of the messages are given back.

use sayagain::crypto::Identity;
use sayagain::rng::Rng;
use sayagain::time::{Duration, Instant, at};
use sayagain::trace::Tracer;
use sayagain::transport::config::TransportConfig;
use sayagain::transport::connection::Connection;
use sayagain::transport::endpoint::{Endpoint, ServerSetup};
use sayagain::transport::handshake::client::ClientHello;
use sayagain::transport::path::Path;
use sayagain::transport::session::{ChannelId, Payload, SessionEvent};
use sayagain::transport::trust::TrustAll;
use sayagain::wire::datagram::ConnectionId;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// The length of each message, in bytes.
pub const MESSAGE_BYTES: usize = 64;

const ROOM: ChannelId = ChannelId::room(0);
/// Messages each way before anything is measured: windows are open, buffers have grown, credit was renewed.
const WARM_UP: u64 = 10_000;
/// From one message to the next.
const INTERVAL: Duration = Duration::from_millis(1);

const CLIENT: Path = path(1);
const SERVER: Path = path(2);

const fn path(port: u16) -> Path {
    Path { remote: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port), local: None }
}

/// One turn.
pub type Turn = fn(&mut Pair);

/// Both turns, by name.
pub const DIRECTIONS: [(&str, Turn); 2] =
    [("client to server", Pair::client_sends), ("server to client", Pair::server_sends)];

/// The two ends.
pub struct Pair {
    now: Instant,
    client: Connection,
    server: Endpoint,
    session: Option<ConnectionId>,
    /// The datagram under way, its storage used again and again.
    datagram: Vec<u8>,
    message: Payload,
    received: u64,
    /// Does whoever gets a message give its buffer back?
    pub gives_back: bool,
    /// How many messages are sent together in a turn.
    pub together: u64,
}

impl Pair {
    /// The pair after the handshake and 10,000 messages each way.
    pub fn warm(insecure: bool) -> Self {
        let config = TransportConfig { insecure, ..TransportConfig::default() };
        let identity = Arc::new(Identity::from_secret([2; 32]));
        let hello = ClientHello {
            identity: Arc::new(Identity::from_secret([1; 32])),
            server: Some(identity.public()),
            greeting: b"ann".to_vec(),
            trust: Arc::new(TrustAll),
        };
        let setup = ServerSetup { config, identity, greeting: b"server".to_vec(), max_sessions: 10 };
        let tracer = Tracer::default;
        let mut pair = Self {
            now: at(0),
            client: Connection::client(at(0), config, hello, SERVER, Rng::from_seed(1), tracer()),
            server: Endpoint::new(setup, Rng::from_seed(2), tracer()),
            session: None,
            datagram: Vec::with_capacity(1_500),
            message: vec![7; MESSAGE_BYTES].into(),
            received: 0,
            gives_back: true,
            together: 1,
        };
        pair.drain();
        for (_, send) in DIRECTIONS {
            (0..WARM_UP).for_each(|_| send(&mut pair));
        }
        pair
    }

    /// A turn of the client.
    pub fn client_sends(&mut self) {
        self.pass_time();
        for _ in 0..self.together {
            self.client.send(ROOM, Arc::clone(&self.message)).expect("the link is clean, so there is room");
        }
        self.deliver();
    }

    /// A turn of the server.
    pub fn server_sends(&mut self) {
        self.pass_time();
        let session = self.session.expect("the handshake is over");
        for _ in 0..self.together {
            let message = Arc::clone(&self.message);
            self.server.send(self.now, session, ROOM, message).expect("the link is clean, so there is room");
        }
        self.deliver();
    }

    fn deliver(&mut self) {
        let before = self.received;
        self.drain();
        assert_eq!(self.received, before + self.together, "what is sent is received, once");
    }

    fn pass_time(&mut self) {
        self.now += INTERVAL;
        if self.client.poll_timeout().is_some_and(|(due, _)| due <= self.now) {
            self.client.handle_timeout(self.now);
        }
        if self.server.poll_timeout().is_some_and(|due| due <= self.now) {
            self.server.handle_timeout(self.now);
        }
    }

    /// Carries datagrams to and fro until both are quiet.
    fn drain(&mut self) {
        let mut busy = true;
        while busy {
            busy = false;
            while self.client.poll_transmit(self.now, &mut self.datagram).is_some() {
                self.server.handle_datagram(self.now, CLIENT, &mut self.datagram);
                busy = true;
            }
            while self.server.poll_transmit(self.now, &mut self.datagram).is_some() {
                self.client.handle_datagram(self.now, SERVER, &mut self.datagram);
                busy = true;
            }
            while let Some(event) = self.client.poll_event(self.now) {
                if let Some(bytes) = self.message_of(event) {
                    self.client.recycle(bytes);
                }
            }
            while let Some((session, event)) = self.server.poll_event() {
                self.session = Some(session);
                if let Some(bytes) = self.message_of(event) {
                    self.server.recycle(session, bytes);
                }
            }
        }
    }

    /// The buffer to give back, if the event has one.
    fn message_of(&mut self, event: SessionEvent) -> Option<Vec<u8>> {
        match event {
            SessionEvent::Message { bytes, .. } => {
                assert_eq!(bytes.len(), MESSAGE_BYTES);
                self.received += 1;
                self.gives_back.then_some(bytes)
            }
            SessionEvent::Closed(reason) => panic!("the session ended: {reason}"),
            SessionEvent::Connected { .. } | SessionEvent::Liveness(_) => None,
        }
    }
}
