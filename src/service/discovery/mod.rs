//! How do a server and its clients find each other on a network where nobody knows an address?
//!
//! ```text
//!   server                                             client
//!
//!   Announcement ── TXT records of _sayagain._udp (mDNS) ──────────▶ ┐
//!                                                                    ├─ Search ─▶ Findings: servers, each with
//!   Responder ◀──── Probe: broadcast, link-local multicast ────────  │            all the addresses heard of
//!      └─────────── Answer, never longer ──────────────────────────▶ ┘
//! ```
//!
//! Two ways at once, because each is blocked somewhere: mDNS (RFC 6762) with DNS-SD (RFC 6763), and a datagram
//! of our own. Both carry the same [`announcement`].
//!
//! - [`announcement`]: what a server tells about itself, and how mDNS carries it
//! - [`datagram`]: how our own datagrams carry it
//! - [`responder`]: whom does a server answer, and how often?
//! - [`reach`]: from where can a server be reached at all, and who is a neighbour?
//! - [`findings`]: which of what was heard is one server?
//! - [`search`]: when does a client ask, and when has it waited long enough?
//!
//! Whatever comes by these ways is **untrusted**: anybody on the network can say anything. So a server that was
//! found is trusted as one whose address was typed, and besides must prove the very key that was announced
//! ([`Promise`](super::api::Promise)).

pub mod announcement;
pub mod datagram;
pub mod findings;
pub mod reach;
pub mod responder;
pub mod search;

pub use announcement::{Announcement, Door, Spoken};
pub use datagram::{Answer, Probe};
pub use findings::{Findings, Found};
pub use reach::{Network, Reach};
pub use responder::Responder;
pub use search::Search;

#[cfg(test)]
mod tests;
