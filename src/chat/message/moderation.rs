//! Who may do what to whom, and what was done?
//!
//! ```text
//!  member      says, joins, asks
//!  moderator   besides: kick, ban, mute, slow, topic, to those below
//!  owner       besides: op; whoever runs the server is one by their key
//! ```

/// What a person may do on a server; a later one may all that an earlier one may.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Role {
    /// Everybody.
    #[default]
    Member,
    /// Keeps order among members.
    Moderator,
    /// Names moderators.
    Owner,
}

impl Role {
    /// As people read it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }
}

/// What keeps somebody out, or silent: their key, or the address that they come from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Measure {
    /// May not come in with this key.
    Ban,
    /// May not come in from this address.
    BanAddress,
    /// May say nothing with this key.
    Mute,
}

/// What a moderator asks for.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// End all sessions of this person, who may come back.
    Kick { name: String, reason: String },
    /// Take this measure against this person, for so many seconds (0: until it is lifted).
    Impose { measure: Measure, name: String, seconds: u64, reason: String },
    /// Lift it. `name` may be an address, as the list of measures shows it.
    Lift { measure: Measure, name: String },
    /// In this room everybody below a moderator says one thing in so many seconds (0: as they like).
    Slow { room: String, seconds: u64 },
    /// What this room is about; empty for nothing.
    Topic { room: String, text: String },
    /// Give this person this role.
    Appoint { name: String, role: Role },
}

/// One measure in force, as moderators read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MeasureEntry {
    /// What it is.
    pub measure: Measure,
    /// The name at the time; for an address, the address.
    pub whom: String,
    /// Who took it.
    pub by: String,
    /// Why; empty if they did not say.
    pub reason: String,
    /// Over at this moment, in milliseconds since 1970 by the server's clock; 0 for never.
    pub until_ms: u64,
}

/// One act in the audit log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// Milliseconds since 1970 by the server's clock.
    pub at_ms: u64,
    /// Who did it, by the name at the time.
    pub by: String,
    /// What was done, as a sentence without its subject: `muted bob for 10 min: spam`.
    pub deed: String,
}
