//! How does what happens in the client node become news for a face?
//!
//! [`Observed`] stands between the loop and its node and hands every verb through. On the way it turns the
//! node's events into [`News`], remembers which address answers, and reads the session's statistics: when
//! `/stats` asks, and once a second where somebody looks at them.

use super::face::News;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::service::api::{ClientAction, ClientEvent, NetworkInput};
use crate::shell::node::ClientCore;
use crate::time::Instant;
use crate::transport::session::{PublicKey, SessionStats};
use std::net::SocketAddr;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// How often statistics are read.
const STATS_INTERVAL: Duration = Duration::from_secs(1);

/// What a node tells about its session besides the five verbs.
pub trait Measured {
    /// What has been measured so far; nothing while there is no session.
    fn stats(&self) -> Option<SessionStats>;
    /// When the server was last heard of, while there is a session.
    fn last_heard(&self) -> Option<Instant>;
}

/// What is done with what is worth remembering, and told to the user if it fails.
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
    suspect_after: Duration,
    silent: bool,
    connected_once: bool,
    /// When statistics are to be read next; `None`: only when asked for.
    next_stats: Option<Instant>,
}

impl<N: Measured, M: Memory> Observed<N, M> {
    /// `addresses` are those of the loop; silence is told after `suspect_after`; statistics are told once a
    /// second from `stats_from` on.
    pub fn new(
        node: N,
        memory: M,
        news: SyncSender<News>,
        addresses: Vec<SocketAddr>,
        suspect_after: Duration,
        stats_from: Option<Instant>,
    ) -> Self {
        Self {
            node,
            memory,
            news,
            addresses,
            address: 0,
            suspect_after,
            silent: false,
            connected_once: false,
            next_stats: stats_from,
        }
    }

    /// Has the server ever let us in?
    pub fn was_connected(&self) -> bool {
        self.connected_once
    }

    /// Fails only when nobody reads any more, and then the face has asked to leave.
    fn tell(&self, news: News) {
        let _ = self.news.send(news);
    }

    fn address(&self) -> String {
        self.addresses.get(self.address).map(SocketAddr::to_string).unwrap_or_default()
    }

    fn on_event(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::User(event) => self.on_user_event(event),
            ClientEvent::Pin { server_name, key, new } => {
                let address = self.address();
                if let Some(note) = self.memory.on_pin(&server_name, key, new, &address) {
                    self.tell(News::Note(note));
                }
            }
            ClientEvent::ConnectingSlowly => self.tell(News::Note(what_to_check(&self.address()))),
            ClientEvent::Finished(_) => {}
        }
    }

    fn on_user_event(&mut self, event: UserEvent) {
        match &event {
            UserEvent::Connected { name } => {
                self.connected_once = true;
                self.memory.on_name(name);
                self.tell(News::Reached(self.address()));
            }
            UserEvent::Renamed { new, own: true, .. } => self.memory.on_name(new),
            UserEvent::StatsAsked { line } => return self.tell_stats(Some(*line)),
            _ => {}
        }
        self.tell(News::Chat(event));
    }

    fn tell_stats(&self, line: Option<LineNumber>) {
        match (self.node.stats(), line) {
            (Some(stats), _) => self.tell(News::Stats(stats, line)),
            (None, Some(_)) => self.tell(News::Stats(SessionStats::default(), line)),
            (None, None) => {}
        }
    }

    fn observe(&mut self, now: Instant) {
        self.tell_stats(None);
        let silence = self.node.last_heard().map(|heard| now - heard).filter(|it| *it >= self.suspect_after);
        if silence.is_some() || self.silent {
            self.silent = silence.is_some();
            self.tell(News::Silence(silence));
        }
    }
}

/// What the loop itself says, of lines that never reached the node.
pub fn tell(news: &SyncSender<News>, event: ClientEvent) {
    if let ClientEvent::User(event) = event {
        // Fails only when nobody reads any more.
        let _ = news.send(News::Chat(event));
    }
}

fn what_to_check(address: &str) -> String {
    format!(
        "still no answer from {address}. Check that the server runs (`sayagain serve`), that address and port \
         are right, and that no firewall blocks UDP between here and there; `--transport tcp` may get through"
    )
}

impl<N: ClientCore + Measured, M: Memory> ClientCore for Observed<N, M> {
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
        if self.node.poll_timeout().is_some_and(|due| due <= now) {
            self.node.handle_timeout(now);
        }
        if self.next_stats.is_some_and(|due| due <= now) {
            self.next_stats = Some(now + STATS_INTERVAL);
            self.observe(now);
        }
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
        self.node.poll_timeout().into_iter().chain(self.next_stats).min()
    }
}
