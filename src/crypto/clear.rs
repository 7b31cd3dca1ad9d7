//! What is a handshake without cryptography?
//!
//! The same greetings in the same places, with keys that are claimed and not proved. It exists so that a
//! class can read every byte (`--insecure`), and is never fallen back to.
//!
//! ```text
//!  ┌────────────────────┬───────────┬─────────────────┐
//!  │ claimed key, 32 B  │  payload  │  CRC-32, 4 B    │    hello, then welcome
//!  └────────────────────┴───────────┴─────────────────┘
//! ```
//!
//! The CRC (IEEE 802.3, most significant byte first) runs over the prologue and every key and payload so
//! far, as Noise's transcript hash does: accidents are found, also when the two sides disagree on what came
//! before. It keeps nobody out.

use super::handshake::HandshakeError;
use super::identity::{Identity, PublicKey};
use super::lock::TrafficKeys;

const KEY_LEN: usize = 32;
const CRC_LEN: usize = 4;

/// A handshake in the clear, under way.
#[derive(Clone, Debug)]
pub(super) struct Clear {
    own: PublicKey,
    peer: Option<PublicKey>,
    transcript: crc32fast::Hasher,
    turn: Turn,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    WriteHello,
    ReadHello,
    WriteWelcome,
    ReadWelcome,
    Done,
}

impl Clear {
    /// The client's side.
    pub(super) fn initiator(identity: &Identity, prologue: &[u8]) -> Self {
        Self::new(identity, prologue, Turn::WriteHello)
    }

    /// The server's side.
    pub(super) fn responder(identity: &Identity, prologue: &[u8]) -> Self {
        Self::new(identity, prologue, Turn::ReadHello)
    }

    fn new(identity: &Identity, prologue: &[u8], turn: Turn) -> Self {
        let mut transcript = crc32fast::Hasher::new();
        transcript.update(prologue);
        Self { own: identity.public(), peer: None, transcript, turn }
    }

    /// The next message.
    pub(super) fn write(&mut self, payload: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        self.turn = match self.turn {
            Turn::WriteHello => Turn::ReadWelcome,
            Turn::WriteWelcome => Turn::Done,
            _ => return Err(HandshakeError::Misused),
        };
        let mut message = [&self.own.0, payload].concat();
        self.transcript.update(&message);
        message.extend_from_slice(&self.transcript.clone().finalize().to_be_bytes());
        Ok(message)
    }

    /// The next message's payload.
    pub(super) fn read(&mut self, message: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        let next = match self.turn {
            Turn::ReadHello => Turn::WriteWelcome,
            Turn::ReadWelcome => Turn::Done,
            _ => return Err(HandshakeError::Misused),
        };
        let (body, crc) = message.split_last_chunk::<CRC_LEN>().ok_or(HandshakeError::Malformed)?;
        let (key, payload) = body.split_first_chunk::<KEY_LEN>().ok_or(HandshakeError::Malformed)?;
        let mut transcript = self.transcript.clone();
        transcript.update(body);
        if transcript.clone().finalize().to_be_bytes() != *crc {
            return Err(HandshakeError::Forged);
        }
        (self.transcript, self.turn, self.peer) = (transcript, next, Some(PublicKey(*key)));
        Ok(payload.to_vec())
    }

    /// The key that the peer claims.
    pub(super) const fn peer(&self) -> Option<PublicKey> {
        self.peer
    }

    /// The mark of the clear.
    pub(super) fn into_keys(self) -> Result<TrafficKeys, HandshakeError> {
        if self.turn == Turn::Done { Ok(TrafficKeys::clear()) } else { Err(HandshakeError::Misused) }
    }
}
