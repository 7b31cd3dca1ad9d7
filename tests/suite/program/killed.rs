//! The server is killed at random moments while people type: nothing that it accepted is lost or doubled, and
//! its file opens each time.
//!
//! `SAYAGAIN_KILLS=100 cargo test --release killed` kills it a hundred times.

use super::harness::{Client, Server, folder};
use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Duration;

/// Kills if nothing else is asked for.
const KILLS: u64 = 3;
/// Lines that each person types between two kills, at most.
const LINES: u64 = 40;

/// The next of a fixed row of moments after which the server dies: 0 to 255 ms.
fn moment(kill: u64) -> Duration {
    Duration::from_millis(kill.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56)
}

/// What everybody saw said: by sender, in the order in which it was shown.
fn said(client: &Client) -> BTreeMap<String, Vec<String>> {
    let mut by_sender: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let messages = client.events().into_iter().filter(|event| event["event"] == "message");
    for event in messages {
        let [from, text] = ["from", "text"].map(|member| event[member].as_str().unwrap().to_owned());
        by_sender.entry(from).or_default().push(text);
    }
    by_sender
}

#[test]
fn whatever_was_accepted_when_the_server_was_killed_is_there_once_and_in_order() {
    let kills = std::env::var("SAYAGAIN_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"));
    let home = folder();
    let mut server = Server::anywhere(home.path(), &["--quota", "off"]);
    let listen = server.address.to_string();
    let transports = [("ann", "udp"), ("bob", "udp"), ("cid", "tcp")];
    let join = |(name, transport)| Client::person(server.address, name, &["--transport", transport]);
    let mut people: Vec<Client> = transports.into_iter().map(join).collect();
    people.iter().for_each(|person| drop(person.wait_event("joined")));
    let mut typed = 0;
    for kill in 0..kills {
        for _ in 0..LINES {
            typed += 1;
            people.iter_mut().for_each(|person| person.say(&format!("line {typed}")));
            sleep(Duration::from_millis(2));
        }
        sleep(moment(kill));
        server.kill();
        server = Server::start(home.path(), &listen, &["--quota", "off"]);
    }
    let lines: Vec<String> = (1..=typed).map(|number| format!("line {number}")).collect();
    let all = usize::try_from(3 * typed).unwrap();
    for person in &people {
        person.output.wait("all that was typed", |lines| {
            (lines.iter().filter(|line| line.contains("\"message\"")).count() >= all).then_some(())
        });
    }
    for person in people {
        let seen = said(&person);
        for (name, _) in transports {
            assert_eq!(seen[name], lines, "what {name} said");
        }
        let accepted = person.events().iter().filter(|event| event["event"] == "accepted").count();
        assert_eq!(accepted as u64, typed);
    }
}
