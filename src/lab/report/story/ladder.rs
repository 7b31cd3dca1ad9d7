//! Which packets tell the story, and in which order are they drawn?
//!
//! ```text
//!   sender          server         receiver
//!     │ ─────────────▶│               │     +0.0 ms   the first with new bytes
//!     │               │ ──────×       │     +25.1 ms  dropped (loss)
//!     ⋮               ⋮               ⋮     12 packets more
//!     │               │ ─────────────▶│     +231.0 ms again
//! ```
//!
//! A packet that has a part in the story has a rung; so has every other that was dropped; runs of the rest
//! are told by their number.

use super::super::quantity::millis;
use super::super::spread::rounded;
use super::words::{arrival, cause};
use super::{Case, Marks, Weight};
use crate::lab::bench::Passage;
use crate::lab::link::Direction;
use crate::time::{Duration, Instant};

/// Rungs beyond which the middle is left out.
///
/// Ours: what a sheet of paper and the last row of a lecture hall bear.
const RUNGS: usize = 28;

/// How much is drawn of a message that never arrived.
const WITHOUT_END: Duration = Duration::from_millis(500);

/// One line of the ladder.
#[derive(Clone, PartialEq, Debug)]
pub enum Rung {
    /// A packet.
    Packet {
        /// Between server and receiver; else between sender and server.
        by_receiver: bool,
        /// Which way.
        direction: Direction,
        /// When it entered, in ms since the message was handed in.
        at: f64,
        /// When it left, likewise; `None`: dropped.
        arrived: Option<f64>,
        /// Its IP bytes.
        ip_bytes: u32,
        /// Its part.
        weight: Weight,
        /// What is said of it.
        text: String,
    },
    /// So many packets that have no part in it.
    Others(usize),
}

/// Packets of both clients from the first that has a part (or the moment of handing in) to the delivery.
pub(super) fn rungs(case: &Case<'_>, marks: &Marks) -> Vec<Rung> {
    let first = marks.keys().next().map_or(case.fate.sent, |place| case.passages[*place].entered);
    let from = first.min(case.fate.sent);
    let last = marks.keys().next_back().map_or(case.fate.sent, |place| case.passages[*place].entered);
    let until = case.fate.delivered.unwrap_or_else(|| last.min(case.fate.sent + WITHOUT_END));
    let mut rungs = Vec::new();
    for (place, passage) in case.passages.iter().enumerate() {
        let is_ours = [case.ports.sender, case.ports.receiver].contains(&passage.client_port);
        if !is_ours || passage.entered < from || passage.entered > until {
            continue;
        }
        match marks.get(&place) {
            Some((weight, text)) => rungs.push(rung(case, passage, *weight, text)),
            None if arrival(passage).is_none() => rungs.push(rung(case, passage, Weight::Lost, "")),
            None => add_other(&mut rungs),
        }
    }
    shortened(rungs)
}

fn add_other(rungs: &mut Vec<Rung>) {
    match rungs.last_mut() {
        Some(Rung::Others(count)) => *count += 1,
        _ => rungs.push(Rung::Others(1)),
    }
}

fn rung(case: &Case<'_>, passage: &Passage, weight: Weight, text: &str) -> Rung {
    let dropped =
        if arrival(passage).is_none() { format!("dropped{}", cause(passage)) } else { String::new() };
    let parts = [text.to_owned(), dropped].into_iter().filter(|part| !part.is_empty());
    Rung::Packet {
        by_receiver: passage.client_port == case.ports.receiver && case.ports.receiver != case.ports.sender,
        direction: passage.direction,
        at: since(case.fate.sent, passage.entered),
        arrived: arrival(passage).map(|at| since(case.fate.sent, at)),
        ip_bytes: passage.ip_bytes,
        weight,
        text: parts.collect::<Vec<_>>().join(", "),
    }
}

/// With its middle left out if it is too long.
fn shortened(mut rungs: Vec<Rung>) -> Vec<Rung> {
    if rungs.len() <= RUNGS {
        return rungs;
    }
    let tail = rungs.split_off(rungs.len() - RUNGS / 2);
    let middle = rungs.split_off(RUNGS / 2);
    let packets = |rung: &Rung| match rung {
        Rung::Packet { .. } => 1,
        Rung::Others(count) => *count,
    };
    rungs.push(Rung::Others(middle.iter().map(packets).sum()));
    rungs.extend(tail);
    rungs
}

/// May be before it: a packet that held the message up left earlier.
fn since(zero: Instant, moment: Instant) -> f64 {
    rounded(if moment >= zero { millis(moment - zero) } else { -millis(zero - moment) })
}
