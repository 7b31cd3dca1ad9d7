//! x
pub mod exit;
pub mod json;
pub mod logging;
