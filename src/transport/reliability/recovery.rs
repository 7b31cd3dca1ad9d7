//! What do acknowledgements and silence mean for everything in flight?
//!
//! The leaves of this folder decide; this is where their verdicts meet: acknowledgement → round trip →
//! loss → window, and timer → loss or probe (RFC 9002 appendix A). Acknowledgements are looked at before
//! timers, always: a timer that fires beside a queued acknowledgement would send for nothing.

mod marked;
mod timeout;

use super::ecn::Ecn;
use super::loss::{self, LossRule, Thresholds};
use super::losses::{Known, Losses};
use super::probe::Probes;
use super::rtt::RttEstimate;
use super::sent::{Part, SentPackets, Settled};
use super::thinning::OwnRun;
use crate::time::{Duration, Instant};
use crate::transport::arq::Arq;
use crate::transport::congestion::persistent::LostRow;
use crate::transport::congestion::queueing::Queueing;
use crate::transport::congestion::{Acknowledged, Chosen, Congestion, Controller, Pacer, RoundTrip};
use crate::transport::mtu::PathMtu;
use crate::transport::redundancy::copies::Road;
use crate::transport::timer::Timer;
use crate::wire::datagram::DATAGRAM_BASE;
use crate::wire::frame::AckRanges;
use std::ops::RangeInclusive;

/// A packet that counts as lost is kept for so many probe timeouts: what arrives later is rare.
const KEPT_FOR: u32 = 3;

/// What the owner of the packets' contents is told.
pub trait Outcome {
    /// The peer has this packet, and so these parts.
    fn on_acknowledged(&mut self, number: u64, parts: &[Part]);
    /// This packet is lost: these parts must go again.
    fn on_lost(&mut self, number: u64, rule: LossRule, age: Duration, parts: &[Part]);
    /// This packet was declared lost so long ago, and has arrived after all, and so these parts.
    fn on_spurious(&mut self, number: u64, after: Duration, parts: &[Part]);
    /// A round trip was measured.
    fn on_rtt(&mut self, sample: Duration, rtt: &RttEstimate);
}

/// Everything about packets in flight.
#[derive(Debug)]
pub struct Recovery {
    sent: SentPackets,
    rtt: RttEstimate,
    probes: Probes,
    /// When the first round trip was measured.
    sampled_at: Option<Instant>,
    controller: Chosen,
    pacer: Pacer,
    /// Window or pacer held back what waited, when last asked.
    held_back: bool,
    max_ack_delay: Duration,
    run: OwnRun,
    arq: Arq,
    /// When the next overtaken packet counts as lost.
    loss_at: Option<Instant>,
    losses: Losses,
    mtu: PathMtu,
    /// For copies: a chat gives few samples, so of the last three.
    queueing: Queueing<3>,
    ecn: Ecn,
}

impl Recovery {
    /// Nothing in flight yet; the peer may hold an acknowledgement back for so long, and no datagram is ever
    /// to have more bytes than `largest`.
    pub fn new(max_ack_delay: Duration, congestion: Congestion, largest: usize) -> Self {
        Self {
            sent: SentPackets::default(),
            rtt: RttEstimate::default(),
            probes: Probes::default(),
            sampled_at: None,
            controller: congestion.controller(DATAGRAM_BASE as u64),
            pacer: Pacer::new(DATAGRAM_BASE as u64),
            held_back: false,
            max_ack_delay,
            run: OwnRun::default(),
            arq: Arq::default(),
            loss_at: None,
            losses: Losses::default(),
            mtu: PathMtu::new(largest),
            queueing: Queueing::default(),
            ecn: Ecn::default(),
        }
    }

    /// The same, by the rules of a teaching mode.
    #[must_use]
    pub const fn obeying(mut self, arq: Arq) -> Self {
        self.arq = arq;
        self.probes = arq.backoff();
        self
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

    /// How many packets were declared lost and have not arrived after all.
    pub const fn lost_packets(&self) -> u64 {
        self.losses.lost()
    }

    /// How many packets were declared lost and have arrived after all.
    pub const fn spurious_losses(&self) -> u64 {
        self.losses.spurious()
    }

    /// How many packets that were declared lost are remembered, since they may still arrive.
    pub fn kept_losses(&self) -> usize {
        self.losses.kept()
    }

    /// How many packets there are from the oldest that is out to the newest.
    pub fn packets(&self) -> usize {
        self.sent.len()
    }

    /// After so long without an acknowledgement a packet is overdue (RFC 9002 §6.2.1).
    pub fn overdue_after(&self) -> Duration {
        // RFC 9002 §6.2.1 adds the peer's delay always. Ours: only where the peer holds anything back.
        let held = if self.run.is_bulk() { self.max_ack_delay } else { Duration::ZERO };
        (self.rtt.timeout() + held).max(self.arq.least_timeout())
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
        self.forget_what_passes(largest);
        self.rtt = RttEstimate::default();
        self.queueing = Queueing::default();
        self.losses.on_path_changed();
        self.controller.on_path_changed();
    }

    /// What the path carries, how large (at most `largest`) and with which marks, may be another by now.
    pub fn forget_what_passes(&mut self, largest: usize) {
        self.mtu = PathMtu::new(largest);
        self.ecn.on_path_changed(self.sent.next_number());
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

    /// Would a larger datagram be tried out, as far as the search goes?
    pub const fn wants_size_probe(&self) -> bool {
        self.mtu.wants_probe()
    }

    /// How large a datagram is to be tried out now, if one is. Ours: it may exceed the window by what it is
    /// larger than others, or a full window would never let it leave; and none under a window of packets,
    /// where it would take a place.
    pub fn next_size_probe(&mut self, now: Instant) -> Option<usize> {
        let size = self.mtu.next_probe(now)?;
        let may = !self.is_probe_owed() && self.controller.window_packets().is_none() && self.has_window();
        may.then_some(size)
    }

    fn adopt_size(&mut self) {
        let bytes = self.mtu.size() as u64;
        if bytes != self.pacer.datagram_size() {
            self.controller.on_datagram_size(bytes);
            self.pacer.on_datagram_size(bytes);
        }
    }

    /// May another full datagram that asks for an acknowledgement leave? To be asked when something waits
    /// that would fill it.
    pub fn may_send(&mut self, now: Instant) -> bool {
        if self.is_probe_owed() {
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

    /// Does the window admit another full datagram?
    pub fn has_window(&self) -> bool {
        let packets = self.controller.window_packets();
        self.sent.bytes_in_flight() + self.mtu.size() as u64 <= self.controller.window()
            && packets.is_none_or(|packets| self.sent.packets_in_flight() < packets)
    }

    /// Is a probe to be sent now, whatever the window?
    pub const fn is_probe_owed(&self) -> bool {
        self.probes.is_owed()
    }

    /// The packet whose parts were noted left.
    pub fn on_sent(&mut self, now: Instant, bytes: usize, ack_eliciting: bool) {
        if ack_eliciting {
            self.probes.on_sent();
            self.pacer.on_sent(bytes as u64);
            self.run.on_packet(now, self.max_ack_delay, self.sent.is_eliciting());
            if self.sent.is_size_probe_noted() {
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
        let known = self.known(now);
        let (mut any, mut eliciting) = (false, false);
        for range in ranges.iter() {
            let is_largest = *range.end() == ranges.largest();
            let (controller, losses, mtu) = (&mut self.controller, &mut self.losses, &mut self.mtu);
            let ecn = &mut self.ecn;
            let newest = self.sent.acknowledge(*range.start(), *range.end(), |packet, parts| {
                any = true;
                eliciting |= packet.ack_eliciting;
                if packet.ack_eliciting {
                    ecn.on_acknowledged(&packet);
                    if is_size_probe(parts) {
                        mtu.on_probe_acknowledged(now, packet.bytes as usize);
                    } else {
                        losses.on_acknowledged(packet, &known);
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
            let is_late = self.take_back(now, &range, outcome);
            (any, eliciting) = (any | is_late, eliciting | is_late);
        }
        if any {
            if eliciting {
                self.probes.on_acknowledged();
                self.restart_timer(now);
            }
            self.detect_lost(now, outcome);
        }
        Ok(())
    }

    /// Losses among these numbers were spurious: what followed from them is taken back. Were there any?
    fn take_back(&mut self, now: Instant, range: &RangeInclusive<u64>, outcome: &mut impl Outcome) -> bool {
        if self.losses.kept() == 0 {
            return false;
        }
        let (known, before) = (self.known(now), self.losses.spurious());
        if self.losses.acknowledge(range, &known, outcome) {
            self.controller.on_spurious_loss();
        }
        self.losses.spurious() > before
    }

    /// What a verdict on a packet is measured by.
    fn known(&self, now: Instant) -> Known {
        Known { now, rtt: self.rtt, largest: self.sent.largest_acked(), next: self.sent.next_number() }
    }

    fn on_round_trip(&mut self, now: Instant, sent_at: Instant, held: Duration) {
        let sample = now - sent_at;
        // RFC 9002 §5.3 takes it off always, and §6.2.1 adds it always. Ours: off only where it is added, or a peer
        // that is slow to acknowledge by its own lights would be asked again each round trip, for ever.
        let held = if self.run.is_bulk() { held } else { Duration::ZERO };
        self.rtt.on_sample(sample, held);
        self.sampled_at.get_or_insert(now);
        let (smoothed, least) = (self.rtt.smoothed(), self.rtt.least());
        self.queueing.on_round_trip(sample, least);
        self.controller.on_round_trip(RoundTrip { now, sent_at, sample, smoothed, least });
    }

    /// When to look again, and why (RFC 9002 appendix A.8).
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        if self.arq.is_teaching() {
            return self.poll_retransmission();
        }
        if let Some(at) = self.loss_at {
            return Some((at, Timer::LossTime));
        }
        if !self.sent.is_eliciting() {
            return None;
        }
        Some((self.probes.due(self.sent.last_eliciting_at()?, self.overdue_after()), Timer::Probe))
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
            Some((at, Timer::Retransmission)) if at <= now => {
                self.time_out(now, outcome);
                None
            }
            Some((at, _)) if at <= now => Some(self.probes.on_fired(now)),
            _ => None,
        }
    }

    /// What the packets that are out carry, oldest first.
    pub fn oldest_parts(&self) -> impl Iterator<Item = Part> + '_ {
        self.sent.oldest_parts()
    }

    fn detect_lost(&mut self, now: Instant, outcome: &mut impl Outcome) {
        if self.arq.is_textbook() {
            return self.forget_acknowledgements(now, outcome);
        }
        if !self.sent.is_overtaken() && self.losses.kept() == 0 {
            // So it is as long as nothing is lost or late.
            self.loss_at = None;
            return self.adopt_size();
        }
        let thresholds = self.thresholds();
        self.loss_at = self.declare_lost(now, outcome, |sent, lost| sent.detect_lost(now, thresholds, lost));
    }

    fn thresholds(&self) -> Thresholds {
        // RFC 5681 §3.2: TCP counts duplicates and has no time threshold.
        if self.arq.follows_tcp() { loss::COUNT_ONLY } else { self.losses.thresholds(&self.rtt) }
    }

    /// What `find` finds lost is told to all whom it concerns.
    fn declare_lost<T>(
        &mut self,
        now: Instant,
        outcome: &mut impl Outcome,
        find: impl FnOnce(&mut SentPackets, &mut dyn FnMut(Settled, LossRule, &[Part])) -> T,
    ) -> T {
        let (known, overdue) = (self.known(now), self.overdue_after());
        let (controller, losses, mtu) = (&mut self.controller, &mut self.losses, &mut self.mtu);
        let (ecn, sampled_at) = (&mut self.ecn, self.sampled_at);
        let mut row = LostRow::default();
        losses.forget_after(overdue * KEPT_FOR, now);
        let found = find(&mut self.sent, &mut |packet, rule, parts| {
            if is_size_probe(parts) {
                // RFC 8899 §3 (7), RFC 9000 §14.4: no sign of congestion.
                mtu.on_probe_lost(now, packet.bytes as usize);
                return outcome.on_lost(packet.number, rule, now - packet.sent_at, parts);
            }
            losses.on_lost(packet, parts, &known);
            ecn.on_lost(now, &packet);
            if packet.ack_eliciting {
                mtu.on_lost(now, packet.sent_at, packet.bytes as usize);
                let before = controller.window();
                controller.on_lost(now, packet.sent_at);
                losses.on_answered(packet.sent_at, now, controller.window() < before);
            }
            // RFC 9002 §7.6.2: only what was sent after a round trip was known.
            if sampled_at.is_some_and(|sampled| packet.sent_at >= sampled) {
                row.on_lost(packet.number, packet.sent_at, packet.ack_eliciting);
            }
            outcome.on_lost(packet.number, rule, now - packet.sent_at, parts);
        });
        if row.is_persistent(overdue) {
            self.losses.on_persistent();
            self.controller.on_persistent_congestion();
        }
        self.adopt_size();
        found
    }
}

impl Road for Recovery {
    fn loss(&self) -> f64 {
        self.losses.share().get()
    }

    fn overdue(&self) -> Duration {
        self.overdue_after()
    }

    fn is_queueing(&self) -> bool {
        // Ours: a mark is a queue's, also where the round trips do not show it.
        self.ecn.is_marking() || self.queueing.is_known() && self.queueing.is_standing()
    }
}

/// Is this what a packet carried that only tried its size out?
pub fn is_size_probe(parts: &[Part]) -> bool {
    parts == [Part::SizeProbe]
}

#[cfg(test)]
#[path = "recovery_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "recovery_range_tests.rs"]
mod range_tests;
