//! How do messages get across a network that loses, doubles and reorders datagrams?
pub mod arq;
pub mod channel;
pub mod config;
pub mod congestion;
pub mod connection;
pub mod endpoint;
pub mod handshake;
pub mod liveness;
pub mod mtu;
pub mod params;
pub mod path;
pub mod redundancy;
pub mod reliability;
pub mod session;
pub mod stream;
pub mod timer;
pub mod trust;
