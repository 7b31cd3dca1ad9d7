//! Transport × chat, still without sockets: a whole server node, a whole client node.
pub mod api;
pub mod core;
