//! What do a chat client and a chat server say to each other?
//!
//! Values only; `codec` turns them into bytes and back. Three kinds of channel carry them:
//!
//! ```text
//! channel 0        control   requests, each with a number, and their answers; presence; notices
//! channel 4        private   private messages and their receipts
//! channel 8, 12 …  rooms     one each, chosen by the client: join, part, posts, receipts, who came and went
//! ```
//!
//! What belongs to a room travels in that room's channel, so that a message never overtakes its own join;
//! nothing else is ordered across channels. The greeting travels inside the handshake, before any channel.

mod moderation;

pub use moderation::{Act, AuditEntry, Measure, MeasureEntry, Role};

use std::fmt;
use std::sync::Arc;

/// The channel of requests, answers, presence.
pub const CONTROL_CHANNEL: u64 = 0;
/// The channel of private messages.
pub const PRIVATE_CHANNEL: u64 = 4;

/// The channel of the `index`-th room that a client has open: 8, 12, …
pub const fn room_channel(index: u64) -> u64 {
    8 + 4 * index
}

/// Is this a room's channel?
pub const fn is_room_channel(channel: u64) -> bool {
    channel >= 8 && channel.is_multiple_of(4)
}

/// How far beyond its oldest unsettled message a client may go: 1,024 counters.
pub const COUNTER_SPAN: u64 = 1_024;

/// A message's text: at most 4,000 characters …
pub const TEXT_CHARS_MAX: usize = 4_000;
/// … and at most 16,000 bytes.
pub const TEXT_BYTES_MAX: usize = 16_000;

/// 128 random bits that a client makes at each start: resending and resuming belong to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Instance(pub [u8; 16]);

impl Instance {
    /// The half of the instance that other people may see, to tell which terminal a message came from.
    pub fn origin(self) -> Origin {
        let mut half = [0; 8];
        half.copy_from_slice(&self.0[..8]);
        Origin(u64::from_be_bytes(half))
    }
}

/// The public half of an [`Instance`]: with the counter it names a message from end to end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Origin(pub u64);

/// The client's number of a message: from 1, rising by one over rooms and private messages alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Counter(pub u64);

/// The server's number of a message: rising within a room (or, for private ones, for the recipient).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct MessageId(pub u64);

/// A person as the server knows them, whatever the name just now.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct PersonId(pub u64);

/// The client's number of a control request, which its answer repeats.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct RequestId(pub u64);

/// A stable, kebab-case code of an error, as `--json` prints it: `name-taken`, `no-such-room`, …
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Stable, kebab-case.
    pub code: String,
    /// What is wrong, and what to do.
    pub text: String,
}

impl Failure {
    /// A failure with this code and this text.
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into() }
    }
}

/// Said or done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PostKind {
    /// Plain text.
    Text,
    /// `/me`.
    Action,
}

/// What the server wants to have proved at the door. A token serves in place of either.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// The secret of the class.
    Secret,
    /// The password of the name that the client came with.
    Password,
}

/// What a client answers at the door.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// What the class secret or the password comes to with the salt bound to the server's key.
    Stretched([u8; 32]),
    /// A token.
    Token([u8; 16]),
}

/// Without what it proves: this must never come into a log.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stretched(_) => "Stretched(…)",
            Self::Token(_) => "Token(…)",
        })
    }
}

/// What a client says of itself inside the handshake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Greeting {
    /// This start of the client.
    pub instance: Instance,
    /// The name wanted.
    pub name: String,
    /// Private messages above this one are to be replayed: the last one that this instance has shown, or where
    /// its first session began; `None` at its first connection.
    pub private_since: Option<MessageId>,
    /// All this instance's messages up to this one are settled, or given up, and will not come again: where
    /// a server that no longer knows the instance begins to count.
    pub settled: Counter,
    /// Program and version, for the server's log.
    pub agent: String,
}

/// What a server says of itself inside the handshake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerGreeting {
    /// The server's own name, under which clients pin its key.
    pub name: String,
    /// Program and version.
    pub agent: String,
}

/// A message in a room, as the server stores and broadcasts it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoomMessage {
    /// The server's number, rising within the room.
    pub id: MessageId,
    /// Who.
    pub person: PersonId,
    /// Their name at the time.
    pub name: Arc<str>,
    /// Which terminal.
    pub origin: Origin,
    /// That terminal's number of the message.
    pub counter: Counter,
    /// Milliseconds since 1970 by the server's clock.
    pub at_ms: u64,
    /// Said or done.
    pub kind: PostKind,
    /// The text: at most 4,000 characters and 16,000 bytes.
    pub text: Arc<str>,
}

/// A private message, as the server stores and delivers it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrivateMessage {
    /// The server's number, rising for this recipient.
    pub id: MessageId,
    /// The sender's name at the time.
    pub from: Arc<str>,
    /// The recipient's name at the time.
    pub to: Arc<str>,
    /// Which terminal sent it.
    pub origin: Origin,
    /// That terminal's number of the message.
    pub counter: Counter,
    /// Milliseconds since 1970 by the server's clock.
    pub at_ms: u64,
    /// The text, bounded as in a room.
    pub text: Arc<str>,
}

/// From a client.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ToServer {
    /// Control: change one's name.
    Nick { request: RequestId, name: String },
    /// Control: who is in a room, or on the server.
    Who { request: RequestId, room: Option<String> },
    /// Control: about one person.
    Whois { request: RequestId, name: String },
    /// Control: which rooms there are.
    Rooms { request: RequestId },
    /// Control: away with this word, or back.
    Away { request: RequestId, text: Option<String> },
    /// Control: do this as a moderator.
    Moderate { request: RequestId, act: Act },
    /// Control: which measures are in force?
    Measures { request: RequestId },
    /// Control: what did moderators do? The newest `count`.
    Audit { request: RequestId, count: u64 },
    /// Control: what was said in a room that this session is in, the newest `count` before this message?
    Earlier { request: RequestId, room: String, before: MessageId, count: u64 },
    /// Control, at the door: the answer to `Asked`.
    Prove { proof: Proof },
    /// Private channel: a private message.
    Private { counter: Counter, to: String, text: String },
    /// Room channel: enter. `since` is the last message shown here (`None` at the first join); the server
    /// replays what came after it, or else the last `history` messages.
    /// With `since_left` it replays besides what this person has not seen, if that is more.
    Join { room: String, since: Option<MessageId>, history: u32, since_left: bool },
    /// Room channel: leave.
    Part,
    /// Room channel: say or do.
    Post { counter: Counter, kind: PostKind, text: String },
    /// Private or room channel: all up to this message was shown here.
    Seen { through: MessageId },
    /// Private or room channel: somebody is typing here; on the private channel, to this person.
    Typing { to: Option<String> },
    /// Private or room channel, after the door: this channel begins here. The server has heard nothing that
    /// came on it before.
    Anew,
}

/// How a person is, as others see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PresenceState {
    /// Here.
    Online,
    /// Here, but said to be away.
    Away,
    /// Silent for some seconds; may come back by itself.
    Lost,
    /// Gone.
    Offline,
}

/// One person in the answer to `/who`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonEntry {
    /// The name.
    pub name: String,
    /// How they are.
    pub state: PresenceState,
}

/// One room in the answer to `/rooms`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoomEntry {
    /// The room's name.
    pub name: String,
    /// How many people are in it.
    pub people: u64,
}

/// The answer to `/whois`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WhoisEntry {
    /// The name.
    pub name: String,
    /// How they are.
    pub state: PresenceState,
    /// What they said when they went away.
    pub away: Option<String>,
    /// Connected since, in milliseconds since 1970 by the server's clock.
    pub since_ms: u64,
    /// One entry a live session: how it is connected.
    pub sessions: Vec<SessionEntry>,
    /// The rooms that they share with whoever asks.
    pub rooms: Vec<String>,
    /// What they may do here.
    pub role: Role,
}

/// One session in the answer to `/whois`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionEntry {
    /// `udp` or `tcp`.
    pub transport: String,
    /// The smoothed round-trip time in microseconds, where one was measured.
    pub rtt_us: Option<u64>,
    /// The address; only for whoever runs the server.
    pub address: Option<String>,
}

/// From the server.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ToClient {
    /// Control, first: you are this person under this name, and hear the private messages above this one.
    Welcome { person: PersonId, name: String, private_after: MessageId },
    /// Control: the request is done and needs no other answer.
    Done { request: RequestId },
    /// Control: the request failed.
    Failed { request: RequestId, failure: Failure },
    /// Control: the answer to `Who`; `total` may exceed the people listed.
    Who { request: RequestId, room: Option<String>, people: Vec<PersonEntry>, total: u64 },
    /// Control: the answer to `Whois`.
    Whois { request: RequestId, entry: WhoisEntry },
    /// Control: the answer to `Rooms`.
    Rooms { request: RequestId, rooms: Vec<RoomEntry> },
    /// Control: the answer to `Measures`.
    Measures { request: RequestId, measures: Vec<MeasureEntry> },
    /// Control: the answer to `Audit`, oldest first.
    Audit { request: RequestId, entries: Vec<AuditEntry> },
    /// Control: the answer to `Earlier`, oldest first, as many as fit; `at_start`: nothing older is kept.
    Page { request: RequestId, room: String, messages: Vec<RoomMessage>, at_start: bool },
    /// Control, behind `Welcome` and whenever it changes: what you may do, and how many messages and requests:
    /// `burst` at once, and `per_second` more each second (0: as many as you like).
    Terms { role: Role, per_second: u64, burst: u64 },
    /// Control: people whose state changed, gathered.
    Presence { changes: Vec<PersonEntry> },
    /// Control: someone (perhaps oneself, on another terminal) changed the name.
    Renamed { person: PersonId, old: String, new: String },
    /// Control: a word from the server itself.
    Notice { text: String },
    /// Control, instead of the welcome: prove this first. `salt` is the name's, and `tries_left` how many answers
    /// are looked at. Comes again after a wrong one.
    Asked { wanted: Wanted, salt: [u8; 16], tries_left: u8 },
    /// Private channel: a message to this person. Its id is above all that came before it.
    Private(PrivateMessage),
    /// Private channel: a message that this person sent from another terminal, told once and never replayed.
    /// Its id is the recipient's, and says nothing about this person's own messages.
    PrivateCopy(PrivateMessage),
    /// Private or room channel: the server has this message for good.
    Accepted { counter: Counter, id: MessageId },
    /// Private or room channel: the server will not take this message; it is not to be sent again.
    Rejected { counter: Counter, failure: Failure },
    /// Private channel: this person has seen what you wrote to them, up to this message of theirs.
    PrivateSeen { by: String, through: MessageId },
    /// Private or room channel: this person is typing.
    Typing { name: String },
    /// Room channel: you are in. `people` is bounded, `total` is not; `last` is the room's newest message,
    /// the replay begins after `from`, and you have seen all up to `seen` (0: nothing).
    Joined {
        room: String,
        people: Vec<String>,
        total: u64,
        last: MessageId,
        from: MessageId,
        seen: MessageId,
    },
    /// Room channel: all who are in have seen all up to this message.
    SeenByAll { through: MessageId },
    /// Room channel: you are not in.
    JoinFailed { failure: Failure },
    /// Room channel: you are out.
    Parted,
    /// Room channel: a message; `history` when it was said before this join.
    Message { message: RoomMessage, history: bool },
    /// Room channel: so many missed messages are no longer kept.
    HistoryGap { missed: u64 },
    /// Room channel: what the room is about (empty: nothing), and who said so.
    Topic { text: String, by: String },
    /// Room channel: people came, gathered.
    MembersJoined { names: Vec<String> },
    /// Room channel: people went, gathered.
    MembersLeft { names: Vec<String> },
}
