//! Many channels, one packet: who goes first, and who gets what arrives?
//!
//! - [`delivery`]: what a channel promises
//! - [`outgoing`]: the sending half of one channel
//! - [`incoming`]: the receiving half: reassembly and order
//! - [`table`]: a channel by its number
//! - [`spare`]: buffers that are filled again
//! - [`credit`]: how much may be under way
//! - [`one_stream`]: all channels in one, as over TCP
//!
//! [`Channels`] holds all of a session. Sending goes round the channels, one piece each, so that a large
//! message of one never clogs the small ones of another, and a lost packet of one never holds up another.

pub mod credit;
pub mod delivery;
pub mod incoming;
pub mod one_stream;
pub mod outgoing;
pub mod spare;
pub mod table;

use super::redundancy::SMALL_MAX;
use super::session::{ChannelId, Payload, SendError};
use crate::time::Instant;
use crate::wire::frame::{self, Piece};
use credit::{ReceiveCredit, SendCredit, cost};
use delivery::Delivery;
use incoming::{Incoming, MESSAGE_MAX, Place, Taken};
use one_stream::OneStream;
use outgoing::{Next, Outgoing, Span};
use spare::Spare;
use std::collections::VecDeque;
use table::ChannelTable;

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

/// What goes out, as it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of a variant names its fields")]
pub enum Item<'a> {
    /// A piece of a message.
    Piece(Piece<'a>),
    /// The word that a message will not come.
    Abandoned { channel: u64, sequence: u64, total: u64 },
}

/// What goes out, as it is remembered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of a variant names its fields")]
pub enum Polled {
    /// A piece of a message: is it the whole of it, and had its bytes been sent before?
    Piece { channel: u64, span: Span, is_whole: bool, again: bool },
    /// The word that a message will not come.
    Abandoned { channel: u64, sequence: u64 },
}

/// All channels of a session.
#[derive(Clone, Debug)]
pub struct Channels {
    limits: ChannelLimits,
    outgoing: ChannelTable<Outgoing>,
    incoming: ChannelTable<Incoming>,
    /// What the peer allows each channel at first.
    peer_channel_window: u64,
    send_credit: SendCredit,
    receive_credit: ReceiveCredit,
    /// Whose turn it is: the channels with something to send, in the order in which they take turns.
    turns: VecDeque<u64>,
    queued: u64,
    /// Messages forgotten, of which nobody has asked yet.
    expired: u64,
    /// Channels of which a message may be ready for the user.
    ready: VecDeque<u64>,
    /// Channels whose credit update is to be sent; `None` is the session.
    updates: VecDeque<Option<u64>>,
    spare: Spare,
    stream: OneStream,
}

impl Channels {
    /// No channel yet; until the peer's limits are known, this much may be sent.
    pub fn new(limits: ChannelLimits, peer: ChannelLimits) -> Self {
        Self {
            limits,
            outgoing: ChannelTable::new(),
            incoming: ChannelTable::new(),
            peer_channel_window: peer.channel_window,
            send_credit: SendCredit::new(peer.session_window),
            receive_credit: ReceiveCredit::new(limits.session_window),
            turns: VecDeque::new(),
            queued: 0,
            expired: 0,
            ready: VecDeque::new(),
            updates: VecDeque::new(),
            spare: Spare::default(),
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

    /// Queues a message. From the deadline on it is worth nothing; an ordered channel has none, and in one stream
    /// all arrive.
    pub fn send(
        &mut self,
        channel: ChannelId,
        payload: Payload,
        deadline: Option<Instant>,
    ) -> Result<(), SendError> {
        if deadline.is_some() && !Delivery::of(channel.0).may_abandon() {
            return Err(SendError::Ordered);
        }
        if payload.len() as u64 > MESSAGE_MAX {
            return Err(SendError::TooLong);
        }
        let (channel, payload) = self.stream.wrap(channel, payload);
        let deadline = deadline.filter(|_| Delivery::of(channel.0).may_abandon());
        let cost = cost(payload.len() as u64);
        if self.queued + cost > self.limits.queue {
            return Err(SendError::QueueFull);
        }
        let window = self.peer_channel_window;
        let new = || Outgoing::new(window, Delivery::of(channel.0));
        let outgoing = self.outgoing.get_or_insert_with(channel.0, new);
        let before = outgoing.queued_bytes();
        outgoing.push(payload, deadline);
        self.queued = self.queued + outgoing.queued_bytes() - before;
        if outgoing.line_up() {
            self.turns.push_back(channel.0);
        }
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
    #[inline]
    pub fn has_ready(&self) -> bool {
        // Mostly nobody stands in line.
        !self.turns.is_empty() && self.is_one_ready()
    }

    fn is_one_ready(&self) -> bool {
        let is_ready = |channel: &u64| {
            self.outgoing.get(*channel).is_some_and(|outgoing| outgoing.has_ready(&self.send_credit))
        };
        // Mostly it is the first one's turn.
        self.turns.front().is_some_and(is_ready) || self.turns.iter().skip(1).any(is_ready)
    }

    /// Were messages forgotten since [`take_expired`](Self::take_expired) was last asked?
    pub const fn has_expired(&self) -> bool {
        self.expired > 0
    }

    /// How many messages were forgotten since this was last asked, before anything of them was sent: they were
    /// worth nothing any more.
    pub const fn take_expired(&mut self) -> u64 {
        std::mem::replace(&mut self.expired, 0)
    }

    /// The next piece to send, of at most `room` bytes with its frame around it: it counts as sent, and
    /// the channel goes to the end of the line.
    pub fn poll_piece(
        &mut self,
        now: Instant,
        room: usize,
        which: Which,
        put: impl FnOnce(&Item<'_>),
    ) -> Option<Polled> {
        if self.turns.is_empty() {
            return None;
        }
        let mut put = Some(put);
        for _ in 0..self.turns.len() {
            let channel = self.turns.pop_front()?;
            let Some(outgoing) = self.outgoing.get_mut(channel) else { continue };
            outgoing.leave_line();
            let before = outgoing.queued_bytes();
            let credit = &mut self.send_credit;
            let next = outgoing.next(now, credit, usize::MAX);
            let polled = next.and_then(|next| match next {
                Next::Piece(span) => {
                    let piece = cut(outgoing.piece(now, channel, span)?, which, room)?;
                    let (span, is_whole) = (Span { len: piece.bytes.len() as u64, ..span }, piece.is_whole());
                    put.take()?(&Item::Piece(piece));
                    Some(Polled::Piece { channel, span, is_whole, again: outgoing.on_sent(credit, span) })
                }
                Next::Abandoned { sequence, total } => {
                    let put = put.take_if(|_| frame::abandoned_len(channel, sequence, total) <= room)?;
                    put(&Item::Abandoned { channel, sequence, total });
                    outgoing.on_abandonment_sent(sequence);
                    Some(Polled::Abandoned { channel, sequence })
                }
            });
            self.queued = self.queued + outgoing.queued_bytes() - before;
            self.expired += outgoing.take_expired();
            // What has no credit, or no room here, keeps its place in the line.
            if outgoing.is_waiting() && outgoing.line_up() {
                self.turns.push_back(channel);
            }
            if polled.is_some() {
                return polled;
            }
        }
        None
    }

    /// The piece that lies there, if its message is not acknowledged yet and still worth sending.
    pub fn piece(&self, now: Instant, channel: u64, span: Span) -> Option<Piece<'_>> {
        self.outgoing.get(channel)?.piece(now, channel, span)
    }

    /// The packet with this piece was acknowledged.
    pub fn on_acknowledged(&mut self, channel: u64, span: Span) {
        self.tell(channel, |outgoing| outgoing.on_acknowledged(span));
    }

    /// The packet with the word that this message is abandoned was acknowledged.
    pub fn on_abandonment_acknowledged(&mut self, channel: u64, sequence: u64) {
        self.tell(channel, |outgoing| outgoing.on_abandonment_acknowledged(sequence));
    }

    /// The packet with this piece was lost.
    pub fn on_lost(&mut self, channel: u64, span: Span) {
        self.tell(channel, |outgoing| outgoing.on_lost(span));
        self.take_turn(channel);
    }

    /// The packet with the word that this message is abandoned was lost.
    pub fn on_abandonment_lost(&mut self, channel: u64, sequence: u64) {
        self.tell(channel, |outgoing| outgoing.on_abandonment_lost(sequence));
        self.take_turn(channel);
    }

    /// The peer allows the session, or a channel of it, more.
    pub fn on_credit(&mut self, channel: Option<u64>, limit: u64) {
        match channel {
            None => self.send_credit.on_limit(limit),
            Some(channel) => {
                if let Some(outgoing) = self.outgoing.get_mut(channel) {
                    outgoing.on_credit(limit);
                }
            }
        }
    }

    /// The peer's limits became known: they never allow less than was allowed before.
    pub fn on_peer_limits(&mut self, peer: ChannelLimits) {
        self.peer_channel_window = peer.channel_window;
        self.send_credit.on_limit(peer.session_window);
        self.outgoing.values_mut().for_each(|outgoing| outgoing.on_window(peer.channel_window));
    }

    /// A piece arrived. An error names the rule that the peer broke.
    pub fn on_piece(&mut self, piece: &Piece<'_>) -> Result<Taken, &'static str> {
        let (incoming, credit, spare) = self.incoming(piece.channel)?;
        let taken = incoming.on_piece(credit, spare, piece)?;
        if taken != Taken::Duplicate {
            self.on_moved(piece.channel);
        }
        Ok(taken)
    }

    /// The peer abandoned a message of `total` bytes. An error names the rule that it broke.
    pub fn on_abandoned(&mut self, channel: u64, sequence: u64, total: u64) -> Result<(), &'static str> {
        let (incoming, credit, _) = self.incoming(channel)?;
        incoming.on_abandoned(credit, sequence, total)?;
        self.on_moved(channel);
        Ok(())
    }

    fn incoming(
        &mut self,
        channel: u64,
    ) -> Result<(&mut Incoming, &mut ReceiveCredit, &mut Spare), &'static str> {
        if self.incoming.len() >= CHANNELS_MAX && self.incoming.get(channel).is_none() {
            return Err("more channels than allowed");
        }
        let new = || Incoming::new(self.limits.channel_window, channel);
        let incoming = self.incoming.get_or_insert_with(channel, new);
        Ok((incoming, &mut self.receive_credit, &mut self.spare))
    }

    /// Something of this channel arrived, or will not come any more.
    fn on_moved(&mut self, channel: u64) {
        if self.ready.back() != Some(&channel) {
            self.ready.push_back(channel);
        }
        if Delivery::of(channel).may_abandon() {
            self.note_updates(channel);
        }
    }

    /// Where this piece stands in its channel's order.
    pub fn place(&self, piece: &Piece<'_>) -> Place {
        self.incoming
            .get(piece.channel)
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

    /// May a message be ready for the user?
    pub fn has_arrived(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The next message for the user.
    pub fn poll_message(&mut self) -> Option<(ChannelId, Vec<u8>)> {
        while let Some(&channel) = self.ready.front() {
            let mut incoming = self.incoming.get_mut(channel);
            let message = incoming.as_mut().and_then(|it| it.poll_message(&mut self.receive_credit));
            if !incoming.is_some_and(|it| it.has_message()) {
                self.ready.pop_front();
            }
            if let Some(message) = message {
                self.note_updates(channel);
                return Some((ChannelId(channel), message));
            }
        }
        None
    }

    /// A message's buffer that the user has done with.
    pub fn recycle(&mut self, buffer: Vec<u8>) {
        self.spare.put(buffer);
    }

    /// The next credit update to write: the channel (`None`: the session) and the limit.
    pub fn poll_update(&mut self) -> Option<(Option<u64>, u64)> {
        let update = self.updates.pop_front()?;
        let limit = match update {
            None => self.receive_credit.announce(),
            Some(channel) => self.incoming.get_mut(channel)?.announce(),
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

    /// How many ranges of messages are remembered that were settled out of order.
    pub fn settled(&self) -> usize {
        self.incoming.values().map(Incoming::settled_ranges).sum()
    }

    /// Tells a channel something, and counts what is free in the queue after it.
    fn tell<T>(&mut self, channel: u64, what: impl FnOnce(&mut Outgoing) -> T) -> Option<T> {
        let outgoing = self.outgoing.get_mut(channel)?;
        let before = outgoing.queued_bytes();
        let answer = what(outgoing);
        self.queued = self.queued + outgoing.queued_bytes() - before;
        self.expired += outgoing.take_expired();
        Some(answer)
    }

    fn take_turn(&mut self, channel: u64) {
        if self.outgoing.get_mut(channel).is_some_and(Outgoing::line_up) {
            self.turns.push_back(channel);
        }
    }

    fn note_updates(&mut self, channel: u64) {
        if self.incoming.get(channel).is_some_and(|incoming| incoming.credit().is_update_due()) {
            self.on_update_lost(Some(channel));
        }
        if self.receive_credit.is_update_due() {
            self.on_update_lost(None);
        }
    }
}

/// What of this piece fits into `room` with its frame. A small message is never cut: it fits whole into the next
/// packet.
fn cut(piece: Piece<'_>, which: Which, room: usize) -> Option<Piece<'_>> {
    const WORTH_CUTTING: usize = 64;
    let Piece { channel, sequence, total, offset, bytes } = piece;
    let is_small = total <= SMALL_MAX;
    if which == Which::Small && !is_small {
        return None;
    }
    let overhead = frame::piece_overhead(channel, sequence, total, offset, bytes.len().min(room) as u64);
    let room = room.checked_sub(overhead)?;
    if bytes.len() <= room {
        return Some(piece);
    }
    (!is_small && room >= WORTH_CUTTING).then(|| Piece { bytes: &bytes[..room], ..piece })
}

#[cfg(test)]
mod tests;
