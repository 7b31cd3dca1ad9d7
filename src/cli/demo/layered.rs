//! What is UDP with our layer? A session between a client's connection and a server's endpoint, exactly as
//! the chat uses them, with one channel on which the messages go.

use super::race::{End, Sender};
use crate::crypto::Identity;
use crate::rng::Rng;
use crate::service::api::Path;
use crate::time::Instant;
use crate::trace::Tracer;
use crate::transport::config::TransportConfig;
use crate::transport::connection::Connection;
use crate::transport::endpoint::{Endpoint, ServerSetup};
use crate::transport::handshake::client::ClientHello;
use crate::transport::session::{ChannelId, SessionEvent};
use crate::transport::trust::TrustAll;
use std::net::SocketAddr;
use std::sync::Arc;

/// The client's end, which messages are handed to.
pub struct Near {
    connection: Connection,
    path: Path,
    connected: bool,
}

/// The server's end.
pub struct Far {
    endpoint: Endpoint,
}

/// Both ends of a session to `server`, with keys that nobody will see again.
pub fn ends(now: Instant, server: SocketAddr, rng: &mut Rng) -> (Near, Far) {
    let config = TransportConfig::default();
    let setup = ServerSetup {
        config,
        identity: Arc::new(Identity::generate(rng)),
        greeting: Vec::new(),
        max_sessions: 1,
    };
    let hello = ClientHello {
        identity: Arc::new(Identity::generate(rng)),
        server: None,
        greeting: Vec::new(),
        trust: Arc::new(TrustAll),
    };
    let path = Path { remote: server, local: None };
    let connection = Connection::client(now, config, hello, path, rng.fork(), Tracer::default());
    let endpoint = Endpoint::new(setup, rng.fork(), Tracer::default());
    (Near { connection, path, connected: false }, Far { endpoint })
}

impl End for Near {
    fn handle_datagram(&mut self, now: Instant, _: SocketAddr, datagram: &mut [u8]) {
        self.connection.handle_datagram(now, self.path, datagram);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.connection.handle_timeout(now);
    }

    fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        self.connection.poll_transmit(now, buffer).is_some()
    }

    fn poll_message(&mut self, now: Instant) -> Option<Vec<u8>> {
        loop {
            match self.connection.poll_event(now)? {
                SessionEvent::Connected { .. } => self.connected = true,
                SessionEvent::Message { bytes, .. } => return Some(bytes),
                _ => {}
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.connection.poll_timeout().map(|(due, _)| due)
    }
}

impl Sender for Near {
    fn is_ready(&self) -> bool {
        self.connected
    }

    fn send(&mut self, _: Instant, message: Vec<u8>) {
        // What the session does not take any more shows as lost in the tally.
        let _ = self.connection.send(ChannelId::room(0), message.into());
    }
}

impl End for Far {
    fn handle_datagram(&mut self, now: Instant, from: SocketAddr, datagram: &mut [u8]) {
        self.endpoint.handle_datagram(now, Path { remote: from, local: None }, datagram);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
    }

    fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        self.endpoint.poll_transmit(now, buffer).is_some()
    }

    fn poll_message(&mut self, _: Instant) -> Option<Vec<u8>> {
        loop {
            if let (_, SessionEvent::Message { bytes, .. }) = self.endpoint.poll_event()? {
                return Some(bytes);
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.endpoint.poll_timeout()
    }
}

#[cfg(test)]
mod tests {
    use super::super::race::{self, Workload};
    use super::*;
    use crate::lab::link::{DirectionConfig, LinkConfig};
    use crate::time::Duration;

    #[test]
    fn over_a_link_that_loses_doubles_and_reorders_all_arrive_once_and_in_order() {
        let workload = Workload {
            messages: 100,
            beat: Duration::from_millis(2),
            bytes: 100,
            patience: Duration::from_secs(20),
        };
        let way = DirectionConfig {
            delay: Duration::from_millis(5),
            loss: 0.2,
            duplicate: 0.1,
            reorder: 0.1,
            ..DirectionConfig::default()
        };
        let link = LinkConfig::symmetric(way, 1);
        let row = race::run("UDP with our layer", workload, link, |now, server| {
            Ok(ends(now, server, &mut Rng::from_seed(1)))
        });
        let row = row.expect("a session");
        assert_eq!((row.sent, row.delivered, row.lost, row.twice, row.out_of_order), (100, 100, 0, 0, 0));
        assert!(row.datagrams.0 > 0 && row.datagrams.1 > 0, "{row:?}");
    }
}
