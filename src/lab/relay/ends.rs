//! Who are the two ends, and by which names may a packet between them be dropped?
//!
//! Only unicast between the two ends enters the model: what else a kernel says on its interfaces (who is
//! there? who routes?) would draw from the sequence of losses, and the k-th packet would no longer be the
//! program's.

use super::packet::Packet;
use crate::lab::bench::Protocol;
use crate::lab::labels;
use crate::lab::link::Direction;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bits of both IPv4 addresses that are the network's.
pub const PREFIX_V4: u8 = 24;
/// Bits of both IPv6 addresses that are the network's.
pub const PREFIX_V6: u8 = 64;

/// One end of the link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The client's: 10.77.0.1 and `fd77::1`.
    Client,
    /// The server's: 10.77.0.2 and `fd77::2`.
    Server,
}

impl End {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    const fn host(self) -> u8 {
        match self {
            Self::Client => 1,
            Self::Server => 2,
        }
    }

    /// Its IPv4 address.
    pub const fn v4(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 77, 0, self.host())
    }

    /// Its IPv6 address.
    pub const fn v6(self) -> Ipv6Addr {
        Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, self.host() as u16)
    }

    /// The way of what it sends.
    pub const fn sends(self) -> Direction {
        match self {
            Self::Client => Direction::Up,
            Self::Server => Direction::Down,
        }
    }

    /// The end at which what goes this way comes out.
    pub const fn reached_by(way: Direction) -> Self {
        match way {
            Direction::Up => Self::Server,
            Direction::Down => Self::Client,
        }
    }

    fn is(self, address: IpAddr) -> bool {
        address == IpAddr::V4(self.v4()) || address == IpAddr::V6(self.v6())
    }
}

/// Is this one of the link's networks?
fn is_on_link(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[..3] == End::Client.v4().octets()[..3],
        IpAddr::V6(address) => address.octets()[..8] == End::Client.v6().octets()[..8],
    }
}

/// Does this packet, which left `from`, go to the other end? The client may be known there by another
/// address of the network, after it has changed.
pub fn is_between(from: End, packet: &Packet<'_>) -> bool {
    let Packet { source, destination, .. } = *packet;
    match from {
        End::Client => End::Client.is(source) && End::Server.is(destination),
        End::Server => End::Server.is(source) && is_on_link(destination) && !End::Server.is(destination),
    }
}

/// The names of `--drop` that this packet has: for TCP `syn`, `fin`, `rst`, `data`, `ack` (an acknowledgement
/// alone); for a datagram of ours those of [`labels`], of a data packet only in the clear.
pub fn names(packet: &Packet<'_>) -> Vec<&'static str> {
    match packet.protocol() {
        Protocol::Tcp(part) => {
            let flags = [(0x02, "syn"), (0x01, "fin"), (0x04, "rst")];
            let mut names: Vec<_> =
                flags.into_iter().filter(|(bit, _)| part.flags & bit != 0).map(|(_, name)| name).collect();
            if part.bytes > 0 {
                names.push("data");
            } else if names.is_empty() {
                names.push("ack");
            }
            names
        }
        Protocol::Udp => {
            // Whoever stands between cannot know what the ends agreed on: a right CRC says it.
            labels::labels(packet.datagram().unwrap_or_default(), true)
        }
        Protocol::Other => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::tests::{tcp, udp};
    use super::*;

    const CLIENT: (&str, u16) = ("10.77.0.1", 40_000);
    const SERVER: (&str, u16) = ("10.77.0.2", 4_747);

    fn enters(from: End, bytes: &[u8]) -> bool {
        Packet::read(bytes).is_some_and(|packet| is_between(from, &packet))
    }

    #[test]
    fn unicast_between_the_ends_enters_each_from_its_own_side() {
        assert!(
            enters(End::Client, &udp(CLIENT, SERVER, b"")) && enters(End::Server, &udp(SERVER, CLIENT, b""))
        );
        assert!(!enters(End::Server, &udp(CLIENT, SERVER, b"")), "forged");
        assert!(enters(End::Client, &udp(("fd77::1", 1), ("fd77::2", 2), b"")));
        assert!(enters(End::Server, &udp(SERVER, ("10.77.0.9", 1), b"")), "the client after a change");
    }

    #[test]
    fn what_a_kernel_says_by_itself_does_not() {
        for (from, to) in [
            ("fe80::1", "ff02::16"),
            ("fd77::1", "ff02::2"),
            ("10.77.0.1", "224.0.0.22"),
            ("10.77.0.1", "10.77.0.255"),
            ("10.77.0.1", "8.8.8.8"),
        ] {
            assert!(!enters(End::Client, &udp((from, 1), (to, 2), b"")), "{from} to {to}");
        }
        assert!(!enters(End::Server, &udp(SERVER, ("10.78.0.1", 1), b"")));
    }

    #[test]
    fn a_segment_is_called_by_its_flags() {
        let name =
            |flags, data: &[u8]| names(&Packet::read(&tcp(CLIENT, SERVER, flags, data)).expect("a packet"));
        assert_eq!(name(0x02, b""), ["syn"]);
        assert_eq!(name(0x12, b""), ["syn"]);
        assert_eq!(name(0x10, b""), ["ack"]);
        assert_eq!(name(0x18, b"x"), ["data"]);
        assert_eq!(name(0x11, b""), ["fin"]);
        assert_eq!(name(0x11, b"x"), ["fin", "data"]);
        assert_eq!(name(0x14, b""), ["rst"]);
    }
}
