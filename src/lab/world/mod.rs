//! What happens when a whole server and many clients run on a bad network, a bad disk and a bad day?
//!
//! A world on virtual time: the real nodes, and around them everything that a shell would have given them,
//! made from one seed. The same seed makes the same world, to the byte.
//!
//! ```text
//!                        ┌── Link (udp) ───────────────┐
//!   script ─▶ client 0 ──┤                             ├── server ── store (survives crashes)
//!                        └── two pipes of bytes (tcp) ─┘     │
//!   script ─▶ client 1 ── …                                  │
//!                             script: crash, restart, pause, rebind
//! ```
//!
//! - [`run`]: the clock and the loop; `turn`: what a node does in its turn
//! - `seat`: where a node sits, and what waits for it while it is paused
//! - `udp`, `tcp`: how bytes travel between the seats; `pipe`: one direction of a stream
//! - [`script`]: what is done to the nodes, and when
//! - [`transcript`]: what came of it
//! - [`oracle`]: was every promise kept?
//!
//! Left out on purpose: the kernel's congestion control (a simulated TCP delays, but it does not compete),
//! clocks that drift, disks that lie.

mod agenda;
pub mod oracle;
mod pipe;
pub mod run;
pub mod script;
mod seat;
mod tcp;
pub mod transcript;
mod turn;
mod udp;

pub use run::{Cast, Spin, World};
pub use script::{Deed, Script, SeatPlan};
pub use transcript::{Entry, Fact, Transcript};

#[cfg(test)]
mod tests;
