//! How does the server remember over restarts and power cuts?
//!
//! One SQLite file, in write-ahead mode, one transaction a commit. `synchronous=FULL` makes a commit wait
//! until the log is on the disk itself, so `accepted` outlives a power cut; the server gathers what comes
//! meanwhile into the next commit, so under load one wait serves hundreds of messages.
//!
//! ```text
//!  accounts  person → name, skeleton, key            messages  (room, id) → who, when, what
//!  aliases   skeleton → person, until                           index (origin, counter) → id
//!  rooms     room → name                             privates  (recipient, id) → who, when, what
//!  receipts  instance → key, settled counters, when,           index (origin, counter) → id
//!            whom it was, private messages from where
//! measures, roles, audit   what moderators did, and what holds of it
//! ```
//!
//! One server at a time: a file beside it is locked from opening to the end of the process, also when that comes
//! by SIGKILL. Others may read meanwhile ([`Archive`]). A damaged file is an error and stays as it is, until its
//! owner says `--start-anew`.
//!
//! - [`OpenError`]: what can be wrong with the file, and the cure (`failure.rs`)
//! - `schema.rs`: the tables, and the ladder from older versions to this one
//! - `commit.rs`, `look_up.rs`: values ⇄ rows; `order.rs` those of the order that moderators keep
//! - [`set_aside`]: starting anew (`damage.rs`)
//! - `retention.rs`: letting go of what is over
//! - `lock.rs`: one server at a time; [`Archive`]: reading besides it (`archive.rs`)
//! - [`members`]: accounts and tokens, in another file
//!
//! Source: SQLite's documentation of write-ahead logging, `PRAGMA synchronous` and `PRAGMA locking_mode`.

mod archive;
mod commit;
mod damage;
mod failure;
mod lock;
mod look_up;
pub mod members;
mod order;
mod retention;
mod schema;
#[cfg(test)]
mod tests;

pub use archive::Archive;
pub use damage::set_aside;
pub use failure::OpenError;

use super::age::Sweep;
use super::{Change, Snapshot, Store, StoreReply, StoreRequest};
use lock::{Lock, WAIT_FOR_LOCK};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};

/// A store in a file.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    sweep: Sweep,
    /// Let go last.
    _lock: Lock,
}

impl SqliteStore {
    /// Opens the store in this file, or makes it (its folder must exist), and hands back what a server that
    /// starts at `now_ms` (milliseconds since 1970) needs to know.
    ///
    /// Every [`OpenError`] leaves the file as it is.
    pub fn open(path: &Path, now_ms: u64) -> Result<(Self, Snapshot), OpenError> {
        // Without SQLITE_OPEN_URI: a folder called `file:` is a folder.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|error| OpenError::new(path, &error))?;
        Self::with_connection(connection, path, now_ms)
    }

    /// As [`SqliteStore::open`]; but if the file is damaged, it is set aside, a new one is made, and the
    /// damaged one's new place is handed back: what `--start-anew` does.
    pub fn open_or_start_anew(
        path: &Path,
        now_ms: u64,
    ) -> Result<(Self, Snapshot, Option<PathBuf>), OpenError> {
        match Self::open(path, now_ms) {
            Err(OpenError::Damaged { .. }) => {
                let kept = set_aside(path).map_err(|error| OpenError::unusable(path, error))?;
                Self::open(path, now_ms).map(|(store, snapshot)| (store, snapshot, Some(kept)))
            }
            opened => opened.map(|(store, snapshot)| (store, snapshot, None)),
        }
    }

    fn with_connection(
        mut connection: Connection,
        path: &Path,
        now_ms: u64,
    ) -> Result<(Self, Snapshot), OpenError> {
        let (lock, snapshot) = prepare(&mut connection, path, now_ms)?;
        Ok((Self { connection, sweep: Sweep::made_at(now_ms), _lock: lock }, snapshot))
    }

    fn commit(&mut self, changes: &[Change]) -> rusqlite::Result<()> {
        let due = self.sweep.due(changes);
        commit::commit(&mut self.connection, changes, due)
    }
}

fn prepare(connection: &mut Connection, path: &Path, now_ms: u64) -> Result<(Lock, Snapshot), OpenError> {
    let failed = |error: rusqlite::Error| OpenError::new(path, &error);
    // SQLite opens for reading what it may not write, and stumbles only later.
    if connection.is_readonly("main").map_err(failed)? {
        return Err(OpenError::ReadOnly { path: path.to_owned() });
    }
    connection.busy_timeout(WAIT_FOR_LOCK).map_err(failed)?;
    let lock = Lock::take(path).map_err(failed)?;
    // Before anything is written: the file may be another program's, or a later version's.
    let version = schema::version(connection, path)?;
    configure(connection).map_err(failed)?;
    schema::check(connection, path)?;
    schema::climb(connection, version).map_err(failed)?;
    commit::sweep(connection, now_ms).map_err(failed)?;
    Ok((lock, look_up::snapshot(connection).map_err(failed)?))
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    // secure_delete: what is no longer kept is written over, and not only let go of.
    // fullfsync: on macOS a plain fsync stops at the disk's own cache.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
         PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;",
    )?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

impl Store for SqliteStore {
    fn handle(&mut self, request: StoreRequest) -> StoreReply {
        let done = match &request {
            StoreRequest::Commit { batch, changes } => {
                self.commit(changes).map(|()| StoreReply::Committed { batch: *batch })
            }
            StoreRequest::Sweep { ticket, keep, now_ms } => {
                let more = retention::step(&mut self.connection, *keep, *now_ms);
                more.map(|more| StoreReply::Swept { ticket: *ticket, more })
            }
            other => look_up::answer(&self.connection, other),
        };
        done.unwrap_or_else(|error| request.refused(failure::reason(&error)))
    }
}
