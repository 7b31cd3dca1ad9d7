//! Whom does a measure bind, wherever they come from and with whatever key, and who may lift it?

use super::order::{come_from, impose, kick, lift, moderate, op, with_owner};
use super::world::OWNER;
use super::{ANN, BEN, ROOM, World, join, post};
use crate::chat::message::*;
use crate::chat::server::{ChatLimits, Rule, SessionKey, close_code};
use crate::crypto::Stretched;
use crate::store::{Key, Member};

const NEW_KEY: Key = [77; 32];
const PASSWORD: [u8; 32] = [52; 32];

/// An open door, at which ben's name has a password; the owner is session 9.
fn with_account(role: Role) -> World {
    let mut world = World::with_door(Rule::Open);
    let member = Member { kept: Some(Stretched(PASSWORD).kept().0), role };
    world.members.accounts.insert("ben".to_owned(), member);
    world.connect(9, OWNER, 9, "boss");
    come_as_ben(&mut world, 2, BEN);
    world.take_all();
    world
}

fn come_as_ben(world: &mut World, session: u64, key: Key) {
    world.connect(session, key, u8::try_from(session).unwrap(), "ben");
    let proof = Proof::Stretched(PASSWORD);
    world.hear(session, CONTROL_CHANNEL, &ToServer::Prove { proof });
}

fn role(world: &World, session: u64) -> Option<Role> {
    world.server.sessions.get(SessionKey(session)).map(|session| session.role)
}

#[test]
fn a_ban_holds_an_account_that_comes_with_a_new_key() {
    let mut world = with_account(Role::Member);
    moderate(&mut world, 9, impose(Measure::Ban, "ben", 60));
    assert_eq!(world.closed[&2].0, close_code::BANNED);
    come_as_ben(&mut world, 3, NEW_KEY);
    assert_eq!(world.closed[&3].0, close_code::BANNED);
    moderate(&mut world, 9, lift(Measure::Ban, "ben"));
    come_as_ben(&mut world, 4, NEW_KEY);
    assert_eq!(role(&world, 4), Some(Role::Member));
}

#[test]
fn whoever_has_not_proved_a_name_learns_nothing_of_its_ban() {
    let mut world = with_account(Role::Member);
    moderate(&mut world, 9, impose(Measure::Ban, "ben", 60));
    world.connect(3, NEW_KEY, 3, "ben");
    assert_eq!(world.lines(3), ["asked Password 5"]);
}

#[test]
fn what_the_owner_took_binds_a_moderator_and_no_moderator_lifts_it() {
    let mut world = with_owner();
    for name in ["ann", "ben"] {
        moderate(&mut world, 9, op(name, Role::Moderator));
    }
    moderate(&mut world, 9, impose(Measure::Mute, "ben", 60));
    world.take_all();
    world.hear(2, ROOM, &post(1, "hi"));
    assert_eq!(world.lines(2), ["8 rejected 1 muted"]);
    for act in [lift(Measure::Mute, "ben"), impose(Measure::Mute, "ben", 1)] {
        moderate(&mut world, 1, act);
        assert_eq!(world.lines(1), ["failed 1 not-allowed"]);
    }
    moderate(&mut world, 9, impose(Measure::Ban, "ben", 60));
    world.connect(3, BEN, 3, "ben");
    assert_eq!(world.closed[&3].0, close_code::BANNED);
    moderate(&mut world, 9, lift(Measure::Ban, "ben"));
    world.connect(4, BEN, 4, "ben");
    assert_eq!(role(&world, 4), Some(Role::Moderator));
}

#[test]
fn a_role_that_came_with_an_account_goes_with_its_last_session() {
    let mut world = with_account(Role::Moderator);
    assert_eq!(role(&world, 2), Some(Role::Moderator));
    world.connect(1, ANN, 1, "ann");
    world.take_all();
    moderate(&mut world, 2, kick("ann"));
    assert_eq!(world.closed[&1].0, close_code::KICKED);
    world.disconnect(2);
    world.members.accounts.clear();
    world.connect(3, BEN, 3, "ben");
    assert_eq!(role(&world, 3), Some(Role::Member));
}

#[test]
fn who_moves_to_an_address_that_is_banned_goes() {
    let mut world = with_owner();
    come_from(&mut world, 21, [3; 32], "cid", "10.9.9.9:1");
    moderate(&mut world, 9, impose(Measure::BanAddress, "cid", 60));
    world.take_all();
    world.server.handle_roamed(world.now, SessionKey(1), "10.9.9.8:5");
    world.settle();
    assert!(!world.closed.contains_key(&1));
    world.server.handle_roamed(world.now, SessionKey(1), "10.9.9.9:5");
    world.settle();
    assert_eq!(world.closed[&1].0, close_code::BANNED);
    world.server.handle_roamed(world.now, SessionKey(9), "10.9.9.9:6");
    world.settle();
    assert!(!world.closed.contains_key(&9), "who runs the server is never kept out");
}

#[test]
fn a_ban_of_an_address_is_of_where_they_are_now() {
    let mut world = with_owner();
    world.server.handle_roamed(world.now, SessionKey(1), "10.9.9.9:5");
    moderate(&mut world, 9, impose(Measure::BanAddress, "ann", 60));
    come_from(&mut world, 21, [3; 32], "cid", "10.9.9.9:1");
    assert_eq!(world.closed[&21].0, close_code::BANNED);
}

#[test]
fn who_is_muted_takes_no_other_name_and_makes_no_room_by_which_to_speak() {
    let mut world = with_owner();
    moderate(&mut world, 9, impose(Measure::Mute, "ben", 60));
    world.take_all();
    let rename = ToServer::Nick { request: RequestId(1), name: "buy-this".to_owned() };
    world.hear(2, CONTROL_CHANNEL, &rename);
    assert_eq!(world.lines(2), ["failed 1 muted"]);
    world.hear(2, super::ROOM_B, &join("buy-this"));
    assert_eq!(world.lines(2), ["12 join failed muted"]);
}

#[test]
fn repetitions_are_free_for_one_span_and_then_count() {
    let terms = crate::chat::quota::Terms::per_second(1);
    let mut world = World::with_limits(ChatLimits { terms, ..ChatLimits::default() });
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    world.hear(1, ROOM, &post(1, "hi"));
    world.take_all();
    let mut answers = 0;
    for _ in 0..COUNTER_SPAN + 100 {
        world.hear(1, ROOM, &post(1, "hi"));
        answers += world.lines(1).iter().filter(|line| line.contains("accepted 1")).count();
    }
    let span = usize::try_from(COUNTER_SPAN).unwrap();
    assert!((span..span + 32).contains(&answers), "{answers}");
    for _ in 0..100 {
        world.hear(1, super::ROOM_B, &ToServer::Part);
    }
    world.pass_ms(1_000);
    world.hear(1, ROOM, &post(2, "more"));
    assert_eq!(world.lines(1).first().map(String::as_str), Some("8 accepted 2 as 2"));
}
