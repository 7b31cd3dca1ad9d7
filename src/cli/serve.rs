//! `serve`: how does a server start, what does it announce, and how does it end?
//!
//! Standard output gets a line for each socket, `listening udp 127.0.0.1:4747`, as soon as it can be joined,
//! and with `--json` an object for each event besides. The log on standard error is for the lecturer: who
//! came, over what, and why they left. [`joining`] tells people the way to it, `qr` their phones, and
//! [`announcing`] everybody on the network.

pub mod announcing;
pub mod door;
pub mod file_options;
pub mod joining;
pub mod keep;
mod qr;

use self::announcing::People;
use super::arguments::{Serve, ServedTransport, refuse_link_over_tcp};
use super::exit::{Exit, Outcome, Stop};
use super::json;
use super::key;
use super::link;
use super::members::now_ms;
use super::qlog::Vantage;
use super::signals::Signals;
use crate::chat::client::display::printable;
use crate::crypto::Identity;
use crate::files::FileRequest;
use crate::service::ServerNode;
use crate::service::api::{ServerConfig, ServerEvent};
use crate::shell::clock;
use crate::shell::entropy;
use crate::shell::files::FileThread;
use crate::shell::home::Home;
use crate::shell::listen::{ServerSockets, Transports};
use crate::shell::resolve::{DEFAULT_PORT, ResolveError, resolve};
use crate::shell::server_loop::{ServerHandle, ServerLoop, ServerOutlets};
use crate::shell::store_thread::StoreThread;
use crate::store::sqlite::members::MembersFile;
use crate::store::{MemoryStore, Snapshot, SqliteStore, Store, StoreRequest, WithMembers};
use log::{error, info, warn};
use std::io::{self, Write};
use std::net::SocketAddr;

/// Sessions at once, at most.
const MAX_SESSIONS: usize = 50_000;

/// Runs a server until a signal ends it.
pub fn run(serve: &Serve) -> Outcome {
    if link::printed_profiles(&serve.link)? {
        return Ok(Exit::Done);
    }
    let liveness = serve.liveness.config().map_err(Stop::usage)?;
    let keep = keep::all(&serve.keep)?;
    if serve.transport == ServedTransport::Tcp {
        refuse_link_over_tcp(&serve.link)
            .and_then(|()| serve.sending.refuse_over_tcp())
            .map_err(Stop::usage)?;
    }
    serve.door.check(serve.insecure, serve.ephemeral)?;
    let bad_link = link::config(&serve.link)?;
    let address = address(serve)?;
    let traces = serve.tracing.open("sayagain serve", Vantage::Server, serve.insecure)?;

    let choices = serve.sending.choices().map_err(Stop::usage)?;
    let home = Home::find().map_err(Stop::failed)?;
    let identity = home.server_identity().map_err(Stop::failed)?;
    if let Some(copied) = home.note_use() {
        warn!("{}", key::told(&copied, true));
    }
    let server_name = server_name(serve, &home)?;
    let door = serve.door.config(&identity, !serve.ephemeral)?;
    let sockets = ServerSockets::bind(address, transports(serve.transport)).map_err(Stop::failed)?;
    let addresses = sockets.addresses().to_vec();
    let mut server_loop = ServerLoop::new(sockets, MAX_SESSIONS).map_err(Stop::failed)?;
    if let Some(config) = bad_link {
        warn!("a bad link is made here for everybody over UDP (seed {})", config.seed);
        server_loop.impair(config, serve.insecure).map_err(Stop::usage)?;
    }
    if let Some(tuning) = serve.tcp.tuning() {
        server_loop.tune_tcp(&tuning).map_err(Stop::unavailable)?;
    }
    let config = ServerConfig {
        server_name,
        insecure: serve.insecure,
        liveness,
        choices,
        unix_ms_at_zero: clock::unix_ms_at_zero(),
        // In the clear a key is only claimed.
        owner: home.identity().ok().map(|identity| identity.public()).filter(|_| !serve.insecure),
        max_sessions: MAX_SESSIONS,
        keep,
        terms: serve.quota,
    };
    announce(serve, &config, &identity);
    let handle = server_loop.handle();
    let (store, snapshot) = open_store(serve, &home, &handle, &identity)?;
    let ear = serve.departures.open()?.unwrap_or_else(|| traces.tracer.clone());
    let (limits, files, kept) = serve.files.open(&home, (serve.data.as_deref(), serve.ephemeral), &handle)?;
    let node = ServerNode::new(&config, &identity, snapshot, entropy::rng(), ear)
        .with_door(door)
        .with_files(&config, limits, kept);
    let signals = Signals::install().map_err(Stop::failed)?;
    let ended = handle.clone();
    signals.call(move || {
        ended.shutdown();
    });
    for (transport, address) in &addresses {
        print_line(&format!("listening {transport} {address}"));
    }
    let people = People::default();
    let announcer = addresses.first().map(|(_, bound)| {
        let told = joining::tell(serve, *bound, &identity.public());
        told.into_iter().for_each(|object| print_line(&json::stamped(object, clock::now().as_micros())));
        announcing::announce(serve, &config.server_name, *bound, &identity.public(), &people)
    });
    let outcome =
        run_until_shutdown(server_loop, node, Outlets { store, files, handle, json: serve.json, people });
    drop(announcer);
    traces.finish();
    outcome
}

fn run_until_shutdown(server_loop: ServerLoop, mut node: ServerNode, mut outlets: Outlets) -> Outcome {
    let outcome = server_loop.run(&mut node, &mut outlets);
    outlets.store.stop();
    outcome.map_err(Stop::failed)?;
    info!("stopped; everybody was told, and all that was accepted is stored");
    Ok(Exit::Done)
}

fn address(serve: &Serve) -> Result<SocketAddr, Stop> {
    let text = serve.listen.as_deref().unwrap_or("[::]:4747");
    let found = resolve(text, DEFAULT_PORT).map_err(|error| match error {
        ResolveError::Malformed(_) => Stop::usage(format!("--listen: {error}")),
        ResolveError::Unknown(..) => Stop::failed(error),
    })?;
    found.first().copied().ok_or_else(|| Stop::failed(format!("`{text}` has no address")))
}

fn transports(asked_for: ServedTransport) -> Transports {
    match asked_for {
        ServedTransport::Udp => Transports::Udp,
        ServedTransport::Tcp => Transports::Tcp,
        ServedTransport::Both => Transports::Both,
    }
}

fn server_name(serve: &Serve, home: &Home) -> Result<String, Stop> {
    let machines = || home.server_name().map_err(Stop::failed);
    serve.server_name.clone().map_or_else(machines, Ok)
}

/// The store on its thread, and what it remembers.
fn open_store(
    serve: &Serve,
    home: &Home,
    handle: &ServerHandle,
    identity: &Identity,
) -> Result<(StoreThread, Snapshot), Stop> {
    if serve.ephemeral {
        return Ok((start(MemoryStore::default(), handle)?, Snapshot::default()));
    }
    let path = home.store_file(serve.data.as_deref()).map_err(Stop::failed)?;
    let mut members = MembersFile::at(home.members_file(serve.data.as_deref()), identity.public().0);
    members.open_existing().map_err(Stop::failed)?;
    let now_ms = now_ms();
    if !serve.start_anew {
        let (store, snapshot) = SqliteStore::open(&path, now_ms).map_err(Stop::failed)?;
        return Ok((start(WithMembers { store, members }, handle)?, snapshot));
    }
    let (store, snapshot, kept) = SqliteStore::open_or_start_anew(&path, now_ms).map_err(Stop::failed)?;
    if let Some(kept) = kept {
        warn!("the damaged store is kept as {}; this server starts with an empty one", kept.display());
    }
    Ok((start(WithMembers { store, members }, handle)?, snapshot))
}

fn start(store: impl Store + Send + 'static, handle: &ServerHandle) -> Result<StoreThread, Stop> {
    let replies = handle.clone();
    StoreThread::start(
        store,
        Box::new(move |reply| {
            replies.stored(reply);
        }),
    )
    .map_err(Stop::failed)
}

fn announce(serve: &Serve, config: &ServerConfig, identity: &Identity) {
    info!("sayagain {} serves as \"{}\"", env!("CARGO_PKG_VERSION"), config.server_name);
    info!("its key is {}", identity.public());
    if serve.ephemeral {
        info!("ephemeral: messages are in memory only; a crash or a power cut loses them");
    }
    serve.door.announce();
    if serve.insecure {
        warn!("insecure: everything is sent in the clear and can be read and forged by others");
    }
}

/// A reader who has gone does not stop a server.
fn print_line(line: &str) {
    let mut output = io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

/// Where the node's requests and news go.
struct Outlets {
    store: StoreThread,
    files: Option<FileThread>,
    handle: ServerHandle,
    json: bool,
    people: People,
}

impl ServerOutlets for Outlets {
    fn ask_store(&mut self, request: StoreRequest) {
        if let Err(answer) = self.store.submit(request) {
            self.handle.stored(answer);
        }
    }

    fn ask_files(&mut self, request: FileRequest) {
        file_options::ask(self.files.as_ref(), request);
    }

    fn tell(&mut self, event: ServerEvent) {
        log_event(&event);
        self.people.on_event(&event);
        if self.json {
            print_line(&json::server_object(&event, clock::now().as_micros()).to_string());
        }
    }
}

/// What others chose (names, agents, reasons) steers no terminal from a log either.
fn log_event(event: &ServerEvent) {
    match event {
        ServerEvent::Connected { name, transport, address, agent, sessions } => {
            info!(
                "{}",
                printable(&format!(
                    "{name} connected over {transport} from {address} with {agent}; {sessions} connected"
                ))
            );
        }
        ServerEvent::Disconnected { name, address, reason, sessions } => {
            info!("{}", printable(&format!("{name} ({address}) is gone: {reason}; {sessions} connected")));
        }
        ServerEvent::Liveness { name, address, state } => {
            info!("{}", printable(&format!("{name} ({address}) is {state}")));
        }
        ServerEvent::Roamed { from, to } => info!("{}", printable(&format!("{from} is now at {to}"))),
        ServerEvent::WrongProof { name, address, what } => {
            warn!("{address} wants to be {name} and gave {what}");
        }
        ServerEvent::TurnedAway { address, reason } => {
            info!("{}", printable(&format!("turned away {address}: {reason}")));
        }
        ServerEvent::Renamed { old, new } => info!("{}", printable(&format!("{old} is now {new}"))),
        ServerEvent::Moderated { by, deed } => info!("{}", printable(&format!("{by} {deed}"))),
        ServerEvent::StoreFailed { reason } => {
            error!("{}", printable(&format!("the store failed: {reason}")));
        }
    }
}
