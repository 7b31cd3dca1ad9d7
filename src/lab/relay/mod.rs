//! What happens to an IP packet between the two ends of the emulated link?
//!
//! The link of [`super::link`] knows no addresses; this is what stands around it when real packets pass:
//! which of them are meant for it, by which names they may be dropped, what becomes of their bytes, and who
//! hears of it. No sockets: a shell hands packets in and takes them out.
//!
//! ```text
//!  client's end ─▶ ends: one of ours? ─▶ translation ─▶ ┌──────┐ ─▶ marks, damage ─▶ server's end
//!  10.77.0.1       stray: left out       port, address   │ link │
//!  client's end ◀─ marks, damage ◀─ translation back ◀── └──────┘ ◀─ ends: one of ours? ◀─ 10.77.0.2
//! ```
//!
//! | file | answers |
//! | --- | --- |
//! | [`packet`] | what is this IP packet? |
//! | [`ends`] | who are the two ends, and by which names may a packet between them be dropped? |
//! | [`surgery`] | how is a packet changed so that its checksums stay right? |
//! | [`translation`] | the client's port or address changes: what do both ends see? |
//! | [`lateness`] | how late did packets leave the emulator? |
//! | [`pcapng`] | how is a capture written? |
//! | [`passing`] | the relay itself, with the five verbs |

pub mod ends;
pub mod lateness;
pub mod packet;
pub mod passing;
pub mod pcapng;
pub mod surgery;
pub mod translation;

pub use passing::{Outgoing, Relay, Tap};
