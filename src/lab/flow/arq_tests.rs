//! What the teaching modes keep to, and what they share with our own.

use super::*;
use crate::lab::ladder::{Recorded, Recorder, Side};
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::time::{Duration, Instant, at};
use crate::trace::{SendCause, Sink, TraceEvent};
use crate::transport::arq::Arq;
use crate::transport::channel::incoming::MESSAGE_MAX;
use crate::transport::config::{Choices, TransportConfig};
use crate::transport::congestion::Congestion;
use crate::transport::redundancy::Redundancy;
use crate::transport::session::ChannelId;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const ALL: [Arq; 5] = [Arq::Ours, Arq::StopAndWait, Arq::GoBackN, Arq::SelectiveRepeat, Arq::TcpLike];

const ONE_WAY: Duration = Duration::from_millis(25);

fn config(arq: Arq, window: u32) -> TransportConfig {
    let congestion = match arq {
        Arq::Ours => Congestion::default(),
        Arq::TcpLike => Congestion::NewReno,
        _ => Congestion::Fixed(window),
    };
    TransportConfig::chosen(Choices { arq, congestion, redundancy: Redundancy::Off })
}

fn clean() -> DirectionConfig {
    DirectionConfig { delay: ONE_WAY, ..DirectionConfig::default() }
}

fn bad() -> DirectionConfig {
    DirectionConfig {
        loss: 0.1,
        reorder: 0.1,
        reorder_by: Duration::from_millis(10),
        duplicate: 0.1,
        ..clean()
    }
}

fn between(client: TransportConfig, server: TransportConfig, way: DirectionConfig) -> Plan {
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    plan.sessions[0].config = client;
    plan.server = server;
    plan
}

/// Messages both ways over three rooms, some longer than a datagram.
fn talk(plan: &mut Plan) {
    let interval = Duration::from_millis(15);
    let paced = Paced { messages: 60, interval, size: 700, rooms: 3, ..Paced::default() };
    plan.sessions[0].up.paced = paced;
    plan.sessions[0].up.bulk = Bulk { bytes: 30_000, size: 6_000, start: Duration::ZERO };
    plan.sessions[0].down.paced = Paced { messages: 40, size: 1_800, ..paced };
}

/// All came, once each, in order and as it was.
fn is_whole(plan: &Plan, seed: u64, what: &str) {
    let all = run(plan, seed).expect("time goes on").total();
    for (way, messages) in [(&all.up, 60), (&all.down, 40)] {
        let fates = way.paced();
        assert_eq!((fates.sent, fates.delivered), (messages, messages), "{what}, seed {seed}");
        assert_eq!((fates.duplicated, fates.out_of_order, way.damaged), (0, 0, 0), "{what}, seed {seed}");
    }
    assert_eq!(all.up.bulk.bytes, 30_000, "{what}, seed {seed}");
    assert_eq!(all.closed, [None, None], "{what}, seed {seed}");
}

#[test]
fn in_every_mode_all_arrives_in_order_once() {
    for arq in Arq::TEACHING {
        let mut plan = between(config(arq, 8), config(arq, 8), bad());
        talk(&mut plan);
        (1..=4).for_each(|seed| is_whole(&plan, seed, arq.name()));
    }
}

#[test]
fn ends_in_different_modes_understand_each_other() {
    for (index, client) in ALL.into_iter().enumerate() {
        for server in ALL.into_iter().filter(|server| *server != client) {
            let mut plan = between(config(client, 5), config(server, 3), bad());
            talk(&mut plan);
            is_whole(&plan, index as u64, &format!("{client} to {server}"));
        }
    }
}

#[test]
fn our_own_copies_are_understood_by_a_receiver_that_goes_back() {
    let mut plan = between(TransportConfig::default(), config(Arq::GoBackN, 8), bad());
    talk(&mut plan);
    plan.sessions[0].up.paced.size = 60;
    (1..=4).for_each(|seed| is_whole(&plan, seed, "copies"));
}

/// The run, and what both ends told.
fn recorded(plan: &Plan, seed: u64) -> (Report, Vec<Recorded>) {
    let recorders = [Side::Client, Side::Server].map(|side| Arc::new(Recorder::new(side)));
    let [clients, server] = recorders.each_ref().map(|it| Some(Arc::clone(it) as Arc<dyn Sink>));
    let mut testbed = Testbed::new(plan, seed, Ears { clients, server });
    testbed.finish().expect("time goes on");
    testbed.let_rest(Duration::from_secs(5)).expect("time goes on");
    (testbed.report(), recorders.iter().flat_map(|recorder| recorder.recorded()).collect())
}

/// Ten messages within a round trip; the fourth is lost.
fn burst(arq: Arq) -> Plan {
    let mut plan = between(config(arq, 8), config(arq, 8), clean());
    plan.link.drops.push("client:data#4".parse().expect("a name"));
    let interval = Duration::from_millis(2);
    plan.sessions[0].up.paced =
        Paced { messages: 10, interval, start: Duration::from_secs(2), ..Paced::default() };
    plan
}

fn numbers(facts: &[Recorded], wanted: impl Fn(&TraceEvent) -> Option<u64>) -> BTreeSet<u64> {
    facts.iter().filter_map(|fact| wanted(&fact.event)).collect()
}

#[test]
fn a_receiver_that_goes_back_drops_what_is_before_its_turn_and_acknowledges_none_of_it() {
    let (report, facts) = recorded(&burst(Arq::GoBackN), 1);
    let dropped = numbers(&facts, |fact| match fact {
        TraceEvent::PacketOutOfOrder { number, .. } => Some(*number),
        _ => None,
    });
    let by_client: Vec<_> = facts.iter().filter(|fact| fact.side == Side::Client).cloned().collect();
    let acknowledged = numbers(&by_client, |fact| match fact {
        TraceEvent::PacketAcknowledged { number } => Some(*number),
        _ => None,
    });
    // Of ten messages the fourth is lost; the window of eight lets all others leave behind it.
    assert_eq!(dropped.len(), 6, "{dropped:?}");
    assert!(dropped.is_disjoint(&acknowledged), "{dropped:?}, {acknowledged:?}");
    assert_eq!(report.decisions[1].untimely, 6);
    assert_eq!(report.decisions[0].timed_out, 7, "the lost one, and all behind it");
    assert_eq!(report.total().up.paced().delivered, 10);
}

#[test]
fn a_receiver_that_repeats_selectively_keeps_all_and_one_packet_goes_again() {
    let (report, _) = recorded(&burst(Arq::SelectiveRepeat), 1);
    assert_eq!((report.decisions[1].untimely, report.decisions[0].timed_out), (0, 1));
    assert_eq!(report.total().up.paced().delivered, 10);
}

/// How many packets that ask for an acknowledgement are out, at most.
#[derive(Default)]
struct Flight(Mutex<(BTreeSet<u64>, usize)>);

impl Sink for Flight {
    fn event(&self, _: Instant, _: u64, event: &TraceEvent) {
        let mut flight = self.0.lock().expect("no panic");
        match event {
            TraceEvent::PacketSent { number, cause, .. } if *cause != SendCause::Acknowledgement => {
                flight.0.insert(*number);
                flight.1 = flight.1.max(flight.0.len());
            }
            TraceEvent::PacketAcknowledged { number }
            | TraceEvent::PacketLost { number, .. }
            | TraceEvent::PacketTimedOut { number, .. } => {
                flight.0.remove(number);
            }
            _ => {}
        }
    }
}

#[test]
fn the_window_holds_whatever_is_to_be_said() {
    let windows = [(Arq::StopAndWait, 1), (Arq::GoBackN, 4), (Arq::SelectiveRepeat, 6)];
    for (arq, window) in windows {
        let mut plan = between(config(arq, window), config(arq, window), bad());
        talk(&mut plan);
        let flights = [(), ()].map(|()| Arc::new(Flight::default()));
        let [clients, server] = flights.each_ref().map(|it| Some(Arc::clone(it) as Arc<dyn Sink>));
        let mut testbed = Testbed::new(&plan, 3, Ears { clients, server });
        testbed.finish().expect("time goes on");
        for flight in flights {
            assert_eq!(flight.0.lock().expect("no panic").1, window as usize, "{arq}");
        }
    }
}

#[test]
fn what_tcp_loses_alone_waits_for_two_hundred_milliseconds() {
    let mut plan = between(config(Arq::TcpLike, 0), config(Arq::TcpLike, 0), clean());
    plan.link.drops.push("client:data#1".parse().expect("a name"));
    plan.sessions[0].up.paced = Paced { messages: 1, start: Duration::from_secs(2), ..Paced::default() };
    let waited = run(&plan, 1).expect("time goes on").total().up.paced().latencies.max();
    assert!(waited >= Some(Duration::from_millis(225)), "{waited:?}");
    plan.sessions[0].config = config(Arq::Ours, 0);
    let waited = run(&plan, 1).expect("time goes on").total().up.paced().latencies.max();
    assert!(waited < Some(Duration::from_millis(225)), "{waited:?}");
}

#[test]
fn tcp_holds_the_acknowledgement_of_a_single_packet_back() {
    for (server, ms) in [(Arq::TcpLike, 90), (Arq::Ours, 50)] {
        let mut plan = between(config(Arq::Ours, 0), config(server, 0), clean());
        let interval = Duration::from_millis(200);
        plan.sessions[0].up.paced = Paced { messages: 60, interval, ..Paced::default() };
        let rtt = run(&plan, 1).expect("time goes on").total().stats[0].and_then(|stats| stats.rtt);
        let rtt = rtt.expect("it was measured").as_millis();
        assert!((ms - 5..=ms + 1).contains(&rtt), "{server}: {rtt} ms");
    }
}

#[test]
fn the_longest_message_passes_one_stream() {
    let mut plan = between(config(Arq::TcpLike, 0), config(Arq::Ours, 0), clean());
    let size = usize::try_from(MESSAGE_MAX).expect("a small number");
    plan.sessions[0].up.paced = Paced { messages: 3, size, ..Paced::default() };
    let fates = run(&plan, 1).expect("time goes on").total().up.paced();
    assert_eq!((fates.delivered, fates.out_of_order), (3, 0));
}

/// How long each message of this room took; the fifth datagram with messages, of room 0, is lost.
fn latencies(arq: Arq, room: u64) -> Vec<Duration> {
    let (interval, start) = (Duration::from_millis(20), Duration::from_secs(2));
    let mut plan = between(config(arq, 0), config(arq, 0), clean());
    plan.link.drops.push("client:data#5".parse().expect("a name"));
    plan.sessions[0].up.paced = Paced { messages: 30, interval, rooms: 2, start, ..Paced::default() };
    let (_, facts) = recorded(&plan, 1);
    let arrived = facts.iter().filter(|fact| match fact.event {
        TraceEvent::MessageDelivered { channel, .. } => ChannelId(channel) == ChannelId::room(room),
        _ => false,
    });
    let due = (0..).map(|n: u32| at(0) + start + interval * (2 * n + u32::from(room > 0)));
    arrived.zip(due).map(|(fact, due)| fact.at - due).collect()
}

#[test]
fn a_loss_in_one_room_delays_no_other_and_over_one_stream_it_does() {
    let [lossy, other] = [0, 1].map(|room| latencies(Arq::Ours, room));
    assert!(lossy.iter().any(|latency| *latency > 2 * ONE_WAY), "{lossy:?}");
    assert_eq!(other, [ONE_WAY; 15]);
    // The same with TCP's one order: the other room's messages are here, and wait.
    let [lossy, other] = [0, 1].map(|room| latencies(Arq::TcpLike, room));
    assert_eq!((lossy.len(), other.len()), (15, 15));
    let waited = other.iter().filter(|latency| **latency > 2 * ONE_WAY).count();
    assert!(waited >= 1 && other.iter().any(|latency| *latency > 4 * ONE_WAY), "{other:?}");
}

#[test]
fn a_peer_that_holds_back_each_acknowledgement_is_left_in_peace() {
    let mut plan = between(config(Arq::TcpLike, 0), config(Arq::Ours, 0), clean());
    talk(&mut plan);
    // So long that the estimate comes near what the peer takes, from below.
    plan.end = End::At(Duration::from_mins(5));
    let server = run(&plan, 1).expect("time goes on").decisions[1];
    assert!(server.probes <= 3, "{} probes in five minutes", server.probes);
}
