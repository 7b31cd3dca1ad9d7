//! x
pub mod arguments;
pub mod chat;
pub mod demo;
pub mod exit;
pub mod json;
pub mod logging;
