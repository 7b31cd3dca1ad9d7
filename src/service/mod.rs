//! Transport × chat, still without sockets: a whole server node, a whole client node.
//!
//! - [`api`]: what passes between a node and whoever runs it
//! - [`verbs`]: what a node must answer
//! - [`server_node`]: a whole server ([`streams`]: its TCP connections; [`carriers`]: who carries whom)
//! - [`client_node`]: a whole client

pub mod api;
pub mod carriers;
pub mod client_node;
mod held;
pub mod server_node;
pub mod streams;
pub mod verbs;

pub use client_node::ClientNode;
pub use server_node::ServerNode;
pub use verbs::{ClientCore, ServerCore};
