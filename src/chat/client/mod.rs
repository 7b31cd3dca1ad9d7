//! The client's half of the chat.
pub mod display;
pub mod event;
