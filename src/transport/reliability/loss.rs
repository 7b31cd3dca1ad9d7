//! Is this packet lost, or only late?
//!
//! A packet is lost when a later one was acknowledged and either (RFC 9002 §6.1)
//!
//! - one sent three or more after it was acknowledged (the packet threshold, §6.1.1), or
//! - it was sent longer ago than nine eighths of a round trip (the time threshold, §6.1.2).
//!
//! Both are the least; where packets overtake each other they grow ([`super::reordering`]).
//!
//! ```text
//!   sent      4   5   6   7   8
//!   acked         ✓   ✓   ✓        4 is lost: 7 ≥ 4 + 3
//! ```
//!
//! The verdict is a pure function: the caller walks its packets and acts on it.

use crate::time::{Duration, Instant};

/// How far ahead the largest acknowledged number must be at least (RFC 9002 §6.1.1: kPacketThreshold).
pub const PACKET_THRESHOLD: u64 = 3;

/// How late a timer may fire and an acknowledgement may be on its way (RFC 9002 §6.1.2: kGranularity).
pub const GRANULARITY: Duration = Duration::from_millis(1);

/// Which rule found a packet lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LossRule {
    /// RFC 9002 §6.1.1.
    PacketThreshold,
    /// RFC 9002 §6.1.2.
    TimeThreshold,
    /// It was out for a retransmission timeout (RFC 6298 §5.4; teaching modes).
    Timeout,
    /// It was sent after one that was out for so long, and goes again with it (go-back-N).
    Behind,
}

/// The verdict on one packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Lost, by this rule.
    Lost(LossRule),
    /// Not yet: ask again at this moment.
    NotYet(Instant),
}

/// When an overtaken packet is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thresholds {
    /// The largest acknowledged number is so far above its own.
    pub packets: u64,
    /// It is out for so long.
    pub time: Duration,
}

/// The packet threshold alone, without any time.
pub const COUNT_ONLY: Thresholds = Thresholds { packets: PACKET_THRESHOLD, time: Duration::MAX };

/// How long an overtaken packet may stay out (RFC 9002 §6.1.2): 9/8 of the larger of the smoothed and the
/// latest round-trip time. Ours: [`GRANULARITY`] takes the place of the eighth, not of the whole, because
/// a round trip of 50 µs or 1 ms has a timer's lateness on top of it too.
pub fn time_threshold(smoothed: Duration, latest: Duration) -> Duration {
    let round_trip = smoothed.max(latest);
    round_trip + (round_trip / 8).max(GRANULARITY)
}

/// The verdict at `now` on packet `number`, sent at `sent_at`, of which `largest_acked` is later.
pub fn detect(
    number: u64,
    sent_at: Instant,
    largest_acked: u64,
    thresholds: Thresholds,
    now: Instant,
) -> Verdict {
    if largest_acked >= number.saturating_add(thresholds.packets) {
        return Verdict::Lost(LossRule::PacketThreshold);
    }
    let deadline = sent_at + thresholds.time;
    if deadline <= now { Verdict::Lost(LossRule::TimeThreshold) } else { Verdict::NotYet(deadline) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const THRESHOLD: Thresholds = Thresholds { packets: 3, time: Duration::from_millis(45) };

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
    fn the_time_threshold_follows_the_slower_of_mean_and_latest_with_a_millisecond_to_spare() {
        let ms = Duration::from_millis;
        assert_eq!(time_threshold(ms(40), ms(80)), ms(90));
        assert_eq!(time_threshold(ms(80), ms(40)), ms(90));
        let us = Duration::from_micros;
        assert_eq!(time_threshold(us(50), us(60)), us(1_060));
        assert_eq!(time_threshold(ms(10_000), ms(9_000)), ms(11_250));
    }
}
