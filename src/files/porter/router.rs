//! The porter itself: which file each line, message and reply is about.

use super::inbound::Inbound;
use super::offers::Offers;
use super::outbound::Outbound;
use crate::chat::client::event::LineNumber;
use crate::chat::file_wish::FileWish;
use crate::chat::message::Failure;
use crate::files::codec::{decode_to_client, encode_to_server};
use crate::files::disk::{FileReply, FileRequest};
use crate::files::event::FileEvent;
use crate::files::message::{FileId, FileToClient, FileToServer, Offered, TransferId};
use crate::files::name::harmless;
use crate::time::Instant;
use std::collections::VecDeque;
use std::sync::Arc;

/// Files of ours that wait to be sent or fetched, at most.
const WAITING_MAX: usize = 64;

/// All files of a client, without its disk.
///
/// Mutate once, drain every `poll_…` until it says `None`, sleep. It has no timeouts: whatever it waits for,
/// somebody else watches over.
#[derive(Debug, Default)]
pub struct Porter {
    is_up: bool,
    keys: u64,
    pub(super) outbound: VecDeque<Outbound>,
    pub(super) inbound: VecDeque<Inbound>,
    pub(super) offers: Offers,
    sends: VecDeque<Arc<[u8]>>,
    requests: VecDeque<FileRequest>,
    events: VecDeque<FileEvent>,
}

impl Porter {
    /// The user typed this. Each line ends in exactly one event that carries its number.
    pub fn handle_wish(&mut self, line: LineNumber, wish: FileWish) {
        let waiting = self.outbound.len() + self.inbound.len();
        match wish {
            FileWish::Send { .. } | FileWish::Accept { .. } if waiting >= WAITING_MAX => {
                let text = format!("{WAITING_MAX} files are waiting already; see /files");
                let failure = Failure::new("too-many-files", text);
                self.tell(FileEvent::Failed { line, name: "file".to_owned(), failure });
            }
            FileWish::Send { path, to } => self.send_file(line, path, to),
            FileWish::Accept { id, path } => self.accept(line, FileId(id), path),
            FileWish::Decline { id } => self.decline(line, FileId(id)),
            FileWish::List => {
                let sending = self.outbound.iter().map(Outbound::under_way);
                let under_way = sending.chain(self.inbound.iter().map(Inbound::under_way)).collect();
                self.tell(FileEvent::List { line, offered: self.offers.all(), under_way });
            }
        }
    }

    /// The server said something on the channel of files. An error for what breaks the protocol.
    pub fn handle_message(&mut self, now: Instant, bytes: &[u8]) -> Result<(), &'static str> {
        match decode_to_client(bytes).map_err(|malformed| malformed.0)? {
            FileToClient::Wanted { transfer, id, offset } => self.on_wanted(now, transfer, id, offset),
            FileToClient::Refused { transfer: TransferId(key), failure } => {
                self.end_outbound(key, failure);
            }
            FileToClient::Credit { id, through } => return self.on_credit(now, id, through),
            FileToClient::Kept { transfer, id } => self.on_kept(transfer, id),
            FileToClient::Offered(offered) => self.on_offered(offered),
            FileToClient::Block { id, offset, bytes } => return self.on_block(id, offset, bytes),
            FileToClient::Failed { id, failure } => match self.sent_as(id) {
                Some(key) => {
                    self.end_outbound(key, failure);
                }
                None => self.fail_fetched(id, failure),
            },
        }
        Ok(())
    }

    /// The disk answers.
    pub fn handle_reply(&mut self, now: Instant, reply: FileReply) {
        match reply {
            FileReply::Looked { key, size, digest } => self.on_looked(key, (size, digest)),
            FileReply::Bytes { key, offset, bytes, .. } => self.on_bytes(now, key, offset, bytes),
            FileReply::Unreadable { key, failure, .. } => self.on_unreadable(key, failure),
            FileReply::Begun { key, from } => self.on_begun(now, key, from),
            FileReply::Written { key, through } => self.on_written(now, key, through),
            FileReply::Finished { key, place } => self.on_finished(key, place),
            FileReply::Failed { key, failure } => {
                if !self.end_outbound(key, failure.clone()) {
                    self.stop_fetching(key);
                    self.end_inbound(key, failure);
                }
            }
        }
    }

    /// A session is up, and we are in.
    pub const fn on_connected(&mut self) {
        self.is_up = true;
    }

    /// It is gone. What was under way waits for the next.
    pub fn on_disconnected(&mut self) {
        self.is_up = false;
        self.sends.clear();
        self.ground_outbound();
        self.ground_inbound();
    }

    /// What waits goes on. `standing`: are we in this room (`Some(false)`: on the way there; `None`: not at
    /// all)?
    pub fn advance(&mut self, standing: impl Fn(&str) -> Option<bool>) {
        if self.is_up {
            self.advance_outbound(&standing);
        }
        self.advance_inbound(self.is_up, &standing);
    }

    /// The lines without their outcome.
    pub fn open_lines(&self) -> impl Iterator<Item = LineNumber> {
        let sending = self.outbound.iter().map(|outbound| outbound.line);
        sending.chain(self.inbound.iter().map(|inbound| inbound.line))
    }

    /// Is there nothing to do?
    pub fn is_idle(&self) -> bool {
        self.outbound.is_empty() && self.inbound.is_empty()
    }

    /// What the server is to be told next, on the channel of files.
    pub fn poll_send(&mut self) -> Option<Arc<[u8]>> {
        self.sends.pop_front()
    }

    /// What the disk is asked next.
    pub fn poll_request(&mut self) -> Option<FileRequest> {
        self.requests.pop_front()
    }

    /// What the user is told next.
    pub fn poll_event(&mut self) -> Option<FileEvent> {
        self.events.pop_front()
    }

    fn on_offered(&mut self, mut offered: Offered) {
        offered.file.name = harmless(&offered.file.name);
        if self.offers.was_taken(&offered) {
            // The word of it was lost in a break.
            self.say(&FileToServer::Taken { id: offered.id });
        } else if self.offers.on_offered(&offered) {
            self.tell(FileEvent::Offered(offered));
        }
    }

    fn fail_fetched(&mut self, id: FileId, failure: Failure) {
        match self.fetched_as(id) {
            Some(key) => self.end_inbound(key, failure),
            None => {
                self.offers.remove(id);
            }
        }
    }

    /// The disk takes no more of it: the server need not send the rest, which is no refusal of the file.
    fn stop_fetching(&mut self, key: u64) {
        let fetched = self.inbound.iter().find(|inbound| inbound.key == key);
        if let Some(id) = fetched.map(|inbound| inbound.offered.id) {
            self.say(&FileToServer::Stop { id });
        }
    }

    pub(super) const fn next_key(&mut self) -> u64 {
        self.keys += 1;
        self.keys
    }

    pub(super) fn say(&mut self, message: &FileToServer) {
        if self.is_up {
            self.sends.push_back(encode_to_server(message).into());
        }
    }

    pub(super) fn ask(&mut self, request: FileRequest) {
        self.requests.push_back(request);
    }

    pub(super) fn tell(&mut self, event: FileEvent) {
        self.events.push_back(event);
    }
}
