//! The verbs: what must a node answer for a shell, or a simulated world, to run it?
//!
//! The verbs of the two nodes, as traits, so that whoever runs them knows nothing of what they do, and can
//! be tested with toys (an echo, a peer that floods). Each turn is the same: hand in what came, drain every
//! `poll_…` until it says `None`, sleep until `poll_timeout`.

use super::api::{
    Answer, ClientAction, ClientEvent, NetworkInput, Path, ServerEvent, StreamAction, StreamId,
};
use crate::chat::client::courtesy::Target;
use crate::chat::client::event::LineNumber;
use crate::files::{FileReply, FileRequest};
use crate::store::{StoreReply, StoreRequest};
use crate::time::Instant;
use std::net::SocketAddr;

/// A server without sockets.
pub trait ServerCore {
    /// A datagram came.
    fn handle_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]);
    /// One came that a queue has marked (CE, RFC 3168 §5).
    fn handle_marked_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]) {
        self.handle_datagram(now, path, datagram);
    }
    /// A TCP connection was accepted; its number must never have been given before.
    fn handle_stream_opened(&mut self, now: Instant, peer: SocketAddr) -> StreamId;
    /// Bytes came on it.
    fn handle_stream_bytes(&mut self, now: Instant, stream: StreamId, bytes: &[u8]);
    /// It ended by itself, with the system's words.
    fn handle_stream_closed(&mut self, now: Instant, stream: StreamId, reason: &str);
    /// The store answered.
    fn handle_store_reply(&mut self, now: Instant, reply: StoreReply);
    /// The disk of files answered.
    fn handle_file_reply(&mut self, _now: Instant, _reply: FileReply) {}
    /// The moment of [`poll_timeout`](Self::poll_timeout) has come.
    fn handle_timeout(&mut self, now: Instant);
    /// Take leave of everybody.
    fn shutdown(&mut self, now: Instant);
    /// Is everybody told, and everything stored?
    fn is_shut_down(&self) -> bool;
    /// The next datagram to send, put into the cleared buffer, and its way.
    fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Option<Path>;
    /// May the datagram just given by it say that it understands marks (ECT(0))?
    fn is_ect(&self) -> bool {
        false
    }
    /// What is to be done to a TCP connection.
    fn poll_stream(&mut self) -> Option<StreamAction>;
    /// What is to be written to it.
    fn stream_output(&self, stream: StreamId) -> &[u8];
    /// So many bytes of that were written.
    fn stream_written(&mut self, now: Instant, stream: StreamId, count: usize);
    /// What the store is asked.
    fn poll_store(&mut self) -> Option<StoreRequest>;
    /// What the disk of files is asked.
    fn poll_file(&mut self) -> Option<FileRequest> {
        None
    }
    /// What happened.
    fn poll_event(&mut self) -> Option<ServerEvent>;
    /// When it wants to be woken.
    fn poll_timeout(&self) -> Option<Instant>;
}

/// A client without sockets.
pub trait ClientCore {
    /// Is there room for another line? While there is none, lines wait where they come from.
    fn takes_lines(&self) -> bool {
        true
    }
    /// The user typed a line.
    fn handle_line(&mut self, now: Instant, number: LineNumber, line: &str);
    /// The user is typing, and not yet done.
    fn handle_typing(&mut self, now: Instant, target: Target);
    /// The user will type no more.
    fn handle_end_of_input(&mut self, now: Instant);
    /// The user wants to leave.
    fn quit(&mut self, now: Instant);
    /// The answer to what the server asked. Ignored where nothing was asked.
    fn handle_answer(&mut self, _now: Instant, _answer: Answer) {}
    /// The disk of files answered.
    fn handle_file_reply(&mut self, _now: Instant, _reply: FileReply) {}
    /// The network did something.
    fn handle_network(&mut self, now: Instant, input: NetworkInput<'_>);
    /// The moment of [`poll_timeout`](Self::poll_timeout) has come.
    fn handle_timeout(&mut self, now: Instant);
    /// Puts the next datagram to send into the cleared buffer; false when there is none.
    fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool;
    /// May the datagram just put there say that it understands marks (ECT(0))?
    fn is_ect(&self) -> bool {
        false
    }
    /// What is to be written to the TCP connection.
    fn stream_output(&self) -> &[u8];
    /// So many bytes of that were written.
    fn stream_written(&mut self, now: Instant, count: usize);
    /// What is to be done to the network.
    fn poll_action(&mut self) -> Option<ClientAction>;
    /// What the disk of files is asked.
    fn poll_file(&mut self) -> Option<FileRequest> {
        None
    }
    /// What happened.
    fn poll_event(&mut self) -> Option<ClientEvent>;
    /// When it wants to be woken.
    fn poll_timeout(&self) -> Option<Instant>;
}
