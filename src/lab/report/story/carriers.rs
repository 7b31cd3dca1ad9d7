//! Which datagrams of ours carried the message, and why did each leave?
//!
//! Sealed packets do not show it, but both ends have told ([`Departures`]). A passage is a departure of the
//! same length that left just before; the session of a port is the one that most of its packets fit.
//!
//! ```text
//!  departures   #1 first: message 40      #2 extra copy: 40      #3 first: 41, copy of 40
//!  passages     ×  dropped                ─────▶ 25 ms           ─────▶ 25 ms
//! ```

use super::ports::data;
use super::words::{after, arrival, cause, span, way};
use super::{Case, Told, Weight};
use crate::lab::bench::Passage;
use crate::lab::bench::departure::{Cargo, Departure, Departures};
use crate::lab::link::Direction;
use crate::time::{Duration, Instant};
use crate::trace::{PieceCause, SendCause};
use std::collections::BTreeMap;

/// From an end's telling to the packet's entering the link, at most: a busy machine's wait.
const NEAR: Duration = Duration::from_millis(20);
/// What is delivered this much behind the arrival waited for something.
const AT_ONCE: Duration = Duration::from_millis(2);

/// A datagram with the message in it.
struct Carrier<'a> {
    place: usize,
    passage: &'a Passage,
    departure: &'a Departure,
    cargo: Cargo,
}

/// What the packets and the ends show; `None`: the ends have not told enough.
pub fn told(case: &Case<'_>, departures: &Departures) -> Option<Told> {
    let mut told = Told::default();
    let up = carriers(case, &departures.up, case.ports.sender, Direction::Up)?;
    let there = tell(case, &up, Direction::Up, case.fate.sent, &mut told);
    let Some(there) = there else { return Some(told) };
    let down = carriers(case, &departures.down, case.ports.receiver, Direction::Down)?;
    let arrived = tell(case, &down, Direction::Down, there, &mut told)?;
    if case.fate.delivered.is_some_and(|delivered| delivered - arrived > AT_ONCE) {
        told.reasons.push(format!(
            "It was delivered at {}: a room is in order, so it waited there for an earlier message.",
            case.fate.delivered.map_or_else(String::new, |moment| after(case.fate.sent, moment))
        ));
    }
    Some(told)
}

fn carriers<'a>(
    case: &Case<'a>,
    departures: &'a [Departure],
    port: u16,
    direction: Direction,
) -> Option<Vec<Carrier<'a>>> {
    let mine = || {
        let all = case.passages.iter().enumerate();
        all.filter(move |(_, it)| it.client_port == port && it.direction == direction)
    };
    let session = session_of(mine().map(|(_, it)| it), departures)?;
    let of_session = || departures.iter().filter(|it| it.session == session);
    // The receiver's and the sender's room hold nothing so long but the messages, in their order.
    let first = |it: &&Cargo| it.cause == PieceCause::First && it.bytes >= u64::from(case.size);
    let from = case.first_sent;
    let messages = of_session().filter(|it| it.at >= from).flat_map(|it| it.pieces.iter().filter(first));
    let message = messages.map(|it| (it.channel, it.sequence)).nth(case.index)?;
    let mut carriers: Vec<Carrier<'a>> = Vec::new();
    for departure in of_session() {
        let is_it = |it: &&Cargo| (it.channel, it.sequence) == message;
        let Some(cargo) = departure.pieces.iter().find(is_it) else { continue };
        let taken = |place: usize| carriers.iter().any(|carrier| carrier.place == place);
        let found = mine().find(|(place, it)| fits(it, departure) && !taken(*place));
        let (place, passage) = found?;
        carriers.push(Carrier { place, passage, departure, cargo: *cargo });
    }
    (!carriers.is_empty()).then_some(carriers)
}

/// Can this packet be that departure?
fn fits(passage: &Passage, departure: &Departure) -> bool {
    let waited = passage.entered - departure.at;
    data(passage) == departure.bytes && passage.entered >= departure.at && waited <= NEAR
}

/// The session of which most of these packets can be.
fn session_of<'a>(passages: impl Iterator<Item = &'a Passage>, departures: &[Departure]) -> Option<u64> {
    let mut votes: BTreeMap<u64, usize> = BTreeMap::new();
    for passage in passages {
        let first = departures.partition_point(|it| it.at + NEAR < passage.entered);
        let near = departures[first..].iter().take_while(|it| it.at <= passage.entered);
        for departure in near.filter(|it| fits(passage, it)) {
            *votes.entry(departure.session).or_default() += 1;
        }
    }
    votes.into_iter().max_by_key(|(_, votes)| *votes).map(|(session, _)| session)
}

/// Tells of each that left until the message was there; gives when it was.
fn tell(
    case: &Case<'_>,
    carriers: &[Carrier<'_>],
    direction: Direction,
    ready: Instant,
    told: &mut Told,
) -> Option<Instant> {
    let there = carriers.iter().filter_map(|it| arrival(it.passage)).min();
    for (index, carrier) in carriers.iter().enumerate() {
        if there.is_some_and(|there| carrier.passage.entered > there) {
            break;
        }
        let moment = after(case.fate.sent, carrier.passage.entered);
        let (why, fate) = (why(carrier, index == 0), fate(carrier));
        told.reasons.push(format!("{moment}, {}: {why}{fate}", way(direction)));
        let brought = arrival(carrier.passage).is_some() && arrival(carrier.passage) == there;
        let weight = match (arrival(carrier.passage), brought) {
            (None, _) => Weight::Lost,
            (Some(_), true) => Weight::Own,
            (Some(_), false) => Weight::Again,
        };
        told.marks.insert(carrier.place, (weight, why));
    }
    match (there, carriers.first()) {
        (Some(there), Some(first))
            if there - ready > Duration::ZERO && first.passage.entered - ready > AT_ONCE =>
        {
            told.reasons.push(format!(
                "It waited {} before it left {} for the first time (window or pacing).",
                span(first.passage.entered - ready),
                way(direction)
            ));
        }
        (None, _) => told.reasons.push(format!("None of them arrived {}.", way(direction))),
        _ => {}
    }
    there
}

fn fate(carrier: &Carrier<'_>) -> String {
    match arrival(carrier.passage) {
        Some(at) => format!("; it arrived after {}.", span(at - carrier.passage.entered)),
        None => format!("; dropped{}.", cause(carrier.passage)),
    }
}

/// Why this datagram left with the message in it.
fn why(carrier: &Carrier<'_>, is_first: bool) -> String {
    let others = carrier.departure.pieces.len() - 1;
    let beside = match others {
        0 => String::new(),
        1 => " beside another message".to_owned(),
        _ => format!(" beside {others} other messages"),
    };
    match (carrier.cargo.cause, carrier.departure.cause) {
        _ if is_first => format!("for the first time{beside}"),
        (PieceCause::First, _) => format!("more of it{beside}"),
        (PieceCause::Copy, SendCause::ExtraCopy) => {
            format!(
                "an extra copy, before any loss was known (ours: one more for what the loss calls for){beside}"
            )
        }
        (PieceCause::Copy, SendCause::Probe) => {
            format!(
                "a copy in a probe, since nothing was acknowledged for a probe timeout (RFC 9002 §6.2.4){beside}"
            )
        }
        (PieceCause::Copy, _) => {
            format!("a copy in a datagram that left anyway (ours: not acknowledged yet){beside}")
        }
        (PieceCause::Retransmission, SendCause::Probe) => {
            format!(
                "again in a probe, since nothing was acknowledged for a probe timeout (RFC 9002 §6.2.4){beside}"
            )
        }
        (PieceCause::Retransmission, _) => {
            format!("again, since all that had carried it was declared lost (RFC 9002 §6.1){beside}")
        }
    }
}
