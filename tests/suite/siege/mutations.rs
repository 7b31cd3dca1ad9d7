//! Does a datagram that was changed on its way change anything, in any state of a connection?
//!
//! Everything that was on the wire is changed in some way and comes again, its checksum made true where the
//! datagram is one that proves itself otherwise. Nothing may come of it; and afterwards the connection must go on
//! as one that was left alone, to the byte: keys, numbers, replay window, address, channels.
//!
//! A REFUSE, RETRY or VERSIONS is heeded while a client connects, whoever says it, since there is no key yet by
//! which to judge it (docs/security.md): there these are left out.
//!
//! How many in each state: `SAYAGAIN_MUTATIONS`.

use super::super::fuzzing::with_checksum;
use super::states::{Scene, State, client_path};
use sayagain::rng::Rng;
use sayagain::wire::datagram::{Handshake, read_handshake};
use std::net::SocketAddr;

const USUAL: u64 = 2_000;

fn count() -> u64 {
    std::env::var("SAYAGAIN_MUTATIONS").ok().map_or(USUAL, |text| text.parse().expect("a number"))
}

fn below(rng: &mut Rng, bound: usize) -> usize {
    rng.below(bound.max(1) as u64) as usize
}

/// One of these, changed.
fn mutated(rng: &mut Rng, seen: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seen[below(rng, seen.len())].clone();
    for _ in 0..=below(rng, 3) {
        let at = below(rng, bytes.len());
        match rng.below(9) {
            0..=2 if !bytes.is_empty() => bytes[at] ^= 1 << rng.below(8),
            3 if !bytes.is_empty() => bytes[at] = rng.bytes::<1>()[0],
            4 => bytes.truncate(at),
            5 => bytes.extend(rng.bytes::<24>().iter().take(at % 24)),
            // Numbers and ids near the true ones.
            6 if bytes.len() > 12 => bytes[9 + at % 4] = rng.bytes::<1>()[0],
            7 => {
                let other = &seen[below(rng, seen.len())];
                bytes.truncate(at);
                bytes.extend_from_slice(&other[at.min(other.len())..]);
            }
            8 if !bytes.is_empty() => bytes[0] = [0x40, 0x41, 0x81, 0x82, 0x83, 0x87][at % 6],
            _ => bytes.rotate_left(at % 3),
        }
    }
    if matches!(bytes.first(), Some(0x81..=0x83 | 0x87)) && rng.chance(0.75) {
        with_checksum(&bytes)
    } else {
        bytes
    }
}

/// Is it what the true peer has said, at least in the part that counts for itself?
fn is_true(bytes: &[u8], due: &[Vec<u8>]) -> bool {
    let content =
        |bytes: &[u8]| read_handshake(bytes).ok().and_then(|part| Some(format!("{:?}", part.content?)));
    due.iter().any(|datagram| {
        let len = read_handshake(datagram).map_or(datagram.len(), |part| part.len);
        // The sealed part of a handshake datagram proves itself, whatever ids stand before it.
        bytes.starts_with(&datagram[..len])
            || content(bytes).is_some_and(|one| content(datagram) == Some(one))
    })
}

/// Is it a first flight said again? What that may do stands in docs/security.md.
fn is_first_flight(bytes: &[u8], seen: &[Vec<u8>]) -> bool {
    let noise = |bytes: &[u8]| match read_handshake(bytes).ok()?.content? {
        Handshake::Hello { pattern: 2, noise, .. } => Some(noise.to_vec()),
        _ => None,
    };
    noise(bytes).is_some_and(|one| seen.iter().any(|other| noise(other).as_ref() == Some(&one)))
}

/// Is it one of those that a client which connects cannot judge?
fn is_heeded(bytes: &[u8], state: State) -> bool {
    use Handshake::{Refuse, Retry, Versions};
    let content = read_handshake(bytes).ok().and_then(|part| part.content);
    matches!(state, State::HelloSent | State::Retried)
        && matches!(content, Some(Refuse { .. } | Retry { .. } | Versions { .. }))
}

fn besiege(state: State, mutations: u64) {
    let mut scene = Scene::in_state(state);
    let (seen, due) = (scene.seen(), scene.due().to_vec());
    let mut rng = Rng::from_seed(state as u64);
    for n in 0..mutations {
        let bytes = mutated(&mut rng, &seen);
        let mut from = client_path();
        if rng.chance(0.125) {
            from.remote = SocketAddr::from((rng.bytes::<4>(), 1_000));
        }
        if is_true(&bytes, &due) || is_heeded(&bytes, state) || is_first_flight(&bytes, &seen) {
            continue;
        }
        if let Err(what) = scene.strike(&bytes, from) {
            panic!("{state:?}, the {n}-th: {what}, after {bytes:02x?} from {from:?}");
        }
    }
    let (besieged, quiet) = (scene.goes_on(), Scene::in_state(state).goes_on());
    Scene::assert_well(state, &quiet);
    if state.answers_strangers() {
        Scene::assert_well(state, &besieged);
    } else {
        let differs = besieged.lines.iter().zip(&quiet.lines).position(|(one, other)| one != other);
        assert_eq!(
            differs,
            None,
            "{state:?}: {:?}",
            differs.map(|at| (&besieged.lines[at], &quiet.lines[at]))
        );
        assert_eq!(besieged.lines.len(), quiet.lines.len(), "{state:?}");
    }
}

#[test]
fn mutated_datagrams_change_nothing_at_any_state_of_a_connection() {
    State::ALL.into_iter().for_each(|state| besiege(state, count()));
}
