//! Who sends what over which link, and when does it end?

use crate::lab::link::LinkConfig;
use crate::time::Duration;
use crate::transport::channel::delivery::Delivery;
use crate::transport::config::TransportConfig;

/// Every message begins with its number.
pub const SIZE_MIN: usize = 8;

/// A scenario; with a seed it is a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The link; its seed is replaced by the run's.
    pub link: LinkConfig,
    /// Does each session have such a link, or do all share one?
    pub medium: Medium,
    /// Does something on the way drop whatever a queue could mark (ECN), as some old boxes do?
    pub swallows_ect: bool,
    /// How they meet.
    pub meeting: Meeting,
    /// Whose addresses they have.
    pub family: Family,
    /// Settings of the server's connections.
    pub server: TransportConfig,
    /// What comes up from one client is handed on to all others, as the server of a chat does: an answer is
    /// due there, see [`Workload::answers`].
    pub handed_on: bool,
    /// The sessions, each of a client of its own. At most 65,536.
    pub sessions: Vec<SessionPlan>,
    /// What is sent within this time after a session's start is counted apart.
    pub warm_up: Duration,
    /// When it is over.
    pub end: End,
}

/// One session.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SessionPlan {
    /// When the client says hello.
    pub start: Duration,
    /// Settings of the client's connection.
    pub config: TransportConfig,
    /// From the client to the server.
    pub up: Workload,
    /// From the server to the client, from the moment at which the server knows the session.
    pub down: Workload,
}

/// What one end hands in. The default is nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Workload {
    /// Messages at a pace.
    pub paced: Paced,
    /// Bytes as fast as they are taken.
    pub bulk: Bulk,
    /// The paced messages are answers: one is due whenever a message arrives here, whatever the clock says.
    pub answers: bool,
}

/// Messages at a pace, round robin over rooms with a channel each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paced {
    /// How many in all.
    pub messages: u64,
    /// One each so often.
    pub interval: Duration,
    /// Bytes of each, at least [`SIZE_MIN`].
    pub size: usize,
    /// Over so many rooms, at least 1.
    pub rooms: u64,
    /// The first so long after the session's start.
    pub start: Duration,
    /// What the rooms' channels promise.
    pub delivery: Delivery,
    /// Each is worth nothing so long after it was due; only where the delivery is not in order.
    pub deadline: Option<Duration>,
}

impl Default for Paced {
    fn default() -> Self {
        let interval = Duration::from_millis(20);
        let delivery = Delivery::default();
        Self { messages: 0, interval, size: 100, rooms: 1, start: Duration::ZERO, delivery, deadline: None }
    }
}

/// A large transfer on a channel of its own: its messages fill the send queue as it drains, but for a part
/// that is left to the paced ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bulk {
    /// Bytes in all; the last message may exceed it.
    pub bytes: u64,
    /// Bytes of a message, at least [`SIZE_MIN`].
    pub size: usize,
    /// The first so long after the session's start.
    pub start: Duration,
}

impl Default for Bulk {
    fn default() -> Self {
        Self { bytes: 0, size: 16 << 10, start: Duration::ZERO }
    }
}

/// How many links there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Medium {
    /// One for each session.
    #[default]
    Each,
    /// One for all: one queue and one rate in each direction.
    Shared,
}

/// How client and server meet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Meeting {
    /// Sealed; the client does not know the server's key yet (Noise XX).
    #[default]
    Stranger,
    /// Sealed; the client knows the server's key (Noise IK), and has been here since the server's start.
    Known,
    /// Sealed; the client knows the server's key, and the server has restarted since it was here.
    Restarted,
    /// In the clear, with a CRC.
    Clear,
}

/// Which version of IP carries the datagrams.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Family {
    /// Version 4: headers of 28 bytes.
    #[default]
    Four,
    /// Version 6: headers of 48 bytes.
    Six,
}

/// When a run is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Everything was handed in and has arrived; or nothing was handed in or arrived for so long.
    Arrived(Duration),
    /// At this time.
    At(Duration),
}

impl Plan {
    /// One session over this link that sends nothing yet.
    pub fn of(link: LinkConfig) -> Self {
        Self {
            link,
            medium: Medium::default(),
            swallows_ect: false,
            meeting: Meeting::default(),
            family: Family::default(),
            server: TransportConfig::default(),
            handed_on: false,
            sessions: vec![SessionPlan::default()],
            warm_up: Duration::ZERO,
            end: End::Arrived(Duration::from_mins(2)),
        }
    }
}
