//! How does a file go out? Told to whom it is for, and sent to who asks for it.

use super::router::{Company, Desk};
use super::shelf::{Entry, Stage};
use crate::chat::file_wish::FileTarget;
use crate::chat::message::{Failure, PersonId};
use crate::chat::server::SessionKey;
use crate::files::disk::{FileRequest, absent};
use crate::files::message::{FileId, FileToClient};
use crate::files::sender::Sender;
use crate::time::Instant;

/// Who arrives is told of so many files, the newest.
pub(super) const TOLD_MAX: usize = 100;

/// A file that a session fetches.
#[derive(Debug)]
pub(super) struct Download {
    pub id: FileId,
    sender: Sender,
}

impl Desk {
    /// Whoever is here of those whom the file is for; not its own sender.
    pub(super) fn tell_receivers(&mut self, id: FileId, company: &impl Company) {
        let Some(entry) = self.shelf.get(id) else { return };
        let (from, offered) = (entry.note.from, entry.note.offered.clone());
        let sessions = match (&offered.to, entry.note.to) {
            (_, Some(person)) => company.sessions_of(person),
            (FileTarget::Room(room), None) => company.sessions_in(room),
            (FileTarget::Person(_), None) => Vec::new(),
        };
        let message = FileToClient::Offered(offered);
        let is_own = |session: &SessionKey| company.person(*session).is_none_or(|(person, _)| person == from);
        for session in sessions.into_iter().filter(|session| !is_own(session)) {
            self.send(session, &message);
        }
    }

    pub(super) fn tell_offers(&mut self, session: SessionKey, person: PersonId, room: Option<&str>) {
        let is_told = |entry: &Entry| match room {
            None => entry.is_for(person),
            Some(room) => {
                entry.note.from != person
                    && matches!(&entry.note.offered.to, FileTarget::Room(name) if name == room)
            }
        };
        let newest = self.shelf.newest(TOLD_MAX, is_told);
        let told: Vec<_> = newest.iter().map(|entry| entry.note.offered.clone()).collect();
        for offered in told {
            self.send(session, &FileToClient::Offered(offered));
        }
    }

    pub(super) fn on_fetch(
        &mut self,
        (session, person): (SessionKey, PersonId),
        id: FileId,
        offset: u64,
        company: &impl Company,
    ) {
        let size = match self.may_fetch((session, person), id, company) {
            Ok(size) => size,
            Err(failure) => return self.send(session, &FileToClient::Failed { id, failure }),
        };
        self.downloads.insert(session, Download { id, sender: Sender::new(offset, size) });
        self.read_on(session);
    }

    fn may_fetch(
        &self,
        (session, person): (SessionKey, PersonId),
        id: FileId,
        company: &impl Company,
    ) -> Result<u64, Failure> {
        let entry = self.shelf.get(id).filter(|entry| entry.stage == Stage::Whole).ok_or_else(absent)?;
        let is_theirs = match &entry.note.offered.to {
            _ if entry.note.from == person => true,
            FileTarget::Person(_) => entry.is_for(person),
            FileTarget::Room(room) => company.room_of(session, room).is_some(),
        };
        if !is_theirs {
            // Nobody learns which files there are for others.
            return Err(absent());
        }
        match self.downloads.get(&session) {
            Some(other) if other.id != id => {
                Err(Failure::new("file-busy", "another file is on its way to this session"))
            }
            _ => Ok(entry.note.offered.file.size),
        }
    }

    fn read_on(&mut self, session: SessionKey) {
        let Some(Download { id, sender }) = self.downloads.get_mut(&session) else { return };
        let (key, ticket) = (id.0, session.0);
        let reads: Vec<(u64, usize)> = std::iter::from_fn(|| sender.poll_read()).collect();
        for (offset, len) in reads {
            self.ask(FileRequest::Read { key, ticket, offset, len });
        }
    }

    pub(super) fn on_bytes(
        &mut self,
        now: Instant,
        session: SessionKey,
        id: FileId,
        offset: u64,
        bytes: Vec<u8>,
    ) {
        // It was being read when the session ended, or began anew.
        if let Some(download) = self.downloads.get_mut(&session).filter(|download| download.id == id)
            && download.sender.on_read(now, offset, bytes.len())
        {
            self.send(session, &FileToClient::Block { id, offset, bytes });
        }
    }

    pub(super) fn on_unreadable(&mut self, session: SessionKey, id: FileId, failure: Failure) {
        if self.downloads.get(&session).is_some_and(|download| download.id == id) {
            self.downloads.remove(&session);
            self.send(session, &FileToClient::Failed { id, failure });
        }
    }

    pub(super) fn on_credit(
        &mut self,
        now: Instant,
        session: SessionKey,
        id: FileId,
        through: u64,
    ) -> Result<(), &'static str> {
        if let Some(download) = self.downloads.get_mut(&session).filter(|download| download.id == id) {
            download.sender.on_credit(now, through)?;
            self.read_on(session);
        }
        Ok(())
    }

    pub(super) fn on_stop(&mut self, session: SessionKey, id: FileId) {
        if self.downloads.get(&session).is_some_and(|download| download.id == id) {
            self.downloads.remove(&session);
        }
    }

    /// Taken, or not wanted: the session fetches no more of it, and what was for this person alone goes.
    pub(super) fn on_settled(&mut self, (session, person): (SessionKey, PersonId), id: FileId) {
        self.on_stop(session, id);
        if self.shelf.get(id).is_some_and(|entry| entry.stage == Stage::Whole && entry.is_for(person)) {
            self.remove(id, &absent());
        }
    }
}
