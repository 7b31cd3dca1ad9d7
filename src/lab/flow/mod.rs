//! What does the transport alone do with messages on a bad link?
//!
//! The real [`Connection`](crate::transport::connection::Connection)s of clients and the real
//! [`Endpoint`](crate::transport::endpoint::Endpoint) of a server, joined by the real
//! [`Link`](crate::lab::link::Link), on virtual time, from one seed; no chat. A run is a pure function of
//! (plan, seed).
//!
//! ```text
//!   source ─▶ connection 0 ──┐                          ┌── endpoint ─▶ tally
//!   tally  ◀─              ──┤ a link each, or one that │            ◀─ source
//!   source ─▶ connection 1 ──┤ all share                ├──
//!                            └──────────────────────────┘
//!             witness: what each datagram carried, what was decided
//! ```
//!
//! ```
//! use sayagain::lab::flow::{Paced, Plan, run};
//! use sayagain::lab::link::{DirectionConfig, LinkConfig};
//! use std::time::Duration;
//!
//! let way = DirectionConfig { delay: Duration::from_millis(25), loss: 0.1, ..DirectionConfig::default() };
//! let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
//! plan.sessions[0].up.paced = Paced { messages: 100, ..Paced::default() };
//! let all = run(&plan, 7)?.total();
//! assert_eq!(all.up.paced().delivered, 100);
//! assert!(all.up.paced().latencies.quantile(500) >= Some(Duration::from_millis(25)));
//! # Ok::<(), sayagain::lab::flow::Stuck>(())
//! ```
//!
//! - [`plan`]: link, sessions, workloads, and when it ends
//! - [`source`]: when which message is handed in; [`tally`]: what became of it
//! - [`witness`]: what left, and what was decided
//! - [`testbed`]: the clock and the loop; `turn`: what happens at one moment; `seat`: where a client sits
//! - [`report`]: what is known at the end, of one session, of all, of several seeds
//! - [`oracle`]: whether one end sends only what the rules allow
//! - [`sweep`]: random faults, seed after seed, and whether every promise survived them
//! - [`goodput`]: what the teaching modes get through, beside the [`formula`] of the textbooks
//! - [`latencies`]: quantiles without estimates
//!
//! Left out on purpose: what the machine costs (that is `benches/core.rs`), and the chat
//! ([`lab::world`](crate::lab::world)).

pub mod formula;
pub mod goodput;
pub mod latencies;
pub mod oracle;
pub mod plan;
pub mod report;
mod seat;
pub mod source;
pub mod sweep;
pub mod tally;
pub mod testbed;
mod turn;
pub mod witness;

pub use latencies::Latencies;
pub use plan::{Bulk, End, Family, Medium, Meeting, Paced, Plan, SessionPlan, Workload};
pub use report::{Report, SessionReport, run, run_seeds};
pub use testbed::{Ears, Stuck, Testbed};

#[cfg(test)]
mod anchors;
#[cfg(test)]
mod arq_tests;
#[cfg(test)]
mod delivery_tests;
#[cfg(test)]
mod loss_tests;
#[cfg(test)]
mod mark_tests;
#[cfg(test)]
mod path_tests;
#[cfg(test)]
mod siege_tests;
#[cfg(test)]
mod size_tests;
#[cfg(test)]
mod stats_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod told;
