//! What is a session, whatever carries it?
//!
//! Two peers who proved their keys to each other, and channels of messages between them. The UDP
//! [connection](super::connection) and the TCP [stream](super::stream) both answer with these values, so
//! the chat above cannot tell them apart and a comparison compares only what carries the messages.

use super::channel::delivery::Delivery;
pub use crate::crypto::identity::PublicKey;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of one message on their way out: shared, so that a broadcast is encoded once.
pub type Payload = Arc<[u8]>;

/// A channel's number. Both directions of a channel share it; whoever opens it picks it. The two low bits
/// say what it [promises](super::channel::delivery::Delivery).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ChannelId(pub u64);

impl ChannelId {
    /// Requests, answers, presence.
    pub const CONTROL: Self = Self(0);
    /// Private messages.
    pub const PRIVATE: Self = Self(4);

    /// The channel of the `index`-th room that a client has open.
    pub const fn room(index: u64) -> Self {
        Self(8 + 4 * index)
    }

    /// The channel that stands in this one's place with another [delivery](super::channel::delivery::Delivery).
    pub const fn delivered(self, delivery: Delivery) -> Self {
        Self(self.0 - self.0 % 4 + delivery.bits())
    }
}

/// Has the peer been heard of lately?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Liveness {
    /// Yes.
    Alive,
    /// Silent for [`LivenessConfig::suspect_after`]; being probed.
    Suspected,
    /// Silent for [`LivenessConfig::lost_after`]; people are told.
    Lost,
}

impl Liveness {
    /// In a word: `alive`, `suspected`, `lost`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Suspected => "suspected",
            Self::Lost => "lost",
        }
    }
}

/// When silence means what. All settings; the defaults are the product's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LivenessConfig {
    /// Silent for so long on our side: send a heartbeat (1 s).
    pub heartbeat: Duration,
    /// Nothing heard for so long: suspect, and probe (3 s).
    pub suspect_after: Duration,
    /// How often a suspect is probed (300 ms).
    pub probe_interval: Duration,
    /// Nothing heard for so long: lost (5 s).
    pub lost_after: Duration,
    /// Nothing heard for so long: the session is over (30 s).
    pub dead_after: Duration,
}

impl Default for LivenessConfig {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(1),
            suspect_after: Duration::from_secs(3),
            probe_interval: Duration::from_millis(300),
            lost_after: Duration::from_secs(5),
            dead_after: Duration::from_secs(30),
        }
    }
}

/// Why a session ended, as its user hears it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CloseReason {
    /// The peer closed it, with this code and text (authenticated).
    Peer(CloseCode, String),
    /// We closed it.
    Local,
    /// Nothing was heard for [`LivenessConfig::dead_after`].
    TimedOut,
    /// The peer no longer knows the session: it started anew.
    Reset,
    /// The handshake did not come to its end in time. Over UDP only a server says so, of a client that never
    /// showed that it has the keys: a client says hello until its user gives up.
    HandshakeTimedOut,
    /// The peer speaks other versions only.
    Version(Vec<u32>),
    /// The server turned the handshake down before it began, with this text.
    Refused(CloseCode, String),
    /// The server's key is not the one that its name is pinned to; the text explains.
    Untrusted(String),
    /// What came from the peer broke the protocol; the text names the rule.
    Protocol(&'static str),
    /// The stream below broke (TCP only).
    Broken(String),
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(code, text) if *code == CloseCode::GOODBYE && text.is_empty() => f.write_str("left"),
            Self::Peer(_, text) | Self::Refused(_, text) | Self::Untrusted(text) | Self::Broken(text) => {
                f.write_str(text)
            }
            Self::Local => f.write_str("closed here"),
            Self::TimedOut => f.write_str("nothing heard for too long"),
            Self::Reset => f.write_str("the server started anew"),
            Self::HandshakeTimedOut => f.write_str("no answer to the handshake"),
            Self::Version(versions) => {
                let spoken: Vec<String> = versions.iter().map(u32::to_string).collect();
                write!(f, "the server speaks version {} of the protocol, and we do not", spoken.join(", "))
            }
            Self::Protocol(rule) => write!(f, "broke the protocol: {rule}"),
        }
    }
}

/// Why a peer closes: a number on the wire, stable for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// Left in good order.
    pub const GOODBYE: Self = Self(0);
    /// The server is going down; come back by yourself.
    pub const SHUTDOWN: Self = Self(1);
    /// The name belongs to another key.
    pub const NAME_TAKEN: Self = Self(2);
    /// The name is not a name.
    pub const NAME_INVALID: Self = Self(3);
    /// A newer session of the same instance took over.
    pub const REPLACED: Self = Self(4);
    /// The reader was so slow that its queue overflowed.
    pub const SLOW_READER: Self = Self(5);
    /// The peer broke the protocol.
    pub const PROTOCOL: Self = Self(6);
    /// The server is full.
    pub const FULL: Self = Self(7);
    /// This server does not speak in the clear (or only so).
    pub const SEAL_MISMATCH: Self = Self(8);
    /// The server could not open the handshake with the key it has now: try again as a stranger.
    pub const UNKNOWN_KEY: Self = Self(9);
    /// Too many are connecting at this moment; come back by yourself.
    pub const BUSY: Self = Self(10);
    /// What was to be proved at the door was not: the class secret, a password or a token.
    pub const DENIED: Self = Self(11);
    /// A moderator ended the session; its person may come back.
    pub const KICKED: Self = Self(12);
    /// A moderator keeps this key or this address out.
    pub const BANNED: Self = Self(13);
}

/// What a session tells its user, in the order in which it happened.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SessionEvent {
    /// Both sides have proved themselves; this is what the peer said of itself in the handshake. Messages
    /// of the first flight may follow at once.
    Connected { peer: PublicKey, greeting: Vec<u8> },
    /// A message arrived whole and in its channel's order.
    Message { channel: ChannelId, bytes: Vec<u8> },
    /// The peer went silent, or is back.
    Liveness(Liveness),
    /// It is over; nothing follows.
    Closed(CloseReason),
}

/// What carries a session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// Datagrams with our own reliability layer.
    Udp,
    /// The kernel's stream.
    Tcp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        })
    }
}

/// What a session has measured so far: `/stats`. `None` where the transport cannot know.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct SessionStats {
    /// Smoothed round-trip time.
    pub rtt: Option<Duration>,
    /// Its mean deviation.
    pub rttvar: Option<Duration>,
    /// The least seen.
    pub rtt_min: Option<Duration>,
    /// Share of our packets that were declared lost and have not arrived since, 0 to 1. Those that only ask
    /// how large a datagram may be do not count as lost.
    pub loss: Option<f64>,
    /// Datagrams (UDP) or frames (TCP) sent.
    pub sent: u64,
    /// Datagrams that carried something for the second time or later.
    pub retransmitted: Option<u64>,
    /// Datagrams that were declared lost and have arrived after all.
    pub spurious: Option<u64>,
    /// How many of our packets came with the mark of a growing queue (ECN, RFC 3168).
    pub marks: Option<u64>,
    /// How often the probe timer fired: nothing was acknowledged for too long (RFC 9002 §6.2).
    pub probes: Option<u64>,
    /// Bytes of UDP payload or of the stream, sent.
    pub bytes_out: u64,
    /// Likewise received.
    pub bytes_in: u64,
    /// What the bytes sent were for.
    pub spent: Option<BytesByCause>,
    /// What the datagrams that came tell of their way.
    pub arrived: Option<Arrived>,
    /// Bytes sent and not yet acknowledged.
    pub in_flight: Option<u64>,
    /// The congestion window in bytes.
    pub cwnd: Option<u64>,
}

/// What the bytes sent were for, in UDP payload; all of them together are all that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BytesByCause {
    /// Of messages, for the first time.
    pub first: u64,
    /// Of messages, copies in a datagram that left anyway.
    pub bundle: u64,
    /// Of messages, copies in a datagram that left for their sake.
    pub copy: u64,
    /// Of messages, again since they were lost.
    pub retransmission: u64,
    /// Datagrams that only acknowledge.
    pub acknowledgement: u64,
    /// Other datagrams without messages: handshake, probes, heartbeats, credit.
    pub control: u64,
    /// Around messages: headers, seals, frames, acknowledgements that ride along.
    pub overhead: u64,
}

impl BytesByCause {
    /// All.
    pub const fn total(&self) -> u64 {
        let Self { first, bundle, copy, retransmission, acknowledgement, control, overhead } = *self;
        first + bundle + copy + retransmission + acknowledgement + control + overhead
    }
}

/// What the datagrams that came tell of their way.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Arrived {
    /// Came twice.
    pub duplicates: u64,
    /// Came behind a later one.
    pub reordered: u64,
    /// Share of the peer's packet numbers, up to the largest that came, that have not come (0 to 1).
    pub loss: Option<f64>,
}

/// Why [`send`](super) was refused: the sender has too much queued already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendError {
    /// The session's send queue is at its bound; nothing was queued.
    QueueFull,
    /// Longer than a message may be.
    TooLong,
    /// The session is over.
    Closed,
    /// A deadline for a message of an ordered channel, which delivers all.
    Ordered,
}
