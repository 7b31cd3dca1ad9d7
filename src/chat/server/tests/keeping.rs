//! What is no longer kept: let go of in time, step by step, and told to whoever missed it.

use super::{ANN, BEN, ROOM, World, join, post, private};
use crate::chat::message::{MessageId, PRIVATE_CHANNEL, ToServer};
use crate::chat::server::ChatLimits;
use crate::store::{Keep, MemoryStore, StoreRequest};
use crate::time::Duration;

fn world(keep: Keep) -> World {
    let mut world = World::keeping(keep, MemoryStore::default(), ChatLimits::default());
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    world.pass_ms(5_000);
    world.take_all();
    world
}

const TEN_MINUTES_MS: u64 = 600_000;

fn an_hour() -> Keep {
    Keep { age: Some(Duration::from_hours(1)), count: None }
}

#[test]
fn whoever_missed_what_is_no_longer_kept_hears_how_much() {
    let mut world = world(an_hour());
    world.hear(1, ROOM, &post(1, "old"));
    world.hear(1, ROOM, &post(2, "old too"));
    world.pass_ms(5 * TEN_MINUTES_MS);
    world.hear(1, ROOM, &post(3, "new"));
    world.pass_ms(2 * TEN_MINUTES_MS);
    world.connect(2, BEN, 2, "ben");
    world.take_all();
    let since = Some(MessageId(1));
    world.hear(2, ROOM, &ToServer::Join { room: "lobby".into(), since, history: 50, since_left: false });
    let lines = world.lines(2);
    assert!(lines.contains(&"8 gap 1".to_owned()), "{lines:?}");
    assert!(lines.contains(&"8 #3 ann: new (history)".to_owned()), "{lines:?}");
}

#[test]
fn numbers_go_on_where_they_were_also_after_a_restart_over_nothing() {
    let mut world = world(an_hour());
    world.hear(1, ROOM, &post(1, "old"));
    world.hear(1, PRIVATE_CHANNEL, &private(2, "ann", "to myself"));
    world.pass_ms(8 * TEN_MINUTES_MS);
    let mut world = World::keeping(an_hour(), world.store, ChatLimits::default());
    world.connect(1, ANN, 1, "ann");
    world.hear(1, ROOM, &join("lobby"));
    world.take_all();
    world.hear(1, ROOM, &post(3, "new"));
    world.hear(1, PRIVATE_CHANNEL, &private(4, "ann", "again"));
    let lines = world.lines(1);
    assert!(lines.contains(&"8 accepted 3 as 2".to_owned()), "{lines:?}");
    assert!(lines.contains(&"accepted 4 as 2".to_owned()), "{lines:?}");
}

#[test]
fn a_long_sweep_is_many_steps_between_which_others_are_answered() {
    let mut world = world(Keep { age: None, count: Some(10) });
    (1..=1_000).for_each(|counter| world.hear(1, ROOM, &post(counter, "x")));
    world.store_waits = true;
    world.pass_ms(TEN_MINUTES_MS);
    let sweeps = |world: &World| {
        world.requests.iter().filter(|request| matches!(request, StoreRequest::Sweep { .. })).count()
    };
    world.hear(1, ROOM, &post(1_001, "meanwhile"));
    let mut steps = 0;
    while !world.requests.is_empty() {
        assert!(sweeps(&world) <= 1, "one step at a time");
        steps += sweeps(&world);
        world.answer_store();
    }
    assert!(steps >= 2, "{steps}");
    assert!(world.lines(1).contains(&"8 accepted 1001 as 1001".to_owned()));
}

#[test]
fn a_step_that_fails_is_tried_again_ten_minutes_later() {
    let mut world = world(an_hour());
    world.store_waits = true;
    world.pass_ms(TEN_MINUTES_MS);
    assert_eq!(world.requests.len(), 1);
    world.fail_store();
    assert!(world.requests.is_empty());
    world.pass_ms(TEN_MINUTES_MS);
    assert_eq!(world.requests.len(), 1);
}
