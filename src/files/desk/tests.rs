//! The desk with people who are only names, and a disk in memory.

use super::*;
use crate::chat::file_wish::FileTarget;
use crate::chat::message::{Failure, PersonId};
use crate::chat::server::SessionKey;
use crate::crypto::Digest;
use crate::files::codec::{decode_to_client, encode_to_server};
use crate::files::disk::{Disk, FileReply, FileRequest};
use crate::files::memory::MemoryFiles;
use crate::files::message::{BLOCK_BYTES, FileId, FileLabel, FileToClient, FileToServer, TransferId};
use crate::time::{Instant, at};

const HOUR: u64 = 3_600_000_000;
const ROOMY: FileLimits = FileLimits { file_bytes: 1_000_000, space_bytes: 3_000_000 };

/// Session *n* belongs to person *n*, called `p<n>`; the sessions from 100 on are second ones of person
/// *n - 100*. The room `lab` has everybody up to `in_lab`.
#[derive(Default)]
struct Toy {
    in_lab: u64,
    muted: bool,
}

impl Company for Toy {
    fn person(&self, session: SessionKey) -> Option<(PersonId, String)> {
        let person = session.0 % 100;
        (person > 0).then(|| (PersonId(person), format!("p{person}")))
    }
    fn find(&self, _: Instant, name: &str) -> Option<(PersonId, String)> {
        let person = name.strip_prefix('p')?.parse().ok()?;
        Some((PersonId(person), name.to_owned()))
    }
    fn sessions_of(&self, person: PersonId) -> Vec<SessionKey> {
        vec![SessionKey(person.0)]
    }
    fn room_of(&self, session: SessionKey, room: &str) -> Option<String> {
        (room == "lab" && session.0 % 100 <= self.in_lab).then(|| room.to_owned())
    }
    fn sessions_in(&self, _: &str) -> Vec<SessionKey> {
        (1..=self.in_lab).map(SessionKey).collect()
    }
    fn may_speak(&self, _: Instant, _: SessionKey) -> Result<(), Failure> {
        if self.muted { Err(Failure::new("muted", "you are muted")) } else { Ok(()) }
    }
}

struct Bench {
    desk: Desk,
    disk: MemoryFiles,
    company: Toy,
    told: Vec<(SessionKey, FileToClient)>,
    /// The disk fails to do what is asked of it with bytes.
    is_full: bool,
}

impl Bench {
    fn new(limits: FileLimits) -> Self {
        let company = Toy { in_lab: 5, muted: false };
        let desk = Desk::new(limits, Vec::new(), 0);
        Self { desk, disk: MemoryFiles::default(), company, told: Vec::new(), is_full: false }
    }

    fn restart(&mut self) {
        self.desk = Desk::new(ROOMY, self.disk.kept(), 0);
        self.settle(at(0));
    }

    fn settle(&mut self, now: Instant) {
        while let Some(effect) = self.desk.poll_effect() {
            match effect {
                DeskEffect::Send { session, bytes } => {
                    self.told.push((session, decode_to_client(&bytes).expect("a message")));
                }
                DeskEffect::Ask(FileRequest::Write { key, .. }) if self.is_full => {
                    let failure = Failure::new("storage-failed", "no space left");
                    self.desk.handle_reply(now, FileReply::Failed { key, failure }, &self.company);
                }
                DeskEffect::Ask(request) => {
                    if let Some(reply) = self.disk.handle(request) {
                        self.desk.handle_reply(now, reply, &self.company);
                    }
                }
            }
        }
    }

    fn say(&mut self, session: u64, message: &FileToServer) -> Result<(), &'static str> {
        let bytes = encode_to_server(message);
        let heard = self.desk.handle_message(at(0), SessionKey(session), &bytes, &self.company);
        self.settle(at(0));
        heard
    }

    fn offer(&mut self, session: u64, to: FileTarget, file: &FileLabel) -> Option<FileToClient> {
        let offer = FileToServer::Offer { transfer: TransferId(9), to, file: file.clone() };
        self.say(session, &offer).expect("an offer breaks nothing");
        self.told.iter().rev().find(|(told, _)| told.0 == session).map(|(_, message)| message.clone())
    }

    fn upload(&mut self, session: u64, to: FileTarget, bytes: &[u8]) -> FileId {
        let Some(FileToClient::Wanted { id, offset, .. }) = self.offer(session, to, &label(bytes)) else {
            panic!("wanted: {:?}", self.told);
        };
        self.blocks(session, id, offset, bytes);
        id
    }

    fn blocks(&mut self, session: u64, id: FileId, from: u64, bytes: &[u8]) {
        let mut offset = from;
        for block in bytes[from as usize..].chunks(BLOCK_BYTES) {
            self.say(session, &FileToServer::Block { id, offset, bytes: block.to_vec() }).expect("in order");
            offset += block.len() as u64;
        }
    }

    fn failure(&self, session: u64) -> Option<String> {
        self.told.iter().rev().filter(|(told, _)| told.0 == session).find_map(|(_, message)| match message {
            FileToClient::Refused { failure, .. } | FileToClient::Failed { failure, .. } => {
                Some(failure.code.clone())
            }
            _ => None,
        })
    }

    fn offered_to(&self, session: u64) -> usize {
        let offers = self
            .told
            .iter()
            .filter(|(told, message)| told.0 == session && matches!(message, FileToClient::Offered(_)));
        offers.count()
    }
}

fn label(bytes: &[u8]) -> FileLabel {
    FileLabel { name: "notes.pdf".to_owned(), size: bytes.len() as u64, digest: Digest::of(bytes) }
}

fn lab() -> FileTarget {
    FileTarget::Room("lab".to_owned())
}

fn person(number: u64) -> FileTarget {
    FileTarget::Person(format!("p{number}"))
}

#[test]
fn a_file_for_a_room_is_told_to_all_others_in_it_once_it_is_whole_and_kept_for_each() {
    let mut bench = Bench::new(ROOMY);
    let bytes = vec![3; 20_000];
    let id = bench.upload(1, lab(), &bytes);
    assert!(bench.told.contains(&(SessionKey(1), FileToClient::Kept { transfer: TransferId(9), id })));
    assert_eq!((1..=6).map(|session| bench.offered_to(session)).collect::<Vec<_>>(), [0, 1, 1, 1, 1, 0]);
    for receiver in [2, 3] {
        bench.say(receiver, &FileToServer::Fetch { id, offset: 0 }).unwrap();
        bench.say(receiver, &FileToServer::Credit { id, through: 8_192 }).unwrap();
        bench.say(receiver, &FileToServer::Taken { id }).unwrap();
        let got: Vec<u8> = bench
            .told
            .iter()
            .filter(|(told, _)| told.0 == receiver)
            .filter_map(|(_, message)| {
                if let FileToClient::Block { bytes, .. } = message { Some(bytes.clone()) } else { None }
            })
            .flatten()
            .collect();
        assert!(got == bytes);
    }
}

#[test]
fn only_whom_it_is_for_gets_a_file_and_nobody_learns_of_others() {
    let mut bench = Bench::new(ROOMY);
    let private = bench.upload(1, person(2), &[1; 100]);
    let public = bench.upload(1, lab(), &[2; 100]);
    bench.say(3, &FileToServer::Fetch { id: private, offset: 0 }).unwrap();
    assert_eq!(bench.failure(3).as_deref(), Some("no-such-file"));
    bench.say(7, &FileToServer::Fetch { id: public, offset: 0 }).unwrap();
    assert_eq!(bench.failure(7).as_deref(), Some("no-such-file"), "not in the room");
    bench.say(3, &FileToServer::Decline { id: private }).unwrap();
    bench.say(3, &FileToServer::Withdraw { id: private }).unwrap();
    bench.say(2, &FileToServer::Fetch { id: private, offset: 0 }).unwrap();
    assert_eq!(bench.failure(2), None, "it is still there for whom it is");
    bench.say(0, &FileToServer::Fetch { id: public, offset: 0 }).unwrap();
    assert!(!bench.told.iter().any(|(told, _)| told.0 == 0), "who stands at the door is not heard");
}

#[test]
fn a_file_for_one_person_goes_when_it_is_taken_or_declined() {
    let mut bench = Bench::new(ROOMY);
    for settled in [|id| FileToServer::Taken { id }, |id| FileToServer::Decline { id }] {
        let id = bench.upload(1, person(2), &[1; 100]);
        bench.say(2, &settled(id)).unwrap();
        assert!(bench.disk.kept().is_empty());
    }
}

#[test]
fn sizes_places_and_numbers_of_files_are_bounded() {
    let none = Bench::new(FileLimits::NONE).offer(1, lab(), &label(&[1]));
    assert!(matches!(none, Some(FileToClient::Refused { failure, .. }) if failure.code == "files-off"));
    let mut bench = Bench::new(ROOMY);
    let file = |size| FileLabel { name: "a".to_owned(), size, digest: Digest([size as u8; 32]) };
    bench.offer(1, lab(), &file(1_000_001));
    assert_eq!(bench.failure(1).as_deref(), Some("file-too-large"));
    for session in 1..=3 {
        assert!(matches!(bench.offer(session, lab(), &file(1_000_000)), Some(FileToClient::Wanted { .. })));
    }
    bench.offer(4, lab(), &file(1));
    assert_eq!(
        bench.failure(4).as_deref(),
        Some("file-space"),
        "what was promised counts before it is there"
    );
    let mut bench = Bench::new(ROOMY);
    for number in 0..shelf::FILES_OF_PERSON_MAX as u8 {
        bench.upload(1, lab(), &[number; 10]);
    }
    bench.offer(1, lab(), &file(200));
    assert_eq!(bench.failure(1).as_deref(), Some("too-many-files"));
}

#[test]
fn the_number_of_files_on_a_server_is_bounded() {
    let (mut shelf, _) = shelf::Shelf::new(ROOMY, Vec::new());
    for number in 0..shelf::FILES_MAX as u64 {
        let file = FileLabel { size: 1, ..label(&[]) };
        assert_eq!(shelf.check(PersonId(number), &file), Ok(()));
        let offered = crate::files::message::Offered {
            id: shelf.next_id(),
            from: String::new(),
            to: lab(),
            file,
            at_ms: 0,
        };
        shelf.insert(crate::files::codec::Note { from: PersonId(number), to: None, offered });
    }
    assert_eq!(shelf.check(PersonId(9_999), &label(&[])).unwrap_err().code, "file-space");
}

#[test]
fn one_file_at_a_time_comes_in_and_goes_out_of_a_session() {
    let mut bench = Bench::new(ROOMY);
    let (one, other) = (bench.upload(1, lab(), &vec![1; 50_000]), bench.upload(1, lab(), &vec![2; 50_000]));
    bench.offer(1, lab(), &label(&[3; 50]));
    bench.offer(1, lab(), &label(&[4; 50]));
    assert_eq!(bench.failure(1).as_deref(), Some("file-busy"));
    bench.say(2, &FileToServer::Fetch { id: one, offset: 0 }).unwrap();
    bench.say(2, &FileToServer::Fetch { id: other, offset: 0 }).unwrap();
    assert_eq!(bench.failure(2).as_deref(), Some("file-busy"));
    bench.say(2, &FileToServer::Stop { id: one }).unwrap();
    bench.told.clear();
    bench.say(2, &FileToServer::Fetch { id: other, offset: 0 }).unwrap();
    assert_eq!(bench.failure(2), None);
}

#[test]
fn the_same_offer_again_goes_on_where_it_broke_off_also_on_a_server_that_began_anew() {
    let mut bench = Bench::new(ROOMY);
    let bytes: Vec<u8> = (0..40_000u32).map(|n| n as u8).collect();
    let Some(FileToClient::Wanted { id, .. }) = bench.offer(1, person(2), &label(&bytes)) else { panic!() };
    bench.blocks(1, id, 0, &bytes[..2 * BLOCK_BYTES]);
    let offset = 2 * BLOCK_BYTES as u64;
    let wanted = FileToClient::Wanted { transfer: TransferId(9), id, offset };
    assert_eq!(
        bench.offer(101, person(2), &label(&bytes)).as_ref(),
        Some(&wanted),
        "a session that took over"
    );
    bench.restart();
    assert_eq!(bench.offer(1, person(2), &label(&bytes)).as_ref(), Some(&wanted));
    bench.blocks(1, id, offset, &bytes);
    assert_eq!(bench.offered_to(2), 1);
    let again = bench.offer(1, person(2), &label(&bytes));
    assert_eq!(
        again,
        Some(FileToClient::Kept { transfer: TransferId(9), id }),
        "and once more is nothing new"
    );
    assert!(matches!(
        bench.offer(1, person(3), &label(&bytes)),
        Some(FileToClient::Wanted { offset: 0, .. })
    ));
    assert!(
        matches!(bench.offer(2, person(2), &label(&bytes)), Some(FileToClient::Wanted { offset: 0, .. })),
        "who only knows a digest gets nothing by it"
    );
}

#[test]
fn bytes_that_are_not_those_of_the_digest_are_thrown_away_and_told_to_nobody() {
    let mut bench = Bench::new(ROOMY);
    let promised = label(&[1; 100]);
    let Some(FileToClient::Wanted { id, .. }) = bench.offer(1, lab(), &promised) else { panic!() };
    bench.blocks(1, id, 0, &[2; 100]);
    assert_eq!((bench.failure(1).as_deref(), bench.offered_to(2)), (Some("file-damaged"), 0));
    assert!(bench.disk.kept().is_empty());
}

#[test]
fn a_full_disk_is_told_to_the_sender_and_leaves_nothing() {
    let mut bench = Bench::new(ROOMY);
    bench.is_full = true;
    let Some(FileToClient::Wanted { id, .. }) = bench.offer(1, lab(), &label(&vec![1; 20_000])) else {
        panic!()
    };
    bench.blocks(1, id, 0, &vec![1; 20_000]);
    assert_eq!(bench.failure(1).as_deref(), Some("storage-failed"));
    assert!(bench.disk.kept().is_empty());
    bench.is_full = false;
    bench.upload(1, lab(), &vec![1; 20_000]);
}

#[test]
fn blocks_out_of_order_beyond_the_end_or_unasked_end_the_session() {
    let mut bench = Bench::new(ROOMY);
    let Some(FileToClient::Wanted { id, .. }) = bench.offer(1, lab(), &label(&[1; 100])) else { panic!() };
    for (offset, len) in [(1, 10), (0, 101)] {
        let block = FileToServer::Block { id, offset, bytes: vec![0; len] };
        assert!(bench.say(1, &block).is_err(), "{offset} {len}");
    }
    let stray = FileToServer::Block { id: FileId(77), offset: 0, bytes: vec![1] };
    assert_eq!(bench.say(1, &stray), Ok(()), "it may have been on its way");
    let id = bench.upload(2, lab(), &vec![1; 50_000]);
    bench.say(3, &FileToServer::Fetch { id, offset: 0 }).unwrap();
    assert!(bench.say(3, &FileToServer::Credit { id, through: 50_000 }).is_err());
    assert!(bench.desk.handle_message(at(0), SessionKey(3), &[0x7f], &bench.company).is_err());
}

#[test]
fn names_are_made_harmless_and_who_may_not_speak_sends_nothing() {
    let mut bench = Bench::new(ROOMY);
    let file = FileLabel { name: "../../con.txt".to_owned(), ..label(&[1]) };
    let Some(FileToClient::Wanted { id, .. }) = bench.offer(1, lab(), &file) else { panic!() };
    bench.blocks(1, id, 0, &[1]);
    let name = bench.told.iter().find_map(|(_, message)| match message {
        FileToClient::Offered(offered) => Some(offered.file.name.clone()),
        _ => None,
    });
    assert_eq!(name.as_deref(), Some("_con.txt"));
    bench.company.muted = true;
    bench.offer(1, lab(), &label(&[2]));
    assert_eq!(bench.failure(1).as_deref(), Some("muted"));
    bench.company.muted = false;
    bench.offer(7, lab(), &label(&[2]));
    assert_eq!(bench.failure(7).as_deref(), Some("not-in-room"));
    bench.offer(1, FileTarget::Person("nobody".to_owned()), &label(&[2]));
    assert_eq!(bench.failure(1).as_deref(), Some("no-such-name"));
}

#[test]
fn who_arrives_is_told_what_is_there_for_them_and_no_more_than_a_hundred() {
    let mut bench = Bench::new(ROOMY);
    for sender in 10..14 {
        bench.company.in_lab = 20;
        (0..30).for_each(|n| {
            bench.upload(sender, lab(), &[n; 9]);
        });
    }
    bench.upload(10, person(40), &[1]);
    bench.told.clear();
    bench.desk.on_arrived(SessionKey(40), None, &bench.company);
    bench.desk.on_arrived(SessionKey(15), Some("lab"), &bench.company);
    bench.desk.on_arrived(SessionKey(10), Some("lab"), &bench.company);
    bench.settle(at(0));
    let told = [40, 15, 10].map(|session| bench.offered_to(session));
    assert_eq!(told, [1, 100, 90], "the newest, and not one's own");
}

#[test]
fn old_files_go_after_a_week_and_halves_after_a_day() {
    let mut bench = Bench::new(ROOMY);
    bench.upload(1, lab(), &[1; 10]);
    bench.offer(2, lab(), &label(&[2; 10]));
    bench.desk.handle_closed(SessionKey(2));
    let kept = |bench: &mut Bench, hours: u64| {
        let now = at(hours * HOUR);
        bench.desk.handle_timeout(now);
        bench.settle(now);
        bench.disk.kept().len()
    };
    assert_eq!([23, 25, 7 * 24, 7 * 24 + 2].map(|hours| kept(&mut bench, hours)), [2, 1, 1, 0]);
    assert_eq!(bench.desk.poll_timeout(), None);
}

#[test]
fn an_empty_file_is_a_file() {
    let mut bench = Bench::new(ROOMY);
    bench.offer(1, lab(), &label(&[]));
    let id = FileId(1);
    assert!(bench.told.contains(&(SessionKey(1), FileToClient::Kept { transfer: TransferId(9), id })));
    assert_eq!(bench.offered_to(2), 1);
}

#[test]
fn whatever_bytes_come_the_desk_survives() {
    let mut bench = Bench::new(ROOMY);
    bench.upload(1, lab(), &vec![1; 20_000]);
    let mut rng = crate::rng::Rng::from_seed(4);
    for _ in 0..20_000 {
        let mut bytes = vec![0; rng.below(24) as usize];
        rng.fill(&mut bytes);
        if let Some(first) = bytes.first_mut() {
            *first = 0x80 + rng.below(8) as u8;
        }
        let session = SessionKey(rng.below(7));
        let _ = bench.desk.handle_message(at(0), session, &bytes, &bench.company);
        bench.settle(at(0));
        bench.told.clear();
    }
    assert!(bench.disk.kept().len() <= 1 + 6 * shelf::FILES_OF_PERSON_MAX);
}
