//! Which accounts and tokens are there, where nothing is written down?

use super::{KeptHash, Member, Members, Pass, TokenStanding};
use std::collections::BTreeMap;

/// Accounts and tokens in memory. Whoever made them changes them in place.
#[derive(Clone, Debug, Default)]
pub struct MembersInMemory {
    /// By the skeleton of the name.
    pub accounts: BTreeMap<String, Member>,
    /// By what is kept of the token.
    pub tokens: BTreeMap<KeptHash, IssuedToken>,
}

/// A token in memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IssuedToken {
    /// What it is good for.
    pub pass: Pass,
    /// No longer good from this moment on, in milliseconds since 1970.
    pub expires_ms: u64,
    /// Was it taken back?
    pub revoked: bool,
}

impl IssuedToken {
    fn standing(&self, now_ms: u64) -> TokenStanding {
        if self.revoked {
            TokenStanding::Revoked
        } else if self.expires_ms <= now_ms {
            TokenStanding::Expired
        } else {
            TokenStanding::Good(self.pass.clone())
        }
    }
}

impl Members for MembersInMemory {
    fn member(&mut self, skeleton: &str, now_ms: u64) -> Result<Option<Member>, String> {
        let is_issued_for = |token: &&IssuedToken| {
            let good = matches!(token.standing(now_ms), TokenStanding::Good(_));
            good && token.pass.skeleton.as_deref() == Some(skeleton)
        };
        let by_token = || self.tokens.values().find(is_issued_for);
        let bearer = || by_token().map(|token| Member { kept: None, role: token.pass.role });
        Ok(self.accounts.get(skeleton).copied().or_else(bearer))
    }

    fn token(&mut self, kept: &KeptHash, now_ms: u64) -> Result<TokenStanding, String> {
        Ok(self.tokens.get(kept).map_or(TokenStanding::Unknown, |token| token.standing(now_ms)))
    }
}
