//! What channels promise, on a bad link.

use super::told::told;
use super::*;
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::time::Duration;
use crate::trace::TraceEvent;
use crate::transport::channel::delivery::Delivery;
use crate::transport::redundancy::Redundancy;

/// A message each 20 ms over a link of 25 ms that loses a fifth, without copies.
fn lossy(delivery: Delivery, deadline: Option<Duration>) -> Plan {
    let way = DirectionConfig { delay: Duration::from_millis(25), loss: 0.2, ..DirectionConfig::default() };
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    plan.sessions[0].config.redundancy = Redundancy::Off;
    plan.sessions[0].up.paced = Paced { messages: 1_000, delivery, deadline, ..Paced::default() };
    plan
}

fn played(plan: &Plan, seed: u64) -> Testbed {
    let mut testbed = Testbed::new(plan, seed, Ears::default());
    testbed.finish().expect("time goes on");
    testbed.let_rest(Duration::from_secs(30)).expect("time goes on");
    testbed
}

fn fates(plan: &Plan, seed: u64) -> super::tally::Fates {
    let testbed = played(plan, seed);
    let seat = &testbed.seats[0];
    assert_eq!((seat.tallies[0].broken(), seat.missing()), (None, 0), "{plan:?}");
    let queued = seat.connection.as_ref().map(crate::transport::connection::Connection::queued);
    assert_eq!(queued, Some(0), "all is settled in the end");
    testbed.report().total().up.paced()
}

#[test]
fn without_order_a_lost_message_makes_only_itself_late() {
    for seed in 0..5 {
        let ordered = fates(&lossy(Delivery::Ordered, None), seed);
        let unordered = fates(&lossy(Delivery::Unordered, None), seed);
        assert_eq!((ordered.delivered, unordered.delivered, unordered.duplicated), (1_000, 1_000, 0));
        assert!(unordered.out_of_order > 50, "{}", unordered.out_of_order);
        let median = |fates: &super::tally::Fates| fates.latencies.quantile(700);
        assert_eq!(median(&unordered), Some(Duration::from_millis(25)), "who was not lost does not wait");
        assert!(median(&ordered) > Some(Duration::from_millis(40)));
    }
}

#[test]
fn of_the_latest_the_newest_comes_and_nothing_stale_is_sent_again() {
    for seed in 0..5 {
        let plan = lossy(Delivery::Latest, None);
        let fates = fates(&plan, seed);
        assert!((700..900).contains(&fates.delivered), "a fifth is lost: {}", fates.delivered);
        assert_eq!((fates.duplicated, fates.out_of_order), (0, 0));
        assert_eq!(fates.latencies.quantile(950), Some(Duration::from_millis(25)));
    }
}

#[test]
fn nothing_comes_later_than_its_deadline_and_the_way() {
    let deadline = Duration::from_millis(100);
    for seed in 0..5 {
        let fates = fates(&lossy(Delivery::Unordered, Some(deadline)), seed);
        assert!(fates.delivered > 900 && fates.delivered < 1_000, "some come too late: {}", fates.delivered);
        assert!(fates.latencies.max() <= Some(deadline + Duration::from_millis(25)));
    }
}

#[test]
fn credit_never_leaks_where_messages_are_abandoned() {
    // Many times what a channel's window holds, of messages of which most are abandoned.
    let mut plan = lossy(Delivery::Latest, None);
    plan.sessions[0].up.paced = Paced {
        messages: 4_000,
        size: 3_000,
        interval: Duration::from_millis(10),
        ..plan.sessions[0].up.paced
    };
    let fates = fates(&plan, 9);
    assert!(fates.delivered > 400 && fates.refused == 0, "{} {}", fates.delivered, fates.refused);
}

#[test]
fn what_is_forgotten_before_it_was_sent_is_told() {
    let mut plan = lossy(Delivery::Latest, None);
    plan.sessions[0].up.paced.interval = Duration::ZERO;
    let (report, facts) = told(&plan, 1);
    let counts = facts.into_iter().filter_map(|(_, event)| match event {
        TraceEvent::MessagesExpired { count } => Some(count),
        _ => None,
    });
    let (forgotten, delivered) = (counts.sum::<u64>(), report.total().up.paced().delivered);
    assert!(delivered > 0 && forgotten > 900 && forgotten + delivered <= 1_000, "{forgotten}, {delivered}");
}
