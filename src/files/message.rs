//! What do a client and a server say to each other about files?
//!
//! Values only; `codec` turns them into bytes and back. All of it is in order on one channel of its own, so
//! that a lost datagram of a file holds up no text:
//!
//! ```text
//!  sender          server                    receiver
//!    │── Offer ──────▶│
//!    │◀── Wanted ─────│  from this byte on
//!    │── Block … ────▶│
//!    │◀── Credit … ───│  written through here
//!    │◀── Kept ───────│  whole, and its digest is right
//!    │                │── Offered ───────────▶│
//!    │                │◀── Fetch ─────────────│  from this byte on
//!    │                │── Block … ───────────▶│
//!    │                │◀── Credit … ──────────│
//!    │                │◀── Taken ─────────────│  whole, its digest is right, and it is in its place
//! ```

use crate::chat::file_wish::FileTarget;
use crate::chat::message::Failure;
use crate::crypto::Digest;

/// The channel of everything about files: ordered, and no room's.
pub const FILES_CHANNEL: u64 = 4 << 20;

/// A block: at most 8 KiB.
///
/// Ours: on a stream nothing overtakes a block that is being written, so a block is what a text waits for at
/// the least: 65 ms at 1 Mbit/s.
pub const BLOCK_BYTES: usize = 8 << 10;

/// A file has at most 2^40 bytes, whatever a server's limit is.
pub const FILE_BYTES_MAX: u64 = 1 << 40;

/// The server's number of a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FileId(pub u64);

/// The client's number of a file that it sends; not used again in a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct TransferId(pub u64);

/// What a file is: name, size and content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileLabel {
    /// Its name: of no folder, and at most 128 bytes.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// Which.
    pub digest: Digest,
}

/// A file that somebody may fetch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offered {
    /// Its number.
    pub id: FileId,
    /// The sender's name at the time.
    pub from: String,
    /// Whom it is for.
    pub to: FileTarget,
    /// What it is.
    pub file: FileLabel,
    /// When it was offered, in milliseconds since 1970 by the server's clock.
    pub at_ms: u64,
}

/// From a client.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileToServer {
    /// I have this file for them. Said again (by the same person, of the same file, for the same) it goes on
    /// where it broke off.
    Offer { transfer: TransferId, to: FileTarget, file: FileLabel },
    /// Bytes of a file that was wanted, in order.
    Block { id: FileId, offset: u64, bytes: Vec<u8> },
    /// I will not send the rest.
    Withdraw { id: FileId },
    /// Give me this file from this byte on.
    Fetch { id: FileId, offset: u64 },
    /// I have written it through here.
    Credit { id: FileId, through: u64 },
    /// I have it, whole.
    Taken { id: FileId },
    /// I do not want it, or no more of it.
    Decline { id: FileId },
    /// I cannot take the rest of it now.
    Stop { id: FileId },
}

/// From the server.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileToClient {
    /// Send your file from this byte on.
    Wanted { transfer: TransferId, id: FileId, offset: u64 },
    /// Your offer is not taken.
    Refused { transfer: TransferId, failure: Failure },
    /// I have written your file through here.
    Credit { id: FileId, through: u64 },
    /// Your file is here, whole.
    Kept { transfer: TransferId, id: FileId },
    /// There is a file for you.
    Offered(Offered),
    /// Bytes of a file that you fetch, in order.
    Block { id: FileId, offset: u64, bytes: Vec<u8> },
    /// Nothing becomes of this file, sent or fetched.
    Failed { id: FileId, failure: Failure },
}
