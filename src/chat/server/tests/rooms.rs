//! Entering, catching up, leaving; and how often the others hear of it.

use super::world::greeting;
use super::{ANN, BEN, ROOM, ROOM_B, World, ann_and_ben, join, post};
use crate::chat::message::{CONTROL_CHANNEL, Greeting, Instance, MessageId, RequestId, ToClient, ToServer};
use crate::chat::server::ChatLimits;
use std::collections::BTreeSet;

fn rejoin(since: u64) -> ToServer {
    ToServer::Join { room: "lobby".to_owned(), since: Some(MessageId(since)), history: 50, since_left: false }
}

#[test]
fn a_newcomer_gets_the_members_then_the_history_then_what_is_new() {
    let mut world = ann_and_ben();
    for counter in 1..=3 {
        world.hear(1, ROOM, &post(counter, "old"));
    }
    world.connect(3, [3; 32], 3, "cid");
    world.hear(
        3,
        ROOM,
        &ToServer::Join { room: "#Lobby".into(), since: None, history: 2, since_left: false },
    );
    world.hear(1, ROOM, &post(4, "new"));
    assert_eq!(
        world.lines(3),
        [
            "welcome cid",
            "8 joined lobby with ann,ben,cid at 3",
            "8 #2 ann: old (history)",
            "8 #3 ann: old (history)",
            "8 #4 ann: new"
        ]
    );
}

#[test]
fn whoever_catches_up_gets_every_message_once_and_in_order() {
    let mut world = ann_and_ben();
    for counter in 1..=250 {
        world.hear(1, ROOM, &post(counter, "old"));
    }
    world.connect(3, BEN, 3, "ben");
    world.take_all();
    world.queues_wait = true;
    world.hear(3, ROOM, &rejoin(10));
    world.hear(1, ROOM, &post(251, "said meanwhile"));
    let mut ids = Vec::new();
    for _ in 0..9 {
        while let Some(message) = world.next_on(3, ROOM) {
            if let ToClient::Message { message, history } = message {
                assert_eq!(history, message.id.0 <= 250);
                ids.push(message.id.0);
            }
        }
        assert!(ids.len() % 100 == 0 || ids.len() == 241, "a page at a time");
        world.drain(3);
    }
    assert_eq!(ids, (11..=251).collect::<Vec<_>>());
    world.hear(1, ROOM, &post(252, "live"));
    assert_eq!(world.lines(3), ["8 #252 ann: live"]);
}

#[test]
fn a_message_that_is_stored_while_its_page_is_read_is_not_shown_twice() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM, &post(1, "old"));
    world.connect(3, BEN, 3, "ben");
    world.take_all();
    world.store_waits = true;
    world.hear(1, ROOM, &post(2, "between"));
    world.hear(3, ROOM, &rejoin(0));
    world.hear(1, ROOM, &post(3, "after"));
    while !world.requests.is_empty() {
        world.answer_store();
    }
    let lines = world.lines(3);
    assert_eq!(lines[1..], ["8 #1 ann: old (history)", "8 #2 ann: between", "8 #3 ann: after"]);
}

#[test]
fn a_channel_can_be_a_room_again_while_the_old_page_is_under_way() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM, &post(1, "old"));
    world.connect(3, BEN, 3, "ben");
    world.take_all();
    world.store_waits = true;
    world.hear(3, ROOM, &rejoin(0));
    world.hear(3, ROOM, &ToServer::Part);
    world.hear(3, ROOM, &rejoin(0));
    world.store_waits = false;
    world.settle();
    assert_eq!(world.lines(3).iter().filter(|line| line.contains("#1")).count(), 1);
}

#[test]
fn coming_and_going_is_told_to_the_others_and_not_to_oneself() {
    let mut world = ann_and_ben();
    world.connect(3, [3; 32], 3, "cid");
    world.hear(3, ROOM, &join("lobby"));
    assert_eq!(world.lines(1), ["8 +cid"]);
    world.pass_ms(2_000);
    world.hear(3, ROOM, &ToServer::Part);
    assert_eq!(world.lines(1), ["8 -cid"]);
    assert_eq!(world.lines(3), ["welcome cid", "8 joined lobby with ann,ben,cid at 0", "8 parted"]);
}

#[test]
fn whoever_speaks_at_once_is_announced_before_they_are_heard() {
    let mut world = ann_and_ben();
    for (number, name) in [(3, "cid"), (4, "dan")] {
        world.connect(number.into(), [number; 32], number, name);
        world.hear(number.into(), ROOM, &join("lobby"));
    }
    world.hear(4, ROOM, &post(1, "hi"));
    assert_eq!(world.lines(1), ["8 +cid", "8 +dan", "8 #1 dan: hi"]);
}

#[test]
fn a_second_terminal_of_somebody_is_no_coming_and_no_going() {
    let mut world = ann_and_ben();
    world.connect(3, ANN, 3, "ann");
    world.hear(3, ROOM, &join("lobby"));
    world.pass_ms(2_000);
    world.disconnect(3);
    world.pass_ms(2_000);
    assert_eq!(world.lines(2), [""; 0]);
}

#[test]
fn whoever_reconnects_in_time_never_seems_to_leave() {
    let mut world = ann_and_ben();
    world.connect(3, ANN, 1, "ann");
    world.pass_ms(9_000);
    world.hear(3, ROOM, &rejoin(0));
    world.pass_ms(20_000);
    assert_eq!(world.lines(2), [""; 0]);
    world.hear(2, ROOM, &post(1, "hi"));
    assert_eq!(world.lines(3).last().unwrap(), "8 #1 ben: hi");
}

#[test]
fn whoever_reconnects_and_does_not_join_leaves_after_the_grace() {
    let mut world = ann_and_ben();
    world.connect(3, ANN, 1, "ann");
    world.pass_ms(9_999);
    assert_eq!(world.lines(2), [""; 0]);
    world.pass_ms(1);
    assert_eq!(world.lines(2), ["8 -ann"]);
}

#[test]
fn whoever_reconnects_and_vanishes_leaves_at_once() {
    let mut world = ann_and_ben();
    world.connect(3, ANN, 1, "ann");
    world.disconnect(3);
    assert_eq!(world.lines(2), ["8 -ann", "presence ann Offline"]);
}

#[test]
fn three_hundred_people_who_join_within_a_minute_make_few_notices() {
    let mut world = World::new();
    for person in 0..300 {
        connect_numbered(&mut world, person);
        world.hear(person, ROOM, &join("lobby"));
        world.pass_ms(200);
    }
    world.pass_ms(2_000);
    let notices: usize = (0..300).map(|person| count_notices(&mut world, person)).sum();
    assert!(notices <= 300 * 61, "{notices}");
    leave_all(&mut world);
}

fn connect_numbered(world: &mut World, person: u64) {
    let mut instance = Instance::default();
    instance.0[..8].copy_from_slice(&person.to_be_bytes());
    let mut key = [0; 32];
    key[..8].copy_from_slice(&person.to_be_bytes());
    world.greet(person, key, &Greeting { instance, ..greeting(&format!("p-{person}")) });
}

/// How many notices of comings one of the three hundred got; nobody may be missing or named twice.
fn count_notices(world: &mut World, person: u64) -> usize {
    let mut known = BTreeSet::new();
    let mut notices = 0;
    for (channel, message) in world.take(person) {
        match message {
            ToClient::Joined { people, .. } => known.extend(people),
            ToClient::MembersJoined { names } => {
                notices += 1;
                assert!(names.into_iter().all(|name| known.insert(name)), "told twice");
            }
            other => assert_eq!(channel, CONTROL_CHANNEL, "{other:?}"),
        }
    }
    assert_eq!(known.len(), 300, "everybody knows everybody");
    notices
}

/// They all go silent within a minute, and presence is gathered like coming and going.
fn leave_all(world: &mut World) {
    world.take_all();
    for person in 1..300 {
        world.set_lost(person, true);
        world.pass_ms(200);
    }
    world.pass_ms(2_000);
    assert!(world.sent <= 300 * 61, "{}", world.sent);
    let told = world.take(0).into_iter().map(|(_, message)| match message {
        ToClient::Presence { changes } => changes.len(),
        other => panic!("{other:?}"),
    });
    assert_eq!(told.sum::<usize>(), 299);
}

#[test]
fn rooms_on_the_server_and_in_a_session_are_bounded() {
    let limits = ChatLimits { rooms: 3, rooms_per_session: 2, ..ChatLimits::default() };
    let mut world = World::with_limits(limits);
    world.connect(1, ANN, 1, "ann");
    for (index, name) in ["a", "b", "c"].into_iter().enumerate() {
        world.hear(1, ROOM + 4 * index as u64, &join(name));
    }
    assert_eq!(world.lines(1).last().unwrap(), "16 join failed too-many-rooms");
    world.connect(2, BEN, 2, "ben");
    world.hear(2, ROOM, &join("c"));
    world.hear(2, ROOM_B, &join("d"));
    assert_eq!(world.lines(2).last().unwrap(), "12 join failed too-many-rooms");
}

#[test]
fn bad_names_and_rooms_one_is_in_already_are_refused() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM_B, &join("no spaces"));
    world.hear(1, ROOM_B, &join("LOBBY"));
    assert_eq!(world.lines(1), ["12 join failed room-invalid", "12 join failed already-joined"]);
}

#[test]
fn a_list_of_members_is_bounded_and_the_total_is_not() {
    let mut world = World::new();
    for person in 0..1_200 {
        connect_numbered(&mut world, person);
        world.hear(person, ROOM, &join("lobby"));
    }
    let Some(ToClient::Joined { people, total, .. }) = world.next_on(1_199, ROOM) else { panic!() };
    assert_eq!((people.len(), total), (1_000, 1_200));
    world.hear(1_199, CONTROL_CHANNEL, &ToServer::Who { request: RequestId(1), room: None });
    let who = world.take(1_199).into_iter().find_map(|(_, message)| match message {
        ToClient::Who { people, total, .. } => Some((people.len(), total)),
        _ => None,
    });
    assert_eq!(who, Some((1_000, 1_200)));
}
