//! What does the way to a server look like from here?
//!
//! ```text
//!  surroundings ─ interfaces, routes, the clock, a firewall's files
//!  place ─┬─ questions ── three sizes of datagrams, all at once ─┐
//!         ├─ streams ──── the same port, and one nobody has ─────┼─ at most 3.2 s, side by side
//!         └─ handshake ── broken off before we say who we are ───┘  then at most 2 s
//! ```
//!
//! Facts for [`diagnosis`](crate::service::diagnosis), gathered in bounded time. Where a system does not tell
//! something, it is left open rather than guessed.
//!
//! | file | answers |
//! | --- | --- |
//! | `surroundings` | in what state is this machine? |
//! | `place` | what can be seen of one address? |
//! | `questions` | which datagrams are answered there? |
//! | `handshake` | who answers there? |
//! | `neighbours` | has a machine told us its hardware address? |

mod handshake;
mod neighbours;
mod place;
mod questions;
mod surroundings;

pub use place::examine;
pub use surroundings::surroundings;
