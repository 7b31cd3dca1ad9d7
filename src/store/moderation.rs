//! What is remembered of the order that moderators keep?
//!
//! Measures in force, the roles that owners gave, and the newest 10,000 acts. What a room is about and how
//! slow it is stands in its own record.

use super::Key;
use crate::chat::message::{Measure, PersonId, Role};

/// Acts that are remembered; the oldest go first.
pub const AUDIT_KEPT: u64 = 10_000;

/// Whom a measure is against.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Whom {
    /// Whoever has this key.
    Key(Key),
    /// Whoever comes from this IPv4 address (`10.0.0.7`) or IPv6 network (`2001:db8:1:2::/64`).
    Network(String),
}

/// A measure in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MeasureRecord {
    /// What it is.
    pub measure: Measure,
    /// Against whom.
    pub whom: Whom,
    /// The person for whose sake it was taken: whoever proves to be that person with another key is held to it.
    pub person: PersonId,
    /// What they were called.
    pub name: String,
    /// Who took it.
    pub by: String,
    /// It binds only those who may less than this.
    pub rank: Role,
    /// Why; empty if they did not say.
    pub reason: String,
    /// Over at this moment, in milliseconds since 1970; `None` until it is lifted.
    pub until_ms: Option<u64>,
}

impl MeasureRecord {
    /// Is it still in force at this moment?
    pub fn holds(&self, now_ms: u64) -> bool {
        self.until_ms.is_none_or(|until| until > now_ms)
    }
}
