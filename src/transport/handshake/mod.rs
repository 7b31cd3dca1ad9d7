//! How do two ends that never met come to share keys, when any datagram may be lost or forged?
//!
//! ```text
//!  server unknown (Noise XX)                      server known (Noise IK)
//!
//!  client                     server              client                         server
//!    │ HELLO e                  │                   │ HELLO e,es,s,ss │ early frames │
//!    │─────────────────────────▶│ 64 bytes kept     │──────────────────────────────▶│ session
//!    │ WELCOME e,ee,s,es │ name │ per handshake     │ WELCOME e,ee,se │ data packet  │
//!    │◀─────────────────────────│                   │◀──────────────────────────────│
//!    │ FINISH s,se │ data packet│                   │ data packet                    │
//!    │─────────────────────────▶│ session           │──────────────────────────────▶│ address proven
//! ```
//!
//! Only the client has a timer: it says HELLO again until it is answered. The server answers each copy the
//! same way. A FINISH rides in front of the client's data packets until the server is heard, a WELCOME of
//! a known client likewise, so that no loss pattern leaves one side waiting for the other.
//!
//! - [`client`]: the client's side
//! - [`half_open`]: what a server keeps between WELCOME and FINISH
//! - [`unproven`]: how many of whom nobody knows yet may be here
//! - [`first_flight`]: whether the first messages in a HELLO may be heard
//! - [`effort`]: how much arithmetic they may cost
//! - [`cookie`]: how a server under load keeps nothing at all
//! - [`question`]: whether anybody speaks this protocol there, before any handshake

pub mod client;
pub mod cookie;
pub mod effort;
pub mod first_flight;
pub mod half_open;
pub mod question;
pub mod unproven;
#[cfg(test)]
mod vectors;

use crate::wire::datagram::{ConnectionId, VERSION};

/// What both ends mix into the handshake's hash before its first byte: who changes any of it on the way
/// makes the handshake fail.
pub fn prologue(pattern: u8, client: ConnectionId) -> Vec<u8> {
    let mut prologue = b"sayagain udp".to_vec();
    prologue.extend_from_slice(&VERSION.to_be_bytes());
    prologue.push(pattern);
    prologue.extend_from_slice(&client.0.to_be_bytes());
    prologue
}
