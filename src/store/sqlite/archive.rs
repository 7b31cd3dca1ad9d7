//! What lies in a store's file, read by somebody else than its server?
//!
//! Nothing is written and nothing is kept from the server: each page is a transaction of its own, so that a
//! server that runs meanwhile can fold its write-ahead log back into the file between two of them. Files of
//! every older version are read as they are; the tables that count here have not changed.

use super::commit::integer;
use super::failure::OpenError;
use super::lock::WAIT_FOR_LOCK;
use super::look_up::{AFTER, collect, private_message, room_message, unsigned};
use super::schema;
use crate::chat::message::{MessageId, PersonId, PrivateMessage, RoomMessage};
use crate::store::RoomId;
use rusqlite::{Connection, OpenFlags, ToSql};
use std::path::{Path, PathBuf};

/// Messages of a page, at most: 500, which are at most 8 MB.
pub const PAGE: u32 = 500;

const PRIVATES: &str = "SELECT id, sender_name, recipient_name, origin, counter, at_ms, text, recipient
    FROM privates WHERE (recipient, id) > (?1, ?2) ORDER BY recipient, id LIMIT ?3";

/// A store's file, to be read only.
#[derive(Debug)]
pub struct Archive {
    connection: Connection,
    path: PathBuf,
    /// Nothing was ever stored: there are no tables.
    is_blank: bool,
}

impl Archive {
    /// Opens the file, which must exist. Every [`OpenError`] leaves it as it is.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |error: rusqlite::Error| OpenError::new(path, &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(WAIT_FOR_LOCK).map_err(failed)?;
        connection
            .execute_batch("PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;")
            .map_err(failed)?;
        let version = schema::version(&connection, path)?;
        Ok(Self { connection, path: path.to_owned(), is_blank: version == 0 })
    }

    /// All rooms and their names, in the order in which they were founded.
    pub fn rooms(&self) -> Result<Vec<(RoomId, String)>, OpenError> {
        let room = |row: &rusqlite::Row| Ok((RoomId(unsigned(row, 0)?), row.get(1)?));
        self.read("SELECT room, name FROM rooms ORDER BY room", &[], room)
    }

    /// The next page of a room behind this message, oldest first; an empty one is the end.
    pub fn messages(&self, room: RoomId, after: MessageId) -> Result<Vec<RoomMessage>, OpenError> {
        self.read(AFTER, &[&integer(room.0), &integer(after.0), &PAGE], room_message)
    }

    /// The next page of all private messages, by recipient and then oldest first; an empty one is the end.
    pub fn privates(
        &self,
        after: (PersonId, MessageId),
    ) -> Result<Vec<(PersonId, PrivateMessage)>, OpenError> {
        let (person, id) = after;
        self.read(PRIVATES, &[&integer(person.0), &integer(id.0), &PAGE], |row| {
            Ok((PersonId(unsigned(row, 7)?), private_message(row)?))
        })
    }

    fn read<T>(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        value: impl FnMut(&rusqlite::Row) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, OpenError> {
        if self.is_blank {
            return Ok(Vec::new());
        }
        collect(&self.connection, sql, values, value).map_err(|error| OpenError::new(&self.path, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SqliteStore;
    use crate::store::tests::{commit, message, private};
    use tempfile::TempDir;

    fn place() -> (TempDir, PathBuf) {
        let folder = TempDir::new().expect("a folder to test in");
        let path = folder.path().join("store.db");
        (folder, path)
    }

    fn ids(archive: &Archive, room: u64, after: u64) -> Vec<u64> {
        let page = archive.messages(RoomId(room), MessageId(after)).expect("a page");
        page.iter().map(|message| message.id.0).collect()
    }

    #[test]
    fn a_reader_sees_what_a_running_server_commits_and_hinders_no_commit() {
        let (_folder, path) = place();
        let (mut store, _) = SqliteStore::open(&path, 0).expect("a store");
        commit(&mut store, [message(1, 1, 1)]);
        let archive = Archive::open(&path).expect("readable meanwhile");
        assert_eq!(ids(&archive, 1, 0), [1]);
        commit(&mut store, [message(1, 2, 2), message(2, 1, 3)]);
        assert_eq!((ids(&archive, 1, 0), ids(&archive, 2, 0)), (vec![1, 2], vec![1]));
        drop(store);
        assert_eq!(ids(&archive, 1, 1), [2]);
    }

    #[test]
    fn a_page_is_bounded_and_the_next_one_goes_on_behind_it() {
        let (_folder, path) = place();
        let (mut store, _) = SqliteStore::open(&path, 0).expect("a store");
        let privates = (1..=501).map(|id| private(7, id, 1_000 + id)).chain([private(8, 1, 2_000)]);
        commit(&mut store, (1..=501).map(|id| message(1, id, id)).chain(privates).collect::<Vec<_>>());
        let archive = Archive::open(&path).expect("readable");
        assert_eq!((ids(&archive, 1, 0).len(), ids(&archive, 1, 500)), (500, vec![501]));
        let page = archive.privates((PersonId(0), MessageId(0))).expect("a page");
        let (person, last) = page.last().expect("a last one");
        assert_eq!((page.len(), person.0, last.id.0), (500, 7, 500));
        let rest = archive.privates((*person, last.id)).expect("a page");
        assert_eq!(rest.iter().map(|(to, last)| (to.0, last.id.0)).collect::<Vec<_>>(), [(7, 501), (8, 1)]);
    }

    #[test]
    fn what_is_no_store_is_refused_and_nothing_is_made() {
        let (folder, path) = place();
        assert_eq!(Archive::open(&path).err(), Some(OpenError::NoAccess { path: path.clone() }));
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
        std::fs::write(&path, "no database ".repeat(99)).expect("written");
        assert!(matches!(Archive::open(&path), Err(OpenError::Damaged { .. })));
    }

    #[test]
    fn a_file_in_which_nothing_was_ever_stored_holds_nothing() {
        let (_folder, path) = place();
        std::fs::write(&path, "").expect("written");
        let archive = Archive::open(&path).expect("a blank file");
        assert_eq!(archive.rooms(), Ok(Vec::new()));
        assert_eq!(ids(&archive, 1, 0), [0; 0]);
    }
}
