//! Does a session that is warm ask the heap for anything?
//!
//! After 10,000 messages of warm-up each way nothing may, over 100,000 small messages sent, received and acknowledged:
//! sealed and in the clear, in both directions. What it costs in time and instructions: `benches/core.rs`,
//! which shares both files.
//!
//! - `allocator.rs`: counts
//! - `pair.rs`: a client and a server

mod allocator;
mod pair;

pub use allocator::held_bytes;

use allocator::{Asked, asked_in};
use pair::{DIRECTIONS, MESSAGE_BYTES, Pair};

const MESSAGES: u64 = 100_000;

fn assert_nothing_is_asked_for(insecure: bool) {
    let mut pair = Pair::warm(insecure);
    for (direction, send) in DIRECTIONS {
        let asked = asked_in(|| (0..MESSAGES / 2).for_each(|_| send(&mut pair)));
        assert_eq!(asked, Asked { times: 0, bytes: 0 }, "{direction}");
    }
}

#[test]
fn a_hundred_thousand_sealed_messages_ask_the_heap_for_nothing() {
    assert_nothing_is_asked_for(false);
}

#[test]
fn a_hundred_thousand_messages_in_the_clear_ask_the_heap_for_nothing() {
    assert_nothing_is_asked_for(true);
}

#[test]
fn a_message_whose_buffer_is_kept_asks_for_another_one() {
    const KEPT: u64 = 100;
    let mut pair = Pair::warm(true);
    pair.gives_back = false;
    for (direction, send) in DIRECTIONS {
        // What was given back before is filled first.
        (0..KEPT).for_each(|_| send(&mut pair));
        let asked = asked_in(|| (0..KEPT).for_each(|_| send(&mut pair)));
        assert_eq!(asked, Asked { times: KEPT, bytes: KEPT * MESSAGE_BYTES as u64 }, "{direction}");
    }
}
