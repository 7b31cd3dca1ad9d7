//! One client, one server, in each state that a connection can be in.
//!
//! ```text
//!   client   hello sent ─▶ retried ─▶ finish sent ─▶ established ─▶ closing ─▶ drained
//!   server   unknown ─▶ half-open (XX) │ unproven (IK) ─▶ established ─▶ rekeyed ─▶ closing
//! ```
//!
//! A scene stands still in its state: what the other end has said last is on the wire and not delivered. The same
//! state is made the same way each time, to the byte, so that a scene that was besieged can be held against one
//! that was not.

use sayagain::crypto::Identity;
use sayagain::rng::Rng;
use sayagain::time::{Duration, Instant, at};
use sayagain::trace::Tracer;
use sayagain::transport::config::TransportConfig;
use sayagain::transport::connection::Connection;
use sayagain::transport::endpoint::{Endpoint, ServerSetup};
use sayagain::transport::handshake::client::ClientHello;
use sayagain::transport::path::Path;
use sayagain::transport::session::{ChannelId, CloseCode, SessionEvent};
use sayagain::transport::trust::TrustAll;
use sayagain::wire::datagram::ConnectionId;
use std::net::SocketAddr;
use std::sync::Arc;

/// Who is besieged, and where in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    HelloSent,
    Retried,
    FinishSent,
    ClientEstablished,
    ClientClosing,
    Drained,
    Unknown,
    HalfOpen,
    Unproven,
    ServerEstablished,
    Rekeyed,
    ServerClosing,
}

impl State {
    pub const ALL: [Self; 12] = [
        Self::HelloSent,
        Self::Retried,
        Self::FinishSent,
        Self::ClientEstablished,
        Self::ClientClosing,
        Self::Drained,
        Self::Unknown,
        Self::HalfOpen,
        Self::Unproven,
        Self::ServerEstablished,
        Self::Rekeyed,
        Self::ServerClosing,
    ];

    /// Is it the server that is besieged?
    pub fn is_of_server(self) -> bool {
        self as usize >= Self::Unknown as usize
    }

    /// Does a server in this state answer strangers for its session's sake, so that what it says later is not the
    /// same to the byte?
    pub fn answers_strangers(self) -> bool {
        matches!(self, Self::Unknown | Self::HalfOpen | Self::Unproven)
    }

    fn is_known(self) -> bool {
        matches!(self, Self::Unproven)
    }

    fn is_to_be_ended(self) -> bool {
        matches!(self, Self::ClientClosing | Self::Drained | Self::ServerClosing)
    }
}

/// What came of a scene: each datagram that left either end, and each event, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    pub lines: Vec<String>,
}

/// The two ends and what is between them.
pub struct Scene {
    state: State,
    now: Instant,
    client: Connection,
    server: Endpoint,
    session: Option<ConnectionId>,
    /// On the wire: to the client, to the server.
    wire: [Vec<Vec<u8>>; 2],
    /// All that was delivered, likewise.
    delivered: [Vec<Vec<u8>>; 2],
    outcome: Outcome,
    buffer: Vec<u8>,
}

pub fn client_path() -> Path {
    Path { remote: SocketAddr::from(([10, 1, 0, 1], 40_000)), local: None }
}

pub fn server_path() -> Path {
    Path { remote: SocketAddr::from(([10, 0, 0, 1], 4_747)), local: None }
}

fn new_client(seed: u64, is_known: bool) -> Connection {
    let server = Identity::from_secret([2; 32]);
    let hello = ClientHello {
        identity: Arc::new(Identity::from_secret([1; 32])),
        server: is_known.then(|| server.public()),
        greeting: b"ann".to_vec(),
        trust: Arc::new(TrustAll),
    };
    let config = TransportConfig { rekey_packets: 20, ..TransportConfig::default() };
    Connection::client(at(0), config, hello, server_path(), Rng::from_seed(seed), Tracer::default())
}

const TO_CLIENT: usize = 0;
const TO_SERVER: usize = 1;

impl Scene {
    /// The scene in this state.
    pub fn in_state(state: State) -> Self {
        let config = TransportConfig { rekey_packets: 20, ..TransportConfig::default() };
        let identity = Arc::new(Identity::from_secret([2; 32]));
        let setup = ServerSetup { config, identity, greeting: b"the server".to_vec(), max_sessions: 100 };
        let mut scene = Self {
            state,
            now: at(0),
            client: new_client(1, state.is_known()),
            server: Endpoint::new(setup, Rng::from_seed(5), Tracer::default()),
            session: None,
            wire: Default::default(),
            delivered: Default::default(),
            outcome: Outcome::default(),
            buffer: Vec::new(),
        };
        scene.bring_about(state);
        scene.outcome = Outcome::default();
        scene
    }

    fn bring_about(&mut self, state: State) {
        if state == State::Retried {
            self.crowd();
        }
        self.listen();
        if state == State::Unknown {
            return;
        }
        self.hand(TO_SERVER);
        match state {
            State::HelloSent => {}
            State::HalfOpen | State::Unproven => self.hand(TO_CLIENT),
            // The cookie, and the hello that brings it; or the welcome, and the finish.
            State::Retried | State::FinishSent => {
                self.hand(TO_CLIENT);
                self.hand(TO_SERVER);
            }
            _ => {
                self.talk(if state == State::Rekeyed { 100 } else { 5 });
                self.come_to(state);
            }
        }
    }

    fn come_to(&mut self, state: State) {
        match state {
            State::ClientEstablished => self.say(TO_CLIENT),
            State::ServerEstablished | State::Rekeyed => self.say(TO_SERVER),
            State::ServerClosing => {
                let session = self.session.expect("a session");
                self.server.close(self.now, session, CloseCode::SHUTDOWN, "enough");
                self.listen();
                self.hand(TO_CLIENT);
            }
            State::ClientClosing => {
                self.client.close(self.now, CloseCode::GOODBYE, "enough");
                self.listen();
                self.hand(TO_SERVER);
            }
            _ => {
                self.client.close(self.now, CloseCode::GOODBYE, "enough");
                (0..2_000).for_each(|_| self.pass(Duration::from_millis(5)));
                assert!(self.client.is_over() && self.server.is_empty());
            }
        }
    }

    /// So many others at the client's address that a cookie is asked for.
    fn crowd(&mut self) {
        for seed in 100..164 {
            let mut other = new_client(seed, false);
            other.poll_transmit(self.now, &mut self.buffer).expect("a hello");
            let mut path = client_path();
            path.remote.set_port(seed as u16);
            self.server.handle_datagram(self.now, path, &mut self.buffer);
        }
        while self.server.poll_transmit(self.now, &mut self.buffer).is_some() {}
    }

    /// Both say so many messages, and hear each other.
    fn talk(&mut self, messages: usize) {
        for _ in 0..messages {
            self.say(TO_CLIENT);
            self.say(TO_SERVER);
            (0..3).for_each(|_| self.pass(Duration::from_millis(5)));
        }
        (0..40).for_each(|_| self.pass(Duration::from_millis(5)));
    }

    /// One end says something, if there is a session; it is on the wire then.
    fn say(&mut self, direction: usize) {
        let text = format!("message {} on the way {direction}", self.now.as_micros());
        let (room, bytes) = (ChannelId::room(0), text.into_bytes().into());
        // What cannot be sent shows in what is compared.
        let _ = match (direction, self.session) {
            (TO_SERVER, _) => self.client.send(room, bytes),
            (_, Some(session)) => self.server.send(self.now, session, room, bytes),
            (_, None) => Ok(()),
        };
        self.listen();
    }

    /// What both ends have to say goes onto the wire; what they tell is noted.
    fn listen(&mut self) {
        while self.client.poll_transmit(self.now, &mut self.buffer).is_some() {
            self.note(format!("client: {:02x?}", self.buffer));
            self.wire[TO_SERVER].push(self.buffer.clone());
        }
        while let Some(path) = self.server.poll_transmit(self.now, &mut self.buffer) {
            if path.remote == client_path().remote {
                self.note(format!("server: {:02x?}", self.buffer));
                self.wire[TO_CLIENT].push(self.buffer.clone());
            }
        }
        while let Some(event) = self.client.poll_event(self.now) {
            self.note(format!("client tells {event:?}"));
        }
        while let Some((session, event)) = self.server.poll_event() {
            if matches!(event, SessionEvent::Connected { .. }) {
                self.session = Some(session);
            }
            self.note(format!("server tells {event:?}"));
        }
    }

    fn note(&mut self, line: String) {
        self.outcome.lines.push(line);
    }

    /// What is on the wire in this direction arrives.
    fn hand(&mut self, direction: usize) {
        for datagram in std::mem::take(&mut self.wire[direction]) {
            self.deliver(direction, datagram.clone(), client_path());
            self.delivered[direction].push(datagram);
        }
        self.listen();
    }

    fn deliver(&mut self, direction: usize, mut datagram: Vec<u8>, from: Path) {
        if direction == TO_CLIENT {
            self.client.handle_datagram(self.now, server_path(), &mut datagram);
        } else {
            self.server.handle_datagram(self.now, from, &mut datagram);
        }
    }

    fn pass(&mut self, span: Duration) {
        self.now += span;
        self.hand(TO_CLIENT);
        self.hand(TO_SERVER);
        if self.client.poll_timeout().is_some_and(|(due, _)| due <= self.now) {
            self.client.handle_timeout(self.now);
        }
        if self.server.poll_timeout().is_some_and(|due| due <= self.now) {
            self.server.handle_timeout(self.now);
        }
        self.listen();
    }

    fn besieged(&self) -> usize {
        if self.state.is_of_server() { TO_SERVER } else { TO_CLIENT }
    }

    /// What an attacker has to work from: all that was ever on its way to either end.
    pub fn seen(&self) -> Vec<Vec<u8>> {
        let own = self.besieged();
        [&self.delivered[own], &self.wire[own], &self.delivered[1 - own]]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// What the true peer has said and the besieged has not heard yet.
    pub fn due(&self) -> &[Vec<u8>] {
        &self.wire[self.besieged()]
    }

    /// A datagram of an attacker's. An error tells what it brought about.
    pub fn strike(&mut self, datagram: &[u8], from: Path) -> Result<(), String> {
        self.deliver(self.besieged(), datagram.to_vec(), from);
        if let Some((_, event)) = self.server.poll_event() {
            return Err(format!("the server tells {event:?}"));
        }
        if let Some(event) = self.client.poll_event(self.now) {
            return Err(format!("the client tells {event:?}"));
        }
        if self.client.poll_transmit(self.now, &mut self.buffer).is_some() {
            return Err(format!("the client says {:02x?}", self.buffer));
        }
        while self.server.poll_transmit(self.now, &mut self.buffer).is_some() {
            let is_packet = self.buffer[0] & 0x80 == 0;
            if is_packet && !self.state.answers_strangers() {
                return Err(format!("the session says {:02x?}", self.buffer));
            }
        }
        match self.session.and_then(|session| self.server.path(session)) {
            Some(path) if path != client_path() => Err(format!("the session moved to {path:?}")),
            _ => Ok(()),
        }
    }

    /// Life goes on, and both say something now and then: everything that came of it.
    pub fn goes_on(mut self) -> Outcome {
        for step in 0..400 {
            if step % 40 == 10 {
                self.say(TO_CLIENT);
                self.say(TO_SERVER);
            }
            self.pass(Duration::from_millis(5));
        }
        self.outcome
    }

    /// Was everything said heard, and is the session what it should be?
    pub fn assert_well(state: State, outcome: &Outcome) {
        let heard = |who: &str| {
            let start = format!("{who} tells Message");
            outcome.lines.iter().filter(|line| line.starts_with(&start)).count()
        };
        let closed = outcome.lines.iter().filter(|line| line.contains(" tells Closed")).count();
        if state.is_to_be_ended() {
            return;
        }
        assert_eq!(closed, 0, "{state:?}");
        // Ten each; the server can speak only once it knows of a session.
        assert!(
            heard("server") >= 10 && heard("client") >= 9,
            "{state:?}: {} and {}",
            heard("server"),
            heard("client")
        );
    }
}
