//! May somebody say one more thing now?
//!
//! A bucket of tokens, one a message or request. Both ends have one: the server refuses what comes when its
//! own is empty, and a client that knows the server's terms paces itself by a smaller one, so that nothing
//! it sends is ever refused.
//!
//! ```text
//!            per_second tokens flow in
//!                       ▼
//!           │ burst ────────────── │  full: nothing more flows in
//!           │   a quarter is left  │  the server warns, once until half is there again
//!           │ 0 ────────────────── │  refused
//! ```
//!
//! Source: the token bucket of RFC 2697 §3 with one rate and two colours.

use crate::time::{Duration, Instant};

/// The least that any server lets through at once, so that a client may begin before it knows the terms.
pub const BURST_MIN: u64 = 32;

/// Tokens are counted in millionths, so that each microsecond counts.
const TOKEN: u64 = 1_000_000;

/// How much may be said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Tokens that flow in each second: 1 to 1,000,000; 0 for no limit at all.
    pub per_second: u64,
    /// The most tokens that there may be: [`BURST_MIN`] to 1,000,000.
    pub burst: u64,
}

impl Terms {
    /// As much as one likes.
    pub const UNLIMITED: Self = Self { per_second: 0, burst: 0 };

    /// So many a second, and what flows in during ten seconds at once, but [`BURST_MIN`] at least.
    pub fn per_second(per_second: u64) -> Self {
        let per_second = per_second.min(TOKEN);
        Self { per_second, burst: (per_second * 10).clamp(BURST_MIN, TOKEN) }
    }

    /// What a server told, within the ranges that a server may tell.
    pub fn told(per_second: u64, burst: u64) -> Self {
        Self { per_second: per_second.min(TOKEN), burst: burst.clamp(BURST_MIN, TOKEN) }
    }

    /// What a client allows itself under these terms of a server: three quarters of them at once, so that it
    /// is not even warned.
    pub const fn with_reserve(self) -> Self {
        Self { per_second: self.per_second, burst: self.burst * 3 / 4 - self.burst / 16 }
    }
}

/// What the server says to one more message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Yes.
    Yes,
    /// Yes, but so few more are left; said once.
    YesButSlowDown(u64),
    /// No: there is a token again after this.
    No(Duration),
}

/// The bucket.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    terms: Terms,
    /// Millionths of a token.
    level: u64,
    at: Instant,
    warned: bool,
}

impl Quota {
    /// A full bucket.
    pub const fn new(now: Instant, terms: Terms) -> Self {
        Self { terms, level: terms.burst * TOKEN, at: now, warned: false }
    }

    fn refill(&mut self, now: Instant) {
        let micros = u64::try_from((now - self.at).as_micros()).unwrap_or(u64::MAX);
        let full = self.terms.burst * TOKEN;
        self.level = self.level.saturating_add(micros.saturating_mul(self.terms.per_second)).min(full);
        self.at = now;
        if self.level >= full / 2 {
            self.warned = false;
        }
    }

    /// Takes a token if there is one.
    pub fn take(&mut self, now: Instant) -> Verdict {
        if self.terms.per_second == 0 {
            return Verdict::Yes;
        }
        self.refill(now);
        if self.level < TOKEN {
            return Verdict::No(self.wait());
        }
        self.level -= TOKEN;
        if self.level < self.terms.burst * TOKEN / 4 && !std::mem::replace(&mut self.warned, true) {
            return Verdict::YesButSlowDown(self.level / TOKEN);
        }
        Verdict::Yes
    }

    /// When there will be a token; `None` if there is one now.
    pub fn next_at(&mut self, now: Instant) -> Option<Instant> {
        if self.terms.per_second == 0 {
            return None;
        }
        self.refill(now);
        (self.level < TOKEN).then(|| now + self.wait())
    }

    fn wait(&self) -> Duration {
        Duration::from_micros((TOKEN - self.level).div_ceil(self.terms.per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn drained(quota: &mut Quota, now: Instant) -> Vec<Verdict> {
        std::iter::from_fn(|| Some(quota.take(now)).filter(|it| !matches!(it, Verdict::No(_)))).collect()
    }

    #[test]
    fn a_burst_passes_at_once_with_one_warning_and_then_one_by_one() {
        let mut quota = Quota::new(at(0), Terms::per_second(10));
        let said = drained(&mut quota, at(0));
        assert_eq!(said.len(), 100);
        assert_eq!(said.iter().filter(|it| **it == Verdict::YesButSlowDown(24)).count(), 1);
        assert_eq!(quota.take(at(0)), Verdict::No(Duration::from_millis(100)));
        assert_eq!(quota.next_at(at(40_000)), Some(at(100_000)));
        assert_eq!(
            (quota.take(at(99_999)), quota.take(at(100_000))),
            (Verdict::No(Duration::from_micros(1)), Verdict::Yes)
        );
    }

    #[test]
    fn it_is_never_fuller_than_full_and_warns_again_after_half_has_come_back() {
        let mut quota = Quota::new(at(0), Terms::per_second(10));
        drained(&mut quota, at(0));
        let again = drained(&mut quota, at(3_600_000_000));
        assert_eq!(again.len(), 100);
        assert!(again.contains(&Verdict::YesButSlowDown(24)));
    }

    #[test]
    fn without_a_limit_nothing_is_refused() {
        let mut quota = Quota::new(at(0), Terms::UNLIMITED);
        assert!((0..100_000).all(|_| quota.take(at(0)) == Verdict::Yes));
        assert_eq!(quota.next_at(at(0)), None);
    }

    #[test]
    fn terms_that_no_server_may_tell_are_taken_as_the_nearest_that_it_may() {
        assert_eq!(Terms::told(u64::MAX, u64::MAX), Terms { per_second: TOKEN, burst: TOKEN });
        assert_eq!(Terms::told(5, 0), Terms { per_second: 5, burst: BURST_MIN });
    }

    #[test]
    fn however_few_a_second_some_pass_at_once() {
        assert_eq!(Terms::per_second(1), Terms { per_second: 1, burst: BURST_MIN });
        assert_eq!(Terms::per_second(u64::MAX), Terms { per_second: TOKEN, burst: TOKEN });
    }

    #[test]
    fn who_keeps_to_the_terms_with_reserve_is_not_even_warned() {
        let terms = Terms::per_second(5);
        let mut server = Quota::new(at(0), terms);
        let mut client = Quota::new(at(0), terms.with_reserve());
        let mut now = at(0);
        for _ in 0..1_000 {
            while let Some(next) = client.next_at(now) {
                now = next;
            }
            assert!(!matches!(client.take(now), Verdict::No(_)));
            assert_eq!(server.take(now), Verdict::Yes);
        }
    }
}
