//! Does what the fuzzer found so far still pass, and do calls in any order?
//!
//! The two harnesses are shared with `fuzz/`, which feeds them by coverage. Here they play the inputs that are
//! kept in `fuzz/corpus/` and inputs from seeds: msquic's "spin".
//!
//! - `datagram.rs`: every reader of what is not authenticated yet
//! - `session.rs`: a client and a server, any calls, any traffic

mod checksum;
mod datagram;
mod session;

use sayagain::rng::Rng;
use std::fs;
use std::path::{Path, PathBuf};

/// The kept inputs of a harness, in a fixed order.
fn corpus(harness: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(harness);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().filter_map(|path| fs::read(&path).ok().map(|bytes| (path, bytes))).collect()
}

#[test]
fn every_kept_input_of_the_readers_reads_without_a_panic_and_alike_when_written_again() {
    let inputs = corpus("datagram");
    assert!(inputs.len() >= 10 && inputs.len() <= 60, "{} are kept", inputs.len());
    inputs.iter().for_each(|(_, bytes)| datagram::play(bytes));
}

#[test]
fn every_kept_input_of_a_session_breaks_no_promise() {
    let inputs = corpus("connection");
    assert!(inputs.len() >= 10 && inputs.len() <= 60, "{} are kept", inputs.len());
    inputs.iter().for_each(|(_, bytes)| {
        session::play(bytes);
    });
}

#[test]
fn spin_calls_in_any_order_and_any_traffic_break_no_promise() {
    let mut delivered = 0;
    for seed in 0..400 {
        let mut rng = Rng::from_seed(seed);
        let mut script = vec![0; 100 + usize::try_from(rng.below(900)).expect("a small number")];
        rng.fill(&mut script);
        delivered += session::play(&script);
    }
    assert!(delivered > 1_000, "{delivered} messages arrived: hardly anything was tried");
}

#[test]
fn noise_from_seeds_is_read_by_every_reader_without_a_panic() {
    let mut rng = Rng::from_seed(7);
    for n in 0..20_000u32 {
        let mut bytes = vec![0; 1 + usize::try_from(rng.below(60)).expect("a small number")];
        rng.fill(&mut bytes);
        bytes[0] = (n % u32::from(datagram::READERS)) as u8;
        datagram::play(&bytes);
    }
}
