//! Is this the server that the join code promises, or that announced itself?
//!
//! The code has 80 stretched bits of the server's key. To compare costs 19 MiB and some ten milliseconds, so
//! it is done for one key only: the first that is offered. If that is the right one, a later other one is a
//! wrong one without computing (nobody finds two keys with the same bits); if it is a wrong one, the client
//! ends anyway. So whoever offers us many keys costs us one computation.
//!
//! A server that was found on the network has a thumbprint of its key in what it announced. That is cheap to
//! compare, and is held to in the same way: what was chosen from a list is what is joined, or nothing.

use crate::crypto::{PublicKey, StretchedKey, Thumbprint};
use crate::service::api::Promise;
use std::sync::OnceLock;

/// What is said of the server's key.
#[derive(Clone, Debug)]
pub(super) struct Promised {
    promise: Promise,
    /// The key that was compared, and what came out.
    first: OnceLock<(PublicKey, bool)>,
}

impl Promised {
    pub(super) const fn new(promise: Promise) -> Self {
        Self { promise, first: OnceLock::new() }
    }

    fn agrees(&self, key: &PublicKey) -> bool {
        match self.promise {
            Promise::Code(bits) => StretchedKey::of(key) == bits,
            Promise::Announced(thumbprint) => Thumbprint::of(key) == thumbprint,
        }
    }

    /// Does it vouch for the server?
    pub(super) const fn vouches(&self) -> bool {
        matches!(self.promise, Promise::Code(_))
    }

    /// A broken promise, in a word for scripts.
    pub(super) const fn complaint(&self) -> &'static str {
        match self.promise {
            Promise::Code(_) => "join-code-mismatch",
            Promise::Announced(_) => "announced-key-mismatch",
        }
    }

    /// Is this key, which we know from before, the promised one? What we know costs no offer.
    pub(super) fn is_of_known(&self, key: &PublicKey) -> bool {
        let agrees = self.agrees(key);
        if agrees {
            self.first.get_or_init(|| (*key, true));
        }
        agrees
    }

    /// A server offers this key.
    pub(super) fn check(&self, key: &PublicKey) -> Result<(), String> {
        let (first, agrees) = self.first.get_or_init(|| (*key, self.agrees(key)));
        if *agrees && first == key {
            return Ok(());
        }
        let shown = &key.to_string()[..16];
        Err(match self.promise {
            Promise::Code(_) => format!(
                "this code belongs to another key: the server that answers shows {shown}…. Either another server \
                 has that address now, or somebody pretends to be yours. Ask whoever runs it for the code that it \
                 shows now"
            ),
            Promise::Announced(_) => format!(
                "the server that answers shows another key ({shown}…) than the one that was announced on this \
                 network: somebody may have announced an address that is not theirs. Ask whoever runs the server \
                 for its join code (sa-…)"
            ),
        })
    }

    /// Was a key offered that is not the promised one?
    pub(super) fn is_broken(&self) -> bool {
        self.first.get().is_some_and(|(_, agrees)| !agrees)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: PublicKey = PublicKey([1; 32]);
    const WRONG: PublicKey = PublicKey([2; 32]);

    fn promised() -> Promised {
        Promised::new(Promise::Code(StretchedKey::of(&RIGHT)))
    }

    #[test]
    fn what_was_announced_is_held_to_but_vouches_for_nothing() {
        let promised = Promised::new(Promise::Announced(Thumbprint::of(&RIGHT)));
        assert!(promised.check(&RIGHT).is_ok() && !promised.vouches() && !promised.is_broken());
        assert!(promised.check(&WRONG).unwrap_err().contains("announced on this network"));
        let promised = Promised::new(Promise::Announced(Thumbprint::of(&RIGHT)));
        assert!(promised.check(&WRONG).is_err() && promised.is_broken());
        assert_eq!(promised.complaint(), "announced-key-mismatch");
    }

    #[test]
    fn the_right_key_is_trusted_each_time_and_another_never() {
        let promised = promised();
        assert!(promised.check(&RIGHT).is_ok() && promised.check(&RIGHT).is_ok());
        assert!(promised.check(&WRONG).unwrap_err().contains("another key"));
        assert!(promised.check(&RIGHT).is_ok() && !promised.is_broken());
    }

    #[test]
    fn after_a_wrong_key_no_other_is_even_compared() {
        let promised = promised();
        assert!(promised.check(&WRONG).is_err() && promised.is_broken());
        for byte in 2..=200 {
            assert!(promised.check(&PublicKey([byte; 32])).is_err());
        }
        assert!(promised.check(&RIGHT).is_err(), "the first offer was the only one");
        assert_eq!(promised.first.get(), Some(&(WRONG, false)));
    }

    #[test]
    fn a_key_known_from_before_that_does_not_agree_takes_nobodys_turn() {
        let promised = promised();
        assert!(!promised.is_of_known(&WRONG) && !promised.is_broken());
        assert!(promised.check(&RIGHT).is_ok());
        assert!(promised.is_of_known(&RIGHT));
    }
}
