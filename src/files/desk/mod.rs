//! The server's half: takes files in, keeps them, gives them out, each session one way in and one way out at
//! a time.
//!
//! ```text
//!   handle_message ─▶ desk ──┬─▶ incoming   Offer, Block, Withdraw      whose file may come in
//!   handle_reply   ─▶        ├─▶ outgoing   Fetch, Credit, Taken, …     who may have it
//!   on_arrived     ─▶        └─▶ shelf      which files there are
//!                                  │
//!                                  ▼
//!                        poll_effect: send, ask the disk
//! ```

mod incoming;
mod outgoing;
mod router;
pub mod shelf;

pub use router::{Company, Desk, DeskEffect};
pub use shelf::FileLimits;

#[cfg(test)]
mod tests;
