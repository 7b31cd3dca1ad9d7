//! What became of one packet on the emulated link?

use crate::lab::link::{Direction, DropCause, Verdict};
use crate::time::Instant;

/// Which protocol it carried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// A segment of TCP.
    Tcp(TcpPart),
    /// A datagram.
    Udp,
    /// Anything else.
    Other,
}

/// What a ladder tells of a TCP segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TcpPart {
    /// The flags byte (RFC 9293 §3.1): FIN 1, SYN 2, RST 4, PSH 8, ACK 16.
    pub flags: u8,
    /// The sequence number of its first byte.
    pub sequence: u32,
    /// The acknowledgement number.
    pub acknowledgement: u32,
    /// Bytes of data.
    pub bytes: u32,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It left at the other end at this moment.
    Delivered(Instant),
    /// The link dropped it.
    Dropped(DropCause),
}

/// A packet that entered the link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passage {
    /// When it entered.
    pub entered: Instant,
    /// Which way.
    pub direction: Direction,
    /// Its number in this direction, from 1.
    pub number: u64,
    /// Its IP bytes.
    pub ip_bytes: u32,
    /// The port at the client's end: which of several clients it belongs to; 0 where there is none.
    pub client_port: u16,
    /// What it carried.
    pub protocol: Protocol,
    /// What became of it.
    pub fate: Fate,
}

impl From<Verdict> for Fate {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passes(due) => Self::Delivered(due),
            Verdict::Dropped(cause) => Self::Dropped(cause),
        }
    }
}
