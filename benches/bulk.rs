//! How fast is one large transfer, and what does it leave to others on the same line?
//!
//! Whole sealed sessions on virtual time through one bottleneck, so that every figure repeats exactly:
//!
//! ```text
//!   client 0 ─┐                                    ┌─ server 0      20 Mbit/s of IP bytes, 25 ms each way,
//!             ├─ queue ─ line ─ random loss ───────┤                a queue of one bandwidth-delay product
//!   client 1 ─┘                                    └─ server 1      (50 ms), each way
//! ```
//!
//! - *alone*: 20 MB in order on one channel, in messages of 16 KiB, from the moment at which the session
//!   is open to the last delivery.
//! - *beside CUBIC*: 60 s of two flows; the mean over five seeds and both orders of starting, a second
//!   apart. Each row has the share that each flow gets, Jain's index, and what the CUBIC flow keeps of what
//!   it gets beside another CUBIC flow.
//!
//! `cargo bench --bench bulk`, or only some controllers: `cargo bench --bench bulk -- cubic tolerant`.

use sayagain::crypto::Identity;
use sayagain::lab::link::config::QueueLimit;
use sayagain::lab::link::{Direction, DirectionConfig, Link, LinkConfig};
use sayagain::rng::Rng;
use sayagain::time::{Duration, Instant, at};
use sayagain::trace::Tracer;
use sayagain::transport::config::TransportConfig;
use sayagain::transport::congestion::Congestion;
use sayagain::transport::connection::Connection;
use sayagain::transport::endpoint::{Endpoint, ServerSetup};
use sayagain::transport::handshake::client::ClientHello;
use sayagain::transport::path::Path;
use sayagain::transport::session::{ChannelId, Payload, SessionEvent};
use sayagain::transport::trust::TrustAll;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

const ROOM: ChannelId = ChannelId::room(0);
const MESSAGE_BYTES: usize = 16_384;
const RATE: u64 = 20_000_000;
const ONE_WAY: Duration = Duration::from_millis(25);
/// IPv4 and UDP.
const HEADERS: usize = 28;
const LOSSES: [f64; 4] = [0.0, 0.001, 0.01, 0.05];
const TRANSFER: u64 = 20_000_000;
const BESIDE: Duration = Duration::from_secs(60);
const HEAD_START: Duration = Duration::from_secs(1);
const SEEDS: u64 = 5;

/// A datagram under way: of which flow, and its bytes.
type Packet = (usize, Vec<u8>);

/// A client that sends all it can to its server.
struct Flow {
    client: Connection,
    server: Endpoint,
    message: Payload,
    begins: Instant,
    opened: Option<Instant>,
    received: u64,
    last_at: Instant,
}

const fn path(port: u16) -> Path {
    Path { remote: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port), local: None }
}

impl Flow {
    fn new(congestion: Congestion, begins: Instant, seed: u64) -> Self {
        let config = TransportConfig { congestion, ..TransportConfig::default() };
        let identity = Arc::new(Identity::from_secret([2; 32]));
        let hello = ClientHello {
            identity: Arc::new(Identity::from_secret([1; 32])),
            server: Some(identity.public()),
            greeting: b"ann".to_vec(),
            trust: Arc::new(TrustAll),
        };
        let setup = ServerSetup { config, identity, greeting: b"server".to_vec(), max_sessions: 10 };
        let tracer = Tracer::default;
        Self {
            client: Connection::client(begins, config, hello, path(2), Rng::from_seed(seed), tracer()),
            server: Endpoint::new(setup, Rng::from_seed(seed ^ 99), tracer()),
            message: vec![7; MESSAGE_BYTES].into(),
            begins,
            opened: None,
            received: 0,
            last_at: begins,
        }
    }

    fn poll_timeout(&self, now: Instant) -> Instant {
        let client = self.client.poll_timeout().map(|(due, _)| due);
        let due = client.into_iter().chain(self.server.poll_timeout()).min();
        due.unwrap_or(at(u64::MAX)).max(if now < self.begins { self.begins } else { at(0) })
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.client.poll_timeout().is_some_and(|(due, _)| due <= now) {
            self.client.handle_timeout(now);
        }
        if self.server.poll_timeout().is_some_and(|due| due <= now) {
            self.server.handle_timeout(now);
        }
    }

    fn handle_datagram(&mut self, now: Instant, direction: Direction, datagram: &mut [u8]) {
        match direction {
            Direction::Up => self.server.handle_datagram(now, path(1), datagram),
            Direction::Down => self.client.handle_datagram(now, path(2), datagram),
        }
    }

    /// Drains both ends; `post` takes what they send.
    fn drain(&mut self, now: Instant, mut post: impl FnMut(Direction, &[u8])) {
        if now < self.begins {
            return;
        }
        while let Some(event) = self.client.poll_event(now) {
            if let SessionEvent::Connected { .. } = event {
                self.opened = Some(now);
            }
        }
        while let Some((_, event)) = self.server.poll_event() {
            if let SessionEvent::Message { bytes, .. } = event {
                self.received += bytes.len() as u64;
                self.last_at = now;
            }
        }
        while self.opened.is_some() && self.client.send(ROOM, Arc::clone(&self.message)).is_ok() {}
        let mut buffer = Vec::with_capacity(1_500);
        while self.client.poll_transmit(now, &mut buffer).is_some() {
            post(Direction::Up, &buffer);
        }
        while self.server.poll_transmit(now, &mut buffer).is_some() {
            post(Direction::Down, &buffer);
        }
    }
}

/// Flows through one bottleneck.
struct World {
    now: Instant,
    flows: Vec<Flow>,
    link: Link<Packet>,
}

impl World {
    fn new(flows: Vec<Flow>, loss: f64, queue: Duration, seed: u64) -> Self {
        let queue = Some(QueueLimit::Time(queue));
        let way =
            DirectionConfig { delay: ONE_WAY, loss, rate: Some(RATE), queue, ..DirectionConfig::default() };
        Self { now: at(0), flows, link: Link::new(LinkConfig::symmetric(way, seed), at(0)) }
    }

    fn drain(&mut self, index: usize) {
        let (now, link) = (self.now, &mut self.link);
        self.flows[index].drain(now, |direction, datagram| {
            let ip_bytes = u32::try_from(datagram.len() + HEADERS).unwrap_or(u32::MAX);
            link.handle_packet(now, direction, ip_bytes, &[], (index, datagram.to_vec()));
        });
    }

    /// The next thing happens, not after `until`.
    fn step(&mut self, until: Instant) {
        let flows = self.flows.iter().map(|flow| flow.poll_timeout(self.now));
        let next = flows.chain(self.link.poll_timeout()).min().unwrap_or(until).min(until);
        self.now = self.now.max(next);
        while let Some(delivery) = self.link.poll_delivery(self.now) {
            let (index, mut datagram) = delivery.packet;
            self.flows[index].handle_datagram(self.now, delivery.direction, &mut datagram);
            self.drain(index);
        }
        for index in 0..self.flows.len() {
            self.flows[index].handle_timeout(self.now);
            self.drain(index);
        }
    }

    fn run_until(&mut self, until: Instant) {
        while self.now < until {
            self.step(until);
        }
    }
}

/// Goodput in Mbit/s of a transfer alone.
fn alone(congestion: Congestion, loss: f64, seed: u64) -> f64 {
    let flow = Flow::new(congestion, at(0), seed);
    let mut world = World::new(vec![flow], loss, 2 * ONE_WAY, seed);
    while world.flows[0].received < TRANSFER && world.now < at(600_000_000) {
        world.step(at(600_000_000));
    }
    let flow = &world.flows[0];
    mbit(flow.received, flow.last_at - flow.opened.unwrap_or(flow.begins))
}

/// Goodput in Mbit/s of the flow and of a CUBIC flow beside it, from when both are there.
fn beside(congestion: Congestion, loss: f64, queue: Duration, seed: u64, first: bool) -> [f64; 2] {
    let [own, other] = if first { [Duration::ZERO, HEAD_START] } else { [HEAD_START, Duration::ZERO] };
    let flows = vec![
        Flow::new(congestion, at(0) + own, seed),
        Flow::new(Congestion::Cubic, at(0) + other, seed ^ 77),
    ];
    let mut world = World::new(flows, loss, queue, seed);
    world.run_until(at(0) + HEAD_START);
    let before = [world.flows[0].received, world.flows[1].received];
    world.run_until(at(0) + HEAD_START + BESIDE);
    [0, 1].map(|index| mbit(world.flows[index].received - before[index], BESIDE))
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn mbit(bytes: u64, time: Duration) -> f64 {
    bytes as f64 * 8.0 / 1e6 / time.as_secs_f64()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX))
}

fn jain([a, b]: [f64; 2]) -> f64 {
    (a + b).powi(2) / (2.0 * (a * a + b * b))
}

/// All seeds and both orders.
fn all_beside(congestion: Congestion, loss: f64, queue: Duration) -> Vec<[f64; 2]> {
    let runs = (1..=SEEDS).flat_map(|seed| [(seed, true), (seed, false)]);
    runs.map(|(seed, first)| beside(congestion, loss, queue, seed, first)).collect()
}

fn print_alone(chosen: &[Congestion]) {
    println!("\n20 MB alone, goodput in Mbit/s, mean of {SEEDS} seeds (least)\n");
    println!("| controller | 0 % | 0.1 % | 1 % | 5 % |\n| --- | ---: | ---: | ---: | ---: |");
    for congestion in chosen {
        let cells = LOSSES.map(|loss| {
            let runs: Vec<f64> = (1..=SEEDS).map(|seed| alone(*congestion, loss, seed)).collect();
            format!("{:.2} ({:.2})", mean(&runs), runs.iter().copied().fold(f64::INFINITY, f64::min))
        });
        println!("| {congestion} | {} |", cells.join(" | "));
    }
}

fn print_beside(chosen: &[Congestion]) {
    println!("\n60 s beside one CUBIC flow, Mbit/s, mean of {SEEDS} seeds and both orders\n");
    println!("| controller | loss | queue, ms | own | CUBIC | Jain's index | CUBIC keeps |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let conditions = [(0.0, 50), (0.001, 50), (0.01, 50), (0.05, 50), (0.0, 12), (0.01, 12), (0.0, 100)];
    let mut with_itself = BTreeMap::new();
    for (index, (loss, queue_ms)) in conditions.into_iter().enumerate() {
        let queue = Duration::from_millis(queue_ms);
        let cubic = all_beside(Congestion::Cubic, loss, queue);
        with_itself.insert(index, mean(&cubic.iter().map(|run| run[1]).collect::<Vec<_>>()));
        for congestion in chosen {
            let runs = all_beside(*congestion, loss, queue);
            let [own, other] = [0, 1].map(|flow| mean(&runs.iter().map(|run| run[flow]).collect::<Vec<_>>()));
            let index_of = mean(&runs.iter().map(|run| jain(*run)).collect::<Vec<_>>());
            println!(
                "| {congestion} | {} % | {queue_ms} | {own:.2} | {other:.2} | {index_of:.3} | {:.2} |",
                loss * 100.0,
                other / with_itself[&index],
            );
        }
    }
}

fn main() {
    let named: Vec<Congestion> = std::env::args().skip(1).filter_map(|name| name.parse().ok()).collect();
    let all = [Congestion::NewReno, Congestion::Cubic, Congestion::Tolerant];
    let chosen = if named.is_empty() { &all[..] } else { &named };
    print_alone(chosen);
    print_beside(chosen);
}
