//! The porter with a server that is played by hand, and a disk in memory.

use super::*;
use crate::chat::client::event::LineNumber;
use crate::chat::file_wish::{FileTarget, FileWish};
use crate::chat::message::Failure;
use crate::crypto::Digest;
use crate::files::codec::{decode_to_server, encode_to_client};
use crate::files::disk::{Disk, FileReply, FileRequest};
use crate::files::event::FileEvent;
use crate::files::memory::MemoryFiles;
use crate::files::message::{FileId, FileLabel, FileToClient, FileToServer, Offered, TransferId};
use crate::time::at;

struct Bench {
    porter: Porter,
    disk: MemoryFiles,
    said: Vec<FileToServer>,
    events: Vec<FileEvent>,
    in_room: Option<bool>,
    is_full: bool,
}

impl Bench {
    fn new() -> Self {
        let mut porter = Porter::default();
        porter.on_connected();
        let (disk, said, events) = (MemoryFiles::default(), Vec::new(), Vec::new());
        Self { porter, disk, said, events, in_room: Some(true), is_full: false }
    }

    fn settle(&mut self) {
        loop {
            self.porter.advance(|_| self.in_room);
            if let Some(request) = self.porter.poll_request() {
                let reply = match request {
                    FileRequest::Write { key, .. } if self.is_full => Some(FileReply::Failed {
                        key,
                        failure: Failure::new("storage-failed", "no space left"),
                    }),
                    request => self.disk.handle(request),
                };
                reply.into_iter().for_each(|reply| self.porter.handle_reply(at(0), reply));
            } else if let Some(bytes) = self.porter.poll_send() {
                self.said.push(decode_to_server(&bytes).expect("a message"));
            } else if let Some(event) = self.porter.poll_event() {
                self.events.push(event);
            } else {
                return;
            }
        }
    }

    fn wish(&mut self, line: u64, wish: FileWish) {
        self.porter.handle_wish(LineNumber(line), wish);
        self.settle();
    }

    fn hear(&mut self, message: &FileToClient) -> Result<(), &'static str> {
        let heard = self.porter.handle_message(at(0), &encode_to_client(message));
        self.settle();
        heard
    }

    fn send(&mut self, line: u64, path: &str) {
        let to = FileTarget::Room("lab".to_owned());
        self.wish(line, FileWish::Send { path: path.to_owned(), to });
    }

    fn offered(&mut self, id: u64, bytes: &[u8]) {
        let file =
            FileLabel { name: "../a.txt".to_owned(), size: bytes.len() as u64, digest: Digest::of(bytes) };
        let (from, to) = ("ann".to_owned(), FileTarget::Person("me".to_owned()));
        self.hear(&FileToClient::Offered(Offered { id: FileId(id), from, to, file, at_ms: 0 })).unwrap();
    }

    fn outcome(&self, line: u64) -> Vec<&FileEvent> {
        self.events.iter().filter(|event| event.line() == Some(LineNumber(line))).collect()
    }
}

const fn wanted(transfer: u64, offset: u64) -> FileToClient {
    FileToClient::Wanted { transfer: TransferId(transfer), id: FileId(5), offset }
}

fn code(event: &FileEvent) -> &str {
    if let FileEvent::Failed { failure, .. } = event { &failure.code } else { "" }
}

#[test]
fn a_file_that_cannot_be_read_fails_its_line_and_the_next_one_goes() {
    let mut bench = Bench::new();
    bench.disk.give("dir/b", vec![2; 10]);
    bench.send(1, "none");
    bench.send(2, "dir/b");
    assert_eq!(code(bench.outcome(1)[0]), "no-such-file");
    let FileToServer::Offer { file, .. } = &bench.said[0] else { panic!("{:?}", bench.said) };
    assert_eq!((file.name.as_str(), file.size), ("b", 10));
}

#[test]
fn a_file_for_a_room_waits_until_it_is_entered_and_fails_where_one_is_not() {
    let mut bench = Bench::new();
    bench.disk.give("a", vec![1]);
    bench.in_room = Some(false);
    bench.send(1, "a");
    assert!(bench.said.is_empty());
    bench.in_room = None;
    bench.settle();
    assert_eq!(code(bench.outcome(1)[0]), "not-in-room");
}

#[test]
fn after_a_break_the_file_is_offered_again_and_sent_from_where_the_server_wants_it() {
    let mut bench = Bench::new();
    bench.disk.give("a", vec![7; 30_000]);
    bench.send(1, "a");
    bench.hear(&wanted(1, 0)).unwrap();
    bench.porter.on_disconnected();
    bench.said.clear();
    bench.settle();
    assert!(bench.said.is_empty(), "nothing is said without a session");
    bench.porter.on_connected();
    bench.settle();
    assert!(matches!(bench.said[..], [FileToServer::Offer { .. }]));
    bench.hear(&wanted(1, 29_990)).unwrap();
    let last = bench.said.last();
    assert_eq!(last, Some(&FileToServer::Block { id: FileId(5), offset: 29_990, bytes: vec![7; 10] }));
    bench.hear(&FileToClient::Kept { transfer: TransferId(1), id: FileId(5) }).unwrap();
    assert!(matches!(bench.outcome(1)[..], [FileEvent::Sent { .. }]) && bench.porter.is_idle());
}

#[test]
fn a_file_that_changes_meanwhile_is_withdrawn() {
    let mut bench = Bench::new();
    bench.disk.give("a", vec![7; 100_000]);
    bench.send(1, "a");
    bench.disk.give("a", vec![8; 100_000]);
    bench.hear(&wanted(1, 0)).unwrap();
    assert!(bench.said.contains(&FileToServer::Withdraw { id: FileId(5) }), "{:?}", bench.said);
    assert_eq!(bench.outcome(1).iter().map(|event| code(event)).collect::<Vec<_>>(), ["file-changed"]);
}

#[test]
fn a_refused_offer_and_credit_that_cannot_be_are_told() {
    let mut bench = Bench::new();
    bench.disk.give("a", vec![7; 10]);
    bench.send(1, "a");
    let failure = Failure::new("file-space", "full");
    bench.hear(&FileToClient::Refused { transfer: TransferId(1), failure }).unwrap();
    assert_eq!(code(bench.outcome(1)[0]), "file-space");
    bench.send(2, "a");
    bench.hear(&wanted(2, 0)).unwrap();
    assert!(bench.hear(&FileToClient::Credit { id: FileId(5), through: 11 }).is_err());
}

#[test]
fn an_accepted_file_is_fetched_checked_and_confirmed_and_its_name_is_harmless() {
    let mut bench = Bench::new();
    bench.offered(5, &[9; 10]);
    assert!(matches!(&bench.events[..], [FileEvent::Offered(offered)] if offered.file.name == "a.txt"));
    bench.wish(1, FileWish::Accept { id: 5, path: None });
    assert_eq!(bench.said, [FileToServer::Fetch { id: FileId(5), offset: 0 }]);
    bench.hear(&FileToClient::Block { id: FileId(5), offset: 0, bytes: vec![9; 4] }).unwrap();
    bench.porter.on_disconnected();
    bench.porter.on_connected();
    bench.settle();
    assert_eq!(bench.said.last(), Some(&FileToServer::Fetch { id: FileId(5), offset: 4 }));
    bench.hear(&FileToClient::Block { id: FileId(5), offset: 4, bytes: vec![9; 6] }).unwrap();
    assert!(matches!(bench.outcome(1)[..], [FileEvent::Received { .. }]));
    assert!(bench.said.contains(&FileToServer::Taken { id: FileId(5) }));
    bench.said.clear();
    bench.offered(5, &[9; 10]);
    assert_eq!(bench.said, [FileToServer::Taken { id: FileId(5) }], "the word of it may be lost");
    bench.said.clear();
    bench.offered(5, &[8; 10]);
    assert!(bench.said.is_empty(), "another file under a number that was used again");
}

#[test]
fn bytes_that_are_not_those_of_the_offer_are_no_file() {
    let mut bench = Bench::new();
    bench.offered(5, &[9; 10]);
    bench.wish(1, FileWish::Accept { id: 5, path: None });
    bench.hear(&FileToClient::Block { id: FileId(5), offset: 0, bytes: vec![8; 10] }).unwrap();
    assert_eq!(code(bench.outcome(1)[0]), "file-damaged");
    assert_eq!(bench.disk.received().count(), 0);
    assert!(bench.hear(&FileToClient::Block { id: FileId(5), offset: 0, bytes: vec![1] }).is_ok(), "late");
}

#[test]
fn a_server_that_sends_more_than_the_file_breaks_the_protocol() {
    let mut bench = Bench::new();
    bench.offered(5, &[9; 10]);
    bench.wish(1, FileWish::Accept { id: 5, path: None });
    assert!(bench.hear(&FileToClient::Block { id: FileId(5), offset: 0, bytes: vec![9; 11] }).is_err());
    assert!(bench.hear(&FileToClient::Block { id: FileId(5), offset: 1, bytes: vec![9; 1] }).is_err());
}

#[test]
fn a_full_disk_stops_the_fetch_and_the_offer_stays() {
    let mut bench = Bench::new();
    bench.offered(5, &[9; 10]);
    bench.is_full = true;
    bench.wish(1, FileWish::Accept { id: 5, path: None });
    bench.hear(&FileToClient::Block { id: FileId(5), offset: 0, bytes: vec![9; 10] }).unwrap();
    assert_eq!(code(bench.outcome(1)[0]), "storage-failed");
    assert_eq!(bench.said.last(), Some(&FileToServer::Stop { id: FileId(5) }));
    bench.is_full = false;
    bench.wish(2, FileWish::Accept { id: 5, path: None });
    assert_eq!(bench.said.last(), Some(&FileToServer::Fetch { id: FileId(5), offset: 0 }));
}

#[test]
fn declining_ends_what_is_under_way_and_each_line_has_one_outcome() {
    let mut bench = Bench::new();
    bench.offered(5, &[9; 10]);
    bench.wish(1, FileWish::Accept { id: 5, path: None });
    bench.wish(2, FileWish::Accept { id: 5, path: None });
    bench.wish(3, FileWish::Decline { id: 5 });
    bench.wish(4, FileWish::Decline { id: 5 });
    bench.wish(5, FileWish::Accept { id: 77, path: None });
    bench.wish(6, FileWish::List);
    assert!((1..=6).all(|line| bench.outcome(line).len() == 1), "{:?}", bench.events);
    assert_eq!(bench.said.last(), Some(&FileToServer::Decline { id: FileId(5) }));
    let codes = [1, 2, 4, 5].map(|line| code(bench.outcome(line)[0]).to_owned());
    assert_eq!(codes, ["declined", "already-accepted", "no-such-file", "no-such-file"]);
}

#[test]
fn what_waits_and_what_is_remembered_is_bounded() {
    let mut bench = Bench::new();
    bench.disk.give("a", vec![1]);
    (1..=70).for_each(|line| bench.send(line, "a"));
    assert_eq!(code(bench.outcome(65)[0]), "too-many-files");
    (1..=2_000).for_each(|id| bench.offered(id, &[1]));
    bench.wish(99, FileWish::List);
    let FileEvent::List { offered, .. } = bench.outcome(99)[0] else { panic!() };
    assert_eq!(offered.len(), offers::REMEMBERED);
}
