//! Has a machine of our own network told us its hardware address?
//!
//! Who was just asked something and has none is not there, or is kept from us (RFC 826). Linux writes its table
//! to a file that everybody may read; other systems are not asked, and the question stays open.

use std::net::Ipv4Addr;

/// True or false if the system says so, `None` where it does not.
pub(super) fn is_heard(address: Ipv4Addr) -> Option<bool> {
    table().and_then(|table| listed(&table, address))
}

#[cfg(target_os = "linux")]
fn table() -> Option<String> {
    std::fs::read_to_string("/proc/net/arp").ok()
}

#[cfg(not(target_os = "linux"))]
const fn table() -> Option<String> {
    None
}

/// A line: address, kind, flags, hardware address, mask, interface. Flag 2: the hardware address is known.
fn listed(table: &str, address: Ipv4Addr) -> Option<bool> {
    let mut rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    let row = rows.find(|row| row.first().is_some_and(|it| it.parse() == Ok(address)))?;
    let flags = u32::from_str_radix(row.get(2)?.strip_prefix("0x")?, 16).ok()?;
    Some(flags & 2 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_an_unknown_and_an_unasked_neighbour_are_told_apart() {
        let table = "IP address       HW type     Flags       HW address            Mask     Device\n\
                     10.0.0.2         0x1         0x2         8a:00:00:00:00:01     *        eth0\n\
                     10.0.0.9         0x1         0x0         00:00:00:00:00:00     *        eth0\n";
        let of = |last| listed(table, Ipv4Addr::new(10, 0, 0, last));
        assert_eq!([of(2), of(9), of(3)], [Some(true), Some(false), None]);
        assert_eq!(listed("nonsense\n10.0.0.2 x", Ipv4Addr::new(10, 0, 0, 2)), None);
    }
}
