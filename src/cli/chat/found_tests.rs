use super::*;
use crate::cli::exit::Exit;
use crate::crypto::StretchedKey;
use crate::service::discovery::Spoken;

const KEY: PublicKey = PublicKey([1; 32]);
const OTHER: PublicKey = PublicKey([2; 32]);
const NOBODY: Option<fn(&str) -> io::Result<String>> = None;

fn told(name: &str, key: PublicKey) -> Announcement {
    Announcement {
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        protocol: VERSION,
        port: 4747,
        thumbprint: Thumbprint::of(&key),
        door: Door::Open,
        spoken: Spoken { udp: true, tcp: true },
        is_clear: false,
        people: Some(3),
    }
}

fn findings(told: &[Announcement]) -> Findings {
    let mut findings = Findings::default();
    for (last, told) in told.iter().enumerate() {
        findings.on_heard(format!("10.0.0.{last}:4747").parse().unwrap(), true, told);
    }
    findings
}

fn seeker() -> Seeker {
    Seeker { pins: vec![("lab".to_owned(), KEY)], transport: ChatTransport::Udp, insecure: false }
}

fn refused(findings: &Findings) -> Stop {
    seeker().choose(findings, NOBODY).expect_err("none is chosen")
}

#[test]
fn with_one_server_it_is_that_one_and_nobody_is_asked() {
    let ask = Some(|_: &str| -> io::Result<String> { panic!("asked") });
    assert_eq!(seeker().choose(&findings(&[told("hall", OTHER)]), ask), Ok(0));
}

#[test]
fn with_none_it_is_said_what_to_do_and_the_code_is_3() {
    let stop = refused(&findings(&[]));
    assert_eq!(stop.exit, Exit::NotConnected);
    assert!(stop.text.contains("join code") && stop.text.contains("address"), "{}", stop.text);
    assert!(stop.text.contains("sayagain doctor"), "{}", stop.text);
}

#[test]
fn with_several_and_nobody_to_ask_they_are_named_and_the_code_is_2() {
    let stop = refused(&findings(&[told("lab", KEY), told("hall", OTHER)]));
    assert_eq!(stop.exit, Exit::Usage);
    for part in ["  1  lab  10.0.0.0:4747", "  2  hall  10.0.0.1:4747", "sayagain chat 10.0.0.0:4747"] {
        assert!(stop.text.contains(part), "{part}: {}", stop.text);
    }
}

#[test]
fn with_several_a_person_is_asked_until_the_answer_is_one_of_them() {
    let several = findings(&[told("lab", KEY), told("hall", OTHER)]);
    let answered = |answers: &[&str]| {
        let mut answers = answers.iter();
        let mut questions = Vec::new();
        let choice = seeker().choose(
            &several,
            Some(|question: &str| {
                questions.push(question.to_owned());
                Ok(answers.next().map(|answer| (*answer).to_owned()).unwrap_or_default())
            }),
        );
        (choice, questions)
    };
    let (choice, questions) = answered(&["0\n", "3\n", "hall\n", " 2 \n"]);
    assert_eq!((choice, questions.len()), (Ok(1), 4));
    assert_eq!(questions[0], "Which one (1, 2)? [1] ");
    assert_eq!(answered(&["\n"]).0, Ok(0), "the one that is known");
    assert_eq!(answered(&[]).0.map_err(|stop| stop.exit), Err(Exit::NotConnected), "end of input");
    let strangers = findings(&[told("hall", OTHER), told("hall", PublicKey([3; 32]))]);
    let mut answers = ["\n", "2\n"].into_iter();
    let ask = Some(|_: &str| Ok(answers.next().unwrap_or_default().to_owned()));
    assert_eq!(seeker().choose(&strangers, ask), Ok(1), "no proposal where none is known");
}

#[test]
fn what_cannot_be_joined_so_is_shown_with_the_reason_and_not_chosen() {
    let clear = Announcement { is_clear: true, ..told("clear", OTHER) };
    let streams = Announcement { spoken: Spoken { udp: false, tcp: true }, ..told("streams", OTHER) };
    let newer = Announcement { protocol: 2, ..told("newer", OTHER) };
    let all = findings(&[clear.clone(), streams.clone(), newer.clone()]);
    let stop = refused(&all);
    assert_eq!(stop.exit, Exit::NotConnected);
    for part in ["only with --insecure", "only with --transport tcp", "speaks protocol 2"] {
        assert!(stop.text.contains(part), "{part}: {}", stop.text);
    }
    let with_one = findings(&[clear.clone(), streams.clone(), newer, told("lab", KEY)]);
    assert_eq!(seeker().choose(&with_one, NOBODY), Ok(3));
    let over_tcp = Seeker { transport: ChatTransport::Tcp, ..seeker() };
    assert_eq!(over_tcp.choose(&all, NOBODY), Ok(1));
    let in_the_clear = Seeker { insecure: true, ..seeker() };
    assert_eq!(in_the_clear.choose(&all, NOBODY), Ok(0));
    assert_eq!(in_the_clear.hindrance(&told("lab", KEY)).as_deref(), Some("only without --insecure"));
}

#[test]
fn a_row_says_whether_the_key_is_the_one_that_is_remembered() {
    let row = |told: Announcement| seeker().row(0, &findings(&[told]).all()[0]);
    assert_eq!(row(told("lab", KEY)), "  1  lab  10.0.0.0:4747  open, 3 people, known");
    assert!(row(told("hall", KEY)).ends_with("known as \"lab\""));
    assert!(row(told("hall", OTHER)).ends_with("new to you"));
    assert!(row(told("lab", OTHER)).ends_with("NOT the key that you know under this name"));
    let behind = |door| Announcement { door, people: None, ..told("lab", KEY) };
    assert!(row(behind(Door::Secret)).ends_with("asks for the class secret, known"));
    assert!(row(behind(Door::Members)).ends_with("members only, known"));
    let clear = Announcement { is_clear: true, people: Some(1), ..told("lab", KEY) };
    assert!(row(clear).contains("1 person, in the clear, no key is proved (only with"));
}

#[test]
fn what_a_stranger_announces_steers_no_terminal() {
    let evil = told("a\u{1b}[2J\n  2  lab\u{202e}", OTHER);
    let row = seeker().row(0, &findings(&[evil]).all()[0]);
    assert!(!row.chars().any(char::is_control) && !row.contains('\u{202e}'), "{row:?}");
}

#[test]
fn whoever_is_joined_must_prove_the_announced_key_except_in_the_clear() {
    let all = findings(&[told("lab", KEY)]);
    let found = &all.all()[0];
    let sealed = meant(found, false);
    assert_eq!(sealed.promised, Some(Promise::Announced(Thumbprint::of(&KEY))));
    assert_ne!(sealed.promised, Some(Promise::Code(StretchedKey([0; 10]))));
    assert_eq!(sealed.addresses, ["10.0.0.0:4747".parse().unwrap()]);
    assert_eq!(meant(found, true).promised, None);
}
