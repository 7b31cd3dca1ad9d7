//! How does a pattern of the Noise framework turn payloads into handshake messages and, at last, keys?
//!
//! `snow` keeps the symmetric state and runs the tokens of the pattern; this file hands it its dice. The
//! ephemeral secret is the first 32 bytes that [`Rng`] draws from the caller's seed, so that a handshake can
//! be computed again.
//!
//! Source: Noise revision 34, §5.3 (the handshake state), §7.5 (XX and IK).

use super::handshake::{HandshakeError, Pattern};
use super::identity::{Identity, PublicKey};
use super::lock::TrafficKeys;
use crate::rng::Rng;
use snow::params::{CipherChoice, DHChoice, HashChoice, NoiseParams};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, HandshakeState};

/// The most that a message is longer than its payload: a public key, a sealed public key, a tag (IK's hello
/// and XX's welcome).
const MAX_OVERHEAD: usize = 32 + (32 + 16) + 16;

/// A Noise handshake under way.
#[derive(Debug)]
pub(super) struct Noise(Box<HandshakeState>);

impl Noise {
    /// The client's side; IK needs `server`.
    pub(super) fn initiator(
        pattern: Pattern,
        identity: &Identity,
        server: Option<PublicKey>,
        prologue: &[u8],
        seed: [u8; 32],
    ) -> Result<Self, HandshakeError> {
        let mut builder = builder(pattern, identity, prologue, seed)?;
        if pattern == Pattern::Ik {
            let server = server.as_ref().ok_or(HandshakeError::Misused)?;
            builder = builder.remote_public_key(&server.0).map_err(error)?;
            return builder.build_initiator().map(Box::new).map(Self).map_err(error);
        }
        builder.build_initiator().map(Box::new).map(Self).map_err(error)
    }

    /// The server's side.
    pub(super) fn responder(
        pattern: Pattern,
        identity: &Identity,
        prologue: &[u8],
        seed: [u8; 32],
    ) -> Result<Self, HandshakeError> {
        let builder = builder(pattern, identity, prologue, seed)?;
        builder.build_responder().map(Box::new).map(Self).map_err(error)
    }

    /// The next message.
    pub(super) fn write(&mut self, payload: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        let mut message = vec![0; payload.len() + MAX_OVERHEAD];
        let len = self.0.write_message(payload, &mut message).map_err(error)?;
        message.truncate(len);
        Ok(message)
    }

    /// The next message's payload.
    pub(super) fn read(&mut self, message: &[u8]) -> Result<Vec<u8>, HandshakeError> {
        let mut payload = vec![0; message.len()];
        let len = self.0.read_message(message, &mut payload).map_err(error)?;
        payload.truncate(len);
        Ok(payload)
    }

    /// The peer's static key, as far as it was read.
    pub(super) fn peer(&self) -> Option<PublicKey> {
        self.0.get_remote_static().and_then(|key| key.try_into().ok()).map(PublicKey)
    }

    /// Noise §5.2, `Split()`: the first key is the initiator's to the responder, the second the other way.
    pub(super) fn into_keys(mut self) -> Result<TrafficKeys, HandshakeError> {
        if !self.0.is_handshake_finished() {
            return Err(HandshakeError::Misused);
        }
        let (to_server, to_client) = self.0.dangerously_get_raw_split();
        Ok(TrafficKeys::sealed(&to_server, &to_client))
    }
}

fn builder<'a>(
    pattern: Pattern,
    identity: &'a Identity,
    prologue: &'a [u8],
    seed: [u8; 32],
) -> Result<Builder<'a>, HandshakeError> {
    let name = match pattern {
        Pattern::Clear => return Err(HandshakeError::Misused),
        Pattern::Xx => "Noise_XX_25519_ChaChaPoly_BLAKE2s",
        Pattern::Ik => "Noise_IK_25519_ChaChaPoly_BLAKE2s",
    };
    let params: NoiseParams = name.parse().map_err(error)?;
    Builder::with_resolver(params, Box::new(Seeded(seed)))
        .local_private_key(identity.secret())
        .and_then(|builder| builder.prologue(prologue))
        .map_err(error)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn error(error: snow::Error) -> HandshakeError {
    match error {
        snow::Error::Decrypt | snow::Error::Dh => HandshakeError::Forged,
        snow::Error::Input => HandshakeError::Malformed,
        _ => HandshakeError::Misused,
    }
}

/// The library's own primitives, with the caller's dice.
struct Seeded([u8; 32]);

impl CryptoResolver for Seeded {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Dice(Rng::from_bytes(self.0))))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

struct Dice(Rng);

impl Random for Dice {
    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), snow::Error> {
        self.0.fill(target);
        Ok(())
    }
}
