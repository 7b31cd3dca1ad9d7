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
//! made anew until the user has had enough.
//!
//! - `attempts`: which address next, and when
//! - `carrier`: the session, over either transport
//! - `pins`: is this the server that we know?
//! - `promised`: is it the one that the join code promises, or that announced itself?
//! - `files`: what is carried besides the chat
//! - `leaving`: when is everything said?

mod at_door;
mod attempts;
mod carrier;
mod files;
mod leaving;
mod node;
mod pins;
mod promised;

pub use node::ClientNode;
