//! What was on the wire once comes again: to whom it was for, from elsewhere, to somebody else, in parts.

use super::room::{Room, Seen};
use sayagain::time::Duration;

const PEOPLE: usize = 50;
/// Bytes of a data packet's header; what follows is sealed.
const HEADER: usize = 13;

/// Fifty people who said something, and all that was on the wire for it, their handshakes included.
fn recorded(seed: u64) -> Room {
    let mut room = Room::new(seed);
    room.is_recording = true;
    (0..PEOPLE).for_each(|index| {
        room.enter(super::room::Seat::own(index));
    });
    room.pass(Duration::from_secs(2));
    room.chat("before");
    room.is_recording = false;
    assert!(room.recording.len() > 4_000, "{} datagrams", room.recording.len());
    room
}

/// The attacker does this with each of so many recorded datagrams while all chat; nobody may be worse off.
fn besiege(mut room: Room, mut attack: impl FnMut(&mut Room, Seen)) {
    let (recording, mut rng) = (std::mem::take(&mut room.recording), room.rng.fork());
    for round in 0..3 {
        for person in 0..PEOPLE {
            room.say(person, &format!("round {round} of {person}"));
            for _ in 0..40 {
                let one = rng.below(recording.len() as u64) as usize;
                attack(&mut room, recording[one].clone());
            }
            room.pass(Duration::from_millis(1));
        }
    }
    room.pass(Duration::from_secs(1));
    assert_eq!(room.moves, 0, "nobody moved");
    room.assert_whole();
}

#[test]
fn replays_from_the_same_and_from_other_addresses_change_nothing() {
    besiege(recorded(1), |room, seen| {
        let elsewhere = room.anywhere();
        if seen.is_up {
            room.strike(seen.address, seen.bytes.clone());
            room.strike(elsewhere, seen.bytes);
        } else {
            room.plant(seen.person, seen.bytes);
        }
    });
}

#[test]
fn reflections_to_their_sender_or_to_somebody_else_change_nothing() {
    besiege(recorded(2), |room, seen| {
        let (elsewhere, other) = (room.anywhere(), (seen.person + 1) % PEOPLE);
        if seen.is_up {
            room.plant(seen.person, seen.bytes.clone());
            room.plant(other, seen.bytes);
        } else {
            room.strike(seen.address, seen.bytes.clone());
            room.strike(elsewhere, seen.bytes.clone());
            room.plant(other, seen.bytes);
        }
    });
}

#[test]
fn splices_of_one_datagrams_head_and_anothers_body_change_nothing() {
    let mut former: Option<Seen> = None;
    besiege(recorded(3), move |room, seen| {
        let Some(other) = former.replace(seen.clone()) else { return };
        let (head, body) = (seen.bytes.len().min(HEADER), other.bytes.len().min(HEADER));
        let middle = seen.bytes.len() / 2;
        let splices = [
            [&seen.bytes[..head], &other.bytes[body..]].concat(),
            [&seen.bytes[..middle], &other.bytes[middle.min(other.bytes.len())..]].concat(),
            // What is whole, with somebody else's behind it.
            [&seen.bytes[..], &other.bytes[..]].concat(),
        ];
        for splice in splices {
            if seen.is_up {
                room.strike(seen.address, splice);
            } else {
                room.plant(seen.person, splice);
            }
        }
    });
}

#[test]
fn a_wire_that_says_everything_three_times_loses_and_doubles_nothing() {
    let mut room = Room::of(PEOPLE, 4);
    room.tap = Box::new(|seen| {
        let late = [7, 60].map(|ms| (Duration::from_millis(ms), seen.address, seen.bytes.clone()));
        late.into()
    });
    (0..3).for_each(|round| room.chat(&format!("round {round}")));
    room.assert_whole();
    assert_eq!(room.moves, 0);
}
