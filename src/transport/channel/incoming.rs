//! Which message is whole, and next in order?
//!
//! Pieces arrive in any order, twice, or not at all. A message is handed on when it is whole and all
//! before it in its channel were handed on. What waits is bounded by the credit given, and by
//! [`MESSAGE_MAX`] for one message.

use super::credit::{MESSAGE_COST, ReceiveCredit, cost};
use super::one_stream;
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

/// Where a piece stands in its channel's order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// It was here already.
    Before,
    /// It is what comes next.
    Next,
    /// Something before it is missing.
    Beyond,
}

impl Place {
    /// Where it stands in a channel on which nothing came yet.
    pub const fn in_empty(piece: &Piece<'_>) -> Self {
        if piece.sequence == 0 && piece.offset == 0 { Self::Next } else { Self::Beyond }
    }
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
        let number = if one_stream::is_stream(piece.channel) { one_stream::NUMBER_MAX } else { 0 };
        if piece.total > MESSAGE_MAX + number {
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

    /// Where this piece stands in the order.
    pub fn place(&self, piece: &Piece<'_>) -> Place {
        let in_row = self.waiting.range(self.next..).zip(self.next..);
        let whole = in_row.take_while(|((sequence, partial), due)| *sequence == due && partial.whole);
        let due = self.next + whole.count() as u64;
        let have = self.waiting.get(&due).map(|partial| &partial.have);
        let has = |first: u64, end: u64| first == end || have.is_some_and(|have| have.covers(first, end - 1));
        let end = piece.offset + piece.bytes.len() as u64;
        if piece.sequence < due || (piece.sequence == due && end > 0 && has(piece.offset, end)) {
            Place::Before
        } else if piece.sequence == due && has(0, piece.offset) {
            Place::Next
        } else {
            Place::Beyond
        }
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
    fn a_piece_is_next_if_nothing_before_it_is_missing() {
        let (mut incoming, mut session) = fresh();
        let places = |incoming: &Incoming| {
            [piece(0, 4, 0, b"ab"), piece(0, 4, 2, b"cd"), piece(1, 0, 0, b""), piece(2, 1, 0, b"x")]
                .map(|piece| incoming.place(&piece))
        };
        let [before, next, beyond] = [Place::Before, Place::Next, Place::Beyond];
        assert_eq!(places(&incoming), [next, beyond, beyond, beyond]);
        incoming.on_piece(&mut session, &piece(0, 4, 0, b"ab")).unwrap();
        assert_eq!(places(&incoming), [before, next, beyond, beyond]);
        incoming.on_piece(&mut session, &piece(0, 4, 2, b"cd")).unwrap();
        assert_eq!(places(&incoming), [before, before, next, beyond], "though nobody has read it yet");
        incoming.on_piece(&mut session, &piece(1, 0, 0, b"")).unwrap();
        while incoming.poll_message(&mut session).is_some() {}
        assert_eq!(places(&incoming), [before, before, before, next]);
    }

    #[test]
    fn a_stream_bears_a_longest_message_with_its_number() {
        let mut incoming = Incoming::new(100_000);
        let mut session = ReceiveCredit::new(100_000);
        let begin = |channel, total| Piece { channel, sequence: 0, total, offset: 0, bytes: b"x" };
        assert!(incoming.on_piece(&mut session, &begin(3, MESSAGE_MAX + 9)).is_err());
        assert!(incoming.on_piece(&mut session, &begin(8, MESSAGE_MAX + 8)).is_err());
        assert!(incoming.on_piece(&mut session, &begin(3, MESSAGE_MAX + 8)).is_ok());
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
