//! How do several sessions run over a link?
//!
//! From one moment at which something is due to the next. At each, in a fixed order: what the links
//! deliver, whose timer is due, and then for everybody to whom something happened: hand in what is due,
//! drain. Nothing that happens at a moment is carried on before all of it has been handed in, as a shell
//! hands in whatever has come before it lets a node speak.

use super::plan::{End, Medium, Meeting, Plan};
use super::report::{Report, SessionReport};
use super::seat::Seat;
use super::witness::Witness;
use crate::crypto::Identity;
use crate::lab::bench::Passage;
use crate::lab::link::{Direction, Link};
use crate::rng::Rng;
use crate::time::{Duration, Instant, at};
use crate::trace::{Sink, Tracer};
use crate::transport::connection::Connection;
use crate::transport::connection::footprint::Footprint;
use crate::transport::endpoint::{Endpoint, ServerSetup};
use crate::transport::handshake::client::ClientHello;
use crate::transport::session::SessionStats;
use crate::transport::trust::TrustAll;
use crate::wire::datagram::ConnectionId;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// Turns at one and the same moment after which somebody is said to spin.
const TURNS_AT_ONCE: u32 = 100_000;

/// What the wall clock shows at a run's beginning: some day in 2026.
const UNIX_MS_AT_ZERO: u64 = 1_780_000_000_000;

/// Somebody asks to be woken at a moment that has passed, again and again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stuck {
    /// The moment at which time stands still.
    pub at: Instant,
    /// The seed of the run.
    pub seed: u64,
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "time stands still at {:?} of seed {}: a timer never rests", self.at, self.seed)
    }
}

impl std::error::Error for Stuck {}

/// Who else hears what the ends tell: of all sessions, but of datagrams of no session yet only what those
/// of the first seat do.
#[derive(Clone, Default)]
pub struct Ears {
    /// What all clients tell.
    pub clients: Option<Arc<dyn Sink>>,
    /// What the server tells.
    pub server: Option<Arc<dyn Sink>>,
}

/// A datagram under way.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub seat: usize,
    /// The client's address when it left.
    pub address: SocketAddr,
    /// A queue may mark it.
    pub is_ect: bool,
    pub bytes: Vec<u8>,
}

/// What a client is made of when it comes.
pub(super) struct Newcomers {
    pub hello: ClientHello,
    pub rng: Rng,
}

/// Clients, links and a server in the middle of a run.
pub struct Testbed {
    pub(super) plan: Plan,
    pub(super) seed: u64,
    pub(super) now: Instant,
    pub(super) links: Vec<Link<Packet>>,
    pub(super) seats: Vec<Seat>,
    pub(super) server: Endpoint,
    pub(super) by_id: HashMap<ConnectionId, usize>,
    pub(super) witnesses: [Arc<Witness>; 2],
    pub(super) newcomers: Newcomers,
    pub(super) wakes: BTreeSet<(Instant, usize)>,
    pub(super) touched: Vec<usize>,
    /// When something was last handed in or arrived.
    pub(super) progress: Instant,
    pub(super) turns_at_once: u32,
    pub(super) buffer: Vec<u8>,
    /// Every packet, if somebody wants them.
    pub(super) passages: Option<Vec<Passage>>,
}

impl Testbed {
    /// A run of this plan at its beginning. `ears` hear everything too.
    pub fn new(plan: &Plan, seed: u64, ears: Ears) -> Self {
        let mut plan = plan.clone();
        plan.sessions.truncate(1 << 16);
        for config in plan.sessions.iter_mut().map(|it| &mut it.config).chain([&mut plan.server]) {
            config.insecure = plan.meeting == Meeting::Clear;
            config.unix_ms_at_zero = UNIX_MS_AT_ZERO;
        }
        let mut rng = Rng::from_seed(seed);
        let [client, identity] = [(), ()].map(|()| Arc::new(Identity::generate(&mut rng)));
        let knows = matches!(plan.meeting, Meeting::Known | Meeting::Restarted);
        let server_key = knows.then(|| identity.public());
        let greeting = b"lab".to_vec();
        let setup = ServerSetup {
            config: plan.server,
            identity,
            greeting: greeting.clone(),
            // A client that moves while it shakes hands leaves a session behind.
            max_sessions: 2 * plan.sessions.len() + 16,
        };
        let witnesses = [ears.clients, ears.server].map(|ear| Arc::new(Witness::new(ear)));
        let tracer = Tracer::new(Arc::clone(&witnesses[1]) as Arc<dyn Sink>);
        let links = Self::links(&plan, seed);
        let seats: Vec<Seat> = (0..plan.sessions.len()).map(|seat| Seat::new(&plan, seat)).collect();
        Self {
            seed,
            now: Instant::ZERO,
            links,
            touched: (0..seats.len()).collect(),
            seats,
            server: Endpoint::new(setup, rng.fork(), tracer),
            by_id: HashMap::new(),
            witnesses,
            newcomers: Newcomers {
                hello: ClientHello {
                    identity: client,
                    server: server_key,
                    greeting,
                    trust: Arc::new(TrustAll),
                },
                rng,
            },
            wakes: BTreeSet::new(),
            plan,
            progress: Instant::ZERO,
            turns_at_once: 0,
            buffer: Vec::new(),
            passages: None,
        }
    }

    /// From now on, every packet that enters a link is kept.
    pub fn keep_packets(&mut self) {
        self.passages.get_or_insert_default();
    }

    /// The packets kept so far, in the order in which they entered.
    pub fn take_packets(&mut self) -> Vec<Passage> {
        self.passages.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// When each paced message of a session was due in this direction, and when it arrived first.
    pub fn paced(&self, seat: usize, way: Direction) -> Vec<(Instant, Option<Instant>)> {
        self.seats.get(seat).map(|seat| seat.tallies[way.index()].paced().collect()).unwrap_or_default()
    }

    /// Ours: the first session's link has the run's own seed, so that one session meets the same packets'
    /// fates as the link alone does; the others' follow it.
    fn links(plan: &Plan, seed: u64) -> Vec<Link<Packet>> {
        let count = if plan.medium == Medium::Shared { 1 } else { plan.sessions.len() };
        let link = |index: u64| {
            let mut config = plan.link.clone();
            config.seed = seed.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            Link::new(config, Instant::ZERO)
        };
        (0..count as u64).map(link).collect()
    }

    /// The present moment.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Instant> {
        if !self.touched.is_empty() {
            return Some(self.now);
        }
        let links = self.links.iter().filter_map(Link::poll_timeout).min();
        let wake = self.wakes.first().map(|(at, _)| *at);
        links.into_iter().chain(wake).chain(self.server.poll_timeout()).min()
    }

    /// Is the run over, by its plan?
    pub fn is_done(&self) -> bool {
        match self.plan.end {
            End::At(time) => self.now >= at(0) + time,
            End::Arrived(patience) => {
                self.now > self.progress + patience || self.seats.iter().all(Seat::is_settled)
            }
        }
    }

    /// Lets everything happen that is due up to and with this moment.
    pub fn run_until(&mut self, end: Instant) -> Result<(), Stuck> {
        while self.step(end)? {}
        self.now = self.now.max(end);
        Ok(())
    }

    /// Runs it to the end that its plan has.
    pub fn finish(&mut self) -> Result<(), Stuck> {
        let (end, patience) = match self.plan.end {
            End::At(time) => (at(0) + time, None),
            End::Arrived(patience) => (at(u64::MAX), Some(patience)),
        };
        while !self.is_done() {
            let until = patience.map_or(end, |patience| self.progress + patience + Duration::from_micros(1));
            if !self.step(until)? {
                self.now = until;
            }
        }
        Ok(())
    }

    /// Goes on until both ends have heard what became of everything they sent, at most so long.
    pub fn let_rest(&mut self, at_most: Duration) -> Result<(), Stuck> {
        let end = self.now + at_most;
        let is_heard = |stats: Option<SessionStats>| {
            stats.and_then(|stats| stats.in_flight).is_none_or(|in_flight| in_flight == 0)
        };
        while !(0..self.seats.len()).all(|seat| self.stats(seat).into_iter().all(is_heard)) {
            if !self.step(end)? {
                break;
            }
        }
        Ok(())
    }

    /// The next moment at which something is due; false if there is none before `end`.
    pub fn step(&mut self, end: Instant) -> Result<bool, Stuck> {
        let Some(next) = self.next_due().filter(|next| *next <= end) else { return Ok(false) };
        self.turns_at_once = if next > self.now { 0 } else { self.turns_at_once + 1 };
        if self.turns_at_once > TURNS_AT_ONCE {
            return Err(Stuck { at: self.now, seed: self.seed });
        }
        self.now = self.now.max(next);
        self.deliver();
        self.wake_clients();
        if self.server.poll_timeout().is_some_and(|due| due <= self.now) {
            self.server.handle_timeout(self.now);
        }
        self.hear_server();
        self.run_touched();
        self.drain_server();
        Ok(true)
    }

    /// A datagram of a stranger arrives at the server, from nowhere on a link.
    #[cfg(test)]
    pub(super) fn strike(&mut self, from: crate::transport::path::Path, datagram: &mut [u8]) {
        self.server.handle_datagram(self.now, from, datagram);
        self.hear_server();
        self.drain_server();
    }

    /// The user of this client stops taking what arrives, or takes it again.
    pub fn stall(&mut self, seat: usize, stalled: bool) {
        self.seats[seat].stalled = stalled;
        self.touch(seat);
    }

    /// By which ids the client and the server call a session, as far as there is one.
    pub fn ids(&self, seat: usize) -> [Option<u64>; 2] {
        let seat = self.seats.get(seat);
        let client = seat.and_then(|seat| seat.connection.as_ref()).map(|connection| connection.id().0);
        [client, seat.and_then(|seat| seat.id).map(|id| id.0)]
    }

    /// What the client's and the server's end of a session say of it.
    fn stats(&self, seat: usize) -> [Option<SessionStats>; 2] {
        let Seat { connection, id, .. } = &self.seats[seat];
        [connection.as_ref().map(Connection::stats), id.and_then(|id| self.server.stats(id))]
    }

    /// What the client's and the server's end of a session remember.
    pub(super) fn footprints(&self, seat: usize) -> [Option<Footprint>; 2] {
        let Seat { connection, id, .. } = &self.seats[seat];
        [connection.as_ref().map(Connection::footprint), id.and_then(|id| self.server.footprint(id))]
    }

    /// What is known so far.
    pub fn report(&self) -> Report {
        let session = |(index, seat): (usize, &Seat)| SessionReport {
            up: seat.tallies[0].report(),
            down: seat.tallies[1].report(),
            wires: seat.wires.clone(),
            closed: seat.closed.clone(),
            stats: self.stats(index),
        };
        Report {
            seed: self.seed,
            ended: self.now,
            sessions: self.seats.iter().enumerate().map(session).collect(),
            decisions: self.witnesses.each_ref().map(|witness| witness.decisions()),
            links: self.links.iter().map(|link| Direction::BOTH.map(|way| *link.counters(way))).collect(),
        }
    }
}
