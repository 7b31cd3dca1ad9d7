//! What is known at the end of a run?

use super::plan::Plan;
use super::tally::{Relation, WayReport};
use super::testbed::{Ears, Stuck, Testbed};
use super::witness::{Decisions, Wire};
use crate::lab::link::{Counters, Direction};
use crate::time::Instant;
use crate::transport::session::{CloseReason, SessionStats};

/// A run.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// When it was over.
    pub ended: Instant,
    /// Each session, in the order of the plan.
    pub sessions: Vec<SessionReport>,
    /// What all clients decided, and what the server did.
    pub decisions: [Decisions; 2],
    /// What each link counted, up and down.
    pub links: Vec<[Counters; 2]>,
}

/// A session, or several taken together.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SessionReport {
    /// From the client to the server.
    pub up: WayReport,
    /// From the server to the client.
    pub down: WayReport,
    /// What left: while it warmed up and later, up and down.
    pub wires: [[Wire; 2]; 2],
    /// Why the client's and the server's end were closed, if they were.
    pub closed: [Option<CloseReason>; 2],
    /// What the client's and the server's end say of the session; of several sessions, those of the first.
    pub stats: [Option<SessionStats>; 2],
}

/// Plays a plan with a seed.
pub fn run(plan: &Plan, seed: u64) -> Result<Report, Stuck> {
    let mut testbed = Testbed::new(plan, seed, Ears::default());
    testbed.finish()?;
    Ok(testbed.report())
}

/// Plays a plan with several seeds, and takes the results together.
pub fn run_seeds(plan: &Plan, seeds: impl IntoIterator<Item = u64>) -> Result<SessionReport, Stuck> {
    let mut all = SessionReport::default();
    for seed in seeds {
        all.absorb(&run(plan, seed)?.total(), Relation::Again);
    }
    Ok(all)
}

impl Report {
    /// All sessions together.
    pub fn total(&self) -> SessionReport {
        let mut total = SessionReport::default();
        self.sessions.iter().for_each(|session| total.absorb(session, Relation::Beside));
        total
    }
}

impl SessionReport {
    /// What became of the messages of this direction.
    pub const fn way(&self, direction: Direction) -> &WayReport {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// What left in this direction while it warmed up (`false`) or later.
    pub const fn wire(&self, steady: bool, direction: Direction) -> &Wire {
        &self.wires[steady as usize][direction.index()]
    }

    /// Takes another in.
    pub fn absorb(&mut self, other: &Self, relation: Relation) {
        self.up.absorb(&other.up, relation);
        self.down.absorb(&other.down, relation);
        let wires = self.wires.iter_mut().flatten().zip(other.wires.iter().flatten());
        wires.for_each(|(mine, other)| mine.absorb(other));
        for end in 0..2 {
            self.closed[end] = self.closed[end].take().or_else(|| other.closed[end].clone());
            self.stats[end] = self.stats[end].or(other.stats[end]);
        }
    }
}
