//! The client's port or address changes: what do both ends see?
//!
//! What a home's router does when it forgets (RFC 4787 §4.3), or a laptop when it changes its network: from
//! then on the client's packets come from elsewhere, and what is still sent to where it was goes nowhere.
//! The client's own kernel knows nothing of it.
//!
//! ```text
//!  inside                 outside, in age 2 of `port`            in age 2 of `addr`
//!  10.77.0.1:40000  ───▶  10.77.0.1:(40000 moved by 2 steps)     10.77.0.12:(likewise)
//!                   ◀───  only to ports from which something has left since the change
//! ```
//!
//! The ports of an age are those before, moved by a step around the circle 1,024 to 65,535: no table is
//! needed, and no two meet. Age 0, before the first change, translates nothing.

use super::ends::End;
use super::packet::Packet;
use super::surgery;
use crate::lab::link::{Rebind, RebindPlan, Rebinds};
use crate::time::Instant;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The first port that is translated; those below are nobody's choice.
const FIRST_PORT: u32 = 1_024;
const PORTS: u32 = 65_536 - FIRST_PORT;
/// From one age to the next: odd, so that it takes long until a port comes back.
const STEP: u32 = 7_919;
/// Addresses from `.11` on are taken one after the other, then from the start again.
const FIRST_HOST: u8 = 11;
const HOSTS: u32 = 200;

/// Stands between the client and the link.
#[derive(Debug)]
pub struct Translation {
    rebinds: Rebinds,
    age: u32,
    addresses: bool,
    /// (protocol, port inside) of what has left in this age: at most two protocols times all ports.
    open: BTreeSet<(u8, u16)>,
}

impl Translation {
    /// The plan of a link that starts now.
    pub fn new(plan: RebindPlan, now: Instant) -> Self {
        Self {
            rebinds: Rebinds::new(plan, now),
            age: 0,
            addresses: plan.what == Rebind::Address,
            open: BTreeSet::new(),
        }
    }

    /// When the next change is due.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.rebinds.poll_timeout()
    }

    /// Changes if it is time to.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.rebinds.poll(now).is_some() {
            self.age += 1;
            self.open.clear();
        }
    }

    /// A packet leaves the client: its source becomes the one that the server sees.
    pub fn leave(&mut self, bytes: &mut [u8]) {
        let Some(packet) = Packet::read(bytes).filter(|_| self.age > 0) else { return };
        let (source, port) = (packet.source, packet.source_port());
        self.open.extend(port.map(|port| (packet.number, port)));
        surgery::set_source(bytes, self.outside(source), port.map(|port| moved(port, self.shift())));
    }

    /// A packet arrives for the client: true if somebody inside is meant, and then it has its address there.
    pub fn arrive(&self, bytes: &mut [u8]) -> bool {
        let Some(packet) = Packet::read(bytes) else { return false };
        let (outside, number, port) = (packet.destination, packet.number, packet.destination_port());
        let inside = if outside.is_ipv4() { End::Client.v4().into() } else { End::Client.v6().into() };
        if outside != self.outside(inside) {
            return false;
        }
        let port = port.map(|port| moved(port, PORTS - self.shift()));
        if self.age > 0 && port.is_some_and(|port| !self.open.contains(&(number, port))) {
            return false;
        }
        surgery::set_destination(bytes, inside, port);
        true
    }

    /// How far ports are moved in this age.
    const fn shift(&self) -> u32 {
        // Below PORTS times STEP, so no bits are lost.
        (self.age % PORTS) * STEP % PORTS
    }

    fn outside(&self, inside: IpAddr) -> IpAddr {
        if !self.addresses || self.age == 0 {
            return inside;
        }
        let host = FIRST_HOST + u8::try_from((self.age - 1) % HOSTS).unwrap_or(0);
        match inside {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Ipv4Addr::new(a, b, c, host).into()
            }
            IpAddr::V6(address) => {
                let mut segments = address.segments();
                segments[7] = host.into();
                Ipv6Addr::from(segments).into()
            }
        }
    }
}

/// This port, so many steps further around the circle.
fn moved(port: u16, by: u32) -> u16 {
    match u32::from(port).checked_sub(FIRST_PORT) {
        Some(place) => u16::try_from(FIRST_PORT + (place + by) % PORTS).unwrap_or(port),
        None => port,
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::tests::{is_intact, udp};
    use super::*;
    use crate::time::at;

    const SERVER: (&str, u16) = ("10.77.0.2", 4_747);

    fn after(changes: u64, plan: &str) -> Translation {
        let mut translation = Translation::new(plan.parse().expect("a good plan"), at(0));
        (1..=changes).for_each(|second| translation.handle_timeout(at(second * 1_000_000)));
        translation
    }

    fn seen_by_server(translation: &mut Translation, port: u16) -> (String, u16) {
        let mut bytes = udp(("10.77.0.1", port), SERVER, b"hello");
        translation.leave(&mut bytes);
        assert!(is_intact(&bytes));
        let packet = Packet::read(&bytes).expect("a packet");
        (packet.source.to_string(), packet.source_port().expect("a port"))
    }

    fn answer(translation: &Translation, to: (&str, u16)) -> Option<(String, u16)> {
        let mut bytes = udp(SERVER, to, b"hello");
        translation.arrive(&mut bytes).then(|| {
            assert!(is_intact(&bytes));
            let packet = Packet::read(&bytes).expect("a packet");
            (packet.destination.to_string(), packet.destination_port().expect("a port"))
        })
    }

    #[test]
    fn before_the_first_change_nothing_is_translated() {
        let mut translation = after(0, "addr@1s");
        assert_eq!(seen_by_server(&mut translation, 40_000), ("10.77.0.1".into(), 40_000));
        assert_eq!(answer(&translation, ("10.77.0.1", 40_000)), Some(("10.77.0.1".into(), 40_000)));
    }

    #[test]
    fn after_each_change_the_server_sees_another_port_and_its_answers_find_the_client() {
        let mut seen = BTreeSet::from([40_000]);
        for changes in 1..50 {
            let mut translation = after(changes, "port@1s/1s");
            let (address, port) = seen_by_server(&mut translation, 40_000);
            assert!(address == "10.77.0.1" && seen.insert(port), "change {changes}: port {port} again");
            assert_eq!(answer(&translation, ("10.77.0.1", port)), Some(("10.77.0.1".into(), 40_000)));
        }
    }

    #[test]
    fn what_is_sent_to_where_the_client_was_goes_nowhere() {
        let mut translation = after(1, "addr@1s");
        let (address, port) = seen_by_server(&mut translation, 40_000);
        assert_eq!(address, "10.77.0.11");
        assert!(answer(&translation, (&address, port)).is_some());
        assert_eq!(answer(&translation, ("10.77.0.1", 40_000)), None, "the old address");
        translation.handle_timeout(at(9_000_000));
        let again = after(2, "port@1s/1s");
        assert_eq!(answer(&again, ("10.77.0.1", port)), None, "nothing has left since the change");
    }

    #[test]
    fn no_two_ports_meet() {
        let mut translation = after(3, "port@1s/1s");
        let ports = [1_024, 1_025, 40_000, 65_535].map(|port| seen_by_server(&mut translation, port).1);
        assert_eq!(BTreeSet::from(ports).len(), 4);
        assert!(ports.into_iter().all(|port| u32::from(port) >= FIRST_PORT));
        assert_eq!(seen_by_server(&mut translation, 22).1, 22, "nobody's choice");
    }
}
