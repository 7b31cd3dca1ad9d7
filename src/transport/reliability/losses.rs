//! What was declared lost, and what followed from it that may have to be taken back?
//!
//! ```text
//!   declared lost ─▶ the share of losses, the window (one reduction for several losses)
//!   arrives later ─▶ the share again; reordering learns; with the last of its losses the reduction goes
//! ```
//!
//! Source: RFC 4015 (the response to a spurious verdict), RFC 8985 §6.2 (what is learned from it).

use super::late::LostPackets;
use super::loss::Thresholds;
use super::recovery::Outcome;
use super::reordering::{Overtaken, Reordering};
use super::rtt::RttEstimate;
use super::sent::{Part, Settled};
use crate::time::{Duration, Instant};
use crate::transport::redundancy::LossShare;
use std::ops::RangeInclusive;

/// What a verdict on a packet is measured by.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The present moment.
    pub now: Instant,
    /// The round trip.
    pub rtt: RttEstimate,
    /// The largest number acknowledged.
    pub largest: Option<u64>,
    /// The number of the packet that leaves next.
    pub next: u64,
}

/// The losses of a session.
#[derive(Debug, Default)]
pub struct Losses {
    count: u64,
    spurious: u64,
    share: LossShare,
    kept: LostPackets,
    reordering: Reordering,
    /// How many were declared lost at the latest moment.
    latest: (Instant, u32),
    reduction: Option<Reduction>,
}

/// The latest time that losses made the window smaller.
#[derive(Clone, Copy, Debug)]
struct Reduction {
    at: Instant,
    /// How many of the packets that it was for have not arrived.
    missing: u32,
}

impl Reduction {
    /// Was it for a packet that was sent and declared lost then?
    fn covers(&self, sent_at: Instant, lost_at: Instant) -> bool {
        sent_at <= self.at && self.at <= lost_at
    }
}

impl Losses {
    /// How many packets were declared lost and have not arrived after all.
    pub const fn lost(&self) -> u64 {
        self.count - self.spurious
    }

    /// How many packets were declared lost and have arrived after all.
    pub const fn spurious(&self) -> u64 {
        self.spurious
    }

    /// How many of them may still arrive and are remembered for it.
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// The share of packets that were lost lately.
    pub const fn share(&self) -> &LossShare {
        &self.share
    }

    /// When an overtaken packet is lost on this path.
    pub fn thresholds(&self, rtt: &RttEstimate) -> Thresholds {
        self.reordering.thresholds(rtt)
    }

    /// A packet that asked for it was acknowledged in time.
    pub fn on_acknowledged(&mut self, packet: Settled, known: &Known) {
        self.share.on_acknowledged();
        if let Some(by) = known.largest.filter(|largest| packet.number < *largest) {
            self.reordering.on_overtaken(overtaken(packet, by, known), &known.rtt, known.next);
        }
    }

    /// A packet was declared lost.
    pub fn on_lost(&mut self, packet: Settled, parts: &[Part], known: &Known) {
        self.kept.on_lost(known.now, packet, parts);
        if packet.ack_eliciting {
            self.count += 1;
            self.share.on_lost();
            self.reordering.on_lost(packet.number, known.next);
            let (at, count) = self.latest;
            self.latest = (known.now, if at == known.now { count + 1 } else { 1 });
        }
    }

    /// The controller has answered to the packet last declared lost: the window became smaller or not.
    pub fn on_answered(&mut self, sent_at: Instant, now: Instant, is_smaller: bool) {
        if is_smaller {
            // Those declared lost with it may have led to it.
            self.reduction = Some(Reduction { at: now, missing: self.latest.1 });
        } else if let Some(reduction) = self.reduction.as_mut().filter(|it| it.covers(sent_at, now)) {
            reduction.missing += 1;
        }
    }

    /// So much was lost that the window began anew: there is nothing to go back to.
    pub fn on_persistent(&mut self) {
        self.reduction = None;
    }

    /// A queue has marked packets: whatever became of the losses, there was a reason.
    pub fn on_marked(&mut self) {
        self.reduction = None;
    }

    /// The path is another one.
    pub fn on_path_changed(&mut self) {
        self.reordering = Reordering::default();
        self.reduction = None;
    }

    /// Forgets what was declared lost `span` ago or longer: it is lost.
    pub fn forget_after(&mut self, span: Duration, now: Instant) {
        self.kept.forget_after(span, now);
    }

    /// These numbers are acknowledged: those declared lost were not. True if the latest reduction of the
    /// window was for nothing but such packets, and is to be taken back (RFC 4015 §3.2); said once.
    pub fn acknowledge(
        &mut self,
        range: &RangeInclusive<u64>,
        known: &Known,
        outcome: &mut impl Outcome,
    ) -> bool {
        let Self { spurious, share, kept, reordering, reduction, .. } = self;
        kept.acknowledge(*range.start(), *range.end(), |packet, lost_at, parts| {
            if packet.ack_eliciting {
                *spurious += 1;
                share.on_spurious();
                let by = known.largest.unwrap_or(packet.number);
                reordering.on_overtaken(overtaken(packet, by, known), &known.rtt, known.next);
                if let Some(it) = reduction.as_mut().filter(|it| it.covers(packet.sent_at, lost_at)) {
                    it.missing = it.missing.saturating_sub(1);
                }
            }
            outcome.on_spurious(packet.number, known.now - lost_at, parts);
        });
        reduction.take_if(|reduction| reduction.missing == 0).is_some()
    }
}

fn overtaken(packet: Settled, by: u64, known: &Known) -> Overtaken {
    Overtaken { number: packet.number, by, age: known.now - packet.sent_at }
}
