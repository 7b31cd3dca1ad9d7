//! Whatever comes from outside: a clear error or silence by design, and nobody else notices.

use super::harness::{Client, Server, database, folder, program, run};
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

/// Two people who chat while something goes on.
struct Undisturbed {
    ann: Client,
    bob: Client,
    count: usize,
}

impl Undisturbed {
    fn at(server: &Server) -> Self {
        let ann = Client::person(server.address, "ann", &["--transport", "udp"]);
        let bob = Client::person(server.address, "bob", &["--transport", "tcp"]);
        ann.wait_joined();
        bob.wait_joined();
        Self { ann, bob, count: 0 }
    }

    fn check(&mut self) {
        self.count += 1;
        let text = format!("still here {}", self.count);
        self.ann.say(&text);
        self.bob.wait_text(&text);
        self.bob.say(&format!("{text}, too"));
        self.ann.wait_text(&format!("{text}, too"));
        let gone = |client: &Client| client.events().iter().any(|event| event["event"] == "reconnecting");
        assert!(!gone(&self.ann) && !gone(&self.bob));
    }
}

#[test]
fn garbage_in_datagrams_disturbs_nobody() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut people = Undisturbed::at(&server);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for size in [0usize, 1, 12, 13, 29, 100, 1_199, 1_200, 1_500, 9_000, 60_000] {
        for first in [0x00u8, 0x40, 0x41, 0x81, 0x82, 0x83, 0x87, 0xff] {
            let mut datagram: Vec<u8> = (0..size).map(|i| (i * 31) as u8).collect();
            if let Some(byte) = datagram.first_mut() {
                *byte = first;
            }
            let _ = socket.send_to(&datagram, server.address);
        }
    }
    people.check();
}

#[test]
fn a_hello_of_another_version_is_told_which_are_spoken() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut hello = vec![0u8; 1_200];
    hello[0] = 0x81;
    hello[1..5].copy_from_slice(&99u32.to_be_bytes());
    hello[13..21].copy_from_slice(&7u64.to_be_bytes());
    socket.send_to(&hello, server.address).unwrap();
    let mut answer = [0; 2_000];
    socket.set_read_timeout(Some(super::harness::WATCHDOG)).unwrap();
    let len = socket.recv(&mut answer).unwrap();
    assert_eq!((answer[0], &answer[5..13]), (0x85, &7u64.to_be_bytes()[..]));
    assert_eq!(answer[23..len - 4], 1u32.to_be_bytes());
}

#[test]
fn a_tcp_peer_that_speaks_something_else_is_closed_and_disturbs_nobody() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut people = Undisturbed::at(&server);
    let preamble = [b"SAYA".as_slice(), &1u32.to_be_bytes(), &[1], &[0; 8]].concat();
    let huge_frame = [preamble.as_slice(), &[0x81, 0xff, 0xff, 0xff, 0xff, 0xff]].concat();
    let peers: [&[u8]; 4] =
        [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", &[0xff; 5_000], &huge_frame, b"\x16\x03\x01\x02\x00"];
    for bytes in peers {
        let mut peer = TcpStream::connect(server.address).unwrap();
        peer.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        peer.write_all(bytes).unwrap();
        let mut rest = Vec::new();
        // Closed or reset: either way it comes to an end.
        let _ = peer.read_to_end(&mut rest);
        assert!(rest.len() < 1_000);
    }
    let _half_a_frame = {
        let mut peer = TcpStream::connect(server.address).unwrap();
        peer.write_all(&preamble[..7]).unwrap();
        peer
    };
    people.check();
}

#[test]
fn names_and_texts_out_of_bounds_are_refused_with_the_reason() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let (long, wide) = ("n".repeat(33), "ü".repeat(65));
    for name in ["", " ", "a b", "/slash", "esc\u{1b}[31m", "zero\u{200b}width", &long, &wide] {
        let mut chat = program(home.path());
        chat.args(["chat", &server.address.to_string(), "--name", name]);
        let (code, _, errors) = run(chat);
        assert!(matches!(code, Some(2 | 4)), "{name:?}: {code:?} {errors}");
        assert!(!errors.is_empty());
    }
    let mut ann = Client::person(server.address, "ann", &[]);
    ann.say(&"x".repeat(4_001));
    let refused = ann.wait_event("error");
    assert!(
        refused["text"].as_str().unwrap().contains("4001")
            || refused["text"].as_str().unwrap().contains("4,001")
    );
    ann.say(&"ü".repeat(4_000));
    ann.wait("the longest text's acceptance", |event| event["event"] == "accepted" && event["line"] == 2);
}

#[test]
fn escape_sequences_are_shown_harmless() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut ann = Client::person(server.address, "ann", &[]);
    ann.say("red \u{1b}[31malert\u{7}");
    ann.wait_event("accepted");
    let laptop = folder();
    let mut bob = program(laptop.path());
    bob.args(["chat", &server.address.to_string(), "--name", "bob", "--linger", "1"]);
    let (code, text, _) = run(bob);
    assert_eq!(code, Some(0));
    assert!(text.contains("alert") && !text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
}

#[test]
fn a_port_in_use_and_a_database_in_use_are_told() {
    let (home, other) = (folder(), folder());
    let server = Server::anywhere(home.path(), &[]);
    let mut second = program(other.path());
    second.args(["serve", "--listen", &server.address.to_string()]);
    let (code, _, errors) = run(second);
    assert!(code != Some(0) && errors.contains("--listen"), "{errors}");
    let mut second = program(home.path());
    second.args(["serve", "--listen", "127.0.0.1:0"]);
    let (code, _, errors) = run(second);
    assert!(code != Some(0) && !errors.is_empty(), "{errors}");
}

#[test]
fn a_damaged_database_is_kept_and_started_anew_only_when_told() {
    let home = folder();
    let server = Server::anywhere(home.path(), &[]);
    let mut ann = Client::person(server.address, "ann", &[]);
    ann.say("before the damage");
    ann.wait_event("accepted");
    server.kill();
    let file = database(home.path());
    for log in ["sayagain.db-wal", "sayagain.db-shm"] {
        // With its log SQLite would mend the file, and rightly so.
        let _ = std::fs::remove_file(file.with_file_name(log));
    }
    std::fs::write(&file, b"this is no database, and it is long enough to be looked at as one".repeat(20))
        .unwrap();
    let mut serve = program(home.path());
    serve.args(["serve", "--listen", "127.0.0.1:0"]);
    let (code, _, errors) = run(serve);
    assert!(code != Some(0) && errors.contains("--start-anew"), "{errors}");
    assert!(file.exists());
    let server = Server::anywhere(home.path(), &["--start-anew"]);
    let kept = std::fs::read_dir(file.parent().unwrap()).unwrap().flatten();
    assert!(kept.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().contains("damaged")));
    let bob = Client::person(server.address, "bob", &[]);
    bob.wait_joined();
}
