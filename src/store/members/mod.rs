//! Who may come in by name: accounts with passwords, and tokens.
//!
//! ```text
//!  account   skeleton ──▶ name, what is kept of the password, role
//!  token     what is kept of it ──▶ for which name (or any), role, until when, revoked?
//! ```
//!
//! They live beside the chat's own store, because the server's owner changes them while the server runs: each
//! proof is held against what is there at that moment. [`WithMembers`] makes one [`Store`] of both.
//!
//! - [`MembersInMemory`]: for the simulator and for tests
//! - [`MembersFile`](super::sqlite::members::MembersFile): the file that `account` and `token` write to

mod in_memory;

pub use in_memory::{IssuedToken, MembersInMemory};

use super::{Store, StoreReply, StoreRequest};
use crate::chat::message::Role;

/// What a store says that keeps none.
pub(super) const NO_MEMBERS: &str = "accounts and tokens are not kept in this store";

/// What is kept of a password or of a token: a hash of 32 bytes.
pub type KeptHash = [u8; 32];

/// A name that belongs to whoever proves it, and not to a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member {
    /// What is kept of the password; `None` where only a token serves.
    pub kept: Option<KeptHash>,
    /// What its owner may do.
    pub role: Role,
}

/// What a token is good for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pass {
    /// The skeleton of the name that it was issued for; `None`: any name without an account.
    pub skeleton: Option<String>,
    /// What its bearer may do.
    pub role: Role,
}

/// What a token turns out to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TokenStanding {
    /// None that was ever issued here.
    Unknown,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
    /// It is good.
    Good(Pass),
}

/// Whoever keeps accounts and tokens. An error is a sentence for people.
pub trait Members {
    /// The account of the name with this skeleton, or that a good token was issued for it.
    fn member(&mut self, skeleton: &str, now_ms: u64) -> Result<Option<Member>, String>;
    /// What the token is of which this is kept; one that is good counts as used now.
    fn token(&mut self, kept: &KeptHash, now_ms: u64) -> Result<TokenStanding, String>;
}

/// A store that knows members too.
#[derive(Clone, Debug, Default)]
pub struct WithMembers<S, M> {
    /// What the chat itself remembers.
    pub store: S,
    /// Accounts and tokens.
    pub members: M,
}

impl<S: Store, M: Members> Store for WithMembers<S, M> {
    fn handle(&mut self, request: StoreRequest) -> StoreReply {
        let found = match &request {
            StoreRequest::FindMember { ticket, skeleton, now_ms } => self
                .members
                .member(skeleton, *now_ms)
                .map(|member| StoreReply::Member { ticket: *ticket, member }),
            StoreRequest::FindToken { ticket, kept, now_ms } => self
                .members
                .token(kept, *now_ms)
                .map(|standing| StoreReply::Token { ticket: *ticket, standing }),
            _ => return self.store.handle(request),
        };
        found.unwrap_or_else(|reason| request.refused(reason))
    }
}
