//! The chat itself: people, rooms, messages. It does not know that a transport exists.
pub mod client;
pub mod codec;
pub mod message;
