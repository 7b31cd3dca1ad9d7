//! s2n-quic: how long may an outage be? `TigerBeetle`: does the sweep draw all that its swarm does?

use super::*;
use crate::lab::flow::sweep::BadLink;
use crate::lab::flow::{End, Paced};
use crate::lab::link::config::Outage;
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::transport::session::{CloseReason, LivenessConfig};

/// A chat both ways, and nothing passes from 5 s on for so long.
fn with_outage(length: Duration) -> Plan {
    let outages = vec![Outage { from: ms(5_000), length }];
    let way = DirectionConfig { delay: ms(25), outages, ..DirectionConfig::default() };
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    plan.sessions[0].up.paced = Paced { messages: 100, interval: ms(100), ..Paced::default() };
    plan.sessions[0].down.paced = plan.sessions[0].up.paced;
    plan.end = End::At(ms(60_000));
    plan
}

#[test]
fn an_outage_as_long_as_half_the_idle_time_passes_and_so_does_one_just_short_of_it() {
    let limit = LivenessConfig::default().dead_after;
    // What is asked each 0.3 s and answered within 50 ms has to fit in.
    for length in [limit / 2, limit.saturating_sub(ms(1_000))] {
        let report = whole(&with_outage(length), 1);
        assert_eq!(report.total().up.paced().delivered, 100, "{length:?}");
    }
}

#[test]
fn an_outage_a_millisecond_past_the_limit_ends_the_session_at_both_ends() {
    let limit = LivenessConfig::default().dead_after;
    let report = run(&with_outage(limit + ms(1)), 1).expect("time goes on");
    assert_eq!(report.sessions[0].closed, [Some(CloseReason::TimedOut), Some(CloseReason::TimedOut)]);
}

#[test]
fn the_swarm_draws_loss_to_30_and_replay_to_50_percent_clogged_links_and_partitions_of_one_way() {
    let links: Vec<LinkConfig> = (0..2_000).map(|seed| BadLink::of_seed(seed).plan.link).collect();
    let ways: Vec<&DirectionConfig> = links.iter().flat_map(|link| [&link.up, &link.down]).collect();
    let most = |share: fn(&DirectionConfig) -> f64| ways.iter().map(|way| share(way)).fold(0.0, f64::max);
    assert!((0.28..=0.3).contains(&most(|way| way.loss)));
    assert!((0.47..=0.5).contains(&most(|way| way.duplicate)));
    let clogged = ways.iter().filter(|way| way.rate.is_some_and(|rate| rate < 500_000));
    assert!(clogged.count() > 50);
    let one_way = links.iter().filter(|link| link.up.outages != link.down.outages);
    assert!(one_way.count() > 50);
    let perfect = ways.iter().filter(|way| way.loss + way.reorder + way.corrupt == 0.0 && way.rate.is_none());
    assert!(perfect.count() > 50, "a fault hides another");
}
