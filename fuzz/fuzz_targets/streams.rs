//! Feeds `tests/suite/fuzzing/streams.rs` by coverage.
#![no_main]

#[path = "../../tests/suite/fuzzing/streams.rs"]
mod streams;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    streams::play(input);
});
