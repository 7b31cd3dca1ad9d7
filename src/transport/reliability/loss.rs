//! Is this packet lost, or only late?
//!
//! A packet is lost when a later one was acknowledged and either (RFC 9002 §6.1)
//!
//! - three or more packets sent after it were acknowledged past it (the packet threshold, §6.1.1), or
//! - it was sent longer ago than nine eighths of a round trip (the time threshold, §6.1.2).
//!
//! ```text
//!   sent      4   5   6   7   8
//!   acked         ✓   ✓   ✓        4 is lost: 7 ≥ 4 + 3
//! ```
//!
//! The verdict is a pure function: the caller walks its packets and acts on it.

use crate::time::{Duration, Instant};

/// How far ahead the largest acknowledged number must be (RFC 9002 §6.1.1: kPacketThreshold).
pub const PACKET_THRESHOLD: u64 = 3;

/// The least time that is waited (RFC 9002 §6.1.2: kGranularity).
pub const GRANULARITY: Duration = Duration::from_millis(1);

/// Which rule found a packet lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LossRule {
    /// RFC 9002 §6.1.1.
    PacketThreshold,
    /// RFC 9002 §6.1.2.
    TimeThreshold,
}

/// The verdict on one packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Lost, by this rule.
    Lost(LossRule),
    /// Not yet: ask again at this moment.
    NotYet(Instant),
}

/// How long an overtaken packet may stay out (RFC 9002 §6.1.2): 9/8 of the larger of the smoothed and the
/// latest round-trip time, at least [`GRANULARITY`].
pub fn time_threshold(smoothed: Duration, latest: Duration) -> Duration {
    (smoothed.max(latest) * 9 / 8).max(GRANULARITY)
}

/// The verdict at `now` on packet `number`, sent at `sent_at`, of which `largest_acked` is later.
pub fn detect(
    number: u64,
    sent_at: Instant,
    largest_acked: u64,
    time_threshold: Duration,
    now: Instant,
) -> Verdict {
    if largest_acked >= number + PACKET_THRESHOLD {
        return Verdict::Lost(LossRule::PacketThreshold);
    }
    let deadline = sent_at + time_threshold;
    if deadline <= now { Verdict::Lost(LossRule::TimeThreshold) } else { Verdict::NotYet(deadline) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const THRESHOLD: Duration = Duration::from_millis(45);

    #[test]
    fn three_later_acknowledgements_make_a_loss_two_do_not() {
        assert_eq!(detect(4, at(0), 7, THRESHOLD, at(1)), Verdict::Lost(LossRule::PacketThreshold));
        assert_eq!(detect(4, at(0), 6, THRESHOLD, at(1)), Verdict::NotYet(at(45_000)));
    }

    #[test]
    fn an_overtaken_packet_is_lost_when_its_time_is_up_and_not_a_microsecond_before() {
        assert_eq!(detect(4, at(1_000), 5, THRESHOLD, at(45_999)), Verdict::NotYet(at(46_000)));
        assert_eq!(detect(4, at(1_000), 5, THRESHOLD, at(46_000)), Verdict::Lost(LossRule::TimeThreshold));
    }

    #[test]
    fn the_time_threshold_follows_the_slower_of_mean_and_latest_with_a_floor() {
        let ms = Duration::from_millis;
        assert_eq!(time_threshold(ms(40), ms(80)), ms(90));
        assert_eq!(time_threshold(ms(80), ms(40)), ms(90));
        assert_eq!(time_threshold(Duration::from_micros(50), Duration::from_micros(60)), GRANULARITY);
    }
}
