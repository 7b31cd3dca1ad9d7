//! `link`: how do two programs of any kind meet over an emulated link? And for every command: which bad
//! link did its options ask for?
//!
//! ```text
//! chosen.rs    the options of any command → the link that they ask for
//! command.rs   `sayagain link … -- SERVER … :: CLIENT …`
//! report.rs    what the link saw, for people and as JSON
//! capture.rs   `--pcap`: the packets of both ends as a file for Wireshark
//! packets.rs   `--packets`: what became of each packet, as JSON lines
//! ```
#[cfg(target_os = "linux")]
mod capture;
mod chosen;
mod command;
#[cfg(target_os = "linux")]
mod packets;
#[cfg(target_os = "linux")]
mod report;

pub use chosen::{config, printed_profiles};
pub use command::run;
