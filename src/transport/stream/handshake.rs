//! How do the two ends of a stream come to their keys?
//!
//! ```text
//!  server   Preamble ──▶ Hello ──▶ (XX) Finish ──▶ established
//!              ▲           │ IK, and the hello does not open: REFUSE UNKNOWN_KEY, once
//!              └───────────┘
//!  client   Welcome ──▶ established
//!              │ REFUSE UNKNOWN_KEY to an IK hello: a new preamble, and XX
//!              └──▶ Welcome
//! ```
//!
//! The server says no aloud (VERSIONS, REFUSE) to whoever speaks our protocol, and closes without a word on
//! whoever does not. The client says nothing before it trusts the server's key: it just closes.

use super::config::HandshakeInput;
use super::frame::{self, Kind};
use super::output::Output;
use super::preamble::{Preamble, VERSION};
use crate::crypto::{
    HandshakeError, Identity, Initiator, Opener, Pattern, PublicKey, Responder, Sealer, Secrets,
};
use crate::rng::Rng;
use crate::transport::params::GREETING_MAX;
use crate::transport::session::{CloseCode, CloseReason};

/// Which end we are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// The one that connected.
    Client,
    /// The one that listened.
    Server,
}

/// What a handshake ends in.
#[derive(Debug)]
pub struct Established {
    /// Which end we are.
    pub role: Role,
    /// Seals what we send.
    pub sealer: Sealer,
    /// Opens what the peer sends.
    pub opener: Opener,
    /// The key that the peer proved.
    pub peer: PublicKey,
    /// What the peer says of itself.
    pub greeting: Vec<u8>,
    /// What the client called the connection in its preamble.
    pub client_id: u64,
    /// The keys themselves; `None` in the clear.
    pub secrets: Option<Secrets>,
}

/// The outcome of a step: established, not yet, or over for this reason.
type Step = Result<Option<Established>, CloseReason>;

const OUT_OF_TURN: CloseReason = CloseReason::Protocol("a handshake frame out of turn");
const FORGED: CloseReason = CloseReason::Protocol("a handshake message that does not open");
const GREETING_TOO_LONG: &str = "a greeting too long";

/// The client, waiting for WELCOME.
#[derive(Debug)]
pub struct ClientHandshake {
    input: HandshakeInput,
    pattern: Pattern,
    /// What the last preamble called the connection.
    client_id: u64,
    rng: Rng,
    /// Taken by the WELCOME, after which there is no second one.
    initiator: Option<Initiator>,
}

impl ClientHandshake {
    /// Writes preamble and HELLO.
    pub fn begin(input: HandshakeInput, output: &mut Output) -> Result<Self, HandshakeError> {
        if input.greeting.len() > GREETING_MAX {
            return Err(HandshakeError::TooLong);
        }
        let mut rng = Rng::from_bytes(input.seed);
        let pattern = input.pattern;
        let (client_id, initiator) = say_hello(&input, pattern, &mut rng, output)?;
        Ok(Self { input, pattern, client_id, rng, initiator: Some(initiator) })
    }

    /// A frame came.
    pub fn on_frame(&mut self, kind: Kind, body: &[u8], output: &mut Output) -> Step {
        match kind {
            Kind::Welcome => self.on_welcome(body, output).map(Some),
            Kind::Versions => Err(CloseReason::Version(frame::read_versions(body))),
            Kind::Refuse => {
                let (code, text) = frame::read_refuse(body).map_err(|e| CloseReason::Protocol(e.0))?;
                if code != CloseCode::UNKNOWN_KEY || self.pattern != Pattern::Ik {
                    return Err(CloseReason::Refused(code, text));
                }
                self.pattern = Pattern::Xx;
                let again = say_hello(&self.input, self.pattern, &mut self.rng, output);
                let (client_id, initiator) = again.map_err(unwritable)?;
                (self.client_id, self.initiator) = (client_id, Some(initiator));
                Ok(None)
            }
            _ => Err(OUT_OF_TURN),
        }
    }

    fn on_welcome(&mut self, body: &[u8], output: &mut Output) -> Result<Established, CloseReason> {
        let mut initiator = self.initiator.take().ok_or(OUT_OF_TURN)?;
        let greeting = initiator.read_welcome(body).map_err(|_| FORGED)?;
        if greeting.len() > GREETING_MAX {
            return Err(CloseReason::Protocol(GREETING_TOO_LONG));
        }
        let peer = initiator.server_key().ok_or(FORGED)?;
        self.input.trust.check(&peer, &greeting).map_err(CloseReason::Untrusted)?;
        if self.pattern.has_finish() {
            let finish = initiator.write_finish(&self.input.greeting).map_err(unwritable)?;
            output.put(&frame::plain(Kind::Finish, &finish));
        }
        let keys = initiator.into_keys().map_err(unwritable)?;
        let (secrets, client_id) = (keys.secrets(), self.client_id);
        let (sealer, opener) = keys.client();
        Ok(Established { role: Role::Client, sealer, opener, peer, greeting, client_id, secrets })
    }
}

/// Begins an attempt: XX tells nothing of us yet, the others greet at once.
fn say_hello(
    input: &HandshakeInput,
    pattern: Pattern,
    rng: &mut Rng,
    output: &mut Output,
) -> Result<(u64, Initiator), HandshakeError> {
    let client_id = rng.bytes();
    let preamble = Preamble { pattern, client_id }.to_bytes();
    let mut initiator = Initiator::new(pattern, &input.identity, input.server, &preamble, rng.bytes())?;
    let greeting = if pattern.has_finish() { &[][..] } else { &input.greeting };
    let hello = initiator.write_hello(greeting)?;
    output.put(&preamble);
    output.put(&frame::plain(Kind::Hello, &hello));
    Ok((u64::from_be_bytes(client_id), initiator))
}

/// What the server waits for.
#[derive(Debug)]
enum Awaited {
    Preamble,
    Hello(Preamble),
    /// With the client's id.
    Finish(Box<Responder>, u64),
}

/// The server, before it knows its client.
#[derive(Debug)]
pub struct ServerHandshake {
    identity: Identity,
    greeting: Vec<u8>,
    insecure: bool,
    rng: Rng,
    awaited: Awaited,
    refused_once: bool,
}

impl ServerHandshake {
    /// Waits for a preamble.
    pub fn new(identity: Identity, greeting: Vec<u8>, insecure: bool, seed: [u8; 32]) -> Self {
        let rng = Rng::from_bytes(seed);
        Self { identity, greeting, insecure, rng, awaited: Awaited::Preamble, refused_once: false }
    }

    /// Is a preamble to come next, and not a frame?
    pub const fn awaits_preamble(&self) -> bool {
        matches!(self.awaited, Awaited::Preamble)
    }

    /// The client speaks another version: says which we speak.
    pub fn on_foreign_version(version: u32, output: &mut Output) -> CloseReason {
        output.put(&frame::plain(Kind::Versions, &frame::versions_body(&[VERSION])));
        CloseReason::Version(vec![version])
    }

    /// A preamble came, of our version.
    pub fn on_preamble(&mut self, bytes: &[u8], output: &mut Output) -> Result<(), CloseReason> {
        let Ok(preamble) = Preamble::read(bytes) else {
            return Err(refuse(output, CloseCode::PROTOCOL, "no such handshake pattern"));
        };
        match (self.insecure, preamble.pattern == Pattern::Clear) {
            (true, false) => {
                let text = "this server speaks in the clear only; ask for it with --insecure";
                Err(refuse(output, CloseCode::SEAL_MISMATCH, text))
            }
            (false, true) => {
                let text = "this server does not speak in the clear; leave --insecure out";
                Err(refuse(output, CloseCode::SEAL_MISMATCH, text))
            }
            _ => {
                self.awaited = Awaited::Hello(preamble);
                Ok(())
            }
        }
    }

    /// A frame came.
    pub fn on_frame(&mut self, kind: Kind, body: &[u8], output: &mut Output) -> Step {
        match (kind, std::mem::replace(&mut self.awaited, Awaited::Preamble)) {
            (Kind::Hello, Awaited::Hello(preamble)) => self.on_hello(preamble, body, output),
            (Kind::Finish, Awaited::Finish(mut responder, client_id)) => {
                let Ok(greeting) = responder.read_finish(body) else {
                    return Err(refuse(output, CloseCode::PROTOCOL, "the finish does not open"));
                };
                bound_greeting(&greeting, output)?;
                established(*responder, client_id, greeting).map(Some)
            }
            _ => Err(refuse(output, CloseCode::PROTOCOL, "a handshake frame out of turn")),
        }
    }

    fn on_hello(&mut self, preamble: Preamble, body: &[u8], output: &mut Output) -> Step {
        let (pattern, prologue) = (preamble.pattern, preamble.to_bytes());
        let client_id = u64::from_be_bytes(preamble.client_id);
        let accepted = Responder::accept(pattern, &self.identity, &prologue, self.rng.bytes(), body);
        let Ok((mut responder, greeting)) = accepted else {
            return self.on_unopened_hello(pattern, output);
        };
        bound_greeting(&greeting, output)?;
        let welcome = responder.write_welcome(&self.greeting).map_err(unwritable)?;
        output.put(&frame::plain(Kind::Welcome, &welcome));
        if pattern.has_finish() {
            self.awaited = Awaited::Finish(Box::new(responder), client_id);
            return Ok(None);
        }
        established(responder, client_id, greeting).map(Some)
    }

    fn on_unopened_hello(&mut self, pattern: Pattern, output: &mut Output) -> Step {
        if pattern != Pattern::Ik || std::mem::replace(&mut self.refused_once, true) {
            return Err(refuse(output, CloseCode::PROTOCOL, "the hello does not open"));
        }
        let body = frame::refuse_body(CloseCode::UNKNOWN_KEY, "this server has another key now");
        output.put(&frame::plain(Kind::Refuse, &body));
        self.awaited = Awaited::Preamble;
        Ok(None)
    }
}

/// A client may say so much of itself, on a stream as in datagrams.
fn bound_greeting(greeting: &[u8], output: &mut Output) -> Result<(), CloseReason> {
    if greeting.len() > GREETING_MAX {
        return Err(refuse(output, CloseCode::PROTOCOL, GREETING_TOO_LONG));
    }
    Ok(())
}

fn established(responder: Responder, client_id: u64, greeting: Vec<u8>) -> Result<Established, CloseReason> {
    let peer = responder.client_key().ok_or(FORGED)?;
    let keys = responder.into_keys().map_err(unwritable)?;
    let secrets = keys.secrets();
    let (sealer, opener) = keys.server();
    Ok(Established { role: Role::Server, sealer, opener, peer, greeting, client_id, secrets })
}

/// We could not write our own part.
const fn unwritable(error: HandshakeError) -> CloseReason {
    CloseReason::Protocol(match error {
        HandshakeError::TooLong => "a greeting too long for a handshake message",
        _ => "a handshake message of our own out of turn",
    })
}

/// Says no to a client; this is also how we name the end to our own user.
pub fn refuse(output: &mut Output, code: CloseCode, text: &str) -> CloseReason {
    output.put(&frame::plain(Kind::Refuse, &frame::refuse_body(code, text)));
    CloseReason::Refused(code, text.to_owned())
}
