//! What passes between a node and the shell (or the simulator) that runs it?

use crate::chat::client::Reading;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::message::{Failure, Proof, Wanted};
use crate::chat::quota::Terms;
use crate::crypto::{BoundSalt, StretchedKey, Thumbprint};
use crate::files::FileEvent;
use crate::store::Keep;
use crate::time::Duration;
use crate::transport::config::Choices;
use crate::transport::session::{LivenessConfig, PublicKey, SessionStats, Transport};
use std::fmt;
use std::net::SocketAddr;

/// One TCP connection of a server, numbered by the server node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamId(pub u64);

pub use crate::transport::path::Path;

/// What a server node wants done to its TCP connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StreamAction {
    /// `stream_output` has bytes: write what the socket takes, then say `stream_written`.
    Write(StreamId),
    /// Flush what `stream_output` still has if the socket takes it at once, then close.
    Close(StreamId),
}

/// What happened on a server, for its log and for a lecturer's eyes.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Debug)]
pub enum ServerEvent {
    /// A session is up.
    Connected { name: String, transport: Transport, address: SocketAddr, agent: String, sessions: usize },
    /// A session ended.
    Disconnected { name: String, address: SocketAddr, reason: String, sessions: usize },
    /// A session went silent or came back.
    Liveness { name: String, address: SocketAddr, state: &'static str },
    /// A session continues from another address.
    Roamed { from: SocketAddr, to: SocketAddr },
    /// A handshake was turned away.
    TurnedAway { address: SocketAddr, reason: String },
    /// Somebody at the door gave this for that name, and may try again.
    WrongProof { name: String, address: SocketAddr, what: String },
    /// A name changed.
    Renamed { old: String, new: String },
    /// A moderator did something.
    Moderated { by: String, deed: String },
    /// The store could not keep something.
    StoreFailed { reason: String },
}

/// Settings of a server node.
#[derive(Clone, PartialEq, Debug)]
pub struct ServerConfig {
    /// The name under which clients pin the key.
    pub server_name: String,
    /// Speak in the clear with a CRC (and only so).
    pub insecure: bool,
    /// When silence means what.
    pub liveness: LivenessConfig,
    /// How the sessions over UDP send.
    pub choices: Choices,
    /// Milliseconds since 1970 at `Instant::ZERO`.
    pub unix_ms_at_zero: u64,
    /// The key of whoever runs the server: an owner, whatever the name.
    pub owner: Option<PublicKey>,
    /// How long what was said is kept.
    pub keep: Keep,
    /// Sessions at once, at most (50,000).
    pub max_sessions: usize,
    /// How much each session may say.
    pub terms: Terms,
}

/// What is known of a server's key before the server is met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Promise {
    /// A join code vouches for it.
    Code(StretchedKey),
    /// It announced itself so on the network, which vouches for nothing; but another key is another server.
    Announced(Thumbprint),
}

/// What is to carry a client's session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Preference {
    /// This and nothing else.
    Only(Transport),
    /// UDP; TCP where datagrams do not pass, until they do again.
    Auto,
}

impl Preference {
    /// What is tried first.
    pub const fn first(self) -> Transport {
        match self {
            Self::Only(transport) => transport,
            Self::Auto => Transport::Udp,
        }
    }
}

impl fmt::Display for Preference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only(transport) => transport.fmt(f),
            Self::Auto => f.write_str("auto"),
        }
    }
}

impl From<Transport> for Preference {
    fn from(transport: Transport) -> Self {
        Self::Only(transport)
    }
}

/// Settings of a client node.
#[derive(Clone, PartialEq, Debug)]
pub struct ClientConfig {
    /// What carries the session.
    pub transport: Preference,
    /// The name wanted.
    pub name: String,
    /// The room to join at the start.
    pub room: String,
    /// What was said before, and what of it was seen.
    pub reading: Reading,
    /// Speak in the clear with a CRC (and only so).
    pub insecure: bool,
    /// The server's key if it is known, by its address: then the first flight carries messages.
    pub expected_key: Option<PublicKey>,
    /// Servers known by name, each with its pinned key.
    pub pins: Vec<(String, PublicKey)>,
    /// What is known of the server's key before it is met: no other is accepted.
    pub promised: Option<Promise>,
    /// How many addresses the shell has for the server (at least 1).
    pub addresses: usize,
    /// Give up connecting for the first time after this.
    pub connect_timeout: Duration,
    /// When silence means what.
    pub liveness: LivenessConfig,
    /// How a session over UDP sends.
    pub choices: Choices,
    /// Milliseconds since 1970 at `Instant::ZERO`.
    pub unix_ms_at_zero: u64,
    /// After the end of input and the last acceptance, stay so long.
    pub linger: Duration,
}

/// What a client's shell reports of the network. Stale reports, of a network opened earlier, are dropped
/// by the shell.
#[derive(Debug)]
pub enum NetworkInput<'a> {
    /// A datagram (UDP).
    Datagram(&'a mut [u8]),
    /// A datagram (UDP) that a queue has marked (CE, RFC 3168 §5).
    MarkedDatagram(&'a mut [u8]),
    /// The stream is connected (TCP).
    StreamOpened,
    /// Bytes of the stream (TCP).
    StreamBytes(&'a [u8]),
    /// The stream ended or could not be made (TCP), with the system's words.
    StreamClosed(&'a str),
    /// The system says that nobody listens there, or that there is no way there.
    Unreachable(&'a str),
}

/// What a client node wants done to its network.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientAction {
    /// Drop the socket of this transport that there is, if any, and open one to the `address`-th address of
    /// the server: a UDP socket or a TCP connection. A client has at most one of each.
    Open { transport: Transport, address: usize },
    /// As [`ClientAction::Open`], but for UDP and the same session: only the local port changes.
    Rebind,
    /// Drop the socket of this transport; nothing more will be sent over it until the next `Open`.
    Close { transport: Transport },
}

/// What a client node tells its shell.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Debug)]
pub enum ClientEvent {
    /// To show.
    User(UserEvent),
    /// The server proved this key under this name: remember it (`new`: seen for the first time).
    Pin { server_name: String, key: PublicKey, new: bool },
    /// What the session has measured: once a second, and when a `line` asked for it.
    Stats { stats: SessionStats, line: Option<LineNumber> },
    /// The answer to `/fingerprint`: the key that the server proved, once one did, and one's own.
    Keys { line: LineNumber, server: Option<PublicKey>, own: PublicKey },
    /// Of files.
    File(FileEvent),
    /// Still not connected after five seconds: say what to check.
    ConnectingSlowly,
    /// The session is carried by this from now on; told when it changes, before `Connected`.
    Carried(Transport),
    /// The server wants this proved first: to be answered with `handle_answer`.
    Asked(Question),
    /// All is over; the shell ends with this.
    Finished(Ending),
}

/// How a client ended; the shell turns it into the exit code of the contract.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Left in good order; all that was typed was delivered (exit code 0).
    Done,
    /// These lines were not delivered (exit code 1).
    Undelivered(Vec<u64>),
    /// Could not connect (exit code 3).
    NotConnected(String),
    /// Refused: name taken, seal, key changed … (exit code 4).
    Refused { code: String, text: String },
}

/// What a server wants proved before it lets a client in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// What is to be proved.
    pub wanted: Wanted,
    /// The name that the client came with.
    pub name: String,
    /// The salt, bound to the key that the server has just proved.
    pub salt: BoundSalt,
    /// So many answers are looked at, this one included.
    pub tries_left: u8,
    /// Was the answer before wrong?
    pub again: bool,
    /// Is this the first meeting with this server, and nothing vouches for its key?
    pub first_meeting: bool,
}

/// The answer to a [`Question`]: a proof, or why there is none. Then the client ends as refused.
pub type Answer = Result<Proof, Failure>;
