//! Feeds `tests/suite/fuzzing/session.rs` by coverage.
#![no_main]

#[path = "../../tests/suite/fuzzing/checksum.rs"]
mod checksum;
#[path = "../../tests/suite/fuzzing/session.rs"]
mod session;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    session::play(input);
});
