//! A whole client, without its socket: it outlives every session that carries it.
//!
//! ```text
//!                ┌── no answer, lost: the next address, or the same again ──┐
//!                ▼                                                         │
//!   lines ─▶ Connecting ── proved ──▶ Up ── over ──▶ Waiting ── time's up ──┘
//!                │                     │
//!                │ refused, too long   │ all said and accepted, /quit
//!                ▼                     ▼
//!             Finished ◀────────── Leaving
//! ```
//!
//! Over UDP the first flight already carries joins and messages when the server's key is known. A session
//! that has gone silent is kept and its port changed, since a NAT may have forgotten it; one that is over is
//! made anew until the user has had enough. With a choice of transports the client goes over to TCP where
//! datagrams do not pass, and back: that is a new session of the same instance, too.
//!
//! - `attempts`: which address next, and when
//! - `carrier`: the session, over either transport
//! - `pins`: is this the server that we know?
//! - `promised`: is it the one that the join code promises, or that announced itself?
//! - `fallback`: which transport, where datagrams may not pass?
//! - `making`: a session is made, and is over
//! - `files`: what is carried besides the chat
//! - `leaving`: when is everything said?

mod at_door;
mod attempts;
mod carrier;
mod fallback;
mod files;
mod leaving;
mod making;
mod node;
mod pins;
mod promised;

pub use node::ClientNode;
