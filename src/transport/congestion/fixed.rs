//! A window that never moves: so many packets in flight, whatever happens.
//!
//! ```text
//!   window
//!     │──────────────────────  N packets, and none beyond until one is acknowledged or lost
//!     └───────────────────── time
//! ```
//!
//! For teaching: with one packet it is stop-and-wait, with more the sliding window of the textbooks. It
//! counts packets, not bytes, and does not pace, so that a ladder shows the window and nothing else.
//! It does not react to congestion at all, so it is for links of one's own and for the simulator.

use super::{Acknowledged, Controller};
use crate::time::{Duration, Instant};

/// A fixed window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fixed {
    packets: u64,
    datagram: u64,
}

impl Fixed {
    /// So many packets (at least one), of at most this many bytes each.
    pub fn new(packets: u32, datagram: u64) -> Self {
        Self { packets: u64::from(packets.max(1)), datagram }
    }
}

impl Controller for Fixed {
    fn on_acknowledged(&mut self, _: Acknowledged) {}

    fn on_lost(&mut self, _: Instant, _: Instant) {}

    fn on_marked(&mut self, _: Instant, _: Instant) {}

    fn on_persistent_congestion(&mut self) {}

    fn on_spurious_loss(&mut self) {}

    fn on_path_changed(&mut self) {}

    fn window(&self) -> u64 {
        self.packets * self.datagram
    }

    fn window_packets(&self) -> Option<u64> {
        Some(self.packets)
    }

    fn threshold(&self) -> Option<u64> {
        None
    }

    fn pacing_rate(&self, _: Duration) -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn whatever_happens_a_fixed_window_stays() {
        let mut fixed = Fixed::new(7, 1_200);
        fixed.on_lost(at(1), at(0));
        fixed.on_persistent_congestion();
        fixed.on_acknowledged(Acknowledged { now: at(9), sent_at: at(2), bytes: 1_200, limited: true });
        assert_eq!((fixed.window(), fixed.window_packets()), (8_400, Some(7)));
        assert_eq!(fixed.pacing_rate(Duration::from_millis(50)), None);
    }

    #[test]
    fn no_window_is_less_than_one_packet() {
        assert_eq!(Fixed::new(0, 1_200).window_packets(), Some(1));
    }
}
