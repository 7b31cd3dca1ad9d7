//! What do both ends and the client's own trace say of a run? For tests of decisions, not of results.

use super::{Ears, Plan, Report, Testbed};
use crate::lab::ladder::{Recorder, Side};
use crate::time::Instant;
use crate::trace::TraceEvent;
use std::sync::Arc;

/// A run to its end, and what the client told.
pub fn told(plan: &Plan, seed: u64) -> (Report, Vec<(Instant, TraceEvent)>) {
    let recorder = Arc::new(Recorder::new(Side::Client));
    let ears = Ears { clients: Some(recorder.clone()), server: None };
    let mut testbed = Testbed::new(plan, seed, ears);
    testbed.finish().expect("time goes on");
    let facts = recorder.recorded().into_iter().map(|fact| (fact.at, fact.event)).collect();
    (testbed.report(), facts)
}
