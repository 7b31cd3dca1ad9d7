//! How much may be in flight?
//!
//! A controller is told what was sent, acknowledged and lost, and answers with a window in bytes. It is
//! asked through one small trait, so that another algorithm is one more file.

pub mod newreno;

use crate::time::Instant;

pub use newreno::NewReno;

/// A congestion controller. Bytes are UDP payload.
pub trait Controller {
    /// These bytes, sent at `sent_at`, were acknowledged; `limited` when the window was what held the
    /// sender back (RFC 9002 §7.8: an unused window must not grow).
    fn on_acknowledged(&mut self, now: Instant, sent_at: Instant, bytes: u64, limited: bool);

    /// A packet sent at `sent_at` was lost.
    fn on_lost(&mut self, now: Instant, sent_at: Instant);

    /// The path is another one: begin anew (RFC 9000 §9.4).
    fn on_path_changed(&mut self);

    /// How many bytes may be in flight.
    fn window(&self) -> u64;

    /// The slow-start threshold in bytes, where the algorithm has one.
    fn threshold(&self) -> Option<u64>;
}
