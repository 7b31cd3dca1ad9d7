//! What was sent, what arrived, what is lost, and when to ask again?
//!
//! Leaves that know nothing of each other, each a file that is read in one sitting:
//!
//! - [`rtt`]: how long a round trip takes (RFC 6298, RFC 9002 §5)
//! - [`sent`]: which packets are in flight, and what each carried
//! - [`received`]: which packets arrived, and what to acknowledge
//! - [`loss`]: the verdict on a packet that later ones overtook (RFC 9002 §6.1)
//! - [`reordering`]: how far packets overtake each other, and how long a verdict must wait (RFC 8985 §6.2)
//! - [`late`]: packets that count as lost, for the case that they are only late
//! - [`thinning`]: do packets come so densely that one acknowledgement does for several (RFC 9000 §13.2.2)?
//! - [`ecn`]: does the path carry the marks of growing queues (RFC 3168, RFC 9000 §13.4)?
//! - [`losses`]: what was declared lost, and what is taken back if that was wrong (RFC 4015)
//! - [`probe`]: when to ask again after silence (RFC 9002 §6.2)
//!
//! [`recovery`] is where their verdicts meet; its `timeout` has what the teaching modes do instead of probes,
//! and its `marked` what marks change.

pub mod ecn;
pub mod late;
pub mod loss;
pub mod losses;
pub mod probe;
pub mod received;
pub mod recovery;
pub mod reordering;
pub mod rtt;
pub mod sent;
pub mod thinning;
