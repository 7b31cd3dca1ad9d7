//! What does a timeout mean in the teaching modes?
//!
//! Our own mode asks again after silence and lets the answer tell what is lost (RFC 9002 §6.2). The textbooks
//! and TCP know no such probe: what is out for a retransmission timeout is lost.
//!
//! ```text
//!   out                 5   6   7   8          5 is out for a timeout
//!   stop-and-wait       5                      there is no other
//!   selective repeat    5                      each has a timer of its own
//!   go-back-N, TCP      5   6   7   8          the oldest has the timer, and takes the others with it
//! ```
//!
//! The timeout is SRTT + 4 RTTVAR (RFC 6298 §2) with the least of the mode. A textbook's timer runs from when
//! the oldest packet was sent, TCP's anew with each acknowledgement (RFC 6298 §5.3). It doubles from the
//! fourth in a row on, up to a second; TCP's from the second.
//!
//! Source: Kurose & Ross §3.4; RFC 6298 §5; RFC 5681 §3.1 (what TCP's window becomes). Left out on purpose:
//! TCP's tail loss probe and its timers by time (RFC 8985), which are what our own mode has.

use super::{Outcome, Recovery};
use crate::time::Instant;
use crate::transport::congestion::Controller;
use crate::transport::reliability::loss::{LossRule, PACKET_THRESHOLD};
use crate::transport::reliability::sent::Settled;
use crate::transport::timer::Timer;

impl Recovery {
    /// When the oldest packet is out for too long.
    pub(super) fn poll_retransmission(&self) -> Option<(Instant, Timer)> {
        let oldest = self.sent.oldest_eliciting_at()?;
        let base = self.overdue_after();
        let due = if self.arq.follows_tcp() {
            self.probes.due(oldest, base)
        } else {
            self.probes.expiry(oldest, base)
        };
        Some((due, Timer::Retransmission))
    }

    /// Something was acknowledged.
    pub(super) const fn restart_timer(&mut self, now: Instant) {
        if self.arq.follows_tcp() {
            self.probes.on_restarted(now);
        }
    }

    /// The retransmission timer fired.
    pub(super) fn time_out(&mut self, now: Instant, outcome: &mut impl Outcome) {
        let (base, probes, goes_back) = (self.overdue_after(), self.probes, self.arq.goes_back());
        let mut any = false;
        let verdict = |packet: &Settled| {
            if !packet.ack_eliciting {
                return None;
            }
            let is_oldest = !any;
            any = true;
            if goes_back && !is_oldest {
                return Some(LossRule::Behind);
            }
            (goes_back || probes.expiry(packet.sent_at, base) <= now).then_some(LossRule::Timeout)
        };
        self.probes.on_timed_out(now, base);
        self.declare_lost(now, outcome, |sent, lost| sent.give_up(verdict, lost));
        if self.arq.follows_tcp() {
            // RFC 5681 §3.1: the loss window. Ours: two datagrams, the least of all our controllers.
            self.losses.on_persistent();
            self.controller.on_persistent_congestion();
        }
    }

    /// Packets that only acknowledge have no timer: they are forgotten when later ones are acknowledged.
    pub(super) fn forget_acknowledgements(&mut self, now: Instant, outcome: &mut impl Outcome) {
        let largest = self.sent.largest_acked().unwrap_or(0);
        let verdict = |packet: &Settled| {
            let is_past = !packet.ack_eliciting && packet.number + PACKET_THRESHOLD <= largest;
            is_past.then_some(LossRule::PacketThreshold)
        };
        self.declare_lost(now, outcome, |sent, lost| sent.give_up(verdict, lost));
    }
}

#[cfg(test)]
#[path = "timeout_tests.rs"]
mod tests;
