//! What becomes of a question at the door between two nodes: over which session, with whose salt, and never in
//! the clear.

use super::api::{ClientConfig, ClientEvent, Ending, Question, ServerConfig};
use super::tests::{carry, client, client_config, client_of, path, server, server_config};
use super::{ClientCore, ClientNode, ServerCore, ServerNode};
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::message::{Failure, Proof, Wanted};
use crate::chat::server::{DoorConfig, Rule};
use crate::crypto::{BoundSalt, Identity, Purpose, Stretched};
use crate::rng::Rng;
use crate::store::{MemoryStore, Snapshot};
use crate::time::at;
use crate::trace::Tracer;

const SECRET: &str = "correct horse";

fn lab() -> Identity {
    Identity::from_secret([7; 32])
}

fn proof() -> Proof {
    let salt = BoundSalt::new(Purpose::ClassSecret, &lab().public(), [0; 16]);
    Proof::Stretched(Stretched::of(SECRET, &salt).0)
}

fn door() -> DoorConfig {
    let Proof::Stretched(stretched) = proof() else { unreachable!("it is one") };
    DoorConfig { rule: Rule::Secret(Stretched(stretched).kept()), ..DoorConfig::default() }
}

/// What the client is asked, and what it shows.
fn taken(client: &mut ClientNode) -> (Vec<Question>, Vec<ClientEvent>) {
    let (mut questions, mut others) = (Vec::new(), Vec::new());
    while let Some(event) = client.poll_event() {
        match event {
            ClientEvent::Asked(question) => questions.push(question),
            other => others.push(other),
        }
    }
    (questions, others)
}

fn is_connected(events: &[ClientEvent]) -> bool {
    events.iter().any(|event| matches!(event, ClientEvent::User(UserEvent::Connected { .. })))
}

#[test]
fn the_question_comes_with_a_salt_bound_to_the_key_that_was_proved_and_the_answer_opens() {
    let (mut server, mut store) = (server(&lab()).with_door(door()), MemoryStore::default());
    let mut ann = client("ann", &lab(), 5);
    ann.handle_line(at(0), LineNumber(1), "hello");
    carry(at(0), &mut server, &mut store, &mut ann);
    let (questions, events) = taken(&mut ann);
    assert!(!is_connected(&events), "{events:?}");
    let [question] = &questions[..] else { panic!("{questions:?}") };
    assert_eq!((question.wanted, question.again, question.first_meeting), (Wanted::Secret, false, true));
    assert_eq!(Proof::Stretched(Stretched::of(SECRET, &question.salt).0), proof());
    ann.handle_answer(at(1), Ok(proof()));
    carry(at(1), &mut server, &mut store, &mut ann);
    let (_, events) = taken(&mut ann);
    assert!(is_connected(&events));
    let accepted = |event: &ClientEvent| matches!(event, ClientEvent::User(UserEvent::Accepted { .. }));
    assert_eq!(events.iter().filter(|event| accepted(event)).count(), 1, "and what was typed is said");
}

#[test]
fn a_known_server_is_no_first_meeting() {
    let (mut server, mut store) = (server(&lab()).with_door(door()), MemoryStore::default());
    let config =
        ClientConfig { pins: vec![("lab".to_owned(), lab().public())], ..client_config("ann", &lab()) };
    let mut ann = client_of(config, 5);
    carry(at(0), &mut server, &mut store, &mut ann);
    assert!(taken(&mut ann).0.iter().all(|question| !question.first_meeting));
}

#[test]
fn in_the_clear_nothing_is_ever_answered() {
    let config = ServerConfig { insecure: true, ..server_config() };
    let node = ServerNode::new(&config, &lab(), Snapshot::default(), Rng::from_seed(1), Tracer::default());
    let (mut server, mut store) = (node.with_door(door()), MemoryStore::default());
    let mut ann = client_of(ClientConfig { insecure: true, ..client_config("ann", &lab()) }, 5);
    carry(at(0), &mut server, &mut store, &mut ann);
    let (questions, events) = taken(&mut ann);
    assert!(questions.is_empty(), "{questions:?}");
    let code = |event: &ClientEvent| match event {
        ClientEvent::Finished(Ending::Refused { code, .. }) => Some(code.clone()),
        _ => None,
    };
    assert_eq!(events.iter().find_map(code).as_deref(), Some("secret-required"));
}

#[test]
fn whoever_has_no_answer_leaves_in_good_order_and_its_place_at_the_door_is_free() {
    let (mut server, mut store) = (server(&lab()).with_door(door()), MemoryStore::default());
    let mut ann = client("ann", &lab(), 5);
    carry(at(0), &mut server, &mut store, &mut ann);
    assert_eq!(server.sessions(), 1);
    ann.handle_answer(at(1), Err(Failure::new("secret-required", "there is none")));
    carry(at(1), &mut server, &mut store, &mut ann);
    assert_eq!(server.sessions(), 0);
    ann.handle_timeout(at(2_000_000));
    let (_, events) = taken(&mut ann);
    let refused = |event: &ClientEvent| matches!(event, ClientEvent::Finished(Ending::Refused { code, .. }) if code == "secret-required");
    assert!(events.iter().any(refused), "{events:?}");
}

#[test]
fn five_wrong_answers_are_a_refusal() {
    let (mut server, mut store) = (server(&lab()).with_door(door()), MemoryStore::default());
    let mut ann = client("ann", &lab(), 5);
    for micros in 0..6 {
        carry(at(micros), &mut server, &mut store, &mut ann);
        ann.handle_answer(at(micros), Ok(Proof::Stretched([0; 32])));
    }
    let (questions, events) = taken(&mut ann);
    let tries: Vec<_> = questions.iter().map(|question| (question.tries_left, question.again)).collect();
    assert_eq!(tries, [(5, false), (4, true), (3, true), (2, true), (1, true)]);
    let denied = |event: &ClientEvent| matches!(event, ClientEvent::Finished(Ending::Refused { code, .. }) if code == "denied");
    assert!(events.iter().any(denied), "{events:?}");
}

#[test]
fn a_recorded_hello_takes_nobodys_place_at_the_door() {
    let (mut server, mut store) = (server(&lab()).with_door(door()), MemoryStore::default());
    let mut ann = client("ann", &lab(), 5);
    let hello = carry(at(0), &mut server, &mut store, &mut ann);
    server.handle_datagram(at(1_000), path(66), &mut hello.clone());
    carry(at(1_000), &mut server, &mut store, &mut ann);
    ann.handle_answer(at(2_000), Ok(proof()));
    carry(at(2_000), &mut server, &mut store, &mut ann);
    let (_, events) = taken(&mut ann);
    assert!(is_connected(&events), "{events:?}");
}
