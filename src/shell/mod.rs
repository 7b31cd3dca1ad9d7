//! The only place with sockets, threads, the system's clock and entropy.

pub mod entropy;
pub mod home;
pub mod store_thread;
