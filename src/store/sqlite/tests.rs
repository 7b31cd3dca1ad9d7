//! What is owed beyond what [every store](crate::store::tests) owes: the file, its lock and its damage.

use super::*;
use crate::chat::message::{Counter, MessageId};
use crate::store::tests::{INSTANCE, account, commit, latest, message};
use crate::store::{RoomId, RoomRecord};
use tempfile::TempDir;

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder to test in") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    fn open(&self) -> Result<(SqliteStore, Snapshot), OpenError> {
        SqliteStore::open(&self.path(), 0)
    }

    fn store(&self) -> SqliteStore {
        self.open().expect("a store that opens").0
    }

    /// Runs this on the file while no server has it.
    fn tamper(&self, sql: &str) {
        let connection = Connection::open(self.path()).expect("a database");
        connection.execute_batch(sql).expect("tampered with");
    }
}

fn refusal(opened: Result<(SqliteStore, Snapshot), OpenError>) -> OpenError {
    opened.expect_err("a refusal")
}

#[test]
fn what_was_committed_survives_a_process_that_ends_without_closing() {
    let place = Place::new();
    let copy = Place::new();
    let mut store = place.store();
    commit(&mut store, [message(1, 1, 1)]);
    // What a power cut leaves: the file and its log as they are on disk, no orderly end.
    for name in ["store.db", "store.db-wal"] {
        std::fs::copy(place.folder.path().join(name), copy.folder.path().join(name)).expect("copied");
    }
    assert_eq!(latest(&mut copy.store(), 1, 9), [1]);
}

#[test]
fn a_commit_waits_for_the_disk_itself() {
    let store = Place::new().store();
    let mode =
        |pragma: &str| -> i64 { store.connection.query_row(pragma, [], |row| row.get(0)).expect("a number") };
    assert_eq!(mode("PRAGMA synchronous"), 2, "FULL");
    assert_eq!(mode("PRAGMA fullfsync"), 1);
    let journal: String =
        store.connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("a mode");
    assert_eq!(journal, "wal");
}

#[test]
fn a_second_server_on_the_same_file_is_refused_until_the_first_ends() {
    let place = Place::new();
    let first = place.store();
    let error = refusal(place.open());
    assert_eq!(error, OpenError::InUse { path: place.path() });
    assert!(error.to_string().contains("--data"), "{error}");
    drop(first);
    place.store();
}

#[test]
fn a_file_that_is_no_database_is_refused_and_kept() {
    let place = Place::new();
    let garbage = b"these bytes are no database, and there are quite a few of them".repeat(99);
    std::fs::write(place.path(), &garbage).expect("written");
    let error = refusal(place.open());
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("kept") && error.to_string().contains("--start-anew"), "{error}");
    assert_eq!(std::fs::read(place.path()).expect("still there"), garbage);
}

#[test]
fn pages_that_were_overwritten_are_noticed_at_the_start() {
    let place = Place::new();
    let mut store = place.store();
    commit(&mut store, (1..=500).map(|id| message(1, id, id)));
    drop(store);
    let mut bytes = std::fs::read(place.path()).expect("the file");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8_192].fill(0x5a);
    std::fs::write(place.path(), bytes).expect("written");
    let error = refusal(place.open());
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
}

#[test]
fn a_file_cut_in_half_is_noticed_at_the_start() {
    let place = Place::new();
    let mut store = place.store();
    commit(&mut store, (1..=500).map(|id| message(1, id, id)));
    drop(store);
    let bytes = std::fs::read(place.path()).expect("the file");
    std::fs::write(place.path(), &bytes[..bytes.len() / 2]).expect("written");
    assert!(matches!(refusal(place.open()), OpenError::Damaged { .. }));
}

#[test]
fn a_missing_table_and_a_nonsensical_value_are_damage() {
    for sql in ["DROP TABLE receipts", "INSERT INTO accounts VALUES (-1, 'x', 'x', zeroblob(32))"] {
        let place = Place::new();
        drop(place.store());
        place.tamper(sql);
        let error = refusal(place.open());
        assert!(matches!(error, OpenError::Damaged { .. }), "{sql}: {error}");
    }
}

#[test]
fn starting_anew_keeps_the_damaged_file_under_another_name() {
    let place = Place::new();
    std::fs::write(place.path(), "damaged ".repeat(99)).expect("written");
    let opened = SqliteStore::open_or_start_anew(&place.path(), 0).expect("a new store");
    let (mut store, snapshot, Some(kept)) = opened else { panic!("the damaged file's new place") };
    assert_eq!(snapshot, Snapshot::default());
    assert_eq!(std::fs::read_to_string(kept).expect("kept"), "damaged ".repeat(99));
    commit(&mut store, [message(1, 1, 1)]);
    drop(store);
    let again = SqliteStore::open_or_start_anew(&place.path(), 0).expect("a sound store");
    assert!(again.2.is_none(), "a sound store is never set aside");
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let place = Place::new();
    place.tamper("CREATE TABLE recipes (name TEXT)");
    let before = std::fs::read(place.path()).expect("the file");
    assert_eq!(refusal(place.open()), OpenError::Foreign { path: place.path() });
    assert_eq!(std::fs::read(place.path()).expect("the file"), before);
}

#[test]
fn a_store_of_a_later_version_is_refused() {
    let place = Place::new();
    drop(place.store());
    place.tamper("PRAGMA user_version = 99");
    let error = refusal(place.open());
    assert_eq!(error, OpenError::Newer { path: place.path(), version: 99, known: schema::LADDER.len() });
}

#[test]
fn a_store_of_the_first_version_becomes_one_of_today_and_loses_nothing() {
    let place = Place::new();
    drop(place.store());
    place.tamper(
        "DROP TABLE swept; DROP TABLE marks; DROP TABLE audit; DROP TABLE roles; DROP TABLE measures;
         ALTER TABLE rooms DROP COLUMN topic; ALTER TABLE rooms DROP COLUMN topic_by;
         ALTER TABLE rooms DROP COLUMN slow_s; INSERT INTO rooms VALUES (1, 'lobby', 3);
         ALTER TABLE receipts DROP COLUMN person; ALTER TABLE receipts DROP COLUMN privates_from;
         INSERT INTO receipts VALUES (zeroblob(16), zeroblob(32), 7, x'', 1); PRAGMA user_version = 1;",
    );
    let (_, snapshot) = place.open().expect("an older store");
    let known: Vec<_> =
        snapshot.instances.iter().map(|i| (i.receipts.through.0, i.person, i.privates_from.0)).collect();
    assert_eq!(known, [(7, None, 0)]);
    let lobby =
        RoomRecord { room: RoomId(1), name: "lobby".into(), last: MessageId(3), ..RoomRecord::default() };
    assert_eq!(snapshot.rooms, [lobby]);
}

#[test]
fn a_store_of_the_third_version_keeps_its_measures_and_tells_nothing_old_anew() {
    let place = Place::new();
    drop(place.store());
    place.tamper(
        "DROP TABLE swept; DROP TABLE marks;
         ALTER TABLE measures DROP COLUMN person; ALTER TABLE measures DROP COLUMN rank;
         INSERT INTO measures VALUES (0, zeroblob(32), 'bob', 'ann', 'spam', NULL);
         INSERT INTO privates VALUES (7, 5, 1, 'ann', 'bob', 1, 1, 1, 'hi'); PRAGMA user_version = 3;",
    );
    let (_, snapshot) = place.open().expect("an older store");
    let held: Vec<_> = snapshot.measures.iter().map(|it| (&it.name[..], it.rank, it.person.0)).collect();
    assert_eq!(held, [("bob", crate::chat::message::Role::Moderator, 0)]);
    assert_eq!(snapshot.marks.len(), 1);
    assert_eq!((snapshot.marks[0].person.0, snapshot.marks[0].seen), (7, MessageId(5)));
}

#[test]
fn a_file_that_may_only_be_read_is_refused_with_what_to_do() {
    let place = Place::new();
    drop(place.store());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(place.path(), flags).expect("readable");
    let error = refusal(SqliteStore::with_connection(connection, &place.path(), 0));
    assert_eq!(error, OpenError::ReadOnly { path: place.path() });
    assert!(error.to_string().contains("--ephemeral"), "{error}");
}

#[test]
fn a_folder_that_does_not_exist_is_refused_with_what_to_do() {
    let place = Place::new();
    let path = place.folder.path().join("missing").join("store.db");
    assert_eq!(refusal(SqliteStore::open(&path, 0)), OpenError::NoAccess { path });
    let folder = place.folder.path().to_owned();
    assert_eq!(refusal(SqliteStore::open(&folder, 0)), OpenError::NoAccess { path: folder });
}

#[test]
fn a_full_disk_fails_the_commit_whole_and_the_store_goes_on_when_there_is_room() {
    let mut store = Place::new().store();
    commit(&mut store, [message(1, 1, 1)]);
    store.connection.execute_batch("PRAGMA max_page_count = 1").expect("no room from here on");
    let changes: Vec<Change> = (2..=2_000).map(|id| message(1, id, id)).collect();
    let reply = store.handle(StoreRequest::Commit { batch: 2, changes: changes.clone() });
    let StoreReply::Failed { batch: 2, reason } = reply else { panic!("{reply:?}") };
    assert!(reason.contains("full"), "{reason}");
    assert_eq!(latest(&mut store, 1, 9), [1], "reading goes on");
    store.connection.execute_batch("PRAGMA max_page_count = 1000000").expect("room again");
    commit(&mut store, changes);
    assert_eq!(latest(&mut store, 1, 2), [1_999, 2_000]);
}

#[test]
fn a_look_up_that_fails_says_so_and_the_store_goes_on() {
    let mut store = Place::new().store();
    store.connection.execute_batch("ALTER TABLE messages RENAME TO hidden").expect("renamed");
    let request = StoreRequest::After { ticket: 4, room: RoomId(1), after: MessageId(0), limit: 9 };
    assert!(matches!(store.handle(request), StoreReply::Unavailable { ticket: 4, .. }));
    commit(&mut store, [account(1, "ann")]);
}

#[test]
fn a_receipt_is_found_by_an_index_not_by_reading_every_message() {
    let store = Place::new().store();
    let plan: Vec<String> = store
        .connection
        .prepare("EXPLAIN QUERY PLAN SELECT id FROM messages WHERE origin = 1 AND counter = 2")
        .and_then(|mut statement| statement.query_map([], |row| row.get(3))?.collect())
        .expect("a plan");
    assert!(plan.iter().all(|line| line.contains("messages_by_origin")), "{plan:?}");
}

#[test]
fn numbers_beyond_sqlites_end_are_cut_there_and_never_wrap() {
    let mut store = Place::new().store();
    let (room, after) = (RoomId(u64::MAX), MessageId(u64::MAX));
    let request = StoreRequest::After { ticket: 1, room, after, limit: u32::MAX };
    assert_eq!(store.handle(request), StoreReply::Messages { ticket: 1, messages: Vec::new() });
    let counter = Counter(u64::MAX);
    let request = StoreRequest::FindReceipt { ticket: 2, origin: INSTANCE, counter };
    assert_eq!(store.handle(request), StoreReply::Receipt { ticket: 2, id: None });
}
