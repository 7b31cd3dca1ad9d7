//! How does a session run over TCP?
//!
//! The kernel already delivers every byte once and in order. What is left to do: say where a message ends,
//! prove who speaks, seal, notice silence, and bound what a slow reader may pile up. So the chat above sees
//! the very same session as over UDP, and a comparison compares only what carries the messages.
//!
//! ```text
//!  client                                              server
//!    │ preamble: magic, version, pattern, client id       │
//!    │ HELLO ───────────────────────────────────────────▶ │   or ◀── VERSIONS, REFUSE
//!    │ ◀───────────────────────────────────────── WELCOME │
//!    │ checks the server's key                            │
//!    │ FINISH (XX only) ────────────────────────────────▶ │
//!    │ ◀──────────── sealed frames, both ways ──────────▶ │
//! ```
//!
//! An IK hello that the server cannot open is answered by REFUSE `UNKNOWN_KEY`; the connection stays, and
//! the client begins again with a new preamble and XX, once.
//!
//! - [`config`]: the settings, and what each side brings to the handshake.
//! - [`preamble`] and [`frame`]: the bytes outside, [`content`] those inside the seal.
//! - [`input`] and [`output`]: bytes on their way in and out, bounded.
//! - [`handshake`]: until both sides have keys. [`sealed`]: from then on.
//! - [`connection`]: the router between them, [`Stream`].
//!
//! What is left out: flow credit and fragments. TCP has the one, a stream needs no other; one long message
//! holds up the others for as long as it takes to send it, which is what the comparison is to show.
pub mod config;
pub mod connection;
pub mod content;
pub mod frame;
pub mod handshake;
pub mod input;
pub mod output;
pub mod preamble;
pub mod sealed;

pub use config::{HandshakeInput, StreamConfig, Timer};
pub use connection::Stream;
