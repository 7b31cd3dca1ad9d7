//! `bench`: how does a chat fare over a bad link, carried in this way or that, measured on real sockets?
//!
//! ```text
//!  command ─ rows ─▶ plan ─▶ launcher ─▶ process: link … -- SERVER-PART :: CLIENT-PART ─▶ JSON
//!                               │                              │                │
//!                               ▼                     serve, or reflector     clients: one sender,
//!                          Measurement ─▶ table,          (raw)               N receivers
//!                                         JSON, CSV
//! ```
//!
//! | file | answers |
//! | --- | --- |
//! | [`arguments`] | what can be asked of a run, and of its programs? |
//! | [`rows`] | which runs does a command line ask for? |
//! | [`plan`] | what is one run, and with which words are its programs started? |
//! | [`launcher`] | how is it started, and what do its programs tell? |
//! | [`process`], [`folder`], [`interrupt`] | what ends with a run, whatever happens? |
//! | [`clients`], [`board`], [`chatters`], [`handshakes`], [`raw`] | the clients' side |
//! | [`reflector`] | the server's side, where there is no server of ours |
//! | [`command`], [`table`] | how is it shown? |
//!
//! The parts of a run are processes, because the kernel's TCP takes part only between two namespaces, and so
//! that no thread of a client shares its clock ticks with the server's.

pub mod arguments;
pub mod board;
pub mod chatters;
pub mod clients;
pub mod command;
pub mod departures;
pub mod folder;
pub mod handshakes;
pub mod interrupt;
pub mod launcher;
pub mod plan;
pub mod process;
pub mod raw;
pub mod reflector;
pub mod rows;
pub mod table;

pub use command::run;
pub use launcher::{Launcher, take};
pub use plan::Plan;
