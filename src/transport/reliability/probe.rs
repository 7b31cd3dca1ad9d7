//! When has silence lasted long enough to ask again?
//!
//! When nothing is acknowledged, loss detection never speaks: it needs a later packet. So after a probe
//! timeout (PTO, RFC 9002 §6.2) one more packet is sent that must be acknowledged, and the answer tells
//! what is lost. The timeout itself declares nothing lost.

use crate::time::{Duration, Instant};

/// How often the first probes go out before the interval doubles. Ours: RFC 9002 §6.2.1 doubles at once;
/// with bursty loss that early doubling dominates the tail of the latency. Congestion control stays on.
pub const UNDOUBLED: u32 = 2;

/// The longest interval between probes: then liveness has long spoken.
pub const INTERVAL_MAX: Duration = Duration::from_secs(10);

/// The probe timeout with nothing sent again yet: SRTT + max(4·RTTVAR, 1 ms) (RFC 9002 §6.2.1), without
/// the floors of 200 ms and more that TCP keeps (RFC 6298 §2.4), plus what the peer may hold an
/// acknowledgement back.
pub fn base_timeout(smoothed: Duration, variation: Duration, max_ack_delay: Duration) -> Duration {
    smoothed + (variation * 4).max(super::loss::GRANULARITY) + max_ack_delay
}

/// The probes since anything was acknowledged.
///
/// The teaching modes send none; there it is the retransmission timer that fires and backs off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probes {
    in_a_row: u32,
    /// How often the interval stays before it doubles.
    undoubled: u32,
    /// The interval never grows beyond this.
    longest: Duration,
    /// When the timer last fired: it rests at least its interval, even if no probe could leave.
    fired_at: Instant,
    /// A packet may leave beside the window, because the probe asks for it.
    is_owed: bool,
}

impl Default for Probes {
    fn default() -> Self {
        Self::doubling_after(UNDOUBLED, INTERVAL_MAX)
    }
}

impl Probes {
    /// None yet; the interval doubles after the first and so many further ones, up to `longest`.
    pub const fn doubling_after(undoubled: u32, longest: Duration) -> Self {
        Self { in_a_row: 0, undoubled, longest, fired_at: Instant::ZERO, is_owed: false }
    }

    /// A retransmission timer fired: so many in a row have by now. Those of one interval count once.
    pub fn on_timed_out(&mut self, now: Instant, base: Duration) {
        if self.in_a_row == 0 || now - self.fired_at >= base {
            self.in_a_row = self.in_a_row.saturating_add(1);
            self.fired_at = now;
        }
    }

    /// The retransmission timer runs anew from here (RFC 6298 §5.3).
    pub const fn on_restarted(&mut self, now: Instant) {
        self.fired_at = now;
    }

    /// When a packet sent at this moment is out for too long, if a timeout is `base` with nothing timed out.
    pub fn expiry(&self, sent_at: Instant, base: Duration) -> Instant {
        sent_at + self.interval(base)
    }

    /// The probe timer fired. Answers how often in a row it has.
    pub fn on_fired(&mut self, now: Instant) -> u32 {
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.fired_at = now;
        self.is_owed = true;
        self.in_a_row
    }

    /// A packet left that asks for an acknowledgement: that is a probe.
    pub fn on_sent(&mut self) {
        self.is_owed = false;
    }

    /// Something was acknowledged (RFC 9002 §6.2.1: the backoff is reset).
    pub fn on_acknowledged(&mut self) {
        (self.in_a_row, self.is_owed) = (0, false);
    }

    /// Is a probe to be sent now, whatever the window?
    pub const fn is_owed(&self) -> bool {
        self.is_owed
    }

    /// When the next one is due, if the last packet that asked for an acknowledgement left at `asked_at` and
    /// the timeout with nothing sent again is `base`.
    pub fn due(&self, asked_at: Instant, base: Duration) -> Instant {
        asked_at.max(self.fired_at) + self.interval(base)
    }

    fn interval(self, base: Duration) -> Duration {
        let doublings = self.in_a_row.saturating_sub(self.undoubled).min(16);
        if doublings == 0 { base } else { (base * (1 << doublings)).min(self.longest.max(base)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const BASE: Duration = Duration::from_millis(60);

    #[test]
    fn the_timeout_has_no_floor_beyond_a_millisecond_of_deviation() {
        let us = Duration::from_micros;
        assert_eq!(base_timeout(us(50), us(0), Duration::ZERO), us(1_050));
        assert_eq!(base_timeout(us(40_000), us(5_000), us(1_000)), us(61_000));
    }

    #[test]
    fn the_first_probes_keep_the_interval_later_ones_double_it_up_to_a_bound() {
        let mut count = Probes::default();
        let mut factors = Vec::new();
        for _ in 0..6 {
            factors.push(count.interval(BASE).as_millis() / BASE.as_millis());
            count.on_fired(at(0));
        }
        assert_eq!(factors, [1, 1, 1, 2, 4, 8]);
        (0..100).for_each(|_| _ = count.on_fired(at(0)));
        assert_eq!(count.interval(BASE), INTERVAL_MAX);
    }

    #[test]
    fn a_timeout_of_tcp_doubles_at_once() {
        let mut count = Probes::doubling_after(0, INTERVAL_MAX);
        let mut spans = Vec::new();
        for _ in 0..4 {
            spans.push(count.expiry(at(0), BASE) - at(0));
            count.on_timed_out(at(0) + BASE * (spans.len() as u32), BASE);
        }
        assert_eq!(spans, [BASE, BASE * 2, BASE * 4, BASE * 8]);
    }

    #[test]
    fn packets_that_time_out_within_one_interval_count_once() {
        let mut count = Probes::doubling_after(0, INTERVAL_MAX);
        (100..110).for_each(|ms| count.on_timed_out(at(ms * 1_000), BASE));
        assert_eq!(count.interval(BASE), BASE * 2);
    }

    #[test]
    fn an_acknowledgement_ends_the_backoff() {
        let mut count = Probes::default();
        (0..5).for_each(|_| _ = count.on_fired(at(0)));
        count.on_acknowledged();
        assert_eq!(count.interval(BASE), BASE);
    }
}
