//! A store that fails, restarts, or forgets; and the end.

use super::{ANN, BEN, ROOM, ROOM_B, World, ann_and_ben, join, post, private};
use crate::chat::message::{CONTROL_CHANNEL, MessageId, PRIVATE_CHANNEL, RequestId, ToServer};
use crate::chat::server::{ChatHappening, ChatLimits, close_code};
use crate::store::memory::Limits;
use crate::store::{Change, MemoryStore, StoreRequest};

#[test]
fn a_batch_that_fails_rejects_its_messages_and_remembers_nothing_wrong() {
    let mut world = ann_and_ben();
    world.store_waits = true;
    world.hear(1, ROOM, &post(1, "lost"));
    world.hear(1, ROOM, &post(2, "kept"));
    world.fail_store();
    assert_eq!(world.lines(1), ["8 rejected 1 storage-failed"]);
    let failed = ChatHappening::StoreFailed { reason: "the disk is full".to_owned() };
    assert_eq!(world.happenings, [failed]);
    world.answer_store();
    assert_eq!(world.lines(2), ["8 #1 ann: kept"], "the number of the one that failed is given again");
    world.hear(1, ROOM, &post(1, "a copy under way"));
    assert_eq!(world.lines(1).last().unwrap(), "8 rejected 1 storage-failed");
    world.store_waits = false;
    world.connect(3, ANN, 1, "ann");
    world.hear(3, ROOM, &join("lobby"));
    world.hear(3, ROOM, &post(1, "lost"));
    assert_eq!(world.lines(2), ["8 #2 ann: lost"], "sent again by a client that did not hear of it");
}

#[test]
fn private_numbers_of_a_failed_batch_are_given_again() {
    let mut world = ann_and_ben();
    world.store_waits = true;
    world.hear(1, PRIVATE_CHANNEL, &private(1, "ben", "lost"));
    world.fail_store();
    world.answer_store();
    world.pass_ms(1_000);
    world.answer_store();
    world.hear(1, PRIVATE_CHANNEL, &private(2, "ben", "kept"));
    world.answer_store();
    assert_eq!(world.lines(2), ["private #1 ann -> ben: kept"]);
}

#[test]
fn rejections_are_remembered_over_a_restart_so_that_no_hole_holds_the_span_back() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM, &post(1, ""));
    world.store_waits = true;
    world.hear(1, ROOM, &post(2, "x"));
    world.fail_store();
    world.store_waits = false;
    world.pass_ms(1_000);
    let mut world = World::over(world.store, ChatLimits::default());
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    world.hear(1, ROOM, &post(2 + 1_024, "x"));
    assert!(world.closed.is_empty(), "1 and 2 are settled");
}

#[test]
fn names_and_rooms_of_a_failed_batch_are_stored_later_by_themselves() {
    let mut world = World::new();
    world.store_waits = true;
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("new"));
    world.fail_store();
    assert_eq!(world.lines(1), ["welcome ann", "8 joined new with ann at 0"], "memory goes on");
    world.fail_store();
    world.store_waits = false;
    world.pass_ms(1_000);
    let snapshot = world.store.snapshot(0);
    assert_eq!((snapshot.accounts.len(), snapshot.rooms.len()), (1, 1));
}

#[test]
fn a_restarted_server_knows_names_rooms_and_history() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM, &post(1, "before"));
    world.hear(1, CONTROL_CHANNEL, &ToServer::Nick { request: RequestId(1), name: "anna".into() });
    let mut world = World::over(world.store, ChatLimits::default());
    world.connect(1, BEN, 9, "anna");
    world.connect(2, BEN, 9, "ann");
    assert_eq!((world.closed[&1].0, world.closed[&2].0), (close_code::NAME_TAKEN, close_code::NAME_TAKEN));
    world.connect(3, BEN, 2, "ben");
    world.hear(3, ROOM, &join("lobby"));
    assert_eq!(world.lines(3), ["welcome ben", "8 joined lobby with ben at 1", "8 #1 ann: before (history)"]);
    world.hear(3, ROOM, &post(1, "after"));
    assert_eq!(world.lines(3), ["8 accepted 1 as 2", "8 #2 ben: after"]);
}

#[test]
fn what_is_no_longer_kept_is_told_as_a_gap() {
    let mut world = World::new();
    world.store = MemoryStore::with_limits(Limits { messages_a_room: 10, privates_a_person: 10 });
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    for counter in 1..=30 {
        world.hear(1, ROOM, &post(counter, "x"));
    }
    world.connect(2, BEN, 2, "ben");
    let since = Some(MessageId(5));
    world.hear(2, ROOM, &ToServer::Join { room: "lobby".into(), since, history: 0, since_left: false });
    let lines = world.lines(2);
    assert_eq!(lines[1..4], ["8 joined lobby with ann,ben at 30", "8 gap 15", "8 #21 ann: x (history)"]);
    assert_eq!(lines.len(), 3 + 10);
    world.connect(3, BEN, 3, "ben");
    world.hear(3, ROOM, &join("lobby"));
    assert!(!world.lines(3).iter().any(|line| line.contains("gap")), "a first join misses nothing");
}

#[test]
fn history_that_cannot_be_read_is_told_and_the_room_goes_on() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM, &post(1, "x"));
    world.connect(3, BEN, 3, "ben");
    world.store_waits = true;
    world.hear(
        3,
        ROOM,
        &ToServer::Join { room: "lobby".into(), since: Some(MessageId(0)), history: 0, since_left: false },
    );
    world.fail_store();
    world.store_waits = false;
    world.hear(1, ROOM, &post(2, "y"));
    let lines = world.lines(3);
    let expected = ["notice earlier messages could not be read: the disk is full", "8 gap 1", "8 #2 ann: y"];
    assert_eq!(lines[2..], expected);
}

#[test]
fn a_shutdown_waits_for_the_store_then_tells_and_closes_everybody() {
    let mut world = ann_and_ben();
    world.store_waits = true;
    world.hear(1, ROOM, &post(1, "one"));
    world.hear(1, ROOM, &post(2, "two"));
    world.server.shutdown(world.now);
    world.settle();
    world.hear(2, ROOM, &post(1, "too late"));
    world.connect(3, BEN, 3, "ben");
    assert_eq!(world.closed.remove(&3).unwrap().0, close_code::SHUTDOWN);
    world.answer_store();
    assert!(!world.server.is_down());
    world.answer_store();
    assert!(world.server.is_down() && world.requests.is_empty());
    assert_eq!(world.lines(2), ["8 #1 ann: one", "8 #2 ann: two", "notice here is going down"]);
    assert!([1, 2].iter().all(|session| world.closed[session].0 == close_code::SHUTDOWN));
    world.disconnect(1);
    assert_eq!((world.server.poll_timeout(), world.server.poll_effect()), (None, None));
}

#[test]
fn a_shutdown_does_not_wait_for_a_store_that_fails() {
    let mut world = ann_and_ben();
    world.store_waits = true;
    world.hear(1, ROOM_B, &join("new"));
    world.server.shutdown(world.now);
    world.settle();
    world.fail_store();
    assert!(world.server.is_down());
}

#[test]
fn receipts_are_stored_with_their_message_and_not_before() {
    let mut world = ann_and_ben();
    world.store_waits = true;
    world.hear(1, ROOM, &post(1, "one"));
    world.hear(1, ROOM, &post(2, "two"));
    let through = |request: &StoreRequest| {
        let StoreRequest::Commit { changes, .. } = request else { panic!() };
        let receipts = changes.iter().find_map(|change| match change {
            Change::Instance { record, .. } => Some(record.receipts.through.0),
            _ => None,
        });
        (changes.len(), receipts)
    };
    assert_eq!(through(&world.requests[0]), (2, Some(1)));
    world.answer_store();
    assert_eq!(through(&world.requests[0]), (2, Some(2)));
}
