//! - `house`: does the code still stand as the documents say?
//! - `reading`: does the code still do what the student's way through it shows?

mod house;
mod program;
mod reading;
