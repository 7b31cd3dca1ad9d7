//! One session of a client, over either transport, with one set of verbs.

use crate::time::Instant;
use crate::transport::connection::Connection;
use crate::transport::session::{ChannelId, CloseCode, Payload, SendError, SessionEvent, SessionStats};
use crate::transport::stream::Stream;

/// A session under way.
pub(super) enum Carrier {
    /// Datagrams.
    Udp(Box<Connection>),
    /// A stream.
    Tcp(Box<Stream>),
}

impl Carrier {
    pub(super) fn send(
        &mut self,
        now: Instant,
        channel: ChannelId,
        payload: Payload,
    ) -> Result<(), SendError> {
        match self {
            Self::Udp(connection) => connection.send(channel, payload),
            Self::Tcp(stream) => stream.send(now, channel, payload),
        }
    }

    /// A message's buffer that is done with.
    pub(super) fn recycle(&mut self, buffer: Vec<u8>) {
        if let Self::Udp(connection) = self {
            connection.recycle(buffer);
        }
    }

    pub(super) fn close(&mut self, now: Instant, code: CloseCode, text: &str) {
        match self {
            Self::Udp(connection) => connection.close(now, code, text),
            Self::Tcp(stream) => stream.close(now, code, text),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Udp(connection) => connection.handle_timeout(now),
            Self::Tcp(stream) => stream.handle_timeout(now),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Udp(connection) => connection.poll_timeout().map(|(at, _)| at),
            Self::Tcp(stream) => stream.poll_timeout().map(|(at, _)| at),
        }
    }

    pub(super) fn poll_event(&mut self, now: Instant) -> Option<SessionEvent> {
        match self {
            Self::Udp(connection) => connection.poll_event(now),
            Self::Tcp(stream) => stream.poll_event(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Udp(connection) => connection.is_over(),
            Self::Tcp(stream) => stream.is_over(),
        }
    }

    pub(super) fn stats(&self) -> SessionStats {
        match self {
            Self::Udp(connection) => connection.stats(),
            Self::Tcp(stream) => stream.stats(),
        }
    }
}
