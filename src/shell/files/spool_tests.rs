use super::*;
use crate::chat::file_wish::FileTarget;
use crate::chat::message::PersonId;
use crate::crypto::Digest;
use crate::files::codec::{Note, encode_note};
use crate::files::message::{FileId, Offered};
use tempfile::TempDir;

const BYTES: &[u8] = b"all that was sent";

fn begin(key: u64) -> FileRequest {
    let file = FileLabel { name: "a".to_owned(), size: BYTES.len() as u64, digest: Digest::of(BYTES) };
    let to = FileTarget::Room("lab".to_owned());
    let offered = Offered { id: FileId(key), from: "ann".to_owned(), to, file: file.clone(), at_ms: 1 };
    let note = encode_note(&Note { from: PersonId(1), to: None, offered });
    FileRequest::Begin { key, file, place: None, note }
}

fn opened() -> (TempDir, Spool) {
    let folder = TempDir::new().expect("a folder");
    let (spool, kept) = Spool::open(&folder.path().join("files")).expect("it opens");
    assert!(kept.is_empty());
    (folder, spool)
}

fn write(key: u64, offset: usize, bytes: &[u8]) -> FileRequest {
    FileRequest::Write { key, offset: offset as u64, bytes: bytes.to_vec() }
}

#[test]
fn a_spool_that_is_opened_again_has_all_that_was_written() {
    let (folder, mut spool) = opened();
    for key in [3, 7] {
        assert_eq!(spool.handle(begin(key)), Some(FileReply::Begun { key, from: 0 }));
        assert_eq!(spool.handle(write(key, 0, &BYTES[..5])), Some(FileReply::Written { key, through: 5 }));
    }
    assert!(matches!(spool.handle(write(7, 5, &BYTES[5..])), Some(FileReply::Written { .. })));
    assert!(matches!(spool.handle(FileRequest::Finish { key: 7 }), Some(FileReply::Finished { .. })));
    drop(spool);
    let (mut spool, kept) = Spool::open(&folder.path().join("files")).expect("it opens");
    let found: Vec<_> = kept.iter().map(|file| (file.key, file.bytes, file.whole)).collect();
    assert_eq!(found, [(3, 5, false), (7, BYTES.len() as u64, true)]);
    let part = spool.handle(write(3, 5, &BYTES[5..]));
    assert!(matches!(part, Some(FileReply::Written { .. })), "it goes on: {part:?}");
    let read = spool.handle(FileRequest::Read { key: 7, ticket: 1, offset: 4, len: 4 });
    assert_eq!(read, Some(FileReply::Bytes { key: 7, ticket: 1, offset: 4, bytes: BYTES[4..8].to_vec() }));
}

#[test]
fn what_is_not_what_was_promised_is_not_kept_and_removed_files_leave_nothing() {
    let (folder, mut spool) = opened();
    spool.handle(begin(1));
    spool.handle(write(1, 0, &[0; 17]));
    let finished = spool.handle(FileRequest::Finish { key: 1 });
    assert_eq!(finished, Some(FileReply::Failed { key: 1, failure: damaged() }));
    assert_eq!(spool.handle(FileRequest::Remove { key: 1 }), None);
    assert_eq!(fs::read_dir(folder.path().join("files")).expect("a folder").count(), 0);
    let late = spool.handle(write(1, 17, &[1]));
    assert!(matches!(late, Some(FileReply::Failed { .. })), "and nothing makes it anew: {late:?}");
    assert_eq!(fs::read_dir(folder.path().join("files")).expect("a folder").count(), 0);
}

#[test]
fn leftovers_without_a_note_go_and_what_is_not_ours_stays() {
    let (folder, spool) = opened();
    drop(spool);
    let files = folder.path().join("files");
    for name in ["9.part", "9.fresh", "readme.txt"] {
        fs::write(files.join(name), "x").expect("written");
    }
    let (_, kept) = Spool::open(&files).expect("it opens");
    assert!(kept.is_empty() && !files.join("9.part").exists() && files.join("readme.txt").exists());
}

#[test]
fn open_files_are_bounded() {
    let (_folder, mut spool) = opened();
    for key in 1..=200 {
        spool.handle(begin(key));
        assert!(spool.open.len() <= OPEN_MAX);
    }
    assert_eq!(spool.handle(write(1, 0, BYTES)), Some(FileReply::Written { key: 1, through: 17 }));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_look_at_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, _spool) = opened();
    let mode = fs::metadata(folder.path().join("files")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn what_is_not_of_ours_stays_and_stops_nothing() {
    let folder = TempDir::new().expect("a folder");
    let files = folder.path().join("files");
    fs::create_dir_all(files.join("2024")).expect("made");
    for name in ["1.pdf", "2024.txt", "notes", "7.part"] {
        fs::write(files.join(name), BYTES).expect("written");
    }
    let (_, kept) = Spool::open(&files).expect("it opens");
    assert!(kept.is_empty());
    let mut left: Vec<_> =
        fs::read_dir(&files).expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
    left.sort();
    assert_eq!(left, ["1.pdf", "2024", "2024.txt", "notes"], "only a leftover of ours has gone");
}
