use super::*;
use crate::rng::Rng;

const PATTERNS: [Pattern; 3] = [Pattern::Clear, Pattern::Xx, Pattern::Ik];
const PROLOGUE: &[u8] = b"version, pattern, connection id";

fn client() -> Identity {
    Identity::generate(&mut Rng::from_seed(1))
}

fn server() -> Identity {
    Identity::generate(&mut Rng::from_seed(2))
}

fn initiator(pattern: Pattern) -> Initiator {
    Initiator::new(pattern, &client(), Some(server().public()), PROLOGUE, [3; 32]).expect("begins")
}

fn accept(pattern: Pattern, hello: &[u8]) -> Result<(Responder, Vec<u8>), HandshakeError> {
    Responder::accept(pattern, &server(), PROLOGUE, [4; 32], hello)
}

/// A whole handshake; what is on the wire passes through `wire` with its place (0, 1, 2).
fn run(
    pattern: Pattern,
    mut wire: impl FnMut(usize, Vec<u8>) -> Vec<u8>,
) -> Result<(TrafficKeys, TrafficKeys), HandshakeError> {
    let mut client_side = initiator(pattern);
    let hello = wire(0, client_side.write_hello(b"hello")?);
    let (mut server_side, payload) = accept(pattern, &hello)?;
    assert!(payload == b"hello" || pattern == Pattern::Xx, "only XX's hello is not protected yet");
    let welcome = wire(1, server_side.write_welcome(b"welcome")?);
    assert_eq!(client_side.read_welcome(&welcome)?, b"welcome");
    assert_eq!(client_side.server_key(), Some(server().public()));
    if pattern.has_finish() {
        let finish = wire(2, client_side.write_finish(b"finish")?);
        assert_eq!(server_side.read_finish(&finish)?, b"finish");
    }
    assert_eq!(server_side.client_key(), Some(client().public()));
    Ok((client_side.into_keys()?, server_side.into_keys()?))
}

fn talks(client: TrafficKeys, server: TrafficKeys) -> bool {
    let ((mut client_sealer, mut client_opener), (mut server_sealer, mut server_opener)) =
        (client.client(), server.server());
    let mut up = b"up".to_vec();
    client_sealer.seal(0, &mut up, 0);
    let mut down = b"down".to_vec();
    server_sealer.seal(0, &mut down, 0);
    server_opener.open(false, 0, b"", &mut up) == Ok(2)
        && client_opener.open(false, 0, b"", &mut down) == Ok(4)
        && up.starts_with(b"up")
        && down.starts_with(b"down")
}

#[test]
fn every_pattern_ends_in_keys_that_both_sides_share() {
    for pattern in PATTERNS {
        let (client, server) = run(pattern, |_, message| message).expect("nothing in the way");
        assert!(talks(client, server), "{pattern:?}");
    }
}

#[test]
fn a_changed_byte_in_any_message_ends_the_handshake() {
    for pattern in PATTERNS {
        let mut lens = Vec::new();
        run(pattern, |_, message| {
            lens.push(message.len());
            message
        })
        .expect("nothing in the way");
        for (place, len) in lens.into_iter().enumerate() {
            for byte in 0..len {
                let outcome = run(pattern, |at, mut message| {
                    if at == place {
                        message[byte] ^= 0x20;
                    }
                    message
                });
                assert_eq!(outcome.err(), Some(HandshakeError::Forged), "{pattern:?} {place} {byte}");
            }
        }
    }
}

#[test]
fn a_cut_message_ends_the_handshake() {
    for pattern in PATTERNS {
        for place in 0..if pattern.has_finish() { 3 } else { 2 } {
            for keep in [0, 1, 31, 32, 40, 47, 60] {
                let outcome = run(pattern, |at, mut message| {
                    if at == place {
                        message.truncate(keep.min(message.len() - 1));
                    }
                    message
                });
                assert!(outcome.is_err(), "{pattern:?}, message {place}, {keep} bytes");
            }
        }
    }
}

#[test]
fn ik_with_another_servers_key_is_not_opened() {
    let other = Identity::generate(&mut Rng::from_seed(8)).public();
    let mut lost = Initiator::new(Pattern::Ik, &client(), Some(other), PROLOGUE, [3; 32]).expect("begins");
    let hello = lost.write_hello(b"").expect("fits");
    assert_eq!(accept(Pattern::Ik, &hello).err(), Some(HandshakeError::Forged));
}

#[test]
fn ik_without_a_servers_key_is_the_callers_error() {
    let begun = Initiator::new(Pattern::Ik, &client(), None, PROLOGUE, [3; 32]);
    assert_eq!(begun.err(), Some(HandshakeError::Misused));
}

#[test]
fn another_prologue_ends_the_handshake() {
    for pattern in PATTERNS {
        let mut client_side =
            Initiator::new(pattern, &client(), Some(server().public()), b"version 2", [3; 32])
                .expect("begins");
        let hello = client_side.write_hello(b"").expect("fits");
        let outcome = accept(pattern, &hello).and_then(|(mut server_side, _)| {
            let welcome = server_side.write_welcome(b"")?;
            client_side.read_welcome(&welcome)
        });
        assert_eq!(outcome, Err(HandshakeError::Forged), "{pattern:?}");
    }
}

#[test]
fn a_half_open_handshake_is_no_more_than_its_seed_and_hello() {
    for pattern in PATTERNS {
        let mut client_side = initiator(pattern);
        let hello = client_side.write_hello(b"").expect("fits");
        let answer = || {
            let (mut server_side, _) = accept(pattern, &hello).expect("genuine");
            let welcome = server_side.write_welcome(b"server").expect("fits");
            (server_side, welcome)
        };
        let (_, sent) = answer();
        client_side.read_welcome(&sent).expect("genuine");
        let (mut server_side, again) = answer();
        assert_eq!(sent, again, "{pattern:?}");
        if pattern.has_finish() {
            let finish = client_side.write_finish(b"client").expect("fits");
            assert_eq!(server_side.read_finish(&finish), Ok(b"client".to_vec()));
        }
        let keys = (client_side.into_keys().expect("done"), server_side.into_keys().expect("done"));
        assert!(talks(keys.0, keys.1), "{pattern:?}");
    }
}

#[test]
fn a_forged_welcome_leaves_the_client_waiting_for_the_true_one() {
    for pattern in PATTERNS {
        let mut client_side = initiator(pattern);
        let hello = client_side.write_hello(b"").expect("fits");
        let (mut server_side, _) = accept(pattern, &hello).expect("genuine");
        let welcome = server_side.write_welcome(b"true").expect("fits");
        for byte in 0..welcome.len() {
            let mut forged = welcome.clone();
            forged[byte] ^= 1;
            assert_eq!(client_side.read_welcome(&forged), Err(HandshakeError::Forged));
            assert_eq!(client_side.server_key(), None);
        }
        assert!(client_side.read_welcome(&welcome[..20]).is_err());
        assert_eq!(client_side.read_welcome(&welcome), Ok(b"true".to_vec()), "{pattern:?}");
    }
}

#[test]
fn messages_out_of_turn_are_the_callers_error() {
    for pattern in PATTERNS {
        assert_eq!(initiator(pattern).into_keys().err(), Some(HandshakeError::Misused));
        assert_eq!(initiator(pattern).read_welcome(&[0; 200]), Err(HandshakeError::Misused));
        let mut client_side = initiator(pattern);
        let hello = client_side.write_hello(b"").expect("fits");
        assert_eq!(client_side.write_finish(b""), Err(HandshakeError::Misused), "{pattern:?}");
        let (mut server_side, _) = accept(pattern, &hello).expect("genuine");
        assert_eq!(server_side.read_finish(&[0; 200]), Err(HandshakeError::Misused), "{pattern:?}");
        server_side.write_welcome(b"").expect("its turn");
        assert_eq!(server_side.write_welcome(b""), Err(HandshakeError::Misused), "{pattern:?}");
    }
}

#[test]
fn a_message_that_is_too_long_is_refused_on_both_sides() {
    for pattern in PATTERNS {
        assert_eq!(initiator(pattern).write_hello(&[0; MAX_MESSAGE]), Err(HandshakeError::TooLong));
        let refused = accept(pattern, &[0; MAX_MESSAGE + 1]).err();
        assert_eq!(refused, Some(HandshakeError::Malformed), "{pattern:?}");
    }
}

#[test]
fn nothing_readable_but_xxs_first_payload_leaves_a_sealed_handshake() {
    for pattern in [Pattern::Xx, Pattern::Ik] {
        run(pattern, |place, message| {
            let own = [client().public().0, server().public().0];
            assert!(own.iter().all(|key| !message.windows(32).any(|window| window == key)), "a key shows");
            let words: [&[u8]; 3] = [b"hello", b"welcome", b"finish"];
            let readable = message.windows(words[place].len()).any(|window| window == words[place]);
            assert_eq!(readable, pattern == Pattern::Xx && place == 0, "{pattern:?}, message {place}");
            message
        })
        .expect("nothing in the way");
    }
}

#[test]
fn another_seed_makes_other_bytes_and_other_keys() {
    let hello = |seed| {
        let mut side = Initiator::new(Pattern::Xx, &client(), None, PROLOGUE, seed).expect("begins");
        side.write_hello(b"").expect("fits")
    };
    assert_eq!(hello([1; 32]), hello([1; 32]));
    assert_ne!(hello([1; 32]), hello([2; 32]));
}

#[test]
fn a_patterns_byte_reads_back_and_no_other_does() {
    for byte in 0..=u8::MAX {
        let known = PATTERNS.into_iter().find(|pattern| pattern.to_byte() == byte);
        assert_eq!(Pattern::from_byte(byte), known);
    }
}
