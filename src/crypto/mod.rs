//! How do two peers prove who they are, and keep everybody else out of what they say?
//!
//! ```text
//!            hello ──▶
//!  Initiator ◀── welcome   Responder          the handshake: who are you, and which keys do we share?
//!          (finish ──▶)
//!       │                      │
//!  TrafficKeys            TrafficKeys         one key a direction
//!    │      │               │      │
//!  Sealer  Opener ◀──────▶ Sealer  Opener     every datagram and every frame: (number, header, payload)
//!             │                       │
//!        ReplayWindow           ReplayWindow  each number once (UDP; a stream counts by itself)
//! ```
//!
//! - [`identity`]: the static key pair that a person or a server *is*.
//! - [`handshake`]: Noise XX (server unknown), Noise IK (server known) and the clear, behind one face.
//! - [`noise`] and [`clear`]: the two ways in which those messages are made.
//! - [`seal`] and [`open`]: the two ends of a direction, with their change of keys; [`lock`] is the single
//!   key below them.
//! - [`shroud`]: the mask over what of a packet's header nobody needs on the way.
//! - [`mac`]: keyed tags for cookies and reset tokens, which only their maker checks.
//! - [`password`]: what a password comes to at one server, and what is kept of it.
//! - [`replay`]: which numbers have been seen.
//! - [`stretched`]: the 80 bits that stand for a key in a join code; [`words`] says them aloud;
//!   [`thumbprint`]: the 128 that stand for it where a server announces itself.
//!
//! Sources: the Noise Protocol Framework, revision 34; RFC 8439 (ChaCha20-Poly1305); RFC 7748 (X25519);
//! RFC 7693 (BLAKE2s); RFC 9001 §5.4 (header protection); RFC 9106 (Argon2id). The primitives are those of
//! kept libraries; what is ours is how they are joined.
pub mod clear;
pub mod digest;
pub mod handshake;
pub mod identity;
pub mod lock;
pub mod mac;
pub mod noise;
pub mod open;
pub mod password;
pub mod replay;
pub mod seal;
pub mod shroud;
pub mod stretched;
pub mod thumbprint;
pub mod words;

pub use digest::{Digest, Digester};
pub use handshake::{HandshakeError, Initiator, Pattern, Responder};
pub use identity::{Identity, PublicKey};
pub use lock::{Forged, Secrets, TrafficKeys};
pub use open::Opener;
pub use password::{BoundSalt, Kept, Purpose, Salt, Salts, Stretched};
pub use replay::{Freshness, ReplayWindow};
pub use seal::Sealer;
pub use stretched::StretchedKey;
pub use thumbprint::Thumbprint;

#[cfg(test)]
mod vectors;
