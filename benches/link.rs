//! What does the emulated link cost, and how exact is it?
//!
//! - **model**: the link alone, and with the relay around it, per packet (criterion, processor time);
//! - **carries**: packets a second through real sockets, beside a forwarder that uses the same sockets and no
//!   model, in alternating runs (Linux, where namespaces are to be had);
//! - **exact**: the round trip of a 25 ms link beside that of the same link without delay, in one run.
//!
//! `cargo bench --bench link`; the parts on sockets alone with `cargo bench --bench link -- sockets`.

mod meter;

use criterion::{Criterion, Throughput};
use meter::{CpuTime, median};
use sayagain::lab::link::{Direction, DirectionConfig, Link, LinkConfig};
use sayagain::lab::relay::Relay;
use sayagain::lab::relay::ends::End;
use sayagain::time::{Duration, at};
use std::hint::black_box;
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Packets of a round of the model.
const PACKETS: u64 = 1_000;
/// Where the server's end listens.
const SERVER: &str = "10.77.0.2:7";

/// Everything that may happen to a packet, happens now and then.
fn busy_link() -> LinkConfig {
    let way = DirectionConfig {
        delay: Duration::from_millis(25),
        jitter: Duration::from_millis(5),
        loss: 0.05,
        burst: Some(4.0),
        reorder: 0.01,
        duplicate: 0.01,
        corrupt: 0.001,
        rate: Some(1_000_000_000),
        ..DirectionConfig::default()
    };
    LinkConfig::symmetric(way, 7)
}

/// A UDP packet from the client's end to the server's, of 100 bytes.
fn packet() -> Vec<u8> {
    let mut bytes = vec![0x45, 0, 0, 100, 0, 1, 0, 0, 64, 17, 0, 0, 10, 77, 0, 1, 10, 77, 0, 2];
    bytes.extend([0x9c, 0x40, 0x12, 0x8b, 0, 80, 0, 0]);
    bytes.resize(100, b'.');
    bytes
}

fn model(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("model");
    group.throughput(Throughput::Elements(PACKETS));
    group.bench_function("link", |bencher| {
        let mut link = Link::new(busy_link(), at(0));
        let mut now = at(0);
        bencher.iter(|| {
            for number in 0..PACKETS {
                now += Duration::from_micros(40);
                black_box(link.handle_packet(now, Direction::Up, 100, &[], number));
                while let Some(delivery) = link.poll_delivery(now) {
                    black_box(delivery);
                }
            }
        });
    });
    group.bench_function("link and relay", |bencher| {
        let (mut relay, packet) = (Relay::new(busy_link(), at(0)), packet());
        let mut now = at(0);
        bencher.iter(|| {
            for _ in 0..PACKETS {
                now += Duration::from_micros(40);
                relay.handle_packet(now, End::Client, &packet);
                while let Some(outgoing) = relay.poll_transmit(now) {
                    relay.on_sent(now, outgoing);
                }
            }
        });
    });
    group.finish();
}

/// This program as one end of the link: `flood`, `sink` or `echo`, `ping`.
fn be_an_end(role: &str) {
    match role {
        "flood" => flood(),
        "sink" => sink(),
        "echo" => echo(),
        _ => ping(),
    }
}

/// Sends as fast as it can for a second and a half.
fn flood() {
    let socket = UdpSocket::bind("10.77.0.1:0").expect("a socket");
    let (began, datagram) = (Instant::now(), [0; 72]);
    while began.elapsed() < Duration::from_millis(1_500) {
        for _ in 0..32 {
            let _ = socket.send_to(&datagram, SERVER);
        }
    }
    // What is under way may arrive.
    std::thread::sleep(Duration::from_millis(300));
}

/// Prints how many came in the second from the first on.
fn sink() {
    let socket = UdpSocket::bind(SERVER).expect("a socket");
    let mut buffer = [0; 2_048];
    socket.recv(&mut buffer).expect("the first");
    let (began, mut count) = (Instant::now(), 0_u64);
    while began.elapsed() < Duration::from_secs(1) {
        count += u64::from(socket.recv(&mut buffer).is_ok());
    }
    println!("{count}");
}

fn echo() {
    let socket = UdpSocket::bind(SERVER).expect("a socket");
    let mut buffer = [0; 2_048];
    while let Ok((length, from)) = socket.recv_from(&mut buffer) {
        let _ = socket.send_to(&buffer[..length], from);
    }
}

/// Prints the median round trip in microseconds, of 40 one after the other.
fn ping() {
    let socket = UdpSocket::bind("10.77.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
    let mut buffer = [0; 64];
    let mut trips = Vec::new();
    for _ in 0..40 {
        let began = Instant::now();
        let _ = socket.send_to(&[1; 32], SERVER);
        match socket.recv(&mut buffer) {
            Ok(_) => trips.push(began.elapsed().as_secs_f64() * 1e6),
            Err(error) => assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("{}", median(trips));
}

/// The number that one of the ends printed; `None` if no link can be set up here.
fn over_the_link(options: &[&str], server: &str, client: &str) -> Option<f64> {
    let this = std::env::current_exe().expect("this program");
    let output = Command::new(env!("CARGO_BIN_EXE_sayagain"))
        .arg("link")
        .args(options)
        .arg("--")
        .arg(&this)
        .args(["--end", server, "::"])
        .arg(&this)
        .args(["--end", client])
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    if !output.status.success() {
        eprintln!("skipped: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

/// Packets a second with the model and without, in turn.
fn carries(rounds: u64) -> Option<()> {
    println!("| packets a second | with the model | bare forwarder | ratio |\n| --- | ---: | ---: | ---: |");
    let mut ratios = Vec::new();
    for round in 1..=rounds {
        let with = over_the_link(&["--delay", "1ms"], "sink", "flood")?;
        let without = over_the_link(&["--bare"], "sink", "flood")?;
        ratios.push(with / without);
        println!("| round {round} | {with:.0} | {without:.0} | {:.2} |", with / without);
    }
    println!("| median | | | {:.2} |\n", median(ratios));
    Some(())
}

/// What a link of 25 ms adds to the round trip of one without delay: 50 ms if it is exact.
fn exact(rounds: u64) -> Option<()> {
    println!("| round trip, ms | delay 0 | delay 25 ms | beyond 50 ms |\n| --- | ---: | ---: | ---: |");
    let mut beyond = Vec::new();
    for round in 1..=rounds {
        let none = over_the_link(&["--delay", "0"], "echo", "ping")? / 1e3;
        let some = over_the_link(&["--delay", "25ms"], "echo", "ping")? / 1e3;
        beyond.push(some - none - 50.0);
        println!("| round {round} | {none:.3} | {some:.3} | {:.3} |", some - none - 50.0);
    }
    println!("| median | | | {:.3} |", median(beyond));
    Some(())
}

fn main() {
    if let Some(role) = meter::option("--end") {
        return be_an_end(&role);
    }
    if !std::env::args().any(|argument| argument == "sockets") {
        let mut criterion = Criterion::default()
            .with_measurement(CpuTime)
            .sample_size(20)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(600));
        model(&mut criterion);
    }
    let rounds = if meter::is_trial() { 1 } else { meter::number("--rounds", 7) };
    if exact(rounds).and_then(|()| carries(rounds)).is_none() {
        eprintln!("the parts on sockets need Linux and namespaces");
    }
}
