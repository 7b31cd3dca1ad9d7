//! Names, presence, and what people ask of each other.

use super::world::OWNER;
use super::{ANN, BEN, ROOM, ROOM_B, World, ann_and_ben, join, post};
use crate::chat::message::{CONTROL_CHANNEL, PresenceState, RequestId, RoomEntry, ToClient, ToServer};
use crate::chat::server::{ChatHappening, ChatLimits, SessionKey, close_code};
use crate::time::Duration;

fn nick(name: &str) -> ToServer {
    ToServer::Nick { request: RequestId(7), name: name.to_owned() }
}

fn away(word: Option<&str>) -> ToServer {
    ToServer::Away { request: RequestId(7), text: word.map(str::to_owned) }
}

#[test]
fn a_name_of_another_key_is_refused_with_a_free_one() {
    let mut world = ann_and_ben();
    world.connect(3, [3; 32], 3, "b\u{435}n");
    let (code, text) = &world.closed[&3];
    assert_eq!(
        (*code, &text[..]),
        (close_code::NAME_TAKEN, "the name b\u{435}n is taken; b\u{435}n2 is free")
    );
    world.connect(4, [3; 32], 3, "Ben");
    assert_eq!(world.closed[&4].1, "the name Ben is taken; Ben2 is free");
    world.connect(5, [3; 32], 3, "Ben2");
    assert_eq!(world.lines(5), ["welcome Ben2"]);
}

#[test]
fn what_is_no_name_and_what_is_no_greeting_are_turned_away() {
    let mut world = World::new();
    world.connect(1, ANN, 1, "two words");
    assert_eq!(world.closed[&1].0, close_code::NAME_INVALID);
    let peer = crate::chat::server::Peer { key: ANN, transport: "udp", address: String::new() };
    world.server.handle_connected(world.now, SessionKey(2), peer, b"garbage");
    world.settle();
    assert_eq!(world.closed[&2].0, close_code::PROTOCOL);
    assert!(world.happenings.iter().all(|h| matches!(h, ChatHappening::Refused { .. })));
}

#[test]
fn whoever_comes_back_gets_the_own_name_back_and_an_old_session_does_not_block_it() {
    let mut world = ann_and_ben();
    world.connect(3, ANN, 1, "ANN");
    assert_eq!(world.closed[&1].0, close_code::REPLACED);
    assert_eq!(world.lines(3), ["welcome ann"]);
    world.connect(4, ANN, 9, "ann");
    assert_eq!(world.lines(4), ["welcome ann"], "another terminal is no replacement");
    assert!(!world.closed.contains_key(&3));
}

#[test]
fn one_key_may_be_two_people() {
    let mut world = ann_and_ben();
    world.connect(3, ANN, 3, "anna");
    world.hear(3, ROOM, &join("lobby"));
    world.hear(3, ROOM, &post(1, "hi"));
    assert_eq!(world.lines(1), ["8 +anna", "8 #1 anna: hi"]);
}

#[test]
fn the_same_instance_under_another_name_leaves_as_the_one_and_comes_as_the_other() {
    let mut world = ann_and_ben();
    world.connect(3, ANN, 1, "anna");
    assert_eq!(world.closed[&1].0, close_code::REPLACED);
    assert_eq!(world.lines(2), ["8 -ann", "presence ann Offline"]);
}

#[test]
fn a_new_name_is_told_to_all_who_share_a_room_and_to_ones_own_terminals_once() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM_B, &join("b"));
    world.hear(2, ROOM_B, &join("b"));
    world.connect(3, ANN, 3, "ann");
    world.connect(4, [4; 32], 4, "cid");
    world.pass_ms(2_000);
    world.take_all();
    world.hear(1, CONTROL_CHANNEL, &nick("anna"));
    assert_eq!(world.lines(1), ["ann is anna", "done 7"]);
    assert_eq!(
        (world.lines(2), world.lines(3)),
        (vec!["ann is anna".to_owned()], vec!["ann is anna".to_owned()])
    );
    assert!(world.lines(4).is_empty(), "shares no room");
    world.hear(1, ROOM, &post(1, "hi"));
    assert_eq!(world.lines(2), ["8 #1 anna: hi"]);
}

#[test]
fn names_that_are_taken_invalid_or_ones_own() {
    let mut world = ann_and_ben();
    world.hear(1, CONTROL_CHANNEL, &nick("BEN"));
    world.hear(1, CONTROL_CHANNEL, &nick("/ben"));
    world.hear(1, CONTROL_CHANNEL, &nick("ann"));
    assert_eq!(world.lines(1), ["failed 7 name-taken", "failed 7 name-invalid", "done 7"]);
    assert!(world.lines(2).is_empty());
}

#[test]
fn a_coming_that_was_not_told_yet_is_told_before_the_new_name() {
    let mut world = ann_and_ben();
    world.connect(3, [3; 32], 3, "cid");
    world.connect(4, [4; 32], 4, "dan");
    world.hear(3, ROOM, &join("lobby"));
    world.hear(4, ROOM, &join("lobby"));
    world.hear(4, CONTROL_CHANNEL, &nick("dana"));
    assert_eq!(world.lines(1), ["8 +cid", "8 +dan", "dan is dana"]);
}

#[test]
fn a_client_that_did_not_hear_of_its_new_name_comes_back_under_it() {
    let mut world = ann_and_ben();
    world.hear(1, CONTROL_CHANNEL, &nick("anna"));
    world.connect(3, ANN, 1, "ann");
    assert_eq!(world.lines(3), ["welcome anna"]);
}

#[test]
fn a_person_is_lost_when_all_terminals_are_and_offline_when_the_last_one_closes() {
    let mut world = ann_and_ben();
    world.connect(3, ANN, 3, "ann");
    world.take_all();
    world.set_lost(1, true);
    world.pass_ms(2_000);
    assert_eq!(world.lines(2), [""; 0], "the other terminal is still here");
    world.set_lost(3, true);
    world.pass_ms(2_000);
    assert_eq!(world.lines(2), ["presence ann Lost"]);
    world.set_lost(1, false);
    world.pass_ms(2_000);
    assert_eq!(world.lines(2), ["presence ann Online"]);
    world.disconnect(1);
    world.pass_ms(2_000);
    assert_eq!(world.lines(2), ["8 -ann", "presence ann Lost"]);
    world.disconnect(3);
    world.pass_ms(2_000);
    assert_eq!(world.lines(2), [""; 0], "shares no room any more");
}

#[test]
fn somebody_lost_who_reconnects_is_online_without_leaving() {
    let mut world = ann_and_ben();
    world.set_lost(1, true);
    world.pass_ms(2_000);
    world.connect(3, ANN, 1, "ann");
    world.hear(3, ROOM, &join("lobby"));
    world.pass_ms(20_000);
    assert_eq!(world.lines(2), ["presence ann Lost", "presence ann Online"]);
}

#[test]
fn away_is_told_and_newcomers_hear_of_it() {
    let mut world = ann_and_ben();
    world.hear(1, CONTROL_CHANNEL, &away(Some("lunch")));
    assert_eq!(
        (world.lines(1), world.lines(2)),
        (vec!["done 7".to_owned()], vec!["presence ann Away".to_owned()])
    );
    world.connect(3, [3; 32], 3, "cid");
    world.hear(3, ROOM, &join("lobby"));
    assert_eq!(world.lines(3).last().unwrap(), "presence ann Away");
    world.pass_ms(2_000);
    world.hear(1, CONTROL_CHANNEL, &away(None));
    assert_eq!(world.lines(2), ["8 +cid", "presence ann Online"]);
}

#[test]
fn who_lists_a_room_or_the_server() {
    let mut world = ann_and_ben();
    world.connect(3, [3; 32], 3, "cid");
    world.take_all();
    let who = |room: Option<&str>| ToServer::Who { request: RequestId(7), room: room.map(str::to_owned) };
    let names = |message| match message {
        Some(ToClient::Who { people, total, .. }) => {
            (people.into_iter().map(|entry| entry.name).collect::<Vec<_>>().join(" "), total)
        }
        other => panic!("{other:?}"),
    };
    world.hear(3, CONTROL_CHANNEL, &who(Some("LOBBY")));
    world.hear(3, CONTROL_CHANNEL, &who(None));
    assert_eq!(names(world.next_on(3, CONTROL_CHANNEL)), ("ann ben".to_owned(), 2));
    assert_eq!(names(world.next_on(3, CONTROL_CHANNEL)), ("ann ben cid".to_owned(), 3));
    world.hear(3, CONTROL_CHANNEL, &who(Some("lbby")));
    assert_eq!(world.lines(3), ["failed 7 no-such-room"]);
}

#[test]
fn whois_tells_the_address_only_to_whoever_runs_the_server() {
    let mut world = ann_and_ben();
    world.connect(3, OWNER, 3, "boss");
    world.server.handle_rtt(SessionKey(1), Duration::from_millis(25));
    world.hear(1, CONTROL_CHANNEL, &away(Some("lunch")));
    world.take_all();
    let whois = |name: &str| ToServer::Whois { request: RequestId(7), name: name.to_owned() };
    world.hear(2, CONTROL_CHANNEL, &whois("ANN"));
    world.hear(3, CONTROL_CHANNEL, &whois("ann"));
    let entry = |message| match message {
        Some(ToClient::Whois { entry, .. }) => entry,
        other => panic!("{other:?}"),
    };
    let bens = entry(world.next_on(2, CONTROL_CHANNEL));
    assert_eq!((bens.state, bens.away.as_deref()), (PresenceState::Away, Some("lunch")));
    assert_eq!((bens.rooms, bens.since_ms), (vec!["lobby".to_owned()], super::world::EPOCH_MS));
    assert_eq!((bens.sessions[0].rtt_us, bens.sessions[0].address.as_deref()), (Some(25_000), None));
    let boss = entry(world.next_on(3, CONTROL_CHANNEL));
    assert_eq!((boss.rooms.len(), boss.sessions[0].address.as_deref()), (0, Some("10.0.0.1:5000")));
    world.hear(2, CONTROL_CHANNEL, &whois("nobody"));
    world.disconnect(3);
    world.hear(2, CONTROL_CHANNEL, &whois("boss"));
    assert_eq!(world.lines(2), ["failed 7 no-such-name", "failed 7 absent"]);
}

#[test]
fn rooms_lists_all_of_them_with_their_people() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM_B, &join("empty"));
    world.hear(1, ROOM_B, &ToServer::Part);
    world.take_all();
    world.hear(1, CONTROL_CHANNEL, &ToServer::Rooms { request: RequestId(7) });
    let entry = |name: &str, people| RoomEntry { name: name.to_owned(), people };
    let rooms = vec![entry("empty", 0), entry("lobby", 2)];
    assert_eq!(world.next_on(1, CONTROL_CHANNEL), Some(ToClient::Rooms { request: RequestId(7), rooms }));
}

#[test]
fn sessions_of_one_person_are_bounded_but_a_replacement_is_always_possible() {
    let mut world = World::with_limits(ChatLimits { sessions_per_person: 2, ..ChatLimits::default() });
    world.connect(1, ANN, 1, "ann");
    world.connect(2, ANN, 2, "ann");
    world.connect(3, ANN, 3, "ann");
    assert_eq!(world.closed[&3].0, close_code::FULL);
    world.connect(4, ANN, 2, "ann");
    assert_eq!(world.lines(4), ["welcome ann"]);
}

#[test]
fn the_log_hears_of_connections_names_and_silence() {
    let mut world = World::new();
    world.connect(1, ANN, 1, "ann");
    world.hear(1, CONTROL_CHANNEL, &nick("anna"));
    world.set_lost(1, true);
    world.disconnect(1);
    let (session, name) = (SessionKey(1), || "anna".to_owned());
    assert_eq!(
        world.happenings,
        [
            ChatHappening::Connected { session, name: "ann".into(), agent: "test".into(), sessions: 1 },
            ChatHappening::Renamed { session, old: "ann".into(), new: name() },
            ChatHappening::Liveness { session, name: name(), lost: true },
            ChatHappening::Disconnected { session, name: name(), reason: "left".into(), sessions: 0 },
        ]
    );
}

#[test]
fn a_name_that_was_given_up_is_free_after_a_day_without_anybody_asking() {
    let mut world = ann_and_ben();
    world.hear(1, CONTROL_CHANNEL, &nick("anna"));
    world.connect(3, BEN, 3, "ann");
    assert_eq!(world.closed[&3].0, close_code::NAME_TAKEN);
    world.pass_ms(25 * 60 * 60 * 1_000);
    world.connect(4, BEN, 4, "ann");
    assert_eq!(world.lines(4), ["welcome ann"]);
}
