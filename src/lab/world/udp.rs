//! How do datagrams travel between the seats? Through each client's [`Link`](crate::lab::link::Link).
//!
//! A datagram to the server knows the address that its client had when it left; one to a client arrives only
//! if the client still has that address. Nobody listens at a server that is down; its system says so, but
//! only half of the networks let that pass.

use super::run::{Cast, Event, World};
use super::seat::{ClientInput, Datagram, SERVER, ServerInput};
use crate::lab::link::{Delivery, Direction};
use crate::service::api::Path;
use crate::service::verbs::{ClientCore, ServerCore};

/// IPv4 without options, and UDP.
const HEADERS: usize = 20 + 8;

fn ip_bytes(datagram: &[u8]) -> u32 {
    u32::try_from(datagram.len() + HEADERS).unwrap_or(u32::MAX)
}

impl<C: Cast> World<C> {
    /// Takes what the client wants to send.
    pub(super) fn send_datagrams_up(&mut self, client: usize, node: &mut C::Client) {
        let seat = &mut self.clients[client];
        loop {
            self.buffer.clear();
            if !node.poll_transmit(self.now, &mut self.buffer) {
                return;
            }
            if seat.sockets.udp {
                let (client_address, is_ect) = (seat.address, node.is_ect());
                let datagram = Datagram { client_address, is_ect, bytes: self.buffer.clone() };
                seat.link.handle_packet(self.now, Direction::Up, ip_bytes(&self.buffer), &[], datagram);
            }
        }
    }

    /// Takes what the server wants to send.
    pub(super) fn send_down(&mut self, node: &mut C::Server) {
        loop {
            self.buffer.clear();
            let Some(path) = node.poll_transmit(self.now, &mut self.buffer) else { return };
            // To an address that a client has left it is on its way too, but nobody will be there.
            let receiver = self.clients.iter_mut().find(|seat| seat.address == path.remote);
            if let Some(seat) = receiver {
                let (client_address, is_ect) = (path.remote, node.is_ect());
                let datagram = Datagram { client_address, is_ect, bytes: self.buffer.clone() };
                seat.link.handle_packet(self.now, Direction::Down, ip_bytes(&self.buffer), &[], datagram);
            }
        }
    }

    /// Hands out what the links have due.
    pub(super) fn carry_datagrams(&mut self) {
        for client in 0..self.clients.len() {
            while let Some(delivery) = self.clients[client].link.poll_delivery(self.now) {
                self.deliver(client, delivery);
            }
        }
    }

    fn deliver(&mut self, client: usize, delivery: Delivery<Datagram>) {
        if self.clients[client].blocked.udp {
            return;
        }
        let Datagram { client_address, is_ect, mut bytes } = delivery.packet;
        // RFC 3168 §5: only what its sender lets it mark.
        let is_marked = is_ect && delivery.ce;
        if let Some(flip) = delivery.flip {
            flip.apply(&mut bytes);
        }
        match delivery.direction {
            Direction::Up if self.server.node.is_some() => {
                let path = Path { remote: client_address, local: Some(SERVER.ip()) };
                self.server.inbox.put_datagram(if is_marked {
                    ServerInput::MarkedDatagram(path, bytes)
                } else {
                    ServerInput::Datagram(path, bytes)
                });
            }
            Direction::Up => {
                if self.rng.chance(0.5) {
                    let due = self.now + self.clients[client].link.config().down.delay;
                    self.agenda.note(due, Event::Unreachable { client, address: client_address });
                }
            }
            Direction::Down => {
                let seat = &mut self.clients[client];
                if seat.node.is_some() && seat.sockets.udp && seat.address == client_address {
                    seat.inbox.put_datagram(if is_marked {
                        ClientInput::MarkedDatagram(bytes)
                    } else {
                        ClientInput::Datagram(bytes)
                    });
                }
            }
        }
    }
}
