//! What is UDP alone? Each message is a datagram, sent once and forgotten.

use super::race::{End, Sender};
use crate::time::Instant;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Either end of bare UDP.
#[derive(Debug, Default)]
pub struct Bare {
    outgoing: VecDeque<Vec<u8>>,
    arrived: VecDeque<Vec<u8>>,
}

impl End for Bare {
    fn handle_datagram(&mut self, _: Instant, _: SocketAddr, datagram: &mut [u8]) {
        self.arrived.push_back(datagram.to_vec());
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn poll_transmit(&mut self, _: Instant, buffer: &mut Vec<u8>) -> bool {
        match self.outgoing.pop_front() {
            Some(datagram) => {
                buffer.extend_from_slice(&datagram);
                true
            }
            None => false,
        }
    }

    fn poll_message(&mut self, _: Instant) -> Option<Vec<u8>> {
        self.arrived.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

impl Sender for Bare {
    fn is_ready(&self) -> bool {
        true
    }

    fn send(&mut self, _: Instant, message: Vec<u8>) {
        self.outgoing.push_back(message);
    }
}

#[cfg(test)]
mod tests {
    use super::super::race::{self, Workload};
    use super::*;
    use crate::lab::link::{DirectionConfig, LinkConfig};
    use crate::time::Duration;

    fn race_over(way: DirectionConfig) -> super::super::tally::Row {
        let workload = Workload {
            messages: 100,
            beat: Duration::from_millis(1),
            bytes: 100,
            patience: Duration::from_millis(300),
        };
        let link = LinkConfig::symmetric(way, 1);
        race::run("bare UDP", workload, link, |_, _| Ok((Bare::default(), Bare::default()))).expect("sockets")
    }

    #[test]
    fn over_a_perfect_link_all_arrive_once_in_one_datagram_each() {
        let row = race_over(DirectionConfig::default());
        assert_eq!((row.sent, row.delivered, row.twice, row.datagrams), (100, 100, 0, (100, 0)));
    }

    #[test]
    fn what_the_link_loses_is_lost_and_what_it_doubles_comes_twice() {
        let row = race_over(DirectionConfig { loss: 0.3, duplicate: 0.2, ..DirectionConfig::default() });
        assert!((50..90).contains(&row.delivered) && row.lost == 100 - row.delivered, "{row:?}");
        assert!(row.twice > 0 && row.datagrams == (100, 0), "{row:?}");
    }

    #[test]
    fn latency_is_at_least_the_links_delay() {
        let row =
            race_over(DirectionConfig { delay: Duration::from_millis(20), ..DirectionConfig::default() });
        assert!(row.p50 >= Some(Duration::from_millis(20)), "{row:?}");
    }
}
