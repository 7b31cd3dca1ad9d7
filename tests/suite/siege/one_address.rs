//! A whole class behind one address: are all let in, and newcomers too while somebody floods in its name?

use super::room::{Room, Seat};
use sayagain::time::Duration;
use sayagain::transport::session::Transport;
use sayagain::wire::datagram::{ConnectionId, Handshake, put_handshake};
use std::net::SocketAddr;

const CLASS: usize = 512;
const ROUTER: [u8; 4] = [192, 0, 2, 1];

fn pupil(index: usize, transport: Transport) -> Seat {
    Seat {
        name: format!("{transport}{index}"),
        // So that a word is heard by 16 and not by 1,024.
        room: format!("room{}", index / 16),
        ip: ROUTER,
        transport,
        knows: index.is_multiple_of(2),
    }
}

/// Two classes of 512 behind one address, all of whom are in: one over each transport.
fn classes() -> Room {
    let mut room = Room::new(41);
    // Those over UDP all at once: beyond the first 64 they are asked for a cookie.
    (0..CLASS).for_each(|index| {
        room.enter(pupil(index, Transport::Udp));
    });
    room.pass(Duration::from_secs(2));
    for index in 0..CLASS {
        room.enter(pupil(index, Transport::Tcp));
        if index % 64 == 63 {
            room.pass(Duration::from_millis(200));
        }
    }
    room.pass(Duration::from_secs(1));
    room
}

/// A handshake that was never meant to be ended, as if from behind the router.
fn forged(room: &mut Room, number: u64) -> (SocketAddr, Vec<u8>) {
    let [to, from] = [(); 2].map(|()| ConnectionId(room.rng.next_u64()));
    let (noise, token): ([u8; 96], [u8; 24]) = (room.rng.bytes(), room.rng.bytes());
    let content = match number % 4 {
        0 => Handshake::Hello { pattern: 1, token: &[], noise: &noise[..32] },
        1 => Handshake::Hello { pattern: 2, token: &[], noise: &noise },
        2 => Handshake::Hello { pattern: 1, token: &token, noise: &noise[..32] },
        _ => Handshake::Finish { noise: &noise },
    };
    let mut bytes = Vec::new();
    put_handshake(&mut bytes, to, from, &content);
    let port = 20_000 + (room.rng.next_u64() % 40_000) as u16;
    (SocketAddr::from((ROUTER, port)), bytes)
}

#[test]
fn one_address_has_512_proven_sessions_over_each_transport_and_newcomers_during_a_flood_in_its_name() {
    let mut room = classes();
    room.assert_all_in();
    room.is_recording = true;
    let mut newcomers = Vec::new();
    for ms in 0..3_000u64 {
        // 10,000 a second.
        for n in 0..10 {
            let (from, bytes) = forged(&mut room, 10 * ms + n);
            room.strike(from, bytes);
        }
        if ms % 500 == 250 {
            let index = CLASS + newcomers.len();
            newcomers.push(room.enter(pupil(index, Transport::Udp)));
            newcomers.push(room.enter(pupil(index, Transport::Tcp)));
        }
        room.pass(Duration::from_millis(1));
    }
    assert_eq!(newcomers.len(), 12);
    room.assert_all_in();
    let retried = |person: usize| {
        room.recording.iter().any(|seen| seen.person == person && !seen.is_up && seen.bytes[0] == 0x84)
    };
    let over_udp = newcomers.iter().filter(|person| room.people[**person].seat.transport == Transport::Udp);
    assert!(over_udp.copied().all(retried), "each came by the way of the cookie");
    for person in (0..room.people.len()).step_by(97) {
        room.say(person, &format!("here is {person}"));
    }
    room.pass(Duration::from_millis(200));
    room.assert_whole();
}
