//! First words inside of a HELLO: when are they heard, and what becomes of those that are not?

use super::*;

const ROOM: ChannelId = ChannelId::room(0);

/// A server whose wall clock showed this at the beginning.
fn server(unix_ms_at_zero: u64) -> Endpoint {
    let mut server = endpoint(100);
    server.setup.config.unix_ms_at_zero = unix_ms_at_zero;
    server
}

/// A client that knows the server, has the one key of this test and this wall clock, and has something to say.
fn ann(seed: u64, unix_ms_at_zero: u64, words: &str) -> Connection {
    let hello = ClientHello {
        identity: Arc::new(Identity::from_secret([1; 32])),
        server: Some(identity().public()),
        greeting: b"ann".to_vec(),
        trust: Arc::new(TrustAll),
    };
    let config = TransportConfig { unix_ms_at_zero, ..TransportConfig::default() };
    let mut client =
        Connection::client(at(0), config, hello, path(0, 1), Rng::from_seed(seed), Tracer::default());
    client.send(ROOM, words.as_bytes().into()).expect("room");
    client
}

/// What the server has heard since it was asked last.
fn words(server: &mut Endpoint) -> Vec<String> {
    let events = std::iter::from_fn(|| server.poll_event());
    let heard = events.filter_map(|(_, event)| match event {
        SessionEvent::Message { bytes, .. } => Some(String::from_utf8(bytes).expect("text")),
        _ => None,
    });
    heard.collect()
}

/// The client's HELLO, as somebody on the path records it.
fn recorded(client: &mut Connection) -> Vec<u8> {
    let mut hello = Vec::new();
    client.poll_transmit(at(0), &mut hello).expect("a hello");
    hello
}

fn deliver(server: &mut Endpoint, datagram: &[u8], from: Path) {
    server.handle_datagram(at(0), from, &mut datagram.to_vec());
}

/// Its HELLO arrives, and the two talk; what the server heard of it in the HELLO, and after.
fn meet(client: &mut Connection, server: &mut Endpoint, from: Path) -> [Vec<String>; 2] {
    let hello = recorded(client);
    deliver(server, &hello, from);
    let early = words(server);
    talk(at(0), client, server, from);
    assert!(client.is_proven(), "it is connected");
    assert_eq!(client.queued(), 0, "all that it said was acknowledged");
    [early, words(server)]
}

fn said(words: &str) -> Vec<String> {
    vec![words.to_owned()]
}

#[test]
fn where_nothing_is_stored_there_is_no_first_flight_data() {
    let mut server = server(0);
    let late = meet(&mut ann(1, 1_000, "one"), &mut server, path(1, 1));
    assert_eq!(late, [vec![], said("one")], "unknown: said again in a packet, and heard once");
    let early = meet(&mut ann(2, 2_000, "two"), &mut server, path(1, 2));
    assert_eq!(early, [said("two"), vec![]], "known by now");
}

#[test]
fn who_came_as_a_stranger_is_known_the_next_time() {
    let mut server = server(0);
    talk(at(0), &mut client(1, false), &mut server, path(1, 1));
    assert_eq!(meet(&mut ann(2, 2_000, "two"), &mut server, path(1, 2)), [said("two"), vec![]]);
}

#[test]
fn a_hello_that_nobody_proves_plants_no_timestamp() {
    let mut server = server(0);
    let hello = recorded(&mut ann(1, 1_000, "recorded"));
    (0..3).for_each(|host| deliver(&mut server, &hello, path(7, host)));
    assert!(server.first_flights.is_empty());
    assert_eq!(meet(&mut ann(2, 2_000, "two"), &mut server, path(1, 2)), [vec![], said("two")]);
}

#[test]
fn a_recorded_first_flight_is_never_heard_twice() {
    let mut server = server(0);
    server.on_met(Identity::from_secret([1; 32]).public(), 0);
    let mut client = ann(1, 5_000, "once");
    let hello = recorded(&mut client);
    deliver(&mut server, &hello, path(1, 1));
    assert_eq!(words(&mut server), ["once"]);
    deliver(&mut server, &hello, path(2, 1));
    assert_eq!(words(&mut server), [""; 0], "at once, from elsewhere");
    talk(at(0), &mut client, &mut server, path(1, 1));
    deliver(&mut server, &hello, path(2, 2));
    assert_eq!(words(&mut server), [""; 0], "once its client was proven");
    client.close(at(0), CloseCode::GOODBYE, "");
    talk(at(0), &mut client, &mut server, path(1, 1));
    deliver(&mut server, &hello, path(1, 1));
    assert_eq!(words(&mut server), [""; 0], "when its session is closed");
    let later = meet(&mut ann(2, 6_000, "later"), &mut server, path(1, 3));
    assert_eq!(later, [said("later"), vec![]]);
    deliver(&mut server, &hello, path(2, 3));
    assert_eq!(words(&mut server), [""; 0], "when its client has come again");
}

#[test]
fn a_first_flight_that_was_refused_is_not_heard_from_a_recording_later() {
    let mut server = server(0);
    let mut client = ann(1, 5_000, "refused");
    let hello = recorded(&mut client);
    deliver(&mut server, &hello, path(1, 1));
    talk(at(0), &mut client, &mut server, path(1, 1));
    assert_eq!(words(&mut server), ["refused"], "in a packet");
    deliver(&mut server, &hello, path(2, 1));
    assert_eq!(words(&mut server), [""; 0]);
}

#[test]
fn a_first_flight_of_the_server_s_former_life_is_not_heard_even_if_its_client_s_clock_went_back() {
    let hello = recorded(&mut ann(1, 5_000, "recorded"));
    let mut restarted = server(6_000);
    deliver(&mut restarted, &hello, path(2, 1));
    let back = meet(&mut ann(2, 100, "hi"), &mut restarted, path(1, 1));
    assert_eq!(back, [vec![], said("hi")]);
    deliver(&mut restarted, &hello, path(2, 2));
    assert_eq!(words(&mut restarted), [""; 0]);
}

#[test]
fn a_client_whose_clock_went_back_still_connects_and_loses_nothing() {
    let mut server = server(0);
    meet(&mut ann(1, 9_000, "one"), &mut server, path(1, 1));
    for (seed, unix_ms) in [(2, 8_000), (3, 0), (4, 9_000)] {
        let heard = meet(&mut ann(seed, unix_ms, "again"), &mut server, path(1, seed as u16));
        assert_eq!(heard, [vec![], said("again")], "{unix_ms}");
    }
    assert_eq!(meet(&mut ann(5, 9_001, "ahead"), &mut server, path(1, 5)), [said("ahead"), vec![]]);
}

#[test]
fn two_clients_with_one_key_and_different_clocks_both_connect_and_lose_nothing() {
    let mut server = server(0);
    let (mut fast, mut slow) = (ann(1, 90_000, "fast"), ann(2, 1_000, "slow"));
    let (mut to_fast, mut to_slow) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        say(at(0), &mut fast, &mut server, path(1, 1));
        say(at(0), &mut slow, &mut server, path(1, 2));
        let mut buffer = Vec::new();
        while let Some(to) = server.poll_transmit(at(0), &mut buffer) {
            let inbox = if to == path(1, 1) { &mut to_fast } else { &mut to_slow };
            inbox.push(buffer.clone());
        }
        to_fast.drain(..).for_each(|mut it| fast.handle_datagram(at(0), path(0, 1), &mut it));
        to_slow.drain(..).for_each(|mut it| slow.handle_datagram(at(0), path(0, 1), &mut it));
    }
    let mut heard = words(&mut server);
    heard.sort();
    assert_eq!((heard, server.len()), (vec!["fast".to_owned(), "slow".to_owned()], 2));
    // The slow one comes again: known by the fast one's stamp, it says its words after the handshake.
    assert_eq!(meet(&mut ann(3, 2_000, "slow"), &mut server, path(1, 3)), [vec![], said("slow")]);
    assert_eq!(meet(&mut ann(4, 91_000, "fast"), &mut server, path(1, 4)), [said("fast"), vec![]]);
}
