//! What does a lossy link do to a chat? The laboratory: a link that loses on purpose, and a world to try it in.
//!
//! ```text
//! bench/        what one run over the link measured: values for bench, compare and the report
//! link/         the emulated link: a pure state machine that any transport can be led through
//! flow/         the transport alone on virtual time: what does it do with messages on a bad link?
//! relay/        real IP packets through that link: addresses, names, marks, captures
//! world/        a whole server, its store and many clients, on virtual time, from one seed
//! scenario.rs   the bad day that a seed makes, and whether every promise survived it
//! ladder.rs     what both ends recorded of a connection, as a sequence diagram with reasons
//! labels.rs     by which names may a datagram of ours be dropped?
//! cast.rs       the real nodes that play in it
//! ```
pub mod bench;
pub mod cast;
#[cfg(test)]
mod files_tests;
pub mod flow;
pub mod labels;
pub mod ladder;
pub mod link;
pub mod relay;
pub mod report;
pub mod scenario;
pub mod world;
