//! How does an accepted file get here?
//!
//! ```text
//!   Waiting ── first ──▶ Opening ── Begun ──▶ Open ── asked ──▶ Fetching … ── whole ──▶ Finishing ──▶ told
//!                                              ▲                   │
//!                                              └── session broke ◀─┘
//! ```

use super::router::Porter;
use crate::chat::client::event::LineNumber;
use crate::chat::file_wish::FileTarget;
use crate::chat::message::Failure;
use crate::files::disk::{FileRequest, absent};
use crate::files::event::{FileEvent, UnderWay};
use crate::files::message::{FileId, FileToServer, Offered};
use crate::files::progress::Progress;
use crate::files::receiver::Receiver;
use crate::time::Instant;

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    Waiting,
    Opening,
    Open { receiver: Receiver, progress: Progress, is_asked: bool },
    Finishing,
}

/// A file that we fetch.
#[derive(Debug)]
pub(super) struct Inbound {
    pub line: LineNumber,
    /// Its key at the disk.
    pub key: u64,
    pub offered: Offered,
    place: Option<String>,
    pub stage: Stage,
}

impl Inbound {
    pub fn under_way(&self) -> UnderWay {
        let file = &self.offered.file;
        let bytes = match self.stage {
            Stage::Waiting | Stage::Opening => 0,
            Stage::Open { receiver, .. } => receiver.written(),
            Stage::Finishing => file.size,
        };
        UnderWay { name: file.name.clone(), sending: false, bytes, total: file.size }
    }
}

impl Porter {
    pub(super) fn accept(&mut self, line: LineNumber, id: FileId, place: Option<String>) {
        let name = format!("file {}", id.0);
        if self.inbound.iter().any(|inbound| inbound.offered.id == id) {
            let failure = Failure::new("already-accepted", "this file is on its way already; see /files");
            return self.tell(FileEvent::Failed { line, name, failure });
        }
        let Some(offered) = self.offers.get(id).cloned() else {
            return self.tell(FileEvent::Failed { line, name, failure: absent() });
        };
        let key = self.next_key();
        self.inbound.push_back(Inbound { line, key, offered, place, stage: Stage::Waiting });
    }

    /// The first file goes on, if it waits for its turn, for a session or for its room.
    pub(super) fn advance_inbound(&mut self, is_up: bool, standing: &impl Fn(&str) -> Option<bool>) {
        let Some(first) = self.inbound.front_mut() else { return };
        let (key, id) = (first.key, first.offered.id);
        if matches!(first.stage, Stage::Waiting) {
            first.stage = Stage::Opening;
            let (file, place) = (first.offered.file.clone(), first.place.clone());
            return self.ask(FileRequest::Begin { key, file, place, note: Vec::new() });
        }
        let may_ask = match &first.offered.to {
            FileTarget::Room(room) => standing(room) != Some(false),
            FileTarget::Person(_) => true,
        };
        if let Stage::Open { receiver, is_asked: is_asked @ false, .. } = &mut first.stage
            && is_up
            && may_ask
        {
            *is_asked = true;
            let offset = receiver.taken();
            self.say(&FileToServer::Fetch { id, offset });
        }
    }

    pub(super) fn on_begun(&mut self, now: Instant, key: u64, from: u64) {
        let Some(first) = self.inbound.front_mut().filter(|first| first.key == key) else { return };
        if from == first.offered.file.size {
            first.stage = Stage::Finishing;
            return self.ask(FileRequest::Finish { key });
        }
        let receiver = Receiver::new(from, first.offered.file.size);
        first.stage = Stage::Open { receiver, progress: Progress::new(now, from), is_asked: false };
    }

    /// An error for a block that breaks the protocol.
    pub(super) fn on_block(&mut self, id: FileId, offset: u64, bytes: Vec<u8>) -> Result<(), &'static str> {
        // It was on its way when the file was declined.
        let Some(first) = self.inbound.front_mut().filter(|first| first.offered.id == id) else {
            return Ok(());
        };
        let Stage::Open { receiver, is_asked: true, .. } = &mut first.stage else { return Ok(()) };
        receiver.on_block(offset, bytes.len())?;
        let key = first.key;
        self.ask(FileRequest::Write { key, offset, bytes });
        Ok(())
    }

    pub(super) fn on_written(&mut self, now: Instant, key: u64, through: u64) {
        let Some(first) = self.inbound.front_mut().filter(|first| first.key == key) else { return };
        let (id, total) = (first.offered.id, first.offered.file.size);
        let Stage::Open { receiver, progress, is_asked } = &mut first.stage else { return };
        let (is_whole, is_asked, bytes) = (receiver.on_written(through), *is_asked, receiver.written());
        let rate = progress.on_bytes(now, bytes);
        let name = first.offered.file.name.clone();
        if is_whole {
            first.stage = Stage::Finishing;
            self.ask(FileRequest::Finish { key });
        }
        if is_asked {
            self.say(&FileToServer::Credit { id, through });
        }
        if let Some(rate) = rate {
            self.tell(FileEvent::Progress { name, sending: false, bytes, total, rate });
        }
    }

    pub(super) fn on_finished(&mut self, key: u64, place: String) {
        if self.inbound.front().is_some_and(|first| first.key == key)
            && let Some(Inbound { line, offered, .. }) = self.inbound.pop_front()
        {
            self.offers.on_taken(&offered);
            self.say(&FileToServer::Taken { id: offered.id });
            self.tell(FileEvent::Received { line, id: offered.id, file: offered.file, place });
        }
    }

    /// Nothing becomes of it. What is there stays, for `/accept` to go on with.
    pub(super) fn end_inbound(&mut self, key: u64, failure: Failure) {
        let Some(place) = self.inbound.iter().position(|inbound| inbound.key == key) else { return };
        let Some(Inbound { line, offered, .. }) = self.inbound.remove(place) else { return };
        self.ask(FileRequest::Drop { key });
        if failure.code == absent().code {
            self.offers.remove(offered.id);
        }
        self.tell(FileEvent::Failed { line, name: offered.file.name, failure });
    }

    pub(super) fn decline(&mut self, line: LineNumber, id: FileId) {
        let place = self.inbound.iter().position(|inbound| inbound.offered.id == id);
        if let Some(Inbound { line, key, offered, .. }) = place.and_then(|place| self.inbound.remove(place)) {
            self.ask(FileRequest::Remove { key });
            let failure = Failure::new("declined", "you declined it");
            self.tell(FileEvent::Failed { line, name: offered.file.name, failure });
        }
        if self.offers.remove(id).is_none() {
            let name = format!("file {}", id.0);
            return self.tell(FileEvent::Failed { line, name, failure: absent() });
        }
        self.say(&FileToServer::Decline { id });
        self.tell(FileEvent::Declined { line, id });
    }

    /// The key of the file that is fetched under this number.
    pub(super) fn fetched_as(&self, id: FileId) -> Option<u64> {
        self.inbound.iter().find(|inbound| inbound.offered.id == id).map(|inbound| inbound.key)
    }

    pub(super) fn ground_inbound(&mut self) {
        for inbound in &mut self.inbound {
            if let Stage::Open { is_asked, .. } = &mut inbound.stage {
                *is_asked = false;
            }
        }
    }
}
