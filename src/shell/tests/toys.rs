//! Nodes that do next to nothing, so that a test of a loop tests the loop.

use crate::chat::client::event::{LineNumber, UserEvent};
use crate::service::api::{
    ClientAction, ClientEvent, Ending, NetworkInput, Path, ServerEvent, StreamAction, StreamId,
};
use crate::service::verbs::{ClientCore, ServerCore};
use crate::store::{StoreReply, StoreRequest};
use crate::time::Instant;
use crate::transport::session::Transport;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// What a TCP peer gets for garbage (whatever begins with `?`) before it is shown out.
pub const LAST_WORDS: &[u8] = b"that was garbage";
/// What a TCP peer gets who writes `!`: more than any system buffers.
pub const FLOOD_BYTES: usize = 24 << 20;

/// What one stream has to say, and how much of it was written.
#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    written: usize,
}

/// Sends back whatever comes, on both transports.
#[derive(Default)]
pub struct EchoServer {
    datagrams: VecDeque<(Path, Vec<u8>)>,
    outputs: BTreeMap<StreamId, Output>,
    actions: VecDeque<StreamAction>,
    opened: u64,
    asked_to_shut_down: bool,
    never_done: bool,
}

impl EchoServer {
    /// A server whose sessions never end.
    pub fn that_never_has_done() -> Self {
        Self { never_done: true, ..Self::default() }
    }
}

impl ServerCore for EchoServer {
    fn handle_datagram(&mut self, _: Instant, path: Path, datagram: &mut [u8]) {
        self.datagrams.push_back((path, datagram.to_vec()));
    }

    fn handle_stream_opened(&mut self, _: Instant, _: SocketAddr) -> StreamId {
        self.opened += 1;
        self.outputs.insert(StreamId(self.opened), Output::default());
        StreamId(self.opened)
    }

    fn handle_stream_bytes(&mut self, _: Instant, stream: StreamId, bytes: &[u8]) {
        let Some(output) = self.outputs.get_mut(&stream) else { return };
        match bytes.first() {
            Some(b'?') => {
                output.bytes.extend_from_slice(LAST_WORDS);
                self.actions.push_back(StreamAction::Close(stream));
            }
            Some(b'!') => {
                output.bytes.resize(FLOOD_BYTES, b'x');
                self.actions.push_back(StreamAction::Write(stream));
            }
            _ => {
                output.bytes.extend_from_slice(bytes);
                self.actions.push_back(StreamAction::Write(stream));
            }
        }
    }

    fn handle_stream_closed(&mut self, _: Instant, stream: StreamId, _: &str) {
        self.outputs.remove(&stream).expect("a stream is closed once, and not after its node closed it");
    }

    fn handle_store_reply(&mut self, _: Instant, _: StoreReply) {}

    fn handle_timeout(&mut self, _: Instant) {}

    fn shutdown(&mut self, _: Instant) {
        self.asked_to_shut_down = true;
        self.actions.extend(self.outputs.keys().map(|stream| StreamAction::Close(*stream)));
    }

    fn is_shut_down(&self) -> bool {
        self.asked_to_shut_down && !self.never_done
    }

    fn poll_transmit(&mut self, _: Instant, buffer: &mut Vec<u8>) -> Option<Path> {
        let (path, datagram) = self.datagrams.pop_front()?;
        assert!(buffer.is_empty(), "the buffer comes cleared");
        buffer.extend_from_slice(&datagram);
        Some(path)
    }

    fn poll_stream(&mut self) -> Option<StreamAction> {
        self.actions.pop_front()
    }

    fn stream_output(&self, stream: StreamId) -> &[u8] {
        self.outputs.get(&stream).map_or(&[], |output| &output.bytes[output.written..])
    }

    fn stream_written(&mut self, _: Instant, stream: StreamId, count: usize) {
        self.outputs.get_mut(&stream).expect("it had output").written += count;
    }

    fn poll_store(&mut self) -> Option<StoreRequest> {
        None
    }

    fn poll_event(&mut self) -> Option<ServerEvent> {
        None
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

/// Opens the addresses one after the other until one works, sends each line, says each answer as a
/// notice, and is done when all that it sent came back.
#[expect(clippy::struct_excessive_bools, reason = "a toy with four switches")]
pub struct EchoClient {
    addresses: usize,
    tried: usize,
    datagrams: bool,
    open: bool,
    lines: VecDeque<String>,
    output: Vec<u8>,
    awaited_bytes: usize,
    input_ended: bool,
    /// Leaves as soon as it has nothing more to say.
    hasty: bool,
    actions: VecDeque<ClientAction>,
    events: VecDeque<ClientEvent>,
}

impl EchoClient {
    pub fn over_udp(addresses: usize) -> Self {
        let actions = [ClientAction::Open { transport: Transport::Udp, address: 0 }].into();
        Self { datagrams: true, open: true, actions, ..Self::over_tcp(addresses) }
    }

    /// One that waits for no answer.
    pub fn that_is_hasty() -> Self {
        Self { hasty: true, ..Self::over_udp(1) }
    }

    pub fn over_tcp(addresses: usize) -> Self {
        Self {
            addresses,
            tried: 0,
            datagrams: false,
            open: false,
            lines: VecDeque::new(),
            output: Vec::new(),
            awaited_bytes: 0,
            input_ended: false,
            hasty: false,
            actions: VecDeque::from([ClientAction::Open { transport: Transport::Tcp, address: 0 }]),
            events: VecDeque::new(),
        }
    }

    fn fail(&mut self, reason: &str) {
        self.tried += 1;
        if self.tried < self.addresses {
            let transport = if self.datagrams { Transport::Udp } else { Transport::Tcp };
            self.actions.push_back(ClientAction::Open { transport, address: self.tried });
        } else {
            self.events.push_back(ClientEvent::Finished(Ending::NotConnected(reason.to_owned())));
        }
    }

    fn on_answer(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.events.push_back(ClientEvent::User(UserEvent::Notice { text }));
        self.awaited_bytes = self.awaited_bytes.saturating_sub(bytes.len());
        self.finish();
    }

    fn finish(&mut self) {
        if self.input_ended && (self.hasty || self.awaited_bytes == 0) {
            self.events.push_back(ClientEvent::Finished(Ending::Done));
        }
    }
}

impl ClientCore for EchoClient {
    fn handle_typing(&mut self, _now: Instant, _target: crate::chat::client::courtesy::Target) {}
    fn handle_line(&mut self, _: Instant, _: LineNumber, line: &str) {
        self.awaited_bytes += line.len();
        if self.datagrams {
            self.lines.push_back(line.to_owned());
        } else {
            self.output.extend_from_slice(line.as_bytes());
        }
    }

    fn handle_end_of_input(&mut self, _: Instant) {
        self.input_ended = true;
        self.finish();
    }

    fn quit(&mut self, _: Instant) {
        self.events.push_back(ClientEvent::Finished(Ending::Done));
    }

    fn handle_network(&mut self, _: Instant, input: NetworkInput<'_>) {
        match input {
            NetworkInput::Datagram(bytes) | NetworkInput::MarkedDatagram(bytes) => self.on_answer(bytes),
            NetworkInput::StreamBytes(bytes) => self.on_answer(bytes),
            NetworkInput::StreamOpened => self.open = true,
            NetworkInput::StreamClosed(reason) | NetworkInput::Unreachable(reason) => self.fail(reason),
        }
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn poll_transmit(&mut self, _: Instant, buffer: &mut Vec<u8>) -> bool {
        assert!(buffer.is_empty(), "the buffer comes cleared");
        self.lines.pop_front().is_some_and(|line| {
            buffer.extend_from_slice(line.as_bytes());
            true
        })
    }

    fn stream_output(&self) -> &[u8] {
        &self.output
    }

    fn stream_written(&mut self, _: Instant, count: usize) {
        assert!(self.open, "nothing is written before the stream is open");
        self.output.drain(..count);
    }

    fn poll_action(&mut self) -> Option<ClientAction> {
        self.actions.pop_front()
    }

    fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
