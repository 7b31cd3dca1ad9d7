//! How does one thread serve thousands of TCP connections?
//!
//! Each is a [`Pipe`] and two bits: does it wait in the queue of those that may be read, and is it taking
//! leave. A turn reads each waiting connection once, 16 KiB at most, and puts it back behind the others
//! while it has more; so a firehose and a trickle get their turns alike. A connection that takes no bytes
//! is left alone until the system says that it does again; what waits for it lies in the node, which has
//! a bound for that.
//!
//! ```text
//!  accept ─▶ open ──read──▶ node.handle_stream_bytes          node says Close, or
//!             │  ◀─write──  node.stream_output                 the peer went
//!             └── Close: write what fits, end our output ─▶ farewell ─▶ gone (peer ended too, or 1 s)
//! ```
//!
//! The farewell is there because closing a socket with unread bytes resets it, and the reset may overtake
//! our last words at the peer (RFC 9293 §3.10.4; RFC 1122 §4.2.2.13).

use super::tcp::{Pipe, READ_BYTES, Reading};
use super::tcp_tuning::TcpTuning;
use super::udp::plain;
use crate::service::api::{StreamAction, StreamId};
use crate::service::verbs::ServerCore;
use crate::time::{Duration, Instant};
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use socket2::SockRef;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

/// Connections accepted in one turn.
const ACCEPTS: usize = 64;
/// How long a peer may take to end its side after we ended ours.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long accepting pauses when the system has no room for one more connection.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug)]
struct Connection {
    pipe: Pipe,
    /// Stands in the queue of those to be read.
    queued: bool,
    /// We ended our output; what comes is thrown away.
    farewell: bool,
}

/// All TCP connections of a server, and the listener that they come from.
#[derive(Debug)]
pub(super) struct Streams {
    listener: TcpListener,
    /// Stream `n` has the token `n` beyond this one; the listener has this one.
    token: Token,
    open: BTreeMap<StreamId, Connection>,
    max_open: usize,
    tuning: TcpTuning,
    to_read: VecDeque<StreamId>,
    farewells: VecDeque<(Instant, StreamId)>,
    acceptable: bool,
    paused_until: Option<Instant>,
    buffer: Box<[u8]>,
}

impl Streams {
    /// Registers the listener under this token; connections get the tokens above it. At most `max_open`
    /// connections at once; more are closed as they come.
    pub fn new(
        mut listener: TcpListener,
        registry: &Registry,
        token: Token,
        max_open: usize,
    ) -> io::Result<Self> {
        registry.register(&mut listener, token, Interest::READABLE)?;
        Ok(Self {
            listener,
            token,
            open: BTreeMap::new(),
            max_open,
            tuning: TcpTuning::default(),
            to_read: VecDeque::new(),
            farewells: VecDeque::new(),
            acceptable: true,
            paused_until: None,
            buffer: vec![0; READ_BYTES].into_boxed_slice(),
        })
    }

    /// Asks the kernel for this, of all connections that will be accepted.
    pub fn tune(&mut self, tuning: TcpTuning) -> io::Result<()> {
        // tcp(7): what a listener was asked for its connections inherit.
        tuning.apply(&SockRef::from(&self.listener))?;
        self.tuning = tuning;
        Ok(())
    }

    /// The system says something about the socket with this token.
    pub fn on_ready<N: ServerCore>(&mut self, now: Instant, token: Token, writable: bool, node: &mut N) {
        if token == self.token {
            self.acceptable = true;
            return;
        }
        let Some(id) = token.0.checked_sub(self.token.0 + 1).map(|index| StreamId(index as u64)) else {
            return;
        };
        let Some(connection) = self.open.get_mut(&id) else { return };
        if !connection.queued {
            connection.queued = true;
            self.to_read.push_back(id);
        }
        if writable && connection.pipe.is_blocked() {
            connection.pipe.unblock();
            self.write_or_end(now, id, node);
        }
    }

    /// Is there work that no readiness will announce again?
    pub fn has_work(&self) -> bool {
        !self.to_read.is_empty() || (self.acceptable && self.paused_until.is_none())
    }

    /// When the next pause or farewell ends.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let farewell = self.farewells.front().map(|(end, _)| *end);
        farewell.into_iter().chain(self.paused_until).min()
    }

    /// Ends pauses and farewells that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.paused_until = self.paused_until.filter(|end| *end > now);
        while let Some((_, id)) = self.farewells.front().filter(|(end, _)| *end <= now) {
            self.open.remove(id);
            self.farewells.pop_front();
        }
    }

    /// Is somebody still being taken leave of?
    pub fn is_saying_farewell(&self) -> bool {
        self.open.values().any(|connection| connection.farewell)
    }

    /// Accepts who waits, within the turn's bound.
    pub fn accept<N: ServerCore>(&mut self, now: Instant, registry: &Registry, node: &mut N) {
        for _ in 0..ACCEPTS {
            if !self.acceptable || self.paused_until.is_some() {
                return;
            }
            match self.listener.accept() {
                // Dropping it resets it: the peer learns at once that there is no room.
                Ok(_) if self.open.len() >= self.max_open => {}
                Ok((stream, peer)) => self.admit(now, stream, peer, registry, node),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.acceptable = false,
                // accept(2): errors of the connection that was to be accepted are no reason to stop.
                Err(error) if is_of_the_peer(&error) => {}
                Err(_) => self.paused_until = Some(now + PAUSE),
            }
        }
    }

    fn admit<N: ServerCore>(
        &mut self,
        now: Instant,
        stream: TcpStream,
        peer: SocketAddr,
        registry: &Registry,
        node: &mut N,
    ) {
        let mut pipe = Pipe::new(stream);
        // A pipe has Nagle's rule switched off at first.
        let tuned = if self.tuning.nagle { pipe.tune(&self.tuning) } else { Ok(()) };
        let id = node.handle_stream_opened(now, plain(peer));
        let registered = tuned.and_then(|()| {
            let token = usize::try_from(id.0).ok().and_then(|index| index.checked_add(self.token.0 + 1));
            pipe.register(registry, Token(token.ok_or(ErrorKind::OutOfMemory)?))
        });
        match registered {
            Ok(()) => {
                self.open.insert(id, Connection { pipe, queued: false, farewell: false });
            }
            Err(error) => node.handle_stream_closed(now, id, &error.to_string()),
        }
    }

    /// Reads each connection that waits for it once.
    pub fn read<N: ServerCore>(&mut self, now: Instant, node: &mut N) {
        for _ in 0..self.to_read.len() {
            let Some(id) = self.to_read.pop_front() else { return };
            let Some(connection) = self.open.get_mut(&id) else { continue };
            match connection.pipe.read(&mut self.buffer) {
                Reading::Bytes(count) => {
                    self.to_read.push_back(id);
                    if !connection.farewell {
                        node.handle_stream_bytes(now, id, &self.buffer[..count]);
                    }
                }
                Reading::Nothing => connection.queued = false,
                Reading::Ended(reason) => self.end(now, id, &reason, node),
            }
        }
    }

    /// Does what the node wants done.
    pub fn act<N: ServerCore>(&mut self, now: Instant, action: StreamAction, node: &mut N) {
        match action {
            StreamAction::Write(id) => self.write_or_end(now, id, node),
            StreamAction::Close(id) => match self.write(now, id, node) {
                Ok(()) => self.say_farewell(now, id),
                Err(_) => drop(self.open.remove(&id)),
            },
        }
    }

    fn write_or_end<N: ServerCore>(&mut self, now: Instant, id: StreamId, node: &mut N) {
        if let Err(error) = self.write(now, id, node) {
            self.end(now, id, &error.to_string(), node);
        }
    }

    fn write<N: ServerCore>(&mut self, now: Instant, id: StreamId, node: &mut N) -> io::Result<()> {
        let Some(connection) = self.open.get_mut(&id).filter(|connection| !connection.farewell) else {
            return Ok(());
        };
        while !connection.pipe.is_blocked() && !node.stream_output(id).is_empty() {
            let count = connection.pipe.write(node.stream_output(id))?;
            node.stream_written(now, id, count);
        }
        Ok(())
    }

    fn say_farewell(&mut self, now: Instant, id: StreamId) {
        let Some(connection) = self.open.get_mut(&id) else { return };
        connection.farewell = true;
        match connection.pipe.end_output() {
            Ok(()) => self.farewells.push_back((now + FAREWELL, id)),
            Err(_) => drop(self.open.remove(&id)),
        }
    }

    /// The connection is no more; a node that closed it itself is not told.
    fn end<N: ServerCore>(&mut self, now: Instant, id: StreamId, reason: &str, node: &mut N) {
        if self.open.remove(&id).is_some_and(|connection| !connection.farewell) {
            node.handle_stream_closed(now, id, reason);
        }
    }
}

fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::Interrupted
            | ErrorKind::TimedOut
    )
}
