//! How far do packets overtake each other on this path, and how long must a verdict wait?
//!
//! Some links hand packets on in another order: Wi-Fi that repeats a frame, two ways side by side. There a
//! packet that three others have passed is no more lost than any other. What is seen tells how patient to be:
//!
//! ```text
//!   acknowledged   7 8 9 10 11 12 13      then 6 after all: it was overtaken by 7
//!   packet threshold   3 ──▶ 9            RFC 8985 §3.2, as TCP does with its reordering degree
//!   time threshold     9/8 RTT ──▶ 9/8 RTT + ¼ least RTT ──▶ …, each quarter for one round trip in which
//!                                         a packet came later than that (RFC 8985 §6.2 step 4)
//! ```
//!
//! After 16 recoveries both fall to what was seen meanwhile (RFC 8985 §6.2 falls to the least).

use super::loss::{self, PACKET_THRESHOLD, Thresholds};
use super::rtt::RttEstimate;
use crate::time::Duration;

/// The largest packet threshold. Ours, as Linux has it: the time threshold speaks first then, so that more
/// would change nothing.
pub const PACKET_THRESHOLD_MAX: u64 = 300;

/// After so many recoveries without new evidence the thresholds fall (RFC 8985 §6.2: `reo_wnd_persist`).
const RECOVERIES: u32 = 16;

/// The most quarters of a round trip: more than a round trip is never added.
const QUARTERS_MAX: u32 = 64;

/// A packet that was acknowledged after a later one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overtaken {
    /// Its number.
    pub number: u64,
    /// The largest that was acknowledged before it.
    pub by: u64,
    /// How long it was out.
    pub age: Duration,
}

/// What was seen of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reordering {
    packets: u64,
    quarters: u32,
    /// What the overtaken packets since the last fall called for.
    seen: Seen,
    recoveries: u32,
    /// Packets from this number on belong to the next recovery.
    recovery_ends: u64,
    /// Packets from this number on may add another quarter.
    round_ends: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Seen {
    packets: u64,
    is_slow: bool,
}

impl Default for Reordering {
    fn default() -> Self {
        Self {
            packets: PACKET_THRESHOLD,
            quarters: 0,
            seen: Seen::default(),
            recoveries: 0,
            recovery_ends: 0,
            round_ends: 0,
        }
    }
}

impl Reordering {
    /// When an overtaken packet is lost on this path.
    pub fn thresholds(&self, rtt: &RttEstimate) -> Thresholds {
        // RFC 8985 §6.2 step 4: at most a smoothed round trip more.
        let more = (rtt.least() / 4 * self.quarters).min(rtt.smoothed());
        let time = loss::time_threshold(rtt.smoothed(), rtt.latest()) + more;
        Thresholds { packets: self.packets, time }
    }

    /// A packet came late; the next one that leaves is `next`.
    pub fn on_overtaken(&mut self, packet: Overtaken, rtt: &RttEstimate, next: u64) {
        let Overtaken { number, by, age } = packet;
        let distance = by.saturating_sub(number);
        // Ours: a quarter more than was seen, because acknowledgements may come for several packets.
        let packets = (distance + distance / 4 + 1).min(PACKET_THRESHOLD_MAX);
        self.seen.packets = self.seen.packets.max(packets);
        self.packets = self.packets.max(packets);
        self.seen.is_slow |= age >= loss::time_threshold(rtt.smoothed(), rtt.latest());
        if age >= self.thresholds(rtt).time && number >= self.round_ends {
            self.quarters = (self.quarters + 1).min(QUARTERS_MAX);
            self.round_ends = next;
        }
    }

    /// A packet was declared lost; the next one that leaves is `next`.
    pub fn on_lost(&mut self, number: u64, next: u64) {
        if number < self.recovery_ends {
            return;
        }
        self.recovery_ends = next;
        self.recoveries += 1;
        if self.recoveries > RECOVERIES {
            let seen = std::mem::take(&mut self.seen);
            self.packets = seen.packets.max(PACKET_THRESHOLD);
            self.quarters = if seen.is_slow { self.quarters } else { 0 };
            self.recoveries = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn rtt() -> RttEstimate {
        let mut rtt = RttEstimate::default();
        rtt.on_sample(ms(80), ms(0));
        rtt
    }

    fn after(packets: &[(u64, u64, u64)]) -> Reordering {
        let mut reordering = Reordering::default();
        for (number, by, age) in packets {
            let packet = Overtaken { number: *number, by: *by, age: ms(*age) };
            reordering.on_overtaken(packet, &rtt(), by + 10);
        }
        reordering
    }

    #[test]
    fn the_packet_threshold_rises_above_the_distance_seen_up_to_a_bound() {
        let packets = |seen: &[_]| after(seen).thresholds(&rtt()).packets;
        assert_eq!(packets(&[]), 3);
        assert_eq!(packets(&[(4, 5, 0)]), 3);
        assert_eq!(packets(&[(6, 13, 0)]), 9);
        assert_eq!(packets(&[(6, 13, 0), (20, 22, 0)]), 9);
        assert_eq!(packets(&[(0, 5_000, 0)]), PACKET_THRESHOLD_MAX);
    }

    #[test]
    fn the_time_threshold_grows_by_a_quarter_each_round_trip_up_to_a_round_trip() {
        let time = |seen: &[_]| after(seen).thresholds(&rtt()).time;
        assert_eq!(time(&[(0, 3, 89)]), ms(90));
        assert_eq!(time(&[(0, 3, 95)]), ms(110));
        assert_eq!(time(&[(0, 3, 95), (1, 3, 199)]), ms(110), "of the same round trip");
        assert_eq!(time(&[(0, 3, 95), (20, 23, 199)]), ms(130));
        let often: Vec<_> = (0..100).map(|n| (n * 20, n * 20 + 3, 5_000)).collect();
        assert_eq!(time(&often), ms(90 + 80));
    }

    #[test]
    fn after_sixteen_recoveries_the_thresholds_fall_to_what_was_seen_meanwhile() {
        let mut reordering = after(&[(0, 40, 500)]);
        let recover = |reordering: &mut Reordering, from: u64| {
            for number in from..=from + u64::from(RECOVERIES) {
                reordering.on_lost(number * 10, number * 10 + 10);
                reordering.on_lost(number * 10 + 9, number * 10 + 10);
            }
        };
        recover(&mut reordering, 10);
        let still = reordering.thresholds(&rtt());
        assert_eq!((still.packets, still.time), (51, ms(110)), "it was seen in these sixteen");
        reordering.on_overtaken(Overtaken { number: 300, by: 308, age: ms(80) }, &rtt(), 320);
        recover(&mut reordering, 40);
        let fallen = reordering.thresholds(&rtt());
        assert_eq!((fallen.packets, fallen.time), (11, ms(90)));
        recover(&mut reordering, 80);
        assert_eq!(reordering.thresholds(&rtt()).packets, PACKET_THRESHOLD);
    }
}
