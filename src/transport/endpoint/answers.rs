//! What is said to those who have no session here, and how much of it may wait?
//!
//! No answer is larger than its question (RFC 9000 §8.1 allows three times as much), so nobody can make us
//! flood somebody else; and what waits to be sent has a bound, beyond which answers are lost, as the network
//! may lose them. To send one is the dearest thing that a flood makes a server do, so those that cost their
//! asker nothing have a budget, beyond which there is silence: a client asks again by itself. Nor can anybody flood our log: of those who are turned away it hears of a few a second.

use crate::crypto::mac::MacKey;
use crate::time::{Duration, Instant};
use crate::transport::handshake::effort::Bucket;
use crate::transport::path::Path;
use crate::wire::datagram::{ConnectionId, Handshake, RESET_MIN, put_handshake};
use std::collections::VecDeque;

/// Answers that wait to be sent, at most.
pub const ANSWERS_MAX: usize = 1_024;

/// So many a second cost their asker nothing. Ours: a tenth of a second's work of one processor, and at 100,000
/// forged handshakes a second a newcomer is still heard at the second or third try.
const FREE_A_SECOND: u64 = 32_768;
/// And so many at once: ours, a quarter of a second's.
const FREE_AT_ONCE: u64 = 8_192;

/// Of so many who are turned away the log hears in a second.
const TOLD_A_SECOND: u32 = 16;

/// A handshake that was turned away, for the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TurnedAway {
    /// Who asked.
    pub path: Path,
    /// Why not.
    pub reason: String,
}

/// Who asked, and how much of the answer that allows.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// Where the question came from.
    pub path: Path,
    /// The asker's own connection id; zero where it did not tell one.
    pub client: ConnectionId,
    /// How long the question was, in bytes.
    pub asked: usize,
}

/// Answers on their way to strangers.
pub struct Answers {
    waiting: VecDeque<(Path, Vec<u8>)>,
    free: Bucket,
    turned_away: VecDeque<TurnedAway>,
    /// When the present second of the log began, and how many it has heard of since.
    told: (Instant, u32),
    reset_key: MacKey,
}

impl Answers {
    /// With the secret that makes the tokens of resets.
    pub const fn new(reset_secret: [u8; 32]) -> Self {
        Self {
            waiting: VecDeque::new(),
            free: Bucket::of(FREE_AT_ONCE),
            turned_away: VecDeque::new(),
            told: (Instant::ZERO, 0),
            reset_key: MacKey::new(reset_secret),
        }
    }

    /// Answers from `from`: zero, or the id of the session that begins.
    pub fn put(&mut self, asker: Asker, from: ConnectionId, content: &Handshake<'_>) {
        let mut answer = Vec::new();
        put_handshake(&mut answer, asker.client, from, content);
        if self.waiting.len() < ANSWERS_MAX && answer.len() <= asker.asked {
            self.waiting.push_back((asker.path, answer));
        }
    }

    /// May an answer be given now that costs its asker nothing? To be asked before it is made; then it is taken.
    pub fn may_be_free(&mut self, now: Instant) -> bool {
        self.waiting.len() < ANSWERS_MAX && self.free.takes(now, FREE_A_SECOND)
    }

    /// RFC 9000 §10.3: a client of a session that is gone learns so at once, by a token that only this
    /// server's key can make.
    pub fn put_reset(&mut self, now: Instant, path: Path, id: ConnectionId, asked: usize) {
        if asked >= RESET_MIN && self.may_be_free(now) {
            let token = self.reset_token(id);
            self.put(Asker { path, client: ConnectionId(0), asked }, id, &Handshake::Reset { token });
        }
    }

    /// What a RESET of this session carries.
    pub fn reset_token(&self, id: ConnectionId) -> [u8; 16] {
        self.reset_key.tag(&[&id.0.to_be_bytes()])
    }

    /// Somebody was turned away for this reason.
    pub fn on_turned_away(&mut self, now: Instant, path: Path, reason: &str) {
        if now >= self.told.0 + Duration::from_secs(1) {
            self.told = (now, 0);
        }
        if self.told.1 < TOLD_A_SECOND && self.turned_away.len() < ANSWERS_MAX {
            self.told.1 += 1;
            self.turned_away.push_back(TurnedAway { path, reason: reason.to_owned() });
        }
    }

    /// The next answer to send.
    pub fn poll(&mut self) -> Option<(Path, Vec<u8>)> {
        self.waiting.pop_front()
    }

    /// The next one who was turned away.
    pub fn poll_turned_away(&mut self) -> Option<TurnedAway> {
        self.turned_away.pop_front()
    }
}
