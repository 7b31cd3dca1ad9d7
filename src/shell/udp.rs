//! How do datagrams enter and leave the machine?
//!
//! Through a [`UdpPort`]. It receives many datagrams with one system call (`recvmmsg`, and several of one
//! peer joined by the kernel where it can), and tells of each which of our own addresses was addressed
//! (`IP_PKTINFO`), so that an answer leaves from there: a peer that wrote to 192.168.1.20 would drop an
//! answer from 10.0.0.5.
//!
//! ```text
//!   server:  one unconnected port, dual-stack, all peers      recv ─▶ (Path, bytes)   send(Path, bytes)
//!   client:  one connected port; the system drops strangers and reports "nobody listens there" (ICMP)
//! ```
//!
//! IPv4 peers of a dual-stack socket are shown as plain IPv4 (RFC 4291 §2.5.5.2 is undone here and
//! nowhere else). Datagrams leave unfragmented (`quinn_udp` sets the don't-fragment bit and has Linux ask
//! nobody what a path carries: `IP_PMTUDISC_PROBE`); one that is too long for the way is lost, as by a
//! router, so that the transport's probes find out what passes (RFC 8899).

use super::ecn::{self, Ecn};
use super::{port_unreachable, socket};
use crate::service::api::Path;
use mio::event::Source;
use mio::{Interest, Registry, Token};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState, is_msg_size_err};
use socket2::SockRef;
use std::cell::Cell;
use std::io::{self, ErrorKind, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

/// The longest that one receive call can fill: an IP datagram, or as many joined as fit one.
const LONGEST: usize = 65_535;

/// What became of a datagram handed to [`UdpPort::send`].
#[derive(Debug)]
pub enum Sent {
    /// The system took it, or lost it as a network may.
    Gone,
    /// The system's buffer is full: wait until the port is writable, then hand it in again.
    Blocked,
    /// An earlier one, or this one, cannot get there.
    Unreachable(io::Error),
}

/// A bound UDP socket.
#[derive(Debug)]
pub struct UdpPort {
    socket: mio::net::UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    /// The only peer, for a client's port.
    peer: Option<SocketAddr>,
    /// What all that leaves it says.
    says: Cell<Ecn>,
}

impl UdpPort {
    /// A server's port on this address; `[::]` takes IPv4 peers too.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = socket::bind_udp(address)?;
        // What gets through all the same is passed over by `receive`, so a refusal here is no harm.
        let _ = port_unreachable::ignore_on(&socket);
        Self::new(socket.into(), None)
    }

    /// A client's port that talks to `peer` only, from a port of the system's choice.
    pub fn connect(peer: SocketAddr) -> io::Result<Self> {
        let socket = socket::bind_udp(socket::any_port_towards(peer))?;
        socket.connect(&peer.into())?;
        Self::new(socket.into(), Some(peer))
    }

    fn new(socket: std::net::UdpSocket, peer: Option<SocketAddr>) -> io::Result<Self> {
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let local = socket.local_addr()?;
        Ok(Self { socket: mio::net::UdpSocket::from_std(socket), state, local, peer, says: Cell::default() })
    }

    /// The address that it is bound to.
    pub fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Takes one batch of datagrams from the system; false when nothing is left there.
    ///
    /// Errors are those that a peer or the network reported ([`means_unreachable`]) and those of the
    /// socket itself. On a server's port what is about one peer is nobody's news and is passed over.
    pub fn receive(&self, batch: &mut Batch, mut each: impl FnMut(Path, Ecn, &mut [u8])) -> io::Result<bool> {
        let count = match batch.fill(self) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            Err(error) if self.peer.is_none() && is_about_a_peer(&error) => return Ok(true),
            Err(error) => return Err(error),
        };
        for (meta, buffer) in batch.metas.iter().zip(&mut batch.buffers).take(count) {
            let path = Path { remote: plain(meta.addr), local: meta.dst_ip.map(|ip| ip.to_canonical()) };
            // A datagram of no bytes has a stride of none.
            for datagram in buffer[..meta.len.min(LONGEST)].chunks_mut(meta.stride.max(1)) {
                each(path, Ecn::came(meta.ecn), datagram);
            }
        }
        Ok(true)
    }

    /// Sends one datagram from `path.local` to `path.remote` (of a client's port: to its peer), with these two
    /// bits where the system lets us.
    pub fn send(&self, path: Path, ecn: Ecn, datagram: &[u8]) -> Sent {
        let outcome = match self.peer {
            Some(_) => {
                self.say(ecn);
                self.socket.send(datagram).map(drop)
            }
            None => self.send_from(path, ecn, datagram),
        };
        match outcome {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Sent::Blocked,
            Err(error) if means_unreachable(&error) => Sent::Unreachable(error),
            Ok(()) | Err(_) => Sent::Gone,
        }
    }

    /// A connected socket has it as an option; where it has none, nothing is said.
    fn say(&self, ecn: Ecn) {
        if self.says.get() != ecn && ecn::say(&SockRef::from(&self.socket), self.local.is_ipv4(), ecn).is_ok()
        {
            self.says.set(ecn);
        }
    }

    fn send_from(&self, path: Path, ecn: Ecn, contents: &[u8]) -> io::Result<()> {
        let destination = self.in_our_family(path.remote);
        let src_ip = path.local.map(|ip| self.in_our_family(SocketAddr::new(ip, 0)).ip());
        let ecn = ecn.codepoint();
        let transmit = Transmit { destination, ecn, contents, segment_size: None, src_ip };
        let send =
            |transmit| self.socket.try_io(|| self.state.try_send(UdpSockRef::from(&self.socket), &transmit));
        match send(transmit.clone()) {
            // What was addressed may be a broadcast address, or be gone by now: any address of ours, then.
            Err(error)
                if src_ip.is_some() && error.kind() != ErrorKind::WouldBlock && !is_msg_size_err(&error) =>
            {
                send(Transmit { src_ip: None, ..transmit })
            }
            outcome => outcome,
        }
    }

    /// IPv4 addresses as an IPv6 socket wants them.
    fn in_our_family(&self, address: SocketAddr) -> SocketAddr {
        match (address.ip(), self.local) {
            (IpAddr::V4(ip), SocketAddr::V6(_)) => {
                SocketAddr::new(ip.to_ipv6_mapped().into(), address.port())
            }
            _ => address,
        }
    }
}

impl Source for UdpPort {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.socket.register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.socket.reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.socket.deregister(registry)
    }
}

/// Memory for one receive call.
#[derive(Debug)]
pub struct Batch {
    buffers: Vec<Box<[u8]>>,
    metas: Vec<RecvMeta>,
}

impl Batch {
    /// Room for `datagrams` at once (1 to what the system takes), 64 KiB each.
    pub fn new(datagrams: usize) -> Self {
        let count = datagrams.clamp(1, BATCH_SIZE);
        let buffers = (0..count).map(|_| vec![0; LONGEST].into_boxed_slice()).collect();
        Self { buffers, metas: vec![RecvMeta::default(); count] }
    }

    fn fill(&mut self, port: &UdpPort) -> io::Result<usize> {
        let mut slices: Vec<IoSliceMut> = self.buffers.iter_mut().map(|b| IoSliceMut::new(b)).collect();
        port.socket.try_io(|| port.state.recv(UdpSockRef::from(&port.socket), &mut slices, &mut self.metas))
    }
}

/// Does the system say that nobody listens there, or that there is no way there?
pub fn means_unreachable(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset // Windows' word for the same ICMP message.
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable
    )
}

/// Is this the echo of a datagram that we sent, rather than trouble of our own socket?
fn is_about_a_peer(error: &io::Error) -> bool {
    // Windows (WSAENETRESET, WSAEMSGSIZE): a time to live that ran out; a datagram longer than the buffer.
    const WINDOWS: [i32; 2] = [10_052, 10_040];
    means_unreachable(error) || (cfg!(windows) && error.raw_os_error().is_some_and(|n| WINDOWS.contains(&n)))
}

/// An IPv4 address written as IPv6 becomes IPv4 again.
pub(super) fn plain(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) if v6.ip().to_ipv4_mapped().is_some() => {
            SocketAddr::new(address.ip().to_canonical(), v6.port())
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;
    use std::time::Duration;

    /// The bits with which the next datagram comes; `None` if none comes.
    fn comes(port: &UdpPort) -> Option<Ecn> {
        let (mut batch, mut came) = (Batch::new(1), None);
        for _ in 0..1_000 {
            if port.receive(&mut batch, |_, ecn, _| came = Some(ecn)).is_ok_and(|more| !more)
                && came.is_none()
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            if came.is_some() {
                break;
            }
        }
        came
    }

    #[test]
    fn a_datagram_comes_with_the_bits_with_which_it_left() {
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
        for (address, name) in [(SocketAddr::from(([127, 0, 0, 1], 0)), "127.0.0.1"), (v6, "::1")] {
            let Ok(server) = UdpPort::bind(address) else {
                eprintln!("skipped: there is no {name} here");
                continue;
            };
            let client = UdpPort::connect(server.local_address()).unwrap();
            let there = Path { remote: server.local_address(), local: None };
            let client_address = SocketAddr::new(address.ip(), client.local_address().port());
            let back = Path { remote: client_address, local: Some(server.local_address().ip()) };
            for ecn in [Ecn::Not, Ecn::Capable, Ecn::Marked, Ecn::Not, Ecn::Capable] {
                for (from, to, path) in [(&client, &server, there), (&server, &client, back)] {
                    assert!(matches!(from.send(path, ecn, b"hello"), Sent::Gone));
                    let came = comes(to).expect("it arrives, whatever the bits");
                    if came != ecn && cfg!(not(target_os = "linux")) {
                        eprintln!(
                            "skipped: over {name} {ecn:?} came as {came:?}; this system has no such bits"
                        );
                    } else {
                        assert_eq!(came, ecn, "over {name}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_datagram_that_is_too_long_for_the_way_is_lost_and_no_error() {
        let server = UdpPort::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let client = UdpPort::connect(server.local_address()).unwrap();
        // One byte more than an IPv4 packet has room for.
        let datagram = vec![0; 65_508];
        let local = Some(server.local_address().ip());
        for (port, remote) in [(&server, client.local_address()), (&client, server.local_address())] {
            for local in [None, local] {
                let sent = port.send(Path { remote, local }, Ecn::Not, &datagram);
                assert!(matches!(sent, Sent::Gone), "{sent:?}");
            }
        }
    }
}
