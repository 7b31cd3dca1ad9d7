//! Which files does a server have, for whom, and for how long?
//!
//! ```text
//!   Partial(taken) ── all taken ──▶ Finishing ── digest right ──▶ Whole ── a week ──▶ gone
//!        └── a day without a sender ──▶ gone                        └── taken or declined (one person's) ──▶ gone
//! ```

use crate::chat::file_wish::FileTarget;
use crate::chat::message::{Failure, PersonId};
use crate::files::codec::{Note, decode_note};
use crate::files::disk::KeptFile;
use crate::files::message::{FileId, FileLabel};
use crate::time::Duration;
use std::collections::BTreeMap;

/// Files on a server, at most.
pub const FILES_MAX: usize = 1_024;
/// Files of one person on a server, at most.
pub const FILES_OF_PERSON_MAX: usize = 32;
/// A file that is whole is kept so long.
pub const KEPT_FOR: Duration = Duration::from_hours(7 * 24);
/// A file that is not whole is kept so long.
pub const PARTIAL_FOR: Duration = Duration::from_hours(24);

/// How much a server takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileLimits {
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files, whole or not; 0: no files.
    pub space_bytes: u64,
}

impl FileLimits {
    /// No files.
    pub const NONE: Self = Self { file_bytes: 0, space_bytes: 0 };
}

/// How far a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// So many bytes were taken.
    Partial(u64),
    /// All were, and its digest is being checked.
    Finishing,
    /// It may be fetched.
    Whole,
}

/// One file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What is known of it.
    pub note: Note,
    /// How far it is.
    pub stage: Stage,
}

impl Entry {
    fn bytes(&self) -> u64 {
        self.note.offered.file.size
    }

    /// Is it for this person alone?
    pub fn is_for(&self, person: PersonId) -> bool {
        self.note.to == Some(person)
    }
}

/// All files of a server.
#[derive(Clone, Debug)]
pub struct Shelf {
    limits: FileLimits,
    last: u64,
    entries: BTreeMap<FileId, Entry>,
}

impl Shelf {
    /// With what was found at the start, and the keys of what of it is useless.
    pub fn new(limits: FileLimits, kept: Vec<KeptFile>) -> (Self, Vec<u64>) {
        let mut shelf = Self { limits, last: 0, entries: BTreeMap::new() };
        let mut useless = Vec::new();
        for file in kept {
            shelf.last = shelf.last.max(file.key);
            match decode_note(&file.note) {
                Ok(note) if note.offered.id.0 == file.key && file.bytes <= note.offered.file.size => {
                    let stage = if file.whole { Stage::Whole } else { Stage::Partial(file.bytes) };
                    shelf.entries.insert(FileId(file.key), Entry { note, stage });
                }
                _ => useless.push(file.key),
            }
        }
        (shelf, useless)
    }

    /// Is there room for this, of this person?
    pub fn check(&self, from: PersonId, file: &FileLabel) -> Result<(), Failure> {
        let FileLimits { file_bytes, space_bytes } = self.limits;
        if space_bytes == 0 {
            return Err(Failure::new("files-off", "this server takes no files"));
        }
        if file.size > file_bytes {
            let text = format!("a file may have {file_bytes} bytes here, and this one has {}", file.size);
            return Err(Failure::new("file-too-large", text));
        }
        let used: u64 = self.entries.values().map(Entry::bytes).sum();
        if used.saturating_add(file.size) > space_bytes || self.entries.len() >= FILES_MAX {
            return Err(Failure::new("file-space", "the server's place for files is full; try again later"));
        }
        let own = || self.entries.values().filter(|entry| entry.note.from == from);
        // Ours: one person has a quarter of the place at most, but one file in any case.
        let share = (space_bytes / 4).max(file_bytes);
        if own().map(Entry::bytes).sum::<u64>().saturating_add(file.size) > share {
            let text =
                format!("your files may have {share} bytes here together, until they are fetched or old");
            return Err(Failure::new("too-many-files", text));
        }
        if own().count() >= FILES_OF_PERSON_MAX {
            let text = format!(
                "{FILES_OF_PERSON_MAX} of your files wait here already, until they are fetched or old"
            );
            return Err(Failure::new("too-many-files", text));
        }
        Ok(())
    }

    /// The number of the next file, never used before.
    pub const fn next_id(&mut self) -> FileId {
        self.last += 1;
        FileId(self.last)
    }

    /// A new file.
    pub fn insert(&mut self, note: Note) {
        self.entries.insert(note.offered.id, Entry { note, stage: Stage::Partial(0) });
    }

    /// The same file of the same person for the same people.
    pub fn find(
        &self,
        from: PersonId,
        to: (&FileTarget, Option<PersonId>),
        file: &FileLabel,
    ) -> Option<FileId> {
        let is_same = |entry: &&Entry| {
            let known = &entry.note.offered;
            let same_people = if to.1.is_some() { entry.note.to == to.1 } else { known.to == *to.0 };
            entry.note.from == from
                && same_people
                && known.file.digest == file.digest
                && known.file.size == file.size
        };
        self.entries.values().find(is_same).map(|entry| entry.note.offered.id)
    }

    /// This file.
    pub fn get(&self, id: FileId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// It is so far now.
    pub fn set_stage(&mut self, id: FileId, stage: Stage) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.stage = stage;
        }
    }

    /// It is no more. False if it was not there.
    pub fn remove(&mut self, id: FileId) -> bool {
        self.entries.remove(&id).is_some()
    }

    /// The newest whole files that meet this, in their order, at most so many.
    pub fn newest(&self, count: usize, meets: impl Fn(&Entry) -> bool) -> Vec<&Entry> {
        let whole = self.entries.values().rev().filter(|entry| entry.stage == Stage::Whole && meets(entry));
        let mut newest: Vec<&Entry> = whole.take(count).collect();
        newest.reverse();
        newest
    }

    /// Those that are too old now; `is_coming`: is somebody sending it?
    pub fn expired(&self, now_ms: u64, is_coming: impl Fn(FileId) -> bool) -> Vec<FileId> {
        let is_over = |(id, entry): &(&FileId, &Entry)| {
            let span = if entry.stage == Stage::Whole { KEPT_FOR } else { PARTIAL_FOR };
            let age = now_ms.saturating_sub(entry.note.offered.at_ms);
            u128::from(age) > span.as_millis() && !is_coming(**id)
        };
        self.entries.iter().filter(is_over).map(|(id, _)| *id).collect()
    }

    /// None?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
