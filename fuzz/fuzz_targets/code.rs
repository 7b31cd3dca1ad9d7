//! Feeds `tests/suite/fuzzing/code.rs` by coverage.
#![no_main]

#[path = "../../tests/suite/fuzzing/code.rs"]
mod code;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    code::play(input);
});
