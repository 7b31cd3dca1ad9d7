//! Why not a thread per client? What a server costs either way, with the same many TCP clients.
//!
//! Three toy servers that do nothing but hand bytes on, each in a process of its own:
//!
//! ```text
//!   loop          the product's ServerLoop (one thread, readiness events) around a toy node
//!   threads       a thread for each client: reads, answers
//!   two threads   two for each: one reads, one writes from a bounded queue, so that a slow reader
//!                 holds up nobody else: what a chat would need
//! ```
//!
//! and three ways in which the clients speak, 64 bytes each time:
//!
//! ```text
//!   now and then   one client at a time, at random, gets its own words back
//!   all at once    every client speaks, then every client gets its own words back
//!   room           one client speaks, all get it
//! ```
//!
//! The servers alternate; figures are medians. `cargo bench --bench threads -- [--clients 200,1000] [--rounds 3]`
//!
//! Left out on purpose: the chat and its seal, which cost the same in both; and the kernel's memory for a
//! thread's stack and bookkeeping, which comes on top of what is counted here.

mod meter;

use meter::{Usage, cell, median, usage};
use sayagain::rng::Rng;
use sayagain::service::api::{Path, ServerEvent, StreamAction, StreamId};
use sayagain::service::verbs::ServerCore;
use sayagain::shell::listen::{ServerSockets, Transports};
use sayagain::shell::server_loop::{ServerLoop, ServerOutlets};
use sayagain::store::{StoreReply, StoreRequest};
use sayagain::time::Instant;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const MESSAGE_BYTES: usize = 64;
/// The first byte of a message that all are to get.
const TO_ALL: u8 = b'a';
/// The first byte of a message that only its sender is to get back.
const ECHO: u8 = b'e';
/// Messages that wait for a slow reader before it is shown out.
const QUEUE: usize = 64;
/// Nothing here takes so long.
const WATCHDOG: Duration = Duration::from_secs(10);

type Message = [u8; MESSAGE_BYTES];

// ── the servers ─────────────────────────────────────────────────────────────────────────────────────────

/// A node that hands bytes on.
#[derive(Default)]
struct Relay {
    outputs: BTreeMap<StreamId, Vec<u8>>,
    actions: VecDeque<StreamAction>,
    opened: u64,
}

impl Relay {
    fn tell(&mut self, stream: StreamId, bytes: &[u8]) {
        let Some(output) = self.outputs.get_mut(&stream) else { return };
        output.extend_from_slice(bytes);
        self.actions.push_back(StreamAction::Write(stream));
    }
}

impl ServerCore for Relay {
    fn handle_datagram(&mut self, _: Instant, _: Path, _: &mut [u8]) {}

    fn handle_stream_opened(&mut self, _: Instant, _: SocketAddr) -> StreamId {
        self.opened += 1;
        self.outputs.insert(StreamId(self.opened), Vec::new());
        StreamId(self.opened)
    }

    fn handle_stream_bytes(&mut self, _: Instant, stream: StreamId, bytes: &[u8]) {
        if bytes.first() == Some(&TO_ALL) {
            let all: Vec<StreamId> = self.outputs.keys().copied().collect();
            for stream in all {
                self.tell(stream, bytes);
            }
        } else {
            self.tell(stream, bytes);
        }
    }

    fn handle_stream_closed(&mut self, _: Instant, stream: StreamId, _: &str) {
        self.outputs.remove(&stream);
    }

    fn handle_store_reply(&mut self, _: Instant, _: StoreReply) {}
    fn handle_timeout(&mut self, _: Instant) {}
    fn shutdown(&mut self, _: Instant) {}

    fn is_shut_down(&self) -> bool {
        false
    }

    fn poll_transmit(&mut self, _: Instant, _: &mut Vec<u8>) -> Option<Path> {
        None
    }

    fn poll_stream(&mut self) -> Option<StreamAction> {
        self.actions.pop_front()
    }

    fn stream_output(&self, stream: StreamId) -> &[u8] {
        self.outputs.get(&stream).map_or(&[], Vec::as_slice)
    }

    fn stream_written(&mut self, _: Instant, stream: StreamId, count: usize) {
        self.outputs.get_mut(&stream).into_iter().for_each(|output| drop(output.drain(..count)));
    }

    fn poll_store(&mut self) -> Option<StoreRequest> {
        None
    }

    fn poll_event(&mut self) -> Option<ServerEvent> {
        None
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

struct Nowhere;

impl ServerOutlets for Nowhere {
    fn ask_store(&mut self, _: StoreRequest) {}
    fn tell(&mut self, _: ServerEvent) {}
}

fn serve_in_a_loop() -> SocketAddr {
    let sockets = ServerSockets::bind((Ipv4Addr::LOCALHOST, 0).into(), Transports::Tcp);
    let sockets = sockets.unwrap_or_else(|error| panic!("{error}"));
    let address = sockets.addresses()[0].1;
    let server = ServerLoop::new(sockets, 10_000).expect("a loop");
    thread::spawn(move || server.run(&mut Relay::default(), &mut Nowhere));
    address
}

fn accept_each(serve: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            stream.set_nodelay(true).expect("a socket");
            serve(stream);
        }
    });
    address
}

fn serve_by_threads() -> SocketAddr {
    accept_each(|mut stream| {
        thread::spawn(move || {
            let mut message: Message = [0; MESSAGE_BYTES];
            while stream.read_exact(&mut message).is_ok() && stream.write_all(&message).is_ok() {}
        });
    })
}

fn serve_by_two_threads() -> SocketAddr {
    let all: Arc<Mutex<Vec<SyncSender<Message>>>> = Arc::default();
    accept_each(move |mut stream| {
        let (queue, waiting) = sync_channel::<Message>(QUEUE);
        let mut writer = stream.try_clone().expect("another handle");
        thread::spawn(
            move || while waiting.recv().is_ok_and(|message| writer.write_all(&message).is_ok()) {},
        );
        all.lock().expect("nobody panicked").push(queue.clone());
        let all = Arc::clone(&all);
        thread::spawn(move || {
            let mut message: Message = [0; MESSAGE_BYTES];
            while stream.read_exact(&mut message).is_ok() {
                if message[0] == TO_ALL {
                    all.lock().expect("nobody panicked").retain(|queue| queue.try_send(message).is_ok());
                } else if queue.try_send(message).is_err() {
                    break;
                }
            }
        });
    })
}

/// The life of a server's process: it says where it listens, then for each line what it has used so far.
fn be_server(kind: &str) {
    let address = match kind {
        "loop" => serve_in_a_loop(),
        "threads" => serve_by_threads(),
        _ => serve_by_two_threads(),
    };
    println!("{address}");
    for _ in io::stdin().lock().lines() {
        let Usage { cpu_us, waits, preemptions } = usage();
        println!("{cpu_us} {waits} {preemptions} {}", meter::resident_kib());
    }
}

// ── the clients ─────────────────────────────────────────────────────────────────────────────────────────

/// What a server's process has used.
#[derive(Clone, Copy)]
struct Report {
    cpu_us: f64,
    switches: f64,
    resident_kib: f64,
}

/// A server in a process of its own; it ends when its standard input does.
struct Served {
    process: Child,
    asking: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    empty: Report,
    clients: Vec<TcpStream>,
}

impl Served {
    fn start(kind: &str, clients: usize) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--server", kind])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("another process of this program");
        let asking = process.stdin.take();
        let mut answers = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        answers.read_line(&mut line).expect("the server says where it is");
        let address: SocketAddr = line.trim().parse().expect("an address");
        let empty = Report { cpu_us: 0.0, switches: 0.0, resident_kib: 0.0 };
        let mut served = Self { process, asking, answers, empty, clients: Vec::new() };
        served.empty = served.report();
        served.clients = (0..clients).map(|_| connect(address)).collect();
        // Each has spoken once: everything is set up.
        served.all_at_once();
        served
    }

    fn report(&mut self) -> Report {
        writeln!(self.asking.as_ref().expect("not ended"), "report").expect("the server listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the server answers");
        let figures: Vec<f64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
        let [cpu_us, waits, preemptions, resident_kib] = figures[..] else { panic!("not a report: {line}") };
        Report { cpu_us, switches: waits + preemptions, resident_kib }
    }

    fn now_and_then(&mut self, messages: u64) -> u64 {
        let mut rng = Rng::from_seed(1);
        for _ in 0..messages {
            let one = usize::try_from(rng.below(self.clients.len() as u64)).expect("an index");
            self.clients[one].write_all(&[ECHO; MESSAGE_BYTES]).expect("the server reads");
            hear(&mut self.clients[one]);
        }
        messages
    }

    fn all_at_once(&mut self) -> u64 {
        for client in &mut self.clients {
            client.write_all(&[ECHO; MESSAGE_BYTES]).expect("the server reads");
        }
        self.clients.iter_mut().for_each(hear);
        self.clients.len() as u64
    }

    fn room(&mut self) -> u64 {
        self.clients[0].write_all(&[TO_ALL; MESSAGE_BYTES]).expect("the server reads");
        self.clients.iter_mut().for_each(hear);
        self.clients.len() as u64
    }

    /// What a message that a client gets costs the server while `work` is done, which says how many there
    /// were: microseconds of the processor, context switches; and KiB a client.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    fn cost(&mut self, work: impl FnOnce(&mut Self) -> u64) -> [f64; 3] {
        let before = self.report();
        let messages = work(self) as f64;
        let after = self.report();
        [
            (after.cpu_us - before.cpu_us) / messages,
            (after.switches - before.switches) / messages,
            (after.resident_kib - self.empty.resident_kib) / self.clients.len() as f64,
        ]
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.asking = None;
        // Nothing can be done about a process that cannot be waited for.
        let _ = self.process.wait();
    }
}

fn connect(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).expect("the server listens");
    stream.set_nodelay(true).expect("a socket");
    stream.set_read_timeout(Some(WATCHDOG)).expect("a socket");
    stream
}

fn hear(client: &mut TcpStream) {
    let mut message: Message = [0; MESSAGE_BYTES];
    client.read_exact(&mut message).expect("the server answers");
}

const SERVERS: [&str; 3] = ["loop", "threads", "two threads"];
const WAYS: [&str; 3] = ["now and then", "all at once", "room"];

/// What each server costs in each way; nothing where it does not know the way.
type Costs = [[Option<[f64; 3]>; WAYS.len()]; SERVERS.len()];

fn round(clients: usize, messages: u64) -> Costs {
    SERVERS.map(|kind| {
        let mut served = Served::start(kind, clients);
        let times = messages / clients as u64 + 1;
        let repeated = |served: &mut Served, once: fn(&mut Served) -> u64| -> u64 {
            (0..times).map(|_| once(served)).sum()
        };
        [
            Some(served.cost(|served| served.now_and_then(messages))),
            Some(served.cost(|served| repeated(served, Served::all_at_once))),
            (kind != "threads").then(|| served.cost(|served| repeated(served, Served::room))),
        ]
    })
}

fn print_table(clients: usize, rounds: &[Costs]) {
    println!(
        "\n{clients} clients, {} rounds; the server alone, for each message that a client gets\n",
        rounds.len()
    );
    println!("| clients speak | server | CPU, µs | context switches | memory a client, KiB | CPU / loop's |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
    for (way, way_name) in WAYS.iter().enumerate() {
        for (server, server_name) in SERVERS.iter().enumerate() {
            let of = |server: usize, figure: usize| {
                median(rounds.iter().filter_map(|costs| costs[server][way].map(|cost| cost[figure])))
            };
            let ratio =
                median(rounds.iter().filter_map(|costs| Some(costs[server][way]?[0] / costs[0][way]?[0])));
            if ratio.is_nan() {
                continue;
            }
            let [cpu, switches, memory] = [0, 1, 2].map(|figure| cell(of(server, figure)));
            println!("| {way_name} | {server_name} | {cpu} | {switches} | {memory} | {} |", cell(ratio));
        }
    }
}

fn main() {
    if let Some(kind) = meter::option("--server") {
        return be_server(&kind);
    }
    let trial = meter::is_trial();
    let rounds = if trial { 1 } else { meter::number("--rounds", 3) };
    let messages = if trial { 10 } else { 5_000 };
    let clients = meter::option("--clients");
    let clients = clients.unwrap_or_else(|| if trial { "10" } else { "200,1000" }.to_owned());
    // Both servers raise it for themselves; the clients' side needs as many sockets.
    for count in clients.split(',').map(|count| count.parse().expect("--clients takes numbers")) {
        let rounds: Vec<Costs> = (0..rounds).map(|_| round(count, messages)).collect();
        print_table(count, &rounds);
    }
}
