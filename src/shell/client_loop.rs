//! How does a client node meet the world?
//!
//! One thread, one sleep, as for the [server](super::server_loop): the loop wakes when the socket, a
//! letter of another thread (a line, the end of the lines, the wish to leave) or the node's next timeout
//! asks for it. Whoever reads keys or lines does so on a thread of its own and posts them through the
//! [`ClientHandle`]; nobody polls.
//!
//! ```text
//!   keys, lines ─▶ ClientHandle ─▶ inbox ─▶ ┌──────┐ ─▶ tell(ClientEvent) ─▶ terminal, plain lines, JSON
//!                  network ◀──────────────▶ │ node │
//!                                           └──────┘ ─▶ Ending ─▶ exit code
//! ```

use super::client_network::Network;
use super::clock;
use super::files::{FileThread, OwnFiles};
use super::inbox::{Inbox, Postbox};
use super::tcp_tuning::{TcpInForce, TcpTuning};
use crate::chat::client::courtesy::Target;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::message::Failure;
use crate::files::{FileReply, FileRequest};
use crate::lab::link::LinkConfig;
use crate::service::api::{Answer, ClientEvent, Ending, Preference};
use crate::service::verbs::ClientCore;
use crate::time::{Duration, Instant};
use mio::{Events, Poll, Token};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

const INBOX: Token = Token(0);

/// Portions of what came (a batch of datagrams, 16 KiB of a stream) in one turn.
const PORTIONS: usize = 32;
/// Letters in one turn.
const LETTERS: usize = 64;
/// Letters that may wait for the loop; whoever reads lines waits while there are as many.
const WAITING_LETTERS: usize = 256;
/// How long taking leave may last after the node is done: an emulated link may hold the last words back,
/// and a TCP server may be slow to end its side.
const LEAVE: Duration = Duration::from_secs(1);

#[derive(Debug)]
enum Letter {
    Line(LineNumber, String),
    BadLine(LineNumber, Failure),
    EndOfInput,
    Filed(FileReply),
    Answer(Answer),
    Typing(Target),
    Quit,
}

impl Letter {
    /// Lines wait while the node has as many as it can bear; nothing else does.
    fn may_be_taken<N: ClientCore>(&self, node: &N) -> bool {
        !matches!(self, Self::Line(..)) || node.takes_lines()
    }
}

/// For other threads: reaches a running [`ClientLoop`]. All answer false when the loop has ended.
#[derive(Clone, Debug)]
pub struct ClientHandle(Postbox<Letter>);

impl ClientHandle {
    /// The user typed this line. Waits while the loop has many lines to take.
    pub fn line(&self, number: LineNumber, line: String) -> bool {
        self.0.post_when_room(Letter::Line(number, line), WAITING_LETTERS)
    }

    /// The user typed a line that is not even text; it counts as not delivered. Waits as `line` does.
    pub fn bad_line(&self, number: LineNumber, failure: Failure) -> bool {
        self.0.post_when_room(Letter::BadLine(number, failure), WAITING_LETTERS)
    }

    /// The user will type no more.
    pub fn end_of_input(&self) -> bool {
        self.0.post(Letter::EndOfInput)
    }

    /// The user is typing, and not yet done.
    pub fn typing(&self, target: Target) -> bool {
        self.0.post(Letter::Typing(target))
    }

    /// The answer to what the server asked. False if the loop has ended.
    pub fn answer(&self, answer: Answer) -> bool {
        self.0.post_first(Letter::Answer(answer))
    }

    /// The user wants to leave, whatever lines still wait. Never waits.
    pub fn quit(&self) -> bool {
        self.0.post_first(Letter::Quit)
    }
}

/// A client's loop, before it runs.
#[derive(Debug)]
pub struct ClientLoop {
    poll: Poll,
    inbox: Inbox<Letter>,
    network: Network,
    /// Where files of others go, and the thread of files once there is something to do.
    downloads: PathBuf,
    files: Option<FileThread>,
    /// Lines that never reached the node.
    bad_lines: Vec<u64>,
    /// How the node ended, and when the loop ends at the latest.
    ending: Option<(Ending, Instant)>,
}

impl ClientLoop {
    /// A loop that can reach the server at these addresses (the node's [`ClientAction::Open`] counts them
    /// from 0).
    ///
    /// [`ClientAction::Open`]: crate::service::api::ClientAction::Open
    pub fn new(transport: impl Into<Preference>, addresses: Vec<SocketAddr>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let inbox = Inbox::new(poll.registry(), INBOX)?;
        let network = Network::new(transport.into(), addresses, INBOX);
        let downloads = PathBuf::from(".");
        Ok(Self { poll, inbox, network, downloads, files: None, bad_lines: Vec::new(), ending: None })
    }

    /// Leads all datagrams through an emulated link. `clear`: they are not sealed. An error says which
    /// option cannot be had here, and what to do.
    pub fn impair(&mut self, config: LinkConfig, clear: bool) -> Result<(), String> {
        self.network.impair(clock::now(), config, clear)
    }

    /// Asks the kernel for this, of every TCP connection that will be made. What is in force then will stand
    /// in the cell, once the first of them is up.
    pub fn tune_tcp(&mut self, tuning: TcpTuning) -> Arc<OnceLock<TcpInForce>> {
        self.network.tune_tcp(tuning)
    }

    /// Puts the files that others send into this folder, in place of the current one.
    pub fn download_to(&mut self, folder: PathBuf) {
        self.downloads = folder;
    }

    /// For other threads.
    pub fn handle(&self) -> ClientHandle {
        ClientHandle(self.inbox.postbox())
    }

    /// Runs the node until it has finished, and says how; `tell` gets everything else that it says, and
    /// should not wait long: the network waits meanwhile. An error is one of the system itself.
    pub fn run<N: ClientCore>(
        mut self,
        node: &mut N,
        mut tell: impl FnMut(ClientEvent),
    ) -> io::Result<Ending> {
        let mut events = Events::with_capacity(64);
        self.drain(node, &mut tell);
        loop {
            if let Some(ending) = self.take_ending(node) {
                return Ok(ending);
            }
            self.sleep(&mut events, node)?;
            self.take_letters(node, &mut tell);
            events.iter().for_each(|event| self.network.on_ready(self.poll.registry(), event));
            self.take_network(node, &mut tell)?;
            let now = clock::now();
            if node.poll_timeout().is_some_and(|due| due <= now) {
                node.handle_timeout(now);
            }
            self.drain(node, &mut tell);
        }
    }

    /// The ending, once leave is taken of the server.
    fn take_ending<N: ClientCore>(&mut self, node: &N) -> Option<Ending> {
        let (_, deadline) = self.ending.as_ref()?;
        if self.network.is_flushed(node) {
            self.network.close();
        }
        if !self.network.is_closed() && clock::now() < *deadline {
            return None;
        }
        let (ending, _) = self.ending.take()?;
        Some(with_bad_lines(ending, std::mem::take(&mut self.bad_lines)))
    }

    fn sleep<N: ClientCore>(&mut self, events: &mut Events, node: &N) -> io::Result<()> {
        let has_work = self.inbox.has(|letter| letter.may_be_taken(node)) || self.network.has_work();
        let deadline = self.ending.as_ref().map(|(_, deadline)| *deadline);
        let until = [node.poll_timeout(), self.network.poll_timeout(), deadline];
        let span = match until.into_iter().flatten().min() {
            _ if has_work => Some(Duration::ZERO),
            Some(end) => Some(end - clock::now()),
            None => None,
        };
        match self.poll.poll(events, span) {
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            outcome => outcome,
        }
    }

    fn take_letters<N: ClientCore>(&mut self, node: &mut N, tell: &mut impl FnMut(ClientEvent)) {
        let now = clock::now();
        for _ in 0..LETTERS {
            match self.inbox.take_if(|letter| letter.may_be_taken(node)) {
                Some(Letter::Line(number, line)) => node.handle_line(now, number, &line),
                Some(Letter::BadLine(number, failure)) => {
                    self.bad_lines.push(number.0);
                    tell(ClientEvent::User(UserEvent::Error { failure, line: Some(number) }));
                }
                Some(Letter::EndOfInput) => node.handle_end_of_input(now),
                Some(Letter::Filed(reply)) => node.handle_file_reply(now, reply),
                Some(Letter::Answer(answer)) => node.handle_answer(now, answer),
                Some(Letter::Typing(target)) => node.handle_typing(now, target),
                Some(Letter::Quit) => node.quit(now),
                None => return,
            }
        }
    }

    fn take_network<N: ClientCore>(
        &mut self,
        node: &mut N,
        tell: &mut impl FnMut(ClientEvent),
    ) -> io::Result<()> {
        for _ in 0..PORTIONS {
            self.network.receive(clock::now(), self.poll.registry(), node)?;
            self.drain(node, tell);
            if !self.network.has_work() {
                break;
            }
        }
        Ok(())
    }

    fn drain<N: ClientCore>(&mut self, node: &mut N, tell: &mut impl FnMut(ClientEvent)) {
        let now = clock::now();
        // An action may close the socket: what was said before it goes out before it.
        self.network.send(now, self.poll.registry(), node);
        while let Some(action) = node.poll_action() {
            // Whoever is leaving opens nothing, and closes when the leave is taken.
            if self.ending.is_none() {
                self.network.act(self.poll.registry(), action);
                self.network.send(now, self.poll.registry(), node);
            }
        }
        while let Some(request) = node.poll_file() {
            self.ask_files(request, now, node);
        }
        while let Some(event) = node.poll_event() {
            match event {
                // What happens while leave is taken is nobody's news any more.
                _ if self.ending.is_some() => {}
                ClientEvent::Finished(ending) => self.ending = Some((ending, now + LEAVE)),
                event => tell(event),
            }
        }
    }
}

impl ClientLoop {
    fn ask_files<N: ClientCore>(&mut self, request: FileRequest, now: Instant, node: &mut N) {
        if self.files.is_none() {
            let replies = self.inbox.postbox();
            // Fails only when the loop has ended.
            let reply = move |reply| {
                replies.post(Letter::Filed(reply));
            };
            self.files = FileThread::start(OwnFiles::new(self.downloads.clone()), Box::new(reply)).ok();
        }
        match (&self.files, request) {
            (Some(files), request) => files.submit(request),
            (None, FileRequest::Look { key, .. } | FileRequest::Begin { key, .. }) => {
                let failure = Failure::new("storage-failed", "the system has no thread for files");
                node.handle_file_reply(now, FileReply::Failed { key, failure });
            }
            (None, _) => {}
        }
    }
}

/// Lines that were refused before the node saw them were typed and not delivered all the same.
fn with_bad_lines(ending: Ending, bad: Vec<u64>) -> Ending {
    let mut lines = match ending {
        Ending::Done => Vec::new(),
        Ending::Undelivered(lines) => lines,
        other => return other,
    };
    lines.extend(bad);
    lines.sort_unstable();
    if lines.is_empty() { Ending::Done } else { Ending::Undelivered(lines) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_no_text_counts_as_undelivered() {
        assert_eq!(with_bad_lines(Ending::Done, vec![]), Ending::Done);
        assert_eq!(with_bad_lines(Ending::Done, vec![2]), Ending::Undelivered(vec![2]));
        assert_eq!(with_bad_lines(Ending::Undelivered(vec![3]), vec![2]), Ending::Undelivered(vec![2, 3]));
        let unconnected = Ending::NotConnected("why".to_owned());
        assert_eq!(with_bad_lines(unconnected.clone(), vec![2]), unconnected);
    }
}
