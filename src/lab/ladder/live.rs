//! What has one end seen until now, and why did it send something again?
//!
//! ```text
//!  facts, as they come ─▶ Live ─▶ Row  #40  sent      ✗ lost
//!                                 Row       received, and the rule that says that #40 is lost
//!                                 Row  #42  sent      ✓ acknowledged; in place of #40
//! ```
//!
//! A ladder of both ends knows what never came. One end knows only what the other acknowledges and what its
//! own rules declare lost; a [`Row`] is marked so as soon as either is known. The oldest rows go when there
//! are too many.

use super::datagrams::{Act, Step, act_of, is_load, joins};
use super::{Recorded, words};
use crate::trace::{SendCause, TraceEvent};
use std::collections::{BTreeMap, VecDeque};

/// Rows kept.
pub const ROWS_MAX: usize = 2_000;
/// Facts of one row; further ones of the same moment make another.
const FACTS_MAX: usize = 64;
/// Pieces declared lost that are remembered until they go again.
const LOST_MAX: usize = 1_024;

/// What is known of a datagram that left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Known {
    /// Nothing yet; or it did not leave from here.
    #[default]
    Nothing,
    /// The peer has it.
    Acknowledged,
    /// A rule has declared it lost.
    Lost,
}

/// How a note is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// It says what passes.
    What,
    /// It says why something was sent again, held to be lost, or dropped.
    Why,
    /// It is for the curious.
    Aside,
}

/// A datagram (over TCP: a frame), or what happened at this end alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Rises with each row and is never used twice.
    pub number: u64,
    /// This end's own connection id.
    pub session: u64,
    /// What it is made of.
    pub step: Step,
    /// What became of it.
    pub known: Known,
    /// The packets declared lost whose contents it carries again.
    pub stands_for: Vec<u64>,
}

impl Row {
    /// The words beside it, the first ones on its own line.
    pub fn notes(&self) -> Vec<(Tone, String)> {
        let facts = &self.step.facts;
        let mut notes = Vec::new();
        if matches!(self.step.act, Act::Departs(..)) {
            notes.extend(words::departure(facts).into_iter().map(|text| (self.tone(), self.in_place(text))));
        }
        // What a frame is goes before what it tells.
        let is_frame = matches!(facts.first(), Some(TraceEvent::FrameReceived { .. }));
        let acknowledged = acknowledged(facts).map(|text| (Tone::What, text));
        notes.extend(acknowledged.clone().filter(|_| !is_frame));
        for fact in facts {
            let why = words::timed_out(fact).or_else(|| words::verdict(fact)).or_else(|| path(fact));
            let what = || words::of_message(fact).or_else(|| words::of_session(fact));
            let tone = if is_aside(fact) { Tone::Aside } else { Tone::Why };
            notes.extend(why.map(|text| (tone, text)).or_else(|| what().map(|text| (tone_of(fact), text))));
        }
        notes.extend(acknowledged.filter(|_| is_frame));
        notes.extend(words::gone_back(facts).map(|text| (Tone::Why, text)));
        notes
    }

    /// Was it sent for a reason that wants telling?
    fn tone(&self) -> Tone {
        let again = self.step.facts.iter().any(|fact| match fact {
            TraceEvent::PacketSent { cause, .. } => {
                matches!(cause, SendCause::Retransmission | SendCause::Probe | SendCause::ExtraCopy)
            }
            TraceEvent::HandshakeSent { attempt, .. } => *attempt > 1,
            _ => false,
        });
        if again { Tone::Why } else { Tone::What }
    }

    fn in_place(&self, text: String) -> String {
        match words::runs(self.stands_for.iter().copied()) {
            Some(runs) => format!("{text}, in place of {runs}"),
            None => text,
        }
    }

    fn left_as(&self, session: u64, wanted: u64) -> bool {
        let is_it = matches!(self.step.act, Act::Departs(label, _) if label.number == Some(wanted));
        is_it && self.session == session
    }
}

/// `acknowledged: #41 (RTT 26.1 ms)`
fn acknowledged(facts: &[TraceEvent]) -> Option<String> {
    let rtt = facts.iter().find_map(|fact| match fact {
        TraceEvent::RttSampled { sample, .. } => Some(format!("RTT {} ms", words::ms(*sample))),
        _ => None,
    });
    match (words::acknowledged(facts), rtt) {
        (Some(numbers), Some(rtt)) => Some(format!("{numbers} ({rtt})")),
        (numbers, rtt) => numbers.or(rtt),
    }
}

/// What is known of the path, but for what changes with each acknowledgement.
fn path(fact: &TraceEvent) -> Option<String> {
    let is_usual = matches!(fact, TraceEvent::RttSampled { .. } | TraceEvent::WindowMoved { .. });
    if is_usual { None } else { words::measure(fact) }
}

const fn is_aside(fact: &TraceEvent) -> bool {
    matches!(fact, TraceEvent::AckTimerFired | TraceEvent::PacingTimerFired | TraceEvent::DatagramSize { .. })
}

const fn tone_of(fact: &TraceEvent) -> Tone {
    match fact {
        TraceEvent::DatagramDropped { .. }
        | TraceEvent::PieceDuplicate { .. }
        | TraceEvent::Liveness { .. }
        | TraceEvent::Roamed
        | TraceEvent::Closed { .. } => Tone::Why,
        _ => Tone::What,
    }
}

/// The ladder of one end.
#[derive(Debug, Default)]
pub struct Live {
    rows: VecDeque<Row>,
    next: u64,
    /// What the datagram carries that leaves next.
    load: Vec<TraceEvent>,
    /// By channel, message and offset: the packet declared lost that carried this piece.
    lost: BTreeMap<(u64, u64, u64), u64>,
}

impl Live {
    /// The rows, oldest first.
    pub const fn rows(&self) -> &VecDeque<Row> {
        &self.rows
    }

    /// This happened; of the rows at most so many are kept.
    pub fn on_fact(&mut self, fact: Recorded, keep: usize) {
        self.settle(&fact);
        if is_load(&fact.event) {
            if self.load.len() < FACTS_MAX {
                self.load.push(fact.event);
            }
            return;
        }
        let stands_for = self.replaced(&fact.event);
        if let Some(row) = self.rows.back_mut()
            && row.session == fact.session
            && row.step.facts.len() < FACTS_MAX
            && continues(&mut row.step, &fact)
        {
            row.step.facts.append(&mut self.load);
            row.step.facts.push(fact.event);
            row.stands_for.extend(stands_for);
            return;
        }
        let act = act_of(&fact.event);
        let mut facts =
            if matches!(act, Act::Departs(..)) { std::mem::take(&mut self.load) } else { Vec::new() };
        facts.push(fact.event);
        let step = Step { at: fact.at, side: fact.side, act, facts };
        let (number, session) = (self.next, fact.session);
        self.next += 1;
        self.rows.push_back(Row { number, session, step, known: Known::Nothing, stands_for });
        while self.rows.len() > keep.max(1) {
            self.rows.pop_front();
        }
    }

    /// Marks the datagram whose fate this tells.
    fn settle(&mut self, fact: &Recorded) {
        let (number, known) = match fact.event {
            TraceEvent::PacketAcknowledged { number } | TraceEvent::LossSpurious { number, .. } => {
                (number, Known::Acknowledged)
            }
            TraceEvent::PacketLost { number, .. } | TraceEvent::PacketTimedOut { number, .. } => {
                (number, Known::Lost)
            }
            _ => return,
        };
        let Some(row) = self.rows.iter_mut().rev().find(|row| row.left_as(fact.session, number)) else {
            return;
        };
        row.known = known;
        for piece in row.step.facts.iter().filter_map(place) {
            if known == Known::Lost && self.lost.len() < LOST_MAX {
                self.lost.insert(piece, number);
            } else {
                self.lost.remove(&piece);
            }
        }
    }

    /// The lost packets whose contents leave again with this one.
    fn replaced(&mut self, event: &TraceEvent) -> Vec<u64> {
        if !matches!(event, TraceEvent::PacketSent { .. }) {
            return Vec::new();
        }
        let again = self.load.iter().filter_map(place).filter_map(|piece| self.lost.remove(&piece));
        let mut numbers: Vec<u64> = again.collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// One end cannot know whether a packet came behind a handshake part in the same datagram; but what is in the
/// same row otherwise is.
fn continues(step: &mut Step, fact: &Recorded) -> bool {
    joins(step, fact, |_| false)
}

/// Which piece of which message.
const fn place(fact: &TraceEvent) -> Option<(u64, u64, u64)> {
    match fact {
        TraceEvent::PieceSent { channel, sequence, offset, .. } => Some((*channel, *sequence, *offset)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::ladder::Side;
    use crate::time::{Duration, at};
    use crate::trace::PieceCause;

    fn live(events: &[(u64, TraceEvent)]) -> Live {
        let mut live = Live::default();
        for (ms, event) in events {
            let (at, side, event) = (at(ms * 1_000), Side::Client, event.clone());
            live.on_fact(Recorded { at, side, session: 7, event }, ROWS_MAX);
        }
        live
    }

    fn piece(sequence: u64, cause: PieceCause) -> TraceEvent {
        TraceEvent::PieceSent { channel: 8, sequence, offset: 0, len: 5, cause }
    }

    fn sent(number: u64, cause: SendCause) -> TraceEvent {
        TraceEvent::PacketSent { number, bytes: 60, cause }
    }

    fn lost(number: u64) -> TraceEvent {
        TraceEvent::PacketLost { number, by_time: true, age: Duration::from_millis(57), size_probe: false }
    }

    fn told(row: &Row) -> String {
        row.notes().into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn a_retransmission_says_which_packet_it_stands_for_and_by_which_rule_that_is_lost() {
        let live = live(&[
            (0, piece(0, PieceCause::First)),
            (0, sent(3, SendCause::First)),
            (10, piece(1, PieceCause::First)),
            (10, sent(4, SendCause::First)),
            (57, TraceEvent::PacketReceived { number: 1, bytes: 30, late: false }),
            (57, TraceEvent::PacketAcknowledged { number: 4 }),
            (57, lost(3)),
            (57, piece(0, PieceCause::Retransmission)),
            (57, sent(5, SendCause::Retransmission)),
        ]);
        let rows: Vec<&Row> = live.rows().iter().collect();
        assert_eq!(rows.len(), 4);
        assert_eq!(
            [rows[0].known, rows[1].known, rows[3].known],
            [Known::Lost, Known::Acknowledged, Known::Nothing]
        );
        assert!(told(rows[2]).contains("acknowledged: #4 | #3 is lost: overtaken"), "{}", told(rows[2]));
        assert!(told(rows[3]).ends_with("channel 8: message 0 (5 B), in place of #3"), "{}", told(rows[3]));
        assert_eq!(rows[3].notes()[0].0, Tone::Why);
        assert_eq!(rows[0].notes(), [(Tone::What, "channel 8: message 0 (5 B)".to_owned())]);
    }

    #[test]
    fn what_was_only_late_is_marked_as_there_and_nothing_stands_for_it() {
        let spurious = TraceEvent::LossSpurious { number: 3, after: Duration::from_millis(2) };
        let live = live(&[
            (0, piece(0, PieceCause::First)),
            (0, sent(3, SendCause::First)),
            (57, lost(3)),
            (59, spurious),
            (60, piece(0, PieceCause::Copy)),
            (60, sent(4, SendCause::First)),
        ]);
        assert_eq!(live.rows()[0].known, Known::Acknowledged);
        assert!(live.rows().iter().all(|row| row.stands_for.is_empty()));
    }

    #[test]
    fn numbers_of_another_session_are_other_packets() {
        let mut live = live(&[(0, sent(3, SendCause::First))]);
        let (at, side, event) = (at(1), Side::Client, TraceEvent::PacketAcknowledged { number: 3 });
        live.on_fact(Recorded { at, side, session: 8, event }, ROWS_MAX);
        assert_eq!(live.rows()[0].known, Known::Nothing);
    }

    #[test]
    fn rows_facts_and_lost_pieces_are_bounded() {
        let mut live = Live::default();
        let mut happens = |ms: u64, event| {
            let fact = Recorded { at: at(ms * 1_000), side: Side::Client, session: 7, event };
            live.on_fact(fact, 10);
        };
        (0..3_000).for_each(|n| happens(0, piece(n, PieceCause::First)));
        (0..100).for_each(|n| happens(n, sent(n, SendCause::First)));
        (0..1_000).for_each(|n| happens(100, TraceEvent::PacketAcknowledged { number: n }));
        assert_eq!((live.rows().len(), live.load.len()), (10, 0));
        assert!(live.rows().iter().all(|row| row.step.facts.len() <= FACTS_MAX));
        for n in 0..2_000 {
            for event in [piece(n, PieceCause::First), sent(n, SendCause::First), lost(n)] {
                live.on_fact(Recorded { at: at(n), side: Side::Client, session: 7, event }, 10);
            }
        }
        assert_eq!(live.lost.len(), LOST_MAX);
    }

    #[test]
    fn frames_of_a_stream_are_rows_too() {
        let live = live(&[
            (0, TraceEvent::FrameSent { number: 4, kind: "message", bytes: 63 }),
            (9, TraceEvent::FrameReceived { number: 2, kind: "message", bytes: 80 }),
            (9, TraceEvent::MessageDelivered { channel: 8, bytes: 50 }),
        ]);
        let rows: Vec<String> = live.rows().iter().map(told).collect();
        assert_eq!(rows, ["message (63 B)", "message (80 B) | delivered: 50 B on channel 8"]);
    }
}
