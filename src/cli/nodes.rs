//! How do the two nodes fit the loops that run them? Verb for verb.

use super::chat::observed::Measured;
use crate::chat::client::event::LineNumber;
use crate::service::api::{
    ClientAction, ClientEvent, NetworkInput, Path, ServerEvent, StreamAction, StreamId,
};
use crate::service::{ClientNode, ServerNode};
use crate::shell::node::{ClientCore, ServerCore};
use crate::store::{StoreReply, StoreRequest};
use crate::time::Instant;
use crate::transport::session::SessionStats;
use std::net::SocketAddr;

impl ServerCore for ServerNode {
    fn handle_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]) {
        self.handle_datagram(now, path, datagram);
    }

    fn handle_stream_opened(&mut self, now: Instant, peer: SocketAddr) -> StreamId {
        self.handle_stream_opened(now, peer)
    }

    fn handle_stream_bytes(&mut self, now: Instant, stream: StreamId, bytes: &[u8]) {
        self.handle_stream_bytes(now, stream, bytes);
    }

    fn handle_stream_closed(&mut self, now: Instant, stream: StreamId, reason: &str) {
        self.handle_stream_closed(now, stream, reason);
    }

    fn handle_store_reply(&mut self, now: Instant, reply: StoreReply) {
        self.handle_store_reply(now, reply);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.handle_timeout(now);
    }

    fn shutdown(&mut self, now: Instant) {
        self.shutdown(now);
    }

    fn is_shut_down(&self) -> bool {
        self.is_shut_down()
    }

    fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Path> {
        self.poll_transmit(now, buffer)
    }

    fn poll_stream(&mut self) -> Option<StreamAction> {
        self.poll_stream()
    }

    fn stream_output(&self, stream: StreamId) -> &[u8] {
        self.stream_output(stream)
    }

    fn stream_written(&mut self, now: Instant, stream: StreamId, count: usize) {
        self.stream_written(now, stream, count);
    }

    fn poll_store(&mut self) -> Option<StoreRequest> {
        self.poll_store()
    }

    fn poll_event(&mut self) -> Option<ServerEvent> {
        self.poll_event()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.poll_timeout()
    }
}

impl ClientCore for ClientNode {
    fn handle_line(&mut self, now: Instant, number: LineNumber, line: &str) {
        self.handle_line(now, number, line);
    }

    fn handle_end_of_input(&mut self, now: Instant) {
        self.handle_end_of_input(now);
    }

    fn quit(&mut self, now: Instant) {
        self.quit(now);
    }

    fn handle_network(&mut self, now: Instant, input: NetworkInput<'_>) {
        self.handle_network(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.handle_timeout(now);
    }

    fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        self.poll_transmit(now, buffer)
    }

    fn stream_output(&self) -> &[u8] {
        self.stream_output()
    }

    fn stream_written(&mut self, now: Instant, count: usize) {
        self.stream_written(now, count);
    }

    fn poll_action(&mut self) -> Option<ClientAction> {
        self.poll_action()
    }

    fn poll_event(&mut self) -> Option<ClientEvent> {
        self.poll_event()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.poll_timeout()
    }
}

impl Measured for ClientNode {
    fn stats(&self) -> Option<SessionStats> {
        self.stats()
    }

    fn last_heard(&self) -> Option<Instant> {
        self.last_heard()
    }
}
