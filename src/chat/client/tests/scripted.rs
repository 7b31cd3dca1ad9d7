//! One promise a test, with the server's part written out.

use super::{LineNumber, UserEvent, client, events};
use crate::chat::client::ChatClient;
use crate::chat::client::outbox::GIVE_UP_AFTER;
use crate::chat::client::router::OPEN_LINES_MAX;
use crate::chat::codec::{decode_greeting, decode_to_server, encode_to_client};
use crate::chat::message::Role;
use crate::chat::message::*;
use crate::time::at;

const LOBBY: u64 = 8;

fn type_line(client: &mut ChatClient, line: u64, text: &str) {
    client.handle_line(at(line), LineNumber(line), text);
}

fn hear(client: &mut ChatClient, channel: u64, message: &ToClient) {
    client.handle_message(at(0), channel, &encode_to_client(message)).unwrap();
}

fn sent(client: &mut ChatClient) -> Vec<(u64, ToServer)> {
    let next = || client.poll_send();
    std::iter::from_fn(next).map(|(channel, bytes)| (channel, decode_to_server(&bytes).unwrap())).collect()
}

fn welcome(client: &mut ChatClient) {
    hear(
        client,
        CONTROL_CHANNEL,
        &ToClient::Welcome { person: PersonId(1), name: "Ann".into(), private_after: MessageId(0) },
    );
    hear(client, CONTROL_CHANNEL, &ToClient::Terms { role: Role::Member, per_second: 0, burst: 0 });
}

fn joined(room: &str, last: u64) -> ToClient {
    ToClient::Joined {
        room: room.into(),
        people: vec!["bob".into()],
        total: 2,
        last: MessageId(last),
        from: MessageId(last.saturating_sub(5)),
        seen: MessageId(0),
    }
}

#[test]
fn whoever_asks_for_the_keys_too_early_is_answered_when_the_server_is_there() {
    let mut client = client();
    type_line(&mut client, 1, "/fingerprint");
    client.handle_connected(at(0));
    assert!(events(&mut client).is_empty() && client.unsettled_lines() == 1);
    welcome(&mut client);
    let asked = |events: &[UserEvent], line| {
        events
            .iter()
            .filter(|event| **event == UserEvent::FingerprintsAsked { line: LineNumber(line) })
            .count()
    };
    assert_eq!((asked(&events(&mut client), 1), client.unsettled_lines()), (1, 0));
    type_line(&mut client, 2, "/fingerprint");
    assert_eq!(asked(&events(&mut client), 2), 1, "then at once");
    welcome(&mut client);
    assert!(asked(&events(&mut client), 1) == 0, "and once only");
}

/// A client in the lobby, with everything drained.
fn client_in_lobby() -> ChatClient {
    let mut client = client();
    client.handle_connected(at(0));
    welcome(&mut client);
    hear(&mut client, LOBBY, &joined("lobby", 0));
    sent(&mut client);
    events(&mut client);
    client
}

fn join(room: &str, since: Option<u64>) -> ToServer {
    ToServer::Join { room: room.into(), since: since.map(MessageId), history: 5, since_left: false }
}

fn post(counter: u64, text: &str) -> ToServer {
    ToServer::Post { counter: Counter(counter), kind: PostKind::Text, text: text.into() }
}

fn accepted(counter: u64, id: u64) -> ToClient {
    ToClient::Accepted { counter: Counter(counter), id: MessageId(id) }
}

fn own_message(counter: u64, id: u64, text: &str) -> ToClient {
    let message = RoomMessage {
        id: MessageId(id),
        person: PersonId(1),
        name: "Ann".into(),
        origin: super::INSTANCE.origin(),
        counter: Counter(counter),
        at_ms: 7,
        kind: PostKind::Text,
        text: text.into(),
    };
    ToClient::Message { message, history: false }
}

fn error_codes(events: &[UserEvent]) -> Vec<(String, Option<u64>)> {
    let error = |event: &UserEvent| match event {
        UserEvent::Error { failure, line } => Some((failure.code.clone(), line.map(|line| line.0))),
        _ => None,
    };
    events.iter().filter_map(error).collect()
}

fn refused(code: &str, line: u64) -> (String, Option<u64>) {
    (code.to_owned(), Some(line))
}

#[test]
fn the_first_flight_carries_the_join_and_what_was_typed_but_no_request() {
    let mut client = client();
    type_line(&mut client, 1, "hi");
    type_line(&mut client, 2, "/nick zoe");
    client.handle_connected(at(0));
    assert_eq!(sent(&mut client), [(LOBBY, join("lobby", None)), (LOBBY, post(1, "hi"))]);
    welcome(&mut client);
    let nick = ToServer::Nick { request: RequestId(1), name: "zoe".into() };
    assert_eq!(sent(&mut client), [(CONTROL_CHANNEL, nick)]);
}

#[test]
fn text_behind_a_join_goes_to_the_new_room_and_falls_back_when_that_is_left() {
    let mut client = client_in_lobby();
    for (line, text) in [(1, "/join maths"), (2, "one"), (3, "/part"), (4, "two")] {
        type_line(&mut client, line, text);
    }
    assert_eq!(sent(&mut client), [(12, join("maths", None)), (12, post(1, "one")), (LOBBY, post(2, "two"))]);
    hear(&mut client, 12, &joined("maths", 0));
    assert!(sent(&mut client).is_empty(), "the part waits for the post");
    hear(&mut client, 12, &accepted(1, 1));
    assert_eq!(sent(&mut client), [(12, ToServer::Part)]);
    hear(&mut client, 12, &ToClient::Parted);
    let outcomes: Vec<u64> = events(&mut client).iter().filter_map(UserEvent::line).map(|l| l.0).collect();
    assert_eq!(outcomes, [1, 2, 3]);
}

#[test]
fn a_message_that_is_seen_before_its_receipt_is_accepted_once_and_shown_once() {
    let mut client = client_in_lobby();
    type_line(&mut client, 1, "hi");
    assert_eq!(
        client.pending().map(|p| (p.line.0, p.target, p.text)).collect::<Vec<_>>(),
        [(1, "lobby", "hi")]
    );
    hear(&mut client, LOBBY, &own_message(1, 4, "hi"));
    hear(&mut client, LOBBY, &accepted(1, 4));
    hear(&mut client, LOBBY, &own_message(1, 4, "hi"));
    let seen = events(&mut client);
    assert_eq!(seen[0], UserEvent::Accepted { line: LineNumber(1), id: MessageId(4) });
    assert!(matches!(&seen[1..], [UserEvent::Message { own: true, id: MessageId(4), .. }]), "{seen:?}");
    assert_eq!(client.pending().count(), 0);
}

#[test]
fn a_new_session_joins_again_from_the_last_message_shown_and_sends_again_in_order() {
    let mut client = client_in_lobby();
    for (line, text) in [(1, "one"), (2, "two"), (3, "/msg bob three")] {
        type_line(&mut client, line, text);
    }
    sent(&mut client);
    hear(&mut client, LOBBY, &accepted(1, 8));
    hear(&mut client, LOBBY, &own_message(1, 8, "one"));
    client.handle_disconnected(at(9), "silent");
    type_line(&mut client, 4, "four");
    assert!(sent(&mut client).is_empty());
    assert_eq!(decode_greeting(&client.greeting()).unwrap().settled, Counter(1));
    client.handle_connected(at(10));
    let private = ToServer::Private { counter: Counter(3), to: "bob".into(), text: "three".into() };
    assert_eq!(
        sent(&mut client),
        [
            (LOBBY, join("lobby", Some(8))),
            (LOBBY, post(2, "two")),
            (PRIVATE_CHANNEL, private),
            (LOBBY, post(4, "four")),
        ]
    );
}

#[test]
fn a_room_that_is_closed_fails_what_hangs_on_it_and_the_server_settles_what_was_sent() {
    let mut client = client_in_lobby();
    for (line, text) in [(1, "/join maths"), (2, "/join maths"), (3, "hi"), (4, "/part")] {
        type_line(&mut client, line, text);
    }
    sent(&mut client);
    let failure = Failure::new("room-closed", "it is closed");
    hear(&mut client, 12, &ToClient::JoinFailed { failure: failure.clone() });
    assert_eq!(
        error_codes(&events(&mut client)),
        [refused("room-closed", 1), refused("room-closed", 2), refused("not-in-room", 4)]
    );
    assert_eq!(client.current_room(), Some("lobby"));
    hear(&mut client, 12, &ToClient::Rejected { counter: Counter(1), failure });
    assert_eq!(error_codes(&events(&mut client)), [refused("room-closed", 3)]);
    assert_eq!(client.unsettled_lines(), 0);
    type_line(&mut client, 5, "/join physics");
    assert_eq!(sent(&mut client), [(12, join("physics", None))], "the channel is free again");
}

#[test]
fn joining_a_room_again_switches_to_it_and_carries_the_line() {
    let mut client = client_in_lobby();
    type_line(&mut client, 1, "/join maths");
    hear(&mut client, 12, &joined("maths", 0));
    sent(&mut client);
    events(&mut client);
    type_line(&mut client, 2, "/join #LOBBY");
    assert!(sent(&mut client).is_empty());
    let (room, name) = ("lobby".to_owned(), "Ann".to_owned());
    assert_eq!(
        events(&mut client),
        [
            UserEvent::CurrentRoom { room: Some(room.clone()) },
            UserEvent::Joined { room, name, own: true, line: Some(LineNumber(2)) },
        ]
    );
}

#[test]
fn text_without_a_room_is_an_error() {
    let mut client = client_in_lobby();
    for (line, text) in [(1, "/part"), (2, "hi"), (3, "/part"), (4, "/part maths"), (5, "/reply hi")] {
        type_line(&mut client, line, text);
    }
    let codes = error_codes(&events(&mut client));
    let expected = [("no-room", 2), ("no-room", 3), ("not-in-room", 4), ("nobody-to-reply", 5)];
    assert_eq!(codes, expected.map(|(code, line)| refused(code, line)));
}

#[test]
fn a_part_that_the_session_took_along_is_done() {
    let mut client = client_in_lobby();
    type_line(&mut client, 1, "/part");
    assert_eq!(sent(&mut client), [(LOBBY, ToServer::Part)]);
    events(&mut client);
    client.handle_disconnected(at(2), "silent");
    assert!(matches!(events(&mut client)[..], [UserEvent::Left { line: Some(LineNumber(1)), .. }]));
    client.handle_connected(at(3));
    assert!(sent(&mut client).is_empty(), "it is not joined again");
}

#[test]
fn a_receipt_that_comes_when_its_room_is_left_already_does_no_harm() {
    let mut client = client_in_lobby();
    type_line(&mut client, 1, "hi");
    type_line(&mut client, 2, "/part");
    hear(&mut client, LOBBY, &own_message(1, 4, "hi"));
    hear(&mut client, LOBBY, &ToClient::Parted);
    events(&mut client);
    hear(&mut client, LOBBY, &accepted(1, 4));
    assert!(events(&mut client).is_empty());
}

#[test]
fn being_put_out_of_a_room_is_told_and_text_goes_elsewhere() {
    let mut client = client_in_lobby();
    hear(&mut client, LOBBY, &ToClient::Parted);
    let seen = events(&mut client);
    assert!(seen.iter().any(|event| matches!(event, UserEvent::Left { own: true, line: None, .. })));
    assert_eq!(client.current_room(), None);
}

#[test]
fn a_new_name_is_told_once_with_its_line_and_used_in_the_next_greeting() {
    for news_first in [true, false] {
        let mut client = client_in_lobby();
        type_line(&mut client, 1, "/nick zoe");
        let done = ToClient::Done { request: RequestId(1) };
        let news = ToClient::Renamed { person: PersonId(1), old: "Ann".into(), new: "zoe".into() };
        for message in if news_first { [&news, &done] } else { [&done, &news] } {
            hear(&mut client, CONTROL_CHANNEL, message);
        }
        let (old, new) = ("Ann".to_owned(), "zoe".to_owned());
        let line = Some(LineNumber(1));
        assert_eq!(events(&mut client), [UserEvent::Renamed { old, new, own: true, line }]);
        assert_eq!(decode_greeting(&client.greeting()).unwrap().name, "zoe");
    }
}

#[test]
fn who_is_away_is_away_in_the_next_session_too() {
    let mut client = client_in_lobby();
    type_line(&mut client, 1, "/away lunch");
    hear(&mut client, CONTROL_CHANNEL, &ToClient::Done { request: RequestId(1) });
    let seen = events(&mut client);
    assert!(matches!(seen[..], [UserEvent::Presence { state: PresenceState::Away, line: Some(_), .. }]));
    sent(&mut client);
    client.handle_connected(at(2));
    welcome(&mut client);
    let away = ToServer::Away { request: RequestId(2), text: Some("lunch".into()) };
    assert!(sent(&mut client).contains(&(CONTROL_CHANNEL, away)));
}

#[test]
fn a_reply_goes_to_whoever_wrote_last_under_the_name_they_have_now() {
    let mut client = client_in_lobby();
    let message = PrivateMessage {
        id: MessageId(1),
        from: "bob".into(),
        to: "Ann".into(),
        origin: Origin(5),
        counter: Counter(1),
        at_ms: 0,
        text: "psst".into(),
    };
    hear(&mut client, PRIVATE_CHANNEL, &ToClient::Private(message));
    let renamed = ToClient::Renamed { person: PersonId(2), old: "bob".into(), new: "rob".into() };
    hear(&mut client, CONTROL_CHANNEL, &renamed);
    type_line(&mut client, 1, "/reply what?");
    let private = ToServer::Private { counter: Counter(1), to: "rob".into(), text: "what?".into() };
    assert_eq!(sent(&mut client), [(PRIVATE_CHANNEL, private)]);
    events(&mut client);
    hear(&mut client, PRIVATE_CHANNEL, &accepted(1, 30));
    let seen = events(&mut client);
    assert!(matches!(seen[..], [UserEvent::Accepted { .. }, UserEvent::Private { own: true, .. }]));
}

#[test]
fn a_message_with_our_origin_from_somebody_else_is_not_taken_for_ours() {
    let mut client = client_in_lobby();
    type_line(&mut client, 1, "hi");
    let ToClient::Message { mut message, history } = own_message(1, 4, "forged") else { return };
    message.person = PersonId(66);
    hear(&mut client, LOBBY, &ToClient::Message { message, history });
    assert!(matches!(events(&mut client)[..], [UserEvent::Message { own: false, .. }]));
    assert_eq!(client.pending().count(), 1);
}

#[test]
fn what_nobody_accepts_for_twelve_hours_is_given_up_aloud() {
    let mut client = client_in_lobby();
    type_line(&mut client, 1, "hi");
    let due = client.poll_timeout().unwrap();
    assert_eq!(due, at(1) + GIVE_UP_AFTER);
    client.handle_timeout(due);
    assert_eq!(error_codes(&events(&mut client)), [refused("gave-up", 1)]);
    hear(&mut client, LOBBY, &accepted(1, 4));
    assert!(events(&mut client).is_empty(), "an outcome is not taken back");
    assert_eq!(client.poll_timeout(), None);
}

#[test]
fn a_line_beyond_the_bound_is_refused_and_those_before_it_are_kept() {
    let mut client = client_in_lobby();
    for line in 1..=OPEN_LINES_MAX as u64 + 1 {
        type_line(&mut client, line, "x");
    }
    let last = OPEN_LINES_MAX as u64 + 1;
    assert_eq!(error_codes(&events(&mut client)), [refused("too-many-pending", last)]);
    assert_eq!(sent(&mut client).len() as u64, COUNTER_SPAN);
    for counter in 1..=OPEN_LINES_MAX as u64 {
        hear(&mut client, LOBBY, &accepted(counter, counter));
    }
    assert_eq!(client.unsettled_lines(), 0, "all went out in the end");
}

#[test]
fn a_message_in_the_wrong_place_or_time_ends_the_session_and_nothing_else() {
    let mut client = client_in_lobby();
    let wrong = [
        (LOBBY, ToClient::Notice { text: "hi".into() }),
        (CONTROL_CHANNEL, own_message(1, 1, "hi")),
        (PRIVATE_CHANNEL, ToClient::Parted),
        (12, joined("maths", 0)),
        (LOBBY, joined("lobby", 0)),
    ];
    for (channel, message) in wrong {
        let heard = client.handle_message(at(0), channel, &encode_to_client(&message));
        assert!(heard.is_err(), "{message:?}");
    }
    assert!(client.handle_message(at(0), LOBBY, &[0xff]).is_err());
    client.handle_disconnected(at(1), "protocol");
    let late = client.handle_message(at(1), LOBBY, &encode_to_client(&ToClient::Parted));
    assert!(late.is_err() && events(&mut client).is_empty());
}

#[test]
fn people_who_come_and_go_are_told_and_remembered_but_not_oneself() {
    let mut client = client_in_lobby();
    hear(&mut client, LOBBY, &ToClient::MembersJoined { names: vec!["cid".into(), "Ann".into()] });
    hear(&mut client, LOBBY, &ToClient::MembersLeft { names: vec!["bob".into()] });
    assert!(matches!(
        &events(&mut client)[..],
        [UserEvent::Joined { name: cid, own: false, .. }, UserEvent::Left { name: bob, .. }]
            if cid == "cid" && bob == "bob"
    ));
    assert!(client.members("lobby").any(|name| name == "cid"));
    assert!(!client.members("lobby").any(|name| name == "bob"));
}

const ASKED: ToClient = ToClient::Asked { wanted: Wanted::Secret, salt: [3; 16], tries_left: 5 };

#[test]
fn who_is_asked_at_the_door_says_nothing_more_until_welcomed_and_then_everything_anew() {
    let mut client = client();
    client.handle_connected(at(0));
    type_line(&mut client, 1, "one");
    assert_eq!(sent(&mut client).len(), 2, "a join and a post, before anything was asked");
    hear(&mut client, CONTROL_CHANNEL, &ASKED);
    type_line(&mut client, 2, "two");
    type_line(&mut client, 3, "/msg bob hi");
    type_line(&mut client, 4, "/rooms");
    assert!(sent(&mut client).is_empty() && client.is_at_door());
    let asked = client.poll_asked().expect("a question");
    assert_eq!((asked.wanted, asked.salt, asked.again), (Wanted::Secret, [3; 16], false));
    assert_eq!(client.poll_asked(), None, "once");
    let proof = Proof::Stretched([9; 32]);
    client.prove(proof.clone());
    client.prove(proof.clone());
    assert_eq!(sent(&mut client), [(CONTROL_CHANNEL, ToServer::Prove { proof })], "one answer a question");
    hear(&mut client, CONTROL_CHANNEL, &ASKED);
    assert!(client.poll_asked().expect("again").again);
    client.prove(Proof::Token([9; 16]));
    sent(&mut client);
    welcome(&mut client);
    let said = sent(&mut client);
    let on = |channel| said.iter().filter(|(of, _)| *of == channel).map(|(_, it)| it).collect::<Vec<_>>();
    let post = |counter, text: &str| ToServer::Post {
        counter: Counter(counter),
        kind: PostKind::Text,
        text: text.to_owned(),
    };
    let lobby = on(LOBBY);
    assert!(matches!(lobby[..2], [ToServer::Anew, ToServer::Join { .. }]), "{lobby:?}");
    assert_eq!(lobby[2..], [&post(1, "one"), &post(2, "two")]);
    assert!(matches!(on(PRIVATE_CHANNEL)[..], [ToServer::Anew, ToServer::Private { .. }]), "{said:?}");
    assert!(matches!(on(CONTROL_CHANNEL)[..], [ToServer::Rooms { .. }]), "{said:?}");
    type_line(&mut client, 5, "three");
    assert_eq!(sent(&mut client), [(LOBBY, post(4, "three"))], "a channel begins once");
    client.handle_connected(at(1));
    assert!(!sent(&mut client).contains(&(LOBBY, ToServer::Anew)), "and not where nothing was asked");
}

#[test]
fn nothing_is_proved_that_was_not_asked_for() {
    let mut client = client_in_lobby();
    client.prove(Proof::Stretched([9; 32]));
    assert!(sent(&mut client).is_empty());
    let late = client.handle_message(at(0), CONTROL_CHANNEL, &encode_to_client(&ASKED));
    assert!(late.is_err(), "a server that asks after its welcome breaks the protocol");
}
