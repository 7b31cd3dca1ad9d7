//! How do server and client speak mDNS?
//!
//! Through a kept library (`mdns_sd`), which has a thread and sockets of its own, answers and asks on every
//! interface, and follows interfaces that come and go. Loopback is left out: whatever is there alone is nobody
//! else's.
//!
//! Source: RFC 6762 (mDNS), RFC 6763 (DNS-SD).

use crate::service::discovery::announcement::SERVICE_TYPE;
use crate::service::discovery::{Announcement, Reach};
use mdns_sd::{Error, IfKind, Receiver, ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent, ServiceInfo};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::thread;
use std::time::Duration;

/// How long a server that ends waits until its farewell (RFC 6762 §10.1) has left.
const FAREWELL: Duration = Duration::from_millis(200);

/// A server that is announced, until this is dropped.
pub(super) struct Announced {
    daemon: ServiceDaemon,
    full_name: String,
}

impl Announced {
    /// Announces this, of a server of that reach.
    pub(super) fn start(announcement: &Announcement, reach: Reach) -> Result<Self, Error> {
        let daemon = daemon()?;
        if !reach.has_ipv6() {
            daemon.disable_interface(IfKind::IPv6)?;
        }
        let (name, host) = (announcement.instance_name(), announcement.host_name());
        let txt = announcement.txt();
        let info = ServiceInfo::new(SERVICE_TYPE, name, &host, (), announcement.port, &txt[..])?;
        let mut info = info.enable_addr_auto();
        if let Reach::One(address) = reach {
            info.set_interfaces(vec![IfKind::Addr(address)]);
        }
        let full_name = info.get_fullname().to_owned();
        daemon.register(info)?;
        Ok(Self { daemon, full_name })
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        if let Ok(said) = self.daemon.unregister(&self.full_name) {
            let _ = said.recv_timeout(FAREWELL);
        }
        let _ = self.daemon.shutdown();
    }
}

/// A search by mDNS, until this is dropped.
pub(super) struct Browsing(ServiceDaemon);

impl Browsing {
    /// Searches; `heard` is told of each server, again when more of its addresses are known, and says whether
    /// anybody still listens.
    pub(super) fn start(
        heard: impl FnMut(Vec<SocketAddr>, Announcement) -> bool + Send + 'static,
    ) -> Result<Self, Error> {
        let daemon = daemon()?;
        let events = daemon.browse(SERVICE_TYPE)?;
        thread::Builder::new()
            .name("mdns".into())
            .spawn(move || hand_on(&events, heard))
            .map_err(|error| Error::Msg(error.to_string()))?;
        Ok(Self(daemon))
    }
}

impl Drop for Browsing {
    /// With the daemon the events end, and with them the thread.
    fn drop(&mut self) {
        let _ = self.0.shutdown();
    }
}

fn daemon() -> Result<ServiceDaemon, Error> {
    let daemon = ServiceDaemon::new()?;
    daemon.disable_interface(vec![IfKind::LoopbackV4, IfKind::LoopbackV6])?;
    Ok(daemon)
}

fn hand_on(events: &Receiver<ServiceEvent>, mut heard: impl FnMut(Vec<SocketAddr>, Announcement) -> bool) {
    for event in events {
        let ServiceEvent::ServiceResolved(service) = event else { continue };
        let value = |key: &str| service.get_property_val_str(key);
        if let Ok(announcement) = Announcement::from_txt(service.get_port(), value)
            && !heard(addresses(&service), announcement)
        {
            return;
        }
    }
}

fn addresses(service: &ResolvedService) -> Vec<SocketAddr> {
    let port = service.get_port();
    let mut addresses: Vec<SocketAddr> = service.get_addresses().iter().map(|ip| address(ip, port)).collect();
    // A set has no order, and what is shown should.
    addresses.sort();
    addresses
}

/// A link-local address means something only together with its interface (RFC 4007 §6).
fn address(ip: &ScopedIp, port: u16) -> SocketAddr {
    let is_link_local = |address: &Ipv6Addr| address.is_unicast_link_local();
    match ip {
        ScopedIp::V6(v6) if is_link_local(v6.addr()) => {
            SocketAddrV6::new(*v6.addr(), port, 0, v6.scope_id().index).into()
        }
        other => SocketAddr::new(other.to_ip_addr(), port),
    }
}
