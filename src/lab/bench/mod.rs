//! What did a run over the emulated link measure? The values that `bench` takes, `compare` puts side by side
//! and the report draws; nothing here runs or prints anything.
//!
//! ```text
//! workload.rs      what is said: how many messages, how often, how long, to how many, in which rooms
//! measurement.rs   one run: what became of each message, what the link saw, how good the link itself was
//! passage.rs       one packet: when it entered, what it was, what became of it
//! departure.rs    one datagram of ours: what it carried, and why it left
//! account.rs       what the clients of a run tell: every message handed in and handed out
//! link_report.rs   what the link tells: counters and lateness
//! packet_lines.rs  what the link tells of every packet
//! members.rs       how a member of such an object is read
//! row.rs           a run as the JSON object that scripts rely on, and as CSV
//! ```
//!
//! All moments are the machine's monotonic clock in microseconds, the same in every process of a run.

pub mod account;
pub mod departure;
pub mod link_report;
pub mod measurement;
pub mod members;
pub mod packet_lines;
pub mod passage;
pub mod row;
pub mod workload;

pub use account::Account;
pub use departure::Departures;
pub use measurement::{Carried, LinkReport, Measurement, MessageFate, WayReport};
pub use passage::{Fate, Passage, Protocol, TcpPart};
pub use workload::Workload;
