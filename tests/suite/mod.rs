//! - `fuzzing`: what the fuzzer plays, with the inputs that are kept
//! - `house`: does the code still stand as the documents say?
//! - `lean`: does a warm session ask the heap for anything?
//! - `reading`: does the code still do what the student's way through it shows?

mod fuzzing;
mod house;
mod lean;
mod program;
mod reading;
