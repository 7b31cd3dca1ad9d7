//! Which of several clients speaks, and which of them got the message?
//!
//! A packet names only the port at the client's end. The sender's is the one from which most bytes of data
//! went up. The receiver's is the one to which, of all others, a packet came last before the delivery.

use super::words::arrival;
use crate::lab::bench::{MessageFate, Passage, Protocol};
use crate::lab::link::Direction;
use std::collections::BTreeMap;

/// The ports of the two clients of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ports {
    /// The sender's.
    pub sender: u16,
    /// The receiver's.
    pub receiver: u16,
}

/// Bytes beyond headers.
pub fn data(passage: &Passage) -> u32 {
    match passage.protocol {
        Protocol::Tcp(part) => part.bytes,
        // IPv4 and UDP: RFC 791 §3.1, RFC 768.
        Protocol::Udp => passage.ip_bytes.saturating_sub(28),
        Protocol::Other => 0,
    }
}

impl Ports {
    /// Of this message; `None`: no packet of a client was seen.
    pub fn of(passages: &[Passage], fate: &MessageFate) -> Option<Self> {
        let mut up: BTreeMap<u16, u64> = BTreeMap::new();
        for it in passages.iter().filter(|it| it.direction == Direction::Up && it.client_port > 0) {
            *up.entry(it.client_port).or_default() += u64::from(data(it));
        }
        let sender = up.into_iter().max_by_key(|(_, bytes)| *bytes).map(|(port, _)| port)?;
        let others = || {
            let down = passages.iter().filter(|it| it.direction == Direction::Down && data(it) > 0);
            down.filter(|it| it.client_port != sender && it.client_port > 0)
        };
        let before = others().filter(|it| arrival(it).is_some() && arrival(it) <= fate.delivered);
        let last = before.max_by_key(|it| arrival(it));
        let receiver = last.or_else(|| others().next_back()).map_or(sender, |it| it.client_port);
        Some(Self { sender, receiver })
    }
}
