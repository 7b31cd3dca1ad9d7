//! - `fuzzing`: what the fuzzer plays, with the inputs that are kept
//! - `house`: does the code still stand as the documents say?
//! - `reading`: does the code still do what the student's way through it shows?

mod fuzzing;
mod house;
mod program;
mod reading;
