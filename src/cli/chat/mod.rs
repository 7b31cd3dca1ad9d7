//! x
pub mod face;
pub mod json_face;
pub mod name;
pub mod observed;
pub mod plain;
pub mod terminal_face;
