//! How does a class on a good network feel a bad one?
//!
//! The [emulated link](crate::lab::link) stands between node and socket, in both directions, so one end
//! with link options is enough and the other need not know. What leaves a client goes *up*, what reaches
//! it came *down*; on a server the other way round.
//!
//! ```text
//!              ┌─ outgoing ─▶ up ───▶ ┐                      ┌─ outgoing ─▶ down ─▶ ┐
//!  client node ┤                      ├ socket   server node ┤   one link for each  ├ socket
//!              └─ incoming ◀─ down ◀─ ┘                      └─ incoming ◀─ up ◀─── ┘ peer
//! ```
//!
//! On a server every peer has a link of its own, as if each sat behind its own bad Wi-Fi: the first peer's
//! has the seed that was given, the second's the next number, and so on by order of appearance. All start
//! together, so that an outage strikes everybody at the same moment.
//!
//! A queue that grows marks what its sender lets it mark (ECN): what came in is then handed on as marked, and
//! what goes out leaves with the mark in its IP header, where the system lets us write it.
//!
//! Left out: changing a client's address, which takes a link below IP.

use super::ecn::Ecn;
use crate::lab::labels::labels;
use crate::lab::link::{Delivery, Direction, Link, LinkConfig, Rebind, Verdict};
use crate::service::api::Path;
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

/// Links at once. Peers beyond share the last one.
const MAX_LINKS: usize = 4_096;
/// Bytes under way on all links together; what comes beyond is dropped.
const MAX_BYTES: usize = 256 << 20;
/// A link on which nothing happened for so long is forgotten when there are too many.
const IDLE: Duration = Duration::from_mins(1);
/// How often idle links are looked for, at most.
const SWEEP: Duration = Duration::from_secs(1);

/// The key of a client's only link.
const CLIENTS_OWN: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));

/// Towards the node or away from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    In,
    Out,
}

/// Whose sockets these are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Client,
    Server,
}

impl Side {
    fn direction(self, way: Way) -> Direction {
        match (self, way) {
            (Self::Client, Way::Out) | (Self::Server, Way::In) => Direction::Up,
            (Self::Client, Way::In) | (Self::Server, Way::Out) => Direction::Down,
        }
    }

    fn way(self, direction: Direction) -> Way {
        if self.direction(Way::In) == direction { Way::In } else { Way::Out }
    }
}

/// A datagram that has come through a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Emerged {
    pub way: Way,
    pub path: Path,
    pub ecn: Ecn,
    pub datagram: Vec<u8>,
}

type Packet = (Path, Ecn, Arc<[u8]>);

#[derive(Debug)]
struct PeerLink {
    link: Link<Packet>,
    last_used: Instant,
    /// Its entry in the schedule.
    due: Option<Instant>,
}

/// The links of one node.
#[derive(Debug)]
pub(super) struct Impairment {
    side: Side,
    config: LinkConfig,
    /// Data packets are in the clear, so that they can be dropped by what they carry.
    clear: bool,
    start: Instant,
    links: BTreeMap<SocketAddr, PeerLink>,
    schedule: BTreeSet<(Instant, SocketAddr)>,
    appeared: u64,
    next_sweep: Instant,
    bytes: usize,
    max_bytes: usize,
    outgoing: usize,
}

impl Impairment {
    /// Links that start now. An error says which setting cannot be had here, and what to do.
    pub fn new(side: Side, config: LinkConfig, clear: bool, now: Instant) -> Result<Self, String> {
        match (side, config.rebind.map(|plan| plan.what)) {
            (Side::Server, Some(_)) => {
                return Err("--rebind changes a client's port: give it to `sayagain chat`".to_owned());
            }
            (Side::Client, Some(Rebind::Address)) => {
                return Err("a program cannot change its machine's address: use --rebind port@…, \
                            or lead it through `sayagain link`"
                    .to_owned());
            }
            _ => {}
        }
        Ok(Self {
            side,
            config,
            clear,
            start: now,
            links: BTreeMap::new(),
            schedule: BTreeSet::new(),
            appeared: 0,
            next_sweep: now,
            bytes: 0,
            max_bytes: MAX_BYTES,
            outgoing: 0,
        })
    }

    /// A datagram enters its peer's link.
    pub fn handle(&mut self, now: Instant, way: Way, path: Path, ecn: Ecn, datagram: &[u8]) {
        if self.bytes + datagram.len() > self.max_bytes {
            return;
        }
        let names = if self.config.drops.is_empty() { Vec::new() } else { labels(datagram, self.clear) };
        let direction = self.side.direction(way);
        let key = self.link_of(now, path.remote);
        let Some(peer) = self.links.get_mut(&key) else { return };
        peer.last_used = now;
        let (size, packet) = (ip_bytes(path.remote, datagram.len()), (path, ecn, Arc::from(datagram)));
        if let Verdict::Passes(_) = peer.link.handle_packet(now, direction, size, &names, packet) {
            self.bytes += datagram.len();
            self.outgoing += usize::from(way == Way::Out);
        }
        self.reschedule(key);
    }

    /// The next datagram that is due, if any: to be called until there is none.
    pub fn poll(&mut self, now: Instant) -> Option<Emerged> {
        let (_, key) = *self.schedule.first().filter(|(due, _)| *due <= now)?;
        let delivery = self.links.get_mut(&key)?.link.poll_delivery(now);
        self.reschedule(key);
        let Delivery { direction, packet: (path, ecn, bytes), flip, copy, ce, .. } = delivery?;
        let mut datagram = bytes.to_vec();
        if let Some(flip) = flip {
            flip.apply(&mut datagram);
        }
        let way = self.side.way(direction);
        // A second copy comes right behind the first and was counted with it.
        if !copy {
            self.bytes -= datagram.len();
            self.outgoing -= usize::from(way == Way::Out);
        }
        Some(Emerged { way, path, ecn: ecn.through(ce), datagram })
    }

    /// When [`poll`](Self::poll) will have something.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.schedule.first().map(|(due, _)| *due)
    }

    /// Is something on its way to a peer?
    pub fn has_outgoing(&self) -> bool {
        self.outgoing > 0
    }

    /// Which link this peer's datagrams take; made if need be.
    fn link_of(&mut self, now: Instant, peer: SocketAddr) -> SocketAddr {
        // A client has one link, whichever of the server's addresses it tries.
        let key = if self.side == Side::Client { CLIENTS_OWN } else { peer };
        if self.links.contains_key(&key) {
            return key;
        }
        if self.links.len() >= MAX_LINKS {
            self.forget_idle(now);
        }
        if self.links.len() >= MAX_LINKS {
            return self.links.last_key_value().map_or(key, |(last, _)| *last);
        }
        let seed = self.config.seed.wrapping_add(self.appeared);
        self.appeared += 1;
        let link = Link::new(LinkConfig { seed, ..self.config.clone() }, self.start);
        self.links.insert(key, PeerLink { link, last_used: now, due: None });
        key
    }

    fn forget_idle(&mut self, now: Instant) {
        if now < self.next_sweep {
            return;
        }
        self.next_sweep = now + SWEEP;
        self.links.retain(|_, peer| peer.due.is_some() || now - peer.last_used < IDLE);
    }

    fn reschedule(&mut self, key: SocketAddr) {
        let Some(peer) = self.links.get_mut(&key) else { return };
        let due = peer.link.poll_timeout();
        if due == peer.due {
            return;
        }
        if let Some(former) = peer.due {
            self.schedule.remove(&(former, key));
        }
        if let Some(due) = due {
            self.schedule.insert((due, key));
        }
        peer.due = due;
    }
}

/// UDP payload and headers as the link counts them: 8 bytes of UDP, and 20 of IPv4 or 40 of IPv6.
fn ip_bytes(peer: SocketAddr, payload: usize) -> u32 {
    let headers = if peer.is_ipv4() { 28 } else { 48 };
    u32::try_from(payload + headers).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
