//! Say Again: a chat over UDP datagrams with a hand-built reliability layer.
pub mod chat;
pub mod cli;
pub mod crypto;
pub mod lab;
pub mod rng;
pub mod service;
pub mod shell;
pub mod store;
pub mod time;
pub mod trace;
pub mod transport;
pub mod tui;
pub mod wire;
