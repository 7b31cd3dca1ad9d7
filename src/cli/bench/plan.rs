//! What is one run, and with which words are its programs started? Values in, words out.

use crate::cli::sending::Sending;
use crate::cli::tcp_wishes::TcpWishes;
use crate::lab::bench::{Carried, Workload};
use crate::lab::link::{LinkConfig, in_force};
use crate::shell::tcp_tuning::TcpTuning;
use crate::time::Duration;
use crate::transport::config::Choices;
use std::ffi::OsString;
use std::path::PathBuf;

/// The name under which a run's server is known to its clients.
const SERVER_NAME: &str = "bench";

/// One run: one transport over one link from one seed.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// What carries the messages.
    pub carried: Carried,
    /// The row's name.
    pub label: String,
    /// What is said.
    pub workload: Workload,
    /// How sessions over UDP send.
    pub choices: Choices,
    /// What is asked of the kernel's TCP.
    pub tcp: TcpTuning,
    /// In the clear, with a CRC.
    pub insecure: bool,
    /// What carries a transfer beside it, if there is one.
    pub beside: Option<Carried>,
    /// The link, with its seed.
    pub link: LinkConfig,
    /// The file of the link's conditions that change over time, if there is one: the programs read it
    /// themselves.
    pub trace: Option<PathBuf>,
    /// Where to record the packets of both ends.
    pub pcap: Option<PathBuf>,
    /// Are the single packets wanted?
    pub want_packets: bool,
}

impl Plan {
    /// With everything as usual: our own way of sending, CUBIC for TCP, no Nagle, sealed.
    pub fn new(carried: Carried, workload: Workload, link: LinkConfig) -> Self {
        let congestion = (carried == Carried::Tcp).then(|| Self::USUAL_CONGESTION.to_owned());
        Self {
            carried,
            label: carried.word().to_owned(),
            workload,
            choices: Choices::default(),
            tcp: TcpTuning { congestion, nagle: false },
            insecure: false,
            beside: None,
            link,
            trace: None,
            pcap: None,
            want_packets: false,
        }
    }

    /// How long stragglers are waited for unless something else is asked for.
    pub fn usual_patience(carried: Carried, link: &LinkConfig) -> Duration {
        let delay = link.up.delay.max(link.down.delay);
        match carried {
            Carried::Udp | Carried::Tcp => Workload::usual_patience(delay),
            Carried::Raw => Workload::usual_patience_for_raw(delay),
        }
    }

    /// What most kernels use for TCP.
    pub const USUAL_CONGESTION: &str = "cubic";

    /// The server's program, listening there.
    pub fn server_words(&self, listen: &str) -> Vec<OsString> {
        if self.carried == Carried::Raw {
            return os(["bench-reflector", "--listen", listen]);
        }
        let served = if self.beside.is_none_or(|beside| beside == self.carried) {
            self.carried.word()
        } else {
            "both"
        };
        let mut words = os(["serve", "--quiet", "--quota", "off", "--listen", listen, "--transport", served]);
        words.extend(os(["--ephemeral", "--unannounced", "--server-name", SERVER_NAME]));
        words.extend(self.way_of_sending());
        words
    }

    /// The clients' program, towards this server.
    pub fn client_words(&self, server: &str) -> Vec<OsString> {
        let mut words = os(["bench-clients", "--progress", "--server", server]);
        words.extend(os(["--transport", self.carried.word()]));
        let usual = Self::usual_patience(self.carried, &self.link);
        let patience = Some(self.workload.patience.unwrap_or(usual));
        words.extend(self.workload_words(Workload { patience, ..self.workload }));
        words.extend(self.way_of_sending());
        words
    }

    /// Is it on this, or what is beside it?
    pub fn has(&self, carried: Carried) -> bool {
        self.carried == carried || self.beside == Some(carried)
    }

    /// All options of the link, as they would be typed.
    pub fn link_words(&self) -> Vec<OsString> {
        let mut words = os(in_force::words(&self.link));
        if let Some(trace) = &self.trace {
            words.extend([OsString::from("--trace"), trace.into()]);
        }
        words
    }

    /// The command that takes this run again.
    pub fn command(&self) -> String {
        let mut words = os(["sayagain", "bench", "--transport", self.carried.word()]);
        words.extend(self.workload_words(self.workload));
        words.extend(self.way_of_sending());
        words.extend(self.link_words());
        let quoted: Vec<String> = words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
        quoted.join(" ")
    }

    fn workload_words(&self, workload: Workload) -> Vec<OsString> {
        let beside = self.beside.map(|beside| ["--beside", beside.word()]);
        let mut words = os(workload.options().split(' ').map(str::to_owned));
        words.extend(os(beside.into_iter().flatten()));
        words
    }

    fn way_of_sending(&self) -> Vec<OsString> {
        if self.carried == Carried::Raw {
            return Vec::new();
        }
        let mut words = if self.has(Carried::Udp) { Sending::words(self.choices) } else { Vec::new() };
        words.extend(self.has(Carried::Tcp).then(|| TcpWishes::words(&self.tcp)).into_iter().flatten());
        words.extend(self.insecure.then(|| "--insecure".to_owned()));
        os(words)
    }
}

fn os(words: impl IntoIterator<Item = impl Into<OsString>>) -> Vec<OsString> {
    words.into_iter().map(Into::into).collect()
}

/// A word that a shell might take apart stands in quotes.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=#".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::{Arguments, Command, ServedTransport};
    use crate::lab::link::DirectionConfig;
    use crate::transport::arq::Arq;
    use crate::transport::congestion::Congestion;
    use crate::transport::redundancy::Redundancy;
    use clap::Parser;

    fn plan(carried: Carried) -> Plan {
        let delay = Duration::from_millis(25);
        let workload = Workload {
            messages: 500,
            interval: Duration::from_millis(5),
            bytes: 64,
            receivers: 3,
            ..Workload::default()
        };
        let way = DirectionConfig { delay, loss: 0.05, ..DirectionConfig::default() };
        Plan::new(carried, workload, LinkConfig::symmetric(way, 7))
    }

    fn shown(words: &[OsString]) -> String {
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    fn parsed(words: &[OsString]) -> Command {
        let line = std::iter::once(OsString::from("sayagain")).chain(words.iter().cloned());
        Arguments::try_parse_from(line).unwrap_or_else(|error| panic!("{words:?}: {error}")).command
    }

    #[test]
    fn both_programs_of_every_transport_take_their_words() {
        for carried in [Carried::Udp, Carried::Tcp, Carried::Raw] {
            let plan = Plan { insecure: true, ..plan(carried) };
            let Command::BenchClients(clients) = parsed(&plan.client_words("10.77.0.2:4747")) else {
                panic!("no clients")
            };
            let patience = Some(Plan::usual_patience(carried, &plan.link));
            let workload = clients.workload.workload();
            assert_eq!((clients.transport, workload), (carried, Ok(Workload { patience, ..plan.workload })));
            match (carried, parsed(&plan.server_words("10.77.0.2:4747"))) {
                (Carried::Raw, Command::BenchReflector(_)) => {}
                (Carried::Tcp, Command::Serve(serve)) => {
                    assert_eq!(serve.tcp.tuning(), Some(plan.tcp.clone()));
                    assert_eq!(clients.tcp.tuning(), Some(plan.tcp));
                }
                (Carried::Udp, Command::Serve(serve)) => assert!(serve.insecure && clients.insecure),
                (_, other) => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn the_way_of_sending_reaches_both_ends() {
        let choices =
            Choices { arq: Arq::GoBackN, congestion: Congestion::Fixed(4), redundancy: Redundancy::Off };
        let plan = Plan { choices, ..plan(Carried::Udp) };
        for words in [plan.server_words("[::1]:0"), plan.client_words("[::1]:4747")] {
            assert!(shown(&words).ends_with("--arq go-back-n --window 4"), "{words:?}");
        }
    }

    #[test]
    fn a_transfer_beside_it_has_a_server_and_wishes_of_its_own() {
        let tcp = TcpTuning { congestion: Some("bbr".to_owned()), nagle: false };
        let plan = Plan { beside: Some(Carried::Tcp), tcp: tcp.clone(), ..plan(Carried::Udp) };
        let Command::Serve(serve) = parsed(&plan.server_words("[::1]:0")) else { panic!("no server") };
        assert_eq!((serve.transport, serve.tcp.tuning()), (ServedTransport::Both, Some(tcp.clone())));
        let Command::BenchClients(clients) = parsed(&plan.client_words("[::1]:1")) else {
            panic!("no clients")
        };
        assert_eq!((clients.workload.beside, clients.tcp.tuning()), (plan.beside, Some(tcp)));
        assert!(plan.command().contains("--receivers 3 --beside tcp --tcp-cc bbr"), "{}", plan.command());
        let alike = Plan { beside: Some(Carried::Udp), ..plan };
        assert!(shown(&alike.server_words("[::1]:0")).contains("--transport udp"));
        assert!(!shown(&alike.client_words("[::1]:0")).contains("--tcp-cc"));
    }

    #[test]
    fn the_command_of_a_run_can_be_typed() {
        let plan = Plan { trace: Some("a bus.txt".into()), ..plan(Carried::Tcp) };
        assert_eq!(
            plan.command(),
            "sayagain bench --transport tcp --messages 500 --interval 5ms --size 64 --receivers 3 \
             --tcp-cc cubic --delay 25ms --loss 5% --seed 7 --trace 'a bus.txt'"
        );
        let words: Vec<OsString> = os(plan.command().split(" --trace").next().unwrap().split(' ').skip(1));
        assert!(matches!(parsed(&words), Command::Bench(_)));
    }

    #[test]
    fn a_word_is_quoted_as_shells_want_it() {
        assert_eq!(quoted("client:packet#3"), "client:packet#3");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
