//! What a session may rely on when packets are late, and when acknowledgements are.

use super::*;
use crate::lab::link::config::QueueLimit;
use crate::lab::link::{Direction, DirectionConfig, DropCause, LinkConfig};
use crate::time::Duration;

fn way() -> DirectionConfig {
    DirectionConfig { delay: Duration::from_millis(25), ..DirectionConfig::default() }
}

fn narrow() -> DirectionConfig {
    DirectionConfig { rate: Some(20_000_000), ..way() }
}

fn chat(link: LinkConfig, messages: u64) -> Plan {
    let mut plan = Plan::of(link);
    plan.sessions[0].up.paced.messages = messages;
    plan
}

fn bulk(way: DirectionConfig) -> Plan {
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    plan.sessions[0].up.bulk.bytes = 3_000_000;
    plan
}

#[test]
fn a_third_of_the_packets_overtaken_by_ten_milliseconds_is_hardly_ever_taken_for_loss() {
    let reorder_by = Duration::from_millis(10);
    let report =
        run(&bulk(DirectionConfig { reorder: 0.3, reorder_by, ..narrow() }), 1).expect("time goes on");
    let all = report.total();
    let (spurious, sent) = (report.decisions[0].spurious, all.wire(true, Direction::Up).all().datagrams);
    assert!(spurious > 0 && spurious * 1_000 <= 5 * sent, "{spurious} of {sent}");
    assert_eq!(all.stats[0].and_then(|stats| stats.spurious), Some(spurious));
    assert!(all.up.bulk.goodput_mbit() > 13.0, "{}", all.up.bulk.goodput_mbit());
}

#[test]
fn loss_in_the_ack_direction_only_declares_nothing_lost() {
    let link =
        LinkConfig { up: way(), down: DirectionConfig { loss: 0.3, ..way() }, ..LinkConfig::default() };
    let report = run(&chat(link, 500), 2).expect("time goes on");
    let client = report.decisions[0];
    assert_eq!((client.lost_by_packets, client.lost_by_time, client.spurious), (0, 0, 0));
    let latencies = &report.total().up.paced().latencies;
    assert_eq!((latencies.len(), latencies.quantile(900)), (500, Some(Duration::from_millis(25))));
}

#[test]
fn tail_drop_with_jitter_is_no_reordering() {
    let jitter = Duration::from_millis(10);
    let report = run(&bulk(DirectionConfig { jitter, queue: Some(QueueLimit::Packets(25)), ..narrow() }), 3)
        .expect("time goes on");
    let (client, dropped) = (report.decisions[0], report.links[0][0].dropped(DropCause::Queue));
    let found = client.lost_by_packets + client.lost_by_time;
    assert!(dropped > 0 && found <= dropped && client.spurious == 0, "{client:?}, {dropped} dropped");
}

#[test]
fn an_answer_in_the_same_turn_carries_the_acknowledgement() {
    let mut plan = chat(LinkConfig::symmetric(way(), 0), 100);
    plan.warm_up = Duration::from_millis(500);
    plan.sessions[0].down = Workload { answers: true, ..plan.sessions[0].up };
    let all = run(&plan, 4).expect("time goes on").total();
    let back = all.wire(true, Direction::Down);
    assert!(back.carrying.datagrams >= 75 && back.control.datagrams <= 3, "{back:?}");
}

#[test]
fn chat_is_acknowledged_at_once_and_bulk_by_one_datagram_for_several() {
    let all = run(&bulk(narrow()), 5).expect("time goes on").total();
    let (there, back) = (all.wire(true, Direction::Up).carrying, all.wire(true, Direction::Down).control);
    assert!(back.datagrams * 5 < there.datagrams * 3, "{back:?} for {there:?}");
    let all = run(&chat(LinkConfig::symmetric(way(), 0), 100), 5).expect("time goes on").total();
    let (there, back) = (all.wire(true, Direction::Up).all(), all.wire(true, Direction::Down).control);
    assert!(back.datagrams * 10 > there.datagrams * 9, "{back:?} for {there:?}");
    assert_eq!(all.stats[0].and_then(|stats| stats.rtt), Some(Duration::from_millis(50)));
}
