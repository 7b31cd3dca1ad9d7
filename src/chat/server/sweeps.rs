//! When is what is out of date looked for?
//!
//! What the server itself remembers (names given up, receipts, measures), once an hour while there is any. What
//! lies in the store, if not all is kept: at the start and every ten minutes, step by step, the next as soon as
//! the last is done.

use super::chat_server::ChatServer;
use super::effect::Effect;
use super::lookups::Lookup;
use crate::store::StoreRequest;
use crate::store::retention::Keep;
use crate::time::{Duration, Instant};

/// Ours: what is looked for here is kept for a day, so an hour is near enough.
const MEMORY: Duration = Duration::from_hours(1);

/// How often the store is asked to let go of what is over.
pub const STORE: Duration = Duration::from_mins(10);

/// When to look next.
#[derive(Debug)]
pub struct Sweeps {
    memory_at: Option<Instant>,
    keep: Keep,
    /// `None` while a step is under way, and for ever if all is kept.
    store_at: Option<Instant>,
}

impl Sweeps {
    /// For a server that keeps so much.
    pub fn new(keep: Keep) -> Self {
        Self { memory_at: None, keep, store_at: (!keep.is_all()).then_some(Instant::ZERO) }
    }

    /// There is something in memory that ends one day.
    pub fn on_memory_used(&mut self, now: Instant) {
        self.memory_at.get_or_insert(now + MEMORY);
    }

    /// Is what lies in memory to be looked through now?
    pub fn take_memory_due(&mut self, now: Instant) -> bool {
        self.memory_at.take_if(|at| *at <= now).is_some()
    }

    fn take_store_due(&mut self, now: Instant) -> Option<Keep> {
        self.store_at.take_if(|at| *at <= now).map(|_| self.keep)
    }

    pub(super) fn on_swept(&mut self, now: Instant, more: bool) {
        self.store_at = Some(if more { now } else { now + STORE });
    }

    /// When either is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.memory_at, self.store_at].into_iter().flatten().min()
    }
}

impl ChatServer {
    /// Asks the store for a step, if one is due.
    pub(super) fn sweep_store(&mut self, now: Instant) {
        if let Some(keep) = self.sweeps.take_store_due(now) {
            let ticket = self.lookups.add(Lookup::Sweep);
            let now_ms = self.unix_ms(now);
            self.effects.push_back(Effect::Store(StoreRequest::Sweep { ticket, keep, now_ms }));
        }
    }

    /// A step is done, or (without `more`) it is all done or could not be done now.
    pub(super) fn on_swept(&mut self, now: Instant, ticket: u64, more: bool) {
        if self.lookups.take(ticket) == Some(Lookup::Sweep) {
            self.sweeps.on_swept(now, more);
            self.sweep_store(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn the_store_is_swept_at_the_start_and_again_until_nothing_is_left() {
        let keep = Keep { age: None, count: Some(5) };
        let mut sweeps = Sweeps::new(keep);
        assert_eq!(sweeps.poll_timeout(), Some(Instant::ZERO));
        assert_eq!(sweeps.take_store_due(at(7)), Some(keep));
        assert_eq!((sweeps.take_store_due(at(7)), sweeps.poll_timeout()), (None, None), "one at a time");
        sweeps.on_swept(at(8), true);
        assert_eq!(sweeps.take_store_due(at(8)), Some(keep));
        sweeps.on_swept(at(9), false);
        assert_eq!(sweeps.poll_timeout(), Some(at(9) + STORE));
    }

    #[test]
    fn a_server_that_keeps_all_never_asks() {
        let mut sweeps = Sweeps::new(Keep::ALL);
        assert_eq!((sweeps.take_store_due(at(9)), sweeps.poll_timeout()), (None, None));
    }
}
