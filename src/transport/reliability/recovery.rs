//! What do acknowledgements and silence mean for everything in flight?
//!
//! The leaves of this folder decide; this is where their verdicts meet: acknowledgement → round trip →
//! loss → window, and timer → loss or probe (RFC 9002 appendix A). Acknowledgements are looked at before
//! timers, always: a timer that fires beside a queued acknowledgement would send for nothing.

use super::loss::{LossRule, time_threshold};
use super::probe::{ProbeCount, base_timeout};
use super::rtt::RttEstimate;
use super::sent::{Part, SentPackets};
use crate::time::{Duration, Instant};
use crate::transport::congestion::persistent::LostRow;
use crate::transport::congestion::queueing::Queueing;
use crate::transport::congestion::{Acknowledged, Chosen, Congestion, Controller, Pacer, RoundTrip};
use crate::transport::mtu::PathMtu;
use crate::transport::redundancy::LossShare;
use crate::transport::timer::Timer;
use crate::wire::datagram::DATAGRAM_BASE;
use crate::wire::frame::AckRanges;

/// What the owner of the packets' contents is told.
pub trait Outcome {
    /// The peer has this packet, and so these parts.
    fn on_acknowledged(&mut self, number: u64, parts: &[Part]);
    /// This packet is lost: these parts must go again.
    fn on_lost(&mut self, number: u64, rule: LossRule, age: Duration, parts: &[Part]);
    /// A round trip was measured.
    fn on_rtt(&mut self, sample: Duration, rtt: &RttEstimate);
}

/// Everything about packets in flight.
#[derive(Debug)]
pub struct Recovery {
    sent: SentPackets,
    rtt: RttEstimate,
    probes: ProbeCount,
    /// When the first round trip was measured.
    sampled_at: Option<Instant>,
    controller: Chosen,
    pacer: Pacer,
    /// Window or pacer held back what waited, when last asked.
    held_back: bool,
    max_ack_delay: Duration,
    /// When the probe timer last fired: it rests at least its interval, even if no probe could leave.
    probed_at: Instant,
    /// When the next overtaken packet counts as lost.
    loss_at: Option<Instant>,
    /// How many packets may leave beside the window, because a probe asks for them.
    probes_owed: u32,
    losses: Losses,
    mtu: PathMtu,
    /// For copies: a chat gives few samples, so of the last three.
    queueing: Queueing<3>,
}

/// What was lost so far.
#[derive(Debug, Default)]
struct Losses {
    count: u64,
    share: LossShare,
}

impl Recovery {
    /// Nothing in flight yet; the peer may hold an acknowledgement back for so long, and no datagram is ever
    /// to have more bytes than `largest`.
    pub fn new(max_ack_delay: Duration, congestion: Congestion, largest: usize) -> Self {
        Self {
            sent: SentPackets::default(),
            rtt: RttEstimate::default(),
            probes: ProbeCount::default(),
            sampled_at: None,
            controller: congestion.controller(DATAGRAM_BASE as u64),
            pacer: Pacer::new(DATAGRAM_BASE as u64),
            held_back: false,
            max_ack_delay,
            probed_at: Instant::ZERO,
            loss_at: None,
            probes_owed: 0,
            losses: Losses::default(),
            mtu: PathMtu::new(largest),
            queueing: Queueing::default(),
        }
    }

    /// The list of packets: numbers and parts of the one being written.
    pub const fn sent(&mut self) -> &mut SentPackets {
        &mut self.sent
    }

    /// The round-trip estimate.
    pub const fn rtt(&self) -> &RttEstimate {
        &self.rtt
    }

    /// The congestion window in bytes.
    pub fn window(&self) -> u64 {
        self.controller.window()
    }

    /// UDP payload bytes in flight.
    pub const fn bytes_in_flight(&self) -> u64 {
        self.sent.bytes_in_flight()
    }

    /// How many packets were declared lost.
    pub const fn lost_packets(&self) -> u64 {
        self.losses.count
    }

    /// The share of packets that were lost lately.
    pub const fn loss_share(&self) -> &LossShare {
        &self.losses.share
    }

    /// Does a queue stand on the path?
    pub fn is_queueing(&self) -> bool {
        self.queueing.is_known() && self.queueing.is_standing()
    }

    /// After so long without an acknowledgement a packet is overdue (RFC 9002 §6.2.1).
    pub fn overdue_after(&self) -> Duration {
        base_timeout(self.rtt.smoothed(), self.rtt.variation(), self.max_ack_delay)
    }

    /// A round trip was measured by other means: the handshake.
    pub fn on_handshake_rtt(&mut self, now: Instant, sample: Duration) {
        self.rtt.on_sample(sample, Duration::ZERO);
        self.queueing.on_round_trip(sample, sample);
        self.sampled_at.get_or_insert(now);
    }

    /// The path is another one: its round trip, its bottleneck and what it carries, at most `largest`, are
    /// unknown (RFC 9000 §9.4, §14.2).
    pub fn on_path_changed(&mut self, largest: usize) {
        self.forget_size(largest);
        self.rtt = RttEstimate::default();
        self.queueing = Queueing::default();
        self.controller.on_path_changed();
    }

    /// What the path carries, at most `largest`, may be another by now.
    pub fn forget_size(&mut self, largest: usize) {
        self.mtu = PathMtu::new(largest);
        self.adopt_size();
    }

    /// How many bytes of UDP payload pass on this path, as far as is known.
    pub const fn datagram_size(&self) -> usize {
        self.mtu.size()
    }

    /// How many the next datagram may have. What a probe timeout sends asks whether anything arrives at all,
    /// so it is no larger than what every path carries.
    pub const fn next_datagram_size(&self) -> usize {
        if self.is_probe_owed() { DATAGRAM_BASE } else { self.mtu.size() }
    }

    /// How large a datagram is to be tried out now, if one is. Ours: it may exceed the window by what it is
    /// larger than others, or a full window would never let it leave; and none under a window of packets,
    /// where it would take a place.
    pub fn next_size_probe(&mut self, now: Instant) -> Option<usize> {
        let may = !self.is_probe_owed() && self.controller.window_packets().is_none() && self.has_window();
        if may { self.mtu.next_probe(now) } else { None }
    }

    fn adopt_size(&mut self) {
        let bytes = self.mtu.size() as u64;
        self.controller.on_datagram_size(bytes);
        self.pacer.on_datagram_size(bytes);
    }

    /// May another full datagram that asks for an acknowledgement leave? To be asked when something waits
    /// that would fill it.
    pub fn may_send(&mut self, now: Instant) -> bool {
        if self.probes_owed > 0 {
            return true;
        }
        let rate = self.rtt.is_sampled().then(|| self.controller.pacing_rate(self.rtt.smoothed())).flatten();
        let may = self.has_window() && self.pacer.may_send(now, rate);
        self.held_back = !may;
        may
    }

    /// Nothing waits to be sent that window or pacer could hold back.
    pub fn on_nothing_waits(&mut self) {
        self.held_back = false;
        self.pacer.on_idle();
    }

    /// When what the pacer holds back may leave (RFC 9002 §7.7).
    pub const fn poll_pacing(&self) -> Option<Instant> {
        self.pacer.poll_timeout()
    }

    fn has_window(&self) -> bool {
        let packets = self.controller.window_packets();
        self.sent.bytes_in_flight() + self.mtu.size() as u64 <= self.controller.window()
            && packets.is_none_or(|packets| self.sent.packets_in_flight() < packets)
    }

    /// Is a probe to be sent now, whatever the window?
    pub const fn is_probe_owed(&self) -> bool {
        self.probes_owed > 0
    }

    /// The packet whose parts were noted left.
    pub fn on_sent(&mut self, now: Instant, bytes: usize, ack_eliciting: bool) {
        if ack_eliciting {
            self.probes_owed = self.probes_owed.saturating_sub(1);
            self.pacer.on_sent(bytes as u64);
            if is_size_probe(self.sent.noted()) {
                self.mtu.on_probe_sent(bytes);
            } else {
                self.mtu.on_sent(bytes);
            }
        }
        self.sent.on_sent(now, u32::try_from(bytes).unwrap_or(u32::MAX), ack_eliciting);
    }

    /// An acknowledgement arrived (RFC 9002 appendix A.7). An error names the lie.
    pub fn on_acknowledgement(
        &mut self,
        now: Instant,
        ranges: &AckRanges<'_>,
        held: Duration,
        outcome: &mut impl Outcome,
    ) -> Result<(), &'static str> {
        if !self.sent.was_sent(ranges.largest()) {
            return Err("an acknowledgement of a packet that was never sent");
        }
        let limited = self.held_back;
        let (mut any, mut eliciting) = (false, false);
        for range in ranges.iter() {
            let is_largest = *range.end() == ranges.largest();
            let (controller, losses, mtu) = (&mut self.controller, &mut self.losses, &mut self.mtu);
            let newest = self.sent.acknowledge(*range.start(), *range.end(), |packet, parts| {
                any = true;
                eliciting |= packet.ack_eliciting;
                if packet.ack_eliciting {
                    if is_size_probe(parts) {
                        mtu.on_probe_acknowledged(now, packet.bytes as usize);
                    } else {
                        losses.share.on_acknowledged();
                        mtu.on_acknowledged(packet.bytes as usize);
                    }
                    let (sent_at, bytes) = (packet.sent_at, packet.bytes.into());
                    controller.on_acknowledged(Acknowledged { now, sent_at, bytes, limited });
                }
                outcome.on_acknowledged(packet.number, parts);
            });
            // RFC 9002 §5.1: only the largest, and only when it is new, gives a sample.
            if let Some(newest) = newest.filter(|packet| is_largest && packet.ack_eliciting) {
                self.on_round_trip(now, newest.sent_at, held);
                outcome.on_rtt(now - newest.sent_at, &self.rtt);
            }
        }
        if any {
            if eliciting {
                self.probes.on_acknowledged();
                self.probes_owed = 0;
            }
            self.detect_lost(now, outcome);
        }
        Ok(())
    }

    fn on_round_trip(&mut self, now: Instant, sent_at: Instant, held: Duration) {
        let sample = now - sent_at;
        self.rtt.on_sample(sample, held);
        self.sampled_at.get_or_insert(now);
        let (smoothed, least) = (self.rtt.smoothed(), self.rtt.least());
        self.queueing.on_round_trip(sample, least);
        self.controller.on_round_trip(RoundTrip { now, sent_at, sample, smoothed, least });
    }

    /// When to look again, and why (RFC 9002 appendix A.8).
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        if let Some(at) = self.loss_at {
            return Some((at, Timer::LossTime));
        }
        if !self.sent.is_eliciting() {
            return None;
        }
        let base = self.overdue_after();
        let since = self.sent.last_eliciting_at()?.max(self.probed_at);
        Some((since + self.probes.interval(base), Timer::Probe))
    }

    /// Time passed. Returns how many probes in a row have fired, if one did now: the caller then sends
    /// again what is out longest.
    pub fn handle_timeout(&mut self, now: Instant, outcome: &mut impl Outcome) -> Option<u32> {
        self.pacer.handle_timeout(now);
        match self.poll_timeout() {
            Some((at, Timer::LossTime)) if at <= now => {
                self.detect_lost(now, outcome);
                None
            }
            Some((at, _)) if at <= now => {
                self.probes.on_fired();
                self.probed_at = now;
                self.probes_owed = 1;
                Some(self.probes.get())
            }
            _ => None,
        }
    }

    /// What the packets that are out carry, oldest first.
    pub fn oldest_parts(&self) -> impl Iterator<Item = Part> + '_ {
        self.sent.oldest_parts()
    }

    fn detect_lost(&mut self, now: Instant, outcome: &mut impl Outcome) {
        let threshold = time_threshold(self.rtt.smoothed(), self.rtt.latest());
        let controller = &mut self.controller;
        let (losses, mtu) = (&mut self.losses, &mut self.mtu);
        let sampled_at = self.sampled_at;
        let mut row = LostRow::default();
        self.loss_at = self.sent.detect_lost(now, threshold, |packet, rule, parts| {
            if is_size_probe(parts) {
                // RFC 8899 §3 (7), RFC 9000 §14.4: no sign of congestion.
                mtu.on_probe_lost(now, packet.bytes as usize);
                return outcome.on_lost(packet.number, rule, now - packet.sent_at, parts);
            }
            if packet.ack_eliciting {
                mtu.on_lost(now, packet.sent_at, packet.bytes as usize);
                losses.count += 1;
                losses.share.on_lost();
                controller.on_lost(now, packet.sent_at);
            }
            // RFC 9002 §7.6.2: only what was sent after a round trip was known.
            if sampled_at.is_some_and(|sampled| packet.sent_at >= sampled) {
                row.on_lost(packet.number, packet.sent_at, packet.ack_eliciting);
            }
            outcome.on_lost(packet.number, rule, now - packet.sent_at, parts);
        });
        if row.is_persistent(self.overdue_after()) {
            self.controller.on_persistent_congestion();
        }
        self.adopt_size();
    }
}

/// Is this what a packet carried that only tried its size out?
fn is_size_probe(parts: &[Part]) -> bool {
    parts == [Part::SizeProbe]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;
    use crate::wire::frame::{Frame, put_ack, take_frame};
    use crate::wire::ranges::RangeSet;
    use crate::wire::{Reader, Writer};

    #[derive(Default)]
    struct Told {
        acknowledged: Vec<u64>,
        lost: Vec<(u64, LossRule)>,
    }

    impl Outcome for Told {
        fn on_acknowledged(&mut self, number: u64, _: &[Part]) {
            self.acknowledged.push(number);
        }
        fn on_lost(&mut self, number: u64, rule: LossRule, _: Duration, _: &[Part]) {
            self.lost.push((number, rule));
        }
        fn on_rtt(&mut self, _: Duration, _: &RttEstimate) {}
    }

    fn acknowledge(recovery: &mut Recovery, now: u64, numbers: &[u64]) -> Result<Told, &'static str> {
        let mut ranges = RangeSet::new();
        numbers.iter().for_each(|n| {
            ranges.insert(*n, *n);
        });
        let mut bytes = Vec::new();
        put_ack(&mut Writer::new(&mut bytes), &ranges, 0);
        let Ok(Some(Frame::Ack { ranges, .. })) = take_frame(&mut Reader::new(&bytes)) else {
            panic!("an ACK frame reads back");
        };
        let mut told = Told::default();
        recovery.on_acknowledgement(at(now), &ranges, Duration::ZERO, &mut told)?;
        Ok(told)
    }

    fn with_sent(times: &[u64]) -> Recovery {
        let mut recovery = Recovery::new(Duration::ZERO, Congestion::default(), 1_472);
        times.iter().for_each(|time| recovery.on_sent(at(*time), 100, true));
        recovery
    }

    #[test]
    fn an_acknowledgement_of_the_unsent_is_a_lie() {
        let mut recovery = with_sent(&[0, 1]);
        assert!(acknowledge(&mut recovery, 10, &[2]).is_err());
    }

    #[test]
    fn a_late_acknowledgement_cancels_the_probe() {
        let mut recovery = with_sent(&[0]);
        let (due, timer) = recovery.poll_timeout().unwrap();
        assert_eq!((due, timer), (at(300_000), Timer::Probe), "100 ms + 4 × 50 ms before any sample");
        acknowledge(&mut recovery, 40_000, &[0]).unwrap();
        assert_eq!(recovery.poll_timeout(), None);
    }

    #[test]
    fn an_overtaken_packet_is_lost_when_its_time_is_up_without_any_probe() {
        let mut recovery = with_sent(&[0, 1_000]);
        let told = acknowledge(&mut recovery, 41_000, &[1]).unwrap();
        assert_eq!((told.acknowledged, told.lost), (vec![1], vec![]));
        assert_eq!(recovery.poll_timeout(), Some((at(45_000), Timer::LossTime)));
        let mut told = Told::default();
        assert_eq!(recovery.handle_timeout(at(45_000), &mut told), None);
        assert_eq!(told.lost, [(0, LossRule::TimeThreshold)]);
        assert_eq!(recovery.poll_timeout(), None);
    }

    #[test]
    fn a_probe_may_leave_although_the_window_is_full() {
        let mut recovery = Recovery::new(Duration::ZERO, Congestion::default(), 1_472);
        while recovery.may_send(at(0)) {
            recovery.on_sent(at(0), DATAGRAM_BASE, true);
        }
        let (due, _) = recovery.poll_timeout().unwrap();
        assert_eq!(recovery.handle_timeout(due, &mut Told::default()), Some(1));
        assert!(recovery.may_send(due) && recovery.is_probe_owed());
        recovery.on_sent(due, DATAGRAM_BASE, true);
        assert!(!recovery.may_send(due));
    }

    #[test]
    fn what_is_sent_at_once_beyond_the_initial_window_is_paced() {
        let mut recovery = Recovery::new(Duration::ZERO, Congestion::NewReno, 1_472);
        recovery.on_handshake_rtt(at(0), Duration::from_millis(50));
        while recovery.may_send(at(0)) {
            recovery.on_sent(at(0), DATAGRAM_BASE, true);
        }
        acknowledge(&mut recovery, 50_000, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).unwrap();
        let mut count = 0;
        while recovery.may_send(at(50_000)) {
            recovery.on_sent(at(50_000), DATAGRAM_BASE, true);
            count += 1;
        }
        assert_eq!((count, recovery.window()), (10, 24_000));
        let due = recovery.poll_pacing().expect("the window has room, so the pacer says when");
        assert!(recovery.may_send(due));
        recovery.on_nothing_waits();
        assert_eq!(recovery.poll_pacing(), None, "and rests when nothing waits");
    }

    #[test]
    fn a_fixed_window_counts_packets_however_small() {
        let mut recovery = Recovery::new(Duration::ZERO, Congestion::Fixed(2), 1_472);
        recovery.on_sent(at(0), 60, true);
        assert!(recovery.may_send(at(0)));
        recovery.on_sent(at(0), 60, true);
        assert!(!recovery.may_send(at(0)));
        acknowledge(&mut recovery, 50_000, &[0]).unwrap();
        assert!(recovery.may_send(at(50_000)));
    }

    #[test]
    fn a_window_grows_only_when_it_held_something_back() {
        for (held_back, window) in [(false, 12_000), (true, 24_000)] {
            let mut recovery = Recovery::new(Duration::ZERO, Congestion::NewReno, 1_472);
            while recovery.may_send(at(0)) {
                recovery.on_sent(at(0), DATAGRAM_BASE, true);
            }
            if !held_back {
                recovery.on_nothing_waits();
            }
            acknowledge(&mut recovery, 50_000, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).unwrap();
            assert_eq!(recovery.window(), window, "RFC 9002 §7.8");
        }
    }

    #[test]
    fn a_lost_size_probe_shrinks_no_window_and_counts_as_no_loss() {
        let mut recovery = Recovery::new(Duration::ZERO, Congestion::NewReno, 1_472);
        recovery.sent().note(Part::SizeProbe);
        recovery.on_sent(at(0), 1_472, true);
        (0..3).for_each(|_| recovery.on_sent(at(1_000), 100, true));
        let told = acknowledge(&mut recovery, 51_000, &[1, 2, 3]).unwrap();
        assert_eq!(told.lost, [(0, LossRule::PacketThreshold)]);
        assert_eq!((recovery.window(), recovery.lost_packets(), recovery.bytes_in_flight()), (12_000, 0, 0));
        assert_eq!(recovery.next_size_probe(at(51_000)), None, "nothing large is sent");
    }

    #[test]
    fn what_a_probe_timeout_sends_is_no_larger_than_what_every_path_carries() {
        let mut recovery = Recovery::new(Duration::ZERO, Congestion::NewReno, 1_472);
        recovery.sent().note(Part::SizeProbe);
        recovery.on_sent(at(0), 1_472, true);
        acknowledge(&mut recovery, 50_000, &[0]).unwrap();
        assert_eq!((recovery.datagram_size(), recovery.next_datagram_size()), (1_472, 1_472));
        recovery.on_sent(at(60_000), 1_472, true);
        let (due, _) = recovery.poll_timeout().unwrap();
        recovery.handle_timeout(due, &mut Told::default());
        assert_eq!((recovery.datagram_size(), recovery.next_datagram_size()), (1_472, DATAGRAM_BASE));
    }

    #[test]
    fn an_outage_of_over_three_probe_timeouts_leaves_the_least_window() {
        for (outage_us, persistent) in [(150_000, false), (500_000, true)] {
            let mut recovery = Recovery::new(Duration::ZERO, Congestion::NewReno, 1_472);
            recovery.on_sent(at(0), 1_000, true);
            acknowledge(&mut recovery, 50_000, &[0]).unwrap();
            let times = [60_000, 60_000 + outage_us, 60_000 + outage_us];
            times.into_iter().for_each(|now| recovery.on_sent(at(now), 1_000, true));
            (0..3).for_each(|_| recovery.on_sent(at(61_000 + outage_us), 1_000, true));
            acknowledge(&mut recovery, 120_000 + outage_us, &[4, 5, 6]).unwrap();
            assert_eq!(recovery.window() == 2_400, persistent, "RFC 9002 §7.6: {}", recovery.window());
        }
    }
}
