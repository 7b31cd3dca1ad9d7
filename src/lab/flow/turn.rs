//! What happens at one moment?
//!
//! What the links deliver and whose timer is due is handed in; then everybody to whom something happened
//! hands in its messages and is drained.

use super::oracle::Flight;
use super::plan::{Family, Meeting};
use super::seat::{Seat, seat_of, seat_port, server_path};
use super::testbed::{Packet, Testbed};
use super::witness::Cargo;
use crate::crypto::Identity;
use crate::lab::bench::{Passage, Protocol};
use crate::lab::labels::labels;
use crate::lab::link::{Delivery, Direction};
use crate::trace::{SendCause, Sink, Tracer};
use crate::transport::connection::Connection;
use crate::transport::handshake::client::ClientHello;
use crate::transport::path::Path;
use crate::transport::session::{SessionEvent, SessionStats};
use crate::wire::datagram::ConnectionId;
use std::net::SocketAddr;
use std::sync::Arc;

/// How a datagram leaves.
#[derive(Clone, Copy, Debug)]
struct Departure {
    /// The client's address.
    address: SocketAddr,
    /// A queue may mark it.
    is_ect: bool,
}

/// IP without options or extensions, and UDP.
const fn headers(family: Family) -> usize {
    match family {
        Family::Four => 20 + 8,
        Family::Six => 40 + 8,
    }
}

impl Testbed {
    pub(super) fn touch(&mut self, seat: usize) {
        if !std::mem::replace(&mut self.seats[seat].touched, true) {
            self.touched.push(seat);
        }
    }

    pub(super) fn deliver(&mut self) {
        for link in 0..self.links.len() {
            while let Some(delivery) = self.links[link].poll_delivery(self.now) {
                self.on_delivery(delivery);
            }
        }
    }

    fn on_delivery(&mut self, delivery: Delivery<Packet>) {
        let Packet { seat, address, is_ect, mut bytes } = delivery.packet;
        // RFC 3168 §5: only what its sender lets it mark.
        let is_marked = is_ect && delivery.ce;
        if let Some(flip) = delivery.flip {
            flip.apply(&mut bytes);
        }
        match delivery.direction {
            Direction::Up => {
                let path = Path { remote: address, local: None };
                self.witnesses[1].pass_strangers_on(seat == 0);
                if is_marked {
                    self.server.handle_marked_datagram(self.now, path, &mut bytes);
                } else {
                    self.server.handle_datagram(self.now, path, &mut bytes);
                }
            }
            // Nobody is at an address that the client has left.
            Direction::Down if self.seats[seat].address == address => {
                let path = server_path(self.plan.family);
                match &mut self.seats[seat].connection {
                    Some(connection) if is_marked => {
                        connection.handle_marked_datagram(self.now, path, &mut bytes);
                    }
                    Some(connection) => connection.handle_datagram(self.now, path, &mut bytes),
                    None => {}
                }
            }
            Direction::Down => {}
        }
        self.touch(seat);
    }

    pub(super) fn wake_clients(&mut self) {
        while let Some((due, seat)) = self.wakes.first().copied().filter(|(due, _)| *due <= self.now) {
            self.wakes.remove(&(due, seat));
            let now = self.now;
            let it = &mut self.seats[seat];
            it.wake = None;
            it.rebind(now);
            if let Some(connection) = &mut it.connection
                && connection.poll_timeout().is_some_and(|(due, _)| due <= now)
            {
                connection.handle_timeout(now);
            }
            self.touch(seat);
        }
    }

    pub(super) fn hear_server(&mut self) {
        while let Some((id, event)) = self.server.poll_event() {
            if let SessionEvent::Connected { .. } = event {
                self.on_connected(id);
            }
            if let Some(seat) = self.by_id.get(&id).copied() {
                if self.plan.handed_on && matches!(event, SessionEvent::Message { .. }) {
                    self.hand_on(seat);
                }
                self.progress = self.seats[seat].on_event(self.now, Direction::Up, event, self.progress);
                self.touch(seat);
            }
        }
    }

    /// A message of this seat is due at all others.
    fn hand_on(&mut self, from: usize) {
        for seat in (0..self.seats.len()).filter(|seat| *seat != from) {
            self.seats[seat].sources[Direction::Down.index()].on_heard(self.now);
            self.touch(seat);
        }
    }

    /// A client that moves while it shakes hands, or whose hello comes twice, may have two sessions here: it
    /// is in the one that it has answered.
    fn on_connected(&mut self, id: ConnectionId) {
        let Some(seat) = self.server.path(id).map(|path| seat_of(path.remote)) else { return };
        if self.seats[seat]
            .id
            .is_none_or(|known| self.server.path(known).is_some() && !self.server.is_proven(known))
        {
            self.by_id.retain(|_, of| *of != seat);
            self.by_id.insert(id, seat);
            self.seats[seat].id = Some(id);
        }
    }

    pub(super) fn run_touched(&mut self) {
        let mut touched = std::mem::take(&mut self.touched);
        for seat in touched.drain(..) {
            self.seats[seat].touched = false;
            self.run_client(seat);
        }
        if self.touched.is_empty() {
            self.touched = touched;
        }
    }

    fn run_client(&mut self, index: usize) {
        if self.seats[index].connection.is_none() && self.seats[index].starts <= self.now {
            self.start(index);
        }
        let before = self.seats[index].missing();
        self.offer_up(index);
        self.offer_down(index);
        if self.seats[index].missing() > before {
            self.progress = self.now;
        }
        self.drain_client(index);
        self.set_wake(index);
    }

    fn offer_up(&mut self, index: usize) {
        let Seat { connection: Some(connection), sources: [source, _], tallies: [tally, _], .. } =
            &mut self.seats[index]
        else {
            return;
        };
        let room = self.plan.sessions[index].config.limits.queue.saturating_sub(connection.queued());
        source.offer(self.now, room, tally, |channel, payload, deadline| match deadline {
            Some(deadline) => connection.send_until(channel, payload, deadline),
            None => connection.send(channel, payload),
        });
    }

    fn offer_down(&mut self, index: usize) {
        let Seat { id: Some(id), sources: [_, source], tallies: [_, tally], .. } = &mut self.seats[index]
        else {
            return;
        };
        let (now, id, server) = (self.now, *id, &mut self.server);
        let room = self.plan.server.limits.queue.saturating_sub(server.queued(id));
        source.offer(now, room, tally, |channel, payload, deadline| match deadline {
            Some(deadline) => server.send_until(now, id, channel, payload, deadline),
            None => server.send(now, id, channel, payload),
        });
    }

    fn start(&mut self, seat: usize) {
        let tracer = Tracer::new(Arc::clone(&self.witnesses[0]) as Arc<dyn Sink>);
        let ClientHello { identity, server, greeting, trust } = &self.newcomers.hello;
        // Each session is somebody of their own, and who knows the server has been here before.
        let mut secret = *identity.secret();
        secret.iter_mut().zip(seat.to_le_bytes()).for_each(|(byte, seat)| *byte ^= seat);
        let identity = Arc::new(Identity::from_secret(secret));
        if self.plan.meeting == Meeting::Known {
            self.server.on_met(identity.public(), 0);
        }
        let hello =
            ClientHello { identity, server: *server, greeting: greeting.clone(), trust: Arc::clone(trust) };
        let config = self.plan.sessions[seat].config;
        let connection = Connection::client(
            self.now,
            config,
            hello,
            server_path(self.plan.family),
            self.newcomers.rng.fork(),
            tracer,
        );
        self.seats[seat].connection = Some(connection);
    }

    fn drain_client(&mut self, index: usize) {
        let Some(mut connection) = self.seats[index].connection.take() else { return };
        loop {
            while !self.seats[index].stalled
                && let Some(event) = connection.poll_event(self.now)
            {
                self.progress = self.seats[index].on_event(self.now, Direction::Down, event, self.progress);
            }
            if connection.poll_transmit(self.now, &mut self.buffer).is_none() {
                break;
            }
            let cargo = self.witnesses[0].take_cargo();
            self.watch(Direction::Up, index, &cargo, Some(&connection.stats()));
            let departure = Departure { address: self.seats[index].address, is_ect: connection.is_ect() };
            self.post(Direction::Up, index, departure, cargo);
        }
        self.seats[index].connection = Some(connection);
    }

    pub(super) fn drain_server(&mut self) {
        while let Some(path) = self.server.poll_transmit(self.now, &mut self.buffer) {
            let cargo = self.witnesses[1].take_cargo();
            let seat = seat_of(path.remote);
            if seat < self.seats.len() {
                // A seat that moved while it shook hands has another session here, which nobody watches.
                let is_known = self.seats[seat].id.is_some_and(|id| self.server.path(id) == Some(path));
                let stats = self.seats[seat].id.filter(|_| is_known).and_then(|id| self.server.stats(id));
                self.watch(Direction::Down, seat, &cargo, stats.as_ref());
                let departure = Departure { address: path.remote, is_ect: self.server.is_ect() };
                self.post(Direction::Down, seat, departure, cargo);
            }
        }
        self.hear_server();
    }

    /// The oracle of one end sees what leaves.
    fn watch(&mut self, direction: Direction, seat: usize, cargo: &Cargo, stats: Option<&SessionStats>) {
        let told = stats.and_then(|stats| Some(Flight { bytes: stats.in_flight?, window: stats.cwnd? }));
        let Some(flight) = told else { return };
        let oracles = &mut self.seats[seat].oracles;
        let heard_of = oracles[direction.opposite().index()].largest_sent;
        oracles[direction.index()].on_sent(self.now, self.buffer.len(), cargo, flight, heard_of);
    }

    /// The datagram in the buffer leaves.
    fn post(&mut self, direction: Direction, seat: usize, departure: Departure, cargo: Cargo) {
        let it = &mut self.seats[seat];
        let phase = usize::from(!it.tallies[0].is_early(self.now));
        it.wires[phase][direction.index()].on_sent(self.buffer.len(), cargo);
        let Departure { address, is_ect } = departure;
        if is_ect && self.plan.swallows_ect {
            return;
        }
        let link = seat.min(self.links.len() - 1);
        let link = &mut self.links[link];
        let kinds = if link.config().drops.is_empty() {
            Vec::new()
        } else {
            kinds(&self.buffer, self.plan.meeting, cargo)
        };
        let ip_bytes = u32::try_from(self.buffer.len() + headers(self.plan.family)).unwrap_or(u32::MAX);
        let packet = Packet { seat, address, is_ect, bytes: self.buffer.clone() };
        let verdict = link.handle_packet(self.now, direction, ip_bytes, &kinds, packet);
        let number = link.counters(direction).entered;
        if let Some(passages) = &mut self.passages {
            passages.push(Passage {
                entered: self.now,
                direction,
                number,
                ip_bytes,
                client_port: seat_port(seat),
                protocol: Protocol::Udp,
                fate: verdict.into(),
            });
        }
    }

    fn set_wake(&mut self, index: usize) {
        let seat = &mut self.seats[index];
        let wake = seat.next_wake();
        if wake != seat.wake {
            if let Some(old) = std::mem::replace(&mut seat.wake, wake) {
                self.wakes.remove(&(old, index));
            }
            self.wakes.extend(wake.map(|at| (at, index)));
        }
    }
}

/// The names by which this datagram may be dropped. Of a sealed packet the sender's own trace tells.
fn kinds(datagram: &[u8], meeting: Meeting, cargo: Cargo) -> Vec<&'static str> {
    let mut kinds = labels(datagram, meeting == Meeting::Clear);
    let told = [
        (cargo.pieces > 0, "data"),
        (cargo.acknowledges, "ack"),
        (cargo.cause == Some(SendCause::Heartbeat), "ping"),
    ];
    for (is, kind) in told {
        if is && !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}
