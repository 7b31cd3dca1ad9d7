//! What happened, and why?
//!
//! Everything that the reliability layer decides is one [`TraceEvent`], given to a [`Sink`] at the moment
//! of the decision. Ladders, statistics, logs and live views are renderings of the same events; the code
//! that decides writes no prose. With no sink an event costs one branch.

use crate::time::{Duration, Instant};
use std::fmt;
use std::sync::Arc;

/// Why a packet was sent: the most telling of the reasons that it had.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SendCause {
    /// It carries something for the first time.
    First,
    /// It carries again what was declared lost.
    Retransmission,
    /// It carries copies of what is under way, and left for their sake.
    ExtraCopy,
    /// Silence lasted for a probe timeout: it asks for an acknowledgement (RFC 9002 §6.2.4).
    Probe,
    /// Nothing was to be said for a heartbeat's time.
    Heartbeat,
    /// It only acknowledges.
    Acknowledgement,
    /// It asks whether a datagram so large passes (RFC 8899).
    SizeProbe,
    /// It governs the session: credit, path, close.
    Control,
}

/// Why a packet carries a piece of a message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PieceCause {
    /// For the first time.
    First,
    /// A copy, before anybody said that it is lost.
    Copy,
    /// All that carried it is lost, or silence lasts.
    Retransmission,
}

/// Why a datagram was dropped unread.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DropReason {
    /// Its number was seen before.
    Duplicate,
    /// Its number is so old that the replay window no longer knows.
    TooOld,
    /// Its seal does not hold.
    Forged,
    /// It is not a datagram of ours.
    Malformed,
    /// Nobody here has that connection id.
    Misaddressed,
    /// It comes too early or too late for the session's state.
    Unexpected,
}

/// One fact.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the text of a variant names its fields")]
pub enum TraceEvent {
    /// A handshake datagram left: its kind, its size, and which attempt it is, from 1; 0 where nobody counts.
    /// In a session's own events that is where it goes before the packet that leaves next.
    HandshakeSent { kind: &'static str, bytes: usize, attempt: u32 },
    /// A handshake datagram arrived.
    HandshakeReceived { kind: &'static str, bytes: usize },
    /// Both sides have proved themselves.
    Established { early_accepted: bool },
    /// The datagram that leaves next carries this piece of a message.
    PieceSent { channel: u64, sequence: u64, offset: u64, len: u64, cause: PieceCause },
    /// The packet that leaves next acknowledges what arrived up to this number.
    AckSent { largest: u64 },
    /// A data packet left.
    PacketSent { number: u64, bytes: usize, cause: SendCause },
    /// A data packet arrived; `late` when a later one came first.
    PacketReceived { number: u64, bytes: usize, late: bool },
    /// Over TCP: a sealed frame was handed to the stream; frames are counted from 0. In which segments the
    /// kernel sends it, and how often, it keeps to itself.
    FrameSent { number: u64, kind: &'static str, bytes: usize },
    /// Over TCP: a whole sealed frame came out of the stream.
    FrameReceived { number: u64, kind: &'static str, bytes: usize },
    /// A datagram was dropped unread.
    DatagramDropped { bytes: usize, reason: DropReason },
    /// The peer has this packet.
    PacketAcknowledged { number: u64 },
    /// This packet counts as lost, by this rule; it was sent so long ago. One that only tried its size out
    /// tells nothing of the path but that.
    PacketLost { number: u64, by_time: bool, age: Duration, size_probe: bool },
    /// This packet was out for a retransmission timeout, or (`behind`) after one that was: it goes again.
    PacketTimedOut { number: u64, age: Duration, behind: bool },
    /// This packet is dropped and not acknowledged: it carries this message of this channel before its turn.
    PacketOutOfOrder { number: u64, channel: u64, sequence: u64 },
    /// This packet counted as lost for so long, and has arrived after all: what was sent again for its sake
    /// was sent for nothing.
    LossSpurious { number: u64, after: Duration },
    /// The probe timer fired for the `count`-th time in a row.
    ProbeFired { count: u32 },
    /// An acknowledgement that was held back for further packets is due.
    AckTimerFired,
    /// What the pacer held back may leave.
    PacingTimerFired,
    /// No copies of small messages are sent for so long: they fill what loses them.
    CopiesRest { span: Duration },
    /// A round trip was measured.
    RttSampled { sample: Duration, smoothed: Duration, variation: Duration, least: Duration },
    /// The congestion window moved, in bytes.
    WindowMoved { window: u64, in_flight: u64 },
    /// So many more packets of ours came with the mark of a growing queue.
    CongestionMarked { count: u64 },
    /// The first packets that a queue may mark have told whether the path carries such; or, later, what the peer
    /// tells of marks cannot be true.
    EcnTested { works: bool },
    /// From here on datagrams have up to this many bytes.
    DatagramSize { bytes: usize },
    /// A piece arrived whose bytes were here already.
    PieceDuplicate { channel: u64, sequence: u64 },
    /// A piece arrived of a message that a newer one has made worthless.
    PieceOutdated { channel: u64, sequence: u64 },
    /// So many messages were forgotten before anything of them was sent: their deadline passed, or a newer one
    /// came where only the latest counts.
    MessagesExpired { count: u64 },
    /// The packet that leaves next tells that this message, part of which was sent, is not sent any more.
    MessageAbandoned { channel: u64, sequence: u64 },
    /// A message was handed to the user.
    MessageDelivered { channel: u64, bytes: usize },
    /// The peer went silent, or is back.
    Liveness { state: &'static str },
    /// The peer's address is another one now.
    Roamed,
    /// Our next packets are sealed with the next key.
    Rekeyed,
    /// The session is over.
    Closed { reason: String },
}

/// Takes events. It is handed the session's own connection id.
pub trait Sink: Send + Sync {
    /// This happened at `now` in session `session`.
    fn event(&self, now: Instant, session: u64, event: &TraceEvent);
}

/// Two sinks as one.
struct Both(Arc<dyn Sink>, Arc<dyn Sink>);

impl Sink for Both {
    fn event(&self, now: Instant, session: u64, event: &TraceEvent) {
        self.0.event(now, session, event);
        self.1.event(now, session, event);
    }
}

/// The first traffic keys of a session, at the moment when it has them. No event has them, and they have no
/// `Debug`: they go to whoever was let in on them and nowhere else.
#[derive(Clone, Copy)]
pub struct SessionKeys<'a> {
    /// `udp` or `tcp`.
    pub transport: &'static str,
    /// The connection id that the client chose.
    pub client: u64,
    /// The connection id that the server chose; 0 over TCP, which has none.
    pub server: u64,
    /// What the client seals with.
    pub to_server: &'a [u8; 32],
    /// What the server seals with.
    pub to_client: &'a [u8; 32],
}

/// Takes keys: whoever has them reads everything.
pub trait KeySink: Send + Sync {
    /// A session has come to these keys.
    fn keys(&self, keys: &SessionKeys<'_>);
}

/// A way to a sink, or to nowhere; and, if asked for, a way for keys.
#[derive(Clone, Default)]
pub struct Tracer {
    sink: Option<Arc<dyn Sink>>,
    keys: Option<Arc<dyn KeySink>>,
}

impl Tracer {
    /// To this sink.
    pub fn new(sink: Arc<dyn Sink>) -> Self {
        Self { sink: Some(sink), keys: None }
    }

    /// This one, and events go to this sink too.
    pub fn and(self, sink: Arc<dyn Sink>) -> Self {
        let sink = match self.sink {
            Some(first) => Arc::new(Both(first, sink)),
            None => sink,
        };
        Self { sink: Some(sink), keys: self.keys }
    }

    /// This one, and keys go there.
    pub fn with_keys(self, keys: Arc<dyn KeySink>) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// Does it lead to a sink?
    pub const fn is_on(&self) -> bool {
        self.sink.is_some()
    }

    /// Emits an event; `event` is made only if somebody listens.
    #[inline]
    pub fn emit(&self, now: Instant, session: u64, event: impl FnOnce() -> TraceEvent) {
        if let Some(sink) = &self.sink {
            sink.event(now, session, &event());
        }
    }

    /// Hands keys to whoever was let in on them.
    pub fn keys(&self, keys: &SessionKeys<'_>) {
        if let Some(sink) = &self.keys {
            sink.keys(keys);
        }
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.sink.is_some() { "Tracer(on)" } else { "Tracer(off)" })
    }
}
