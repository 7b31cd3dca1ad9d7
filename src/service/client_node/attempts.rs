//! Which address is tried next, and how long?
//!
//! The first time, each address in turn gets a second (the last one what is left); one that says "nobody
//! listens here" is passed at once, and when all have said so the answer is known. A server that hears and
//! closes (it is busy) is asked again after a while that grows with each round. Later, when a session is made
//! anew, nothing ends the trying but the user.

use crate::time::{Duration, Instant};
use crate::transport::session::Transport;

/// How long an address is tried before the next one gets its turn.
const TURN: Duration = Duration::from_secs(1);

/// How long one socket is used to say hello again, once the session had been up.
const ATTEMPT: Duration = Duration::from_secs(5);

/// The first wait before a session is made anew; it doubles up to [`WAIT_MAX`].
const WAIT_FIRST: Duration = Duration::from_millis(100);

/// The longest wait.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// The state of the trying.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempts {
    addresses: usize,
    address: usize,
    /// Addresses that said no since the last one that did not.
    refused_in_a_row: usize,
    ever_up: bool,
    failures: u32,
}

/// What to do after an attempt failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// Try at this moment.
    At(Instant),
    /// Everybody said no, and there never was a session.
    Hopeless,
}

impl Attempts {
    pub(super) const fn new(addresses: usize) -> Self {
        Self { addresses, address: 0, refused_in_a_row: 0, ever_up: false, failures: 0 }
    }

    /// The address to try.
    pub(super) const fn address(&self) -> usize {
        self.address
    }

    /// Was there ever a session?
    pub(super) const fn ever_up(&self) -> bool {
        self.ever_up
    }

    /// When to give up the attempt that begins now; `None`: not before the whole connecting is given up.
    /// A stream whose client has moved meanwhile is silent for minutes; a datagram finds its way by itself.
    pub(super) fn deadline(&self, now: Instant, transport: Transport) -> Option<Instant> {
        match (self.ever_up, self.addresses, transport) {
            (true, ..) | (false, 1, Transport::Tcp) => Some(now + ATTEMPT),
            (false, 1, Transport::Udp) => None,
            (false, ..) => Some(now + TURN),
        }
    }

    /// The session is up.
    pub(super) fn on_up(&mut self) {
        *self = Self { addresses: self.addresses, address: self.address, ever_up: true, ..Self::new(1) };
    }

    /// The other transport's turn: all addresses are new to it.
    pub(super) fn on_other_transport(&mut self) {
        self.refused_in_a_row = 0;
        if !self.ever_up {
            self.address = 0;
        }
    }

    /// The attempt failed, or the session is over; `refused` when the other side said that nobody is there.
    pub(super) fn on_failed(&mut self, now: Instant, refused: bool) -> Next {
        self.refused_in_a_row = if refused { self.refused_in_a_row + 1 } else { 0 };
        if !self.ever_up {
            self.address = (self.address + 1) % self.addresses.max(1);
            if self.refused_in_a_row >= self.addresses {
                return Next::Hopeless;
            }
            if self.address != 0 {
                return Next::At(now);
            }
        } else if self.failures > 0 {
            self.address = (self.address + 1) % self.addresses.max(1);
        }
        let wait = (WAIT_FIRST * (1 << self.failures.min(8))).min(WAIT_MAX);
        self.failures += 1;
        Next::At(now + wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn when_every_address_says_no_the_answer_is_known_at_once() {
        let mut attempts = Attempts::new(2);
        assert_eq!(attempts.on_failed(at(0), true), Next::At(at(0)));
        assert_eq!(attempts.address(), 1);
        assert_eq!(attempts.on_failed(at(0), true), Next::Hopeless);
    }

    #[test]
    fn an_address_that_is_silent_gets_its_second_and_then_another_turn() {
        let mut attempts = Attempts::new(2);
        assert_eq!(attempts.deadline(at(5), Transport::Udp), Some(at(1_000_005)));
        assert_eq!(attempts.on_failed(at(0), false), Next::At(at(0)));
        assert_eq!(attempts.on_failed(at(0), true), Next::At(at(100_000)), "all had their turn");
        assert_eq!(attempts.on_failed(at(0), false), Next::At(at(0)));
        let only = Attempts::new(1);
        assert_eq!(only.deadline(at(5), Transport::Udp), None, "an only address is tried to the end");
        assert_eq!(only.deadline(at(5), Transport::Tcp), Some(at(5_000_005)), "but not on one stream");
    }

    #[test]
    fn a_server_that_closes_every_attempt_is_asked_again_after_a_while_that_grows() {
        let mut attempts = Attempts::new(1);
        let waits: Vec<Next> = (0..3).map(|_| attempts.on_failed(at(0), false)).collect();
        assert_eq!(waits, [100, 200, 400].map(|ms| Next::At(at(ms * 1_000))));
    }

    #[test]
    fn a_session_that_had_been_up_is_made_anew_for_ever_at_growing_intervals() {
        let mut attempts = Attempts::new(1);
        attempts.on_up();
        let waits: Vec<Next> = (0..6).map(|_| attempts.on_failed(at(0), true)).collect();
        let expected = [100, 200, 400, 800, 1_600, 2_000].map(|ms| Next::At(at(ms * 1_000)));
        assert_eq!(waits, expected);
        attempts.on_up();
        assert_eq!(attempts.on_failed(at(0), true), Next::At(at(100_000)));
    }
}
