//! What leaves: one datagram, as full as what is to be said makes it.

use super::{Connection, Phase, Seal};
use crate::time::Instant;
use crate::trace::{PieceCause, SendCause, TraceEvent, Tracer};
use crate::transport::channel::outgoing::Span;
use crate::transport::channel::{Polled, Which};
use crate::transport::path::Path;
use crate::transport::redundancy::copies::Road;
use crate::transport::reliability::sent::Part;
use crate::transport::session::CloseReason;
use crate::wire::Writer;
use crate::wire::datagram::{DATA_HEADER, HandshakePart, NOISE_MAX, put_data_header, read_handshake};
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

fn part_of(channel: u64, span: Span) -> Part {
    Part::Piece { channel, sequence: span.sequence, offset: span.offset, len: span.len }
}

fn trace_part(tracer: &Tracer, now: Instant, session: u64, part: Part) {
    match part {
        Part::Ack { largest } => tracer.emit(now, session, || TraceEvent::AckSent { largest }),
        // A piece is told where it is written, with its reason.
        Part::Piece { .. }
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
        let written = match self.phase {
            Phase::Handshaking(_) => self.write_hello(now, buffer),
            Phase::Open => self.write_packet(now, buffer),
            Phase::Closing(_) => self.write_close(now, buffer),
            Phase::Over => false,
        };
        if !written {
            buffer.clear();
            return None;
        }
        self.counters.sent += 1;
        self.counters.bytes_out += buffer.len() as u64;
        self.path.on_sent(buffer.len());
        Some(self.path.path())
    }

    fn write_hello(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        let Phase::Handshaking(handshake) = &mut self.phase else { return false };
        let mut frames = Vec::new();
        if handshake.wants_early() {
            let room = (NOISE_MAX - HELLO_FIXED).saturating_sub(handshake.greeting_len());
            let (early, channels) = (&mut self.early, &mut self.channels);
            while let Some(Polled { channel, span, .. }) =
                channels.poll_piece(room.saturating_sub(frames.len()), Which::Any, |piece| {
                    frame::put_piece(&mut Writer::new(&mut frames), piece);
                })
            {
                early.push(part_of(channel, span));
            }
        }
        match handshake.poll_transmit(now, &frames, buffer) {
            Ok(false) => false,
            Ok(true) => {
                let (bytes, attempt) = (buffer.len(), handshake.attempts());
                for (channel, span) in self.early.iter().filter_map(|part| span_of(*part)) {
                    self.trace_piece(now, channel, span, PieceCause::First);
                }
                self.trace(now, || TraceEvent::HandshakeSent { kind: "HELLO", bytes, attempt });
                true
            }
            Err(_) => {
                self.end(now, CloseReason::Protocol("a greeting too long for a handshake"));
                false
            }
        }
    }

    fn write_packet(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        self.rekey_if_due(now);
        if self.write_size_probe(now, buffer) {
            return true;
        }
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

    /// RFC 8899 §4.1: a datagram that asks whether one so large passes, and carries nothing that would be
    /// missed.
    fn write_size_probe(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        let Some(seal) = self.seal.as_ref().filter(|_| self.path.is_proven() && self.names.prefix.is_empty())
        else {
            return false;
        };
        let Some(size) = self.recovery.next_size_probe(now) else { return false };
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
        seal.sealer.seal(number, buffer, DATA_HEADER);
        self.put_prefix(now, buffer);
        for part in self.recovery.sent().noted() {
            trace_part(&self.tracer, now, self.names.local.0, *part);
        }
        let eliciting = cause != SendCause::Acknowledgement;
        self.recovery.on_sent(now, buffer.len(), eliciting);
        self.copies.on_datagram(buffer.len());
        if eliciting {
            self.silence.on_asked(now);
        }
        let bytes = buffer.len();
        self.trace(now, || TraceEvent::PacketSent { number, bytes, cause });
    }

    /// Puts our part of the handshake before the packet, as long as the peer may not have heard it.
    fn put_prefix(&self, now: Instant, buffer: &mut Vec<u8>) {
        let prefix = &self.names.prefix;
        if let Ok(HandshakePart { content: Some(content), len, .. }) = read_handshake(prefix) {
            self.trace(now, || TraceEvent::HandshakeSent { kind: content.kind(), bytes: len, attempt: 0 });
        }
        buffer.splice(0..0, prefix.iter().copied());
    }

    /// Writes frames up to `room` bytes in all, and notes what must arrive. `None` if there is nothing that
    /// needs to leave now.
    fn write_frames(&mut self, now: Instant, buffer: &mut Vec<u8>, room: usize) -> Option<SendCause> {
        let acknowledged = self.write_ack(now, buffer, room);
        let probe = self.recovery.is_probe_owed();
        let mut cause = None;
        if self.write_control(buffer, room) {
            cause = Some(SendCause::Control);
        }
        cause = self.write_messages(now, buffer, room, cause).or(cause);
        if cause.is_none() && self.owed.ping {
            frame::put_ping(&mut Writer::new(buffer));
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

    fn write_ack(&mut self, now: Instant, buffer: &mut Vec<u8>, room: usize) -> bool {
        let Some((ranges, held)) = self.received.acknowledge(now) else { return false };
        let Some(largest) = ranges.largest() else { return false };
        let held = u64::try_from(held.as_micros()).unwrap_or(u64::MAX);
        let room = room.saturating_sub(buffer.len() + CONTROL_ROOM);
        let is_written = frame::put_ack(&mut Writer::new(buffer), ranges, held, room);
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
        let covers = self.copies.may_send(now, self.recovery.datagram_size());
        let text = if covers { self.write_pieces(now, buffer, room, Which::Small) } else { None };
        let leaves = cause.is_some() || text.is_some() || self.owed.ping || self.copies.is_owed();
        let copied = covers && leaves && self.write_copies(now, buffer, room);
        let rest = self.write_rest(now, buffer, room);
        let again = match (text, rest) {
            // What leaves anyway leaves for its own reason.
            (None, None) if copied && cause.is_none() && !self.owed.ping => {
                self.counters.copies += 1;
                return Some(SendCause::ExtraCopy);
            }
            (None, None) => return None,
            (text, rest) => text.unwrap_or(false) || rest.unwrap_or(false),
        };
        self.counters.retransmitted += u64::from(again);
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
        while let Some(Polled { channel, span, is_whole, again }) =
            self.channels.poll_piece(room.saturating_sub(buffer.len()), which, |piece| {
                frame::put_piece(&mut Writer::new(buffer), piece);
            })
        {
            self.note_piece(now, channel, span, is_whole);
            let cause = if again { PieceCause::Retransmission } else { PieceCause::First };
            self.trace_piece(now, channel, span, cause);
            outcome = Some(outcome.unwrap_or(false) || again);
        }
        outcome
    }

    /// Writes copies of small messages under way while there is room; says whether there was any.
    fn write_copies(&mut self, now: Instant, buffer: &mut Vec<u8>, room: usize) -> bool {
        let overdue = self.recovery.overdue_after();
        let mut any = false;
        while let Some((channel, span)) = self.copies.next_rider(now, overdue) {
            let Some(piece) = self.channels.piece(channel, span) else {
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
            self.note_piece(now, channel, span, true);
            self.trace_piece(now, channel, span, PieceCause::Copy);
            any = true;
        }
        any
    }

    fn note_piece(&mut self, now: Instant, channel: u64, span: Span, is_whole: bool) {
        self.recovery.sent().note(part_of(channel, span));
        let road = Road {
            loss: self.recovery.loss_share().get(),
            overdue: self.recovery.overdue_after(),
            is_queueing: self.recovery.is_queueing(),
        };
        if let Some(span) = self.copies.on_piece_sent(now, channel, span, is_whole, road) {
            self.trace(now, || TraceEvent::CopiesRest { span });
        }
    }

    fn trace_piece(&self, now: Instant, channel: u64, span: Span, cause: PieceCause) {
        let Span { sequence, offset, len } = span;
        self.trace(now, || TraceEvent::PieceSent { channel, sequence, offset, len, cause });
    }

    fn write_close(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        let (Phase::Closing(closing), Some(seal)) = (&mut self.phase, &mut self.seal) else { return false };
        if !closing.take_due(now) || self.path.allowance() < CLOSE_ROOM {
            return false;
        }
        let number = self.recovery.sent().next_number();
        put_data_header(buffer, self.names.remote, seal.sealer.phase(), number);
        frame::put_close(&mut Writer::new(buffer), closing.code.0, &closing.text);
        seal.sealer.seal(number, buffer, DATA_HEADER);
        self.put_prefix(now, buffer);
        self.recovery.on_sent(now, buffer.len(), false);
        let bytes = buffer.len();
        self.trace(now, || TraceEvent::PacketSent { number, bytes, cause: SendCause::Control });
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
            self.trace(now, || TraceEvent::Rekeyed);
        }
    }
}
