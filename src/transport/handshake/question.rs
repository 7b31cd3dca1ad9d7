//! Does anybody speak this protocol there, and which versions?
//!
//! ```text
//!  asker                                        server
//!    │ HELLO of a version that nobody speaks      │
//!    │───────────────────────────────────────────▶│ reads 21 bytes, keeps nothing
//!    │ VERSIONS: 1                                │
//!    │◀───────────────────────────────────────────│
//! ```
//!
//! The cheapest proof that datagrams pass both ways: no key, no session, no name (docs/protocol.md §2, in the
//! spirit of RFC 8999 §6). It proves nothing about who answers: anybody on the way can answer too, and the
//! handshake that follows is what counts.

use crate::wire::datagram::{ConnectionId, HANDSHAKE_OVERHEAD, HELLO_MIN, Handshake};
use crate::wire::datagram::{put_handshake, read_handshake};

/// A version that nobody speaks, of the pattern that is kept free for questions (RFC 9000 §15: 0x?a?a?a?a).
const NOBODYS_VERSION: u32 = 0x5a5a_5a5a;

/// The shortest question that is put, in bytes: the answer is never longer.
pub const QUESTION_MIN: usize = 64;

/// One question and whoever may answer it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Question {
    id: ConnectionId,
}

impl Question {
    /// A question of this number, which is to be random: who does not see it cannot answer.
    pub const fn new(id: u64) -> Self {
        Self { id: ConnectionId(id) }
    }

    /// Appends the datagram, as long as a HELLO.
    pub fn put(&self, buffer: &mut Vec<u8>) {
        self.put_sized(buffer, HELLO_MIN);
    }

    /// Appends the datagram, `len` bytes long (at least [`QUESTION_MIN`]).
    pub fn put_sized(&self, buffer: &mut Vec<u8>, len: usize) {
        let start = buffer.len();
        put_handshake(
            buffer,
            ConnectionId(0),
            self.id,
            &Handshake::Hello { pattern: 0, token: &[], noise: &[] },
        );
        buffer.resize(start + len.max(QUESTION_MIN), 0);
        buffer[start + 1..start + 5].copy_from_slice(&NOBODYS_VERSION.to_be_bytes());
    }

    /// The versions that are spoken there, if this datagram is the answer.
    pub fn answer(&self, datagram: &[u8]) -> Option<Vec<u32>> {
        let is_handshake = datagram.len() >= HANDSHAKE_OVERHEAD && datagram[0] & 0x80 != 0;
        let part = read_handshake(datagram).ok().filter(|_| is_handshake)?;
        match part.content {
            Some(Handshake::Versions { versions }) if part.destination == self.id => Some(versions),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::datagram::VERSION;

    fn versions(to: u64) -> Vec<u8> {
        let mut answer = Vec::new();
        let content = Handshake::Versions { versions: vec![VERSION, 9] };
        put_handshake(&mut answer, ConnectionId(to), ConnectionId(0), &content);
        answer
    }

    #[test]
    fn a_question_is_as_long_as_a_hello_and_nobody_can_read_its_body() {
        let mut datagram = vec![7];
        Question::new(5).put(&mut datagram);
        assert_eq!(datagram.len(), 1 + HELLO_MIN);
        let part = read_handshake(&datagram[1..]).unwrap();
        assert_eq!((part.version, part.source, part.content), (NOBODYS_VERSION, ConnectionId(5), None));
    }

    #[test]
    fn only_the_answer_to_this_question_counts() {
        let question = Question::new(5);
        assert_eq!(question.answer(&versions(5)), Some(vec![VERSION, 9]));
        assert_eq!(question.answer(&versions(6)), None);
        assert_eq!(question.answer(&[]), None);
        assert_eq!(question.answer(&versions(5)[..20]), None);
    }

    #[test]
    fn the_answer_is_shorter_than_the_shortest_question() {
        let mut datagram = Vec::new();
        Question::new(5).put_sized(&mut datagram, 1);
        assert_eq!(datagram.len(), QUESTION_MIN);
        let mut answer = Vec::new();
        let most = Handshake::Versions { versions: vec![VERSION] };
        put_handshake(&mut answer, ConnectionId(5), ConnectionId(0), &most);
        assert!(answer.len() < QUESTION_MIN);
    }
}
