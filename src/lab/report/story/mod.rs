//! Which message of a row was the worst, and what do the packets show of it?
//!
//! ```text
//!  passages ─▶ ports.rs: whose are they?  ─▶ segments.rs: which bytes, which again, when complete?
//!                                         └▶ stream.rs (TCP), datagrams.rs (UDP): why was it late?
//!                                           carriers.rs: likewise, where our ends have told what they sent
//!                                                └▶ ladder.rs: the packets that tell it
//! ```
//!
//! Everything is concluded from the packets as the link saw them, and the words say no more than these show.
//! Where only a rule of TCP can explain a packet, the rule *fits*; the kernel was not asked. Datagrams of our
//! layer are sealed, so which of them carried a message is known only where both ends have told it; else how
//! large each was is all that shows.
//!
//! Room is left for reasons that an end itself has told ([`Note`]): its trace knows what a packet cannot show.

mod carriers;
mod datagrams;
pub mod ladder;
mod ports;
mod segments;
mod stream;
mod words;

use super::comparison::shown_label;
use super::matrix::Wanted;
use crate::lab::bench::{Measurement, MessageFate, Passage, Protocol};
use crate::time::{Duration, Instant};
use ladder::Rung;
use ports::Ports;
use std::collections::BTreeMap;

/// What an end has told of itself at a moment, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// When.
    pub at: Instant,
    /// What.
    pub text: String,
}

/// A packet's part in a story.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weight {
    /// It carries the message, or may.
    Own,
    /// It carries again what was lost.
    Again,
    /// It tells the other end of a gap.
    Asks,
    /// It was dropped.
    Lost,
}

/// Which packets matter, by their place among all, and what is said of each.
type Marks = BTreeMap<usize, (Weight, String)>;

/// The worst message of a row.
#[derive(Clone, PartialEq, Debug)]
pub struct Story {
    /// What the row is called.
    pub label: String,
    /// The simulator computed it.
    pub model: bool,
    /// The command that takes its run again.
    pub command: String,
    /// The message's number.
    pub number: u64,
    /// How long it took; `None`: it never arrived.
    pub latency: Option<Duration>,
    /// Why, a sentence each.
    pub reasons: Vec<String>,
    /// The packets that show it.
    pub rungs: Vec<Rung>,
}

/// A message between two ends, and all packets of its run.
#[derive(Clone, Copy, Debug)]
struct Case<'a> {
    passages: &'a [Passage],
    ports: Ports,
    fate: &'a MessageFate,
    /// Bytes of the message.
    size: u32,
    /// Its place among all messages of the run, from 0.
    index: usize,
    /// When the first of them was handed in.
    first_sent: Instant,
    /// Deliveries of later messages at the moment of this one's, and of earlier ones.
    together: [usize; 2],
}

/// What is told of one case.
#[derive(Clone, PartialEq, Debug, Default)]
struct Told {
    reasons: Vec<String>,
    marks: Marks,
}

/// Deliveries so close to each other are one.
const TOGETHER: Duration = Duration::from_millis(2);

/// The worst message of these runs of a row whose packets were kept: one that never arrived, else the
/// slowest. `notes` are of that run, in order.
pub fn worst<'a>(
    runs: impl IntoIterator<Item = (&'a Wanted, &'a Measurement)>,
    notes: &[Note],
) -> Option<Story> {
    let of_run = |(wanted, run): (&'a Wanted, &'a Measurement)| {
        let slowest = run.fates.iter().max_by_key(|fate| rank(fate))?;
        (!run.passages.is_empty()).then_some((wanted, run, slowest))
    };
    let (wanted, run, fate) = runs.into_iter().filter_map(of_run).max_by_key(|(_, _, fate)| rank(fate))?;
    Some(story(wanted, run, fate, notes))
}

/// Who never arrived is worse than all who did.
fn rank(fate: &MessageFate) -> (bool, Option<Duration>) {
    (fate.delivered.is_none(), fate.latency())
}

fn story(wanted: &Wanted, run: &Measurement, fate: &MessageFate, notes: &[Note]) -> Story {
    let told = Ports::of(&run.passages, fate).map(|ports| {
        let size = wanted.workload.bytes;
        let case = Case {
            passages: &run.passages,
            ports,
            fate,
            size,
            index: usize::try_from(fate.number.saturating_sub(1)).unwrap_or(usize::MAX),
            first_sent: run.fates.iter().map(|fate| fate.sent).min().unwrap_or(fate.sent),
            together: together(run, fate),
        };
        let Told { mut reasons, marks } = if is_stream(&run.passages) {
            stream::told(&case)
        } else {
            carriers::told(&case, &run.departures).unwrap_or_else(|| datagrams::told(&case, run.carried))
        };
        let meanwhile = notes.iter().filter(|note| note.at >= fate.sent && Some(note.at) <= fate.delivered);
        reasons.extend(meanwhile.map(|note| {
            format!("The sender's own trace, {}: {}", words::after(fate.sent, note.at), note.text)
        }));
        (reasons, ladder::rungs(&case, &marks))
    });
    let (reasons, rungs) = told.unwrap_or_default();
    Story {
        label: shown_label(run),
        model: run.model,
        command: run.command.clone(),
        number: fate.number,
        latency: fate.latency(),
        reasons,
        rungs,
    }
}

fn is_stream(passages: &[Passage]) -> bool {
    passages.iter().any(|it| matches!(it.protocol, Protocol::Tcp(_)))
}

/// How many later and how many earlier messages were delivered to the same receiver with this one.
fn together(run: &Measurement, fate: &MessageFate) -> [usize; 2] {
    let Some(delivered) = fate.delivered else { return [0, 0] };
    let with = |other: &&MessageFate| {
        let close =
            other.delivered.is_some_and(|at| at - delivered <= TOGETHER && delivered - at <= TOGETHER);
        other.receiver == fate.receiver && close
    };
    let count = |later: bool| {
        let side = |other: &&MessageFate| {
            if later { other.number > fate.number } else { other.number < fate.number }
        };
        run.fates.iter().filter(with).filter(side).count()
    };
    [count(true), count(false)]
}

#[cfg(test)]
mod tests;
