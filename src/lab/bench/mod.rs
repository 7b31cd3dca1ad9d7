//! What did a run over the emulated link measure? The values that `bench` takes, `compare` puts side by side
//! and the report draws; nothing here runs or prints anything.
//!
//! ```text
//! measurement.rs   one run: what became of each message, what the link saw, how good the link itself was
//! passage.rs       one packet: when it entered, what it was, what became of it
//! ```
//!
//! All moments are the machine's monotonic clock in microseconds, the same in every process of a run.

pub mod measurement;
pub mod passage;

pub use measurement::{Carried, LinkReport, Measurement, MessageFate, WayReport};
pub use passage::{Fate, Passage, Protocol, TcpPart};
