//! The vectors of `tests/vectors/chat.txt`, and generated messages: whatever is said is understood,
//! whatever is cut or made up is an error.

use super::field::{ENTRIES_MAX, LABEL_MAX, NAME_MAX, NOTE_MAX};
use super::*;
use crate::chat::message::*;
use crate::chat::message::{Act, AuditEntry, Measure, MeasureEntry, Role};
use crate::wire::Malformed;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::collections::BTreeSet;

const VECTORS: &str = include_str!("../../../tests/vectors/chat.txt");

const NUMBERS: std::ops::Range<u64> = 0..1 << 62;

fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..30).prop_map(String::from_iter)
}

fn failure() -> impl Strategy<Value = Failure> {
    ("[a-z-]{0,64}", text()).prop_map(|(code, text)| Failure { code, text })
}

fn kind() -> impl Strategy<Value = PostKind> {
    prop_oneof![Just(PostKind::Text), Just(PostKind::Action)]
}

fn state() -> impl Strategy<Value = PresenceState> {
    prop_oneof![
        Just(PresenceState::Online),
        Just(PresenceState::Away),
        Just(PresenceState::Lost),
        Just(PresenceState::Offline),
    ]
}

fn people() -> impl Strategy<Value = Vec<PersonEntry>> {
    vec((text(), state()).prop_map(|(name, state)| PersonEntry { name, state }), 0..5)
}

fn session() -> impl Strategy<Value = SessionEntry> {
    ("udp|tcp", option::of(NUMBERS), option::of("[0-9.:]{0,30}"))
        .prop_map(|(transport, rtt_us, address)| SessionEntry { transport, rtt_us, address })
}

fn whois() -> impl Strategy<Value = WhoisEntry> {
    (text(), state(), option::of(text()), NUMBERS, vec(session(), 0..3), vec(text(), 0..3), role()).prop_map(
        |(name, state, away, since_ms, sessions, rooms, role)| WhoisEntry {
            name,
            state,
            away,
            since_ms,
            sessions,
            rooms,
            role,
        },
    )
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Member), Just(Role::Moderator), Just(Role::Owner)]
}

fn measure() -> impl Strategy<Value = Measure> {
    prop_oneof![Just(Measure::Ban), Just(Measure::BanAddress), Just(Measure::Mute)]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (text(), text()).prop_map(|(name, reason)| Act::Kick { name, reason }),
        (measure(), text(), NUMBERS, text()).prop_map(|(measure, name, seconds, reason)| Act::Impose {
            measure,
            name,
            seconds,
            reason
        }),
        (measure(), text()).prop_map(|(measure, name)| Act::Lift { measure, name }),
        (text(), NUMBERS).prop_map(|(room, seconds)| Act::Slow { room, seconds }),
        (text(), text()).prop_map(|(room, text)| Act::Topic { room, text }),
        (text(), role()).prop_map(|(name, role)| Act::Appoint { name, role }),
    ]
}

fn measure_entry() -> impl Strategy<Value = MeasureEntry> {
    (measure(), text(), text(), text(), NUMBERS).prop_map(|(measure, whom, by, reason, until_ms)| {
        MeasureEntry { measure, whom, by, reason, until_ms }
    })
}

fn moderators_hear() -> impl Strategy<Value = ToClient> {
    let request = || NUMBERS.prop_map(RequestId);
    let entry = (NUMBERS, text(), text()).prop_map(|(at_ms, by, deed)| AuditEntry { at_ms, by, deed });
    prop_oneof![
        (request(), vec(measure_entry(), 0..3))
            .prop_map(|(request, measures)| ToClient::Measures { request, measures }),
        (request(), vec(entry, 0..3)).prop_map(|(request, entries)| ToClient::Audit { request, entries }),
        (role(), NUMBERS, NUMBERS).prop_map(|(role, per_second, burst)| ToClient::Terms {
            role,
            per_second,
            burst
        }),
        (text(), text()).prop_map(|(text, by)| ToClient::Topic { text, by }),
    ]
}

fn private() -> impl Strategy<Value = PrivateMessage> {
    (NUMBERS, text(), text(), any::<u64>(), NUMBERS, NUMBERS, text()).prop_map(
        |(id, from, to, origin, counter, at_ms, text)| PrivateMessage {
            id: MessageId(id),
            from: from.into(),
            to: to.into(),
            origin: Origin(origin),
            counter: Counter(counter),
            at_ms,
            text: text.into(),
        },
    )
}

fn room_message() -> impl Strategy<Value = RoomMessage> {
    (NUMBERS, NUMBERS, text(), any::<u64>(), NUMBERS, NUMBERS, kind(), text()).prop_map(
        |(id, person, name, origin, counter, at_ms, kind, text)| RoomMessage {
            id: MessageId(id),
            person: PersonId(person),
            name: name.into(),
            origin: Origin(origin),
            counter: Counter(counter),
            at_ms,
            kind,
            text: text.into(),
        },
    )
}

fn to_server() -> impl Strategy<Value = ToServer> {
    let request = || NUMBERS.prop_map(RequestId);
    let counter = || NUMBERS.prop_map(Counter);
    prop_oneof![
        (request(), text()).prop_map(|(request, name)| ToServer::Nick { request, name }),
        (request(), option::of(text())).prop_map(|(request, room)| ToServer::Who { request, room }),
        (request(), text()).prop_map(|(request, name)| ToServer::Whois { request, name }),
        request().prop_map(|request| ToServer::Rooms { request }),
        (request(), option::of(text())).prop_map(|(request, text)| ToServer::Away { request, text }),
        (request(), act()).prop_map(|(request, act)| ToServer::Moderate { request, act }),
        request().prop_map(|request| ToServer::Measures { request }),
        (request(), NUMBERS).prop_map(|(request, count)| ToServer::Audit { request, count }),
        (request(), text(), NUMBERS, NUMBERS).prop_map(|(request, room, before, count)| ToServer::Earlier {
            request,
            room,
            before: MessageId(before),
            count,
        }),
        (counter(), text(), text()).prop_map(|(counter, to, text)| ToServer::Private { counter, to, text }),
        (text(), option::of(NUMBERS), any::<u32>(), any::<bool>()).prop_map(
            |(room, since, history, since_left)| {
                let since = since.map(MessageId);
                ToServer::Join { room, since, history, since_left }
            }
        ),
        NUMBERS.prop_map(|through| ToServer::Seen { through: MessageId(through) }),
        option::of(text()).prop_map(|to| ToServer::Typing { to }),
        Just(ToServer::Part),
        Just(ToServer::Anew),
        any::<[u8; 32]>().prop_map(|bytes| ToServer::Prove { proof: Proof::Stretched(bytes) }),
        any::<[u8; 16]>().prop_map(|bytes| ToServer::Prove { proof: Proof::Token(bytes) }),
        (counter(), kind(), text()).prop_map(|(counter, kind, text)| ToServer::Post { counter, kind, text }),
    ]
}

fn to_client_control() -> impl Strategy<Value = ToClient> {
    let request = || NUMBERS.prop_map(RequestId);
    let room = (text(), NUMBERS).prop_map(|(name, people)| RoomEntry { name, people });
    prop_oneof![
        (NUMBERS, text(), NUMBERS).prop_map(|(person, name, last)| ToClient::Welcome {
            person: PersonId(person),
            name,
            private_after: MessageId(last),
        }),
        request().prop_map(|request| ToClient::Done { request }),
        (request(), failure()).prop_map(|(request, failure)| ToClient::Failed { request, failure }),
        (request(), option::of(text()), people(), NUMBERS)
            .prop_map(|(request, room, people, total)| ToClient::Who { request, room, people, total }),
        (request(), whois()).prop_map(|(request, entry)| ToClient::Whois { request, entry }),
        (request(), vec(room, 0..5)).prop_map(|(request, rooms)| ToClient::Rooms { request, rooms }),
        people().prop_map(|changes| ToClient::Presence { changes }),
        (NUMBERS, text(), text()).prop_map(|(person, old, new)| ToClient::Renamed {
            person: PersonId(person),
            old,
            new,
        }),
        text().prop_map(|text| ToClient::Notice { text }),
        (any::<bool>(), any::<[u8; 16]>(), any::<u8>()).prop_map(|(secret, salt, tries_left)| {
            let wanted = if secret { Wanted::Secret } else { Wanted::Password };
            ToClient::Asked { wanted, salt, tries_left }
        }),
    ]
}

fn to_client() -> impl Strategy<Value = ToClient> {
    let counter = || NUMBERS.prop_map(Counter);
    let names = || vec(text(), 0..5);
    prop_oneof![
        10 => to_client_control(),
        4 => moderators_hear(),
        1 => private().prop_map(ToClient::Private),
        1 => private().prop_map(ToClient::PrivateCopy),
        1 => (counter(), NUMBERS)
            .prop_map(|(counter, id)| ToClient::Accepted { counter, id: MessageId(id) }),
        1 => (counter(), failure()).prop_map(|(counter, failure)| ToClient::Rejected { counter, failure }),
        1 => (text(), names(), NUMBERS, [NUMBERS, NUMBERS, NUMBERS]).prop_map(|(room, people, total, ids)| {
            let [last, from, seen] = ids.map(MessageId);
            ToClient::Joined { room, people, total, last, from, seen }
        }),
        1 => NUMBERS.prop_map(|through| ToClient::SeenByAll { through: MessageId(through) }),
        1 => (text(), NUMBERS).prop_map(|(by, through)| {
            ToClient::PrivateSeen { by, through: MessageId(through) }
        }),
        1 => text().prop_map(|name| ToClient::Typing { name }),
        1 => (NUMBERS, text(), vec(room_message(), 0..3), any::<bool>()).prop_map(
            |(request, room, messages, at_start)| {
                let request = RequestId(request);
                ToClient::Page { request, room, messages, at_start }
            }
        ),
        1 => failure().prop_map(|failure| ToClient::JoinFailed { failure }),
        1 => Just(ToClient::Parted),
        1 => (room_message(), any::<bool>())
            .prop_map(|(message, history)| ToClient::Message { message, history }),
        1 => NUMBERS.prop_map(|missed| ToClient::HistoryGap { missed }),
        1 => names().prop_map(|names| ToClient::MembersJoined { names }),
        1 => names().prop_map(|names| ToClient::MembersLeft { names }),
    ]
}

fn greeting() -> impl Strategy<Value = Greeting> {
    (any::<[u8; 16]>(), text(), option::of(NUMBERS), NUMBERS, "[a-z0-9./]{0,64}").prop_map(
        |(instance, name, since, settled, agent)| Greeting {
            instance: Instance(instance),
            name,
            private_since: since.map(MessageId),
            settled: Counter(settled),
            agent,
        },
    )
}

/// Each of these bytes' beginnings, and the bytes with one more, must be an error.
fn refuses_all_but_the_whole<T>(bytes: &[u8], decode: impl Fn(&[u8]) -> Result<T, Malformed>) {
    for len in 0..bytes.len() {
        assert!(decode(&bytes[..len]).is_err(), "{len} of {} bytes were enough", bytes.len());
    }
    let longer = [bytes, &[0]].concat();
    assert!(decode(&longer).is_err(), "a byte too many was overlooked");
}

proptest! {
    #[test]
    fn what_a_client_says_is_understood_whole_or_not_at_all(message in to_server()) {
        let bytes = encode_to_server(&message);
        prop_assert_eq!(decode_to_server(&bytes), Ok(message));
        refuses_all_but_the_whole(&bytes, decode_to_server);
        prop_assert!(decode_to_client(&bytes).is_err());
    }

    #[test]
    fn what_the_server_says_is_understood_whole_or_not_at_all(message in to_client()) {
        let bytes = encode_to_client(&message);
        prop_assert_eq!(decode_to_client(&bytes), Ok(message));
        refuses_all_but_the_whole(&bytes, decode_to_client);
        prop_assert!(decode_to_server(&bytes).is_err());
    }

    #[test]
    fn a_greeting_is_understood_whole_or_not_at_all(client in greeting()) {
        let server = ServerGreeting { name: client.agent.clone(), agent: client.agent.clone() };
        let bytes = encode_greeting(&client);
        prop_assert_eq!(decode_greeting(&bytes), Ok(client));
        refuses_all_but_the_whole(&bytes, decode_greeting);
        let bytes = encode_server_greeting(&server);
        prop_assert_eq!(decode_server_greeting(&bytes), Ok(server));
        refuses_all_but_the_whole(&bytes, decode_server_greeting);
    }

    #[test]
    fn whatever_bytes_come_nothing_panics_and_what_is_understood_can_be_said_again(
        kind in 0u8..0x80,
        rest in vec(any::<u8>(), 0..200),
    ) {
        let bytes = [&[kind], rest.as_slice()].concat();
        if let Ok(message) = decode_to_server(&bytes) {
            prop_assert_eq!(decode_to_server(&encode_to_server(&message)), Ok(message));
        }
        if let Ok(message) = decode_to_client(&bytes) {
            prop_assert_eq!(decode_to_client(&encode_to_client(&message)), Ok(message));
        }
        let _ = (decode_greeting(&bytes), decode_server_greeting(&bytes));
    }
}

fn from_hex(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

/// The value that these bytes mean, spelled out, and the bytes that this value is written as.
fn read_back(direction: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    match direction {
        "to-server" => {
            let value = decode_to_server(bytes).unwrap();
            (format!("{value:?}"), encode_to_server(&value))
        }
        "to-client" => {
            let value = decode_to_client(bytes).unwrap();
            (format!("{value:?}"), encode_to_client(&value))
        }
        "greeting" => {
            let value = decode_greeting(bytes).unwrap();
            (format!("{value:?}"), encode_greeting(&value))
        }
        _ => {
            let value = decode_server_greeting(bytes).unwrap();
            (format!("{value:?}"), encode_server_greeting(&value))
        }
    }
}

#[test]
fn the_known_answers_read_and_write_as_they_stand_and_cover_every_type() {
    let mut types = BTreeSet::new();
    for line in VECTORS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let [direction, hex, meaning] = line.split(" | ").map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("not a vector: {line}");
        };
        let bytes = from_hex(hex);
        if direction == "malformed" {
            let refused = decode_to_server(&bytes).is_err() && decode_to_client(&bytes).is_err();
            assert!(refused && decode_greeting(&bytes).is_err(), "{line}");
            continue;
        }
        let (value, written) = read_back(direction, &bytes);
        assert_eq!(value, meaning, "{line}");
        assert_eq!(written, bytes, "{line}");
        types.insert(bytes[0]);
    }
    let all = [
        0x01..=0x0a,
        0x10..=0x10,
        0x20..=0x22,
        0x30..=0x32,
        0x40..=0x4d,
        0x50..=0x55,
        0x60..=0x68,
        0x70..=0x71,
    ];
    assert_eq!(types, all.into_iter().flatten().collect());
}

#[test]
fn a_string_of_its_bound_passes_and_one_byte_more_is_malformed() {
    let post = |len| {
        let mut bytes = vec![0x22, 1, 0];
        crate::wire::Writer::new(&mut bytes).put_run(&vec![b'x'; len]);
        decode_to_server(&bytes)
    };
    assert!(post(TEXT_BYTES_MAX).is_ok());
    assert_eq!(post(TEXT_BYTES_MAX + 1), Err(Malformed("text")));
    let nick = |len| {
        let mut bytes = vec![0x01, 1];
        crate::wire::Writer::new(&mut bytes).put_run(&vec![b'x'; len]);
        decode_to_server(&bytes)
    };
    assert!(nick(NAME_MAX).is_ok());
    assert_eq!(nick(NAME_MAX + 1), Err(Malformed("name")));
}

#[test]
fn what_exceeds_its_bound_is_cut_at_a_character_so_that_it_still_decodes() {
    let failure = Failure { code: "x".repeat(LABEL_MAX + 1), text: "é".repeat(NOTE_MAX) };
    let Ok(ToClient::JoinFailed { failure }) =
        decode_to_client(&encode_to_client(&ToClient::JoinFailed { failure }))
    else {
        panic!("it did not decode");
    };
    assert_eq!((failure.code.len(), failure.text.len()), (LABEL_MAX, NOTE_MAX));
    let names = vec!["é".repeat(NAME_MAX + 3); ENTRIES_MAX + 1];
    let Ok(ToClient::MembersLeft { names }) =
        decode_to_client(&encode_to_client(&ToClient::MembersLeft { names }))
    else {
        panic!("it did not decode");
    };
    assert_eq!((names.len(), names[0].len()), (ENTRIES_MAX, NAME_MAX));
}

#[test]
fn a_list_that_promises_more_than_it_holds_is_malformed() {
    let promising = |len: u64| {
        let mut bytes = vec![0x65];
        crate::wire::Writer::new(&mut bytes).put_varint(len);
        decode_to_client(&bytes)
    };
    assert_eq!(promising(ENTRIES_MAX as u64), Err(Malformed("name")));
    assert_eq!(promising(ENTRIES_MAX as u64 + 1), Err(Malformed("list")));
}
