//! Which arrival belongs to which departure?
//!
//! Packets are matched by their numbers, which are never used twice. Handshake datagrams carry none: one
//! that arrives is taken for the newest of its kind that can have come so fast, measured by the fastest
//! numbered packet. What left and is matched by nothing is lost, unless the recording ends so soon after it
//! that it may still be under way.

use super::{Recorded, Side};
use crate::time::{Duration, Instant};
use crate::trace::TraceEvent;
use std::collections::BTreeMap;

/// What names a datagram: the kind of its handshake part, the number of its packet, or both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label {
    /// The handshake part, if it has one.
    pub handshake: Option<&'static str>,
    /// The data packet, if it has one.
    pub number: Option<u64>,
}

/// What became of a datagram that left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It came to the other end at this moment.
    Arrived(Instant),
    /// The recording ends before it could have come.
    UnderWay,
    /// It never came.
    Lost,
}

/// What is drawn at one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// A datagram leaves.
    Departs(Label, Fate),
    /// A datagram arrives and is read.
    Arrives(Label),
    /// A datagram arrives and is not read.
    Dropped,
    /// Something happens at this end alone.
    Happens,
}

/// One place of a ladder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// When.
    pub at: Instant,
    /// At which end.
    pub side: Side,
    /// What.
    pub act: Act,
    /// The facts that make it, in their order; what a datagram carries is among them.
    pub facts: Vec<TraceEvent>,
}

/// The steps of these facts, which are in order of time, each end's together within a moment.
pub fn steps(facts: &[Recorded]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut carried: [Vec<TraceEvent>; 2] = [Vec::new(), Vec::new()];
    for fact in facts {
        let load = &mut carried[usize::from(fact.side == Side::Server)];
        if is_load(&fact.event) {
            load.push(fact.event.clone());
        } else if let Some(step) = extended(&mut steps, fact) {
            step.facts.append(load);
            step.facts.push(fact.event.clone());
        } else {
            let act = act_of(&fact.event);
            let mut facts = if matches!(act, Act::Departs(..)) { std::mem::take(load) } else { Vec::new() };
            facts.push(fact.event.clone());
            steps.push(Step { at: fact.at, side: fact.side, act, facts });
        }
    }
    settle(&mut steps, facts.last().map_or(Instant::ZERO, |fact| fact.at));
    steps
}

/// Does this tell what the datagram carries that leaves next?
pub(super) const fn is_load(event: &TraceEvent) -> bool {
    matches!(
        event,
        TraceEvent::PieceSent { .. } | TraceEvent::MessageAbandoned { .. } | TraceEvent::AckSent { .. }
    )
}

/// What a fact is if it stands alone.
pub(super) const fn act_of(event: &TraceEvent) -> Act {
    match event {
        TraceEvent::HandshakeSent { kind, .. } => {
            Act::Departs(Label { handshake: Some(*kind), number: None }, Fate::Lost)
        }
        TraceEvent::PacketSent { number, .. } | TraceEvent::FrameSent { number, .. } => {
            Act::Departs(Label { handshake: None, number: Some(*number) }, Fate::Lost)
        }
        TraceEvent::HandshakeReceived { kind, .. } => {
            Act::Arrives(Label { handshake: Some(*kind), number: None })
        }
        TraceEvent::PacketReceived { number, .. } | TraceEvent::FrameReceived { number, .. } => {
            Act::Arrives(Label { handshake: None, number: Some(*number) })
        }
        TraceEvent::DatagramDropped { .. } => Act::Dropped,
        _ => Act::Happens,
    }
}

/// The step that this fact belongs to, if it does not begin one: the last, of the same end and moment. A
/// packet belongs to the handshake part before it in its datagram.
fn extended<'a>(steps: &'a mut [Step], fact: &Recorded) -> Option<&'a mut Step> {
    let (last, before) = steps.split_last_mut()?;
    let side = last.side;
    joins(last, fact, |number| left_with_handshake(before, side, number)).then_some(last)
}

/// Does this fact belong to this step, the last one? `has_prefix` says of a packet that arrived whether a
/// handshake part left in its datagram. The step's label is made whole by it.
pub(super) fn joins(last: &mut Step, fact: &Recorded, has_prefix: impl FnOnce(u64) -> bool) -> bool {
    if (last.at, last.side) != (fact.at, fact.side) {
        return false;
    }
    match (&mut last.act, &fact.event) {
        (Act::Departs(label, _), TraceEvent::PacketSent { number, .. }) => {
            let joins = label.number.is_none() && is_prefix(&last.facts);
            label.number = label.number.or(joins.then_some(*number));
            joins
        }
        (Act::Arrives(label), TraceEvent::PacketReceived { number, .. }) => {
            let joins = label.number.is_none() && has_prefix(*number);
            label.number = label.number.or(joins.then_some(*number));
            joins
        }
        (Act::Departs(..), _) => false,
        (_, event) => act_of(event) == Act::Happens,
    }
}

/// Is this a handshake part that may go before a packet? A HELLO never does; its attempts are counted.
fn is_prefix(facts: &[TraceEvent]) -> bool {
    matches!(facts.last(), Some(TraceEvent::HandshakeSent { attempt: 0, .. }))
}

/// Did the other end put a handshake part before this packet?
fn left_with_handshake(steps: &[Step], at_side: Side, wanted: u64) -> bool {
    steps.iter().any(|step| match step.act {
        Act::Departs(label, _) => {
            step.side != at_side && label.number == Some(wanted) && label.handshake.is_some()
        }
        _ => false,
    })
}

/// Finds out what became of each departure.
fn settle(steps: &mut [Step], end: Instant) {
    for side in [Side::Client, Side::Server] {
        settle_numbered(steps, side);
        let delays = delays(steps, side);
        // Where no arrival is known yet, the way back says how long a way may be.
        let back = if delays.is_empty() { self::delays(steps, side.opposite()) } else { Vec::new() };
        let least = delays.iter().min().copied().unwrap_or_default();
        settle_handshakes(steps, side, least);
        let most = delays.iter().chain(&back).max().copied().unwrap_or_default();
        for step in steps.iter_mut().filter(|step| step.side == side) {
            if let Act::Departs(_, fate @ Fate::Lost) = &mut step.act
                && end - step.at < most
            {
                *fate = Fate::UnderWay;
            }
        }
    }
}

fn settle_numbered(steps: &mut [Step], from: Side) {
    let mut arrivals = BTreeMap::new();
    for step in steps.iter().filter(|step| step.side != from) {
        if let Act::Arrives(Label { number: Some(number), .. }) = step.act {
            arrivals.entry(number).or_insert(step.at);
        }
    }
    for step in steps.iter_mut().filter(|step| step.side == from) {
        if let Act::Departs(Label { number: Some(number), .. }, fate) = &mut step.act
            && let Some(at) = arrivals.get(number)
        {
            *fate = Fate::Arrived(*at);
        }
    }
}

/// How long the datagrams known to have arrived were under way.
fn delays(steps: &[Step], from: Side) -> Vec<Duration> {
    let arrived = steps.iter().filter(|step| step.side == from).filter_map(|step| match step.act {
        Act::Departs(_, Fate::Arrived(at)) => Some(at - step.at),
        _ => None,
    });
    arrived.collect()
}

fn settle_handshakes(steps: &mut [Step], from: Side, least: Duration) {
    for index in 0..steps.len() {
        let (before, rest) = steps.split_at_mut(index);
        let Some(Step { at, side, act: Act::Arrives(Label { handshake: Some(kind), number: None }), .. }) =
            rest.first()
        else {
            continue;
        };
        if *side == from {
            continue;
        }
        let left = before.iter_mut().rev().filter(|step| step.side == from && step.at + least <= *at);
        for step in left {
            if let Act::Departs(Label { handshake, .. }, fate @ Fate::Lost) = &mut step.act
                && *handshake == Some(*kind)
            {
                *fate = Fate::Arrived(*at);
                break;
            }
        }
    }
}
