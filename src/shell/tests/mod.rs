//! The loops over loopback sockets, with toys for nodes. No verdict depends on how long anything took;
//! whatever waits does so under a generous watchdog.

mod chat;
mod clients;
mod servers;
mod toys;

use super::listen::{ServerSockets, Transports};
use super::server_loop::{ServerHandle, ServerLoop, ServerOutlets};
use crate::lab::link::LinkConfig;
use crate::service::api::ServerEvent;
use crate::store::StoreRequest;
use crate::time::Duration;
use crate::transport::session::Transport;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// Far longer than anything here takes: a test that waits so long has failed.
const WATCHDOG: Duration = Duration::from_mins(1);

/// The loopback address with this port.
fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Answers each request of the store with nothing, and forgets the news.
struct Nowhere;

impl ServerOutlets for Nowhere {
    fn ask_store(&mut self, _: StoreRequest) {}
    fn tell(&mut self, _: ServerEvent) {}
}

type Addresses = Vec<(Transport, SocketAddr)>;

fn listening(address: SocketAddr, max_streams: usize) -> (Addresses, ServerLoop) {
    listening_on(address, Transports::Both, max_streams)
}

fn listening_on(address: SocketAddr, transports: Transports, max_streams: usize) -> (Addresses, ServerLoop) {
    let sockets = ServerSockets::bind(address, transports).expect("a free port");
    (sockets.addresses().to_vec(), ServerLoop::new(sockets, max_streams).expect("a loop"))
}

/// A toy server that runs on a thread of its own until it is dropped.
struct Running {
    handle: ServerHandle,
    addresses: Addresses,
    ended: Receiver<io::Result<()>>,
}

impl Running {
    fn start(node: toys::EchoServer, address: SocketAddr) -> Self {
        Self::run(node, listening(address, 1_000))
    }

    fn start_with_only(transports: Transports) -> Self {
        Self::run(toys::EchoServer::default(), listening_on(loopback(0), transports, 1_000))
    }

    fn start_bounded(node: toys::EchoServer, max_streams: usize) -> Self {
        Self::run(node, listening(loopback(0), max_streams))
    }

    fn start_impaired(node: toys::EchoServer, link: LinkConfig) -> Self {
        let (addresses, mut server) = listening(loopback(0), 1_000);
        server.impair(link, false).expect("these can be had");
        Self::run(node, (addresses, server))
    }

    fn run(mut node: toys::EchoServer, (addresses, server): (Addresses, ServerLoop)) -> Self {
        let handle = server.handle();
        let (end, ended) = channel();
        thread::spawn(move || end.send(server.run(&mut node, &mut Nowhere)));
        Self { handle, addresses, ended }
    }

    /// The port, which both transports share.
    fn port(&self) -> u16 {
        self.addresses[0].1.port()
    }

    fn shut_down(&self) {
        assert!(self.handle.shutdown(), "the loop runs");
        self.ended.recv_timeout(WATCHDOG).expect("the loop ends").expect("in good order");
    }
}

#[test]
fn a_server_may_run_on_any_thread() {
    fn is_send<T: Send>() {}
    is_send::<ServerLoop>();
    is_send::<crate::service::ServerNode>();
}
