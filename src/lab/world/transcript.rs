//! What came of a run: every fact that a person, a lecturer or an oracle may ask for, in order.

use super::script::Deed;
use crate::service::api::{ClientEvent, ServerEvent};
use crate::time::Instant;
use std::fmt;

/// One fact.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[expect(clippy::large_enum_variant, reason = "most facts are what a client says; the largest is rare")]
pub enum Fact {
    /// Something was done to a node. A line that is typed has the next number of its client, from 1; what
    /// is typed into a program that no longer runs is not noted.
    Done(Deed),
    /// A client said something.
    Client { client: usize, event: ClientEvent },
    /// The server said something.
    Server(ServerEvent),
}

/// One fact and its moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// What.
    pub fact: Fact,
}

/// All facts, in order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Transcript(pub Vec<Entry>);

impl Transcript {
    pub(super) fn note(&mut self, at: Instant, fact: Fact) {
        self.0.push(Entry { at, fact });
    }

    /// What this client said, in order.
    pub fn client(&self, client: usize) -> impl Iterator<Item = (Instant, &ClientEvent)> {
        self.0.iter().filter_map(move |entry| match &entry.fact {
            Fact::Client { client: who, event } if *who == client => Some((entry.at, event)),
            _ => None,
        })
    }
}

/// A line for each fact.
impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Entry { at, fact } in &self.0 {
            match fact {
                Fact::Done(deed) => writeln!(f, "{at:?} -> {deed:?}")?,
                Fact::Client { client, event } => writeln!(f, "{at:?} client {client}: {event:?}")?,
                Fact::Server(event) => writeln!(f, "{at:?} server: {event:?}")?,
            }
        }
        Ok(())
    }
}
