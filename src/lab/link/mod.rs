//! What happens to a packet between two ends?
//!
//! The link is a state machine with the five verbs: it is handed packets and the time, and hands them back
//! when they are due, late, twice, damaged or not at all. It never looks inside a packet (`P` is whatever
//! the caller likes), so the UDP shell, the simulator and a relay below IP can share it.
//!
//! ```text
//!                      one way (there are two, up and down)
//!           ┌──────────────────────────────────────────────────────────────┐
//!  packet k │ named drop? ─ MTU? ─▶ queue ─▶ rate ─▶ outage? fade? loss?   │
//!  ────────▶│              [bottleneck.rs]        [config][fade.rs][loss.rs]│
//!           │    delay + jitter, held back? ─▶ twice? damaged? ────────────┼──▶ delivery
//!           └──────────────────────────────────────────────────────────────┘
//! ```
//!
//! Two promises make runs comparable. **The k-th packet of a direction meets the same fate, whatever its
//! size, its time and its transport**: all its dice are a function of (seed, direction, k), see [`dice`].
//! **Faults in time fall at the same instants**: outages are given in time since the link's start, and
//! fades are drawn from a sequence of their own.
//!
//! Left out on purpose: several bottlenecks in a row, active queue management beyond marking at half, and
//! anything that depends on what a packet says (except the labels that the caller gives for named drops).

pub mod bottleneck;
pub mod conditions;
pub mod config;
pub mod counters;
pub mod dice;
pub mod drops;
pub mod fade;
pub mod in_force;
pub mod loss;
pub mod model;
pub mod one_way;
pub mod options;
pub mod profile;
pub mod rebind;
pub mod settings;
pub mod values;

pub use config::{Direction, DirectionConfig, LinkConfig};
pub use counters::{Counters, DropCause};
pub use model::{Delivery, Flip, Link, Verdict};
pub use options::LinkOptions;
pub use rebind::{Rebind, RebindPlan, Rebinds};

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "counts of a test are small")]
mod tests;
