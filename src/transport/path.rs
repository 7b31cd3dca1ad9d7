//! Where is the peer, and may we send there?
//!
//! An address that a stranger has not proved to hear us at gets no more bytes than came from it: whoever
//! forges a source cannot make us flood the victim (RFC 9000 §8). A datagram from the peer that only it could
//! have sealed moves the session, if its number is the newest; the new address is then challenged
//! (RFC 9000 §8.2, §9.3), and gets at most three times as many until it answers, so that the challenge can
//! follow the first packet, however small.

use crate::time::{Duration, Instant};
use crate::wire::datagram::{DATAGRAM_LARGEST_IPV4, DATAGRAM_LARGEST_IPV6};
use std::net::{IpAddr, SocketAddr};

/// Where a datagram came from and which of our addresses it was sent to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Path {
    /// The peer.
    pub remote: SocketAddr,
    /// Our own address that was addressed, so that the reply leaves from it; `None` where unknown.
    pub local: Option<IpAddr>,
}

impl Path {
    /// The largest UDP payload to try here: what Ethernet carries of this kind of address.
    pub const fn largest_datagram(&self) -> usize {
        match self.remote.ip().to_canonical() {
            IpAddr::V4(_) => DATAGRAM_LARGEST_IPV4,
            IpAddr::V6(_) => DATAGRAM_LARGEST_IPV6,
        }
    }
}

/// How long a challenge may go unanswered before it is sent again.
const CHALLENGE_INTERVAL: Duration = Duration::from_millis(300);

/// RFC 9000 §8.1, §9.3.1: so many bytes may go to an address for each that came from it. Ours: only to where a
/// session has moved; a stranger gets what it gave.
const MOVED_FACTOR: u64 = 3;

/// What we know of the path in use.
#[derive(Clone, Copy, Debug)]
pub struct PathState {
    path: Path,
    proven: bool,
    received: u64,
    sent: u64,
    /// So many bytes may go there for each that came from there.
    factor: u64,
    challenge: Option<[u8; 8]>,
    /// When the challenge is to be sent again, and whether it is to be sent with the next packet.
    challenge_due: Option<Instant>,
    challenge_owed: bool,
}

impl PathState {
    /// A path on which the peer has (`proven`) or has not answered us yet.
    pub const fn new(path: Path, proven: bool) -> Self {
        Self {
            path,
            proven,
            received: 0,
            sent: 0,
            factor: 1,
            challenge: None,
            challenge_due: None,
            challenge_owed: false,
        }
    }

    /// Where to send.
    pub const fn path(&self) -> Path {
        self.path
    }

    /// Is the peer at this address?
    #[inline]
    pub fn is_to(&self, remote: &SocketAddr) -> bool {
        self.path.remote == *remote
    }

    /// Has the peer answered us here?
    pub const fn is_proven(&self) -> bool {
        self.proven
    }

    /// Bytes came from the path's address.
    pub fn on_received(&mut self, bytes: usize) {
        self.received += bytes as u64;
    }

    /// Bytes went there.
    pub fn on_sent(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    /// The peer answered something that it could only hear here.
    pub fn on_proven(&mut self) {
        self.proven = true;
        self.challenge = None;
        self.challenge_due = None;
    }

    /// A packet that only the peer can have sealed came along this path. It proves the address, unless a
    /// challenge asks for more.
    pub fn on_heard(&mut self, path: Path) {
        self.path = path;
        if self.challenge.is_none() {
            self.proven = true;
        }
    }

    /// How many more bytes may go there now.
    pub const fn allowance(&self) -> u64 {
        if self.proven { u64::MAX } else { (self.received * self.factor).saturating_sub(self.sent) }
    }

    /// The peer's newest packet came from elsewhere: go there, and challenge it with these bytes.
    pub fn on_moved(&mut self, now: Instant, path: Path, bytes: usize, challenge: [u8; 8]) {
        *self = Self::new(path, false);
        self.received = bytes as u64;
        self.factor = MOVED_FACTOR;
        self.challenge = Some(challenge);
        self.challenge_due = Some(now + CHALLENGE_INTERVAL);
        self.challenge_owed = true;
    }

    /// Time passed: a challenge that was not answered is due again.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.challenge_due.is_some_and(|due| due <= now) {
            self.challenge_due = Some(now + CHALLENGE_INTERVAL);
            self.challenge_owed = true;
        }
    }

    /// Is a challenge to be sent now?
    pub const fn is_challenge_due(&self) -> bool {
        self.challenge_owed
    }

    /// The challenge to send now, if one is due.
    pub fn take_challenge(&mut self) -> Option<[u8; 8]> {
        let owed = std::mem::take(&mut self.challenge_owed);
        self.challenge.filter(|_| owed)
    }

    /// A response arrived.
    pub fn on_response(&mut self, response: [u8; 8]) {
        if self.challenge == Some(response) {
            self.on_proven();
        }
    }

    /// When the challenge is to be sent again.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.challenge_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn path(port: u16) -> Path {
        Path { remote: SocketAddr::from(([127, 0, 0, 1], port)), local: None }
    }

    #[test]
    fn an_unproven_address_gets_no_more_than_came_from_it() {
        let mut state = PathState::new(path(1), false);
        state.on_received(1_200);
        state.on_sent(1_000);
        assert_eq!(state.allowance(), 200);
        state.on_proven();
        assert_eq!(state.allowance(), u64::MAX);
    }

    #[test]
    fn a_move_is_challenged_until_the_same_bytes_come_back() {
        let mut state = PathState::new(path(1), true);
        state.on_moved(at(0), path(2), 40, [7; 8]);
        assert_eq!((state.path(), state.allowance()), (path(2), 3 * 40));
        assert_eq!(state.take_challenge(), Some([7; 8]));
        assert_eq!(state.take_challenge(), None);
        state.handle_timeout(at(300_000));
        assert_eq!(state.take_challenge(), Some([7; 8]), "the first may be lost");
        state.on_response([8; 8]);
        assert!(!state.is_proven());
        state.on_response([7; 8]);
        assert!(state.is_proven());
        assert_eq!(state.poll_timeout(), None);
    }
}
