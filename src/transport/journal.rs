//! To whom does a session tell what happens?
//!
//! ```text
//!   decision ─▶ Journal ─┬─▶ Counters      always
//!                        └─▶ Tracer        if somebody listens: ladder, log, qlog
//! ```
//!
//! Each event is told once and counted from there, so that what is shown and what is logged cannot differ.

use super::counters::Counters;
use crate::time::Instant;
use crate::trace::{SessionKeys, TraceEvent, Tracer};

/// One session's.
#[derive(Clone, Debug)]
pub struct Journal {
    session: u64,
    counters: Counters,
    tracer: Tracer,
}

impl Journal {
    /// Nothing has happened yet in the session that we call `session`.
    pub fn new(session: u64, tracer: Tracer) -> Self {
        Self { session, counters: Counters::default(), tracer }
    }

    /// The session is called so from now on.
    pub const fn name(&mut self, session: u64) {
        self.session = session;
    }

    /// This happened.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "where it is told what it is is known, and so what it adds to")]
    pub fn tell(&mut self, now: Instant, event: TraceEvent) {
        self.counters.on_event(&event);
        self.tracer.emit(now, self.session, || event);
    }

    /// Does anybody listen to what is not counted?
    pub const fn is_heard(&self) -> bool {
        self.tracer.is_on()
    }

    /// The way to whoever listens: for a part that tells what nobody counts.
    pub fn tracer(&self) -> Tracer {
        self.tracer.clone()
    }

    /// The session has these keys: for whoever was let in on them.
    pub fn tell_keys(&self, keys: &SessionKeys<'_>) {
        self.tracer.keys(keys);
    }

    /// What was counted.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }
}
