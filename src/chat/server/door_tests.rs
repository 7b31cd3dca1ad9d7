//! The door as a leaf: its rules, its bounds, and what an entrance hears.

use super::*;
use crate::time::at;

fn newcomer(now: Instant) -> Newcomer {
    let peer = Peer { key: [1; 32], transport: "udp", address: "10.0.0.1:5".to_owned() };
    let greeting = Greeting {
        instance: Instance([1; 16]),
        name: "ann".to_owned(),
        private_since: None,
        settled: crate::chat::message::Counter(0),
        agent: String::new(),
    };
    Newcomer::new(now, peer, greeting, Name::parse("ann").unwrap())
}

#[test]
fn the_table_of_doors_is_as_it_is_written() {
    let kept = crate::crypto::Stretched([1; 32]).kept();
    for (rule, without_account) in [
        (Rule::Open, None),
        (Rule::Secret(kept), Some(Wanted::Secret)),
        (Rule::Members, Some(Wanted::Password)),
    ] {
        assert_eq!(rule.wants(false), without_account);
        assert_eq!(rule.wants(true), Some(Wanted::Password));
    }
}

#[test]
fn whoever_goes_leaves_nothing_behind() {
    let mut door = Door::default();
    door.insert(SessionKey(1), newcomer(at(0)));
    assert!(door.wait(SessionKey(1), 8, b"hello"));
    assert_eq!(door.poll_timeout(), Some(at(0) + STANDING));
    let (.., waiting) = door.remove(SessionKey(1)).unwrap().into_parts();
    assert_eq!(waiting, [(8, b"hello".to_vec())]);
    assert!(door.remove(SessionKey(1)).is_none());
    assert_eq!((door.waiting_bytes, door.poll_timeout(), door.keys().len()), (0, None, 0));
    door.insert(SessionKey(2), newcomer(at(0)));
    door.wait(SessionKey(2), 8, b"hello");
    door.ask(SessionKey(2), Wanted::Secret);
    assert_eq!(door.waiting_bytes, 0, "what waited is not heard any more");
    door.remove(SessionKey(2));
    assert!(door.asked.is_empty());
}

#[test]
fn who_was_asked_is_heard_only_where_a_channel_began_anew() {
    let asked = Admission { was_asked: true, ..Admission::default() };
    let mut entrance = Entrance::new(asked);
    assert!(entrance.hears(CONTROL_CHANNEL) && !entrance.hears(8));
    assert_eq!(entrance.begin(8), Ok(()));
    assert!(entrance.hears(8) && !entrance.hears(12) && entrance.begin(8).is_err());
    let mut unasked = Entrance::new(Admission::default());
    assert!(unasked.hears(8) && unasked.begin(8).is_err());
}

#[test]
fn channels_that_begin_anew_are_bounded() {
    let mut entrance = Entrance::new(Admission { was_asked: true, ..Admission::default() });
    assert!((0..BEGUN_MAX as u64).all(|index| entrance.begin(4 + 4 * index).is_ok()));
    assert!(entrance.begin(4 + 4 * BEGUN_MAX as u64).is_err());
}
