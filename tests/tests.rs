//! All tests that look at the program from outside, in one binary: it is linked once.

mod suite;
