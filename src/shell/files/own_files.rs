//! Where are a user's own files, and where are those of others put?
//!
//! ```text
//!   /send notes.pdf       read while it is sent, and no other: a file that changes meanwhile is not sent on
//!   /accept 7             ─▶ DOWNLOADS/notes.pdf.508c5e8c.part ─ whole ─▶ DOWNLOADS/notes.pdf
//!   /accept 7 lab         ─▶ into the folder lab, if there is one, else under the name lab
//! ```
//!
//! Nothing is ever overwritten: a name that is taken gets a number. The part's name has the beginning of the
//! digest, so that `/accept` goes on where it broke off, also in a later run, and never with another file.

use super::contents::{append, digest, open_part, read, storage_failed};
use crate::chat::message::Failure;
use crate::crypto::Digest;
use crate::files::disk::{changed, damaged};
use crate::files::message::FileLabel;
use crate::files::name::{harmless, numbered};
use crate::files::{Disk, FileReply, FileRequest};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Numbers that are tried for a name that is taken.
const NUMBERS: u32 = 1_000;

/// A file that is sent.
#[derive(Debug)]
struct Outgoing {
    file: File,
    size: u64,
    changed_at: Option<SystemTime>,
}

/// A file that is received.
#[derive(Debug)]
struct Incoming {
    part: File,
    part_path: PathBuf,
    label: FileLabel,
    /// Where it belongs.
    place: PathBuf,
}

/// The files of a user.
#[derive(Debug)]
pub struct OwnFiles {
    downloads: PathBuf,
    outgoing: BTreeMap<u64, Outgoing>,
    incoming: BTreeMap<u64, Incoming>,
}

impl OwnFiles {
    /// What others send goes into this folder, which is made if need be, unless the user says where.
    pub const fn new(downloads: PathBuf) -> Self {
        Self { downloads, outgoing: BTreeMap::new(), incoming: BTreeMap::new() }
    }

    fn look(&mut self, key: u64, path: &str) -> io::Result<(u64, Digest)> {
        // Asked before it is opened: to open a pipe may take for ever.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("this is no file"));
        }
        let file = File::open(path)?;
        let meta = file.metadata()?;
        let (size, digest) = digest(&file)?;
        self.outgoing.insert(key, Outgoing { file, size, changed_at: meta.modified().ok() });
        Ok((size, digest))
    }

    fn read(&mut self, key: u64, offset: u64, len: usize) -> Result<Vec<u8>, Failure> {
        let outgoing = self.outgoing.get_mut(&key).ok_or_else(changed)?;
        let unread = |error: io::Error| storage_failed("the file could not be read", &error);
        let meta = outgoing.file.metadata().map_err(unread)?;
        if (meta.len(), meta.modified().ok()) != (outgoing.size, outgoing.changed_at) {
            return Err(changed());
        }
        read(&mut outgoing.file, offset, len).map_err(unread)
    }

    fn begin(&mut self, key: u64, label: FileLabel, place: Option<&str>) -> io::Result<u64> {
        let place = self.place_for(&label, place)?;
        let mut part_path = place.clone().into_os_string();
        part_path.push(format!(".{}.part", &label.digest.to_string()[..8]));
        let part_path = PathBuf::from(part_path);
        let (part, from) = open_part(&part_path, label.size)?;
        self.incoming.insert(key, Incoming { part, part_path, label, place });
        Ok(from)
    }

    fn place_for(&self, label: &FileLabel, place: Option<&str>) -> io::Result<PathBuf> {
        let name = harmless(&label.name);
        match place.map(Path::new) {
            Some(folder) if folder.is_dir() => Ok(folder.join(name)),
            Some(path) => Ok(path.to_owned()),
            None => {
                fs::create_dir_all(&self.downloads)?;
                Ok(self.downloads.join(name))
            }
        }
    }

    fn write(&mut self, key: u64, offset: u64, bytes: &[u8]) -> io::Result<u64> {
        let incoming = self.incoming.get_mut(&key).ok_or(io::ErrorKind::NotFound)?;
        append(&mut incoming.part, offset, bytes)?;
        Ok(offset + bytes.len() as u64)
    }

    fn finish(&mut self, key: u64) -> Result<String, Failure> {
        let failed = |error: io::Error| storage_failed("the file could not be put into its place", &error);
        let Incoming { part, part_path, label, place } =
            self.incoming.remove(&key).ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        drop(part);
        let part = File::open(&part_path).map_err(failed)?;
        if digest(&part).map_err(failed)? != (label.size, label.digest) {
            drop(part);
            fs::remove_file(&part_path).map_err(failed)?;
            return Err(damaged());
        }
        drop(part);
        let place = put_into_place(&part_path, &place).map_err(failed)?;
        Ok(place.display().to_string())
    }

    fn remove(&mut self, key: u64) {
        if let Some(Incoming { part, part_path, .. }) = self.incoming.remove(&key) {
            drop(part);
            // What cannot be removed is a part that nobody asks for.
            let _ = fs::remove_file(part_path);
        }
    }
}

/// Renames without overwriting: the name is taken by an empty file of ours first.
fn put_into_place(part: &Path, place: &Path) -> io::Result<PathBuf> {
    for number in 1..=NUMBERS {
        let tried = if number == 1 { place.to_owned() } else { renumbered(place, number) };
        match OpenOptions::new().write(true).create_new(true).open(&tried) {
            Ok(_) => {
                fs::rename(part, &tried)?;
                return Ok(tried);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn renumbered(place: &Path, number: u32) -> PathBuf {
    let name = place.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    place.with_file_name(numbered(&name, number))
}

impl Disk for OwnFiles {
    fn handle(&mut self, request: FileRequest) -> Option<FileReply> {
        let failed = |key, what: &str, error: &io::Error| FileReply::Failed {
            key,
            failure: storage_failed(what, error),
        };
        Some(match request {
            FileRequest::Look { key, path } => match self.look(key, &path) {
                Ok((size, digest)) => FileReply::Looked { key, size, digest },
                Err(error) => {
                    let failure = Failure::new("file-unreadable", format!("{path} cannot be read: {error}"));
                    FileReply::Failed { key, failure }
                }
            },
            FileRequest::Read { key, ticket, offset, len } => match self.read(key, offset, len) {
                Ok(bytes) => FileReply::Bytes { key, ticket, offset, bytes },
                Err(failure) => FileReply::Unreadable { key, ticket, failure },
            },
            FileRequest::Begin { key, file, place, .. } => match self.begin(key, file, place.as_deref()) {
                Ok(from) => FileReply::Begun { key, from },
                Err(error) => failed(key, "the file cannot be put there", &error),
            },
            FileRequest::Write { key, offset, bytes } => match self.write(key, offset, &bytes) {
                Ok(through) => FileReply::Written { key, through },
                Err(error) => failed(key, "the file could not be written", &error),
            },
            FileRequest::Finish { key } => match self.finish(key) {
                Ok(place) => FileReply::Finished { key, place },
                Err(failure) => FileReply::Failed { key, failure },
            },
            FileRequest::Drop { key } => {
                self.outgoing.remove(&key);
                self.incoming.remove(&key);
                return None;
            }
            FileRequest::Remove { key } => {
                self.remove(key);
                return None;
            }
        })
    }
}

#[cfg(test)]
#[path = "own_files_tests.rs"]
mod tests;
