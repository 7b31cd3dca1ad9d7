//! How do messages get across a network that loses, doubles and reorders datagrams?
pub mod channel;
pub mod config;
pub mod congestion;
pub mod liveness;
pub mod params;
pub mod path;
pub mod reliability;
pub mod session;
pub mod timer;
pub mod trust;
