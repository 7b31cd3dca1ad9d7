//! How are moments and spans of a story written?

use crate::lab::bench::{Fate, Passage};
use crate::lab::link::Direction;
use crate::time::{Duration, Instant};

/// `25.0 ms`
pub fn span(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1e3)
}

/// `+25.0 ms`, `−3.0 ms`: since the message was handed in, or before.
pub fn after(zero: Instant, moment: Instant) -> String {
    if moment >= zero { format!("+{}", span(moment - zero)) } else { format!("−{}", span(zero - moment)) }
}

/// `on the way up`
pub const fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "on the way up",
        Direction::Down => "on the way down",
    }
}

/// `no duplicate ACK`, `one duplicate ACK`, `3 duplicate ACKs`
pub fn count(number: usize, noun: &str) -> String {
    match number {
        0 => format!("no {noun}"),
        1 => format!("one {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// When it left at the other end, if it did.
pub const fn arrival(passage: &Passage) -> Option<Instant> {
    match passage.fate {
        Fate::Delivered(at) => Some(at),
        Fate::Dropped(_) => None,
    }
}

/// ` (loss)` of a dropped one.
pub fn cause(passage: &Passage) -> String {
    match passage.fate {
        Fate::Dropped(cause) => format!(" ({cause})"),
        Fate::Delivered(_) => String::new(),
    }
}
