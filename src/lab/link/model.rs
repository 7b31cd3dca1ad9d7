//! How is a link used?
//!
//! ```
//! use sayagain::lab::link::{Direction, DirectionConfig, Link, LinkConfig};
//! use sayagain::time::{Duration, at};
//!
//! let way = DirectionConfig { delay: Duration::from_millis(25), ..DirectionConfig::default() };
//! let mut link = Link::new(LinkConfig::symmetric(way, 7), at(0));
//! link.handle_packet(at(0), Direction::Up, 60, &[], "hello");
//! assert_eq!(link.poll_timeout(), Some(at(25_000)));
//! assert!(link.poll_delivery(at(24_999)).is_none());
//! assert_eq!(link.poll_delivery(at(25_000)).map(|delivery| delivery.packet), Some("hello"));
//! ```
//!
//! Packets that are due at the same moment come out in the order in which they entered. What is under way
//! is bounded by [`MAX_PACKETS`] and [`MAX_BYTES`] in each direction, whatever delay and rate say; beyond
//! that packets are dropped and counted as [`DropCause::Overload`]. Nothing is allocated for a packet but
//! its place in the queue.

use super::conditions::Conditions;
use super::config::{Direction, LinkConfig};
use super::counters::{Counters, DropCause};
use super::drops::Watch;
use super::one_way::{Entry, OneWay, Passage};
use crate::time::Instant;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Packets under way in one direction, at most.
pub const MAX_PACKETS: usize = 500_000;

/// IP bytes under way in one direction, at most: 10 Gbit/s over 400 ms.
pub const MAX_BYTES: u64 = 512 << 20;

/// Which bit is flipped: a random number that becomes a place once the length is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flip(pub u64);

impl Flip {
    /// Flips one bit of these bytes, each as likely as any other; of none, none.
    pub fn apply(self, bytes: &mut [u8]) {
        let place = (u128::from(self.0) * (bytes.len() as u128 * 8)) >> 64;
        let byte = usize::try_from(place / 8).ok().and_then(|index| bytes.get_mut(index));
        if let Some(byte) = byte {
            *byte ^= 1 << (place % 8);
        }
    }
}

/// What the link decided about a packet that entered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It will come out at this moment.
    Passes(Instant),
    /// It is gone.
    Dropped(DropCause),
}

/// A packet that comes out at the other end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery<P> {
    /// The way it went.
    pub direction: Direction,
    /// The packet, as it was handed in.
    pub packet: P,
    /// Its number among those that entered in this direction, from 1.
    pub number: u64,
    /// When it was to come out: now, or earlier if the caller is late.
    pub due: Instant,
    /// It is the second copy.
    pub copy: bool,
    /// A bit of it is to be flipped.
    pub flip: Option<Flip>,
    /// Congestion was experienced: it is to be marked (RFC 3168 §5) if its sender understands marks.
    pub ce: bool,
}

#[derive(Debug)]
struct Flight<P> {
    /// Which of those that are due at the same moment entered first.
    place: u64,
    ip_bytes: u32,
    delivery: Delivery<P>,
}

impl<P> Flight<P> {
    fn rank(&self) -> (Instant, u64) {
        (self.delivery.due, self.place)
    }
}

/// The heap hands out its greatest: the earliest.
impl<P> Ord for Flight<P> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.rank().cmp(&self.rank())
    }
}

impl<P> PartialOrd for Flight<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<P> PartialEq for Flight<P> {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl<P> Eq for Flight<P> {}

#[derive(Clone, Copy, Debug, Default)]
struct Load {
    packets: usize,
    bytes: u64,
}

impl Load {
    fn is_full(self) -> bool {
        // A packet may come with its copy.
        self.packets + 2 > MAX_PACKETS || self.bytes + 2 * u64::from(u16::MAX) > MAX_BYTES
    }
}

/// A link between a client and a server.
#[derive(Debug)]
pub struct Link<P> {
    config: LinkConfig,
    start: Instant,
    conditions: Conditions,
    next_condition: usize,
    watches: Vec<Watch>,
    ways: [OneWay; 2],
    loads: [Load; 2],
    flights: BinaryHeap<Flight<P>>,
    next_place: u64,
}

impl<P: Clone> Link<P> {
    /// A link that starts now: all times of its settings count from here.
    pub fn new(config: LinkConfig, now: Instant) -> Self {
        let ways = Direction::BOTH.map(|way| OneWay::new(way, config.way(way), config.seed));
        let watches = config.drops.iter().cloned().map(Watch::new).collect();
        Self {
            conditions: config.conditions.clone(),
            config,
            start: now,
            next_condition: 0,
            watches,
            ways,
            loads: [Load::default(); 2],
            flights: BinaryHeap::new(),
            next_place: 0,
        }
    }

    /// A packet enters. `ip_bytes` is its size with its IP header; `kinds` are the labels by which it may be
    /// dropped besides `packet`, often none. Time does not go back between calls.
    pub fn handle_packet(
        &mut self,
        now: Instant,
        direction: Direction,
        ip_bytes: u32,
        kinds: &[&str],
        packet: P,
    ) -> Verdict {
        self.next_condition =
            self.conditions.apply_due(self.next_condition, now - self.start, &mut self.config);
        // Every watch counts, also behind one that hits.
        let hits = self.watches.iter_mut().map(|watch| watch.hits(direction, kinds));
        let named = hits.filter(|hit| *hit).count() > 0;
        let entry = Entry {
            now,
            start: self.start,
            ip_bytes,
            named,
            config: self.config.way(direction),
            round_trip: self.config.up.delay + self.config.down.delay,
            overloaded: self.loads[direction.index()].is_full(),
        };
        match self.ways[direction.index()].admit(&entry) {
            Ok(passage) => {
                self.take_off(direction, ip_bytes, passage, packet);
                Verdict::Passes(passage.due)
            }
            Err(cause) => Verdict::Dropped(cause),
        }
    }

    fn take_off(&mut self, direction: Direction, ip_bytes: u32, passage: Passage, packet: P) {
        let Passage { number, due, twice, flip, congested } = passage;
        let copy = twice.then(|| packet.clone());
        let original =
            Delivery { direction, packet, number, due, copy: false, flip: flip.map(Flip), ce: congested };
        // The copy was made before the damage, and comes right behind.
        let copy = copy.map(|packet| Delivery {
            direction,
            packet,
            number,
            due,
            copy: true,
            flip: None,
            ce: congested,
        });
        for delivery in std::iter::once(original).chain(copy) {
            let load = &mut self.loads[direction.index()];
            load.packets += 1;
            load.bytes += u64::from(ip_bytes);
            self.flights.push(Flight { place: self.next_place, ip_bytes, delivery });
            self.next_place += 1;
        }
    }

    /// The next packet that is due, if any: to be called until there is none.
    pub fn poll_delivery(&mut self, now: Instant) -> Option<Delivery<P>> {
        self.flights.peek().filter(|first| first.delivery.due <= now)?;
        let Flight { ip_bytes, delivery, .. } = self.flights.pop()?;
        let load = &mut self.loads[delivery.direction.index()];
        load.packets -= 1;
        load.bytes -= u64::from(ip_bytes);
        self.ways[delivery.direction.index()].on_delivered(delivery.number, ip_bytes, delivery.copy);
        Some(delivery)
    }

    /// When [`Self::poll_delivery`] will have something; `None`: nothing is under way.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.flights.peek().map(|first| first.delivery.due)
    }

    /// What was counted in this direction.
    pub const fn counters(&self, direction: Direction) -> &Counters {
        &self.ways[direction as usize].counters
    }

    /// The settings in force just now.
    pub const fn config(&self) -> &LinkConfig {
        &self.config
    }

    /// When the link started.
    pub const fn start(&self) -> Instant {
        self.start
    }
}
