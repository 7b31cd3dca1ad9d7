//! Where does a server keep files? In a folder of its own, two files for each.
//!
//! ```text
//!   files/12.note   what it is, from whom and for whom; written before the first byte of it
//!   files/12.part   its bytes so far ── whole, and the digest is right ──▶ files/12.file
//! ```
//!
//! A server that starts finds all that is there, so a crash at any moment loses at most what was not
//! written; a note without bytes is a file of which none came.

use super::contents::{append, digest, open_part, read, storage_failed};
use crate::files::codec::decode_note;
use crate::files::disk::{absent, damaged};
use crate::files::message::FileLabel;
use crate::files::{Disk, FileReply, FileRequest, KeptFile};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Open files, at most; beyond it all are closed, and opened again when they are needed.
const OPEN_MAX: usize = 64;

/// What the files of one key end in.
const KINDS: [&str; 4] = ["note", "part", "file", "fresh"];

/// The folder.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    open: BTreeMap<u64, File>,
}

impl Spool {
    /// This folder, made if need be, and what is in it. Leftovers of ours without a note are removed; what is
    /// not of ours stays.
    pub fn open(folder: &Path) -> io::Result<(Self, Vec<KeptFile>)> {
        make_private(folder)?;
        let spool = Self { folder: folder.to_owned(), open: BTreeMap::new() };
        let mut kept = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let Some(key) = key_of(&path).filter(|_| KINDS.iter().any(|kind| is(&path, kind))) else {
                continue;
            };
            match fs::read(spool.path(key, "note")) {
                Ok(note) if is(&path, "note") => kept.push(spool.kept(key, note)),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => drop(fs::remove_file(path)),
                Err(error) => return Err(error),
            }
        }
        kept.sort_by_key(|file| file.key);
        Ok((spool, kept))
    }

    fn kept(&self, key: u64, note: Vec<u8>) -> KeptFile {
        let len = |kind| fs::metadata(self.path(key, kind)).map(|meta| meta.len()).ok();
        let whole = len("file");
        let bytes = whole.or_else(|| len("part")).unwrap_or(0);
        KeptFile { key, note, bytes, whole: whole.is_some() }
    }

    fn path(&self, key: u64, kind: &str) -> PathBuf {
        self.folder.join(format!("{key}.{kind}"))
    }

    fn begin(&mut self, key: u64, file: &FileLabel, note: &[u8]) -> io::Result<u64> {
        // Whole or not at all: a crash leaves no half of a note.
        let fresh = self.path(key, "fresh");
        let mut written = File::create(&fresh)?;
        written.write_all(note)?;
        written.sync_all()?;
        fs::rename(&fresh, self.path(key, "note"))?;
        let (part, from) = open_part(&self.path(key, "part"), file.size)?;
        self.hold(key, part);
        Ok(from)
    }

    fn hold(&mut self, key: u64, file: File) {
        if self.open.len() >= OPEN_MAX {
            self.open.clear();
        }
        self.open.insert(key, file);
    }

    /// The open file, or one of these kinds that is there.
    fn file(&mut self, key: u64, kind: &str) -> io::Result<&mut File> {
        if !self.open.contains_key(&key) {
            let mut options = fs::OpenOptions::new();
            let file = options.read(true).write(kind == "part").open(self.path(key, kind))?;
            self.hold(key, file);
        }
        self.open.get_mut(&key).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn write(&mut self, key: u64, offset: u64, bytes: &[u8]) -> io::Result<u64> {
        append(self.file(key, "part")?, offset, bytes)?;
        Ok(offset + bytes.len() as u64)
    }

    /// False if it is not what was promised.
    fn finish(&mut self, key: u64) -> io::Result<bool> {
        self.open.remove(&key);
        let note = decode_note(&fs::read(self.path(key, "note"))?).map_err(|bad| io::Error::other(bad.0))?;
        // For writing too, because some systems sync nothing else.
        let part = fs::OpenOptions::new().read(true).write(true).open(self.path(key, "part"))?;
        let promised = note.offered.file;
        if digest(&part)? != (promised.size, promised.digest) {
            return Ok(false);
        }
        part.sync_data()?;
        fs::rename(self.path(key, "part"), self.path(key, "file"))?;
        Ok(true)
    }

    fn remove(&mut self, key: u64) {
        self.open.remove(&key);
        // The note last: without it the rest is a leftover. What cannot be removed now is told of at the next start.
        for kind in ["fresh", "part", "file", "note"] {
            let _ = fs::remove_file(self.path(key, kind));
        }
    }
}

impl Disk for Spool {
    fn handle(&mut self, request: FileRequest) -> Option<FileReply> {
        let failed = |key, error: &io::Error| {
            log::error!("a file could not be kept: {error}");
            let failure = storage_failed("the server could not keep the file", error);
            FileReply::Failed { key, failure }
        };
        Some(match request {
            FileRequest::Begin { key, file, note, .. } => match self.begin(key, &file, &note) {
                Ok(from) => FileReply::Begun { key, from },
                Err(error) => failed(key, &error),
            },
            FileRequest::Write { key, offset, bytes } => match self.write(key, offset, &bytes) {
                Ok(through) => FileReply::Written { key, through },
                Err(error) => failed(key, &error),
            },
            FileRequest::Finish { key } => match self.finish(key) {
                Ok(true) => FileReply::Finished { key, place: self.path(key, "file").display().to_string() },
                Ok(false) => FileReply::Failed { key, failure: damaged() },
                Err(error) => failed(key, &error),
            },
            FileRequest::Read { key, ticket, offset, len } => {
                match self.file(key, "file").and_then(|file| read(file, offset, len)) {
                    Ok(bytes) => FileReply::Bytes { key, ticket, offset, bytes },
                    Err(error) => {
                        let failure = storage_failed("the server could not read the file", &error);
                        FileReply::Unreadable { key, ticket, failure }
                    }
                }
            }
            FileRequest::Look { key, .. } => FileReply::Failed { key, failure: absent() },
            FileRequest::Drop { key } => {
                self.open.remove(&key);
                return None;
            }
            FileRequest::Remove { key } => {
                self.remove(key);
                return None;
            }
        })
    }
}

fn key_of(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.parse().ok()
}

fn is(path: &Path, kind: &str) -> bool {
    path.extension().is_some_and(|extension| extension == kind)
}

/// A folder for its owner's eyes alone, where the system knows such.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
#[path = "spool_tests.rs"]
mod tests;
