//! What do marks of growing queues (ECN) change?
//!
//! They make the window smaller as a loss would, and nothing is sent again for them. A reduction that marks
//! have confirmed is not taken back when its losses turn out to be spurious.
//!
//! Source: RFC 9002 §7.1, RFC 3168 §6.1.2.

use super::Recovery;
use crate::time::Instant;
use crate::transport::congestion::Controller;
use crate::transport::reliability::ecn::Validation;

impl Recovery {
    /// May the packet that leaves next say that it understands marks?
    pub fn may_be_marked(&self) -> bool {
        self.ecn.may_be_marked()
    }

    /// The packet that has just left says so.
    pub fn on_sent_ect(&mut self) {
        self.sent.note_ect();
        self.ecn.on_sent();
    }

    /// Does the packet that left last say so?
    pub fn is_ect(&self) -> bool {
        self.sent.is_newest_ect()
    }

    /// What is known of the path and marks.
    pub const fn validation(&self) -> Validation {
        self.ecn.validation()
    }

    /// An acknowledgement, which has been heeded, told how many marks the peer has ever seen. Answers how many
    /// of them are new, if any are believed.
    pub fn on_marks(&mut self, now: Instant, marked: u64) -> Option<u64> {
        let new = self.ecn.on_count(marked)?;
        self.losses.on_marked();
        self.controller.on_marked(now, self.ecn.newest());
        Some(new)
    }
}
