//! What leaves: one datagram, as full as what is to be said makes it.

use super::{Connection, Phase, Seal};
use crate::time::Instant;
use crate::trace::{PieceCause, SendCause, TraceEvent};
use crate::transport::channel::outgoing::Span;
use crate::transport::channel::{Item, Polled, Which};
use crate::transport::journal::Journal;
use crate::transport::path::Path;
use crate::transport::reliability::sent::Part;
use crate::transport::session::{CloseReason, Liveness};
use crate::wire::Writer;
use crate::wire::datagram::{
    DATA_HEADER, HandshakePart, NOISE_MAX, RESET_MIN, put_data_header, read_handshake,
};
use crate::wire::frame;

/// About how many bytes of pieces fit into one packet.
pub(super) const PIECES_MAX: u64 = 1_100;

/// How many bytes a first Noise message and its parameters take besides greeting and early frames, at most.
const HELLO_FIXED: usize = 160;

/// What a CLOSE may take with a handshake part before it: an unproven address is not sent more than it sent.
const CLOSE_ROOM: u64 = 1_000;

/// What path challenge and response, PACE and PING take together, at most.
const CONTROL_ROOM: usize = 9 + 9 + 9 + 1;

/// A frame of credit, at most.
const CREDIT_MAX: usize = 17;

/// So many frames of credit in one packet: there is always a next one.
const CREDITS_EACH: usize = 8;

/// Less room than this is not worth a packet; a challenge has so much after a PING alone, in the clear too.
const ROOM_MIN: usize = 48;

/// The piece that a part stands for, if it is one.
pub(super) fn span_of(part: Part) -> Option<(u64, Span)> {
    match part {
        Part::Piece { channel, sequence, offset, len } => Some((channel, Span { sequence, offset, len })),
        _ => None,
    }
}

const fn part_of(polled: Polled) -> Part {
    match polled {
        Polled::Piece { channel, span: Span { sequence, offset, len }, .. } => {
            Part::Piece { channel, sequence, offset, len }
        }
        Polled::Abandoned { channel, sequence } => Part::Abandoned { channel, sequence },
    }
}

fn put_item(out: &mut Writer<'_>, item: &Item<'_>) {
    match item {
        Item::Piece(piece) => frame::put_piece(out, piece),
        Item::Abandoned { channel, sequence, total } => {
            frame::put_abandoned(out, *channel, *sequence, *total);
        }
    }
}

fn piece_sent(channel: u64, span: Span, cause: PieceCause) -> TraceEvent {
    let Span { sequence, offset, len } = span;
    TraceEvent::PieceSent { channel, sequence, offset, len, cause }
}

fn trace_part(journal: &mut Journal, now: Instant, part: Part) {
    match part {
        Part::Ack { largest } => journal.tell(now, TraceEvent::AckSent { largest }),
        // A piece is told where it is written, with its reason.
        Part::Piece { .. }
        | Part::Abandoned { .. }
        | Part::SessionCredit
        | Part::ChannelCredit { .. }
        | Part::Pace
        | Part::PathChallenge
        | Part::SizeProbe => {}
    }
}

impl Connection {
    /// Writes the next datagram into `buffer`, which is emptied first, and says where it goes; `None` when
    /// nothing is to be sent now.
    pub fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Path> {
        buffer.clear();
        // Asked first, because the answer is mostly no.
        let has_frames = self.has_anything_to_say();
        if self.is_open() && !has_frames && !self.channels.has_expired() && !self.recovery.wants_size_probe()
        {
            self.on_silence();
            return None;
        }
        self.write_datagram(now, buffer, has_frames)
    }

    /// There is nothing to say: nothing is held back, and no copy is owed.
    fn on_silence(&mut self) {
        self.recovery.on_nothing_waits();
        self.copies.forget_owed();
    }

    // Ours: on its own, because it is asked for in vain more often than not.
    #[inline(never)]
    fn write_datagram(&mut self, now: Instant, buffer: &mut Vec<u8>, has_frames: bool) -> Option<Path> {
        let written = match self.phase {
            Phase::Handshaking(_) => self.write_hello(now, buffer),
            Phase::Open => self.write_packet(now, buffer, has_frames),
            Phase::Closing(_) => self.write_close(now, buffer),
            Phase::Over => false,
        };
        if !written {
            buffer.clear();
            return None;
        }
        self.path.on_sent(buffer.len());
        Some(self.path.path())
    }

    fn write_hello(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        let Phase::Handshaking(handshake) = &mut self.phase else { return false };
        let mut frames = Vec::new();
        // A first flight inside of the handshake is no packet of the teaching modes.
        if handshake.wants_early() && !self.config.arq.is_teaching() {
            let room = (NOISE_MAX - HELLO_FIXED).saturating_sub(handshake.greeting_len());
            let (early, channels) = (&mut self.early, &mut self.channels);
            while let Some(polled) =
                channels.poll_piece(now, room.saturating_sub(frames.len()), Which::Any, |item| {
                    put_item(&mut Writer::new(&mut frames), item);
                })
            {
                early.push(part_of(polled));
            }
        }
        match handshake.poll_transmit(now, &frames, buffer) {
            Ok(false) => false,
            Ok(true) => {
                let (bytes, attempt) = (buffer.len(), handshake.attempts());
                let cause = if attempt > 1 { PieceCause::Retransmission } else { PieceCause::First };
                for (channel, span) in self.early.iter().filter_map(|part| span_of(*part)) {
                    self.journal.tell(now, piece_sent(channel, span, cause));
                }
                self.trace(now, TraceEvent::HandshakeSent { kind: "HELLO", bytes, attempt });
                true
            }
            Err(_) => {
                self.end(now, CloseReason::Protocol("a greeting too long for a handshake"));
                false
            }
        }
    }

    fn write_packet(&mut self, now: Instant, buffer: &mut Vec<u8>, has_frames: bool) -> bool {
        let expired = self.channels.take_expired();
        if expired > 0 {
            self.trace(now, TraceEvent::MessagesExpired { count: expired });
        }
        if self.write_size_probe(now, buffer) {
            return true;
        }
        if !has_frames {
            self.on_silence();
            return false;
        }
        self.rekey_if_due(now);
        let Some(seal) = &self.seal else { return false };
        let allowance = usize::try_from(self.path.allowance()).unwrap_or(usize::MAX);
        let room = self
            .recovery
            .next_datagram_size()
            .min(allowance)
            .saturating_sub(self.names.prefix.len() + seal.sealer.overhead());
        if room < ROOM_MIN {
            return false;
        }
        let number = self.recovery.sent().next_number();
        put_data_header(buffer, self.names.remote, seal.sealer.phase(), number);
        let Some(cause) = self.write_frames(now, buffer, room) else {
            self.recovery.sent().forget_noted();
            self.copies.forget_owed();
            return false;
        };
        self.seal_packet(now, buffer, number, cause);
        true
    }

    /// Is there a frame to write?
    fn has_anything_to_say(&self) -> bool {
        self.received.is_due()
            || self.owed.is_any()
            || self.path.is_challenge_due()
            || self.channels.has_update()
            || self.channels.has_ready()
            || self.copies.is_owed()
    }

    /// RFC 8899 §4.1: a datagram that asks whether one so large passes, and carries nothing that would be
    /// missed.
    fn write_size_probe(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        if !self.recovery.wants_size_probe() || !self.path.is_proven() || !self.names.prefix.is_empty() {
            return false;
        }
        let Some(size) = self.recovery.next_size_probe(now) else { return false };
        self.rekey_if_due(now);
        let Some(seal) = &self.seal else { return false };
        let end = size - seal.sealer.overhead();
        let number = self.recovery.sent().next_number();
        put_data_header(buffer, self.names.remote, seal.sealer.phase(), number);
        let mut out = Writer::new(buffer);
        frame::put_ping(&mut out);
        frame::put_padding(&mut out, end - DATA_HEADER - 1);
        self.recovery.sent().note(Part::SizeProbe);
        self.seal_packet(now, buffer, number, SendCause::SizeProbe);
        true
    }

    fn seal_packet(&mut self, now: Instant, buffer: &mut Vec<u8>, number: u64, cause: SendCause) {
        let Some(seal) = &mut self.seal else { return };
        seal.sealer.seal_packet(number, buffer);
        if !self.names.prefix.is_empty() {
            self.put_prefix(now, buffer);
        }
        if self.journal.is_heard() {
            // Nobody counts it.
            self.recovery.sent().noted().for_each(|part| trace_part(&mut self.journal, now, *part));
        }
        let eliciting = cause != SendCause::Acknowledgement;
        let may_be_marked = eliciting && self.may_be_marked(cause);
        self.recovery.on_sent(now, buffer.len(), eliciting);
        if may_be_marked {
            self.recovery.on_sent_ect();
        }
        self.copies.on_datagram(buffer.len());
        if eliciting {
            self.silence.on_asked(now);
        }
        let bytes = buffer.len();
        self.trace(now, TraceEvent::PacketSent { number, bytes, cause });
    }

    /// RFC 9000 §13.4.2, and ours: a path that drops what could be marked must hinder neither a join nor a probe,
    /// and tells nothing of how large a datagram may be.
    fn may_be_marked(&self, cause: SendCause) -> bool {
        let is_question = matches!(cause, SendCause::Probe | SendCause::SizeProbe);
        !is_question && self.names.prefix.is_empty() && self.recovery.may_be_marked()
    }

    /// Puts our part of the handshake before the packet, as long as the peer may not have heard it.
    fn put_prefix(&mut self, now: Instant, buffer: &mut Vec<u8>) {
        let prefix = &self.names.prefix;
        if let Ok(HandshakePart { content: Some(content), len, .. }) = read_handshake(prefix) {
            let kind = content.kind();
            self.journal.tell(now, TraceEvent::HandshakeSent { kind, bytes: len, attempt: 0 });
        }
        buffer.splice(0..0, prefix.iter().copied());
    }

    /// Writes frames up to `room` bytes in all, and notes what must arrive. `None` if there is nothing that
    /// needs to leave now.
    fn write_frames(&mut self, now: Instant, buffer: &mut Vec<u8>, room: usize) -> Option<SendCause> {
        let acknowledged = self.write_ack(now, buffer, room);
        let probe = self.recovery.is_probe_owed();
        let mut cause = None;
        // A textbook's window counts all that asks for an acknowledgement.
        let may_ask = !self.config.arq.is_textbook() || self.recovery.has_window();
        if may_ask && self.write_control(buffer, room) {
            cause = Some(SendCause::Control);
        }
        cause = self.write_messages(now, buffer, room, cause).or(cause);
        if cause.is_none() && self.owed.ping && may_ask {
            frame::put_ping(&mut Writer::new(buffer));
            self.pad_question(buffer);
            cause = Some(SendCause::Heartbeat);
        }
        if cause.is_some() {
            // Whatever asks for an acknowledgement does for a ping.
            self.owed.ping = false;
        }
        if probe && cause.is_some() {
            cause = Some(SendCause::Probe);
        }
        if cause.is_none() && !(acknowledged && self.received.is_due()) {
            return None;
        }
        if acknowledged {
            self.received.on_acknowledged();
        }
        Some(cause.unwrap_or(SendCause::Acknowledgement))
    }

    /// A peer that has been silent may have started anew, and answers only what is as long as its answer.
    fn pad_question(&self, buffer: &mut Vec<u8>) {
        let overhead = self.seal.as_ref().map_or(0, |seal| seal.sealer.overhead());
        if self.silence.state() != Liveness::Alive {
            let missing = RESET_MIN.saturating_sub(buffer.len() + overhead);
            frame::put_padding(&mut Writer::new(buffer), missing);
        }
    }

    fn write_ack(&mut self, now: Instant, buffer: &mut Vec<u8>, room: usize) -> bool {
        let Some((ranges, held_us)) = self.received.acknowledge(now) else { return false };
        let Some(largest) = ranges.largest() else { return false };
        let room = room.saturating_sub(buffer.len() + CONTROL_ROOM);
        let marked = self.received.marked();
        let is_written = frame::put_ack(&mut Writer::new(buffer), ranges, held_us, marked, room);
        if is_written {
            self.recovery.sent().note(Part::Ack { largest });
        }
        is_written
    }

    fn write_control(&mut self, buffer: &mut Vec<u8>, room: usize) -> bool {
        let before = buffer.len();
        let mut credits = (room.saturating_sub(before + CONTROL_ROOM) / CREDIT_MAX).min(CREDITS_EACH);
        let mut out = Writer::new(buffer);
        let sent = self.recovery.sent();
        if let Some(data) = self.path.take_challenge() {
            frame::put_path_challenge(&mut out, data);
            sent.note(Part::PathChallenge);
        }
        if let Some(data) = self.owed.response.take() {
            frame::put_path_response(&mut out, data);
        }
        if std::mem::take(&mut self.owed.pace) {
            let heartbeat = self.silence.heartbeat().as_millis();
            frame::put_pace(&mut out, u64::try_from(heartbeat).unwrap_or(u64::MAX));
            sent.note(Part::Pace);
        }
        while let Some((channel, limit)) = (credits > 0).then(|| self.channels.poll_update()).flatten() {
            credits -= 1;
            match channel {
                None => {
                    frame::put_session_credit(&mut out, limit);
                    sent.note(Part::SessionCredit);
                }
                Some(channel) => {
                    frame::put_channel_credit(&mut out, channel, limit);
                    sent.note(Part::ChannelCredit { channel });
                }
            }
        }
        buffer.len() > before
    }

    /// Text first, then copies of what is under way, then everything else as the window allows. Answers why
    /// the packet leaves, if any of it makes it leave.
    fn write_messages(
        &mut self,
        now: Instant,
        buffer: &mut Vec<u8>,
        room: usize,
        cause: Option<SendCause>,
    ) -> Option<SendCause> {
        let covers =
            !self.config.arq.is_teaching() && self.copies.may_send(now, self.recovery.datagram_size());
        let text = if covers { self.write_pieces(now, buffer, room, Which::Small) } else { None };
        let leaves = cause.is_some() || text.is_some() || self.owed.ping || self.copies.is_owed();
        let copied = covers && leaves && self.write_copies(now, buffer, room);
        let rest = self.write_rest(now, buffer, room);
        let again = match (text, rest) {
            // What leaves anyway leaves for its own reason.
            (None, None) if copied && cause.is_none() && !self.owed.ping => {
                return Some(SendCause::ExtraCopy);
            }
            (None, None) => return None,
            (text, rest) => text.unwrap_or(false) || rest.unwrap_or(false),
        };
        Some(if again { SendCause::Retransmission } else { SendCause::First })
    }

    /// Everything that waits, as window and pacer allow.
    fn write_rest(&mut self, now: Instant, buffer: &mut Vec<u8>, room: usize) -> Option<bool> {
        if !self.channels.has_ready() {
            self.recovery.on_nothing_waits();
            return None;
        }
        if self.recovery.may_send(now) { self.write_pieces(now, buffer, room, Which::Any) } else { None }
    }

    /// Writes pieces while there is room; says whether any had been sent before, `None` if none was ready.
    fn write_pieces(
        &mut self,
        now: Instant,
        buffer: &mut Vec<u8>,
        room: usize,
        which: Which,
    ) -> Option<bool> {
        let mut outcome = None;
        while let Some(polled) =
            self.channels.poll_piece(now, room.saturating_sub(buffer.len()), which, |item| {
                put_item(&mut Writer::new(buffer), item);
            })
        {
            self.recovery.sent().note(part_of(polled));
            let is_again = match polled {
                Polled::Piece { channel, span, is_whole, again } => {
                    self.note_piece(now, channel, span, is_whole);
                    let cause = if again { PieceCause::Retransmission } else { PieceCause::First };
                    self.trace_piece(now, channel, span, cause);
                    again
                }
                Polled::Abandoned { channel, sequence } => {
                    self.copies.on_abandoned(channel, sequence);
                    self.trace(now, TraceEvent::MessageAbandoned { channel, sequence });
                    false
                }
            };
            outcome = Some(outcome.unwrap_or(false) || is_again);
            if self.config.arq.is_textbook() {
                break;
            }
        }
        outcome
    }

    /// Writes copies of small messages under way while there is room; says whether there was any.
    fn write_copies(&mut self, now: Instant, buffer: &mut Vec<u8>, room: usize) -> bool {
        let overdue = self.recovery.overdue_after();
        let mut any = false;
        while let Some((channel, span)) = self.copies.next_rider(now, overdue) {
            let Some(piece) = self.channels.piece(now, channel, span) else {
                self.copies.on_settled(channel, span.sequence);
                continue;
            };
            let Span { sequence, offset, len } = span;
            let overhead = frame::piece_overhead(channel, sequence, piece.total, offset, len);
            let len = overhead + piece.bytes.len();
            if len > room.saturating_sub(buffer.len()) {
                self.copies.on_no_room(now, overdue);
                break;
            }
            frame::put_piece(&mut Writer::new(buffer), &piece);
            self.recovery.sent().note(Part::Piece { channel, sequence, offset, len: span.len });
            self.note_piece(now, channel, span, true);
            self.trace_piece(now, channel, span, PieceCause::Copy);
            any = true;
        }
        any
    }

    /// The copies are told of a piece that leaves.
    fn note_piece(&mut self, now: Instant, channel: u64, span: Span, is_whole: bool) {
        if let Some(span) = self.copies.on_piece_sent(now, channel, span, is_whole, &self.recovery) {
            self.trace(now, TraceEvent::CopiesRest { span });
        }
    }

    fn trace_piece(&mut self, now: Instant, channel: u64, span: Span, cause: PieceCause) {
        self.trace(now, piece_sent(channel, span, cause));
    }

    fn write_close(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        let (Phase::Closing(closing), Some(seal)) = (&mut self.phase, &mut self.seal) else { return false };
        if !closing.take_due(now) || self.path.allowance() < CLOSE_ROOM {
            return false;
        }
        let number = self.recovery.sent().next_number();
        put_data_header(buffer, self.names.remote, seal.sealer.phase(), number);
        frame::put_close(&mut Writer::new(buffer), closing.code.0, &closing.text);
        seal.sealer.seal_packet(number, buffer);
        if !self.names.prefix.is_empty() {
            self.put_prefix(now, buffer);
        }
        self.recovery.on_sent(now, buffer.len(), false);
        let bytes = buffer.len();
        self.trace(now, TraceEvent::PacketSent { number, bytes, cause: SendCause::Control });
        true
    }

    /// RFC 9001 §6.1: the next key only after a packet of the present one was acknowledged, so that the
    /// peer never misses a whole phase.
    fn rekey_if_due(&mut self, now: Instant) {
        let (acked, next) = {
            let sent = self.recovery.sent();
            (sent.largest_acked(), sent.next_number())
        };
        let Some(Seal { sealer, phase_began: (first, since), .. }) = &mut self.seal else { return };
        let worn = sealer.sealed_in_phase() >= self.config.rekey_packets
            || (now - *since >= self.config.rekey_interval && sealer.sealed_in_phase() > 0);
        if worn && acked.is_some_and(|acked| acked >= *first) {
            sealer.rekey();
            (*first, *since) = (next, now);
            self.trace(now, TraceEvent::Rekeyed);
        }
    }
}
