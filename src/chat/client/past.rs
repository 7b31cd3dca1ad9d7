//! Which lines does a person see of what was said long ago?
//!
//! ```text
//!  * the beginning of lobby
//!  2026-11-21 09:05:59 [lobby] ann: hi
//! ```
//!
//! With date and time, by the clock on the wall, which the caller knows: what comes from further back stands
//! below what is newer.

use super::display::printable;
use super::event::UserEvent;
use super::plain::said;
use crate::chat::calendar::stamp;

/// The lines of an answer from the past; none for any other event. `clock` turns milliseconds since 1970 UTC into
/// the seconds that the clock on the wall showed then.
pub fn past_lines(event: &UserEvent, clock: impl Fn(u64) -> i64) -> Vec<String> {
    let UserEvent::Earlier { room, messages, at_start, .. } = event else { return Vec::new() };
    let begins = at_start.then(|| format!("* the beginning of {}", printable(room)));
    let told = messages.iter().map(|message| {
        let line = said(room, &message.name, message.kind, &message.text);
        format!("{} {line}", stamp(clock(message.at_ms)))
    });
    begins.into_iter().chain(told).collect()
}
