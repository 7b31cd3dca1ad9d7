//! Which messages pass before the first sealed one, and what do they prove?
//!
//! ```text
//!  pattern   hello (client)          welcome (server)            finish (client)
//!  Xx        payload in the clear    its key, payload sealed     its key, payload sealed
//!  Ik        its key, payload sealed payload sealed              –
//!  Clear     its key, payload        its key, payload            –          all readable, CRC at the end
//! ```
//!
//! XX tells the client's key only after the server has proved its own, so a client looks at
//! [`Initiator::server_key`] before it writes the finish. IK needs the server's key beforehand and saves a
//! round trip; its hello can be replayed by whoever recorded it, so what it carries must bear repetition.
//!
//! Both sides are handed their randomness as a 32-byte seed. The same inputs make the same bytes, so a server
//! keeps no more of a half-open handshake than *(seed, hello)* and computes the rest again when the finish
//! comes. A seed is for one handshake only.
//!
//! A message that does not open leaves the [`Initiator`] as it was: it goes on waiting for the true one. A
//! [`Responder`] is done with after an error; it is made again from *(seed, hello)*.
//!
//! Source: Noise revision 34, §7.5 (patterns), §7.7 (what each payload is protected by).

use super::clear::Clear;
use super::identity::{Identity, PublicKey};
use super::lock::TrafficKeys;
use super::noise::Noise;
use std::fmt;

/// The longest handshake message, in bytes; a longer one is refused unread.
pub const MAX_MESSAGE: usize = 2_048;

/// How the handshake goes; the number is the byte on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Pattern {
    /// No cryptography at all, a CRC instead: `--insecure`.
    Clear = 0,
    /// `Noise_XX_25519_ChaChaPoly_BLAKE2s`: the server's key is not known yet.
    Xx = 1,
    /// `Noise_IK_25519_ChaChaPoly_BLAKE2s`: the client knows the server's key.
    Ik = 2,
}

impl Pattern {
    /// The pattern of this byte, if there is one.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Clear),
            1 => Some(Self::Xx),
            2 => Some(Self::Ik),
            _ => None,
        }
    }

    /// Its byte on the wire.
    pub const fn to_byte(self) -> u8 {
        self as u8
    }

    /// Does the client write a third message?
    pub const fn has_finish(self) -> bool {
        matches!(self, Self::Xx)
    }
}

/// Why a handshake cannot go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HandshakeError {
    /// Peer: the message was made with other keys or another prologue, or was changed on its way.
    Forged,
    /// Peer: the message is too short or too long to be one.
    Malformed,
    /// Caller: the message would be longer than [`MAX_MESSAGE`].
    TooLong,
    /// Caller: it is not this message's turn, or IK was begun without the server's key.
    Misused,
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forged => "a handshake message does not open with the keys at hand",
            Self::Malformed => "a handshake message has an impossible length",
            Self::TooLong => "the payload does not fit into a handshake message",
            Self::Misused => "a handshake message was asked for out of turn",
        })
    }
}

impl std::error::Error for HandshakeError {}

/// What makes and reads the messages: each pattern is a sequence of turns.
#[derive(Debug)]
enum Exchange {
    Clear(Clear),
    Noise(Noise),
}

impl Exchange {
    fn write(&mut self, payload: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        let message = match self {
            Self::Clear(clear) => clear.write(payload),
            Self::Noise(noise) => noise.write(payload),
        }?;
        if message.len() > MAX_MESSAGE { Err(HandshakeError::TooLong) } else { Ok(message) }
    }

    fn read(&mut self, message: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        if message.len() > MAX_MESSAGE {
            return Err(HandshakeError::Malformed);
        }
        match self {
            Self::Clear(clear) => clear.read(message),
            Self::Noise(noise) => noise.read(message),
        }
    }

    fn peer(&self) -> Option<PublicKey> {
        match self {
            Self::Clear(clear) => clear.peer(),
            Self::Noise(noise) => noise.peer(),
        }
    }

    fn into_keys(self) -> Result<TrafficKeys, HandshakeError> {
        match self {
            Self::Clear(clear) => clear.into_keys(),
            Self::Noise(noise) => noise.into_keys(),
        }
    }
}

/// The client's side of a handshake.
#[derive(Debug)]
pub struct Initiator {
    exchange: Exchange,
    server: Option<PublicKey>,
}

impl Initiator {
    /// Begins a handshake. `server` is the key to insist on, needed by IK and not looked at otherwise;
    /// `prologue` is what both sides must agree on already; `seed` is 32 bytes of entropy, never used before.
    pub fn new(
        pattern: Pattern,
        identity: &Identity,
        server: Option<PublicKey>,
        prologue: &[u8],
        seed: [u8; 32],
    ) -> Result<Self, HandshakeError> {
        let exchange = match pattern {
            Pattern::Clear => Exchange::Clear(Clear::initiator(identity, prologue)),
            _ => Exchange::Noise(Noise::initiator(pattern, identity, server, prologue, seed)?),
        };
        Ok(Self { exchange, server: None })
    }

    /// The first message. XX: the payload is readable by everybody; IK: only by the server, and to whoever
    /// repeats it the server cannot tell the difference.
    pub fn write_hello(&mut self, payload: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        self.exchange.write(payload)
    }

    /// Reads the server's answer and gives its payload. After an error this still waits for the answer.
    pub fn read_welcome(&mut self, message: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        let payload = self.exchange.read(message)?;
        self.server = self.exchange.peer();
        Ok(payload)
    }

    /// The key that the server proved (in the clear: claimed); known after [`Self::read_welcome`].
    pub const fn server_key(&self) -> Option<PublicKey> {
        self.server
    }

    /// The third message (XX only): proves our own key, to the server alone.
    pub fn write_finish(&mut self, payload: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        self.exchange.write(payload)
    }

    /// The keys; an error unless the last message has passed.
    pub fn into_keys(self) -> Result<TrafficKeys, HandshakeError> {
        self.exchange.into_keys()
    }
}

/// The server's side of a handshake.
#[derive(Debug)]
pub struct Responder {
    exchange: Exchange,
    pattern: Pattern,
    client: Option<PublicKey>,
}

impl Responder {
    /// Reads a client's first message and gives its payload. All inputs alike, what follows is alike to the
    /// byte. `Forged` for IK means most often that the client holds an older key of this server.
    pub fn accept(
        pattern: Pattern,
        identity: &Identity,
        prologue: &[u8],
        seed: [u8; 32],
        hello: &[u8],
    ) -> Result<(Self, Vec<u8>), HandshakeError> {
        let mut exchange = match pattern {
            Pattern::Clear => Exchange::Clear(Clear::responder(identity, prologue)),
            _ => Exchange::Noise(Noise::responder(pattern, identity, prologue, seed)?),
        };
        let payload = exchange.read(hello)?;
        let client = if pattern.has_finish() { None } else { exchange.peer() };
        Ok((Self { exchange, pattern, client }, payload))
    }

    /// The answer. Its payload is sealed, though to an XX client that has proved nothing yet.
    pub fn write_welcome(&mut self, payload: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        self.exchange.write(payload)
    }

    /// Reads the third message (XX only) and gives its payload.
    pub fn read_finish(&mut self, message: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        if !self.pattern.has_finish() {
            return Err(HandshakeError::Misused);
        }
        let payload = self.exchange.read(message)?;
        self.client = self.exchange.peer();
        Ok(payload)
    }

    /// The client's key: after [`Self::accept`] for IK and in the clear, after [`Self::read_finish`] for XX.
    pub const fn client_key(&self) -> Option<PublicKey> {
        self.client
    }

    /// The keys; an error unless the last message has passed.
    pub fn into_keys(self) -> Result<TrafficKeys, HandshakeError> {
        self.exchange.into_keys()
    }
}

#[cfg(test)]
mod tests;
