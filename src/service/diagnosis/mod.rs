//! Why does joining fail, and what is the cure?
//!
//! ```text
//!  shell/examination ── looks ──▶ Observations ── judge ──▶ Verdicts ──▶ a line, or an object, each
//! ```
//!
//! What was seen and what it means are apart: [`observation`] holds facts only, and [`judgement`] makes
//! sentences of them without asking anybody again.

pub mod judgement;
pub mod observation;

pub use judgement::{State, Verdict, judge, would_join};
pub use observation::{
    Acquaintance, Datagrams, Firewall, Folder, Interface, Met, Observations, Place, Reply, Surroundings,
    Target,
};
