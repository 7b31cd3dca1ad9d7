//! How are probes answered?
//!
//! On a thread of its own, which sleeps on a socket for each family and wakes for nothing else. Several servers
//! of one machine share the port: what is broadcast comes to all of them (a probe of the same machine by
//! loopback only to one, so such clients rely on mDNS and broadcast for the others).

use super::interfaces::{ALL_NODES, ipv6_links, networks};
use crate::service::discovery::{Network, Reach, Responder};
use crate::shell::{clock, port_unreachable};
use crate::time::{Duration, Instant};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};

/// How long a list of interfaces is good for.
const NETWORKS_FOR: Duration = Duration::from_secs(5);
/// So many datagrams are read without a pause of a millisecond: under a flood the system drops the others.
const BATCH: u32 = 64;
/// Longer datagrams are cut, and answered all the same.
const DATAGRAM: usize = 512;

/// A thread that answers probes, until it is dropped.
#[derive(Debug)]
pub(super) struct Answering {
    waker: Arc<Waker>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Answering {
    /// Answers what comes to these sockets, from them or, if there is one, from `reply`; `people` is how many
    /// are here.
    pub(super) fn start(
        responder: Responder,
        sockets: Vec<UdpSocket>,
        reply: Option<UdpSocket>,
        people: Arc<AtomicU32>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut sockets = sockets;
        for (number, socket) in sockets.iter_mut().enumerate() {
            poll.registry().register(socket, Token(number), Interest::READABLE)?;
        }
        let waker = Arc::new(Waker::new(poll.registry(), Token(usize::MAX))?);
        let is_over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&is_over);
        let work =
            Work { responder, sockets, reply, people, is_over: ended, networks: Vec::new(), looked_at: None };
        let thread = thread::Builder::new().name("probes".into()).spawn(move || work.run(poll))?;
        Ok(Self { waker, is_over, thread: Some(thread) })
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // If it cannot be woken it ends with the process.
        if self.waker.wake().is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

struct Work {
    responder: Responder,
    sockets: Vec<UdpSocket>,
    reply: Option<UdpSocket>,
    people: Arc<AtomicU32>,
    is_over: Arc<AtomicBool>,
    networks: Vec<Network>,
    looked_at: Option<Instant>,
}

impl Work {
    fn run(mut self, mut poll: Poll) {
        let mut events = Events::with_capacity(8);
        while !self.is_over.load(Ordering::Relaxed) {
            match poll.poll(&mut events, None) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return,
                _ => (0..self.sockets.len()).for_each(|number| self.serve(number)),
            }
        }
    }

    /// Reads until nothing is left, as edge-triggered readiness asks for.
    fn serve(&mut self, number: usize) {
        let mut buffer = [0; DATAGRAM];
        for read in 1_u32.. {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            match self.sockets[number].recv_from(&mut buffer) {
                Ok((len, asker)) => self.answer(number, asker, &buffer[..len]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // What is wrong with a former answer, or with a datagram that was too long for the buffer.
                Err(_) => {}
            }
            if read % BATCH == 0 {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }

    fn answer(&mut self, number: usize, asker: SocketAddr, datagram: &[u8]) {
        let now = clock::now();
        if self.looked_at.is_none_or(|then| now - then >= NETWORKS_FOR) {
            self.networks = networks();
            self.looked_at = Some(now);
        }
        let people = self.people.load(Ordering::Relaxed);
        if let Some(answer) = self.responder.answer(now, asker.ip(), datagram, &self.networks, people) {
            // Whoever does not get it asks again.
            let _ = self.reply.as_ref().unwrap_or(&self.sockets[number]).send_to(&answer, asker);
        }
    }
}

/// The sockets that hear the probes for a server of this reach; an error for each that could not be had.
pub(super) fn sockets(reach: Reach, port: u16) -> (Vec<UdpSocket>, Vec<io::Error>) {
    let mut wanted: Vec<IpAddr> = Vec::new();
    wanted.extend(reach.has_ipv4().then_some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    wanted.extend(reach.has_ipv6().then_some(IpAddr::V6(Ipv6Addr::UNSPECIFIED)));
    let (mut sockets, mut errors) = (Vec::new(), Vec::new());
    for address in wanted {
        match bind(SocketAddr::new(address, port), true) {
            Ok(socket) => sockets.push(socket),
            Err(error) => errors.push(error),
        }
    }
    (sockets, errors)
}

/// A socket at this address; `shared`: others may have the same port.
pub(super) fn bind(address: SocketAddr, shared: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    } else {
        socket.set_broadcast(true)?;
    }
    if shared {
        socket.set_reuse_address(true)?;
        // Ours: elsewhere than on Linux the first option alone shares no port that is not multicast.
        #[cfg(all(unix, not(target_os = "linux"), not(target_os = "solaris"), not(target_os = "illumos")))]
        socket.set_reuse_port(true)?;
    }
    // Only Windows reports what others answered to our answers, and a refusal is passed over as well.
    let _ = port_unreachable::ignore_on(&socket);
    socket.bind(&address.into())?;
    if address.is_ipv6() {
        for link in ipv6_links() {
            // Every node is in this group; some systems hand it on only to who joined.
            let _ = socket.join_multicast_v6(&ALL_NODES, link);
        }
    }
    socket.set_nonblocking(true)?;
    Ok(UdpSocket::from_std(socket.into()))
}
