//! How does what happens in the client node become news for a face?
//!
//! [`Observed`] stands between the loop and its node and hands every verb through. On the way it turns the
//! node's events into [`News`], notes which address is being tried, and has worth-while things remembered.

use super::asking::Ear;
use super::face::News;
use crate::chat::client::courtesy::Target;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::command::{self, Command};
use crate::files::{FileEvent, FileReply, FileRequest};
use crate::service::api::{Answer, ClientAction, ClientEvent, Ending, NetworkInput};
use crate::service::verbs::ClientCore;
use crate::time::Instant;
use crate::transport::session::PublicKey;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::mpsc::SyncSender;

/// What is to be remembered for the next start.
pub trait Memory {
    /// The server of this name proved this key at this address (`new`: a name not met before). What the user
    /// should know of that.
    fn on_pin(&mut self, server_name: &str, key: PublicKey, new: bool, address: &str) -> Vec<News>;
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
    /// Who answers what the server asks.
    ear: Option<Ear>,
    /// Lines that say something to somebody and have no outcome yet.
    messages: BTreeSet<LineNumber>,
    /// Those of them that ended in an error.
    rejected: BTreeSet<u64>,
}

impl<N, M: Memory> Observed<N, M> {
    /// `addresses` are those of the loop.
    pub fn new(node: N, memory: M, news: SyncSender<News>, addresses: Vec<SocketAddr>) -> Self {
        Self {
            node,
            memory,
            news,
            addresses,
            address: 0,
            was_connected: false,
            ear: None,
            messages: BTreeSet::new(),
            rejected: BTreeSet::new(),
        }
    }

    /// What the server asks goes there.
    #[must_use]
    pub fn asking(mut self, ear: Ear) -> Self {
        self.ear = Some(ear);
        self
    }

    /// Has the server ever let us in?
    pub fn was_connected(&self) -> bool {
        self.was_connected
    }

    /// How it ended for whoever typed: a message that the server turned down was not delivered either.
    pub fn ending(&self, ending: Ending) -> Ending {
        let lines: BTreeSet<u64> = match ending {
            Ending::Done => self.rejected.clone(),
            Ending::Undelivered(lines) => lines.into_iter().chain(self.rejected.iter().copied()).collect(),
            other => return other,
        };
        if lines.is_empty() { Ending::Done } else { Ending::Undelivered(lines.into_iter().collect()) }
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
            ClientEvent::File(event) => {
                if let FileEvent::Failed { line, .. } = event {
                    self.rejected.insert(line.0);
                }
                tell(&self.news, News::File(event));
            }
            ClientEvent::Stats { stats, line } => tell(&self.news, News::Stats(stats, line)),
            ClientEvent::Pin { server_name, key, new } => {
                let address = self.address();
                let remarks = self.memory.on_pin(&server_name, key, new, &address);
                remarks.into_iter().for_each(|remark| tell(&self.news, remark));
            }
            ClientEvent::Keys { line, server, own } => {
                tell(&self.news, News::Keys { line, server, own });
            }
            ClientEvent::Asked(question) => {
                if let Some(ear) = &self.ear {
                    ear.ask(question);
                }
            }
            ClientEvent::Carried(transport) => tell(&self.news, News::Carried(transport)),
            ClientEvent::ConnectingSlowly => tell(&self.news, News::Note(what_to_check(&self.address()))),
            ClientEvent::Finished(_) => {}
        }
    }

    fn remember(&mut self, event: &UserEvent) {
        if let Some(line) = event.line() {
            let was_message = self.messages.remove(&line);
            if was_message && matches!(event, UserEvent::Error { .. }) {
                self.rejected.insert(line.0);
            }
        }
        match event {
            UserEvent::Connected { name } => {
                self.was_connected = true;
                self.ear.iter().for_each(Ear::on_inside);
                self.memory.on_name(name);
                tell(&self.news, News::Reached(self.address()));
            }
            UserEvent::Renamed { new, own: true, .. } => self.memory.on_name(new),
            _ => {}
        }
    }
}

/// Is this line, well formed or not, meant to say something to somebody?
fn says_something(line: &str) -> bool {
    match command::parse(line) {
        Ok(command) => matches!(
            command,
            Command::Say { .. } | Command::Act { .. } | Command::Private { .. } | Command::Reply { .. }
        ),
        Err(_) => match line.trim_start().strip_prefix('/') {
            None => !line.trim().is_empty(),
            Some(rest) => {
                let word = rest.split_whitespace().next().unwrap_or_default();
                matches!(word, "msg" | "me" | "reply") || word.starts_with('/')
            }
        },
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
         are right, and that no firewall blocks UDP between here and there; `--transport tcp` may get through; \
         `sayagain doctor {address}` finds out what is wrong"
    )
}

impl<N: ClientCore, M: Memory> ClientCore for Observed<N, M> {
    fn handle_line(&mut self, now: Instant, number: LineNumber, line: &str) {
        if says_something(line) {
            self.messages.insert(number);
        }
        self.node.handle_line(now, number, line);
    }

    fn handle_typing(&mut self, now: Instant, target: Target) {
        self.node.handle_typing(now, target);
    }

    fn handle_end_of_input(&mut self, now: Instant) {
        self.node.handle_end_of_input(now);
    }

    fn quit(&mut self, now: Instant) {
        self.node.quit(now);
    }

    fn handle_answer(&mut self, now: Instant, answer: Answer) {
        self.node.handle_answer(now, answer);
    }

    fn handle_file_reply(&mut self, now: Instant, reply: FileReply) {
        self.node.handle_file_reply(now, reply);
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

    fn is_ect(&self) -> bool {
        self.node.is_ect()
    }

    fn stream_output(&self) -> &[u8] {
        self.node.stream_output()
    }

    fn stream_written(&mut self, now: Instant, count: usize) {
        self.node.stream_written(now, count);
    }

    fn poll_action(&mut self) -> Option<ClientAction> {
        let action = self.node.poll_action();
        if let Some(ClientAction::Open { address, .. }) = action {
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

    fn poll_file(&mut self) -> Option<FileRequest> {
        self.node.poll_file()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.node.poll_timeout()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::message::{Failure, MessageId};

    #[test]
    fn text_and_messages_say_something_well_formed_or_not() {
        let long = "x".repeat(5_000);
        for line in ["hi", "/me waves", "/msg bob hi", "/msg", "//etc", long.as_str(), "/reply yes"] {
            assert!(says_something(line), "{line}");
        }
        for line in ["/who", "/join", "/jion lab", "", "  ", "/nick \u{1b}"] {
            assert!(!says_something(line), "{line}");
        }
    }

    struct NoNode;
    struct NoMemory;

    impl Memory for NoMemory {
        fn on_pin(&mut self, _: &str, _: PublicKey, _: bool, _: &str) -> Vec<News> {
            Vec::new()
        }
        fn on_name(&mut self, _: &str) {}
    }

    #[test]
    fn a_message_that_was_turned_down_counts_as_undelivered() {
        let (news, _queue) = std::sync::mpsc::sync_channel(16);
        let mut node = Observed::new(NoNode, NoMemory, news, Vec::new());
        let failed = |line| UserEvent::Error { failure: Failure::new("absent", "not here"), line };
        node.messages = [LineNumber(2), LineNumber(4)].into();
        assert_eq!(node.ending(Ending::Done), Ending::Done);
        node.on_event(ClientEvent::User(failed(Some(LineNumber(1)))));
        assert_eq!(node.ending(Ending::Done), Ending::Done, "a command that failed was no message");
        node.on_event(ClientEvent::User(failed(Some(LineNumber(2)))));
        node.on_event(ClientEvent::User(UserEvent::Accepted { line: LineNumber(4), id: MessageId(1) }));
        assert_eq!(node.ending(Ending::Done), Ending::Undelivered(vec![2]));
        assert_eq!(node.ending(Ending::Undelivered(vec![5])), Ending::Undelivered(vec![2, 5]));
        let lost = Ending::NotConnected("why".into());
        assert_eq!(node.ending(lost.clone()), lost);
    }
}
