//! What a reader may rely on.

use super::datagrams::{Act, Fate};
use super::*;
use crate::time::{Duration, at};
use crate::trace::{DropReason, PieceCause, SendCause};

fn fact(ms: u64, side: Side, event: TraceEvent) -> Recorded {
    Recorded { at: at(ms * 1_000), side, session: 1, event }
}

fn sent(ms: u64, number: u64) -> Recorded {
    fact(ms, Side::Client, TraceEvent::PacketSent { number, bytes: 50, cause: SendCause::First })
}

fn received(ms: u64, number: u64) -> Recorded {
    fact(ms, Side::Server, TraceEvent::PacketReceived { number, bytes: 50, late: false })
}

fn hello(ms: u64, attempt: u32) -> Recorded {
    fact(ms, Side::Client, TraceEvent::HandshakeSent { kind: "HELLO", bytes: 1_200, attempt })
}

fn fates(ladder: &Ladder) -> Vec<Fate> {
    let fates = ladder.steps().iter().filter_map(|step| match step.act {
        Act::Departs(_, fate) => Some(fate),
        _ => None,
    });
    fates.collect()
}

#[test]
fn what_left_and_never_came_is_lost_unless_it_may_still_be_under_way() {
    let ladder = Ladder::of(&[sent(0, 0), sent(10, 1), sent(40, 2), received(25, 0), received(45, 9)]);
    assert_eq!(fates(&ladder), [Fate::Arrived(at(25_000)), Fate::Lost, Fate::UnderWay]);
    let drawn = ladder.to_string();
    assert_eq!(drawn.lines().filter(|line| line.contains("#1 ") && line.contains('x')).count(), 1, "{drawn}");
}

#[test]
fn a_hello_that_arrives_is_the_newest_that_can_have_come_so_fast() {
    let heard = |ms| fact(ms, Side::Server, TraceEvent::HandshakeReceived { kind: "HELLO", bytes: 1_200 });
    let first_lost = Ladder::of(&[hello(0, 1), hello(150, 2), heard(175), sent(200, 0), received(225, 0)]);
    assert_eq!(fates(&first_lost)[..2], [Fate::Lost, Fate::Arrived(at(175_000))]);
    let long_way =
        Ladder::of(&[hello(0, 1), hello(150, 2), heard(200), heard(350), sent(400, 0), received(600, 0)]);
    assert_eq!(fates(&long_way)[..2], [Fate::Arrived(at(200_000)), Fate::Arrived(at(350_000))]);
}

#[test]
fn a_handshake_part_and_the_packet_behind_it_are_one_datagram() {
    let finish = TraceEvent::HandshakeSent { kind: "FINISH", bytes: 90, attempt: 0 };
    let heard = TraceEvent::HandshakeReceived { kind: "FINISH", bytes: 90 };
    let facts = [fact(0, Side::Client, finish), sent(0, 0), fact(25, Side::Server, heard), received(25, 0)];
    let ladder = Ladder::of(&facts);
    assert_eq!(ladder.steps().len(), 2);
    let drawn = ladder.to_string();
    assert_eq!(drawn.matches("FINISH + #0").count(), 2, "{drawn}");
}

#[test]
fn what_a_datagram_carries_stands_beside_it() {
    let piece =
        TraceEvent::PieceSent { channel: 8, sequence: 3, offset: 0, len: 5, cause: PieceCause::First };
    let ack = TraceEvent::AckSent { largest: 7 };
    let facts = [fact(0, Side::Client, ack), fact(0, Side::Client, piece), sent(0, 4)];
    let drawn = Ladder::of(&facts).to_string();
    assert!(drawn.contains("channel 8: message 3 (5 B), ack ≤#7"), "{drawn}");
}

#[test]
fn every_decision_names_its_rule_and_no_line_is_wider_than_110_columns() {
    let rules = [
        (
            TraceEvent::PacketLost { number: 9, by_time: false, age: Duration::ZERO, size_probe: false },
            "§6.1.1",
        ),
        (
            TraceEvent::PacketLost {
                number: 9,
                by_time: true,
                age: Duration::from_millis(57),
                size_probe: false,
            },
            "§6.1.2",
        ),
        (TraceEvent::ProbeFired { count: 12 }, "§6.2.1"),
        (TraceEvent::DatagramDropped { bytes: 9, reason: DropReason::Duplicate }, "§12.3"),
        (TraceEvent::PieceDuplicate { channel: u64::MAX, sequence: u64::MAX }, "§2.2"),
        (TraceEvent::PacketSent { number: u64::MAX, bytes: 9, cause: SendCause::Probe }, "§6.2.4"),
        (TraceEvent::PacketSent { number: 3, bytes: 9, cause: SendCause::Retransmission }, "§13.3"),
        (TraceEvent::PacketSent { number: 4, bytes: 9, cause: SendCause::SizeProbe }, "RFC 8899"),
        (TraceEvent::CopiesRest { span: Duration::from_secs(12) }, "copies for 12000.0 ms"),
        (TraceEvent::CongestionMarked { count: 3 }, "§7.1"),
        (TraceEvent::EcnTested { works: false }, "lost"),
        (TraceEvent::DatagramSize { bytes: 1_472 }, "up to 1472 B"),
        (TraceEvent::DatagramSize { bytes: 1_200 }, "vanish"),
        (TraceEvent::Closed { reason: "x".repeat(300) }, "over"),
    ];
    for (event, rule) in rules {
        for side in [Side::Client, Side::Server] {
            let drawn = Ladder::of(&[fact(86_400_000, side, event.clone())]).to_string();
            assert!(drawn.contains(rule), "{drawn}");
            assert!(drawn.lines().all(|line| line.chars().count() <= drawing::WIDTH), "{drawn}");
        }
    }
}

#[test]
fn one_acknowledgement_is_one_line_of_runs() {
    let facts = [7, 5, 6, 2].map(|number| fact(50, Side::Client, TraceEvent::PacketAcknowledged { number }));
    let drawn = Ladder::of(&facts).to_string();
    assert!(drawn.contains("acknowledged: #2, #5–#7"), "{drawn}");
}

#[test]
fn a_recorder_keeps_the_order_and_is_bounded() {
    let recorder = Recorder::new(Side::Server);
    for n in 0..FACTS_MAX as u64 + 5 {
        recorder.event(at(n), 7, &TraceEvent::PacketAcknowledged { number: n });
    }
    let kept = recorder.recorded();
    assert_eq!(kept.len(), FACTS_MAX);
    let first = Recorded {
        at: at(0),
        side: Side::Server,
        session: 7,
        event: TraceEvent::PacketAcknowledged { number: 0 },
    };
    assert_eq!(kept.first(), Some(&first));
}
