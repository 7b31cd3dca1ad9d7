//! The world of these tests: one client, one server, and a link between them that does what it is told.

use crate::crypto::{Identity, PublicKey};
use crate::rng::Rng;
use crate::time::{Duration, Instant, at};
use crate::trace::Tracer;
use crate::transport::config::TransportConfig;
use crate::transport::connection::Connection;
use crate::transport::endpoint::{Endpoint, ServerSetup};
use crate::transport::handshake::client::ClientHello;
use crate::transport::path::Path;
use crate::transport::session::SessionEvent;
use crate::transport::trust::{Trust, TrustAll};
use crate::wire::datagram::ConnectionId;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

/// What the link does to a datagram.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    pub loss: f64,
    pub duplicate: f64,
    pub jitter_us: u64,
    pub corrupt: f64,
}

/// A client, a server and the link between them.
pub struct World {
    pub now: Instant,
    pub client: Connection,
    pub server: Endpoint,
    pub faults: Faults,
    /// Datagrams under way, by when and in which order they arrive; true: to the server.
    pub link: BTreeMap<(Instant, u64), (bool, Vec<u8>)>,
    pub count: u64,
    pub wakes: u32,
    pub rng: Rng,
    pub client_path: Path,
    pub client_events: Vec<SessionEvent>,
    pub server_events: VecDeque<(ConnectionId, SessionEvent)>,
    pub sent: [u64; 2],
    pub bytes: [u64; 2],
    /// Drops what this says, by direction (true: to the server) and number.
    pub drop: Box<dyn FnMut(bool, u64) -> bool>,
}

pub fn path(port: u16) -> Path {
    Path { remote: SocketAddr::from(([192, 0, 2, 1], port)), local: None }
}

pub fn server_identity() -> Arc<Identity> {
    Arc::new(Identity::from_secret([2; 32]))
}

pub fn hello(server: Option<PublicKey>, trust: Arc<dyn Trust>) -> ClientHello {
    let identity = Arc::new(Identity::from_secret([1; 32]));
    ClientHello { identity, server, greeting: b"ann".to_vec(), trust }
}

pub fn endpoint(config: TransportConfig, identity: Arc<Identity>, seed: u64) -> Endpoint {
    let setup = ServerSetup { config, identity, greeting: b"the server".to_vec(), max_sessions: 5_000 };
    Endpoint::new(setup, Rng::from_seed(seed), Tracer::default())
}

impl World {
    pub fn with(seed: u64, config: TransportConfig, hello: ClientHello, faults: Faults) -> Self {
        let mut rng = Rng::from_seed(seed);
        let client = Connection::client(at(0), config, hello, path(1), rng.fork(), Tracer::default());
        let server = endpoint(config, server_identity(), rng.next_u64());
        Self {
            now: at(0),
            client,
            server,
            faults,
            link: BTreeMap::new(),
            count: 0,
            wakes: 0,
            rng,
            client_path: path(1),
            client_events: Vec::new(),
            server_events: VecDeque::new(),
            sent: [0; 2],
            bytes: [0; 2],
            drop: Box::new(|_, _| false),
        }
    }

    pub fn new(seed: u64, known: bool, faults: Faults) -> Self {
        let server = known.then(|| server_identity().public());
        let config = TransportConfig { unix_ms_at_zero: 1, ..TransportConfig::default() };
        let hello = hello(server, Arc::new(TrustAll));
        let key = hello.identity.public();
        let mut world = Self::with(seed, config, hello, faults);
        if known {
            world.server.on_met(key, 0);
        }
        world
    }

    pub fn post(&mut self, to_server: bool, datagram: &[u8]) {
        let direction = usize::from(to_server);
        let number = self.sent[direction];
        self.sent[direction] += 1;
        self.bytes[direction] += datagram.len() as u64;
        if (self.drop)(to_server, number) || self.rng.chance(self.faults.loss) {
            return;
        }
        let copies = 1 + u64::from(self.rng.chance(self.faults.duplicate));
        for _ in 0..copies {
            let mut datagram = datagram.to_vec();
            if self.rng.chance(self.faults.corrupt) {
                let bit = self.rng.below(datagram.len() as u64 * 8);
                datagram[bit as usize / 8] ^= 1 << (bit % 8);
            }
            let jitter = self.rng.below(self.faults.jitter_us + 1);
            self.count += 1;
            let arrival = self.now + Duration::from_micros(25_000 + jitter);
            self.link.insert((arrival, self.count), (to_server, datagram));
        }
    }

    pub fn drain(&mut self) {
        let mut buffer = Vec::new();
        loop {
            let mut idle = true;
            while let Some(event) = self.client.poll_event(self.now) {
                self.client_events.push(event);
                idle = false;
            }
            while let Some(event) = self.server.poll_event() {
                self.server_events.push_back(event);
                idle = false;
            }
            while self.client.poll_transmit(self.now, &mut buffer).is_some() {
                self.post(true, &buffer);
                idle = false;
            }
            while let Some(to) = self.server.poll_transmit(self.now, &mut buffer) {
                idle = false;
                if to.remote == self.client_path.remote {
                    self.post(false, &buffer);
                }
            }
            if idle {
                return;
            }
        }
    }

    /// Timers must rest: so many wake-ups at one moment mean that one of them never does.
    const WAKES_MAX: u32 = 10_000;

    /// The next thing happens; false if nothing is left before `until`.
    pub fn step(&mut self, until: Instant) -> bool {
        self.drain();
        let wakes = [
            self.link.keys().next().map(|(at, _)| *at),
            self.client.poll_timeout().map(|(at, _)| at),
            self.server.poll_timeout(),
        ];
        let Some(next) = wakes.into_iter().flatten().min().filter(|next| *next <= until) else {
            self.now = until;
            return false;
        };
        self.wakes = if next > self.now { 0 } else { self.wakes + 1 };
        assert!(self.wakes < Self::WAKES_MAX, "a timer never rests: {:?}", self.client.poll_timeout());
        self.now = self.now.max(next);
        if let Some(entry) = self.link.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let (to_server, mut datagram) = entry.remove();
            if to_server {
                self.server.handle_datagram(self.now, self.client_path, &mut datagram);
            } else {
                self.client.handle_datagram(self.now, path(9), &mut datagram);
            }
        } else {
            self.client.handle_timeout(self.now);
            self.server.handle_timeout(self.now);
        }
        self.drain();
        true
    }

    pub fn run_for(&mut self, span: Duration) {
        let until = self.now + span;
        while self.step(until) {}
    }

    /// Until the client has seen an event like this, at most `span`; says when.
    pub fn run_until(&mut self, span: Duration, wanted: impl Fn(&SessionEvent) -> bool) -> Option<Instant> {
        let until = self.now + span;
        loop {
            if self.client_events.iter().any(&wanted) {
                return Some(self.now);
            }
            if !self.step(until) {
                return None;
            }
        }
    }

    pub fn session(&self) -> ConnectionId {
        self.server_events.front().map(|(id, _)| *id).expect("the server has a session")
    }

    /// The server answers each message with itself.
    pub fn echo(&mut self) {
        while let Some((id, event)) = self.server_events.pop_front() {
            if let SessionEvent::Message { channel, bytes } = event {
                self.server.send(self.now, id, channel, bytes.into()).unwrap();
            }
        }
    }
}
