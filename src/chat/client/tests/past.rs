//! Reading further back, with the server's part written out.

use super::{LineNumber, UserEvent, client, events};
use crate::chat::client::ChatClient;
use crate::chat::codec::{decode_to_server, encode_to_client};
use crate::chat::message::*;
use crate::time::at;

const LOBBY: u64 = 8;

fn hear(client: &mut ChatClient, channel: u64, message: &ToClient) {
    client.handle_message(at(0), channel, &encode_to_client(message)).unwrap();
}

fn welcome(client: &mut ChatClient) {
    let name = "Ann".to_owned();
    hear(
        client,
        CONTROL_CHANNEL,
        &ToClient::Welcome { person: PersonId(1), name, private_after: MessageId(0) },
    );
    hear(client, CONTROL_CHANNEL, &ToClient::Terms { role: Role::Member, per_second: 0, burst: 0 });
}

fn enter(client: &mut ChatClient) {
    let (room, last) = ("lobby".to_owned(), MessageId(90));
    let (from, seen) = (MessageId(80), MessageId(0));
    hear(client, LOBBY, &ToClient::Joined { room, people: Vec::new(), total: 1, last, from, seen });
}

/// A client in the lobby that has shown messages from 81 on.
fn client_in_lobby() -> ChatClient {
    let mut client = client();
    client.handle_connected(at(0));
    welcome(&mut client);
    enter(&mut client);
    hear(&mut client, LOBBY, &ToClient::Message { message: message(81), history: true });
    asked(&mut client);
    events(&mut client);
    client
}

fn message(id: u64) -> RoomMessage {
    RoomMessage {
        id: MessageId(id),
        person: PersonId(2),
        name: "bob".into(),
        origin: Origin(2),
        counter: Counter(id),
        at_ms: 1,
        kind: PostKind::Text,
        text: "hi".into(),
    }
}

fn page(request: u64, ids: std::ops::Range<u64>, at_start: bool) -> ToClient {
    let messages = ids.map(message).collect();
    ToClient::Page { request: RequestId(request), room: "lobby".into(), messages, at_start }
}

/// The requests for earlier messages that went out: number, before, count.
fn asked(client: &mut ChatClient) -> Vec<(u64, u64, u64)> {
    let next = || client.poll_send();
    let said = std::iter::from_fn(next).map(|(_, bytes)| decode_to_server(&bytes).unwrap());
    let earlier = |message| match message {
        ToServer::Earlier { request, before, count, .. } => Some((request.0, before.0, count)),
        _ => None,
    };
    said.filter_map(earlier).collect()
}

/// The pages that were shown: line, ids, at the start.
fn shown(client: &mut ChatClient) -> Vec<(u64, Vec<u64>, bool)> {
    let page = |event| match event {
        UserEvent::Earlier { line, messages, at_start, .. } => {
            Some((line.0, messages.iter().map(|message| message.id.0).collect(), at_start))
        }
        _ => None,
    };
    events(client).into_iter().filter_map(page).collect()
}

#[test]
fn each_request_goes_on_above_the_oldest_that_was_shown() {
    let mut client = client_in_lobby();
    client.handle_line(at(0), LineNumber(1), "/history 3");
    assert_eq!(asked(&mut client), [(1, 81, 3)]);
    hear(&mut client, CONTROL_CHANNEL, &page(1, 78..81, false));
    assert_eq!(shown(&mut client), [(1, vec![78, 79, 80], false)]);
    client.handle_line(at(0), LineNumber(2), "/history");
    assert_eq!(asked(&mut client), [(2, 78, 50)]);
    hear(&mut client, CONTROL_CHANNEL, &page(2, 70..78, true));
    assert_eq!(shown(&mut client), [(2, (70..78).collect(), true)]);
    assert_eq!(client.unsettled_lines(), 0);
}

#[test]
fn two_requests_at_once_show_nothing_twice() {
    let mut client = client_in_lobby();
    client.handle_line(at(0), LineNumber(1), "/history 2");
    client.handle_line(at(0), LineNumber(2), "/history 2");
    assert_eq!(asked(&mut client), [(1, 81, 2), (2, 81, 2)]);
    hear(&mut client, CONTROL_CHANNEL, &page(1, 79..81, false));
    hear(&mut client, CONTROL_CHANNEL, &page(2, 79..81, false));
    assert_eq!(asked(&mut client), [(3, 79, 2)], "the second goes on above the first");
    hear(&mut client, CONTROL_CHANNEL, &page(3, 77..79, false));
    assert_eq!(shown(&mut client), [(1, vec![79, 80], false), (2, vec![77, 78], false)]);
}

#[test]
fn a_request_that_a_break_interrupted_is_asked_again_once_the_room_is_entered() {
    let mut client = client_in_lobby();
    client.handle_line(at(0), LineNumber(1), "/history 3");
    assert_eq!(asked(&mut client).len(), 1);
    client.handle_disconnected(at(0), "gone");
    client.handle_connected(at(0));
    welcome(&mut client);
    assert_eq!(asked(&mut client), [], "the server may not have heard the join yet");
    enter(&mut client);
    assert_eq!(asked(&mut client), [(1, 81, 3)]);
    hear(&mut client, CONTROL_CHANNEL, &page(1, 78..81, false));
    assert_eq!(shown(&mut client).len(), 1);
}

#[test]
fn what_was_read_back_before_anything_came_does_not_come_again() {
    let mut client = client();
    client.handle_connected(at(0));
    welcome(&mut client);
    enter(&mut client);
    client.handle_line(at(0), LineNumber(1), "/history 3");
    hear(&mut client, CONTROL_CHANNEL, &page(1, 88..91, false));
    assert_eq!(shown(&mut client).len(), 1);
    for id in [90, 91] {
        hear(&mut client, LOBBY, &ToClient::Message { message: message(id), history: false });
    }
    let ids: Vec<u64> = events(&mut client)
        .into_iter()
        .filter_map(|event| match event {
            UserEvent::Message { id, .. } => Some(id.0),
            _ => None,
        })
        .collect();
    assert_eq!(ids, [91]);
}

#[test]
fn whoever_is_in_no_room_is_told_so() {
    let mut client = client_in_lobby();
    client.handle_line(at(0), LineNumber(1), "/part");
    client.handle_line(at(0), LineNumber(2), "/history");
    let failed = |event: &UserEvent| matches!(event, UserEvent::Error { failure, line: Some(LineNumber(2)) } if failure.code == "no-room");
    assert!(events(&mut client).iter().any(failed));
}
