//! When has everything been said, so that a client may leave?
//!
//! After the end of its input it waits for what is not accepted yet, at most the longer of ten seconds and
//! the time to linger; then, if it is to linger, as long after the last acceptance.

use crate::time::{Duration, Instant};

/// How long what is not accepted is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The end of a client's input and what follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leave {
    linger: Duration,
    /// Input ended, and there has been a session since.
    asked_at: Option<Instant>,
    ended: bool,
    last_settled: Instant,
}

impl Leave {
    pub(super) const fn new(now: Instant, linger: Duration) -> Self {
        Self { linger, asked_at: None, ended: false, last_settled: now }
    }

    /// There will be no more input; the wait begins when there is a session.
    pub(super) fn on_end_of_input(&mut self, now: Instant, is_up: bool) {
        if !self.ended {
            self.ended = true;
            self.last_settled = now;
            self.asked_at = is_up.then_some(now);
        }
    }

    /// `/quit`: as the end of input, without lingering.
    pub(super) fn on_quit_asked(&mut self, now: Instant, is_up: bool) {
        self.linger = Duration::ZERO;
        self.on_end_of_input(now, is_up);
    }

    /// A session is up.
    pub(super) fn on_up(&mut self, now: Instant) {
        if self.ended && self.asked_at.is_none() {
            self.asked_at = Some(now);
            self.last_settled = now;
        }
    }

    /// A line got its outcome.
    pub(super) fn on_settled(&mut self, now: Instant) {
        self.last_settled = now;
    }

    /// A file has moved on: the patience begins anew.
    pub(super) fn on_moved(&mut self, now: Instant) {
        self.asked_at = self.asked_at.map(|asked| asked.max(now));
    }

    /// When to leave, given whether any line is without its outcome.
    pub(super) fn at(&self, unsettled: bool) -> Option<Instant> {
        let asked = self.asked_at?;
        let patience = asked + PATIENCE.max(self.linger);
        Some(if unsettled { patience } else { self.last_settled.max(asked) + self.linger })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const S: u64 = 1_000_000;

    #[test]
    fn with_everything_accepted_it_leaves_at_once_or_after_lingering() {
        let mut leave = Leave::new(at(0), Duration::ZERO);
        assert_eq!(leave.at(false), None);
        leave.on_end_of_input(at(S), true);
        assert_eq!(leave.at(false), Some(at(S)));
        let mut leave = Leave::new(at(0), Duration::from_secs(3));
        leave.on_end_of_input(at(S), true);
        leave.on_settled(at(2 * S));
        assert_eq!(leave.at(false), Some(at(5 * S)));
    }

    #[test]
    fn what_is_not_accepted_is_waited_for_ten_seconds_or_as_long_as_it_lingers() {
        let mut leave = Leave::new(at(0), Duration::ZERO);
        leave.on_end_of_input(at(S), true);
        assert_eq!(leave.at(true), Some(at(11 * S)));
        let mut leave = Leave::new(at(0), Duration::from_secs(30));
        leave.on_end_of_input(at(S), true);
        assert_eq!(leave.at(true), Some(at(31 * S)));
    }

    #[test]
    fn a_file_that_moves_is_waited_for() {
        let mut leave = Leave::new(at(0), Duration::ZERO);
        leave.on_moved(at(0));
        leave.on_end_of_input(at(S), true);
        leave.on_moved(at(9 * S));
        assert_eq!(leave.at(true), Some(at(19 * S)));
    }

    #[test]
    fn input_that_ends_before_the_first_session_waits_for_it() {
        let mut leave = Leave::new(at(0), Duration::ZERO);
        leave.on_end_of_input(at(0), false);
        assert_eq!(leave.at(false), None);
        leave.on_up(at(5 * S));
        assert_eq!(leave.at(true), Some(at(15 * S)));
    }
}
