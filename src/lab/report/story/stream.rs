//! Why was a message late over TCP?
//!
//! On each of its two hops: when did the first segment leave, after the message was there, whose bytes may be
//! its own (new, and on the last hop not read before it was handed out), when was there no gap before its end, and whose arrival closed the last one? If that was another segment's, the
//! message waited at the head of the line for bytes that are not its own. If a segment went again, which rule
//! fits: three duplicate ACKs (RFC 5681 §3.2), a timer that Linux never sets below 200 ms (RFC 6298), or
//! something quicker (RFC 6675, RFC 8985)?

use super::segments::{Segment, Segments};
use super::words::{after, cause, count, span, way};
use super::{Case, Told, Weight};
use crate::lab::link::Direction;
use crate::time::{Duration, Instant};

/// RFC 5681 §3.2.
const DUPLICATES: usize = 3;

/// The least retransmission timeout of Linux (RFC 6298 §2.4 asks for a second).
const LEAST_TIMEOUT: Duration = Duration::from_millis(200);

/// A message that leaves within this is not held back.
const AT_ONCE: Duration = Duration::from_millis(5);

/// What the packets show.
pub fn told(case: &Case<'_>) -> Told {
    let mut told = Told::default();
    let mut ready = Some(case.fate.sent);
    for (port, direction) in [(case.ports.sender, Direction::Up), (case.ports.receiver, Direction::Down)] {
        let Some(from) = ready else { break };
        let hop = Hop { case, segments: Segments::of(case.passages, port, direction), direction };
        ready = hop.tell(from, &mut told);
    }
    let [later, _] = case.together;
    if later > 0 {
        let messages = count(later, "later message");
        told.reasons.push(format!(
            "With it came {messages} that had waited behind the same gap: a stream has one order."
        ));
    }
    told
}

/// One connection, in one direction.
struct Hop<'a> {
    case: &'a Case<'a>,
    segments: Segments,
    direction: Direction,
}

impl Hop<'_> {
    fn moment(&self, moment: Instant) -> String {
        after(self.case.fate.sent, moment)
    }

    /// Tells of the message that was there at `ready`; gives when it had passed.
    fn tell(&self, ready: Instant, told: &mut Told) -> Option<Instant> {
        let way = way(self.direction);
        let Some(own) = self.segments.first_new(ready, self.read_already()) else {
            told.reasons.push(format!("No segment with new bytes left {way} afterwards."));
            return None;
        };
        let text = "the first since it was there with bytes that may be its own";
        told.marks.insert(own.place, (Weight::Own, text.to_owned()));
        let held = own.entered - ready;
        if held > AT_ONCE {
            told.reasons.push(format!(
                "Its bytes waited {} before they left {way}: TCP sent nothing new until then (a window, Nagle's \
                 algorithm, or a busy machine; the packets do not show which).",
                span(held)
            ));
        }
        let Some(last) = self.segments.completes(own.end) else {
            told.reasons.push(format!("The bytes up to its end were never complete {way}."));
            self.tell_copies(own, told);
            return None;
        };
        self.tell_wait(own, last, told);
        last.arrived
    }

    /// On the last hop, the byte up to which everything had been read before the message was handed out: it
    /// is none of that, even if it left after the message was there.
    fn read_already(&self) -> i64 {
        let delivered = self.case.fate.delivered.filter(|_| self.direction == Direction::Down);
        delivered.and_then(|at| self.segments.read_before(at)).unwrap_or(i64::MIN)
    }

    /// What closed the last gap before the message's end, and why so late.
    fn tell_wait(&self, own: Segment, last: Segment, told: &mut Told) {
        let way = way(self.direction);
        let passed = |it: Segment| span(it.arrived.unwrap_or(it.entered) - own.entered);
        if last.place == own.place {
            told.reasons.push(format!(
                "Its segment passed {way} in {}, and nothing before it was missing.",
                passed(own)
            ));
            return;
        }
        let is_own = last.start < own.end && own.start < last.end;
        if is_own {
            let fate = if own.arrived.is_none() { "dropped" } else { "overtaken" };
            told.reasons.push(format!(
                "Its own segment was {fate} {way}; its bytes were there after {}.",
                passed(last)
            ));
        } else {
            let own_fate = match own.arrived {
                Some(_) => format!("arrived after {}", passed(own)),
                None => "was dropped, too".to_owned(),
            };
            told.reasons.push(format!(
                "Head of line: {way} its own segment {own_fate}, but bytes before it were missing, and came {} \
                 after it had left.",
                passed(last)
            ));
        }
        self.tell_copies(last, told);
    }

    /// Each time that these bytes were sent, and what made them go again.
    fn tell_copies(&self, of: Segment, told: &mut Told) {
        let copies = self.segments.copies(of);
        for it in copies.iter().filter(|it| it.arrived.is_none()) {
            let dropped = cause(&self.case.passages[it.place]);
            let place = format!("bytes {} to {}", it.start, it.end);
            told.reasons
                .push(format!("{}: the segment with {place} was dropped{dropped}.", self.moment(it.entered)));
            told.marks.insert(it.place, (Weight::Lost, place));
        }
        for (index, pair) in copies.windows(2).enumerate() {
            let [before, again] = pair else { continue };
            self.tell_again(*before, *again, index == 0, told);
        }
    }

    fn tell_again(&self, before: Segment, again: Segment, is_first: bool, told: &mut Told) {
        let asks = self.segments.duplicate_acks(self.case.passages, before.start, again.entered);
        let gap = again.entered - before.entered;
        let reason = match before.arrived {
            Some(_) => "For nothing: the one before it was not lost.".to_owned(),
            None if is_first => rule(asks.len(), gap),
            None => rule_of_repeated(gap).to_owned(),
        };
        let lost = if again.arrived.is_none() { ", and was lost again" } else { "" };
        told.reasons.push(format!(
            "{}: sent again after {}{lost}. {reason}",
            self.moment(again.entered),
            span(gap)
        ));
        let weight = if again.arrived.is_none() { Weight::Lost } else { Weight::Again };
        told.marks.insert(again.place, (weight, format!("again: bytes {} to {}", again.start, again.end)));
        for (number, place) in asks.into_iter().enumerate().take(DUPLICATES) {
            let text = format!("duplicate ACK {}: wants byte {}", number + 1, before.start);
            told.marks.entry(place).or_insert((Weight::Asks, text));
        }
    }
}

/// Which rule fits a retransmission after so many duplicate ACKs and so long.
fn rule(duplicates: usize, gap: Duration) -> String {
    let came = count(duplicates, "duplicate ACK");
    match duplicates {
        DUPLICATES.. => format!("Fast retransmit fits: {came} had come (RFC 5681 §3.2 asks for three)."),
        _ if gap >= LEAST_TIMEOUT => format!(
            "The retransmission timer fits (RFC 6298; never below 200 ms in Linux): {came} had come, fewer than \
             the three of fast retransmit."
        ),
        0 => "A tail loss probe fits (RFC 8985 §7: no ACK for about two round trips): no duplicate ACK had come, \
              and the retransmission timer of Linux is never below 200 ms."
            .to_owned(),
        _ => format!(
            "SACK or RACK's clock fits (RFC 6675, RFC 8985 §6): {came} had come, fewer than the three of fast \
             retransmit, and the retransmission timer of Linux is never below 200 ms."
        ),
    }
}

/// Which rule fits when what had gone again was lost again. Fast retransmit sends a segment once only.
fn rule_of_repeated(gap: Duration) -> &'static str {
    if gap >= LEAST_TIMEOUT {
        "The retransmission timer fits (RFC 6298): fast retransmit does not repeat itself."
    } else {
        "RACK's clock fits (RFC 8985 §6: it sees that a retransmission was lost, too)."
    }
}
