//! Which of what was heard is one server?
//!
//! A server is heard over mDNS and by our probe, over IPv4 and IPv6, on each interface. All that has the same
//! thumbprint, name and port is one server with several addresses:
//!
//! ```text
//!  probe  192.168.1.20 ─┐                      ┌ 192.168.1.20:4747      those that answered first,
//!  probe  fe80::1%3    ─┼─▶ "lab", 3fd0…, 4747 ┼ [fe80::1%3]:4747       then IPv4 before IPv6,
//!  mDNS   172.17.0.1   ─┘                      └ 172.17.0.1:4747        then what reaches further
//! ```
//!
//! Somebody who repeats another's announcement with an address of their own adds that address, and no more:
//! what answers there must prove the key of the thumbprint.

use super::announcement::Announcement;
use std::net::{IpAddr, SocketAddr};

/// Servers kept, at most.
pub const SERVERS_MAX: usize = 32;
/// Addresses kept of each, at most.
pub const ADDRESSES_MAX: usize = 8;

/// Where a server may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Way {
    address: SocketAddr,
    /// Did an answer come from there, or was it only told of?
    answered: bool,
}

/// A server that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// What it tells.
    pub announcement: Announcement,
    ways: Vec<Way>,
}

impl Found {
    /// Its addresses, the best first; at least one.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let mut ways = self.ways.clone();
        ways.sort_by_key(|way| (!way.answered, rank(way.address.ip())));
        ways.into_iter().map(|way| way.address).collect()
    }

    /// Is an IPv4 address of it known?
    pub fn has_ipv4(&self) -> bool {
        self.ways.iter().any(|way| way.address.is_ipv4())
    }

    fn is_same(&self, other: &Announcement) -> bool {
        let own = &self.announcement;
        (own.thumbprint, own.port, &own.name) == (other.thumbprint, other.port, &other.name)
    }

    fn add(&mut self, address: SocketAddr, answered: bool) {
        if let Some(way) = self.ways.iter_mut().find(|way| way.address == address) {
            way.answered |= answered;
        } else if self.ways.len() < ADDRESSES_MAX {
            self.ways.push(Way { address, answered });
        }
    }
}

/// The lower, the likelier to work and the easier to read.
fn rank(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(address) if address.is_loopback() => 4,
        IpAddr::V4(address) if address.is_link_local() => 2,
        IpAddr::V4(_) => 0,
        IpAddr::V6(address) if address.is_loopback() => 4,
        IpAddr::V6(address) if address.is_unicast_link_local() => 3,
        IpAddr::V6(_) => 1,
    }
}

/// All servers that were found, in the order in which they were first heard.
#[derive(Clone, Default, Debug)]
pub struct Findings(Vec<Found>);

impl Findings {
    /// A server is at this address; `answered`: it spoke from there. Gives its place if it is new.
    pub fn on_heard(
        &mut self,
        address: SocketAddr,
        answered: bool,
        announcement: &Announcement,
    ) -> Option<usize> {
        let canonical = SocketAddr::new(address.ip().to_canonical(), address.port());
        let address = if canonical.is_ipv4() { canonical } else { address };
        if let Some(found) = self.0.iter_mut().find(|found| found.is_same(announcement)) {
            found.add(address, answered);
            found.announcement.people = announcement.people.or(found.announcement.people);
            return None;
        }
        if self.0.len() >= SERVERS_MAX {
            return None;
        }
        let ways = vec![Way { address, answered }];
        self.0.push(Found { announcement: announcement.clone(), ways });
        Some(self.0.len() - 1)
    }

    /// All of them.
    pub fn all(&self) -> &[Found] {
        &self.0
    }
}
