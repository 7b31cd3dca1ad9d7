//! May it leave now, or a little later?
//!
//! A window that opens at once would leave at once, as a burst that overflows a queue which could have held
//! the same bytes spread over the round trip. So packets leave at a rate, through a bucket of tokens
//! (RFC 9002 §7.7):
//!
//! ```text
//!   tokens, in bytes
//!   burst ┤‾‾‾╲  ╱‾‾      fills at the rate, up to the burst
//!         │    ╲╱         a packet takes its size
//!       0 ┤               less than a datagram: the next one waits for poll_timeout
//! ```
//!
//! The rate is a little more than a window each round trip, so that pacing never keeps the window from
//! being used. Left out on purpose: who may leave without asking. What is sent beside the window (probes,
//! control frames) takes its tokens and is never held up.

use crate::time::{Duration, Instant};

/// The bucket in datagrams. RFC 9002 §7.7: a burst no longer than the initial window.
const BURST_DATAGRAMS: u64 = super::INITIAL_DATAGRAMS;

/// Ours: the bucket holds at least this time at the rate, because a thread that sleeps until the next
/// token wakes up to two milliseconds late.
const BURST_TIME_US: u64 = 2_000;

const MICROS: u64 = 1_000_000;

/// Bytes a second for this window and round-trip time; `None` if too fast to be told.
pub fn rate(window: u64, smoothed: Duration) -> Option<u64> {
    let micros = u64::try_from(smoothed.as_micros()).unwrap_or(u64::MAX).max(1);
    // RFC 9002 §7.7: N = 1.25.
    window.checked_mul(MICROS * 5 / 4).map(|bytes| (bytes / micros).max(1))
}

/// The bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pacer {
    datagram: u64,
    /// Tokens in millionths of a byte, so that none is lost in rounding.
    tokens: u64,
    filled_at: Instant,
    /// Whoever was held up may ask again then.
    held_until: Option<Instant>,
}

impl Pacer {
    /// A full bucket, for datagrams of this many bytes.
    pub const fn new(datagram: u64) -> Self {
        Self {
            datagram,
            tokens: BURST_DATAGRAMS * datagram * MICROS,
            filled_at: Instant::ZERO,
            held_until: None,
        }
    }

    /// May a datagram leave now, at this rate in bytes a second? If not, `poll_timeout` says when.
    pub fn may_send(&mut self, now: Instant, rate: Option<u64>) -> bool {
        self.held_until = None;
        let Some(rate) = rate else { return true };
        self.fill(now, rate);
        let missing = (self.datagram * MICROS).saturating_sub(self.tokens);
        if missing > 0 {
            self.held_until = Some(now + Duration::from_micros(missing.div_ceil(rate.max(1))));
        }
        missing == 0
    }

    /// Up to how many bytes datagrams have.
    pub const fn datagram_size(&self) -> u64 {
        self.datagram
    }

    /// Datagrams have up to this many bytes from now on.
    pub const fn on_datagram_size(&mut self, bytes: u64) {
        self.datagram = bytes;
    }

    /// So many bytes left.
    pub fn on_sent(&mut self, bytes: u64) {
        self.tokens = self.tokens.saturating_sub(bytes * MICROS);
    }

    /// Nothing waits to be sent.
    pub fn on_idle(&mut self) {
        self.held_until = None;
    }

    /// When whoever was held up may ask again.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.held_until
    }

    /// Time passed: the timer rests until somebody is held up again.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.held_until = self.held_until.filter(|until| *until > now);
    }

    fn fill(&mut self, now: Instant, rate: u64) {
        let elapsed = now.micros_since(self.filled_at);
        self.filled_at = now;
        let burst = (BURST_DATAGRAMS * self.datagram * MICROS).max(rate.saturating_mul(BURST_TIME_US));
        self.tokens = self.tokens.saturating_add(rate.saturating_mul(elapsed)).min(burst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const DATAGRAM: u64 = 1_200;
    /// A datagram each millisecond.
    const RATE: u64 = 1_200_000;

    /// How many datagrams leave at this moment.
    fn burst(pacer: &mut Pacer, now: u64, rate: u64) -> u32 {
        let mut count = 0;
        while pacer.may_send(at(now), Some(rate)) {
            pacer.on_sent(DATAGRAM);
            count += 1;
        }
        count
    }

    #[test]
    fn after_a_rest_a_burst_of_the_initial_window_leaves_and_no_more() {
        let mut pacer = Pacer::new(DATAGRAM);
        assert_eq!(burst(&mut pacer, 0, RATE), 10);
        assert_eq!(burst(&mut pacer, 3_600_000_000, RATE), 10);
    }

    #[test]
    fn then_they_leave_at_the_rate_and_the_timer_says_when() {
        let mut pacer = Pacer::new(DATAGRAM);
        burst(&mut pacer, 0, RATE);
        assert_eq!(pacer.poll_timeout(), Some(at(1_000)));
        assert_eq!(burst(&mut pacer, 999, RATE), 0);
        assert_eq!(pacer.poll_timeout(), Some(at(1_000)), "asking early loses nothing");
        assert_eq!(burst(&mut pacer, 1_000, RATE), 1);
        assert_eq!(burst(&mut pacer, 6_500, RATE), 5);
        assert_eq!(pacer.poll_timeout(), Some(at(7_000)));
    }

    #[test]
    fn a_fired_timer_rests_although_nothing_could_leave() {
        let mut pacer = Pacer::new(DATAGRAM);
        burst(&mut pacer, 0, RATE);
        pacer.handle_timeout(at(999));
        assert!(pacer.poll_timeout().is_some());
        pacer.handle_timeout(at(1_000));
        assert_eq!(pacer.poll_timeout(), None);
    }

    #[test]
    fn a_fast_path_has_a_bucket_of_two_milliseconds() {
        let mut pacer = Pacer::new(DATAGRAM);
        burst(&mut pacer, 0, 100 * RATE);
        assert_eq!(burst(&mut pacer, 1_000_000, 100 * RATE), 200);
    }

    #[test]
    fn without_a_rate_all_leaves_at_once() {
        let mut pacer = Pacer::new(DATAGRAM);
        for _ in 0..1_000 {
            assert!(pacer.may_send(at(0), None));
            pacer.on_sent(DATAGRAM);
        }
        assert_eq!(pacer.poll_timeout(), None);
    }

    #[test]
    fn the_rate_is_a_quarter_more_than_a_window_each_round_trip() {
        assert_eq!(rate(100_000, Duration::from_millis(50)), Some(2_500_000));
        assert_eq!(rate(u64::MAX, Duration::from_millis(50)), None);
        assert_eq!(rate(2_400, Duration::ZERO), Some(3_000_000_000));
    }
}
