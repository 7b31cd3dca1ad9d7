//! What does one small message cost the reliability layer, in time and in heap allocations?
//!
//! A client's connection and a server's endpoint on virtual time, a clean link between them that keeps
//! order and takes no time to compute: what is measured is the core alone, without the system.
//!
//! ```text
//!   send ─▶ Connection ─ datagram ─▶ Endpoint ─▶ Message      one turn of the bench: one message of
//!                      ◀─ ACK ──────                          64 bytes sent, received, acknowledged
//! ```
//!
//! Time is the processor's, told by criterion; allocations are counted by the allocator of this program, over 10,000
//! messages after as many to warm up. `cargo bench --bench core`.

mod meter;

use criterion::{BenchmarkId, Criterion, criterion_group};
use meter::CpuTime;
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
use std::alloc::{GlobalAlloc, Layout, System};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const ROOM: ChannelId = ChannelId::room(0);
const MESSAGE_BYTES: usize = 64;
/// Messages before anything is measured: windows are open, buffers have grown.
const WARM_UP: u64 = 10_000;
/// Messages over which allocations are counted.
const COUNTED: u64 = 10_000;
/// From one message to the next.
const INTERVAL: Duration = Duration::from_millis(1);

/// Counts what is asked of the heap. Growing a block counts, freeing one does not.
struct CountingAllocator;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

fn count(bytes: usize) {
    ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
}

#[expect(unsafe_code, reason = "an allocator is an unsafe trait; this one hands all on to the system's")]
// SAFETY: each call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// A client and a server that share a clean link.
struct Pair {
    now: Instant,
    client: Connection,
    server: Endpoint,
    session: Option<ConnectionId>,
    /// The datagram under way, its storage used again and again.
    datagram: Vec<u8>,
    message: Payload,
    received: u64,
}

const CLIENT: Path = path(1);
const SERVER: Path = path(2);

const fn path(port: u16) -> Path {
    Path { remote: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port), local: None }
}

impl Pair {
    /// The pair after the handshake and its warm-up.
    fn warm(insecure: bool) -> Self {
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
        };
        pair.drain();
        for _ in 0..WARM_UP {
            pair.client_sends();
            pair.server_sends();
        }
        pair
    }

    fn client_sends(&mut self) {
        self.pass_time();
        self.client.send(ROOM, Arc::clone(&self.message)).expect("the link is clean, so there is room");
        self.deliver_one();
    }

    fn server_sends(&mut self) {
        self.pass_time();
        let session = self.session.expect("the handshake is over");
        let message = Arc::clone(&self.message);
        self.server.send(self.now, session, ROOM, message).expect("the link is clean, so there is room");
        self.deliver_one();
    }

    fn deliver_one(&mut self) {
        let before = self.received;
        self.drain();
        assert_eq!(self.received, before + 1, "one message sent is one received");
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

    fn message_of(&mut self, event: SessionEvent) -> Option<Vec<u8>> {
        match event {
            SessionEvent::Message { bytes, .. } => {
                assert_eq!(bytes.len(), MESSAGE_BYTES);
                self.received += 1;
                Some(bytes)
            }
            SessionEvent::Closed(reason) => panic!("the session ended: {reason}"),
            SessionEvent::Connected { .. } | SessionEvent::Liveness(_) => None,
        }
    }
}

const SEALS: [(&str, bool); 2] = [("sealed", false), ("clear", true)];
/// One turn of the bench.
type Turn = fn(&mut Pair);
const DIRECTIONS: [(&str, Turn); 2] =
    [("client to server", Pair::client_sends), ("server to client", Pair::server_sends)];

fn time(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("message sent, received, acknowledged");
    for (seal, insecure) in SEALS {
        let mut pair = Pair::warm(insecure);
        for (direction, send) in DIRECTIONS {
            group.bench_function(BenchmarkId::new(direction, seal), |b| b.iter(|| send(&mut pair)));
        }
    }
}

/// Exact and the same with each run: everything here is deterministic, the heap included.
fn print_allocations() {
    println!("\nheap allocations a message ({MESSAGE_BYTES} bytes; sent, received, acknowledged)\n");
    println!("| direction | seal | allocations | bytes |\n| --- | --- | ---: | ---: |");
    for (seal, insecure) in SEALS {
        let mut pair = Pair::warm(insecure);
        for (direction, send) in DIRECTIONS {
            let before = (ALLOCATIONS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
            (0..COUNTED).for_each(|_| send(&mut pair));
            let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before.0;
            let bytes = BYTES.load(Ordering::Relaxed) - before.1;
            println!("| {direction} | {seal} | {} | {} |", each(allocations), each(bytes));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn each(total: u64) -> String {
    format!("{:.2}", total as f64 / COUNTED as f64)
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .with_measurement(CpuTime)
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = time
}

/// Nothing but so many turns of each direction in the clear, for a tool that counts instructions.
fn turn(count: u64) {
    let mut pair = Pair::warm(true);
    for (_, send) in DIRECTIONS {
        (0..count).for_each(|_| send(&mut pair));
    }
}

fn main() {
    let mut words = std::env::args().skip_while(|word| word != "turns").skip(1);
    if let Some(count) = words.next().and_then(|word| word.parse().ok()) {
        return turn(count);
    }
    print_allocations();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
