//! Which bytes of a channel go into the next packet?
//!
//! A channel is a queue of messages, numbered from 0. Each moves from *waiting* to *begun* to *acknowledged*;
//! pieces that were lost come first, then pieces never sent.
//!
//! ```text
//!   sequence    7          8            9         10       11
//!            ┌──────┬─────────────┬──────────┬────────┬─────────┐
//!            │ acked│ sent … lost │ half sent│ waiting│ waiting │ ← push
//!            └──────┴─────────────┴──────────┴────────┴─────────┘
//!             front                 ↑ next_new
//! ```
//!
//! Where order does not rule, a message can become worthless: its deadline passes, or a newer one comes in a
//! channel of which only the latest counts. If it was never begun it is forgotten. Else the receiver is told,
//! as soon as something of it would be sent (again), that it is *abandoned*: so credit stays the same at both
//! ends, and nothing waits for it (RFC 3758 has the same for SCTP).

use super::credit::{AHEAD_MAX, MESSAGE_COST, SendCredit, cost};
use super::delivery::Delivery;
use crate::time::Instant;
use crate::transport::session::Payload;
use crate::wire::frame::Piece;
use crate::wire::ranges::RangeSet;
use std::collections::VecDeque;

/// How far a message has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Waiting,
    Begun,
    Abandoned,
    Acknowledged,
}

/// A message under way.
#[derive(Clone, Debug)]
struct Message {
    payload: Payload,
    /// From when on it is worth nothing.
    deadline: Option<Instant>,
    /// How many bytes were sent at least once.
    sent: usize,
    stage: Stage,
    /// Which bytes were acknowledged, while they are not all of them.
    acked: RangeSet,
}

/// Where a piece lies: what is noted with the packet that carries it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The message.
    pub sequence: u64,
    /// The piece's first byte.
    pub offset: u64,
    /// The piece's length.
    pub len: u64,
}

/// What is next to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of a variant names its fields")]
pub enum Next {
    /// The bytes that lie there.
    Piece(Span),
    /// The word that this message of `total` bytes will not come.
    Abandoned { sequence: u64, total: u64 },
}

/// The sending half of one channel.
#[derive(Clone, Debug)]
pub struct Outgoing {
    delivery: Delivery,
    messages: VecDeque<Message>,
    front: u64,
    next_new: u64,
    lost: VecDeque<Span>,
    credit: SendCredit,
    /// What the receiver buffers at a time.
    window: u64,
    queued_bytes: u64,
    expired: u64,
    is_in_line: bool,
}

impl Outgoing {
    /// The receiver buffers so much, and allows as much at first.
    pub const fn new(window: u64, delivery: Delivery) -> Self {
        Self {
            delivery,
            messages: VecDeque::new(),
            front: 0,
            next_new: 0,
            lost: VecDeque::new(),
            credit: SendCredit::new(window),
            window,
            queued_bytes: 0,
            expired: 0,
            is_in_line: false,
        }
    }

    /// It stands in line for a packet from now on. Did it not before?
    pub const fn line_up(&mut self) -> bool {
        !std::mem::replace(&mut self.is_in_line, true)
    }

    /// It stands in line no more.
    pub const fn leave_line(&mut self) {
        self.is_in_line = false;
    }

    /// Queues a message at the end; from `deadline` on it is worth nothing. Where only the latest counts it
    /// takes the place of one that waits.
    pub fn push(&mut self, payload: Payload, deadline: Option<Instant>) {
        if self.delivery == Delivery::Latest {
            self.forget_waiting(|_| true);
        }
        self.queued_bytes += cost(payload.len() as u64);
        let acked = RangeSet::new();
        self.messages.push_back(Message { payload, deadline, sent: 0, stage: Stage::Waiting, acked });
    }

    /// The cost of all messages that are not acknowledged yet.
    pub const fn queued_bytes(&self) -> u64 {
        self.queued_bytes
    }

    /// How many messages were forgotten since this was last asked, before they were begun: their deadline
    /// passed, or a newer one came.
    pub const fn take_expired(&mut self) -> u64 {
        std::mem::replace(&mut self.expired, 0)
    }

    /// Is everything acknowledged?
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The receiver allows more.
    pub fn on_credit(&mut self, limit: u64) {
        self.credit.on_limit(limit);
    }

    /// The receiver's window became known: it allows at least as much.
    pub fn on_window(&mut self, window: u64) {
        self.window = window;
        self.credit.on_limit(window);
    }

    /// Is there anything to be sent, now or when there is credit?
    pub fn is_waiting(&self) -> bool {
        !self.lost.is_empty() || self.index(self.next_new).is_some_and(|next| next < self.messages.len())
    }

    /// Is there anything that may be sent now?
    pub fn has_ready(&self, session: &SendCredit) -> bool {
        !self.lost.is_empty() || self.new_is_ready(session)
    }

    /// What is next to be sent: of a piece at most `room` bytes (at least 1). Nothing is marked yet:
    /// [`Outgoing::on_sent`] and [`Outgoing::on_abandonment_sent`] do that.
    pub fn next(&mut self, now: Instant, session: &SendCredit, room: usize) -> Option<Next> {
        while let Some(span) = self.lost.front() {
            if self.is_acknowledged(span) {
                self.lost.pop_front();
                continue;
            }
            let piece = Next::Piece(Span { len: span.len.min(room as u64), ..*span });
            return Some(self.abandonment_of(now, span.sequence).unwrap_or(piece));
        }
        self.forget_waiting(|message| message.deadline.is_some_and(|deadline| deadline <= now));
        if !self.new_is_ready(session) {
            return None;
        }
        if let Some(abandoned) = self.abandonment_of(now, self.next_new) {
            return Some(abandoned);
        }
        let message = &self.messages[self.index(self.next_new)?];
        let len = (message.payload.len() - message.sent).min(room) as u64;
        Some(Next::Piece(Span { sequence: self.next_new, offset: message.sent as u64, len }))
    }

    /// The piece that lies there, if its message is still worth sending.
    pub fn piece(&self, now: Instant, channel: u64, span: Span) -> Option<Piece<'_>> {
        let index = self.index(span.sequence)?;
        let Message { payload, stage, .. } = self.messages.get(index)?;
        if matches!(stage, Stage::Abandoned | Stage::Acknowledged) || self.is_worthless(now, index) {
            return None;
        }
        let from = usize::try_from(span.offset).ok()?;
        let bytes = payload.get(from..from + usize::try_from(span.len).ok()?)?;
        let total = payload.len() as u64;
        Some(Piece { channel, sequence: span.sequence, total, offset: span.offset, bytes })
    }

    /// The piece goes out in a packet. Says whether it had been sent before.
    pub fn on_sent(&mut self, session: &mut SendCredit, span: Span) -> bool {
        if let Some(lost) =
            self.lost.front_mut().filter(|lost| lost.sequence == span.sequence && lost.offset == span.offset)
        {
            if lost.len <= span.len {
                self.lost.pop_front();
            } else {
                lost.offset += span.len;
                lost.len -= span.len;
            }
            return true;
        }
        let Some(index) = self.index(span.sequence) else { return true };
        let message = &mut self.messages[index];
        if message.stage == Stage::Waiting {
            message.stage = Stage::Begun;
            let cost = cost(message.payload.len() as u64);
            self.credit.on_sent(cost);
            session.on_sent(cost);
        }
        message.sent = message.sent.max(usize::try_from(span.offset + span.len).unwrap_or(usize::MAX));
        if message.sent >= message.payload.len() {
            self.next_new = span.sequence + 1;
        }
        false
    }

    /// The word goes out that this message is abandoned.
    pub fn on_abandonment_sent(&mut self, sequence: u64) {
        self.lost.retain(|lost| lost.sequence != sequence);
        self.next_new = self.next_new.max(sequence + 1);
        if let Some(message) = self.message(sequence) {
            message.stage = Stage::Abandoned;
        }
    }

    /// The piece arrived.
    pub fn on_acknowledged(&mut self, span: Span) {
        let Some(message) = self.message(span.sequence) else { return };
        let total = message.payload.len() as u64;
        if span.len < total {
            message.acked.insert(span.offset, span.offset + span.len.max(1) - 1);
            if !message.acked.covers(0, total - 1) {
                return;
            }
        }
        self.settle(span.sequence);
    }

    /// The receiver knows that this message is abandoned.
    pub fn on_abandonment_acknowledged(&mut self, sequence: u64) {
        self.settle(sequence);
    }

    /// The packet that carried the piece is lost: it goes out again, oldest first.
    pub fn on_lost(&mut self, span: Span) {
        let is_abandoned = self.message(span.sequence).is_some_and(|it| it.stage == Stage::Abandoned);
        if !is_abandoned {
            self.queue_lost(span);
        }
    }

    /// The packet that told of the abandoned message is lost.
    pub fn on_abandonment_lost(&mut self, sequence: u64) {
        self.queue_lost(Span { sequence, offset: 0, len: 0 });
    }

    fn queue_lost(&mut self, span: Span) {
        if self.is_acknowledged(&span) || self.lost.contains(&span) {
            return;
        }
        let key = |span: &Span| (span.sequence, span.offset);
        let at = self.lost.partition_point(|other| key(other) < key(&span));
        self.lost.insert(at, span);
    }

    fn settle(&mut self, sequence: u64) {
        let is_first = sequence == self.front;
        let Some(message) = self.message(sequence).filter(|it| it.stage != Stage::Acknowledged) else {
            return;
        };
        message.stage = Stage::Acknowledged;
        let len = message.payload.len() as u64;
        if !is_first {
            // Nobody asks for its bytes any more, and it may stand there for long.
            message.payload = Payload::default();
        }
        self.queued_bytes -= cost(len);
        while self.messages.front().is_some_and(|message| message.stage == Stage::Acknowledged) {
            self.messages.pop_front();
            self.front += 1;
        }
    }

    /// Forgets those next in line that are not begun and of which `is_useless` says so.
    fn forget_waiting(&mut self, is_useless: impl Fn(&Message) -> bool) {
        if !self.delivery.may_abandon() {
            return;
        }
        let Some(next) = self.index(self.next_new) else { return };
        let is_begun = self.messages.get(next).is_some_and(|message| message.stage != Stage::Waiting);
        let index = next + usize::from(is_begun);
        while self.messages.get(index).is_some_and(&is_useless) {
            if let Some(message) = self.messages.remove(index) {
                self.queued_bytes -= cost(message.payload.len() as u64);
                self.expired += 1;
            }
        }
    }

    /// What is told in place of this message's bytes, if they are worth nothing any more.
    fn abandonment_of(&self, now: Instant, sequence: u64) -> Option<Next> {
        let index = self.index(sequence)?;
        let message = self.messages.get(index)?;
        let total = message.payload.len() as u64;
        let is_abandoned = match message.stage {
            Stage::Abandoned => true,
            Stage::Begun => self.is_worthless(now, index),
            Stage::Waiting | Stage::Acknowledged => false,
        };
        is_abandoned.then_some(Next::Abandoned { sequence, total })
    }

    /// Has its time passed, or came a newer one where only the latest counts?
    fn is_worthless(&self, now: Instant, index: usize) -> bool {
        let is_late = |message: &Message| message.deadline.is_some_and(|deadline| deadline <= now);
        (self.delivery == Delivery::Latest && index + 1 < self.messages.len())
            || self.messages.get(index).is_some_and(is_late)
    }

    fn new_is_ready(&self, session: &SendCredit) -> bool {
        let Some(message) = self.index(self.next_new).and_then(|index| self.messages.get(index)) else {
            return false;
        };
        let cost = cost(message.payload.len() as u64);
        message.stage == Stage::Begun || (self.credit.admits(cost) && session.admits(cost) && self.is_near())
    }

    /// Is the next new message near enough to the oldest one under way? In order the credit sees to it; where
    /// later ones are consumed before, this does (docs/protocol.md §11).
    fn is_near(&self) -> bool {
        self.delivery == Delivery::Ordered
            || self.next_new - self.front < (self.window / MESSAGE_COST).min(AHEAD_MAX)
    }

    fn is_acknowledged(&self, span: &Span) -> bool {
        match self.index(span.sequence).and_then(|index| self.messages.get(index)) {
            Some(message) => {
                message.stage == Stage::Acknowledged
                    || (span.len > 0 && message.acked.covers(span.offset, span.offset + span.len - 1))
            }
            None => true,
        }
    }

    fn message(&mut self, sequence: u64) -> Option<&mut Message> {
        let index = self.index(sequence)?;
        self.messages.get_mut(index)
    }

    fn index(&self, sequence: u64) -> Option<usize> {
        usize::try_from(sequence.checked_sub(self.front)?).ok()
    }
}

#[cfg(test)]
#[path = "outgoing_tests.rs"]
mod tests;
