//! Do a session's own statistics say what the witnesses saw?

use super::*;
use crate::lab::link::{Direction, DirectionConfig, LinkConfig};
use crate::time::Duration;
use crate::trace::SendCause;
use crate::transport::session::SessionStats;

/// A bad link both ways, so that every counter has something to count.
fn bad() -> LinkConfig {
    let way = DirectionConfig {
        delay: Duration::from_millis(25),
        loss: 0.1,
        reorder: 0.05,
        reorder_by: Duration::from_millis(60),
        duplicate: 0.05,
        ..DirectionConfig::default()
    };
    LinkConfig::symmetric(way, 0)
}

/// It only loses.
fn lossy() -> LinkConfig {
    let LinkConfig { up, .. } = bad();
    LinkConfig::symmetric(DirectionConfig { duplicate: 0.0, reorder: 0.0, ..up }, 0)
}

/// Over by the clock while messages are still under way.
fn report(link: LinkConfig, seed: u64) -> Report {
    let mut plan = Plan::of(link);
    plan.meeting = Meeting::Known;
    let paced = Paced { messages: 1_000, ..Paced::default() };
    let workload = Workload { paced, bulk: Bulk { bytes: 300_000, ..Bulk::default() }, answers: false };
    plan.sessions[0].up = workload;
    plan.sessions[0].down = workload;
    plan.end = End::At(Duration::from_secs(15));
    run(&plan, seed).expect("time goes on")
}

fn is_near(one: Option<f64>, other: f64, by: f64) -> bool {
    one.is_some_and(|one| (one - other).abs() <= by)
}

#[test]
fn both_ends_count_what_the_witnesses_saw() {
    for seed in 1..4 {
        let report = report(bad(), seed);
        let session = &report.sessions[0];
        for (end, way) in Direction::BOTH.into_iter().enumerate() {
            let stats = session.stats[end].expect("the session is up");
            let decisions = report.decisions[end];
            let mut wire = session.wire(false, way).clone();
            wire.absorb(session.wire(true, way));
            let spent = stats.spent.expect("known over datagrams");
            assert_eq!(
                (stats.sent, stats.bytes_out),
                (wire.all().datagrams, wire.all().bytes),
                "{seed} {way:?}"
            );
            assert_eq!(spent.total(), stats.bytes_out);
            let pieces = spent.first + spent.bundle + spent.copy + spent.retransmission;
            assert_eq!(pieces, wire.message_bytes);
            let of = |wanted: SendCause| {
                let volume =
                    wire.causes.iter().find(|(cause, _)| *cause == wanted).map(|(_, volume)| *volume);
                volume.unwrap_or_default().bytes
            };
            assert_eq!(spent.acknowledgement, of(SendCause::Acknowledgement));
            let arrived = stats.arrived.expect("known over datagrams");
            assert_eq!((arrived.duplicates, arrived.reordered), (decisions.duplicates, decisions.late));
            assert_eq!((stats.probes, stats.spurious), (Some(decisions.probes), Some(decisions.spurious)));
            assert!(spent.copy > 0 && spent.bundle > 0 && spent.first > 100_000, "{spent:?}");
        }
    }
}

/// What one end holds for lost, the other end has not had: as far as both can know at the same moment.
#[test]
fn both_ends_agree_on_the_loss_of_each_direction_and_with_the_link() {
    let report = report(lossy(), 1);
    let [client, server] = report.sessions[0].stats.map(|stats| stats.expect("the session is up"));
    let missing = |stats: SessionStats| stats.arrived.and_then(|arrived| arrived.loss);
    for (ours, theirs, way) in [(client, server, Direction::Up), (server, client, Direction::Down)] {
        let counters = &report.links[0][way.index()];
        #[expect(clippy::cast_precision_loss, reason = "a share of small counts")]
        let lost = counters.dropped_in_all() as f64 / ours.sent as f64;
        assert!(is_near(missing(theirs), lost, 0.01), "{way:?}: {:?}, the link {lost}", missing(theirs));
        assert!(is_near(ours.loss, lost, 0.01), "{way:?}: {:?}, the link {lost}", ours.loss);
    }
}
