//! How many may be here of whom nobody knows yet whether they exist?
//!
//! Each costs memory before it has shown anything, so each counts, in all and by its address: half-open
//! handshakes and young sessions over UDP, connections that have not come to their keys over TCP.
//!
//! ```text
//!   an address   0 ────────── 64 ───────────────── 512
//!   all          0 ──────── 1,024 ─────────────── 8,192
//!                  as they come │ with a cookie only │ not at all (UDP)
//!                               └─ not at all (TCP)
//! ```

use std::collections::BTreeMap;
use std::net::IpAddr;

/// Who nobody knows yet, in all, as they come.
pub const UNPROVEN_MAX: usize = 1_024;

/// From one address, as they come.
pub const PER_ADDRESS_MAX: usize = 64;

/// In all, those with a cookie included. Ours: eight times as many, because whoever brings a cookie is at
/// the address that it shows, so a flood of them needs as many machines or bounces off the next bound.
pub const WITH_COOKIE_MAX: usize = 8_192;

/// From one address, those with a cookie included. Ours: more than a class behind one router is at once.
pub const PER_ADDRESS_WITH_COOKIE_MAX: usize = 512;

/// Those whom nobody knows yet, counted.
#[derive(Debug, Default)]
pub struct Unproven {
    count: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

impl Unproven {
    /// May one more begin from this address as it comes?
    pub fn admits(&self, address: IpAddr) -> bool {
        self.has_room(address, UNPROVEN_MAX, PER_ADDRESS_MAX)
    }

    /// May one that brings a true cookie?
    pub fn admits_with_cookie(&self, address: IpAddr) -> bool {
        self.has_room(address, WITH_COOKIE_MAX, PER_ADDRESS_WITH_COOKIE_MAX)
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Nobody?
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// One begins.
    pub fn on_begun(&mut self, address: IpAddr) {
        self.count += 1;
        *self.by_address.entry(address).or_default() += 1;
    }

    /// One proved itself, or is over.
    pub fn on_ended(&mut self, address: IpAddr) {
        self.count = self.count.saturating_sub(1);
        if let Some(count) = self.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
    }

    fn has_room(&self, address: IpAddr, all: usize, one: usize) -> bool {
        self.count < all && self.by_address.get(&address).is_none_or(|count| *count < one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: usize) -> IpAddr {
        IpAddr::from((n as u32 + 1).to_be_bytes())
    }

    #[test]
    fn an_address_may_begin_64_and_all_addresses_1024() {
        let mut unproven = Unproven::default();
        (0..64).for_each(|_| unproven.on_begun(address(0)));
        assert!(!unproven.admits(address(0)) && unproven.admits(address(1)));
        (0..1_024 - 64).for_each(|n| unproven.on_begun(address(n + 1)));
        assert!(!unproven.admits(address(100_000)));
        unproven.on_ended(address(0));
        assert!(unproven.admits(address(100_000)) && unproven.admits(address(0)));
    }

    #[test]
    fn a_cookie_opens_512_places_for_an_address_and_8192_for_all() {
        let mut unproven = Unproven::default();
        (0..512).for_each(|_| unproven.on_begun(address(0)));
        assert!(!unproven.admits_with_cookie(address(0)) && unproven.admits_with_cookie(address(1)));
        (0..8_192 - 512).for_each(|n| unproven.on_begun(address(n + 1)));
        assert!(!unproven.admits_with_cookie(address(100_000)));
        unproven.on_ended(address(0));
        assert!(unproven.admits_with_cookie(address(100_000)) && unproven.admits_with_cookie(address(0)));
    }

    #[test]
    fn who_is_gone_leaves_nothing_behind() {
        let mut unproven = Unproven::default();
        (0..100).for_each(|n| unproven.on_begun(address(n % 7)));
        (0..100).for_each(|n| unproven.on_ended(address(n % 7)));
        assert!(unproven.is_empty() && unproven.by_address.is_empty());
    }
}
