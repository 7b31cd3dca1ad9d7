//! The client's half of the chat: from lines that somebody types to messages, and from messages to what
//! that person sees. It outlives every session: a new one is told all that the last one left open.
//!
//! ```text
//!  handle_line ──▶ command ──▶ typed ──┐                          ┌──▶ poll_send
//!                                      ▼                          │
//!                     outbox  rooms  requests  shown  myself ─── router
//!                                      ▲                          │
//!  handle_message ──▶ codec ──▶ heard ─┘                          └──▶ poll_event ──▶ plain, …
//! ```
//!
//! [`router`] holds the parts and the verbs; `typed` and `heard` are its two ears. The parts know nothing
//! of each other: [`outbox`] what is not accepted, [`pace`] how fast it may go, [`rooms`] where we are,
//! [`requests`] what is not answered, [`at_door`] what the server wants proved, [`shown`] what was seen,
//! [`courtesy`] when the others hear of that and of typing, [`myself`] who we are. [`event`] is what comes
//! out, [`plain`] its rendering as lines ([`past`]: with their dates), [`display`] what makes a stranger's text harmless.
//!
//! Two promises hold over lost sessions and servers that start anew: every line that was typed has exactly
//! one outcome, and nothing is shown twice.

pub mod at_door;
pub mod courtesy;
pub mod display;
pub mod event;
mod heard;
pub mod myself;
pub mod outbox;
pub mod pace;
pub mod past;
pub mod plain;
pub mod requests;
pub mod rooms;
pub mod router;
pub mod shown;
mod typed;

pub use router::{ChatClient, ChatClientConfig, Pending, Reading};

#[cfg(test)]
mod tests;
