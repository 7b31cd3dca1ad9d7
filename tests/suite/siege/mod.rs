//! Does whoever is in stay in, does nothing of theirs get lost or shown twice, and does memory stay flat,
//! whatever a hostile room does?
//!
//! The server's real node and the people's, on virtual time, with an attacker who hears and forges everything
//! on the wire (`room.rs`), or who is in by right and breaks the rules (`rogue.rs`).
//!
//! - `recorded.rs`: replays, reflections, splices
//! - `moving.rs`: true packets from another address, before and after the original
//! - `endings.rs`: forged closes, resets, refusals
//! - `memory.rs`: reassembly bombs of peers who proved themselves
//! - `names.rs`: another key, look-alikes
//! - `one_address.rs`: a whole class behind one address, and a flood in its name
//! - `mutations.rs`: mutated datagrams at each state of a connection; `states.rs`: these states

mod endings;
mod memory;
mod moving;
mod mutations;
mod names;
mod one_address;
mod recorded;
mod rogue;
mod room;
mod states;
