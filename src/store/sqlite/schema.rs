//! Which tables are there, and how does an older file become one of today?
//!
//! A ladder: step *n* turns version *n* into version *n + 1*. `user_version` in the file's header says on
//! which rung it stands; `application_id` says that it is ours. A step is never changed once it was
//! released: another one is added.

use super::failure::OpenError;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// `saya` in ASCII.
const APPLICATION_ID: i64 = 0x7361_7961;

/// The steps, from an empty file upwards.
pub(super) const LADDER: [&str; 5] = [FIRST, SECOND, THIRD, FOURTH, FIFTH];

// Clustered by (room, id): a replay reads one run of the tree. Numbers are at most 2^62; `origin` is 64
// random bits, of which only equality matters.
const FIRST: &str = "
    CREATE TABLE accounts (
        person   INTEGER PRIMARY KEY,
        name     TEXT NOT NULL,
        skeleton TEXT NOT NULL,
        key      BLOB NOT NULL CHECK (length(key) = 32)
    ) STRICT;
    CREATE TABLE aliases (
        skeleton TEXT PRIMARY KEY,
        person   INTEGER NOT NULL,
        until_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE rooms (
        room INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        last INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE messages (
        room    INTEGER NOT NULL,
        id      INTEGER NOT NULL,
        person  INTEGER NOT NULL,
        name    TEXT NOT NULL,
        origin  INTEGER NOT NULL,
        counter INTEGER NOT NULL,
        at_ms   INTEGER NOT NULL,
        kind    INTEGER NOT NULL CHECK (kind IN (0, 1)),
        text    TEXT NOT NULL,
        PRIMARY KEY (room, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX messages_by_origin ON messages (origin, counter);
    CREATE TABLE privates (
        recipient      INTEGER NOT NULL,
        id             INTEGER NOT NULL,
        sender         INTEGER NOT NULL,
        sender_name    TEXT NOT NULL,
        recipient_name TEXT NOT NULL,
        origin         INTEGER NOT NULL,
        counter        INTEGER NOT NULL,
        at_ms          INTEGER NOT NULL,
        text           TEXT NOT NULL,
        PRIMARY KEY (recipient, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX privates_by_origin ON privates (origin, counter);
    CREATE TABLE receipts (
        instance BLOB PRIMARY KEY CHECK (length(instance) = 16),
        key      BLOB NOT NULL CHECK (length(key) = 32),
        through  INTEGER NOT NULL,
        beyond   BLOB NOT NULL,
        at_ms    INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

// An instance is known from its first session on, before it has settled anything.
const SECOND: &str = "
    ALTER TABLE receipts ADD COLUMN person INTEGER;
    ALTER TABLE receipts ADD COLUMN privates_from INTEGER NOT NULL DEFAULT 0;
";

// Moderators keep order. `whom` is a key of 32 bytes or, of kind 1, the text of an address.
const THIRD: &str = "
    ALTER TABLE rooms ADD COLUMN topic TEXT NOT NULL DEFAULT '';
    ALTER TABLE rooms ADD COLUMN topic_by TEXT NOT NULL DEFAULT '';
    ALTER TABLE rooms ADD COLUMN slow_s INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE measures (
        kind     INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),
        whom     BLOB NOT NULL,
        name     TEXT NOT NULL,
        taken_by TEXT NOT NULL,
        reason   TEXT NOT NULL,
        until_ms INTEGER,
        PRIMARY KEY (kind, whom)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE roles (
        person INTEGER PRIMARY KEY,
        role   INTEGER NOT NULL CHECK (role IN (1, 2))
    ) STRICT;
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at_ms  INTEGER NOT NULL,
        done_by TEXT NOT NULL,
        deed   TEXT NOT NULL
    ) STRICT;
";

// How far people have read; room 0 is what they read in private: all that is there when marks begin. A measure
// of before binds members, and its person is not known.
const FOURTH: &str = "
    ALTER TABLE measures ADD COLUMN person INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE measures ADD COLUMN rank INTEGER NOT NULL DEFAULT 1 CHECK (rank IN (0, 1, 2));
    CREATE TABLE marks (
        person INTEGER NOT NULL,
        room   INTEGER NOT NULL,
        seen   INTEGER NOT NULL,
        PRIMARY KEY (person, room)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO marks SELECT recipient, 0, max(id) FROM privates GROUP BY recipient;
";

// Messages may be let go of. The newest private message that a recipient ever had stays known by its number.
const FIFTH: &str = "
    CREATE TABLE swept (
        recipient INTEGER PRIMARY KEY,
        last      INTEGER NOT NULL
    ) STRICT;
";

/// On which rung the file stands; an error if it is not ours or beyond the top.
pub(super) fn version(connection: &Connection, path: &Path) -> Result<usize, OpenError> {
    let number = |sql| -> Result<i64, OpenError> {
        connection.query_row(sql, [], |row| row.get(0)).map_err(|error| OpenError::new(path, &error))
    };
    let version = number("PRAGMA user_version")?;
    let objects = number("SELECT count(*) FROM sqlite_schema")?;
    if number("PRAGMA application_id")? != APPLICATION_ID && (objects > 0 || version != 0) {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let newer = || OpenError::Newer { path: path.to_owned(), version, known: LADDER.len() };
    usize::try_from(version).ok().filter(|rung| *rung <= LADDER.len()).ok_or_else(newer)
}

/// Reads the whole file and looks for contradictions.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| OpenError::new(path, &error))?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(OpenError::Damaged { path: path.to_owned(), detail: verdict })
}

/// Climbs from this version to the newest, each step whole or not at all.
pub(super) fn climb(connection: &mut Connection, version: usize) -> rusqlite::Result<()> {
    for (reached, step) in (1_i64..).zip(LADDER).skip(version) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", reached)?;
        transaction.commit()?;
    }
    Ok(())
}
