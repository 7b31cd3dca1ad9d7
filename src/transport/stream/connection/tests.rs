use super::*;
use crate::crypto::{Pattern, PublicKey};
use crate::rng::Rng;
use crate::time::{Duration, at};
use crate::transport::session::Liveness;
use crate::transport::trust::{Trust, TrustAll};
use std::sync::Arc;

mod faults;
mod life;
mod vectors;

const PATTERNS: [Pattern; 3] = [Pattern::Clear, Pattern::Xx, Pattern::Ik];
const MS: u64 = 1_000;
const S: u64 = 1_000_000;

fn client_identity() -> Identity {
    Identity::generate(&mut Rng::from_seed(1))
}

fn server_identity() -> Identity {
    Identity::generate(&mut Rng::from_seed(2))
}

fn config(pattern: Pattern) -> StreamConfig {
    StreamConfig { insecure: pattern == Pattern::Clear, ..StreamConfig::default() }
}

fn input(pattern: Pattern) -> HandshakeInput {
    HandshakeInput {
        pattern,
        identity: client_identity(),
        server: Some(server_identity().public()),
        greeting: b"ann".to_vec(),
        seed: [3; 32],
        trust: Arc::new(TrustAll),
    }
}

/// A client and a server with a wire between them that tears everything into random portions.
struct Pair {
    client: Stream,
    server: Stream,
    rng: Rng,
    now: Instant,
    /// All that the client and the server ever wrote.
    captured: [Vec<u8>; 2],
}

impl Pair {
    fn new(pattern: Pattern) -> Self {
        Self::with(input(pattern), config(pattern), 5)
    }

    fn with(input: HandshakeInput, config: StreamConfig, seed: u64) -> Self {
        Self {
            client: Stream::client(at(0), config, input),
            server: Stream::server(at(0), config, server_identity(), b"the server".to_vec(), [4; 32]),
            rng: Rng::from_seed(seed),
            now: at(0),
            captured: [Vec::new(), Vec::new()],
        }
    }

    /// One that is connected, with the events of that taken.
    fn open(pattern: Pattern) -> Self {
        let mut pair = Self::new(pattern);
        pair.exchange();
        assert!(pair.client.is_open() && pair.server.is_open(), "{pattern:?}");
        events(&mut pair.client);
        events(&mut pair.server);
        pair
    }

    /// Carries bytes both ways until there are none.
    fn exchange(&mut self) {
        while self.carry_once() {}
    }

    fn carry_once(&mut self) -> bool {
        let [up, down] = &mut self.captured;
        let mut portion = || usize::try_from(1 + self.rng.below(300)).expect("small");
        let portions = [portion(), portion()];
        let went_up = carry(self.now, &mut self.client, &mut self.server, portions[0], up);
        let went_down = carry(self.now, &mut self.server, &mut self.client, portions[1], down);
        went_up || went_down
    }

    /// Lets time pass until `then`: both wake when they want to, and bytes take no time.
    fn run_until(&mut self, then: Instant) {
        loop {
            self.exchange();
            let wakes = [self.client.poll_timeout(), self.server.poll_timeout()];
            let next = wakes.into_iter().flatten().map(|(when, _)| when).min().unwrap_or(then);
            if next > then {
                self.now = then;
                return;
            }
            self.now = self.now.max(next);
            self.client.handle_timeout(self.now);
            self.server.handle_timeout(self.now);
        }
    }
}

/// Carries at most `portion` bytes from one end to the other; says whether there were any.
fn carry(now: Instant, from: &mut Stream, to: &mut Stream, portion: usize, captured: &mut Vec<u8>) -> bool {
    let portion = portion.min(from.output().len());
    let bytes = from.output()[..portion].to_vec();
    from.written(now, portion);
    to.handle_bytes(now, &bytes);
    captured.extend_from_slice(&bytes);
    portion > 0
}

fn events(stream: &mut Stream) -> Vec<SessionEvent> {
    std::iter::from_fn(|| stream.poll_event()).collect()
}

fn reason(stream: &mut Stream) -> Option<CloseReason> {
    events(stream).into_iter().find_map(|event| match event {
        SessionEvent::Closed(reason) => Some(reason),
        _ => None,
    })
}

fn messages(stream: &mut Stream) -> Vec<Vec<u8>> {
    let messages = events(stream).into_iter().filter_map(|event| match event {
        SessionEvent::Message { bytes, .. } => Some(bytes),
        _ => None,
    });
    messages.collect()
}

fn message(channel: u64, bytes: &[u8]) -> SessionEvent {
    SessionEvent::Message { channel: ChannelId(channel), bytes: bytes.to_vec() }
}

fn connected(peer: PublicKey, greeting: &[u8]) -> SessionEvent {
    SessionEvent::Connected { peer, greeting: greeting.to_vec() }
}

/// Wakes a lone stream whenever it wants, until `then` or until it wants nothing more.
fn wake_until(stream: &mut Stream, then: Instant) {
    while let Some((when, _)) = stream.poll_timeout().filter(|(when, _)| *when <= then) {
        let unwritten = stream.output().len();
        stream.written(when, unwritten);
        stream.handle_timeout(when);
    }
}

#[test]
fn every_pattern_connects_and_each_side_learns_the_others_key_and_greeting() {
    for pattern in PATTERNS {
        for seed in 0..20 {
            let mut pair = Pair::with(input(pattern), config(pattern), seed);
            pair.exchange();
            let (client, server) = (client_identity().public(), server_identity().public());
            assert_eq!(events(&mut pair.client), [connected(server, b"the server")], "{pattern:?}");
            assert_eq!(events(&mut pair.server), [connected(client, b"ann")], "{pattern:?}");
        }
    }
}

#[test]
fn messages_arrive_whole_in_order_and_on_their_channel() {
    for pattern in PATTERNS {
        let mut pair = Pair::open(pattern);
        let long = vec![7; 65_536];
        let texts: [&[u8]; 4] = [b"one", b"", &long, b"four"];
        for (index, text) in (0..).zip(texts) {
            pair.client.send(pair.now, ChannelId::room(index), text.into()).expect("room");
            pair.server.send(pair.now, ChannelId::PRIVATE, text.into()).expect("room");
        }
        pair.exchange();
        let up: Vec<_> = (0..).zip(texts).map(|(index, text)| message(8 + 4 * index, text)).collect();
        assert!(events(&mut pair.server) == up, "{pattern:?}");
        let down: Vec<_> = texts.into_iter().map(|text| message(4, text)).collect();
        assert!(events(&mut pair.client) == down, "{pattern:?}");
    }
}

#[test]
fn what_is_sent_before_the_handshake_is_over_follows_it_in_order() {
    for pattern in PATTERNS {
        let mut pair = Pair::new(pattern);
        pair.client.send(at(0), ChannelId(8), b"first"[..].into()).expect("waits");
        pair.client.send(at(0), ChannelId(8), b"second"[..].into()).expect("waits");
        pair.exchange();
        let seen = events(&mut pair.server);
        let client = client_identity().public();
        assert_eq!(seen, [connected(client, b"ann"), message(8, b"first"), message(8, b"second")]);
        assert_eq!(pair.client.queued_bytes(), 0, "{pattern:?}");
    }
}

#[test]
fn a_close_comes_after_what_was_sent_before_it_and_ends_both_sides() {
    let mut pair = Pair::open(Pattern::Xx);
    pair.server.send(at(0), ChannelId(0), b"last"[..].into()).expect("room");
    pair.server.close(at(0), CloseCode::SHUTDOWN, "back soon");
    assert!(!pair.server.is_over(), "there is something to write yet");
    assert_eq!(pair.server.send(at(0), ChannelId(0), b"late"[..].into()), Err(SendError::Closed));
    pair.exchange();
    let closed = CloseReason::Peer(CloseCode::SHUTDOWN, "back soon".to_owned());
    assert_eq!(events(&mut pair.client), [message(0, b"last"), SessionEvent::Closed(closed)]);
    assert_eq!(reason(&mut pair.server), Some(CloseReason::Local));
    assert!(pair.server.is_over() && pair.client.is_over());
}

#[test]
fn ik_with_an_old_key_falls_back_to_xx_on_the_same_connection() {
    let stale = Identity::generate(&mut Rng::from_seed(77)).public();
    let mut pair =
        Pair::with(HandshakeInput { server: Some(stale), ..input(Pattern::Ik) }, StreamConfig::default(), 1);
    pair.client.send(at(0), ChannelId(8), b"typed early"[..].into()).expect("waits");
    pair.exchange();
    assert_eq!(events(&mut pair.client), [connected(server_identity().public(), b"the server")]);
    let client = client_identity().public();
    assert_eq!(events(&mut pair.server), [connected(client, b"ann"), message(8, b"typed early")]);
}

#[test]
fn a_second_ik_hello_that_does_not_open_ends_it() {
    let stale = Identity::generate(&mut Rng::from_seed(77)).public();
    let mut hellos = Vec::new();
    for seed in [1, 2] {
        let input = HandshakeInput { server: Some(stale), seed: [seed; 32], ..input(Pattern::Ik) };
        hellos.extend_from_slice(Stream::client(at(0), StreamConfig::default(), input).output());
    }
    let mut server = Pair::new(Pattern::Ik).server;
    server.handle_bytes(at(0), &hellos);
    let expected = CloseReason::Refused(CloseCode::PROTOCOL, "the hello does not open".to_owned());
    assert_eq!(reason(&mut server), Some(expected));
}

struct Pinned(PublicKey);

impl Trust for Pinned {
    fn check(&self, key: &PublicKey, greeting: &[u8]) -> Result<(), String> {
        assert_eq!(greeting, b"the server");
        if *key == self.0 { Ok(()) } else { Err("the key changed".to_owned()) }
    }
}

#[test]
fn a_server_that_is_not_trusted_does_not_learn_who_asked() {
    let other = client_identity().public();
    let trust = Arc::new(Pinned(other));
    let mut pair = Pair::with(HandshakeInput { trust, ..input(Pattern::Xx) }, StreamConfig::default(), 1);
    pair.exchange();
    assert_eq!(reason(&mut pair.client), Some(CloseReason::Untrusted("the key changed".to_owned())));
    assert!(pair.client.is_over());
    assert_eq!(events(&mut pair.server), []);
    let hello_len = super::super::preamble::LEN + HEADER_LEN + 32;
    assert_eq!(pair.captured[0].len(), hello_len, "an ephemeral key and nothing else was sent");
}

#[test]
fn the_clear_and_the_sealed_refuse_each_other_and_say_how_to_meet() {
    for (pattern, insecure, hint) in
        [(Pattern::Clear, false, "leave --insecure out"), (Pattern::Xx, true, "with --insecure")]
    {
        let config = StreamConfig { insecure, ..StreamConfig::default() };
        let mut pair = Pair::with(input(pattern), config, 1);
        pair.exchange();
        let Some(CloseReason::Refused(code, text)) = reason(&mut pair.client) else { panic!("refused") };
        assert_eq!(code, CloseCode::SEAL_MISMATCH);
        assert!(text.contains(hint), "{text}");
        assert!(matches!(reason(&mut pair.server), Some(CloseReason::Refused(..))));
        assert!(pair.client.is_over() && pair.server.is_over());
    }
}

#[test]
fn another_version_is_told_which_version_is_spoken() {
    let mut pair = Pair::new(Pattern::Xx);
    pair.server.handle_bytes(at(0), b"SAYA\x00\x00\x00\x02");
    let answer = pair.server.output().to_vec();
    assert_eq!(reason(&mut pair.server), Some(CloseReason::Version(vec![2])));
    pair.client.handle_bytes(at(0), &answer);
    assert_eq!(reason(&mut pair.client), Some(CloseReason::Version(vec![1])));
}

#[test]
fn a_server_that_closes_during_the_handshake_says_why() {
    let mut pair = Pair::new(Pattern::Xx);
    pair.server.close(at(0), CloseCode::FULL, "no more sessions");
    pair.exchange();
    let refused = CloseReason::Refused(CloseCode::FULL, "no more sessions".to_owned());
    assert_eq!(reason(&mut pair.client), Some(refused));
}

#[test]
fn a_client_that_leaves_during_the_handshake_just_goes() {
    let mut pair = Pair::new(Pattern::Xx);
    pair.client.close(at(0), CloseCode::GOODBYE, "");
    assert!(pair.client.is_over());
    assert_eq!(reason(&mut pair.client), Some(CloseReason::Local));
}

#[test]
fn ik_without_a_key_is_closed_before_it_begins() {
    let input = HandshakeInput { server: None, ..input(Pattern::Ik) };
    let mut client = Stream::client(at(0), StreamConfig::default(), input);
    assert!(matches!(reason(&mut client), Some(CloseReason::Protocol(_))) && client.is_over());
}

#[test]
fn a_greeting_that_does_not_fit_is_named_as_the_reason() {
    for pattern in PATTERNS {
        let mut pair =
            Pair::with(HandshakeInput { greeting: vec![b'a'; 2_048], ..input(pattern) }, config(pattern), 1);
        pair.exchange();
        let Some(CloseReason::Protocol(rule)) = reason(&mut pair.client) else { panic!("{pattern:?}") };
        assert!(rule.contains("greeting"), "{rule}");
    }
}

#[test]
fn keys_change_by_count_in_both_directions_and_nothing_is_lost() {
    for pattern in PATTERNS {
        let mut pair = Pair::with(input(pattern), StreamConfig { rekey_frames: 3, ..config(pattern) }, 1);
        pair.exchange();
        events(&mut pair.client);
        events(&mut pair.server);
        let texts: Vec<Vec<u8>> = (0..40u8).map(|index| vec![index]).collect();
        for text in &texts {
            pair.client.send(pair.now, ChannelId(8), text.as_slice().into()).expect("room");
            pair.server.send(pair.now, ChannelId(8), text.as_slice().into()).expect("room");
            pair.exchange();
        }
        assert_eq!(messages(&mut pair.server), texts);
        assert_eq!(messages(&mut pair.client), texts);
    }
}

#[test]
fn keys_change_by_the_hour() {
    let mut pair = Pair::open(Pattern::Ik);
    pair.run_until(at(3_599 * S));
    let phase = |captured: &[u8]| captured[captured.len() - (HEADER_LEN + 9 + 16)];
    assert_eq!(phase(&pair.captured[0]), 0x40);
    pair.run_until(at(3_602 * S));
    assert_eq!(phase(&pair.captured[0]), 0x41);
    assert!(pair.client.is_open() && pair.server.is_open());
}
