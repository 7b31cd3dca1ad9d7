//! In what state is this machine?
//!
//! Interfaces and routes are asked in a way that every system has: a datagram socket that is connected has
//! chosen its route and has an address, and nothing is sent. Firewalls are told by their files.

use crate::service::diagnosis::{Firewall, Folder, Interface, Surroundings};
use crate::service::discovery::Network;
use crate::shell::clock;
use crate::shell::own_addresses;
use crate::shell::resolve::DEFAULT_PORT;
use if_addrs::{IfAddr, get_if_addrs};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// This machine; `folder` is what is known of the configuration folder.
pub fn surroundings(folder: Folder) -> Surroundings {
    let interfaces = interfaces();
    let outward = own_addresses::outward().map(IpAddr::V4);
    let default_way = interfaces.iter().find(|one| Some(one.address) == outward).cloned();
    Surroundings {
        interfaces,
        default_way,
        unix_seconds: (clock::unix_ms_at_zero() + clock::now().as_micros() / 1_000) / 1_000,
        folder,
        firewall: system::firewall(),
        serves_here: is_port_taken(),
    }
}

fn interfaces() -> Vec<Interface> {
    let all = get_if_addrs().unwrap_or_default().into_iter();
    let outward = all.filter(|one| one.is_oper_up() && !one.is_loopback() && !one.is_link_local());
    outward.map(|one| Interface { address: one.ip(), name: one.name }).collect()
}

/// Does somebody hold our usual port?
fn is_port_taken() -> bool {
    let bound = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT))
        .and_then(|_| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, DEFAULT_PORT)));
    bound.is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
}

/// Is this an address of this machine?
pub(super) fn is_own(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || get_if_addrs().unwrap_or_default().iter().any(|one| one.ip() == address)
}

/// Is it in a network that we stand in, and not our own?
pub(super) fn is_near(address: IpAddr) -> bool {
    let is_in = |one: &if_addrs::Interface| {
        let (own, prefix) = match &one.addr {
            IfAddr::V4(v4) => (IpAddr::V4(v4.ip), v4.prefixlen),
            IfAddr::V6(v6) => (IpAddr::V6(v6.ip), v6.prefixlen),
        };
        prefix > 0 && Network { address: own, prefix }.contains(address)
    };
    !is_own(address) && get_if_addrs().unwrap_or_default().iter().any(is_in)
}

/// The interface that the way there begins with; `None` where none leads there.
pub(super) fn way_to(peer: SocketAddr) -> Option<Interface> {
    let any: IpAddr =
        if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(peer).ok()?;
    let address = socket.local_addr().ok()?.ip().to_canonical();
    let all = get_if_addrs().unwrap_or_default();
    let name = all.into_iter().find(|one| one.ip() == address).map(|one| one.name);
    Some(Interface { name: name.unwrap_or_else(|| "an interface".to_owned()), address })
}

#[cfg(target_os = "linux")]
mod system {
    use super::Firewall;
    use std::fs;
    use std::path::Path;

    pub(super) fn firewall() -> Option<Firewall> {
        let ufw = fs::read_to_string("/etc/ufw/ufw.conf").unwrap_or_default();
        if ufw.lines().any(|line| line.trim().eq_ignore_ascii_case("enabled=yes")) {
            return Some(Firewall::Ufw);
        }
        Path::new("/run/firewalld").exists().then_some(Firewall::Firewalld)
    }
}

#[cfg(windows)]
mod system {
    use super::Firewall;

    #[expect(clippy::unnecessary_wraps, reason = "the same form as on the other systems")]
    pub(super) const fn firewall() -> Option<Firewall> {
        Some(Firewall::Windows)
    }
}

#[cfg(not(any(target_os = "linux", windows)))]
mod system {
    use super::Firewall;

    pub(super) const fn firewall() -> Option<Firewall> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_own_addresses_are_own_and_not_near() {
        assert!(is_own(Ipv4Addr::LOCALHOST.into()) && is_own("::ffff:127.0.0.1".parse().unwrap()));
        assert!(!is_own("192.0.2.1".parse().unwrap()) && !is_near(Ipv4Addr::LOCALHOST.into()));
        assert!(interfaces().iter().all(|one| is_own(one.address) && !is_near(one.address)));
    }

    #[test]
    fn the_way_to_oneself_begins_with_oneself() {
        let way = way_to((Ipv4Addr::LOCALHOST, 4747).into()).expect("every system has this way");
        assert!(way.address.is_loopback() && !way.is_tunnel(), "{way:?}");
    }
}
