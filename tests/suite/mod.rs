//! - `house`: does the code still stand as the documents say?

mod house;
mod program;
