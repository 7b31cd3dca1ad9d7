//! How do numbered messages fare over a bad link, carried in this way or that?
//!
//! ```text
//!  sender ─▶ link (up) ─▶ socket ═ loopback ═▶ socket ─▶ receiver ─▶ tally
//!         ◀─ socket ◀═ loopback ═ socket ◀─ link (down) ◀─
//! ```
//!
//! The sender hands in a message at each beat; a datagram of either end goes through the emulated link and
//! then through real sockets. Latency is from the moment when the message was handed in to the moment when
//! the receiver gave it out. Nothing is computed that was not measured.

use super::tally::{Row, Tally};
use crate::lab::link::{Delivery, Direction, Link, LinkConfig};
use crate::service::api::Path;
use crate::shell::clock;
use crate::shell::ecn::Ecn;
use crate::shell::udp::{Batch, UdpPort};
use crate::time::{Duration, Instant};
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};

/// Bytes of IPv4 and UDP header before each datagram.
const HEADERS: usize = 28;
/// Getting ready (shaking hands) may take so long.
const READY_WITHIN: Duration = Duration::from_secs(15);

/// What is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Workload {
    /// How many messages.
    pub messages: usize,
    /// One each.
    pub beat: Duration,
    /// How long each is, at least 8 (its number).
    pub bytes: usize,
    /// How long stragglers are waited for after the last was handed in.
    pub patience: Duration,
}

/// One end of a way of sending: the five verbs.
pub trait End {
    /// A datagram came.
    fn handle_datagram(&mut self, now: Instant, from: SocketAddr, datagram: &mut [u8]);
    /// The moment of [`Self::poll_timeout`] has come.
    fn handle_timeout(&mut self, now: Instant);
    /// Puts the next datagram to send into the cleared buffer; false when there is none.
    fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool;
    /// The next message that came.
    fn poll_message(&mut self, now: Instant) -> Option<Vec<u8>>;
    /// When it wants to be woken.
    fn poll_timeout(&self) -> Option<Instant>;
}

/// The end that messages are handed to.
pub trait Sender: End {
    /// May messages be handed in?
    fn is_ready(&self) -> bool;
    /// Takes a message.
    fn send(&mut self, now: Instant, message: Vec<u8>);
}

/// The sockets, the link between them, and who sits where.
struct Race<S, R> {
    poll: Poll,
    ports: [UdpPort; 2],
    client: SocketAddr,
    batch: Batch,
    buffer: Vec<u8>,
    link: Link<Vec<u8>>,
    sender: S,
    receiver: R,
    tally: Tally,
    /// Datagrams that had entered the link when the first message was handed in.
    before: (u64, u64),
}

/// Runs one race and tells what became of the messages. `ends` makes sender and receiver; it is told where
/// the receiver's socket is.
pub fn run<S: Sender, R: End>(
    name: &str,
    workload: Workload,
    link: LinkConfig,
    ends: impl FnOnce(Instant, SocketAddr) -> io::Result<(S, R)>,
) -> io::Result<Row> {
    let poll = Poll::new()?;
    let mut far = UdpPort::bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let mut near = UdpPort::connect(far.local_address())?;
    poll.registry().register(&mut near, Token(Direction::Up.index()), Interest::READABLE)?;
    poll.registry().register(&mut far, Token(Direction::Down.index()), Interest::READABLE)?;
    let now = clock::now();
    let (sender, receiver) = ends(now, far.local_address())?;
    let client = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), near.local_address().port());
    let mut race = Race {
        poll,
        ports: [near, far],
        client,
        batch: Batch::new(8),
        buffer: Vec::new(),
        link: Link::new(link, now),
        sender,
        receiver,
        tally: Tally::default(),
        before: (0, 0),
    };
    race.get_ready()?;
    race.send_all(workload)?;
    let (up, down) = race.datagrams();
    Ok(race.tally.row(name, (up - race.before.0, down - race.before.1)))
}

impl<S: Sender, R: End> Race<S, R> {
    fn get_ready(&mut self) -> io::Result<()> {
        let deadline = clock::now() + READY_WITHIN;
        while !self.sender.is_ready() {
            if clock::now() >= deadline {
                return Err(io::Error::new(
                    ErrorKind::TimedOut,
                    "the link is so bad that no session came up",
                ));
            }
            self.turn(deadline)?;
        }
        self.before = self.datagrams();
        Ok(())
    }

    fn send_all(&mut self, workload: Workload) -> io::Result<()> {
        let mut next = clock::now();
        let mut deadline = next;
        loop {
            let now = clock::now();
            while self.tally.sent() < workload.messages && next <= now {
                let mut message = self.tally.on_sent(clock::now()).to_be_bytes().to_vec();
                message.resize(workload.bytes.max(message.len()), b'.');
                self.sender.send(now, message);
                next += workload.beat;
                deadline = now + workload.patience;
            }
            let all_sent = self.tally.sent() == workload.messages;
            let all_there = self.tally.delivered() == workload.messages;
            if all_sent && (all_there || now >= deadline) {
                return Ok(());
            }
            self.turn(if all_sent { deadline } else { next })?;
        }
    }

    fn datagrams(&self) -> (u64, u64) {
        let entered = |way| self.link.counters(way).entered;
        (entered(Direction::Up), entered(Direction::Down))
    }

    /// Drains both ends, sleeps until something happens (at the latest `until`), and hands it in.
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        self.drain();
        let times = [self.sender.poll_timeout(), self.receiver.poll_timeout(), self.link.poll_timeout()];
        let wake = times.into_iter().flatten().chain([until]).min().unwrap_or(until);
        let mut events = Events::with_capacity(4);
        match self.poll.poll(&mut events, Some(wake - clock::now())) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        self.receive()?;
        let now = clock::now();
        if self.sender.poll_timeout().is_some_and(|due| due <= now) {
            self.sender.handle_timeout(now);
        }
        if self.receiver.poll_timeout().is_some_and(|due| due <= now) {
            self.receiver.handle_timeout(now);
        }
        self.drain();
        Ok(())
    }

    fn receive(&mut self) -> io::Result<()> {
        let (sender, receiver, client) = (&mut self.sender, &mut self.receiver, self.client);
        let server = self.ports[1].local_address();
        let now = clock::now();
        while self.ports[0]
            .receive(&mut self.batch, |_, _, bytes| sender.handle_datagram(now, server, bytes))?
        {}
        while self.ports[1]
            .receive(&mut self.batch, |_, _, bytes| receiver.handle_datagram(now, client, bytes))?
        {}
        Ok(())
    }

    fn drain(&mut self) {
        let now = clock::now();
        while let Some(message) = self.receiver.poll_message(now) {
            if let Some(number) = message.first_chunk() {
                self.tally.on_arrived(clock::now(), u64::from_be_bytes(*number));
            }
        }
        // What the sender hears (that it is connected, say) is no message.
        while self.sender.poll_message(now).is_some() {}
        loop {
            self.buffer.clear();
            let way = if self.sender.poll_transmit(now, &mut self.buffer) {
                Direction::Up
            } else if self.receiver.poll_transmit(now, &mut self.buffer) {
                Direction::Down
            } else {
                break;
            };
            let bytes = u32::try_from(self.buffer.len() + HEADERS).unwrap_or(u32::MAX);
            self.link.handle_packet(now, way, bytes, &[], self.buffer.clone());
        }
        while let Some(delivery) = self.link.poll_delivery(now) {
            self.deliver(delivery);
        }
    }

    /// What the system does not take is lost, as on any link.
    fn deliver(&mut self, delivery: Delivery<Vec<u8>>) {
        let Delivery { direction, mut packet, flip, .. } = delivery;
        if let Some(flip) = flip {
            flip.apply(&mut packet);
        }
        let path = Path { remote: self.client, local: None };
        let _ = self.ports[direction.index()].send(path, Ecn::Not, &packet);
    }
}
