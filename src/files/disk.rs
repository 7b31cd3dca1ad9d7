//! What is asked of a disk, and what does it answer?
//!
//! A file is named by a `key`, a number that whoever asks has given it and does not use again. Requests are
//! carried out one by one in their order, and answered in that order; `Drop` and `Remove` are not answered.
//!
//! ```text
//!  a file that is sent        Look ─▶ Looked      Read … ─▶ Bytes …      Drop
//!  a file that is received    Begin ─▶ Begun      Write … ─▶ Written …   Finish ─▶ Finished    Drop or Remove
//! ```

use super::message::FileLabel;
use crate::chat::message::Failure;
use crate::crypto::Digest;

/// Something to do.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileRequest {
    /// How long is the file at this path, and which bytes has it?
    Look { key: u64, path: String },
    /// These bytes of it; `ticket` comes back with them.
    Read { key: u64, ticket: u64, offset: u64, len: usize },
    /// Make room for this file, or find what there is of it, at this place (`None`: where files go). `note`
    /// is kept beside it.
    Begin { key: u64, file: FileLabel, place: Option<String>, note: Vec<u8> },
    /// These bytes come next.
    Write { key: u64, offset: u64, bytes: Vec<u8> },
    /// It is whole: check its digest, and put it where it belongs.
    Finish { key: u64 },
    /// No more of it for now; what there is stays.
    Drop { key: u64 },
    /// No more of it, and nothing stays.
    Remove { key: u64 },
}

/// What came of it.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileReply {
    /// So long is it, and these bytes it has.
    Looked { key: u64, size: u64, digest: Digest },
    /// Its bytes from there on.
    Bytes { key: u64, ticket: u64, offset: u64, bytes: Vec<u8> },
    /// The file could not be read there.
    Unreadable { key: u64, ticket: u64, failure: Failure },
    /// So many bytes of it are here.
    Begun { key: u64, from: u64 },
    /// All through here is written.
    Written { key: u64, through: u64 },
    /// It is in its place, under this name.
    Finished { key: u64, place: String },
    /// It could not be looked at, made, written or finished.
    Failed { key: u64, failure: Failure },
}

/// A file that a server finds when it starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptFile {
    /// Its key.
    pub key: u64,
    /// What was noted of it.
    pub note: Vec<u8>,
    /// So many bytes are there.
    pub bytes: u64,
    /// Was it finished?
    pub whole: bool,
}

/// Carries requests out.
pub trait Disk {
    /// Does this; the answer, if there is one to it.
    fn handle(&mut self, request: FileRequest) -> Option<FileReply>;
}

/// The failure of a file whose bytes are not those that were promised.
pub fn damaged() -> Failure {
    Failure::new("file-damaged", "what came is not what was offered (its digest differs): it was thrown away")
}

/// The failure of a file that is not what it was when it was offered.
pub fn changed() -> Failure {
    Failure::new("file-changed", "the file was changed while it was being sent: send it again")
}

/// The failure of a file that is not there.
pub fn absent() -> Failure {
    Failure::new("no-such-file", "there is no such file (any more)")
}
