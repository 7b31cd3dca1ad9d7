//! Was so much lost, one after the other, that the window says nothing any more?
//!
//! If all that was sent over a long time is lost, the path is gone or has become another, and what was
//! learned of it is worth nothing: the window falls to its least (RFC 9002 §7.6).
//!
//! ```text
//!   sent      10 ✓   11 ✗   12 ✗   …   19 ✗   20 ✓
//!                    └── without one that arrived ──┘   longer than three probe timeouts?
//! ```
//!
//! The pieces of evidence are the packets found lost by one acknowledgement, in the order of their
//! numbers: an outage ends with one that arrives, which finds all before it lost at once. A number left
//! out was settled before, and ends the row.

use crate::time::{Duration, Instant};

/// RFC 9002 §7.6.1: `kPersistentCongestionThreshold`, in probe timeouts.
pub const TIMEOUTS: u32 = 3;

/// Packets lost in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LostRow {
    last: Option<u64>,
    began: Option<Instant>,
    longest: Duration,
}

impl LostRow {
    /// Packet `number` is lost. Told in the order of numbers, those included that asked for no
    /// acknowledgement: they do not end a row, but a row neither begins nor ends with one (§7.6.2).
    pub fn on_lost(&mut self, number: u64, sent_at: Instant, ack_eliciting: bool) {
        if self.last.is_none_or(|last| last + 1 != number) {
            self.began = None;
        }
        self.last = Some(number);
        if ack_eliciting {
            let began = *self.began.get_or_insert(sent_at);
            self.longest = self.longest.max(sent_at - began);
        }
    }

    /// Was it persistent, with this probe timeout?
    pub fn is_persistent(&self, probe_timeout: Duration) -> bool {
        self.longest > probe_timeout * TIMEOUTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const TIMEOUT: Duration = Duration::from_millis(100);

    fn row(lost: &[(u64, u64, bool)]) -> LostRow {
        let mut row = LostRow::default();
        lost.iter().for_each(|(number, ms, asked)| row.on_lost(*number, at(ms * 1_000), *asked));
        row
    }

    #[test]
    fn all_lost_for_over_three_probe_timeouts_is_persistent() {
        assert!(row(&[(7, 0, true), (8, 150, true), (9, 301, true)]).is_persistent(TIMEOUT));
        assert!(!row(&[(7, 0, true), (8, 150, true), (9, 300, true)]).is_persistent(TIMEOUT));
    }

    #[test]
    fn one_that_arrived_between_ends_the_row() {
        assert!(!row(&[(7, 0, true), (9, 301, true)]).is_persistent(TIMEOUT));
        assert!(row(&[(7, 0, true), (9, 301, true), (10, 700, true)]).is_persistent(TIMEOUT));
    }

    #[test]
    fn packets_that_asked_for_nothing_neither_begin_nor_end_a_row_but_do_not_break_it() {
        assert!(!row(&[(7, 0, false), (8, 301, true)]).is_persistent(TIMEOUT));
        assert!(!row(&[(7, 0, true), (8, 301, false)]).is_persistent(TIMEOUT));
        assert!(row(&[(7, 0, true), (8, 150, false), (9, 301, true)]).is_persistent(TIMEOUT));
    }
}
