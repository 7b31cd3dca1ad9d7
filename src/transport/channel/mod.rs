//! Many channels, one packet: who goes first, and who gets what arrives?
//!
//! - [`outgoing`]: the sending half of one channel
//! - [`incoming`]: the receiving half: reassembly and order
//! - [`credit`]: how much may be under way
//! - [`one_stream`]: all channels in one, as over TCP
//!
//! [`Channels`] holds all of a session. Sending goes round the channels, one piece each, so that a large
//! message of one never clogs the small ones of another, and a lost packet of one never holds up another.

pub mod credit;
pub mod incoming;
pub mod one_stream;
pub mod outgoing;

use super::redundancy::SMALL_MAX;
use super::session::{ChannelId, Payload, SendError};
use crate::wire::frame::Piece;
use credit::{ReceiveCredit, SendCredit, cost};
use incoming::{Incoming, MESSAGE_MAX, Place, Taken};
use one_stream::OneStream;
use outgoing::{Outgoing, Span};
use std::collections::{BTreeMap, VecDeque};

/// How many channels a peer may open.
pub const CHANNELS_MAX: usize = 128;

/// Bounds on what is queued and buffered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChannelLimits {
    /// Cost of messages that may arrive unconsumed, for the whole session.
    pub session_window: u64,
    /// The same for each channel.
    pub channel_window: u64,
    /// Cost of messages that may wait to be acknowledged by the peer.
    pub queue: u64,
}

impl Default for ChannelLimits {
    fn default() -> Self {
        // Ours: a channel alone may use three quarters of the session, so that one which waits for a lost
        // piece leaves the others room. 768 KiB hold what arrives behind a piece that was lost three times,
        // at 20 Mbit/s over 50 ms.
        Self { session_window: 1 << 20, channel_window: 3 << 18, queue: 1 << 20 }
    }
}

/// Which messages may be sent now?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// Those that are no longer than [`SMALL_MAX`].
    Small,
    /// All.
    Any,
}

/// A piece that goes out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Polled {
    /// Its channel.
    pub channel: u64,
    /// Where it lies.
    pub span: Span,
    /// Is it the whole message?
    pub is_whole: bool,
    /// Had the bytes been sent before?
    pub again: bool,
}

/// All channels of a session.
#[derive(Clone, Debug)]
pub struct Channels {
    limits: ChannelLimits,
    outgoing: BTreeMap<u64, Outgoing>,
    incoming: BTreeMap<u64, Incoming>,
    /// What the peer allows each channel at first.
    peer_channel_window: u64,
    send_credit: SendCredit,
    receive_credit: ReceiveCredit,
    /// Whose turn it is: the channels with something to send, in the order in which they take turns.
    turns: VecDeque<u64>,
    queued: u64,
    /// Channels of which a message may be ready for the user.
    ready: VecDeque<u64>,
    /// Channels whose credit update is to be sent; `None` is the session.
    updates: VecDeque<Option<u64>>,
    stream: OneStream,
}

impl Channels {
    /// No channel yet; until the peer's limits are known, this much may be sent.
    pub fn new(limits: ChannelLimits, peer: ChannelLimits) -> Self {
        Self {
            limits,
            outgoing: BTreeMap::new(),
            incoming: BTreeMap::new(),
            peer_channel_window: peer.channel_window,
            send_credit: SendCredit::new(peer.session_window),
            receive_credit: ReceiveCredit::new(limits.session_window),
            turns: VecDeque::new(),
            queued: 0,
            ready: VecDeque::new(),
            updates: VecDeque::new(),
            stream: OneStream::default(),
        }
    }

    /// The same; all messages that are sent share one stream if `is_one`.
    #[must_use]
    pub fn as_one_stream(mut self, is_one: bool) -> Self {
        if is_one {
            self.stream.begin();
        }
        self
    }

    /// Queues a message.
    pub fn send(&mut self, channel: ChannelId, payload: Payload) -> Result<(), SendError> {
        if payload.len() as u64 > MESSAGE_MAX {
            return Err(SendError::TooLong);
        }
        let (channel, payload) = self.stream.wrap(channel, payload);
        let cost = cost(payload.len() as u64);
        if self.queued + cost > self.limits.queue {
            return Err(SendError::QueueFull);
        }
        self.queued += cost;
        let window = self.peer_channel_window;
        self.outgoing.entry(channel.0).or_insert_with(|| Outgoing::new(window)).push(payload);
        self.take_turn(channel.0);
        Ok(())
    }

    /// The cost of all messages that wait to be acknowledged.
    pub const fn queued(&self) -> u64 {
        self.queued
    }

    /// Is everything that was sent acknowledged?
    pub const fn is_idle(&self) -> bool {
        self.queued == 0
    }

    /// Is there anything to send now?
    pub fn has_ready(&self) -> bool {
        self.turns.iter().any(|channel| {
            self.outgoing.get(channel).is_some_and(|outgoing| outgoing.has_ready(&self.send_credit))
        })
    }

    /// The next piece to send, of at most `room` bytes with its frame around it: it counts as sent, and
    /// the channel goes to the end of the line.
    pub fn poll_piece(&mut self, room: usize, which: Which, put: impl FnOnce(&Piece<'_>)) -> Option<Polled> {
        for _ in 0..self.turns.len() {
            let channel = self.turns.pop_front()?;
            let Some(outgoing) = self.outgoing.get_mut(&channel) else { continue };
            let Some(span) = next_span_within(outgoing, &self.send_credit, channel, which, room) else {
                // Out of credit, or no room for it here: it keeps its place in the line.
                if outgoing.has_ready(&self.send_credit) || !outgoing.is_empty() {
                    self.turns.push_back(channel);
                }
                continue;
            };
            let is_whole = outgoing.piece(channel, span).is_some_and(|piece| {
                put(&piece);
                piece.total == span.len
            });
            let again = outgoing.on_sent(&mut self.send_credit, span);
            self.turns.push_back(channel);
            return Some(Polled { channel, span, is_whole, again });
        }
        None
    }

    /// The piece that lies there, if its message is not acknowledged yet.
    pub fn piece(&self, channel: u64, span: Span) -> Option<Piece<'_>> {
        self.outgoing.get(&channel)?.piece(channel, span)
    }

    /// The packet with this piece was acknowledged.
    pub fn on_acknowledged(&mut self, channel: u64, span: Span) {
        if let Some(outgoing) = self.outgoing.get_mut(&channel) {
            let before = outgoing.queued_bytes();
            outgoing.on_acknowledged(span);
            self.queued -= before - outgoing.queued_bytes();
        }
    }

    /// The packet with this piece was lost.
    pub fn on_lost(&mut self, channel: u64, span: Span) {
        if let Some(outgoing) = self.outgoing.get_mut(&channel) {
            outgoing.on_lost(span);
            self.take_turn(channel);
        }
    }

    /// The peer allows the session, or a channel of it, more.
    pub fn on_credit(&mut self, channel: Option<u64>, limit: u64) {
        match channel {
            None => self.send_credit.on_limit(limit),
            Some(channel) => {
                if let Some(outgoing) = self.outgoing.get_mut(&channel) {
                    outgoing.on_credit(limit);
                }
            }
        }
    }

    /// The peer's limits became known: they never allow less than was allowed before.
    pub fn on_peer_limits(&mut self, peer: ChannelLimits) {
        self.peer_channel_window = peer.channel_window;
        self.send_credit.on_limit(peer.session_window);
        self.outgoing.values_mut().for_each(|outgoing| outgoing.on_credit(peer.channel_window));
    }

    /// A piece arrived. An error names the rule that the peer broke.
    pub fn on_piece(&mut self, piece: &Piece<'_>) -> Result<Taken, &'static str> {
        if !self.incoming.contains_key(&piece.channel) && self.incoming.len() >= CHANNELS_MAX {
            return Err("more channels than allowed");
        }
        let window = self.limits.channel_window;
        let incoming = self.incoming.entry(piece.channel).or_insert_with(|| Incoming::new(window));
        let taken = incoming.on_piece(&mut self.receive_credit, piece)?;
        if taken == Taken::New && self.ready.back() != Some(&piece.channel) {
            self.ready.push_back(piece.channel);
        }
        Ok(taken)
    }

    /// Where this piece stands in its channel's order.
    pub fn place(&self, piece: &Piece<'_>) -> Place {
        self.incoming
            .get(&piece.channel)
            .map_or_else(|| Place::in_empty(piece), |incoming| incoming.place(piece))
    }

    /// For which channel a message is that came on this one. An error names the rule that the peer broke.
    pub fn unwrap(
        &mut self,
        channel: ChannelId,
        bytes: Vec<u8>,
    ) -> Result<(ChannelId, Vec<u8>), &'static str> {
        self.stream.unwrap(channel, bytes)
    }

    /// The next message for the user.
    pub fn poll_message(&mut self) -> Option<(ChannelId, Vec<u8>)> {
        while let Some(&channel) = self.ready.front() {
            if let Some(message) = self
                .incoming
                .get_mut(&channel)
                .and_then(|incoming| incoming.poll_message(&mut self.receive_credit))
            {
                self.note_updates(channel);
                return Some((ChannelId(channel), message));
            }
            self.ready.pop_front();
        }
        None
    }

    /// The next credit update to write: the channel (`None`: the session) and the limit.
    pub fn poll_update(&mut self) -> Option<(Option<u64>, u64)> {
        let update = self.updates.pop_front()?;
        let limit = match update {
            None => self.receive_credit.announce(),
            Some(channel) => self.incoming.get_mut(&channel)?.announce(),
        };
        Some((update, limit))
    }

    /// Is there a credit update to write?
    pub fn has_update(&self) -> bool {
        !self.updates.is_empty()
    }

    /// The packet with this credit update was lost: a newer one takes its place.
    pub fn on_update_lost(&mut self, channel: Option<u64>) {
        if !self.updates.contains(&channel) {
            self.updates.push_back(channel);
        }
    }

    /// The cost of what arrived and was not handed to the user yet.
    pub const fn buffered(&self) -> u64 {
        self.receive_credit.buffered()
    }

    fn take_turn(&mut self, channel: u64) {
        if !self.turns.contains(&channel) {
            self.turns.push_back(channel);
        }
    }

    fn note_updates(&mut self, channel: u64) {
        if self.incoming.get(&channel).is_some_and(|incoming| incoming.credit().is_update_due()) {
            self.on_update_lost(Some(channel));
        }
        if self.receive_credit.is_update_due() {
            self.on_update_lost(None);
        }
    }
}

/// The next span whose frame fits into `room`. A small message is never cut: it fits whole into the next
/// packet.
fn next_span_within(
    outgoing: &mut Outgoing,
    session: &SendCredit,
    channel: u64,
    which: Which,
    room: usize,
) -> Option<Span> {
    const WORTH_CUTTING: usize = 64;
    let span = outgoing.next_span(session, usize::MAX)?;
    let total = outgoing.piece(channel, span)?.total;
    let is_small = total <= SMALL_MAX;
    if which == Which::Small && !is_small {
        return None;
    }
    let Span { sequence, offset, len } = span;
    let overhead = crate::wire::frame::piece_overhead(channel, sequence, total, offset, len.min(room as u64));
    let room = room.checked_sub(overhead)?;
    if span.len <= room as u64 {
        return Some(span);
    }
    (!is_small && room >= WORTH_CUTTING).then_some(Span { len: room as u64, ..span })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Channels, Channels) {
        let limits = ChannelLimits::default();
        (Channels::new(limits, limits), Channels::new(limits, limits))
    }

    /// Carries one packet of `room` bytes; returns what it carried.
    fn carry(from: &mut Channels, to: &mut Channels, room: usize) -> Vec<(u64, Span)> {
        let mut left = room;
        let mut carried = Vec::new();
        while let Some(Polled { channel, span, .. }) = from.poll_piece(left, Which::Any, |piece| {
            to.on_piece(piece).unwrap();
            let mut frame = Vec::new();
            crate::wire::frame::put_piece(&mut crate::wire::Writer::new(&mut frame), piece);
            left -= frame.len();
        }) {
            carried.push((channel, span));
        }
        carried
    }

    #[test]
    fn channels_take_turns_so_a_large_message_clogs_no_small_one() {
        let (mut from, mut to) = pair();
        from.send(ChannelId(8), vec![1; 60_000].into()).unwrap();
        from.send(ChannelId(12), vec![2; 20].into()).unwrap();
        carry(&mut from, &mut to, 1_150);
        carry(&mut from, &mut to, 1_150);
        assert_eq!(to.poll_message(), Some((ChannelId(12), vec![2; 20])));
    }

    #[test]
    fn a_piece_cut_for_a_larger_packet_is_cut_anew_for_a_smaller_one() {
        let (mut from, mut to) = pair();
        let mut nowhere = pair().1;
        from.send(ChannelId(8), vec![7; 4_000].into()).unwrap();
        let lost: Vec<_> = (0..3).flat_map(|_| carry(&mut from, &mut nowhere, 1_430)).collect();
        assert!(lost.iter().all(|(_, span)| span.len > 1_100) && lost.len() == 3, "{lost:?}");
        lost.into_iter().for_each(|(channel, span)| from.on_lost(channel, span));
        while !carry(&mut from, &mut to, 1_150).is_empty() {}
        assert_eq!(to.poll_message(), Some((ChannelId(8), vec![7; 4_000])));
    }

    #[test]
    fn a_loss_in_one_channel_never_holds_up_another() {
        let (mut from, mut to) = pair();
        let mut nowhere = pair().1;
        from.send(ChannelId(8), b"lost"[..].into()).unwrap();
        let lost = carry(&mut from, &mut nowhere, 1_150);
        from.send(ChannelId(8), b"late"[..].into()).unwrap();
        from.send(ChannelId(12), b"free"[..].into()).unwrap();
        carry(&mut from, &mut to, 1_150);
        assert_eq!(to.poll_message(), Some((ChannelId(12), b"free".to_vec())));
        assert_eq!(to.poll_message(), None);
        lost.into_iter().for_each(|(channel, span)| from.on_lost(channel, span));
        carry(&mut from, &mut to, 1_150);
        assert_eq!(to.poll_message(), Some((ChannelId(8), b"lost".to_vec())));
        assert_eq!(to.poll_message(), Some((ChannelId(8), b"late".to_vec())));
    }

    #[test]
    fn a_peer_may_open_128_channels_and_one_more_breaks_the_protocol() {
        let (_, mut to) = pair();
        let piece = |channel| Piece { channel, sequence: 0, total: 1, offset: 0, bytes: b"x" };
        for channel in 0..128 {
            assert_eq!(to.on_piece(&piece(channel * 4)), Ok(Taken::New));
        }
        assert_eq!(to.on_piece(&piece(128 * 4)), Err("more channels than allowed"));
        assert_eq!(to.on_piece(&piece(0)), Ok(Taken::Duplicate), "those that are open go on");
        assert_eq!(to.incoming.len(), 128);
    }

    #[test]
    fn a_sender_feels_the_bound_of_its_queue_and_is_free_again_when_acknowledged() {
        let (mut from, mut to) = pair();
        let mut count = 0;
        while from.send(ChannelId(8), vec![0; 10_000].into()).is_ok() {
            count += 1;
        }
        assert!(from.queued() <= ChannelLimits::default().queue && count > 100);
        assert_eq!(from.send(ChannelId(8), vec![0; 70_000].into()), Err(SendError::TooLong));
        for (channel, span) in carry(&mut from, &mut to, 12_000) {
            from.on_acknowledged(channel, span);
        }
        assert_eq!(from.send(ChannelId(8), vec![0; 10_000].into()), Ok(()));
    }

    #[test]
    fn a_receiver_that_does_not_read_stops_the_sender_within_its_window() {
        let (mut from, mut to) = pair();
        for _ in 0..90 {
            from.send(ChannelId(8), vec![0; 10_000].into()).unwrap();
        }
        while !carry(&mut from, &mut to, 1_150).is_empty() {}
        assert!(to.buffered() <= ChannelLimits::default().channel_window);
        assert!(!from.has_ready());
        while to.poll_message().is_some() {}
        while let Some((channel, limit)) = to.poll_update() {
            from.on_credit(channel, limit);
        }
        assert!(from.has_ready());
    }
}
