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
use sayagain::transport::arq::Arq;
pub use scene::Scene;

/// The tests that make a ladder.
const LADDERS: [&str; 12] = [
    "a_stranger_is_met_in_one_round_trip_and_heard_in_the_next",
    "a_known_server_hears_the_first_message_in_the_first_flight",
    "a_lost_acknowledgement_is_said_by_the_next",
    "a_packet_overtaken_by_three_is_lost",
    "a_packet_overtaken_by_one_is_lost_when_its_time_is_up",
    "a_packet_that_is_only_late_is_taken_for_lost_and_noticed",
    "a_lost_tail_is_repaired_by_a_probe",
    "a_lost_last_acknowledgement_costs_a_probe",
    "stop_and_wait_sends_nothing_until_the_one_is_acknowledged",
    "go_back_n_drops_what_is_before_its_turn_and_sends_all_again",
    "selective_repeat_sends_only_what_is_lost_again",
    "over_one_stream_a_room_waits_for_another_and_for_a_long_timer",
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

/// Four messages, a millisecond apart, of which the first is lost.
fn first_of_four_lost(arq: Arq) -> Scene {
    let mut scene = Scene::connected_in(arq);
    scene.lose_next(Side::Client);
    for ms in 1_500..1_504 {
        scene.run_until(ms);
        scene.say();
    }
    scene.run_until(1_720);
    scene
}

fn timed_out(fact: &TraceEvent) -> bool {
    matches!(fact, TraceEvent::PacketTimedOut { .. })
}

fn untimely(fact: &TraceEvent) -> bool {
    matches!(fact, TraceEvent::PacketOutOfOrder { .. })
}

#[test]
fn stop_and_wait_sends_nothing_until_the_one_is_acknowledged() {
    let mut scene = Scene::connected_in(Arq::StopAndWait);
    scene.lose_next(Side::Client);
    scene.say();
    scene.run_until(1_501);
    scene.say();
    scene.run_until(1_760);
    assert_eq!(count(&scene, 1_500, timed_out), 1);
    compare(LADDERS[8], &scene.ladder(1_500, false));
}

#[test]
fn go_back_n_drops_what_is_before_its_turn_and_sends_all_again() {
    let scene = first_of_four_lost(Arq::GoBackN);
    assert_eq!((count(&scene, 1_500, timed_out), count(&scene, 1_500, untimely)), (4, 3));
    compare(LADDERS[9], &scene.ladder(1_500, false));
}

#[test]
fn selective_repeat_sends_only_what_is_lost_again() {
    let scene = first_of_four_lost(Arq::SelectiveRepeat);
    assert_eq!((count(&scene, 1_500, timed_out), count(&scene, 1_500, untimely)), (1, 0));
    compare(LADDERS[10], &scene.ladder(1_500, false));
}

#[test]
fn over_one_stream_a_room_waits_for_another_and_for_a_long_timer() {
    let mut scene = Scene::connected_in(Arq::TcpLike);
    scene.lose_next(Side::Client);
    scene.say_in(0);
    scene.run_until(1_501);
    scene.say_in(1);
    scene.run_until(1_900);
    assert_eq!(count(&scene, 1_700, |fact| matches!(fact, TraceEvent::MessageDelivered { .. })), 2);
    compare(LADDERS[11], &scene.ladder(1_500, false));
}
