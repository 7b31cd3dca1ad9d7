//! What was said leaves the server as lines: a real server, which runs on meanwhile.

#[cfg(unix)]
use super::harness::database;
use super::harness::{Client, Server, folder, program, run};
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;

fn export(home: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = program(home);
    command.args(["history", "export"]).args(arguments).env("TZ", "UTC");
    run(command)
}

fn objects(home: &Path, arguments: &[&str]) -> Vec<Value> {
    let (code, output, errors) = export(home, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {errors}");
    output.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

/// Ann says something in two rooms and to Bob.
fn talked(server: &Server) -> (Client, Client) {
    let mut ann = Client::person(server.address, "ann", &[]);
    let bob = Client::person(server.address, "bob", &[]);
    bob.wait_joined();
    for line in ["hello", "/me waves", "/join lab", "in the lab", "/msg bob psst"] {
        ann.say(line);
    }
    bob.wait_text("psst");
    ann.wait_text("in the lab");
    (ann, bob)
}

#[test]
fn what_was_said_is_exported_while_the_server_runs_and_after_it_was_killed() {
    let home = folder();
    let mut server = Some(Server::anywhere(home.path(), &[]));
    let _people = server.as_ref().map(talked);
    let wanted = |object: &Value, wanted: Value| {
        wanted.as_object().expect("members").iter().all(|(name, value)| object[name] == *value)
    };
    for ended in [false, true] {
        if ended {
            server.take().expect("it runs").kill();
        }
        let all = objects(home.path(), &[]);
        assert_eq!(all.len(), 3, "{all:?}");
        assert!(
            wanted(&all[0], json!({ "room": "lobby", "from": "ann", "text": "hello", "kind": "text" })),
            "{all:?}"
        );
        assert!(wanted(&all[1], json!({ "room": "lobby", "text": "waves", "kind": "action" })), "{all:?}");
        assert!(all.iter().all(|object| object["id"].is_u64() && object["sent_ms"].is_u64()), "{all:?}");
        let lab = objects(home.path(), &["--room", "#Lab", "--privates", "--since", "1h"]);
        assert_eq!(lab.len(), 2, "{lab:?}");
        assert!(
            wanted(&lab[1], json!({ "room": null, "from": "ann", "to": "bob", "kind": "private" })),
            "{lab:?}"
        );
        assert!(objects(home.path(), &["--since", "2999-01-01"]).is_empty());
    }
}

#[test]
fn a_line_to_read_has_date_and_time() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let _people = talked(&server);
    let (code, output, errors) = export(home.path(), &["--format", "text", "--privates"]);
    assert_eq!(code, Some(0), "{errors}");
    let ends = ["[lobby] ann: hello", "[lobby] * ann waves", "[lab] ann: in the lab", "[ann -> bob] psst"];
    for (line, end) in output.lines().zip(ends) {
        assert!(line.ends_with(end) && line.as_bytes()[10] == b' ' && line.as_bytes()[13] == b':', "{line}");
    }
}

#[test]
fn whoever_stops_reading_ends_an_export_quietly() {
    let home = folder();
    let server = Server::anywhere(home.path(), &["--quota", "off"]);
    let mut ann = Client::person(server.address, "ann", &[]);
    (0..100).for_each(|_| ann.say(&"x".repeat(3_900)));
    ann.say("the last");
    ann.wait_text("the last");
    let mut child = program(home.path()).args(["history", "export"]).spawn().expect("it starts");
    let mut output = child.stdout.take().expect("piped");
    output.read_exact(&mut [0; 10]).expect("a beginning");
    drop(output);
    let mut errors = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut errors).expect("read");
    assert_eq!((child.wait().expect("ended").code(), errors.as_str()), (Some(0), ""));
}

#[cfg(unix)]
#[test]
fn what_cannot_be_exported_is_told_with_the_cure() {
    let home = folder();
    let refused = |arguments: &[&str], wanted: &[&str]| {
        let (code, output, errors) = export(home.path(), arguments);
        assert_eq!((code, output.as_str()), (Some(1), ""), "{arguments:?}: {errors}");
        assert!(wanted.iter().all(|word| errors.contains(word)), "{wanted:?}: {errors}");
    };
    refused(&["--data", "/no/such/folder"], &["no folder /no/such/folder", "--data"]);
    let empty = folder();
    refused(&["--data", empty.path().to_str().expect("text")], &["no server has kept anything"]);
    let server = Server::anywhere(home.path(), &[]);
    drop(talked(&server));
    refused(&["--room", "loby"], &["no room loby", "lobby"]);
    server.terminate();
    let path = database(home.path());
    let mut bytes = std::fs::read(&path).expect("the store");
    // SQLite: the version of the tables, big-endian at offset 60.
    bytes[63] = 99;
    std::fs::write(&path, &bytes).expect("written");
    refused(&[], &["later version", "99"]);
    std::fs::write(&path, "no database ".repeat(999)).expect("written");
    refused(&[], &["damaged", "left as it is"]);
    let (code, _, errors) = export(home.path(), &["--since", "soon"]);
    assert!(code == Some(2) && errors.contains("2026-11-21"), "{errors}");
}

#[test]
fn a_server_that_keeps_three_messages_lets_go_of_the_others_when_it_starts() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut ann = Client::person(server.address, "ann", &[]);
    (1..=9).for_each(|number| ann.say(&format!("number {number}")));
    ann.wait_text("number 9");
    server.kill();
    let server = Server::anywhere(home.path(), &["--keep", "30d", "--keep", "3"]);
    // Step by step, behind whatever else the store does: who asks later finds it done.
    let ben = Client::person(server.address, "ben", &[]);
    ben.wait_text("number 9");
    let kept: Vec<Value> = objects(home.path(), &[]);
    let texts: Vec<&str> = kept.iter().filter_map(|object| object["text"].as_str()).collect();
    assert_eq!(texts, ["number 7", "number 8", "number 9"]);
    let mut command = program(home.path());
    command.args(["serve", "--keep", "3,4"]);
    let (code, _, errors) = run(command);
    assert!(code == Some(2) && errors.contains("one age and one number"), "{errors}");
}

#[test]
fn one_reads_back_to_the_beginning_of_a_room_in_json_and_in_lines() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut ann = Client::person(server.address, "ann", &[]);
    (1..=9).for_each(|number| ann.say(&format!("number {number}")));
    ann.wait_text("number 9");
    let mut ben = Client::person(server.address, "ben", &["--history", "2"]);
    ben.wait_text("number 9");
    ben.say("/history 4");
    ben.say("/history 4");
    let page = ben.wait("the second page", |event| event["event"] == "earlier" && event["line"] == 2);
    let texts: Vec<_> = page["messages"].as_array().expect("a list").iter().map(|it| &it["text"]).collect();
    assert_eq!(texts, ["number 1", "number 2", "number 3"]);
    assert_eq!((&page["at_start"], &page["room"]), (&json!(true), &json!("lobby")));
    let cid = folder();
    let mut command = program(cid.path());
    let address = server.address.to_string();
    command.args(["chat", &address, "--plain", "--name", "cid", "--history", "0", "--linger", "1"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("it starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("piped"), b"/history 100\n").expect("it reads");
    let mut output = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut output).expect("text");
    child.wait().expect("ended");
    let lines: Vec<&str> = output.lines().skip_while(|line| *line != "* the beginning of lobby").collect();
    let dated = |line: &&&str| line.as_bytes()[4] == b'-' && line.ends_with("[lobby] ann: number 1");
    assert!(lines.get(1).as_ref().is_some_and(dated), "{output}");
}
