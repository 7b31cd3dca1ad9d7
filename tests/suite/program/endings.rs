//! How the programs end: exit codes, signals, refusals.

use super::harness::{Client, Server, folder, program, run};
use std::net::UdpSocket;

fn chat_once(home: &std::path::Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = program(home);
    command.arg("chat").args(arguments);
    run(command)
}

#[test]
fn help_and_version_say_what_there_is() {
    let home = folder();
    let mut version = program(home.path());
    version.arg("--version");
    let (code, text, _) = run(version);
    assert_eq!((code, text), (Some(0), format!("sayagain {}", env!("CARGO_PKG_VERSION"))));
    for command in ["serve", "chat", "demo"] {
        let mut help = program(home.path());
        help.args([command, "--help"]);
        let (code, text, _) = run(help);
        assert_eq!(code, Some(0));
        assert!(text.contains(&format!("sayagain {command}")), "{command} --help shows an example:\n{text}");
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    let home = folder();
    let wrong: [&[&str]; 5] = [
        &["--bogus"],
        &["127.0.0.1:1", "--transport", "pigeon"],
        &["127.0.0.1:1", "--loss", "200%"],
        &["127.0.0.1:1", "--transport", "tcp", "--loss", "20%"],
        &["host:port:what", "--name", "ann"],
    ];
    for arguments in wrong {
        let (code, _, errors) = chat_once(home.path(), arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {errors}");
        assert!(!errors.is_empty());
    }
}

#[test]
fn nobody_there_ends_with_3_at_once_and_says_so() {
    let home = folder();
    // A port that was free a moment ago.
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for transport in ["udp", "tcp"] {
        let (code, _, errors) = chat_once(home.path(), &[&port, "--name", "ann", "--transport", transport]);
        assert_eq!(code, Some(3), "{transport}: {errors}");
        assert!(!errors.is_empty());
    }
    let (code, _, errors) = chat_once(home.path(), &["no-such-host.invalid", "--name", "ann"]);
    assert_eq!(code, Some(3));
    assert!(errors.contains("no-such-host.invalid"), "{errors}");
}

#[test]
fn a_silent_address_ends_with_3_after_the_time_given() {
    let home = folder();
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let (code, _, errors) = chat_once(home.path(), &[&address, "--name", "ann", "--connect-timeout", "1"]);
    assert_eq!(code, Some(3), "{errors}");
}

#[test]
fn a_name_that_is_taken_ends_with_4_and_a_free_one_is_proposed() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let ann = Client::person(server.address, "ann", &[]);
    ann.wait_joined();
    for transport in ["udp", "tcp"] {
        for name in ["ann", "ANN", "аnn"] {
            let stranger = folder();
            let address = server.address.to_string();
            let (code, _, errors) =
                chat_once(stranger.path(), &[&address, "--name", name, "--transport", transport]);
            assert_eq!(code, Some(4), "{name} over {transport}: {errors}");
            assert!(errors.contains('2'), "a free name is proposed: {errors}");
        }
    }
}

#[test]
fn a_changed_server_key_ends_with_4() {
    let laptop = folder();
    for transport in ["udp", "tcp"] {
        let (first, second) = (folder(), folder());
        let server = Server::anywhere(first.path(), &["--server-name", transport]);
        let address = server.address.to_string();
        let arguments = [address.as_str(), "--name", "ann", "--transport", transport];
        assert_eq!(chat_once(laptop.path(), &arguments).0, Some(0));
        server.kill();
        let _impostor = Server::start(second.path(), &address, &["--server-name", transport]);
        let (code, _, errors) = chat_once(laptop.path(), &arguments);
        assert_eq!(code, Some(4), "{transport}: {errors}");
        assert!(errors.contains("key"), "{errors}");
    }
}

#[test]
fn in_the_clear_only_if_both_ends_ask_for_it() {
    let (home, laptop) = (folder(), folder());
    let server = Server::anywhere(home.path(), &["--insecure"]);
    server.log.wait_for("clear");
    let address = server.address.to_string();
    for transport in ["udp", "tcp"] {
        let arguments = [address.as_str(), "--name", "ann", "--transport", transport];
        let (code, _, errors) = chat_once(laptop.path(), &arguments);
        assert_eq!(code, Some(4), "{transport}: {errors}");
        let arguments = [&arguments[..], &["--insecure"]].concat();
        assert_eq!(chat_once(laptop.path(), &arguments).0, Some(0), "{transport}");
    }
}

#[test]
#[cfg(unix)]
fn a_server_asked_to_end_tells_everybody_and_ends_with_0() {
    let home = folder();
    let server = Server::anywhere(home.path(), &["--ephemeral"]);
    server.log.wait_for("memory");
    let clients = ["udp", "tcp"].map(|kind| Client::person(server.address, kind, &["--transport", kind]));
    clients.iter().for_each(Client::wait_joined);
    assert_eq!(server.terminate().code(), Some(0));
    for client in &clients {
        client.wait_event("reconnecting");
    }
    assert!(!super::harness::database(home.path()).exists(), "--ephemeral keeps nothing on disk");
}

#[test]
#[cfg(unix)]
fn a_client_asked_to_end_leaves_in_good_order() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut ann = Client::person(server.address, "ann", &[]);
    let bob = Client::person(server.address, "bob", &[]);
    ann.wait_joined();
    bob.wait_joined();
    // Who comes and goes within a second is not worth two notices.
    bob.wait("ann in the lobby", |event| {
        let names = event["names"].as_array().is_some_and(|names| names.contains(&"ann".into()));
        (event["event"] == "members" && names) || (event["event"] == "joined" && event["name"] == "ann")
    });
    super::harness::terminate(ann.child());
    assert_eq!(ann.exit_code(), Some(0));
    bob.wait("ann's leaving", |event| event["event"] == "left" && event["name"] == "ann");
}

#[test]
fn lines_that_nobody_accepted_end_with_1_and_are_named() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut ann = Client::person(server.address, "ann", &[]);
    ann.wait_joined();
    server.kill();
    ann.say("into the void");
    ann.end_input();
    assert_eq!(ann.exit_code(), Some(1));
    ann.errors.wait_for("1");
}

#[test]
fn the_demo_plays_its_script_and_measures_without_a_terminal() {
    let home = folder();
    let mut demo = program(home.path());
    demo.arg("demo");
    let (code, text, errors) = run(demo);
    assert_eq!(code, Some(0), "{errors}");
    for word in ["[lobby] ann:", "bare UDP", "UDP + our layer"] {
        assert!(text.contains(word), "{word:?} is missing in:\n{text}");
    }
    assert!(!home.path().join("config").exists(), "the demo's keys are thrown away");
}
