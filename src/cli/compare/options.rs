//! What can be asked of `compare`?

use crate::lab::bench::Workload;
use crate::lab::link::LinkOptions;
use crate::lab::link::values::Span;
use crate::lab::report::matrix::Part;
use crate::lab::report::{Matrix, Row, Scenario, Wanted};
use clap::Args;
use std::path::PathBuf;
use std::str::FromStr;

/// Seeds of a link, at most: a night of them.
const SEEDS_MAX: u64 = 100;

/// Deliveries that are remembered of all runs, at most.
///
/// Ours: some 400 MB.
const DELIVERIES_MAX: u64 = 10_000_000;

/// `--scenario`: one of them, or the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScenarioChoice {
    /// Print what there is.
    List,
    /// This one.
    One(Scenario),
}

impl FromStr for ScenarioChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "list" { Ok(Self::List) } else { text.parse().map(Self::One) }
    }
}

/// `compare`.
#[derive(Args, Debug)]
pub struct Compare {
    /// The long matrix: more seeds, and bursts, fades, profiles, queues, TCP's choices, receivers, bulk
    #[arg(long)]
    pub full: bool,
    /// One question with what to look for: head-of-line, thin-stream, bulk, handshake, outage, roaming,
    /// bufferbloat, fairness, arq; `list` tells of each
    #[arg(long, value_name = "NAME", conflicts_with_all = ["full", "transports"])]
    pub scenario: Option<ScenarioChoice>,
    /// Let the simulator stand in for the link: on any system, in seconds, the same each time; each row and
    /// plot says `model`
    #[arg(long)]
    pub model: bool,
    /// Write one page with all plots, which needs nothing but itself
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write every number as JSON; `-`: on standard output, in place of the table
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Put the tables into a document, between their marks, or at its end if it has none
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// So many seeds of each link [default: 3; with --full 3 or 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=SEEDS_MAX))]
    pub seeds: Option<u64>,
    /// What carries the messages: raw, udp, tcp, udp:go-back-n, tcp:reno, tcp:bbr, tcp:nagle …
    /// [default: raw,udp,tcp]
    #[arg(long, value_name = "ROW,…", value_delimiter = ',')]
    pub transports: Vec<Row>,
    /// So many messages a run [default: 100; with --full more]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub messages: Option<u64>,
    /// One each so often; 0ms: as fast as they are taken [default: 15ms]
    #[arg(long, value_name = "TIME")]
    pub interval: Option<Span>,
    /// Bytes of text of each [default: 100]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(16..=4_096))]
    pub size: Option<u32>,
    /// So many get each message [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub receivers: Option<u32>,
    /// One link in the place of the matrix.
    #[command(flatten)]
    pub link: LinkOptions,
}

impl Compare {
    /// The runs that are asked for; an error says which wishes contradict each other.
    pub fn matrix(
        &self,
        read_trace: impl FnOnce(&std::path::Path) -> std::io::Result<String>,
    ) -> Result<Matrix, String> {
        let seed = self.link.seed();
        let link = self.link.config(seed.unwrap_or(1), read_trace)?;
        if self.full && link.is_some() {
            return Err("--full is a matrix of links: leave the link options away, or --full".into());
        }
        if self.scenario.is_some() && link.is_some() {
            return Err("a scenario has links of its own: leave the link options away, or --scenario".into());
        }
        let mut matrix = match (link, self.scenario) {
            (Some(link), _) => Matrix::of_link(link, &self.trace_option()),
            (None, Some(ScenarioChoice::One(scenario))) => scenario.matrix(),
            (None, _) if self.full => Matrix::full(),
            (None, _) => Matrix::usual(),
        };
        matrix.seed = seed.unwrap_or(matrix.seed);
        if !self.transports.is_empty() {
            matrix = matrix.with_rows(&self.transports);
        }
        matrix.parts.iter_mut().for_each(|part| self.change(part));
        let of = |run: &Wanted| run.workload.messages.saturating_mul(run.workload.receivers.into());
        let deliveries: u64 = matrix.wanted().iter().map(of).sum();
        if deliveries > DELIVERIES_MAX {
            return Err(format!(
                "that is {deliveries} deliveries in all, and {DELIVERIES_MAX} are the most that is kept: fewer \
                 --messages, --receivers or --seeds"
            ));
        }
        Ok(matrix)
    }

    /// What the link cannot spell of itself.
    fn trace_option(&self) -> String {
        self.link.trace().map(|path| format!("--trace {}", path.display())).unwrap_or_default()
    }

    fn change(&self, part: &mut Part) {
        let Workload { messages, interval, bytes, receivers, .. } = part.workload;
        part.workload = Workload {
            messages: self.messages.unwrap_or(messages),
            interval: self.interval.map_or(interval, |span| span.0),
            bytes: self.size.unwrap_or(bytes),
            receivers: self.receivers.unwrap_or(receivers),
            ..part.workload
        };
        part.seeds = self.seeds.unwrap_or(part.seeds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        compare: Compare,
    }

    fn matrix(line: &str) -> Result<Matrix, String> {
        let words = std::iter::once("compare").chain(line.split_whitespace());
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        line.compare.matrix(|_| Ok("5s loss=50%".to_owned()))
    }

    #[test]
    fn without_a_word_it_is_the_usual_matrix() {
        assert_eq!(matrix(""), Ok(Matrix::usual()));
        assert_eq!(matrix("--full"), Ok(Matrix::full()));
    }

    #[test]
    fn link_options_make_it_one_link_and_the_rest_changes_every_part() {
        let line = "--delay 10ms --loss 2% --seed 9 --seeds 2 --transports udp,tcp:bbr --messages 10 \
                    --interval 5ms --size 50 --receivers 4";
        let matrix = matrix(line).expect("it fits together");
        let commands: Vec<String> = matrix.wanted().iter().map(Wanted::command).collect();
        let rest = "--messages 10 --interval 5ms --size 50 --receivers 4 --delay 10ms --loss 2% --seed";
        let expected =
            ["udp", "tcp --tcp-cc bbr"].map(|row| format!("sayagain bench --transport {row} {rest}"));
        assert_eq!(commands.len(), 4);
        assert_eq!(commands[..2], expected.map(|command| format!("{command} 9")));
        assert!(commands[3].ends_with("--seed 10"));
    }

    #[test]
    fn a_scenario_is_a_matrix_of_its_own_that_seeds_and_messages_change() {
        let outage = matrix("--scenario outage --messages 30 --seed 4").expect("it fits together");
        let commands: Vec<String> = outage.wanted().iter().map(Wanted::command).collect();
        assert_eq!(commands.len(), 3);
        let rest = "--messages 30 --interval 15ms --size 100 --delay 25ms --outage 3s+2s --seed 4";
        assert_eq!(commands[1], format!("sayagain bench --transport udp {rest}"));
        let bulk = matrix("--scenario bulk --seeds 2").expect("it fits together");
        assert_eq!(bulk.wanted().len(), 4 * 3 * 2 - 3, "a link without loss has one seed");
    }

    #[test]
    fn a_trace_is_named_in_the_commands() {
        let matrix = matrix("--delay 10ms --trace day.txt").expect("it fits together");
        assert!(matrix.wanted()[0].command().contains("--delay 10ms --trace day.txt --seed 1"));
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_to_do() {
        for (line, advice) in [
            ("--full --loss 5%", "leave the link options away"),
            ("--scenario outage --loss 5%", "links of its own"),
            ("--scenario outage --full", "--full"),
            ("--scenario outage --transports udp", "--transports"),
            ("--scenario storm", "head-of-line, thin-stream"),
            ("--transports quic", "tcp:bbr"),
            ("--seeds 0", "1..=100"),
            ("--receivers 101", "1..=100"),
            ("--size 5000", "16..=4096"),
            ("--messages 100001", "1..=100000"),
            ("--messages 100000 --receivers 100 --loss 1%", "10000000 are the most"),
        ] {
            let error = matrix(line).expect_err(line);
            assert!(error.contains(advice), "{line}: {error}");
        }
    }
}
