//! How does one server keep another from the same file, and yet let others read it?
//!
//! The lock is on a file of its own beside the store, `….lock`, an empty database: SQLite knows on every system
//! how to lock one, and how to wait for it. It lasts as long as the process, also when that ends by SIGKILL.
//! The store itself stays open to readers (`sayagain history export`), as its write-ahead log allows.
//!
//! Source: SQLite's documentation of `PRAGMA locking_mode` and of write-ahead logging.

use crate::time::Duration;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::path::Path;

/// Another server may just be ending: it is waited for so long.
pub(super) const WAIT_FOR_LOCK: Duration = Duration::from_secs(1);

/// The right to write a store, for as long as this lives.
#[derive(Debug)]
pub(super) struct Lock {
    _held: Connection,
}

impl Lock {
    /// Takes it; an error if somebody else has it, or the folder cannot be written to.
    pub fn take(store: &Path) -> rusqlite::Result<Self> {
        let mut path = OsString::from(store);
        path.push(".lock");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(WAIT_FOR_LOCK)?;
        // The mode keeps what the transaction took until the connection ends.
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;")?;
        Ok(Self { _held: connection })
    }
}
