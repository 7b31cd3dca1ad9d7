//! Who has seen what, what waits for whoever is away, and who is typing.

use super::order::{impose, moderate};
use super::world::OWNER;
use super::{ANN, BEN, ROOM, World, ann_and_ben, join, post, private};
use crate::chat::message::*;
use crate::chat::server::ChatLimits;
use crate::store::Key;

const CID: Key = [3; 32];

fn seen(world: &mut World, session: u64, channel: u64, through: u64) {
    world.hear(session, channel, &ToServer::Seen { through: MessageId(through) });
}

fn join_since_left() -> ToServer {
    ToServer::Join { room: "lobby".to_owned(), since: None, history: 2, since_left: true }
}

fn restarted(world: World) -> World {
    World::over(world.store, ChatLimits::default())
}

#[test]
fn who_comes_back_with_a_new_terminal_goes_on_from_what_any_of_them_saw_also_after_a_restart() {
    let mut world = ann_and_ben();
    (1..=4).for_each(|counter| world.hear(1, ROOM, &post(counter, "hi")));
    seen(&mut world, 2, ROOM, 4);
    world.disconnect(2);
    (5..=10).for_each(|counter| world.hear(1, ROOM, &post(counter, "hi")));
    let mut world = restarted(world);
    world.connect(3, BEN, 3, "ben");
    world.take_all();
    world.hear(3, ROOM, &join_since_left());
    let lines = world.take(3);
    let Some((_, ToClient::Joined { seen, from, last, .. })) = lines.first() else { panic!("not in") };
    assert_eq!((seen.0, from.0, last.0), (4, 4, 10));
    let replayed = lines.iter().filter(|(_, message)| matches!(message, ToClient::Message { .. })).count();
    assert_eq!(replayed, 6);
}

#[test]
fn a_mark_beyond_what_there_is_is_cut_there() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM, &post(1, "hi"));
    seen(&mut world, 2, ROOM, u64::MAX >> 2);
    world.hear(1, ROOM, &post(2, "there"));
    world.connect(3, BEN, 3, "ben");
    world.take_all();
    world.hear(3, ROOM, &join_since_left());
    let Some(ToClient::Joined { seen, .. }) = world.next_on(3, ROOM) else { panic!("not in") };
    assert_eq!(seen, MessageId(1));
}

#[test]
fn a_small_room_hears_up_to_where_all_have_read() {
    let mut world = ann_and_ben();
    (1..=3).for_each(|counter| world.hear(1, ROOM, &post(counter, "hi")));
    seen(&mut world, 1, ROOM, 3);
    seen(&mut world, 2, ROOM, 2);
    world.take_all();
    world.pass_ms(499);
    assert!(world.lines(1).is_empty(), "gathered");
    world.pass_ms(1);
    assert_eq!(world.lines(1), ["8 seen by all 2"]);
    seen(&mut world, 2, ROOM, 3);
    world.pass_ms(500);
    assert_eq!(
        (world.lines(1), world.lines(2).pop()),
        (vec!["8 seen by all 3".to_owned()], Some("8 seen by all 3".to_owned()))
    );
}

#[test]
fn what_is_said_to_somebody_who_is_away_waits_for_them_and_its_sender_hears_when_it_was_seen() {
    let mut world = ann_and_ben();
    world.disconnect(2);
    world.take_all();
    for counter in 1..=2 {
        world.hear(1, PRIVATE_CHANNEL, &private(counter, "ben", "hi"));
    }
    assert_eq!(
        world.lines(1),
        [
            "notice ben is away now: they get what you write when they come back",
            "accepted 1 as 1",
            "accepted 2 as 2"
        ],
        "told once"
    );
    let mut world = restarted(world);
    world.connect(3, BEN, 3, "ben");
    assert_eq!(world.lines(3), ["welcome ben", "private #1 ann -> ben: hi", "private #2 ann -> ben: hi"]);
    world.connect(1, ANN, 1, "ann");
    world.hear(1, PRIVATE_CHANNEL, &private(3, "ben", "there"));
    world.take_all();
    seen(&mut world, 3, PRIVATE_CHANNEL, 3);
    assert_eq!(world.lines(1), ["ben has seen 3"]);
    world.disconnect(3);
    world.connect(4, BEN, 4, "ben");
    assert_eq!(world.lines(4), ["welcome ben"], "all was seen");
}

#[test]
fn a_thousand_private_messages_wait_for_somebody_who_is_away_and_no_more() {
    let mut world = ann_and_ben();
    world.disconnect(2);
    (1..=1_000).for_each(|counter| world.hear(1, PRIVATE_CHANNEL, &private(counter, "ben", "hi")));
    world.take_all();
    world.hear(1, PRIVATE_CHANNEL, &private(1_001, "ben", "hi"));
    assert_eq!(world.lines(1), ["rejected 1001 mailbox-full"]);
    world.connect(3, BEN, 3, "ben");
    assert_eq!(world.lines(3).len(), 1_001);
    world.hear(1, PRIVATE_CHANNEL, &private(1_002, "ben", "hi"));
    assert_eq!(world.lines(1), ["accepted 1002 as 1001"], "they are here to read it");
}

#[test]
fn typing_is_told_to_the_others_and_not_of_whoever_is_muted() {
    let mut world = ann_and_ben();
    world.hear(1, ROOM, &ToServer::Typing { to: None });
    assert_eq!((world.lines(1), world.lines(2)), (vec![], vec!["8 ann is typing".to_owned()]));
    world.hear(1, PRIVATE_CHANNEL, &ToServer::Typing { to: Some("ben".to_owned()) });
    assert_eq!(world.lines(2), ["ann is typing"]);
    world.connect(9, OWNER, 9, "boss");
    moderate(&mut world, 9, impose(Measure::Mute, "ann", 60));
    world.take_all();
    world.hear(1, ROOM, &ToServer::Typing { to: None });
    assert!(world.lines(2).is_empty());
}

#[test]
fn in_a_large_room_nobody_hears_of_typing_nor_of_what_all_have_seen() {
    let mut world = ann_and_ben();
    for number in 0..63 {
        let session = 100 + number;
        let mut key = CID;
        key[31] = u8::try_from(number).unwrap();
        world.connect(session, key, u8::try_from(session).unwrap(), &format!("p{number}"));
        world.hear(session, ROOM, &join("lobby"));
    }
    world.hear(1, ROOM, &post(1, "hi"));
    world.take_all();
    world.hear(1, ROOM, &ToServer::Typing { to: None });
    for session in [1, 2].into_iter().chain(100..163) {
        seen(&mut world, session, ROOM, 1);
    }
    world.pass_ms(1_000);
    let is_courtesy = |line: &String| line.contains("typing") || line.contains("seen");
    assert!(!world.lines(2).iter().any(is_courtesy));
    world.disconnect(100);
    world.hear(1, ROOM, &ToServer::Typing { to: None });
    assert!(world.lines(2).iter().any(is_courtesy), "64 are not too many");
}

#[test]
fn saying_what_is_known_counts_like_anything_else() {
    let terms = crate::chat::quota::Terms::per_second(1);
    let mut world = World::with_limits(ChatLimits { terms, ..ChatLimits::default() });
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    (1..=10).for_each(|counter| world.hear(1, ROOM, &post(counter, "hi")));
    (1..=10).for_each(|through| seen(&mut world, 1, ROOM, through));
    (0..100).for_each(|_| seen(&mut world, 1, ROOM, 10));
    world.take_all();
    world.hear(1, ROOM, &post(11, "hi"));
    assert_eq!(world.lines(1), ["8 rejected 11 too-fast"]);
}

#[test]
fn a_terminal_that_wants_only_what_comes_hears_nothing_old_even_if_its_first_welcome_was_lost() {
    let mut world = ann_and_ben();
    world.hear(1, PRIVATE_CHANNEL, &private(1, "ben", "old"));
    world.take_all();
    world.connect_since(5, BEN, 5, "ben", u64::MAX >> 2);
    assert_eq!(world.lines(5), ["welcome ben"]);
    world.disconnect(5);
    world.hear(1, PRIVATE_CHANNEL, &private(2, "ben", "meanwhile"));
    world.connect_since(6, BEN, 5, "ben", u64::MAX >> 2);
    assert_eq!(world.lines(6), ["welcome ben", "private #2 ann -> ben: meanwhile"]);
}
