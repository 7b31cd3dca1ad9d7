//! Which packets are in flight, and what did each carry?
//!
//! Packet numbers are never reused: what is sent again is the message, in a new packet. So this is an
//! append-only list with a moving front; every entry ends acknowledged or lost, and then the front moves
//! over it.
//!
//! ```text
//!   packets   41 lost   42 acked   43 out   44 acked   45 out
//!             └── the front moves to 43 ──┘
//!   parts     a b       c          d e      f          (ack only: none)
//! ```
//!
//! What the packets carried stands in one queue of its own, in the same order, so that nothing is
//! allocated per packet once the queues have grown to the window.

use super::loss::{self, LossRule, Thresholds, Verdict};
use crate::time::Instant;
use std::collections::VecDeque;

/// From the oldest packet that is out to the newest there are at most so many. Ours: who only receives sends
/// acknowledgements alone, which stay here until a heartbeat behind them is acknowledged; a peer that never
/// acknowledges one would let them grow without end.
pub const PACKETS_MAX: usize = 1 << 16;

/// Something that a packet carried and that must arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of a variant names its fields")]
pub enum Part {
    /// A message or a piece of one.
    Piece { channel: u64, sequence: u64, offset: u64, len: u64 },
    /// The word that this message will not come.
    Abandoned { channel: u64, sequence: u64 },
    /// An acknowledgement up to this number.
    Ack { largest: u64 },
    /// The session's credit.
    SessionCredit,
    /// A channel's credit.
    ChannelCredit { channel: u64 },
    /// The heartbeat interval.
    Pace,
    /// A path challenge (sent again by its own timer).
    PathChallenge,
    /// Padding: does one so large pass? It stands alone, and need not arrive.
    SizeProbe,
}

/// Where a packet stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Out,
    Settled,
}

/// One packet.
#[derive(Clone, Copy, Debug)]
struct Packet {
    sent_at: Instant,
    bytes: u32,
    parts: u32,
    ack_eliciting: bool,
    ect: bool,
    state: State,
}

/// What became of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settled {
    /// Its number.
    pub number: u64,
    /// When it was sent.
    pub sent_at: Instant,
    /// Its UDP payload in bytes.
    pub bytes: u32,
    /// Did it ask for an acknowledgement (only then it counts as in flight)?
    pub ack_eliciting: bool,
    /// Did it say that it understands marks (RFC 3168 §5)?
    pub ect: bool,
}

/// The packets in flight.
#[derive(Clone, Debug, Default)]
pub struct SentPackets {
    packets: VecDeque<Packet>,
    parts: VecDeque<Part>,
    first: u64,
    largest_acked: Option<u64>,
    bytes_in_flight: u64,
    eliciting_in_flight: u64,
    last_eliciting_at: Option<Instant>,
    /// So many of the newest parts are of the packet that is being written.
    noted: u32,
}

impl SentPackets {
    /// The number of the next packet.
    pub fn next_number(&self) -> u64 {
        self.first + self.packets.len() as u64
    }

    /// How many packets there are from the oldest that is out to the newest.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Is none out?
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Notes a part of the packet that is being written; [`SentPackets::on_sent`] closes it.
    pub fn note(&mut self, part: Part) {
        self.parts.push_back(part);
        self.noted += 1;
    }

    /// What was noted of the packet that is being written.
    pub fn noted(&self) -> impl Iterator<Item = &Part> {
        self.parts.range(self.parts.len() - self.noted as usize..)
    }

    /// Is it one that only tries its size out?
    pub fn is_size_probe_noted(&self) -> bool {
        self.noted == 1 && self.parts.back() == Some(&Part::SizeProbe)
    }

    /// The packet that was being written is not sent after all.
    pub fn forget_noted(&mut self) {
        let noted = std::mem::take(&mut self.noted);
        self.parts.truncate(self.parts.len() - noted as usize);
    }

    /// The packet with the next number was sent, carrying the parts noted.
    pub fn on_sent(&mut self, now: Instant, bytes: u32, ack_eliciting: bool) {
        let parts = std::mem::take(&mut self.noted);
        let state = State::Out;
        self.packets.push_back(Packet { sent_at: now, bytes, parts, ack_eliciting, ect: false, state });
        if ack_eliciting {
            self.bytes_in_flight += u64::from(bytes);
            self.eliciting_in_flight += 1;
            self.last_eliciting_at = Some(now);
        }
    }

    /// The packet that was just sent says that it understands marks.
    pub fn note_ect(&mut self) {
        if let Some(newest) = self.packets.back_mut() {
            newest.ect = true;
        }
    }

    /// Does the newest packet, if it is out, say so?
    pub fn is_newest_ect(&self) -> bool {
        self.packets.back().is_some_and(|packet| packet.ect)
    }

    /// Is this number that of a packet sent? (An acknowledgement of another is a lie.)
    pub fn was_sent(&self, number: u64) -> bool {
        number < self.next_number()
    }

    /// Settles the packets from `first` to `last` that are out as acknowledged: each is handed to
    /// `settled` with its parts. Returns the packet `last` if it was out.
    pub fn acknowledge(
        &mut self,
        first: u64,
        last: u64,
        mut settled: impl FnMut(Settled, &[Part]),
    ) -> Option<Settled> {
        self.largest_acked = self.largest_acked.max(Some(last));
        if last < self.first {
            return None;
        }
        let (from, to) = (index(first, self.first), index(last, self.first));
        let mut newest = None;
        let mut part_at = self.parts_before(from);
        for at in from..self.packets.len().min(to.saturating_add(1)) {
            let (was_out, packet) = self.settle(at);
            let end = part_at + packet.parts as usize;
            if was_out {
                let fact = packet.settled(self.first + at as u64);
                settled(fact, in_one(&mut self.parts, part_at, end));
                newest = (at == to).then_some(fact);
            }
            part_at = end;
        }
        self.advance();
        newest
    }

    /// Settles the packets that are lost by now (RFC 9002 §6.1): each is handed to `lost` with its parts.
    /// Returns when to look again, if any packet is overtaken but not lost yet.
    pub fn detect_lost(
        &mut self,
        now: Instant,
        thresholds: Thresholds,
        mut lost: impl FnMut(Settled, LossRule, &[Part]),
    ) -> Option<Instant> {
        let largest = self.largest_acked?;
        let mut next = None;
        let mut part_at = 0;
        for (at, number) in (self.first..=largest).enumerate() {
            let Some(packet) = self.packets.get(at).copied() else { break };
            let end = part_at + packet.parts as usize;
            if packet.state == State::Out {
                match loss::detect(number, packet.sent_at, largest, thresholds, now) {
                    Verdict::Lost(rule) => {
                        self.settle(at);
                        lost(packet.settled(number), rule, in_one(&mut self.parts, part_at, end));
                    }
                    // Numbers rise with time: the first deadline is the earliest.
                    Verdict::NotYet(deadline) => next = next.or(Some(deadline)),
                }
            }
            part_at = end;
        }
        self.advance();
        next
    }

    /// Settles those packets that are out and of which `verdict` says so as lost: each is handed to `lost` with
    /// its parts.
    pub fn give_up(
        &mut self,
        mut verdict: impl FnMut(&Settled) -> Option<LossRule>,
        mut lost: impl FnMut(Settled, LossRule, &[Part]),
    ) {
        let mut part_at = 0;
        for at in 0..self.packets.len() {
            let packet = self.packets[at];
            let end = part_at + packet.parts as usize;
            let fact = packet.settled(self.first + at as u64);
            if packet.state == State::Out
                && let Some(rule) = verdict(&fact)
            {
                self.settle(at);
                lost(fact, rule, in_one(&mut self.parts, part_at, end));
            }
            part_at = end;
        }
        self.advance();
    }

    /// When the oldest packet that is out and asks for an acknowledgement was sent.
    pub fn oldest_eliciting_at(&self) -> Option<Instant> {
        let is_out = |packet: &&Packet| packet.state == State::Out && packet.ack_eliciting;
        self.is_eliciting().then(|| self.packets.iter().find(is_out)).flatten().map(|packet| packet.sent_at)
    }

    /// What the oldest packets still out carried, oldest first: what a probe sends again.
    pub fn oldest_parts(&self) -> impl Iterator<Item = Part> + '_ {
        let mut at = 0;
        self.packets.iter().flat_map(move |packet| {
            let range = at..at + packet.parts as usize;
            at = range.end;
            let take = if packet.state == State::Out { range } else { 0..0 };
            take.filter_map(|index| self.parts.get(index).copied())
        })
    }

    /// UDP payload bytes of the packets in flight.
    pub const fn bytes_in_flight(&self) -> u64 {
        self.bytes_in_flight
    }

    /// How many packets in flight ask for an acknowledgement.
    pub const fn packets_in_flight(&self) -> u64 {
        self.eliciting_in_flight
    }

    /// Is a packet out that asks for an acknowledgement?
    pub const fn is_eliciting(&self) -> bool {
        self.eliciting_in_flight > 0
    }

    /// When the newest packet that asks for an acknowledgement was sent.
    pub const fn last_eliciting_at(&self) -> Option<Instant> {
        self.last_eliciting_at
    }

    /// Is a packet out behind one that was acknowledged?
    pub fn is_overtaken(&self) -> bool {
        self.largest_acked.is_some_and(|largest| self.first <= largest)
    }

    /// The largest number acknowledged.
    pub const fn largest_acked(&self) -> Option<u64> {
        self.largest_acked
    }

    /// The next packet has this number: those before it were never sent. What was sent is forgotten.
    #[cfg(test)]
    pub fn skip_to(&mut self, number: u64) {
        assert!(!self.is_eliciting(), "something is under way");
        self.packets.clear();
        self.parts.clear();
        self.first = number;
    }

    /// How many parts the first `count` packets carried.
    fn parts_before(&self, count: usize) -> usize {
        self.packets.iter().take(count).map(|packet| packet.parts as usize).sum()
    }

    /// Marks the packet at this place as settled; says whether it was out.
    fn settle(&mut self, at: usize) -> (bool, Packet) {
        let packet = &mut self.packets[at];
        let was_out = packet.state == State::Out;
        packet.state = State::Settled;
        let packet = *packet;
        if was_out && packet.ack_eliciting {
            self.bytes_in_flight -= u64::from(packet.bytes);
            self.eliciting_in_flight -= 1;
        }
        (was_out, packet)
    }

    /// Moves the front over what is settled.
    fn advance(&mut self) {
        while let Some(packet) = self.packets.pop_front_if(|packet| packet.state == State::Settled) {
            (0..packet.parts).for_each(|_| _ = self.parts.pop_front());
            self.first += 1;
        }
    }
}

/// The parts from `from` to before `end` as one slice. The ring is moved only if they lie across its seam:
/// once each time round, not once for each packet.
pub(super) fn in_one(parts: &mut VecDeque<Part>, from: usize, end: usize) -> &[Part] {
    let seam = parts.as_slices().0.len();
    if from < seam && seam < end {
        return &parts.make_contiguous()[from..end];
    }
    let (front, back) = parts.as_slices();
    if end <= seam { &front[from..end] } else { &back[from - seam..end - seam] }
}

impl Packet {
    fn settled(&self, number: u64) -> Settled {
        let Self { sent_at, bytes, ack_eliciting, ect, .. } = *self;
        Settled { number, sent_at, bytes, ack_eliciting, ect }
    }
}

/// How far `number` is behind `first`; 0 if it is before it.
fn index(number: u64, first: u64) -> usize {
    usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Duration, at};
    use proptest::prelude::*;

    const TIME: Duration = Duration::from_millis(10);
    const THRESHOLD: Thresholds = Thresholds { packets: 3, time: TIME };

    fn piece(sequence: u64) -> Part {
        Part::Piece { channel: 8, sequence, offset: 0, len: 5 }
    }

    fn with_sent(count: u64) -> SentPackets {
        let mut sent = SentPackets::default();
        for n in 0..count {
            sent.note(piece(n));
            sent.on_sent(at(n * 1_000), 100, true);
        }
        sent
    }

    #[test]
    fn an_acknowledged_packet_hands_back_what_it_carried_once() {
        let mut sent = with_sent(3);
        let mut acked = Vec::new();
        let newest = sent.acknowledge(1, 2, |packet, parts| acked.push((packet.number, parts.to_vec())));
        assert_eq!(acked, [(1, vec![piece(1)]), (2, vec![piece(2)])]);
        assert_eq!(newest.map(|packet| packet.sent_at), Some(at(2_000)));
        assert_eq!(sent.acknowledge(1, 2, |_, _| panic!("settled already")), None);
        assert_eq!(sent.bytes_in_flight(), 100);
    }

    #[test]
    fn packets_overtaken_by_three_are_lost_and_the_next_deadline_is_told() {
        let mut sent = with_sent(5);
        sent.acknowledge(3, 3, |_, _| ());
        let mut lost = Vec::new();
        let next = sent.detect_lost(at(4_000), THRESHOLD, |packet, rule, _| lost.push((packet.number, rule)));
        assert_eq!(lost, [(0, LossRule::PacketThreshold)]);
        assert_eq!(next, Some(at(11_000)), "packet 1 was sent at 1 ms");
        let next =
            sent.detect_lost(at(12_000), THRESHOLD, |packet, rule, _| lost.push((packet.number, rule)));
        assert_eq!(lost[1..], [(1, LossRule::TimeThreshold), (2, LossRule::TimeThreshold)]);
        assert_eq!((next, sent.bytes_in_flight()), (None, 100));
    }

    #[test]
    fn without_an_acknowledgement_nothing_is_lost() {
        let mut sent = with_sent(50);
        assert_eq!(sent.detect_lost(at(9_000_000), THRESHOLD, |_, _, _| panic!("no verdict")), None);
    }

    #[test]
    fn a_probe_repeats_what_is_out_longest() {
        let mut sent = with_sent(4);
        sent.acknowledge(0, 1, |_, _| ());
        assert_eq!(sent.oldest_parts().collect::<Vec<_>>(), [piece(2), piece(3)]);
    }

    #[test]
    fn what_is_given_up_is_handed_back_once_and_the_rest_stays_out() {
        let mut sent = with_sent(4);
        sent.acknowledge(1, 1, |_, _| ());
        let mut lost = Vec::new();
        let early = |packet: &Settled| (packet.number < 3).then_some(LossRule::Timeout);
        sent.give_up(early, |packet, _, parts| lost.push((packet.number, parts.to_vec())));
        assert_eq!(lost, [(0, vec![piece(0)]), (2, vec![piece(2)])]);
        assert_eq!((sent.packets_in_flight(), sent.oldest_eliciting_at()), (1, Some(at(3_000))));
        sent.give_up(early, |_, _, _| panic!("given up already"));
    }

    #[test]
    fn packets_that_only_acknowledge_are_never_in_flight() {
        let mut sent = SentPackets::default();
        sent.note(Part::Ack { largest: 7 });
        sent.on_sent(at(0), 40, false);
        assert_eq!((sent.bytes_in_flight(), sent.is_eliciting(), sent.last_eliciting_at()), (0, false, None));
    }

    proptest! {
        /// The reference: a plain map from number to when it was sent, its bytes and its parts; a packet of less
        /// than 12 bytes asks for nothing.
        #[test]
        fn the_list_agrees_with_a_plain_map(steps in prop::collection::vec((0u8..3, 0u64..64, 0u64..8), 1..200)) {
            use std::collections::BTreeMap;
            const ASKING: u64 = 12;
            let mut sent = SentPackets::default();
            let mut model: BTreeMap<u64, (Instant, u64, Vec<Part>)> = BTreeMap::new();
            let mut largest = None;
            let mut now = at(0);
            for (step, a, b) in steps {
                now += Duration::from_millis(1);
                let mut settled = Vec::new();
                let expected: Vec<u64> = match step {
                    0 => {
                        let number = sent.next_number();
                        let parts: Vec<Part> = (0..a % 4).map(|n| piece(10 * number + n)).collect();
                        parts.iter().for_each(|part| sent.note(*part));
                        sent.on_sent(now, 10 + b as u32, 10 + b >= ASKING);
                        model.insert(number, (now, 10 + b, parts));
                        Vec::new()
                    }
                    1 if sent.next_number() > 0 => {
                        let last = (a + b).min(sent.next_number() - 1);
                        let first = a.min(last);
                        largest = largest.max(Some(last));
                        sent.acknowledge(first, last, |packet, parts| {
                            settled.push((packet.number, packet.ack_eliciting, parts.to_vec()));
                        });
                        model.range(first..=last).map(|(number, _)| *number).collect()
                    }
                    1 => Vec::new(),
                    _ => {
                        sent.detect_lost(now, THRESHOLD, |packet, _, parts| {
                            settled.push((packet.number, packet.ack_eliciting, parts.to_vec()));
                        });
                        let is_lost = |number: u64, sent_at: Instant| largest.is_some_and(|largest| {
                            number <= largest && (largest >= number + 3 || sent_at + TIME <= now)
                        });
                        model.iter().filter(|(n, (at, ..))| is_lost(**n, *at)).map(|(n, _)| *n).collect()
                    }
                };
                let expected: Vec<(u64, bool, Vec<Part>)> = expected.into_iter().filter_map(|number| {
                    model.remove(&number).map(|(_, bytes, parts)| (number, bytes >= ASKING, parts))
                }).collect();
                prop_assert_eq!(settled, expected);
                let asking = || model.values().filter(|(_, bytes, _)| *bytes >= ASKING);
                prop_assert_eq!(sent.bytes_in_flight(), asking().map(|(_, bytes, _)| *bytes).sum::<u64>());
                prop_assert_eq!(sent.packets_in_flight(), asking().count() as u64);
                let parts: Vec<Part> = model.values().flat_map(|(.., parts)| parts.clone()).collect();
                prop_assert_eq!(sent.oldest_parts().collect::<Vec<_>>(), parts);
                let span = model.first_key_value().map_or(0, |(first, _)| sent.next_number() - first);
                prop_assert_eq!(sent.len() as u64, span);
            }
        }
    }
}
