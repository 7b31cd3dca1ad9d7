use super::super::super::frame::{Kind, plain};
use super::*;
use proptest::prelude::*;

/// A short conversation: greeting, a message each way, a close.
fn conversation(pattern: Pattern) -> Pair {
    let mut pair = Pair::new(pattern);
    pair.client.send(at(0), ChannelId(8), b"hello, lobby"[..].into()).expect("room");
    pair.exchange();
    pair.server.send(at(0), ChannelId(8), b"hello, ann"[..].into()).expect("room");
    pair.client.close(at(0), CloseCode::GOODBYE, "bye");
    pair.exchange();
    pair
}

fn is_closed_badly(stream: &mut Stream, context: &str) {
    let seen = events(stream);
    let closes: Vec<_> =
        seen.iter().filter(|event| matches!(event, SessionEvent::Closed(_))).cloned().collect();
    let [SessionEvent::Closed(reason)] = closes.as_slice() else { panic!("{context}: {closes:?}") };
    assert_eq!(seen.last(), closes.first(), "{context}: nothing follows a close");
    let good = matches!(reason, CloseReason::Peer(CloseCode::GOODBYE, _) | CloseReason::Local);
    assert!(!good, "{context}: {reason:?}");
}

#[test]
fn a_flipped_bit_anywhere_on_the_way_to_the_server_closes_it() {
    for pattern in PATTERNS {
        let bytes = conversation(pattern).captured[0].clone();
        for place in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << (place % 8);
            // The server's own bytes do not depend on what follows, so a recording can be played to it.
            let mut server = Pair::new(pattern).server;
            server.handle_bytes(at(0), &flipped);
            wake_until(&mut server, at(40 * S));
            is_closed_badly(&mut server, &format!("{pattern:?}, byte {place}"));
            assert!(server.is_over());
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_on_the_way_to_the_client_closes_it() {
    for pattern in PATTERNS {
        let bytes = conversation(pattern).captured[1].clone();
        for place in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << (place % 8);
            let mut client = Pair::new(pattern).client;
            client.handle_bytes(at(0), &flipped);
            wake_until(&mut client, at(40 * S));
            is_closed_badly(&mut client, &format!("{pattern:?}, byte {place}"));
            assert!(client.is_over());
        }
    }
}

#[test]
fn a_frame_said_twice_left_out_or_out_of_order_closes_the_session() {
    for pattern in [Pattern::Xx, Pattern::Ik] {
        let frames = |pair: &mut Pair| -> Vec<Vec<u8>> {
            let texts: [&[u8]; 3] = [b"one", b"two", b"three"];
            let sealed = texts.into_iter().map(|text| {
                pair.client.send(at(0), ChannelId(8), text.into()).expect("room");
                let frame = pair.client.output().to_vec();
                pair.client.written(at(0), frame.len());
                frame
            });
            sealed.collect()
        };
        for order in [&[0, 0][..], &[1], &[0, 2], &[1, 0]] {
            let mut pair = Pair::open(pattern);
            let sealed = frames(&mut pair);
            for index in order {
                pair.server.handle_bytes(at(0), &sealed[*index]);
            }
            let forged = CloseReason::Protocol("a frame that does not open");
            assert_eq!(reason(&mut pair.server), Some(forged), "{pattern:?} {order:?}");
        }
    }
}

#[test]
fn somebody_who_speaks_something_else_is_closed_on_at_once_and_without_an_answer() {
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\n",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        let mut server = Pair::new(Pattern::Xx).server;
        server.handle_bytes(at(0), bytes);
        let foreign = CloseReason::Protocol("the peer speaks another protocol");
        assert_eq!(reason(&mut server), Some(foreign));
        assert!(server.is_over() && server.output().is_empty());
    }
}

#[test]
fn a_server_that_speaks_something_else_is_left_at_once() {
    for bytes in [&b"HTTP/1.1 400 Bad Request\r\n"[..], b"220 mail ESMTP\r\n", b"\x15\x03\x03\x00\x02"] {
        let mut client = Pair::new(Pattern::Xx).client;
        client.handle_bytes(at(0), bytes);
        assert!(matches!(reason(&mut client), Some(CloseReason::Protocol(_))));
        assert!(client.is_over());
    }
}

#[test]
fn a_length_of_16_mebibytes_is_refused_at_its_header_and_costs_nothing() {
    for kind in [0x40, 0x41, 0x81, 0x83, 0x86] {
        let mut server = Pair::new(Pattern::Xx).server;
        let preamble = &Pair::new(Pattern::Xx).client.output()[..17].to_vec();
        server.handle_bytes(at(0), preamble);
        server.handle_bytes(at(0), &[kind, 0xff, 0xff, 0xff]);
        assert_eq!(reason(&mut server), Some(CloseReason::Protocol("a frame too long")), "{kind:#x}");
        let mut pair = Pair::open(Pattern::Xx);
        pair.server.handle_bytes(at(0), &[kind, 0xff, 0xff, 0xff]);
        assert!(matches!(reason(&mut pair.server), Some(CloseReason::Protocol(_))), "{kind:#x}");
    }
}

#[test]
fn a_handshake_frame_out_of_turn_is_refused_with_the_rule() {
    for kind in [Kind::Finish, Kind::Welcome, Kind::Versions, Kind::Refuse] {
        let mut pair = Pair::new(Pattern::Xx);
        let preamble = pair.client.output()[..17].to_vec();
        pair.server.handle_bytes(at(0), &preamble);
        pair.server.handle_bytes(at(0), &plain(kind, b""));
        let refused = CloseReason::Refused(CloseCode::PROTOCOL, "a handshake frame out of turn".to_owned());
        assert_eq!(reason(&mut pair.server), Some(refused.clone()), "{kind:?}");
        let answer = pair.server.output().to_vec();
        pair.client.handle_bytes(at(0), &answer);
        assert_eq!(reason(&mut pair.client), Some(refused));
    }
}

#[test]
fn an_unknown_pattern_is_refused() {
    let mut server = Pair::new(Pattern::Xx).server;
    server.handle_bytes(at(0), b"SAYA\x00\x00\x00\x01\x0912345678");
    assert!(matches!(reason(&mut server), Some(CloseReason::Refused(CloseCode::PROTOCOL, _))));
}

#[test]
fn unknown_key_to_a_client_that_began_with_xx_is_a_refusal() {
    let mut client = Pair::new(Pattern::Xx).client;
    let body = super::super::super::frame::refuse_body(CloseCode::UNKNOWN_KEY, "no");
    client.handle_bytes(at(0), &plain(Kind::Refuse, &body));
    let refused = CloseReason::Refused(CloseCode::UNKNOWN_KEY, "no".to_owned());
    assert_eq!(reason(&mut client), Some(refused));
}

/// Feeds it to a stream in portions; what comes of it may be anything but a panic, two closes, memory.
fn survives(mut stream: Stream, garbage: &[u8], portion: usize) {
    for bytes in garbage.chunks(portion) {
        stream.handle_bytes(at(1), bytes);
    }
    let buffered = stream.input.capacity();
    assert!(buffered <= 2 * (garbage.len() + 64), "{buffered} bytes kept of {}", garbage.len());
    wake_until(&mut stream, at(60 * S));
    let closes = events(&mut stream).into_iter().filter(|event| matches!(event, SessionEvent::Closed(_)));
    assert_eq!(closes.count(), 1, "sooner or later it is over, once");
    assert!(stream.is_over());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_is_survived_at_every_stage(
        garbage in prop::collection::vec(any::<u8>(), 0..2_000),
        kind in prop::sample::select(vec![0x40u8, 0x41, 0x81, 0x82, 0x83, 0x85, 0x86, 0x00]),
        portion in 1usize..500,
    ) {
        let [.., high, low] = garbage.len().to_be_bytes();
        let framed = [&[kind, 0, high, low], &garbage[..]].concat();
        let preamble = Pair::new(Pattern::Xx).client.output()[..17].to_vec();
        for bytes in [&garbage, &framed] {
            survives(Pair::new(Pattern::Xx).server, bytes, portion);
            survives(Pair::new(Pattern::Ik).client, bytes, portion);
            survives(Pair::new(Pattern::Clear).client, bytes, portion);
            survives(Pair::new(Pattern::Xx).server, &[&preamble, &bytes[..]].concat(), portion);
            for pattern in PATTERNS {
                survives(Pair::open(pattern).server, bytes, portion);
                survives(Pair::open(pattern).client, bytes, portion);
            }
        }
    }

    #[test]
    fn a_conversation_with_a_piece_cut_out_ends_without_harm(
        place in any::<prop::sample::Index>(), len in 1usize..60, portion in 1usize..200,
    ) {
        for pattern in PATTERNS {
            let pair = conversation(pattern);
            for (bytes, stream) in pair.captured.iter().zip([Pair::new(pattern).server, Pair::new(pattern).client]) {
                let start = place.index(bytes.len());
                let end = (start + len).min(bytes.len());
                survives(stream, &[&bytes[..start], &bytes[end..]].concat(), portion);
            }
        }
    }
}

#[test]
fn a_greeting_of_512_bytes_is_heard_and_one_byte_more_is_refused_as_over_datagrams() {
    for pattern in PATTERNS {
        let greeting = |len: usize| HandshakeInput { greeting: vec![b'a'; len], ..input(pattern) };
        let mut pair = Pair::with(greeting(512), config(pattern), 5);
        pair.exchange();
        assert!(pair.client.is_open() && pair.server.is_open(), "{pattern:?}");
        let mut client = Stream::client(at(0), config(pattern), greeting(513));
        assert!(matches!(reason(&mut client), Some(CloseReason::Protocol(_))), "{pattern:?}: we say none");
        let mut pair = Pair::new(pattern);
        let long = vec![b'a'; 513];
        pair.server = Stream::server(at(0), config(pattern), server_identity(), long, [4; 32]);
        pair.exchange();
        let told = CloseReason::Protocol("a greeting too long");
        assert_eq!(reason(&mut pair.client), Some(told), "{pattern:?}: we hear none");
    }
}

#[test]
fn a_client_that_greets_too_long_is_refused_before_there_is_a_session() {
    use crate::crypto::Initiator;
    use crate::transport::stream::preamble::Preamble;
    let preamble = Preamble { pattern: Pattern::Ik, client_id: [1; 8] }.to_bytes();
    let server_key = Some(server_identity().public());
    let mut initiator =
        Initiator::new(Pattern::Ik, &client_identity(), server_key, &preamble, [9; 32]).expect("a hello");
    let hello = initiator.write_hello(&[b'a'; 513]).expect("fits into the message");
    let mut server = Pair::new(Pattern::Ik).server;
    server.handle_bytes(at(0), &[preamble, plain(Kind::Hello, &hello)].concat());
    let refused = CloseReason::Refused(CloseCode::PROTOCOL, "a greeting too long".to_owned());
    assert_eq!(events(&mut server), [SessionEvent::Closed(refused)]);
}
