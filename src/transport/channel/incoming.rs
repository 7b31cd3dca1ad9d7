//! Which message is whole, and next in order?
//!
//! Pieces arrive in any order, twice, or not at all. A message is handed on when it is whole and all
//! before it in its channel were handed on. What waits is bounded by the credit given, and by
//! [`MESSAGE_MAX`] for one message.

use super::credit::{MESSAGE_COST, ReceiveCredit, cost};
use crate::wire::frame::Piece;
use crate::wire::ranges::RangeSet;
use std::collections::BTreeMap;

/// The longest message, in bytes.
pub const MESSAGE_MAX: u64 = 65_536;

/// A message that is not handed on yet.
#[derive(Clone, Debug)]
struct Partial {
    bytes: Vec<u8>,
    have: RangeSet,
    whole: bool,
}

/// The receiving half of one channel.
#[derive(Clone, Debug)]
pub struct Incoming {
    next: u64,
    waiting: BTreeMap<u64, Partial>,
    credit: ReceiveCredit,
}

/// What became of a piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It brought something new.
    New,
    /// All of it was here already.
    Duplicate,
}

impl Incoming {
    /// At most this cost is buffered.
    pub const fn new(window: u64) -> Self {
        Self { next: 0, waiting: BTreeMap::new(), credit: ReceiveCredit::new(window) }
    }

    /// A piece arrived. An error names the rule that the sender broke.
    pub fn on_piece(
        &mut self,
        session: &mut ReceiveCredit,
        piece: &Piece<'_>,
    ) -> Result<Taken, &'static str> {
        if piece.total > MESSAGE_MAX {
            return Err("a message longer than allowed");
        }
        if piece.sequence < self.next {
            return Ok(Taken::Duplicate);
        }
        if !self.waiting.contains_key(&piece.sequence) {
            self.begin(session, piece)?;
        }
        let Some(partial) = self.waiting.get_mut(&piece.sequence) else { return Ok(Taken::Duplicate) };
        if partial.bytes.len() as u64 != piece.total {
            return Err("two lengths of one message");
        }
        Ok(partial.fill(piece))
    }

    /// The next message, if it is whole. It counts as consumed: ask for credit updates afterwards.
    pub fn poll_message(&mut self, session: &mut ReceiveCredit) -> Option<Vec<u8>> {
        if !self.waiting.get(&self.next)?.whole {
            return None;
        }
        let partial = self.waiting.remove(&self.next)?;
        self.next += 1;
        let cost = cost(partial.bytes.len() as u64);
        self.credit.on_consumed(cost);
        session.on_consumed(cost);
        Some(partial.bytes)
    }

    /// The channel's credit.
    pub const fn credit(&self) -> &ReceiveCredit {
        &self.credit
    }

    /// The limit to announce now.
    pub fn announce(&mut self) -> u64 {
        self.credit.announce()
    }

    fn begin(&mut self, session: &mut ReceiveCredit, piece: &Piece<'_>) -> Result<(), &'static str> {
        // Every message between costs at least MESSAGE_COST: a sequence further ahead was not paid for.
        let ahead = piece.sequence - self.next;
        if ahead.saturating_mul(MESSAGE_COST) > self.credit.window() {
            return Err("a message beyond the channel's credit");
        }
        let cost = cost(piece.total);
        if !self.credit.on_arrived(cost) {
            return Err("more than the channel's credit");
        }
        if !session.on_arrived(cost) {
            return Err("more than the session's credit");
        }
        let len = usize::try_from(piece.total).map_err(|_| "a message longer than allowed")?;
        let partial = Partial { bytes: vec![0; len], have: RangeSet::new(), whole: false };
        self.waiting.insert(piece.sequence, partial);
        Ok(())
    }
}

impl Partial {
    fn fill(&mut self, piece: &Piece<'_>) -> Taken {
        if self.whole {
            return Taken::Duplicate;
        }
        let len = piece.bytes.len() as u64;
        if len == piece.total {
            self.whole = true;
            self.bytes.copy_from_slice(piece.bytes);
            return Taken::New;
        }
        if !self.have.insert(piece.offset, piece.offset + len - 1) {
            return Taken::Duplicate;
        }
        if let Ok(from) = usize::try_from(piece.offset)
            && let Some(place) = self.bytes.get_mut(from..from + piece.bytes.len())
        {
            place.copy_from_slice(piece.bytes);
        }
        self.whole = self.have.covers(0, piece.total - 1);
        Taken::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn piece(sequence: u64, total: u64, offset: u64, bytes: &[u8]) -> Piece<'_> {
        Piece { channel: 8, sequence, total, offset, bytes }
    }

    fn fresh() -> (Incoming, ReceiveCredit) {
        (Incoming::new(10_000), ReceiveCredit::new(10_000))
    }

    #[test]
    fn messages_come_out_in_order_however_they_came_in() {
        let (mut incoming, mut session) = fresh();
        incoming.on_piece(&mut session, &piece(1, 3, 0, b"two")).unwrap();
        assert_eq!(incoming.poll_message(&mut session), None);
        incoming.on_piece(&mut session, &piece(0, 3, 0, b"one")).unwrap();
        assert_eq!(incoming.poll_message(&mut session), Some(b"one".to_vec()));
        assert_eq!(incoming.poll_message(&mut session), Some(b"two".to_vec()));
        assert_eq!(session.buffered(), 0);
    }

    #[test]
    fn a_piece_that_was_here_already_is_a_duplicate() {
        let (mut incoming, mut session) = fresh();
        let hi = piece(0, 2, 0, b"hi");
        assert_eq!(incoming.on_piece(&mut session, &hi), Ok(Taken::New));
        assert_eq!(incoming.on_piece(&mut session, &hi), Ok(Taken::Duplicate));
        incoming.poll_message(&mut session);
        assert_eq!(incoming.on_piece(&mut session, &hi), Ok(Taken::Duplicate));
    }

    #[test]
    fn a_sender_that_breaks_a_rule_is_named_and_costs_no_memory() {
        let (mut incoming, mut session) = fresh();
        assert!(incoming.on_piece(&mut session, &piece(0, MESSAGE_MAX + 1, 0, b"x")).is_err());
        assert!(incoming.on_piece(&mut session, &piece(9_999_999, 1, 0, b"x")).is_err());
        incoming.on_piece(&mut session, &piece(0, 9_000, 0, b"x")).unwrap();
        assert!(incoming.on_piece(&mut session, &piece(0, 8_000, 0, b"x")).is_err());
        assert!(incoming.on_piece(&mut session, &piece(1, 9_000, 0, b"x")).is_err(), "over the credit");
    }

    proptest! {
        /// The reference: the messages themselves, cut at random, in random order, some twice.
        #[test]
        fn reassembly_agrees_with_what_was_cut(
            lengths in prop::collection::vec(0usize..300, 1..8),
            cut in 1usize..120,
            order in prop::collection::vec(any::<u16>(), 64),
        ) {
            let messages: Vec<Vec<u8>> = lengths.iter().enumerate()
                .map(|(n, len)| (0..*len).map(|i| (i * 7 + n) as u8).collect()).collect();
            let mut pieces = Vec::new();
            for (sequence, bytes) in messages.iter().enumerate() {
                let total = bytes.len() as u64;
                if bytes.is_empty() { pieces.push((sequence as u64, 0, 0, Vec::new())); }
                for (n, chunk) in bytes.chunks(cut).enumerate() {
                    pieces.push((sequence as u64, total, (n * cut) as u64, chunk.to_vec()));
                }
            }
            for (n, key) in order.iter().enumerate() {
                let (a, b) = (n % pieces.len(), usize::from(*key) % pieces.len());
                pieces.swap(a, b);
                if key % 5 == 0 { let again = pieces[b].clone(); pieces.push(again); }
            }
            let (mut incoming, mut session) = fresh();
            let mut out = Vec::new();
            for (sequence, total, offset, bytes) in &pieces {
                incoming.on_piece(&mut session, &piece(*sequence, *total, *offset, bytes)).unwrap();
                while let Some(message) = incoming.poll_message(&mut session) { out.push(message); }
            }
            prop_assert_eq!(out, messages);
            prop_assert_eq!(session.buffered(), 0);
        }
    }
}
