//! What is a client's user told of files?

use super::message::{FileId, FileLabel, Offered};
use crate::chat::client::event::LineNumber;
use crate::chat::file_wish::FileTarget;
use crate::chat::message::Failure;

/// Something to show.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileEvent {
    /// Somebody has a file for this person, or for a room.
    Offered(Offered),
    /// So many bytes of a file are across, at so many a second. Told twice a second at most.
    Progress { name: String, sending: bool, bytes: u64, total: u64, rate: u64 },
    /// The server has the file that this line sent, whole, and tells them.
    Sent { line: LineNumber, id: FileId, file: FileLabel, to: FileTarget },
    /// The file that this line accepted is here, whole, under this name.
    Received { line: LineNumber, id: FileId, file: FileLabel, place: String },
    /// This line's file was declined.
    Declined { line: LineNumber, id: FileId },
    /// Nothing became of what this line asked for.
    Failed { line: LineNumber, name: String, failure: Failure },
    /// The answer to `/files`.
    List { line: LineNumber, offered: Vec<Offered>, under_way: Vec<UnderWay> },
}

/// A file on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnderWay {
    /// Its name.
    pub name: String,
    /// From here to the server, or to here?
    pub sending: bool,
    /// So much is across.
    pub bytes: u64,
    /// Of so much; 0 while that is not known.
    pub total: u64,
}

impl FileEvent {
    /// The line whose outcome this is.
    pub const fn line(&self) -> Option<LineNumber> {
        match self {
            Self::Offered(_) | Self::Progress { .. } => None,
            Self::Sent { line, .. }
            | Self::Received { line, .. }
            | Self::Declined { line, .. }
            | Self::Failed { line, .. }
            | Self::List { line, .. } => Some(*line),
        }
    }
}
