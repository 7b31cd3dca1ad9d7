//! The real nodes on the real loops: two people, one on each transport.

use super::{Running, WATCHDOG, loopback};
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::message::PresenceState;
use crate::chat::quota::Terms;
use crate::crypto::Identity;
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::rng::Rng;
use crate::service::api::{ClientConfig, ClientEvent, Ending, ServerConfig, ServerEvent};
use crate::service::{ClientNode, ServerNode};
use crate::shell::client_loop::{ClientHandle, ClientLoop};
use crate::shell::clock;
use crate::shell::listen::{ServerSockets, Transports};
use crate::shell::server_loop::{ServerHandle, ServerLoop, ServerOutlets};
use crate::shell::store_thread::StoreThread;
use crate::store::{MemoryStore, Snapshot, StoreRequest};
use crate::time::Duration;
use crate::trace::Tracer;
use crate::transport::config::Choices;
use crate::transport::session::{LivenessConfig, Transport};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

struct InMemory {
    store: StoreThread,
    server: ServerHandle,
}

impl ServerOutlets for InMemory {
    fn ask_store(&mut self, request: StoreRequest) {
        if let Err(refusal) = self.store.submit(request) {
            self.server.stored(refusal);
        }
    }

    fn tell(&mut self, _: ServerEvent) {}
}

fn start_server() -> Running {
    let sockets = ServerSockets::bind(loopback(0), Transports::Both).expect("a free port");
    let addresses = sockets.addresses().to_vec();
    let server = ServerLoop::new(sockets, 100).expect("a loop");
    let handle = server.handle();
    let replies = handle.clone();
    let reply = Box::new(move |reply| {
        replies.stored(reply);
    });
    let store = StoreThread::start(MemoryStore::default(), reply).expect("a thread");
    let config = ServerConfig {
        server_name: "a test".to_owned(),
        insecure: false,
        liveness: LivenessConfig::default(),
        choices: Choices::default(),
        unix_ms_at_zero: clock::unix_ms_at_zero(),
        owner: None,
        max_sessions: 100,
        keep: crate::store::Keep::ALL,
        terms: Terms::UNLIMITED,
    };
    let identity = Identity::generate(&mut Rng::from_seed(1));
    let mut node =
        ServerNode::new(&config, &identity, Snapshot::default(), Rng::from_seed(2), Tracer::default());
    let mut outlets = InMemory { store, server: handle.clone() };
    let (end, ended) = channel();
    thread::spawn(move || end.send(server.run(&mut node, &mut outlets)));
    Running { handle, addresses, ended }
}

/// A person at a terminal.
struct Person {
    client: ClientHandle,
    events: Receiver<UserEvent>,
    seen: Vec<UserEvent>,
    ended: Receiver<Ending>,
}

impl Person {
    fn start(name: &str, transport: Transport, server: &Running, link: Option<LinkConfig>) -> Self {
        let mut client = ClientLoop::new(transport, vec![loopback(server.port())]).expect("a loop");
        if let Some(link) = link {
            client.impair(link, false).expect("these can be had");
        }
        let handle = client.handle();
        let config = ClientConfig {
            transport: transport.into(),
            name: name.to_owned(),
            room: "lobby".to_owned(),
            reading: crate::chat::client::Reading { history: 50, ..Default::default() },
            insecure: false,
            expected_key: None,
            promised: None,
            pins: Vec::new(),
            addresses: 1,
            connect_timeout: WATCHDOG,
            liveness: LivenessConfig::default(),
            choices: Choices::default(),
            unix_ms_at_zero: clock::unix_ms_at_zero(),
            linger: Duration::ZERO,
        };
        let mut rng = Rng::from_seed(name.bytes().map(u64::from).sum());
        let mut node = ClientNode::new(
            clock::now(),
            config,
            Identity::generate(&mut rng),
            rng.fork(),
            Tracer::default(),
        );
        let ((tell, events), (end, ended)) = (channel(), channel());
        thread::spawn(move || {
            let tell = |event| {
                if let ClientEvent::User(event) = event {
                    // Nobody listens when the test is over.
                    let _ = tell.send(event);
                }
            };
            end.send(client.run(&mut node, tell).expect("no trouble of the system"))
        });
        Self { client: handle, events, seen: Vec::new(), ended }
    }

    /// Waits for an event, unless it was seen before; whoever is lost on the way failed to say good-bye.
    fn sees(&mut self, wanted: impl Fn(&UserEvent) -> bool) {
        while !self.seen.iter().any(&wanted) {
            let event = self.events.recv_timeout(WATCHDOG).expect("it comes");
            assert!(!matches!(event, UserEvent::Presence { state: PresenceState::Lost, .. }), "{event:?}");
            self.seen.push(event);
        }
    }

    fn leaves(&self) {
        assert!(self.client.end_of_input());
        assert_eq!(self.ended.recv_timeout(WATCHDOG), Ok(Ending::Done));
    }
}

fn meet(first: (Transport, Option<LinkConfig>), second: (Transport, Option<LinkConfig>)) {
    let server = start_server();
    let mut ann = Person::start("ann", first.0, &server, first.1);
    ann.sees(|event| matches!(event, UserEvent::Joined { own: true, .. }));
    let mut bob = Person::start("bob", second.0, &server, second.1);
    assert!(bob.client.line(LineNumber(1), "hello ann".to_owned()));
    ann.sees(
        |event| matches!(event, UserEvent::Message { text, from, .. } if text == "hello ann" && from == "bob"),
    );
    assert!(ann.client.line(LineNumber(1), "/msg bob hello yourself".to_owned()));
    bob.sees(|event| matches!(event, UserEvent::Private { text, .. } if text == "hello yourself"));
    // Whoever comes and goes within the same second is nobody's news.
    ann.sees(|event| matches!(event, UserEvent::Joined { name, .. } if name == "bob"));
    bob.leaves();
    ann.sees(|event| matches!(event, UserEvent::Left { name, own: false, .. } if name == "bob"));
    ann.leaves();
    server.shut_down();
}

#[test]
fn people_on_both_transports_meet_and_take_leave() {
    meet((Transport::Udp, None), (Transport::Tcp, None));
    meet((Transport::Tcp, None), (Transport::Udp, None));
}

#[test]
fn people_meet_over_a_bad_link_that_moves() {
    let bad = DirectionConfig {
        delay: Duration::from_millis(10),
        jitter: Duration::from_millis(5),
        loss: 0.1,
        duplicate: 0.1,
        corrupt: 0.05,
        ..DirectionConfig::default()
    };
    let rebind = Some("port@50ms/300ms".parse().expect("a plan"));
    let link = LinkConfig { rebind, ..LinkConfig::symmetric(bad, 3) };
    meet((Transport::Tcp, None), (Transport::Udp, Some(link)));
}

#[test]
fn where_no_server_is_a_client_says_so_and_ends() {
    let server = start_server();
    let port = server.port();
    server.shut_down();
    let gone = Running { ended: channel().1, addresses: vec![(Transport::Udp, loopback(port))], ..server };
    for transport in [Transport::Udp, Transport::Tcp] {
        let nobody = Person::start("nobody", transport, &gone, None);
        let ending = nobody.ended.recv_timeout(WATCHDOG).expect("the port says at once that nobody listens");
        assert!(matches!(ending, Ending::NotConnected(_)), "{ending:?}");
    }
}
