//! Which single things are worth a look?
//!
//! A scenario is one question with its links, rows and messages, and three sentences on what to look for:
//! `sayagain compare --scenario NAME`. It is data; whoever takes a matrix takes it.
//!
//! | file | has |
//! | --- | --- |
//! | `chats.rs` | head-of-line, thin-stream, handshake, outage, roaming: one conversation in trouble |
//! | `transfers.rs` | bulk, bufferbloat, fairness, arq: as much as goes |

mod chats;
mod transfers;

use super::matrix::{LinkChoice, Matrix, Part};
use super::quantity::Quantity;
use super::row::Row;
use crate::lab::bench::Workload;
use std::fmt::Write as _;
use std::str::FromStr;

/// One of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scenario {
    /// As it is typed.
    pub name: &'static str,
    /// The question.
    pub title: &'static str,
    /// What to look for, in three sentences.
    pub look: [&'static str; 3],
}

/// Its parts, made anew for each matrix.
type Parts = fn() -> Vec<Part>;

/// All, in the order in which they are best shown.
pub const SCENARIOS: [(Scenario, Parts); 9] = [
    chats::HEAD_OF_LINE,
    chats::THIN_STREAM,
    transfers::BULK,
    chats::HANDSHAKE,
    chats::OUTAGE,
    chats::ROAMING,
    transfers::BUFFERBLOAT,
    transfers::FAIRNESS,
    transfers::ARQ,
];

impl Scenario {
    /// What is to be run.
    pub fn matrix(self) -> Matrix {
        let parts = SCENARIOS.iter().find(|(scenario, _)| *scenario == self).map(|(_, parts)| parts());
        Matrix { scenario: Some(self), parts: parts.unwrap_or_default(), seed: 1 }
    }

    /// Question and sentences, as they stand above the table.
    pub fn told(self) -> String {
        let mut text = format!("{}: {}\n", self.name, self.title);
        for sentence in self.look {
            let _ = writeln!(text, "- {sentence}");
        }
        text + "\n"
    }
}

impl FromStr for Scenario {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = SCENARIOS.iter().find(|(scenario, _)| scenario.name == name);
        found.map(|(scenario, _)| *scenario).ok_or_else(|| {
            let names: Vec<&str> = SCENARIOS.iter().map(|(scenario, _)| scenario.name).collect();
            format!("`{name}` is no scenario; there are {}, and list, which tells of each", names.join(", "))
        })
    }
}

/// All with their question, a line each.
pub fn list() -> String {
    let widest = SCENARIOS.iter().map(|(scenario, _)| scenario.name.len()).max().unwrap_or(0);
    SCENARIOS.iter().fold(String::new(), |mut text, (scenario, _)| {
        let _ = writeln!(text, "{:<widest$}  {}", scenario.name, scenario.title);
        text
    })
}

/// A part of one link without chance: its name, and how it is typed.
fn part(
    id: &'static str,
    title: &str,
    (name, link): (&str, &str),
    rows: &[Row],
    workload: Workload,
    columns: &'static [Quantity],
) -> Part {
    Part {
        id,
        title: title.to_owned(),
        axis: "",
        links: LinkChoice::typed(name.to_owned(), 0.0, link).into_iter().collect(),
        rows: rows.to_vec(),
        workload,
        seeds: 1,
        columns,
    }
}

#[cfg(test)]
mod tests {
    use super::super::matrix::Wanted;
    use super::*;
    use crate::time::Duration;
    use std::collections::BTreeSet;

    #[test]
    fn each_has_a_name_of_its_own_by_which_it_is_found() {
        let names: BTreeSet<&str> = SCENARIOS.iter().map(|(scenario, _)| scenario.name).collect();
        assert_eq!(names.len(), SCENARIOS.len());
        for (scenario, _) in SCENARIOS {
            assert_eq!(scenario.name.parse(), Ok(scenario));
            assert!(list().lines().any(|line| line.starts_with(scenario.name)), "{}", list());
            assert_eq!(scenario.told().lines().count(), 5, "{}", scenario.told());
        }
        let error = "tail".parse::<Scenario>().expect_err("there is none");
        assert!(error.contains("head-of-line, thin-stream") && error.contains("list"), "{error}");
    }

    #[test]
    fn each_link_is_what_its_words_say_and_no_run_is_taken_twice() {
        for (scenario, _) in SCENARIOS {
            let matrix = scenario.matrix();
            let links: Vec<usize> = matrix.parts.iter().map(|part| part.links.len()).collect();
            assert!(
                !links.is_empty() && links.iter().all(|count| *count > 0),
                "{}: {links:?}",
                scenario.name
            );
            let wanted = matrix.wanted();
            let commands: BTreeSet<String> = wanted.iter().map(Wanted::command).collect();
            assert_eq!(commands.len(), wanted.len(), "{commands:?}");
        }
        let count = |name: &str| name.parse::<Scenario>().map(|it| it.matrix().wanted().len());
        assert_eq!(count("thin-stream"), Ok(4 * 2));
        assert_eq!(count("bulk"), Ok(4 * 3));
        assert_eq!(count("arq"), Ok(3 * 5));
    }

    #[test]
    fn the_messages_of_a_scenario_leave_most_of_a_minute_for_the_link() {
        for (scenario, _) in SCENARIOS {
            let wanted = scenario.matrix().wanted();
            let of = |run: &Wanted| {
                run.workload.interval * u32::try_from(run.workload.messages).unwrap_or(u32::MAX)
            };
            let span: Duration = wanted.iter().map(of).sum();
            assert!(span <= Duration::from_mins(1), "{}: {span:?} of messages", scenario.name);
        }
    }
}
