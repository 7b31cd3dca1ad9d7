//! What do the events of a session add up to?
//!
//! Each [`TraceEvent`] is counted once; nothing else is. Where a datagram's bytes went is known when it
//! leaves, because its pieces are told before it:
//!
//! ```text
//!   PieceSent 100 first ┐
//!   PieceSent 100 copy  ├▶ first 100, bundle 100, overhead 42      left anyway: the copy cost its own bytes only
//!   PacketSent 242 First┘
//!   PieceSent 100 copy  ┐
//!   PacketSent 142 Extra┴▶ copy 100, overhead 42                   left for the copy's sake
//!   PacketSent 30 Ack    ▶ acknowledgement 30
//!   PacketSent 27 Ping   ▶ control 27
//! ```

use super::session::{Arrived, BytesByCause, SessionStats};
use crate::time::Duration;
use crate::trace::{DropReason, PieceCause, SendCause, TraceEvent};

/// What was counted since the session began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    datagrams: u64,
    packets: u64,
    retransmitted: u64,
    copies: u64,
    lost: u64,
    spurious: u64,
    marks: u64,
    probes: u64,
    bytes_out: u64,
    bytes_in: u64,
    spent: BytesByCause,
    arrivals: Arrivals,
    round_trip: Option<RoundTrip>,
    cargo: Cargo,
}

/// What came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Arrivals {
    packets: u64,
    /// The largest number, and one more.
    numbers: u64,
    duplicates: u64,
    late: u64,
}

/// The estimate after the latest sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct RoundTrip {
    smoothed: Duration,
    variation: Duration,
    least: Duration,
}

/// Message bytes in the datagram that is being written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Cargo {
    first: u64,
    copies: u64,
    again: u64,
}

impl Counters {
    /// This happened.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "where it is told what it is is known, and so what it adds to")]
    pub fn on_event(&mut self, event: &TraceEvent) {
        match *event {
            TraceEvent::PieceSent { len, cause, .. } => self.cargo.on_piece(len, cause),
            // One that nobody counts goes before a packet, in the same datagram.
            TraceEvent::HandshakeSent { bytes, attempt, .. } if attempt > 0 => self.on_left(bytes, None),
            TraceEvent::PacketSent { bytes, cause, .. } => {
                self.packets += 1;
                self.copies += u64::from(cause == SendCause::ExtraCopy);
                self.on_left(bytes, Some(cause));
            }
            TraceEvent::HandshakeReceived { bytes, .. } => self.bytes_in += bytes as u64,
            TraceEvent::PacketReceived { number, bytes, late } => {
                self.bytes_in += bytes as u64;
                self.arrivals.packets += 1;
                self.arrivals.numbers = self.arrivals.numbers.max(number.saturating_add(1));
                self.arrivals.late += u64::from(late);
            }
            TraceEvent::DatagramDropped { bytes, reason } => {
                self.bytes_in += bytes as u64;
                self.arrivals.duplicates += u64::from(reason == DropReason::Duplicate);
            }
            TraceEvent::PacketLost { size_probe: false, .. } | TraceEvent::PacketTimedOut { .. } => {
                self.lost += 1;
            }
            TraceEvent::LossSpurious { .. } => self.spurious += 1,
            TraceEvent::CongestionMarked { count } => self.marks += count,
            TraceEvent::ProbeFired { .. } => self.probes += 1,
            TraceEvent::RttSampled { smoothed, variation, least, .. } => {
                self.round_trip = Some(RoundTrip { smoothed, variation, least });
            }
            _ => {}
        }
    }

    /// How many datagrams left only for a copy's sake.
    pub const fn copies(&self) -> u64 {
        self.copies
    }

    /// All that follows from events; window and flight are not among it.
    pub fn stats(&self) -> SessionStats {
        let Self { packets, arrivals, round_trip, .. } = *self;
        let missing = arrivals.numbers.saturating_sub(arrivals.packets);
        SessionStats {
            rtt: round_trip.map(|it| it.smoothed),
            rttvar: round_trip.map(|it| it.variation),
            rtt_min: round_trip.map(|it| it.least),
            loss: share(self.lost.saturating_sub(self.spurious), packets),
            sent: self.datagrams,
            retransmitted: Some(self.retransmitted),
            spurious: Some(self.spurious),
            marks: Some(self.marks),
            probes: Some(self.probes),
            bytes_out: self.bytes_out,
            bytes_in: self.bytes_in,
            spent: Some(self.spent),
            arrived: Some(Arrived {
                duplicates: arrivals.duplicates,
                reordered: arrivals.late,
                loss: share(missing, arrivals.numbers),
            }),
            in_flight: None,
            cwnd: None,
        }
    }

    /// A datagram left; `None`: with a handshake alone.
    #[inline]
    fn on_left(&mut self, bytes: usize, cause: Option<SendCause>) {
        let bytes = bytes as u64;
        let Cargo { first, copies, again } = std::mem::take(&mut self.cargo);
        self.datagrams += 1;
        self.bytes_out += bytes;
        self.retransmitted += u64::from(again > 0);
        let spent = &mut self.spent;
        let pieces = first + copies + again;
        if pieces > 0 {
            spent.first += first;
            spent.retransmission += again;
            let copied =
                if cause == Some(SendCause::ExtraCopy) { &mut spent.copy } else { &mut spent.bundle };
            *copied += copies;
            spent.overhead += bytes.saturating_sub(pieces);
        } else if cause == Some(SendCause::Acknowledgement) {
            spent.acknowledgement += bytes;
        } else {
            spent.control += bytes;
        }
    }
}

impl Cargo {
    #[inline]
    fn on_piece(&mut self, len: u64, cause: PieceCause) {
        let count = match cause {
            PieceCause::First => &mut self.first,
            PieceCause::Copy => &mut self.copies,
            PieceCause::Retransmission => &mut self.again,
        };
        *count += len;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of counts far below 2^53")]
fn share(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(events: &[TraceEvent]) -> Counters {
        let mut counters = Counters::default();
        events.iter().for_each(|event| counters.on_event(event));
        counters
    }

    fn piece(len: u64, cause: PieceCause) -> TraceEvent {
        TraceEvent::PieceSent { channel: 8, sequence: 0, offset: 0, len, cause }
    }

    fn sent(number: u64, bytes: usize, cause: SendCause) -> TraceEvent {
        TraceEvent::PacketSent { number, bytes, cause }
    }

    fn received(number: u64) -> TraceEvent {
        TraceEvent::PacketReceived { number, bytes: 50, late: number == 1 }
    }

    #[test]
    fn every_byte_that_left_has_one_cause() {
        let counters = counted(&[
            TraceEvent::HandshakeSent { kind: "HELLO", bytes: 1_200, attempt: 1 },
            TraceEvent::HandshakeSent { kind: "FINISH", bytes: 90, attempt: 0 },
            piece(100, PieceCause::First),
            piece(60, PieceCause::Copy),
            sent(0, 300, SendCause::First),
            piece(60, PieceCause::Copy),
            sent(1, 100, SendCause::ExtraCopy),
            piece(70, PieceCause::Retransmission),
            sent(2, 110, SendCause::Probe),
            sent(3, 30, SendCause::Acknowledgement),
            sent(4, 27, SendCause::Heartbeat),
        ]);
        let stats = counters.stats();
        let expected = BytesByCause {
            first: 100,
            bundle: 60,
            copy: 60,
            retransmission: 70,
            acknowledgement: 30,
            control: 1_227,
            overhead: 140 + 40 + 40,
        };
        assert_eq!(stats.spent, Some(expected));
        assert_eq!((stats.sent, stats.bytes_out, expected.total()), (6, 1_767, 1_767));
        assert_eq!((stats.retransmitted, counters.copies()), (Some(1), 1));
    }

    #[test]
    fn our_loss_is_of_packets_sent_without_those_that_arrived_after_all() {
        let lost = |number, size_probe| TraceEvent::PacketLost {
            number,
            by_time: true,
            age: Duration::ZERO,
            size_probe,
        };
        let mut events: Vec<_> = (0..8).map(|number| sent(number, 50, SendCause::First)).collect();
        events.extend([lost(1, false), lost(2, false), lost(3, false), lost(4, true)]);
        events.push(TraceEvent::LossSpurious { number: 2, after: Duration::ZERO });
        events.extend([2, 3].map(|count| TraceEvent::CongestionMarked { count }));
        let stats = counted(&events).stats();
        assert_eq!((stats.loss, stats.spurious, stats.marks), (Some(0.25), Some(1), Some(5)));
        assert_eq!(counted(&[]).stats().loss, None);
    }

    #[test]
    fn the_peers_loss_is_the_gaps_in_its_numbers() {
        let mut events = vec![received(0), received(3), received(1)];
        events.push(TraceEvent::DatagramDropped { bytes: 50, reason: DropReason::Duplicate });
        let arrived = Arrived { duplicates: 1, reordered: 1, loss: Some(0.25) };
        let stats = counted(&events).stats();
        assert_eq!((stats.arrived, stats.bytes_in), (Some(arrived), 200));
    }
}
