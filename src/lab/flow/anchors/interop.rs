//! quic-interop-runner: its test cases by name, over its base link (15 ms, 10 Mbit/s, a queue of 25 packets).
//!
//! The server sends, as there. Its bursts "up to 3" are here runs of 1.5 lost packets on average, some of
//! which are longer.

use super::*;
use crate::lab::flow::{Bulk, Ears, End, Family, Medium, Paced, SessionPlan, Testbed};
use crate::lab::ladder::{Recorder, Side};
use crate::lab::link::config::{Outage, QueueLimit};
use crate::lab::link::{DirectionConfig, DropCause, LinkConfig};
use crate::time::Instant;
use crate::trace::TraceEvent;
use crate::transport::config::TransportConfig;
use crate::transport::congestion::Congestion;
use std::sync::Arc;

const MB: u64 = 1_000_000;

fn base() -> DirectionConfig {
    DirectionConfig {
        delay: ms(15),
        rate: Some(10_000_000),
        queue: Some(QueueLimit::Packets(25)),
        ..DirectionConfig::default()
    }
}

/// A session over this link that downloads so much.
fn download(way: DirectionConfig, bytes: u64) -> Plan {
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    plan.sessions[0].down.bulk.bytes = bytes;
    plan
}

/// A session over this link in which one message goes up and is answered.
fn exchange(way: DirectionConfig, meeting: Meeting) -> Plan {
    let mut plan = Plan { meeting, ..Plan::of(LinkConfig::symmetric(way, 0)) };
    plan.sessions[0].up.paced = Paced { messages: 1, ..Paced::default() };
    plan.sessions[0].down = Workload { answers: true, ..plan.sessions[0].up };
    plan
}

/// What both ends told of a run to its end.
fn told(plan: &Plan, seed: u64) -> [Vec<(Instant, TraceEvent)>; 2] {
    let recorders = [Side::Client, Side::Server].map(|side| Arc::new(Recorder::new(side)));
    let [client, server] = recorders.clone();
    let mut testbed = Testbed::new(plan, seed, Ears { clients: Some(client), server: Some(server) });
    testbed.finish().expect("time goes on");
    recorders.map(|recorder| recorder.recorded().into_iter().map(|fact| (fact.at, fact.event)).collect())
}

#[test]
fn handshake_and_one_answer_take_two_round_trips_or_one_to_a_known_server() {
    for (meeting, round_trips) in [(Meeting::Stranger, 2), (Meeting::Known, 1), (Meeting::Clear, 1)] {
        let report = whole(&exchange(base(), meeting), 1);
        let first = report.total().down.first.max().expect("an answer");
        assert!(first < ms(round_trips * 30 + 5), "{meeting:?}: {first:?}");
    }
}

#[test]
fn transfer_fills_the_base_link() {
    let report = whole(&download(base(), 10 * MB), 1);
    let goodput = report.total().down.bulk.goodput_mbit();
    assert!(goodput > 9.0, "{goodput} of 10 Mbit/s");
}

#[test]
fn longrtt_of_a_second_and_a_half_is_no_loss() {
    let report = whole(&download(DirectionConfig { delay: ms(750), ..base() }, MB), 1);
    assert!(ended_ms(&report) < 16_000, "{} ms", ended_ms(&report));
    for end in report.decisions {
        assert_eq!((end.lost_by_packets, end.lost_by_time, end.spurious), (0, 0, 0));
    }
}

#[test]
fn blackhole_of_two_seconds_each_seven_costs_what_it_lasts_and_little_more() {
    let mut way = base();
    way.outages = (0..4).map(|n| Outage { from: ms(5_000 + 7_000 * n), length: ms(2_000) }).collect();
    let report = whole(&download(way, 10 * MB), 1);
    assert!(ended_ms(&report) < 12_500, "{} ms", ended_ms(&report));
}

#[test]
fn handshakeloss_of_thirty_percent_in_bursts_each_way_connects_fifty_of_fifty() {
    let way = DirectionConfig { loss: 0.3, burst: Some(1.5), ..base() };
    for meeting in MEETINGS {
        let times = (0..50).map(|seed| ended_ms(&whole(&exchange(way.clone(), meeting), seed)));
        let slowest = times.max().unwrap_or(0);
        assert!(slowest < 5_000, "{meeting:?}: {slowest} ms");
    }
}

#[test]
fn handshakecorruption_of_thirty_percent_each_way_connects_fifty_of_fifty() {
    let way = DirectionConfig { corrupt: 0.3, ..base() };
    for meeting in MEETINGS {
        let times = (0..50).map(|seed| ended_ms(&whole(&exchange(way.clone(), meeting), seed)));
        let slowest = times.max().unwrap_or(0);
        assert!(slowest < 5_000, "{meeting:?}: {slowest} ms");
    }
}

#[test]
fn transferloss_of_two_percent_in_bursts_each_way_keeps_most_of_the_rate() {
    let way = DirectionConfig { loss: 0.02, burst: Some(1.5), ..base() };
    for seed in 0..10 {
        let goodput = whole(&download(way.clone(), 2 * MB), seed).total().down.bulk.goodput_mbit();
        assert!(goodput > 7.0, "seed {seed}: {goodput} of 10 Mbit/s");
    }
}

#[test]
fn transfercorruption_of_two_percent_each_way_keeps_most_of_the_rate() {
    let way = DirectionConfig { corrupt: 0.02, ..base() };
    for seed in 0..10 {
        let goodput = whole(&download(way.clone(), 2 * MB), seed).total().down.bulk.goodput_mbit();
        assert!(goodput > 7.0, "seed {seed}: {goodput} of 10 Mbit/s");
    }
}

#[test]
fn amplificationlimit_with_datagrams_two_to_seven_to_the_server_lost_still_connects() {
    for meeting in MEETINGS {
        let mut plan = exchange(base(), meeting);
        plan.link.drops.push("client:packet#2-7".parse().expect("a name"));
        plan.sessions[0].down.bulk.bytes = 100_000;
        plan.sessions[0].down.answers = true;
        let report = whole(&plan, 1);
        assert_eq!(report.links[0][0].dropped(DropCause::Named), 6, "{meeting:?}");
        assert!(ended_ms(&report) < 3_000, "{meeting:?}: {} ms", ended_ms(&report));
    }
}

#[test]
fn rebind_port_and_rebind_addr_at_one_second_and_then_each_five_lose_nothing() {
    for (what, least) in [("port@1s/5s", 8.0), ("addr@1s/5s", 8.0)] {
        let mut plan = download(base(), 10 * MB);
        plan.link.rebind = Some(what.parse().expect("a plan"));
        plan.sessions[0].up.paced.messages = 400;
        let report = whole(&plan, 1);
        let goodput = report.total().down.bulk.goodput_mbit();
        assert!(goodput > least, "{what}: {goodput} of 10 Mbit/s");
    }
}

#[test]
fn keyupdate_each_hundred_packets_is_not_noticed_in_spite_of_loss_and_disorder() {
    for meeting in MEETINGS {
        let way = DirectionConfig { loss: 0.02, reorder: 0.05, ..base() };
        let mut plan = Plan { meeting, ..download(way, MB) };
        plan.sessions[0].up.bulk.bytes = MB;
        for config in [&mut plan.server, &mut plan.sessions[0].config] {
            config.rekey_packets = 100;
        }
        whole(&plan, 1);
        for facts in told(&plan, 1) {
            let rekeyed = facts.iter().filter(|(_, event)| *event == TraceEvent::Rekeyed).count();
            assert!(rekeyed >= 7, "{meeting:?}: {rekeyed} times");
        }
    }
}

#[test]
fn ipv6_carries_everything_and_datagrams_of_1452_bytes() {
    for meeting in MEETINGS {
        let mut plan = Plan { family: Family::Six, meeting, ..download(base(), 2 * MB) };
        plan.link.up.mtu = Some(1_500);
        plan.link.down.mtu = Some(1_500);
        plan.link.rebind = Some("addr@1s/5s".parse().expect("a plan"));
        whole(&plan, 1);
        let [_, server] = told(&plan, 1);
        let sizes = server.iter().filter_map(|(_, event)| match event {
            TraceEvent::DatagramSize { bytes } => Some(*bytes),
            _ => None,
        });
        assert_eq!(sizes.max(), Some(1_452), "{meeting:?}");
    }
}

#[test]
fn retry_is_asked_of_whoever_comes_to_a_crowded_door_and_each_gets_in() {
    for meeting in MEETINGS {
        let mut plan = exchange(DirectionConfig { rate: None, queue: None, loss: 0.05, ..base() }, meeting);
        let one = plan.sessions[0].clone();
        let session = |n: u64| SessionPlan { start: Duration::from_micros(10 * n), ..one.clone() };
        plan.sessions = (0..1_200).map(session).collect();
        whole(&plan, 1);
        let [clients, _] = told(&plan, 1);
        let is_retry =
            |event: &TraceEvent| matches!(event, TraceEvent::HandshakeReceived { kind: "RETRY", .. });
        let asked = clients.iter().filter(|(_, event)| is_retry(event)).count();
        assert!(asked > 100, "{meeting:?}: {asked} were asked");
    }
}

#[test]
fn crosstraffic_of_a_cubic_flow_leaves_both_their_part() {
    let mut plan = download(base(), u64::MAX);
    plan.medium = Medium::Shared;
    plan.end = End::At(ms(60_000));
    // Here the clients send, so that each has a controller of its own.
    let cubic = TransportConfig { congestion: Congestion::Cubic, ..TransportConfig::default() };
    let bulk = Bulk { bytes: u64::MAX, ..Bulk::default() };
    plan.sessions = [TransportConfig::default(), cubic]
        .map(|config| {
            let up = Workload { bulk, ..Workload::default() };
            SessionPlan { config, up, ..SessionPlan::default() }
        })
        .to_vec();
    let report = run(&plan, 1).expect("time goes on");
    let rates: Vec<f64> = report.sessions.iter().map(|session| session.up.bulk.goodput_mbit()).collect();
    assert!(rates.iter().all(|rate| *rate > 3.0) && rates.iter().sum::<f64>() > 9.0, "{rates:?}");
}
