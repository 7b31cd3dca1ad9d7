//! Talking: rooms, private messages, one person at two terminals, every line's outcome.

use super::harness::{Client, Server, folder};
use std::collections::BTreeSet;

#[test]
fn a_person_on_udp_and_a_person_on_tcp_sit_in_one_room() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut ann = Client::person(server.address, "ann", &["--transport", "udp"]);
    let mut bob = Client::person(server.address, "bob", &["--transport", "tcp"]);
    assert_eq!(ann.wait_event("connected")["transport"], "udp");
    assert_eq!(bob.wait_event("connected")["transport"], "tcp");
    ann.wait_joined();
    bob.wait_joined();
    ann.say("hi bob");
    assert_eq!(bob.wait_text("hi bob")["from"], "ann");
    bob.say("/me waves");
    let waved = ann.wait_text("waves");
    assert_eq!((&waved["room"], &waved["from"]), (&"lobby".into(), &"bob".into()));
    ann.say("/msg bob just you");
    assert_eq!(bob.wait_event("private")["text"], "just you");
    bob.say("/reply thanks");
    assert_eq!(ann.wait_text("thanks")["to"], "ann");
    server.log.wait_for("bob connected over tcp");
}

#[test]
fn one_key_at_two_terminals_is_one_person_under_one_name_and_two_under_two() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let laptop = folder();
    let mut one = Client::at(laptop.path(), server.address, &["--name", "ann"]);
    one.wait_joined();
    let two = Client::at(laptop.path(), server.address, &["--name", "ann"]);
    two.wait_joined();
    let other = Client::at(laptop.path(), server.address, &["--name", "mia"]);
    other.wait_joined();
    one.say("from the first");
    let seen = two.wait_text("from the first");
    assert_eq!((&seen["from"], &seen["own"]), (&"ann".into(), &false.into()));
    assert_eq!(other.wait_text("from the first")["from"], "ann");
    one.say("/who");
    let who = one.wait_event("who");
    let names: BTreeSet<_> =
        who["people"].as_array().unwrap().iter().map(|p| p["name"].to_string()).collect();
    assert_eq!(names, BTreeSet::from(["\"ann\"".to_owned(), "\"mia\"".to_owned()]));
}

#[test]
fn every_line_of_input_ends_in_one_event_of_its_own() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut ann = Client::person(server.address, "ann", &[]);
    let lines = [
        "hello",
        "/me nods",
        "/msg nobody hi",
        "/who",
        "/who lobby",
        "/whois ann",
        "/whois nobody",
        "/rooms",
        "/join lab",
        "in the lab",
        "/part lab",
        "/part nowhere",
        "/away lunch",
        "/back",
        "/nick ann2",
        "/help",
        "/help join",
        "/help nothing",
        "/stats",
        "/joim x",
        "/msg",
        "",
        "/reply hm",
        "/join !!",
        "/quit",
    ];
    lines.iter().for_each(|line| ann.say(line));
    ann.end_input();
    assert_eq!(ann.exit_code(), Some(1), "what could not be said is told: {:?}", ann.errors.all());
    for number in 1..=lines.len() as u64 {
        let outcomes: Vec<_> = ann
            .events()
            .into_iter()
            .filter(|event| event["line"] == number)
            .map(|e| e["event"].clone())
            .collect();
        assert_eq!(outcomes.len(), 1, "line {number}, {:?}: {outcomes:?}", lines[number as usize - 1]);
    }
}

#[test]
fn earlier_messages_are_replayed_on_joining_and_a_restart_forgets_none() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut ann = Client::person(server.address, "ann", &[]);
    (0..5).for_each(|n| ann.say(&format!("message {n}")));
    ann.end_input();
    assert_eq!(ann.exit_code(), Some(0));
    let address = server.address.to_string();
    server.kill();
    let server = Server::start(home.path(), &address, &[]);
    let mut bob = Client::person(server.address, "bob", &["--history", "3", "--linger", "1"]);
    bob.end_input();
    assert_eq!(bob.exit_code(), Some(0));
    let replayed: Vec<_> = bob.events().into_iter().filter(|event| event["event"] == "message").collect();
    let texts: Vec<_> = replayed.iter().map(|event| event["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["message 2", "message 3", "message 4"]);
    assert!(replayed.iter().all(|event| event["history"] == true));
}

#[test]
fn plain_lines_read_as_the_contract_says() {
    use super::harness::program;
    use std::io::Write;
    use std::process::Stdio;
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut bob = Client::person(server.address, "bob", &[]);
    bob.wait_joined();
    let laptop = folder();
    let mut child = program(laptop.path())
        .args(["chat", &server.address.to_string(), "--name", "ann", "--linger", "2"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    bob.wait("ann's join", |event| event["event"] == "joined" && event["name"] == "ann");
    bob.say("hi ann");
    bob.say("/msg ann psst");
    bob.wait("both accepted", |event| event["event"] == "accepted" && event["line"] == 2);
    writeln!(child.stdin.as_mut().unwrap(), "hello\n/joni x").unwrap();
    bob.wait_text("hello");
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let connected = format!("* connected to {} over udp as ann", server.address);
    for line in [connected.as_str(), "[lobby] bob: hi ann", "[bob -> you] psst"] {
        assert!(text.lines().any(|shown| shown == line), "no line {line:?} in:\n{text}");
    }
    assert!(text.contains("! ") && !text.contains("ann: hello"), "one's own lines are not echoed:\n{text}");
}
