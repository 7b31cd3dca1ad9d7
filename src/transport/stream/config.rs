//! Which numbers of a stream are settings, and what does each side bring along?

use crate::crypto::{Identity, Pattern, PublicKey};
use crate::time::Duration;
use crate::transport::session::LivenessConfig;
use crate::transport::trust::Trust;
use std::fmt;
use std::sync::Arc;

/// Settings of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamConfig {
    /// When silence means what.
    pub liveness: LivenessConfig,
    /// Server: speak in the clear with a CRC, and only so. A client says it by its pattern.
    pub insecure: bool,
    /// A handshake is given up after this (10 s).
    pub handshake_timeout: Duration,
    /// After a close, what is still to be written is given up after this (2 s).
    pub drain_timeout: Duration,
    /// Bytes that wait to be written, at most; beyond it a message is refused (1 MiB).
    pub output_max: usize,
    /// Seal with the next key after so many frames (2^20).
    pub rekey_frames: u64,
    /// Seal with the next key after so long (1 h).
    pub rekey_interval: Duration,
}

impl Default for StreamConfig {
    fn default() -> Self {
        Self {
            liveness: LivenessConfig::default(),
            insecure: false,
            handshake_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(2),
            output_max: 1 << 20,
            rekey_frames: 1 << 20,
            rekey_interval: Duration::from_hours(1),
        }
    }
}

/// What a client brings to its handshake.
#[derive(Clone)]
pub struct HandshakeInput {
    /// `Ik` if the server's key is known, `Xx` if not, `Clear` for `--insecure`.
    pub pattern: Pattern,
    /// Who we are.
    pub identity: Identity,
    /// The server's key, for IK.
    pub server: Option<PublicKey>,
    /// What we say of ourselves.
    pub greeting: Vec<u8>,
    /// Entropy, for this handshake alone.
    pub seed: [u8; 32],
    /// Judges the server before it learns who we are.
    pub trust: Arc<dyn Trust>,
}

impl fmt::Debug for HandshakeInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HandshakeInput({:?}, {:?} to {:?})", self.pattern, self.identity, self.server)
    }
}

/// Why a stream wants to be woken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// The handshake has taken too long.
    Handshake,
    /// A heartbeat is due, or a silence has become too long.
    Liveness,
    /// What a closed stream still has to write has waited too long.
    Drain,
}
