//! `bench-reflector`: what is the server of a chat over UDP alone?
//!
//! Whoever asks to join gets an answer, and from then on a copy of all that others send. Nothing is
//! remembered, repeated or put in order.

use super::arguments::BenchReflector;
use crate::cli::exit::{Outcome, Stop};
use crate::lab::bench::Workload;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::{SocketAddr, UdpSocket};

/// A datagram that asks to be let in.
pub const JOIN: &[u8] = b"join";
/// The answer.
pub const WELCOME: &[u8] = b"welcome";
/// The largest datagram there is.
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// Runs until it is killed.
pub fn run(reflector: &BenchReflector) -> Outcome {
    let socket = UdpSocket::bind(reflector.listen).map_err(Stop::failed)?;
    let address = socket.local_addr().map_err(Stop::failed)?;
    let mut output = io::stdout().lock();
    writeln!(output, "listening udp {address}").and_then(|()| output.flush()).map_err(Stop::failed)?;
    let (mut members, mut buffer) = (Members::default(), vec![0; DATAGRAM_BYTES_MAX]);
    loop {
        // An error is one that ICMP reports of some member (Windows); the rest goes on.
        let Ok((count, from)) = socket.recv_from(&mut buffer) else { continue };
        let datagram = buffer.get(..count).unwrap_or_default();
        if datagram != JOIN {
            for member in members.others(from) {
                let _ = socket.send_to(datagram, member);
            }
        } else if members.join(from) {
            let _ = socket.send_to(WELCOME, from);
        }
    }
}

/// Who gets copies: at most as many as a run has receivers.
#[derive(Debug, Default)]
struct Members(BTreeSet<SocketAddr>);

impl Members {
    /// Is this one of them now?
    fn join(&mut self, address: SocketAddr) -> bool {
        if self.0.len() < Workload::RECEIVERS_MAX as usize {
            self.0.insert(address);
        }
        self.0.contains(&address)
    }

    fn others(&self, from: SocketAddr) -> impl Iterator<Item = SocketAddr> + '_ {
        self.0.iter().copied().filter(move |member| *member != from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(port: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, port).into()
    }

    #[test]
    fn everybody_but_the_speaker_gets_a_copy() {
        let mut members = Members::default();
        assert!(members.join(address(1)) && members.join(address(2)) && members.join(address(1)));
        assert_eq!(members.others(address(1)).collect::<Vec<_>>(), [address(2)]);
        assert_eq!(members.others(address(9)).count(), 2);
    }

    #[test]
    fn members_have_a_bound_and_whoever_is_in_stays_in() {
        let mut members = Members::default();
        let most = u16::try_from(Workload::RECEIVERS_MAX).expect("few");
        assert!((1..=most).all(|port| members.join(address(port))));
        assert!(!members.join(address(most + 1)) && members.join(address(1)));
    }
}
