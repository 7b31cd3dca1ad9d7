//! The desk itself: who is sending and fetching what, and where each message and each reply belongs.

use super::incoming::Upload;
use super::outgoing::Download;
use super::shelf::{FileLimits, Shelf};
use crate::chat::message::{Failure, PersonId};
use crate::chat::server::{ChatServer, SessionKey};
use crate::files::codec::{decode_to_server, encode_to_client};
use crate::files::disk::{FileReply, FileRequest, KeptFile};
use crate::files::message::{FileId, FileToClient, FileToServer};
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How often old files are looked for. Ours: they are kept for days, so an hour is near enough.
const SWEEP: Duration = Duration::from_hours(1);

/// Who is here: what the desk must know of the chat.
pub trait Company {
    /// Who speaks in this session, and under which name; `None` while they stand at the door.
    fn person(&self, session: SessionKey) -> Option<(PersonId, String)>;
    /// Who has this name, here or away, and how they write it.
    fn find(&self, now: Instant, name: &str) -> Option<(PersonId, String)>;
    /// Their sessions.
    fn sessions_of(&self, person: PersonId) -> Vec<SessionKey>;
    /// The room's own name, if the session is in it.
    fn room_of(&self, session: SessionKey, room: &str) -> Option<String>;
    /// The sessions in a room.
    fn sessions_in(&self, room: &str) -> Vec<SessionKey>;
    /// May they send something?
    fn may_speak(&self, now: Instant, session: SessionKey) -> Result<(), Failure>;
}

impl Company for ChatServer {
    fn person(&self, session: SessionKey) -> Option<(PersonId, String)> {
        self.speaker(session)
    }

    fn find(&self, now: Instant, name: &str) -> Option<(PersonId, String)> {
        self.find_person(now, name)
    }

    fn sessions_of(&self, person: PersonId) -> Vec<SessionKey> {
        self.sessions_of(person)
    }

    fn room_of(&self, session: SessionKey, room: &str) -> Option<String> {
        self.room_of(session, room)
    }

    fn sessions_in(&self, room: &str) -> Vec<SessionKey> {
        self.sessions_in(room)
    }

    fn may_speak(&self, now: Instant, session: SessionKey) -> Result<(), Failure> {
        self.may_send(now, session)
    }
}

/// To be done by whoever runs the desk, in this order.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DeskEffect {
    /// Send these bytes to this session, on the channel of files.
    Send { session: SessionKey, bytes: Arc<[u8]> },
    /// Ask the disk; its reply comes back through `handle_reply`.
    Ask(FileRequest),
}

/// All files of a server, without its disk.
///
/// Mutate once, drain [`Desk::poll_effect`] until it says `None`, ask [`Desk::poll_timeout`], sleep.
#[derive(Debug)]
pub struct Desk {
    unix_ms_at_zero: u64,
    pub(super) shelf: Shelf,
    pub(super) uploads: BTreeMap<SessionKey, Upload>,
    pub(super) downloads: BTreeMap<SessionKey, Download>,
    effects: VecDeque<DeskEffect>,
    sweep_at: Option<Instant>,
}

impl Desk {
    /// A desk with these limits and what its disk has kept. Milliseconds since 1970 at `Instant::ZERO`.
    pub fn new(limits: FileLimits, kept: Vec<KeptFile>, unix_ms_at_zero: u64) -> Self {
        let (shelf, useless) = Shelf::new(limits, kept);
        let mut desk = Self {
            unix_ms_at_zero,
            sweep_at: (!shelf.is_empty()).then_some(Instant::ZERO),
            shelf,
            uploads: BTreeMap::new(),
            downloads: BTreeMap::new(),
            effects: VecDeque::new(),
        };
        useless.into_iter().for_each(|key| desk.ask(FileRequest::Remove { key }));
        desk
    }

    /// A session said something on the channel of files. An error for what breaks the protocol.
    pub fn handle_message(
        &mut self,
        now: Instant,
        session: SessionKey,
        bytes: &[u8],
        company: &impl Company,
    ) -> Result<(), &'static str> {
        let message = decode_to_server(bytes).map_err(|malformed| malformed.0)?;
        // Who stands at the door is not heard, as on every channel but that of the door.
        let Some(person) = company.person(session) else { return Ok(()) };
        match message {
            FileToServer::Offer { transfer, to, file } => {
                self.on_offer(now, (session, person), transfer, (to, file), company);
            }
            FileToServer::Block { id, offset, bytes } => return self.on_block(session, id, offset, bytes),
            FileToServer::Withdraw { id } => self.on_withdraw(person.0, id),
            FileToServer::Fetch { id, offset } => self.on_fetch((session, person.0), id, offset, company),
            FileToServer::Credit { id, through } => return self.on_credit(now, session, id, through),
            FileToServer::Taken { id } | FileToServer::Decline { id } => {
                self.on_settled((session, person.0), id);
            }
            FileToServer::Stop { id } => self.on_stop(session, id),
        }
        Ok(())
    }

    /// The disk answers.
    pub fn handle_reply(&mut self, now: Instant, reply: FileReply, company: &impl Company) {
        match reply {
            FileReply::Begun { key, from } => self.on_begun(FileId(key), from),
            FileReply::Written { key, through } => self.on_written(FileId(key), through),
            FileReply::Finished { key, .. } => {
                self.on_finished(FileId(key), company);
                self.sweep_at.get_or_insert(now + SWEEP);
            }
            FileReply::Failed { key, failure } => self.on_failed(FileId(key), &failure),
            FileReply::Bytes { key, ticket, offset, bytes } => {
                self.on_bytes(now, SessionKey(ticket), FileId(key), offset, bytes);
            }
            FileReply::Unreadable { key, ticket, failure } => {
                self.on_unreadable(SessionKey(ticket), FileId(key), failure);
            }
            FileReply::Looked { .. } => {}
        }
    }

    /// A session has come in, or (`room`) into a room: it is told what there is for it.
    pub fn on_arrived(&mut self, session: SessionKey, room: Option<&str>, company: &impl Company) {
        if !self.shelf.is_empty()
            && let Some((person, _)) = company.person(session)
        {
            self.tell_offers(session, person, room);
        }
    }

    /// A session is over. What it was sending waits for it.
    pub fn handle_closed(&mut self, session: SessionKey) {
        self.uploads.remove(&session);
        self.downloads.remove(&session);
    }

    /// The moment of [`Desk::poll_timeout`] has come: old files go.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.sweep_at.is_none_or(|at| at > now) {
            return;
        }
        let now_ms = self.unix_ms(now);
        let coming = |id| self.uploads.values().any(|upload| upload.id == id);
        for id in self.shelf.expired(now_ms, coming) {
            self.remove(id, &crate::files::disk::absent());
        }
        self.sweep_at = (!self.shelf.is_empty()).then_some(now + SWEEP);
    }

    /// When [`Desk::handle_timeout`] is to be called.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.sweep_at
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<DeskEffect> {
        self.effects.pop_front()
    }

    /// Milliseconds since 1970.
    pub(super) fn unix_ms(&self, now: Instant) -> u64 {
        self.unix_ms_at_zero.saturating_add(now.as_micros() / 1_000)
    }

    pub(super) fn note_file(&mut self, now: Instant) {
        self.sweep_at.get_or_insert(now + SWEEP);
    }

    pub(super) fn ask(&mut self, request: FileRequest) {
        self.effects.push_back(DeskEffect::Ask(request));
    }

    pub(super) fn send(&mut self, session: SessionKey, message: &FileToClient) {
        self.effects.push_back(DeskEffect::Send { session, bytes: encode_to_client(message).into() });
    }

    /// Nothing is left of this file; whoever was sending or fetching it is told why.
    pub(super) fn remove(&mut self, id: FileId, why: &Failure) {
        if !self.shelf.remove(id) {
            return;
        }
        let senders = self.uploads.iter().filter(|(_, upload)| upload.id == id).map(|(session, _)| *session);
        let fetchers = self.downloads.iter().filter(|(_, down)| down.id == id).map(|(session, _)| *session);
        let told: Vec<SessionKey> = senders.chain(fetchers).collect();
        self.uploads.retain(|_, upload| upload.id != id);
        self.downloads.retain(|_, download| download.id != id);
        for session in told {
            self.send(session, &FileToClient::Failed { id, failure: why.clone() });
        }
        self.ask(FileRequest::Remove { key: id.0 });
    }
}
