//! What becomes of a packet on its way through one direction?
//!
//! `OneWay::admit` decides everything at the moment at which the packet enters; afterwards it only waits.
//! The order of the stations:
//!
//! 1. dropped by name, or larger than the MTU: gone before the queue;
//! 2. the queue and the rate: gone if the queue is full, else on the line at a known time;
//! 3. on the line: gone if that time lies in an outage or a fade, or by chance. It has used its share of the
//!    rate all the same, as on the air;
//! 4. delay and jitter in the order of entry, unless it is held back; a second copy; a flipped bit.
//!
//! The chain of losses moves on with every packet that enters, also with one that another station drops:
//! otherwise the same packet would meet another fate on another transport.

use super::bottleneck::{Admitted, Bottleneck, Line};
use super::config::{Direction, DirectionConfig};
use super::counters::{Counters, DropCause};
use super::dice::{Dice, Purpose};
use super::fade::Fading;
use super::loss::LossChain;
use crate::time::{Duration, Instant};

/// A packet as it enters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub now: Instant,
    /// The link's start.
    pub start: Instant,
    pub ip_bytes: u32,
    /// It is one of those to be dropped by name.
    pub named: bool,
    pub config: &'a DirectionConfig,
    /// The delay there and back, for the default queue.
    pub round_trip: Duration,
    /// The emulator can hold no more.
    pub overloaded: bool,
}

/// A packet that will arrive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage {
    pub number: u64,
    pub due: Instant,
    pub twice: bool,
    pub flip: Option<u64>,
    pub congested: bool,
}

/// One direction.
#[derive(Debug)]
pub(super) struct OneWay {
    dice: Dice,
    chain: LossChain,
    fading: Option<Fading>,
    bottleneck: Bottleneck,
    next_number: u64,
    last_due: Instant,
    last_arrived: u64,
    pub counters: Counters,
}

impl OneWay {
    pub fn new(direction: Direction, config: &DirectionConfig, seed: u64) -> Self {
        Self {
            dice: Dice::new(seed, direction),
            chain: LossChain::default(),
            fading: config.fade.map(|fade| Fading::new(fade, seed, direction)),
            bottleneck: Bottleneck::default(),
            next_number: 1,
            last_due: Instant::ZERO,
            last_arrived: 0,
            counters: Counters::default(),
        }
    }

    /// The packet's number and when it arrives, or why it does not.
    pub fn admit(&mut self, entry: &Entry) -> Result<Passage, DropCause> {
        let number = self.next_number;
        self.next_number += 1;
        self.counters.on_entered(u64::from(entry.ip_bytes));
        let passage = self.pass(number, entry);
        if let Err(cause) = passage {
            self.counters.on_dropped(cause);
        }
        passage
    }

    fn pass(&mut self, number: u64, entry: &Entry) -> Result<Passage, DropCause> {
        let config = entry.config;
        let lost = self.chain.step(config.loss, config.burst, self.dice.unit(number, Purpose::Loss));
        if entry.overloaded {
            return Err(DropCause::Overload);
        }
        if entry.named {
            return Err(DropCause::Named);
        }
        if config.mtu.is_some_and(|mtu| entry.ip_bytes > mtu) {
            return Err(DropCause::Mtu);
        }
        let line = self.through_bottleneck(entry).ok_or(DropCause::Queue)?;
        let elapsed = line.departs - entry.start;
        if config.outages.iter().any(|outage| outage.covers(elapsed)) {
            return Err(DropCause::Outage);
        }
        if self.fading.as_mut().is_some_and(|fading| fading.is_out(elapsed)) {
            return Err(DropCause::Fade);
        }
        if lost {
            return Err(DropCause::Loss);
        }
        Ok(self.fly(number, line, config))
    }

    fn through_bottleneck(&mut self, entry: &Entry) -> Option<Admitted> {
        let config = entry.config;
        let Some(rate) = config.rate else {
            return Some(Admitted { departs: entry.now, congested: false });
        };
        let line = Line { rate, limit: config.queue, round_trip: entry.round_trip };
        let admitted = self.bottleneck.enqueue(entry.now, u64::from(entry.ip_bytes), line)?;
        Some(Admitted { congested: admitted.congested && config.ecn, ..admitted })
    }

    fn fly(&mut self, number: u64, line: Admitted, config: &DirectionConfig) -> Passage {
        let jitter = config.jitter.mul_f64(self.dice.unit(number, Purpose::Jitter));
        let in_order = (line.departs + config.delay + jitter).max(self.last_due);
        let held_back = self.dice.chance(number, Purpose::Reorder, config.reorder);
        let due = if held_back { in_order + config.reorder_by } else { in_order };
        if !held_back {
            self.last_due = in_order;
        }
        let twice = self.dice.chance(number, Purpose::Duplicate, config.duplicate);
        let damaged = self.dice.chance(number, Purpose::Corrupt, config.corrupt);
        let flip = damaged.then(|| self.dice.number(number, Purpose::Flip));
        self.counters.held_back += u64::from(held_back);
        self.counters.duplicated += u64::from(twice);
        self.counters.corrupted += u64::from(damaged);
        self.counters.marked += u64::from(line.congested);
        Passage { number, due, twice, flip, congested: line.congested }
    }

    /// A packet is handed out at the other end.
    pub fn on_delivered(&mut self, number: u64, ip_bytes: u32, copy: bool) {
        self.counters.on_delivered(u64::from(ip_bytes));
        self.counters.reordered += u64::from(!copy && number < self.last_arrived);
        self.last_arrived = self.last_arrived.max(number);
    }
}
