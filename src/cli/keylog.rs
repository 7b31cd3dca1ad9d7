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
//! server's is 0. The keys of later phases are not written: each is computed from the one before (Noise §4.2,
//! REKEY; docs/protocol.md). Whoever has the file reads everything, so only its owner may open it.

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
mod tests {
    use super::*;

    const KEYS: SessionKeys<'static> = SessionKeys {
        transport: "udp",
        client: 0xab,
        server: 1,
        to_server: &[1; 32],
        to_client: &[0xff; 32],
    };

    #[test]
    fn a_direction_is_a_line() {
        let (one, two) = ("01".repeat(32), "ff".repeat(32));
        let expected = format!(
            "UDP_CLIENT_TRAFFIC_KEY 00000000000000ab 0000000000000001 0 {one}\n\
             UDP_SERVER_TRAFFIC_KEY 00000000000000ab 0000000000000001 0 {two}\n"
        );
        assert_eq!(lines(&KEYS), expected);
    }

    #[test]
    fn in_the_clear_there_is_nothing_to_log() {
        let option = KeylogOption { keylog: Some("/nowhere/at/all".into()) };
        assert!(option.open(true).err().is_some_and(|stop| stop.text.contains("no keys")));
        assert!(option.open(false).err().is_some_and(|stop| stop.text.contains("/nowhere/at/all")));
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_added_and_only_the_owner_may_look() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder to test in");
        let path = folder.path().join("keys");
        std::fs::write(&path, "before\n").expect("written");
        let option = KeylogOption { keylog: Some(path.clone()) };
        option.open(false).ok().flatten().expect("a file").keys(&KEYS);
        let text = std::fs::read_to_string(&path).expect("readable");
        assert_eq!((text.lines().count(), text.lines().next()), (3, Some("before")));
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_full_disk_costs_the_log_and_nothing_else() {
        struct Full(u32);
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                self.0 += 1;
                assert_eq!(self.0, 1, "nothing is written after an error");
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let file = KeyFile { writer: Mutex::new(Some(Full(0))) };
        file.keys(&KEYS);
        file.keys(&KEYS);
    }
}
