//! - `fuzzing`: what the fuzzer plays, with the inputs that are kept
//! - `house`: does the code still stand as the documents say?
//! - `lean`: does a warm session ask the heap for anything?
//! - `pictures`: are README's pictures what the program draws?
//! - `reading`: does the code still do what the student's way through it shows?
//! - `siege`: what a hostile room does to a server and to those who are in

mod fuzzing;
mod house;
mod lean;
mod pictures;
mod program;
mod reading;
mod siege;
