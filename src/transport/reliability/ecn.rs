//! Does this path carry the marks of growing queues, and what do they tell?
//!
//! A router that marks a packet (ECN) tells of a queue before it is full and drops. It marks only packets
//! whose sender said that it understands: ECT(0), two bits of the IP header. Some paths drop such packets,
//! so the first ten find out:
//!
//! ```text
//!               one is acknowledged
//!   ┌─────────┐ ───────────────────────────▶ ┌─────────┐
//!   │ testing │                              │ capable │ all packets that ask for an acknowledgement
//!   └─────────┘                              └─────────┘
//!        │ all ten are lost, or three in a row,      │
//!        │ each sent after the loss before it        │ more marks than packets that could have any
//!        │ was noticed                               ▼
//!        │                                   ┌────────┐
//!        └─────────────────────────────────▶ │ failed │ none; marks are not believed
//!                                            └────────┘        another path: testing again
//! ```
//!
//! The peer tells how many marks it has seen in all. Each increase is one sign of congestion, whatever its
//! size (RFC 9002 §7.1); the controller sees to it that it counts once a round trip.
//!
//! Source: RFC 9000 §13.4.2, appendix A.4; RFC 3168 §5. Left out on purpose: the counts of unmarked packets
//! and with them a path that erases ECT (there a full queue drops, as without ECN); ECT(1) (RFC 9331); a
//! path that carried ECT and drops it of a sudden (what a probe timeout sends is never ECT, so a session
//! lives on).

use super::sent::Settled;
use crate::time::Instant;

/// RFC 9000 §13.4.2: so many packets test a path.
const TESTED: u32 = 10;

/// Ours: so many losses in a row, each sent after the one before was noticed, end the test too: a chat sends
/// one packet a round trip, and would wait for ten probe timeouts.
const ROUNDS: u32 = 3;

/// What is known of the path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Validation {
    /// Nothing yet: the first packets try it.
    #[default]
    Testing,
    /// Packets that understand marks arrive.
    Capable,
    /// They do not, or what is told of marks cannot be true.
    Failed,
}

/// The sender's view of marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ecn {
    validation: Validation,
    /// The number of the first packet on this path.
    first: u64,
    /// Of this path's test: packets sent, and lost.
    tested: u32,
    lost: u32,
    /// Losses of the test in a row, and when the last was noticed.
    rounds: u32,
    noticed_at: Instant,
    /// Packets of the session that could have got a mark.
    sent: u64,
    /// The most marks that the peer has told of.
    heard: u64,
    /// When the newest packet that was acknowledged left.
    newest: Instant,
    /// The latest acknowledgement told of new marks.
    is_marking: bool,
}

impl Ecn {
    /// May the next packet say that it understands marks?
    pub fn may_be_marked(&self) -> bool {
        match self.validation {
            Validation::Testing => self.tested < TESTED,
            Validation::Capable => true,
            Validation::Failed => false,
        }
    }

    /// What is known of the path.
    pub const fn validation(&self) -> Validation {
        self.validation
    }

    /// Did the latest acknowledgement tell of new marks? A mark is always a queue's.
    pub const fn is_marking(&self) -> bool {
        self.is_marking
    }

    /// When the newest packet that was acknowledged left.
    pub const fn newest(&self) -> Instant {
        self.newest
    }

    /// A packet left that understands marks.
    pub fn on_sent(&mut self) {
        self.sent += 1;
        if self.validation == Validation::Testing {
            self.tested += 1;
        }
    }

    /// A packet was acknowledged.
    #[inline]
    pub fn on_acknowledged(&mut self, packet: &Settled) {
        self.newest = self.newest.max(packet.sent_at);
        if packet.ect && packet.number >= self.first && self.validation == Validation::Testing {
            self.validation = Validation::Capable;
        }
    }

    /// A packet was declared lost.
    pub fn on_lost(&mut self, now: Instant, packet: &Settled) {
        if !packet.ect || packet.number < self.first || self.validation != Validation::Testing {
            return;
        }
        self.lost += 1;
        if packet.sent_at >= self.noticed_at {
            self.rounds += 1;
            self.noticed_at = now;
        }
        if self.lost >= TESTED || self.rounds >= ROUNDS {
            self.validation = Validation::Failed;
        }
    }

    /// The peer tells how many marks it has ever seen. Answers how many are new, if any are believed.
    pub fn on_count(&mut self, marked: u64) -> Option<u64> {
        let new = marked.saturating_sub(self.heard);
        self.heard += new;
        // RFC 9000 §13.4.2.1: more than could be is an error of the path or of the peer.
        if marked > self.sent {
            self.validation = Validation::Failed;
        }
        self.is_marking = new > 0 && self.validation != Validation::Failed;
        self.is_marking.then_some(new)
    }

    /// The path is another one from packet `next` on, or may be. What was counted is the session's.
    pub fn on_path_changed(&mut self, next: u64) {
        let Self { sent, heard, newest, .. } = *self;
        *self = Self { first: next, sent, heard, newest, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn packet(number: u64) -> Settled {
        Settled { number, sent_at: at(number * 1_000), bytes: 100, ack_eliciting: true, ect: true }
    }

    fn sent(count: u64) -> Ecn {
        let mut ecn = Ecn::default();
        (0..count).for_each(|_| ecn.on_sent());
        ecn
    }

    #[test]
    fn ten_packets_test_a_path_and_the_first_that_arrives_proves_it() {
        let mut ecn = sent(9);
        assert!(ecn.may_be_marked());
        ecn.on_sent();
        assert!(!ecn.may_be_marked());
        ecn.on_lost(at(50_000), &packet(0));
        ecn.on_acknowledged(&Settled { ect: false, ..packet(10) });
        assert_eq!(ecn.validation(), Validation::Testing, "that was none of them");
        ecn.on_acknowledged(&packet(1));
        assert!(ecn.validation() == Validation::Capable && ecn.may_be_marked());
        (2..20).for_each(|number| ecn.on_lost(at(90_000), &packet(number)));
        assert_eq!(ecn.validation(), Validation::Capable, "losses are losses from then on");
    }

    #[test]
    fn a_path_that_loses_all_ten_is_not_tried_again() {
        let mut ecn = sent(10);
        (0..9).for_each(|number| ecn.on_lost(at(50_000), &packet(number)));
        assert_eq!(ecn.validation(), Validation::Testing);
        ecn.on_lost(at(50_000), &packet(9));
        assert_eq!(ecn.validation(), Validation::Failed);
        ecn.on_acknowledged(&packet(3));
        assert!(!ecn.may_be_marked());
    }

    #[test]
    fn three_losses_in_a_row_end_the_test_of_a_slow_talker() {
        let mut ecn = sent(3);
        ecn.on_lost(at(5_000), &packet(0));
        ecn.on_lost(at(5_000), &packet(4));
        assert!(ecn.may_be_marked(), "the second left before the first was missed");
        ecn.on_lost(at(8_000), &packet(6));
        assert!(ecn.may_be_marked());
        ecn.on_lost(at(11_000), &packet(9));
        assert_eq!(ecn.validation(), Validation::Failed);
    }

    #[test]
    fn each_increase_of_the_count_is_heard_once() {
        let mut ecn = sent(10);
        assert_eq!(ecn.on_count(0), None);
        assert_eq!(ecn.on_count(3), Some(3));
        assert!(ecn.is_marking());
        assert_eq!(ecn.on_count(3), None);
        assert!(!ecn.is_marking());
        assert_eq!(ecn.on_count(2), None, "an acknowledgement that was overtaken");
        assert_eq!(ecn.on_count(4), Some(1));
    }

    #[test]
    fn more_marks_than_packets_that_could_have_one_are_not_believed() {
        let mut ecn = sent(10);
        assert_eq!(ecn.on_count(11), None);
        assert_eq!((ecn.validation(), ecn.is_marking()), (Validation::Failed, false));
        ecn.on_sent();
        assert_eq!(ecn.on_count(11), None, "nor later");
        assert_eq!(ecn.on_count(u64::MAX), None);
    }

    #[test]
    fn another_path_is_tested_anew_and_by_its_own_packets() {
        let mut ecn = sent(10);
        (0..10).for_each(|number| ecn.on_lost(at(50_000), &packet(number)));
        ecn.on_path_changed(10);
        assert!(ecn.may_be_marked());
        ecn.on_acknowledged(&packet(9));
        assert_eq!(ecn.validation(), Validation::Testing, "that one went the old way");
        ecn.on_sent();
        ecn.on_acknowledged(&packet(10));
        assert_eq!(ecn.validation(), Validation::Capable);
        assert_eq!(ecn.on_count(11), Some(11), "marks are counted over all paths");
    }
}
