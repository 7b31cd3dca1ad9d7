//! What do marks of growing queues (ECN) change?

use super::told::told;
use super::*;
use crate::lab::link::config::QueueLimit;
use crate::lab::link::{Direction, DirectionConfig, LinkConfig};
use crate::time::{Duration, Instant};
use crate::trace::{PieceCause, SendCause, TraceEvent};
use crate::transport::congestion::Congestion;

/// A transfer up a line of 20 Mbit/s and 50 ms with a queue of one bandwidth-delay product.
fn transfer(ecn: bool, bytes: u64) -> Plan {
    let delay = Duration::from_millis(25);
    let way = DirectionConfig { delay, rate: Some(20_000_000), ecn, ..DirectionConfig::default() };
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    plan.sessions[0].up.bulk.bytes = bytes;
    plan
}

/// A chat of so many lines, one each 50 ms in both directions.
fn chat(messages: u64) -> Plan {
    let way = DirectionConfig { delay: Duration::from_millis(25), ..DirectionConfig::default() };
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    let paced = Paced { messages, interval: Duration::from_millis(50), ..Paced::default() };
    (plan.sessions[0].up.paced, plan.sessions[0].down.paced) = (paced, paced);
    plan
}

fn dropped(report: &Report) -> u64 {
    report.links[0][Direction::Up.index()].dropped_by_link()
}

/// The mean of the round trips measured, in microseconds.
fn mean_rtt_us(facts: &[(Instant, TraceEvent)]) -> u64 {
    let sample = |(_, event): &(Instant, TraceEvent)| match event {
        TraceEvent::RttSampled { sample, .. } => u64::try_from(sample.as_micros()).ok(),
        _ => None,
    };
    let samples: Vec<u64> = facts.iter().filter_map(sample).collect();
    samples.iter().sum::<u64>() / samples.len() as u64
}

fn marks_heard(facts: &[(Instant, TraceEvent)]) -> u64 {
    let count = |(_, event): &(Instant, TraceEvent)| match event {
        TraceEvent::CongestionMarked { count } => *count,
        _ => 0,
    };
    facts.iter().map(count).sum()
}

fn tested(facts: &[(Instant, TraceEvent)]) -> Vec<bool> {
    let works = |(_, event): &(Instant, TraceEvent)| match event {
        TraceEvent::EcnTested { works } => Some(*works),
        _ => None,
    };
    facts.iter().filter_map(works).collect()
}

/// When the last packet was found lost, in microseconds.
fn last_loss_us(facts: &[(Instant, TraceEvent)]) -> u64 {
    let is_loss = |(_, event): &&(Instant, TraceEvent)| matches!(event, TraceEvent::PacketLost { .. });
    facts.iter().rfind(is_loss).map_or(0, |(at, _)| at.as_micros())
}

fn is_again(event: &TraceEvent) -> bool {
    matches!(event, TraceEvent::PieceSent { cause: PieceCause::Retransmission, .. })
}

/// What a transfer came to.
#[derive(Debug)]
struct Figures {
    drops: u64,
    rtt_us: u64,
    ended_us: u64,
    marks: u64,
    last_loss_us: u64,
}

#[test]
fn a_queue_that_marks_is_shorter_and_loses_less_at_nearly_the_same_goodput() {
    for congestion in [Congestion::NewReno, Congestion::Cubic, Congestion::Tolerant] {
        let [without, with] = [false, true].map(|ecn| {
            let mut plan = transfer(ecn, 20_000_000);
            plan.sessions[0].config.congestion = congestion;
            let (report, facts) = told(&plan, 1);
            Figures {
                drops: dropped(&report),
                rtt_us: mean_rtt_us(&facts),
                ended_us: report.ended.as_micros(),
                marks: marks_heard(&facts),
                last_loss_us: last_loss_us(&facts),
            }
        });
        let told = format!("{congestion}: {without:?} without, {with:?} with");
        assert!(with.drops < without.drops && with.marks > 0 && without.marks == 0, "{told}");
        let [lost, lost_with] = [without.last_loss_us, with.last_loss_us];
        assert!(lost_with < 1_000_000 && lost > 1_000_000, "but in slow start none is lost; {told}");
        assert!(10 * with.rtt_us < 9 * without.rtt_us, "{told}");
        assert!(100 * with.ended_us < 105 * without.ended_us, "{told}");
    }
}

#[test]
fn a_mark_makes_the_window_smaller_and_nothing_goes_again() {
    let mut plan = transfer(true, 20_000_000);
    // So long that nothing is dropped although it is marked from half of it on only.
    plan.link.up.queue = Some(QueueLimit::Packets(400));
    plan.sessions[0].config.congestion = Congestion::NewReno;
    let (report, facts) = told(&plan, 1);
    assert_eq!((dropped(&report), facts.iter().filter(|(_, event)| is_again(event)).count()), (0, 0));
    let mut window = 0;
    let mut smaller = 0;
    for (_, event) in &facts {
        if let TraceEvent::WindowMoved { window: moved, .. } = event {
            smaller += u32::from(*moved < window);
            window = *moved;
        }
    }
    let stats = report.sessions[0].stats[0].expect("a session");
    assert!(smaller >= 1 && stats.marks == Some(marks_heard(&facts)) && stats.marks > Some(0), "{stats:?}");
    assert_eq!((stats.loss, stats.retransmitted), (Some(0.0), Some(0)));
}

#[test]
fn a_path_that_drops_what_may_be_marked_is_found_out_and_everything_arrives() {
    let mut bulk = transfer(false, 3_000_000);
    bulk.swallows_ect = true;
    let mut talk = chat(200);
    talk.swallows_ect = true;
    for meeting in [Meeting::Stranger, Meeting::Known] {
        for (name, plan) in [("bulk", &mut bulk), ("chat", &mut talk)] {
            plan.meeting = meeting;
            let (report, facts) = told(plan, 1);
            let session = &report.sessions[0];
            for way in [&session.up, &session.down] {
                for fates in [&way.paced(), &way.bulk.fates] {
                    assert_eq!(fates.sent, fates.delivered, "{name}");
                }
            }
            assert_eq!(tested(&facts), [false], "{name}");
            let connected = facts.iter().find(|(_, event)| matches!(event, TraceEvent::Established { .. }));
            assert!(
                connected.is_some_and(|(at, _)| at.as_micros() < 60_000),
                "{name}: a join is not hindered"
            );
            let late = facts
                .iter()
                .filter(|(_, event)| matches!(event, TraceEvent::PacketSent { cause: SendCause::Probe, .. }));
            assert!(late.count() <= 12, "{name}: it is found out soon");
        }
    }
}

#[test]
fn where_no_queue_marks_a_chat_finds_a_path_that_would_carry_marks() {
    let (report, facts) = told(&chat(20), 1);
    assert_eq!((tested(&facts), marks_heard(&facts)), (vec![true], 0));
    assert_eq!(report.sessions[0].stats.map(|stats| stats.and_then(|it| it.marks)), [Some(0); 2]);
}

#[test]
fn copies_rest_when_a_queue_marks() {
    let mut plan = transfer(true, 20_000_000);
    plan.sessions[0].up.paced = Paced { messages: 200, ..Paced::default() };
    plan.link.up.loss = 0.02;
    let (_, facts) = told(&plan, 1);
    let first = |wanted: fn(&TraceEvent) -> bool| facts.iter().position(|(_, event)| wanted(event));
    let marked = first(|event| matches!(event, TraceEvent::CongestionMarked { .. }));
    let rest = first(|event| matches!(event, TraceEvent::CopiesRest { .. }));
    assert!(marked.is_some() && rest.is_some(), "{marked:?}, {rest:?}");
}
