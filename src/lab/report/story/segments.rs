//! Which bytes did TCP send when, which of them again, and when was there no gap before them?
//!
//! ```text
//!  sequence   0       100      200      300
//!  sent       [───────)[──×────)[───────)         × dropped
//!  again                [───────)                 overlaps what was sent before: a retransmission
//!  complete   100 ······················ 300      nothing behind the gap may be read before it is filled
//! ```
//!
//! RFC 9293 §3.4 numbers bytes; numbers here count from the first byte that was seen.

use super::words::arrival;
use crate::lab::bench::{Passage, Protocol, TcpPart};
use crate::lab::link::Direction;
use crate::time::Instant;
use std::collections::BTreeMap;

const ACK: u8 = 16;
const SYN_FIN_RST: u8 = 7;

/// A segment with data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Its place among all packets of the run.
    pub place: usize,
    /// Its first byte.
    pub start: i64,
    /// The byte behind its last.
    pub end: i64,
    /// When it entered the link.
    pub entered: Instant,
    /// When it left it; `None`: dropped.
    pub arrived: Option<Instant>,
    /// Some of its bytes had been sent before.
    pub again: bool,
}

/// An arrival, and the edge before which no byte was missing, before it and after.
#[derive(Clone, Copy, Debug)]
struct Step {
    arrival: Segment,
    before: i64,
    edge: i64,
}

/// All segments with data of one direction of one connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segments {
    port: u16,
    direction: Direction,
    /// The sequence number of byte 0.
    base: u32,
    /// In the order in which they entered.
    pub all: Vec<Segment>,
}

fn tcp(passage: &Passage) -> Option<TcpPart> {
    match passage.protocol {
        Protocol::Tcp(part) => Some(part),
        Protocol::Udp | Protocol::Other => None,
    }
}

impl Segments {
    /// Those of this client's connection in this direction.
    pub fn of(passages: &[Passage], port: u16, direction: Direction) -> Self {
        let mine = passages.iter().enumerate().filter_map(|(place, it)| {
            let segment = tcp(it).filter(|segment| segment.bytes > 0)?;
            (it.client_port == port && it.direction == direction).then_some((place, it, segment))
        });
        let (mut base, mut newest) = (None, 0);
        let mut all = Vec::new();
        for (place, it, segment) in mine {
            let base = *base.get_or_insert(segment.sequence);
            let start = i64::from(segment.sequence.wrapping_sub(base).cast_signed());
            let end = start + i64::from(segment.bytes);
            all.push(Segment {
                place,
                start,
                end,
                entered: it.entered,
                arrived: arrival(it),
                again: start < newest,
            });
            newest = newest.max(end);
        }
        Self { port, direction, base: base.unwrap_or(0), all }
    }

    /// The first with new bytes beyond this one that left at this moment or later.
    pub fn first_new(&self, from: Instant, beyond: i64) -> Option<Segment> {
        self.all.iter().copied().find(|it| !it.again && it.entered >= from && it.end > beyond)
    }

    /// The arrival after which all bytes before `end` were there; `None`: they never were.
    pub fn completes(&self, end: i64) -> Option<Segment> {
        self.steps().into_iter().find(|step| step.edge >= end).map(|step| step.arrival)
    }

    /// Up to which byte all could be read before the arrival that let more be read for the last time before
    /// this moment: what was handed out at this moment lies behind. `None`: nothing could be read until then.
    pub fn read_before(&self, moment: Instant) -> Option<i64> {
        let steps = self.steps();
        let came = steps.iter().take_while(|step| step.arrival.arrived <= Some(moment));
        came.filter(|step| step.edge > step.before).last().map(|step| step.before)
    }

    /// What each arrival, in the order of time, did to the edge before which nothing is missing.
    fn steps(&self) -> Vec<Step> {
        let mut arrivals: Vec<Segment> = self.all.iter().copied().filter(|it| it.arrived.is_some()).collect();
        arrivals.sort_by_key(|it| it.arrived);
        let mut edge = self.all.iter().map(|it| it.start).min().unwrap_or(0);
        let mut waiting: BTreeMap<i64, i64> = BTreeMap::new();
        let step = |arrival: Segment| {
            let before = edge;
            let until = waiting.entry(arrival.start).or_insert(arrival.end);
            *until = arrival.end.max(*until);
            while let Some((start, until)) = waiting.first_key_value().map(|(start, until)| (*start, *until))
                && start <= edge
            {
                edge = until.max(edge);
                waiting.remove(&start);
            }
            Step { arrival, before, edge }
        };
        arrivals.into_iter().map(step).collect()
    }

    /// Every segment that carried some of these bytes, in the order sent.
    pub fn copies(&self, of: Segment) -> Vec<Segment> {
        self.all.iter().copied().filter(|it| it.start < of.end && of.start < it.end).collect()
    }

    /// The acknowledgements that the sender had at this moment and that said, not for the first time, that
    /// this byte is the next one wanted: duplicates (RFC 5681 §2). Places among all packets.
    pub fn duplicate_acks(&self, passages: &[Passage], byte: i64, until: Instant) -> Vec<usize> {
        let Ok(offset) = u32::try_from(byte) else { return Vec::new() };
        let wanted = self.base.wrapping_add(offset);
        let is_one = |it: &Passage| {
            let plain = |it: TcpPart| it.bytes == 0 && it.flags & ACK != 0 && it.flags & SYN_FIN_RST == 0;
            tcp(it).is_some_and(|segment| plain(segment) && segment.acknowledgement == wanted)
                && it.client_port == self.port
                && it.direction != self.direction
                && arrival(it).is_some_and(|at| at <= until)
        };
        let same = passages.iter().enumerate().filter(|(_, it)| is_one(it));
        same.map(|(place, _)| place).skip(1).collect()
    }
}
