//! A class on a bad Wi-Fi, with a server that dies in the middle.

use super::harness::{Client, Server, folder};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const PEOPLE: usize = 20;
const LINES: usize = 12;
const ROOMS: [&str; 3] = ["red", "green", "blue"];

fn room_of(person: usize) -> &'static str {
    ROOMS[person % ROOMS.len()]
}

fn enter(server: &Server, person: usize) -> Client {
    let name = format!("person{person}");
    let mut arguments = vec!["--room", room_of(person), "--linger", "8", "--connect-timeout", "60"];
    let seed = person.to_string();
    if person.is_multiple_of(2) {
        arguments.extend(["--transport", "udp", "--loss", "20%", "--delay", "5ms", "--seed", &seed]);
    } else {
        arguments.extend(["--transport", "tcp"]);
    }
    Client::person(server.address, &name, &arguments)
}

/// The texts that this client saw in its room, with their ids, in the order in which it saw them.
fn seen(client: &Client) -> Vec<(u64, String)> {
    let messages = client.events().into_iter().filter(|event| event["event"] == "message");
    messages
        .map(|event| (event["id"].as_u64().unwrap(), event["text"].as_str().unwrap().to_owned()))
        .collect()
}

fn is_accepted(event: &Value) -> bool {
    event["event"] == "accepted"
}

#[test]
fn a_class_loses_nothing_although_a_fifth_of_the_datagrams_and_once_the_server_die() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let address = server.address.to_string();
    let mut clients: Vec<Client> = (0..PEOPLE).map(|person| enter(&server, person)).collect();
    clients.iter().for_each(Client::wait_joined);
    for line in 0..LINES / 2 {
        for (person, client) in clients.iter_mut().enumerate() {
            client.say(&format!("{person}: {line}"));
        }
    }
    // In the middle of it: some of these are accepted, some stored and not told, some on their way.
    clients[0].wait("the first acceptance", is_accepted);
    server.kill();
    for line in LINES / 2..LINES {
        for (person, client) in clients.iter_mut().enumerate() {
            client.say(&format!("{person}: {line}"));
        }
    }
    let _server = Server::start(home.path(), &address, &[]);
    for client in &clients {
        client.output.wait("every line's acceptance", |lines| {
            (lines.iter().filter(|line| line.contains(r#""event":"accepted""#)).count() == LINES)
                .then_some(())
        });
    }
    clients.iter_mut().for_each(Client::end_input);
    let codes: Vec<Option<i32>> = clients.iter_mut().map(Client::exit_code).collect();
    assert!(codes.iter().all(|code| *code == Some(0)), "{codes:?}");
    for room in ROOMS {
        check_room(room, &clients);
    }
}

fn check_room(room: &str, clients: &[Client]) {
    let members: Vec<usize> = (0..PEOPLE).filter(|person| room_of(*person) == room).collect();
    let expected: BTreeSet<String> =
        members.iter().flat_map(|person| (0..LINES).map(move |line| format!("{person}: {line}"))).collect();
    let first = seen(&clients[members[0]]);
    for &person in &members {
        let seen = seen(&clients[person]);
        let texts: BTreeSet<String> = seen.iter().map(|(_, text)| text.clone()).collect();
        assert_eq!(seen.len(), texts.len(), "person {person} saw something twice in {room}");
        assert_eq!(texts, expected, "person {person} in {room}");
        assert!(seen.is_sorted_by_key(|(id, _)| *id), "person {person}: the server's order");
        assert_eq!(seen, first, "person {person} and {} agree", members[0]);
        check_own_order(&seen);
    }
}

/// What one person said comes in the order in which it was said.
fn check_own_order(seen: &[(u64, String)]) {
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, text) in seen {
        let (person, line) = text.split_once(": ").unwrap();
        let line: usize = line.parse().unwrap();
        let before = last.insert(person, line);
        assert!(before.is_none_or(|before| before < line), "{person} said {before:?} before {line}");
    }
}
