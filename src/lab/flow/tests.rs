//! What a measurement may rely on.

use super::*;
use crate::lab::link::config::QueueLimit;
use crate::lab::link::{Direction, DirectionConfig, DropCause, LinkConfig};
use crate::time::Duration;
use crate::transport::redundancy::Redundancy;
use std::sync::Arc;

fn way(loss: f64) -> DirectionConfig {
    DirectionConfig { delay: Duration::from_millis(25), loss, ..DirectionConfig::default() }
}

fn paced(messages: u64, loss: f64) -> Plan {
    let mut plan = Plan::of(LinkConfig::symmetric(way(loss), 0));
    plan.sessions[0].up.paced.messages = messages;
    plan
}

fn bottleneck(bytes: u64) -> Plan {
    let rate = Some(20_000_000);
    let mut plan = Plan::of(LinkConfig::symmetric(DirectionConfig { rate, ..way(0.0) }, 0));
    plan.sessions[0].up.bulk.bytes = bytes;
    plan
}

#[test]
fn a_run_is_a_function_of_plan_and_seed() {
    let plan = paced(300, 0.2);
    let [one, again, other] = [1, 1, 2].map(|seed| run(&plan, seed).expect("time goes on"));
    assert_eq!(one, again);
    assert_ne!(one, other);
}

#[test]
fn over_a_clean_link_every_message_takes_the_delay_and_nothing_else() {
    let mut plan = paced(200, 0.0);
    plan.sessions[0].config.redundancy = Redundancy::Off;
    plan.warm_up = Duration::from_secs(1);
    let all = run(&plan, 1).expect("time goes on").total();
    let steady = &all.up.steady;
    assert_eq!((steady.sent, steady.delivered, all.up.early.sent), (150, 150, 50));
    let latencies = &steady.latencies;
    assert_eq!(latencies.min(), Some(Duration::from_millis(25)));
    assert_eq!(latencies.max(), Some(Duration::from_millis(25)));
    let carrying = all.wire(true, Direction::Up).carrying;
    assert!((150..=152).contains(&carrying.datagrams), "{carrying:?}");
    assert!(carrying.bytes > 150 * 100 && carrying.bytes < 150 * 160, "{carrying:?}");
    assert!(all.wire(true, Direction::Down).carrying.datagrams == 0);
}

#[test]
fn what_the_link_loses_is_seen_by_the_ends_and_repaired() {
    for meeting in [Meeting::Stranger, Meeting::Known, Meeting::Clear] {
        let plan = Plan { meeting, ..paced(500, 0.1) };
        let report = run(&plan, 3).expect("time goes on");
        let fates = report.total().up.paced();
        assert_eq!((fates.sent, fates.delivered, fates.duplicated), (500, 500, 0), "{meeting:?}");
        assert_eq!((fates.out_of_order, report.total().up.damaged), (0, 0));
        let lost = report.links[0][0].dropped(DropCause::Loss);
        assert!(lost > 20 && fates.latencies.max() > Some(Duration::from_millis(50)), "{report:?}");
    }
}

#[test]
fn messages_go_down_as_well_as_up() {
    let mut plan = paced(100, 0.05);
    plan.sessions[0].down.paced = Paced { messages: 50, rooms: 3, ..Paced::default() };
    let all = run(&plan, 4).expect("time goes on").total();
    assert_eq!((all.up.paced().delivered, all.down.paced().delivered), (100, 50));
    assert!(all.wire(true, Direction::Down).carrying.datagrams >= 17);
}

#[test]
fn the_first_answer_comes_two_round_trips_after_the_first_datagram_or_one_to_a_known_server() {
    for (meeting, ms) in [(Meeting::Stranger, 100), (Meeting::Restarted, 100), (Meeting::Known, 50)] {
        let mut plan = Plan { meeting, ..paced(1, 0.0) };
        plan.sessions[0].start = Duration::from_secs(1);
        plan.sessions[0].down = Workload { answers: true, ..plan.sessions[0].up };
        let all = run(&plan, 4).expect("time goes on").total();
        assert_eq!(all.down.first.max(), Some(Duration::from_millis(ms)), "{meeting:?}");
    }
}

#[test]
fn bulk_fills_a_bottleneck_and_its_goodput_is_known() {
    let all = run(&bottleneck(5_000_000), 5).expect("time goes on").total();
    assert!(all.up.bulk.bytes >= 5_000_000 && all.up.bulk.fates.out_of_order == 0);
    let goodput = all.up.bulk.goodput_mbit();
    assert!(goodput > 5.0 && goodput < 20.0, "{goodput}");
}

#[test]
fn sessions_that_share_a_link_share_its_rate() {
    let mut plan = bottleneck(u64::MAX);
    plan.sessions.push(plan.sessions[0].clone());
    plan.end = End::At(Duration::from_secs(8));
    let rates = |medium| {
        let report = run(&Plan { medium, ..plan.clone() }, 6).expect("time goes on");
        assert_eq!(report.links.len(), if medium == Medium::Shared { 1 } else { 2 });
        report.sessions.iter().map(|session| session.up.bulk.bytes * 8 / 8_000_000).collect::<Vec<u64>>()
    };
    let (each, shared) = (rates(Medium::Each), rates(Medium::Shared));
    assert!(shared.iter().all(|rate| *rate > 1) && shared.iter().sum::<u64>() <= 20, "{shared:?}");
    assert!(each.iter().sum::<u64>() > 20, "{each:?}");
}

#[test]
fn a_hundred_sessions_begin_at_their_times_over_one_queue() {
    let mut plan = paced(20, 0.0);
    plan.link.up.rate = Some(5_000_000);
    plan.link.up.queue = Some(QueueLimit::Packets(50));
    plan.medium = Medium::Shared;
    plan.meeting = Meeting::Clear;
    let one = plan.sessions[0].clone();
    let session = |n| SessionPlan { start: Duration::from_millis(n), ..one.clone() };
    plan.sessions = (0..100).map(session).collect();
    let report = run(&plan, 7).expect("time goes on");
    assert!(report.sessions.iter().all(|session| session.up.paced().delivered == 20));
    assert_eq!(report.total().up.paced().delivered, 2_000);
}

#[test]
fn a_crowd_on_one_queue_is_no_worse_off_with_copies_than_without() {
    let up = DirectionConfig { rate: Some(2_000_000), queue: Some(QueueLimit::Packets(60)), ..way(0.03) };
    let p99 = |redundancy| {
        let mut plan = paced(450, 0.0);
        plan.link = LinkConfig::symmetric(up.clone(), 0);
        (plan.medium, plan.meeting, plan.warm_up) = (Medium::Shared, Meeting::Clear, Duration::from_secs(5));
        plan.server.redundancy = redundancy;
        plan.sessions[0].config.redundancy = redundancy;
        plan.sessions[0].up.paced.interval = Duration::from_millis(100);
        let one = plan.sessions[0].clone();
        let session = |n: u64| SessionPlan { start: Duration::from_millis(37 * n), ..one.clone() };
        plan.sessions = (0..100).map(session).collect();
        run(&plan, 1).expect("time goes on").total().up.steady.latencies.quantile(990).expect("arrivals")
    };
    let (without, with) = (p99(Redundancy::Off), p99(Redundancy::Auto));
    assert!(with <= without.mul_f64(1.05), "{with:?} against {without:?}");
}

#[test]
fn a_link_that_is_dead_ends_a_run_by_its_patience() {
    let mut plan = paced(10, 1.0);
    plan.end = End::Arrived(Duration::from_mins(1));
    let report = run(&plan, 8).expect("time goes on");
    assert_eq!(report.total().up.paced().delivered, 0);
    assert!((60..=62).contains(&(report.ended.as_micros() / 1_000_000)), "{:?}", report.ended);
}

#[test]
fn a_named_datagram_vanishes_also_when_it_is_sealed() {
    let mut plan = paced(5, 0.0);
    plan.link.drops.push("client:data#3".parse().expect("a name"));
    let report = run(&plan, 9).expect("time goes on");
    assert_eq!(report.links[0][0].dropped(DropCause::Named), 1);
    assert!(report.total().up.paced().latencies.max() > Some(Duration::from_millis(50)));
}

#[test]
fn a_client_that_moves_keeps_its_session() {
    for what in ["port@1s/1s", "addr@1s/1s"] {
        let mut plan = paced(300, 0.0);
        plan.link.rebind = Some(what.parse().expect("a plan"));
        plan.sessions[0].down.paced.messages = 300;
        let all = run(&plan, 10).expect("time goes on").total();
        assert_eq!((all.up.paced().delivered, all.down.paced().delivered), (300, 300), "{what}");
    }
}

#[test]
fn whoever_listens_hears_both_ends() {
    use crate::lab::ladder::{Ladder, Recorder, Side};
    let recorders = [Side::Client, Side::Server].map(|side| Arc::new(Recorder::new(side)));
    let [client, server] = recorders.clone();
    let mut testbed = Testbed::new(&paced(3, 0.0), 11, Ears { clients: Some(client), server: Some(server) });
    testbed.finish().expect("time goes on");
    let facts: Vec<_> = recorders.iter().flat_map(|recorder| recorder.recorded()).collect();
    let drawn = Ladder::of(&facts).to_string();
    assert!(drawn.contains("HELLO") && drawn.contains("message 1 (100 B)"), "{drawn}");
}
