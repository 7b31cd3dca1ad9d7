//! How does a simulated run become a file of qlog?
//!
//! It is played for the file alone: what a seed plays once it plays again, so what is printed and what is
//! written are the same run. Where each end has a trace of its own in the file it is played once for each,
//! and nothing has to be kept in memory.

use super::played;
use crate::cli::exit::Stop;
use crate::cli::qlog::{Header, Profile, QlogFile, Vantage};
use crate::lab::flow::{Ears, Plan};
use crate::time::Instant;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

const ENDS: [(Vantage, &str); 2] = [(Vantage::Client, "client-"), (Vantage::Server, "server-")];

/// Writes this run to this file.
pub fn record(plan: &Plan, seed: u64, wanted: (&Path, Profile)) -> Result<(), Stop> {
    let broken = Arc::new(Mutex::new(None));
    let told = Arc::clone(&broken);
    let on_broken = move |error: &std::io::Error| {
        *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
    };
    let file = QlogFile::create(wanted, &header(Vantage::Both), Instant::ZERO, Box::new(on_broken))?;
    write(plan, seed, &file).map_err(Stop::failed)?;
    let broken = broken.lock().unwrap_or_else(PoisonError::into_inner).take();
    match broken {
        Some(error) => Err(Stop::failed(format!("--qlog: {}: {error}", wanted.0.display()))),
        None => Ok(()),
    }
}

fn header(vantage: Vantage) -> Header {
    Header { title: "sayagain sim", vantage, unix_ms: None }
}

/// Both ends' events, whichever way the file wants them.
pub fn write(plan: &Plan, seed: u64, file: &QlogFile) -> Result<(), crate::lab::flow::Stuck> {
    let ear = |prefix| Some(file.sink(prefix));
    if file.has_traces() {
        for (vantage, prefix) in ENDS {
            file.begin_trace(&header(vantage));
            let ears = match vantage {
                Vantage::Client => Ears { clients: ear(prefix), server: None },
                _ => Ears { clients: None, server: ear(prefix) },
            };
            played(plan, seed, ears)?;
        }
    } else {
        played(plan, seed, Ears { clients: ear(ENDS[0].1), server: ear(ENDS[1].1) })?;
    }
    file.finish();
    Ok(())
}
