//! What left, and what was decided?
//!
//! A sink that one end's trace goes to. What the next datagram carries is told before it leaves, so after
//! each the testbed asks what it was ([`Witness::take_cargo`]); decisions are counted.

use crate::time::Instant;
use crate::trace::{DropReason, SendCause, Sink, TraceEvent};
use crate::transport::redundancy::SMALL_MAX;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one datagram carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cargo {
    /// Pieces of messages.
    pub pieces: u32,
    /// The word that messages will not come.
    pub abandons: bool,
    /// Their bytes, without frames.
    pub message_bytes: u64,
    /// It acknowledges.
    pub acknowledges: bool,
    /// The highest number that it acknowledges.
    pub acknowledged: Option<u64>,
    /// Its packet's number.
    pub number: Option<u64>,
    /// A piece is of a message that is no small one.
    pub is_large: bool,
    /// Why its packet left; `None` where it is a handshake alone.
    pub cause: Option<SendCause>,
}

/// Datagrams and their UDP payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Volume {
    /// How many.
    pub datagrams: u64,
    /// Bytes of UDP payload.
    pub bytes: u64,
}

/// What left in one direction.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wire {
    /// Datagrams with message bytes.
    pub carrying: Volume,
    /// Datagrams that only acknowledge, shake hands or govern.
    pub control: Volume,
    /// Message bytes in all, each copy counted.
    pub message_bytes: u64,
    /// Packets by why they left, in the order in which a cause first came up.
    pub causes: Vec<(SendCause, Volume)>,
}

/// What one end decided and noticed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Decisions {
    /// Packets declared lost since later ones were acknowledged.
    pub lost_by_packets: u64,
    /// Packets declared lost since their time was up.
    pub lost_by_time: u64,
    /// Packets declared lost by a retransmission timer, and those that went again with them (teaching modes).
    pub timed_out: u64,
    /// Packets dropped since they came before their turn (go-back-N).
    pub untimely: u64,
    /// Of those declared lost, packets that have arrived after all.
    pub spurious: u64,
    /// Packets of ours that a queue has marked.
    pub marks: u64,
    /// Probe timers that fired.
    pub probes: u64,
    /// Pieces that had been here: what was sent again for nothing, or twice on purpose.
    pub pieces_again: u64,
    /// Datagrams that came a second time.
    pub duplicates: u64,
    /// Datagrams whose seal did not hold.
    pub forged: u64,
    /// Datagrams dropped unread for another reason.
    pub unread: u64,
    /// Packets that came behind a later one.
    pub late: u64,
}

/// The sink.
#[derive(Default)]
pub struct Witness {
    seen: Mutex<Seen>,
    next: Option<Arc<dyn Sink>>,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    /// Is what belongs to no session kept to ourselves?
    strangers_hidden: bool,
    cargo: Cargo,
    decisions: Decisions,
}

impl Witness {
    /// Nothing seen yet; events go on to `next`.
    pub fn new(next: Option<Arc<dyn Sink>>) -> Self {
        Self { seen: Mutex::default(), next }
    }

    /// What left since this was asked last: the cargo of the datagram in hand.
    pub fn take_cargo(&self) -> Cargo {
        std::mem::take(&mut self.lock().cargo)
    }

    /// From now on, do events of no session go on to the next?
    pub fn pass_strangers_on(&self, pass: bool) {
        self.lock().strangers_hidden = !pass;
    }

    /// What was decided so far.
    pub fn decisions(&self) -> Decisions {
        self.lock().decisions
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Witness {
    fn event(&self, now: Instant, session: u64, event: &TraceEvent) {
        let mut seen = self.lock();
        seen.note(event);
        let hidden = session == 0 && seen.strangers_hidden;
        drop(seen);
        if let Some(next) = self.next.as_ref().filter(|_| !hidden) {
            next.event(now, session, event);
        }
    }
}

impl Seen {
    fn note(&mut self, event: &TraceEvent) {
        let Self { cargo, decisions, .. } = self;
        match event {
            TraceEvent::PieceSent { offset, len, .. } => {
                cargo.pieces += 1;
                cargo.is_large |= *offset > 0 || *len > SMALL_MAX;
                cargo.message_bytes += len;
            }
            TraceEvent::MessageAbandoned { .. } => cargo.abandons = true,
            TraceEvent::AckSent { largest } => {
                cargo.acknowledges = true;
                cargo.acknowledged = Some(*largest);
            }
            TraceEvent::PacketSent { number, cause, .. } => {
                cargo.number = Some(*number);
                cargo.cause = Some(*cause);
            }
            TraceEvent::PacketReceived { late, .. } => decisions.late += u64::from(*late),
            TraceEvent::DatagramDropped { reason, .. } => match reason {
                DropReason::Duplicate => decisions.duplicates += 1,
                DropReason::Forged => decisions.forged += 1,
                _ => decisions.unread += 1,
            },
            TraceEvent::PacketLost { by_time: true, .. } => decisions.lost_by_time += 1,
            TraceEvent::PacketLost { by_time: false, .. } => decisions.lost_by_packets += 1,
            TraceEvent::PacketTimedOut { .. } => decisions.timed_out += 1,
            TraceEvent::PacketOutOfOrder { .. } => decisions.untimely += 1,
            TraceEvent::LossSpurious { .. } => decisions.spurious += 1,
            TraceEvent::CongestionMarked { count } => decisions.marks += count,
            TraceEvent::ProbeFired { .. } => decisions.probes += 1,
            TraceEvent::PieceDuplicate { .. } => decisions.pieces_again += 1,
            _ => {}
        }
    }
}

impl Volume {
    fn add(&mut self, other: Self) {
        self.datagrams += other.datagrams;
        self.bytes += other.bytes;
    }
}

impl Wire {
    /// A datagram of so many bytes left.
    pub fn on_sent(&mut self, bytes: usize, cargo: Cargo) {
        let volume = Volume { datagrams: 1, bytes: bytes as u64 };
        if cargo.pieces > 0 { &mut self.carrying } else { &mut self.control }.add(volume);
        self.message_bytes += cargo.message_bytes;
        if let Some(cause) = cargo.cause {
            self.count(cause, volume);
        }
    }

    fn count(&mut self, cause: SendCause, volume: Volume) {
        if let Some((_, of_cause)) = self.causes.iter_mut().find(|(known, _)| *known == cause) {
            of_cause.add(volume);
        } else {
            self.causes.push((cause, volume));
        }
    }

    /// All datagrams.
    pub fn all(&self) -> Volume {
        let mut all = self.carrying;
        all.add(self.control);
        all
    }

    /// Takes another in.
    pub fn absorb(&mut self, other: &Self) {
        self.carrying.add(other.carrying);
        self.control.add(other.control);
        self.message_bytes += other.message_bytes;
        other.causes.iter().for_each(|(cause, volume)| self.count(*cause, *volume));
    }
}

impl Decisions {
    /// Takes another in.
    pub const fn absorb(&mut self, other: &Self) {
        self.lost_by_packets += other.lost_by_packets;
        self.lost_by_time += other.lost_by_time;
        self.timed_out += other.timed_out;
        self.untimely += other.untimely;
        self.spurious += other.spurious;
        self.marks += other.marks;
        self.probes += other.probes;
        self.pieces_again += other.pieces_again;
        self.duplicates += other.duplicates;
        self.forged += other.forged;
        self.unread += other.unread;
        self.late += other.late;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;
    use crate::trace::PieceCause;

    #[test]
    fn a_datagram_carries_what_was_told_since_the_one_before() {
        let witness = Witness::default();
        let tell = |event| witness.event(at(0), 1, &event);
        tell(TraceEvent::PieceSent {
            channel: 8,
            sequence: 0,
            offset: 0,
            len: 100,
            cause: PieceCause::First,
        });
        tell(TraceEvent::AckSent { largest: 3 });
        tell(TraceEvent::PacketSent { number: 0, bytes: 140, cause: SendCause::First });
        let mut wire = Wire::default();
        wire.on_sent(140, witness.take_cargo());
        tell(TraceEvent::AckSent { largest: 4 });
        tell(TraceEvent::PacketSent { number: 1, bytes: 30, cause: SendCause::Acknowledgement });
        wire.on_sent(30, witness.take_cargo());
        wire.on_sent(1_200, witness.take_cargo());
        assert_eq!(wire.carrying, Volume { datagrams: 1, bytes: 140 });
        assert_eq!(wire.control, Volume { datagrams: 2, bytes: 1_230 });
        assert_eq!((wire.message_bytes, wire.causes.len()), (100, 2));
        wire.absorb(&wire.clone());
        assert_eq!((wire.all().datagrams, wire.causes[0].1.datagrams), (6, 2));
    }

    #[test]
    fn each_decision_has_its_own_count() {
        let witness = Witness::default();
        let age = crate::time::Duration::ZERO;
        for event in [
            TraceEvent::PacketLost { number: 0, by_time: true, age, size_probe: false },
            TraceEvent::PacketLost { number: 0, by_time: false, age, size_probe: false },
            TraceEvent::PacketTimedOut { number: 0, age, behind: false },
            TraceEvent::PacketOutOfOrder { number: 0, channel: 8, sequence: 0 },
            TraceEvent::LossSpurious { number: 0, after: age },
            TraceEvent::CongestionMarked { count: 1 },
            TraceEvent::ProbeFired { count: 1 },
            TraceEvent::PieceDuplicate { channel: 8, sequence: 0 },
            TraceEvent::DatagramDropped { bytes: 1, reason: DropReason::Duplicate },
            TraceEvent::DatagramDropped { bytes: 1, reason: DropReason::Forged },
            TraceEvent::DatagramDropped { bytes: 1, reason: DropReason::TooOld },
            TraceEvent::PacketReceived { number: 0, bytes: 1, late: true },
        ] {
            witness.event(at(0), 1, &event);
        }
        let each_once = Decisions {
            lost_by_packets: 1,
            lost_by_time: 1,
            timed_out: 1,
            untimely: 1,
            spurious: 1,
            marks: 1,
            probes: 1,
            pieces_again: 1,
            duplicates: 1,
            forged: 1,
            unread: 1,
            late: 1,
        };
        assert_eq!(witness.decisions(), each_once);
    }
}
