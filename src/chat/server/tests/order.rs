//! Who may do what to whom, who hears of it, and what holds after a restart.

use super::super::measures::MEASURES_MAX;
use super::world::OWNER;
use super::{ANN, BEN, ROOM, World, ann_and_ben, join, post};
use crate::chat::message::{
    Act, AuditEntry, CONTROL_CHANNEL, Counter, Measure, PRIVATE_CHANNEL, RequestId, Role, ToClient, ToServer,
};
use crate::chat::quota::Terms;
use crate::chat::server::{ChatHappening, ChatLimits, SessionKey, close_code};
use crate::chat::server::{Peer, tests::world::greeting};
use crate::store::{Key, MeasureRecord, Whom};

const CID: Key = [3; 32];

pub(super) fn moderate(world: &mut World, session: u64, act: Act) {
    world.hear(session, CONTROL_CHANNEL, &ToServer::Moderate { request: RequestId(1), act });
}

pub(super) fn impose(measure: Measure, name: &str, seconds: u64) -> Act {
    Act::Impose { measure, name: name.to_owned(), seconds, reason: "spam".to_owned() }
}

pub(super) fn lift(measure: Measure, name: &str) -> Act {
    Act::Lift { measure, name: name.to_owned() }
}

pub(super) fn kick(name: &str) -> Act {
    Act::Kick { name: name.to_owned(), reason: "spam".to_owned() }
}

pub(super) fn op(name: &str, role: Role) -> Act {
    Act::Appoint { name: name.to_owned(), role }
}

fn slow(seconds: u64) -> Act {
    Act::Slow { room: "lobby".to_owned(), seconds }
}

fn topic(text: &str) -> Act {
    Act::Topic { room: "lobby".to_owned(), text: text.to_owned() }
}

/// Ann and Ben in the lobby, as sessions 1 and 2, and the owner in it as session 9.
pub(super) fn with_owner() -> World {
    let mut world = ann_and_ben();
    world.connect(9, OWNER, 9, "boss");
    world.hear(9, ROOM, &join("lobby"));
    world.take_all();
    world
}

/// Another server over what the last one stored.
fn restarted(world: World) -> World {
    let mut world = World::over(world.store, ChatLimits::default());
    world.connect(9, OWNER, 9, "boss");
    world.take_all();
    world
}

#[test]
fn a_member_may_do_nothing_of_it_and_a_moderator_all_but_name_moderators() {
    let mut world = with_owner();
    for act in
        [kick("boss"), impose(Measure::Mute, "boss", 1), lift(Measure::Ban, "boss"), slow(1), topic("x")]
    {
        moderate(&mut world, 1, act);
        assert_eq!(world.lines(1), ["failed 1 not-allowed"]);
    }
    moderate(&mut world, 9, op("ann", Role::Moderator));
    assert_eq!(world.lines(1), ["role moderator", "notice boss made ann a moderator"]);
    moderate(&mut world, 1, op("ben", Role::Moderator));
    assert_eq!(world.lines(1), ["failed 1 not-allowed"]);
    moderate(&mut world, 1, slow(5));
    assert_eq!(world.lines(1), ["notice ann made lobby slow: one message in 5 s", "done 1"]);
}

#[test]
fn nobody_acts_against_the_own_role_or_above() {
    let mut world = with_owner();
    moderate(&mut world, 9, op("ann", Role::Moderator));
    moderate(&mut world, 9, op("ben", Role::Moderator));
    world.take_all();
    for name in ["ben", "boss", "ann"] {
        moderate(&mut world, 1, kick(name));
        assert_eq!(world.lines(1), ["failed 1 not-allowed"], "{name}");
    }
    moderate(&mut world, 9, op("ben", Role::Owner));
    assert_eq!(world.lines(9), ["failed 1 not-allowed"], "there is one owner");
    moderate(&mut world, 9, op("ben", Role::Member));
    assert_eq!(world.lines(2), ["notice boss made ben a member"]);
    moderate(&mut world, 1, kick("ben"));
    assert_eq!(world.closed[&2].0, close_code::KICKED);
}

#[test]
fn who_is_kicked_hears_why_and_may_come_back_and_the_others_hear_of_it() {
    let mut world = with_owner();
    moderate(&mut world, 9, kick("ben"));
    assert_eq!(world.closed[&2], (close_code::KICKED, "boss kicked you: spam; you may come back".to_owned()));
    world.pass_ms(2_000);
    assert_eq!(world.lines(1), ["notice boss kicked ben: spam", "presence ben Offline", "8 -ben"]);
    assert_eq!(world.lines(9)[..2], ["notice boss kicked ben: spam", "done 1"]);
    assert!(
        world.happenings.contains(&ChatHappening::Moderated {
            by: "boss".to_owned(),
            deed: "kicked ben: spam".to_owned()
        })
    );
    world.connect(3, BEN, 2, "ben");
    assert_eq!(world.lines(3), ["welcome ben"]);
    moderate(&mut world, 9, kick("nobody"));
    assert_eq!(world.lines(9), ["failed 1 no-such-name"]);
    world.disconnect(3);
    moderate(&mut world, 9, kick("ben"));
    assert_eq!(world.lines(9), ["failed 1 absent"]);
}

#[test]
fn a_ban_keeps_the_key_out_under_every_name_over_a_restart_until_its_time_is_over_or_it_is_lifted() {
    let mut world = with_owner();
    moderate(&mut world, 9, impose(Measure::Ban, "ben", 60));
    assert_eq!(
        world.closed[&2],
        (close_code::BANNED, "you are banned for another 60 s by boss: spam".to_owned())
    );
    let mut world = restarted(world);
    world.connect(3, BEN, 3, "other");
    assert_eq!(world.closed[&3].0, close_code::BANNED, "whatever the name");
    world.pass_ms(64_999);
    world.connect(41, BEN, 4, "ben");
    assert_eq!(world.closed[&41].1, "you are banned for another 1 s by boss: spam");
    world.pass_ms(1);
    world.connect(4, BEN, 4, "ben");
    assert_eq!(world.lines(4), ["welcome ben"]);
    moderate(&mut world, 9, impose(Measure::Ban, "ben", 0));
    world.connect(5, BEN, 4, "ben");
    assert_eq!(world.closed[&5].1, "you are banned by boss: spam", "for good");
    moderate(&mut world, 9, lift(Measure::Ban, "ben"));
    world.connect(6, BEN, 4, "ben");
    assert_eq!(world.lines(6), ["welcome ben"]);
    let mut world = restarted(world);
    world.connect(7, BEN, 4, "ben");
    assert_eq!(world.lines(7), ["welcome ben"], "lifted for good");
    moderate(&mut world, 9, lift(Measure::Ban, "ben"));
    assert_eq!(world.lines(9), ["failed 1 no-such-measure"]);
}

pub(super) fn come_from(world: &mut World, session: u64, key: Key, name: &str, address: &str) {
    let peer = Peer { key, transport: "udp", address: address.to_owned() };
    let bytes = crate::chat::codec::encode_greeting(&crate::chat::message::Greeting {
        instance: crate::chat::message::Instance([u8::try_from(session).unwrap(); 16]),
        ..greeting(name)
    });
    world.server.handle_connected(world.now, SessionKey(session), peer, &bytes);
    world.settle();
}

#[test]
fn a_ban_of_an_address_that_several_share_is_taken_only_when_it_is_said_again() {
    let mut world = with_owner();
    come_from(&mut world, 21, CID, "cid", "10.9.9.9:1");
    come_from(&mut world, 22, [4; 32], "dot", "10.9.9.9:2");
    come_from(&mut world, 23, OWNER, "boss2", "10.9.9.9:3");
    world.take_all();
    moderate(&mut world, 9, impose(Measure::BanAddress, "cid", 60));
    let ToClient::Failed { failure, .. } = world.next_on(9, CONTROL_CHANNEL).unwrap() else {
        panic!("no refusal")
    };
    assert_eq!(failure.code, "hits-others");
    assert!(failure.text.starts_with("1 other has the same address"), "{}", failure.text);
    assert!(failure.text.contains("(dot)"), "{}", failure.text);
    assert!(world.closed.is_empty());
    moderate(&mut world, 9, impose(Measure::BanAddress, "cid", 60));
    assert_eq!(world.closed.keys().copied().collect::<Vec<_>>(), [21, 22], "the owner stays");
    come_from(&mut world, 31, [5; 32], "eve", "10.9.9.9:9");
    assert_eq!(world.closed[&31].0, close_code::BANNED);
    come_from(&mut world, 32, OWNER, "boss3", "10.9.9.9:9");
    assert!(!world.closed.contains_key(&32), "who runs the server is never kept out");
    moderate(&mut world, 9, lift(Measure::BanAddress, "10.9.9.9"));
    come_from(&mut world, 33, [5; 32], "eve", "10.9.9.9:9");
    assert!(!world.closed.contains_key(&33));
}

#[test]
fn a_warning_is_about_one_aim_and_not_the_next() {
    let mut world = with_owner();
    come_from(&mut world, 21, CID, "cid", "10.9.9.9:1");
    come_from(&mut world, 22, CID, "cid2", "10.9.9.9:2");
    moderate(&mut world, 9, impose(Measure::BanAddress, "cid", 60));
    moderate(&mut world, 9, impose(Measure::Ban, "cid", 60));
    assert!(world.closed.is_empty(), "warned of the address, not of the key");
    moderate(&mut world, 9, impose(Measure::Ban, "cid", 60));
    assert_eq!(world.closed.len(), 2);
}

#[test]
fn who_is_muted_hears_and_is_not_heard_under_any_name_of_the_key() {
    let mut world = with_owner();
    moderate(&mut world, 9, impose(Measure::Mute, "ben", 60));
    assert_eq!(world.lines(2), ["notice boss muted ben for 60 s: spam"]);
    world.take_all();
    world.hear(2, ROOM, &post(1, "hi"));
    let to_ann = ToServer::Private { counter: Counter(2), to: "ann".to_owned(), text: "hi".to_owned() };
    world.hear(2, PRIVATE_CHANNEL, &to_ann);
    assert_eq!(world.lines(2), ["8 rejected 1 muted", "rejected 2 muted"]);
    assert!(world.lines(1).is_empty());
    world.hear(1, ROOM, &post(1, "hi"));
    assert_eq!(world.lines(2), ["8 #1 ann: hi"]);
    world.connect(4, BEN, 4, "bennie");
    world.hear(4, ROOM, &join("lobby"));
    world.hear(4, ROOM, &post(1, "hi"));
    assert_eq!(world.lines(4).last().unwrap(), "8 rejected 1 muted");
    world.pass_ms(60_000);
    world.hear(2, ROOM, &post(3, "free"));
    assert_eq!(world.lines(1).last().unwrap(), "8 #2 ben: free");
}

#[test]
fn in_a_slow_room_each_says_one_thing_in_the_interval_and_moderators_what_they_like() {
    let mut world = with_owner();
    moderate(&mut world, 9, slow(10));
    world.take_all();
    for counter in 1..=2 {
        world.hear(1, ROOM, &post(counter, "hi"));
        world.hear(9, ROOM, &post(counter, "hi"));
    }
    assert_eq!(world.lines(1)[..3], ["8 accepted 1 as 1", "8 #1 ann: hi", "8 #2 boss: hi"]);
    assert!(world.lines(2).iter().all(|line| !line.contains("#4")), "three of the four");
    // A second terminal gains nothing.
    world.connect(3, ANN, 3, "ann");
    world.hear(3, ROOM, &join("lobby"));
    world.take_all();
    world.hear(3, ROOM, &post(1, "hi"));
    assert_eq!(world.lines(3), ["8 rejected 1 slow-mode"]);
    world.pass_ms(10_000);
    world.hear(3, ROOM, &post(2, "now"));
    assert_eq!(world.lines(3)[0], "8 accepted 2 as 4");
    moderate(&mut world, 9, slow(0));
    world.hear(3, ROOM, &post(3, "again"));
    assert_eq!(world.lines(3).last().unwrap(), "8 #5 ann: again");
    moderate(&mut world, 9, slow(3_601));
    assert_eq!(world.lines(9).last().unwrap(), "failed 1 usage");
}

#[test]
fn whoever_enters_is_told_what_the_room_is_about_and_that_it_is_slow_also_after_a_restart() {
    let mut world = with_owner();
    moderate(&mut world, 9, topic("exams"));
    moderate(&mut world, 9, slow(30));
    assert_eq!(world.lines(1), ["8 topic exams (boss)", "notice boss made lobby slow: one message in 30 s"]);
    let mut world = restarted(world);
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    assert_eq!(
        world.lines(1),
        [
            "welcome ann",
            "8 joined lobby with ann at 0",
            "8 topic exams (boss)",
            "notice lobby is slow: one message in 30 s"
        ]
    );
}

#[test]
fn what_moderators_did_is_remembered_and_moderators_may_read_it() {
    let mut world = with_owner();
    moderate(&mut world, 9, op("ann", Role::Moderator));
    moderate(&mut world, 1, impose(Measure::Mute, "ben", 600));
    let mut world = restarted(world);
    world.connect(1, ANN, 1, "ann");
    world.take_all();
    world.hear(1, CONTROL_CHANNEL, &ToServer::Audit { request: RequestId(5), count: 10 });
    let Some(ToClient::Audit { entries, .. }) = world.next_on(1, CONTROL_CHANNEL) else { panic!("no log") };
    let deeds: Vec<String> =
        entries.iter().map(|AuditEntry { by, deed, .. }| format!("{by} {deed}")).collect();
    assert_eq!(deeds, ["boss made ann a moderator", "ann muted ben for 10 min: spam"]);
    world.hear(1, CONTROL_CHANNEL, &ToServer::Measures { request: RequestId(6) });
    let Some(ToClient::Measures { measures, .. }) = world.next_on(1, CONTROL_CHANNEL) else {
        panic!("no list")
    };
    assert_eq!((measures.len(), &measures[0].whom[..], &measures[0].by[..]), (1, "ben", "ann"));
    world.connect(2, BEN, 2, "ben");
    world.take_all();
    world.hear(2, CONTROL_CHANNEL, &ToServer::Audit { request: RequestId(5), count: 10 });
    world.hear(2, CONTROL_CHANNEL, &ToServer::Measures { request: RequestId(6) });
    assert_eq!(world.lines(2), ["failed 5 not-allowed", "failed 6 not-allowed"]);
}

#[test]
fn what_was_just_done_is_in_the_log_though_the_store_is_still_busy() {
    let mut world = with_owner();
    world.store_waits = true;
    for act in [kick("ann"), kick("ben")] {
        moderate(&mut world, 9, act);
    }
    world.hear(9, CONTROL_CHANNEL, &ToServer::Audit { request: RequestId(5), count: 10 });
    world.take_all();
    for _ in 0..3 {
        world.answer_store();
    }
    let logs = world.take(9);
    let Some((_, ToClient::Audit { entries, .. })) = logs.last() else { panic!("no log") };
    let deeds: Vec<&str> = entries.iter().map(|entry| &entry.deed[..]).collect();
    assert_eq!(deeds, ["kicked ann: spam", "kicked ben: spam"]);
}

#[test]
fn a_moderator_shares_a_key_or_an_address_with_whom_it_hits_and_is_not_kept_out() {
    let mut world = with_owner();
    moderate(&mut world, 9, op("ann", Role::Moderator));
    come_from(&mut world, 21, ANN, "ann2", "10.0.0.2:7");
    world.take_all();
    moderate(&mut world, 9, impose(Measure::Ban, "ann2", 60));
    assert_eq!(world.lines(9), ["failed 1 hits-others"], "a moderator");
    moderate(&mut world, 9, impose(Measure::Ban, "ann2", 60));
    assert_eq!(world.closed.keys().copied().collect::<Vec<_>>(), [1, 21], "the owner may");
    let mut world = with_owner();
    moderate(&mut world, 9, op("ann", Role::Moderator));
    moderate(&mut world, 9, op("ben", Role::Moderator));
    come_from(&mut world, 21, BEN, "ben2", "10.9.9.9:1");
    world.take_all();
    moderate(&mut world, 1, impose(Measure::Ban, "ben2", 60));
    assert_eq!(world.lines(1), ["failed 1 not-allowed"], "a moderator's key");
    come_from(&mut world, 22, CID, "cid", "10.9.9.9:2");
    moderate(&mut world, 1, impose(Measure::BanAddress, "cid", 60));
    moderate(&mut world, 1, impose(Measure::BanAddress, "cid", 60));
    assert!(world.closed.contains_key(&22));
    come_from(&mut world, 23, BEN, "ben", "10.9.9.9:3");
    assert!(!world.closed.contains_key(&23), "who keeps order comes in from there");
}

#[test]
fn a_warning_of_a_mute_is_no_leave_to_ban_and_reasons_steer_no_terminal() {
    let mut world = with_owner();
    come_from(&mut world, 21, CID, "cid", "10.9.9.9:1");
    come_from(&mut world, 22, CID, "cid2", "10.9.9.9:2");
    moderate(&mut world, 9, impose(Measure::Mute, "cid", 60));
    moderate(&mut world, 9, impose(Measure::Ban, "cid", 60));
    assert!(world.closed.is_empty());
    moderate(&mut world, 9, Act::Kick { name: "ben".to_owned(), reason: "\u{1b}]0;owned\u{7}".to_owned() });
    assert_eq!(world.closed[&2].1, "boss kicked you: ]0;owned; you may come back");
}

#[test]
fn a_reason_is_cut_at_its_bound_and_bans_and_mutes_are_bounded() {
    let mut world = with_owner();
    let reason = "é".repeat(500);
    moderate(
        &mut world,
        9,
        Act::Impose { measure: Measure::Mute, name: "ben".to_owned(), seconds: u64::MAX, reason },
    );
    world.hear(9, CONTROL_CHANNEL, &ToServer::Measures { request: RequestId(6) });
    world.next_on(9, CONTROL_CHANNEL);
    world.next_on(9, CONTROL_CHANNEL);
    let Some(ToClient::Measures { measures, .. }) = world.next_on(9, CONTROL_CHANNEL) else {
        panic!("no list")
    };
    assert_eq!(measures[0].reason, "é".repeat(150));
    let held =
        world.server.order.measures.get(Measure::Mute, &Whom::Key(BEN)).cloned().expect("Ben is muted");
    for number in 0..MEASURES_MAX as u64 {
        let key: Key = crate::rng::Rng::from_seed(number).bytes();
        world.server.order.measures.impose(MeasureRecord { whom: Whom::Key(key), ..held.clone() });
    }
    moderate(&mut world, 9, impose(Measure::Mute, "ann", 0));
    assert_eq!(world.lines(9).last().unwrap(), "failed 1 too-many-measures");
}

#[test]
fn who_says_too_much_is_warned_once_and_then_refused_for_this_session_only() {
    let limits = ChatLimits { terms: Terms::per_second(1), ..ChatLimits::default() };
    let mut world = World::with_limits(limits);
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    for counter in 1..=40 {
        world.hear(1, ROOM, &post(counter, "hi"));
    }
    let lines = world.lines(1);
    let count = |what: &str| lines.iter().filter(|line| line.contains(what)).count();
    assert_eq!((count("accepted"), count("notice you are saying too much"), count("too-fast")), (31, 1, 9));
    // What was settled is answered without a quota.
    world.hear(1, ROOM, &post(1, "hi"));
    assert_eq!(world.lines(1), ["8 accepted 1 as 1"]);
    world.hear(1, CONTROL_CHANNEL, &ToServer::Rooms { request: RequestId(1) });
    assert_eq!(world.lines(1), ["failed 1 too-fast"]);
    world.hear(1, super::ROOM_B, &join("other"));
    assert_eq!(world.lines(1), ["12 join failed too-fast"]);
    world.pass_ms(1_000);
    world.hear(1, ROOM, &post(41, "hi"));
    assert_eq!(world.lines(1)[0], "8 accepted 41 as 32");
    world.connect(2, ANN, 1, "ann");
    world.hear(2, ROOM, &join("lobby"));
    world.take_all();
    world.hear(2, ROOM, &post(32, "hi"));
    assert_eq!(
        world.lines(2)[0],
        "8 accepted 32 as 33",
        "the refusal was the server's, for the session before"
    );
}
