//! What can be asked of a run, and of the two programs that it starts?

use super::departures::DeparturesOption;
use crate::cli::sending::Sending;
use crate::cli::tcp_wishes::TcpWishes;
use crate::lab::bench::{Carried, Workload};
use crate::lab::link::LinkOptions;
use crate::lab::link::values::Span;
use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The longest name of a congestion control, in bytes (`TCP_CA_NAME_MAX` of Linux, less its final zero).
const CONGESTION_BYTES_MAX: usize = 15;

/// `bench`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Bench {
    /// What carries the messages, a row each: our layer on UDP, the kernel's TCP, both of them, raw (UDP
    /// alone: nothing is said again), or all three
    #[arg(long, value_enum, default_value_t = Transports::Both)]
    pub transport: Transports,
    /// What is said.
    #[command(flatten)]
    pub workload: WorkloadOptions,
    /// The kernel's congestion control for TCP: cubic, reno, bbr; several make a row each [default: cubic]
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = congestion)]
    pub tcp_cc: Vec<String>,
    /// Let TCP's small segments wait for acknowledgements (Nagle's rule)
    #[arg(long)]
    pub nagle: bool,
    /// Speak in the clear, with a CRC instead of the seal
    #[arg(long)]
    pub insecure: bool,
    /// Print JSON, an object a row
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV, a line a row
    #[arg(long)]
    pub csv: bool,
    /// Record the packets of both ends; of several rows in a file each, the row in its name
    #[arg(long, value_name = "FILE")]
    pub pcap: Option<PathBuf>,
    /// How the sessions over UDP send.
    #[command(flatten)]
    pub sending: Sending,
    /// The link (5 % loss and 25 ms each way unless something is said).
    #[command(flatten)]
    pub link: LinkOptions,
}

/// Which rows.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transports {
    /// Our layer on UDP.
    Udp,
    /// The kernel's TCP.
    Tcp,
    /// UDP and TCP.
    Both,
    /// UDP alone.
    Raw,
    /// All three.
    All,
}

impl Transports {
    /// In the order of the rows.
    pub const fn carried(self) -> &'static [Carried] {
        match self {
            Self::Udp => &[Carried::Udp],
            Self::Tcp => &[Carried::Tcp],
            Self::Both => &[Carried::Udp, Carried::Tcp],
            Self::Raw => &[Carried::Raw],
            Self::All => &[Carried::Raw, Carried::Udp, Carried::Tcp],
        }
    }

    /// Is this one of the rows?
    pub fn has(self, carried: Carried) -> bool {
        self.carried().contains(&carried)
    }
}

/// What is said.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "The messages")]
pub struct WorkloadOptions {
    /// How many messages the sender says
    #[arg(long, value_name = "N", default_value_t = 200,
          value_parser = clap::value_parser!(u64).range(1..=Workload::MESSAGES_MAX))]
    pub messages: u64,
    /// One each so often
    #[arg(long, value_name = "TIME", default_value = "20ms")]
    pub interval: Span,
    /// Bytes of each
    #[arg(long, value_name = "BYTES", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(i64::from(Workload::BYTES_MIN)..=i64::from(Workload::BYTES_MAX)))]
    pub size: u32,
    /// To so many receivers, each a client of its own
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(Workload::RECEIVERS_MAX)))]
    pub receivers: u32,
    /// In so many rooms, round robin
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(Workload::ROOMS_MAX)))]
    pub rooms: u32,
    /// Instead of messages: so many clients connect, one each --interval, and leave at once; what is measured
    /// of each is the time until it is in
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=Workload::HANDSHAKES_MAX),
          conflicts_with_all = ["messages", "size", "receivers", "rooms", "beside"])]
    pub handshakes: Option<u64>,
    /// Beside it a transfer as fast as it goes, over udp or tcp, by two clients of their own in a room of
    /// their own, from a second before the first message until the last has come
    #[arg(long, value_name = "udp|tcp", value_parser = served)]
    pub beside: Option<Carried>,
    /// Wait so long for stragglers after the last message that was said or came [default: 10 s and 20 times
    /// the delay; of what is not said again 1 s and that]
    #[arg(long, value_name = "TIME")]
    pub patience: Option<Span>,
}

impl WorkloadOptions {
    /// The workload; an error says what cannot be had.
    pub fn workload(&self) -> Result<Workload, String> {
        let Self { interval: Span(interval), size: bytes, receivers, rooms, .. } = *self;
        let workload = Workload {
            messages: self.handshakes.unwrap_or(self.messages),
            interval,
            bytes,
            receivers,
            rooms,
            handshakes: self.handshakes.is_some(),
            patience: self.patience.map(|Span(patience)| patience),
        };
        workload.check().map(|()| workload)
    }
}

/// `bench-clients`: the sender and the receivers of a run.
#[derive(Args, Debug)]
pub struct BenchClients {
    /// Where the server is
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub server: SocketAddr,
    /// What carries the messages
    #[arg(long, value_parser = carried)]
    pub transport: Carried,
    /// What is said.
    #[command(flatten)]
    pub workload: WorkloadOptions,
    /// Say on standard error how far it is
    #[arg(long)]
    pub progress: bool,
    /// Speak in the clear
    #[arg(long)]
    pub insecure: bool,
    /// How the sessions over UDP send.
    #[command(flatten)]
    pub sending: Sending,
    /// What is asked of the kernel's TCP.
    #[command(flatten)]
    pub tcp: TcpWishes,
    /// What is told of the datagrams.
    #[command(flatten)]
    pub departures: DeparturesOption,
}

/// `bench-reflector`: the server of a run over UDP alone.
#[derive(Args, Debug)]
pub struct BenchReflector {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
}

fn carried(word: &str) -> Result<Carried, String> {
    let found = Carried::ALL.into_iter().find(|carried| carried.word() == word);
    found.ok_or_else(|| format!("`{word}` is none of raw, udp and tcp"))
}

/// What a chat server serves.
fn served(word: &str) -> Result<Carried, String> {
    match carried(word) {
        Ok(Carried::Raw) | Err(_) => Err(format!("`{word}` is neither udp nor tcp")),
        served => served,
    }
}

fn congestion(name: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    if name.is_empty() || name.len() > CONGESTION_BYTES_MAX || !name.bytes().all(plain) {
        return Err(format!("`{name}` is no congestion control of a kernel; write cubic, reno or bbr"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;
    use clap::Parser;

    #[derive(Parser, Debug)]
    struct Line {
        #[command(flatten)]
        bench: Bench,
    }

    fn parsed(line: &str) -> Result<Bench, clap::Error> {
        let words = std::iter::once("bench").chain(line.split_whitespace());
        Line::try_parse_from(words).map(|line| line.bench)
    }

    #[test]
    fn the_defaults_are_those_that_scripts_rely_on() {
        let bench = parsed("").expect("defaults");
        assert_eq!(bench.transport.carried(), [Carried::Udp, Carried::Tcp]);
        let workload = bench.workload.workload().expect("defaults fit");
        let interval = Duration::from_millis(20);
        assert_eq!(workload, Workload { messages: 200, interval, ..Workload::default() });
        assert_eq!((workload.bytes, workload.interval), (100, Duration::from_millis(20)));
        assert!(bench.tcp_cc.is_empty() && !bench.nagle && bench.link.is_empty());
    }

    #[test]
    fn congestion_controls_may_be_listed_or_repeated() {
        for line in ["--tcp-cc cubic,reno,bbr", "--tcp-cc cubic --tcp-cc reno,bbr"] {
            assert_eq!(parsed(line).expect(line).tcp_cc, ["cubic", "reno", "bbr"]);
        }
    }

    #[test]
    fn wrong_usage_is_refused_by_the_parser() {
        for line in [
            "--messages 0",
            "--messages 1000001",
            "--size 7",
            "--size 16001",
            "--receivers 0",
            "--receivers 201",
            "--interval 20",
            "--json --csv",
            "--transport quic",
            "--tcp-cc CUBIC",
            "--tcp-cc a/b",
            "--tcp-cc abcdefghijklmnop",
            "--tcp-cc cubic,",
            "--rooms 0",
            "--rooms 17",
            "--handshakes 0",
            "--handshakes 501",
            "--handshakes 5 --messages 5",
            "--handshakes 5 --rooms 2",
            "--handshakes 5 --beside tcp",
            "--beside raw",
            "--beside quic",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn more_deliveries_than_are_remembered_are_refused() {
        let bench = parsed("--messages 100000 --receivers 11").expect("each alone is fine");
        assert!(bench.workload.workload().is_err_and(|error| error.contains("deliveries")));
    }

    #[test]
    fn handshakes_are_a_workload_of_their_own() {
        let workload = parsed("--handshakes 40 --interval 50ms").expect("good").workload.workload();
        let workload = workload.expect("it fits");
        assert!(workload.handshakes && workload.messages == 40);
        assert_eq!(workload.options(), "--handshakes 40 --interval 50ms");
    }
}
