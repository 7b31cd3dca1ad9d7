//! Does the code still do what the student's way through it shows?
//!
//! Each ladder in `docs/reading.md` stands in a block marked with the name of the test here that makes it.
//! The test plays its scene again and compares; with `SAYAGAIN_BLESS=1` it writes the block anew instead:
//!
//! ```text
//! SAYAGAIN_BLESS=1 cargo test --release reading
//! ```
//!
//! Paths and names of tests that the documents mention are looked up as well.

mod document;
mod scene;

use document::compare;
use sayagain::lab::ladder::Side;
use sayagain::trace::TraceEvent;
use scene::Scene;

/// The tests that make a ladder.
const LADDERS: [&str; 8] = [
    "a_stranger_is_met_in_one_round_trip_and_heard_in_the_next",
    "a_known_server_hears_the_first_message_in_the_first_flight",
    "a_lost_acknowledgement_is_said_by_the_next",
    "a_packet_overtaken_by_three_is_lost",
    "a_packet_overtaken_by_one_is_lost_when_its_time_is_up",
    "a_packet_that_is_only_late_is_taken_for_lost_and_noticed",
    "a_lost_tail_is_repaired_by_a_probe",
    "a_lost_last_acknowledgement_costs_a_probe",
];

fn count(scene: &Scene, since_ms: u64, wanted: impl Fn(&TraceEvent) -> bool) -> usize {
    scene.facts(since_ms).iter().filter(|fact| wanted(&fact.event)).count()
}

#[test]
fn every_ladder_of_the_document_has_its_test_and_every_test_its_ladder() {
    assert_eq!(document::ladders(), LADDERS);
}

#[test]
fn a_stranger_is_met_in_one_round_trip_and_heard_in_the_next() {
    let mut scene = Scene::new(false);
    scene.say();
    scene.run_until(130);
    assert_eq!(count(&scene, 0, |fact| matches!(fact, TraceEvent::MessageDelivered { .. })), 1);
    compare(LADDERS[0], &scene.ladder(0, true));
}

#[test]
fn a_known_server_hears_the_first_message_in_the_first_flight() {
    let mut scene = Scene::new(true);
    scene.say();
    scene.run_until(130);
    assert_eq!(count(&scene, 0, |fact| matches!(fact, TraceEvent::PieceSent { .. })), 1);
    compare(LADDERS[1], &scene.ladder(0, true));
}

#[test]
fn a_packet_overtaken_by_three_is_lost() {
    let mut scene = Scene::connected();
    scene.lose_next(Side::Client);
    for ms in 1_500..1_504 {
        scene.run_until(ms);
        scene.say();
    }
    scene.run_until(1_640);
    let by_packets = |fact: &TraceEvent| matches!(fact, TraceEvent::PacketLost { by_time: false, .. });
    assert_eq!(count(&scene, 1_500, by_packets), 1);
    compare(LADDERS[3], &scene.ladder(1_500, false));
}

#[test]
fn a_packet_overtaken_by_one_is_lost_when_its_time_is_up() {
    let mut scene = Scene::connected();
    scene.lose_next(Side::Client);
    for ms in 1_500..1_502 {
        scene.run_until(ms);
        scene.say();
    }
    scene.run_until(1_640);
    let by_time = |fact: &TraceEvent| matches!(fact, TraceEvent::PacketLost { by_time: true, .. });
    assert_eq!(count(&scene, 1_500, by_time), 1);
    compare(LADDERS[4], &scene.ladder(1_500, false));
}

#[test]
fn a_packet_that_is_only_late_is_taken_for_lost_and_noticed() {
    let mut scene = Scene::connected();
    scene.delay_next(6);
    for ms in 1_500..1_504 {
        scene.run_until(ms);
        scene.say();
    }
    scene.run_until(1_640);
    assert_eq!(count(&scene, 1_500, |fact| matches!(fact, TraceEvent::LossSpurious { .. })), 1);
    compare(LADDERS[5], &scene.ladder(1_500, false));
}

#[test]
fn a_lost_tail_is_repaired_by_a_probe() {
    let mut scene = Scene::connected();
    scene.lose_next(Side::Client);
    scene.say();
    scene.run_until(1_760);
    assert_eq!(count(&scene, 1_500, |fact| matches!(fact, TraceEvent::ProbeFired { count: 1 })), 1);
    compare(LADDERS[6], &scene.ladder(1_500, true));
}

#[test]
fn a_lost_acknowledgement_is_said_by_the_next() {
    let mut scene = Scene::connected();
    scene.lose_next(Side::Server);
    scene.say();
    scene.run_until(1_510);
    scene.say();
    scene.run_until(1_640);
    let again =
        |fact: &TraceEvent| matches!(fact, TraceEvent::ProbeFired { .. } | TraceEvent::PacketLost { .. });
    assert_eq!(count(&scene, 1_500, again), 0);
    compare(LADDERS[2], &scene.ladder(1_500, true));
}

#[test]
fn a_lost_last_acknowledgement_costs_a_probe() {
    let mut scene = Scene::connected();
    scene.lose_next(Side::Server);
    scene.say();
    scene.run_until(1_760);
    assert_eq!(count(&scene, 1_500, |fact| matches!(fact, TraceEvent::PieceDuplicate { .. })), 1);
    compare(LADDERS[7], &scene.ladder(1_500, false));
}
