//! How do IP packets enter and leave the relay?
//!
//! Through a packet socket of the kind that takes the ethernet header off and puts it on (packet(7)), bound
//! to the relay's half of a pair. A packet comes with the time at which the kernel had it, so that a relay
//! that reads late does not make the link longer.

use super::system::{self, Mac};
use crate::shell::clock;
use crate::time::{Duration, Instant};
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};

/// For bursts: what the kernel holds until the relay reads.
const RECEIVE_BUFFER: i32 = 64 << 20;
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// The relay's side of one end.
#[derive(Debug)]
pub struct PacketSocket {
    socket: Socket,
    /// Where IPv4 and IPv6 packets for the end go.
    towards: [SockAddr; 2],
    dropped: u64,
    refused: u64,
}

/// What the wall clock showed when the monotonic one showed this: the bridge from a kernel's time stamp to
/// our time.
#[derive(Clone, Copy, Debug)]
pub struct Bridge {
    now: Instant,
    unix_ns: Option<u64>,
}

impl Bridge {
    /// Both clocks, now.
    pub fn now() -> Self {
        Self { now: clock::now(), unix_ns: system::unix_ns() }
    }

    /// Our time of a stamp that is not of the future; without one, now.
    fn moment(self, stamp: Option<u64>) -> Instant {
        let age = self.unix_ns.zip(stamp).and_then(|(now, stamp)| now.checked_sub(stamp));
        // A wall clock that was set between the two would make it old: the relay is never seconds behind.
        let age = age.map(Duration::from_nanos).filter(|age| *age < Duration::from_secs(2));
        self.now - age.unwrap_or_default()
    }
}

impl PacketSocket {
    /// Opens one on this interface, behind which the end has this address.
    pub fn open(interface: i32, end: Mac) -> io::Result<Self> {
        // Of no protocol until it is bound: else it would hear other interfaces until then.
        let socket = Socket::new(Domain::PACKET, Type::DGRAM, None)?;
        system::set_option(&socket, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, 1)?;
        system::set_option(&socket, libc::SOL_PACKET, libc::PACKET_QDISC_BYPASS, 1)?;
        system::set_option(&socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
        // Only root may have more than the system's limit; up to that anybody.
        if system::set_option(&socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, RECEIVE_BUFFER).is_err() {
            system::set_option(&socket, libc::SOL_SOCKET, libc::SO_RCVBUF, RECEIVE_BUFFER)?;
        }
        socket.bind(&system::listening_address(interface)?)?;
        let towards =
            [system::link_address(interface, IPV4, end)?, system::link_address(interface, IPV6, end)?];
        Ok(Self { socket, towards, dropped: 0, refused: 0 })
    }

    /// Takes a packet that the end has sent, and when; `None`: there is none.
    pub fn receive(&self, buffer: &mut [u8], bridge: Bridge) -> io::Result<Option<(usize, Instant)>> {
        match system::receive(self.socket.as_fd(), buffer) {
            Ok(received) => Ok(Some((received.length, bridge.moment(received.unix_ns)))),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Hands a packet to the end. What the system does not take is counted.
    pub fn send(&mut self, packet: &[u8]) {
        let is_v6 = packet.first().is_some_and(|first| first >> 4 == 6);
        if self.socket.send_to(packet, &self.towards[usize::from(is_v6)]).is_err() {
            self.refused += 1;
        }
    }

    /// Packets that the kernel dropped because the relay was too slow to read them, so far.
    pub fn overflow(&mut self) -> u64 {
        self.dropped += system::packets_dropped(&self.socket);
        self.dropped
    }

    /// Packets that the system did not take for the end, so far.
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn a_stamp_is_translated_and_a_strange_one_is_now() {
        let bridge = Bridge { now: at(5_000_000), unix_ns: Some(1_000_000_000_000) };
        assert_eq!(bridge.moment(Some(1_000_000_000_000 - 250_000)), at(4_999_750));
        assert_eq!(bridge.moment(None), at(5_000_000));
        assert_eq!(bridge.moment(Some(1_000_000_000_001)), at(5_000_000), "of the future");
        assert_eq!(bridge.moment(Some(7)), at(5_000_000), "the clock was set");
    }
}
