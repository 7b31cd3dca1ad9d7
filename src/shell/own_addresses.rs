//! Under which IPv4 addresses can others reach this machine?

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4, UdpSocket};

/// RFC 5737 §3: nobody's own, so that the system takes the way to everywhere. Nothing is sent there.
const SOMEWHERE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 9);

/// The address that datagrams to the outside would carry: that of the interface with the default route.
/// Connecting a datagram socket only chooses the route; no datagram leaves.
pub fn outward() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(SOMEWHERE).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) => Some(address).filter(|address| !address.is_unspecified()),
        IpAddr::V6(_) => None,
    }
}

/// The addresses of all interfaces that are up, in the system's order; none where it does not tell them.
pub fn of_interfaces() -> Vec<Ipv4Addr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let up = interfaces.into_iter().filter(if_addrs::Interface::is_oper_up);
    up.filter_map(|interface| match interface.ip() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_outward_is_an_address_of_an_interface() {
        let interfaces = of_interfaces();
        assert!(interfaces.iter().all(|address| !address.is_unspecified()));
        // A machine without any network has none that leads outward.
        if let Some(outward) = outward() {
            assert!(interfaces.contains(&outward), "{outward} is none of {interfaces:?}");
        }
    }
}
