//! Do both ends of a stream bear whatever comes before the other has proved itself, however it is cut?
//!
//! The input is a script of portions: any bytes, frames of any kind with any body, and handshake messages in good
//! order of somebody with keys, around any greeting. Shared with the fuzzer, see `fuzz/`.
//!
//! **Promises.** Nothing panics or spins; only whoever proved a key connects; what waits to be written is bounded.

use sayagain::crypto::{Identity, Initiator, Pattern, Responder};
use sayagain::time::{Duration, Instant, at};
use sayagain::transport::session::SessionEvent;
use sayagain::transport::stream::frame::{HEADER_LEN, Kind, plain};
use sayagain::transport::stream::preamble::{self, Preamble};
use sayagain::transport::stream::{HandshakeInput, Stream, StreamConfig};
use sayagain::transport::trust::TrustAll;
use std::sync::Arc;

/// What one end tells or asks for at one moment, at most.
const AT_ONCE_MAX: usize = 1_000;
/// What a stranger can make an end want to say.
const OUTPUT_MAX: usize = 16 << 10;

struct Scene {
    now: Instant,
    pattern: Pattern,
    end: Stream,
    /// All that it said.
    said: Vec<u8>,
    /// The other side of the handshake, if the end is a server.
    initiator: Option<Initiator>,
    is_connected: bool,
    has_proved: bool,
}

impl Scene {
    fn new(is_server: bool, pattern: Pattern) -> Self {
        let config = StreamConfig { insecure: pattern == Pattern::Clear, ..StreamConfig::default() };
        let server = Identity::from_secret([2; 32]);
        let end = if is_server {
            Stream::server(at(0), config, server, b"the server".to_vec(), [7; 32])
        } else {
            let input = HandshakeInput {
                pattern,
                identity: Identity::from_secret([1; 32]),
                server: (pattern == Pattern::Ik).then(|| server.public()),
                greeting: b"ann".to_vec(),
                seed: [3; 32],
                trust: Arc::new(TrustAll),
            };
            Stream::client(at(0), config, input)
        };
        let has_proved = pattern == Pattern::Clear;
        let mut scene = Self {
            now: at(0),
            pattern,
            end,
            said: Vec::new(),
            initiator: None,
            is_connected: false,
            has_proved,
        };
        scene.drain();
        scene
    }

    fn hand(&mut self, bytes: &[u8]) {
        self.end.handle_bytes(self.now, bytes);
        self.drain();
    }

    fn drain(&mut self) {
        let output = self.end.output().to_vec();
        assert!(output.len() <= OUTPUT_MAX, "{} bytes to say", output.len());
        self.end.written(self.now, output.len());
        self.said.extend(output);
        for turn in 0.. {
            assert!(turn < AT_ONCE_MAX, "it never comes to rest");
            let Some(event) = self.end.poll_event() else { return };
            self.is_connected |= matches!(event, SessionEvent::Connected { .. });
            assert!(self.has_proved || !self.is_connected, "connected to nobody");
        }
    }

    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        for turn in 0.. {
            let Some((due, _)) = self.end.poll_timeout().filter(|(due, _)| *due <= end) else { break };
            assert!(turn < AT_ONCE_MAX, "a timer never rests");
            self.now = self.now.max(due);
            self.end.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// The body of the frame of this kind that it said last.
    fn last(&self, wanted: u8) -> Option<Vec<u8>> {
        let mut found = None;
        let mut rest = &self.said[..];
        if Preamble::check(rest).is_ok() && rest.len() >= preamble::LEN {
            rest = &rest[preamble::LEN..];
        }
        while let Some((header, after)) = rest.split_first_chunk::<HEADER_LEN>() {
            let len = usize::from(header[1]) << 16 | usize::from(header[2]) << 8 | usize::from(header[3]);
            if after.len() < len {
                break;
            }
            found = if header[0] == wanted { Some(after[..len].to_vec()) } else { found };
            rest = &after[len..];
        }
        found
    }

    /// A client with keys begins, with this payload in its first message.
    fn begin(&mut self, payload: &[u8]) {
        let preamble = Preamble { pattern: self.pattern, client_id: [8; 8] };
        let (bytes, identity) = (preamble.to_bytes(), Identity::from_secret([1; 32]));
        let server = Identity::from_secret([2; 32]).public();
        let begun = Initiator::new(self.pattern, &identity, Some(server), &bytes, [9; 32]);
        let mut initiator = begun.expect("the key is known");
        let payload = if self.pattern == Pattern::Xx { &[] } else { payload };
        let Ok(noise) = initiator.write_hello(payload) else { return };
        self.has_proved |= self.pattern == Pattern::Ik;
        self.initiator = Some(initiator);
        self.hand(&bytes);
        self.hand(&plain(Kind::Hello, &noise));
    }

    /// The one that began ends its handshake, with this payload.
    fn finish(&mut self, payload: &[u8]) {
        let (Some(mut initiator), Some(welcome)) = (self.initiator.take(), self.last(0x82)) else { return };
        if initiator.read_welcome(&welcome).is_ok()
            && let Ok(noise) = initiator.write_finish(payload)
        {
            self.has_proved = true;
            self.hand(&plain(Kind::Finish, &noise));
        }
    }

    /// A server with keys answers the client, with this payload.
    fn welcome(&mut self, payload: &[u8]) {
        let Some(preamble) = self.said.get(..preamble::LEN).map(<[u8]>::to_vec) else { return };
        let (Some(hello), identity) = (self.last(0x81), Identity::from_secret([2; 32])) else { return };
        let accepted = Responder::accept(self.pattern, &identity, &preamble, [4; 32], &hello);
        if let Ok((mut responder, _)) = accepted
            && let Ok(noise) = responder.write_welcome(payload)
        {
            self.has_proved = true;
            self.hand(&plain(Kind::Welcome, &noise));
        }
    }
}

/// Plays a script; was there a session? Panics where a promise is broken.
pub fn play(input: &[u8]) -> bool {
    const KINDS: [Kind; 7] = [
        Kind::Sealed(false),
        Kind::Sealed(true),
        Kind::Hello,
        Kind::Welcome,
        Kind::Finish,
        Kind::Versions,
        Kind::Refuse,
    ];
    let mut rest = input;
    let mut take = |len: usize| {
        let (run, after) = rest.split_at(len.min(rest.len()));
        rest = after;
        run
    };
    let first = take(1).first().copied().unwrap_or(0);
    let pattern = [Pattern::Xx, Pattern::Ik, Pattern::Clear][usize::from(first / 2 % 3)];
    let mut scene = Scene::new(first & 1 == 1, pattern);
    while let [opcode, kind, len] = take(3) {
        let run = take(usize::from(*len)).to_vec();
        match opcode % 8 {
            0 => scene.hand(&run),
            1 => scene.hand(&plain(KINDS[usize::from(kind % 7)], &run)),
            2 => scene.hand(&Preamble { pattern, client_id: [*kind; 8] }.to_bytes()),
            3 => scene.begin(&run),
            4 => scene.finish(&run),
            5 => scene.welcome(&run),
            6 => scene.pass(Duration::from_millis(u64::from(*len) * 40)),
            // A byte at a time.
            _ => run.chunks(1).for_each(|byte| scene.hand(byte)),
        }
    }
    scene.is_connected
}
