//! How are the ends joined to the relay?
//!
//! By a pair of virtual interfaces each, born with one half in the relay's namespace and one in the end's:
//!
//! ```text
//!   relay's namespace          the end's namespace
//!   to-client  ═══════════════ link0   10.77.0.1/24, fd77::1/64
//!   to-server  ═══════════════ link0   10.77.0.2/24, fd77::2/64
//! ```
//!
//! - **No offloads**: a packet must be what a wire would carry. With checksums left to a card that is not
//!   there TCP never connects; with segmentation left to it frames are larger than the MTU.
//! - **No address resolution, no multicast, no link-local addresses**: each would be a frame that nobody
//!   sent on purpose.

use super::namespaces::Networks;
use super::netlink::{Netlink, Request};
use super::packet_socket::PacketSocket;
use super::refusal::Refusal;
use super::system::{self, Mac};
use crate::lab::relay::ends::{End, PREFIX_V4, PREFIX_V6};
use socket2::{Domain, Socket, Type};
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::AsRawFd;

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINKINFO: u16 = 18;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_GSO_MAX_SEGS: u16 = 40;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
const ADDR_GEN_MODE_NONE: u8 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_F_NODAD: u8 = 2;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const UP: u32 = 0x1;
const NO_ARP: u32 = 0x80;
const MULTICAST: u32 = 0x1000;
/// `ETHTOOL_S…`: checksums of what is received and sent, scatter and gather, TSO, GSO, GRO.
const OFFLOADS: [u32; 6] = [0x15, 0x17, 0x19, 0x1f, 0x24, 0x2c];

/// The name of the interface at an end.
const NAME: &str = "link0";
/// The first interface of a namespace.
const LOOPBACK: i32 = 1;

/// Joins both ends to the relay, and opens the sockets between them and it.
pub fn join(networks: &Networks) -> Result<[PacketSocket; 2], Refusal> {
    let netlink = Netlink::open().map_err(Refusal::at("opening a netlink socket"))?;
    let [client, server] = End::BOTH.map(|end| join_end(&netlink, networks, end));
    Ok([client?, server?])
}

const fn relay_side(end: End) -> &'static str {
    match end {
        End::Client => "to-client",
        End::Server => "to-server",
    }
}

const fn mac(end: End) -> Mac {
    // RFC 9542 §2.1: the second bit of the first byte says that it was chosen here.
    [0x02, 0x77, 0, 0, 0, end as u8 + 1]
}

fn join_end(netlink: &Netlink, networks: &Networks, end: End) -> Result<PacketSocket, Refusal> {
    let (index, name) = (end as usize, relay_side(end));
    let namespace = networks.of_end(index).as_raw_fd().to_ne_bytes();
    let pair = Request::create(RTM_NEWLINK)
        .interface(0, 0, 0)
        .attribute(IFLA_IFNAME, text(name).as_bytes_with_nul())
        .nested(IFLA_LINKINFO, |info| {
            info.attribute(IFLA_INFO_KIND, b"veth").nested(IFLA_INFO_DATA, |data| {
                data.nested(VETH_INFO_PEER, |peer| {
                    peer.interface(0, 0, 0)
                        .attribute(IFLA_IFNAME, text(NAME).as_bytes_with_nul())
                        .attribute(IFLA_ADDRESS, &mac(end))
                        .attribute(IFLA_NET_NS_FD, &namespace)
                })
            })
        });
    netlink.ask(pair).map_err(Refusal::at("making a pair of interfaces (veth)"))?;
    let interface = index_of(name).map_err(Refusal::at("finding the relay's interface"))?;
    let quiet = Request::change(RTM_NEWLINK).interface(interface, 0, MULTICAST);
    netlink.ask(without_link_local(quiet)).map_err(Refusal::at("setting up the relay's interface"))?;
    let up = Request::change(RTM_NEWLINK).interface(interface, UP | NO_ARP, UP | NO_ARP);
    netlink.ask(up).map_err(Refusal::at("setting up the relay's interface"))?;
    networks.within(index, || set_up_end(end))?;
    PacketSocket::open(interface, mac(end)).map_err(Refusal::at("opening a packet socket"))
}

/// What is done within the namespace of an end.
fn set_up_end(end: End) -> Result<(), Refusal> {
    let step = "setting up an end's interface";
    let netlink = Netlink::open().map_err(Refusal::at("opening a netlink socket"))?;
    let ask = |request| netlink.ask(request).map_err(Refusal::at(step));
    let interface = index_of(NAME).map_err(Refusal::at(step))?;
    switch_offloads_off().map_err(Refusal::at("switching offloads off"))?;
    let change = |flags, mask| Request::change(RTM_NEWLINK).interface(interface, flags, mask);
    ask(without_link_local(change(0, MULTICAST)))?;
    ask(change(0, 0).attribute(IFLA_GSO_MAX_SEGS, &1_u32.to_ne_bytes()))?;
    ask(Request::change(RTM_NEWLINK).interface(LOOPBACK, UP, UP))?;
    ask(change(UP | NO_ARP, UP | NO_ARP))?;
    ask(add_address(interface, AF_INET, PREFIX_V4, &end.v4().octets()))?;
    // A kernel without IPv6 has a link without it.
    let _ = netlink.ask(add_address(interface, AF_INET6, PREFIX_V6, &end.v6().octets()));
    // Ours: ping without a raw socket, for whoever runs it; where it is refused the capability is there.
    let _ = fs::write("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
    Ok(())
}

/// An address that the kernel would choose is announced by frames of its own. Refused where there is no IPv6.
fn without_link_local(request: Request) -> Request {
    if fs::exists("/proc/net/if_inet6").unwrap_or(false) {
        request.nested(IFLA_AF_SPEC, |families| {
            families
                .nested(AF_INET6.into(), |v6| v6.attribute(IFLA_INET6_ADDR_GEN_MODE, &[ADDR_GEN_MODE_NONE]))
        })
    } else {
        request
    }
}

fn add_address(interface: i32, family: u8, prefix: u8, octets: &[u8]) -> Request {
    Request::create(RTM_NEWADDR)
        .address(family, prefix, if family == AF_INET6 { IFA_F_NODAD } else { 0 }, interface)
        .attribute(IFA_LOCAL, octets)
        .attribute(IFA_ADDRESS, octets)
}

fn switch_offloads_off() -> io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    // Not each is known to each kernel; the one without which nothing works is that of sent checksums.
    for offload in OFFLOADS {
        let outcome = system::switch_off(&socket, NAME, offload);
        if offload == 0x17 {
            outcome?;
        }
    }
    Ok(())
}

fn text(name: &str) -> CString {
    CString::new(name).unwrap_or_default()
}

fn index_of(name: &str) -> io::Result<i32> {
    let index = system::interface_index(&text(name))?;
    i32::try_from(index).map_err(io::Error::other)
}
