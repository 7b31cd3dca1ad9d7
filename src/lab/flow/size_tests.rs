//! How large do datagrams grow, and what if the path carries less of a sudden?

use super::told::told;
use super::*;
use crate::lab::ladder::{Recorder, Side};
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::time::{Duration, Instant};
use crate::trace::{SendCause, TraceEvent};
use crate::transport::congestion::Congestion;
use std::sync::Arc;

/// IPv4 and UDP.
const HEADERS: usize = 28;

fn plan(ip_mtu: Option<u32>, bytes: u64) -> Plan {
    let delay = Duration::from_millis(25);
    let way = DirectionConfig { delay, rate: Some(20_000_000), mtu: ip_mtu, ..DirectionConfig::default() };
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    plan.sessions[0].up.bulk.bytes = bytes;
    plan
}

/// All sizes that were found, in order.
fn sizes(facts: &[(Instant, TraceEvent)]) -> Vec<usize> {
    let size = |(_, event): &(Instant, TraceEvent)| match event {
        TraceEvent::DatagramSize { bytes } => Some(*bytes),
        _ => None,
    };
    facts.iter().filter_map(size).collect()
}

fn probes(facts: &[(Instant, TraceEvent)]) -> usize {
    let is_probe = |(_, event): &&(Instant, TraceEvent)| {
        matches!(event, TraceEvent::PacketSent { cause: SendCause::SizeProbe, .. })
    };
    facts.iter().filter(is_probe).count()
}

#[test]
fn datagrams_grow_to_what_the_link_carries_and_no_further() {
    for (ip_mtu, least, most) in [
        (Some(1_228), 1_200, 1_200),
        (Some(1_280), 1_245, 1_252),
        (Some(1_400), 1_365, 1_372),
        (Some(1_492), 1_457, 1_464),
        (Some(1_500), 1_472, 1_472),
        (None, 1_472, 1_472),
    ] {
        let (report, facts) = told(&plan(ip_mtu, 3_000_000), 1);
        let size = sizes(&facts).last().copied().unwrap_or(1_200);
        assert!((least..=most).contains(&size), "{size} over {ip_mtu:?}");
        let bulk = &report.sessions[0].up.bulk;
        assert!(bulk.bytes >= 3_000_000 && bulk.fates.out_of_order == 0);
        assert!(probes(&facts) <= 25, "{} probes over {ip_mtu:?}", probes(&facts));
    }
}

#[test]
fn lost_probes_shrink_no_window_and_are_no_losses() {
    let mut plan = plan(Some(1_228), 2_000_000);
    // No bottleneck, so nothing else is lost.
    plan.link.up.rate = None;
    let (report, facts) = told(&plan, 2);
    assert!(probes(&facts) >= 9);
    let client = report.sessions[0].stats[0].expect("a session");
    assert_eq!(client.loss, Some(0.0));
    let window = facts.iter().filter_map(|(_, event)| match event {
        TraceEvent::WindowMoved { window, .. } => Some(*window),
        _ => None,
    });
    assert!(window.is_sorted());
}

#[test]
fn a_chat_of_short_lines_sends_no_probes() {
    let mut plan = plan(None, 0);
    plan.sessions[0].up.paced = Paced { messages: 3_000, ..Paced::default() };
    let (report, facts) = told(&plan, 3);
    assert_eq!((report.total().up.paced().delivered, probes(&facts)), (3_000, 0));
}

#[test]
fn a_teaching_window_of_packets_is_left_alone() {
    let mut plan = plan(None, 300_000);
    plan.sessions[0].config.congestion = Congestion::Fixed(4);
    assert_eq!(probes(&told(&plan, 4).1), 0);
}

#[test]
fn a_black_hole_that_opens_in_mid_transfer_hangs_nobody() {
    for congestion in [Congestion::NewReno, Congestion::Cubic, Congestion::Tolerant] {
        let mut plan = plan(None, 6_000_000);
        plan.link.conditions = "1500ms mtu=1300".parse().expect("a trace");
        plan.sessions[0].config.congestion = congestion;
        plan.sessions[0].up.paced = Paced { messages: 200, ..Paced::default() };
        let (report, facts) = told(&plan, 5);
        assert_eq!(sizes(&facts), [1_472, 1_200], "{congestion}");
        let up = &report.sessions[0].up;
        assert!(up.bulk.bytes >= 6_000_000 && up.bulk.fates.out_of_order == 0, "{congestion}");
        let at = facts.iter().find(|(_, event)| *event == TraceEvent::DatagramSize { bytes: 1_200 });
        let noticed = at.map_or(u64::MAX, |(at, _)| at.as_micros() / 1_000);
        assert!((1_500..2_500).contains(&noticed), "{congestion}: noticed at {noticed} ms");
        assert_eq!(up.paced().delivered, 200);
        let slowest = up.paced().latencies.max().expect("a latency");
        assert!(slowest < Duration::from_secs(1), "{congestion}: a line waited {slowest:?}");
        let last = report.ended.as_micros() / 1_000;
        assert!(last < 7_000, "{congestion}: over at {last} ms");
    }
}

#[test]
fn what_another_path_carries_is_searched_anew() {
    let mut plan = plan(None, 0);
    plan.link.rebind = Some("addr@1500ms/60s".parse().expect("a plan"));
    plan.sessions[0].down.bulk.bytes = 6_000_000;
    let recorder = Arc::new(Recorder::new(Side::Server));
    let ears = Ears { clients: None, server: Some(recorder.clone()) };
    Testbed::new(&plan, 8, ears).finish().expect("time goes on");
    let facts: Vec<_> = recorder.recorded().into_iter().map(|fact| (fact.at, fact.event)).collect();
    assert_eq!((sizes(&facts), probes(&facts)), (vec![1_472, 1_472], 2));
}

#[test]
fn an_outage_is_no_black_hole() {
    let mut plan = plan(None, 6_000_000);
    plan.link.conditions = "1500ms loss=100%\n1800ms loss=0".parse().expect("a trace");
    let (_, facts) = told(&plan, 6);
    assert_eq!(sizes(&facts), [1_472]);
}

#[test]
fn every_datagram_but_a_probe_keeps_to_what_is_known_to_pass() {
    let (_, facts) = told(&plan(Some(1_400), 1_000_000), 7);
    let mut known = 1_200;
    for (at, event) in &facts {
        match event {
            TraceEvent::DatagramSize { bytes } => known = *bytes,
            TraceEvent::PacketSent { cause: SendCause::SizeProbe, bytes, .. } => {
                assert!(*bytes > known && *bytes <= 1_500 - HEADERS);
            }
            TraceEvent::PacketSent { bytes, .. } => assert!(*bytes <= known, "{bytes} at {at:?}"),
            _ => {}
        }
    }
}
