//! What do others test their transports with, and does this one pass it?
//!
//! One module for each list of `docs/testing.md`, with the conditions of the project that it is named after;
//! the sentences name the case. All on virtual time.
//!
//! - `interop`: quic-interop-runner
//! - `msquic`: dropped handshakes, the n-th packet, moves, random calls
//! - `gns`: the soak rows of `GameNetworkingSockets`
//! - `neqo`: the matrix of neqo#895, and two tests of neqo
//! - `others`: s2n-quic and `TigerBeetle`
//! - `issues`: what went wrong elsewhere

mod gns;
mod interop;
mod issues;
mod msquic;
mod neqo;
mod others;

use super::{Meeting, Plan, Report, SessionReport, Workload, run};
use crate::lab::link::Direction;
use crate::time::Duration;

const MEETINGS: [Meeting; 3] = [Meeting::Stranger, Meeting::Known, Meeting::Clear];

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Plays it to its end: everything that was planned has arrived, in order and once, and nobody's session is
/// over.
fn whole(plan: &Plan, seed: u64) -> Report {
    let report = run(plan, seed).expect("time goes on");
    for (session, planned) in report.sessions.iter().zip(&plan.sessions) {
        for (way, workload) in Direction::BOTH.into_iter().zip([planned.up, planned.down]) {
            assert_whole(session, way, &workload, seed);
        }
        assert_eq!(session.closed, [None, None], "seed {seed}");
    }
    report
}

fn assert_whole(session: &SessionReport, way: Direction, workload: &Workload, seed: u64) {
    let told = session.way(way);
    let (paced, bulk) = (told.paced(), &told.bulk);
    assert_eq!(told.damaged, 0, "seed {seed}, {way}");
    for fates in [&paced, &bulk.fates] {
        let kept = (fates.delivered, fates.duplicated, fates.out_of_order);
        assert_eq!(kept, (fates.sent, 0, 0), "seed {seed}, {way}");
    }
    let planned = if workload.answers { paced.sent } else { workload.paced.messages };
    assert_eq!(paced.delivered, planned, "seed {seed}, {way}");
    assert!(bulk.bytes >= workload.bulk.bytes, "seed {seed}, {way}: {} bytes", bulk.bytes);
}

/// When the run was over, in milliseconds.
fn ended_ms(report: &Report) -> u64 {
    report.ended.as_micros() / 1_000
}
