//! Feeds `tests/suite/fuzzing/datagram.rs` by coverage.
#![no_main]

#[path = "../../tests/suite/fuzzing/checksum.rs"]
mod checksum;
#[path = "../../tests/suite/fuzzing/datagram.rs"]
mod datagram;

libfuzzer_sys::fuzz_target!(|input: &[u8]| datagram::play(input));
