//! Who answers there?
//!
//! The handshake of a stranger, whose server shows name and key before the client says who it is. There our
//! judge says no, whatever the key is: so the server has met nobody, and nobody has joined.

use crate::chat::codec::decode_server_greeting;
use crate::crypto::{Identity, Pattern, PublicKey};
use crate::service::api::Path;
use crate::shell::ecn::Ecn;
use crate::shell::udp::{Batch, UdpPort};
use crate::shell::{clock, entropy};
use crate::time::{Duration, Instant};
use crate::trace::Tracer;
use crate::transport::config::TransportConfig;
use crate::transport::connection::Connection;
use crate::transport::handshake::client::ClientHello;
use crate::transport::session::{CloseReason, SessionEvent};
use crate::transport::stream::{HandshakeInput, Stream, StreamConfig};
use crate::transport::trust::Trust;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A handshake may take so long.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was shown, and how it ended.
#[derive(Debug)]
pub(super) struct Shown {
    /// The server's name and key.
    pub server: Option<(String, PublicKey)>,
    /// Why it ended, if the server ended it.
    pub turned_away: Option<String>,
}

/// Looks, and trusts nobody.
#[derive(Default)]
struct Look(Mutex<Option<(String, PublicKey)>>);

impl Trust for Look {
    fn check(&self, key: &PublicKey, greeting: &[u8]) -> Result<(), String> {
        if let Ok(greeting) = decode_server_greeting(greeting) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((greeting.name, *key));
        }
        Err("only looked".to_owned())
    }
}

impl Look {
    fn shown(&self, closed: Option<CloseReason>) -> Shown {
        let server = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let turned_away = match closed {
            Some(CloseReason::Refused(_, text)) => Some(text),
            _ => None,
        };
        Shown { server, turned_away }
    }
}

/// Looks over datagrams; an error is the system's.
pub(super) fn over_udp(peer: SocketAddr) -> io::Result<Shown> {
    let (look, start) = (Arc::new(Look::default()), clock::now());
    let mut poll = Poll::new()?;
    let mut port = UdpPort::connect(peer)?;
    poll.registry().register(&mut port, Token(0), Interest::READABLE)?;
    let hello = ClientHello {
        identity: Arc::new(Identity::generate(&mut entropy::rng())),
        server: None,
        greeting: Vec::new(),
        trust: Arc::clone(&look) as _,
    };
    let path = Path { remote: peer, local: None };
    let config = TransportConfig { unix_ms_at_zero: clock::unix_ms_at_zero(), ..TransportConfig::default() };
    let mut session = Connection::client(start, config, hello, path, entropy::rng(), Tracer::default());
    let (mut events, mut batch, mut buffer) = (Events::with_capacity(4), Batch::new(4), Vec::new());
    while let Some(left) = left_of(start) {
        let now = clock::now();
        session.handle_timeout(now);
        buffer.clear();
        while session.poll_transmit(now, &mut buffer).is_some() {
            let _ = port.send(path, Ecn::Not, &buffer);
            buffer.clear();
        }
        if let Some(closed) = closed(|| session.poll_event(now)) {
            return Ok(look.shown(Some(closed)));
        }
        let due = session.poll_timeout().map_or(left, |(at, _)| (at - now).min(left));
        match poll.poll(&mut events, Some(due)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        let now = clock::now();
        while port.receive(&mut batch, |_, _, datagram| session.handle_datagram(now, path, datagram))? {}
    }
    Ok(look.shown(None))
}

/// Looks over a stream; an error is the system's.
pub(super) fn over_tcp(peer: SocketAddr) -> io::Result<Shown> {
    let (look, start) = (Arc::new(Look::default()), clock::now());
    let mut socket = TcpStream::connect_timeout(&peer, PATIENCE)?;
    let mut rng = entropy::rng();
    let input = HandshakeInput {
        pattern: Pattern::Xx,
        identity: Identity::generate(&mut rng),
        server: None,
        greeting: Vec::new(),
        seed: rng.bytes(),
        trust: Arc::clone(&look) as _,
    };
    let mut session = Stream::client(start, StreamConfig::default(), input);
    let mut buffer = [0; 4_096];
    while let Some(left) = left_of(start) {
        while !session.output().is_empty() {
            let count = socket.write(session.output())?;
            session.written(clock::now(), count);
        }
        if let Some(closed) = closed(|| session.poll_event()) {
            return Ok(look.shown(Some(closed)));
        }
        socket.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let now = clock::now();
        match socket.read(&mut buffer) {
            Ok(0) => session.handle_broken(now, "the stream ended"),
            Ok(count) => session.handle_bytes(now, &buffer[..count]),
            Err(error) => session.handle_broken(now, &error.to_string()),
        }
    }
    Ok(look.shown(None))
}

fn left_of(start: Instant) -> Option<Duration> {
    PATIENCE.checked_sub(clock::now() - start).filter(|left| !left.is_zero())
}

fn closed(mut poll_event: impl FnMut() -> Option<SessionEvent>) -> Option<CloseReason> {
    std::iter::from_fn(&mut poll_event).find_map(|event| match event {
        SessionEvent::Closed(reason) => Some(reason),
        _ => None,
    })
}
