//! What happened, in a reader's words, and which rule is behind it?
//!
//! The code that decides tells facts; the prose stands here, beside the clause of the RFC.

use super::datagrams::{Act, Step};
use crate::time::Duration;
use crate::trace::{DropReason, PieceCause, SendCause, TraceEvent};
use crate::wire::datagram::DATAGRAM_BASE;

/// How many messages of one datagram are named; the others are counted.
const MESSAGES_NAMED: usize = 2;

/// The words beside a step, a paragraph each.
pub fn notes(step: &Step) -> Vec<String> {
    let mut notes = Vec::new();
    if matches!(step.act, Act::Departs(..)) {
        notes.extend(departure(&step.facts));
    }
    notes.extend(acknowledged(&step.facts));
    notes.extend(step.facts.iter().filter_map(timed_out));
    notes.extend(gone_back(&step.facts));
    notes.extend(step.facts.iter().filter_map(happening));
    notes
}

/// What a datagram carries, and why it leaves.
pub(super) fn departure(facts: &[TraceEvent]) -> Vec<String> {
    let mut notes = Vec::new();
    let carries = carried(facts);
    for fact in facts {
        match fact {
            TraceEvent::HandshakeSent { attempt, .. } if *attempt > 1 => notes.push(format!(
                "attempt {attempt}, no answer yet (ours: 150 ms at first; RFC 6298 §2.1 waits 1 s)"
            )),
            TraceEvent::PacketSent { cause, .. } => notes.push(sent(*cause, &carries)),
            TraceEvent::FrameSent { kind, bytes, .. } => notes.push(framed(kind, *bytes)),
            _ => {}
        }
    }
    if notes.is_empty() && !carries.is_empty() {
        notes.push(carries);
    }
    notes
}

/// `message (63 B)`, as a frame on a stream.
fn framed(kind: &str, bytes: usize) -> String {
    format!("{kind} ({bytes} B)")
}

fn sent(cause: SendCause, carries: &str) -> String {
    let behind = if carries.is_empty() { String::new() } else { format!(", {carries}") };
    match cause {
        SendCause::First | SendCause::Acknowledgement => carries.to_owned(),
        SendCause::Retransmission => format!("again, as a new packet (RFC 9000 §13.3): {carries}"),
        SendCause::ExtraCopy => format!("an extra copy, before any loss is known (ours): {carries}"),
        SendCause::Probe if carries.is_empty() => "probe, a ping (RFC 9002 §6.2.4)".to_owned(),
        SendCause::Probe => format!("probe (RFC 9002 §6.2.4): {carries}"),
        SendCause::Heartbeat => format!("ping, nothing else to say (RFC 9000 §10.1.2){behind}"),
        SendCause::SizeProbe => "does one so large pass? (RFC 8899 §4.1)".to_owned(),
        SendCause::Control => format!("credit, path or close (RFC 9000 §4, §8.2, §10.2){behind}"),
    }
}

/// `channel 8: message 3 (5 B), ack ≤#7`
fn carried(facts: &[TraceEvent]) -> String {
    let pieces: Vec<String> = facts.iter().filter_map(piece).collect();
    let mut parts: Vec<String> = pieces.iter().take(MESSAGES_NAMED).cloned().collect();
    if pieces.len() > MESSAGES_NAMED {
        parts.push(format!("{} more", pieces.len() - MESSAGES_NAMED));
    }
    let ack = facts.iter().find_map(|fact| match fact {
        TraceEvent::AckSent { largest } => Some(format!("ack ≤#{largest}")),
        _ => None,
    });
    parts.extend(ack);
    parts.join(", ")
}

fn piece(fact: &TraceEvent) -> Option<String> {
    if let TraceEvent::MessageAbandoned { channel, sequence } = fact {
        return Some(format!("channel {channel}: message {sequence} is abandoned (RFC 3758 §3.5)"));
    }
    let TraceEvent::PieceSent { channel, sequence, offset, len, cause } = fact else { return None };
    let copy = if *cause == PieceCause::Copy { "copy of " } else { "" };
    let from = if *offset > 0 { format!(" from {offset}") } else { String::new() };
    Some(format!("channel {channel}: {copy}message {sequence} ({len} B{from})"))
}

/// Which packets the peer turns out to have: one line for all that one acknowledgement names.
pub(super) fn acknowledged(facts: &[TraceEvent]) -> Option<String> {
    let numbers = facts.iter().filter_map(|fact| match fact {
        TraceEvent::PacketAcknowledged { number } => Some(*number),
        _ => None,
    });
    runs(numbers).map(|runs| format!("acknowledged: {runs}"))
}

pub(super) fn timed_out(fact: &TraceEvent) -> Option<String> {
    let TraceEvent::PacketTimedOut { number, age, behind: false } = fact else { return None };
    Some(format!(
        "retransmission timer: #{number} is lost, out for {} ms and not acknowledged (Kurose & Ross §3.4, RFC 6298 §5)",
        ms(*age)
    ))
}

/// Which packets go again with one that timed out: one line for all.
pub(super) fn gone_back(facts: &[TraceEvent]) -> Option<String> {
    let numbers = facts.iter().filter_map(|fact| match fact {
        TraceEvent::PacketTimedOut { number, behind: true, .. } => Some(*number),
        _ => None,
    });
    let gone = runs(numbers)?;
    Some(format!("what left after it goes again too: {gone} (go-back-N, Kurose & Ross §3.4.3)"))
}

/// `#3–#5, #7`, of none nothing.
pub(super) fn runs(numbers: impl Iterator<Item = u64>) -> Option<String> {
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let runs: Vec<String> = runs
        .iter()
        .map(|(first, last)| if first == last { format!("#{first}") } else { format!("#{first}–#{last}") })
        .collect();
    (!runs.is_empty()).then(|| runs.join(", "))
}

/// The words of a fact that is no departure.
fn happening(fact: &TraceEvent) -> Option<String> {
    verdict(fact).or_else(|| measure(fact)).or_else(|| of_message(fact)).or_else(|| of_session(fact))
}

/// What a rule has decided about a packet, or a timer that fired.
pub(super) fn verdict(fact: &TraceEvent) -> Option<String> {
    Some(match fact {
        TraceEvent::PacketLost { number, by_time: false, .. } => format!(
            "#{number} is lost: one sent 3 or more after it was acknowledged (packet threshold, RFC 9002 §6.1.1)"
        ),
        TraceEvent::PacketLost { number, by_time: true, age, .. } => format!(
            "#{number} is lost: overtaken, and out for {} ms, 9/8 of a round trip or more (time threshold, RFC 9002 §6.1.2)",
            ms(*age)
        ),
        TraceEvent::PacketOutOfOrder { channel, sequence, .. } => format!(
            "dropped, and not acknowledged: message {sequence} of channel {channel} comes before its turn (go-back-N receiver, Kurose & Ross §3.4.3)"
        ),
        TraceEvent::LossSpurious { number, after } => format!(
            "#{number} was only late: acknowledged {} ms after it was declared lost; what was sent again for it was spurious (RFC 9002 §6.1, RFC 4015 §1)",
            ms(*after)
        ),
        TraceEvent::ProbeFired { count } => format!(
            "probe timer, {}: nothing acknowledged for SRTT + 4·RTTVAR (RFC 9002 §6.2.1)",
            ordinal(*count)
        ),
        TraceEvent::AckTimerFired => {
            "acknowledgement timer: held back no longer (RFC 9000 §13.2.1; TCP: RFC 9293 §3.8.6.3)".to_owned()
        }
        TraceEvent::PacingTimerFired => {
            "pacing timer: what the window admits is spread over the round trip (RFC 9002 §7.7)".to_owned()
        }
        _ => return None,
    })
}

/// What is known of the path by now.
pub(super) fn measure(fact: &TraceEvent) -> Option<String> {
    Some(match fact {
        TraceEvent::RttSampled { sample, smoothed, variation, .. } => format!(
            "RTT {}, SRTT {}, RTTVAR {} ms (RFC 9002 §5.3)",
            ms(*sample),
            ms(*smoothed),
            ms(*variation)
        ),
        TraceEvent::WindowMoved { window, in_flight } => {
            format!("window {window} B, in flight {in_flight} B (RFC 9002 §7)")
        }
        TraceEvent::CongestionMarked { count } => format!(
            "a queue has marked {count} more of ours: the window answers as to a loss, nothing goes again (ECN, RFC 9002 §7.1)"
        ),
        // That it works is no news.
        TraceEvent::EcnTested { works: false } => {
            "what a queue may mark is lost here, or marks cannot be true: no ECN here (RFC 9000 §13.4.2)"
                .to_owned()
        }
        TraceEvent::DatagramSize { bytes: bytes @ DATAGRAM_BASE } => {
            format!("large datagrams vanish, small ones arrive: at most {bytes} B again (RFC 8899 §4.3)")
        }
        TraceEvent::DatagramSize { bytes } => format!("datagrams of up to {bytes} B pass (RFC 8899 §4.1)"),
        TraceEvent::CopiesRest { span } => {
            format!("a queue stands, or most is lost: no copies for {} ms (ours)", ms(*span))
        }
        _ => return None,
    })
}

/// What became of a message, or of a piece of one.
pub(super) fn of_message(fact: &TraceEvent) -> Option<String> {
    Some(match fact {
        TraceEvent::PieceDuplicate { channel, sequence } => format!(
            "channel {channel}: message {sequence} was here already: a copy, or sent again for nothing (RFC 9000 §2.2)"
        ),
        TraceEvent::MessagesExpired { count } => {
            format!("{count} forgotten that nobody wants any more, nothing of them was sent (RFC 3758 §3.5)")
        }
        TraceEvent::PieceOutdated { channel, sequence } => {
            format!("channel {channel}: message {sequence} is older than the latest, and dropped")
        }
        TraceEvent::MessageDelivered { channel, bytes } => {
            format!("delivered: {bytes} B on channel {channel}")
        }
        _ => return None,
    })
}

/// What the session comes through, and what comes to it.
pub(super) fn of_session(fact: &TraceEvent) -> Option<String> {
    Some(match fact {
        TraceEvent::PacketReceived { late: true, .. } => "overtaken on the way".to_owned(),
        TraceEvent::FrameReceived { kind, bytes, .. } => framed(kind, *bytes),
        TraceEvent::DatagramDropped { reason, .. } => dropped(*reason).to_owned(),
        TraceEvent::Established { early_accepted: true } => "established, first flight counted".to_owned(),
        TraceEvent::Established { early_accepted: false } => "established".to_owned(),
        TraceEvent::Liveness { state: "suspected" } => {
            "silence timer: the peer is suspected and asked more often (ours; RFC 9000 §10.1 knows only an end)"
                .to_owned()
        }
        TraceEvent::Liveness { state: "lost" } => {
            "silence timer: the peer counts as lost, people are told (ours)".to_owned()
        }
        TraceEvent::Liveness { state } => format!("the peer is {state}"),
        TraceEvent::Roamed => "the peer has moved: its path is challenged (RFC 9000 §9.3)".to_owned(),
        TraceEvent::Rekeyed => "the next key from here on (RFC 9001 §6)".to_owned(),
        TraceEvent::Closed { reason } => format!("over: {reason}"),
        _ => return None,
    })
}

const fn dropped(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Duplicate => "a second copy: its number was here (RFC 9000 §12.3)",
        DropReason::TooOld => "dropped: too old for the replay window (RFC 4303 §3.4.3)",
        DropReason::Forged => "dropped: its seal does not hold (RFC 8439 §2.8)",
        DropReason::Malformed => "dropped: no datagram of ours",
        DropReason::Misaddressed => "dropped: nobody has that connection id",
        DropReason::Unexpected => "dropped: too early or too late for the session",
    }
}

fn ordinal(count: u32) -> String {
    match count {
        1 => "first".to_owned(),
        2 => "second in a row".to_owned(),
        3 => "third in a row".to_owned(),
        more => format!("{more}th in a row"),
    }
}

/// Milliseconds with a tenth.
pub fn ms(span: Duration) -> String {
    let micros = span.as_micros();
    format!("{}.{}", micros / 1_000, micros / 100 % 10)
}
