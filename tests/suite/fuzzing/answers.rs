//! Does a client bear whatever answers it, before it knows who that is?
//!
//! The input is a script of answers: any bytes, bytes behind a checksum made true, and a WELCOME in good order of
//! somebody with keys, around any parameters and greeting. Shared with the fuzzer, see `fuzz/`.
//!
//! **Promises.** Nothing panics or spins; only a server that proved a key connects; and what a client says before
//! that is no more than its HELLO.

use super::checksum::with_checksum;
use sayagain::crypto::{Identity, Pattern, Responder};
use sayagain::rng::Rng;
use sayagain::time::{Duration, Instant, at};
use sayagain::trace::Tracer;
use sayagain::transport::channel::ChannelLimits;
use sayagain::transport::config::TransportConfig;
use sayagain::transport::connection::Connection;
use sayagain::transport::handshake::client::ClientHello;
use sayagain::transport::handshake::prologue;
use sayagain::transport::params::Params;
use sayagain::transport::path::Path;
use sayagain::transport::session::SessionEvent;
use sayagain::transport::trust::TrustAll;
use sayagain::wire::datagram::{ConnectionId, Handshake, put_handshake, read_handshake};
use std::net::SocketAddr;
use std::sync::Arc;

/// What a client says at one moment, at most.
const AT_ONCE_MAX: usize = 1_000;
const PAYLOAD_MAX: usize = 900;

struct Scene {
    now: Instant,
    pattern: Pattern,
    client: Connection,
    hello: Vec<u8>,
    /// A true WELCOME was handed to it.
    is_welcome: bool,
    is_connected: bool,
    buffer: Vec<u8>,
}

fn server() -> Path {
    Path { remote: SocketAddr::from(([10, 0, 0, 1], 4_747)), local: None }
}

impl Scene {
    fn new(pattern: Pattern) -> Self {
        let hello = ClientHello {
            identity: Arc::new(Identity::from_secret([1; 32])),
            server: (pattern == Pattern::Ik).then(|| Identity::from_secret([2; 32]).public()),
            greeting: b"ann".to_vec(),
            trust: Arc::new(TrustAll),
        };
        let config = TransportConfig { insecure: pattern == Pattern::Clear, ..TransportConfig::default() };
        let client = Connection::client(at(0), config, hello, server(), Rng::from_seed(1), Tracer::default());
        let mut scene = Self {
            now: at(0),
            pattern,
            client,
            hello: Vec::new(),
            is_welcome: false,
            is_connected: false,
            buffer: Vec::new(),
        };
        scene.drain();
        scene
    }

    fn answer(&mut self, mut datagram: Vec<u8>) {
        self.client.handle_datagram(self.now, server(), &mut datagram);
        self.drain();
    }

    fn drain(&mut self) {
        for turn in 0.. {
            assert!(turn < AT_ONCE_MAX, "the client never comes to rest");
            if let Some(event) = self.client.poll_event(self.now) {
                self.is_connected |= matches!(event, SessionEvent::Connected { .. });
                assert!(self.is_welcome || !self.is_connected, "connected to nobody");
            } else if self.client.poll_transmit(self.now, &mut self.buffer).is_some() {
                assert!(self.is_connected || self.buffer[0] == 0x81, "said before it was welcome");
                if self.buffer[0] == 0x81 {
                    self.hello.clone_from(&self.buffer);
                }
            } else {
                return;
            }
        }
    }

    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        for turn in 0.. {
            let Some((due, _)) = self.client.poll_timeout().filter(|(due, _)| *due <= end) else { break };
            assert!(turn < AT_ONCE_MAX, "a timer never rests");
            self.now = self.now.max(due);
            self.client.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// The answer of a server with keys, around what `payload` makes.
    fn welcome(&mut self, payload: &[u8]) {
        let hello = self.hello.clone();
        let Ok(part) = read_handshake(&hello) else { return };
        let Some(Handshake::Hello { pattern, noise, .. }) = part.content else { return };
        let Some(pattern) = Pattern::from_byte(pattern) else { return };
        let prologue = prologue(pattern.to_byte(), part.source);
        let identity = Identity::from_secret([2; 32]);
        let Ok((mut responder, _)) = Responder::accept(pattern, &identity, &prologue, [4; 32], noise) else {
            return;
        };
        let Ok(noise) = responder.write_welcome(&payload[..payload.len().min(PAYLOAD_MAX)]) else { return };
        self.is_welcome = true;
        let mut bytes = Vec::new();
        put_handshake(&mut bytes, part.source, ConnectionId(5), &Handshake::Welcome { noise: &noise });
        self.answer(bytes);
    }

    /// An answer that names the client, with this kind and body.
    fn named(&mut self, kind: u8, body: &[u8]) {
        let mut bytes = vec![0x81 + kind % 7, 0, 0, 0, 1];
        bytes.extend(self.client.id().0.to_be_bytes());
        bytes.extend(5u64.to_be_bytes());
        bytes.extend((body.len() as u16).to_be_bytes());
        bytes.extend(body);
        bytes.extend([0; 4]);
        if self.pattern == Pattern::Clear && bytes[0] == 0x82 {
            // In the clear nothing has to be proved.
            self.is_welcome = true;
        }
        self.answer(with_checksum(&bytes));
    }
}

fn params(greeting: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    Params {
        connection_id: ConnectionId(5),
        limits: ChannelLimits::default(),
        heartbeat_ms: u64::from(greeting.first().copied().unwrap_or(0)) << 40,
        early_accepted: true,
        reset_token: [6; 16],
        stamp_us: 0,
        greeting,
        early: &[],
    }
    .put(&mut payload);
    payload
}

/// Plays a script; did the client connect? Panics where a promise is broken.
pub fn play(input: &[u8]) -> bool {
    let mut rest = input;
    let mut take = |len: usize| {
        let (run, after) = rest.split_at(len.min(rest.len()));
        rest = after;
        run
    };
    let first = take(1).first().copied().unwrap_or(0);
    let mut scene = Scene::new([Pattern::Xx, Pattern::Ik, Pattern::Clear][usize::from(first % 3)]);
    while let [opcode, kind, len] = take(3) {
        let run = take(usize::from(*len)).to_vec();
        match opcode % 6 {
            0 => {
                scene.is_welcome |= scene.pattern == Pattern::Clear;
                scene.answer(run);
            }
            1 => scene.named(*kind, &run),
            2 => scene.welcome(&run),
            3 => scene.welcome(&params(&run)),
            4 => scene.pass(Duration::from_millis(u64::from(*len) * 4)),
            _ => scene.pass(Duration::from_secs(u64::from(*len) / 8)),
        }
    }
    scene.is_connected
}
