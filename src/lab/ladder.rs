//! Who sent what when, what became of it, and why?
//!
//! A ladder (sequence diagram) of one connection: time runs down, the client stands left, the server
//! right, and a datagram is drawn twice, where it leaves and where it arrives. Both ends are recorded by a
//! [`Recorder`] each; the two recordings are laid over each other, and a packet that left and never came
//! is known by that alone, as nobody at either end could know it.
//!
//! ```text
//!    client                                                            server
//!      0.0 channel 8: message 0 (5 B)  ├─ #3 ──────────x     │
//!      1.0 channel 8: message 1 (5 B)  ├─ #4 ──────────╌╌╌╌╌╌│
//!     26.0                             │╌╌╌╌╌╌────────── #4 ▶│
//!     26.0                             │╌╌╌╌╌╌────────── #3 ─┤ ack ≤#4
//! ```
//!
//! - [`datagrams`]: which arrival belongs to which departure
//! - [`words`]: what happened, in a reader's words, with the rule behind it
//! - [`drawing`]: columns and arrows
//! - [`live`]: the same of one end alone, while it goes on
//!
//! Left out on purpose: what the link did. A ladder shows what the two ends know, and the gap between.

pub mod datagrams;
pub mod drawing;
pub mod live;
pub mod words;

use crate::time::Instant;
use crate::trace::{Sink, TraceEvent};
use datagrams::{Step, steps};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// How many facts one recorder keeps; what comes later is left out.
pub const FACTS_MAX: usize = 100_000;

/// At which end something happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// Drawn on the left.
    Client,
    /// Drawn on the right.
    Server,
}

impl Side {
    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// One fact, with where and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// When, on a clock that both ends share.
    pub at: Instant,
    /// At which end.
    pub side: Side,
    /// That end's own connection id; 0 where no session was known yet.
    pub session: u64,
    /// What.
    pub event: TraceEvent,
}

/// A sink that keeps what one end tells, in order, up to [`FACTS_MAX`].
#[derive(Debug)]
pub struct Recorder {
    side: Side,
    facts: Mutex<Vec<Recorded>>,
}

impl Recorder {
    /// Nothing recorded yet.
    pub const fn new(side: Side) -> Self {
        Self { side, facts: Mutex::new(Vec::new()) }
    }

    /// What was recorded so far. Of a server with many clients, take those of one session, and of session
    /// 0 those that belong to its beginning.
    pub fn recorded(&self) -> Vec<Recorded> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sink for Recorder {
    fn event(&self, now: Instant, session: u64, event: &TraceEvent) {
        let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        if facts.len() < FACTS_MAX {
            facts.push(Recorded { at: now, side: self.side, session, event: event.clone() });
        }
    }
}

/// What both ends recorded of one connection, ready to be shown: [`fmt::Display`] draws it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ladder {
    steps: Vec<Step>,
}

impl Ladder {
    /// The facts of both ends, each end's in their order.
    pub fn of(recorded: &[Recorded]) -> Self {
        let mut facts = recorded.to_vec();
        // Stable: what one end told at one moment keeps its order.
        facts.sort_by_key(|fact| (fact.at, fact.side));
        Self { steps: steps(&facts) }
    }

    /// What is drawn, from the top.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl fmt::Display for Ladder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&drawing::draw(&self.steps))
    }
}

#[cfg(test)]
mod tests;
