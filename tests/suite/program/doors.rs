//! Who comes in, by a class secret, a password or a token: real processes, and files that change meanwhile.

use super::harness::{Client, Server, folder, program, run};
use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

fn written(home: &Path, name: &str, text: &str) -> PathBuf {
    let path = home.join(name);
    std::fs::write(&path, text).expect("written");
    path
}

/// Standard input with this text.
fn typed(text: &str) -> File {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(text.as_bytes()).and_then(|()| file.rewind()).expect("it takes the text");
    file
}

/// A command of whoever runs the server, with this to read; its output.
fn owner(home: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = program(home);
    command.args(arguments).stdin(typed(input));
    run(command)
}

fn done(home: &Path, arguments: &[&str], input: &str) -> String {
    let (code, output, errors) = owner(home, arguments, input);
    assert_eq!(code, Some(0), "{arguments:?}: {errors}");
    output
}

/// A client that says one line and leaves: exit code, output, errors.
fn visit(server: &Server, name: &str, secret: Option<&str>, more: &[&str]) -> (Option<i32>, String, String) {
    let home = folder();
    let mut command: Command = program(home.path());
    command.args(["chat", &server.address.to_string(), "--json", "--name", name]).args(more);
    if let Some(secret) = secret {
        command.env("SAYAGAIN_SECRET", secret);
    }
    command.stdin(typed("hello\n"));
    run(command)
}

fn secret_server(home: &Path) -> Server {
    let file = written(home, "class", "correct horse\nthe second line is for notes\n");
    Server::anywhere(home, &["--door", "secret", "--secret-file", file.to_str().unwrap()])
}

#[test]
fn the_class_secret_opens_the_door_over_both_transports_and_nothing_else_does() {
    let home = folder();
    let server = secret_server(home.path());
    for transport in ["udp", "tcp"] {
        let more = ["--transport", transport];
        let (code, output, errors) = visit(&server, transport, Some(" correct horse "), &more);
        assert_eq!(code, Some(0), "{transport}: {output}\n{errors}");
        assert!(output.contains("\"event\":\"accepted\""), "{output}");
        assert!(errors.contains("met for the first time"), "{errors}");
        let (code, output, errors) = visit(&server, "bob", Some("wrong horse!"), &more);
        assert_eq!(code, Some(4), "{output}\n{errors}");
        assert!(
            output.contains("\"code\":\"wrong-secret\"") && !output.contains("\"event\":\"connected\""),
            "{output}"
        );
        let (code, output, errors) = visit(&server, "bob", None, &more);
        assert_eq!(code, Some(4), "{output}\n{errors}");
        assert!(output.contains("\"code\":\"secret-required\""), "{output}");
        assert!(errors.contains("--secret-file"), "{errors}");
        server.log.wait_for("gave a wrong class secret");
    }
}

#[test]
fn a_secret_file_serves_in_place_of_the_variable_and_nothing_secret_is_logged() {
    let home = folder();
    let server = secret_server(home.path());
    let laptop = folder();
    let file = written(laptop.path(), "secret", "correct horse\n");
    let (code, output, errors) = visit(&server, "ann", None, &["--secret-file", file.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{output}\n{errors}");
    let log = server.log.all().join("\n");
    assert!(!log.contains("horse") && !output.contains("horse") && !errors.contains("horse"), "{log}");
    let (code, _, errors) = visit(&server, "ann", None, &["--secret-file", "-"]);
    assert_eq!(code, Some(2), "{errors}");
}

#[test]
fn doors_that_cannot_be_are_wrong_usage_and_say_what_to_do() {
    let home = folder();
    let class = written(home.path(), "class", "correct horse\n");
    let short = written(home.path(), "short", "horse\n");
    let (class, short) = (class.to_str().unwrap(), short.to_str().unwrap());
    for (arguments, told) in [
        (vec!["--door", "secret"], "SAYAGAIN_CLASS_SECRET"),
        (vec!["--door", "secret", "--secret-file", class, "--insecure"], "--insecure"),
        (vec!["--door", "secret", "--secret-file", short], "8 characters"),
        (vec!["--door", "members", "--ephemeral"], "--ephemeral"),
        (vec!["--secret-file", class], "--door secret"),
    ] {
        let (code, _, errors) = owner(home.path(), &[&["serve"], &arguments[..]].concat(), "");
        assert_eq!(code, Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(told), "{arguments:?}: {errors}");
    }
}

#[test]
fn an_account_that_is_added_while_the_server_runs_opens_the_members_door() {
    let home = folder();
    let server = Server::anywhere(home.path(), &["--door", "members"]);
    let (code, output, _) = visit(&server, "ann", Some("ann's horse"), &[]);
    assert_eq!(code, Some(4), "{output}");
    assert!(output.contains("\"code\":\"wrong-password\""), "{output}");
    assert_eq!(done(home.path(), &["account", "list"], ""), "no accounts");
    let (code, _, errors) = owner(home.path(), &["account", "add", "ann"], "short\n");
    assert!(code == Some(2) && errors.contains("8 characters"), "{errors}");
    let added = done(home.path(), &["account", "add", "ann", "--role", "moderator"], "ann's horse\n");
    assert_eq!(added, "added the account ann (moderator)");
    let (code, output, errors) = visit(&server, "ann", Some("ann's horse"), &[]);
    assert_eq!(code, Some(0), "{output}\n{errors}");
    let list = done(home.path(), &["account", "list"], "");
    let rows: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows, [vec!["name", "role", "since"], vec!["ann", "moderator", "0", "min", "ago"]], "{list}");
    done(home.path(), &["account", "passwd", "ANN"], "another horse\n");
    assert_eq!(visit(&server, "ann", Some("ann's horse"), &[]).0, Some(4));
    assert_eq!(visit(&server, "ann", Some("another horse"), &[]).0, Some(0));
    let removed = done(home.path(), &["account", "remove", "ann"], "");
    assert!(removed.contains("stays until the session ends"), "{removed}");
    assert_eq!(visit(&server, "ann", Some("another horse"), &[]).0, Some(4));
    assert_eq!(owner(home.path(), &["account", "remove", "ann"], "").0, Some(1));
}

#[test]
fn a_token_opens_the_door_until_it_is_taken_back() {
    let home = folder();
    let server = Server::anywhere(home.path(), &["--door", "members"]);
    let token = done(home.path(), &["token", "new", "--note", "exam 3", "--days", "2"], "");
    assert!(token.starts_with("sat-") && token.lines().count() == 1, "{token}");
    let (code, output, errors) = visit(&server, "ann", Some(&token), &[]);
    assert_eq!(code, Some(0), "{output}\n{errors}");
    let list = done(home.path(), &["token", "list"], "");
    let row = list.lines().nth(1).expect("a row");
    assert!(row.starts_with('1') && row.contains("any") && row.contains("exam 3"), "{list}");
    assert!(row.contains("in 2 days") && row.contains("0 min ago") && !list.contains(&token), "{list}");
    let file = written(home.path(), "token", &token.to_lowercase());
    let mut inside = Client::person(server.address, "ben", &["--secret-file", file.to_str().unwrap()]);
    inside.wait_joined();
    let revoked = done(home.path(), &["token", "revoke", "1"], "");
    assert!(revoked.contains("stays until the session ends"), "{revoked}");
    let (code, output, _) = visit(&server, "ann", Some(&token), &[]);
    assert_eq!(code, Some(4), "{output}");
    assert!(output.contains("\"code\":\"denied\"") && output.contains("taken back"), "{output}");
    inside.say("still here");
    inside.wait_text("still here");
    assert_eq!(owner(home.path(), &["token", "revoke", "1"], "").0, Some(1));
    let (code, _, errors) = visit(&server, "ann", Some("sat-1234"), &[]);
    assert!(code == Some(2) && errors.contains("28 characters"), "{errors}");
}

#[test]
fn a_name_with_an_account_is_protected_at_an_open_door_too_and_its_owner_needs_no_key() {
    let home = folder();
    done(home.path(), &["account", "add", "ann"], "ann's horse\n");
    let server = Server::anywhere(home.path(), &[]);
    assert_eq!(visit(&server, "bob", None, &[]).0, Some(0), "the door is open");
    assert_eq!(visit(&server, "ann", None, &[]).0, Some(4));
    for _laptop in 0..2 {
        let (code, output, errors) = visit(&server, "ann", Some("ann's horse"), &[]);
        assert_eq!(code, Some(0), "{output}\n{errors}");
    }
    let (code, output, _) = visit(&server, "bob", None, &["--insecure"]);
    assert_eq!(code, Some(4), "{output}");
}

#[test]
fn a_client_that_comes_back_proves_itself_again_without_being_told_to() {
    let home = folder();
    let server = secret_server(home.path());
    let address = server.address;
    let secret = written(home.path(), "secret", "correct horse\n");
    let mut ann = Client::person(address, "ann", &["--secret-file", secret.to_str().unwrap()]);
    ann.wait_joined();
    server.kill();
    ann.say("said to nobody");
    let class = home.path().join("class");
    let arguments = ["--door", "secret", "--secret-file", class.to_str().unwrap()];
    let _server = Server::start(home.path(), &address.to_string(), &arguments);
    ann.wait("its line", |event| event["event"] == "accepted" && event["line"] == 1);
    ann.end_input();
    assert_eq!(ann.exit_code(), Some(0));
}

#[test]
fn accounts_of_another_key_are_refused_at_the_start_with_what_to_do() {
    let home = folder();
    done(home.path(), &["account", "add", "ann"], "ann's horse\n");
    std::fs::remove_file(home.path().join("config").join("server.key")).expect("removed");
    let (code, _, errors) = owner(home.path(), &["serve", "--listen", "127.0.0.1:0"], "");
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("another key") && errors.contains("server.key"), "{errors}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_look_at_the_accounts() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = folder();
    done(home.path(), &["account", "add", "ann"], "ann's horse\n");
    let file = home.path().join("data").join("members.db");
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    assert!(!String::from_utf8_lossy(&std::fs::read(file).expect("readable")).contains("horse"));
}
