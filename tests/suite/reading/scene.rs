//! A client and a server, 25 ms apart, on virtual time: both recorded, and datagrams vanish when told to.

use sayagain::crypto::Identity;
use sayagain::lab::ladder::{Ladder, Recorded, Recorder, Side};
use sayagain::rng::Rng;
use sayagain::time::{Duration, Instant, at};
use sayagain::trace::{Sink, TraceEvent, Tracer};
use sayagain::transport::arq::Arq;
use sayagain::transport::config::TransportConfig;
use sayagain::transport::congestion::Congestion;
use sayagain::transport::connection::Connection;
use sayagain::transport::endpoint::{Endpoint, ServerSetup};
use sayagain::transport::handshake::client::ClientHello;
use sayagain::transport::path::Path;
use sayagain::transport::redundancy::Redundancy;
use sayagain::transport::session::ChannelId;
use sayagain::transport::trust::TrustAll;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

const ONE_WAY: Duration = Duration::from_millis(25);

pub struct Scene {
    now: Instant,
    client: Connection,
    server: Endpoint,
    recorders: [Arc<Recorder>; 2],
    under_way: VecDeque<(Instant, Side, Vec<u8>)>,
    /// How many of the client's and of the server's next datagrams vanish.
    vanish: [u32; 2],
    /// How much later than the others the client's next datagram arrives.
    late: Duration,
}

fn path(port: u16) -> Path {
    Path { remote: SocketAddr::from(([192, 0, 2, 1], port)), local: None }
}

impl Scene {
    /// The client knows the server's key, or not.
    pub fn new(known: bool) -> Self {
        // A copy would repair most of what the ladders are to show.
        Self::with(known, TransportConfig { redundancy: Redundancy::Off, ..TransportConfig::default() })
    }

    fn with(known: bool, config: TransportConfig) -> Self {
        let recorders = [Side::Client, Side::Server].map(|side| Arc::new(Recorder::new(side)));
        let tracers = recorders.each_ref().map(|recorder| Tracer::new(Arc::clone(recorder) as Arc<dyn Sink>));
        let [client_tracer, server_tracer] = tracers;
        let config = TransportConfig { unix_ms_at_zero: 1, ..config };
        let identity = Arc::new(Identity::from_secret([2; 32]));
        let hello = ClientHello {
            identity: Arc::new(Identity::from_secret([1; 32])),
            server: known.then(|| identity.public()),
            greeting: b"ann".to_vec(),
            trust: Arc::new(TrustAll),
        };
        let setup = ServerSetup { config, identity, greeting: b"the server".to_vec(), max_sessions: 1 };
        let mut server = Endpoint::new(setup, Rng::from_seed(2), server_tracer);
        if known {
            server.on_met(hello.identity.public(), 0);
        }
        let client = Connection::client(at(0), config, hello, path(2), Rng::from_seed(1), client_tracer);
        Self {
            now: at(0),
            client,
            server,
            recorders,
            under_way: VecDeque::new(),
            vanish: [0; 2],
            late: Duration::ZERO,
        }
    }

    /// One that has been connected and idle for a second and a half, so that the round trip is known.
    pub fn connected() -> Self {
        let mut scene = Self::new(false);
        scene.run_until(1_500);
        scene
    }

    /// The same in a teaching mode with a window of four packets.
    pub fn connected_in(arq: Arq) -> Self {
        let congestion = if arq == Arq::TcpLike { Congestion::NewReno } else { Congestion::Fixed(4) };
        let mut scene = Self::with(false, TransportConfig { arq, congestion, ..TransportConfig::default() });
        scene.run_until(1_500);
        scene
    }

    /// The client says five bytes in its first room.
    pub fn say(&mut self) {
        self.say_in(0);
    }

    /// The same in another room.
    pub fn say_in(&mut self, room: u64) {
        self.client.send(ChannelId::room(room), b"hello"[..].into()).expect("room for a message");
        self.drain();
    }

    /// The next datagram from this side vanishes.
    pub fn lose_next(&mut self, side: Side) {
        self.vanish[usize::from(side == Side::Server)] += 1;
    }

    /// The client's next datagram comes so many milliseconds late.
    pub fn delay_next(&mut self, ms: u64) {
        self.late = Duration::from_millis(ms);
    }

    /// Until so many milliseconds after the beginning.
    pub fn run_until(&mut self, ms: u64) {
        let end = at(ms * 1_000);
        self.drain();
        loop {
            let wakes = [
                self.under_way.front().map(|(due, ..)| *due),
                self.client.poll_timeout().map(|(due, _)| due),
                self.server.poll_timeout(),
            ];
            let Some(next) = wakes.into_iter().flatten().min().filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            self.step();
            self.drain();
        }
        self.now = end;
    }

    fn step(&mut self) {
        if self.under_way.front().is_none_or(|(due, ..)| *due > self.now) {
            self.client.handle_timeout(self.now);
            self.server.handle_timeout(self.now);
        } else if let Some((_, from, mut datagram)) = self.under_way.pop_front() {
            match from {
                Side::Client => self.server.handle_datagram(self.now, path(1), &mut datagram),
                Side::Server => self.client.handle_datagram(self.now, path(2), &mut datagram),
            }
        }
    }

    fn drain(&mut self) {
        let mut buffer = Vec::new();
        while self.client.poll_event(self.now).is_some() || self.server.poll_event().is_some() {}
        while self.client.poll_transmit(self.now, &mut buffer).is_some() {
            self.post(Side::Client, &buffer);
        }
        while self.server.poll_transmit(self.now, &mut buffer).is_some() {
            self.post(Side::Server, &buffer);
        }
    }

    fn post(&mut self, from: Side, datagram: &[u8]) {
        let vanish = &mut self.vanish[usize::from(from == Side::Server)];
        if *vanish > 0 {
            *vanish -= 1;
        } else {
            let late = if from == Side::Client { std::mem::take(&mut self.late) } else { Duration::ZERO };
            let due = self.now + ONE_WAY + late;
            let place = self.under_way.partition_point(|(other, ..)| *other <= due);
            self.under_way.insert(place, (due, from, datagram.to_vec()));
        }
    }

    /// What both ends told since so many milliseconds after the beginning.
    pub fn facts(&self, since_ms: u64) -> Vec<Recorded> {
        let facts = self.recorders.iter().flat_map(|recorder| recorder.recorded());
        facts.filter(|fact| fact.at >= at(since_ms * 1_000)).collect()
    }

    /// The same, drawn; round trips left out where they are not the matter.
    pub fn ladder(&self, since_ms: u64, round_trips: bool) -> String {
        let mut facts = self.facts(since_ms);
        facts.retain(|fact| round_trips || !matches!(fact.event, TraceEvent::RttSampled { .. }));
        Ladder::of(&facts).to_string()
    }
}
