//! What went wrong elsewhere: the list "from issues".

use super::*;
use crate::lab::flow::{Bulk, Ears, End, Paced, Testbed};
use crate::lab::ladder::{Recorder, Side};
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::time::at;
use crate::trace::{SendCause, TraceEvent};
use std::sync::Arc;

fn link(up: f64, down: f64) -> LinkConfig {
    let way = |loss| DirectionConfig { delay: ms(25), loss, ..DirectionConfig::default() };
    LinkConfig { up: way(up), down: way(down), ..LinkConfig::default() }
}

#[test]
fn a_heartbeat_on_a_receive_only_session_keeps_it_alive_and_its_list_of_packets_short() {
    let mut plan = Plan::of(link(0.05, 0.05));
    plan.sessions[0].down.paced = Paced { messages: 1_200, interval: ms(50), ..Paced::default() };
    plan.end = End::At(ms(60_000));
    let recorder = Arc::new(Recorder::new(Side::Client));
    let mut testbed = Testbed::new(&plan, 1, Ears { clients: Some(recorder.clone()), server: None });
    let mut longest = 0;
    while testbed.step(at(60_000_000)).expect("time goes on") {
        longest = longest.max(testbed.footprints(0)[0].map_or(0, |footprint| footprint.packets));
    }
    // Twenty acknowledgements a second, and one heartbeat in twenty is lost.
    assert!(longest < 100, "{longest} packets are remembered");
    let report = testbed.report();
    assert_whole(&report.sessions[0], Direction::Down, &plan.sessions[0].down, 1);
    assert_eq!(report.sessions[0].closed, [None, None]);
    let facts = recorder.recorded();
    let is_asking =
        |event: &TraceEvent| matches!(event, TraceEvent::PacketSent { cause: SendCause::Heartbeat, .. });
    let asking: Vec<_> = facts.iter().filter(|fact| is_asking(&fact.event)).map(|fact| fact.at).collect();
    assert!(asking.len() >= 55, "{} heartbeats in a minute", asking.len());
    assert!(!facts.iter().any(|fact| matches!(fact.event, TraceEvent::Liveness { .. })));
}

#[test]
fn a_large_message_does_not_clog_a_channel() {
    let mut plan = Plan::of(link(0.1, 0.1));
    plan.sessions[0].up.paced = Paced { messages: 100, size: 65_536, interval: ms(100), ..Paced::default() };
    let slowest = whole(&plan, 1).total().up.paced().latencies.max();
    assert!(slowest < Some(ms(1_500)), "{slowest:?}");
}

#[test]
fn large_messages_of_one_channel_hold_up_no_small_ones_of_another() {
    let mut plan = Plan::of(link(0.0, 0.0));
    plan.link.up.rate = Some(20_000_000);
    plan.sessions[0].up.bulk = Bulk { bytes: 10_000_000, size: 65_536, ..Bulk::default() };
    plan.sessions[0].up.paced = Paced { messages: 150, ..Paced::default() };
    let latencies = whole(&plan, 1).total().up.paced().latencies;
    // 25 ms, and a queue of 50 ms; what the full queue drops is found a round trip later.
    let [half, most] = [500, 990].map(|share| latencies.quantile(share));
    assert!(half < Some(ms(80)) && most < Some(ms(200)), "{half:?}, {most:?}");
}

#[test]
fn loss_in_the_ack_direction_only_costs_a_transfer_next_to_nothing() {
    let goodput = |down| {
        let mut plan = Plan::of(link(0.0, down));
        plan.link.up.rate = Some(20_000_000);
        plan.sessions[0].up.bulk.bytes = 3_000_000;
        whole(&plan, 1).total().up.bulk.goodput_mbit()
    };
    let (clean, lossy) = (goodput(0.0), goodput(0.3));
    assert!(lossy > 0.95 * clean, "{lossy} of {clean} Mbit/s");
}

#[test]
fn numbers_may_wrap_after_a_quiet_time() {
    for meeting in MEETINGS {
        let mut plan = Plan { meeting, ..Plan::of(link(0.05, 0.05)) };
        plan.link.up.reorder = 0.05;
        plan.sessions[0].up.paced = Paced { messages: 50, ..Paced::default() };
        plan.sessions[0].up.bulk = Bulk { bytes: 200_000, start: ms(10_000), ..Bulk::default() };
        plan.sessions[0].down.bulk = plan.sessions[0].up.bulk;
        let mut testbed = Testbed::new(&plan, 1, Ears::default());
        testbed.run_until(at(9_500_000)).expect("time goes on");
        let connection = testbed.seats[0].connection.as_mut().expect("a session");
        connection.skip_numbers_to((1 << 32) - 50);
        testbed.finish().expect("time goes on");
        let report = testbed.report();
        assert_whole(&report.sessions[0], Direction::Up, &plan.sessions[0].up, 1);
        assert_whole(&report.sessions[0], Direction::Down, &plan.sessions[0].down, 1);
        assert_eq!(report.sessions[0].closed, [None, None], "{meeting:?}");
    }
}
