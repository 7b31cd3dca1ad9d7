//! Reading further back, and who may.

use super::{ROOM, World, ann_and_ben, join, post};
use crate::chat::message::{CONTROL_CHANNEL, MessageId, RequestId, ToClient, ToServer};

fn earlier(request: u64, before: u64, count: u64) -> ToServer {
    let (request, before) = (RequestId(request), MessageId(before));
    ToServer::Earlier { request, room: "#Lobby".into(), before, count }
}

/// Ann and Ben in the lobby, where so many messages were said.
fn talked(count: u64) -> World {
    let mut world = ann_and_ben();
    (1..=count).for_each(|counter| world.hear(1, ROOM, &post(counter, "x")));
    world.take_all();
    world
}

/// The page that session 2 was answered with: ids, at the start.
fn answer(world: &mut World) -> (Vec<u64>, bool) {
    match world.next_on(2, CONTROL_CHANNEL) {
        Some(ToClient::Page { room, messages, at_start, .. }) => {
            assert_eq!(room, "lobby");
            (messages.iter().map(|message| message.id.0).collect(), at_start)
        }
        other => panic!("no page: {other:?}"),
    }
}

#[test]
fn a_page_is_what_came_before_oldest_first_and_says_where_the_room_begins() {
    let mut world = talked(9);
    world.hear(2, CONTROL_CHANNEL, &earlier(1, 7, 3));
    assert_eq!(answer(&mut world), (vec![4, 5, 6], false));
    world.hear(2, CONTROL_CHANNEL, &earlier(2, 4, 3));
    assert_eq!(answer(&mut world), (vec![1, 2, 3], true), "exactly the rest");
    world.hear(2, CONTROL_CHANNEL, &earlier(3, 1, 3));
    assert_eq!(answer(&mut world), (vec![], true));
    world.hear(2, CONTROL_CHANNEL, &earlier(4, 0, 0));
    assert_eq!(answer(&mut world), (vec![], true));
    world.hear(2, CONTROL_CHANNEL, &earlier(5, (1 << 62) - 1, 2));
    assert_eq!(answer(&mut world), (vec![8, 9], false));
}

#[test]
fn a_page_has_at_most_a_hundred_messages_however_many_are_asked_for() {
    let mut world = talked(150);
    world.hear(2, CONTROL_CHANNEL, &earlier(1, 151, u64::MAX >> 2));
    let (ids, at_start) = answer(&mut world);
    assert_eq!((ids.len(), ids.first(), at_start), (100, Some(&51), false));
}

#[test]
fn only_who_is_in_a_room_reads_what_was_said_there() {
    let mut world = talked(3);
    world.hear(2, ROOM, &ToServer::Part);
    world.take_all();
    world.hear(2, CONTROL_CHANNEL, &earlier(1, 9, 9));
    assert_eq!(world.lines(2), ["failed 1 not-in-room"]);
    world.hear(2, ROOM, &join("lobby"));
    world.take_all();
    world.hear(2, CONTROL_CHANNEL, &earlier(2, 9, 9));
    assert_eq!(answer(&mut world).0, [1, 2, 3]);
    let nowhere =
        ToServer::Earlier { request: RequestId(3), room: "lab".into(), before: MessageId(9), count: 9 };
    world.hear(2, CONTROL_CHANNEL, &nowhere);
    assert_eq!(world.lines(2), ["failed 3 no-such-room"]);
}

#[test]
fn pages_under_way_of_a_session_are_bounded_and_one_that_fails_is_told() {
    let mut world = talked(3);
    world.store_waits = true;
    (1..=9).for_each(|request| world.hear(2, CONTROL_CHANNEL, &earlier(request, 9, 9)));
    assert_eq!(world.lines(2), ["failed 9 server-busy"]);
    world.fail_store();
    assert_eq!(world.lines(2), ["failed 1 storage-failed"]);
    world.disconnect(2);
    (2..=8).for_each(|_| world.answer_store());
    assert!(world.lines(2).is_empty());
}
