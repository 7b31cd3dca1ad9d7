//! What arrives: a datagram, then its handshake part, then its packet, then the packet's frames.

use super::{Connection, Phase, Seal, rtt_sampled};
use crate::crypto::Freshness;
use crate::crypto::mac;
use crate::time::{Duration, Instant};
use crate::trace::{DropReason, TraceEvent};
use crate::transport::channel::incoming::{Place, Taken};
use crate::transport::handshake::client::{Answer, Established};
use crate::transport::params::Params;
use crate::transport::path::Path;
use crate::transport::reliability::received::Arrival;
use crate::transport::reliability::sent::PACKETS_MAX;
use crate::transport::session::{CloseCode, CloseReason, SessionEvent};
use crate::wire::Reader;
use crate::wire::datagram::{self, DATA_HEADER, Handshake, HandshakePart};
use crate::wire::frame::{Frame, take_frame};
use crate::wire::number;

impl Connection {
    /// A datagram for this connection arrived. Its bytes are opened in place.
    pub fn handle_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]) {
        self.take_datagram(now, path, datagram, false);
    }

    /// A datagram arrived that a queue has marked (CE, RFC 3168 §5), otherwise as
    /// [`handle_datagram`](Self::handle_datagram).
    pub fn handle_marked_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]) {
        self.take_datagram(now, path, datagram, true);
    }

    fn take_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8], is_marked: bool) {
        if self.path.is_to(&path.remote) {
            self.path.on_received(datagram.len());
        }
        let mut packet = datagram;
        if datagram::is_handshake(packet) {
            let Ok(part) = datagram::read_handshake(packet) else {
                return self.dropped(now, packet.len(), DropReason::Malformed);
            };
            let len = part.len;
            self.handle_handshake(now, &part);
            packet = &mut packet[len..];
        }
        if !packet.is_empty() {
            self.handle_packet(now, path, packet, is_marked);
        }
    }

    /// The frames of a client's first flight: they came inside of the handshake and have no number.
    pub fn handle_early(&mut self, now: Instant, frames: &[u8]) {
        let mut reader = Reader::new(frames);
        while let Ok(Some(frame)) = take_frame(&mut reader) {
            if let Frame::Message(_) = frame {
                self.handle_frame(now, &frame);
            }
        }
    }

    fn handle_handshake(&mut self, now: Instant, part: &HandshakePart<'_>) {
        let is_ours = match &part.content {
            Some(Handshake::Reset { .. }) if part.source == self.names.remote => true,
            // A HELLO names no destination; all else must name us, so that who cannot see our datagrams
            // cannot answer them.
            Some(Handshake::Hello { .. }) => true,
            _ => part.destination == self.names.local,
        };
        if !is_ours {
            return self.dropped(now, part.len, DropReason::Misaddressed);
        }
        let kind = part.content.as_ref().map_or("HELLO of another version", Handshake::kind);
        self.trace(now, TraceEvent::HandshakeReceived { kind, bytes: part.len });
        match (&mut self.phase, &part.content) {
            (_, Some(Handshake::Reset { token })) if part.source == self.names.remote => {
                self.on_reset(now, token);
            }
            (Phase::Handshaking(handshake), Some(_)) => match handshake.handle_answer(now, part) {
                Answer::Wait => {}
                Answer::Restarted => self.settle_early(false),
                Answer::Keys(established) => self.on_established(now, *established),
                Answer::Failed(reason) => self.end(now, reason),
            },
            _ => {}
        }
    }

    fn on_established(&mut self, now: Instant, established: Established) {
        let Established { keys, remote, server, finish, params, rtt } = established;
        let Ok(params) = Params::read(&params) else {
            return self.end(now, CloseReason::Protocol("malformed handshake parameters"));
        };
        self.phase = Phase::Open;
        self.names.remote = remote;
        self.names.prefix = finish;
        self.names.reset_token = Some(params.reset_token);
        self.tell_keys(keys.secrets().as_ref());
        self.seal = Some(Seal::new(now, keys.client()));
        self.silence.on_heard(now);
        self.silence.on_pace(params.heartbeat_ms);
        if let Some(rtt) = rtt {
            self.recovery.on_handshake_rtt(now, rtt);
            self.trace(now, rtt_sampled(rtt, self.recovery.rtt()));
        }
        self.channels.on_peer_limits(params.limits);
        self.settle_early(params.early_accepted);
        // Ours: the first packet proves our address to the server even if there is nothing to say.
        self.owed.ping = true;
        self.news
            .events
            .push_back(SessionEvent::Connected { peer: server, greeting: params.greeting.to_vec() });
        self.trace(now, TraceEvent::Established { early_accepted: params.early_accepted });
    }

    fn handle_packet(&mut self, now: Instant, path: Path, packet: &mut [u8], is_marked: bool) {
        let bytes = packet.len();
        let Some((number, len)) = self.open(now, packet) else { return };
        let body = &packet[DATA_HEADER..DATA_HEADER + len];
        let untimely = self.untimely(body);
        let arrival = if untimely.is_some() {
            self.received.arrival(number)
        } else {
            self.received.on_packet(now, number)
        };
        self.trace(now, TraceEvent::PacketReceived { number, bytes, late: arrival == Arrival::Late });
        // Whoever sealed this has our keys: it has heard our part of the handshake.
        self.names.prefix.clear();
        if let Phase::Closing(closing) = &mut self.phase {
            closing.on_packet(now);
        }
        if self.silence.on_heard(now).is_some() {
            self.on_liveness(now, self.silence.state());
        }
        if let Some((channel, sequence)) = untimely {
            // Not acknowledged, and nothing else of it is heeded: it is as good as lost.
            return self.trace(now, TraceEvent::PacketOutOfOrder { number, channel, sequence });
        }
        self.on_packet_path(now, path, arrival, bytes);
        if self.recovery.packets() >= PACKETS_MAX && self.is_open() {
            return self.violate(now, "a peer that acknowledges nothing");
        }
        let asks = self.handle_frames(now, body);
        if asks {
            self.received.on_asked(now);
        }
        if is_marked {
            self.received.on_marked(asks);
        }
    }

    /// Does any frame ask for an acknowledgement? A packet that cannot be read to its end does.
    fn handle_frames(&mut self, now: Instant, body: &[u8]) -> bool {
        let mut reader = Reader::new(body);
        let mut asks = false;
        loop {
            match take_frame(&mut reader) {
                Ok(Some(frame)) => {
                    asks |= frame.is_ack_eliciting();
                    // Once it is closing nothing but the peer's own close matters.
                    if self.is_open() || matches!(frame, Frame::Close { .. }) {
                        self.handle_frame(now, &frame);
                    }
                }
                Ok(None) => return asks,
                Err(malformed) => {
                    if self.is_open() {
                        self.violate(now, malformed.0);
                    }
                    return true;
                }
            }
        }
    }

    /// The first piece of a packet of which nothing is next in order, where such a packet is not kept.
    fn untimely(&self, body: &[u8]) -> Option<(u64, u64)> {
        if self.config.arq.keeps_out_of_order() {
            return None;
        }
        let mut reader = Reader::new(body);
        let mut untimely = None;
        while let Ok(Some(frame)) = take_frame(&mut reader) {
            if let Frame::Message(piece) = frame {
                match self.channels.place(&piece) {
                    Place::Next => return None,
                    Place::Before => {}
                    Place::Beyond => untimely = untimely.or(Some((piece.channel, piece.sequence))),
                }
            }
        }
        untimely
    }

    /// Opens a packet: gives its number and its length when opened.
    fn open(&mut self, now: Instant, packet: &mut [u8]) -> Option<(u64, usize)> {
        match self.unseal(packet) {
            Ok(opened) => Some(opened),
            Err(reason) => {
                self.dropped(now, packet.len(), reason);
                None
            }
        }
    }

    /// Mask, seal, replay window, in this order: only a packet that opens moves the window.
    fn unseal(&mut self, packet: &mut [u8]) -> Result<(u64, usize), DropReason> {
        datagram::read_destination(packet).map_err(|_| DropReason::Malformed)?;
        let seal = self.seal.as_mut().ok_or(DropReason::Unexpected)?;
        let head = seal.opener.uncover(packet).map_err(|_| DropReason::Forged)?;
        let header = datagram::read_data_header(&head).map_err(|_| DropReason::Malformed)?;
        let number = number::expand(header.truncated, self.received.largest());
        let body = &mut packet[DATA_HEADER..];
        let len = seal.opener.open(header.phase, number, &head, body).map_err(|_| DropReason::Forged)?;
        // RFC 9001 §9.5: judged only now, or the time of a refusal would tell the number that the mask hides.
        match seal.replay.check(number) {
            Freshness::Fresh => {}
            Freshness::Replayed => return Err(DropReason::Duplicate),
            Freshness::TooOld => return Err(DropReason::TooOld),
        }
        seal.replay.accept(number);
        Ok((number, len))
    }

    /// RFC 9000 §9.3: only the newest packet moves the session.
    fn on_packet_path(&mut self, now: Instant, path: Path, arrival: Arrival, bytes: usize) {
        if self.path.is_to(&path.remote) {
            self.path.on_heard(path);
        } else if arrival == Arrival::Newest {
            let other_host = path.remote.ip() != self.path.path().remote.ip();
            let challenge = self.rng.bytes();
            self.path.on_moved(now, path, bytes, challenge);
            if other_host {
                // RFC 9000 §9.4: another path has another round trip and another bottleneck.
                self.recovery.on_path_changed(path.largest_datagram());
            }
            self.trace(now, TraceEvent::Roamed);
        }
    }

    fn handle_frame(&mut self, now: Instant, frame: &Frame<'_>) {
        if let Err(rule) = self.obey(now, frame)
            && self.is_open()
        {
            self.violate(now, rule);
        }
    }

    /// Hands a frame to the part that it concerns. An error names the rule that the peer broke.
    fn obey(&mut self, now: Instant, frame: &Frame<'_>) -> Result<(), &'static str> {
        match frame {
            Frame::Ping => {}
            Frame::Ack { delay_us, ranges, marked } => {
                let held = Duration::from_micros(*delay_us).min(self.config.max_ack_delay);
                self.with_verdicts(now, |recovery, verdicts| {
                    let heeded = recovery.on_acknowledgement(now, ranges, held, verdicts);
                    let marks = heeded.is_ok().then(|| recovery.on_marks(now, *marked)).flatten();
                    if let Some(count) = marks {
                        verdicts.journal.tell(now, TraceEvent::CongestionMarked { count });
                    }
                    heeded
                })?;
            }
            Frame::SessionCredit { limit } => self.channels.on_credit(None, *limit),
            Frame::ChannelCredit { channel, limit } => self.channels.on_credit(Some(*channel), *limit),
            Frame::Pace { heartbeat_ms } if self.is_client() => self.silence.on_pace(*heartbeat_ms),
            Frame::Pace { .. } => return Err("a pace told by a client"),
            Frame::Message(piece) => {
                let (channel, sequence) = (piece.channel, piece.sequence);
                match self.channels.on_piece(piece)? {
                    Taken::New => {}
                    Taken::Duplicate => self.trace(now, TraceEvent::PieceDuplicate { channel, sequence }),
                    Taken::Outdated => self.trace(now, TraceEvent::PieceOutdated { channel, sequence }),
                }
            }
            Frame::Abandoned { channel, sequence, total } => {
                self.channels.on_abandoned(*channel, *sequence, *total)?;
            }
            Frame::PathChallenge(data) => self.owed.response = Some(*data),
            Frame::PathResponse(data) => self.path.on_response(*data),
            Frame::Close { code, text } => self.on_peer_closed(now, CloseCode(*code), text),
        }
        Ok(())
    }

    fn on_reset(&mut self, now: Instant, token: &[u8; 16]) {
        if self.names.reset_token.is_some_and(|known| mac::equal(&known, token)) {
            self.end(now, CloseReason::Reset);
        }
    }

    fn settle_early(&mut self, accepted: bool) {
        for part in std::mem::take(&mut self.early) {
            if accepted {
                super::on_arrived(&mut self.channels, part);
            } else {
                super::on_lost(&mut self.channels, part);
            }
        }
    }

    pub(super) fn dropped(&mut self, now: Instant, bytes: usize, reason: DropReason) {
        self.trace(now, TraceEvent::DatagramDropped { bytes, reason });
    }
}
