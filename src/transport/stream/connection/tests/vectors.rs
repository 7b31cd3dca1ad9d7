use super::*;

const FILE: &str = include_str!("../../../../../tests/vectors/stream.txt");

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")).collect()
}

/// What stands behind these names, one after the other.
fn recorded(names: &[&str]) -> Vec<u8> {
    let lines = FILE.lines().filter_map(|line| line.split_once(" = "));
    lines.filter(|(name, _)| names.contains(name)).flat_map(|(_, digits)| hex(digits)).collect()
}

fn secret(first: u8) -> Identity {
    Identity::from_secret(std::array::from_fn(|index| first + u8::try_from(index).expect("below 32")))
}

#[test]
fn a_whole_conversation_is_byte_for_byte_the_recorded_one() {
    let input =
        HandshakeInput { identity: secret(0x01), server: None, seed: [0x11; 32], ..input(Pattern::Xx) };
    let config = StreamConfig::default();
    let mut client = Stream::client(at(0), config, input);
    let mut server = Stream::server(at(0), config, secret(0x41), b"the server".to_vec(), [0x22; 32]);
    let (mut up, mut down) = (Vec::new(), Vec::new());
    client.send(at(0), ChannelId(8), b"hello, lobby"[..].into()).expect("waits");
    for _ in 0..2 {
        carry(at(0), &mut client, &mut server, usize::MAX, &mut up);
        carry(at(0), &mut server, &mut client, usize::MAX, &mut down);
    }
    server.send(at(0), ChannelId(8), b"hello, ann"[..].into()).expect("room");
    carry(at(0), &mut server, &mut client, usize::MAX, &mut down);
    client.close(at(0), CloseCode::GOODBYE, "bye");
    carry(at(0), &mut client, &mut server, usize::MAX, &mut up);
    assert_eq!(up, recorded(&["preamble", "client_hello", "client_finish", "client_sealed"]));
    assert_eq!(down, recorded(&["server_welcome", "server_sealed"]));
    assert_eq!(reason(&mut server), Some(CloseReason::Peer(CloseCode::GOODBYE, "bye".to_owned())));
}
