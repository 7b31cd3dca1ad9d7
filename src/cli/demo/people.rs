//! Who is on the stage? A server on loopback, and clients of it over a bad link, each on a thread.
//!
//! They are the real server and the real client, with keys that are thrown away and a store in memory:
//! nothing is read from, or written to, anybody's folders.

use crate::chat::client::Reading;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::quota::Terms;
use crate::cli::chat::face::News;
use crate::cli::chat::observed::{self, Memory, Observed};
use crate::crypto::Identity;
use crate::lab::link::LinkConfig;
use crate::service::ClientNode;
use crate::service::ServerNode;
use crate::service::api::{ClientConfig, Ending, ServerConfig, ServerEvent};
use crate::shell::client_loop::{ClientHandle, ClientLoop};
use crate::shell::listen::{ServerSockets, Transports};
use crate::shell::server_loop::{ServerHandle, ServerLoop, ServerOutlets};
use crate::shell::store_thread::StoreThread;
use crate::shell::{clock, entropy};
use crate::store::{MemoryStore, Snapshot, StoreRequest};
use crate::time::Duration;
use crate::trace::Tracer;
use crate::transport::config::Choices;
use crate::transport::session::{LivenessConfig, PublicKey, Transport};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread::{self, JoinHandle};

/// The room where all meet.
pub const ROOM: &str = "lobby";
/// How long joining may take on a link that is very bad.
pub const JOIN_WITHIN: Duration = Duration::from_secs(15);

/// The server of the demonstration.
#[derive(Debug)]
pub struct Stage {
    /// Where it listens.
    pub address: SocketAddr,
    handle: ServerHandle,
    thread: JoinHandle<io::Result<()>>,
}

struct Outlets {
    store: StoreThread,
    handle: ServerHandle,
}

impl ServerOutlets for Outlets {
    fn ask_store(&mut self, request: StoreRequest) {
        if let Err(answer) = self.store.submit(request) {
            self.handle.stored(answer);
        }
    }

    fn tell(&mut self, event: ServerEvent) {
        log::debug!("server: {event:?}");
    }
}

impl Stage {
    /// Starts a server on a free port of the loopback.
    pub fn open(tracer: Tracer) -> io::Result<Self> {
        let sockets = ServerSockets::bind((Ipv4Addr::LOCALHOST, 0).into(), Transports::Udp)
            .map_err(|error| io::Error::other(error.to_string()))?;
        let unbound = || io::Error::other("the server has no address");
        let (_, address) = *sockets.addresses().first().ok_or_else(unbound)?;
        let server_loop = ServerLoop::new(sockets, 8)?;
        let handle = server_loop.handle();
        let replies = handle.clone();
        let store = StoreThread::start(
            MemoryStore::default(),
            Box::new(move |reply| {
                replies.stored(reply);
            }),
        )?;
        let mut outlets = Outlets { store, handle: handle.clone() };
        let work = move || {
            let mut rng = entropy::rng();
            let identity = Identity::generate(&mut rng);
            let config = ServerConfig {
                server_name: "demo".into(),
                insecure: false,
                liveness: LivenessConfig::default(),
                choices: Choices::default(),
                unix_ms_at_zero: clock::unix_ms_at_zero(),
                owner: None,
                max_sessions: 16,
                keep: crate::store::Keep::ALL,
                terms: Terms::UNLIMITED,
            };
            let mut node = ServerNode::new(&config, &identity, Snapshot::default(), rng, tracer);
            server_loop.run(&mut node, &mut outlets)
        };
        let thread = thread::Builder::new().name("demo server".into()).spawn(work)?;
        Ok(Self { address, handle, thread })
    }

    /// Ends the server.
    pub fn close(self) -> io::Result<()> {
        self.handle.shutdown();
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the server panicked")))
    }
}

struct NoMemory;

impl Memory for NoMemory {
    fn on_pin(&mut self, _: &str, _: PublicKey, _: bool, _: &str) -> Vec<News> {
        Vec::new()
    }

    fn on_name(&mut self, _: &str) {}
}

/// A client of the demonstration.
#[derive(Debug)]
pub struct Person {
    /// The name.
    pub name: &'static str,
    client: ClientHandle,
    lines: u64,
    thread: JoinHandle<io::Result<Ending>>,
}

impl Person {
    /// Joins the server at `address` over this link. What happens to them goes to `news`, what their session
    /// does to `tracer`.
    pub fn join(
        name: &'static str,
        address: SocketAddr,
        link: LinkConfig,
        news: SyncSender<News>,
        tracer: Tracer,
    ) -> io::Result<Self> {
        let mut client_loop = ClientLoop::new(Transport::Udp, vec![address])?;
        client_loop.impair(link, false).map_err(io::Error::other)?;
        let client = client_loop.handle();
        let work = move || {
            let mut rng = entropy::rng();
            let (now, identity) = (clock::now(), Identity::generate(&mut rng));
            let config = config(name);
            let node = ClientNode::new(now, config, identity, rng, tracer);
            let told = news.clone();
            let mut node = Observed::new(node, NoMemory, news, vec![address]);
            let ending = client_loop.run(&mut node, |event| observed::tell_of_loop(&told, event));
            // Fails only when nobody listens any more.
            let _ = told.send(News::End);
            ending
        };
        let thread = thread::Builder::new().name(name.into()).spawn(work)?;
        Ok(Self { name, client, lines: 0, thread })
    }

    /// Their way to the client: for a person at a terminal.
    pub fn client(&self) -> &ClientHandle {
        &self.client
    }

    /// Types a line.
    pub fn say(&mut self, text: &str) {
        self.lines += 1;
        self.client.line(LineNumber(self.lines), text.to_owned());
    }

    /// Asks the client to end once all is said.
    pub fn say_no_more(&self) {
        self.client.end_of_input();
    }

    /// Waits for the client to end.
    pub fn wait(self) -> io::Result<Ending> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("a client panicked")))
    }
}

fn config(name: &str) -> ClientConfig {
    ClientConfig {
        transport: Transport::Udp.into(),
        name: name.to_owned(),
        room: ROOM.to_owned(),
        reading: Reading { history: 50, ..Reading::default() },
        insecure: false,
        expected_key: None,
        promised: None,
        pins: Vec::new(),
        addresses: 1,
        connect_timeout: JOIN_WITHIN,
        liveness: LivenessConfig::default(),
        choices: Choices::default(),
        unix_ms_at_zero: clock::unix_ms_at_zero(),
        linger: Duration::ZERO,
    }
}

/// Waits until this person is in the room; false if that does not come to pass in time.
pub fn wait_until_in(news: &Receiver<News>) -> bool {
    let deadline = clock::now() + JOIN_WITHIN;
    loop {
        match news.recv_timeout(deadline - clock::now()) {
            Ok(News::Chat(UserEvent::Joined { own: true, .. } | UserEvent::Members { .. })) => return true,
            Ok(News::End) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}
