//! What can be wrong with the store's file, and what is to be done about it?

use rusqlite::{Error, ErrorCode};
use std::fmt;
use std::path::{Path, PathBuf};

/// Why a store did not open. The text of each says what is wrong, that the file is kept, and the cure.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OpenError {
    /// The file is no database, or one that contradicts itself.
    Damaged { path: PathBuf, detail: String },
    /// The file is a database of another program.
    Foreign { path: PathBuf },
    /// The file was written by a later version of this program.
    Newer { path: PathBuf, version: i64, known: usize },
    /// Another process has it open.
    InUse { path: PathBuf },
    /// The disk, the folder or the file cannot be written to.
    ReadOnly { path: PathBuf },
    /// There is no such folder, or the system does not let us in.
    NoAccess { path: PathBuf },
    /// The disk is full.
    Full { path: PathBuf },
    /// Anything else, in the system's words.
    Unusable { path: PathBuf, detail: String },
}

impl OpenError {
    pub(super) fn new(path: &Path, error: &Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path },
            Some(ErrorCode::CannotOpen) => Self::NoAccess { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            // A table that is missing and a value of the wrong kind are damage as well.
            None | Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::Unknown) => {
                Self::Damaged { path, detail: error.to_string() }
            }
            Some(_) => Self::Unusable { path, detail: error.to_string() },
        }
    }

    pub(super) fn unusable(path: &Path, error: impl fmt::Display) -> Self {
        Self::Unusable { path: path.to_owned(), detail: error.to_string() }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { path, detail } => write!(
                f,
                "the store {} is damaged ({detail}). The file is kept as it is. Put back a copy of it, or \
                 start with --start-anew, which renames it to {}.damaged-N and begins with an empty store, or \
                 keep this server's data elsewhere with --data",
                path.display(),
                path.display()
            ),
            Self::Foreign { path } => write!(
                f,
                "{} is a database of another program; it is left alone. Keep this server's data elsewhere \
                 with --data",
                path.display()
            ),
            Self::Newer { path, version, known } => write!(
                f,
                "the store {} was written by a later version of sayagain (its tables are version {version}; \
                 this program knows {known}). Start that version, or keep this server's data elsewhere with \
                 --data",
                path.display()
            ),
            Self::InUse { path } => write!(
                f,
                "the store {} is in use by another server. Stop that one first, or keep this server's data \
                 elsewhere with --data",
                path.display()
            ),
            Self::ReadOnly { path } => write!(
                f,
                "the store {} cannot be written to: the file, its folder or its disk is read-only. Change \
                 that, keep this server's data elsewhere with --data, or keep nothing with --ephemeral",
                path.display()
            ),
            Self::NoAccess { path } => write!(
                f,
                "the store {} can be neither opened nor made. Make its folder and see that it may be written \
                 to, keep this server's data elsewhere with --data, or keep nothing with --ephemeral",
                path.display()
            ),
            Self::Full { path } => write!(
                f,
                "the disk of the store {} is full. Make room, keep this server's data elsewhere with --data, \
                 or keep nothing with --ephemeral",
                path.display()
            ),
            Self::Unusable { path, detail } => write!(
                f,
                "the store {} cannot be used: {detail}. Keep this server's data elsewhere with --data, or \
                 keep nothing with --ephemeral",
                path.display()
            ),
        }
    }
}

impl std::error::Error for OpenError {}

/// Why a request of a running server failed, as a sentence for people.
pub(super) fn reason(error: &Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            "the server's disk is full; nothing is accepted until there is room again".to_owned()
        }
        Some(ErrorCode::ReadOnly) => "the server's disk became read-only".to_owned(),
        _ => format!("the server's store failed: {error}"),
    }
}
