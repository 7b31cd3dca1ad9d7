//! Does the world treat its nodes as a real one would? Toys play: a server that echoes, and clients that
//! send one line after the other and wait for its echo (stop and wait).

use super::*;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::lab::link::settings::read_assignment;
use crate::lab::link::{LinkConfig, Rebind};
use crate::service::api::*;
use crate::service::verbs::{ClientCore, ServerCore};
use crate::store::{MemoryStore, StoreReply, StoreRequest};
use crate::time::{Duration, Instant, at};
use crate::transport::session::Transport;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

const MS: Duration = Duration::from_millis(1);

/// Echoes, and asks its store something for each stream that opens.
#[derive(Debug, Default)]
struct Echo {
    datagrams: VecDeque<(Path, Vec<u8>)>,
    streams: BTreeMap<StreamId, Vec<u8>>,
    actions: VecDeque<StreamAction>,
    requests: VecDeque<StoreRequest>,
    events: VecDeque<ServerEvent>,
    opened: u64,
}

impl ServerCore for Echo {
    fn handle_datagram(&mut self, _: Instant, path: Path, datagram: &mut [u8]) {
        self.datagrams.push_back((path, datagram.to_vec()));
    }
    fn handle_stream_opened(&mut self, _: Instant, _: SocketAddr) -> StreamId {
        self.opened += 1;
        let ticket = self.opened;
        self.requests.push_back(StoreRequest::Commit { batch: ticket, changes: Vec::new() });
        self.streams.insert(StreamId(ticket), Vec::new());
        StreamId(ticket)
    }
    fn handle_stream_bytes(&mut self, _: Instant, stream: StreamId, bytes: &[u8]) {
        self.streams.entry(stream).or_default().extend(bytes);
        self.actions.push_back(StreamAction::Write(stream));
    }
    fn handle_stream_closed(&mut self, _: Instant, stream: StreamId, reason: &str) {
        self.streams.remove(&stream);
        self.events.push_back(ServerEvent::StoreFailed { reason: format!("closed: {reason}") });
    }
    fn handle_store_reply(&mut self, _: Instant, reply: StoreReply) {
        self.events.push_back(ServerEvent::StoreFailed { reason: format!("{reply:?}") });
    }
    fn handle_timeout(&mut self, _: Instant) {}
    fn shutdown(&mut self, _: Instant) {}
    fn is_shut_down(&self) -> bool {
        true
    }
    fn poll_transmit(&mut self, _: Instant, buffer: &mut Vec<u8>) -> Option<Path> {
        let (path, bytes) = self.datagrams.pop_front()?;
        buffer.extend(bytes);
        Some(path)
    }
    fn poll_stream(&mut self) -> Option<StreamAction> {
        self.actions.pop_front()
    }
    fn stream_output(&self, stream: StreamId) -> &[u8] {
        self.streams.get(&stream).map_or(&[], Vec::as_slice)
    }
    fn stream_written(&mut self, _: Instant, stream: StreamId, count: usize) {
        if let Some(output) = self.streams.get_mut(&stream) {
            output.drain(..count);
        }
    }
    fn poll_store(&mut self) -> Option<StoreRequest> {
        self.requests.pop_front()
    }
    fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

/// Sends each line until its echo comes; over a stream ends each with a newline, and resends all that has no
/// echo when the stream is made again.
#[derive(Debug)]
struct StopAndWait {
    transport: Transport,
    lines: VecDeque<String>,
    output: Vec<u8>,
    input: Vec<u8>,
    transmit: bool,
    resend_at: Option<Instant>,
    end: bool,
    actions: VecDeque<ClientAction>,
    events: VecDeque<ClientEvent>,
}

impl StopAndWait {
    fn new(transport: Transport) -> Self {
        Self {
            transport,
            lines: VecDeque::new(),
            output: Vec::new(),
            input: Vec::new(),
            transmit: false,
            resend_at: None,
            end: false,
            actions: [ClientAction::Open { transport, address: 0 }].into(),
            events: VecDeque::new(),
        }
    }

    fn send(&mut self) {
        match (self.transport, self.lines.front()) {
            (Transport::Udp, Some(_)) => self.transmit = true,
            (Transport::Tcp, Some(line)) => self.output = format!("{line}\n").into_bytes(),
            (_, None) => {}
        }
    }

    fn on_echo(&mut self, text: &str) {
        if self.lines.front().is_some_and(|line| line == text) {
            self.lines.pop_front();
            self.events.push_back(ClientEvent::User(UserEvent::Notice { text: text.to_owned() }));
            self.resend_at = None;
            self.send();
            self.finish_if_done();
        }
    }

    fn finish_if_done(&mut self) {
        if self.end && self.lines.is_empty() {
            self.events.push_back(ClientEvent::Finished(Ending::Done));
        }
    }
}

impl ClientCore for StopAndWait {
    fn handle_typing(&mut self, _now: Instant, _target: crate::chat::client::courtesy::Target) {}
    fn handle_line(&mut self, _: Instant, number: LineNumber, line: &str) {
        self.lines.push_back(format!("{} {line}", number.0));
        if self.lines.len() == 1 {
            self.send();
        }
    }
    fn handle_end_of_input(&mut self, _: Instant) {
        self.end = true;
        self.finish_if_done();
    }
    fn quit(&mut self, _: Instant) {}
    fn handle_network(&mut self, now: Instant, input: NetworkInput<'_>) {
        match input {
            NetworkInput::Datagram(bytes) | NetworkInput::MarkedDatagram(bytes) => {
                self.on_echo(&String::from_utf8_lossy(bytes));
            }
            NetworkInput::StreamOpened => self.send(),
            NetworkInput::StreamBytes(bytes) => {
                self.input.extend(bytes);
                while let Some(end) = self.input.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = self.input.drain(..=end).collect();
                    self.on_echo(String::from_utf8_lossy(&line[..end]).as_ref());
                }
            }
            NetworkInput::StreamClosed(reason) => {
                (self.input, self.output) = (Vec::new(), Vec::new());
                self.resend_at = Some(now + 100 * MS);
                let reason = reason.to_owned();
                self.events.push_back(ClientEvent::User(UserEvent::Reconnecting { reason }));
            }
            NetworkInput::Unreachable(_) => {}
        }
    }
    fn handle_timeout(&mut self, _: Instant) {
        self.resend_at = None;
        match self.transport {
            Transport::Udp => self.transmit = true,
            Transport::Tcp => {
                self.actions.push_back(ClientAction::Open { transport: self.transport, address: 0 });
            }
        }
    }
    fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        let line = self.lines.front().filter(|_| std::mem::take(&mut self.transmit));
        let Some(line) = line else { return false };
        buffer.extend(line.as_bytes());
        self.resend_at = Some(now + 200 * MS);
        true
    }
    fn stream_output(&self) -> &[u8] {
        &self.output
    }
    fn stream_written(&mut self, _: Instant, count: usize) {
        self.output.drain(..count);
    }
    fn poll_action(&mut self) -> Option<ClientAction> {
        self.actions.pop_front()
    }
    fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }
    fn poll_timeout(&self) -> Option<Instant> {
        self.resend_at
    }
}

struct Toys(Vec<Transport>);

impl Cast for Toys {
    type Server = Echo;
    type Client = StopAndWait;
    fn server(&mut self, _: Instant, _: &MemoryStore, _: [u8; 32]) -> Echo {
        Echo::default()
    }
    fn client(&mut self, _: Instant, client: usize, _: [u8; 32]) -> StopAndWait {
        StopAndWait::new(self.0[client])
    }
}

/// One client for each transport named, each typing ten lines in the first second.
fn script(transports: &[Transport], settings: &str) -> Script {
    let mut link = LinkConfig::default();
    for word in settings.split_whitespace() {
        read_assignment(word).expect("a good setting").1.apply(&mut link);
    }
    let seat = |(index, transport): (usize, &Transport)| SeatPlan {
        transport: (*transport).into(),
        link: LinkConfig { seed: index as u64, ..link.clone() },
    };
    let mut deeds = Vec::new();
    for client in 0..transports.len() {
        deeds.push((at(0), Deed::Start { client }));
        for line in 0..10 {
            deeds.push((at(line * 100_000), Deed::Type { client, line: format!("hello {line}") }));
        }
        deeds.push((at(1_000_000), Deed::EndInput { client }));
    }
    Script { seats: transports.iter().enumerate().map(seat).collect(), deeds, store_delay: 20 * MS }
}

const BOTH: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Udp];

fn play(script: &Script, seed: u64) -> World<Toys> {
    let cast = Toys(script.seats.iter().map(|seat| seat.transport.first()).collect());
    let mut world = World::new(cast, script, seed);
    world.run_until(at(120_000_000)).expect("no node spins");
    world
}

fn echoes(world: &World<Toys>, client: usize) -> Vec<String> {
    let texts = world.transcript().client(client).filter_map(|(_, event)| match event {
        ClientEvent::User(UserEvent::Notice { text }) => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

fn all_lines() -> Vec<String> {
    (0..10).map(|line| format!("{} hello {line}", line + 1)).collect()
}

#[track_caller]
fn assert_everybody_is_served(script: &Script, seed: u64) -> World<Toys> {
    let world = play(script, seed);
    for client in 0..script.seats.len() {
        assert_eq!(
            echoes(&world, client),
            all_lines(),
            "client {client}, seed {seed}\n{}",
            world.transcript()
        );
        assert!(!world.is_running(client), "client {client} has finished");
    }
    world
}

fn server_words(world: &World<Toys>) -> String {
    let words = world.transcript().0.iter().filter_map(|entry| match &entry.fact {
        Fact::Server(ServerEvent::StoreFailed { reason }) => Some(reason.as_str()),
        _ => None,
    });
    words.collect::<Vec<_>>().join("; ")
}

#[test]
fn lines_come_back_over_datagrams_and_streams() {
    let world = assert_everybody_is_served(&script(&BOTH, "delay=25ms"), 1);
    let first = world.transcript().client(0).next().expect("an echo").0;
    assert_eq!(first, at(50_000), "there and back over the link");
    assert!(server_words(&world).contains("Committed { batch: 1 }"), "{}", server_words(&world));
    assert!(server_words(&world).contains("closed: "), "{}", server_words(&world));
}

#[test]
fn a_bad_link_only_costs_time() {
    for seed in 0..20 {
        let bad = "delay=25ms jitter=20ms loss=25% duplicate=5% reorder=5% corrupt=0.1% outage=500ms+2s";
        assert_everybody_is_served(&script(&BOTH, bad), seed);
    }
}

#[test]
fn the_same_seed_makes_the_same_world() {
    let bad = script(&BOTH, "delay=25ms jitter=20ms loss=25%");
    let transcripts = [1, 1, 2].map(|seed| play(&bad, seed).transcript().to_string());
    assert_eq!(transcripts[0], transcripts[1]);
    assert_ne!(transcripts[0], transcripts[2]);
}

fn with(mut script: Script, deeds: &[(u64, Deed)]) -> Script {
    script.deeds.extend(deeds.iter().map(|(ms, deed)| (at(ms * 1_000), deed.clone())));
    script
}

#[test]
fn a_server_that_dies_breaks_streams_and_refuses_new_ones_until_it_is_back() {
    let deaths = [(450, Deed::KillServer), (900, Deed::StartServer)];
    let world = assert_everybody_is_served(&with(script(&BOTH, "delay=25ms"), &deaths), 3);
    let reasons: Vec<&str> = world
        .transcript()
        .client(1)
        .filter_map(|(_, event)| match event {
            ClientEvent::User(UserEvent::Reconnecting { reason }) => Some(reason.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(reasons[0], "connection reset by peer");
    assert!(reasons[1..].contains(&"connection refused"), "{reasons:?}");
}

#[test]
fn what_a_dead_server_asked_of_its_store_is_not_answered_to_the_next() {
    let mut script = with(script(&[Transport::Tcp], ""), &[(5, Deed::KillServer), (6, Deed::StartServer)]);
    script.store_delay = 10_000 * MS;
    let world = play(&script, 4);
    assert_eq!(server_words(&world).matches("Committed").count(), 1, "{}", server_words(&world));
}

#[test]
fn datagrams_go_to_the_present_address_only() {
    let moves = [
        (410, Deed::Rebind { client: 0, what: Rebind::Address }),
        (610, Deed::Rebind { client: 0, what: Rebind::Port }),
    ];
    let world = assert_everybody_is_served(&with(script(&[Transport::Udp], "delay=25ms"), &moves), 5);
    let times: Vec<u64> = world.transcript().client(0).map(|(at, _)| at.as_micros() / 1_000).collect();
    // The echo of the line typed at 400 ms goes to the old address; the line is sent again after 200 ms, and
    // that echo is lost likewise.
    assert_eq!(&times[3..6], [350, 850, 900]);
}

#[test]
fn a_stream_whose_client_moved_is_silent_for_good() {
    let moves = [(410, Deed::Rebind { client: 0, what: Rebind::Address })];
    let world = play(&with(script(&[Transport::Tcp], "delay=25ms"), &moves), 6);
    assert_eq!(echoes(&world, 0).len(), 4);
    assert!(world.is_running(0), "it hears of nothing");
}

#[test]
fn a_paused_node_does_nothing_and_then_everything() {
    for (who, expected) in [
        (Deed::PauseClient { client: 0, length: 3_000 * MS }, at(3_410_000)),
        (Deed::PauseServer { length: 3_000 * MS }, at(3_435_000)),
    ] {
        let world = assert_everybody_is_served(&with(script(&BOTH, "delay=25ms"), &[(410, who.clone())]), 7);
        let fifth = world.transcript().client(0).nth(4).expect("ten echoes").0;
        assert_eq!(fifth, expected, "{who:?}");
    }
}

#[test]
fn a_killed_client_is_gone_and_its_stream_ends() {
    let kills = [(450, Deed::Kill { client: 0 }), (450, Deed::Kill { client: 1 })];
    let world = play(&with(script(&BOTH, "delay=25ms"), &kills), 8);
    assert!(echoes(&world, 0).len() < 10 && echoes(&world, 1).len() < 10);
    assert_eq!(echoes(&world, 2), all_lines());
    assert!(server_words(&world).contains("closed: connection reset by peer"), "{}", server_words(&world));
}

#[test]
fn deeds_that_cannot_be_done_are_not_noted() {
    let late = [(60_000, Deed::Type { client: 0, line: "too late".into() }), (60_000, Deed::StartServer)];
    let world = play(&with(script(&[Transport::Udp], ""), &late), 9);
    assert!(world.transcript().0.iter().all(|entry| entry.at < at(60_000_000)));
}

/// A client that always wants to be woken now.
struct Spinner(StopAndWait);

impl ClientCore for Spinner {
    fn handle_typing(&mut self, _now: Instant, _target: crate::chat::client::courtesy::Target) {}
    fn handle_line(&mut self, _: Instant, _: LineNumber, _: &str) {}
    fn handle_end_of_input(&mut self, _: Instant) {}
    fn quit(&mut self, _: Instant) {}
    fn handle_network(&mut self, _: Instant, _: NetworkInput<'_>) {}
    fn handle_timeout(&mut self, _: Instant) {}
    fn poll_transmit(&mut self, _: Instant, _: &mut Vec<u8>) -> bool {
        false
    }
    fn stream_output(&self) -> &[u8] {
        &self.0.output
    }
    fn stream_written(&mut self, _: Instant, _: usize) {}
    fn poll_action(&mut self) -> Option<ClientAction> {
        None
    }
    fn poll_event(&mut self) -> Option<ClientEvent> {
        None
    }
    fn poll_timeout(&self) -> Option<Instant> {
        Some(at(5_000))
    }
}

struct Spinners;

impl Cast for Spinners {
    type Server = Echo;
    type Client = Spinner;
    fn server(&mut self, _: Instant, _: &MemoryStore, _: [u8; 32]) -> Echo {
        Echo::default()
    }
    fn client(&mut self, _: Instant, _: usize, _: [u8; 32]) -> Spinner {
        Spinner(StopAndWait::new(Transport::Udp))
    }
}

#[test]
fn a_node_whose_timeout_never_moves_is_told_apart_from_a_long_run() {
    let mut world = World::new(Spinners, &script(&[Transport::Udp], ""), 1);
    assert_eq!(world.run_until(at(1_000_000)), Err(Spin { at: at(5_000) }));
}
