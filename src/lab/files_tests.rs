//! Do files arrive, whole and once, whatever happens to the network, to the server and to the people; and
//! does the chat beside them wait?

use super::cast::ChatCast;
use super::link::config::Outage;
use super::link::{DirectionConfig, LinkConfig};
use super::scenario::Scenario;
use super::world::{Cast, Deed, Script, SeatPlan, World};
use crate::chat::client::event::UserEvent;
use crate::chat::quota::Terms;
use crate::files::message::FileId;
use crate::files::{FileEvent, FileLimits, KeptFile};
use crate::rng::Rng;
use crate::service::api::{ClientEvent, ServerConfig};
use crate::service::{ClientNode, ServerNode};
use crate::store::MemoryStore;
use crate::time::{Duration, Instant, at};
use crate::transport::config::Choices;
use crate::transport::session::{LivenessConfig, Transport};

const S: u64 = 1_000_000;
const ROOMY: FileLimits = FileLimits { file_bytes: 50_000_000, space_bytes: 100_000_000 };

/// The chat's people, on a server that takes files.
struct FileCast {
    inner: ChatCast,
    limits: FileLimits,
}

impl Cast for FileCast {
    type Server = ServerNode;
    type Client = ClientNode;

    fn server(&mut self, now: Instant, store: &MemoryStore, seed: [u8; 32]) -> ServerNode {
        self.inner.server(now, store, seed)
    }

    fn with_files(&mut self, server: ServerNode, kept: Vec<KeptFile>) -> ServerNode {
        let config = ServerConfig {
            server_name: String::new(),
            insecure: false,
            liveness: LivenessConfig::default(),
            choices: Choices::default(),
            unix_ms_at_zero: 1_780_000_000_000,
            owner: None,
            max_sessions: 1,
            terms: Terms::UNLIMITED,
            keep: crate::store::Keep::ALL,
        };
        server.with_files(&config, self.limits, kept)
    }

    fn client(&mut self, now: Instant, client: usize, seed: [u8; 32]) -> ClientNode {
        self.inner.client(now, client, seed)
    }
}

fn world(seed: u64, transport: Transport, way: &DirectionConfig, people: usize) -> World<FileCast> {
    let seats = (0..people).map(|client| SeatPlan {
        transport: transport.into(),
        link: LinkConfig::symmetric(way.clone(), seed * 100 + client as u64),
    });
    let deeds = (0..people).map(|client| (at(0), Deed::Start { client }));
    let script =
        Script { seats: seats.collect(), deeds: deeds.collect(), store_delay: Duration::from_millis(2) };
    let names = ["ann", "bob", "cem", "dora"].map(str::to_owned)[..people].to_vec();
    let rooms = vec!["lobby".to_owned(); people];
    let scenario = Scenario { seed, names, rooms, script: script.clone() };
    let cast = FileCast { inner: ChatCast::of(&scenario), limits: ROOMY };
    World::new(cast, &script, seed)
}

fn types(world: &mut World<FileCast>, client: usize, line: &str) {
    let now = world.now();
    world.plan(now, Deed::Type { client, line: line.to_owned() });
}

fn files(world: &World<FileCast>, client: usize) -> Vec<FileEvent> {
    let events = world.transcript().client(client);
    events
        .filter_map(
            |(_, event)| if let ClientEvent::File(event) = event { Some(event.clone()) } else { None },
        )
        .collect()
}

/// Runs until this is so; a panic with all that happened if it is not so in time.
fn run_until(
    world: &mut World<FileCast>,
    what: &str,
    end: Instant,
    is_so: impl Fn(&World<FileCast>) -> bool,
) {
    while !is_so(world) {
        let now = world.now();
        assert!(now < end, "{what}: not in time\n{}", world.transcript());
        world.run_until(now + Duration::from_millis(50)).expect("no spin");
    }
}

fn offered(world: &World<FileCast>, client: usize) -> Option<FileId> {
    files(world, client)
        .iter()
        .find_map(|event| if let FileEvent::Offered(it) = event { Some(it.id) } else { None })
}

fn has(world: &World<FileCast>, client: usize, is_it: impl Fn(&FileEvent) -> bool) -> bool {
    files(world, client).iter().any(is_it)
}

const fn is_sent(event: &FileEvent) -> bool {
    matches!(event, FileEvent::Sent { .. })
}

const fn is_received(event: &FileEvent) -> bool {
    matches!(event, FileEvent::Received { .. })
}

fn random_bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    Rng::from_seed(seed).fill(&mut bytes);
    bytes
}

/// The seed says who breaks when; the bytes must not care.
fn play(seed: u64, transport: Transport) {
    let mut rng = Rng::from_seed(seed);
    let outages = (0..3)
        .map(|_| Outage {
            from: Duration::from_micros(S + rng.below(20 * S)),
            length: Duration::from_micros(rng.below(4 * S)),
        })
        .collect();
    let way = DirectionConfig {
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(5),
        loss: rng.unit() * 0.1,
        rate: Some(4_000_000),
        outages,
        ..DirectionConfig::default()
    };
    let mut world = world(seed, transport, &way, 3);
    let bytes = random_bytes(seed, 200_000 + rng.below(400_000) as usize);
    world.files(0).expect("ann").give("notes.pdf", bytes.clone());
    for _ in 0..2 {
        let death = S + rng.below(15 * S);
        world.plan(at(death), Deed::KillServer);
        world.plan(at(death + rng.below(3 * S)), Deed::StartServer);
    }
    world.run_until(at(2 * S)).expect("no spin");
    let to_room = rng.chance(0.5);
    types(&mut world, 0, if to_room { "/send notes.pdf" } else { "/send notes.pdf bob" });
    let receivers = if to_room { vec![1, 2] } else { vec![1] };
    for receiver in &receivers {
        run_until(&mut world, "offered", at(200 * S), |world| offered(world, *receiver).is_some());
    }
    for receiver in &receivers {
        let id = offered(&world, *receiver).expect("offered");
        types(&mut world, *receiver, &format!("/accept {}", id.0));
    }
    for receiver in &receivers {
        run_until(&mut world, "received", at(400 * S), |world| has(world, *receiver, is_received));
        let received: Vec<_> =
            world.files(*receiver).expect("seat").received().map(|(_, it)| it.to_vec()).collect();
        assert!(received == [bytes.clone()], "seed {seed}, {transport}: the bytes are those that were sent");
    }
    assert!(has(&world, 0, is_sent), "seed {seed}, {transport}");
    let failed = (0..3).any(|client| has(&world, client, |event| matches!(event, FileEvent::Failed { .. })));
    assert!(!failed, "seed {seed}, {transport}\n{}", world.transcript());
}

#[test]
fn over_udp_every_byte_arrives_whatever_breaks() {
    (1..=12).for_each(|seed| play(seed, Transport::Udp));
}

#[test]
fn over_tcp_every_byte_arrives_whatever_breaks() {
    (1..=12).for_each(|seed| play(seed, Transport::Tcp));
}

#[test]
fn who_was_away_is_offered_the_file_on_coming_back_also_from_a_server_that_began_anew() {
    let way = DirectionConfig { delay: Duration::from_millis(5), ..DirectionConfig::default() };
    let mut world = world(1, Transport::Udp, &way, 2);
    world.files(0).expect("ann").give("a", vec![7; 20_000]);
    world.run_until(at(S)).expect("no spin");
    let silence = DirectionConfig { loss: 1.0, ..way.clone() };
    world.replace_link(1, LinkConfig::symmetric(silence, 1));
    world.run_until(at(60 * S)).expect("no spin");
    types(&mut world, 0, "/send a bob");
    run_until(&mut world, "sent", at(90 * S), |world| has(world, 0, is_sent));
    world.plan(at(90 * S), Deed::KillServer);
    world.plan(at(91 * S), Deed::StartServer);
    world.run_until(at(100 * S)).expect("no spin");
    assert_eq!(offered(&world, 1), None);
    world.replace_link(1, LinkConfig::symmetric(way, 2));
    run_until(&mut world, "offered", at(200 * S), |world| offered(world, 1).is_some());
    let id = offered(&world, 1).expect("offered");
    types(&mut world, 1, &format!("/accept {}", id.0));
    run_until(&mut world, "received", at(250 * S), |world| has(world, 1, is_received));
}

/// From typing to being shown to the other, in microseconds.
fn latencies(world: &World<FileCast>, texts: &[(String, Instant)], reader: usize) -> Vec<u64> {
    let shown = |wanted: &str| {
        world.transcript().client(reader).find_map(|(when, event)| match event {
            ClientEvent::User(UserEvent::Message { text, .. }) if text == wanted => Some(when),
            _ => None,
        })
    };
    let mut all: Vec<u64> =
        texts.iter().map(|(text, typed)| shown(text).expect("shown").micros_since(*typed)).collect();
    all.sort_unstable();
    all
}

fn median_while(world: &mut World<FileCast>, from: Instant, texts: &str) -> u64 {
    let said: Vec<(String, Instant)> =
        (0..100).map(|n| (format!("{texts} {n}"), from + Duration::from_millis(60 * n))).collect();
    for (text, due) in &said {
        world.plan(*due, Deed::Type { client: 0, line: text.clone() });
    }
    world.run_until(from + Duration::from_secs(8)).expect("no spin");
    latencies(world, &said, 1)[50]
}

/// Ann sends 8 MB at 10 Mbit/s (some 7 s) while she and bob chat.
fn beside(transport: Transport) -> (u64, u64, u64) {
    let way = DirectionConfig {
        delay: Duration::from_millis(25),
        rate: Some(10_000_000),
        queue: Some(super::link::config::QueueLimit::Time(Duration::from_millis(200))),
        ..DirectionConfig::default()
    };
    let mut world = world(5, transport, &way, 2);
    world.files(0).expect("ann").give("big", random_bytes(1, 8_000_000));
    world.run_until(at(S)).expect("no spin");
    let idle = median_while(&mut world, at(2 * S), "idle");
    types(&mut world, 0, "/send big");
    let busy = median_while(&mut world, at(11 * S), "busy");
    let moved = files(&world, 0).into_iter().filter_map(|event| match event {
        FileEvent::Progress { bytes, .. } => Some(bytes),
        FileEvent::Sent { file, .. } => Some(file.size),
        _ => None,
    });
    (idle, busy, moved.max().unwrap_or(0))
}

#[test]
fn a_file_does_not_delay_the_chat_beside_it() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let (idle, busy, moved) = beside(transport);
        assert!(busy < idle + 40_000, "{transport}: {idle} µs idle, {busy} µs beside a file");
        assert!(moved > 3_000_000, "{transport}: {moved} bytes in 9 s");
    }
}
