//! Does a whole server bear whatever somebody says who has not proved anything yet?
//!
//! The input is a script of datagrams from a few addresses: any bytes; bytes behind a checksum made true; and
//! handshakes in good order of somebody with keys, around any parameters, greeting and first words. Shared with
//! the fuzzer, see `fuzz/`.
//!
//! **Promises.** Nothing panics or spins; an address that has not proved itself gets no more bytes than came from
//! it; sessions and answers keep their bounds.

use super::checksum::with_checksum;
use sayagain::chat::codec::encode_greeting;
use sayagain::chat::message::{Counter, Greeting, Instance};
use sayagain::chat::quota::Terms;
use sayagain::crypto::{Identity, Initiator, Pattern};
use sayagain::rng::Rng;
use sayagain::service::api::{Path, ServerConfig};
use sayagain::service::{ServerCore, ServerNode};
use sayagain::store::{MemoryStore, Snapshot, Store};
use sayagain::time::{Duration, Instant, at};
use sayagain::trace::Tracer;
use sayagain::transport::channel::ChannelLimits;
use sayagain::transport::config::Choices;
use sayagain::transport::handshake::prologue;
use sayagain::transport::params::Params;
use sayagain::transport::session::LivenessConfig;
use sayagain::wire::datagram::{ConnectionId, Handshake, put_handshake, read_handshake};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Datagrams of one moment, beyond which a server never comes to rest.
const AT_ONCE_MAX: usize = 5_000;
/// The longest payload of a handshake message that fits into a datagram.
const PAYLOAD_MAX: usize = 900;
const SESSIONS_MAX: usize = 20;

struct Scene {
    now: Instant,
    is_clear: bool,
    identity: Identity,
    node: ServerNode,
    store: MemoryStore,
    /// Bytes from and to each address.
    bytes: BTreeMap<SocketAddr, [usize; 2]>,
    /// Those who came to their keys.
    proven: Vec<SocketAddr>,
    answers: Vec<Vec<u8>>,
    handshakes: u64,
    most_sessions: usize,
}

impl Scene {
    fn new(is_clear: bool) -> Self {
        let identity = Identity::from_secret([2; 32]);
        let config = ServerConfig {
            keep: sayagain::store::Keep::ALL,
            server_name: "fuzz".to_owned(),
            insecure: is_clear,
            liveness: LivenessConfig::default(),
            choices: Choices::default(),
            unix_ms_at_zero: 0,
            owner: None,
            max_sessions: SESSIONS_MAX,
            terms: Terms::UNLIMITED,
        };
        let node =
            ServerNode::new(&config, &identity, Snapshot::default(), Rng::from_seed(1), Tracer::default());
        Self {
            now: at(0),
            is_clear,
            identity,
            node,
            store: MemoryStore::default(),
            bytes: BTreeMap::new(),
            proven: Vec::new(),
            answers: Vec::new(),
            handshakes: 0,
            most_sessions: 0,
        }
    }

    /// A datagram comes; what is said to its sender is kept until the next.
    fn strike(&mut self, from: SocketAddr, mut datagram: Vec<u8>) {
        self.bytes.entry(from).or_default()[0] += datagram.len();
        self.answers.clear();
        self.node.handle_datagram(self.now, Path { remote: from, local: None }, &mut datagram);
        self.drain(Some(from));
    }

    fn drain(&mut self, asker: Option<SocketAddr>) {
        let mut buffer = Vec::new();
        for turn in 0.. {
            assert!(turn < AT_ONCE_MAX, "the server never comes to rest");
            while self.node.poll_event().is_some() {}
            if let Some(request) = self.node.poll_store() {
                self.node.handle_store_reply(self.now, self.store.handle(request));
            } else if let Some(to) = self.node.poll_transmit(self.now, &mut buffer) {
                let [came, went] = self.bytes.entry(to.remote).or_default();
                *went += buffer.len();
                let is_proven = self.proven.contains(&to.remote);
                assert!(is_proven || went <= came, "{went} bytes for {came} to {}", to.remote);
                if Some(to.remote) == asker {
                    self.answers.push(buffer.clone());
                }
            } else {
                break;
            }
        }
        assert!(self.node.sessions() <= SESSIONS_MAX);
        self.most_sessions = self.most_sessions.max(self.node.sessions());
    }

    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        for turn in 0.. {
            let Some(due) = self.node.poll_timeout().filter(|due| *due <= end) else { break };
            assert!(turn < AT_ONCE_MAX, "a timer never rests");
            self.now = self.now.max(due);
            self.node.handle_timeout(self.now);
            self.drain(None);
        }
        self.now = end;
    }

    /// A handshake of somebody with keys, around this payload.
    fn shake_hands(&mut self, from: SocketAddr, pattern: Pattern, payload: &[u8]) {
        let payload = &payload[..payload.len().min(PAYLOAD_MAX)];
        self.handshakes += 1;
        let (own, identity) = (self.own_id(), Identity::from_secret([3; 32]));
        let (server, seed) = (self.identity.public(), [self.handshakes as u8; 32]);
        let prologue = prologue(pattern.to_byte(), own);
        let begun = Initiator::new(pattern, &identity, Some(server), &prologue, seed);
        let mut initiator = begun.expect("the key is known");
        let first = if pattern == Pattern::Xx { &[] } else { payload };
        let Ok(noise) = initiator.write_hello(first) else { return };
        let content = Handshake::Hello { pattern: pattern.to_byte(), token: &[], noise: &noise };
        let mut hello = Vec::new();
        put_handshake(&mut hello, ConnectionId(0), own, &content);
        self.strike(from, hello);
        let answers = std::mem::take(&mut self.answers);
        let part = answers.iter().find_map(|answer| read_handshake(answer).ok());
        let Some((source, Some(Handshake::Welcome { noise }))) = part.map(|part| (part.source, part.content))
        else {
            return;
        };
        if pattern == Pattern::Xx && initiator.read_welcome(noise).is_ok() {
            let noise = initiator.write_finish(payload).expect("fits");
            let mut finish = Vec::new();
            put_handshake(&mut finish, source, own, &Handshake::Finish { noise: &noise });
            // Whoever ends a handshake of three messages has heard the second.
            self.proven.push(from);
            self.strike(from, finish);
        }
    }

    /// What the client of the present handshake calls it.
    fn own_id(&self) -> ConnectionId {
        ConnectionId(self.handshakes)
    }
}

/// Parameters in good order, with this greeting and these first words.
fn params(own: ConnectionId, greeting: &[u8], early: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    Params {
        connection_id: own,
        limits: ChannelLimits::default(),
        heartbeat_ms: 1_000,
        early_accepted: false,
        reset_token: [0; 16],
        stamp_us: 1,
        greeting,
        early,
    }
    .put(&mut payload);
    payload
}

/// A greeting in good order, with a name and an instance out of this.
fn greeting(words: &[u8]) -> Vec<u8> {
    let letters = words.iter().take(8).map(|byte| char::from(b'a' + byte % 26));
    let first = words.first().copied().unwrap_or(0);
    encode_greeting(&Greeting {
        instance: Instance([first; 16]),
        name: std::iter::once('a').chain(letters).collect(),
        private_since: None,
        settled: Counter(first.into()),
        agent: "a stranger".to_owned(),
    })
}

/// Plays a script; how many sessions there were at most. Panics where a promise is broken.
pub fn play(input: &[u8]) -> usize {
    let mut rest = input;
    let mut take = |len: usize| {
        let (run, after) = rest.split_at(len.min(rest.len()));
        rest = after;
        run
    };
    let mut scene = Scene::new(take(1).first().is_some_and(|byte| byte & 1 == 1));
    // Whom the server meets in its first message: known by its key, or in the clear.
    let at_once = if scene.is_clear { Pattern::Clear } else { Pattern::Ik };
    while let [opcode, address, len] = take(3) {
        let from = SocketAddr::from(([198, 18, 0, address % 4], 1_000));
        let run = take(usize::from(*len)).to_vec();
        let next = ConnectionId(scene.handshakes + 1);
        let (words, early) = run.split_at(run.len().min(usize::from(opcode >> 4) * 8));
        let greeting = if address & 4 == 0 { words.to_vec() } else { greeting(words) };
        match opcode % 10 {
            0 => scene.strike(from, run),
            1 => scene.strike(from, with_checksum(&run)),
            2 => scene.strike(from, padded_hello(next, &run)),
            3 => scene.shake_hands(from, at_once, &run),
            4 => scene.shake_hands(from, at_once, &params(next, &greeting, early)),
            5 => scene.shake_hands(from, Pattern::Xx, &run),
            6 => scene.shake_hands(from, Pattern::Xx, &params(next, &greeting, &[])),
            7 => scene.pass(Duration::from_millis(u64::from(*len) * 4)),
            8 => scene.pass(Duration::from_secs(u64::from(*len) / 8)),
            _ => scene.strike(from, finish(ConnectionId(u64::from(*address)), &run)),
        }
    }
    scene.most_sessions
}

/// A HELLO as long as it has to be, with this in the place of pattern, cookie and first message.
fn padded_hello(own: ConnectionId, run: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_handshake(&mut bytes, ConnectionId(0), own, &Handshake::Hello { pattern: 1, token: &[], noise: &[] });
    bytes[23..23 + run.len()].copy_from_slice(run);
    with_checksum(&bytes)
}

fn finish(to: ConnectionId, noise: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_handshake(&mut bytes, to, ConnectionId(9), &Handshake::Finish { noise });
    bytes
}
