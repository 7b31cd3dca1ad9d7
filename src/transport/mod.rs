//! How do messages get across a network that loses, doubles and reorders datagrams?
pub mod session;
