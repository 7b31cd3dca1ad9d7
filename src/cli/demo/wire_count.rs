//! What did it take? Counts the packets of all sessions that share this sink, as they leave and arrive.

use crate::time::Instant;
use crate::trace::{DropReason, SendCause, Sink, TraceEvent};
use std::sync::atomic::{AtomicU64, Ordering};

/// The counters; shared by the ends of every session.
#[derive(Debug, Default)]
pub struct WireCount {
    sent: AtomicU64,
    again: AtomicU64,
    arrived: AtomicU64,
}

/// What they stand at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counted {
    /// Packets that left.
    pub sent: u64,
    /// Those of them that carried again what was lost, or asked after it.
    pub again: u64,
    /// Those that never arrived (or are still on their way).
    pub lost: u64,
}

impl WireCount {
    /// What they stand at now.
    pub fn now(&self) -> Counted {
        let [sent, again, arrived] =
            [&self.sent, &self.again, &self.arrived].map(|counter| counter.load(Ordering::Relaxed));
        Counted { sent, again, lost: sent.saturating_sub(arrived) }
    }
}

impl Sink for WireCount {
    fn event(&self, _: Instant, _: u64, event: &TraceEvent) {
        let add = |counter: &AtomicU64| {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        match event {
            TraceEvent::PacketSent { cause, .. } => {
                add(&self.sent);
                if matches!(cause, SendCause::Retransmission | SendCause::Probe) {
                    add(&self.again);
                }
            }
            // A second copy is none of those that were sent.
            TraceEvent::DatagramDropped { reason: DropReason::Duplicate, .. } => {}
            TraceEvent::PacketReceived { .. } | TraceEvent::DatagramDropped { .. } => add(&self.arrived),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn what_left_and_did_not_arrive_is_lost_and_a_copy_counts_for_nothing() {
        let count = WireCount::default();
        let sent = |number, cause| TraceEvent::PacketSent { number, bytes: 100, cause };
        let copy = TraceEvent::DatagramDropped { bytes: 100, reason: DropReason::Duplicate };
        for event in [
            sent(1, SendCause::First),
            sent(2, SendCause::First),
            TraceEvent::PacketReceived { number: 2, bytes: 100, late: false },
            copy,
            sent(3, SendCause::Retransmission),
            TraceEvent::PacketReceived { number: 3, bytes: 100, late: false },
        ] {
            count.event(at(0), 1, &event);
        }
        assert_eq!(count.now(), Counted { sent: 3, again: 1, lost: 1 });
    }
}
