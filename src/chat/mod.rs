//! The chat itself: people, rooms, messages. It does not know that a transport exists.

pub mod calendar;
pub mod client;
pub mod codec;
pub mod command;
pub mod file_wish;
pub mod invisible;
pub mod message;
pub mod name;
pub mod quota;
pub mod room_name;
pub mod server;
pub mod text;
