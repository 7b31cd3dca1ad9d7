//! Messages in rooms and private ones.

use super::{ANN, BEN, ROOM, ROOM_B, World, ann_and_ben, join, post, private};
use crate::chat::message::{CONTROL_CHANNEL, PRIVATE_CHANNEL, PostKind, RequestId, ToClient, ToServer};
use crate::chat::server::close_code;

#[test]
fn a_post_is_accepted_and_then_shown_to_everybody_who_is_in_the_room() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM, &post(1, "hi"));
    assert_eq!(world.lines(1), ["8 accepted 1 as 1", "8 #1 ann: hi"]);
    assert_eq!(world.lines(2), ["8 #1 ann: hi"]);
}

#[test]
fn nothing_is_told_before_it_is_stored() {
    let mut world = ann_and_ben();
    world.store_waits = true;
    world.hear(1, ROOM, &post(1, "hi"));
    assert!(world.lines(1).is_empty() && world.lines(2).is_empty());
    world.answer_store();
    assert_eq!((world.lines(1).len(), world.lines(2).len()), (2, 1));
}

#[test]
fn a_message_carries_who_when_and_how() {
    let mut world = ann_and_ben();
    world.pass_ms(1_000);
    let wave = ToServer::Post {
        counter: crate::chat::message::Counter(1),
        kind: PostKind::Action,
        text: "waves".into(),
    };
    world.hear(1, ROOM, &wave);
    let Some(ToClient::Message { message, history: false }) = world.next_on(2, ROOM) else { panic!() };
    assert_eq!((message.kind, &*message.name), (PostKind::Action, "ann"));
    assert_eq!(message.at_ms, super::world::EPOCH_MS + 6_000);
}

#[test]
fn what_came_while_the_store_was_busy_goes_in_one_batch() {
    let mut world = ann_and_ben();
    world.store_waits = true;
    for counter in 1..=100 {
        world.hear(1, ROOM, &post(counter, "hi"));
    }
    assert_eq!(world.requests.len(), 1);
    world.answer_store();
    assert_eq!(world.lines(2).len(), 1);
    world.answer_store();
    assert_eq!((world.lines(2).len(), world.requests.len()), (99, 0));
}

#[test]
fn empty_and_over_long_texts_are_rejected_and_leave_no_hole() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM, &post(1, "  "));
    world.hear(1, ROOM, &post(2, &"x".repeat(4_001)));
    world.hear(1, ROOM, &post(3, "fine"));
    assert_eq!(
        world.lines(1),
        [
            "8 rejected 1 message-empty",
            "8 rejected 2 message-too-long",
            "8 accepted 3 as 1",
            "8 #1 ann: fine"
        ]
    );
    world.hear(1, ROOM, &post(1, "  "));
    assert_eq!(world.lines(1), ["8 rejected 1 message-empty"], "the same answer again");
}

#[test]
fn a_post_to_a_room_that_one_is_not_in_is_rejected() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM_B, &post(1, "hi"));
    world.hear(1, ROOM, &ToServer::Part);
    world.hear(1, ROOM, &post(2, "hi"));
    assert_eq!(world.lines(1), ["12 rejected 1 not-in-room", "8 parted", "8 rejected 2 not-in-room"]);
}

#[test]
fn a_receipt_comes_even_after_leaving_the_room() {
    let mut world = ann_and_ben();
    world.store_waits = true;
    world.hear(1, ROOM, &post(1, "bye"));
    world.hear(1, ROOM, &ToServer::Part);
    world.answer_store();
    assert_eq!(world.lines(1), ["8 parted", "8 accepted 1 as 1"]);
}

#[test]
fn a_private_message_goes_to_all_terminals_of_both_but_the_one_that_sent_it() {
    let mut world = ann_and_ben();
    world.connect(3, ANN, 3, "ann");
    world.connect(4, BEN, 4, "ben");
    world.take_all();
    world.hear(1, PRIVATE_CHANNEL, &private(1, "BEN", "psst"));
    assert_eq!(world.lines(1), ["accepted 1 as 1"]);
    for session in [2, 4] {
        assert_eq!(world.lines(session), ["private #1 ann -> ben: psst"]);
    }
    assert_eq!(world.lines(3), ["copy of private ann -> ben: psst"], "with no number of ann's own");
}

#[test]
fn private_ids_rise_for_each_recipient_alone() {
    let mut world = ann_and_ben();
    world.hear(1, PRIVATE_CHANNEL, &private(1, "ben", "a"));
    world.hear(2, PRIVATE_CHANNEL, &private(1, "ann", "b"));
    world.hear(1, PRIVATE_CHANNEL, &private(2, "ben", "c"));
    assert_eq!(world.lines(1), ["accepted 1 as 1", "private #1 ben -> ann: b", "accepted 2 as 2"]);
}

#[test]
fn a_message_to_oneself_arrives_once() {
    let mut world = ann_and_ben();
    world.hear(1, PRIVATE_CHANNEL, &private(1, "ann", "milk"));
    assert_eq!(world.lines(1), ["accepted 1 as 1", "private #1 ann -> ann: milk"]);
}

#[test]
fn whoever_is_not_known_is_absent_and_whoever_is_silent_or_away_is_not() {
    let mut world = ann_and_ben();
    world.set_lost(2, true);
    world.take_all();
    world.hear(1, PRIVATE_CHANNEL, &private(1, "ben", "still there?"));
    assert_eq!(world.lines(1), ["accepted 1 as 1"]);
    world.disconnect(2);
    world.take_all();
    world.hear(1, PRIVATE_CHANNEL, &private(2, "ben", "hello?"));
    world.hear(1, PRIVATE_CHANNEL, &private(3, "nobody", "hello?"));
    let lines = world.lines(1);
    assert_eq!(lines[1..], ["accepted 2 as 2", "rejected 3 absent"]);
}

#[test]
fn a_client_that_comes_back_hears_the_private_messages_that_it_missed() {
    let mut world = ann_and_ben();
    world.hear(1, PRIVATE_CHANNEL, &private(1, "ben", "one"));
    world.hear(1, PRIVATE_CHANNEL, &private(2, "ben", "two"));
    world.take_all();
    world.connect_since(5, BEN, 2, "ben", 1);
    assert_eq!(world.lines(5), ["welcome ben", "private #2 ann -> ben: two"]);
    world.connect(6, BEN, 6, "ben");
    assert_eq!(world.lines(6).len(), 3, "a new client hears what no client has said to have shown");
}

#[test]
fn a_message_to_an_old_name_follows_the_person() {
    let mut world = ann_and_ben();
    world.hear(2, CONTROL_CHANNEL, &ToServer::Nick { request: RequestId(1), name: "benny".into() });
    world.take_all();
    world.hear(1, PRIVATE_CHANNEL, &private(1, "ben", "hi"));
    assert_eq!(world.lines(2), ["private #1 ann -> benny: hi"]);
}

#[test]
fn what_breaks_the_protocol_ends_the_session_and_nobody_elses() {
    let wrong: [(u64, ToServer); 6] = [
        (CONTROL_CHANNEL, post(1, "on control")),
        (PRIVATE_CHANNEL, join("lobby")),
        (ROOM, private(1, "ben", "in a room")),
        (10, join("on an odd channel")),
        (ROOM, post(0, "the counter starts at 1")),
        (ROOM, post(1_025, "too far ahead")),
    ];
    for (channel, message) in wrong {
        let mut world = ann_and_ben();
        world.hear(1, channel, &message);
        assert_eq!(world.closed[&1].0, close_code::PROTOCOL, "{message:?}");
        assert_eq!(world.lines(2), ["8 -ann", "presence ann Offline"]);
        world.hear(1, ROOM, &post(1, "after the end"));
        assert!(world.lines(2).is_empty());
    }
}

#[test]
fn bytes_that_are_no_message_end_the_session_without_a_panic() {
    for bytes in [&b""[..], b"\xff", b"\x22", &vec![0x20; 70_000]] {
        let mut world = ann_and_ben();
        world.server.handle_message(world.now, super::super::SessionKey(1), ROOM, bytes);
        world.settle();
        assert_eq!(world.closed[&1].0, close_code::PROTOCOL);
    }
}

#[test]
fn joining_twice_on_one_channel_breaks_the_protocol() {
    let mut world = World::new();
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    world.hear(1, ROOM, &join("other"));
    assert_eq!(world.closed[&1].0, close_code::PROTOCOL);
}
