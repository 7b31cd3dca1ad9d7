//! What does the chat over UDP cost beside the chat over TCP, where no datagram is ever lost?
//!
//! The whole program but its face: a real server node in its loop, real client nodes in theirs, each on a
//! thread of its own, over the sockets of 127.0.0.1. One client speaks, the others listen.
//!
//! ```text
//!   typist ─ line ─▶ client ═══════▶ server ═══════▶ client × N ─ event ─▶ noted
//!          ◀ receipt ─┘      UDP | TCP   │   UDP | TCP
//!                                      store
//! ```
//!
//! Each run starts a server and its clients anew and does two things: messages one at a time, 2 ms apart
//! (latency, from the line to each listener's event), and messages as fast as receipts allow with at most
//! 256 unaccepted ones (messages a second, until the last listener has the last one). The runs of the two
//! transports alternate, so that whatever else the machine does falls on both; the ratio is the median of
//! the ratios of neighbouring runs.
//!
//! `cargo bench --bench loopback -- [--listeners 1,20] [--messages 5000] [--seconds 45]`
//!
//! Left out on purpose: loss, delay and rate of a real link. TCP on loopback is at its best.

mod meter;

use meter::{cell, median, micros, quantile, thread_cpu_us, usage};
use sayagain::chat::client::Reading;
use sayagain::chat::client::event::{LineNumber, UserEvent};
use sayagain::chat::quota::Terms;
use sayagain::crypto::Identity;
use sayagain::service::api::{ClientConfig, ClientEvent, Ending, ServerConfig, ServerEvent};
use sayagain::service::{ClientNode, ServerNode};
use sayagain::shell::client_loop::{ClientHandle, ClientLoop};
use sayagain::shell::listen::{ServerSockets, Transports};
use sayagain::shell::server_loop::{ServerHandle, ServerLoop, ServerOutlets};
use sayagain::shell::store_thread::StoreThread;
use sayagain::shell::{clock, entropy};
use sayagain::store::{MemoryStore, Snapshot, SqliteStore, Store, StoreRequest};
use sayagain::time::{Duration, Instant, at};
use sayagain::trace::Tracer;
use sayagain::transport::config::Choices;
use sayagain::transport::session::{LivenessConfig, Transport};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// From one message to the next while latency is measured.
const PACE: Duration = Duration::from_millis(2);
/// Unaccepted messages of the sender, at most, while throughput is measured.
const WINDOW: u64 = 256;
/// Bytes of a message's text.
const TEXT_BYTES: usize = 64;
/// Runs of each transport in one case, at most.
const PAIRS: usize = 15;

/// What is measured, in the order of [`Run`]'s values.
const MEASURES: [&str; 7] = [
    "latency p50, µs",
    "latency p99, µs",
    "CPU of all a message, one at a time, µs",
    "CPU of the server a message, one at a time, µs",
    "messages a second",
    "CPU of all a message, at full speed, µs",
    "CPU of the server a message, at full speed, µs",
];

/// What one run measured.
type Run = [f64; MEASURES.len()];

/// One row of cases.
struct Case {
    listeners: usize,
    on_disk: bool,
}

/// What a client's thread notes.
enum Note {
    /// In the room.
    Entered,
    /// Another message of the sender's is accepted.
    Accepted,
    /// A listener has all messages of the present task.
    HasAll,
    /// Something that spoils the run.
    Trouble(String),
}

/// What the listeners wait for: all messages up to this number.
#[derive(Default)]
struct Task {
    last: u64,
    latencies_us: Vec<f64>,
}

struct Server {
    handle: ServerHandle,
    addresses: Vec<(Transport, SocketAddr)>,
    thread: JoinHandle<()>,
    _folder: Option<tempfile::TempDir>,
}

struct Outlets(StoreThread, ServerHandle);

impl ServerOutlets for Outlets {
    fn ask_store(&mut self, request: StoreRequest) {
        if let Err(answer) = self.0.submit(request) {
            self.1.stored(answer);
        }
    }

    fn tell(&mut self, _: ServerEvent) {}
}

impl Server {
    fn start(on_disk: bool) -> Self {
        if !on_disk {
            return Self::with_store(MemoryStore::default(), Snapshot::default(), None);
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let opened = SqliteStore::open(&folder.path().join("bench.db"), 0);
        let (store, snapshot) = opened.unwrap_or_else(|error| panic!("{error}"));
        Self::with_store(store, snapshot, Some(folder))
    }

    fn with_store(
        store: impl Store + Send + 'static,
        snapshot: Snapshot,
        folder: Option<tempfile::TempDir>,
    ) -> Self {
        let sockets = ServerSockets::bind((Ipv4Addr::LOCALHOST, 0).into(), Transports::Both);
        let sockets = sockets.unwrap_or_else(|error| panic!("{error}"));
        let addresses = sockets.addresses().to_vec();
        let server = ServerLoop::new(sockets, 1_000).expect("a loop");
        let (handle, replies) = (server.handle(), server.handle());
        let reply = move |reply| {
            replies.stored(reply);
        };
        let store = StoreThread::start(store, Box::new(reply));
        let mut outlets = Outlets(store.expect("a thread"), handle.clone());
        let config = ServerConfig {
            keep: sayagain::store::Keep::ALL,
            server_name: "bench".to_owned(),
            insecure: false,
            liveness: LivenessConfig::default(),
            choices: Choices::default(),
            unix_ms_at_zero: clock::unix_ms_at_zero(),
            owner: None,
            max_sessions: 1_000,
            terms: Terms::UNLIMITED,
        };
        let identity = Identity::generate(&mut entropy::rng());
        let mut node = ServerNode::new(&config, &identity, snapshot, entropy::rng(), Tracer::default());
        let thread = thread::spawn(move || server.run(&mut node, &mut outlets).expect("sockets work"));
        Self { handle, addresses, thread, _folder: folder }
    }

    fn address(&self, transport: Transport) -> SocketAddr {
        let found = self.addresses.iter().find(|(kind, _)| *kind == transport);
        found.expect("both were bound").1
    }
}

struct Client {
    handle: ClientHandle,
    thread: JoinHandle<Ending>,
}

impl Client {
    fn start(
        index: usize,
        transport: Transport,
        server: SocketAddr,
        task: Arc<Mutex<Task>>,
        notes: Sender<Note>,
    ) -> Self {
        let client = ClientLoop::new(transport, vec![server]).expect("a loop");
        let handle = client.handle();
        let config = ClientConfig {
            transport: transport.into(),
            name: format!("client{index}"),
            room: "lobby".to_owned(),
            reading: Reading::default(),
            insecure: false,
            expected_key: None,
            promised: None,
            pins: Vec::new(),
            addresses: 1,
            connect_timeout: Duration::from_secs(10),
            liveness: LivenessConfig::default(),
            choices: Choices::default(),
            unix_ms_at_zero: clock::unix_ms_at_zero(),
            linger: Duration::ZERO,
        };
        let identity = Identity::generate(&mut entropy::rng());
        let work = move || {
            let mut node = ClientNode::new(clock::now(), config, identity, entropy::rng(), Tracer::default());
            let tell = |event| {
                if let Some(told) = note(event, &task) {
                    // Fails only when the run is over.
                    let _ = notes.send(told);
                }
            };
            client.run(&mut node, tell).expect("sockets work")
        };
        Self { handle, thread: thread::spawn(work) }
    }
}

/// What is worth noting of an event. A message is its number and when it was typed: both stand in its text.
fn note(event: ClientEvent, task: &Mutex<Task>) -> Option<Note> {
    let ClientEvent::User(event) = event else { return None };
    match event {
        UserEvent::Members { .. } => Some(Note::Entered),
        UserEvent::Accepted { .. } => Some(Note::Accepted),
        UserEvent::Message { text, own: false, .. } => {
            let mut numbers = text.split(' ').map_while(|word| word.parse::<u64>().ok());
            let (number, typed) = (numbers.next()?, numbers.next()?);
            let mut task = task.lock().expect("nobody panicked");
            task.latencies_us.push(micros(clock::now() - at(typed)));
            (number == task.last).then_some(Note::HasAll)
        }
        UserEvent::Reconnecting { reason } | UserEvent::Disconnected { reason } => {
            Some(Note::Trouble(reason))
        }
        UserEvent::Error { failure, .. } => Some(Note::Trouble(failure.text)),
        _ => None,
    }
}

/// A server, a sender, and listeners in one room.
struct House {
    server: Server,
    sender: Client,
    listeners: Vec<(Client, Arc<Mutex<Task>>)>,
    notes: Receiver<Note>,
    /// The number of the last line typed.
    typed: u64,
    accepted: u64,
    have_all: usize,
    deadline: Instant,
}

impl House {
    fn open(case: &Case, transport: Transport, deadline: Instant) -> Self {
        let server = Server::start(case.on_disk);
        let address = server.address(transport);
        let (noting, notes) = channel();
        let start = |index| {
            let task = Arc::default();
            (Client::start(index, transport, address, Arc::clone(&task), noting.clone()), task)
        };
        let (sender, _) = start(0);
        let listeners: Vec<_> = (1..=case.listeners).map(start).collect();
        let mut house =
            Self { server, sender, listeners, notes, typed: 0, accepted: 0, have_all: 0, deadline };
        for _ in 0..=case.listeners {
            house.take_note();
        }
        house
    }

    /// Waits for what happens next.
    fn take_note(&mut self) {
        match self.notes.recv_timeout(self.deadline - clock::now()) {
            Ok(Note::Entered) => {}
            Ok(Note::Accepted) => self.accepted += 1,
            Ok(Note::HasAll) => self.have_all += 1,
            Ok(Note::Trouble(text)) => panic!("a run is spoilt: {text}"),
            Err(error) => panic!("a run took too long: {error}"),
        }
    }

    fn begin(&mut self, messages: u64) {
        self.have_all = 0;
        for (_, task) in &self.listeners {
            let mut task = task.lock().expect("nobody panicked");
            task.last = self.typed + messages;
            task.latencies_us.clear();
        }
    }

    fn type_line(&mut self) {
        self.typed += 1;
        let text = format!("{} {} ", self.typed, clock::now().as_micros());
        let line = format!("{text:x<TEXT_BYTES$}");
        assert!(self.sender.handle.line(LineNumber(self.typed), line), "the sender's loop runs");
    }

    fn await_all(&mut self) {
        while self.accepted < self.typed || self.have_all < self.listeners.len() {
            self.take_note();
        }
    }

    /// Latencies in microseconds, from the line to each listener's event.
    fn one_at_a_time(&mut self, messages: u64) -> Vec<f64> {
        self.begin(messages);
        let mut due = clock::now();
        for _ in 0..messages {
            thread::sleep(due - clock::now());
            self.type_line();
            due += PACE;
        }
        self.await_all();
        let latencies = |task: &Mutex<Task>| task.lock().expect("nobody panicked").latencies_us.clone();
        self.listeners.iter().flat_map(|(_, task)| latencies(task)).collect()
    }

    /// The span from the first line to the last event.
    fn at_full_speed(&mut self, messages: u64) -> Duration {
        self.begin(messages);
        let began = clock::now();
        for _ in 0..messages {
            while self.typed - self.accepted >= WINDOW {
                self.take_note();
            }
            self.type_line();
        }
        self.await_all();
        clock::now() - began
    }

    /// Does `work`; besides its outcome, microseconds of the processor: all threads', the server's.
    fn costing<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, f64, f64) {
        let before = (usage().cpu_us, thread_cpu_us(&self.server.thread));
        let outcome = work(self);
        (outcome, usage().cpu_us - before.0, thread_cpu_us(&self.server.thread) - before.1)
    }

    fn close(self) {
        let clients = std::iter::once(self.sender).chain(self.listeners.into_iter().map(|it| it.0));
        let clients: Vec<Client> = clients.collect();
        for client in &clients {
            client.handle.quit();
        }
        for client in clients {
            client.thread.join().expect("the client ended in good order");
        }
        self.server.handle.shutdown();
        self.server.thread.join().expect("the server ended in good order");
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn run(case: &Case, transport: Transport, messages: u64, deadline: Instant) -> Run {
    let mut house = House::open(case, transport, deadline);
    let paced = (messages / 20).max(10);
    house.one_at_a_time(10);
    let (latencies, cpu, server_cpu) = house.costing(|house| house.one_at_a_time(paced));
    let (span, fast_cpu, fast_server_cpu) = house.costing(|house| house.at_full_speed(messages));
    house.close();
    [
        quantile(latencies.iter().copied(), 0.5),
        quantile(latencies, 0.99),
        cpu / paced as f64,
        server_cpu / paced as f64,
        messages as f64 / span.as_secs_f64(),
        fast_cpu / messages as f64,
        fast_server_cpu / messages as f64,
    ]
}

/// Runs a case until its share of the time is used up, and prints its table.
fn measure(case: &Case, messages: u64, share: Duration, deadline: Instant) {
    let end = clock::now() + share;
    let (mut udp, mut tcp) = (Vec::new(), Vec::new());
    while udp.is_empty() || (udp.len() < PAIRS && clock::now() < end) {
        let udp_first = udp.len().is_multiple_of(2);
        let order =
            if udp_first { [Transport::Udp, Transport::Tcp] } else { [Transport::Tcp, Transport::Udp] };
        for transport in order {
            let runs = if transport == Transport::Udp { &mut udp } else { &mut tcp };
            runs.push(run(case, transport, messages, deadline));
        }
    }
    let store = if case.on_disk { "SQLite" } else { "memory" };
    let Case { listeners, .. } = case;
    println!(
        "\n{listeners} listening, store in {store}, {messages} messages a run, {} runs each\n",
        udp.len()
    );
    println!("| | UDP | TCP | UDP / TCP |\n| --- | ---: | ---: | ---: |");
    for (index, name) in MEASURES.iter().enumerate() {
        let of = |runs: &[Run]| median(runs.iter().map(|run| run[index]));
        let ratio = median(udp.iter().zip(&tcp).map(|(udp, tcp)| udp[index] / tcp[index]));
        println!("| {name} | {} | {} | {} |", cell(of(&udp)), cell(of(&tcp)), cell(ratio));
    }
}

fn main() {
    let trial = meter::is_trial();
    let messages = meter::number("--messages", if trial { 20 } else { 5_000 });
    let seconds = if trial { 0 } else { meter::number("--seconds", 45) };
    let listeners = meter::option("--listeners").unwrap_or_else(|| "1,20".to_owned());
    let listeners: Vec<usize> =
        listeners.split(',').map(|n| n.parse().expect("--listeners takes numbers")).collect();
    let most = listeners.iter().copied().max().unwrap_or(1);
    let mut cases: Vec<Case> =
        listeners.into_iter().map(|listeners| Case { listeners, on_disk: false }).collect();
    cases.push(Case { listeners: most, on_disk: true });

    let budget = Duration::from_secs(seconds);
    let deadline = clock::now() + budget + Duration::from_secs(15);
    let share = budget / u32::try_from(cases.len()).unwrap_or(u32::MAX);
    for case in &cases {
        measure(case, messages, share, deadline);
    }
}
