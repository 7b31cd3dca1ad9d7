//! All tests that look at the program from outside, in one binary: it is linked once.

#![allow(clippy::cast_possible_truncation, reason = "tests make bytes of small numbers")]

mod suite;
