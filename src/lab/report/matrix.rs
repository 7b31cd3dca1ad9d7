//! Which links, carried by what, with how many seeds?
//!
//! ```text
//!  matrix ── part: a question, such as "what does loss do?"
//!              ├─ links   0 %   2 %   5 %   10 %   20 %      (the x axis, where they have numbers)
//!              ├─ rows    raw   udp   tcp
//!              ├─ workload
//!              └─ seeds   1 2 3        link × row × seed = one run
//! ```
//!
//! The usual matrix answers the lecture's question in under two minutes: 13 settings of link and seed, three
//! rows, each a second and a half of messages. A link without chance says the same for each seed, so it has
//! one.

use super::quantity::Quantity;
use super::row::Row;
use super::scenario::Scenario;
use crate::lab::bench::{Carried, Workload};
use crate::lab::link::in_force::spelled;
use crate::lab::link::profile::PROFILES;
use crate::lab::link::settings::read_assignment;
use crate::lab::link::{DirectionConfig, LinkConfig, LinkOptions};
use crate::time::Duration;
use clap::Parser;
use std::io;
use std::path::Path;

/// Options of a link in words.
#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    link: LinkOptions,
}

/// A link of a matrix.
#[derive(Clone, PartialEq, Debug)]
pub struct LinkChoice {
    /// What it is called in plots: `5 %`.
    pub name: String,
    /// Where it stands on the x axis.
    pub x: f64,
    /// As it is typed, without the seed.
    pub options: String,
    /// What it is; its seed is replaced by the run's.
    pub config: LinkConfig,
    /// How many get each message, where that is what the links of a part differ in.
    pub receivers: Option<u32>,
}

/// Links, rows and seeds that answer one question.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// A word for ids: `loss`.
    pub id: &'static str,
    /// A heading.
    pub title: String,
    /// What the x axis says; empty: the links have names only.
    pub axis: &'static str,
    /// The links, from left to right.
    pub links: Vec<LinkChoice>,
    /// What carries the messages.
    pub rows: Vec<Row>,
    /// The messages.
    pub workload: Workload,
    /// So many seeds, from the matrix's first on.
    pub seeds: u64,
    /// What its table shows.
    pub columns: &'static [Quantity],
}

/// All that is to be run.
#[derive(Clone, PartialEq, Debug)]
pub struct Matrix {
    /// The scenario that it is, if it is one.
    pub scenario: Option<Scenario>,
    /// The questions; the first is the one whose packets are kept and whose single runs are drawn.
    pub parts: Vec<Part>,
    /// The first seed.
    pub seed: u64,
}

/// One run that is to be taken.
#[derive(Clone, PartialEq, Debug)]
pub struct Wanted {
    /// Which part of the matrix.
    pub part: usize,
    /// Which of its links.
    pub link: usize,
    /// What that link is, with the run's seed in it.
    pub config: LinkConfig,
    /// As it is typed, without the seed.
    pub options: String,
    /// What carries the messages.
    pub row: Row,
    /// The messages.
    pub workload: Workload,
    /// The seed.
    pub seed: u64,
    /// Are its packets wanted?
    pub packets: bool,
}

/// The loss, in percent, of a link whose single runs are drawn: what a bad radio link has.
const SHOWN: f64 = 5.0;

/// What the losses of the usual matrix are, in percent.
const LOSSES: [f64; 5] = [0.0, 2.0, 5.0, 10.0, 20.0];

impl LinkChoice {
    /// From words of a trace file: `delay=25ms loss=5%`. `None`: they are none.
    fn of(name: String, x: f64, words: &str) -> Option<Self> {
        let mut config = LinkConfig::default();
        for word in words.split_whitespace() {
            read_assignment(word).ok()?.1.apply(&mut config);
        }
        Some(Self { name, x, options: spelled(&config), config, receivers: None })
    }

    /// From options as they are typed: `--delay 25ms --outage 3s+2s`. `None`: they are none.
    pub fn typed(name: String, x: f64, options: &str) -> Option<Self> {
        let words = std::iter::once("link").chain(options.split_whitespace());
        let link = Typed::try_parse_from(words).ok()?.link;
        let no_file = |_: &Path| Err(io::ErrorKind::NotFound.into());
        let config = link.config(1, no_file).ok()??;
        Some(Self { name, x, options: options.to_owned(), config, receivers: None })
    }

    /// Does chance decide anything on it?
    fn is_random(&self) -> bool {
        let plain = |way: &DirectionConfig| {
            let certain = way.loss <= 0.0 && way.jitter.is_zero() && way.fade.is_none() && way.corrupt <= 0.0;
            certain && way.reorder <= 0.0 && way.duplicate <= 0.0
        };
        let changes = self.config.conditions != LinkConfig::default().conditions;
        changes || !plain(&self.config.up) || !plain(&self.config.down)
    }
}

impl Part {
    /// A link for each loss, in percent; `rest`: what is alike, as in a trace file.
    pub fn over_loss(id: &'static str, title: &str, losses: &[f64], rest: &str) -> Self {
        let link = |loss: &f64| LinkChoice::of(format!("{loss} %"), *loss, &format!("loss={loss}% {rest}"));
        Self {
            id,
            title: title.to_owned(),
            axis: "packets lost each way, %",
            links: losses.iter().filter_map(link).collect(),
            rows: Row::usual().to_vec(),
            workload: Workload::default(),
            seeds: 3,
            columns: &Quantity::USUAL,
        }
    }

    /// Each seed of each link for each row; those of one seed and link beside each other, so that what else
    /// the machine does strikes all rows alike.
    fn wanted(&self, part: usize, first_seed: u64) -> Vec<Wanted> {
        let shown = self.shown();
        let mut wanted = Vec::new();
        for (link, choice) in self.links.iter().enumerate() {
            let seeds = if choice.is_random() { self.seeds } else { 1 };
            for seed in (0..seeds).map(|index| first_seed.wrapping_add(index)) {
                wanted.extend(self.rows.iter().map(|row| Wanted {
                    part,
                    link,
                    config: LinkConfig { seed, ..choice.config.clone() },
                    options: choice.options.clone(),
                    row: *row,
                    workload: self.workload_on(link),
                    seed,
                    packets: part == 0 && link == shown && !self.workload.is_bulk(),
                }));
            }
        }
        wanted
    }

    /// The messages over this link.
    pub fn workload_on(&self, link: usize) -> Workload {
        let receivers = self.links.get(link).and_then(|link| link.receivers);
        Workload { receivers: receivers.unwrap_or(self.workload.receivers), ..self.workload }
    }

    /// The link whose single runs are drawn: the one nearest to a loss of 5 %.
    pub fn shown(&self) -> usize {
        let away = |link: &LinkChoice| (link.x - SHOWN).abs();
        let nearest =
            self.links.iter().enumerate().min_by(|(_, one), (_, other)| away(one).total_cmp(&away(other)));
        nearest.map_or(0, |(index, _)| index)
    }
}

impl Matrix {
    /// What answers the lecture's question in under two minutes.
    pub fn usual() -> Self {
        let title = "What does loss do to a chat?";
        let scenario = None;
        Self { scenario, parts: vec![Part::over_loss("loss", title, &LOSSES, "delay=25ms")], seed: 1 }
    }

    /// The long one.
    pub fn full() -> Self {
        let mut loss = Part::over_loss("loss", "What does loss do to a chat?", &LOSSES, "delay=25ms");
        loss.seeds = 5;
        loss.workload.messages = 500;
        let parts = vec![loss, bursts(), fades(), profiles(), queue(), controls(), receivers(), bulk()];
        Self { scenario: None, parts, seed: 1 }
    }

    /// One link that somebody asked for. `extra`: options that a link cannot spell, such as `--trace FILE`.
    pub fn of_link(config: LinkConfig, extra: &str) -> Self {
        let options = [spelled(&config), extra.to_owned()].join(" ").trim().to_owned();
        let seed = config.seed;
        let name = if options.is_empty() { "a perfect link".to_owned() } else { options.clone() };
        let link = LinkChoice { name, x: 0.0, options, config, receivers: None };
        let part = Part {
            id: "link",
            title: "What does this link do to a chat?".to_owned(),
            axis: "",
            links: vec![link],
            rows: Row::usual().to_vec(),
            workload: Workload::default(),
            seeds: 3,
            columns: &Quantity::USUAL,
        };
        Self { scenario: None, parts: vec![part], seed }
    }

    /// The same with other rows, of each part that has not rows of its own.
    #[must_use]
    pub fn with_rows(mut self, rows: &[Row]) -> Self {
        self.parts
            .iter_mut()
            .filter(|part| part.rows == Row::usual())
            .for_each(|part| part.rows = rows.to_vec());
        self
    }

    /// All runs, in the order in which they are taken.
    pub fn wanted(&self) -> Vec<Wanted> {
        self.parts.iter().enumerate().flat_map(|(index, part)| part.wanted(index, self.seed)).collect()
    }
}

fn bursts() -> Part {
    Part::over_loss(
        "bursts",
        "What do runs of four lost packets do?",
        &[2.0, 5.0, 10.0],
        "delay=25ms burst=4",
    )
}

fn fades() -> Part {
    let title = "What do moments without a link do? (80 ms long on average)";
    let mut part = Part::over_loss("fades", title, &[], "");
    part.axis = "time without a link each way, %";
    let link =
        |share: f64| LinkChoice::of(format!("{share} %"), share, &format!("delay=25ms fade=80ms@{share}%"));
    part.links = [2.0, 5.0, 10.0].into_iter().filter_map(link).collect();
    part.workload.messages = 250;
    part
}

fn profiles() -> Part {
    let mut part = Part::over_loss("profiles", "What is it like on the links people have?", &[], "");
    part.axis = "";
    let links = (0_u32..).zip(PROFILES).filter_map(|(index, profile)| {
        let mut link = LinkChoice::of(profile.name.to_owned(), index.into(), profile.settings)?;
        link.options = format!("--profile {}", profile.name);
        Some(link)
    });
    part.links = links.collect();
    part.workload.messages = 250;
    part
}

/// A line that the messages fill to more than nine tenths.
fn queue() -> Part {
    let mut part = Part::over_loss("queue", "What does a queue before a full line do?", &[], "");
    part.axis = "queue before a line of 1 Mbit/s, ms";
    let link =
        |ms: f64| LinkChoice::of(format!("{ms} ms"), ms, &format!("delay=25ms rate=1mbit queue={ms}ms"));
    part.links = [20.0, 100.0, 500.0].into_iter().filter_map(link).collect();
    part.workload =
        Workload { messages: 500, interval: Duration::from_millis(10), bytes: 1_000, ..Workload::default() };
    part
}

fn controls() -> Part {
    let title = "Does TCP's congestion control or Nagle's algorithm matter to a chat?";
    let mut part = Part::over_loss("controls", title, &[0.0, 5.0, 20.0], "delay=25ms");
    let nagle = Row { nagle: true, ..Row::of(Carried::Tcp) };
    part.rows = vec![Row::of(Carried::Udp), Row::of(Carried::Tcp), Row::tcp("reno"), Row::tcp("bbr"), nagle];
    part.workload.messages = 250;
    part
}

fn receivers() -> Part {
    let mut part = Part::over_loss("receivers", "What if many listen? (5 % loss each way)", &[], "");
    part.axis = "receivers of each message";
    let link = |count: u32| {
        let link = LinkChoice::of(count.to_string(), count.into(), "delay=25ms loss=5%")?;
        Some(LinkChoice { receivers: Some(count), ..link })
    };
    part.links = [1, 5, 20].into_iter().filter_map(link).collect();
    part
}

fn bulk() -> Part {
    let title = "How much gets through? (a line of 20 Mbit/s, messages as fast as they are taken)";
    let losses = [0.0, 0.1, 1.0, 5.0];
    let mut part = Part::over_loss("bulk", title, &losses, "delay=25ms rate=20mbit queue=50ms");
    part.rows = vec![Row::of(Carried::Udp), Row::of(Carried::Tcp), Row::tcp("reno"), Row::tcp("bbr")];
    part.workload =
        Workload { messages: 3_000, interval: Duration::ZERO, bytes: 2_000, ..Workload::default() };
    part
}

impl Wanted {
    /// The command that takes this run alone.
    pub fn command(&self) -> String {
        let Self { row, workload, options, seed, .. } = self;
        let words =
            ["sayagain bench", &row.options(), &workload.options(), options, &format!("--seed {seed}")];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_usual_matrix_leaves_half_a_minute_of_two_for_connecting() {
        let wanted = Matrix::usual().wanted();
        assert_eq!(wanted.len(), 3 + 4 * 3 * 3);
        let of =
            |run: &Wanted| run.workload.interval * u32::try_from(run.workload.messages).unwrap_or(u32::MAX);
        let messages: Duration = wanted.iter().map(of).sum();
        assert!(messages < Duration::from_mins(1), "{messages:?} of messages");
    }

    #[test]
    fn every_link_of_the_full_matrix_is_what_its_options_say() {
        let full = Matrix::full();
        assert_eq!(
            full.parts.iter().map(|part| part.links.len()).collect::<Vec<_>>(),
            [5, 3, 3, 7, 3, 3, 3, 4]
        );
        for link in full.parts.iter().flat_map(|part| &part.links) {
            assert!(link.config.up.check().is_ok() && link.config.down.check().is_ok(), "{}", link.name);
            assert!(link.options == spelled(&link.config) || link.options.starts_with("--profile"));
        }
    }

    #[test]
    fn no_run_is_taken_twice_and_packets_are_kept_of_one_link() {
        for matrix in [Matrix::usual(), Matrix::full()] {
            let wanted = matrix.wanted();
            let kept: BTreeSet<_> =
                wanted.iter().filter(|run| run.packets).map(|run| (run.part, run.link)).collect();
            assert_eq!(kept, BTreeSet::from([(0, 2)]));
            let part = wanted.iter().filter(|run| run.part == 0);
            let commands: BTreeSet<String> = part.clone().map(Wanted::command).collect();
            assert_eq!(commands.len(), part.count());
        }
    }

    #[test]
    fn a_command_names_row_messages_link_and_seed() {
        let config = LinkConfig {
            seed: 7,
            ..LinkConfig::symmetric(DirectionConfig { loss: 0.05, ..Default::default() }, 7)
        };
        let matrix = Matrix::of_link(config, "--trace x").with_rows(&["tcp:bbr".parse().expect("a row")]);
        let expected = "sayagain bench --transport tcp --tcp-cc bbr --messages 100 --interval 15ms --size 100 \
                        --loss 5% --trace x --seed 7";
        assert_eq!(matrix.wanted()[0].command(), expected);
        assert_eq!(matrix.wanted().len(), 3);
    }
}
