//! How much arithmetic may strangers cost?
//!
//! To open a HELLO or a FINISH takes several multiplications on a curve, a tenth of a millisecond and more, for
//! somebody who has shown nothing yet; a cookie takes one hash. So arithmetic has a budget: one for all who come
//! as they are, and one for each address that has shown by a cookie that it is there.
//!
//! ```text
//!   as they come    ██████░░   2,048 at once, 512 a second, all together    empty: a cookie is asked for
//!   with a cookie   ██████░░   2,048 at once, 256 a second, an address      empty: silence
//! ```
//!
//! The addresses share a table of fixed size by a hash that nobody else can compute: it cannot be filled, and
//! whom one address hits beside itself is chance.

use crate::crypto::mac::MacKey;
use crate::time::Instant;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

/// Ours: a class that comes at the same moment, twice.
const AT_ONCE: u64 = 2_048;

/// Ours: less than a tenth of a processor, for all who come as they are.
const A_SECOND: u64 = 512;

/// Ours: as many for an address that is there; to bring a cookie costs it a round trip.
const A_SECOND_WITH_COOKIE: u64 = 256;

/// Places for addresses.
const PLACES: usize = 1_024;

/// A handshake's share of a bucket: what a rate of one a second adds in a second.
const ONE: u64 = 1_000_000;

/// Fills with time, up to what it takes at once.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    left: u64,
    full: u64,
    at: Instant,
}

impl Bucket {
    /// Full of so many, below 2^40.
    pub const fn of(at_once: u64) -> Self {
        let full = at_once * ONE;
        Self { left: full, full, at: Instant::ZERO }
    }

    /// Takes one, if there is one; so many flow in each second.
    pub fn takes(&mut self, now: Instant, a_second: u64) -> bool {
        let passed = now.as_micros().saturating_sub(self.at.as_micros());
        self.at = self.at.max(now);
        self.left = self.left.saturating_add(passed.saturating_mul(a_second)).min(self.full);
        let has_one = self.left >= ONE;
        self.left -= if has_one { ONE } else { 0 };
        has_one
    }
}

/// What strangers may still cost.
#[derive(Debug)]
pub struct Effort {
    all: Bucket,
    by_address: Vec<Bucket>,
    secret: [u8; 16],
}

impl Effort {
    /// The whole budget; what the server's secret makes of this decides which addresses share one.
    pub fn new(secret: &MacKey) -> Self {
        let secret = secret.tag(&[b"sayagain places of addresses"]);
        Self { all: Bucket::of(AT_ONCE), by_address: vec![Bucket::of(AT_ONCE); PLACES], secret }
    }

    /// May one who comes as they are cost something now? Then it is taken.
    pub fn takes(&mut self, now: Instant) -> bool {
        self.all.takes(now, A_SECOND)
    }

    /// May one at this address, who brought a true cookie?
    pub fn takes_at(&mut self, now: Instant, address: IpAddr) -> bool {
        let mut hasher = DefaultHasher::new();
        (self.secret, address).hash(&mut hasher);
        let places = self.by_address.len() as u64;
        let place = usize::try_from(hasher.finish() % places).unwrap_or(0);
        self.by_address[place].takes(now, A_SECOND_WITH_COOKIE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn taken(mut takes: impl FnMut() -> bool) -> usize {
        (0..10_000).filter(|_| takes()).count()
    }

    #[test]
    fn all_who_come_as_they_are_have_2048_at_once_and_512_a_second() {
        let mut effort = Effort::new(&MacKey::new([7; 32]));
        assert_eq!(taken(|| effort.takes(at(5))), 2_048);
        assert_eq!(taken(|| effort.takes(at(1_000_005))), 512);
        assert_eq!(taken(|| effort.takes(at(1_500_005))), 256);
        assert_eq!(taken(|| effort.takes(at(1_000_000))), 0, "time does not go back");
        assert_eq!(taken(|| effort.takes(at(1_000_000_000_000))), 2_048, "and no more is saved up");
    }

    #[test]
    fn an_address_with_a_cookie_has_2048_at_once_and_256_a_second_of_its_own() {
        let (mut effort, one) = (Effort::new(&MacKey::new([7; 32])), IpAddr::from([192, 0, 2, 1]));
        assert_eq!(taken(|| effort.takes_at(at(0), one)), 2_048);
        assert_eq!(taken(|| effort.takes_at(at(1_000_000), one)), 256);
        assert!(effort.takes(at(0)), "those without are not held up");
        let others = (0..200).filter(|n| effort.takes_at(at(1_000_000), IpAddr::from([192, 0, 2, *n])));
        assert!(others.count() >= 195, "hardly any other address shares its place");
    }
}
