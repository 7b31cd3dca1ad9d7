//! A client and a server over a bad link, on virtual time.

mod marks;
mod one_stream;
mod world;

use crate::crypto::{Identity, PublicKey};
use crate::rng::Rng;
use crate::time::{Duration, at};
use crate::trace::Tracer;
use crate::transport::config::TransportConfig;
use crate::transport::connection::Connection;
use crate::transport::path::Path;
use crate::transport::session::{ChannelId, CloseCode, CloseReason, Liveness, SessionEvent};
use crate::transport::trust::{Trust, TrustAll};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use world::{Faults, World, endpoint, hello, path, server_identity};

/// How to play a seed again.
const AGAIN: &str = "again: SAYAGAIN_SEED=… cargo test --release whatever_the_link_does";

const ROOM: ChannelId = ChannelId::room(0);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn is_message(event: &SessionEvent) -> bool {
    matches!(event, SessionEvent::Message { .. })
}

fn first_answer_ms(known: bool) -> u64 {
    let mut world = World::new(1, known, Faults::default());
    world.client.send(ROOM, b"hi"[..].into()).unwrap();
    while !world.client_events.iter().any(is_message) {
        assert!(world.step(at(2_000_000)));
        world.echo();
    }
    world.now.as_micros() / 1_000
}

#[test]
fn the_first_message_to_a_stranger_is_answered_after_two_round_trips() {
    assert_eq!(first_answer_ms(false), 100);
}

#[test]
fn the_first_message_to_a_known_server_is_answered_after_one_round_trip() {
    assert_eq!(first_answer_ms(true), 50);
}

#[test]
fn both_sides_learn_the_other_key_and_greeting() {
    for known in [false, true] {
        let mut world = World::new(2, known, Faults::default());
        world.run_for(seconds(1));
        let peer = server_identity().public();
        let connected = SessionEvent::Connected { peer, greeting: b"the server".to_vec() };
        assert_eq!(world.client_events, [connected]);
        let peer = Identity::from_secret([1; 32]).public();
        let connected = SessionEvent::Connected { peer, greeting: b"ann".to_vec() };
        assert_eq!(world.server_events.front().map(|(_, event)| event), Some(&connected));
    }
}

/// Sends `count` numbered messages each way over three channels and checks that each channel's came whole,
/// once and in order.
fn talk(seed: u64, faults: Faults) {
    let mut world = World::new(seed, seed.is_multiple_of(2), faults);
    assert!(
        world.run_until(seconds(60), |event| matches!(event, SessionEvent::Connected { .. })).is_some(),
        "seed {seed}: connected ({AGAIN})"
    );
    world.run_for(seconds(2));
    let id = world.session();
    let sizes = [5, 60, 900, 1_500, 20_000];
    let mut expected: BTreeMap<ChannelId, Vec<Vec<u8>>> = BTreeMap::new();
    for n in 0..40u64 {
        let channel = ChannelId::room(world.rng.below(3));
        let size = sizes[world.rng.below(5) as usize];
        let message: Vec<u8> = (0..size).map(|i| (i as u64 + n) as u8).collect();
        expected.entry(channel).or_default().push(message.clone());
        world.client.send(channel, message.clone().into()).unwrap();
        world.server.send(world.now, id, channel, message.into()).unwrap();
        let pause = world.rng.below(60);
        world.run_for(Duration::from_millis(pause));
    }
    world.faults = Faults::default();
    world.run_for(seconds(10));
    let by_channel = |events: Vec<&SessionEvent>| {
        let mut got: BTreeMap<ChannelId, Vec<Vec<u8>>> = BTreeMap::new();
        for event in events {
            if let SessionEvent::Message { channel, bytes } = event {
                got.entry(*channel).or_default().push(bytes.clone());
            }
        }
        got
    };
    assert!(
        by_channel(world.client_events.iter().collect()) == expected,
        "seed {seed}: to the client ({AGAIN})"
    );
    let at_server = world.server_events.iter().map(|(_, event)| event).collect();
    assert!(by_channel(at_server) == expected, "seed {seed}: to the server ({AGAIN})");
    assert_eq!(world.server.queued(id) + world.client.queued(), 0, "seed {seed}: all acknowledged ({AGAIN})");
}

/// So many seeds from 0; or the only one that the environment names.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let named = std::env::var("SAYAGAIN_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    named.map_or(0..count, |seed| seed..seed + 1)
}

#[test]
fn whatever_the_link_does_every_channel_arrives_whole_once_and_in_order() {
    for seed in seeds(1_000) {
        let mut rng = Rng::from_seed(seed ^ 0x5eed);
        let faults = Faults {
            loss: rng.unit() * 0.3,
            duplicate: rng.unit() * 0.3,
            jitter_us: rng.below(60_000),
            corrupt: rng.unit() * 0.05,
        };
        talk(seed, faults);
    }
}

#[test]
fn any_pattern_of_the_first_seven_datagrams_lost_still_connects() {
    for known in [false, true] {
        for pattern in 0u32..128 {
            let mut world = World::new(u64::from(pattern), known, Faults::default());
            let mut seen = 0;
            world.drop = Box::new(move |_, _| {
                seen += 1;
                seen <= 7 && pattern & (1 << (seen - 1)) != 0
            });
            world.client.send(ROOM, b"hi"[..].into()).unwrap();
            let mut answered = false;
            while world.now < at(20_000_000) && !answered {
                world.step(at(20_000_000));
                world.echo();
                answered = world.client_events.iter().any(is_message);
            }
            assert!(answered, "known {known}, pattern {pattern:07b}");
        }
    }
}

#[test]
fn an_unproven_address_never_gets_more_bytes_than_it_sent() {
    for known in [false, true] {
        let mut world = World::new(3, known, Faults::default());
        // The client hears nothing: what is sent to it is what a victim would get.
        world.drop = Box::new(|to_server, _| !to_server);
        world.client.send(ROOM, vec![7; 600].into()).unwrap();
        for _ in 0..200 {
            world.step(at(8_000_000));
            world.echo();
            assert!(world.bytes[0] <= world.bytes[1], "{:?} at {:?}", world.bytes, world.now);
        }
        assert!(world.bytes[0] > 0);
    }
}

#[test]
fn a_known_server_with_a_new_key_is_met_as_a_stranger_and_judged() {
    struct Never;
    impl Trust for Never {
        fn check(&self, _: &PublicKey, _: &[u8]) -> Result<(), String> {
            Err("changed".to_owned())
        }
    }
    let former = Identity::from_secret([99; 32]).public();
    let config = TransportConfig::default();
    let mut world = World::with(4, config, hello(Some(former), Arc::new(TrustAll)), Faults::default());
    world.client.send(ROOM, b"early"[..].into()).unwrap();
    world.run_for(seconds(1));
    assert!(matches!(world.client_events[0], SessionEvent::Connected { .. }));
    let messages = world.server_events.iter().filter(|(_, event)| is_message(event)).count();
    assert_eq!(messages, 1, "what rode in the void first flight is sent again");
    let mut world = World::with(4, config, hello(Some(former), Arc::new(Never)), Faults::default());
    world.run_for(seconds(1));
    assert_eq!(world.client_events, [SessionEvent::Closed(CloseReason::Untrusted("changed".into()))]);
    assert!(world.server_events.is_empty(), "a client that does not trust does not say who it is");
}

#[test]
fn in_the_clear_both_ends_must_ask_for_it() {
    let clear = TransportConfig { insecure: true, ..TransportConfig::default() };
    let mut world = World::with(5, clear, hello(None, Arc::new(TrustAll)), Faults::default());
    world.client.send(ROOM, b"hi"[..].into()).unwrap();
    world.run_for(seconds(1));
    assert!(world.server_events.iter().any(|(_, event)| is_message(event)));
    for (client, server) in [(clear, TransportConfig::default()), (TransportConfig::default(), clear)] {
        let mut world = World::with(5, client, hello(None, Arc::new(TrustAll)), Faults::default());
        world.server = endpoint(server, server_identity(), 6);
        world.run_for(seconds(1));
        assert!(matches!(
            world.client_events[..],
            [SessionEvent::Closed(CloseReason::Refused(CloseCode::SEAL_MISMATCH, _))]
        ));
    }
}

#[test]
fn a_close_is_heard_with_its_words_even_over_a_bad_link() {
    for seed in 0..30 {
        let mut world = World::new(seed, true, Faults::default());
        world.run_for(seconds(1));
        world.faults.loss = 0.2;
        let id = world.session();
        let now = world.now;
        world.server.close(now, id, CloseCode::SHUTDOWN, "going down");
        world.run_for(seconds(1));
        let closed = SessionEvent::Closed(CloseReason::Peer(CloseCode::SHUTDOWN, "going down".into()));
        let heard = world.client_events.contains(&closed);
        world.faults.loss = 0.0;
        world.run_for(seconds(40));
        let told = world.client_events.iter().any(|event| matches!(event, SessionEvent::Closed(_)));
        assert!(heard || told, "seed {seed}");
        assert!(world.server.is_empty() && world.client.is_over(), "seed {seed}: nothing is left");
    }
}

#[test]
fn a_server_that_started_anew_tells_its_former_clients_at_once() {
    let mut world = World::new(7, true, Faults::default());
    world.run_for(seconds(1));
    world.server = endpoint(TransportConfig::default(), server_identity(), 77);
    world.client_events.clear();
    world.client.send(ROOM, b"still there?"[..].into()).unwrap();
    let sent = world.now;
    let reset = world.run_until(seconds(5), |event| *event == SessionEvent::Closed(CloseReason::Reset));
    assert_eq!(reset.map(|at| at - sent), Some(Duration::from_millis(50)));
}

#[test]
fn a_client_that_has_nothing_to_say_notices_within_four_seconds_that_its_server_started_anew() {
    let mut world = World::new(7, true, Faults::default());
    world.run_for(seconds(1));
    world.server = endpoint(TransportConfig::default(), server_identity(), 77);
    world.client_events.clear();
    let before = world.now;
    let reset = world.run_until(seconds(10), |event| *event == SessionEvent::Closed(CloseReason::Reset));
    assert!(reset.is_some_and(|at| at - before <= seconds(4)), "{reset:?}");
}

#[test]
fn a_reset_that_anybody_could_have_made_changes_nothing() {
    let mut world = World::new(7, true, Faults::default());
    world.run_for(seconds(1));
    world.server = endpoint(TransportConfig::default(), Arc::new(Identity::from_secret([3; 32])), 77);
    world.client.send(ROOM, b"still there?"[..].into()).unwrap();
    world.run_for(seconds(2));
    assert!(!world.client_events.iter().any(|event| matches!(event, SessionEvent::Closed(_))));
}

/// The phases of the keys with which the client seals and opens.
fn phases(world: &World) -> [bool; 2] {
    let seal = world.client.seal.as_ref().expect("a session");
    [seal.sealer.phase(), seal.opener.phase()]
}

#[test]
fn keys_change_by_count_in_both_directions() {
    let config = TransportConfig { rekey_packets: 50, ..TransportConfig::default() };
    let server = Some(server_identity().public());
    let mut world = World::with(7, config, hello(server, Arc::new(TrustAll)), Faults::default());
    let (mut changes, mut before) = ([0; 2], [false; 2]);
    for _ in 0..600 {
        if world.client.send(ROOM, b"hello"[..].into()).is_ok() {
            world.run_for(Duration::from_millis(100));
        }
        world.echo();
        let now = phases(&world);
        (0..2).for_each(|way| changes[way] += usize::from(now[way] != before[way]));
        before = now;
    }
    assert!(changes.iter().all(|count| *count >= 9), "{changes:?}");
    assert!(!world.client_events.iter().any(|event| matches!(event, SessionEvent::Closed(_))));
}

#[test]
fn keys_change_by_the_hour_in_both_directions() {
    let mut world = World::new(7, true, Faults::default());
    world.run_for(seconds(3_500));
    assert_eq!(phases(&world), [false; 2]);
    world.run_for(seconds(200));
    assert_eq!(phases(&world), [true; 2]);
    world.run_for(seconds(3_600));
    assert_eq!(phases(&world), [false; 2]);
    assert!(!world.client_events.iter().any(|event| matches!(event, SessionEvent::Closed(_))));
}

#[test]
fn silence_is_suspected_then_lost_then_over_and_a_voice_ends_it() {
    let mut world = World::new(8, true, Faults::default());
    world.run_for(seconds(2));
    world.client_events.clear();
    world.faults.loss = 1.0;
    world.run_for(seconds(8));
    let states = [Liveness::Suspected, Liveness::Lost].map(SessionEvent::Liveness);
    assert_eq!(world.client_events, states);
    world.faults.loss = 0.0;
    world.client_events.clear();
    world.run_for(seconds(1));
    assert_eq!(world.client_events, [SessionEvent::Liveness(Liveness::Alive)]);
    world.faults.loss = 1.0;
    world.run_for(seconds(31));
    assert_eq!(world.client_events.last(), Some(&SessionEvent::Closed(CloseReason::TimedOut)));
    assert!(world.client.is_over() && world.server.is_empty());
}

#[test]
fn an_outage_of_25_seconds_costs_nothing_but_time() {
    let mut world = World::new(9, true, Faults::default());
    world.run_for(seconds(2));
    world.faults.loss = 1.0;
    for n in 0..10u8 {
        world.client.send(ROOM, vec![n].into()).unwrap();
        world.run_for(Duration::from_millis(2_500));
    }
    world.faults.loss = 0.0;
    world.run_for(seconds(12));
    let got: Vec<u8> = world
        .server_events
        .iter()
        .filter_map(|(_, event)| match event {
            SessionEvent::Message { bytes, .. } => bytes.first().copied(),
            _ => None,
        })
        .collect();
    assert_eq!(got, (0..10).collect::<Vec<u8>>());
}

#[test]
fn plain_loss_of_a_fifth_each_way_raises_no_false_alarm_in_ten_hours() {
    let faults = Faults { loss: 0.2, ..Faults::default() };
    let mut world = World::new(10, true, faults);
    world.run_for(seconds(10 * 3_600));
    let lost = SessionEvent::Liveness(Liveness::Lost);
    assert!(!world.client_events.contains(&lost));
    assert!(!world.server_events.iter().any(|(_, event)| *event == lost));
}

#[test]
fn a_session_follows_its_client_to_another_address_after_a_challenge() {
    let mut world = World::new(11, true, Faults::default());
    world.run_for(seconds(1));
    let id = world.session();
    world.client_path = path(2);
    world.client.send(ROOM, b"from elsewhere"[..].into()).unwrap();
    world.run_for(Duration::from_millis(200));
    assert_eq!(world.server.path(id), Some(path(2)));
    let now = world.now;
    world.server.send(now, id, ROOM, vec![1; 30_000].into()).unwrap();
    world.run_for(seconds(1));
    assert!(world.client_events.iter().any(is_message), "data flows once the address is proven");
}

#[test]
fn a_flood_of_hellos_costs_a_bounded_memory_and_still_lets_newcomers_in() {
    let mut world = World::new(12, false, Faults::default());
    let mut buffer = Vec::new();
    for n in 0..3_000u64 {
        let hello = hello(None, Arc::new(TrustAll));
        let rng = Rng::from_seed(n);
        let config = TransportConfig::default();
        let mut stranger = Connection::client(at(0), config, hello, path(1), rng, Tracer::default());
        stranger.poll_transmit(at(0), &mut buffer);
        let [a, b] = ((n / 4) as u16).to_be_bytes();
        let from = Path { remote: SocketAddr::from(([198, 18, a, b], n as u16)), local: None };
        world.server.handle_datagram(at(0), from, &mut buffer);
        while world.server.poll_transmit(at(0), &mut buffer).is_some() {}
    }
    assert!(world.run_until(seconds(1), |event| matches!(event, SessionEvent::Connected { .. })).is_some());
    assert_eq!(world.now, at(100_000), "a cookie costs one round trip");
}

#[test]
fn arbitrary_bytes_and_mutated_datagrams_change_nothing_and_never_panic() {
    let mut world = World::new(13, true, Faults::default());
    world.run_for(seconds(1));
    let mut rng = Rng::from_seed(14);
    let mut buffer = Vec::new();
    for n in 0..20_000u64 {
        world.client.send(ROOM, b"x"[..].into()).ok();
        if n % 3 == 0 {
            buffer.clear();
            buffer.resize(rng.below(1_300) as usize, 0);
            rng.fill(&mut buffer);
        } else if world.client.poll_transmit(world.now, &mut buffer).is_none() {
            let now = world.now;
            world.run_for(Duration::from_millis(1));
            assert!(world.now >= now);
            continue;
        }
        if !buffer.is_empty() {
            let bit = rng.below(buffer.len() as u64 * 8);
            buffer[bit as usize / 8] ^= 1 << (bit % 8);
            let cut = rng.below(buffer.len() as u64 + 1) as usize;
            if n % 2 == 0 {
                buffer.truncate(cut);
            }
        }
        let mut again = buffer.clone();
        world.server.handle_datagram(world.now, path(3), &mut buffer);
        world.client.handle_datagram(world.now, path(9), &mut again);
    }
    world.client_events.clear();
    world.run_for(seconds(5));
    assert!(!world.client_events.iter().any(|event| matches!(event, SessionEvent::Closed(_))));
    let id = world.session();
    assert_eq!(world.server.path(id), Some(path(1)), "nobody else's datagram moves the session");
}

#[test]
fn a_lost_tail_that_fills_a_datagram_is_repaired_by_the_probe_itself() {
    let mut world = World::new(3, true, Faults::default());
    world.run_for(seconds(2));
    let next = world.sent[1];
    world.drop = Box::new(move |to_server, number| to_server && number == next);
    let stats = world.client.stats();
    let timeout = stats.rtt.unwrap() + (4 * stats.rttvar.unwrap()).max(Duration::from_millis(1));
    world.client.send(ROOM, vec![7; 1_140].into()).unwrap();
    world.run_for(timeout + Duration::from_millis(26));
    assert!(world.server_events.iter().any(|(_, event)| is_message(event)), "no round trip more");
}
