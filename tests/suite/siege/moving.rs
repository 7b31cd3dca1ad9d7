//! True packets from another address: does the session go where the thief is?

use super::room::{Copies, DELAY, Room, Seen};
use sayagain::time::Duration;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

const PEOPLE: usize = 50;

/// A thief of so many people's packets, who copies each from an address of his own.
fn thief_of(people: usize, delay: Duration) -> impl FnMut(&Seen) -> Copies {
    move |seen| {
        if !seen.is_up || seen.person >= people {
            return Vec::new();
        }
        vec![(delay, thief(seen.person), seen.bytes.clone())]
    }
}

/// Where the thief of this person's packets is.
fn thief(person: usize) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, person as u8], 666))
}

#[test]
fn copies_that_come_after_the_original_move_nobody() {
    let mut room = Room::of(PEOPLE, 11);
    room.tap = Box::new(thief_of(PEOPLE, DELAY + Duration::from_micros(500)));
    (0..3).for_each(|round| room.chat(&format!("round {round}")));
    assert_eq!(room.moves, 0);
    room.assert_whole();
    assert_eq!(room.strays, BTreeMap::new(), "the thief gets not a byte");
}

#[test]
fn copies_that_come_before_the_original_cost_nobody_a_message_and_give_the_thief_three_bytes_for_one() {
    let mut room = Room::of(PEOPLE, 12);
    let given = Rc::new(RefCell::new(BTreeMap::<SocketAddr, u64>::new()));
    let (mut copies, count) = (thief_of(10, Duration::from_millis(4)), Rc::clone(&given));
    room.tap = Box::new(move |seen| {
        let copies = copies(seen);
        for (_, from, bytes) in &copies {
            *count.borrow_mut().entry(*from).or_default() += bytes.len() as u64;
        }
        copies
    });
    (0..3).for_each(|round| room.chat(&format!("round {round}")));
    assert!(room.moves > 0, "he was believed: whoever cannot be told from the person is");
    room.tap = Box::new(|_| Vec::new());
    room.chat("after");
    room.pass(Duration::from_secs(5));
    room.assert_whole();
    for (address, bytes) in &room.strays {
        let given = given.borrow().get(address).copied().unwrap_or(0);
        assert!(*bytes <= 3 * given, "{bytes} bytes to {address}, which gave {given}");
    }
    room.strays.clear();
    room.chat("much later");
    room.assert_whole();
    assert_eq!(room.strays, BTreeMap::new(), "all are at home again");
}
