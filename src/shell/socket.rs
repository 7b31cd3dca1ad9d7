//! With which options are sockets made?
//!
//! - An IPv6 wildcard takes IPv4 peers too, whatever the system's default says.
//! - A UDP port is never shared: a second server on it is an error, not a quiet theft of datagrams. A TCP
//!   port that lingers in TIME-WAIT (RFC 9293 §3.4) may be taken again by a server that was restarted; on
//!   Windows the same option would let two servers listen, so it is not used there.
//! - Large buffers for datagrams, as far as the system grants them: a burst from a class of three hundred
//!   waits there while the loop is busy.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// Asked of the system for datagrams, each way.
const UDP_BUFFER_BYTES: usize = 4 << 20;

/// Connections that wait to be accepted.
const TCP_BACKLOG: i32 = 1_024;

/// A UDP socket bound to this address, non-blocking.
pub(super) fn bind_udp(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    take_both_families(&socket, address)?;
    // The system may grant less, which is no reason to fail.
    let _ = socket.set_recv_buffer_size(UDP_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(UDP_BUFFER_BYTES);
    socket.bind(&address.into())?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A TCP listener on this address, non-blocking.
pub(super) fn bind_tcp(address: SocketAddr) -> io::Result<mio::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    take_both_families(&socket, address)?;
    if cfg!(not(windows)) {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(TCP_BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(mio::net::TcpListener::from_std(socket.into()))
}

/// The wildcard address of the peer's family, with a port of the system's choice.
pub(super) fn any_port_towards(peer: SocketAddr) -> SocketAddr {
    match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

fn take_both_families(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        socket.set_only_v6(false)?;
    }
    Ok(())
}
