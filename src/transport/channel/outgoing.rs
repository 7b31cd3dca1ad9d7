//! Which bytes of a channel go into the next packet?
//!
//! A channel is a queue of messages, numbered from 0. Each message moves from *waiting* to *sent* to
//! *acknowledged*; pieces that were lost come first, then pieces never sent.
//!
//! ```text
//!   sequence    7          8            9         10       11
//!            ┌──────┬─────────────┬──────────┬────────┬─────────┐
//!            │ acked│ sent … lost │ half sent│ waiting│ waiting │ ← push
//!            └──────┴─────────────┴──────────┴────────┴─────────┘
//!             front                 ↑ next_new
//! ```

use super::credit::{SendCredit, cost};
use crate::transport::session::Payload;
use crate::wire::frame::Piece;
use crate::wire::ranges::RangeSet;
use std::collections::VecDeque;

/// A message under way.
#[derive(Clone, Debug)]
struct Message {
    payload: Payload,
    /// How many bytes were sent at least once.
    sent: usize,
    begun: bool,
    acknowledged: bool,
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

/// The sending half of one channel.
#[derive(Clone, Debug)]
pub struct Outgoing {
    messages: VecDeque<Message>,
    front: u64,
    next_new: u64,
    lost: VecDeque<Span>,
    credit: SendCredit,
    queued_bytes: u64,
}

impl Outgoing {
    /// The receiver allows this credit at first.
    pub const fn new(credit: u64) -> Self {
        Self {
            messages: VecDeque::new(),
            front: 0,
            next_new: 0,
            lost: VecDeque::new(),
            credit: SendCredit::new(credit),
            queued_bytes: 0,
        }
    }

    /// Queues a message at the end.
    pub fn push(&mut self, payload: Payload) {
        self.queued_bytes += cost(payload.len() as u64);
        let acked = RangeSet::new();
        self.messages.push_back(Message { payload, sent: 0, begun: false, acknowledged: false, acked });
    }

    /// The cost of all messages that are not acknowledged yet.
    pub const fn queued_bytes(&self) -> u64 {
        self.queued_bytes
    }

    /// Is everything acknowledged?
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The receiver allows more.
    pub fn on_credit(&mut self, limit: u64) {
        self.credit.on_limit(limit);
    }

    /// Is there anything that may be sent now?
    pub fn has_ready(&self, session: &SendCredit) -> bool {
        !self.lost.is_empty() || self.new_is_ready(session)
    }

    /// Of what is next to be sent: the bytes and where they lie, at most `room` of them (at least 1).
    /// Nothing is marked yet: [`Outgoing::on_sent`] does that.
    pub fn next_span(&mut self, session: &SendCredit, room: usize) -> Option<Span> {
        while let Some(span) = self.lost.front() {
            if self.is_acknowledged(span) {
                self.lost.pop_front();
                continue;
            }
            return Some(Span { len: span.len.min(room as u64), ..*span });
        }
        if !self.new_is_ready(session) {
            return None;
        }
        let message = &self.messages[self.index(self.next_new)?];
        let len = (message.payload.len() - message.sent).min(room) as u64;
        Some(Span { sequence: self.next_new, offset: message.sent as u64, len })
    }

    /// The piece that lies there, if its message is still known.
    pub fn piece(&self, channel: u64, span: Span) -> Option<Piece<'_>> {
        let payload = &self.messages.get(self.index(span.sequence)?)?.payload;
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
        if !message.begun {
            message.begun = true;
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

    /// The piece arrived.
    pub fn on_acknowledged(&mut self, span: Span) {
        let Some(message) = self.index(span.sequence).and_then(|index| self.messages.get_mut(index)) else {
            return;
        };
        let total = message.payload.len() as u64;
        if span.len < total {
            message.acked.insert(span.offset, span.offset + span.len.max(1) - 1);
            message.acknowledged |= message.acked.covers(0, total - 1);
        } else {
            message.acknowledged = true;
        }
        while self.messages.front().is_some_and(|message| message.acknowledged) {
            if let Some(message) = self.messages.pop_front() {
                self.queued_bytes -= cost(message.payload.len() as u64);
                self.front += 1;
            }
        }
    }

    /// The packet that carried the piece is lost: it goes out again, oldest first.
    pub fn on_lost(&mut self, span: Span) {
        if self.is_acknowledged(&span) || self.lost.contains(&span) {
            return;
        }
        let key = |span: &Span| (span.sequence, span.offset);
        let at = self.lost.partition_point(|other| key(other) < key(&span));
        self.lost.insert(at, span);
    }

    fn new_is_ready(&self, session: &SendCredit) -> bool {
        let Some(message) = self.index(self.next_new).and_then(|index| self.messages.get(index)) else {
            return false;
        };
        let cost = cost(message.payload.len() as u64);
        message.begun || (self.credit.admits(cost) && session.admits(cost))
    }

    fn is_acknowledged(&self, span: &Span) -> bool {
        match self.index(span.sequence).and_then(|index| self.messages.get(index)) {
            Some(message) => {
                message.acknowledged
                    || (span.len > 0 && message.acked.covers(span.offset, span.offset + span.len - 1))
            }
            None => true,
        }
    }

    fn index(&self, sequence: u64) -> Option<usize> {
        usize::try_from(sequence.checked_sub(self.front)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(messages: &[&[u8]]) -> (Outgoing, SendCredit) {
        let mut outgoing = Outgoing::new(10_000);
        messages.iter().for_each(|message| outgoing.push((*message).into()));
        (outgoing, SendCredit::new(10_000))
    }

    fn take(outgoing: &mut Outgoing, session: &mut SendCredit, room: usize) -> Option<(Span, Vec<u8>)> {
        let span = outgoing.next_span(session, room)?;
        let bytes = outgoing.piece(8, span)?.bytes.to_vec();
        outgoing.on_sent(session, span);
        Some((span, bytes))
    }

    #[test]
    fn messages_leave_in_order_and_large_ones_in_pieces() {
        let (mut out, mut session) = outgoing(&[b"ab", b"cdefg"]);
        let sent: Vec<_> =
            std::iter::from_fn(|| take(&mut out, &mut session, 3)).map(|(_, bytes)| bytes).collect();
        assert_eq!(sent, [b"ab".to_vec(), b"cde".to_vec(), b"fg".to_vec()]);
    }

    #[test]
    fn what_is_lost_goes_first_and_only_while_it_is_not_acknowledged() {
        let (mut out, mut session) = outgoing(&[b"one", b"two", b"three"]);
        let (one, _) = take(&mut out, &mut session, 9).unwrap();
        let (two, _) = take(&mut out, &mut session, 9).unwrap();
        out.on_lost(two);
        out.on_lost(one);
        out.on_acknowledged(two);
        assert_eq!(take(&mut out, &mut session, 9).unwrap().1, b"one");
        assert_eq!(take(&mut out, &mut session, 9).unwrap().1, b"three");
        assert_eq!(take(&mut out, &mut session, 9), None);
    }

    #[test]
    fn a_lost_piece_may_go_again_in_smaller_pieces() {
        let (mut out, mut session) = outgoing(&[b"abcdef"]);
        let (span, _) = take(&mut out, &mut session, 9).unwrap();
        out.on_lost(span);
        let again: Vec<_> =
            std::iter::from_fn(|| take(&mut out, &mut session, 4)).map(|(_, bytes)| bytes).collect();
        assert_eq!(again, [b"abcd".to_vec(), b"ef".to_vec()]);
    }

    #[test]
    fn a_message_is_done_when_all_its_bytes_are_acknowledged_in_any_order() {
        let (mut out, mut session) = outgoing(&[b"abcdef"]);
        let spans: Vec<_> =
            std::iter::from_fn(|| take(&mut out, &mut session, 2)).map(|(span, _)| span).collect();
        for span in [spans[2], spans[0], spans[2]] {
            out.on_acknowledged(span);
            assert!(!out.is_empty());
        }
        out.on_acknowledged(spans[1]);
        assert!(out.is_empty());
        assert_eq!(out.queued_bytes(), 0);
    }

    #[test]
    fn without_credit_new_messages_wait_but_lost_ones_do_not() {
        let mut out = Outgoing::new(cost(3));
        let mut session = SendCredit::new(10_000);
        out.push(b"one"[..].into());
        out.push(b"two"[..].into());
        let (one, _) = take(&mut out, &mut session, 9).unwrap();
        assert_eq!(take(&mut out, &mut session, 9), None);
        out.on_lost(one);
        assert_eq!(take(&mut out, &mut session, 9).unwrap().1, b"one");
        out.on_credit(2 * cost(3));
        assert_eq!(take(&mut out, &mut session, 9).unwrap().1, b"two");
    }

    #[test]
    fn an_empty_message_is_a_message() {
        let (mut out, mut session) = outgoing(&[b"", b"x"]);
        let (span, _) = take(&mut out, &mut session, 9).unwrap();
        assert_eq!(span.len, 0);
        assert_eq!(take(&mut out, &mut session, 9).unwrap().1, b"x");
        out.on_acknowledged(span);
        assert_eq!(out.queued_bytes(), cost(1));
    }
}
