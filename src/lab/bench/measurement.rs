//! What does one run say?
//!
//! A run is one transport over one link from one seed: a sender hands numbered messages in, and each of the
//! receivers notes when it was given them. What the contract's JSON object holds is computed from this; the
//! single fates are kept because a timeline draws each.

use super::departure::Departures;
use super::passage::Passage;
use crate::lab::flow::latencies::Latencies;
use crate::lab::link::Direction;
use crate::time::{Duration, Instant};

/// What became of one message on its way to one receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageFate {
    /// Its number in the order of sending, from 1.
    pub number: u64,
    /// Which receiver, from 0.
    pub receiver: u32,
    /// In which room it was said, from 0.
    pub room: u32,
    /// When it was handed to the sender.
    pub sent: Instant,
    /// When it was given to the receiving user for the first time; `None`: never.
    pub delivered: Option<Instant>,
}

impl MessageFate {
    /// From the send call to the delivery.
    pub fn latency(&self) -> Option<Duration> {
        self.delivered.map(|delivered| delivered - self.sent)
    }
}

/// What the link saw in one direction, and how well it kept its own times.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WayReport {
    /// IP packets that entered.
    pub packets: u64,
    /// Their bytes with IP headers.
    pub bytes: u64,
    /// Packets dropped by the link that was asked for, by cause: (the cause's word, how many), only those
    /// that happened.
    pub dropped: Vec<(String, u64)>,
    /// Packets that the emulator itself could not hold or the system did not hand over: not the link's.
    pub overload: u64,
    /// How late packets left the emulator: half of them by at most this.
    pub lateness_p50: Duration,
    /// 99 of 100 by at most this.
    pub lateness_p99: Duration,
}

impl WayReport {
    /// Packets dropped by the link that was asked for, whatever the cause.
    pub fn dropped_in_all(&self) -> u64 {
        self.dropped.iter().map(|(_, count)| count).sum()
    }
}

/// What the link tells of a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LinkReport {
    /// All settings in force, as they would be typed: `--delay 25ms --loss 5%`.
    pub options: String,
    /// The seed of its dice.
    pub seed: u64,
    /// When it began: the zero of what is planned in time on it, such as outages. `None`: there was none.
    pub start: Option<Instant>,
    /// Client to server.
    pub up: WayReport,
    /// Server to client.
    pub down: WayReport,
}

impl LinkReport {
    /// A packet may leave this much too late in one of a hundred cases, and the run still counts.
    pub const LATENESS_BOUND: Duration = Duration::from_millis(1);

    /// One direction.
    pub const fn way(&self, direction: Direction) -> &WayReport {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// Was the emulator itself good enough for the figures to be the link's?
    pub fn is_fit(&self) -> bool {
        let good = |way: &WayReport| way.lateness_p99 <= Self::LATENESS_BOUND && way.overload == 0;
        good(&self.up) && good(&self.down)
    }
}

/// How the messages were carried.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Carried {
    /// Our layer on UDP.
    Udp,
    /// The kernel's TCP.
    Tcp,
    /// UDP alone: sent once and forgotten.
    Raw,
}

impl Carried {
    /// All, in the order of tables.
    pub const ALL: [Self; 3] = [Self::Raw, Self::Udp, Self::Tcp];

    /// The word of the command line and of JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Raw => "raw",
        }
    }
}

/// One run.
#[derive(Clone, PartialEq, Debug)]
pub struct Measurement {
    /// What carried the messages.
    pub carried: Carried,
    /// The row's name where a choice makes it another one: `udp --arq go-back-n`, `tcp (bbr)`; plain: the
    /// word of `carried`.
    pub label: String,
    /// It was computed by the simulator, not measured on sockets.
    pub model: bool,
    /// The command that takes it again.
    pub command: String,
    /// Messages handed in by the sender.
    pub messages: u64,
    /// How many received them.
    pub receivers: u32,
    /// One for each message and receiver.
    pub fates: Vec<MessageFate>,
    /// Deliveries beyond the first of a message to a receiver.
    pub duplicated: u64,
    /// Deliveries behind a message of a higher number to the same receiver.
    pub out_of_order: u64,
    /// What the link tells.
    pub link: LinkReport,
    /// What only this transport has to tell, as JSON: for TCP the congestion control in force, for UDP the
    /// counters of the sender's session.
    pub detail: serde_json::Value,
    /// Every packet, in the order in which they entered; empty if nobody asked.
    pub passages: Vec<Passage>,
    /// What our ends told of their datagrams; empty if nobody asked.
    pub departures: Departures,
}

impl Measurement {
    /// How many (message, receiver) pairs were delivered.
    pub fn delivered(&self) -> u64 {
        self.fates.iter().filter(|fate| fate.delivered.is_some()).count() as u64
    }

    /// How many were not.
    pub fn lost(&self) -> u64 {
        self.fates.len() as u64 - self.delivered()
    }

    /// From the send call to the delivery, of all that were delivered.
    pub fn latencies(&self) -> Latencies {
        Latencies::of(self.fates.iter().filter_map(MessageFate::latency).collect())
    }
}
