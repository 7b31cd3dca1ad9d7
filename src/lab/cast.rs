//! Who plays in a scenario? The real nodes, as the program would make them.
//!
//! The server's key and the people's keys come from the scenario's seed, so a server that starts again is the
//! same server, as it would be with its key on disk. A client whose server is known already (half of them)
//! says things with its first flight.

use crate::chat::client::Reading;
use crate::chat::quota::Terms;
use crate::crypto::Identity;
use crate::lab::scenario::Scenario;
use crate::lab::world::Cast;
use crate::rng::Rng;
use crate::service::api::{ClientConfig, Preference, ServerConfig};
use crate::service::{ClientNode, ServerNode};
use crate::store::MemoryStore;
use crate::time::{Duration, Instant};
use crate::trace::Tracer;
use crate::transport::config::Choices;
use crate::transport::session::LivenessConfig;

/// A moment of the year 2026, in milliseconds since 1970: when every simulated world begins.
const UNIX_MS_AT_ZERO: u64 = 1_780_000_000_000;

/// Nobody gives up connecting during a bad day.
const PATIENCE: Duration = Duration::from_mins(10);

/// The real server and the real clients of a scenario.
#[derive(Debug)]
pub struct ChatCast {
    server: Identity,
    people: Vec<Person>,
    insecure: bool,
}

#[derive(Debug)]
struct Person {
    identity: Identity,
    name: String,
    room: String,
    transport: Preference,
    knows_the_server: bool,
}

impl ChatCast {
    /// Those who play in this scenario.
    pub fn of(scenario: &Scenario) -> Self {
        // Not the scenario's own sequence: keys must not shift what happens.
        let mut rng = Rng::from_seed(scenario.seed ^ 0x6b65_7973);
        let server = Identity::generate(&mut rng);
        let seats = scenario.names.iter().zip(&scenario.rooms).zip(&scenario.script.seats);
        let people = seats.map(|((name, room), seat)| Person {
            identity: Identity::generate(&mut rng),
            name: name.clone(),
            room: room.clone(),
            transport: seat.transport,
            knows_the_server: rng.chance(0.5),
        });
        let people = people.collect();
        Self { server, people, insecure: rng.chance(0.2) }
    }
}

impl Cast for ChatCast {
    type Server = ServerNode;
    type Client = ClientNode;

    fn server(&mut self, now: Instant, store: &MemoryStore, seed: [u8; 32]) -> ServerNode {
        let config = ServerConfig {
            server_name: "lab".to_owned(),
            insecure: self.insecure,
            liveness: LivenessConfig::default(),
            choices: Choices::default(),
            unix_ms_at_zero: UNIX_MS_AT_ZERO,
            owner: None,
            max_sessions: 1_000,
            keep: crate::store::Keep::ALL,
            terms: Terms::UNLIMITED,
        };
        let snapshot = store.snapshot(UNIX_MS_AT_ZERO + now.as_micros() / 1_000);
        ServerNode::new(&config, &self.server, snapshot, Rng::from_bytes(seed), Tracer::default())
    }

    fn client(&mut self, now: Instant, client: usize, seed: [u8; 32]) -> ClientNode {
        let person = &self.people[client];
        let key = self.server.public();
        let config = ClientConfig {
            transport: person.transport,
            name: person.name.clone(),
            room: person.room.clone(),
            reading: Reading { history: 50, ..Reading::default() },
            insecure: self.insecure,
            expected_key: person.knows_the_server.then_some(key),
            promised: None,
            pins: if person.knows_the_server { vec![("lab".to_owned(), key)] } else { Vec::new() },
            addresses: 1,
            connect_timeout: PATIENCE,
            liveness: LivenessConfig::default(),
            choices: Choices::default(),
            unix_ms_at_zero: UNIX_MS_AT_ZERO,
            linger: Duration::ZERO,
        };
        ClientNode::new(now, config, person.identity.clone(), Rng::from_bytes(seed), Tracer::default())
    }
}
