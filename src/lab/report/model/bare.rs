//! What does the link alone leave of messages that are sent once and forgotten?

use super::super::matrix::Wanted;
use super::{begun, both, link};
use crate::lab::bench::{Measurement, MessageFate, Passage, Protocol};
use crate::lab::link::{Direction, Link};
use crate::time::{Instant, at};

/// IPv4 and UDP: RFC 791 §3.1 without options, RFC 768.
const HEADERS: u32 = 20 + 8;

/// The sender's port; receivers have those behind it.
const SENDER: u16 = 40_000;

/// A message under way: its number, and to which receiver where it goes down.
#[derive(Clone, Copy)]
struct Under {
    message: u64,
    receiver: u32,
}

/// A run in the middle.
struct Play<'a> {
    wanted: &'a Wanted,
    link: Link<Under>,
    passages: Vec<Passage>,
    fates: Vec<MessageFate>,
    /// The highest number that each receiver has.
    newest: Vec<u64>,
    duplicated: u64,
    out_of_order: u64,
}

/// Plays it: up to a reflector, and from it down to each receiver.
pub fn take(wanted: &Wanted) -> Measurement {
    let receivers = wanted.workload.receivers;
    let mut play = Play {
        wanted,
        link: Link::new(link(wanted), Instant::ZERO),
        passages: Vec::new(),
        fates: Vec::new(),
        newest: vec![0; receivers as usize],
        duplicated: 0,
        out_of_order: 0,
    };
    for message in 1..=wanted.workload.messages {
        let sent =
            at(0) + super::layered::START + wanted.workload.interval.saturating_mul(short(message - 1));
        play.deliver_until(sent);
        play.fates.extend((0..receivers).map(|receiver| MessageFate {
            number: message,
            receiver,
            room: wanted.workload.room_of(message),
            sent,
            delivered: None,
        }));
        play.send(sent, Direction::Up, Under { message, receiver: 0 });
    }
    play.deliver_until(at(u64::MAX));
    let Play { link, passages, fates, duplicated, out_of_order, .. } = play;
    let mut taken = begun(wanted, both(&link));
    taken.passages = passages;
    Measurement { fates, duplicated, out_of_order, ..taken }
}

fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Play<'_> {
    fn send(&mut self, now: Instant, direction: Direction, under: Under) {
        let ip_bytes = self.wanted.workload.bytes + HEADERS;
        let verdict = self.link.handle_packet(now, direction, ip_bytes, &[], under);
        if self.wanted.packets {
            let receiver = u16::try_from(under.receiver).unwrap_or(u16::MAX);
            self.passages.push(Passage {
                entered: now,
                direction,
                number: self.link.counters(direction).entered,
                ip_bytes,
                client_port: if direction == Direction::Up {
                    SENDER
                } else {
                    SENDER.saturating_add(1 + receiver)
                },
                protocol: Protocol::Udp,
                fate: verdict.into(),
            });
        }
    }

    fn deliver_until(&mut self, end: Instant) {
        while let Some(due) = self.link.poll_timeout().filter(|due| *due <= end) {
            while let Some(delivery) = self.link.poll_delivery(due) {
                // A flipped bit breaks the checksum: RFC 768.
                match delivery.direction {
                    _ if delivery.flip.is_some() => {}
                    Direction::Up => {
                        for receiver in 0..self.wanted.workload.receivers {
                            self.send(due, Direction::Down, Under { receiver, ..delivery.packet });
                        }
                    }
                    Direction::Down => self.on_arrived(due, delivery.packet),
                }
            }
        }
    }

    fn on_arrived(&mut self, now: Instant, Under { message, receiver }: Under) {
        let place = (message - 1) * u64::from(self.wanted.workload.receivers) + u64::from(receiver);
        let fate = usize::try_from(place).ok().and_then(|place| self.fates.get_mut(place));
        let (Some(fate), Some(newest)) = (fate, self.newest.get_mut(receiver as usize)) else { return };
        if fate.delivered.is_some() {
            self.duplicated += 1;
            return;
        }
        fate.delivered = Some(now);
        self.out_of_order += u64::from(message < *newest);
        *newest = message.max(*newest);
    }
}
