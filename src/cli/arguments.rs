//! What can be asked of the program?
//!
//! The names and meanings of commands, options and defaults are fixed: scripts and lab sheets call them.

use super::account::Account;
use super::bench::arguments::{Bench, BenchClients, BenchReflector};
use super::bench::departures::DeparturesOption;
use super::chat::asking::SecretOption;
use super::chat::found::FindOptions;
use super::chat::look::LookOptions;
use super::chat::piping::PipeOptions;
use super::compare::Compare;
use super::config::command::Config;
use super::config::values;
use super::doctor::Doctor;
use super::history::History;
use super::key::Key;
use super::logging::Verbosity;
use super::qlog::QlogOptions;
use super::sending::Sending;
use super::serve::announcing::AnnounceOptions;
use super::serve::door::DoorOptions;
use super::serve::file_options::FileOptions;
use super::serve::keep;
use super::tcp_wishes::TcpWishes;
use super::token::Token;
use super::tracing::Tracing;
use crate::chat::quota::Terms;
use crate::lab::link::LinkOptions;
use crate::lab::link::config::QueueLimit;
use crate::lab::link::values::Span;
use crate::service::api::Preference;
use crate::store::Keep;
use crate::transport::channel::delivery::Delivery;
use crate::transport::session::{LivenessConfig, Transport};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A chat over UDP datagrams with a hand-built reliability layer, and the same chat over TCP
#[derive(Parser, Debug)]
#[command(version, about, max_term_width = 100, after_help = "Example:\n  sayagain demo")]
pub struct Arguments {
    /// How loud the log is.
    #[command(flatten)]
    pub verbosity: Verbosity,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// A server, two people and you over a link that loses packets, and what became of them
    #[command(after_help = "Example:\n  sayagain demo --loss 30%")]
    Demo(Demo),
    /// Run a server
    #[command(after_help = "Example:\n  sayagain serve --listen 127.0.0.1:4747")]
    Serve(Serve),
    /// What the transport does on a bad link, on virtual time: a ladder with the reason for each decision
    #[command(after_help = "Example:\n  sayagain sim --loss 20% --delay 25ms --messages 10")]
    Sim(Sim),
    /// What a lossy link does to a chat over UDP with our layer and over the kernel's TCP, measured
    #[command(after_help = "Example:\n  sayagain bench --loss 5% --delay 25ms")]
    Bench(Bench),
    /// The sender and the receivers of a run
    #[command(hide = true)]
    BenchClients(BenchClients),
    /// The server of a run over UDP alone
    #[command(hide = true)]
    BenchReflector(BenchReflector),
    /// Run two programs of any kind on the two ends of an emulated link (Linux, without root)
    #[command(
        after_help = "Example:\n  sayagain link --delay 25ms --loss 5% -- sayagain serve :: sayagain chat 10.77.0.2 --name ann"
    )]
    Link(Link),
    /// The same messages over raw UDP, our layer and TCP on the same bad links: a table, and a page of plots
    #[command(after_help = "Example:\n  sayagain compare --html page.html")]
    Compare(Compare),
    /// Names that belong to a password, on the server of this machine
    #[command(after_help = "Example:\n  sayagain account add ann --role moderator")]
    Account(Account),
    /// Pieces of text that let their bearer in, on the server of this machine
    #[command(after_help = "Example:\n  sayagain token new --days 30 --note exam")]
    Token(Token),
    /// What was said on the server of this machine
    #[command(after_help = "Example:\n  sayagain history export --room lobby --since 7d --format text")]
    History(History),
    /// Join a server and chat
    #[command(after_help = "Example:\n  sayagain chat localhost --name ann")]
    Chat(Chat),
    /// What is set, and where each value comes from
    #[command(after_help = "Example:\n  sayagain config init")]
    Config(Config),
    /// The key that you (or the server here) prove: show it, or make a new one
    #[command(after_help = "Example:\n  sayagain key")]
    Key(Key),
    /// Why joining fails here, and the cure
    #[command(after_help = "Example:\n  sayagain doctor 192.168.1.20")]
    Doctor(Doctor),
    /// What a shell needs to complete our commands
    #[command(after_help = "Example:\n  sayagain completions bash")]
    Completions(Completions),
    /// The manual pages
    #[command(after_help = "Example:\n  sayagain man /usr/local/share/man/man1")]
    Man(Man),
}

/// `completions`.
#[derive(Args, Debug)]
pub struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `man`.
#[derive(Args, Debug)]
pub struct Man {
    /// Write all pages into this folder, rather than the first to standard output
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// `demo`.
#[derive(Args, Debug)]
pub struct Demo {
    /// The link between the people and the server (20 % loss and 25 ms each way unless something is said).
    #[command(flatten)]
    pub link: LinkOptions,
}

/// `link`.
#[derive(Args, Debug)]
pub struct Link {
    /// The server's command, on the end 10.77.0.2 (`fd77::2`), then `::`, then the client's, on the end
    /// 10.77.0.1 (`fd77::1`). The client starts when the server has bound a port, at the latest after 300 ms; all ends
    /// with it
    #[arg(
        last = true,
        required_unless_present = "profile",
        value_name = "SERVER-COMMAND … :: CLIENT-COMMAND …"
    )]
    pub programs: Vec<OsString>,
    /// Write the packets of both ends to a file that Wireshark opens; those dropped have a comment
    #[arg(long, value_name = "FILE")]
    pub pcap: Option<PathBuf>,
    /// Write what the link saw, and how late it was, to a file as a JSON object
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write what became of each packet to a file, a JSON object a line
    #[arg(long, value_name = "FILE")]
    pub packets: Option<PathBuf>,
    /// Sleep also over the last 200 µs before a packet is due: less exact, and spares the processor
    #[arg(long)]
    pub no_spin: bool,
    /// End at once with whoever started this
    #[arg(long, hide = true)]
    pub with_parent: bool,
    /// Hand packets on without the model: what does the model cost?
    #[arg(long, hide = true)]
    pub bare: bool,
    /// The link between them (a perfect one unless something is said).
    #[command(flatten)]
    pub link: LinkOptions,
}

/// `sim`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Sim {
    /// How many messages each client's session carries
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    pub messages: u64,
    /// One each so often
    #[arg(long, value_name = "TIME", default_value = "20ms")]
    pub interval: Span,
    /// Bytes of each message
    #[arg(long, value_name = "BYTES", default_value_t = 100, value_parser = clap::value_parser!(u32).range(8..=65_536))]
    pub size: u32,
    /// Over so many rooms, round robin; each is a channel of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub rooms: u64,
    /// What becomes of a message that is late: all wait for it, it comes when it comes, or the latest is
    /// all that counts
    #[arg(long, value_enum, default_value_t = SimDelivery::Ordered)]
    pub delivery: SimDelivery,
    /// So long after it was due a message is worth nothing, and not sent again (not with ordered delivery)
    #[arg(long, value_name = "TIME")]
    pub deadline: Option<Span>,
    /// So many clients, each with such a workload
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub clients: u32,
    /// All clients share one link and its queue, in place of a link each
    #[arg(long)]
    pub shared: bool,
    /// Besides the messages so much as fast as it is taken, on a channel of its own: 500kB, 20MB
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub bulk: Option<u64>,
    /// Who speaks
    #[arg(long, value_enum, default_value_t = Speaker::Client)]
    pub from: Speaker,
    /// Speak in the clear, with a CRC instead of the seal
    #[arg(long)]
    pub insecure: bool,
    /// Print a table of latencies and costs in place of the ladder
    #[arg(long, conflicts_with = "json")]
    pub stats: bool,
    /// Print every event of both ends as JSON, an object a line, in place of the ladder
    #[arg(long)]
    pub json: bool,
    /// Play so many seeds of random links and workloads, from --seed on, and name the first on which the
    /// transport breaks a promise
    #[arg(long, value_name = "N", conflicts_with_all = ["stats", "messages", "bulk"])]
    pub sweep: Option<u64>,
    /// Print how much each teaching mode (or that of --arq) gets through at several losses and round trips,
    /// beside the textbook's formula for it: sim --arq go-back-n --window 8 --goodput
    #[arg(long, conflicts_with_all = ["stats", "json", "sweep"])]
    pub goodput: bool,
    /// How much of the ladder to draw, in steps; 0 draws all
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub steps: usize,
    /// Draw the ladder from this time on
    #[arg(long, value_name = "TIME", default_value = "0")]
    pub since: Span,
    /// A file of what both ends decide.
    #[command(flatten)]
    pub qlog: QlogOptions,
    /// How both ends send.
    #[command(flatten)]
    pub sending: Sending,
    /// The link between each client and the server (10 % loss and 25 ms each way unless something is said).
    #[command(flatten)]
    pub link: LinkOptions,
}

/// What the rooms of a simulation promise.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum SimDelivery {
    /// Every message once, in the order sent.
    Ordered,
    /// Every message once, as they come.
    Unordered,
    /// Only what is newer than all before.
    Latest,
}

impl From<SimDelivery> for Delivery {
    fn from(delivery: SimDelivery) -> Self {
        match delivery {
            SimDelivery::Ordered => Self::Ordered,
            SimDelivery::Unordered => Self::Unordered,
            SimDelivery::Latest => Self::Latest,
        }
    }
}

/// Who speaks in a simulation.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Speaker {
    /// From the client to the server.
    Client,
    /// From the server to the client.
    Server,
    /// Both ways.
    Both,
}

/// `serve`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Serve {
    /// Where to listen; port 0 takes a free one (default `[::]:4747`: all of IPv6 and IPv4)
    #[arg(long, value_name = "HOST:PORT", env = "SAYAGAIN_LISTEN", value_parser = values::listen)]
    pub listen: Option<String>,
    /// What to speak; `both` uses the same port number twice
    #[arg(long, value_enum, default_value_t = ServedTransport::Both, env = "SAYAGAIN_SERVE_TRANSPORT")]
    pub transport: ServedTransport,
    /// The folder of the server's store [default: the user's data folder]
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub data: Option<PathBuf>,
    /// Keep nothing on disk but the server's key
    #[arg(long)]
    pub ephemeral: bool,
    /// The name under which clients remember this server's key [default: the machine's name]
    #[arg(long, value_name = "NAME", env = "SAYAGAIN_SERVER_NAME", value_parser = values::server_name)]
    pub server_name: Option<String>,
    /// How much each session may say: so many messages and requests a second, and ten times as many at once;
    /// `off` for no limit. A client keeps to it by itself
    #[arg(long, value_name = "N|off", default_value = "200", value_parser = terms, env = "SAYAGAIN_QUOTA")]
    pub quota: Terms,
    /// How long what was said is kept: an age (12h, 30d), a number of messages of each room and to each person
    /// (10000), or both (30d,10000, or given twice)
    #[arg(long, value_name = "AGE|N|all", default_value = "all", value_parser = keep::value, env = "SAYAGAIN_KEEP")]
    pub keep: Vec<Keep>,
    /// If the store is damaged, keep it aside and start with an empty one
    #[arg(long)]
    pub start_anew: bool,
    /// Besides the lines that say where it listens, print what happens as JSON, an object a line
    #[arg(long)]
    pub json: bool,
    /// Speak in the clear, with a CRC instead of the seal; clients must ask for it too
    #[arg(long)]
    pub insecure: bool,
    /// Whether it is announced.
    #[command(flatten)]
    pub announce: AnnounceOptions,
    /// How much place there is for files.
    #[command(flatten)]
    pub files: FileOptions,
    /// Who may come in.
    #[command(flatten)]
    pub door: DoorOptions,
    /// When silence means what.
    #[command(flatten)]
    pub liveness: Liveness,
    /// How the sessions over UDP send.
    #[command(flatten)]
    pub sending: Sending,
    /// What is asked of the kernel's TCP.
    #[command(flatten)]
    pub tcp: TcpWishes,
    /// What is told of the datagrams.
    #[command(flatten)]
    pub departures: DeparturesOption,
    /// What goes to files.
    #[command(flatten)]
    pub tracing: Tracing,
    /// A bad link, made here, for everybody who comes over UDP.
    #[command(flatten)]
    pub link: LinkOptions,
}

/// `chat`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Chat {
    /// The server: the join code that it shows (sa-…), or HOST, HOST:PORT or `[IPV6]:PORT`; the port is 4747
    /// unless another is given [default: the one that is found on this network]
    #[arg(value_name = "CODE|HOST[:PORT]", env = "SAYAGAIN_SERVER")]
    pub server: Option<String>,
    /// Your name [default: the one used last, else a question, else the login name]
    #[arg(long, env = "SAYAGAIN_NAME", value_parser = values::name)]
    pub name: Option<String>,
    /// What carries the chat; `auto`: UDP, and TCP where UDP does not pass
    #[arg(long, value_enum, default_value_t = ChatTransport::Udp, env = "SAYAGAIN_TRANSPORT")]
    pub transport: ChatTransport,
    /// The room to join at the start
    #[arg(long, default_value = "lobby", env = "SAYAGAIN_ROOM", value_parser = values::room)]
    pub room: String,
    /// How many earlier messages of a room to show on joining it
    #[arg(long, value_name = "N", default_value_t = 50, env = "SAYAGAIN_HISTORY",
          value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub history: u32,
    /// How lines are read and shown.
    #[command(flatten)]
    pub pipe: PipeOptions,
    /// Read and print plain lines, also on a terminal
    #[arg(long, conflicts_with = "json")]
    pub plain: bool,
    /// Read plain lines and print JSON, an object a line
    #[arg(long)]
    pub json: bool,
    /// Print the session's statistics once a second
    #[arg(long)]
    pub stats: bool,
    /// After the end of the input and the last acceptance, listen so much longer
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    pub linger: Duration,
    /// Give up connecting after so long
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    pub connect_timeout: Duration,
    /// Speak in the clear, with a CRC instead of the seal; the server must ask for it too
    #[arg(long)]
    pub insecure: bool,
    /// Put the files that you accept here [default: the folder for downloads, if there is one]
    #[arg(long, value_name = "DIR", env = "SAYAGAIN_DOWNLOAD_DIR")]
    pub download_dir: Option<PathBuf>,
    /// How a server is found.
    #[command(flatten)]
    pub find: FindOptions,
    /// How it looks and sounds on a terminal.
    #[command(flatten)]
    pub look: LookOptions,
    /// What the server may ask for.
    #[command(flatten)]
    pub secret: SecretOption,
    /// When silence means what.
    #[command(flatten)]
    pub liveness: Liveness,
    /// How a session over UDP sends.
    #[command(flatten)]
    pub sending: Sending,
    /// What goes to files.
    #[command(flatten)]
    pub tracing: Tracing,
    /// A bad link, made here, for this client over UDP.
    #[command(flatten)]
    pub link: LinkOptions,
}

/// What a server speaks.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServedTransport {
    /// Datagrams with the hand-built reliability layer.
    Udp,
    /// The kernel's streams.
    Tcp,
    /// Both at once.
    Both,
}

/// What a client speaks.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChatTransport {
    /// Datagrams with the hand-built reliability layer.
    Udp,
    /// The kernel's stream.
    Tcp,
    /// Datagrams; the stream where they do not pass, until they do again.
    Auto,
}

impl From<ChatTransport> for Preference {
    fn from(transport: ChatTransport) -> Self {
        match transport {
            ChatTransport::Udp => Self::Only(Transport::Udp),
            ChatTransport::Tcp => Self::Only(Transport::Tcp),
            ChatTransport::Auto => Self::Auto,
        }
    }
}

/// When silence means what.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Silence")]
pub struct Liveness {
    /// Say something at least so often
    #[arg(long, value_name = "TIME", default_value = "1s")]
    heartbeat: Span,
    /// Ask whether the other side is there after so long without a word
    #[arg(long, value_name = "TIME", default_value = "3s")]
    suspect_after: Span,
    /// Show people as lost after so long without a word
    #[arg(long, value_name = "TIME", default_value = "5s")]
    lost_after: Span,
    /// Show people as offline after so long without a word
    #[arg(long, value_name = "TIME", default_value = "30s")]
    offline_after: Span,
}

impl Liveness {
    /// The intervals; an error says which of them contradict each other.
    pub fn config(self) -> Result<LivenessConfig, String> {
        let Span(heartbeat) = self.heartbeat;
        let Span(suspect_after) = self.suspect_after;
        let Span(lost_after) = self.lost_after;
        let Span(dead_after) = self.offline_after;
        if heartbeat < Duration::from_millis(10) {
            return Err("--heartbeat must be at least 10ms".into());
        }
        if !(heartbeat < suspect_after && suspect_after <= lost_after && lost_after <= dead_after) {
            return Err("silence must grow in this order: --heartbeat, --suspect-after, --lost-after, \
                        --offline-after"
                .into());
        }
        // Ours: a suspect is probed often enough to be heard several times before it counts as lost.
        let probe_interval = LivenessConfig::default().probe_interval.min(suspect_after / 10);
        let probe_interval = probe_interval.max(Duration::from_millis(1));
        Ok(LivenessConfig { heartbeat, suspect_after, probe_interval, lost_after, dead_after })
    }
}

/// Link options make a bad link of datagrams; over TCP the program never sees the packets.
pub fn refuse_link_over_tcp(link: &LinkOptions) -> Result<(), String> {
    if link.is_empty() {
        return Ok(());
    }
    Err("link options need --transport udp: over TCP the system's kernel sends the packets, and a program \
         cannot lose one of them. To give TCP the same bad link, run both ends with `sayagain link`"
        .into())
}

fn bytes(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(QueueLimit::Bytes(bytes)) if bytes <= 1_000_000_000 => Ok(bytes),
        _ => Err(format!("`{text}` is no size; write 500kB or 20MB, at most 1000MB")),
    }
}

fn terms(text: &str) -> Result<Terms, String> {
    match text.parse() {
        _ if text == "off" => Ok(Terms::UNLIMITED),
        Ok(rate @ 1..=1_000_000) => Ok(Terms::per_second(rate)),
        _ => Err("a number of 1 to 1000000, or `off`".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    const LONGEST: f64 = 1e9;
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=LONGEST).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => text.parse().map(|Span(span)| span).map_err(|_| format!("`{text}` is no number of seconds")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    fn parsed(line: &str) -> Result<Command, clap::Error> {
        let words = std::iter::once("sayagain").chain(line.split_whitespace());
        Arguments::try_parse_from(words).map(|arguments| arguments.command)
    }

    fn chat(line: &str) -> Chat {
        match parsed(line) {
            Ok(Command::Chat(chat)) => chat,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn serve(line: &str) -> Serve {
        match parsed(line) {
            Ok(Command::Serve(serve)) => serve,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_version_is_the_name_and_three_numbers() {
        let shown = parsed("--version").expect_err("the version is shown instead");
        assert_eq!(shown.kind(), ErrorKind::DisplayVersion);
        assert_eq!(shown.to_string(), concat!("sayagain ", env!("CARGO_PKG_VERSION"), "\n"));
    }

    #[test]
    fn every_help_shows_an_example_that_parses() {
        for command in [
            "", "demo", "sim", "serve", "chat", "link", "bench", "compare", "account", "token", "history",
            "config", "key",
        ] {
            let help =
                parsed(&format!("{command} --help")).expect_err("the help is shown instead").to_string();
            let (_, example) = help.split_once("Example:\n  sayagain ").unwrap_or_else(|| panic!("{help}"));
            assert!(parsed(example).is_ok(), "{example}");
            assert!(example.starts_with(command), "{command}: {example}");
        }
    }

    #[test]
    fn the_defaults_are_those_that_scripts_rely_on() {
        let chat = chat("chat 10.0.0.5");
        assert_eq!(
            (chat.server.as_deref(), chat.room.as_str(), chat.history),
            (Some("10.0.0.5"), "lobby", 50)
        );
        assert_eq!((chat.transport, chat.linger), (ChatTransport::Udp, Duration::ZERO));
        assert_eq!(chat.connect_timeout, Duration::from_secs(20));
        assert!(chat.link.is_empty() && !chat.insecure);
        let serve = serve("serve");
        assert_eq!((serve.listen, serve.transport, serve.ephemeral), (None, ServedTransport::Both, false));
        assert_eq!(serve.liveness.config(), Ok(LivenessConfig::default()));
    }

    #[test]
    fn every_option_of_the_manual_is_taken() {
        let line = "chat [::1]:5000 --name ann --transport tcp --room lab --history 0 --json --stats \
                    --linger 2.5 --connect-timeout 3s --insecure --heartbeat 500ms --suspect-after 1s \
                    --lost-after 2s --offline-after 1min -vv";
        let chat = chat(line);
        assert_eq!(
            (chat.linger, chat.connect_timeout),
            (Duration::from_millis(2_500), Duration::from_secs(3))
        );
        assert_eq!(chat.liveness.config().map(|config| config.dead_after), Ok(Duration::from_mins(1)));
        serve("serve --listen 0.0.0.0:0 --transport udp --data /tmp/x --server-name lab --start-anew -q");
        serve("serve --ephemeral --qlog a.sqlog --qlog-profile qvis --keylog keys");
        serve("serve --ephemeral --json --insecure --loss 5% --up-delay 10ms --seed 3 --profile mobile");
    }

    #[test]
    fn a_simulation_takes_a_workload_and_a_link() {
        let line = "sim --messages 500 --interval 100ms --size 64 --rooms 3 --clients 2 --shared --bulk 2MB \
                    --from both --insecure --stats --loss 5% --burst 4 --seed 9";
        let Ok(Command::Sim(sim)) = parsed(line) else { panic!("{line}") };
        assert_eq!((sim.messages, sim.bulk, sim.link.seed()), (500, Some(2_000_000), Some(9)));
    }

    #[test]
    fn wrong_usage_is_refused_by_the_parser() {
        for line in [
            "",
            "chat a b",
            "chat a --history 1001",
            "chat a --linger soon",
            "chat a --linger -1",
            "chat a --transport quic",
            "chat a --json --plain",
            "chat a --loss 5",
            "serve --data x --ephemeral",
            "serve -q -v",
            "sim --size 7",
            "sim --bulk 20",
            "sim --json --stats",
            "sim --sweep 3 --stats",
            "sim --clients 0",
            "sim --keylog keys",
            "chat a --qlog-profile qvis",
            "sim --goodput --stats",
            "serve --door ajar",
            "account add",
            "account add ann --role king",
            "token new --days 0",
            "token revoke all",
            "sim --arq gbn",
            "chat a --window 0",
            "chat a --window 1025",
            "dance",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn intervals_that_contradict_each_other_are_refused() {
        for line in ["--suspect-after 500ms", "--lost-after 2s", "--offline-after 4s", "--heartbeat 1ms"] {
            assert!(serve(&format!("serve {line}")).liveness.config().is_err(), "{line}");
        }
    }

    #[test]
    fn link_options_over_tcp_are_refused_with_the_way_that_works() {
        let error =
            refuse_link_over_tcp(&chat("chat a --transport tcp --loss 5%").link).expect_err("refused");
        assert!(error.contains("sayagain link"), "{error}");
        assert_eq!(refuse_link_over_tcp(&chat("chat a --transport tcp").link), Ok(()));
    }
}
