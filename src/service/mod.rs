//! Transport × chat, still without sockets: a whole server node, a whole client node.
//!
//! - [`api`]: what passes between a node and whoever runs it
//! - [`verbs`]: what a node must answer
//! - [`server_node`]: a whole server ([`streams`]: its TCP connections; [`carriers`]: who carries whom)
//! - [`client_node`]: a whole client
//! - [`join_code`]: where a server is and which key it must show, for people to type; [`token`]: what lets its
//!   bearer in; `checked_text`: how both are written
//! - [`diagnosis`]: why does joining fail, and what is the cure?
//! - [`discovery`]: how server and client find each other on a network where neither knows the other's address

pub mod api;
pub mod carriers;
mod checked_text;
pub mod client_node;
pub mod diagnosis;
pub mod discovery;
mod held;
pub mod join_code;
pub mod server_node;
pub mod streams;
pub mod token;
pub mod verbs;

pub use client_node::ClientNode;
pub use join_code::JoinCode;
pub use server_node::ServerNode;
pub use token::Token;
pub use verbs::{ClientCore, ServerCore};

#[cfg(test)]
mod door_tests;
#[cfg(test)]
mod tests;
