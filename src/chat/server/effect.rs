//! What does the chat server want done, and what does it tell of itself?

use crate::store::{Key, StoreRequest};
use std::sync::Arc;

/// One session of the server, numbered by whoever carries it; a number is never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionKey(pub u64);

/// Who is at the other end of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// The key that the handshake proved.
    pub key: Key,
    /// `udp` or `tcp`.
    pub transport: &'static str,
    /// Where from, as people write it.
    pub address: String,
}

/// To be done by whoever runs the server, in this order.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Send these bytes on this channel of this session.
    Send { session: SessionKey, channel: u64, bytes: Arc<[u8]> },
    /// End this session with this [`close_code`] and this text for people. The server has forgotten it
    /// already; `handle_closed` need not follow.
    Close { session: SessionKey, code: u16, text: String },
    /// Ask the store; its reply comes back through `handle_stored`.
    Store(StoreRequest),
    /// This session is in this room from now on.
    Entered { session: SessionKey, room: Arc<str> },
    /// For the log.
    Happened(ChatHappening),
}

/// What happened, for the log and for a lecturer's eyes.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChatHappening {
    /// A session is in; so many there are now.
    Connected { session: SessionKey, name: String, agent: String, sessions: usize },
    /// A session was turned away.
    Refused { session: SessionKey, reason: String },
    /// Somebody at the door who wants this name gave this, and may try again.
    WrongProof { session: SessionKey, name: String, what: String },
    /// A session ended; so many are left.
    Disconnected { session: SessionKey, name: String, reason: String, sessions: usize },
    /// A session went silent or is back.
    Liveness { session: SessionKey, name: String, lost: bool },
    /// A person changed the name.
    Renamed { session: SessionKey, old: String, new: String },
    /// A moderator did something.
    Moderated { by: String, deed: String },
    /// The store could not keep or find something.
    StoreFailed { reason: String },
}

/// Why the chat ends a session: the numbers of the transport's `CloseCode`, which this layer does not know.
pub mod close_code {
    /// The server is going down.
    pub const SHUTDOWN: u16 = 1;
    /// The name belongs to another key.
    pub const NAME_TAKEN: u16 = 2;
    /// The name is not a name.
    pub const NAME_INVALID: u16 = 3;
    /// A newer session of the same instance took over.
    pub const REPLACED: u16 = 4;
    /// The peer broke the protocol.
    pub const PROTOCOL: u16 = 6;
    /// The server takes no more.
    pub const FULL: u16 = 7;
    /// Too much at this moment; come back by yourself.
    pub const BUSY: u16 = 10;
    /// What was to be proved was not.
    pub const DENIED: u16 = 11;
    /// A moderator ended the session.
    pub const KICKED: u16 = 12;
    /// A moderator keeps this key or this address out.
    pub const BANNED: u16 = 13;
}

#[cfg(test)]
mod tests {
    use super::close_code;

    #[test]
    fn the_numbers_are_those_of_the_transport() {
        type Transports = crate::transport::session::CloseCode;
        let pairs = [
            (close_code::SHUTDOWN, Transports::SHUTDOWN),
            (close_code::NAME_TAKEN, Transports::NAME_TAKEN),
            (close_code::NAME_INVALID, Transports::NAME_INVALID),
            (close_code::REPLACED, Transports::REPLACED),
            (close_code::PROTOCOL, Transports::PROTOCOL),
            (close_code::FULL, Transports::FULL),
            (close_code::BUSY, Transports::BUSY),
            (close_code::DENIED, Transports::DENIED),
            (close_code::KICKED, Transports::KICKED),
            (close_code::BANNED, Transports::BANNED),
        ];
        assert!(pairs.iter().all(|(ours, theirs)| *ours == theirs.0));
    }
}
