//! A server node and client nodes over a network that loses nothing, on virtual time.

use super::api::{ClientConfig, ClientEvent, Ending, NetworkInput, Path, ServerConfig};
use super::{ClientCore, ClientNode, ServerCore, ServerNode};
use crate::chat::client::Reading;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::codec::encode_greeting;
use crate::chat::message::{Counter, Greeting, Instance};
use crate::chat::quota::Terms;
use crate::crypto::{Identity, Pattern};
use crate::rng::Rng;
use crate::store::{MemoryStore, Snapshot, Store};
use crate::time::{Duration, Instant, at};
use crate::trace::Tracer;
use crate::transport::config::Choices;
use crate::transport::session::{LivenessConfig, Transport};
use crate::transport::stream::{HandshakeInput, Stream, StreamConfig};
use crate::transport::trust::TrustAll;
use std::net::SocketAddr;
use std::sync::Arc;

pub(super) fn path(port: u16) -> Path {
    Path { remote: SocketAddr::from(([192, 0, 2, 1], port)), local: None }
}

pub(super) fn server(identity: &Identity) -> ServerNode {
    server_for(identity, 100)
}

fn server_for(identity: &Identity, max_sessions: usize) -> ServerNode {
    let config = ServerConfig { max_sessions, ..server_config() };
    ServerNode::new(&config, identity, Snapshot::default(), Rng::from_seed(1), Tracer::default())
}

pub(super) fn server_config() -> ServerConfig {
    ServerConfig {
        server_name: "lab".to_owned(),
        insecure: false,
        liveness: LivenessConfig::default(),
        choices: Choices::default(),
        unix_ms_at_zero: 0,
        owner: None,
        max_sessions: 100,
        keep: crate::store::Keep::ALL,
        terms: Terms::UNLIMITED,
    }
}

pub(super) fn client(name: &str, server: &Identity, seed: u64) -> ClientNode {
    client_of(client_config(name, server), seed)
}

pub(super) fn client_config(name: &str, server: &Identity) -> ClientConfig {
    ClientConfig {
        transport: Transport::Udp.into(),
        name: name.to_owned(),
        room: "lobby".to_owned(),
        reading: Reading { history: 50, ..Reading::default() },
        insecure: false,
        expected_key: Some(server.public()),
        promised: None,
        pins: vec![],
        addresses: 1,
        connect_timeout: Duration::from_secs(20),
        liveness: LivenessConfig::default(),
        choices: Choices::default(),
        unix_ms_at_zero: 0,
        linger: Duration::ZERO,
    }
}

pub(super) fn client_of(config: ClientConfig, seed: u64) -> ClientNode {
    let mut rng = Rng::from_seed(seed);
    let identity = Identity::generate(&mut rng);
    ClientNode::new(at(0), config, identity, rng, Tracer::default())
}

/// Carries everything to and fro until nobody has anything to say; gives what the client sent first.
pub(super) fn carry(
    now: Instant,
    server: &mut ServerNode,
    store: &mut impl Store,
    client: &mut ClientNode,
) -> Vec<u8> {
    let (mut buffer, mut first) = (Vec::new(), Vec::new());
    loop {
        let mut idle = true;
        while client.poll_transmit(now, &mut buffer) {
            idle = false;
            if first.is_empty() {
                first.clone_from(&buffer);
            }
            server.handle_datagram(now, path(1), &mut buffer);
        }
        while let Some(request) = server.poll_store() {
            idle = false;
            server.handle_store_reply(now, store.handle(request));
        }
        while let Some(to) = server.poll_transmit(now, &mut buffer) {
            idle = false;
            if to == path(1) {
                client.handle_network(now, NetworkInput::Datagram(&mut buffer));
            }
        }
        if idle {
            return first;
        }
    }
}

fn seen(client: &mut ClientNode) -> Vec<UserEvent> {
    let events = std::iter::from_fn(|| client.poll_event());
    events.filter_map(|event| if let ClientEvent::User(event) = event { Some(event) } else { None }).collect()
}

#[test]
fn a_recorded_hello_ends_nobodys_session() {
    let identity = Identity::from_secret([7; 32]);
    let (mut server, mut store) = (server(&identity), MemoryStore::default());
    let mut ann = client("ann", &identity, 5);
    let hello = carry(at(0), &mut server, &mut store, &mut ann);
    assert!(seen(&mut ann).iter().any(|event| matches!(event, UserEvent::Joined { own: true, .. })));
    server.handle_datagram(at(1_000), path(66), &mut hello.clone());
    carry(at(1_000), &mut server, &mut store, &mut ann);
    ann.handle_line(at(2_000), LineNumber(1), "still here");
    carry(at(2_000), &mut server, &mut store, &mut ann);
    let events = seen(&mut ann);
    assert!(events.iter().any(|event| matches!(event, UserEvent::Accepted { .. })), "{events:?}");
    let gone = |event: &UserEvent| {
        matches!(
            event,
            UserEvent::Disconnected { .. } | UserEvent::Reconnecting { .. } | UserEvent::Error { .. }
        )
    };
    assert!(!events.iter().any(gone), "{events:?}");
}

#[test]
fn a_client_that_comes_back_replaces_its_former_session_without_a_word_to_the_others() {
    let identity = Identity::from_secret([7; 32]);
    let (mut server, mut store) = (server(&identity), MemoryStore::default());
    let mut ann = client("ann", &identity, 5);
    carry(at(0), &mut server, &mut store, &mut ann);
    // The client's side of the session is gone; the server does not know yet.
    let mut now = at(0);
    for _ in 0..400 {
        now += Duration::from_millis(100);
        ann.handle_timeout(now);
        while ann.poll_transmit(now, &mut Vec::new()) {}
    }
    assert!(seen(&mut ann).iter().any(|event| matches!(event, UserEvent::Reconnecting { .. })));
    for _ in 0..100 {
        now += Duration::from_millis(100);
        ann.handle_timeout(now);
        carry(now, &mut server, &mut store, &mut ann);
    }
    assert!(seen(&mut ann).iter().any(|event| matches!(event, UserEvent::Connected { .. })));
    assert_eq!(server.sessions(), 1);
}

#[test]
fn a_session_over_udp_takes_the_last_place_from_tcp() {
    let identity = Identity::from_secret([7; 32]);
    let (mut server, mut store) = (server_for(&identity, 1), MemoryStore::default());
    let turns_away = |server: &mut ServerNode, now| {
        let id = server.handle_stream_opened(now, path(2).remote);
        let refused = server.stream_output(id).first() == Some(&0x86);
        server.handle_stream_closed(now, id, "gone");
        refused
    };
    assert!(!turns_away(&mut server, at(0)));
    let mut ann = client("ann", &identity, 5);
    carry(at(0), &mut server, &mut store, &mut ann);
    assert_eq!(server.sessions(), 1);
    assert!(turns_away(&mut server, at(1_000)), "the session over UDP has the only place");
}

#[test]
fn a_session_over_tcp_takes_the_last_place_from_udp() {
    let identity = Identity::from_secret([7; 32]);
    let mut store = MemoryStore::default();
    let (mut server, config) = (server_for(&identity, 1), StreamConfig::default());
    let greeting = Greeting {
        instance: Instance([4; 16]),
        name: "ann".to_owned(),
        private_since: None,
        settled: Counter(0),
        agent: "a test".to_owned(),
    };
    let input = HandshakeInput {
        pattern: Pattern::Ik,
        identity: Identity::from_secret([8; 32]),
        server: Some(identity.public()),
        greeting: encode_greeting(&greeting),
        seed: [9; 32],
        trust: Arc::new(TrustAll),
    };
    let hello = Stream::client(at(0), config, input);
    let id = server.handle_stream_opened(at(0), path(2).remote);
    server.handle_stream_bytes(at(0), id, hello.output());
    let mut bob = client("bob", &identity, 6);
    carry(at(0), &mut server, &mut store, &mut bob);
    let refused = std::iter::from_fn(|| bob.poll_event()).any(
        |event| matches!(event, ClientEvent::Finished(Ending::Refused { code, .. }) if code == "server-full"),
    );
    assert!(refused, "the session over TCP has it");
}
