//! Is a packet that counts as lost only late?
//!
//! A verdict may be wrong: the packet was overtaken, and arrives. So what is declared lost is kept for a
//! while with all that it carried; if an acknowledgement names it after all, the loss was spurious, and what
//! followed from it is taken back.
//!
//! ```text
//!   lost    41    43    44         kept for some probe timeouts, 256 at most
//!                 ▲
//!   acknowledged  43               spurious: its parts have arrived, the window was cut for nothing
//! ```
//!
//! Packets are declared lost in the order of their numbers (of two that are out, the earlier is lost no
//! later), so the list is sorted by itself. Only packets that merely acknowledge have no timeout in the teaching
//! modes, and may be declared lost behind later ones: those are not kept.

use super::sent::{Part, Settled, in_one};
use crate::time::{Duration, Instant};
use std::collections::VecDeque;

/// So many are kept.
pub const KEPT_MAX: usize = 256;

/// One packet.
#[derive(Clone, Copy, Debug)]
struct Kept {
    packet: Settled,
    lost_at: Instant,
    parts: usize,
    arrived: bool,
}

/// The packets that were declared lost lately.
#[derive(Clone, Debug, Default)]
pub struct LostPackets {
    packets: VecDeque<Kept>,
    parts: VecDeque<Part>,
}

impl LostPackets {
    /// How many are kept.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// None?
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// This packet was declared lost. Of more than [`KEPT_MAX`] the oldest is forgotten.
    pub fn on_lost(&mut self, now: Instant, packet: Settled, parts: &[Part]) {
        if self.packets.back().is_some_and(|last| last.packet.number > packet.number) {
            return;
        }
        if self.packets.len() >= KEPT_MAX {
            self.forget_oldest();
        }
        self.parts.extend(parts);
        self.packets.push_back(Kept { packet, lost_at: now, parts: parts.len(), arrived: false });
    }

    /// The numbers from `first` to `last` are acknowledged: each that was declared lost is handed to
    /// `arrived` once, with when it was declared lost and what it carried.
    pub fn acknowledge(&mut self, first: u64, last: u64, mut arrived: impl FnMut(Settled, Instant, &[Part])) {
        let from = self.packets.partition_point(|lost| lost.packet.number < first);
        let to = self.packets.partition_point(|lost| lost.packet.number <= last);
        if from == to {
            return;
        }
        let mut part_at: usize = self.packets.range(..from).map(|lost| lost.parts).sum();
        for lost in self.packets.range_mut(from..to) {
            let end = part_at + lost.parts;
            if !std::mem::replace(&mut lost.arrived, true) {
                arrived(lost.packet, lost.lost_at, in_one(&mut self.parts, part_at, end));
            }
            part_at = end;
        }
    }

    /// Forgets what was declared lost `span` ago or longer.
    pub fn forget_after(&mut self, span: Duration, now: Instant) {
        while self.packets.front().is_some_and(|lost| lost.lost_at + span <= now) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(lost) = self.packets.pop_front() {
            self.parts.drain(..lost.parts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn part(sequence: u64) -> Part {
        Part::Piece { channel: 8, sequence, offset: 0, len: 5 }
    }

    fn lost(numbers: impl IntoIterator<Item = u64>) -> LostPackets {
        let mut packets = LostPackets::default();
        for number in numbers {
            let packet = Settled { number, sent_at: at(number), bytes: 100, ack_eliciting: true, ect: false };
            packets.on_lost(at(1_000 + number), packet, &[part(number), part(number + 500)]);
        }
        packets
    }

    fn acknowledged(packets: &mut LostPackets, first: u64, last: u64) -> Vec<u64> {
        let mut numbers = Vec::new();
        packets.acknowledge(first, last, |packet, lost_at, parts| {
            assert_eq!(parts, [part(packet.number), part(packet.number + 500)]);
            assert_eq!(lost_at, at(1_000 + packet.number));
            numbers.push(packet.number);
        });
        numbers
    }

    #[test]
    fn a_lost_packet_that_is_acknowledged_hands_back_what_it_carried_once() {
        let mut packets = lost([41, 43, 44, 50]);
        assert_eq!(acknowledged(&mut packets, 42, 44), [43, 44]);
        assert_eq!(acknowledged(&mut packets, 0, 49), [41]);
        assert_eq!(acknowledged(&mut packets, 45, 49), [0; 0]);
    }

    #[test]
    fn what_is_declared_lost_behind_its_turn_is_not_kept() {
        let mut packets = lost([41, 44, 43, 50]);
        assert_eq!(acknowledged(&mut packets, 42, 43), [0; 0]);
        assert_eq!(acknowledged(&mut packets, 0, 99), [41, 44, 50]);
    }

    #[test]
    fn after_a_while_it_is_forgotten() {
        let mut packets = lost([41, 43]);
        packets.forget_after(Duration::from_micros(100), at(1_141));
        assert_eq!(acknowledged(&mut packets, 0, 99), [43]);
    }

    #[test]
    fn the_memory_for_lost_packets_has_a_bound() {
        let mut packets = lost(0..1_000);
        assert_eq!(acknowledged(&mut packets, 0, 2_000).len(), KEPT_MAX);
        assert_eq!(packets.parts.len(), 2 * KEPT_MAX);
    }
}
