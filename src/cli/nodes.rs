//! How does the client node fit the loop that runs it, and what does it tell of its session?

use super::chat::observed::Measured;
use crate::chat::client::event::LineNumber;
use crate::service::ClientNode;
use crate::service::api::{ClientAction, ClientEvent, NetworkInput};
use crate::shell::node::ClientCore;
use crate::time::Instant;
use crate::transport::session::SessionStats;

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
