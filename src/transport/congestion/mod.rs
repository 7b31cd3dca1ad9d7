//! How much may be in flight, and how fast may it leave?
//!
//! ```text
//!   acknowledged, lost, marked, round trip ──▶ Controller ──┬─▶ window: may one more be in flight?
//!                                                           └─▶ rate ──▶ Pacer: may it leave now?
//! ```
//!
//! A controller is told facts through one small trait and answers with a window in bytes and a rate; so
//! another algorithm is one more file. All of them are settings of the same sender ([`Congestion`]).
//!
//! - [`fixed`]: a window that never moves, for teaching
//! - [`newreno`]: half at a loss, one datagram more each round trip (RFC 9002 §7)
//! - [`cubic`]: what most senders of the Internet do (RFC 9438)
//! - [`tolerant`]: CUBIC that bears losses for which no queue is to blame; the default
//!   - [`queueing`]: does a queue stand on the path?
//!   - [`blame`]: are these losses ours?
//! - [`hystart`]: when does slow start end before the first loss (RFC 9406)?
//! - [`persistent`]: was so much lost that the window says nothing any more (RFC 9002 §7.6)?
//! - [`pacer`]: spreads the window over the round trip (RFC 9002 §7.7)
//! - [`setting`]: which of them, by name
//!
//! Which one is the default, and why, is measured in docs/architecture.md.

pub mod blame;
pub mod cubic;
pub mod fixed;
pub mod hystart;
pub mod newreno;
pub mod pacer;
pub mod persistent;
pub mod queueing;
pub mod setting;
pub mod tolerant;

use crate::time::{Duration, Instant};

pub use cubic::Cubic;
pub use fixed::Fixed;
pub use newreno::NewReno;
pub use pacer::Pacer;
pub use setting::{Chosen, Congestion};
pub use tolerant::Tolerant;

/// The initial window in datagrams (RFC 9002 §7.2).
const INITIAL_DATAGRAMS: u64 = 10;

/// The least window in datagrams (RFC 9002 §7.2).
const LEAST_DATAGRAMS: u64 = 2;

/// RFC 9002 §7.2: ten datagrams, but at most max(14,720, two datagrams).
fn initial_window(datagram: u64) -> u64 {
    (INITIAL_DATAGRAMS * datagram).min((2 * datagram).max(14_720))
}

/// A packet that asked for it was acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acknowledged {
    /// When the acknowledgement came.
    pub now: Instant,
    /// When the packet left.
    pub sent_at: Instant,
    /// Its UDP payload.
    pub bytes: u64,
    /// More would have been sent if window and pacing had allowed it (RFC 9002 §7.8: a window that is not
    /// used must not grow).
    pub limited: bool,
}

/// A round trip was measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RoundTrip {
    /// When the acknowledgement came.
    pub now: Instant,
    /// When the packet left.
    pub sent_at: Instant,
    /// How long it took.
    pub sample: Duration,
    /// The smoothed mean.
    pub smoothed: Duration,
    /// The least ever seen on this path: that of empty queues.
    pub least: Duration,
}

/// A congestion controller. Bytes are UDP payload.
pub trait Controller {
    /// A packet was acknowledged.
    fn on_acknowledged(&mut self, packet: Acknowledged);

    /// A round trip was measured; told after the acknowledgements that it belongs to.
    fn on_round_trip(&mut self, _trip: RoundTrip) {}

    /// A packet sent at `sent_at` was lost.
    fn on_lost(&mut self, now: Instant, sent_at: Instant);

    /// A packet sent at `sent_at` arrived with the mark of a queue that grows (ECN, RFC 9002 §7.1).
    fn on_marked(&mut self, now: Instant, sent_at: Instant);

    /// All was lost for so long that nothing of the path is known any more (RFC 9002 §7.6.2).
    fn on_persistent_congestion(&mut self);

    /// All packets that led to the latest reduction have arrived after all: it is taken back (RFC 4015
    /// §3, RFC 9438 §4.9). Whoever tells counts them.
    fn on_spurious_loss(&mut self);

    /// The path is another one: begin anew (RFC 9000 §9.4).
    fn on_path_changed(&mut self);

    /// Datagrams have up to this many bytes from now on (RFC 8899).
    fn on_datagram_size(&mut self, _bytes: u64) {}

    /// How many bytes may be in flight.
    fn window(&self) -> u64;

    /// How many packets may be in flight, where that is a rule of its own.
    fn window_packets(&self) -> Option<u64> {
        None
    }

    /// The slow-start threshold in bytes, once there is one.
    fn threshold(&self) -> Option<u64>;

    /// Bytes a second at which packets leave with this round-trip time; `None`: as fast as the window
    /// allows.
    fn pacing_rate(&self, smoothed: Duration) -> Option<u64> {
        pacer::rate(self.window(), smoothed)
    }
}
