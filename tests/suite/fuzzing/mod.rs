//! Does what the fuzzer found so far still pass, and do calls in any order?
//!
//! The harnesses are shared with `fuzz/`, which feeds them by coverage. Here they play the inputs that are kept in
//! `fuzz/corpus/` and inputs from seeds: msquic's "spin".
//!
//! - `datagram.rs`: every reader of what is not authenticated yet
//! - `session.rs`: a client and a server, any calls, any traffic
//! - `strangers.rs`: a whole server, and datagrams of those who have proved nothing
//! - `answers.rs`: a client, and whatever answers its HELLO
//! - `streams.rs`: both ends of a TCP stream before the other has proved itself
//! - `code.rs`: what is typed as a join code

mod answers;
mod checksum;
mod code;
mod datagram;
mod session;
mod strangers;
mod streams;

pub use checksum::with_checksum;

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

/// Scripts from seeds: steps of an opcode, an operand and a run of bytes.
fn scripts(count: u64) -> impl Iterator<Item = Vec<u8>> {
    (0..count).map(|seed| {
        let mut rng = Rng::from_seed(seed);
        let mut script = rng.bytes::<1>().to_vec();
        for _ in 0..=rng.below(12) {
            let mut run = vec![0; usize::try_from(rng.below(120)).expect("a small number")];
            rng.fill(&mut run);
            let [opcode, operand] = rng.bytes();
            script.extend([opcode, operand, run.len() as u8]);
            script.extend(run);
        }
        script
    })
}

#[test]
fn a_server_bears_whatever_strangers_say() {
    let sessions: usize = scripts(300).map(|script| strangers::play(&script)).sum();
    assert!(sessions > 5, "{sessions} sessions came up: hardly anything was tried");
}

#[test]
fn a_client_bears_whatever_answers_it() {
    let connected = scripts(600).filter(|script| answers::play(script)).count();
    assert!(connected > 20, "{connected} connected: hardly anything was tried");
}

#[test]
fn both_ends_of_a_stream_bear_whatever_comes_before_a_proof() {
    let connected = scripts(1_000).filter(|script| streams::play(script)).count();
    assert!(connected > 10, "{connected} connected: hardly anything was tried");
}

#[test]
fn a_join_code_is_read_rightly_or_not_at_all() {
    let code = "sa-R2M0-250J-HE8A-MCXV-C9B5-3DQN-G4GM";
    assert!(code::play(code.as_bytes()));
    let mut rng = Rng::from_seed(3);
    for _ in 0..20_000 {
        let mut bytes = code.as_bytes().to_vec();
        for _ in 0..rng.below(4) {
            let at = usize::try_from(rng.below(bytes.len() as u64)).expect("a small number");
            match rng.below(3) {
                0 => bytes[at] = rng.bytes::<1>()[0],
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, b"O -l\xe2"[at % 5]),
            }
        }
        code::play(&bytes);
    }
}
