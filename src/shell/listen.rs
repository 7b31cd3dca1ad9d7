//! On which sockets does a server wait?
//!
//! On one UDP port and one TCP listener, or one of them, at the same address and port number. `[::]` means
//! IPv6 and IPv4 together, and IPv4 alone on a machine without IPv6. Port 0 takes a port that is free for
//! both.

use super::socket;
use super::udp::UdpPort;
use crate::transport::session::Transport;
use mio::net::TcpListener;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// How often a free port number is drawn until one is free for UDP and TCP.
const DRAWS: usize = 32;

/// What carries the sessions of a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transports {
    /// Datagrams only.
    Udp,
    /// Streams only.
    Tcp,
    /// Both, on the same port number.
    Both,
}

/// A server's sockets, bound but not yet served: peers that come now wait.
#[derive(Debug)]
pub struct ServerSockets {
    pub(super) udp: Option<UdpPort>,
    pub(super) tcp: Option<TcpListener>,
    addresses: Vec<(Transport, SocketAddr)>,
}

impl ServerSockets {
    /// Binds at `address`.
    pub fn bind(address: SocketAddr, transports: Transports) -> Result<Self, ListenError> {
        match Self::bind_family(address, transports) {
            Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && error.says_no_ipv6() => {
                Self::bind_family((Ipv4Addr::UNSPECIFIED, address.port()).into(), transports)
            }
            outcome => outcome,
        }
    }

    /// What was bound, UDP first: the addresses to announce.
    pub fn addresses(&self) -> &[(Transport, SocketAddr)] {
        &self.addresses
    }

    fn bind_family(address: SocketAddr, transports: Transports) -> Result<Self, ListenError> {
        let draws = if address.port() == 0 && transports == Transports::Both { DRAWS } else { 1 };
        let mut outcome = Self::bind_once(address, transports);
        for _ in 1..draws {
            match &outcome {
                Err(error) if error.why.kind() == ErrorKind::AddrInUse => {
                    outcome = Self::bind_once(address, transports);
                }
                _ => break,
            }
        }
        outcome
    }

    fn bind_once(mut address: SocketAddr, transports: Transports) -> Result<Self, ListenError> {
        let mut sockets = Self { udp: None, tcp: None, addresses: Vec::new() };
        if transports != Transports::Tcp {
            let port = UdpPort::bind(address).map_err(ListenError::on(Transport::Udp, address))?;
            address = port.local_address();
            sockets.addresses.push((Transport::Udp, address));
            sockets.udp = Some(port);
        }
        if transports != Transports::Udp {
            let failed = ListenError::on(Transport::Tcp, address);
            let listener = socket::bind_tcp(address).map_err(&failed)?;
            sockets.addresses.push((Transport::Tcp, listener.local_addr().map_err(&failed)?));
            sockets.tcp = Some(listener);
        }
        Ok(sockets)
    }
}

/// Why a server cannot listen. Displays as what is wrong and what to do.
#[derive(Debug)]
pub struct ListenError {
    transport: Transport,
    address: SocketAddr,
    why: io::Error,
}

impl ListenError {
    fn on(transport: Transport, address: SocketAddr) -> impl Fn(io::Error) -> Self {
        move |why| Self { transport, address, why }
    }

    fn says_no_ipv6(&self) -> bool {
        let family_unknown = match self.why.raw_os_error() {
            #[cfg(unix)]
            Some(code) => [libc::EAFNOSUPPORT, libc::EPROTONOSUPPORT].contains(&code),
            #[cfg(windows)]
            Some(code) => code == 10_047, // WSAEAFNOSUPPORT
            _ => false,
        };
        family_unknown || self.why.kind() == ErrorKind::AddrNotAvailable
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transport, address, why } = self;
        write!(f, "cannot listen on {transport} {address}: ")?;
        match why.kind() {
            ErrorKind::AddrInUse => write!(
                f,
                "another program (perhaps a server of yours) has the port: \
                 stop it, or take another port with --listen, or a free one with port 0"
            ),
            ErrorKind::AddrNotAvailable => {
                write!(f, "this machine has no such address: use one of its own, or [::] for all of them")
            }
            ErrorKind::PermissionDenied => {
                write!(f, "the system does not allow it ({why}): use a port above 1023")
            }
            _ => write!(f, "{why}"),
        }
    }
}

impl std::error::Error for ListenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback(port: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, port).into()
    }

    #[test]
    fn port_0_takes_one_number_for_both_transports() {
        let sockets = ServerSockets::bind(loopback(0), Transports::Both).expect("loopback has free ports");
        let [(Transport::Udp, udp), (Transport::Tcp, tcp)] = sockets.addresses() else {
            panic!("{:?}", sockets.addresses());
        };
        assert_eq!(udp, tcp);
        assert_ne!(udp.port(), 0);
    }

    #[test]
    fn a_port_in_use_is_refused_with_what_to_do() {
        for transports in [Transports::Udp, Transports::Tcp] {
            let first = ServerSockets::bind(loopback(0), transports).expect("loopback has free ports");
            let (_, taken) = first.addresses()[0];
            let error = ServerSockets::bind(taken, transports).expect_err("the port is taken").to_string();
            assert!(error.contains(&taken.to_string()) && error.contains("--listen"), "{error}");
        }
    }

    #[test]
    fn an_address_of_another_machine_is_refused_with_what_to_do() {
        // RFC 5737: 192.0.2.0/24 is for documentation, nobody's own.
        let foreign = "192.0.2.1:0".parse().expect("an address");
        let error = ServerSockets::bind(foreign, Transports::Both).expect_err("not ours").to_string();
        assert!(error.contains("no such address"), "{error}");
    }

    #[test]
    fn the_wildcard_takes_ipv4_too() {
        let wildcard = (Ipv6Addr::UNSPECIFIED, 0).into();
        let sockets = ServerSockets::bind(wildcard, Transports::Tcp).expect("a wildcard always binds");
        let (_, bound) = sockets.addresses()[0];
        std::net::TcpStream::connect(loopback(bound.port())).expect("IPv4 reaches the wildcard");
    }
}
