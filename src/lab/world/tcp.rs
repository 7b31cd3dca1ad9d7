//! How do streams of bytes travel between the seats? Two pipes a connection, one each way.
//!
//! ```text
//! client                        server
//!   Open ────── Syn ─────────────▶ listening?   the system accepts, even for a server that is paused
//!     ◀──────── Established ────── yes
//!     ◀──────── Refused ────────── no
//!   bytes ───── Up … ────────────▶
//!     ◀──────── Down … ─────────── bytes
//!   Close ───── Up: End ─────────▶
//! ```
//!
//! A client whose address changes has a silent connection: nothing arrives any more, and nobody is told.

use super::pipe::{Pipe, Segment};
use super::run::{Cast, Event, World};
use super::seat::{ClientInput, ServerInput};
use crate::lab::link::Direction;
use crate::service::api::{StreamAction, StreamId};
use crate::service::verbs::{ClientCore, ServerCore};
use std::net::SocketAddr;

/// A connection's number in the world.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct ConnectionId(u64);

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    client: usize,
    client_address: SocketAddr,
    /// The server's number for it, while it knows it.
    stream: Option<StreamId>,
    up: Pipe,
    down: Pipe,
    silent: bool,
}

/// What happens next on a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StreamStep {
    Syn,
    Established,
    Refused,
    Up,
    Down,
}

impl<C: Cast> World<C> {
    /// The client opens a connection.
    pub(super) fn connect(&mut self, client: usize, client_address: SocketAddr) {
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        let (up, down, silent) = (Pipe::default(), Pipe::default(), self.clients[client].blocked.tcp);
        self.connections.insert(id, Connection { client, client_address, stream: None, up, down, silent });
        self.clients[client].sockets.tcp = Some(id);
        let due = self.stream_arrival(client, Direction::Up);
        self.agenda.note(due, Event::Stream(id, StreamStep::Syn));
    }

    pub(super) fn on_stream(&mut self, id: ConnectionId, step: StreamStep) {
        let Some(connection) = self.connections.get(&id) else { return };
        let (client, silent) = (connection.client, connection.silent);
        if silent {
            return;
        }
        match step {
            StreamStep::Syn => {
                let answer = if self.server.node.is_some() {
                    self.server.inbox.put(ServerInput::StreamOpened(id));
                    StreamStep::Established
                } else {
                    StreamStep::Refused
                };
                let due = self.stream_arrival(client, Direction::Down);
                self.agenda.note(due, Event::Stream(id, answer));
            }
            StreamStep::Established => self.clients[client].inbox.put(ClientInput::StreamOpened(id)),
            StreamStep::Refused => {
                self.clients[client].inbox.put(ClientInput::StreamClosed(id, "connection refused"));
                self.connections.remove(&id);
            }
            StreamStep::Up => self.arrive_up(id),
            StreamStep::Down => self.arrive_down(id, client),
        }
    }

    /// A segment arrives at the server, or waits in the pipe while the server is paused.
    fn arrive_up(&mut self, id: ConnectionId) {
        if self.server.node.is_none() {
            return;
        }
        if let Some(end) = self.server.inbox.pause_end(self.now) {
            self.agenda.note(end, Event::Stream(id, StreamStep::Up));
            return;
        }
        match self.connections.get_mut(&id).and_then(|connection| connection.up.read()) {
            Some(Segment::Bytes(bytes)) => self.server.inbox.put(ServerInput::StreamBytes(id, bytes)),
            Some(Segment::End(reason)) => self.server.inbox.put(ServerInput::StreamClosed(id, reason)),
            None => {}
        }
        self.let_client_write(id);
    }

    /// Likewise at the client.
    fn arrive_down(&mut self, id: ConnectionId, client: usize) {
        if let Some(end) = self.clients[client].inbox.pause_end(self.now) {
            self.agenda.note(end, Event::Stream(id, StreamStep::Down));
            return;
        }
        match self.connections.get_mut(&id).and_then(|connection| connection.down.read()) {
            Some(Segment::Bytes(bytes)) => {
                self.clients[client].inbox.put(ClientInput::StreamBytes(id, bytes));
            }
            Some(Segment::End(reason)) => {
                self.clients[client].inbox.put(ClientInput::StreamClosed(id, reason));
                self.end(id, Direction::Up, "connection reset by peer");
            }
            None => {}
        }
        self.let_server_write(id);
    }

    /// There is room in the pipe again.
    fn let_client_write(&mut self, id: ConnectionId) {
        let Some(client) = self.connections.get(&id).map(|connection| connection.client) else { return };
        if let Some(mut node) = self.clients[client].node.take() {
            self.pump_up(client, &mut node);
            self.clients[client].node = Some(node);
        }
    }

    fn let_server_write(&mut self, id: ConnectionId) {
        let Some(stream) = self.stream_of(id) else { return };
        if let Some(mut node) = self.server.node.take() {
            self.pump_down(stream, &mut node);
            self.server.node = Some(node);
        }
    }

    /// Writes what the client has for its stream and what fits.
    pub(super) fn pump_up(&mut self, client: usize, node: &mut C::Client) {
        let Some(id) = self.clients[client].sockets.tcp else { return };
        while !node.stream_output().is_empty() {
            let due = self.stream_arrival(client, Direction::Up);
            let Some(connection) = self.connections.get_mut(&id) else { return };
            let Some((count, due)) = connection.up.write(node.stream_output(), &mut self.rng, due) else {
                return;
            };
            self.agenda.note(due, Event::Stream(id, StreamStep::Up));
            node.stream_written(self.now, count);
        }
    }

    /// Likewise the server.
    fn pump_down(&mut self, stream: StreamId, node: &mut C::Server) {
        let Some(id) = self.server.streams.get(&stream).copied() else { return };
        while !node.stream_output(stream).is_empty() {
            let Some(client) = self.connections.get(&id).map(|connection| connection.client) else { return };
            let due = self.stream_arrival(client, Direction::Down);
            let Some(connection) = self.connections.get_mut(&id) else { return };
            let written = connection.down.write(node.stream_output(stream), &mut self.rng, due);
            let Some((count, due)) = written else { return };
            self.agenda.note(due, Event::Stream(id, StreamStep::Down));
            node.stream_written(self.now, stream, count);
        }
    }

    pub(super) fn act_for_server(&mut self, action: StreamAction, node: &mut C::Server) {
        match action {
            StreamAction::Write(stream) => self.pump_down(stream, node),
            StreamAction::Close(stream) => {
                self.pump_down(stream, node);
                if let Some(id) = self.server.streams.get(&stream).copied() {
                    self.end(id, Direction::Down, "connection closed by the server");
                    self.forget_stream(stream);
                }
            }
        }
    }

    /// The server hears of a connection.
    pub(super) fn admit_stream(&mut self, id: ConnectionId, node: &mut C::Server) {
        if let Some(connection) = self.connections.get_mut(&id) {
            let stream = node.handle_stream_opened(self.now, connection.client_address);
            connection.stream = Some(stream);
            self.server.streams.insert(stream, id);
        }
    }

    pub(super) fn stream_of(&self, id: ConnectionId) -> Option<StreamId> {
        self.connections.get(&id).and_then(|connection| connection.stream)
    }

    pub(super) fn forget_stream(&mut self, stream: StreamId) {
        let id = self.server.streams.remove(&stream);
        if let Some(connection) = id.and_then(|id| self.connections.get_mut(&id)) {
            connection.stream = None;
        }
    }

    /// The server's system ends all its connections.
    pub(super) fn break_streams_of_server(&mut self) {
        self.server.streams.clear();
        let ids: Vec<ConnectionId> = self.connections.keys().copied().collect();
        for id in ids {
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.stream = None;
            }
            self.end(id, Direction::Down, "connection reset by peer");
        }
    }

    /// The client's port is closed, if it has one.
    pub(super) fn close_udp(&mut self, client: usize) {
        self.clients[client].sockets.udp = false;
    }

    /// The client's stream is closed, if it has one.
    pub(super) fn close_stream(&mut self, client: usize, reason: &'static str) {
        if let Some(id) = self.clients[client].sockets.tcp.take() {
            self.end(id, Direction::Up, reason);
        }
    }

    /// Nothing arrives any more on this connection.
    pub(super) fn silence(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.silent = true;
        }
    }

    fn end(&mut self, id: ConnectionId, direction: Direction, reason: &'static str) {
        let Some(client) = self.connections.get(&id).map(|connection| connection.client) else { return };
        let due = self.stream_arrival(client, direction);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let (pipe, step) = match direction {
            Direction::Up => (&mut connection.up, StreamStep::Up),
            Direction::Down => (&mut connection.down, StreamStep::Down),
        };
        if let Some(due) = pipe.end(reason, due) {
            self.agenda.note(due, Event::Stream(id, step));
        }
    }
}
