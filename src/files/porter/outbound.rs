//! How does a file of ours get to the server?
//!
//! ```text
//!   Looking ── Looked ──▶ Ready ── offered ──▶ Offered ── Wanted ──▶ Sending ── Kept ──▶ told
//!                           ▲                                            │
//!                           └──────────── the session broke ◀────────────┘
//! ```

use super::router::Porter;
use crate::chat::client::event::LineNumber;
use crate::chat::file_wish::FileTarget;
use crate::chat::message::Failure;
use crate::crypto::Digest;
use crate::files::disk::FileRequest;
use crate::files::event::{FileEvent, UnderWay};
use crate::files::message::{FileId, FileLabel, FileToServer, TransferId};
use crate::files::name::{harmless, last_part};
use crate::files::progress::Progress;
use crate::files::sender::Sender;
use crate::time::Instant;

/// How far it is.
#[derive(Debug)]
pub(super) enum Stage {
    Looking,
    Ready,
    Offered,
    Sending { id: FileId, sender: Sender, progress: Progress },
}

/// A file that we send.
#[derive(Debug)]
pub(super) struct Outbound {
    pub line: LineNumber,
    /// Its key at the disk, and its transfer's number.
    pub key: u64,
    pub to: FileTarget,
    pub file: FileLabel,
    pub stage: Stage,
}

impl Outbound {
    pub fn under_way(&self) -> UnderWay {
        let bytes = match &self.stage {
            Stage::Sending { sender, .. } => sender.credited(),
            _ => 0,
        };
        UnderWay { name: self.file.name.clone(), sending: true, bytes, total: self.file.size }
    }
}

impl Porter {
    pub(super) fn send_file(&mut self, line: LineNumber, path: String, to: FileTarget) {
        let key = self.next_key();
        let file = FileLabel { name: harmless(last_part(&path)), size: 0, digest: Digest::default() };
        self.outbound.push_back(Outbound { line, key, to, file, stage: Stage::Looking });
        self.ask(FileRequest::Look { key, path });
    }

    /// The first file goes on, if it waits for a session or for its room.
    pub(super) fn advance_outbound(&mut self, standing: &impl Fn(&str) -> Option<bool>) {
        let Some(first) = self.outbound.front_mut() else { return };
        if !matches!(first.stage, Stage::Ready) {
            return;
        }
        let may_go = match &first.to {
            FileTarget::Person(_) => Some(true),
            FileTarget::Room(room) => standing(room),
        };
        match may_go {
            Some(false) => {}
            Some(true) => {
                first.stage = Stage::Offered;
                let (transfer, to, file) = (TransferId(first.key), first.to.clone(), first.file.clone());
                self.say(&FileToServer::Offer { transfer, to, file });
            }
            None => {
                let (key, text) = (first.key, format!("you are not in {}", first.to));
                self.end_outbound(key, Failure::new("not-in-room", text));
            }
        }
    }

    pub(super) fn on_looked(&mut self, key: u64, file: (u64, Digest)) {
        if let Some(outbound) = self.outbound.iter_mut().find(|outbound| outbound.key == key) {
            (outbound.file.size, outbound.file.digest) = file;
            outbound.stage = Stage::Ready;
        }
    }

    pub(super) fn on_wanted(&mut self, now: Instant, transfer: TransferId, id: FileId, offset: u64) {
        let Some(first) = self.first_outbound(transfer) else { return };
        let sender = Sender::new(offset, first.file.size);
        first.stage = Stage::Sending { id, progress: Progress::new(now, sender.credited()), sender };
        self.read_on();
    }

    fn first_outbound(&mut self, transfer: TransferId) -> Option<&mut Outbound> {
        self.outbound.front_mut().filter(|first| first.key == transfer.0)
    }

    fn read_on(&mut self) {
        let Some(Outbound { key, stage: Stage::Sending { sender, .. }, .. }) = self.outbound.front_mut()
        else {
            return;
        };
        let (key, ticket) = (*key, 0);
        let reads: Vec<(u64, usize)> = std::iter::from_fn(|| sender.poll_read()).collect();
        for (offset, len) in reads {
            self.ask(FileRequest::Read { key, ticket, offset, len });
        }
    }

    pub(super) fn on_bytes(&mut self, now: Instant, key: u64, offset: u64, bytes: Vec<u8>) {
        // It may have been read for a session that is gone.
        if let Some(Outbound { stage: Stage::Sending { id, sender, .. }, .. }) =
            self.outbound.front_mut().filter(|first| first.key == key)
            && sender.on_read(now, offset, bytes.len())
        {
            let id = *id;
            self.say(&FileToServer::Block { id, offset, bytes });
        }
    }

    /// An error for credit that breaks the protocol.
    pub(super) fn on_credit(&mut self, now: Instant, id: FileId, through: u64) -> Result<(), &'static str> {
        let Some(Outbound { file, stage: Stage::Sending { id: sent, sender, progress }, .. }) =
            self.outbound.front_mut()
        else {
            return Ok(());
        };
        if *sent != id {
            return Ok(());
        }
        sender.on_credit(now, through)?;
        let bytes = sender.credited();
        if let Some(rate) = progress.on_bytes(now, bytes) {
            let (name, total) = (file.name.clone(), file.size);
            self.tell(FileEvent::Progress { name, sending: true, bytes, total, rate });
        }
        self.read_on();
        Ok(())
    }

    pub(super) fn on_kept(&mut self, transfer: TransferId, id: FileId) {
        if self.first_outbound(transfer).is_some()
            && let Some(Outbound { line, key, to, file, .. }) = self.outbound.pop_front()
        {
            self.ask(FileRequest::Drop { key });
            self.tell(FileEvent::Sent { line, id, file, to });
        }
    }

    /// The file could not be read, or is not what it was: the server need not wait for the rest.
    pub(super) fn on_unreadable(&mut self, key: u64, failure: Failure) {
        let sent = self.outbound.iter().find(|outbound| outbound.key == key);
        if let Some(Outbound { stage: Stage::Sending { id, .. }, .. }) = sent {
            let id = *id;
            self.say(&FileToServer::Withdraw { id });
        }
        self.end_outbound(key, failure);
    }

    /// Nothing becomes of it. False if it is none of ours.
    pub(super) fn end_outbound(&mut self, key: u64, failure: Failure) -> bool {
        let Some(place) = self.outbound.iter().position(|outbound| outbound.key == key) else { return false };
        let Some(Outbound { line, file, .. }) = self.outbound.remove(place) else { return false };
        self.ask(FileRequest::Drop { key });
        self.tell(FileEvent::Failed { line, name: file.name, failure });
        true
    }

    /// The key of the file that is sent under this number.
    pub(super) fn sent_as(&self, id: FileId) -> Option<u64> {
        match self.outbound.front() {
            Some(Outbound { key, stage: Stage::Sending { id: sent, .. }, .. }) if *sent == id => Some(*key),
            _ => None,
        }
    }

    pub(super) fn ground_outbound(&mut self) {
        for outbound in &mut self.outbound {
            if matches!(outbound.stage, Stage::Offered | Stage::Sending { .. }) {
                outbound.stage = Stage::Ready;
            }
        }
    }
}
