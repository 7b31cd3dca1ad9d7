//! Who plays the world around a chat server in its tests?

use crate::chat::codec::{decode_to_client, encode_greeting};
use crate::chat::message::Role;
use crate::chat::message::{
    Counter, Failure, Greeting, Instance, MessageId, PRIVATE_CHANNEL, PersonEntry, ToClient, ToServer,
};
use crate::chat::server::{
    ChatConfig, ChatHappening, ChatLimits, ChatServer, DoorConfig, Effect, Peer, Rule, SessionKey,
};
use crate::store::members::MembersInMemory;
use crate::store::{Keep, Key, MemoryStore, Store, StoreReply, StoreRequest, WithMembers};
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Milliseconds since 1970 at the zero of virtual time.
pub const EPOCH_MS: u64 = 1_800_000_000_000;
/// The key of whoever runs the server.
pub const OWNER: Key = [9; 32];

/// A server with its store, its clock, and what its sessions were sent.
pub struct World {
    pub server: ChatServer,
    pub store: MemoryStore,
    /// Accounts and tokens, where the door asks for them.
    pub members: MembersInMemory,
    pub now: Instant,
    /// Asked of the store and not yet answered.
    pub requests: VecDeque<StoreRequest>,
    /// Is the store to answer only when told, by [`World::answer_store`]?
    pub store_waits: bool,
    /// Do queues drain only when told, by [`World::drain`]?
    pub queues_wait: bool,
    pub happenings: Vec<ChatHappening>,
    pub closed: BTreeMap<u64, (u16, String)>,
    inboxes: BTreeMap<u64, VecDeque<(u64, ToClient)>>,
    filled: BTreeSet<SessionKey>,
    pub sent: usize,
}

impl World {
    pub fn new() -> Self {
        Self::with_limits(ChatLimits::default())
    }

    pub fn with_limits(limits: ChatLimits) -> Self {
        Self::over(MemoryStore::default(), limits)
    }

    /// A server that starts over what this store has kept.
    pub fn over(store: MemoryStore, limits: ChatLimits) -> Self {
        Self::keeping(Keep::ALL, store, limits)
    }

    /// The same, which keeps so much.
    pub fn keeping(keep: Keep, store: MemoryStore, limits: ChatLimits) -> Self {
        let config = ChatConfig {
            server_name: "here".to_owned(),
            unix_ms_at_zero: EPOCH_MS,
            owner: Some(OWNER),
            keep,
            limits,
        };
        Self {
            server: ChatServer::new(config, store.snapshot(EPOCH_MS)),
            store,
            members: MembersInMemory::default(),
            now: Instant::ZERO,
            requests: VecDeque::new(),
            store_waits: false,
            queues_wait: false,
            happenings: Vec::new(),
            closed: BTreeMap::new(),
            inboxes: BTreeMap::new(),
            filled: BTreeSet::new(),
            sent: 0,
        }
    }

    /// A server with this door, and nobody in it.
    pub fn with_door(rule: Rule) -> Self {
        let mut world = Self::new();
        let config = DoorConfig { rule, has_members: true, ..DoorConfig::default() };
        world.server = world.server.with_door(config);
        world
    }

    fn ask_store(&mut self, request: StoreRequest) -> StoreReply {
        let (store, members) = (std::mem::take(&mut self.store), std::mem::take(&mut self.members));
        let mut both = WithMembers { store, members };
        let reply = both.handle(request);
        (self.store, self.members) = (both.store, both.members);
        reply
    }

    /// A session begins, of the instance with this number.
    pub fn connect(&mut self, session: u64, key: Key, instance: u8, name: &str) {
        self.connect_since(session, key, instance, name, 0);
    }

    /// A session begins of an instance that has shown its private messages up to this one.
    pub fn connect_since(&mut self, session: u64, key: Key, instance: u8, name: &str, private_since: u64) {
        let instance = Instance([instance; 16]);
        let private_since = (private_since > 0).then_some(MessageId(private_since));
        self.greet(session, key, &Greeting { instance, private_since, ..greeting(name) });
    }

    /// A session begins, with this greeting.
    pub fn greet(&mut self, session: u64, key: Key, greeting: &Greeting) {
        let peer = Peer { key, transport: "udp", address: format!("10.0.0.{session}:5000") };
        self.server.handle_connected(self.now, SessionKey(session), peer, &encode_greeting(greeting));
        self.settle();
    }

    /// The server hears a message.
    pub fn hear(&mut self, session: u64, channel: u64, message: &ToServer) {
        let bytes = crate::chat::codec::encode_to_server(message);
        self.server.handle_message(self.now, SessionKey(session), channel, &bytes);
        self.settle();
    }

    /// A session ends.
    pub fn disconnect(&mut self, session: u64) {
        self.server.handle_closed(self.now, SessionKey(session), "left");
        self.settle();
    }

    /// A session goes silent, or is back.
    pub fn set_lost(&mut self, session: u64, lost: bool) {
        self.server.handle_liveness(self.now, SessionKey(session), lost);
        self.settle();
    }

    /// Time passes; the server wakes whenever it asked to.
    pub fn pass_ms(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(at) = self.server.poll_timeout().filter(|at| *at <= end) {
            assert!(at >= self.now || self.store_waits, "a timer in the past");
            self.now = at.max(self.now);
            self.server.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    /// The store answers what it was asked first.
    pub fn answer_store(&mut self) {
        if let Some(request) = self.requests.pop_front() {
            let reply = self.ask_store(request);
            self.server.handle_stored(self.now, reply);
            self.settle();
        }
    }

    /// The store fails what it was asked first.
    pub fn fail_store(&mut self) {
        if let Some(request) = self.requests.pop_front() {
            self.server.handle_stored(self.now, request.refused("the disk is full"));
            self.settle();
        }
    }

    /// The queue of this session is low again, if anything was in it.
    pub fn drain(&mut self, session: u64) {
        if self.filled.remove(&SessionKey(session)) {
            self.server.handle_drained(self.now, SessionKey(session));
            self.settle();
        }
    }

    /// Carries out all effects, until nothing moves.
    pub fn settle(&mut self) {
        loop {
            while let Some(effect) = self.server.poll_effect() {
                self.carry_out(effect);
            }
            if !self.store_waits
                && let Some(request) = self.requests.pop_front()
            {
                let reply = self.ask_store(request);
                self.server.handle_stored(self.now, reply);
            } else if !self.queues_wait
                && let Some(session) = self.filled.pop_first()
            {
                self.server.handle_drained(self.now, session);
            } else {
                return;
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Send { session, channel, bytes } => {
                assert!(bytes.len() <= 65_536, "longer than a message may be");
                assert!(!self.closed.contains_key(&session.0), "sent to a closed session");
                let message = decode_to_client(&bytes).unwrap();
                // Every welcome has these, and few tests are about them.
                if matches!(message, ToClient::Terms { role: Role::Member, .. }) {
                    return;
                }
                self.inboxes.entry(session.0).or_default().push_back((channel, message));
                self.filled.insert(session);
                self.sent += 1;
            }
            Effect::Close { session, code, text } => {
                let before = self.closed.insert(session.0, (code, text));
                assert_eq!(before, None, "closed twice");
                self.filled.remove(&session);
            }
            Effect::Store(request) => self.requests.push_back(request),
            Effect::Happened(happening) => self.happenings.push(happening),
            Effect::Entered { .. } => {}
        }
    }

    /// The next message that a session was sent on this channel.
    pub fn next_on(&mut self, session: u64, channel: u64) -> Option<ToClient> {
        let inbox = self.inboxes.get_mut(&session)?;
        let index = inbox.iter().position(|(of, _)| *of == channel)?;
        inbox.remove(index).map(|(_, message)| message)
    }

    /// The channels on which something waits for this session.
    pub fn channels(&self, session: u64) -> Vec<u64> {
        let of = |inbox: &VecDeque<(u64, ToClient)>| inbox.iter().map(|(channel, _)| *channel).collect();
        let found: BTreeSet<u64> = self.inboxes.get(&session).map(of).unwrap_or_default();
        found.into_iter().collect()
    }

    /// All that a session was sent, with the channels.
    pub fn take(&mut self, session: u64) -> Vec<(u64, ToClient)> {
        self.inboxes.remove(&session).unwrap_or_default().into()
    }

    /// Forgets all that was sent so far.
    pub fn take_all(&mut self) {
        self.inboxes.clear();
        self.happenings.clear();
        self.sent = 0;
    }

    /// What a session was sent, in short, as a list of lines; forgets it.
    pub fn lines(&mut self, session: u64) -> Vec<String> {
        self.take(session).into_iter().map(|(channel, message)| line(channel, message)).collect()
    }
}

/// The greeting of somebody new under this name.
pub fn greeting(name: &str) -> Greeting {
    Greeting {
        instance: Instance::default(),
        name: name.to_owned(),
        private_since: None,
        settled: Counter(0),
        agent: "test".to_owned(),
    }
}

/// A message to a client, in short.
fn line(channel: u64, message: ToClient) -> String {
    let room = if channel >= 8 { format!("{channel} ") } else { String::new() };
    let failed = |failure: Failure| failure.code;
    match message {
        ToClient::Accepted { counter: Counter(counter), id } => {
            format!("{room}accepted {counter} as {}", id.0)
        }
        ToClient::Rejected { counter: Counter(counter), failure } => {
            format!("{room}rejected {counter} {}", failed(failure))
        }
        ToClient::Message { message: m, history } => {
            let history = if history { " (history)" } else { "" };
            format!("{room}#{} {}: {}{history}", m.id.0, m.name, m.text)
        }
        ToClient::Private(m) => {
            assert_eq!(channel, PRIVATE_CHANNEL);
            format!("private #{} {} -> {}: {}", m.id.0, m.from, m.to, m.text)
        }
        ToClient::PrivateCopy(m) => {
            assert_eq!(channel, PRIVATE_CHANNEL);
            format!("copy of private {} -> {}: {}", m.from, m.to, m.text)
        }
        ToClient::Asked { wanted, tries_left, .. } => format!("asked {wanted:?} {tries_left}"),
        ToClient::Welcome { name, .. } => format!("welcome {name}"),
        ToClient::Joined { room: name, people, last, .. } => {
            format!("{room}joined {name} with {} at {}", people.join(","), last.0)
        }
        ToClient::JoinFailed { failure } => format!("{room}join failed {}", failed(failure)),
        ToClient::Parted => format!("{room}parted"),
        ToClient::HistoryGap { missed } => format!("{room}gap {missed}"),
        ToClient::MembersJoined { names } => format!("{room}+{}", names.join(",")),
        ToClient::MembersLeft { names } => format!("{room}-{}", names.join(",")),
        ToClient::Presence { changes } => {
            let entry = |entry: &PersonEntry| format!("{} {:?}", entry.name, entry.state);
            format!("presence {}", changes.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        ToClient::Renamed { old, new, .. } => format!("{old} is {new}"),
        ToClient::Done { request } => format!("done {}", request.0),
        ToClient::Failed { request, failure } => format!("failed {} {}", request.0, failed(failure)),
        ToClient::Notice { text } => format!("notice {text}"),
        ToClient::Terms { role, .. } => format!("role {}", role.word()),
        ToClient::Topic { text, by } => format!("{room}topic {text} ({by})"),
        ToClient::SeenByAll { through } => format!("{room}seen by all {}", through.0),
        ToClient::PrivateSeen { by, through } => format!("{by} has seen {}", through.0),
        ToClient::Typing { name } => format!("{room}{name} is typing"),
        other => format!("{other:?}"),
    }
}
