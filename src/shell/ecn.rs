//! How do the two bits of ECN enter and leave the machine?
//!
//! They stand in each IP header, beside the class of traffic (RFC 3168 §5):
//!
//! ```text
//!   00  Not      its sender does not understand marks: a full queue drops it
//!   10  Capable  ECT(0): a queue that grows may mark it     01, ECT(1), is read as the same
//!   11  Marked   CE: one has
//! ```
//!
//! What comes is told by the system with each datagram (`quinn_udp`, wherever it can). An unconnected port
//! says it likewise for each datagram that leaves. A connected one has it as an option of the socket, set
//! when it changes, because some systems (macOS) take no destination there, and `quinn_udp` always gives one.
//!
//! Left out on purpose: connected ports of systems of which it is not known that they take the option for
//! datagrams (Windows does not). They send without ECN, and answer marks all the same.

use quinn_udp::EcnCodepoint;
use socket2::SockRef;
use std::io;

/// What the two bits say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Ecn {
    /// Nothing: the sender does not understand marks.
    #[default]
    Not,
    /// It does.
    Capable,
    /// A queue has marked it.
    Marked,
}

impl Ecn {
    /// Of a datagram that may (or may not) say that its sender understands marks.
    pub const fn of(is_ect: bool) -> Self {
        if is_ect { Self::Capable } else { Self::Not }
    }

    /// After an emulated queue that marks what it can (`congested`), or one that does not.
    #[must_use]
    pub const fn through(self, congested: bool) -> Self {
        match self {
            Self::Capable if congested => Self::Marked,
            other => other,
        }
    }

    /// As the system told it of a datagram that came.
    pub(super) fn came(codepoint: Option<EcnCodepoint>) -> Self {
        match codepoint {
            None => Self::Not,
            Some(EcnCodepoint::Ect0 | EcnCodepoint::Ect1) => Self::Capable,
            Some(EcnCodepoint::Ce) => Self::Marked,
        }
    }

    /// As the system wants it told for one that leaves.
    pub(super) const fn codepoint(self) -> Option<EcnCodepoint> {
        match self {
            Self::Not => None,
            Self::Capable => Some(EcnCodepoint::Ect0),
            Self::Marked => Some(EcnCodepoint::Ce),
        }
    }
}

/// From now on all that leaves a connected socket says so. An error: it goes on saying what it said.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "freebsd"))]
pub(super) fn say(socket: &SockRef<'_>, is_ipv4: bool, ecn: Ecn) -> io::Result<()> {
    let bits = ecn.codepoint().map_or(0, |codepoint| codepoint as u32);
    if is_ipv4 { socket.set_tos_v4(bits) } else { socket.set_tclass_v6(bits) }
}

/// It is not known how.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "freebsd")))]
pub(super) fn say(_: &SockRef<'_>, _: bool, _: Ecn) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_understands_marks_gets_one() {
        assert_eq!(Ecn::of(true).through(true), Ecn::Marked);
        assert_eq!(Ecn::of(true).through(false), Ecn::Capable);
        assert_eq!(Ecn::of(false).through(true), Ecn::Not);
        assert_eq!(Ecn::Marked.through(false), Ecn::Marked, "a mark stays");
    }

    #[test]
    fn what_is_told_to_the_system_is_what_it_tells() {
        for ecn in [Ecn::Not, Ecn::Capable, Ecn::Marked] {
            assert_eq!(Ecn::came(ecn.codepoint()), ecn);
        }
    }
}
