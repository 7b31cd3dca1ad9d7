//! Who can end a session that is not his? Forged closes, resets and refusals, by somebody who knows every
//! connection id.

use super::room::{Room, Seen};
use sayagain::time::Duration;
use sayagain::transport::session::CloseCode;
use sayagain::wire::bytes::Writer;
use sayagain::wire::datagram::{ConnectionId, Handshake, put_handshake};
use sayagain::wire::frame::put_close;
use std::collections::BTreeMap;

const PEOPLE: usize = 50;

/// The ids by which each person and the server's side of their session are addressed, as the wire shows them.
fn ids(recording: &[Seen]) -> BTreeMap<usize, [ConnectionId; 2]> {
    let mut ids = BTreeMap::new();
    for seen in recording.iter().filter(|seen| seen.bytes[0] & 0x80 == 0) {
        let id = u64::from_be_bytes(seen.bytes[1..9].try_into().expect("eight bytes"));
        let both = ids.entry(seen.person).or_insert([ConnectionId(0); 2]);
        both[usize::from(seen.is_up)] = ConnectionId(id);
    }
    ids
}

fn datagram(to: ConnectionId, from: ConnectionId, content: &Handshake<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_handshake(&mut bytes, to, from, content);
    bytes
}

/// A data packet with these frames in the clear, and a checksum as the clear has it.
fn in_the_clear(to: ConnectionId, number: u32, frames: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x40];
    bytes.extend(to.0.to_be_bytes());
    bytes.extend(number.to_be_bytes());
    bytes.extend(frames);
    let checksum = crc32fast::hash(&bytes);
    bytes.extend(checksum.to_be_bytes());
    bytes
}

#[test]
fn forged_closes_resets_and_refusals_end_no_session() {
    let mut room = Room::of(PEOPLE, 21);
    room.is_recording = true;
    room.chat("before");
    room.is_recording = false;
    let ids = ids(&room.recording);
    assert_eq!(ids.len(), PEOPLE);
    let mut close = Vec::new();
    put_close(&mut Writer::new(&mut close), CloseCode::GOODBYE.0, "");
    for round in 0..20u32 {
        for (person, [own, servers]) in &ids {
            room.say(*person, &format!("round {round} of {person}"));
            let (token, noise): ([u8; 16], [u8; 96]) = (room.rng.bytes(), room.rng.bytes());
            let address = room.people[*person].address;
            let answers = [
                Handshake::Reset { token },
                Handshake::Reset { token: [0; 16] },
                Handshake::Refuse { code: CloseCode::FULL.0, text: "go away" },
                Handshake::Refuse { code: CloseCode::UNKNOWN_KEY.0, text: "who are you?" },
                Handshake::Versions { versions: vec![9] },
                Handshake::Retry { token: &token },
                Handshake::Welcome { noise: &noise },
            ];
            for answer in &answers {
                room.plant(*person, datagram(*own, *servers, answer));
                room.strike(address, datagram(*servers, *own, answer));
            }
            let finish = datagram(*servers, *own, &Handshake::Finish { noise: &noise });
            let close = in_the_clear(*servers, 1_000 + round, &close);
            room.strike(address, [&finish[..], &close].concat());
            room.strike(address, close.clone());
            room.plant(*person, in_the_clear(*own, 1_000 + round, &close));
            let hello = Handshake::Hello { pattern: 1, token: &[], noise: &noise[..32] };
            room.strike(address, datagram(ConnectionId(0), *own, &hello));
        }
        room.pass(Duration::from_millis(20));
    }
    room.pass(Duration::from_secs(1));
    assert_eq!(room.moves, 0);
    room.assert_whole();
}
