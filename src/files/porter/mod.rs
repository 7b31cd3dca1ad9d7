//! The client's half: sends and fetches files for its user, one each way at a time, over breaks and restarts
//! of the server.
//!
//! ```text
//!   handle_wish    ─▶ porter ──┬─▶ outbound   /send: look, offer, send      ─┐
//!   handle_message ─▶          ├─▶ inbound    /accept: begin, fetch, finish  ├─▶ poll_send, poll_request,
//!   handle_reply   ─▶          └─▶ offers     what others have for us       ─┘    poll_event
//!   advance        ─▶          what waits goes on, once there is a session and the room is entered
//! ```

mod inbound;
mod offers;
mod outbound;
mod router;

pub use router::Porter;

#[cfg(test)]
mod tests;
