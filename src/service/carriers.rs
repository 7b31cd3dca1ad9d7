//! Which connection or stream carries which session of the chat?

use crate::chat::server::SessionKey;
use crate::service::api::StreamId;
use crate::transport::session::Transport;
use crate::wire::datagram::ConnectionId;
use std::collections::HashMap;
use std::net::SocketAddr;

/// What carries a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Carrier {
    /// Datagrams.
    Udp(ConnectionId),
    /// A stream.
    Tcp(StreamId),
}

impl Carrier {
    /// Its kind.
    pub const fn transport(self) -> Transport {
        match self {
            Self::Udp(_) => Transport::Udp,
            Self::Tcp(_) => Transport::Tcp,
        }
    }
}

/// A session and where its client is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Carried {
    /// What carries it.
    pub carrier: Carrier,
    /// Where its client is.
    pub remote: SocketAddr,
}

/// Both directions of the relation. Session keys are never used again.
#[derive(Debug, Default)]
pub struct Carriers {
    last: u64,
    by_key: HashMap<SessionKey, Carried>,
    by_carrier: HashMap<Carrier, SessionKey>,
}

impl Carriers {
    /// A session begins.
    pub fn begin(&mut self, carrier: Carrier, remote: SocketAddr) -> SessionKey {
        self.last += 1;
        let key = SessionKey(self.last);
        self.by_key.insert(key, Carried { carrier, remote });
        self.by_carrier.insert(carrier, key);
        key
    }

    /// A session is over; what carried it and where its client was.
    pub fn end(&mut self, key: SessionKey) -> Option<Carried> {
        let carried = self.by_key.remove(&key)?;
        self.by_carrier.remove(&carried.carrier);
        Some(carried)
    }

    /// The session that this carries.
    pub fn key(&self, carrier: Carrier) -> Option<SessionKey> {
        self.by_carrier.get(&carrier).copied()
    }

    /// What carries this session.
    pub fn get(&self, key: SessionKey) -> Option<Carried> {
        self.by_key.get(&key).copied()
    }

    /// The client is elsewhere now. Says where it was, if that is another address.
    pub fn on_remote(&mut self, key: SessionKey, remote: SocketAddr) -> Option<SocketAddr> {
        let carried = self.by_key.get_mut(&key)?;
        let former = std::mem::replace(&mut carried.remote, remote);
        (former != remote).then_some(former)
    }

    /// How many sessions there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// None?
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}
