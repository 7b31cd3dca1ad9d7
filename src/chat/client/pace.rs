//! How fast may this client speak, so that the server never refuses?
//!
//! The server tells its terms behind the welcome; the client keeps to a little less. Until it knows them it
//! sends what every server lets through. Messages, joins and requests wait for their turn; what the server
//! lets through in any case (leaving a room, a proof, how far all was shown) neither waits nor counts.

use crate::chat::quota::{BURST_MIN, Quota, Terms};
use crate::time::Instant;

/// Lines are taken from a pipe as far as they can be sent within so many seconds: less than a client waits at
/// the end of its input.
const SECONDS_AHEAD: u64 = 5;

/// The client's own bucket.
#[derive(Debug)]
pub struct Pace {
    terms: Option<Terms>,
    quota: Quota,
    /// Sent in this session.
    sent: u64,
    /// Of these not yet taken from the bucket.
    owed: u64,
    waits_until: Option<Instant>,
}

/// What every server lets through.
const UNKNOWN: Terms = Terms { per_second: 1, burst: BURST_MIN };

impl Pace {
    /// Knows no terms yet.
    pub const fn new(now: Instant) -> Self {
        let quota = Quota::new(now, UNKNOWN.with_reserve());
        Self { terms: None, quota, sent: 0, owed: 0, waits_until: None }
    }

    /// A new session: the server counts from the beginning.
    pub const fn on_connected(&mut self, now: Instant) {
        let terms = match self.terms {
            Some(terms) => terms,
            None => UNKNOWN,
        };
        self.quota = Quota::new(now, terms.with_reserve());
        self.sent = 0;
        self.owed = 0;
    }

    /// The server has told its terms.
    pub fn on_terms(&mut self, now: Instant, terms: Terms) {
        if self.terms != Some(terms) {
            self.terms = Some(terms);
            self.quota = Quota::new(now, terms.with_reserve());
            self.owed = self.sent;
        }
    }

    /// Something was sent.
    pub const fn on_sent(&mut self) {
        self.sent += 1;
        self.owed += 1;
    }

    /// May one more message be sent now? If not, [`Pace::poll_timeout`] says when.
    pub fn may_send(&mut self, now: Instant) -> bool {
        while self.owed > 0 && self.quota.next_at(now).is_none() {
            self.quota.take(now);
            self.owed -= 1;
        }
        self.waits_until = self.quota.next_at(now);
        self.waits_until.is_none()
    }

    /// When the message that was held back may go.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.waits_until
    }

    /// Nothing waits any more.
    pub const fn on_nothing_waits(&mut self) {
        self.waits_until = None;
    }

    /// So many lines without an outcome are enough to keep the line busy.
    pub fn lines_ahead(&self) -> usize {
        match self.terms {
            Some(Terms { per_second: rate @ 1.., .. }) => {
                usize::try_from((rate * SECONDS_AHEAD).max(BURST_MIN)).unwrap_or(usize::MAX)
            }
            Some(_) => usize::MAX,
            None => usize::try_from(BURST_MIN).unwrap_or(usize::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn burst(pace: &mut Pace, now: Instant) -> usize {
        let mut sent = 0;
        while sent < 100_000 && pace.may_send(now) {
            pace.on_sent();
            sent += 1;
        }
        sent
    }

    #[test]
    fn before_the_terms_are_known_it_sends_what_every_server_takes() {
        let mut pace = Pace::new(at(0));
        assert_eq!(burst(&mut pace, at(0)), 22);
        assert_eq!(pace.poll_timeout(), Some(at(1_000_000)));
        pace.on_terms(at(0), Terms::per_second(100));
        assert_eq!(burst(&mut pace, at(0)), 688 - 22, "what was sent counts");
    }

    #[test]
    fn what_never_waits_is_paid_for_later() {
        let mut pace = Pace::new(at(0));
        pace.on_terms(at(0), Terms::per_second(10));
        burst(&mut pace, at(0));
        (0..10).for_each(|_| pace.on_sent());
        assert!(!pace.may_send(at(1_000_000)), "ten more flowed in, and are owed");
        assert!(pace.may_send(at(1_100_000)));
    }

    #[test]
    fn no_limit_is_no_wait() {
        let mut pace = Pace::new(at(0));
        pace.on_terms(at(0), Terms::UNLIMITED);
        assert_eq!(burst(&mut pace, at(0)), 100_000);
        assert_eq!(pace.lines_ahead(), usize::MAX);
    }

    #[test]
    fn a_new_session_begins_with_a_full_bucket_of_the_known_terms() {
        let mut pace = Pace::new(at(0));
        pace.on_terms(at(0), Terms::per_second(10));
        let first = burst(&mut pace, at(0));
        pace.on_connected(at(1));
        assert_eq!(burst(&mut pace, at(1)), first);
        assert_eq!(pace.lines_ahead(), 50);
    }
}
