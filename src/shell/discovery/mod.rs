//! How do a server and its clients meet on a network, where both are real?
//!
//! ```text
//!  serve ─ Announcer ─┬─ mdns ─────────── a thread of mdns_sd ─── 224.0.0.251, ff02::fb : 5353
//!                     └─ answering ────── a thread of its own ─── every interface : 24747
//!
//!  chat ── searching ─┬─ mdns
//!                     └─ probes to every interface's broadcast address and to ff02::1, port 24747
//! ```
//!
//! Threads and sockets of their own, so that a flood of probes costs a server's sessions nothing but the
//! processor, and so that what fails here fails alone: the server serves all the same.
//!
//! | file | answers |
//! | --- | --- |
//! | [`announcer`] | how does a server announce itself? |
//! | `mdns` | how do both speak mDNS? |
//! | `answering` | how are probes answered? |
//! | [`searching`] | how does a client search? |
//! | `interfaces` | in which networks does this machine stand? |

mod answering;
mod interfaces;
mod mdns;

pub mod announcer;
pub mod searching;

pub use announcer::Announcer;
pub use searching::{Ways, search};

#[cfg(test)]
mod tests;
