//! Which message is whole, and next for the user?
//!
//! Pieces arrive in any order, twice, or not at all. A message is *settled* when it is whole and its channel's
//! [`Delivery`] allows: in order, at once, or only if it is the newest. So is one that the sender abandoned or
//! that a newer one made worthless.
//!
//! ```text
//!   sequence   4   5   6   7   8   9
//!              ───────     ───               settled: all below `next`, and 7
//!                      ↑ next    waiting: 6 (half here), 8 (whole, in an ordered channel)
//! ```
//!
//! What is settled and whole stands in line for the user, and is consumed when the user takes it.
//!
//! What waits is bounded by the credit given, and by [`MESSAGE_MAX`] for one message.

use super::credit::{AHEAD_MAX, MESSAGE_COST, ReceiveCredit, cost};
use super::delivery::Delivery;
use super::one_stream;
use super::spare::Spare;
use crate::wire::frame::Piece;
use crate::wire::ranges::RangeSet;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

/// The longest message, in bytes.
pub const MESSAGE_MAX: u64 = 65_536;

/// So many separate runs of a message's bytes may be here …
///
/// Ours: a sender that fills its packets makes a few dozen at most, and a run is remembered in 16 bytes: what
/// a message costs in credit bounds what it costs in memory.
const RUNS_MIN: usize = 16;

/// … and one more for each so many bytes of the message.
const RUN_BYTES: usize = 32;

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
    delivery: Delivery,
    /// The longest message, in bytes.
    longest: u64,
    /// All below are settled.
    next: u64,
    /// What is settled above it.
    settled: RangeSet,
    waiting: BTreeMap<u64, Partial>,
    /// For the user, in this order.
    ready: VecDeque<Vec<u8>>,
    /// Where only the newest counts: what is below was overtaken by something whole.
    fresh_from: u64,
    credit: ReceiveCredit,
}

/// What became of a piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It brought something new.
    New,
    /// All of it was here already.
    Duplicate,
    /// A newer message was whole before: this one is worth nothing any more.
    Outdated,
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
    pub fn in_empty(piece: &Piece<'_>) -> Self {
        let is_next = piece.sequence == 0 && piece.offset == 0;
        if is_next || Delivery::of(piece.channel) != Delivery::Ordered { Self::Next } else { Self::Beyond }
    }
}

impl Incoming {
    /// Of the channel with this number; at most this cost is buffered.
    pub const fn new(window: u64, channel: u64) -> Self {
        Self {
            delivery: Delivery::of(channel),
            longest: MESSAGE_MAX + if one_stream::is_stream(channel) { one_stream::NUMBER_MAX } else { 0 },
            next: 0,
            settled: RangeSet::new(),
            waiting: BTreeMap::new(),
            ready: VecDeque::new(),
            fresh_from: 0,
            credit: ReceiveCredit::new(window),
        }
    }

    /// A piece arrived. An error names the rule that the sender broke.
    pub fn on_piece(
        &mut self,
        session: &mut ReceiveCredit,
        spare: &mut Spare,
        piece: &Piece<'_>,
    ) -> Result<Taken, &'static str> {
        let &Piece { sequence, total, .. } = piece;
        if self.is_settled(sequence) {
            return Ok(Taken::Duplicate);
        }
        if !self.waiting.contains_key(&sequence) {
            self.begin(session, sequence, total)?;
            if sequence < self.fresh_from {
                self.settle(sequence);
                self.consume(session, total);
                return Ok(Taken::Outdated);
            }
            if piece.bytes.len() as u64 == total {
                self.on_whole(session, sequence, spare.filled(piece.bytes));
                return Ok(Taken::New);
            }
            let len = usize::try_from(total).map_err(|_| "a message longer than allowed")?;
            self.waiting
                .insert(sequence, Partial { bytes: vec![0; len], have: RangeSet::new(), whole: false });
        }
        self.fill(session, piece)
    }

    /// Where this piece stands in the order.
    pub fn place(&self, piece: &Piece<'_>) -> Place {
        if self.is_settled(piece.sequence) {
            return Place::Before;
        }
        if self.delivery != Delivery::Ordered {
            return Place::Next;
        }
        let have = self.waiting.get(&self.next).map(|partial| &partial.have);
        let has = |first: u64, end: u64| first == end || have.is_some_and(|have| have.covers(first, end - 1));
        let end = piece.offset + piece.bytes.len() as u64;
        if piece.sequence != self.next || !has(0, piece.offset) {
            Place::Beyond
        } else if end > 0 && has(piece.offset, end) {
            Place::Before
        } else {
            Place::Next
        }
    }

    /// A piece of a message of which others are here.
    fn fill(&mut self, session: &mut ReceiveCredit, piece: &Piece<'_>) -> Result<Taken, &'static str> {
        let Entry::Occupied(mut entry) = self.waiting.entry(piece.sequence) else {
            return Ok(Taken::Duplicate);
        };
        if entry.get().bytes.len() as u64 != piece.total {
            return Err("two lengths of one message");
        }
        let taken = entry.get_mut().fill(piece)?;
        if taken == Taken::New && entry.get().whole {
            let bytes = entry.remove().bytes;
            self.on_whole(session, piece.sequence, bytes);
        }
        Ok(taken)
    }

    /// The sender will not send this message of `total` bytes again. What is whole already is handed on all
    /// the same.
    pub fn on_abandoned(
        &mut self,
        session: &mut ReceiveCredit,
        sequence: u64,
        total: u64,
    ) -> Result<(), &'static str> {
        if !self.delivery.may_abandon() {
            return Err("a message abandoned in an ordered channel");
        }
        if self.is_settled(sequence) {
            return Ok(());
        }
        match self.waiting.get(&sequence) {
            Some(partial) if partial.bytes.len() as u64 != total => return Err("two lengths of one message"),
            Some(_) => drop(self.waiting.remove(&sequence)),
            None => self.begin(session, sequence, total)?,
        }
        self.settle(sequence);
        self.consume(session, total);
        Ok(())
    }

    /// The next message for the user. It counts as consumed: ask for credit updates afterwards.
    pub fn poll_message(&mut self, session: &mut ReceiveCredit) -> Option<Vec<u8>> {
        let bytes = self.ready.pop_front()?;
        self.consume(session, bytes.len() as u64);
        Some(bytes)
    }

    /// Is there a message for the user?
    pub fn has_message(&self) -> bool {
        !self.ready.is_empty()
    }

    /// How many ranges of numbers are settled above the oldest open one.
    pub fn settled_ranges(&self) -> usize {
        self.settled.len()
    }

    /// The channel's credit.
    pub const fn credit(&self) -> &ReceiveCredit {
        &self.credit
    }

    /// The limit to announce now.
    pub fn announce(&mut self) -> u64 {
        self.credit.announce()
    }

    /// The first piece of a message, or the word that there will be none: what it costs is taken.
    fn begin(&mut self, session: &mut ReceiveCredit, sequence: u64, total: u64) -> Result<(), &'static str> {
        if total > self.longest {
            return Err("a message longer than allowed");
        }
        // Every message between costs at least MESSAGE_COST: a sequence further ahead was not paid for.
        let ahead = sequence - self.next;
        if ahead.saturating_mul(MESSAGE_COST) > self.credit.window() {
            return Err("a message beyond the channel's credit");
        }
        if ahead > AHEAD_MAX && self.delivery != Delivery::Ordered {
            return Err("a message too far ahead of the oldest open one");
        }
        let cost = cost(total);
        if !self.credit.on_arrived(cost) {
            return Err("more than the channel's credit");
        }
        if !session.on_arrived(cost) {
            return Err("more than the session's credit");
        }
        Ok(())
    }

    /// All of a message is here.
    fn on_whole(&mut self, session: &mut ReceiveCredit, sequence: u64, bytes: Vec<u8>) {
        match self.delivery {
            Delivery::Ordered if sequence != self.next => {
                self.waiting.insert(sequence, Partial { bytes, have: RangeSet::new(), whole: true });
                return;
            }
            Delivery::Ordered | Delivery::Unordered => {}
            Delivery::Latest => self.forget_before(session, sequence),
        }
        self.ready.push_back(bytes);
        self.settle(sequence);
        if self.delivery == Delivery::Ordered {
            while let Some(whole) =
                self.waiting.first_entry().filter(|it| *it.key() == self.next && it.get().whole)
            {
                self.ready.push_back(whole.remove().bytes);
                self.next += 1;
            }
        }
    }

    /// What is older than this message is worth nothing any more.
    fn forget_before(&mut self, session: &mut ReceiveCredit, sequence: u64) {
        self.fresh_from = sequence;
        while let Some(bytes) = self.ready.pop_front() {
            self.consume(session, bytes.len() as u64);
        }
        let newer = self.waiting.split_off(&sequence);
        for (older, partial) in std::mem::replace(&mut self.waiting, newer) {
            self.settle(older);
            self.consume(session, partial.bytes.len() as u64);
        }
    }

    fn is_settled(&self, sequence: u64) -> bool {
        sequence < self.next || self.settled.contains(sequence)
    }

    fn settle(&mut self, sequence: u64) {
        if sequence > self.next {
            self.settled.insert(sequence, sequence);
            return;
        }
        self.next += 1;
        if let Some(end) = self.settled.end_of(self.next) {
            self.next = end + 1;
            self.settled.remove_below(self.next);
        }
    }

    fn consume(&mut self, session: &mut ReceiveCredit, total: u64) {
        let cost = cost(total);
        self.credit.on_consumed(cost);
        session.on_consumed(cost);
    }
}

impl Partial {
    fn fill(&mut self, piece: &Piece<'_>) -> Result<Taken, &'static str> {
        if self.whole {
            return Ok(Taken::Duplicate);
        }
        let len = piece.bytes.len() as u64;
        if len == piece.total {
            self.whole = true;
            self.bytes.copy_from_slice(piece.bytes);
            return Ok(Taken::New);
        }
        if !self.have.insert(piece.offset, piece.offset + len - 1) {
            return Ok(Taken::Duplicate);
        }
        if self.have.len() > RUNS_MIN + self.bytes.len() / RUN_BYTES {
            return Err("a message in more pieces than allowed");
        }
        if let Ok(from) = usize::try_from(piece.offset)
            && let Some(place) = self.bytes.get_mut(from..from + piece.bytes.len())
        {
            place.copy_from_slice(piece.bytes);
        }
        self.whole = self.have.covers(0, piece.total - 1);
        Ok(Taken::New)
    }
}

#[cfg(test)]
#[path = "incoming_tests.rs"]
mod tests;
