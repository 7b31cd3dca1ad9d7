//! A room full of people: the server's real node, the people's real nodes, and a wire that an attacker holds.
//!
//! ```text
//!   person 0 ─┐                        ┌─ server ── store
//!   person 1 ─┼── wire, 5 ms ──────────┤
//!   …         │      ▲  │              │
//!             └──────┼──┼──────────────┘
//!        strike, plant  ▼ recording, tap
//! ```
//!
//! Virtual time in steps of a millisecond; the wire itself loses nothing, so that whatever goes wrong is the
//! attacker's doing.

use sayagain::chat::client::Reading;
use sayagain::chat::client::event::{LineNumber, UserEvent};
use sayagain::chat::quota::Terms;
use sayagain::crypto::Identity;
use sayagain::rng::Rng;
use sayagain::service::api::{
    ClientAction, ClientConfig, ClientEvent, Ending, NetworkInput, Path, ServerConfig, ServerEvent,
    StreamAction, StreamId,
};
use sayagain::service::{ClientCore, ClientNode, ServerCore, ServerNode};
use sayagain::store::{MemoryStore, Snapshot, Store};
use sayagain::time::{Duration, Instant, at};
use sayagain::trace::Tracer;
use sayagain::transport::config::Choices;
use sayagain::transport::session::{LivenessConfig, Transport};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// How long a datagram is under way.
pub const DELAY: Duration = Duration::from_millis(5);
const STEP: Duration = Duration::from_millis(1);

/// A datagram as the wire saw it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Whose it is.
    pub person: usize,
    /// To the server?
    pub is_up: bool,
    /// The person's address.
    pub address: SocketAddr,
    pub bytes: Vec<u8>,
}

/// What an attacker adds when he sees a datagram leave: when it arrives, from where, and what. It goes the same
/// way as what he saw.
pub type Copies = Vec<(Duration, SocketAddr, Vec<u8>)>;

enum Mail {
    Up(SocketAddr, Vec<u8>),
    Down(SocketAddr, Vec<u8>),
    Opened(usize),
    StreamUp(usize, StreamId, Vec<u8>),
    StreamDown(StreamId, Option<Vec<u8>>),
}

/// Who sits where.
#[derive(Clone, Debug)]
pub struct Seat {
    pub name: String,
    pub room: String,
    pub ip: [u8; 4],
    pub transport: Transport,
    /// Does the person know the server's key already?
    pub knows: bool,
}

impl Seat {
    /// The `index`-th person, at an address of their own, over UDP.
    pub fn own(index: usize) -> Self {
        Self {
            name: format!("person{index}"),
            room: "lobby".to_owned(),
            ip: [10, 0, (index / 250) as u8, (index % 250 + 1) as u8],
            transport: Transport::Udp,
            knows: index.is_multiple_of(2),
        }
    }
}

/// A person at their terminal.
pub struct Person {
    pub seat: Seat,
    pub node: ClientNode,
    pub address: SocketAddr,
    /// How often each text was shown.
    pub shown: BTreeMap<String, u32>,
    /// What must not have happened to somebody who is left alone.
    pub troubles: Vec<String>,
    pub is_in: bool,
    pub accepted: u64,
    pub lines: u64,
    pub ending: Option<Ending>,
    stream: Option<StreamId>,
}

/// The whole scene.
pub struct Room {
    pub now: Instant,
    pub server: ServerNode,
    store: MemoryStore,
    pub people: Vec<Person>,
    texts: Vec<(String, String)>,
    wire: BTreeMap<(Instant, u64), Mail>,
    posted: u64,
    pub recording: Vec<Seen>,
    pub is_recording: bool,
    pub tap: Box<dyn FnMut(&Seen) -> Copies>,
    /// Bytes to addresses at which nobody sits.
    pub strays: BTreeMap<SocketAddr, u64>,
    /// Where an attacker hears what is sent to him, and what he heard.
    pub listens_at: Option<SocketAddr>,
    pub letters: Vec<Vec<u8>>,
    /// How often the server took a person for having moved.
    pub moves: usize,
    pub rng: Rng,
    server_key: Identity,
    ports: u16,
}

impl Room {
    /// An empty room.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::from_seed(seed);
        let server_key = Identity::generate(&mut rng);
        let config = ServerConfig {
            keep: sayagain::store::Keep::ALL,
            server_name: "siege".to_owned(),
            insecure: false,
            liveness: LivenessConfig::default(),
            choices: Choices::default(),
            unix_ms_at_zero: 1_780_000_000_000,
            owner: None,
            max_sessions: 5_000,
            terms: Terms::UNLIMITED,
        };
        let server =
            ServerNode::new(&config, &server_key, Snapshot::default(), rng.fork(), Tracer::default());
        Self {
            now: at(0),
            server,
            store: MemoryStore::default(),
            people: Vec::new(),
            texts: Vec::new(),
            wire: BTreeMap::new(),
            posted: 0,
            recording: Vec::new(),
            is_recording: false,
            tap: Box::new(|_| Vec::new()),
            strays: BTreeMap::new(),
            listens_at: None,
            letters: Vec::new(),
            moves: 0,
            rng,
            server_key,
            ports: 1_024,
        }
    }

    /// A room of so many people, each at an address of their own, all of whom are in.
    pub fn of(people: usize, seed: u64) -> Self {
        let mut room = Self::new(seed);
        (0..people).for_each(|index| {
            room.enter(Seat::own(index));
        });
        room.pass(Duration::from_secs(2));
        room.assert_all_in();
        room
    }

    /// The server's key.
    pub fn server_key(&self) -> &Identity {
        &self.server_key
    }

    /// Somebody starts their program; their index.
    pub fn enter(&mut self, seat: Seat) -> usize {
        let key = self.server_key.public();
        let config = ClientConfig {
            transport: seat.transport.into(),
            name: seat.name.clone(),
            room: seat.room.clone(),
            reading: Reading::default(),
            insecure: false,
            expected_key: seat.knows.then_some(key),
            promised: None,
            pins: Vec::new(),
            addresses: 1,
            connect_timeout: Duration::from_mins(1),
            liveness: LivenessConfig::default(),
            choices: Choices::default(),
            unix_ms_at_zero: 1_780_000_000_000,
            linger: Duration::ZERO,
        };
        let identity = Identity::generate(&mut self.rng);
        let node = ClientNode::new(self.now, config, identity, self.rng.fork(), Tracer::default());
        let address = SocketAddr::from((seat.ip, 0));
        self.people.push(Person {
            seat,
            node,
            address,
            shown: BTreeMap::new(),
            troubles: Vec::new(),
            is_in: false,
            accepted: 0,
            lines: 0,
            ending: None,
            stream: None,
        });
        let index = self.people.len() - 1;
        self.settle(index);
        index
    }

    /// Somebody says something in their room.
    pub fn say(&mut self, person: usize, text: &str) {
        let (now, one) = (self.now, &mut self.people[person]);
        one.lines += 1;
        one.node.handle_line(now, LineNumber(one.lines), text);
        self.texts.push((one.seat.room.clone(), text.to_owned()));
        self.settle(person);
    }

    /// Everybody says something, a millisecond after one another; then time passes until it has arrived.
    pub fn chat(&mut self, round: &str) {
        for person in 0..self.people.len() {
            self.say(person, &format!("{round} {person}"));
            self.pass(STEP);
        }
        self.pass(Duration::from_millis(200));
    }

    /// Time passes.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            self.now += STEP;
            while let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let mail = entry.remove();
                self.deliver(mail);
            }
            if self.server.poll_timeout().is_some_and(|due| due <= self.now) {
                self.server.handle_timeout(self.now);
            }
            self.settle_server();
            for person in 0..self.people.len() {
                if self.people[person].node.poll_timeout().is_some_and(|due| due <= self.now) {
                    self.people[person].node.handle_timeout(self.now);
                    self.settle(person);
                }
            }
        }
    }

    /// A datagram of an attacker's comes to the server, as if from this address.
    pub fn strike(&mut self, from: SocketAddr, mut bytes: Vec<u8>) {
        self.server.handle_datagram(self.now, Path { remote: from, local: None }, &mut bytes);
        self.settle_server();
    }

    /// A datagram of an attacker's comes to a person.
    pub fn plant(&mut self, person: usize, mut bytes: Vec<u8>) {
        self.people[person].node.handle_network(self.now, NetworkInput::Datagram(&mut bytes));
        self.settle(person);
    }

    /// An address at which nobody sits.
    pub fn anywhere(&mut self) -> SocketAddr {
        let [a, b, c] = self.rng.bytes();
        SocketAddr::from(([198, 18 + a % 2, b, c], 1_024 + u16::from(a)))
    }

    /// Has nobody lost or seen anything that they should not have?
    pub fn assert_whole(&self) {
        self.assert_all_in();
        for person in &self.people {
            let name = &person.seat.name;
            assert_eq!(person.troubles, Vec::<String>::new(), "{name}");
            assert_eq!(person.accepted, person.lines, "{name}: what was said is not accepted");
            let due = self.texts.iter().filter(|(room, _)| *room == person.seat.room);
            let due: BTreeMap<String, u32> = due.map(|(_, text)| (text.clone(), 1)).collect();
            assert_eq!(person.shown, due, "{name}");
        }
    }

    /// Is everybody who was not refused in the room?
    pub fn assert_all_in(&self) {
        let out: Vec<&str> =
            self.people.iter().filter(|one| !one.is_in).map(|one| one.seat.name.as_str()).collect();
        assert_eq!(out, Vec::<&str>::new(), "not in");
        assert_eq!(self.server.sessions(), self.people.len());
    }

    fn post(&mut self, delay: Duration, mail: Mail) {
        self.posted += 1;
        self.wire.insert((self.now + delay, self.posted), mail);
    }

    /// A datagram leaves; the attacker sees it.
    fn post_datagram(&mut self, seen: Seen) {
        let Seen { is_up, address, .. } = seen;
        let mail =
            move |address, bytes| if is_up { Mail::Up(address, bytes) } else { Mail::Down(address, bytes) };
        for (delay, from, bytes) in (self.tap)(&seen) {
            self.post(delay, mail(if is_up { from } else { address }, bytes));
        }
        self.post(DELAY, mail(address, seen.bytes.clone()));
        if self.is_recording {
            self.recording.push(seen);
        }
    }

    fn deliver(&mut self, mail: Mail) {
        let now = self.now;
        match mail {
            Mail::Up(from, mut bytes) => {
                self.server.handle_datagram(now, Path { remote: from, local: None }, &mut bytes);
            }
            Mail::Down(to, mut bytes) => {
                if let Some(person) = self.people.iter().position(|one| one.address == to) {
                    self.people[person].node.handle_network(now, NetworkInput::Datagram(&mut bytes));
                    self.settle(person);
                }
            }
            Mail::Opened(person) => {
                let stream = self.server.handle_stream_opened(now, self.people[person].address);
                self.people[person].stream = Some(stream);
                self.people[person].node.handle_network(now, NetworkInput::StreamOpened);
                self.settle(person);
            }
            Mail::StreamUp(person, stream, bytes) => {
                if self.people[person].stream == Some(stream) {
                    self.server.handle_stream_bytes(now, stream, &bytes);
                }
            }
            Mail::StreamDown(stream, bytes) => {
                let Some(person) = self.people.iter().position(|one| one.stream == Some(stream)) else {
                    return;
                };
                let node = &mut self.people[person].node;
                match &bytes {
                    Some(bytes) => node.handle_network(now, NetworkInput::StreamBytes(bytes)),
                    None => {
                        node.handle_network(now, NetworkInput::StreamClosed("connection closed by the peer"));
                    }
                }
                self.settle(person);
            }
        }
        self.settle_server();
    }

    fn settle_server(&mut self) {
        let now = self.now;
        let mut buffer = Vec::new();
        while let Some(request) = self.server.poll_store() {
            self.server.handle_store_reply(now, self.store.handle(request));
        }
        while let Some(to) = self.server.poll_transmit(now, &mut buffer) {
            let address = to.remote;
            if let Some(person) = self.people.iter().position(|one| one.address == address) {
                self.post_datagram(Seen { person, is_up: false, address, bytes: buffer.clone() });
            } else {
                *self.strays.entry(address).or_default() += buffer.len() as u64;
                if self.listens_at == Some(address) {
                    self.letters.push(buffer.clone());
                }
            }
        }
        while let Some(action) = self.server.poll_stream() {
            match action {
                StreamAction::Write(stream) => {
                    let bytes = self.server.stream_output(stream).to_vec();
                    self.server.stream_written(now, stream, bytes.len());
                    self.post(DELAY, Mail::StreamDown(stream, Some(bytes)));
                }
                StreamAction::Close(stream) => self.post(DELAY, Mail::StreamDown(stream, None)),
            }
        }
        while let Some(event) = self.server.poll_event() {
            self.moves += usize::from(matches!(event, ServerEvent::Roamed { .. }));
        }
    }

    fn settle(&mut self, person: usize) {
        let now = self.now;
        while let Some(action) = self.people[person].node.poll_action() {
            self.act(person, action);
        }
        let mut buffer = Vec::new();
        while self.people[person].node.poll_transmit(now, &mut buffer) {
            let address = self.people[person].address;
            self.post_datagram(Seen { person, is_up: true, address, bytes: buffer.clone() });
        }
        let bytes = self.people[person].node.stream_output().to_vec();
        if let (Some(stream), false) = (self.people[person].stream, bytes.is_empty()) {
            self.people[person].node.stream_written(now, bytes.len());
            self.post(DELAY, Mail::StreamUp(person, stream, bytes));
        }
        while let Some(event) = self.people[person].node.poll_event() {
            self.people[person].on_event(event);
        }
    }

    fn act(&mut self, person: usize, action: ClientAction) {
        match action {
            ClientAction::Open { .. } | ClientAction::Rebind => {
                self.ports += 1;
                self.people[person].address.set_port(self.ports);
                if self.people[person].seat.transport == Transport::Tcp {
                    self.post(DELAY, Mail::Opened(person));
                }
            }
            ClientAction::Close { .. } => {
                if let Some(stream) = self.people[person].stream.take() {
                    self.server.handle_stream_closed(self.now, stream, "connection closed by the peer");
                }
            }
        }
    }
}

impl Person {
    fn on_event(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::User(UserEvent::Message { text, .. }) => {
                *self.shown.entry(text).or_default() += 1;
            }
            ClientEvent::User(UserEvent::Joined { own: true, .. }) => self.is_in = true,
            ClientEvent::User(UserEvent::Accepted { .. }) => self.accepted += 1,
            ClientEvent::User(
                event @ (UserEvent::Reconnecting { .. }
                | UserEvent::Disconnected { .. }
                | UserEvent::Warning { .. }
                | UserEvent::Error { .. }),
            ) => self.troubles.push(format!("{event:?}")),
            ClientEvent::Finished(ending) => self.ending = Some(ending),
            _ => {}
        }
    }
}
