//! What does a person (or a script) see of the chat?
//!
//! One event a fact, in the order in which it is to be shown. The terminal, the plain lines and the JSON
//! lines are three renderings of these values; none of them decides anything.

use crate::chat::file_wish::FileWish;
use crate::chat::message::{AuditEntry, MeasureEntry, Role, RoomMessage};
use crate::chat::message::{Failure, MessageId, PersonEntry, PostKind, PresenceState, RoomEntry, WhoisEntry};

/// The number of a line that the user typed, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct LineNumber(pub u64);

/// A key as people compare it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fingerprint {
    /// Six pairs of words, to be compared by voice.
    pub words: String,
    /// The key itself: 64 hexadecimal digits.
    pub key: String,
}

/// Something to show.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Debug)]
pub enum UserEvent {
    /// In; again after each reconnect.
    Connected { name: String },
    /// A message in a room. `own`: typed at this very terminal.
    Message {
        room: String,
        from: String,
        kind: PostKind,
        text: String,
        id: MessageId,
        at_ms: u64,
        history: bool,
        own: bool,
    },
    /// A private message; `own` when typed at this very terminal: then it comes with its acceptance, `id` is
    /// the recipient's, and `at_ms` is 0 where the server did not say when.
    Private { from: String, to: String, text: String, id: MessageId, at_ms: u64, own: bool },
    /// The server has what this line said, for good.
    Accepted { line: LineNumber, id: MessageId },
    /// Somebody (oneself: `own`) is in a room now. `line` when a line of ours asked for it.
    Joined { room: String, name: String, own: bool, line: Option<LineNumber> },
    /// Somebody (oneself: `own`) is out of a room now.
    Left { room: String, name: String, own: bool, line: Option<LineNumber> },
    /// Who is in a room, told once after joining it; `total` may exceed the names listed.
    Members { room: String, names: Vec<String>, total: u64 },
    /// So much was said in a room, after the message `seen`, since this person was last here; told on entering
    /// it for the first time, before the replay.
    SinceLeft { room: String, seen: MessageId, missed: u64 },
    /// All who are in a room have seen all up to this message.
    SeenByAll { room: String, through: MessageId },
    /// A person has seen what was written to them in private up to this message.
    SeenBy { name: String, through: MessageId },
    /// Somebody is typing, in a room or (`None`) to us.
    Typing { room: Option<String>, name: String },
    /// The text typed from now on goes to this room (`None`: to none).
    CurrentRoom { room: Option<String> },
    /// A person's state changed. `line` when it is one's own `/away`.
    Presence { name: String, state: PresenceState, line: Option<LineNumber> },
    /// A person (oneself: `own`) has a new name.
    Renamed { old: String, new: String, own: bool, line: Option<LineNumber> },
    /// The answer to `/who`.
    Who { line: LineNumber, room: Option<String>, people: Vec<PersonEntry>, total: u64 },
    /// The answer to `/whois`.
    Whois { line: LineNumber, entry: WhoisEntry },
    /// The answer to `/rooms`.
    Rooms { line: LineNumber, rooms: Vec<RoomEntry> },
    /// What a room is about (empty: nothing), told on entering it and when it changes; `line` when asked for.
    Topic { room: String, topic: String, by: String, line: Option<LineNumber> },
    /// What one may do on this server, told when it is more than usual, or changes.
    Role { role: Role },
    /// The server did what the line asked for; what it was comes as a notice.
    Obeyed { line: LineNumber },
    /// The answer to `/bans`.
    Measures { line: LineNumber, measures: Vec<MeasureEntry> },
    /// The answer to `/audit`, oldest first.
    Audit { line: LineNumber, entries: Vec<AuditEntry> },
    /// The answer to `/history`, oldest first: all older than what was shown of this room. `at_start`: nothing
    /// older is kept.
    Earlier { line: LineNumber, room: String, messages: Vec<RoomMessage>, at_start: bool },
    /// The answer to `/help`.
    Help { line: LineNumber, text: String },
    /// The line asks for the session's statistics, which whoever has them adds (`/stats`).
    StatsAsked { line: LineNumber },
    /// The line is about files, which somebody else sees to; its outcome is told there.
    FileAsked { line: LineNumber, wish: FileWish },
    /// The line asks for the two keys (`/fingerprint`), which whoever has them tells.
    FingerprintsAsked { line: LineNumber },
    /// The answer to it: the key that the server proved, once one did, and one's own.
    Fingerprints { line: LineNumber, server: Option<Fingerprint>, own: Fingerprint },
    /// The line asks to leave (`/quit`).
    QuitAsked { line: LineNumber },
    /// A word from the server, or about missed messages.
    Notice { text: String },
    /// Something that need not be wrong, but must not be overlooked.
    Warning { text: String },
    /// The connection is gone for the moment; it is being made again.
    Reconnecting { reason: String },
    /// The session is over for good.
    Disconnected { reason: String },
    /// Something went wrong; `line` where one caused it.
    Error { failure: Failure, line: Option<LineNumber> },
}

impl UserEvent {
    /// The line whose outcome this is: every line that was typed has exactly one.
    pub fn line(&self) -> Option<LineNumber> {
        match self {
            Self::Accepted { line, .. }
            | Self::Who { line, .. }
            | Self::Whois { line, .. }
            | Self::Rooms { line, .. }
            | Self::Help { line, .. }
            | Self::Obeyed { line }
            | Self::Measures { line, .. }
            | Self::Audit { line, .. }
            | Self::Earlier { line, .. }
            | Self::StatsAsked { line }
            | Self::FileAsked { line, .. }
            | Self::FingerprintsAsked { line }
            | Self::Fingerprints { line, .. }
            | Self::QuitAsked { line } => Some(*line),
            Self::Joined { line, .. }
            | Self::Left { line, .. }
            | Self::Presence { line, .. }
            | Self::Renamed { line, .. }
            | Self::Topic { line, .. }
            | Self::Error { line, .. } => *line,
            Self::Connected { .. }
            | Self::Role { .. }
            | Self::Message { .. }
            | Self::Private { .. }
            | Self::Members { .. }
            | Self::CurrentRoom { .. }
            | Self::SinceLeft { .. }
            | Self::SeenByAll { .. }
            | Self::SeenBy { .. }
            | Self::Typing { .. }
            | Self::Notice { .. }
            | Self::Warning { .. }
            | Self::Reconnecting { .. }
            | Self::Disconnected { .. } => None,
        }
    }
}
