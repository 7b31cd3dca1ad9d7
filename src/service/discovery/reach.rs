//! From where can a server be reached that listens there, and who asks from nearby?
//!
//! ```text
//!  [::]        ─▶ both families, every interface        192.168.1.20 ─▶ that address
//!  0.0.0.0     ─▶ IPv4, every interface                 127.0.0.1    ─▶ this machine only: nothing to announce
//! ```

use std::net::{IpAddr, Ipv6Addr};

/// From where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// From this machine only.
    Nowhere,
    /// Over IPv4 at every address.
    Ipv4,
    /// Over IPv4 and IPv6 at every address.
    Both,
    /// At this address only.
    One(IpAddr),
}

impl Reach {
    /// That of a server bound to this address. (`[::]` takes IPv4 too.)
    pub fn of(bound: IpAddr) -> Self {
        match bound.to_canonical() {
            address if address.is_loopback() => Self::Nowhere,
            IpAddr::V4(address) if address.is_unspecified() => Self::Ipv4,
            IpAddr::V6(address) if address.is_unspecified() => Self::Both,
            address => Self::One(address),
        }
    }

    /// Can it be reached over IPv4?
    pub const fn has_ipv4(self) -> bool {
        matches!(self, Self::Ipv4 | Self::Both | Self::One(IpAddr::V4(_)))
    }

    /// Can it be reached over IPv6?
    pub const fn has_ipv6(self) -> bool {
        matches!(self, Self::Both | Self::One(IpAddr::V6(_)))
    }
}

/// The network at one of our interfaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    /// Our address there.
    pub address: IpAddr,
    /// How many bits of it are those of the network.
    pub prefix: u8,
}

impl Network {
    /// Is this address in it?
    pub fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let beyond = 32_u32.saturating_sub(self.prefix.into());
                (own.to_bits() ^ other.to_bits()).checked_shr(beyond).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let beyond = 128_u32.saturating_sub(self.prefix.into());
                (own.to_bits() ^ other.to_bits()).checked_shr(beyond).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// Is this an address from one of these networks, and so nobody far away? Over IPv6 whoever asks has a
/// link-local address, which no router lets through (RFC 4291 §2.5.6).
pub fn is_neighbour(asker: IpAddr, networks: &[Network]) -> bool {
    let is_link_local = |address: Ipv6Addr| address.is_unicast_link_local();
    match asker.to_canonical() {
        IpAddr::V6(address) if is_link_local(address) => true,
        address => networks.iter().any(|network| network.prefix > 0 && network.contains(address)),
    }
}
