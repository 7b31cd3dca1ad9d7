//! Do packets come so densely that one acknowledgement does for several?
//!
//! ```text
//!   chat   │    │       │   │            each is acknowledged at once
//!   bulk   ││││││││││││││││││││││││││    after 16 in a row: one acknowledgement for 8, or after 1 ms
//! ```
//!
//! A packet belongs to a *run* if it follows the one before within the longest time that an acknowledgement
//! is held back: only then is there one to wait for. RFC 9000 §13.2.2 acknowledges every second packet;
//! draft-ietf-quic-ack-frequency lets the ends agree on a number and a delay. Ours: both are fixed, and what
//! is no run is acknowledged at once.

use crate::time::{Duration, Instant};

/// Within a long run one acknowledgement is sent for so many packets.
pub const PACKETS_EACH: u32 = 8;

/// A run of so many packets is long.
pub const LONG: u32 = 16;

/// How long may an acknowledgement wait for further packets?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// At most so long; zero: not at all.
    pub longest: Duration,
    /// With this packet at the latest.
    pub each: u32,
    /// Only in runs of more than so many packets.
    pub long: u32,
}

impl Patience {
    /// Our own: only in long runs, at most so long.
    pub const fn under_bulk(longest: Duration) -> Self {
        Self { longest, each: PACKETS_EACH, long: LONG }
    }
}

impl Default for Patience {
    /// None.
    fn default() -> Self {
        Self::under_bulk(Duration::ZERO)
    }
}

/// Packets that follow each other closely.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Run {
    last_at: Instant,
    length: u32,
}

impl Run {
    /// Another packet; it belongs to the run if the last one is at most `apart` ago.
    pub fn on_packet(&mut self, now: Instant, apart: Duration) {
        let follows = self.length > 0 && now <= self.last_at + apart;
        self.length = if follows { self.length.saturating_add(1) } else { 1 };
        self.last_at = now;
    }

    /// Of how many packets it is.
    pub const fn length(&self) -> u32 {
        self.length
    }
}

/// The packets that a sender sends: may their acknowledgements be held back by the peer?
///
/// The peer begins to hold back in a long run of its own count; as long as anything of ours is out, or the
/// run goes on, it may still do so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OwnRun {
    run: Run,
    is_bulk: bool,
}

impl OwnRun {
    /// Another packet leaves that asks for an acknowledgement; `others_out` if one is out already.
    pub fn on_packet(&mut self, now: Instant, apart: Duration, others_out: bool) {
        self.run.on_packet(now, apart);
        let goes_on = self.is_bulk && (others_out || self.run.length() > 1);
        self.is_bulk = goes_on || self.run.length() >= PACKETS_EACH;
    }

    /// May the peer hold an acknowledgement back?
    pub const fn is_bulk(&self) -> bool {
        self.is_bulk
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn a_run_goes_on_until_a_packet_comes_too_late() {
        let mut run = Run::default();
        let mut length = |now| {
            run.on_packet(at(now), Duration::from_millis(1));
            run.length()
        };
        assert_eq!([0, 500, 1_500, 2_501, 2_502].map(&mut length), [1, 2, 3, 1, 2]);
    }

    #[test]
    fn a_senders_run_lasts_until_a_packet_leaves_alone() {
        let mut own = OwnRun::default();
        let apart = Duration::from_millis(1);
        (0..u64::from(PACKETS_EACH)).for_each(|n| own.on_packet(at(n * 100), apart, n > 0));
        assert!(own.is_bulk());
        own.on_packet(at(50_000), apart, true);
        assert!(own.is_bulk(), "what is out may still be held back");
        own.on_packet(at(900_000), apart, false);
        assert!(!own.is_bulk());
    }
}
