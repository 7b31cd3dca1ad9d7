//! Do a client and a server keep their promises, whatever is called in whatever order and whatever comes?
//!
//! The input is a script: one byte says how they meet and what may happen, then come steps of an opcode and its operands. In the
//! clear a datagram that is changed has its checksum made true again, so that it gets to the inner readers.
//! Shared with the fuzzer, see `fuzz/`.
//!
//! **Promises.** Nothing panics; whoever is drained comes to an end; no timer asks for a moment that has passed
//! again and again; queues keep their bounds. As long as no datagram was changed or made up, each channel
//! delivers exactly what was handed in first; and if nobody closed either, all of it once the link is clean.

use super::checksum::with_checksum;
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
use sayagain::wire::datagram::{self, ConnectionId, DATA_HEADER, read_handshake};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

/// Datagrams under way in one direction; of more the oldest is lost.
const UNDER_WAY_MAX: usize = 64;
/// Datagrams or events of one end at one moment, beyond which it never comes to rest.
const AT_ONCE_MAX: usize = 5_000;
/// Turns of the clock after a script, at most; after one that changed something, there is less to be seen.
const TURNS_MAX: [usize; 2] = [100, 20_000];

/// The steps that are left of a script.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn run(&mut self) -> Vec<u8> {
        let len = self.byte().map_or(0, usize::from).min(self.0.len());
        let (run, rest) = self.0.split_at(len);
        self.0 = rest;
        run.to_vec()
    }
}

/// What one end handed in and the other got, by channel.
#[derive(Default)]
struct Ledger {
    sent: BTreeMap<u64, Vec<Vec<u8>>>,
    arrived: BTreeMap<u64, usize>,
}

impl Ledger {
    fn on_arrived(&mut self, channel: ChannelId, bytes: &[u8], is_honest: bool) {
        let count = self.arrived.entry(channel.0).or_default();
        let due = self.sent.get(&channel.0).and_then(|sent| sent.get(*count));
        *count += 1;
        assert!(!is_honest || due.is_some_and(|due| due == bytes), "channel {}, message {count}", channel.0);
    }

    fn is_settled(&self) -> bool {
        self.sent.iter().all(|(channel, sent)| self.arrived.get(channel) == Some(&sent.len()))
    }
}

struct Scene {
    now: Instant,
    config: TransportConfig,
    client: Connection,
    server: Endpoint,
    /// The server's name of the newest session.
    id: Option<ConnectionId>,
    address: SocketAddr,
    /// To the client, to the server; with the client's address when it left.
    under_way: [VecDeque<(SocketAddr, Vec<u8>)>; 2],
    ledgers: [Ledger; 2],
    /// The script may change no datagram, make none up and close nothing.
    is_calm: bool,
    /// No datagram was changed or made up.
    is_honest: bool,
    /// Somebody closed, or a session ended.
    is_over: bool,
    buffer: Vec<u8>,
}

fn server_path() -> Path {
    Path { remote: SocketAddr::from(([10, 0, 0, 1], 4_747)), local: None }
}

/// The client's and the server's, made once: that costs more than many a script.
fn identities() -> &'static [Arc<Identity>; 2] {
    static IDENTITIES: OnceLock<[Arc<Identity>; 2]> = OnceLock::new();
    IDENTITIES.get_or_init(|| [1, 2].map(|secret| Arc::new(Identity::from_secret([secret; 32]))))
}

impl Scene {
    fn new(meeting: u8) -> Self {
        let insecure = meeting % 4 > 1;
        let config =
            TransportConfig { insecure, rekey_packets: 50, unix_ms_at_zero: 1, ..TransportConfig::default() };
        let [ann, bob] = identities().clone();
        let server = (meeting % 4 == 1).then(|| bob.public());
        let hello =
            ClientHello { identity: ann, server, greeting: b"ann".to_vec(), trust: Arc::new(TrustAll) };
        let setup = ServerSetup { config, identity: bob, greeting: b"bob".to_vec(), max_sessions: 4 };
        let rng = Rng::from_seed(u64::from(meeting));
        let mut server = Endpoint::new(setup, rng, Tracer::default());
        server.on_met(hello.identity.public(), 0);
        let client =
            Connection::client(at(0), config, hello, server_path(), Rng::from_seed(9), Tracer::default());
        Self {
            now: at(0),
            config,
            client,
            server,
            id: None,
            address: SocketAddr::from(([10, 1, 0, 1], 40_000)),
            under_way: Default::default(),
            ledgers: Default::default(),
            is_calm: meeting & 4 != 0,
            is_honest: true,
            is_over: false,
            buffer: Vec::new(),
        }
    }

    /// One step; false at the script's end.
    fn step(&mut self, script: &mut Script<'_>) -> bool {
        let Some(opcode) = script.byte() else { return false };
        match opcode % 32 {
            end @ 0..=5 => self.send(usize::from(end % 2), script),
            6..=9 => self.pass(Duration::from_millis(script.byte().unwrap_or(0).into())),
            10..=12 => self.pass_to_next_due(),
            direction @ 13..=16 => self.deliver(usize::from(direction % 2), |_| {}),
            direction @ 17..=18 => drop(self.under_way[usize::from(direction % 2)].pop_front()),
            19 => self.twice_or_later(script),
            20 => self.rebind(script),
            21 => self.govern(script),
            22 if !self.is_calm => self.change(script),
            23 if !self.is_calm => self.make_up(script),
            24 if !self.is_calm => self.close(script),
            _ => self.exchange(),
        }
        self.drain();
        self.assert_bounds();
        true
    }

    fn send(&mut self, end: usize, script: &mut Script<'_>) {
        let channel = ChannelId::room(u64::from(script.byte().unwrap_or(0) % 6));
        let size = usize::from(script.byte().unwrap_or(0));
        let mut bytes = vec![self.ledgers[end].sent.len() as u8; if size > 250 { 20_000 } else { size * 8 }];
        bytes.extend_from_slice(&self.now.as_micros().to_be_bytes());
        let taken = match (end, self.id) {
            (0, _) => self.client.send(channel, bytes.as_slice().into()),
            (_, Some(id)) => self.server.send(self.now, id, channel, bytes.as_slice().into()),
            _ => return,
        };
        if taken.is_ok() {
            self.ledgers[end].sent.entry(channel.0).or_default().push(bytes);
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
    }

    fn next_due(&self) -> Option<Instant> {
        let client = self.client.poll_timeout().map(|(at, _)| at);
        client.into_iter().chain(self.server.poll_timeout()).min()
    }

    fn pass_to_next_due(&mut self) {
        if let Some(due) = self.next_due() {
            self.pass(due.max(self.now) - self.now);
        }
    }

    /// The next datagram of a direction arrives, after `change`. Direction 0 is to the server.
    fn deliver(&mut self, direction: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let Some((address, mut bytes)) = self.under_way[direction].pop_front() else { return };
        change(&mut bytes);
        // Something on the way marks a quarter of all (ECN), whether or not they let themselves be marked.
        let is_marked = bytes.last().is_some_and(|last| last % 4 == 0);
        let from = Path { remote: address, local: None };
        match (direction, is_marked) {
            (0, true) => self.server.handle_marked_datagram(self.now, from, &mut bytes),
            (0, false) => self.server.handle_datagram(self.now, from, &mut bytes),
            _ if address != self.address => {}
            (_, true) => self.client.handle_marked_datagram(self.now, server_path(), &mut bytes),
            (_, false) => self.client.handle_datagram(self.now, server_path(), &mut bytes),
        }
    }

    fn twice_or_later(&mut self, script: &mut Script<'_>) {
        let operand = script.byte().unwrap_or(0);
        let queue = &mut self.under_way[usize::from(operand % 2)];
        if let Some(front) = if operand & 2 == 0 { queue.front().cloned() } else { queue.pop_front() } {
            queue.push_back(front);
        }
    }

    /// The next datagram arrives with a byte changed, and its checksums true.
    fn change(&mut self, script: &mut Script<'_>) {
        let operands: [u8; 4] = std::array::from_fn(|_| script.byte().unwrap_or(0));
        let [direction, high, low, mask] = operands;
        self.is_honest &= mask == 0;
        self.deliver(usize::from(direction % 2), |bytes| {
            let place = usize::from(u16::from_be_bytes([high, low])) % bytes.len().max(1);
            bytes[place] ^= mask;
            mend(bytes);
        });
    }

    /// The next datagram arrives with other frames in its packet, or is another one altogether.
    fn make_up(&mut self, script: &mut Script<'_>) {
        let kind = script.byte().unwrap_or(0);
        let frames = script.run();
        self.is_honest = false;
        self.deliver(usize::from(kind % 2), |bytes| {
            if kind & 2 == 0 {
                let start = read_handshake(bytes).map_or(0, |part| part.len) + DATA_HEADER;
                bytes.truncate(start);
                bytes.extend_from_slice(&frames);
                bytes.extend_from_slice(&[0; 4]);
            } else {
                bytes.clone_from(&frames);
            }
            mend(bytes);
        });
    }

    fn rebind(&mut self, script: &mut Script<'_>) {
        let operand = script.byte().unwrap_or(0);
        if operand & 1 == 0 {
            self.address.set_port(40_000 + u16::from(operand));
        } else {
            self.address.set_ip([10, 1, operand, 1].into());
        }
        self.client.on_rebound();
    }

    fn close(&mut self, script: &mut Script<'_>) {
        match (script.byte().unwrap_or(0) % 16, self.id) {
            (0, _) => self.client.close(self.now, CloseCode::GOODBYE, "enough"),
            (1, Some(id)) => self.server.close(self.now, id, CloseCode::SHUTDOWN, ""),
            (2, _) => self.client.give_up_handshake(self.now),
            _ => return,
        }
        self.is_over = true;
    }

    fn govern(&mut self, script: &mut Script<'_>) {
        let operand = script.byte().unwrap_or(0);
        match operand % 4 {
            0 => self.server.stretch(self.now, u32::from(operand)),
            1 => self.client.hold_copies(operand & 4 == 0),
            2 => self.client.on_rebound(),
            _ => self.server.set_max_sessions(usize::from(operand / 16)),
        }
    }

    /// All that is under way arrives, and time passes.
    fn exchange(&mut self) {
        for direction in 0..2 {
            for _ in 0..self.under_way[direction].len() {
                self.deliver(direction, |_| {});
            }
        }
        self.pass(Duration::from_millis(5));
    }

    fn drain(&mut self) {
        for turn in 0.. {
            assert!(turn < AT_ONCE_MAX, "somebody never comes to rest");
            let told = self.hear();
            let mut said = 0;
            while self.client.poll_transmit(self.now, &mut self.buffer).is_some() {
                said += 1;
                assert!(said < AT_ONCE_MAX, "the client never stops");
                self.post(0, self.address);
            }
            while let Some(to) = self.server.poll_transmit(self.now, &mut self.buffer) {
                said += 1;
                assert!(said < 2 * AT_ONCE_MAX, "the server never stops");
                self.post(1, to.remote);
            }
            if !told && said == 0 {
                return;
            }
        }
    }

    fn post(&mut self, direction: usize, address: SocketAddr) {
        let queue = &mut self.under_way[direction];
        if queue.len() == UNDER_WAY_MAX {
            queue.pop_front();
        }
        queue.push_back((address, self.buffer.clone()));
    }

    fn hear(&mut self) -> bool {
        let mut any = false;
        while let Some(event) = self.client.poll_event(self.now) {
            any = true;
            self.on_event(1, event);
        }
        while let Some((id, event)) = self.server.poll_event() {
            any = true;
            if let SessionEvent::Connected { .. } = event {
                // Another session of the same client: it counts from 0 there.
                self.is_honest &= self.id.is_none();
                self.id = Some(id);
            }
            self.on_event(0, event);
        }
        while self.server.poll_turned_away().is_some() {}
        any
    }

    /// What the client (1) or the server (0) tells of what the other end handed in.
    fn on_event(&mut self, ledger: usize, event: SessionEvent) {
        match event {
            SessionEvent::Message { channel, bytes } => {
                self.ledgers[ledger].on_arrived(channel, &bytes, self.is_honest);
            }
            SessionEvent::Closed(_) => self.is_over = true,
            SessionEvent::Connected { .. } | SessionEvent::Liveness(_) => {}
        }
    }

    fn assert_bounds(&self) {
        let most = self.config.limits.queue;
        assert!(self.client.queued() <= most);
        assert!(self.id.is_none_or(|id| self.server.queued(id) <= most));
        let ends = [Some(self.client.footprint()), self.id.and_then(|id| self.server.footprint(id))];
        ends.into_iter().flatten().for_each(|end| assert_eq!(end.exceeds(&self.config.limits), None));
        assert!(self.server.len() <= 4 + usize::from(u8::MAX) / 16);
    }

    /// The link is clean from here on: is everything said in the end?
    fn settle(&mut self) {
        for _ in 0..TURNS_MAX[usize::from(self.is_honest)] {
            self.drain();
            if self.ledgers.iter().all(Ledger::is_settled) || self.is_over {
                return;
            }
            for direction in 0..2 {
                for _ in 0..self.under_way[direction].len() {
                    self.deliver(direction, |_| {});
                }
            }
            self.drain();
            let before = self.now;
            self.pass_to_next_due();
            self.now = self.now.max(before + Duration::from_micros(100));
        }
        assert!(!self.is_honest, "not everything arrived over a clean link");
    }
}

/// Makes the checksums true, of the handshake part and of the packet in the clear.
fn mend(bytes: &mut Vec<u8>) {
    let mut start = 0;
    if datagram::is_handshake(bytes) {
        *bytes = with_checksum(bytes);
        start = read_handshake(bytes).map_or(0, |part| part.len);
    }
    let end = bytes.len().saturating_sub(4);
    if end >= start + DATA_HEADER {
        let checksum = crc32fast::hash(&bytes[start..end]).to_be_bytes();
        bytes[end..].copy_from_slice(&checksum);
    }
}

/// Plays a script; how many messages arrived. Panics where a promise is broken.
pub fn play(input: &[u8]) -> usize {
    let mut script = Script(input);
    let mut scene = Scene::new(script.byte().unwrap_or(0));
    scene.drain();
    while scene.step(&mut script) {}
    scene.settle();
    scene.ledgers.iter().flat_map(|ledger| ledger.arrived.values()).sum()
}
