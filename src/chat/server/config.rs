//! Which numbers of the chat server are settings?

use crate::chat::quota::Terms;
use crate::store::{Keep, Key};

/// Settings of a chat server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChatConfig {
    /// The server's own name, as its notices say it.
    pub server_name: String,
    /// Milliseconds since 1970 at `Instant::ZERO`.
    pub unix_ms_at_zero: u64,
    /// The key of whoever runs the server: an owner, whatever the name.
    pub owner: Option<Key>,
    /// How long what was said is kept.
    pub keep: Keep,
    /// How much there may be.
    pub limits: ChatLimits,
}

/// Bounds. Past each of them somebody gets a clear refusal, and nobody else notices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChatLimits {
    /// Rooms on the server (4,096).
    pub rooms: usize,
    /// Rooms that a session is in (64).
    pub rooms_per_session: usize,
    /// Live sessions of a person (64).
    pub sessions_per_person: usize,
    /// Names that belong to somebody (100,000).
    pub accounts: usize,
    /// Names that belong to one key (64).
    pub names_per_key: usize,
    /// Names that a person gave up and that are still reserved (8).
    pub aliases_per_person: usize,
    /// Instances whose receipts are remembered (131,072).
    pub instances: usize,
    /// Messages that wait while a batch is under way (8,192).
    pub waiting_messages: usize,
    /// Bytes of their texts (8 MiB).
    pub waiting_bytes: usize,
    /// How much each session may say.
    pub terms: Terms,
}

impl Default for ChatLimits {
    fn default() -> Self {
        Self {
            rooms: 4_096,
            rooms_per_session: 64,
            sessions_per_person: 64,
            accounts: 100_000,
            names_per_key: 64,
            aliases_per_person: 8,
            instances: 131_072,
            waiting_messages: 8_192,
            waiting_bytes: 8 << 20,
            terms: Terms::per_second(200),
        }
    }
}
