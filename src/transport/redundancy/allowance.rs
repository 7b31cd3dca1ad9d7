//! What may text and its copies send, whatever the congestion window says?
//!
//! At 20 % loss a window that halves at each loss is two packets, and a chat would wait for it. So new text
//! and its copies have an allowance of their own, 150 datagrams and 64 kB a second: less than a telephone
//! call. What exceeds it goes by the window like everything else.
//!
//! Two leaky buckets. Each fills by what is sent and leaks at its rate; what would overflow either is not
//! covered. Rate and size of a bucket together are what may leave within any one second.
//!
//! Source: ours. A stated deviation from RFC 8085 §3.1, which asks that all that a flow sends obeys its
//! congestion control; §3.1.3 allows one datagram each round trip or 3 seconds to whoever has none.

use crate::time::Instant;

/// Datagrams within any second.
pub const DATAGRAMS_A_SECOND: u64 = 150;
/// Bytes of UDP payload within any second.
pub const BYTES_A_SECOND: u64 = 64_000;
/// Of these, what may leave at once after a rest.
const DATAGRAMS_AT_ONCE: u64 = 30;
/// The same in bytes. Ours: an outage of 300 ms makes a stream with a message each 20 ms repeat so much.
const BYTES_AT_ONCE: u64 = 24_000;

/// A leaky bucket. Levels are in millionths of its unit, so that a microsecond leaks a whole number.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    rate: u64,
    size: u64,
    level: u64,
}

impl Bucket {
    const fn new(in_a_second: u64, at_once: u64) -> Self {
        Self { rate: in_a_second - at_once, size: at_once * 1_000_000, level: 0 }
    }

    fn leak(&mut self, micros: u64) {
        self.level = self.level.saturating_sub(self.rate.saturating_mul(micros));
    }

    fn fill(&mut self, amount: u64) {
        self.level = self.level.saturating_add(amount * 1_000_000).min(self.size);
    }

    const fn covers(&self, amount: u64) -> bool {
        self.level + amount * 1_000_000 <= self.size
    }
}

/// One session's allowance.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    datagrams: Bucket,
    bytes: Bucket,
    at: Instant,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            datagrams: Bucket::new(DATAGRAMS_A_SECOND, DATAGRAMS_AT_ONCE),
            bytes: Bucket::new(BYTES_A_SECOND, BYTES_AT_ONCE),
            at: Instant::ZERO,
        }
    }
}

impl Allowance {
    /// Does it cover another datagram of at most so many bytes now?
    pub fn covers(&mut self, now: Instant, bytes: usize) -> bool {
        let elapsed = now.micros_since(self.at);
        self.datagrams.leak(elapsed);
        self.bytes.leak(elapsed);
        self.at = self.at.max(now);
        self.datagrams.covers(1) && self.bytes.covers(bytes as u64)
    }

    /// A datagram with text or a copy left.
    pub fn on_sent(&mut self, bytes: usize) {
        self.datagrams.fill(1);
        self.bytes.fill(bytes as u64);
    }
}

/// Datagrams that leave only for a copy's sake, of all sessions of a server together, within any second.
/// Ours: about a tenth of what one core sends.
pub const SERVER_COPIES_A_SECOND: u64 = 20_000;

/// A server's budget for copies of all its sessions.
#[derive(Clone, Copy, Debug)]
pub struct CopyBudget {
    copies: Bucket,
    at: Instant,
}

impl Default for CopyBudget {
    fn default() -> Self {
        Self { copies: Bucket::new(SERVER_COPIES_A_SECOND, SERVER_COPIES_A_SECOND / 10), at: Instant::ZERO }
    }
}

impl CopyBudget {
    /// Is there anything left of it?
    pub fn is_left(&mut self, now: Instant) -> bool {
        self.copies.leak(now.micros_since(self.at));
        self.at = self.at.max(now);
        self.copies.covers(1)
    }

    /// So many datagrams left for a copy's sake.
    pub fn spend(&mut self, datagrams: u64) {
        self.copies.fill(datagrams);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    /// When datagrams of this size left, in ms, if as many as are covered leave in ten seconds.
    fn sent_at_ms(bytes: usize) -> Vec<u64> {
        let mut allowance = Allowance::default();
        let mut times = Vec::new();
        for ms in 0..10_000 {
            while allowance.covers(at(ms * 1_000), bytes) {
                allowance.on_sent(bytes);
                times.push(ms);
            }
        }
        times
    }

    fn most_in_a_second(times: &[u64]) -> usize {
        let within = |from: u64| times.iter().filter(|ms| (from..from + 1_000).contains(ms)).count();
        times.iter().map(|from| within(*from)).max().unwrap_or(0)
    }

    #[test]
    fn within_no_second_more_datagrams_leave_than_allowed_and_hardly_fewer_in_the_first() {
        let times = sent_at_ms(100);
        assert!((140..=150).contains(&most_in_a_second(&times)), "{}", most_in_a_second(&times));
        assert!(times.len() > 1_150, "{} in ten seconds", times.len());
    }

    #[test]
    fn within_no_second_more_bytes_do() {
        let most = most_in_a_second(&sent_at_ms(1_000)) * 1_000;
        assert!((60_000..=64_000).contains(&most), "{most}");
    }

    #[test]
    fn a_server_sends_no_more_copies_in_a_second_than_its_budget() {
        let mut budget = CopyBudget::default();
        let mut count = 0;
        for ms in 0..1_000 {
            while budget.is_left(at(5_000_000 + ms * 1_000)) {
                budget.spend(1);
                count += 1;
            }
        }
        assert!((SERVER_COPIES_A_SECOND - 100..=SERVER_COPIES_A_SECOND).contains(&count), "{count}");
    }

    #[test]
    fn a_rest_saves_no_more_than_a_burst() {
        let mut allowance = Allowance::default();
        assert!(allowance.covers(at(3_600_000_000), 100));
        (0..DATAGRAMS_AT_ONCE).for_each(|_| allowance.on_sent(100));
        assert!(!allowance.covers(at(3_600_000_000), 100));
        assert!(allowance.covers(at(3_600_010_000), 100));
    }
}
