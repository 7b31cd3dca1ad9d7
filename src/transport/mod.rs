//! How do messages get across a network that loses, doubles and reorders datagrams?
pub mod channel;
pub mod congestion;
pub mod reliability;
pub mod session;
