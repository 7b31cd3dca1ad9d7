//! The clients of a run over UDP or TCP: real nodes in their loops, each on a thread, in one room.

use super::arguments::BenchClients;
use super::board::Board;
use super::clients::JOIN_WITHIN;
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
/// What the chat replays to one who joins: as `chat` asks for it, so that one who was away gets what was said.
const HISTORY: u32 = 50;
/// How long the answer of one's own node about its counters is waited for.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// Who a client is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Sender,
    /// From 0.
    Receiver(usize),
}

struct Client {
    handle: ClientHandle,
    in_force: Option<Arc<OnceLock<TcpInForce>>>,
    thread: JoinHandle<()>,
}

/// Joins, plays the workload, and leaves.
pub fn play(options: &BenchClients, workload: &Workload, board: &Board) -> Result<Account, Stop> {
    if let Some(tuning) = options.tcp.tuning() {
        tuning.check().map_err(Stop::unavailable)?;
    }
    let choices = options.sending.choices().map_err(Stop::usage)?;
    let start = |part| Client::start(part, options, choices, board).map_err(Stop::failed);
    let sender = start(Part::Sender)?;
    let receivers = (0..workload.receivers as usize).map(|index| start(Part::Receiver(index)));
    let receivers = receivers.collect::<Result<Vec<_>, _>>()?;
    board.await_joined(workload.receivers + 1, JOIN_WITHIN).map_err(Stop::not_connected)?;
    board.perform(workload, |number, text| sender.handle.line(LineNumber(number), text));
    let detail = match options.transport {
        Carried::Tcp => tcp_detail(sender.in_force.as_ref().and_then(|told| told.get())),
        Carried::Udp | Carried::Raw => {
            sender.handle.line(LineNumber(workload.messages + 1), "/stats".to_owned());
            board.await_counters(ANSWER_WITHIN)
        }
    };
    // First the play is over, then all may go.
    let account = board.finish(detail);
    let all: Vec<Client> = std::iter::once(sender).chain(receivers).collect();
    all.iter().for_each(|client| {
        client.handle.quit();
    });
    for client in all {
        // A client that panicked has said so.
        let _ = client.thread.join();
    }
    Ok(account)
}

fn tcp_detail(in_force: Option<&TcpInForce>) -> Value {
    json!({
        "congestion": in_force.and_then(|in_force| in_force.congestion.clone()),
        "nagle": in_force.map(|in_force| in_force.nagle),
    })
}

impl Client {
    fn start(part: Part, options: &BenchClients, choices: Choices, board: &Board) -> io::Result<Self> {
        let config = config(part, options, choices);
        let mut client = ClientLoop::new(config.transport, vec![options.server])?;
        let in_force = (config.transport == Transport::Tcp)
            .then(|| client.tune_tcp(options.tcp.tuning().unwrap_or_default()));
        let (handle, board) = (client.handle(), board.clone());
        let work = move || {
            let identity = Identity::generate(&mut entropy::rng());
            let mut node = ClientNode::new(clock::now(), config, identity, entropy::rng(), Tracer::default());
            let mut joined = false;
            let ending = client.run(&mut node, |event| note(part, event, &mut joined, &board));
            board.on_gone(&in_words(ending));
        };
        let thread = thread::Builder::new().name("client".into()).spawn(work)?;
        Ok(Self { handle, in_force, thread })
    }
}

fn config(part: Part, options: &BenchClients, choices: Choices) -> ClientConfig {
    let transport = if options.transport == Carried::Tcp { Transport::Tcp } else { Transport::Udp };
    let name = match part {
        Part::Sender => "sender".to_owned(),
        Part::Receiver(index) => format!("receiver{}", index + 1),
    };
    ClientConfig {
        transport,
        name,
        room: ROOM.to_owned(),
        history: HISTORY,
        insecure: options.insecure,
        expected_key: None,
        promised: None,
        pins: Vec::new(),
        addresses: 1,
        connect_timeout: JOIN_WITHIN,
        liveness: LivenessConfig::default(),
        choices,
        linger: Duration::ZERO,
    }
}

fn in_words(ending: io::Result<Ending>) -> String {
    match ending {
        Ok(ending) => explain(&ending, "the server").unwrap_or_else(|| "a client left".to_owned()),
        Err(error) => error.to_string(),
    }
}

fn note(part: Part, event: ClientEvent, joined: &mut bool, board: &Board) {
    match (part, event) {
        (_, ClientEvent::User(UserEvent::Members { .. })) if !*joined => {
            *joined = true;
            board.on_joined();
        }
        (Part::Receiver(index), ClientEvent::User(UserEvent::Message { text, own: false, .. })) => {
            board.on_text(index, &text, clock::now());
        }
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
