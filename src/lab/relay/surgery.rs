//! How is a packet changed so that its checksums stay right?
//!
//! A checksum of the internet is the complement of a sum of 16-bit words, so the effect of one word that
//! changes can be taken out and put in without the others:
//!
//! ```text
//!  new checksum = ~(~checksum + ~old word + new word)          RFC 1624 §3, equation 3
//! ```
//!
//! The words of an address count in the header's own checksum (IPv4) and, through the pseudo header, in the
//! transport's (RFC 9293 §3.1, RFC 768, RFC 8200 §8.1). Left out on purpose: packets quoted in errors of ICMP.

use super::packet::{ICMP_V6, Packet, TCP, UDP, word};
use std::net::IpAddr;

/// Where the checksum of IPv4's header stands.
const V4_CHECKSUM_AT: usize = 10;

/// Where the checksums of a packet stand.
#[derive(Clone, Copy, Debug)]
struct Checksums {
    header: Option<usize>,
    transport: Option<usize>,
    /// UDP over IPv4: a checksum of zero means that there is none.
    zero_is_none: bool,
    covers_addresses: bool,
}

impl Checksums {
    fn of(packet: &Packet<'_>) -> Self {
        let is_v4 = packet.source.is_ipv4();
        let offset = match packet.number {
            TCP => Some(16),
            UDP => Some(6),
            ICMP_V6 => Some(2),
            _ => None,
        };
        Self {
            header: is_v4.then_some(V4_CHECKSUM_AT),
            transport: offset.map(|offset| packet.transport_at + offset),
            zero_is_none: packet.number == UDP,
            covers_addresses: offset.is_some(),
        }
    }
}

/// Marks the packet "congestion experienced" (RFC 3168 §5) if its sender understands marks, and says whether
/// it did.
pub fn mark(bytes: &mut [u8]) -> bool {
    const CE: u16 = 0b11;
    let Some(packet) = Packet::read(bytes) else { return false };
    let sums = Checksums::of(&packet);
    // IPv6 has the two bits further left: its first word is version, class, flow label.
    let shift = if packet.source.is_ipv4() { 0 } else { 4 };
    let Some(first) = word(bytes, 0) else { return false };
    if first >> shift & CE == 0 {
        return false;
    }
    put(bytes, 0, first | CE << shift, sums.header);
    true
}

/// Gives the packet another source.
pub fn set_source(bytes: &mut [u8], address: IpAddr, port: Option<u16>) {
    set(bytes, address, port, Place { v4: 12, v6: 8, port: 0 });
}

/// Gives the packet another destination.
pub fn set_destination(bytes: &mut [u8], address: IpAddr, port: Option<u16>) {
    set(bytes, address, port, Place { v4: 16, v6: 24, port: 2 });
}

/// Where an address stands in each header, and the port behind it.
#[derive(Clone, Copy)]
struct Place {
    v4: usize,
    v6: usize,
    port: usize,
}

/// An address of the other version changes nothing: it cannot be in this packet.
fn set(bytes: &mut [u8], address: IpAddr, port: Option<u16>, place: Place) {
    let Some(packet) = Packet::read(bytes) else { return };
    let (sums, transport_at) = (Checksums::of(&packet), packet.transport_at);
    let ports = packet.source_port().is_some();
    match (address, packet.source.is_ipv4()) {
        (IpAddr::V4(address), true) => set_address(bytes, place.v4, &address.octets(), sums),
        (IpAddr::V6(address), false) => set_address(bytes, place.v6, &address.octets(), sums),
        _ => return,
    }
    if let Some(port) = port.filter(|_| ports) {
        put_in_transport(bytes, transport_at + place.port, port, sums);
    }
}

fn set_address(bytes: &mut [u8], at: usize, octets: &[u8], sums: Checksums) {
    for (index, pair) in octets.as_chunks::<2>().0.iter().enumerate() {
        let (place, new) = (at + index * 2, u16::from_be_bytes(*pair));
        let old = word(bytes, place).unwrap_or(new);
        put(bytes, place, new, sums.header);
        if sums.covers_addresses {
            adjust(bytes, sums, old, new);
        }
    }
}

fn put_in_transport(bytes: &mut [u8], at: usize, new: u16, sums: Checksums) {
    let old = word(bytes, at).unwrap_or(new);
    put(bytes, at, new, None);
    adjust(bytes, sums, old, new);
}

/// The transport's checksum after a word of what it covers has changed.
fn adjust(bytes: &mut [u8], sums: Checksums, old: u16, new: u16) {
    let Some(at) = sums.transport else { return };
    let Some(sum) = word(bytes, at).filter(|sum| !(sums.zero_is_none && *sum == 0)) else { return };
    let renewed = updated(sum, old, new);
    // RFC 768: a sum of zero is sent as all ones.
    put(bytes, at, if sums.zero_is_none && renewed == 0 { 0xffff } else { renewed }, None);
}

fn put(bytes: &mut [u8], at: usize, new: u16, checksum_at: Option<usize>) {
    let Some(old) = word(bytes, at) else { return };
    bytes[at..at + 2].copy_from_slice(&new.to_be_bytes());
    if let Some((at, sum)) = checksum_at.and_then(|at| Some((at, word(bytes, at)?))) {
        bytes[at..at + 2].copy_from_slice(&updated(sum, old, new).to_be_bytes());
    }
}

/// The checksum after one word has changed.
fn updated(checksum: u16, old: u16, new: u16) -> u16 {
    // RFC 1624 §3: HC' = ~(~HC + ~m + m')
    let sum = u32::from(!checksum) + u32::from(!old) + u32::from(new);
    let folded = (sum & 0xffff) + (sum >> 16);
    !(u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::packet::tests::{is_intact, tcp, udp};
    use super::*;
    use proptest::prelude::*;

    const V4: [&str; 2] = ["10.77.0.1", "10.77.0.2"];
    const V6: [&str; 2] = ["fd77::1", "fd77::2"];

    proptest! {
        #[test]
        fn a_translated_packet_is_intact(port: u16, host: u16, data: Vec<u8>, v6: bool, is_tcp: bool) {
            let [from, to] = if v6 { V6 } else { V4 };
            let make = if is_tcp {
                tcp((from, 1_000), (to, 2_000), 0x18, &data)
            } else {
                udp((from, 1_000), (to, 2_000), &data)
            };
            let mut bytes = make;
            prop_assert!(is_intact(&bytes));
            let address = if v6 { format!("fd77::{host:x}") } else { format!("10.77.{}.{}", host >> 8, host & 0xff) };
            let address: IpAddr = address.parse().expect("an address");
            set_source(&mut bytes, address, Some(port));
            set_destination(&mut bytes, address, Some(port));
            prop_assert!(is_intact(&bytes));
            let packet = Packet::read(&bytes).expect("still a packet");
            prop_assert_eq!((packet.source, packet.destination), (address, address));
            prop_assert_eq!((packet.source_port(), packet.destination_port()), (Some(port), Some(port)));
        }
    }

    #[test]
    fn a_mark_leaves_the_packet_intact_and_needs_a_sender_that_understands_it() {
        for ([from, to], class_at, bit) in [(V4, 1, 0b10), (V6, 1, 0b10 << 4)] {
            let mut bytes = udp((from, 1), (to, 2), b"hello");
            let plain = bytes.clone();
            assert!(!mark(&mut bytes) && bytes == plain, "not capable");
            let first = word(&bytes, 0).expect("two bytes");
            put(&mut bytes, 0, first | bit, Checksums::of(&Packet::read(&plain).expect("a packet")).header);
            assert!(mark(&mut bytes) && is_intact(&bytes));
            assert_eq!(bytes[class_at] & (bit | bit >> 1) as u8, (bit | bit >> 1) as u8);
        }
    }

    #[test]
    fn a_datagram_without_a_checksum_stays_without() {
        let mut bytes = udp((V4[0], 1), (V4[1], 2), b"hello");
        bytes[26..28].fill(0);
        set_source(&mut bytes, "10.77.0.9".parse().expect("an address"), Some(9));
        assert_eq!(&bytes[26..28], [0, 0]);
    }

    #[test]
    fn an_address_of_the_other_version_changes_nothing() {
        let mut bytes = udp((V4[0], 1), (V4[1], 2), b"hello");
        let before = bytes.clone();
        set_source(&mut bytes, "fd77::9".parse().expect("an address"), Some(9));
        assert_eq!(bytes, before);
    }
}
