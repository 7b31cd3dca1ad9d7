//! In which networks does this machine stand, and where do probes go?
//!
//! To the broadcast address of each IPv4 network, since the one of all networks (255.255.255.255) leaves over
//! one interface only; to all nodes of each IPv6 link (`ff02::1`, RFC 4291 §2.7.1), which needs nobody to have
//! joined and passes switches that filter by membership; and to this machine itself, which may have no network.

use crate::service::discovery::Network;
use crate::service::discovery::datagram::PORT;
use if_addrs::{IfAddr, Interface};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// Where one round of probes goes, at most: a machine may have many virtual interfaces.
const TARGETS: usize = 32;
/// All nodes on the link.
pub(super) const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// The networks at all interfaces that are up; none where the system does not tell them.
pub(super) fn networks() -> Vec<Network> {
    up().map(|interface| match &interface.addr {
        IfAddr::V4(v4) => Network { address: v4.ip.into(), prefix: v4.prefixlen },
        IfAddr::V6(v6) => Network { address: v6.ip.into(), prefix: v6.prefixlen },
    })
    .collect()
}

/// The numbers of all interfaces with IPv6.
pub(super) fn ipv6_links() -> Vec<u32> {
    let is_ipv6 = |interface: &Interface| interface.ip().is_ipv6() && !interface.is_loopback();
    let mut links: Vec<u32> = up().filter(is_ipv6).filter_map(|interface| interface.index).collect();
    links.sort_unstable();
    links.dedup();
    links
}

/// Where probes go.
pub(super) fn targets() -> Vec<SocketAddr> {
    let mut targets: Vec<SocketAddr> = networks().into_iter().filter_map(broadcast).collect();
    let nodes = |link| SocketAddr::V6(SocketAddrV6::new(ALL_NODES, PORT, 0, link));
    targets.extend(ipv6_links().into_iter().map(nodes));
    targets.sort();
    targets.dedup();
    targets.truncate(TARGETS);
    let always = [Ipv4Addr::BROADCAST.into(), Ipv4Addr::LOCALHOST.into(), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    targets.extend(always.map(|address: IpAddr| SocketAddr::new(address, PORT)));
    targets
}

/// The address of all in this network. One of two addresses, or of one, has none (RFC 3021 §2.1).
fn broadcast(network: Network) -> Option<SocketAddr> {
    let IpAddr::V4(address) = network.address else { return None };
    let hosts = u32::MAX.checked_shr(network.prefix.into()).filter(|hosts| *hosts > 1)?;
    let all = Ipv4Addr::from_bits(address.to_bits() | hosts);
    (!address.is_loopback()).then(|| SocketAddr::new(all.into(), PORT))
}

fn up() -> impl Iterator<Item = Interface> {
    if_addrs::get_if_addrs().unwrap_or_default().into_iter().filter(Interface::is_oper_up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_broadcast_address_is_the_last_of_its_network() {
        let of = |address: &str, prefix| {
            let found = broadcast(Network { address: address.parse().unwrap(), prefix });
            found.map(|address| address.ip().to_string())
        };
        assert_eq!(of("192.168.1.20", 24).as_deref(), Some("192.168.1.255"));
        assert_eq!(of("10.1.2.3", 12).as_deref(), Some("10.15.255.255"));
        assert_eq!(of("10.1.2.4", 30).as_deref(), Some("10.1.2.7"));
        for (address, prefix) in [("10.1.2.3", 31), ("10.1.2.3", 32), ("127.0.0.1", 8), ("fd00::1", 64)] {
            assert_eq!(of(address, prefix), None, "{address}/{prefix}");
        }
    }

    #[test]
    fn probes_go_to_a_bounded_number_of_places_and_to_this_machine() {
        let targets = targets();
        assert!(targets.len() <= TARGETS + 3 && targets.iter().all(|target| target.port() == PORT));
        assert!(targets.iter().any(|target| target.ip() == Ipv4Addr::LOCALHOST));
    }
}
