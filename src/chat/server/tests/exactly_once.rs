//! The same message twice, in another order, over another session.

use super::world::greeting;
use super::{ANN, ROOM, ROOM_B, World, ann_and_ben, join, post, private};
use crate::chat::message::{Counter, Greeting, PRIVATE_CHANNEL};
use crate::chat::server::{ChatLimits, close_code};

#[test]
fn counters_that_arrive_swapped_over_two_rooms_are_both_taken_once() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM_B, &join("b"));
    world.hear(2, ROOM_B, &join("b"));
    for counter in 1..=4 {
        world.hear(1, ROOM, &post(counter, "earlier"));
    }
    world.pass_ms(2_000);
    world.take_all();
    world.hear(1, ROOM_B, &post(6, "six"));
    world.hear(1, ROOM, &post(5, "five"));
    assert_eq!(world.lines(2), ["12 #1 ann: six", "8 #5 ann: five"]);
    world.hear(1, ROOM_B, &post(6, "six"));
    world.hear(1, ROOM, &post(5, "five"));
    assert_eq!(world.lines(2), [""; 0], "nobody sees them again");
    let answers = world.lines(1);
    assert_eq!(answers[answers.len() - 2..], ["12 accepted 6 as 1", "8 accepted 5 as 5"]);
}

#[test]
fn a_message_that_is_being_stored_is_answered_once_to_the_present_session() {
    let mut world = ann_and_ben();
    world.store_waits = true;
    world.hear(1, ROOM, &post(1, "hi"));
    world.connect(3, ANN, 1, "ann");
    world.hear(3, ROOM, &join("lobby"));
    world.hear(3, ROOM, &post(1, "hi"));
    world.answer_store();
    let lines = world.lines(3);
    assert_eq!(lines.iter().filter(|line| line.contains("accepted 1 as 1")).count(), 1, "{lines:?}");
    assert_eq!(world.lines(2), ["8 #1 ann: hi"]);
}

#[test]
fn a_receipt_that_was_lost_is_found_again_over_a_restart() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM, &post(1, "hi"));
    world.hear(1, PRIVATE_CHANNEL, &private(2, "ben", "psst"));
    let mut world = World::over(world.store, ChatLimits::default());
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    world.take_all();
    world.hear(1, ROOM, &post(1, "hi"));
    world.hear(1, PRIVATE_CHANNEL, &private(2, "ben", "psst"));
    assert_eq!(world.lines(1), ["8 accepted 1 as 1", "accepted 2 as 1"]);
}

#[test]
fn a_receipt_that_cannot_be_looked_up_now_is_found_the_next_time() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM, &post(1, "hi"));
    world.take_all();
    world.store_waits = true;
    world.hear(1, ROOM, &post(1, "hi"));
    world.hear(1, ROOM, &post(1, "hi"));
    assert_eq!(world.requests.len(), 1, "asked once");
    world.fail_store();
    assert!(world.lines(1).is_empty());
    world.hear(1, ROOM, &post(1, "hi"));
    world.answer_store();
    assert_eq!(world.lines(1), ["8 accepted 1 as 1"]);
}

#[test]
fn an_instance_belongs_to_its_key() {
    let mut world = ann_and_ben();
    world.connect(3, [7; 32], 1, "mallory");
    assert_eq!(world.closed[&3].0, close_code::PROTOCOL);
    assert!(!world.closed.contains_key(&1));
}

#[test]
fn a_thousand_unsettled_messages_may_be_under_way_and_not_one_more() {
    let mut world = ann_and_ben();
    world.store_waits = true;
    for counter in (2..=1_024).rev() {
        world.hear(1, ROOM, &post(counter, "x"));
    }
    assert!(world.closed.is_empty());
    world.hear(1, ROOM, &post(1_025, "x"));
    assert_eq!(world.closed[&1].0, close_code::PROTOCOL);
}

#[test]
fn past_the_bound_of_what_waits_messages_are_rejected_as_busy() {
    let limits = ChatLimits { waiting_messages: 3, ..ChatLimits::default() };
    let mut world = World::with_limits(limits);
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    world.take_all();
    world.store_waits = true;
    for counter in 1..=5 {
        world.hear(1, ROOM, &post(counter, "x"));
    }
    assert_eq!(world.lines(1), ["8 rejected 5 server-busy"]);
    world.answer_store();
    world.answer_store();
    assert_eq!(world.lines(1).iter().filter(|line| line.contains("accepted")).count(), 4);
    world.hear(1, ROOM, &post(6, "x"));
    world.answer_store();
    assert_eq!(world.lines(1), ["8 accepted 6 as 5", "8 #5 ann: x"]);
}

#[test]
fn a_server_that_forgot_everything_goes_on_where_the_client_says() {
    let mut world = World::new();
    let greeting = Greeting { settled: Counter(5_000), ..greeting("ann") };
    world.greet(1, ANN, &greeting);
    world.hear(1, ROOM, &join("lobby"));
    world.take_all();
    world.hear(1, ROOM, &post(5_001, "hi"));
    assert_eq!(world.lines(1), ["8 accepted 5001 as 1", "8 #1 ann: hi"]);
}
