//! x
pub mod bare;
pub mod race;
pub mod table;
pub mod tally;
