//! What does a node do in its turn? As in a shell: take what came, drain, handle the timeout if it is due, drain.

use super::run::{Cast, Event, World};
use super::seat::{ClientInput, ServerInput, Sockets};
use super::transcript::Fact;
use crate::chat::client::event::LineNumber;
use crate::files::Disk;
use crate::service::api::{ClientAction, ClientEvent, NetworkInput};
use crate::service::verbs::{ClientCore, ServerCore};
use crate::store::StoreRequest;
use crate::time::Duration;
use crate::transport::session::Transport;

/// A disk of files answers after so long.
const DISK: Duration = Duration::from_micros(100);

impl<C: Cast> World<C> {
    pub(super) fn run_server(&mut self) {
        let Some(mut node) = self.server.node.take() else { return };
        self.drain_server(&mut node);
        while let Some(input) = self.server.inbox.take(self.now) {
            self.feed_server(&mut node, input);
            self.drain_server(&mut node);
        }
        let due = node.poll_timeout().is_some_and(|due| due <= self.now);
        if due && !self.server.inbox.is_paused(self.now) {
            node.handle_timeout(self.now);
            self.drain_server(&mut node);
        }
        self.server.node = Some(node);
    }

    fn feed_server(&mut self, node: &mut C::Server, input: ServerInput) {
        let now = self.now;
        match input {
            ServerInput::Datagram(path, mut bytes) => node.handle_datagram(now, path, &mut bytes),
            ServerInput::MarkedDatagram(path, mut bytes) => {
                node.handle_marked_datagram(now, path, &mut bytes);
            }
            ServerInput::Stored(reply) => node.handle_store_reply(now, reply),
            ServerInput::Filed(reply) => node.handle_file_reply(now, reply),
            ServerInput::StreamOpened(connection) => self.admit_stream(connection, node),
            ServerInput::StreamBytes(connection, bytes) => {
                if let Some(stream) = self.stream_of(connection) {
                    node.handle_stream_bytes(now, stream, &bytes);
                }
            }
            ServerInput::StreamClosed(connection, reason) => {
                if let Some(stream) = self.stream_of(connection) {
                    self.forget_stream(stream);
                    node.handle_stream_closed(now, stream, reason);
                }
            }
        }
    }

    fn drain_server(&mut self, node: &mut C::Server) {
        while let Some(action) = node.poll_stream() {
            self.act_for_server(action, node);
        }
        self.send_down(node);
        while let Some(request) = node.poll_store() {
            self.ask_store(request);
        }
        while let Some(request) = node.poll_file() {
            let incarnation = self.server.incarnation;
            if let Some(reply) = self.server.files.handle(request) {
                self.agenda.note(self.now + DISK, Event::Filed { incarnation, reply });
            }
        }
        while let Some(event) = node.poll_event() {
            self.transcript.note(self.now, Fact::Server(event));
        }
    }

    /// The store takes its time, one request after the other; what it has done and not yet answered when the
    /// server dies stays done.
    fn ask_store(&mut self, request: StoreRequest) {
        let longest = u64::try_from(self.store_delay.as_micros()).unwrap_or(u64::MAX);
        let span = self.rng.below(longest.saturating_add(1));
        let start = self.server.store_free_at.max(self.now);
        let done = start + Duration::from_micros(self.rng.below(span + 1));
        let answered = start + Duration::from_micros(span);
        self.server.store_free_at = answered;
        let incarnation = self.server.incarnation;
        self.agenda.note(done, Event::Store { incarnation, request, answered });
    }

    pub(super) fn run_client(&mut self, client: usize) {
        let Some(mut node) = self.clients[client].node.take() else { return };
        let mut goes_on = self.drain_client(client, &mut node);
        while let Some(input) = self.clients[client].inbox.take(self.now).filter(|_| goes_on) {
            self.feed_client(client, &mut node, input);
            goes_on = self.drain_client(client, &mut node);
        }
        let due = node.poll_timeout().is_some_and(|due| due <= self.now);
        if goes_on && due && !self.clients[client].inbox.is_paused(self.now) {
            node.handle_timeout(self.now);
            goes_on = self.drain_client(client, &mut node);
        }
        if goes_on {
            self.clients[client].node = Some(node);
        } else {
            self.take_away(client, "connection closed by the peer");
        }
    }

    fn feed_client(&mut self, client: usize, node: &mut C::Client, input: ClientInput) {
        let now = self.now;
        let Sockets { udp, tcp } = self.clients[client].sockets;
        match input {
            ClientInput::Line(line) => {
                self.clients[client].lines += 1;
                node.handle_line(now, LineNumber(self.clients[client].lines), &line);
            }
            ClientInput::Filed(reply) => node.handle_file_reply(now, reply),
            ClientInput::EndOfInput => node.handle_end_of_input(now),
            ClientInput::Datagram(mut bytes) if udp => {
                node.handle_network(now, NetworkInput::Datagram(&mut bytes));
            }
            ClientInput::MarkedDatagram(mut bytes) if udp => {
                node.handle_network(now, NetworkInput::MarkedDatagram(&mut bytes));
            }
            ClientInput::Unreachable if udp => {
                node.handle_network(now, NetworkInput::Unreachable("connection refused"));
            }
            ClientInput::StreamOpened(connection) if tcp == Some(connection) => {
                node.handle_network(now, NetworkInput::StreamOpened);
            }
            ClientInput::StreamBytes(connection, bytes) if tcp == Some(connection) => {
                node.handle_network(now, NetworkInput::StreamBytes(&bytes));
            }
            ClientInput::StreamClosed(connection, reason) if tcp == Some(connection) => {
                self.clients[client].sockets.tcp = None;
                node.handle_network(now, NetworkInput::StreamClosed(reason));
            }
            // Of a network that the node has dropped meanwhile.
            _ => {}
        }
    }

    /// False when the client has finished.
    pub(super) fn drain_client(&mut self, client: usize, node: &mut C::Client) -> bool {
        self.send_up(client, node);
        while let Some(action) = node.poll_action() {
            self.act_for_client(client, action);
            self.send_up(client, node);
        }
        while let Some(request) = node.poll_file() {
            if let Some(reply) = self.clients[client].files.handle(request) {
                self.agenda.note(self.now + DISK, Event::ClientFiled { client, reply });
            }
        }
        let mut goes_on = true;
        while let Some(event) = node.poll_event() {
            goes_on &= !matches!(event, ClientEvent::Finished(_));
            // Once a second, whatever happens: nobody asks for them afterwards.
            if !matches!(event, ClientEvent::Stats { line: None, .. }) {
                self.transcript.note(self.now, Fact::Client { client, event });
            }
        }
        goes_on
    }

    fn send_up(&mut self, client: usize, node: &mut C::Client) {
        self.send_datagrams_up(client, node);
        self.pump_up(client, node);
    }

    fn act_for_client(&mut self, client: usize, action: ClientAction) {
        match action {
            ClientAction::Open { transport: Transport::Udp, .. } => {
                self.clients[client].address = self.addresses.new_port(self.clients[client].address);
                self.clients[client].sockets.udp = true;
            }
            ClientAction::Open { transport: Transport::Tcp, .. } => {
                self.close_stream(client, "connection closed by the peer");
                let address = self.addresses.new_port(self.clients[client].address);
                if !self.clients[client].sockets.udp {
                    self.clients[client].address = address;
                }
                self.connect(client, address);
            }
            ClientAction::Rebind => {
                self.clients[client].address = self.addresses.new_port(self.clients[client].address);
            }
            ClientAction::Close { transport: Transport::Udp } => self.close_udp(client),
            ClientAction::Close { transport: Transport::Tcp } => {
                self.close_stream(client, "connection closed by the peer");
            }
        }
    }
}
