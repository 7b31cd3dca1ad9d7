//! What do those who chat notice of a flood of forged handshakes, over real sockets?
//!
//! The program's own server in a process of its own, fifty clients' nodes in their loops, and a generator in a
//! third process that sends from many addresses of loopback as fast as it may. Quiet and siege alternate on the
//! same server with the same sessions, so that whatever else the machine does falls on both.
//!
//! ```text
//!   generator  127.x.y.z × 256 ══ HELLO, FINISH, noise ══▶ ┌─────────────────┐
//!                                                         │ sayagain serve  │ memory: of this process
//!   50 clients ═══════ one line a second each ═══════════▶ └─────────────────┘
//!        ▲ latency: from the line to each other's event
//! ```
//!
//! `cargo bench --bench siege -- [--rounds 3] [--seconds 4] [--rates 1000,10000,100000,0]`; a rate of 0 is as fast
//! as the generator can. For Linux, where all of 127.0.0.0/8 is one's own.
//!
//! `cargo bench --bench siege -- --seal yes`: no siege, but two such houses, one sealed and one with `--insecure`,
//! in turn. What a message costs the server's processor says how many a second it could carry.
//!
//! Left out on purpose: a real network, on which the flood would fill the line before the server.

mod meter;

use meter::{cell, is_trial, median, micros, number, option, quantile};
use sayagain::chat::client::Reading;
use sayagain::chat::client::event::{LineNumber, UserEvent};
use sayagain::crypto::Identity;
use sayagain::rng::Rng;
use sayagain::service::ClientNode;
use sayagain::service::api::{ClientConfig, ClientEvent};
use sayagain::shell::client_loop::{ClientHandle, ClientLoop};
use sayagain::shell::{clock, entropy};
use sayagain::time::{Duration, Instant, at};
use sayagain::trace::Tracer;
use sayagain::transport::config::Choices;
use sayagain::transport::session::{LivenessConfig, Transport};
use sayagain::wire::datagram::{ConnectionId, Handshake, put_handshake};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

/// Who chats.
const PEOPLE: usize = 50;
/// Addresses from which is flooded.
const SOURCES: usize = 256;
/// Lines a second of all people together: while besieged, while the seal is measured.
const LINES_A_SECOND: [u32; 2] = [50, 500];
/// Datagrams between two looks at the clock.
const BURST: u64 = 16;

// ── the generator ───────────────────────────────────────────────────────────────────────────────────────

/// What a stranger without keys can make.
fn forged(rng: &mut Rng, number: u64, buffer: &mut Vec<u8>) {
    let [to, from] = [(); 2].map(|()| ConnectionId(rng.next_u64()));
    let (noise, token): ([u8; 96], [u8; 24]) = (rng.bytes(), rng.bytes());
    let content = match number % 6 {
        0 | 1 => Handshake::Hello { pattern: 1, token: &[], noise: &noise[..32] },
        2 => Handshake::Hello { pattern: 2, token: &[], noise: &noise },
        3 => Handshake::Hello { pattern: 2, token: &token, noise: &noise },
        4 => Handshake::Finish { noise: &noise },
        _ => return buffer.extend_from_slice(&noise),
    };
    put_handshake(buffer, to, from, &content);
}

/// The life of a generator's process: sends until its standard input ends, then says how many there were.
fn generate(server: SocketAddr, rate: u64) {
    let mut rng = Rng::from_seed(7);
    let sources: Vec<UdpSocket> = (0..SOURCES)
        .filter_map(|_| {
            let [a, b, c] = rng.bytes();
            UdpSocket::bind(SocketAddr::from(([127, a, b, c.max(1)], 0))).ok()
        })
        .collect();
    let ended = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let ends = Arc::clone(&ended);
    thread::spawn(move || {
        let _ = std::io::stdin().lock().lines().count();
        ends.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let (began, mut sent, mut buffer) = (clock::now(), 0, Vec::new());
    while !ended.load(std::sync::atomic::Ordering::Relaxed) {
        for _ in 0..BURST {
            buffer.clear();
            forged(&mut rng, sent, &mut buffer);
            // A full buffer of the system's is the network's loss.
            let _ = sources[usize::try_from(sent).unwrap_or(0) % sources.len()].send_to(&buffer, server);
            sent += 1;
        }
        if let Some(due_us) = (sent * 1_000_000).checked_div(rate) {
            thread::sleep(began + Duration::from_micros(due_us) - clock::now());
        }
    }
    println!("{} {}", sent, (clock::now() - began).as_micros());
}

/// A generator in a process of its own.
struct Generator(Child);

impl Generator {
    fn start(server: SocketAddr, rate: u64) -> Self {
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--generator", &server.to_string(), "--rate", &rate.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        Self(child.expect("another process of this program"))
    }

    /// Datagrams a second.
    fn end(mut self) -> f64 {
        drop(self.0.stdin.take());
        let mut line = String::new();
        BufReader::new(self.0.stdout.take().expect("piped")).read_line(&mut line).expect("it says how many");
        self.0.wait().expect("it ends");
        let figures: Vec<f64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
        let [sent, span_us] = figures[..] else { panic!("not a report: {line}") };
        sent / span_us * 1e6
    }
}

// ── the server and those who chat ───────────────────────────────────────────────────────────────────────

struct Server {
    child: Child,
    address: SocketAddr,
    _home: tempfile::TempDir,
}

impl Server {
    fn start(is_clear: bool) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_sayagain"))
            .args(["serve", "--listen", "127.0.0.1:0", "--ephemeral"])
            .args(is_clear.then_some("--insecure"))
            .env("SAYAGAIN_CONFIG_DIR", home.path().join("config"))
            .env("SAYAGAIN_DATA_DIR", home.path().join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut said = lines.map_while(Result::ok).filter(|line| line.starts_with("listening udp "));
        let address = said.next().expect("it says where it listens");
        let address = address.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("an address");
        Self { child, address, _home: home }
    }

    /// A figure of the process (Linux), in KiB.
    fn memory_kib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(f64::NAN)
    }
}

impl Server {
    /// The processor time of the process's threads so far (Linux), in microseconds.
    fn cpu_us(&self) -> f64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id()));
        let Ok(tasks) = tasks else { return f64::NAN };
        let of = |task: std::fs::DirEntry| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<f64>().ok()
        };
        tasks.flatten().filter_map(of).sum::<f64>() / 1e3
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing can be done about a process that cannot be ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the clients heard.
#[derive(Default)]
struct Heard {
    is_in: usize,
    latencies_us: Vec<f64>,
    troubles: Vec<String>,
}

fn start_client(index: usize, server: &Server, is_clear: bool, heard: Arc<Mutex<Heard>>) -> ClientHandle {
    let client = ClientLoop::new(Transport::Udp, vec![server.address]).expect("a loop");
    let handle = client.handle();
    let config = ClientConfig {
        transport: Transport::Udp.into(),
        name: format!("client{index}"),
        room: format!("room{}", index / 10),
        reading: Reading::default(),
        insecure: is_clear,
        expected_key: None,
        promised: None,
        pins: Vec::new(),
        addresses: 1,
        connect_timeout: Duration::from_secs(10),
        liveness: LivenessConfig::default(),
        choices: Choices::default(),
        unix_ms_at_zero: 0,
        linger: Duration::ZERO,
    };
    let work = move || {
        let identity = Identity::generate(&mut entropy::rng());
        let mut node = ClientNode::new(clock::now(), config, identity, entropy::rng(), Tracer::default());
        client.run(&mut node, |event| note(event, &heard)).expect("sockets work")
    };
    thread::spawn(work);
    handle
}

/// A message's text begins with the moment at which it was typed.
fn note(event: ClientEvent, heard: &Mutex<Heard>) {
    let ClientEvent::User(event) = event else { return };
    let mut heard = heard.lock().expect("nobody panicked");
    match event {
        UserEvent::Members { .. } => heard.is_in += 1,
        UserEvent::Message { text, own: false, .. } => {
            if let Some(typed) = text.split(' ').next().and_then(|word| word.parse().ok()) {
                heard.latencies_us.push(micros(clock::now() - at(typed)));
            }
        }
        event @ (UserEvent::Reconnecting { .. }
        | UserEvent::Disconnected { .. }
        | UserEvent::Error { .. }) => {
            heard.troubles.push(format!("{event:?}"));
        }
        _ => {}
    }
}

/// What one phase showed.
struct Phase {
    p50_us: f64,
    p99_us: f64,
    arrived: usize,
    rate: f64,
    memory_kib: f64,
    /// Of the server's processor, for each message that arrived.
    cpu_us: f64,
}

struct Bench {
    server: Server,
    clients: Vec<ClientHandle>,
    heard: Arc<Mutex<Heard>>,
    typed: u64,
}

impl Bench {
    fn open(is_clear: bool) -> Self {
        let (server, heard) = (Server::start(is_clear), Arc::<Mutex<Heard>>::default());
        let clients =
            (0..PEOPLE).map(|index| start_client(index, &server, is_clear, Arc::clone(&heard))).collect();
        let bench = Self { server, clients, heard, typed: 0 };
        let deadline = clock::now() + Duration::from_secs(20);
        while bench.heard.lock().expect("nobody panicked").is_in < PEOPLE {
            assert!(clock::now() < deadline, "not everybody came in");
            thread::sleep(Duration::from_millis(20));
        }
        bench
    }

    /// All chat for so long, with so many forged datagrams a second or none.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    fn phase(&mut self, seconds: u64, rate: Option<u64>, lines_a_second: u32) -> Phase {
        let generator = rate.map(|rate| Generator::start(self.server.address, rate));
        thread::sleep(Duration::from_millis(300));
        self.heard.lock().expect("nobody panicked").latencies_us.clear();
        let cpu_before = self.server.cpu_us();
        let (began, mut due): (Instant, Instant) = (clock::now(), clock::now());
        while clock::now() < began + Duration::from_secs(seconds) {
            let client = usize::try_from(self.typed).unwrap_or(0) % PEOPLE;
            self.typed += 1;
            let line = format!("{} is when this was typed, more or less", clock::now().as_micros());
            assert!(self.clients[client].line(LineNumber(self.typed), line), "the client's loop runs");
            due += Duration::from_secs(1) / lines_a_second;
            thread::sleep(due - clock::now());
        }
        thread::sleep(Duration::from_millis(500));
        let (memory_kib, cpu_us) = (self.server.memory_kib(), self.server.cpu_us() - cpu_before);
        let rate = generator.map_or(0.0, Generator::end);
        let latencies = std::mem::take(&mut self.heard.lock().expect("nobody panicked").latencies_us);
        Phase {
            p50_us: median(latencies.iter().copied()),
            p99_us: quantile(latencies.iter().copied(), 0.99),
            arrived: latencies.len(),
            rate,
            memory_kib,
            cpu_us: cpu_us / latencies.len() as f64,
        }
    }
}

/// Quiet and siege in turn, at each rate.
fn besiege(rounds: u64, seconds: u64, rates: &str) {
    let mut bench = Bench::open(false);
    let lines = LINES_A_SECOND[0];
    println!("{PEOPLE} sessions; {rounds} rounds of {seconds} s quiet and {seconds} s of siege\n");
    println!(
        "| forged datagrams a second | p50 quiet, µs | p50 siege, µs | ratio | p99 quiet, µs | p99 siege, µs | arrived of quiet's | memory quiet, KiB | memory siege, KiB |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for rate in rates.split(',').map(|rate| rate.parse().expect("--rates takes numbers")) {
        let mut round = || [bench.phase(seconds, None, lines), bench.phase(seconds, Some(rate), lines)];
        let phases: Vec<[Phase; 2]> = (0..rounds).map(|_| round()).collect();
        let of =
            |which: usize, figure: fn(&Phase) -> f64| median(phases.iter().map(|both| figure(&both[which])));
        let ratio = median(phases.iter().map(|[quiet, siege]| siege.p50_us / quiet.p50_us));
        let arrived: [usize; 2] = [0, 1].map(|which| phases.iter().map(|both| both[which].arrived).sum());
        let [rate, p50_quiet, p50_siege, p99_quiet, p99_siege] = [
            of(1, |phase| phase.rate),
            of(0, |phase| phase.p50_us),
            of(1, |phase| phase.p50_us),
            of(0, |phase| phase.p99_us),
            of(1, |phase| phase.p99_us),
        ]
        .map(cell);
        let [memory_quiet, memory_siege] = [0, 1].map(|which| cell(of(which, |phase| phase.memory_kib)));
        println!(
            "| {rate} | {p50_quiet} | {p50_siege} | {} | {p99_quiet} | {p99_siege} | {} of {} | {memory_quiet} | {memory_siege} |",
            cell(ratio),
            arrived[1],
            arrived[0],
        );
        std::io::stdout().flush().expect("somebody reads");
    }
    let troubles = std::mem::take(&mut bench.heard.lock().expect("nobody panicked").troubles);
    println!("\nsessions lost or disturbed: {}", troubles.len());
    troubles.iter().take(5).for_each(|trouble| println!("  {trouble}"));
}

/// A sealed house and one in the clear in turn.
fn compare_seals(rounds: u64, seconds: u64) {
    let mut benches = [false, true].map(Bench::open);
    println!("{PEOPLE} sessions in rooms of ten; {rounds} rounds of {seconds} s each\n");
    println!(
        "| server | p50, µs | p99, µs | server's processor a message, µs | messages a second of a processor |"
    );
    println!("| --- | ---: | ---: | ---: | ---: |");
    let phases: Vec<[Phase; 2]> = (0..rounds)
        .map(|_| benches.each_mut().map(|bench| bench.phase(seconds, None, LINES_A_SECOND[1])))
        .collect();
    for (which, name) in ["sealed", "`--insecure`"].into_iter().enumerate() {
        let of = |figure: fn(&Phase) -> f64| median(phases.iter().map(|both| figure(&both[which])));
        let [p50, p99, cpu] =
            [of(|phase| phase.p50_us), of(|phase| phase.p99_us), of(|phase| phase.cpu_us)].map(cell);
        println!("| {name} | {p50} | {p99} | {cpu} | {} |", cell(1e6 / of(|phase| phase.cpu_us)));
    }
    let ratio = |figure: fn(&Phase) -> f64| {
        cell(median(phases.iter().map(|[sealed, clear]| figure(sealed) / figure(clear))))
    };
    println!(
        "\nsealed / clear: p50 {}, processor {}",
        ratio(|phase| phase.p50_us),
        ratio(|phase| phase.cpu_us)
    );
}

fn main() {
    if let Some(server) = option("--generator") {
        return generate(server.parse().expect("an address"), number("--rate", 0));
    }
    let trial = is_trial();
    let rounds = if trial { 1 } else { number("--rounds", 3) };
    let seconds = if trial { 1 } else { number("--seconds", 4) };
    if trial || option("--seal").is_some() {
        compare_seals(rounds, seconds);
    }
    if option("--seal").is_none() {
        let usual = if trial { "1000" } else { "1000,10000,100000,0" };
        besiege(rounds, seconds, &option("--rates").unwrap_or_else(|| usual.to_owned()));
    }
}
