//! What can be wrong with the members' file, and what is to be done about it?

use rusqlite::{Error, ErrorCode};
use std::fmt;
use std::path::{Path, PathBuf};

/// Why accounts and tokens cannot be read or changed. The text of each says what is wrong and the cure.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MembersError {
    /// There is such an account already.
    Exists { name: String },
    /// There are as many as there may be.
    Full { what: &'static str },
    /// The passwords are those of a server with another key.
    OtherKey { path: PathBuf },
    /// The file is none of ours.
    Foreign { path: PathBuf },
    /// The file was written by a later version of this program.
    Newer { path: PathBuf },
    /// Anything else, in the system's words.
    Unusable { path: PathBuf, detail: String },
}

impl MembersError {
    pub(super) fn new(path: &Path, error: &Error) -> Self {
        let path = path.to_owned();
        let detail = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "another process is writing to it; try again".to_owned()
            }
            _ => error.to_string(),
        };
        Self::Unusable { path, detail }
    }
}

impl fmt::Display for MembersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists { name } => write!(
                f,
                "there is an account for {name} already, or for a name that looks like it: `sayagain account \
                 passwd {name}` gives it another password"
            ),
            Self::Full { what } => write!(f, "there are {} {what} already", super::ROWS_MAX),
            Self::OtherKey { path } => write!(
                f,
                "the accounts in {} were made for another key of this server, and none of their passwords \
                 would be right. Put that server.key back; or move the file away and add the accounts again",
                path.display()
            ),
            Self::Foreign { path } => {
                write!(f, "{} is no file of accounts and tokens; it is left alone", path.display())
            }
            Self::Newer { path } => {
                write!(f, "{} was written by a later version of sayagain: use that one", path.display())
            }
            Self::Unusable { path, detail } => {
                write!(f, "the accounts in {} cannot be used: {detail}", path.display())
            }
        }
    }
}

impl std::error::Error for MembersError {}
