//! How often does a small message go out before anybody says that it got lost?
//!
//! A lost datagram is noticed a round trip later at best. A chat message is small, so it need not wait for
//! that: it rides along in the datagrams that leave anyway, and where none leaves soon, in one of its own.
//!
//! ```text
//!   ms         0       11       20       31       40
//!   datagram   [a]     [a]      [a b]    [a b]    [b c]     loss 10 %: 4 rides each, 2 of them its own
//!              first   extra    b first  extra    c first
//! ```
//!
//! What is carried costs bytes, a datagram of its own costs more: so there are two targets. *Rides* are all
//! datagrams that carry a message; *own* are those that may leave for its sake. Both follow from the loss
//! that was measured; without loss there are no copies, and where they fill a queue there are none either.
//!
//! - [`loss_share`]: how large a share of our packets is lost
//! - [`target`]: how many rides that calls for
//! - [`riders`]: which messages are under way, and whose turn it is to ride
//! - [`restraint`]: whether copies rest, because they fill the path
//! - [`allowance`]: what text and its copies may send whatever the congestion window
//! - [`copies`]: the five together, as a connection asks them
//!
//! Sources: "redundant data bundling" as games do it; RFC 8836 §2 on what interactive media may ask of a
//! path. Left out on purpose: forward error correction, which pays only for streams of large packets
//! (arXiv 1904.11326).

pub mod allowance;
pub mod copies;
pub mod loss_share;
pub mod restraint;
pub mod riders;
pub mod target;

pub use copies::Copies;
pub use loss_share::LossShare;
pub use target::Redundancy;

/// The longest message that rides, in bytes: two of them and more fit into a datagram. Longer ones are sent
/// once and repaired when lost.
pub const SMALL_MAX: u64 = 500;
