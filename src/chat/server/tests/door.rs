//! Who may come in, and what of those who may not reaches anybody.

use super::world::OWNER;
use super::{ANN, BEN, ROOM, ROOM_B, World, join, post, private};
use crate::chat::message::*;
use crate::chat::server::door::{ASKED_MAX, TRIES};
use crate::chat::server::{ChatHappening, Peer, Rule, SessionKey, close_code};
use crate::crypto::{Kept, Stretched};
use crate::rng::Rng;
use crate::store::members::IssuedToken;
use crate::store::{Key, Member, Pass};

/// What the class secret, and the passwords of ann and ben, come to.
const CLASS: [u8; 32] = [50; 32];
const ANNS: [u8; 32] = [51; 32];
const BENS: [u8; 32] = [52; 32];
const TOKEN: [u8; 16] = [60; 16];

fn secret_door() -> World {
    World::with_door(Rule::Secret(Stretched(CLASS).kept()))
}

fn add_account(world: &mut World, name: &str, stretched: [u8; 32], role: Role) {
    let member = Member { kept: Some(Stretched(stretched).kept().0), role };
    world.members.accounts.insert(name.to_owned(), member);
}

fn issue(world: &mut World, token: [u8; 16], name: Option<&str>) {
    let pass = Pass { skeleton: name.map(str::to_owned), role: Role::Moderator };
    let issued = IssuedToken { pass, expires_ms: u64::MAX, revoked: false };
    world.members.tokens.insert(Kept::of_token(&token).0, issued);
}

fn prove(world: &mut World, session: u64, stretched: [u8; 32]) {
    let proof = Proof::Stretched(stretched);
    world.hear(session, CONTROL_CHANNEL, &ToServer::Prove { proof });
}

fn show(world: &mut World, session: u64, token: [u8; 16]) {
    world.hear(session, CONTROL_CHANNEL, &ToServer::Prove { proof: Proof::Token(token) });
}

fn nick(name: &str) -> ToServer {
    ToServer::Nick { request: RequestId(7), name: name.to_owned() }
}

fn role(world: &World, session: u64) -> Option<Role> {
    world.server.sessions.get(SessionKey(session)).map(|session| session.role)
}

fn closed(world: &World, session: u64) -> Option<u16> {
    world.closed.get(&session).map(|(code, _)| *code)
}

#[test]
fn an_open_door_asks_a_name_without_an_account_nothing_and_loses_none_of_its_first_words() {
    let mut world = World::with_door(Rule::Open);
    world.store_waits = true;
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    world.hear(1, ROOM, &post(1, "hi"));
    assert!(world.lines(1).is_empty(), "the name is being looked up");
    while !world.requests.is_empty() {
        world.answer_store();
    }
    let lines = world.lines(1);
    assert_eq!(lines, ["welcome ann", "8 joined lobby with ann at 0", "8 accepted 1 as 1", "8 #1 ann: hi"]);
}

#[test]
fn whoever_knows_the_class_secret_comes_in_and_nobody_else() {
    let mut world = secret_door();
    world.connect(1, ANN, 1, "ann");
    assert_eq!(world.lines(1), ["asked Secret 5"]);
    prove(&mut world, 1, [1; 32]);
    assert_eq!(world.lines(1), ["asked Secret 4"]);
    prove(&mut world, 1, CLASS);
    assert_eq!(world.lines(1), ["welcome ann"]);
    assert_eq!(role(&world, 1), Some(Role::Member));
    let wrong = |happening: &&ChatHappening| matches!(happening, ChatHappening::WrongProof { .. });
    assert_eq!(world.happenings.iter().filter(wrong).count(), 1);
}

#[test]
fn a_name_with_an_account_is_asked_for_its_password_at_every_door() {
    for rule in [Rule::Open, Rule::Secret(Stretched(CLASS).kept()), Rule::Members] {
        let mut world = World::with_door(rule);
        add_account(&mut world, "ann", ANNS, Role::Moderator);
        world.connect(1, BEN, 1, "Ann");
        assert_eq!(world.lines(1), ["asked Password 5"], "{rule:?}");
        prove(&mut world, 1, CLASS);
        assert_eq!(world.lines(1), ["asked Password 4"], "the class secret is not enough");
        prove(&mut world, 1, ANNS);
        assert_eq!(world.lines(1), ["welcome Ann", "role moderator"]);
        assert_eq!(role(&world, 1), Some(Role::Moderator));
    }
}

#[test]
fn whoever_runs_the_server_is_its_owner_and_is_asked_like_everybody() {
    let mut world = secret_door();
    world.connect(1, OWNER, 1, "ann");
    prove(&mut world, 1, CLASS);
    assert_eq!(role(&world, 1), Some(Role::Owner));
}

#[test]
fn at_the_members_door_nobody_learns_which_names_have_accounts() {
    let asked = |name: &str| {
        let mut world = World::with_door(Rule::Members);
        if name == "ann" {
            add_account(&mut world, "ann", ANNS, Role::Member);
        }
        world.connect(1, ANN, 1, "ann");
        prove(&mut world, 1, [1; 32]);
        (world.take(1), world.requests.len())
    };
    assert_eq!(asked("ann"), asked("nobody"));
}

#[test]
fn an_account_that_is_added_or_changed_counts_at_the_next_proof() {
    let mut world = World::with_door(Rule::Members);
    world.connect(1, ANN, 1, "ann");
    prove(&mut world, 1, ANNS);
    assert_eq!(world.lines(1), ["asked Password 5", "asked Password 4"]);
    add_account(&mut world, "ann", ANNS, Role::Member);
    prove(&mut world, 1, ANNS);
    assert_eq!(world.lines(1), ["welcome ann"]);
    world.members.accounts.clear();
    world.connect(2, ANN, 2, "ann");
    prove(&mut world, 2, ANNS);
    assert_eq!(world.lines(2), ["asked Password 5", "asked Password 4"]);
}

#[test]
fn five_wrong_answers_end_the_session() {
    let mut world = secret_door();
    world.connect(1, ANN, 1, "ann");
    (0..TRIES).for_each(|_| prove(&mut world, 1, [1; 32]));
    assert_eq!(closed(&world, 1), Some(close_code::DENIED));
    assert_eq!(world.lines(1).len(), usize::from(TRIES));
}

#[test]
fn nobody_stands_at_the_door_for_more_than_two_minutes() {
    let mut world = secret_door();
    world.connect(1, ANN, 1, "ann");
    world.pass_ms(119_000);
    world.connect(2, BEN, 2, "ben");
    assert_eq!(closed(&world, 1), None);
    world.pass_ms(1_000);
    assert_eq!((closed(&world, 1), closed(&world, 2)), (Some(close_code::DENIED), None));
}

/// Anything that a client may say, wherever.
fn anything(rng: &mut Rng) -> (u64, ToServer) {
    let counter = Counter(1 + rng.below(3));
    match rng.below(12) {
        0 => (ROOM, join("lobby")),
        1 => (ROOM_B, join("b")),
        2 => (ROOM, ToServer::Post { counter, kind: PostKind::Text, text: "hello".to_owned() }),
        3 => (PRIVATE_CHANNEL, private(counter.0, "ben", "psst")),
        4 => (CONTROL_CHANNEL, nick("mallory")),
        5 => (CONTROL_CHANNEL, ToServer::Who { request: RequestId(1), room: None }),
        6 => (CONTROL_CHANNEL, ToServer::Whois { request: RequestId(2), name: "ben".to_owned() }),
        7 => (CONTROL_CHANNEL, ToServer::Rooms { request: RequestId(3) }),
        8 => (CONTROL_CHANNEL, ToServer::Away { request: RequestId(4), text: None }),
        9 => (ROOM, ToServer::Anew),
        10 => (ROOM, ToServer::Part),
        _ => (CONTROL_CHANNEL, ToServer::Prove { proof: Proof::Stretched([1; 32]) }),
    }
}

#[test]
fn no_sequence_of_messages_before_the_proof_reaches_any_person() {
    for seed in 0..200 {
        let mut rng = Rng::from_seed(seed);
        let mut world = secret_door();
        add_account(&mut world, "ann", ANNS, Role::Member);
        world.connect(1, BEN, 1, "ben");
        prove(&mut world, 1, CLASS);
        world.hear(1, ROOM, &ToServer::Anew);
        world.hear(1, ROOM, &join("lobby"));
        world.pass_ms(5_000);
        world.take_all();
        let names = ["ann", "mallory", "ben2"];
        for session in 2..6 {
            let name = names[usize::try_from(rng.below(3)).unwrap()];
            world.connect(session, [7; 32], u8::try_from(session).unwrap(), name);
            for _ in 0..rng.below(8) {
                let (channel, message) = anything(&mut rng);
                world.hear(session, channel, &message);
                world.set_lost(session, rng.chance(0.5));
            }
            let heard: Vec<String> = world.lines(session);
            assert!(heard.iter().all(|line| line.starts_with("asked ")), "seed {seed}: {heard:?}");
            if rng.chance(0.3) && !world.closed.contains_key(&session) {
                world.disconnect(session);
            }
        }
        world.pass_ms(10_000);
        assert_eq!(world.lines(1), Vec::<String>::new(), "seed {seed}");
        assert!(!world.happenings.iter().any(|it| matches!(it, ChatHappening::Connected { .. })));
        assert_eq!(world.store.snapshot(0).accounts.len(), 1, "and takes no name");
    }
}

#[test]
fn what_was_said_before_the_door_opened_is_not_heard_until_the_channel_begins_anew() {
    let mut world = secret_door();
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    prove(&mut world, 1, CLASS);
    // The rest of the first flight was late.
    world.hear(1, ROOM, &post(1, "hi"));
    world.hear(1, PRIVATE_CHANNEL, &private(2, "ann", "hi"));
    assert_eq!(world.lines(1), ["asked Secret 5", "welcome ann"]);
    for message in [ToServer::Anew, join("lobby"), post(1, "hi")] {
        world.hear(1, ROOM, &message);
    }
    assert_eq!(world.lines(1), ["8 joined lobby with ann at 0", "8 accepted 1 as 1", "8 #1 ann: hi"]);
    world.hear(1, ROOM, &ToServer::Anew);
    assert_eq!(closed(&world, 1), Some(close_code::PROTOCOL), "once");
    let mut world = World::with_door(Rule::Open);
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &ToServer::Anew);
    assert_eq!(closed(&world, 1), Some(close_code::PROTOCOL), "not by somebody who was asked nothing");
}

#[test]
fn what_comes_while_a_name_is_looked_up_is_bounded() {
    let mut world = World::with_door(Rule::Open);
    world.store_waits = true;
    world.connect(1, ANN, 1, "ann");
    (0..1_280).for_each(|_| world.hear(1, ROOM, &ToServer::Part));
    assert_eq!(closed(&world, 1), None);
    world.hear(1, ROOM, &ToServer::Part);
    assert_eq!(closed(&world, 1), Some(close_code::BUSY));
    let long = "x".repeat(16_000);
    for session in 2..100 {
        world.connect(session, BEN, u8::try_from(session).unwrap(), "ben");
        (0..40).for_each(|counter| world.hear(session, ROOM, &post(counter + 1, &long)));
    }
    let busy = world.closed.values().filter(|(code, _)| *code == close_code::BUSY).count();
    assert!((70..99).contains(&busy), "16 MiB in all: {busy}");
}

#[test]
fn a_full_door_sends_away_who_stands_longest_of_the_address_with_most_places() {
    let mut world = secret_door();
    let greet = |world: &mut World, session: u64, address: &str| {
        let greeting = Greeting {
            instance: Instance(u128::from(session).to_be_bytes()),
            ..super::world::greeting(&format!("name{session}"))
        };
        let peer = Peer { key: ANN, transport: "udp", address: address.to_owned() };
        let bytes = crate::chat::codec::encode_greeting(&greeting);
        world.server.handle_connected(world.now, SessionKey(session), peer, &bytes);
        world.settle();
    };
    greet(&mut world, 1, "10.0.0.1:1");
    for session in 2..=ASKED_MAX as u64 {
        greet(&mut world, session, &format!("10.0.0.2:{session}"));
    }
    assert!(world.closed.is_empty());
    greet(&mut world, 9_000, "10.0.0.3:1");
    assert_eq!(world.closed.keys().collect::<Vec<_>>(), [&2]);
    assert_eq!(closed(&world, 2), Some(close_code::BUSY));
    assert_eq!(world.lines(9_000), ["asked Secret 5"]);
    prove(&mut world, 1, CLASS);
    assert_eq!(world.lines(1), ["asked Secret 5", "welcome name1"]);
}

#[test]
fn a_name_that_is_guessed_at_too_often_is_closed_to_strangers_but_not_to_its_own_key() {
    let mut world = World::with_door(Rule::Open);
    add_account(&mut world, "ann", ANNS, Role::Member);
    world.connect(1, ANN, 1, "ann");
    prove(&mut world, 1, ANNS);
    for session in 2..6 {
        world.connect(session, BEN, u8::try_from(session).unwrap(), "ann");
        (0..5).for_each(|_| prove(&mut world, session, [1; 32]));
    }
    world.connect(6, BEN, 6, "ann");
    prove(&mut world, 6, ANNS);
    assert_eq!(closed(&world, 6), Some(close_code::DENIED), "not even looked at");
    world.connect(7, ANN, 7, "ann");
    prove(&mut world, 7, ANNS);
    assert_eq!(world.lines(7), ["asked Password 5", "welcome ann"]);
    world.pass_ms(30_000);
    world.connect(8, BEN, 8, "ann");
    prove(&mut world, 8, ANNS);
    assert_eq!(world.lines(8), ["asked Password 5", "welcome ann"], "half a minute later one more is borne");
}

#[test]
fn a_second_proof_while_one_is_looked_at_breaks_the_protocol() {
    let mut world = World::with_door(Rule::Members);
    world.connect(1, ANN, 1, "ann");
    world.store_waits = true;
    prove(&mut world, 1, ANNS);
    prove(&mut world, 1, ANNS);
    assert_eq!(closed(&world, 1), Some(close_code::PROTOCOL));
    world.answer_store();
    let mut world = World::new();
    world.connect(1, ANN, 1, "ann");
    prove(&mut world, 1, ANNS);
    assert_eq!(closed(&world, 1), Some(close_code::PROTOCOL), "and so does one that nobody asked for");
}

#[test]
fn a_name_with_an_account_belongs_to_the_password_on_two_laptops_in_turn_and_at_once() {
    let mut world = World::with_door(Rule::Open);
    add_account(&mut world, "ann", ANNS, Role::Member);
    let come = |world: &mut World, session, key: Key, instance| {
        world.connect(session, key, instance, "ann");
        prove(world, session, ANNS);
        assert_eq!(world.lines(session), ["asked Password 5", "welcome ann"]);
    };
    come(&mut world, 1, ANN, 1);
    come(&mut world, 2, BEN, 2);
    assert!(world.closed.is_empty(), "both are here");
    let people: Vec<_> =
        [1, 2].map(|key| world.server.sessions.get(SessionKey(key)).map(|session| session.person)).into();
    assert_eq!(people[0], people[1], "and are one person");
    come(&mut world, 3, ANN, 1);
    assert_eq!(world.closed.keys().collect::<Vec<_>>(), [&1], "only the own session is replaced");
    come(&mut world, 4, BEN, 2);
    let accounts = world.store.snapshot(0).accounts;
    assert_eq!((accounts.len(), accounts[0].key), (1, BEN), "the name is with the key that proved it last");
}

#[test]
fn an_account_for_a_name_in_use_takes_it_over() {
    let mut world = World::with_door(Rule::Open);
    world.connect(1, BEN, 1, "ann");
    assert_eq!(world.lines(1), ["welcome ann"]);
    add_account(&mut world, "ann", ANNS, Role::Member);
    world.connect(2, ANN, 2, "ann");
    prove(&mut world, 2, ANNS);
    assert_eq!(world.lines(2), ["asked Password 5", "welcome ann"]);
    assert!(world.closed.is_empty(), "who is inside stays");
    world.connect(3, BEN, 1, "ann");
    assert_eq!(world.lines(3), ["asked Password 5"], "and is asked on coming back");
}

#[test]
fn who_stands_at_the_door_replaces_nobody() {
    let mut world = World::with_door(Rule::Open);
    world.connect(1, ANN, 1, "ann");
    add_account(&mut world, "ann", ANNS, Role::Member);
    world.connect(2, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    assert_eq!(world.lines(1), ["welcome ann", "8 joined lobby with ann at 0"]);
    prove(&mut world, 2, ANNS);
    assert_eq!(closed(&world, 1), Some(close_code::REPLACED), "but who was let in does");
}

#[test]
fn a_token_lets_its_bearer_in_under_its_name_or_under_any_without_an_account() {
    let mut world = World::with_door(Rule::Members);
    add_account(&mut world, "ann", ANNS, Role::Member);
    issue(&mut world, TOKEN, None);
    issue(&mut world, [61; 16], Some("ann"));
    issue(&mut world, [62; 16], Some("cid"));
    world.connect(1, BEN, 1, "ben");
    show(&mut world, 1, TOKEN);
    assert_eq!(world.lines(1), ["asked Password 5", "welcome ben", "role moderator"]);
    assert_eq!(role(&world, 1), Some(Role::Moderator));
    world.connect(2, ANN, 2, "ann");
    show(&mut world, 2, TOKEN);
    show(&mut world, 2, [62; 16]);
    show(&mut world, 2, [61; 16]);
    let lines = ["asked Password 5", "asked Password 4", "asked Password 3", "welcome ann", "role moderator"];
    assert_eq!(world.lines(2), lines);
}

#[test]
fn a_name_that_a_token_was_issued_for_is_nobody_elses() {
    let mut world = World::with_door(Rule::Open);
    issue(&mut world, TOKEN, Some("ann"));
    world.connect(1, BEN, 1, "ann");
    prove(&mut world, 1, BENS);
    show(&mut world, 1, TOKEN);
    assert_eq!(world.lines(1), ["asked Password 5", "asked Password 4", "welcome ann", "role moderator"]);
}

#[test]
fn a_token_that_expired_or_was_taken_back_is_refused_with_the_reason() {
    for (revoked, expires_ms, reason) in [(false, 5, "expired"), (true, u64::MAX, "taken back")] {
        let mut world = secret_door();
        issue(&mut world, TOKEN, None);
        let token = world.members.tokens.values_mut().next().unwrap();
        (token.revoked, token.expires_ms) = (revoked, expires_ms);
        world.connect(1, ANN, 1, "ann");
        show(&mut world, 1, TOKEN);
        let (code, text) = &world.closed[&1];
        assert!(*code == close_code::DENIED && text.contains(reason), "{text}");
    }
}

#[test]
fn a_new_name_that_has_an_account_is_refused_and_who_has_one_keeps_its_name() {
    let mut world = World::with_door(Rule::Open);
    add_account(&mut world, "ann", ANNS, Role::Member);
    world.connect(1, BEN, 1, "ben");
    world.connect(2, ANN, 2, "ann");
    prove(&mut world, 2, ANNS);
    world.take_all();
    world.hear(1, CONTROL_CHANNEL, &nick("Ann"));
    world.hear(1, CONTROL_CHANNEL, &nick("benny"));
    world.hear(2, CONTROL_CHANNEL, &nick("anna"));
    world.hear(2, CONTROL_CHANNEL, &nick("ANN"));
    assert_eq!(world.lines(1), ["failed 7 name-taken", "ben is benny", "done 7"]);
    assert_eq!(world.lines(2), ["failed 7 name-fixed", "ann is ANN", "done 7"]);
    world.store_waits = true;
    (0..9).for_each(|_| world.hear(1, CONTROL_CHANNEL, &nick("bob")));
    assert_eq!(world.lines(1), ["failed 7 server-busy"], "eight are looked up at once");
}

#[test]
fn a_store_that_cannot_look_members_up_lets_nobody_in_and_blames_nobody() {
    let mut world = World::with_door(Rule::Members);
    world.connect(1, ANN, 1, "ann");
    world.store_waits = true;
    prove(&mut world, 1, ANNS);
    world.fail_store();
    assert_eq!(closed(&world, 1), Some(close_code::BUSY));
    world.connect(2, ANN, 2, "ann");
    world.fail_store();
    assert_eq!(closed(&world, 2), Some(close_code::BUSY));
}

#[test]
fn a_server_that_goes_down_sends_everybody_at_its_door_home() {
    let mut world = secret_door();
    world.connect(1, ANN, 1, "ann");
    world.server.shutdown(world.now);
    world.settle();
    assert_eq!(closed(&world, 1), Some(close_code::SHUTDOWN));
    assert!(world.server.is_down());
}

#[test]
fn whose_newer_session_comes_to_the_door_leaves_it_with_the_older() {
    let mut world = secret_door();
    world.connect(1, ANN, 1, "ann");
    let copy = crate::chat::codec::encode_greeting(&Greeting {
        instance: Instance([1; 16]),
        ..super::world::greeting("ann")
    });
    assert!(world.server.would_replace(&copy), "so a copy is held until it has proved itself");
    world.connect(2, ANN, 1, "ann");
    assert_eq!(closed(&world, 1), Some(close_code::REPLACED));
    prove(&mut world, 2, CLASS);
    assert_eq!(world.lines(2), ["asked Secret 5", "welcome ann"]);
}
