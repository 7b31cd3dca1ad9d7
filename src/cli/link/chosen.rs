//! Which bad link did the options ask for?

use crate::cli::exit::Stop;
use crate::lab::link::{LinkConfig, LinkOptions, profile};
use crate::shell::entropy;
use std::fs;
use std::io::{self, Write};

/// `--profile list`: prints what each profile sets; true if that was asked for.
pub fn printed_profiles(options: &LinkOptions) -> Result<bool, Stop> {
    if !options.asks_for_profiles() {
        return Ok(false);
    }
    match io::stdout().write_all(profile::list().as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Stop::failed(error)),
        _ => Ok(true),
    }
}

/// The link; `None` if none was asked for. Without `--seed` the dice are thrown by the system.
pub fn config(options: &LinkOptions) -> Result<Option<LinkConfig>, Stop> {
    // Ours: a seed that is short enough to be typed again.
    let seed = entropy::rng().below(1_000_000);
    options.config(seed, |path| fs::read_to_string(path)).map_err(Stop::usage)
}
