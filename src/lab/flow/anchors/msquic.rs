//! msquic: every way to lose the beginning, every single packet lost, a NAT that forgets, and calls in any
//! order.
//!
//! "Spin", its random calls, is the harness of the fuzzer fed from a seed: `tests/suite/fuzzing`.

use super::*;
use crate::lab::flow::{Bulk, Paced};
use crate::lab::link::{DirectionConfig, DropCause, LinkConfig};

fn way() -> DirectionConfig {
    DirectionConfig { delay: ms(25), ..DirectionConfig::default() }
}

/// A message up and its answer, and then a transfer of so many bytes each way.
fn plan(meeting: Meeting, bytes: u64) -> Plan {
    let mut plan = Plan { meeting, ..Plan::of(LinkConfig::symmetric(way(), 0)) };
    let session = &mut plan.sessions[0];
    session.up.paced = Paced { messages: 1, ..Paced::default() };
    session.up.bulk = Bulk { bytes, ..Bulk::default() };
    session.down = Workload { answers: true, ..session.up };
    plan
}

/// The drops of a pattern over the first seven datagrams from this side.
fn drops(plan: &mut Plan, side: &str, pattern: u32) {
    let lost = (0..7).filter(|bit| pattern & (1 << bit) != 0);
    plan.link.drops.extend(lost.map(|bit| format!("{side}:packet#{}", bit + 1).parse().expect("a name")));
}

#[test]
fn all_127_drop_patterns_over_the_first_7_datagrams_of_either_side_or_both_connect() {
    for meeting in MEETINGS {
        let mut slowest = 0;
        for pattern in 1..128 {
            for sides in [&["client"][..], &["server"], &["client", "server"]] {
                let mut plan = plan(meeting, 0);
                sides.iter().for_each(|side| drops(&mut plan, side, pattern));
                slowest = slowest.max(ended_ms(&whole(&plan, u64::from(pattern))));
            }
        }
        assert!(slowest < 12_000, "{meeting:?}: {slowest} ms");
    }
}

#[test]
fn whichever_packet_is_dropped_the_transfer_ends_in_time() {
    let undisturbed = ended_ms(&whole(&plan(Meeting::Stranger, 60_000), 1));
    let mut slowest = 0;
    for side in 0..2 {
        for n in 1.. {
            let mut plan = plan(Meeting::Stranger, 60_000);
            let name = format!("{}:packet#{n}", ["client", "server"][side]);
            plan.link.drops.push(name.parse().expect("a name"));
            let report = whole(&plan, 1);
            let dropped = report.links[0][side].dropped(DropCause::Named);
            if dropped == 0 {
                // So many were not sent: each one has been tried.
                break;
            }
            slowest = slowest.max(ended_ms(&report));
        }
    }
    assert!(slowest < undisturbed + 200, "{slowest} ms, {undisturbed} without a loss");
}

#[test]
fn nat_rebinding_of_port_and_of_address_at_any_moment_loses_nothing() {
    for what in ["port", "addr"] {
        for first in (0..1_000).step_by(50) {
            let mut plan = plan(Meeting::Stranger, 200_000);
            plan.sessions[0].up.paced.messages = 50;
            plan.link.rebind = Some(format!("{what}@{first}ms/400ms").parse().expect("a plan"));
            let report = whole(&plan, first);
            assert!(ended_ms(&report) < 4_000, "{what}@{first}: {} ms", ended_ms(&report));
        }
    }
}
