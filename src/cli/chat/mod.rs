//! The client's command: how does a client find its server, its name and its face?
//!
//! ```text
//!  arguments ─▶ addresses, key, name, bad link ─▶ ClientNode in Observed ─▶ ClientLoop ─▶ Ending ─▶ exit code
//!                                                   │ News                      ▲ lines
//!                                                   ▼                           │
//!                                             Face (plain, JSON, terminal) ─────┘
//! ```
//!
//! [`join`] puts all that together. [`observed`] turns what the node says into news for a [`face`]: lines
//! ([`plain`]), objects ([`json_face`]) or the terminal ([`terminal_face`]). [`name`] finds the name to join
//! under, [`server`] the server that is meant, by its host or a join code, or [`found`] on this network,
//! [`memory`] keeps what the next start should know, [`stats`] tells what the session measured,
//! [`fingerprints`] makes keys into words, [`witness`] keeps what the session does for the terminal,
//! [`look`] is how a terminal shall look and sound,
//! [`piping`] how a script is read.

pub mod asking;
pub mod face;
pub mod fingerprints;
pub mod found;
pub mod join;
pub mod json_face;
pub mod look;
pub mod memory;
pub mod name;
pub mod observed;
pub mod piping;
pub mod plain;
pub mod server;
pub mod stats;
pub mod terminal_face;
pub mod witness;

pub use join::{Kind, run};
