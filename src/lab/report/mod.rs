//! What do many runs say together, and how is it shown?
//!
//! ```text
//!  matrix ─▶ wanted runs ─▶ (the real link, or the model) ─▶ Measurements
//!                                                                 │ comparison.rs
//!             spread.rs: medians over seeds ◀── lines ◀───────────┤
//!                                                 │               │
//!     table.rs: the terminal      figures.rs: plotted numbers     passages ─▶ timeline.rs
//!                                    │         │                           ─▶ story/: the worst message,
//!                           json.rs ◀┘         └▶ page/: HTML and SVG            and why it was late
//! ```
//!
//! - [`matrix`]: which links, carried by what, how many seeds
//! - [`row`]: what carries the messages, and what is special about it
//! - [`comparison`]: what was taken, and one line for each link and row
//! - [`scenario`]: matrices with a name, a question and what to look for
//! - [`quantity`], [`moments`], [`spread`]: what is told of a run, and its median over seeds
//! - [`model`]: the simulator in the place of the real link
//! - [`figures`], [`timeline`], [`story`]: what is drawn, as values
//! - [`table`], [`json`], [`markdown`], [`page`]: the four forms
//!
//! Everything here is a function of values: no run is started, no file written, no clock read. Kernel, machine
//! and date are handed in.
//!
//! Left out on purpose: tests of significance. Three seeds are too few for one; the spread is shown instead.

pub mod comparison;
pub mod figures;
pub mod json;
pub mod markdown;
pub mod matrix;
pub mod model;
pub mod moments;
pub mod page;
pub mod quantity;
pub mod row;
pub mod scenario;
pub mod spread;
pub mod story;
pub mod table;
pub mod timeline;

pub use comparison::{About, Comparison, NoRun, Run};
pub use matrix::{Matrix, Wanted};
pub use row::Row;
pub use scenario::Scenario;

#[cfg(test)]
pub(crate) mod made_up;
