//! What becomes of a session whose client's address changes, or whose NAT forgets?

use super::*;
use crate::lab::ladder::{Recorder, Side};
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::time::{Duration, Instant, at};
use crate::trace::TraceEvent;
use std::sync::Arc;

/// A NAT forgets a UDP binding after so long without a datagram from inside, at the earliest (RFC 4787 REQ-5
/// has two minutes, and what is sold has less).
const NAT_FORGETS: Duration = Duration::from_secs(30);

const DELAY: Duration = Duration::from_millis(25);

fn plan() -> Plan {
    let way = DirectionConfig { delay: DELAY, ..DirectionConfig::default() };
    Plan::of(LinkConfig::symmetric(way, 0))
}

/// From the first packet that the server gets from the client's new address to when that is proven.
fn time_to_prove(mut plan: Plan, what: &str) -> Duration {
    plan.link.rebind = Some(format!("{what}@2010ms").parse().expect("a plan"));
    plan.end = End::At(Duration::from_secs(20));
    let mut testbed = Testbed::new(&plan, 1, Ears::default());
    let (mut before, mut moved_at) = (None, None);
    while testbed.step(at(20_000_000)).expect("time goes on") {
        let Some(id) = testbed.seats[0].id else { continue };
        let path = testbed.server.path(id).expect("a session");
        let first = *before.get_or_insert(path.remote);
        if path.remote != first {
            let moved_at = *moved_at.get_or_insert(testbed.now());
            if testbed.server.is_proven(id) {
                return testbed.now() - moved_at;
            }
        }
    }
    panic!("{what}: moved at {moved_at:?}, never proven")
}

#[test]
fn a_new_address_is_proven_one_round_trip_after_its_first_packet() {
    for what in ["port", "addr"] {
        let mut talking = plan();
        talking.sessions[0].up.paced.messages = 200;
        let mut loading = plan();
        loading.sessions[0].down.bulk.bytes = 10_000_000;
        loading.link.down.rate = Some(20_000_000);
        let round_trip = 2 * DELAY;
        assert_eq!(time_to_prove(talking, what), round_trip, "{what}, the client talks");
        // Before the challenge the bottleneck's queue of a round trip drains.
        let proven = time_to_prove(loading, what);
        assert!(proven <= 2 * round_trip, "{what}, the client loads: {proven:?}");
        assert_eq!(time_to_prove(plan(), what), round_trip, "{what}, nobody talks");
    }
}

/// The longest time in which the client sent nothing, in ten minutes of this session after the server has
/// stretched its clock.
fn longest_pause(mut plan: Plan, stretch: u32) -> Duration {
    plan.end = End::At(Duration::from_mins(10));
    let recorder = Arc::new(Recorder::new(Side::Client));
    let ears = Ears { clients: Some(recorder.clone()), server: None };
    let mut testbed = Testbed::new(&plan, 1, ears);
    testbed.run_until(at(1_000_000)).expect("time goes on");
    testbed.server.stretch(testbed.now(), stretch);
    testbed.finish().expect("time goes on");
    assert_eq!(testbed.report().sessions[0].closed, [None, None]);
    let is_sent = |event: &TraceEvent| matches!(event, TraceEvent::PacketSent { .. });
    let facts = recorder.recorded();
    let sent: Vec<Instant> = facts.iter().filter(|it| is_sent(&it.event)).map(|it| it.at).collect();
    let last = at(600_000_000) - *sent.last().expect("a packet");
    sent.windows(2).map(|pair| pair[1] - pair[0]).chain([last]).max().expect("packets")
}

#[test]
fn a_nat_that_forgets_after_thirty_seconds_never_does_whoever_is_idle() {
    let seconds = Duration::from_secs;
    let talking = Paced { messages: 40, interval: seconds(15), ..Paced::default() };
    let mut server_talks = plan();
    server_talks.sessions[0].down.paced = talking;
    let mut client_talks = plan();
    client_talks.sessions[0].up.paced = talking;
    for (who, plan) in [("client idle", server_talks), ("server idle", client_talks), ("both idle", plan())] {
        let pause = longest_pause(plan, 1);
        assert!(pause <= seconds(1), "{who}: nothing for {pause:?}");
    }
}

#[test]
fn a_clock_stretched_for_many_sessions_still_holds_a_binding() {
    for stretch in [20, 51, 600] {
        let pause = longest_pause(plan(), stretch);
        assert!(pause >= Duration::from_secs(15) && pause < NAT_FORGETS, "{stretch}: nothing for {pause:?}");
    }
}
