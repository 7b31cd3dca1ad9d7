//! How many may connect at once, and what does one too many hear?

use super::*;
use crate::crypto::Pattern;
use crate::time::{Duration, at};
use crate::transport::session::CloseReason;
use crate::transport::stream::HandshakeInput;
use crate::transport::trust::TrustAll;
use std::sync::Arc;

fn server(max_sessions: usize) -> Streams {
    let identity = Identity::from_secret([2; 32]);
    Streams::new(StreamConfig::default(), identity, b"the server".to_vec(), max_sessions)
}

fn remote(host: u16) -> SocketAddr {
    let [a, b] = host.to_be_bytes();
    SocketAddr::from(([198, 18, a, b], 1))
}

fn open(now: Instant, server: &mut Streams, host: u16) -> StreamId {
    server.handle_opened(now, remote(host), [7; 32])
}

fn client() -> Stream {
    let input = HandshakeInput {
        pattern: Pattern::Xx,
        identity: Identity::from_secret([1; 32]),
        server: None,
        greeting: b"ann".to_vec(),
        seed: [3; 32],
        trust: Arc::new(TrustAll),
    };
    Stream::client(at(0), StreamConfig::default(), input)
}

/// What the server has for this stream, and whether it then closes it.
fn take_output(now: Instant, server: &mut Streams, id: StreamId) -> (Vec<u8>, bool) {
    let bytes = server.output(id).to_vec();
    server.written(now, id, bytes.len());
    let closes = std::iter::from_fn(|| server.poll_action()).any(|action| action == StreamAction::Close(id));
    (bytes, closes)
}

/// Carries bytes both ways once.
fn exchange(server: &mut Streams, id: StreamId, client: &mut Stream) {
    let bytes = client.output().to_vec();
    client.written(at(0), bytes.len());
    server.handle_bytes(at(0), id, &bytes);
    let (bytes, _) = take_output(at(0), server, id);
    client.handle_bytes(at(0), &bytes);
}

fn end(client: &mut Stream) -> Option<CloseReason> {
    std::iter::from_fn(|| client.poll_event()).find_map(|event| match event {
        SessionEvent::Closed(reason) => Some(reason),
        _ => None,
    })
}

/// What a client hears that connects now, before it has said anything.
fn refusal(now: Instant, server: &mut Streams, host: u16) -> Option<CloseCode> {
    let id = open(now, server, host);
    let (bytes, closes) = take_output(now, server, id);
    let mut client = client();
    client.handle_bytes(at(0), &bytes);
    match end(&mut client) {
        Some(CloseReason::Refused(code, _)) if closes => Some(code),
        None if !closes => None,
        reason => panic!("{reason:?}, closes: {closes}"),
    }
}

#[test]
fn an_address_has_64_handshakes_under_way_and_the_next_hears_that_it_is_busy() {
    let mut server = server(5_000);
    for _ in 0..64 {
        open(at(0), &mut server, 1);
    }
    assert_eq!(refusal(at(0), &mut server, 1), Some(CloseCode::BUSY));
    assert_eq!(refusal(at(0), &mut server, 2), None, "another address is not held up");
    server.handle_timeout(at(10_000_000));
    assert!(server.is_empty());
    assert_eq!(refusal(at(10_000_000), &mut server, 1), None, "ten seconds later there is room");
}

#[test]
fn all_addresses_have_1024_handshakes_under_way_and_the_next_hears_that_it_is_busy() {
    let mut server = server(5_000);
    let ids: Vec<StreamId> = (0..1_024).map(|host| open(at(0), &mut server, host)).collect();
    assert_eq!(refusal(at(0), &mut server, 2_000), Some(CloseCode::BUSY));
    server.handle_broken(at(0), ids[5], "gone");
    assert_eq!(refusal(at(0), &mut server, 2_000), None);
    assert_eq!(refusal(at(0), &mut server, 2_001), Some(CloseCode::BUSY));
}

#[test]
fn a_handshake_that_came_to_its_end_makes_room_for_another() {
    let mut server = server(5_000);
    let (id, mut ann) = (open(at(0), &mut server, 1), client());
    for _ in 0..63 {
        open(at(0), &mut server, 1);
    }
    (0..3).for_each(|_| exchange(&mut server, id, &mut ann));
    assert_eq!((server.sessions(), server.handshaking.len()), (1, 63));
    assert_eq!(refusal(at(0), &mut server, 1), None);
    server.close(at(0), id, CloseCode::GOODBYE, "");
    assert_eq!(server.sessions(), 0);
}

#[test]
fn a_full_server_says_so_before_anything_was_said() {
    let mut server = server(1);
    let (id, mut ann) = (open(at(0), &mut server, 1), client());
    (0..3).for_each(|_| exchange(&mut server, id, &mut ann));
    assert_eq!(server.sessions(), 1);
    assert_eq!(refusal(at(0), &mut server, 2), Some(CloseCode::FULL));
    server.handle_broken(at(0), id, "gone");
    assert_eq!(refusal(at(0), &mut server, 2), None);
}

#[test]
fn who_comes_to_keys_when_the_last_place_is_gone_is_closed_and_nobody_hears_of_it() {
    let mut server = server(1);
    let (mut ann, mut bob) = (client(), client());
    let ids = [1, 2].map(|host| open(at(0), &mut server, host));
    (0..3).for_each(|_| exchange(&mut server, ids[0], &mut ann));
    (0..3).for_each(|_| exchange(&mut server, ids[1], &mut bob));
    let full = CloseReason::Peer(CloseCode::FULL, FULL.to_owned());
    assert_eq!((end(&mut bob), end(&mut ann)), (Some(full), None));
    let told: Vec<StreamId> = std::iter::from_fn(|| server.poll_event()).map(|(id, _)| id).collect();
    assert_eq!((told, server.sessions()), (vec![ids[0]], 1));
}

#[test]
fn those_who_do_not_take_their_refusal_are_1024_at_most() {
    let mut server = server(0);
    for host in 0..3_000 {
        open(at(0), &mut server, host);
    }
    assert_eq!((server.entries.len(), server.leaving()), (1_024, 1_024));
    server.handle_timeout(at(0) + Duration::from_secs(2));
    assert!(server.is_empty());
}
