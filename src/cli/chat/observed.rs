//! How does what happens in the client node become news for a face?
//!
//! [`Observed`] stands between the loop and its node and hands every verb through. On the way it turns the
//! node's events into [`News`], notes which address is being tried, and has worth-while things remembered.

use super::face::News;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::service::api::{ClientAction, ClientEvent, NetworkInput};
use crate::service::verbs::ClientCore;
use crate::time::Instant;
use crate::transport::session::PublicKey;
use std::net::SocketAddr;
use std::sync::mpsc::SyncSender;

/// What is to be remembered for the next start.
pub trait Memory {
    /// The server of this name proved this key at this address; a line for the user, if there is one.
    fn on_pin(&mut self, server_name: &str, key: PublicKey, new: bool, address: &str) -> Option<String>;
    /// One has this name now.
    fn on_name(&mut self, name: &str);
}

/// A node whose events become news.
pub struct Observed<N, M> {
    node: N,
    memory: M,
    news: SyncSender<News>,
    addresses: Vec<SocketAddr>,
    address: usize,
    was_connected: bool,
}

impl<N, M: Memory> Observed<N, M> {
    /// `addresses` are those of the loop.
    pub fn new(node: N, memory: M, news: SyncSender<News>, addresses: Vec<SocketAddr>) -> Self {
        Self { node, memory, news, addresses, address: 0, was_connected: false }
    }

    /// Has the server ever let us in?
    pub fn was_connected(&self) -> bool {
        self.was_connected
    }

    fn address(&self) -> String {
        self.addresses.get(self.address).map(SocketAddr::to_string).unwrap_or_default()
    }

    fn on_event(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::User(event) => {
                self.remember(&event);
                tell(&self.news, News::Chat(event));
            }
            ClientEvent::Stats { stats, line } => tell(&self.news, News::Stats(stats, line)),
            ClientEvent::Pin { server_name, key, new } => {
                let address = self.address();
                if let Some(note) = self.memory.on_pin(&server_name, key, new, &address) {
                    tell(&self.news, News::Note(note));
                }
            }
            ClientEvent::ConnectingSlowly => tell(&self.news, News::Note(what_to_check(&self.address()))),
            ClientEvent::Finished(_) => {}
        }
    }

    fn remember(&mut self, event: &UserEvent) {
        match event {
            UserEvent::Connected { name } => {
                self.was_connected = true;
                self.memory.on_name(name);
                tell(&self.news, News::Reached(self.address()));
            }
            UserEvent::Renamed { new, own: true, .. } => self.memory.on_name(new),
            _ => {}
        }
    }
}

/// Fails only when nobody reads any more, and then the face has asked to leave.
fn tell(news: &SyncSender<News>, told: News) {
    let _ = news.send(told);
}

/// What the loop itself says: errors of lines that never reached the node.
pub fn tell_of_loop(news: &SyncSender<News>, event: ClientEvent) {
    if let ClientEvent::User(event) = event {
        tell(news, News::Chat(event));
    }
}

fn what_to_check(address: &str) -> String {
    format!(
        "still no answer from {address}. Check that the server runs (`sayagain serve`), that address and port \
         are right, and that no firewall blocks UDP between here and there; `--transport tcp` may get through"
    )
}

impl<N: ClientCore, M: Memory> ClientCore for Observed<N, M> {
    fn handle_line(&mut self, now: Instant, number: LineNumber, line: &str) {
        self.node.handle_line(now, number, line);
    }

    fn handle_end_of_input(&mut self, now: Instant) {
        self.node.handle_end_of_input(now);
    }

    fn quit(&mut self, now: Instant) {
        self.node.quit(now);
    }

    fn handle_network(&mut self, now: Instant, input: NetworkInput<'_>) {
        self.node.handle_network(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.node.handle_timeout(now);
    }

    fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        self.node.poll_transmit(now, buffer)
    }

    fn stream_output(&self) -> &[u8] {
        self.node.stream_output()
    }

    fn stream_written(&mut self, now: Instant, count: usize) {
        self.node.stream_written(now, count);
    }

    fn poll_action(&mut self) -> Option<ClientAction> {
        let action = self.node.poll_action();
        if let Some(ClientAction::Open { address }) = action {
            self.address = address;
        }
        action
    }

    fn poll_event(&mut self) -> Option<ClientEvent> {
        loop {
            match self.node.poll_event()? {
                finished @ ClientEvent::Finished(_) => return Some(finished),
                event => self.on_event(event),
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.node.poll_timeout()
    }
}
