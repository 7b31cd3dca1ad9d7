//! Transport × chat, still without sockets: a whole server node, a whole client node.
//!
//! - [`api`]: what passes between a node and whoever runs it
//! - [`core`]: the verbs of the nodes, for whoever runs them
//! - [`server_node`]: a whole server ([`streams`]: its TCP connections; [`carriers`]: who carries whom)

pub mod api;
pub mod carriers;
pub mod core;
pub mod server_node;
pub mod streams;

pub use server_node::ServerNode;
