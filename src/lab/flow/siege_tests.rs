//! Does a server under siege keep its promises to those who are in, and its door open to those who are not?
//!
//! 100,000 datagrams a second of model time, from forged addresses: handshakes with keys that nobody has,
//! with cookies that nobody gave, a genuine handshake from other places, endings of handshakes that never
//! began, and noise. Nobody who sends them sees an answer.

use super::seat::server_path;
use super::*;
use crate::crypto::Identity;
use crate::lab::link::{Direction, DirectionConfig, LinkConfig};
use crate::rng::Rng;
use crate::time::{Duration, at};
use crate::trace::Tracer;
use crate::transport::config::TransportConfig;
use crate::transport::connection::Connection;
use crate::transport::handshake::client::ClientHello;
use crate::transport::path::Path;
use crate::transport::trust::TrustAll;
use crate::wire::datagram::{ConnectionId, Handshake, put_handshake};
use std::net::SocketAddr;
use std::sync::Arc;

const PEOPLE: usize = 50;
/// Between two forged datagrams: 100,000 a second.
const EACH: Duration = Duration::from_micros(10);
const BEGINS: Duration = Duration::from_secs(1);
const ENDS: Duration = Duration::from_secs(2);
/// All addresses together get so many unproven handshakes before a cookie is asked for.
const UNPROVEN_MAX: usize = 1_024;

/// Fifty people who talk in both directions, and one who comes in the middle of the siege.
fn plan() -> Plan {
    let way = DirectionConfig { delay: Duration::from_millis(10), ..DirectionConfig::default() };
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    let paced = Paced { messages: 100, ..Paced::default() };
    plan.sessions[0].up.paced = paced;
    plan.sessions[0].down.paced = paced;
    plan.sessions = vec![plan.sessions[0].clone(); PEOPLE + 1];
    plan.sessions[PEOPLE].start = Duration::from_millis(1_500);
    plan.end = End::At(Duration::from_secs(5));
    plan
}

/// What a stranger without keys can make.
struct Forger {
    rng: Rng,
    genuine: Vec<u8>,
}

impl Forger {
    fn new() -> Self {
        let mut rng = Rng::from_seed(7);
        let identity = Arc::new(Identity::generate(&mut rng));
        let hello = ClientHello { identity, server: None, greeting: Vec::new(), trust: Arc::new(TrustAll) };
        let config = TransportConfig::default();
        let (path, fork) = (server_path(Family::Four), rng.fork());
        let mut client = Connection::client(at(0), config, hello, path, fork, Tracer::default());
        let mut genuine = Vec::new();
        client.poll_transmit(at(0), &mut genuine).expect("a hello");
        Self { rng, genuine }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.rng.next_u64().to_le_bytes()[0])
    }

    /// Never a seat's: those have small numbers in their last two bytes.
    fn address(&mut self) -> SocketAddr {
        let [a, b, c] = self.bytes();
        SocketAddr::from(([198, a, 128 | b, c], 1_024 + u16::from(a)))
    }

    fn datagram(&mut self, number: u64) -> Vec<u8> {
        let [to, from] = [(); 2].map(|()| ConnectionId(self.rng.next_u64()));
        let (noise, token): ([u8; 96], [u8; 40]) = (self.bytes(), self.bytes());
        let content = match number % 6 {
            0 | 1 => Handshake::Hello { pattern: 1, token: &[], noise: &noise },
            2 => Handshake::Hello { pattern: 2, token: &token, noise: &noise },
            3 => Handshake::Finish { noise: &noise },
            4 => return self.genuine.clone(),
            _ => return noise.to_vec(),
        };
        let mut datagram = Vec::new();
        put_handshake(&mut datagram, to, from, &content);
        datagram
    }
}

/// Plays the plan, with the siege or without.
fn play(siege: bool) -> Testbed {
    let mut testbed = Testbed::new(&plan(), 3, Ears::default());
    testbed.run_until(at(0) + BEGINS).expect("time goes on");
    assert_eq!(testbed.server.len(), PEOPLE, "all are in");
    let mut forger = Forger::new();
    let (mut next, mut most) = (testbed.now(), 0);
    for number in 0.. {
        next += EACH;
        if next >= at(0) + ENDS || !siege {
            break;
        }
        testbed.run_until(next).expect("time goes on");
        let (mut datagram, remote) = (forger.datagram(number), forger.address());
        testbed.strike(Path { remote, local: None }, &mut datagram);
        most = most.max(testbed.server.len());
    }
    assert!(most <= PEOPLE + 1 + UNPROVEN_MAX, "{most} sessions");
    testbed.finish().expect("time goes on");
    testbed
}

fn median(testbed: &Testbed, seats: std::ops::Range<usize>) -> Duration {
    let paced = seats.flat_map(|seat| [Direction::Up, Direction::Down].map(|way| testbed.paced(seat, way)));
    let latencies = paced.flatten().filter_map(|(due, came)| Some(came? - due)).collect();
    Latencies::of(latencies).quantile(500).expect("something arrived")
}

#[test]
fn a_hundred_thousand_forged_handshakes_a_second_cost_nobody_anything() {
    let [quiet, siege] = [false, true].map(play);
    for seat in 0..=PEOPLE {
        for way in [Direction::Up, Direction::Down] {
            let paced = siege.paced(seat, way);
            assert!(paced.len() == 100 && paced.iter().all(|(_, came)| came.is_some()), "seat {seat}, {way}");
        }
    }
    assert!(siege.report().sessions.iter().all(|session| session.closed == [None, None]));
    assert!(median(&siege, 0..PEOPLE) <= 2 * median(&quiet, 0..PEOPLE));
}
