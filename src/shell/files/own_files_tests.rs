use super::*;
use tempfile::TempDir;

const BYTES: &[u8] = b"what ann sent";

fn disk() -> (TempDir, OwnFiles) {
    let folder = TempDir::new().expect("a folder");
    let files = OwnFiles::new(folder.path().join("in"));
    (folder, files)
}

fn label(name: &str) -> FileLabel {
    FileLabel { name: name.to_owned(), size: BYTES.len() as u64, digest: Digest::of(BYTES) }
}

fn begin(files: &mut OwnFiles, key: u64, name: &str, place: Option<String>) -> Option<FileReply> {
    files.handle(FileRequest::Begin { key, file: label(name), place, note: Vec::new() })
}

fn receive(files: &mut OwnFiles, key: u64, name: &str, place: Option<String>) -> Option<FileReply> {
    begin(files, key, name, place);
    files.handle(FileRequest::Write { key, offset: 0, bytes: BYTES.to_vec() });
    files.handle(FileRequest::Finish { key })
}

fn place(reply: Option<FileReply>) -> PathBuf {
    match reply {
        Some(FileReply::Finished { place, .. }) => PathBuf::from(place),
        other => panic!("not finished: {other:?}"),
    }
}

#[test]
fn nothing_is_ever_overwritten() {
    let (folder, mut files) = disk();
    let names: Vec<PathBuf> = (1..=3).map(|key| place(receive(&mut files, key, "a.txt", None))).collect();
    let expected = ["a.txt", "a (2).txt", "a (3).txt"].map(|name| folder.path().join("in").join(name));
    assert_eq!(names, expected);
    assert!(names.iter().all(|name| fs::read(name).expect("there") == BYTES));
    assert_eq!(fs::read_dir(folder.path().join("in")).expect("there").count(), 3, "no part is left");
}

#[test]
fn no_name_leads_out_of_the_folder_and_the_user_may_say_where() {
    let (folder, mut files) = disk();
    assert_eq!(place(receive(&mut files, 1, "../../.x", None)), folder.path().join("in").join("x"));
    let into = folder.path().to_str().expect("text").to_owned();
    assert_eq!(place(receive(&mut files, 2, "b", Some(into))), folder.path().join("b"));
    let named = folder.path().join("c.bin").to_str().expect("text").to_owned();
    assert_eq!(place(receive(&mut files, 3, "b", Some(named))), folder.path().join("c.bin"));
    let nowhere = folder.path().join("none/c").to_str().expect("text").to_owned();
    assert!(matches!(begin(&mut files, 4, "b", Some(nowhere)), Some(FileReply::Failed { .. })));
}

#[test]
fn a_later_run_goes_on_with_the_part_of_the_same_file_only() {
    let (folder, mut files) = disk();
    begin(&mut files, 1, "a", None);
    files.handle(FileRequest::Write { key: 1, offset: 0, bytes: BYTES[..5].to_vec() });
    files.handle(FileRequest::Drop { key: 1 });
    let mut files = OwnFiles::new(folder.path().join("in"));
    assert_eq!(begin(&mut files, 1, "a", None), Some(FileReply::Begun { key: 1, from: 5 }));
    let other = FileLabel { digest: Digest([1; 32]), ..label("a") };
    let begun = files.handle(FileRequest::Begin { key: 2, file: other, place: None, note: Vec::new() });
    assert_eq!(begun, Some(FileReply::Begun { key: 2, from: 0 }));
    files.handle(FileRequest::Remove { key: 2 });
    assert_eq!(fs::read_dir(folder.path().join("in")).expect("there").count(), 1);
}

#[test]
fn bytes_of_another_digest_are_thrown_away() {
    let (folder, mut files) = disk();
    begin(&mut files, 1, "a", None);
    files.handle(FileRequest::Write { key: 1, offset: 0, bytes: vec![0; BYTES.len()] });
    let finished = files.handle(FileRequest::Finish { key: 1 });
    assert_eq!(finished, Some(FileReply::Failed { key: 1, failure: damaged() }));
    assert_eq!(fs::read_dir(folder.path().join("in")).expect("there").count(), 0);
}

#[test]
fn a_file_that_changes_while_it_is_sent_is_not_sent_on() {
    let (folder, mut files) = disk();
    let path = folder.path().join("mine");
    fs::write(&path, BYTES).expect("written");
    let looked = files.handle(FileRequest::Look { key: 1, path: path.display().to_string() });
    let (size, digest) = (BYTES.len() as u64, Digest::of(BYTES));
    assert_eq!(looked, Some(FileReply::Looked { key: 1, size, digest }));
    let read = FileRequest::Read { key: 1, ticket: 0, offset: 5, len: 3 };
    assert!(matches!(files.handle(read.clone()), Some(FileReply::Bytes { bytes, .. }) if bytes == b"ann"));
    fs::write(&path, b"something longer than it was").expect("written");
    let changed = files.handle(read);
    assert!(
        matches!(&changed, Some(FileReply::Unreadable { failure, .. }) if failure.code == "file-changed")
    );
}

#[test]
fn a_folder_or_nothing_is_no_file_to_send() {
    let (folder, mut files) = disk();
    for path in [folder.path().to_owned(), folder.path().join("none")] {
        let looked = files.handle(FileRequest::Look { key: 1, path: path.display().to_string() });
        assert!(
            matches!(&looked, Some(FileReply::Failed { failure, .. }) if failure.code == "file-unreadable")
        );
    }
}
