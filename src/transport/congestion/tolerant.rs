//! CUBIC that bears losses for which no queue is to blame.
//!
//! CUBIC takes every loss for a full queue; on a radio link with one loss in a hundred it ends at a tenth
//! of the rate. This controller asks first, and is otherwise CUBIC, so that it shares a full queue with
//! other senders as one of them:
//!
//! ```text
//!   a packet is lost
//!     ├─ a queue stands (queueing.rs)   ──▶ reduce: by as much as the queue holds, at most as CUBIC does
//!     ├─ more are lost than the path is
//!     │  known to lose (blame.rs)       ──▶ reduce as CUBIC does; if the losses stay, take it back
//!     └─ else                           ──▶ bear it
//! ```
//!
//! A mark (ECN) is always a queue's, and is answered as CUBIC answers it. Source: CUBIC is RFC 9438;
//! reducing by what the queue holds is how H-TCP and TCP Westwood choose their decrease
//! (draft-leith-tcp-htcp-06 §3.2); asking for the queue first is ours.

use super::blame::{Blame, Finding};
use super::cubic::{BETA, Cubic};
use super::queueing::Queueing;
use super::{Acknowledged, Controller, RoundTrip};
use crate::time::Instant;

/// Ours: what a reduction leaves, in shares of what is in no queue. A little queue stays, from which the
/// line lives while the places of lost packets are filled again.
const KEPT: f64 = 17.0 / 16.0;

/// CUBIC, and what tells it which losses to bear.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tolerant {
    cubic: Cubic,
    queueing: Queueing,
    blame: Blame,
    /// The latest reduction is that of the trial.
    trial: bool,
}

impl Tolerant {
    /// For datagrams of this many bytes.
    pub fn new(datagram: u64) -> Self {
        Self {
            cubic: Cubic::new(datagram),
            queueing: Queueing::default(),
            blame: Blame::default(),
            trial: false,
        }
    }

    fn on_queue_blamed(&mut self, now: Instant) {
        self.trial = false;
        self.blame.leave_out_before(now);
    }

    fn on_settled(&mut self, now: Instant, sent_at: Instant, lost: bool) {
        match self.blame.on_settled(sent_at, lost) {
            Finding::TooMany => {
                self.trial = self.cubic.reduce(now, sent_at, BETA);
                self.blame.begin_trial(now);
            }
            Finding::NotOurs if self.trial => self.cubic.on_spurious_loss(),
            Finding::None | Finding::Ours | Finding::NotOurs => {}
        }
    }
}

impl Controller for Tolerant {
    fn on_acknowledged(&mut self, packet: Acknowledged) {
        self.cubic.on_acknowledged(packet);
        self.on_settled(packet.now, packet.sent_at, false);
    }

    fn on_round_trip(&mut self, trip: RoundTrip) {
        self.cubic.on_round_trip(trip);
        self.queueing.on_round_trip(trip.sample, trip.least);
    }

    fn on_lost(&mut self, now: Instant, sent_at: Instant) {
        if self.cubic.in_recovery(sent_at) {
            return;
        }
        if self.queueing.is_standing() {
            let kept = KEPT * self.queueing.share_without_queue();
            self.cubic.reduce(now, sent_at, kept.clamp(BETA, 1.0));
            self.on_queue_blamed(now);
        } else {
            self.on_settled(now, sent_at, true);
        }
    }

    fn on_marked(&mut self, now: Instant, sent_at: Instant) {
        self.cubic.on_marked(now, sent_at);
        self.on_queue_blamed(now);
    }

    fn on_persistent_congestion(&mut self) {
        self.cubic.on_persistent_congestion();
    }

    fn on_spurious_loss(&mut self) {
        self.cubic.on_spurious_loss();
    }

    fn on_path_changed(&mut self) {
        self.cubic.on_path_changed();
        let cubic = self.cubic;
        *self = Self { cubic, ..Self::new(0) };
    }

    fn on_datagram_size(&mut self, bytes: u64) {
        self.cubic.on_datagram_size(bytes);
    }

    fn window(&self) -> u64 {
        self.cubic.window()
    }

    fn threshold(&self) -> Option<u64> {
        self.cubic.threshold()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use crate::time::{Duration, at};

    const DATAGRAM: u64 = 1_200;
    const LEAST_MS: u64 = 50;

    /// A flow whose packets are acknowledged or lost one by one, a round trip after they left.
    struct Flow {
        tolerant: Tolerant,
        now: u64,
        rtt_ms: u64,
        rng: Rng,
    }

    impl Flow {
        fn new() -> Self {
            Self {
                tolerant: Tolerant::new(DATAGRAM),
                now: 1_000_000,
                rtt_ms: LEAST_MS,
                rng: Rng::from_seed(3),
            }
        }

        /// So many packets, each lost with this chance, a millisecond apart.
        fn settle(&mut self, packets: u64, loss: f64) {
            for _ in 0..packets {
                self.now += 1_000;
                let (now, sample) = (at(self.now), Duration::from_millis(self.rtt_ms));
                let sent_at = now - sample;
                if self.rng.chance(loss) {
                    self.tolerant.on_lost(now, sent_at);
                    continue;
                }
                self.tolerant.on_acknowledged(Acknowledged { now, sent_at, bytes: DATAGRAM, limited: true });
                let least = Duration::from_millis(LEAST_MS);
                self.tolerant.on_round_trip(RoundTrip { now, sent_at, sample, smoothed: sample, least });
            }
        }

        fn lose(&mut self) {
            self.settle(1, 1.0);
        }
    }

    #[test]
    fn a_loss_without_a_queue_is_borne() {
        let mut flow = Flow::new();
        flow.settle(100, 0.0);
        let window = flow.tolerant.window();
        flow.lose();
        assert_eq!(flow.tolerant.window(), window);
        assert_eq!(flow.tolerant.threshold(), None, "slow start goes on");
    }

    #[test]
    fn a_loss_with_a_standing_queue_is_answered_as_cubic_answers_it() {
        let mut flow = Flow::new();
        flow.settle(100, 0.0);
        flow.rtt_ms = 100;
        flow.settle(8, 0.0);
        let window = flow.tolerant.window();
        flow.lose();
        assert_eq!(flow.tolerant.window(), window * 7 / 10);
    }

    #[test]
    fn of_a_short_queue_no_more_is_given_up_than_it_holds() {
        let mut flow = Flow::new();
        flow.settle(100, 0.0);
        flow.rtt_ms = 60;
        flow.settle(8, 0.0);
        let window = flow.tolerant.window();
        flow.lose();
        assert_eq!(flow.tolerant.window(), window * 85 / 96, "50 of 60 ms are no queue; 5/6 · 17/16");
    }

    #[test]
    fn one_loss_in_twenty_is_borne_once_a_trial_has_shown_that_it_stays() {
        let mut flow = Flow::new();
        flow.settle(4_000, 0.05);
        let before = flow.tolerant.window();
        flow.settle(4_000, 0.05);
        assert!(flow.tolerant.window() > before, "{} after {before}", flow.tolerant.window());
    }

    #[test]
    fn one_loss_in_four_is_not_borne_although_no_queue_stands() {
        let mut flow = Flow::new();
        flow.settle(4_000, 0.0);
        let before = flow.tolerant.window();
        flow.settle(4_000, 0.25);
        assert!(flow.tolerant.window() < before / 4, "{} after {before}", flow.tolerant.window());
    }
}
