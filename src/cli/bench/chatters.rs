//! The clients of a run over UDP or TCP: real nodes in their loops, each on a thread, in the same rooms.
//!
//! ```text
//!  sender ── room 1 ──▶ receivers       the messages, round robin over the rooms, in one session
//!         ── room 2 ──▶
//!  two others ─────────                 perhaps: a transfer beside it, in a room of its own
//! ```

use super::arguments::BenchClients;
use super::board::Board;
use super::clients::JOIN_WITHIN;
use crate::chat::client::Reading;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::cli::exit::{Stop, explain};
use crate::cli::json;
use crate::crypto::Identity;
use crate::lab::bench::{Account, Carried, Workload};
use crate::service::ClientNode;
use crate::service::api::{ClientConfig, ClientEvent, Ending};
use crate::shell::client_loop::{ClientHandle, ClientLoop};
use crate::shell::tcp_tuning::TcpInForce;
use crate::shell::{clock, entropy};
use crate::time::Duration;
use crate::trace::Tracer;
use crate::transport::config::Choices;
use crate::transport::session::{LivenessConfig, Transport};
use serde_json::{Value, json};
use std::io;
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

/// Where they meet.
const ROOM: &str = "lobby";
/// Where the transfer beside them takes place.
const BESIDE_ROOM: &str = "beside";
/// What the chat replays to one who joins: as `chat` asks for it, so that one who was away gets what was said.
const HISTORY: u32 = 50;
/// How long the answer of one's own node about its counters is waited for.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// How long a transfer beside the messages has the link to itself: it fills its window and the link's queue.
const HEAD_START: Duration = Duration::from_secs(1);
/// Bytes of a message of that transfer.
const BESIDE_BYTES: usize = 2_000;

/// Who a client is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Says the messages.
    Sender,
    /// Gets them; from 0.
    Receiver(usize),
    /// Only connects; from 1.
    Newcomer(u64),
    /// Says as much as it can, beside the others.
    Pusher,
    /// Gets that.
    Sink,
}

/// A client on its thread.
pub struct Client {
    handle: ClientHandle,
    in_force: Option<Arc<OnceLock<TcpInForce>>>,
    thread: JoinHandle<()>,
}

/// Joins, plays the workload, and leaves.
pub fn play(options: &BenchClients, workload: &Workload, board: &Board) -> Result<Account, Stop> {
    let choices = choices(options)?;
    let tracer = options.departures.open()?.unwrap_or_default();
    let start = |part| {
        Client::start(part, options, choices, workload.rooms, tracer.clone(), board).map_err(Stop::failed)
    };
    let sender = start(Part::Sender)?;
    let mut others = Vec::new();
    for index in 0..workload.receivers as usize {
        others.push(start(Part::Receiver(index))?);
    }
    if options.workload.beside.is_some() {
        others.extend([start(Part::Sink)?, start(Part::Pusher)?]);
    }
    let clients = u32::try_from(others.len()).unwrap_or(u32::MAX).saturating_add(1);
    board.await_joined(clients, JOIN_WITHIN).map_err(Stop::not_connected)?;
    if let (Some(_), Some(pusher)) = (options.workload.beside, others.last()) {
        let (handle, board) = (pusher.handle.clone(), board.clone());
        thread::spawn(move || push(&handle, &board));
        thread::sleep(HEAD_START);
    }
    let lines = Lines::default();
    board.perform(workload, |number, text| lines.say(&sender, workload, number, text));
    let mut detail = match options.transport {
        Carried::Tcp => tcp_detail(sender.in_force.as_ref().and_then(|told| told.get())),
        Carried::Udp | Carried::Raw => {
            lines.next(&sender, "/stats".to_owned());
            board.await_counters(ANSWER_WITHIN)
        }
    };
    if detail.is_null() {
        detail = json!({});
    }
    if let (Some(beside), Some(pusher)) = (options.workload.beside, others.last()) {
        detail["beside"] = board.beside(beside.word());
        if beside == Carried::Tcp && detail["beside"].is_object() {
            detail["beside"]["tcp"] = tcp_detail(pusher.in_force.as_ref().and_then(|told| told.get()));
        }
    }
    // First the play is over, then all may go.
    let account = board.finish(detail);
    leave(std::iter::once(sender).chain(others).collect());
    Ok(account)
}

/// How sessions over UDP send; an error also of what this system's TCP lacks.
pub fn choices(options: &BenchClients) -> Result<Choices, Stop> {
    if let Some(tuning) = options.tcp.tuning() {
        tuning.check().map_err(Stop::unavailable)?;
    }
    options.sending.choices().map_err(Stop::usage)
}

/// All quit, and are gone.
pub fn leave(clients: Vec<Client>) {
    clients.iter().for_each(|client| {
        client.handle.quit();
    });
    for client in clients {
        // A client that panicked has said so.
        let _ = client.thread.join();
    }
}

/// What the kernel told of its TCP.
fn tcp_detail(in_force: Option<&TcpInForce>) -> Value {
    json!({
        "congestion": in_force.and_then(|in_force| in_force.congestion.clone()),
        "nagle": in_force.map(|in_force| in_force.nagle),
    })
}

/// The numbers of the sender's lines.
#[derive(Debug, Default)]
struct Lines(std::cell::Cell<u64>);

impl Lines {
    /// Types a line.
    fn next(&self, client: &Client, line: String) -> bool {
        self.0.set(self.0.get() + 1);
        client.handle.line(LineNumber(self.0.get()), line)
    }

    /// Says a message in its room; where there are several, goes there first.
    fn say(&self, sender: &Client, workload: &Workload, number: u64, text: String) -> bool {
        let there =
            workload.rooms <= 1 || self.next(sender, format!("/join {}", room(workload.room_of(number))));
        there && self.next(sender, text)
    }
}

/// The name of a room, from 0.
fn room(index: u32) -> String {
    if index == 0 { ROOM.to_owned() } else { format!("{ROOM}{}", index + 1) }
}

/// Says as much as is taken, until it is over.
fn push(pusher: &ClientHandle, board: &Board) {
    let text = "x".repeat(BESIDE_BYTES);
    let mut lines = (1..).map(LineNumber);
    while !board.is_over() && lines.next().is_some_and(|number| pusher.line(number, text.clone())) {}
}

impl Client {
    /// Starts one, which is on the board as soon as it is in so many rooms.
    pub fn start(
        part: Part,
        options: &BenchClients,
        choices: Choices,
        rooms: u32,
        tracer: Tracer,
        board: &Board,
    ) -> io::Result<Self> {
        let config = config(part, options, choices);
        let mut client = ClientLoop::new(config.transport, vec![options.server])?;
        let in_force = (config.transport == Transport::Tcp.into())
            .then(|| client.tune_tcp(options.tcp.tuning().unwrap_or_default()));
        let (handle, board) = (client.handle(), board.clone());
        let mut rooms = if matches!(part, Part::Sender | Part::Receiver(_)) { rooms } else { 1 };
        // Numbers that no line of the sender's has.
        (1..rooms).for_each(|index| {
            handle.line(LineNumber(u64::MAX - u64::from(index)), format!("/join {}", room(index)));
        });
        let own = handle.clone();
        let work = move || {
            let identity = Identity::generate(&mut entropy::rng());
            let mut node = ClientNode::new(clock::now(), config, identity, entropy::rng(), tracer);
            let ending = client.run(&mut node, |event| note(part, event, &mut rooms, &own, &board));
            board.on_gone(&in_words(ending));
        };
        let thread = thread::Builder::new().name("client".into()).spawn(work)?;
        Ok(Self { handle, in_force, thread })
    }
}

fn config(part: Part, options: &BenchClients, choices: Choices) -> ClientConfig {
    let beside = matches!(part, Part::Pusher | Part::Sink);
    let carried = options.workload.beside.filter(|_| beside).unwrap_or(options.transport);
    let transport = if carried == Carried::Tcp { Transport::Tcp } else { Transport::Udp };
    let name = match part {
        Part::Sender => "sender".to_owned(),
        Part::Receiver(index) => format!("receiver{}", index + 1),
        Part::Newcomer(number) => format!("newcomer{number}"),
        Part::Pusher => "pusher".to_owned(),
        Part::Sink => "sink".to_owned(),
    };
    ClientConfig {
        transport: transport.into(),
        name,
        room: if beside { BESIDE_ROOM.to_owned() } else { room(0) },
        reading: Reading { history: HISTORY, ..Reading::default() },
        insecure: options.insecure,
        expected_key: None,
        promised: None,
        pins: Vec::new(),
        addresses: 1,
        connect_timeout: JOIN_WITHIN,
        liveness: LivenessConfig::default(),
        choices,
        unix_ms_at_zero: clock::unix_ms_at_zero(),
        linger: Duration::ZERO,
    }
}

fn in_words(ending: io::Result<Ending>) -> String {
    match ending {
        Ok(ending) => explain(&ending, "the server").unwrap_or_else(|| "a client left".to_owned()),
        Err(error) => error.to_string(),
    }
}

/// `rooms`: into so many rooms it is still to come.
fn note(part: Part, event: ClientEvent, rooms: &mut u32, own: &ClientHandle, board: &Board) {
    match (part, event) {
        (Part::Newcomer(number), ClientEvent::User(UserEvent::Connected { .. })) => {
            board.on_connected(number, clock::now());
            own.quit();
        }
        (_, ClientEvent::User(UserEvent::Members { .. })) if *rooms > 0 => {
            *rooms -= 1;
            if *rooms == 0 {
                board.on_joined();
            }
        }
        (Part::Receiver(index), ClientEvent::User(UserEvent::Message { text, own: false, .. })) => {
            board.on_text(index, &text, clock::now());
        }
        (Part::Sink, ClientEvent::User(UserEvent::Message { text, .. })) => board.on_beside(text.len()),
        (Part::Sender, ClientEvent::Stats { stats, line }) => {
            let mut counters = json::stats(&stats, None, 0);
            if let Some(members) = counters.as_object_mut() {
                members.retain(|name, _| name != "event" && name != "at_us");
            }
            board.on_counters(counters, line.is_some());
        }
        _ => {}
    }
}
