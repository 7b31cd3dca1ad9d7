//! Files without a disk: for a server that keeps nothing, and for simulated worlds.
//!
//! Whoever asks sees to the bound: a server's limits hold here as they hold on a disk.

use super::disk::{Disk, FileReply, FileRequest, KeptFile, absent, changed, damaged};
use super::message::FileLabel;
use crate::crypto::Digest;
use std::collections::BTreeMap;

/// A file that is received.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Held {
    file: FileLabel,
    note: Vec<u8>,
    bytes: Vec<u8>,
    whole: bool,
}

/// Files in memory.
#[derive(Clone, Default, Debug)]
pub struct MemoryFiles {
    own: BTreeMap<String, Vec<u8>>,
    looked_at: BTreeMap<u64, (String, Digest)>,
    held: BTreeMap<u64, Held>,
}

impl MemoryFiles {
    /// There is a file with these bytes at this path.
    pub fn give(&mut self, path: &str, bytes: Vec<u8>) {
        self.own.insert(path.to_owned(), bytes);
    }

    /// What was received and finished: names and bytes, in the order of the keys.
    pub fn received(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let whole = self.held.values().filter(|held| held.whole);
        whole.map(|held| (held.file.name.as_str(), held.bytes.as_slice()))
    }

    /// What a server that starts would find.
    pub fn kept(&self) -> Vec<KeptFile> {
        let kept = |(key, held): (&u64, &Held)| KeptFile {
            key: *key,
            note: held.note.clone(),
            bytes: held.bytes.len() as u64,
            whole: held.whole,
        };
        self.held.iter().map(kept).collect()
    }

    fn read(&self, key: u64, offset: u64, len: usize) -> Result<Vec<u8>, crate::chat::message::Failure> {
        let bytes = match (self.held.get(&key), self.looked_at.get(&key)) {
            (Some(held), _) => &held.bytes,
            (None, Some((path, digest))) => {
                let bytes = self.own.get(path).ok_or_else(absent)?;
                if Digest::of(bytes) != *digest {
                    return Err(changed());
                }
                bytes
            }
            (None, None) => return Err(absent()),
        };
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        bytes.get(start..start.saturating_add(len)).map(<[u8]>::to_vec).ok_or_else(changed)
    }

    fn write(&mut self, key: u64, offset: u64, bytes: &[u8]) -> FileReply {
        match self.held.get_mut(&key) {
            Some(held) if held.bytes.len() as u64 == offset => {
                held.bytes.extend_from_slice(bytes);
                FileReply::Written { key, through: held.bytes.len() as u64 }
            }
            _ => FileReply::Failed { key, failure: absent() },
        }
    }

    fn finish(&mut self, key: u64) -> FileReply {
        let Some(held) = self.held.get_mut(&key) else {
            return FileReply::Failed { key, failure: absent() };
        };
        if held.bytes.len() as u64 != held.file.size || Digest::of(&held.bytes) != held.file.digest {
            self.held.remove(&key);
            return FileReply::Failed { key, failure: damaged() };
        }
        held.whole = true;
        FileReply::Finished { key, place: held.file.name.clone() }
    }

    fn look(&mut self, key: u64, path: String) -> FileReply {
        let Some(bytes) = self.own.get(&path) else {
            return FileReply::Failed { key, failure: absent() };
        };
        let (size, digest) = (bytes.len() as u64, Digest::of(bytes));
        self.looked_at.insert(key, (path, digest));
        FileReply::Looked { key, size, digest }
    }
}

impl Disk for MemoryFiles {
    fn handle(&mut self, request: FileRequest) -> Option<FileReply> {
        Some(match request {
            FileRequest::Look { key, path } => self.look(key, path),
            FileRequest::Read { key, ticket, offset, len } => match self.read(key, offset, len) {
                Ok(bytes) => FileReply::Bytes { key, ticket, offset, bytes },
                Err(failure) => FileReply::Unreadable { key, ticket, failure },
            },
            FileRequest::Begin { key, file, note, .. } => {
                let fresh = Held { file, note, bytes: Vec::new(), whole: false };
                let held = self.held.entry(key).or_insert(fresh);
                FileReply::Begun { key, from: held.bytes.len() as u64 }
            }
            FileRequest::Write { key, offset, bytes } => self.write(key, offset, &bytes),
            FileRequest::Finish { key } => self.finish(key),
            FileRequest::Drop { key } => {
                self.looked_at.remove(&key);
                return None;
            }
            FileRequest::Remove { key } => {
                self.held.remove(&key);
                return None;
            }
        })
    }
}
