//! How much does a session remember, and how much may it?
//!
//! What a peer can make grow has a bound of its own; a simulated run holds every session to them after each
//! step.
//!
//! | what | bound |
//! | --- | --- |
//! | cost of messages that wait to be acknowledged | `limits.queue` |
//! | cost of messages that arrived and were not handed on | `limits.session_window` |
//! | ranges of received numbers | [`RANGES_MAX`] |
//! | ranges of messages settled out of order | half of [`AHEAD_MAX`] for each of [`CHANNELS_MAX`] |
//! | small messages that ride | [`RIDERS_MAX`] |
//! | packets declared lost that may still arrive | [`KEPT_MAX`] |
//! | packets from the oldest that is out to the newest | [`PACKETS_MAX`], and what answers the last packet |

use super::Connection;
use crate::transport::channel::credit::AHEAD_MAX;
use crate::transport::channel::{CHANNELS_MAX, ChannelLimits};
use crate::transport::redundancy::riders::RIDERS_MAX;
use crate::transport::reliability::late::KEPT_MAX;
use crate::transport::reliability::received::RANGES_MAX;
use crate::transport::reliability::sent::PACKETS_MAX;

/// Packets that leave between two that arrive, beyond what is out already: more than any window has.
const ANSWERS: usize = 4_096;

/// No two ranges touch, so each takes two of the numbers that a sender may be ahead.
const SETTLED_MAX: usize = CHANNELS_MAX * (AHEAD_MAX / 2) as usize;

/// What one end of a session remembers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Footprint {
    /// The cost of the messages that wait to be acknowledged by the peer.
    pub queued: u64,
    /// The cost of what arrived and was not handed to the user yet.
    pub buffered: u64,
    /// Ranges of received numbers.
    pub ranges: usize,
    /// Ranges of messages that were settled out of order.
    pub settled: usize,
    /// Small messages under way that may ride again.
    pub riders: usize,
    /// Packets that were declared lost and may still arrive.
    pub late: usize,
    /// Packets from the oldest that is out to the newest.
    pub packets: usize,
}

impl Footprint {
    /// The first bound that is exceeded, if any is.
    pub fn exceeds(&self, limits: &ChannelLimits) -> Option<String> {
        let Self { queued, buffered, ranges, settled, riders, late, packets } = *self;
        let is_over = queued > limits.queue
            || buffered > limits.session_window
            || ranges > RANGES_MAX
            || settled > SETTLED_MAX
            || riders > RIDERS_MAX
            || late > KEPT_MAX
            || packets > PACKETS_MAX + ANSWERS;
        is_over.then(|| format!("more is remembered than may be: {self:?}"))
    }
}

impl Connection {
    /// What it remembers.
    pub fn footprint(&self) -> Footprint {
        Footprint {
            queued: self.channels.queued(),
            buffered: self.channels.buffered(),
            ranges: self.received.ranges(),
            settled: self.channels.settled(),
            riders: self.copies.riders(),
            late: self.recovery.kept_losses(),
            packets: self.recovery.packets(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_is_exceeded_by_one_more() {
        let limits = ChannelLimits::default();
        let full = Footprint {
            queued: limits.queue,
            buffered: limits.session_window,
            ranges: RANGES_MAX,
            settled: SETTLED_MAX,
            riders: RIDERS_MAX,
            late: KEPT_MAX,
            packets: PACKETS_MAX + ANSWERS,
        };
        assert_eq!(full.exceeds(&limits), None);
        for more in [
            Footprint { queued: full.queued + 1, ..full },
            Footprint { buffered: full.buffered + 1, ..full },
            Footprint { ranges: RANGES_MAX + 1, ..full },
            Footprint { settled: SETTLED_MAX + 1, ..full },
            Footprint { riders: RIDERS_MAX + 1, ..full },
            Footprint { late: KEPT_MAX + 1, ..full },
            Footprint { packets: full.packets + 1, ..full },
        ] {
            assert!(more.exceeds(&limits).is_some(), "{more:?}");
        }
    }
}
