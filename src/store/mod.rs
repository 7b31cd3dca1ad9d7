//! What does the server remember? Requests to, and answers from, whoever keeps it.
//!
//! The core never waits for a disk: it emits a [`StoreRequest`], goes on, and hears a [`StoreReply`]
//! later. A [`StoreRequest::Commit`] is one transaction; nothing in it is told to anyone before its
//! [`StoreReply::Committed`]. Replies come in the order of the requests.
//!
//! ```text
//!   ChatServer ──StoreRequest──▶ shell: queue, thread ──▶ Store::handle ──▶ memory   (--ephemeral, simulator)
//!       ▲                                                        │           sqlite   (--data DIR)
//!       └────────StoreReply───── shell: queue, wake ◀────────────┘
//! ```
//!
//! - [`memory`]: bounded, gone with the process; in the simulator also the disk that survives a crash
//! - [`sqlite`]: a file; what was committed survives a power cut
//! - [`moderation`]: measures, roles, what moderators did
//! - [`members`]: accounts and tokens, in a file of their own
//! - [`retention`]: how long what was said is kept
//! - `age`: how long receipts and given-up names are kept

mod age;
pub mod members;
pub mod memory;
pub mod moderation;
pub mod retention;
pub mod sqlite;
#[cfg(test)]
mod tests;

pub use age::RECEIPTS_KEPT;
pub use members::{KeptHash, Member, Members, Pass, TokenStanding, WithMembers};
pub use memory::MemoryStore;
pub use moderation::{AUDIT_KEPT, MeasureRecord, Whom};
pub use retention::Keep;
pub use sqlite::SqliteStore;

use crate::chat::message::{
    AuditEntry, COUNTER_SPAN, Counter, Instance, Measure, MessageId, PersonId, PrivateMessage, Role,
    RoomMessage,
};
use std::collections::BTreeSet;

/// A room as the store knows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct RoomId(pub u64);

/// A person's public key, as the handshake proved it.
pub type Key = [u8; 32];

/// Which counters of an instance the server has settled (stored or rejected for good).
///
/// Counters may settle out of order, because rooms do not wait for each other: all up to `through` are
/// settled, and besides those in `beyond`, which spans at most [`Receipts::SPAN`] counters.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Receipts {
    /// All counters up to and with this one are settled.
    pub through: Counter,
    /// Those beyond it that are settled too.
    pub beyond: BTreeSet<Counter>,
}

impl Receipts {
    /// How far beyond the oldest unsettled message a client may go: 1,024 counters.
    pub const SPAN: u64 = COUNTER_SPAN;

    /// Is this one settled already?
    pub fn contains(&self, counter: Counter) -> bool {
        counter <= self.through || self.beyond.contains(&counter)
    }

    /// May a message with this counter be looked at (neither 0 nor beyond the span)?
    pub fn admits(&self, counter: Counter) -> bool {
        counter.0 > 0 && counter.0 <= self.through.0.saturating_add(Self::SPAN)
    }

    /// Settles all up to this one: the client will not send them again.
    pub fn settle_through(&mut self, through: Counter) {
        self.through = self.through.max(through);
        self.beyond = self.beyond.split_off(&Counter(self.through.0.saturating_add(1)));
        self.absorb();
    }

    fn absorb(&mut self) {
        while self.beyond.remove(&Counter(self.through.0.saturating_add(1))) {
            self.through.0 += 1;
        }
    }

    /// Settles this one; false if it was already.
    pub fn settle(&mut self, counter: Counter) -> bool {
        if self.contains(counter) {
            return false;
        }
        self.beyond.insert(counter);
        self.absorb();
        true
    }
}

/// What is remembered of an instance (one start of a client), for a day after its last use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstanceRecord {
    /// The instance.
    pub instance: Instance,
    /// The key it belongs to.
    pub key: Key,
    /// What it has settled.
    pub receipts: Receipts,
    /// Whom it was last; `None` in a file of a version that did not keep it.
    pub person: Option<PersonId>,
    /// It is to hear that person's private messages after this one.
    pub privates_from: MessageId,
}

/// A name and whom it belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The person.
    pub person: PersonId,
    /// The name as its owner writes it (NFC).
    pub name: String,
    /// What makes it unique: the case-folded UTS 39 skeleton.
    pub skeleton: String,
    /// The key that took it.
    pub key: Key,
}

/// A name that was given up and stays reserved for a while.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alias {
    /// The old name's skeleton.
    pub skeleton: String,
    /// Who had it: `/msg` to it follows them.
    pub person: PersonId,
    /// Free again at this moment, in milliseconds since 1970.
    pub until_ms: u64,
}

/// A room that exists.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RoomRecord {
    /// Its number in the store.
    pub room: RoomId,
    /// Its name as its founder wrote it.
    pub name: String,
    /// Its newest message.
    pub last: MessageId,
    /// What it is about, and who said so; empty for nothing.
    pub topic: (String, String),
    /// Everybody below a moderator says one thing in so many seconds; 0 for as they like.
    pub slow_s: u64,
}

/// How far a person has read, in a room or (`None`) in private.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MarkRecord {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub room: Option<RoomId>,
    /// The last message that was shown to them.
    pub seen: MessageId,
}

/// One change.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A message in a room.
    Message { room: RoomId, message: RoomMessage },
    /// A private message to this person, from that one.
    Private { to: PersonId, from: PersonId, message: PrivateMessage },
    /// What is remembered of an instance from now on: in the same commit as the message that it settled, and
    /// no later than the first private message that it is to hear.
    Instance { record: InstanceRecord, at_ms: u64 },
    /// A name taken or changed (by person).
    Account(Account),
    /// A name given up.
    Alias(Alias),
    /// A new room, or one that changed.
    Room(RoomRecord),
    /// A measure taken, in the place of one before.
    Measure(MeasureRecord),
    /// A measure lifted.
    Lift { measure: Measure, whom: Whom },
    /// What a person may do.
    Role { person: PersonId, role: Role },
    /// What a moderator did.
    Audit(AuditEntry),
    /// How far somebody has read.
    Mark(MarkRecord),
}

/// To the store.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreRequest {
    /// One transaction.
    Commit { batch: u64, changes: Vec<Change> },
    /// Messages of a room with ids above `after`, oldest first, at most `limit`.
    After { ticket: u64, room: RoomId, after: MessageId, limit: u32 },
    /// The newest `limit` messages of a room with ids up to `through`, oldest first.
    Latest { ticket: u64, room: RoomId, through: MessageId, limit: u32 },
    /// Private messages from or to a person with ids (of the recipient) above `after`: only those *to* them.
    PrivatesAfter { ticket: u64, person: PersonId, after: MessageId, limit: u32 },
    /// The id that this instance's message got, if it was stored.
    FindReceipt { ticket: u64, origin: Instance, counter: Counter },
    /// What moderators did last, oldest first, at most `limit`.
    Audit { ticket: u64, limit: u32 },
    /// Let go of the oldest of what is no longer to be kept at this moment: one bounded step.
    Sweep { ticket: u64, keep: Keep, now_ms: u64 },
    /// The account of the name with this skeleton.
    FindMember { ticket: u64, skeleton: String, now_ms: u64 },
    /// What the token is of which this is kept.
    FindToken { ticket: u64, kept: KeptHash, now_ms: u64 },
}

impl StoreRequest {
    /// The reply that says that this was not done, and why (a sentence for people).
    pub fn refused(&self, reason: impl Into<String>) -> StoreReply {
        let reason = reason.into();
        match self {
            Self::Commit { batch, .. } => StoreReply::Failed { batch: *batch, reason },
            Self::After { ticket, .. }
            | Self::Latest { ticket, .. }
            | Self::PrivatesAfter { ticket, .. }
            | Self::Audit { ticket, .. }
            | Self::Sweep { ticket, .. }
            | Self::FindReceipt { ticket, .. }
            | Self::FindMember { ticket, .. }
            | Self::FindToken { ticket, .. } => StoreReply::Unavailable { ticket: *ticket, reason },
        }
    }
}

/// Whoever keeps what the server remembers. One request, one reply.
pub trait Store {
    /// Does what is asked, however long it takes, and answers.
    ///
    /// A commit is kept whole or not at all, and a store goes on working after one that failed. A test
    /// that wants a disk that fails answers with [`StoreRequest::refused`] instead of asking the store.
    fn handle(&mut self, request: StoreRequest) -> StoreReply;
}

/// From the store.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreReply {
    /// The batch is on disk (or, in memory, kept).
    Committed { batch: u64 },
    /// Nothing of the batch was kept; `reason` is a sentence for people.
    Failed { batch: u64, reason: String },
    /// Messages of a room.
    Messages { ticket: u64, messages: Vec<RoomMessage> },
    /// Private messages.
    Privates { ticket: u64, messages: Vec<PrivateMessage> },
    /// The id of a message looked for.
    Receipt { ticket: u64, id: Option<MessageId> },
    /// What moderators did.
    Audit { ticket: u64, entries: Vec<AuditEntry> },
    /// A step of a sweep is done; with `more` there may be something left for another.
    Swept { ticket: u64, more: bool },
    /// The account looked for.
    Member { ticket: u64, member: Option<Member> },
    /// What the token looked for is.
    Token { ticket: u64, standing: TokenStanding },
    /// A look-up failed; `reason` is a sentence for people.
    Unavailable { ticket: u64, reason: String },
}

/// All that a server needs to know at its start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Snapshot {
    /// Names.
    pub accounts: Vec<Account>,
    /// Names given up that are still reserved.
    pub aliases: Vec<Alias>,
    /// Rooms.
    pub rooms: Vec<RoomRecord>,
    /// Instances seen within the last day.
    pub instances: Vec<InstanceRecord>,
    /// The newest private message of each person who ever got one.
    pub privates: Vec<(PersonId, MessageId)>,
    /// Measures in force.
    pub measures: Vec<MeasureRecord>,
    /// How far everybody has read.
    pub marks: Vec<MarkRecord>,
    /// Everybody who is more than a member.
    pub roles: Vec<(PersonId, Role)>,
}
