//! The client's half of the chat.
pub mod event;
