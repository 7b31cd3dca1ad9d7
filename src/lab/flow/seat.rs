//! Where does a client sit, and what belongs to its session?
//!
//! Its connection, what it hands in and what arrived, in both directions; the server's end is found by its
//! id. The seat's number stands in the last two bytes of its address, so that whoever has the address has
//! the seat, also after the client has moved.

use super::oracle::Oracle;
use super::plan::{Family, Plan};
use super::source::Source;
use super::tally::Tally;
use super::witness::Wire;
use crate::lab::link::{Direction, Rebind, Rebinds};
use crate::time::{Instant, at};
use crate::transport::connection::Connection;
use crate::transport::path::Path;
use crate::transport::session::{CloseReason, SessionEvent};
use crate::wire::datagram::ConnectionId;
use std::net::{IpAddr, SocketAddr};

/// The server, as clients address it.
pub fn server_path(family: Family) -> Path {
    let remote = match family {
        Family::Four => SocketAddr::from(([10, 0, 0, 1], 4_747)),
        Family::Six => SocketAddr::from(([0xfd00, 0, 0, 0, 0, 0, 0, 1], 4_747)),
    };
    Path { remote, local: None }
}

/// The client's first address: the seat stands in its last two bytes.
pub fn client_address(seat: usize, family: Family) -> SocketAddr {
    let [.., high, low] = seat.to_be_bytes();
    match family {
        Family::Four => SocketAddr::from(([10, 1, high, low], 40_000)),
        Family::Six => {
            SocketAddr::from(([0xfd00, 1, 0, 0, 0, 0, 0, u16::from_be_bytes([high, low])], 40_000))
        }
    }
}

/// The port by which a seat's packets are told apart from those of others, wherever it has moved.
pub fn seat_port(seat: usize) -> u16 {
    40_000_u16.wrapping_add(u16::try_from(seat).unwrap_or(u16::MAX))
}

/// Whose address this is.
pub fn seat_of(address: SocketAddr) -> usize {
    usize::from(match address.ip() {
        IpAddr::V4(ip) => {
            let [.., high, low] = ip.octets();
            u16::from_be_bytes([high, low])
        }
        IpAddr::V6(ip) => {
            let [.., last] = ip.segments();
            last
        }
    })
}

/// The same host in the next network.
fn moved(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let [a, network, c, d] = ip.octets();
            [a, network.wrapping_add(1).max(1), c, d].into()
        }
        IpAddr::V6(ip) => {
            let mut segments = ip.segments();
            segments[1] = segments[1].wrapping_add(1).max(1);
            segments.into()
        }
    }
}

/// Where a client sits.
pub struct Seat {
    pub connection: Option<Connection>,
    pub address: SocketAddr,
    pub starts: Instant,
    pub rebinds: Option<Rebinds>,
    /// The server's name of its session.
    pub id: Option<ConnectionId>,
    pub sources: [Source; 2],
    pub tallies: [Tally; 2],
    pub wires: [[Wire; 2]; 2],
    pub closed: [Option<CloseReason>; 2],
    /// The client's user takes nothing of what has arrived.
    pub stalled: bool,
    /// What watches the client and the server.
    pub oracles: [Oracle; 2],
    /// An end delivered a message after it had said that the session is over.
    pub spoke_after_end: bool,
    pub wake: Option<Instant>,
    pub touched: bool,
}

impl Seat {
    /// Empty; its client says hello when its session starts.
    pub fn new(plan: &Plan, seat: usize) -> Self {
        let session = &plan.sessions[seat];
        let starts = at(0) + session.start;
        let ways = [session.up, session.down];
        Self {
            connection: None,
            address: client_address(seat, plan.family),
            starts,
            rebinds: plan.link.rebind.map(|plan| Rebinds::new(plan, Instant::ZERO)),
            id: None,
            sources: ways.map(|way| Source::new(way, starts)),
            tallies: ways.map(|way| Tally::new(&way, starts, plan.warm_up)),
            wires: Default::default(),
            closed: [None, None],
            stalled: false,
            oracles: Default::default(),
            spoke_after_end: false,
            wake: None,
            // The testbed begins with everybody touched.
            touched: true,
        }
    }

    /// Moves if that is due.
    pub fn rebind(&mut self, now: Instant) {
        match self.rebinds.as_mut().and_then(|rebinds| rebinds.poll(now)) {
            Some(Rebind::Port) => self.address.set_port(self.address.port().wrapping_add(1).max(1_024)),
            Some(Rebind::Address) => self.address.set_ip(moved(self.address.ip())),
            None => {}
        }
    }

    /// An end tells something; gives the last moment of progress.
    pub fn on_event(
        &mut self,
        now: Instant,
        way: Direction,
        event: SessionEvent,
        progress: Instant,
    ) -> Instant {
        match event {
            SessionEvent::Message { channel, bytes } => {
                self.tallies[way.index()].on_arrived(now, channel.0, &bytes);
                self.sources[way.opposite().index()].on_heard(now);
                self.spoke_after_end |= self.closed[way.opposite().index()].is_some();
                now
            }
            SessionEvent::Closed(reason) => {
                // What comes down is told by the client, what comes up by the server.
                self.closed[way.opposite().index()] = Some(reason);
                progress
            }
            SessionEvent::Connected { .. } => now,
            SessionEvent::Liveness(_) => progress,
        }
    }

    /// Messages under way, in both directions.
    pub fn missing(&self) -> u64 {
        self.tallies.iter().map(Tally::missing).sum()
    }

    /// Was everything handed in, and has it arrived?
    pub fn is_settled(&self) -> bool {
        self.missing() == 0 && self.sources.iter().all(Source::is_finished)
    }

    /// When the clock alone makes something happen here.
    pub fn next_wake(&self) -> Option<Instant> {
        let Some(connection) = &self.connection else { return Some(self.starts) };
        let down = self.id.and_then(|_| self.sources[1].poll_timeout());
        let rebind = self.rebinds.as_ref().and_then(Rebinds::poll_timeout);
        let timer = connection.poll_timeout().map(|(at, _)| at);
        let due = [timer, self.sources[0].poll_timeout(), down, rebind];
        due.into_iter().flatten().min()
    }
}
