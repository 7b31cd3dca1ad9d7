//! Does the sweep try something, and does it tell what it finds?

use super::super::oracle::Flight;
use super::super::seat::Seat;
use super::super::witness::Cargo;
use super::*;
use crate::trace::SendCause;

/// As many links as the environment asks for with `SAYAGAIN_SEEDS`.
#[test]
fn every_promise_survives_every_link() {
    let seeds = std::env::var("SAYAGAIN_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(2_000);
    let datagrams = sweep(0..seeds).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(datagrams > 100 * seeds, "{datagrams} datagrams in {seeds} runs: hardly anything was tried");
}

#[test]
fn every_teaching_mode_is_drawn_for_either_end() {
    let plans: Vec<_> = (0..500).map(|seed| BadLink::of_seed(seed).plan).collect();
    for arq in Arq::TEACHING {
        assert!(plans.iter().any(|plan| plan.server.arq == arq), "{arq}");
        assert!(plans.iter().any(|plan| plan.sessions[0].config.arq == arq), "{arq}");
    }
    let ours = plans.iter().filter(|plan| plan.server == TransportConfig::default()).count();
    assert_eq!(ours, 400);
}

#[test]
fn what_was_mended_stays_mended() {
    for seed in [
        4_356,  // As 10,305, of a session that began with its first message.
        10_305, // The server forgot a handshake whose client still said hello.
        18_603, // Who holds each acknowledgement for 40 ms was asked again each round trip, for ever.
        23_716, // Answers to what was under way when the watch began were taken for unrest.
        53_527, // An outage of the first seconds ended a session that only its client knew to be up.
        53_201, 71_811, 95_386, // As 23,716.
    ] {
        let played = BadLink::of_seed(seed).play(Ears::default());
        assert!(played.is_ok(), "{played:?}");
    }
}

#[test]
fn a_broken_promise_comes_with_its_seed_and_how_to_play_it_again() {
    let mut link = BadLink::of_seed(7);
    link.plan.link =
        LinkConfig::symmetric(DirectionConfig { mtu: Some(100), ..DirectionConfig::default() }, 0);
    link.close = None;
    link.plan.sessions = vec![SessionPlan::default()];
    link.plan.sessions[0].up.paced.messages = 1;
    let mut testbed = Testbed::new(&link.plan, 7, Ears::default());
    testbed.run_until(CALM).expect("time goes on");
    assert!(testbed.unsettled().contains("1 up and 0 down are missing"), "{}", testbed.unsettled());
    let failure = Failure { link, at: testbed.now(), what: testbed.unsettled() };
    assert!(failure.to_string().ends_with("sayagain sim --sweep 1 --seed 7"), "{failure}");
}

#[test]
fn every_link_that_is_drawn_could_be_asked_for_on_the_command_line() {
    for seed in 0..500 {
        let link = BadLink::of_seed(seed).plan.link;
        assert_eq!(link.up.check().and_then(|()| link.down.check()), Ok(()), "{seed}");
    }
}

/// A link without faults, over which one message goes.
fn calm() -> BadLink {
    let way = DirectionConfig { delay: Duration::from_millis(25), ..DirectionConfig::default() };
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    plan.sessions[0].up.paced.messages = 1;
    BadLink { seed: 0, plan, close: None }
}

#[test]
fn what_an_oracle_sees_breaks_a_run() {
    let mut testbed = Testbed::new(&calm().plan, 0, Ears::default());
    testbed.run_until(at(1_000_000)).expect("time goes on");
    assert_eq!(testbed.broken(false), None);
    let lie =
        Cargo { acknowledged: Some(1_000), cause: Some(SendCause::Acknowledgement), ..Cargo::default() };
    let Seat { oracles: [client, server], .. } = &mut testbed.seats[0];
    server.on_sent(at(0), 30, &lie, Flight::default(), client.largest_sent);
    let broken = testbed.broken(false).unwrap_or_default();
    assert_eq!(broken, "session 0: acknowledges 1000, which was never sent");
}

#[test]
fn what_is_remembered_beyond_its_bound_breaks_a_run() {
    let mut testbed = Testbed::new(&calm().plan, 0, Ears::default());
    testbed.run_until(at(10_000)).expect("time goes on");
    assert_eq!(testbed.broken(false), None);
    testbed.plan.sessions[0].config.limits.queue = 100;
    assert!(testbed.broken(false).is_some_and(|what| what.contains("queued: 132")));
}

#[test]
fn a_timer_that_does_not_go_quiet_breaks_a_run() {
    assert!(calm().play(Ears::default()).is_ok());
    let mut restless = calm();
    restless.plan.server.liveness.heartbeat = Duration::from_millis(200);
    let failure = restless.play(Ears::default()).expect_err("a heartbeat each 200 ms");
    assert!(failure.what.contains("of silence"), "{failure}");
}
