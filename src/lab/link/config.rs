//! What can be set on a link?
//!
//! Values only, with their units and bounds; [`super::settings`] makes them from text. Times are since the
//! link's start, shares are from 0 to 1, sizes are bytes of whole IP packets.

use super::conditions::Conditions;
use super::drops::NamedDrop;
use super::rebind::RebindPlan;
use crate::time::Duration;
use std::fmt;

/// Which way a packet goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

impl Direction {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Up, Self::Down];

    /// 0 for up, 1 for down.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The other way.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Up { "up" } else { "down" })
    }
}

/// Random outages in time: see [`super::fade`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Fade {
    /// The mean length of an outage, at least 1 ms.
    pub mean: Duration,
    /// The share of the time that is outage, above 0 and below 1.
    pub share: f64,
}

/// How much may wait before the bottleneck; what comes beyond is dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueueLimit {
    /// Nothing waits longer than this.
    Time(Duration),
    /// So many packets, the one being sent not counted.
    Packets(u64),
    /// So many bytes, likewise.
    Bytes(u64),
}

/// Nothing passes for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outage {
    /// When it begins.
    pub from: Duration,
    /// How long it lasts.
    pub length: Duration,
}

impl Outage {
    /// Is it out of order at this time since the link's start?
    pub fn covers(self, elapsed: Duration) -> bool {
        elapsed.checked_sub(self.from).is_some_and(|since| since < self.length)
    }
}

/// The settings of one direction. The default is a perfect link: no delay, no loss, no bound on the rate.
#[derive(Clone, PartialEq, Debug)]
pub struct DirectionConfig {
    /// One way, at least.
    pub delay: Duration,
    /// More delay, uniform from 0 to this; order is kept.
    pub jitter: Duration,
    /// The share of packets that are lost.
    pub loss: f64,
    /// The mean run of lost packets, at least 1; `None`: losses are independent. See [`super::loss`].
    pub burst: Option<f64>,
    /// Random outages in time.
    pub fade: Option<Fade>,
    /// The share of packets held back by `reorder_by`.
    pub reorder: f64,
    /// How long those are held back.
    pub reorder_by: Duration,
    /// The share of packets that arrive twice.
    pub duplicate: f64,
    /// The share of packets in which one bit is flipped.
    pub corrupt: f64,
    /// Bits a second, counted in IP bytes, at least 1; `None`: no bottleneck.
    pub rate: Option<u64>,
    /// How much may wait before the bottleneck; `None`: one bandwidth-delay product.
    pub queue: Option<QueueLimit>,
    /// Mark (Congestion Experienced) what finds the queue half full.
    pub ecn: bool,
    /// Larger packets vanish.
    pub mtu: Option<u32>,
    /// Outages at given times.
    pub outages: Vec<Outage>,
}

impl DirectionConfig {
    /// How long a packet is held back unless `--reorder-by` says otherwise.
    pub const REORDER_BY: Duration = Duration::from_millis(10);

    /// Says what cannot be, of settings that are each right but do not fit together.
    pub fn check(&self) -> Result<(), String> {
        if let Some(burst) = self.burst {
            if self.loss == 0.0 {
                return Err(
                    "a burst is a run of lost packets, and nothing is lost: give --loss 5% too".into()
                );
            }
            // The chain must leave the good state with a probability of at most 1; see `loss`.
            if self.loss < 1.0 && self.loss > burst / (burst + 1.0) {
                return Err(format!(
                    "a loss of {}% needs a mean run of at least {:.2} lost packets: give --burst {:.0}, or none",
                    self.loss * 100.0,
                    self.loss / (1.0 - self.loss),
                    (self.loss / (1.0 - self.loss) - 1e-9).ceil()
                ));
            }
        }
        if self.rate.is_none() && (self.queue.is_some() || self.ecn) {
            return Err("a queue forms only before a bottleneck: give --rate 20mbit too".into());
        }
        Ok(())
    }
}

impl Default for DirectionConfig {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: 0.0,
            burst: None,
            fade: None,
            reorder: 0.0,
            reorder_by: Self::REORDER_BY,
            duplicate: 0.0,
            corrupt: 0.0,
            rate: None,
            queue: None,
            ecn: false,
            mtu: None,
            outages: Vec::new(),
        }
    }
}

/// The settings of a link. The default is a perfect one.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LinkConfig {
    /// Client to server.
    pub up: DirectionConfig,
    /// Server to client.
    pub down: DirectionConfig,
    /// What the dice are thrown from.
    pub seed: u64,
    /// When the client's address or port changes: a plan for whoever owns the sockets, see [`super::rebind`].
    pub rebind: Option<RebindPlan>,
    /// Packets that are dropped by name.
    pub drops: Vec<NamedDrop>,
    /// What changes over time.
    pub conditions: Conditions,
}

impl LinkConfig {
    /// The same settings both ways.
    pub fn symmetric(way: DirectionConfig, seed: u64) -> Self {
        Self { up: way.clone(), down: way, seed, ..Self::default() }
    }

    /// The settings of one direction.
    pub fn way(&self, direction: Direction) -> &DirectionConfig {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// Likewise, to change them.
    pub fn way_mut(&mut self, direction: Direction) -> &mut DirectionConfig {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}
