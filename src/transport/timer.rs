//! What does a connection wait for? Every wake-up has a name.

use crate::time::Instant;

/// Why a connection wants to be woken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// Say hello again.
    HandshakeRetry,
    /// An overtaken packet's time is up (RFC 9002 §6.1.2).
    LossTime,
    /// Nothing was acknowledged for a probe timeout (RFC 9002 §6.2).
    Probe,
    /// A packet is out for a retransmission timeout (RFC 6298 §5; teaching modes).
    Retransmission,
    /// An acknowledgement has waited for further packets long enough (RFC 9000 §13.2.1).
    Acknowledge,
    /// A message under way should have another copy by now.
    ExtraCopy,
    /// What the pacer holds back may leave (RFC 9002 §7.7).
    Pacing,
    /// A heartbeat is due, or a silence has become too long.
    Liveness,
    /// A path challenge is to be sent again.
    PathChallenge,
    /// A close is to be said again, or its peer need not be answered any more.
    Close,
}

/// The earlier of two wake-ups, of which the other may not be.
#[inline]
pub fn earlier(next: (Instant, Timer), other: Option<(Instant, Timer)>) -> (Instant, Timer) {
    other.map_or(next, |other| next.min(other))
}
