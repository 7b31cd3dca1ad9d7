//! How does a file come in? Offered, wanted from some byte on, written, checked, told.

use super::router::{Company, Desk};
use super::shelf::Stage;
use crate::chat::file_wish::FileTarget;
use crate::chat::message::{Failure, PersonId};
use crate::chat::server::SessionKey;
use crate::files::codec::{Note, encode_note};
use crate::files::disk::FileRequest;
use crate::files::message::{FileId, FileLabel, FileToClient, Offered, TransferId};
use crate::files::name::harmless;
use crate::files::receiver::Receiver;
use crate::time::Instant;

/// A file that a session sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upload {
    pub transfer: TransferId,
    pub id: FileId,
    /// Once bytes are wanted.
    pub receiver: Option<Receiver>,
}

/// Whom a file is for, once that is known to be possible.
struct Addressed {
    to: FileTarget,
    person: Option<PersonId>,
}

impl Desk {
    pub(super) fn on_offer(
        &mut self,
        now: Instant,
        (session, (from, name)): (SessionKey, (PersonId, String)),
        transfer: TransferId,
        (to, mut file): (FileTarget, FileLabel),
        company: &impl Company,
    ) {
        file.name = harmless(&file.name);
        let outcome = match self.known(now, from, (&to, &file), company) {
            Some(id) => self.go_on(session, transfer, id),
            None => self.begin(now, (session, from, name), transfer, (&to, file), company),
        };
        if let Err(failure) = outcome {
            self.send(session, &FileToClient::Refused { transfer, failure });
        }
    }

    /// The same offer, made before. Whoever comes back need not be in the room again yet.
    fn known(
        &self,
        now: Instant,
        from: PersonId,
        (to, file): (&FileTarget, &FileLabel),
        company: &impl Company,
    ) -> Option<FileId> {
        let person = match to {
            FileTarget::Person(name) => Some(company.find(now, name)?.0),
            FileTarget::Room(_) => None,
        };
        self.shelf.find(from, (to, person), file)
    }

    fn go_on(&mut self, session: SessionKey, transfer: TransferId, id: FileId) -> Result<(), Failure> {
        self.check_free(session, id)?;
        let Some(entry) = self.shelf.get(id) else { return Ok(()) };
        let size = entry.note.offered.file.size;
        // A session that was cut off without a word may still be there.
        self.uploads.retain(|_, upload| upload.id != id);
        let receiver = match entry.stage {
            Stage::Whole => {
                self.send(session, &FileToClient::Kept { transfer, id });
                return Ok(());
            }
            Stage::Finishing => None,
            Stage::Partial(taken) => {
                self.send(session, &FileToClient::Wanted { transfer, id, offset: taken });
                if taken == size {
                    self.finish(id);
                }
                Some(Receiver::new(taken, size))
            }
        };
        self.uploads.insert(session, Upload { transfer, id, receiver });
        Ok(())
    }

    fn begin(
        &mut self,
        now: Instant,
        (session, from, name): (SessionKey, PersonId, String),
        transfer: TransferId,
        (to, file): (&FileTarget, FileLabel),
        company: &impl Company,
    ) -> Result<(), Failure> {
        self.check_free(session, FileId(0))?;
        company.may_speak(now, session)?;
        self.shelf.check(from, &file)?;
        let Addressed { to, person } = address(now, session, to, company)?;
        let id = self.shelf.next_id();
        let offered = Offered { id, from: name, to, file: file.clone(), at_ms: self.unix_ms(now) };
        let note = Note { from, to: person, offered };
        let bytes = encode_note(&note);
        self.shelf.insert(note);
        self.uploads.insert(session, Upload { transfer, id, receiver: None });
        self.ask(FileRequest::Begin { key: id.0, file, place: None, note: bytes });
        self.note_file(now);
        Ok(())
    }

    /// One file at a time: what is under way in memory is bounded by it.
    fn check_free(&self, session: SessionKey, id: FileId) -> Result<(), Failure> {
        match self.uploads.get(&session) {
            Some(upload) if upload.id != id => {
                Err(Failure::new("file-busy", "another file of this session is on its way"))
            }
            _ => Ok(()),
        }
    }

    fn uploader(&mut self, id: FileId) -> Option<(SessionKey, &mut Upload)> {
        let found = self.uploads.iter_mut().find(|(_, upload)| upload.id == id);
        found.map(|(session, upload)| (*session, upload))
    }

    pub(super) fn on_begun(&mut self, id: FileId, from: u64) {
        let Some(entry) = self.shelf.get(id) else { return };
        let size = entry.note.offered.file.size;
        let Some((session, upload)) = self.uploader(id) else { return };
        if upload.receiver.is_some() {
            return;
        }
        upload.receiver = Some(Receiver::new(from, size));
        let transfer = upload.transfer;
        self.shelf.set_stage(id, Stage::Partial(from));
        self.send(session, &FileToClient::Wanted { transfer, id, offset: from });
        if from == size {
            self.finish(id);
        }
    }

    pub(super) fn on_block(
        &mut self,
        session: SessionKey,
        id: FileId,
        offset: u64,
        bytes: Vec<u8>,
    ) -> Result<(), &'static str> {
        // It was on its way when the file was removed, or another session took over.
        let Some(upload) = self.uploads.get_mut(&session).filter(|upload| upload.id == id) else {
            return Ok(());
        };
        let Some(receiver) = &mut upload.receiver else { return Err("a block that nobody wanted") };
        receiver.on_block(offset, bytes.len())?;
        let taken = receiver.taken();
        self.shelf.set_stage(id, Stage::Partial(taken));
        self.ask(FileRequest::Write { key: id.0, offset, bytes });
        Ok(())
    }

    pub(super) fn on_written(&mut self, id: FileId, through: u64) {
        let Some(entry) = self.shelf.get(id) else { return };
        let is_whole = through == entry.note.offered.file.size;
        if let Some((session, Upload { receiver: Some(receiver), .. })) = self.uploader(id) {
            receiver.on_written(through);
            self.send(session, &FileToClient::Credit { id, through });
        }
        if is_whole {
            self.finish(id);
        }
    }

    fn finish(&mut self, id: FileId) {
        if matches!(self.shelf.get(id).map(|entry| entry.stage), Some(Stage::Partial(_))) {
            self.shelf.set_stage(id, Stage::Finishing);
            self.ask(FileRequest::Finish { key: id.0 });
        }
    }

    pub(super) fn on_finished(&mut self, id: FileId, company: &impl Company) {
        self.shelf.set_stage(id, Stage::Whole);
        if let Some((session, upload)) = self.uploader(id) {
            let transfer = upload.transfer;
            self.uploads.remove(&session);
            self.send(session, &FileToClient::Kept { transfer, id });
        }
        self.tell_receivers(id, company);
    }

    pub(super) fn on_failed(&mut self, id: FileId, failure: &Failure) {
        self.remove(id, failure);
    }

    pub(super) fn on_withdraw(&mut self, person: PersonId, id: FileId) {
        if self.shelf.get(id).is_some_and(|entry| entry.note.from == person) {
            self.uploads.retain(|_, upload| upload.id != id);
            self.remove(id, &Failure::new("file-withdrawn", "its sender has taken the file back"));
        }
    }
}

fn address(
    now: Instant,
    session: SessionKey,
    to: &FileTarget,
    company: &impl Company,
) -> Result<Addressed, Failure> {
    match to {
        FileTarget::Room(room) => match company.room_of(session, room) {
            Some(room) => Ok(Addressed { to: FileTarget::Room(room), person: None }),
            None => Err(Failure::new("not-in-room", format!("you are not in {room}"))),
        },
        FileTarget::Person(name) => match company.find(now, name) {
            Some((person, name)) => Ok(Addressed { to: FileTarget::Person(name), person: Some(person) }),
            None => Err(Failure::new("no-such-name", format!("nobody here is called {name}"))),
        },
    }
}
