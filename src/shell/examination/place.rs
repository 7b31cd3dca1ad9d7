//! What can be seen of one address?

use super::handshake::{self, Shown};
use super::questions::{PATIENCE, ask, reply_of};
use super::{neighbours, surroundings};
use crate::crypto::PublicKey;
use crate::service::diagnosis::{Acquaintance, Datagrams, Met, Place, Reply};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::thread;

/// Addresses of one server that are looked at, at most.
const ADDRESSES: usize = 4;

/// A port that nobody serves on: "tcpmux" (RFC 1078), long out of use.
const UNUSED_PORT: u16 = 1;

/// Looks at these addresses of one server, side by side, and gives what was seen of the one that answers best;
/// `None` without any. `acquaint`: what we know of the key that it shows.
pub fn examine(
    addresses: &[SocketAddr],
    acquaint: impl Fn(&str, &PublicKey) -> Acquaintance,
) -> Option<Place> {
    let looked: Vec<Place> = thread::scope(|scope| {
        let all: Vec<_> = addresses.iter().take(ADDRESSES).map(|peer| scope.spawn(|| look(*peer))).collect();
        all.into_iter().filter_map(|one| one.join().ok()).collect()
    });
    let mut place = looked.into_iter().min_by_key(rank)?;
    place.met = meet(&place, acquaint);
    Some(place)
}

/// The better, the less; the first of equals stays.
fn rank(place: &Place) -> u8 {
    match (&place.datagrams.full, &place.datagrams.small, &place.stream) {
        (Reply::Answered, ..) => 0,
        (_, Reply::Answered, _) => 1,
        (.., Reply::Answered) => 2,
        (Reply::Refused, ..) | (.., Reply::Refused) => 3,
        _ => 4,
    }
}

fn look(address: SocketAddr) -> Place {
    let (datagrams, stream, elsewhere) = thread::scope(|scope| {
        let datagrams = scope.spawn(|| ask(address));
        let stream = scope.spawn(|| opens(address));
        let elsewhere = scope.spawn(|| opens(SocketAddr::new(address.ip(), UNUSED_PORT)));
        let stream_reply = stream.join().unwrap_or_default();
        (
            datagrams.join().unwrap_or_else(|_| Datagrams::default()),
            stream_reply,
            elsewhere.join().unwrap_or_default(),
        )
    });
    let is_heard_nearby = match address.ip() {
        IpAddr::V4(address) => neighbours::is_heard(address),
        IpAddr::V6(_) => None,
    };
    Place {
        address,
        is_own: surroundings::is_own(address.ip()),
        is_near: surroundings::is_near(address.ip()),
        way: surroundings::way_to(address),
        datagrams,
        stream,
        elsewhere,
        is_heard_nearby,
        met: Met::Nobody,
    }
}

fn opens(address: SocketAddr) -> Reply {
    match TcpStream::connect_timeout(&address, PATIENCE) {
        Ok(_) => Reply::Answered,
        Err(error) => reply_of(&error),
    }
}

fn meet(place: &Place, acquaint: impl Fn(&str, &PublicKey) -> Acquaintance) -> Met {
    let outcome = match (&place.datagrams.full, &place.stream) {
        (Reply::Answered, _) => handshake::over_udp(place.address),
        (_, Reply::Answered) => handshake::over_tcp(place.address),
        _ => return Met::Nobody,
    };
    match outcome {
        Ok(Shown { server: Some((name, key)), .. }) => {
            let acquaintance = acquaint(&name, &key);
            Met::Server(name, acquaintance)
        }
        Ok(Shown { turned_away: Some(text), .. }) => Met::TurnedAway(text),
        _ => Met::Nobody,
    }
}
