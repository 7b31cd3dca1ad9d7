//! How do the keys of a session reach somebody who takes its datagrams apart?
//!
//! `--keylog FILE` appends a line for each direction of each session, as soon as it has its keys:
//!
//! ```text
//!   LABEL                    CLIENT ID        SERVER ID        PHASE  KEY
//!   UDP_CLIENT_TRAFFIC_KEY   16 hex digits    16 hex digits    0      64 hex digits
//!   UDP_SERVER_TRAFFIC_KEY   …
//! ```
//!
//! The ids are those in the datagrams' headers; over TCP (`TCP_…`) the client's stands in the preamble and the
//! server's is 0. Neither the keys of later phases nor that of the header's mask are written: they are computed
//! from this one (docs/tracing.md). Whoever has the file reads everything, so only its owner may open it.

use crate::cli::exit::Stop;
use crate::trace::{KeySink, SessionKeys};
use clap::Args;
use log::warn;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// `--keylog`.
#[derive(Args, Clone, Default, Debug)]
pub struct KeylogOption {
    /// Append each session's keys to this file: whoever has it reads everything (docs/tracing.md)
    #[arg(long, value_name = "FILE")]
    keylog: Option<PathBuf>,
}

/// Takes keys down.
struct KeyFile<W> {
    writer: Mutex<Option<W>>,
}

impl KeylogOption {
    /// Opens the file and warns aloud, if keys are wanted. In the clear there are none, which is an error.
    pub fn open(&self, insecure: bool) -> Result<Option<Arc<dyn KeySink>>, Stop> {
        let Some(path) = &self.keylog else { return Ok(None) };
        if insecure {
            return Err(Stop::usage("--keylog: with --insecure there are no keys; everything is readable"));
        }
        let file = open(path)
            .map_err(|error| Stop::failed(format!("--keylog: cannot write {}: {error}", path.display())))?;
        eprintln!(
            "WARNING: the keys of every session go to {}. Whoever has that file and a recording of the \
             network reads everything that is said. Delete it when you are done",
            path.display()
        );
        Ok(Some(Arc::new(KeyFile { writer: Mutex::new(Some(file)) })))
    }
}

/// For its owner alone, also if it was there before.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

impl<W: Write + Send> KeySink for KeyFile<W> {
    fn keys(&self, keys: &SessionKeys<'_>) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let written = writer.as_mut().map(|writer| writer.write_all(lines(keys).as_bytes()));
        if let Some(Err(error)) = written {
            warn!("--keylog: {error}; no more keys are written");
            *writer = None;
        }
    }
}

/// Both directions of a session.
fn lines(keys: &SessionKeys<'_>) -> String {
    let transport = keys.transport.to_uppercase();
    let mut text = String::new();
    for (end, key) in [("CLIENT", keys.to_server), ("SERVER", keys.to_client)] {
        // Writing to a string cannot fail.
        let _ = write!(text, "{transport}_{end}_TRAFFIC_KEY {:016x} {:016x} 0 ", keys.client, keys.server);
        for byte in key {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests;
