//! The disk fills up while people chat: whoever spoke is told, nothing accepted is lost, nobody is cut off.
//!
//! The disk is a small file system in memory, mounted in a namespace of the server's own.

use super::harness::{Client, Server, folder, program};
use std::process::{Command, Stdio};

/// Enough for the tables and some hundred kilobytes of text.
const DISK: &str = "size=700k";

/// A shell that mounts a small disk at `$0/data`, and then becomes the program.
fn on_a_small_disk(home: &std::path::Path) -> Command {
    let script = format!(r#"mkdir -p "$0/data" && mount -t tmpfs -o {DISK} tmpfs "$0/data" && exec "$@""#);
    let plain = program(home);
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
        .arg(home)
        .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn a_disk_that_fills_up_is_told_to_whoever_speaks_and_cuts_nobody_off() {
    let home = folder();
    let can = on_a_small_disk(home.path()).arg("true").status().is_ok_and(|status| status.success());
    if !can {
        eprintln!("skipped: a_disk_that_fills_up…: this system lets nobody mount a disk of their own");
        return;
    }
    let mut command = on_a_small_disk(home.path());
    command.arg(env!("CARGO_BIN_EXE_sayagain")).args(["serve", "--listen", "127.0.0.1:0"]);
    let server = Server::of(command);
    let mut ann = Client::person(server.address, "ann", &["--transport", "udp"]);
    let bob = Client::person(server.address, "bob", &["--transport", "tcp"]);
    ann.wait_joined();
    bob.wait_joined();
    let long = "x".repeat(3_900);
    // The first alone: how many of a crowd are stored together, and so refused together, is a matter of time.
    ann.say("1 first");
    ann.wait("the first to be accepted", |event| event["event"] == "accepted");
    (2..=250).for_each(|number| ann.say(&format!("{number} {long}")));
    let error = ann.wait("an error", |event| event["event"] == "error");
    assert_eq!(error["code"], "storage-failed", "{error}");
    assert!(error["text"].as_str().is_some_and(|text| text.contains("full")), "{error}");
    server.log.wait_for("full");
    ann.end_input();
    assert_eq!(ann.exit_code(), Some(1), "something could not be delivered");
    let events = ann.events();
    let ids = |kind: &str| -> Vec<u64> {
        events
            .iter()
            .filter(|event| event["event"] == kind)
            .filter_map(|event| event["id"].as_u64())
            .collect()
    };
    let accepted = ids("accepted");
    assert!(!accepted.is_empty() && accepted.len() < 250, "{} were accepted", accepted.len());
    assert_eq!(events.iter().filter(|event| event["event"] == "reconnecting").count(), 0);
    bob.wait("the last accepted message", |event| {
        event["event"] == "message" && event["id"].as_u64() == accepted.iter().copied().max()
    });
    let heard: Vec<u64> = (bob.events().iter())
        .filter(|event| event["event"] == "message")
        .filter_map(|event| event["id"].as_u64())
        .collect();
    assert_eq!(heard, accepted);
}
