//! How does a client search?
//!
//! One loop, which sleeps on the sockets that probes left from and on what the thread of mDNS hands in.

use super::answering::bind;
use super::interfaces::targets;
use super::mdns::Browsing;
use crate::service::discovery::{Announcement, Findings, Found, Search};
use crate::shell::inbox::Inbox;
use crate::shell::{clock, entropy};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

const MDNS: Token = Token(0);
/// Datagrams that are read in one turn of the loop from each socket.
const BATCH: usize = 256;
/// What waits from mDNS, at most.
const LETTERS: usize = 256;

/// By which ways to search.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ways {
    /// By mDNS?
    pub mdns: bool,
    /// Where probes go; nowhere for none.
    pub probes: Vec<SocketAddr>,
}

impl Ways {
    /// All that this machine has: `mdns` and `probe` say which.
    pub fn here(mdns: bool, probe: bool) -> Self {
        Self { mdns, probes: if probe { targets() } else { Vec::new() } }
    }
}

/// What was heard by mDNS.
struct Heard {
    addresses: Vec<SocketAddr>,
    announcement: Announcement,
}

/// Searches for servers, at most three seconds long, and tells of each as it is found, by its place from 0. A
/// way that cannot be had is left out; an error means that the system gave nothing to wait with.
pub fn search(ways: &Ways, found: impl FnMut(usize, &Found)) -> io::Result<Findings> {
    let poll = Poll::new()?;
    let inbox: Inbox<Heard> = Inbox::new(poll.registry(), MDNS)?;
    let postbox = inbox.postbox();
    let browsing = ways.mdns.then(|| {
        Browsing::start(move |addresses, announcement| {
            postbox.post_when_room(Heard { addresses, announcement }, LETTERS)
        })
    });
    let mut searching = Searching {
        poll,
        inbox,
        sockets: Vec::new(),
        search: Search::new(clock::now(), entropy::rng().bytes()),
        targets: &ways.probes,
    };
    searching.open()?;
    let outcome = searching.run(found);
    // Before the inbox, so that nobody waits there for room.
    drop(searching.inbox);
    drop(browsing);
    outcome.map(|()| searching.search.into_findings())
}

struct Searching<'a> {
    poll: Poll,
    inbox: Inbox<Heard>,
    sockets: Vec<UdpSocket>,
    search: Search,
    targets: &'a [SocketAddr],
}

impl Searching<'_> {
    /// A socket for each family that there is.
    fn open(&mut self) -> io::Result<()> {
        if self.targets.is_empty() {
            return Ok(());
        }
        let wildcards = [(Ipv4Addr::UNSPECIFIED, 0).into(), (Ipv6Addr::UNSPECIFIED, 0).into()];
        for mut socket in wildcards.into_iter().filter_map(|address| bind(address, false).ok()) {
            let token = Token(1 + self.sockets.len());
            self.poll.registry().register(&mut socket, token, Interest::READABLE)?;
            self.sockets.push(socket);
        }
        Ok(())
    }

    fn run(&mut self, mut found: impl FnMut(usize, &Found)) -> io::Result<()> {
        let mut events = Events::with_capacity(8);
        let mut has_more = false;
        loop {
            let now = clock::now();
            self.search.handle_timeout(now);
            while let Some(probe) = self.search.poll_transmit(now) {
                self.send(&probe);
            }
            while let Some((place, server)) = self.search.poll_event(now) {
                found(place, server);
            }
            let Some(due) = self.search.poll_timeout() else { return Ok(()) };
            let span = if has_more { crate::time::Duration::ZERO } else { due - now };
            match self.poll.poll(&mut events, Some(span)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => has_more = self.receive(),
            }
        }
    }

    /// An interface without an address, or a system without a family, is no trouble: the others have theirs.
    fn send(&self, probe: &[u8]) {
        for target in self.targets {
            let is_its_family = |socket: &&UdpSocket| {
                socket.local_addr().is_ok_and(|local| local.is_ipv4() == target.is_ipv4())
            };
            if let Some(socket) = self.sockets.iter().find(is_its_family) {
                let _ = socket.send_to(probe, *target);
            }
        }
    }

    /// Takes what came; true if there may be more.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; 512];
        let (mut has_more, now) = (false, clock::now());
        for socket in &self.sockets {
            let mut read = 0;
            while read < BATCH {
                match socket.recv_from(&mut buffer) {
                    Ok((len, from)) => self.search.handle_datagram(now, from, &buffer[..len]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // A former probe met a closed port.
                    Err(_) => {}
                }
                read += 1;
            }
            has_more |= read == BATCH;
        }
        for _ in 0..LETTERS {
            let Some(Heard { addresses, announcement }) = self.inbox.take() else { break };
            self.search.handle_announcement(now, &addresses, &announcement);
        }
        has_more
    }
}
