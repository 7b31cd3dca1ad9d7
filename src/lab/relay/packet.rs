//! What is this IP packet?
//!
//! ```text
//!  IPv4 (RFC 791 §3.1)   |4|IHL|TOS | length | id | fragment | TTL | protocol | checksum | source | destination |
//!  IPv6 (RFC 8200 §3)    |6|class|flow label | payload length | next | hops | source (16) | destination (16) |
//!  TCP  (RFC 9293 §3.1)  | source port | destination port | sequence | acknowledgement | offset|flags | …
//!  UDP  (RFC 768)        | source port | destination port | length | checksum |
//! ```
//!
//! Total: of bytes that are no packet it says `None`. Left out on purpose: the extension headers of IPv6
//! and the later fragments of a packet, whose transport header is elsewhere; they have no ports here.

use crate::lab::bench::{Protocol, TcpPart};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The number of TCP among the protocols of IP.
pub const TCP: u8 = 6;
/// The number of UDP.
pub const UDP: u8 = 17;
/// The number of ICMP for IPv6.
pub const ICMP_V6: u8 = 58;

const V6_HEADER: usize = 40;

/// What the IP header says of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    bytes: &'a [u8],
    /// Who sent it.
    pub source: IpAddr,
    /// Whom it is for.
    pub destination: IpAddr,
    /// Which protocol it carries, by the numbers of IP; 0 where a header in between hides it.
    pub number: u8,
    /// Where that protocol's header begins.
    pub transport_at: usize,
}

impl<'a> Packet<'a> {
    /// Reads the header; `None` if these bytes are no whole IPv4 or IPv6 packet.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        match bytes.first()? >> 4 {
            4 => Self::read_v4(bytes),
            6 => Self::read_v6(bytes),
            _ => None,
        }
    }

    fn read_v4(bytes: &'a [u8]) -> Option<Self> {
        let transport_at = usize::from(bytes.first()? & 0x0f) * 4;
        let length = usize::from(word(bytes, 2)?);
        let source = Ipv4Addr::from(*bytes.get(12..)?.first_chunk::<4>()?);
        let destination = Ipv4Addr::from(*bytes.get(16..)?.first_chunk::<4>()?);
        let is_later_fragment = word(bytes, 6)? & 0x1fff != 0;
        let whole = (20..=length).contains(&transport_at) && length <= bytes.len();
        whole.then_some(Self {
            bytes: bytes.get(..length)?,
            source: source.into(),
            destination: destination.into(),
            number: if is_later_fragment { 0 } else { bytes[9] },
            transport_at,
        })
    }

    fn read_v6(bytes: &'a [u8]) -> Option<Self> {
        let length = V6_HEADER + usize::from(word(bytes, 4)?);
        let source = Ipv6Addr::from(*bytes.get(8..)?.first_chunk::<16>()?);
        let destination = Ipv6Addr::from(*bytes.get(24..)?.first_chunk::<16>()?);
        Some(Self {
            bytes: bytes.get(..length)?,
            source: source.into(),
            destination: destination.into(),
            number: *bytes.get(6)?,
            transport_at: V6_HEADER,
        })
    }

    /// Its bytes, without what may have stood behind the packet.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    fn transport(&self) -> &'a [u8] {
        self.bytes.get(self.transport_at..).unwrap_or_default()
    }

    fn has_ports(&self) -> bool {
        matches!(self.number, TCP | UDP)
    }

    /// Where it comes from, of TCP and UDP.
    pub fn source_port(&self) -> Option<u16> {
        self.has_ports().then(|| word(self.transport(), 0)).flatten()
    }

    /// Where it goes to, of TCP and UDP.
    pub fn destination_port(&self) -> Option<u16> {
        self.has_ports().then(|| word(self.transport(), 2)).flatten()
    }

    /// What it carries, with what a ladder tells of a segment of TCP.
    pub fn protocol(&self) -> Protocol {
        match self.number {
            UDP => Protocol::Udp,
            TCP => self.tcp().map_or(Protocol::Other, Protocol::Tcp),
            _ => Protocol::Other,
        }
    }

    fn tcp(&self) -> Option<TcpPart> {
        let segment = self.transport();
        let header = usize::from(segment.get(12)? >> 4) * 4;
        Some(TcpPart {
            flags: *segment.get(13)?,
            sequence: long(segment, 4)?,
            acknowledgement: long(segment, 8)?,
            bytes: u32::try_from(segment.len().checked_sub(header)?).ok()?,
        })
    }

    /// The datagram that it carries, if it carries one.
    pub fn datagram(&self) -> Option<&'a [u8]> {
        if self.number == UDP { self.transport().get(8..) } else { None }
    }
}

/// The two bytes at this place.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|chunk| u16::from_be_bytes(*chunk))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_be_bytes(*chunk))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The sum of RFC 1071 over these words, complemented.
    pub fn checksum<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u16 {
        let bytes: Vec<u8> = parts.into_iter().flatten().copied().collect();
        let words =
            bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
        let sum: u32 = words.sum();
        let folded = (sum & 0xffff) + (sum >> 16);
        !u16::try_from((folded & 0xffff) + (folded >> 16)).expect("folded twice")
    }

    fn address_bytes(address: IpAddr) -> Vec<u8> {
        match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        }
    }

    /// What the transport's checksum must be for this packet to be right.
    fn pseudo_header(packet: &Packet<'_>) -> Vec<u8> {
        let length = u32::try_from(packet.transport().len()).expect("a small packet");
        let mut header = [address_bytes(packet.source), address_bytes(packet.destination)].concat();
        header.extend(length.to_be_bytes());
        header.extend([0, 0, 0, packet.number]);
        header
    }

    /// Are all checksums of this packet right?
    pub fn is_intact(bytes: &[u8]) -> bool {
        let packet = Packet::read(bytes).expect("a packet");
        let header_good = packet.source.is_ipv6() || checksum([&bytes[..packet.transport_at]]) == 0;
        header_good && checksum([&pseudo_header(&packet)[..], packet.transport()]) == 0
    }

    fn with_ip(source: IpAddr, destination: IpAddr, number: u8, transport: &[u8]) -> Vec<u8> {
        let length =
            |header: usize| u16::try_from(header + transport.len()).expect("a small packet").to_be_bytes();
        let mut bytes = match source {
            IpAddr::V4(_) => {
                let [high, low] = length(20);
                vec![0x45, 0, high, low, 0, 1, 0, 0, 64, number, 0, 0]
            }
            IpAddr::V6(_) => {
                let [high, low] = length(0);
                vec![0x60, 0, 0, 0, high, low, number, 64]
            }
        };
        bytes.extend(address_bytes(source));
        bytes.extend(address_bytes(destination));
        if source.is_ipv4() {
            let sum = checksum([&bytes[..]]).to_be_bytes();
            bytes[10..12].copy_from_slice(&sum);
        }
        bytes.extend_from_slice(transport);
        bytes
    }

    fn sealed(mut bytes: Vec<u8>, checksum_at: usize) -> Vec<u8> {
        let packet = Packet::read(&bytes).expect("a packet");
        let sum = checksum([&pseudo_header(&packet)[..], packet.transport()]).to_be_bytes();
        let at = packet.transport_at + checksum_at;
        bytes[at..at + 2].copy_from_slice(&sum);
        bytes
    }

    /// A whole UDP packet with right checksums.
    pub fn udp(source: (&str, u16), destination: (&str, u16), datagram: &[u8]) -> Vec<u8> {
        let length = u16::try_from(8 + datagram.len()).expect("a small datagram");
        let words = [source.1, destination.1, length, 0];
        let mut transport: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        transport.extend_from_slice(datagram);
        let [from, to] = [source.0, destination.0].map(|text| text.parse().expect("an address"));
        sealed(with_ip(from, to, UDP, &transport), 6)
    }

    /// A whole TCP packet with right checksums.
    pub fn tcp(source: (&str, u16), destination: (&str, u16), flags: u8, data: &[u8]) -> Vec<u8> {
        let mut transport: Vec<u8> =
            [source.1, destination.1].iter().flat_map(|word| word.to_be_bytes()).collect();
        transport.extend(7_000_000_u32.to_be_bytes());
        transport.extend(9_000_000_u32.to_be_bytes());
        transport.extend([0x50, flags, 1, 0, 0, 0, 0, 0]);
        transport.extend_from_slice(data);
        let [from, to] = [source.0, destination.0].map(|text| text.parse().expect("an address"));
        sealed(with_ip(from, to, TCP, &transport), 16)
    }

    #[test]
    fn a_datagram_is_read_over_both_versions() {
        for (from, to) in [("10.77.0.1", "10.77.0.2"), ("fd77::1", "fd77::2")] {
            let bytes = udp((from, 40_000), (to, 4_747), b"hello");
            let packet = Packet::read(&bytes).expect("a packet");
            assert_eq!((packet.source.to_string(), packet.destination.to_string()), (from.into(), to.into()));
            assert_eq!((packet.source_port(), packet.destination_port()), (Some(40_000), Some(4_747)));
            assert_eq!((packet.protocol(), packet.datagram()), (Protocol::Udp, Some(&b"hello"[..])));
        }
    }

    #[test]
    fn a_segment_tells_its_flags_numbers_and_length() {
        let bytes = tcp(("10.77.0.1", 40_000), ("10.77.0.2", 80), 0x18, b"12345");
        let part = TcpPart { flags: 0x18, sequence: 7_000_000, acknowledgement: 9_000_000, bytes: 5 };
        assert_eq!(Packet::read(&bytes).map(|packet| packet.protocol()), Some(Protocol::Tcp(part)));
    }

    #[test]
    fn what_stands_behind_the_packet_is_left_out() {
        let mut bytes = udp(("10.77.0.1", 1), ("10.77.0.2", 2), b"hello");
        let length = bytes.len();
        bytes.extend([0; 20]);
        assert_eq!(Packet::read(&bytes).map(|packet| packet.bytes().len()), Some(length));
    }

    #[test]
    fn a_later_fragment_has_no_ports() {
        let mut bytes = udp(("10.77.0.1", 1), ("10.77.0.2", 2), b"hello");
        bytes[7] = 8;
        let packet = Packet::read(&bytes).expect("a packet");
        assert_eq!((packet.source_port(), packet.protocol()), (None, Protocol::Other));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..120), version in 4_u8..7) {
            if let Some(first) = bytes.first_mut() {
                *first = version << 4 | *first & 0x0f;
            }
            if let Some(packet) = Packet::read(&bytes) {
                prop_assert!(packet.bytes().len() <= bytes.len());
                let _ = (packet.protocol(), packet.source_port(), packet.destination_port(), packet.datagram());
            }
        }
    }
}
