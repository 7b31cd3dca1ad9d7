//! What can be wrong with the files that the program keeps, and what is to be done about it?

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be read or kept.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HomeError {
    /// The system does not say where this person's files belong.
    NoPlace,
    /// The system failed to do this (`read`, `write`, …) with this file or folder, in its own words.
    Failed { doing: &'static str, path: PathBuf, reason: String },
    /// The file cannot be understood; `text` is what it should be and the cure.
    Damaged { path: PathBuf, line: Option<usize>, text: String },
    /// What was to be kept has no place in the file; the text says why.
    Unfit(String),
}

impl HomeError {
    pub(super) fn failed<'a>(
        doing: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |error| Self::Failed { doing, path: path.to_owned(), reason: error.to_string() }
    }
}

impl fmt::Display for HomeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlace => f.write_str(
                "this system does not say where your files belong. Set SAYAGAIN_CONFIG_DIR and \
                 SAYAGAIN_DATA_DIR to folders that may be written to",
            ),
            Self::Failed { doing, path, reason } => write!(
                f,
                "could not {doing} {}: {reason}. See that it may be read and written, or set \
                 SAYAGAIN_CONFIG_DIR (keys and names) or SAYAGAIN_DATA_DIR (the server's store) to another \
                 folder",
                path.display()
            ),
            Self::Damaged { path, line: None, text } => {
                write!(f, "{} cannot be understood: {text}", path.display())
            }
            Self::Damaged { path, line: Some(line), text } => {
                write!(f, "line {line} of {} cannot be understood: {text}", path.display())
            }
            Self::Unfit(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for HomeError {}
