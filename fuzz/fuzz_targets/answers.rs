//! Feeds `tests/suite/fuzzing/answers.rs` by coverage.
#![no_main]

#[path = "../../tests/suite/fuzzing/checksum.rs"]
mod checksum;
#[path = "../../tests/suite/fuzzing/answers.rs"]
mod answers;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    answers::play(input);
});
