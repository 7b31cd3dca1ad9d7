//! Where are accounts and tokens kept, so that they can be changed while the server runs?
//!
//! In a file of its own beside the store, which no process locks for longer than one statement: the server
//! reads it at each proof, `sayagain account` and `sayagain token` write to it.
//!
//! ```text
//!  server    the key whose passwords these are
//!  accounts  skeleton → name, what is kept of the password, role, since
//!  tokens    id → what is kept of it, for which name, role, note, since, until, last used, taken back
//! ```
//!
//! Passwords are bound to the server's key ([`crypto::password`](crate::crypto::password)), so a file that was
//! made for another key is refused: none of its passwords would ever be right.

mod error;

pub use error::MembersError;

use crate::chat::message::Role;
use crate::store::Key;
use crate::store::members::{KeptHash, Member, Members, Pass, TokenStanding};
use crate::time::Duration;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, TransactionBehavior, named_params};
use std::path::{Path, PathBuf};

/// `saym` in ASCII.
const APPLICATION_ID: i64 = 0x7361_796d;
/// The tables' version.
const VERSION: i64 = 1;
/// Somebody else may just be writing: they are waited for so long.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(1);
/// Accounts in a file, and likewise tokens, at most.
pub const ROWS_MAX: u64 = 100_000;

const SCHEMA: &str = "
    CREATE TABLE server (key BLOB NOT NULL CHECK (length(key) = 32)) STRICT;
    CREATE TABLE accounts (
        skeleton TEXT PRIMARY KEY,
        name     TEXT NOT NULL,
        kept     BLOB NOT NULL CHECK (length(kept) = 32),
        role     INTEGER NOT NULL CHECK (role IN (0, 1, 2)),
        made_ms  INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE tokens (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        kept       BLOB NOT NULL UNIQUE CHECK (length(kept) = 32),
        skeleton   TEXT,
        name       TEXT,
        role       INTEGER NOT NULL CHECK (role IN (0, 1, 2)),
        note       TEXT NOT NULL,
        made_ms    INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        used_ms    INTEGER,
        revoked_ms INTEGER
    ) STRICT;
    CREATE INDEX tokens_by_name ON tokens (skeleton) WHERE skeleton IS NOT NULL;
";

/// An account as its list shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountRow {
    /// The name as it was added.
    pub name: String,
    /// What its owner may do.
    pub role: Role,
    /// Since when, in milliseconds since 1970.
    pub made_ms: u64,
}

/// A token that is being issued.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewToken {
    /// What is kept of it.
    pub kept: KeptHash,
    /// The name that it is for, and its skeleton; `None`: any name without an account.
    pub name: Option<(String, String)>,
    /// What its bearer may do.
    pub role: Role,
    /// What its issuer wants to remember.
    pub note: String,
    /// No longer good from then on, in milliseconds since 1970.
    pub expires_ms: u64,
}

/// A token as its list shows it. Times are in milliseconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenRow {
    /// Its number.
    pub id: u64,
    /// The name that it is for.
    pub name: Option<String>,
    /// What its bearer may do.
    pub role: Role,
    /// What its issuer wants to remember.
    pub note: String,
    /// No longer good from then on.
    pub expires_ms: u64,
    /// When it was last used.
    pub used_ms: Option<u64>,
    /// When it was taken back.
    pub revoked_ms: Option<u64>,
}

/// Accounts and tokens in a file.
#[derive(Debug)]
pub struct MembersFile {
    path: PathBuf,
    server: Key,
    connection: Option<Connection>,
}

impl MembersFile {
    /// The members of the server with this key in this file, which need not be there: then there are none,
    /// until somebody makes it. Nothing is opened yet.
    pub const fn at(path: PathBuf, server: Key) -> Self {
        Self { path, server, connection: None }
    }

    /// Opens the file if it is there. Every [`MembersError`] leaves it as it is.
    pub fn open_existing(&mut self) -> Result<bool, MembersError> {
        if self.connection.is_none() && self.path.exists() {
            self.connection = Some(open(&self.path, &self.server)?);
        }
        Ok(self.connection.is_some())
    }

    /// Adds an account.
    pub fn add_account(
        &mut self,
        name: &str,
        skeleton: &str,
        kept: &KeptHash,
        role: Role,
        now_ms: u64,
    ) -> Result<(), MembersError> {
        self.check_room("accounts")?;
        let sql = "INSERT INTO accounts (skeleton, name, kept, role, made_ms)
            VALUES (:skeleton, :name, :kept, :role, :now) ON CONFLICT DO NOTHING";
        let values = named_params! { ":skeleton": skeleton, ":name": name, ":kept": kept, ":role": number(role),
        ":now": integer(now_ms) };
        match self.write(|connection| connection.execute(sql, values))? {
            0 => Err(MembersError::Exists { name: name.to_owned() }),
            _ => Ok(()),
        }
    }

    /// Gives an account another password; false if there is no such account.
    pub fn set_password(&mut self, skeleton: &str, kept: &KeptHash) -> Result<bool, MembersError> {
        let sql = "UPDATE accounts SET kept = :kept WHERE skeleton = :skeleton";
        let values = named_params! { ":skeleton": skeleton, ":kept": kept };
        self.write(|connection| connection.execute(sql, values)).map(|rows| rows > 0)
    }

    /// Removes an account; false if there is no such account.
    pub fn remove_account(&mut self, skeleton: &str) -> Result<bool, MembersError> {
        let sql = "DELETE FROM accounts WHERE skeleton = ?1";
        self.write(|connection| connection.execute(sql, [skeleton])).map(|rows| rows > 0)
    }

    /// All accounts, by name.
    pub fn accounts(&mut self) -> Result<Vec<AccountRow>, MembersError> {
        self.all("SELECT name, role, made_ms FROM accounts ORDER BY skeleton", |row| {
            Ok(AccountRow { name: row.get(0)?, role: role(row, 1)?, made_ms: unsigned(row, 2)? })
        })
    }

    /// Remembers a new token; its number.
    pub fn issue(&mut self, token: &NewToken, now_ms: u64) -> Result<u64, MembersError> {
        self.check_room("tokens")?;
        let (name, skeleton) = token.name.clone().unzip();
        let sql = "INSERT INTO tokens (kept, skeleton, name, role, note, made_ms, expires_ms)
            VALUES (:kept, :skeleton, :name, :role, :note, :now, :expires)";
        let values = named_params! { ":kept": token.kept, ":skeleton": skeleton, ":name": name,
        ":role": number(token.role), ":note": token.note, ":now": integer(now_ms),
        ":expires": integer(token.expires_ms) };
        self.write(|connection| {
            connection.execute(sql, values)?;
            Ok(connection.last_insert_rowid().unsigned_abs())
        })
    }

    /// Takes a token back; false if there is no such token, or it was taken back before.
    pub fn revoke(&mut self, id: u64, now_ms: u64) -> Result<bool, MembersError> {
        let sql = "UPDATE tokens SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms IS NULL";
        self.write(|connection| connection.execute(sql, [integer(id), integer(now_ms)])).map(|rows| rows > 0)
    }

    /// All tokens, oldest first.
    pub fn tokens(&mut self) -> Result<Vec<TokenRow>, MembersError> {
        let sql = "SELECT id, name, role, note, expires_ms, used_ms, revoked_ms FROM tokens ORDER BY id";
        self.all(sql, |row| {
            Ok(TokenRow {
                id: unsigned(row, 0)?,
                name: row.get(1)?,
                role: role(row, 2)?,
                note: row.get(3)?,
                expires_ms: unsigned(row, 4)?,
                used_ms: maybe(row, 5)?,
                revoked_ms: maybe(row, 6)?,
            })
        })
    }

    /// The connection, to a file that is made if need be.
    fn made(&mut self) -> Result<&mut Connection, MembersError> {
        let opened = match self.connection.take() {
            Some(connection) => connection,
            None => open(&self.path, &self.server)?,
        };
        Ok(self.connection.insert(opened))
    }

    fn write<T>(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, MembersError> {
        let path = self.path.clone();
        work(self.made()?).map_err(|error| MembersError::new(&path, &error))
    }

    fn all<T>(
        &mut self,
        sql: &str,
        value: impl FnMut(&Row) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, MembersError> {
        if !self.open_existing()? {
            return Ok(Vec::new());
        }
        self.write(|connection| connection.prepare(sql)?.query_map([], value)?.collect())
    }

    fn check_room(&mut self, table: &'static str) -> Result<(), MembersError> {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows = self.write(|connection| connection.query_row(&sql, [], |row| unsigned(row, 0)))?;
        if rows < ROWS_MAX { Ok(()) } else { Err(MembersError::Full { what: table }) }
    }

    fn find<T>(
        &mut self,
        none: T,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, MembersError> {
        if self.open_existing()? { self.write(work) } else { Ok(none) }
    }
}

impl Members for MembersFile {
    fn member(&mut self, skeleton: &str, now_ms: u64) -> Result<Option<Member>, String> {
        let account = "SELECT kept, role FROM accounts WHERE skeleton = ?1";
        let token = "SELECT role FROM tokens
            WHERE skeleton = ?1 AND revoked_ms IS NULL AND expires_ms > ?2 LIMIT 1";
        let found = self.find(None, |connection| {
            let member = |row: &Row| Ok(Member { kept: Some(row.get(0)?), role: role(row, 1)? });
            let account = connection.prepare_cached(account)?.query_row([skeleton], member).optional()?;
            if account.is_some() {
                return Ok(account);
            }
            let bearer = |row: &Row| Ok(Member { kept: None, role: role(row, 0)? });
            let values = (skeleton, integer(now_ms));
            connection.prepare_cached(token)?.query_row(values, bearer).optional()
        });
        found.map_err(|error| error.to_string())
    }

    fn token(&mut self, kept: &KeptHash, now_ms: u64) -> Result<TokenStanding, String> {
        let sql = "SELECT skeleton, role, expires_ms, revoked_ms FROM tokens WHERE kept = ?1";
        let used = "UPDATE tokens SET used_ms = ?2 WHERE kept = ?1";
        let found = self.find(TokenStanding::Unknown, |connection| {
            let standing = |row: &Row| {
                Ok(if maybe(row, 3)?.is_some() {
                    TokenStanding::Revoked
                } else if unsigned(row, 2)? <= now_ms {
                    TokenStanding::Expired
                } else {
                    TokenStanding::Good(Pass { skeleton: row.get(0)?, role: role(row, 1)? })
                })
            };
            let standing = connection.prepare_cached(sql)?.query_row([kept], standing).optional()?;
            if let Some(TokenStanding::Good(_)) = standing {
                connection.prepare_cached(used)?.execute((kept, integer(now_ms)))?;
            }
            Ok(standing.unwrap_or(TokenStanding::Unknown))
        });
        found.map_err(|error| error.to_string())
    }
}

fn open(path: &Path, server: &Key) -> Result<Connection, MembersError> {
    // Without SQLITE_OPEN_URI: a folder called `file:` is a folder.
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |error: rusqlite::Error| MembersError::new(path, &error);
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(WAIT_FOR_OTHERS).map_err(failed)?;
    check_kind(&connection, path)?;
    // A plain journal: nothing stays beside the file, and a process that only reads needs to write nothing.
    connection
        .execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
             PRAGMA trusted_schema = OFF;",
        )
        .map_err(failed)?;
    make_tables(&mut connection, server).map_err(failed)?;
    let kept: Key = connection.query_row("SELECT key FROM server", [], |row| row.get(0)).map_err(failed)?;
    if kept != *server {
        return Err(MembersError::OtherKey { path: path.to_owned() });
    }
    Ok(connection)
}

fn check_kind(connection: &Connection, path: &Path) -> Result<(), MembersError> {
    let number = |sql| -> Result<i64, MembersError> {
        connection.query_row(sql, [], |row| row.get(0)).map_err(|error| MembersError::new(path, &error))
    };
    let (version, kind) = (number("PRAGMA user_version")?, number("PRAGMA application_id")?);
    let objects = number("SELECT count(*) FROM sqlite_schema")?;
    if kind != APPLICATION_ID && (objects > 0 || version != 0) {
        return Err(MembersError::Foreign { path: path.to_owned() });
    }
    if version > VERSION {
        return Err(MembersError::Newer { path: path.to_owned() });
    }
    Ok(())
}

fn make_tables(connection: &mut Connection, server: &Key) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == 0 {
        transaction.execute_batch(SCHEMA)?;
        transaction.execute("INSERT INTO server (key) VALUES (?1)", [server])?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

const fn number(role: Role) -> i64 {
    match role {
        Role::Member => 0,
        Role::Moderator => 1,
        Role::Owner => 2,
    }
}

fn role(row: &Row, column: usize) -> rusqlite::Result<Role> {
    match row.get(column)? {
        0_i64 => Ok(Role::Member),
        1 => Ok(Role::Moderator),
        2 => Ok(Role::Owner),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(column, other)),
    }
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(row: &Row, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

fn maybe(row: &Row, column: usize) -> rusqlite::Result<Option<u64>> {
    let number: Option<i64> = row.get(column)?;
    number.map(|_| unsigned(row, column)).transpose()
}

#[cfg(test)]
mod tests;
