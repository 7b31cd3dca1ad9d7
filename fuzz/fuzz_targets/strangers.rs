//! Feeds `tests/suite/fuzzing/strangers.rs` by coverage.
#![no_main]

#[path = "../../tests/suite/fuzzing/checksum.rs"]
mod checksum;
#[path = "../../tests/suite/fuzzing/strangers.rs"]
mod strangers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    strangers::play(input);
});
