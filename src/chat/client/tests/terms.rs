//! A client at a server that lets little through, on virtual time: nothing that it says is ever refused.

use crate::chat::client::courtesy::Target;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::client::{ChatClient, ChatClientConfig, Reading};
use crate::chat::codec::decode_to_server;
use crate::chat::message::{Instance, Role};
use crate::chat::quota::Terms;
use crate::chat::server::{ChatConfig, ChatLimits, ChatServer, Effect, Peer, SessionKey};
use crate::store::{Key, MemoryStore, Store};
use crate::time::{Duration, Instant, at};

const KEY: Key = [1; 32];

struct Line {
    now: Instant,
    client: ChatClient,
    server: ChatServer,
    store: MemoryStore,
    session: SessionKey,
    typed: u64,
    seen: Vec<UserEvent>,
    /// Does nothing that the client says arrive?
    is_cut: bool,
    server_heard: Vec<String>,
}

impl Line {
    fn with_terms(terms: Terms, owner: Option<Key>) -> Self {
        let limits = ChatLimits { terms, ..ChatLimits::default() };
        let config = ChatConfig {
            server_name: "lab".into(),
            unix_ms_at_zero: 0,
            owner,
            keep: crate::store::Keep::ALL,
            limits,
        };
        let client = ChatClientConfig {
            instance: Instance([1; 16]),
            name: "ann".to_owned(),
            room: "lobby".to_owned(),
            reading: Reading { tells_seen: true, ..Reading::default() },
        };
        let store = MemoryStore::default();
        let mut line = Self {
            now: at(0),
            client: ChatClient::new(client),
            server: ChatServer::new(config, store.snapshot(0)),
            store,
            session: SessionKey(0),
            typed: 0,
            seen: Vec::new(),
            is_cut: false,
            server_heard: Vec::new(),
        };
        line.connect();
        line
    }

    fn connect(&mut self) {
        self.is_cut = false;
        self.session.0 += 1;
        let peer = Peer { key: KEY, transport: "udp", address: "10.0.0.1:5".to_owned() };
        let greeting = self.client.greeting();
        self.server.handle_connected(self.now, self.session, peer, &greeting);
        self.client.handle_connected(self.now);
        self.settle();
    }

    fn settle(&mut self) {
        loop {
            if let Some((channel, bytes)) = self.client.poll_send() {
                if !self.is_cut {
                    self.server_heard
                        .push(format!("{:?}", decode_to_server(&bytes).expect("it is one of ours")));
                    self.server.handle_message(self.now, self.session, channel, &bytes);
                }
            } else if let Some(effect) = self.server.poll_effect() {
                self.carry_out(effect);
            } else if let Some(event) = self.client.poll_event() {
                self.seen.push(event);
            } else {
                return;
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Send { session, channel, bytes } if session == self.session => {
                self.client.handle_message(self.now, channel, &bytes).expect("the server keeps the rules");
            }
            Effect::Store(request) => {
                let reply = self.store.handle(request);
                self.server.handle_stored(self.now, reply);
            }
            Effect::Send { .. } | Effect::Close { .. } | Effect::Happened(_) | Effect::Entered { .. } => {}
        }
    }

    /// Types this many lines as fast as they are taken, as a pipe does, until all have their outcome.
    fn type_all(&mut self, lines: u64) {
        self.type_each(lines, |_| "hi".to_owned());
    }

    fn type_each(&mut self, lines: u64, text: impl Fn(u64) -> String) {
        let last = self.typed + lines;
        while self.typed < last || self.client.unsettled_lines() > 0 {
            while self.typed < last && self.client.takes_lines() && self.client.unsettled_lines() < 1_024 {
                self.typed += 1;
                self.client.handle_line(self.now, LineNumber(self.typed), &text(self.typed));
                self.settle();
            }
            if self.client.unsettled_lines() > 0 {
                self.wait();
            }
        }
    }

    fn wait(&mut self) {
        let next = [self.client.poll_timeout(), self.server.poll_timeout()];
        self.now = next.into_iter().flatten().min().expect("somebody waits for something").max(self.now);
        self.server.handle_timeout(self.now);
        self.client.handle_timeout(self.now);
        self.settle();
    }

    fn accepted(&self) -> usize {
        self.seen.iter().filter(|event| matches!(event, UserEvent::Accepted { .. })).count()
    }

    fn complaints(&self) -> Vec<&UserEvent> {
        let complains = |event: &&UserEvent| {
            matches!(event, UserEvent::Error { .. })
                || matches!(event, UserEvent::Notice { text } if text.contains("too much"))
        };
        self.seen.iter().filter(complains).collect()
    }
}

#[test]
fn a_client_keeps_to_the_terms_and_is_neither_refused_nor_warned() {
    for rate in [1, 5, 200] {
        let mut line = Line::with_terms(Terms::per_second(rate), None);
        line.type_all(500);
        assert_eq!((line.accepted(), line.complaints()), (500, Vec::new()), "at {rate} a second");
        let quickest = Duration::from_secs((500 - (rate * 10).clamp(32, 500)) / rate);
        assert!(line.now - at(0) >= quickest, "at {rate} a second");
    }
}

#[test]
fn a_pipe_is_read_no_faster_than_can_be_said_before_the_client_gives_up_at_its_end() {
    let mut line = Line::with_terms(Terms::per_second(5), None);
    let mut typed = 0;
    while line.client.takes_lines() {
        typed += 1;
        line.client.handle_line(line.now, LineNumber(typed), "hi");
        line.settle();
    }
    let waiting = line.client.unsettled_lines();
    assert!(waiting <= 32, "{waiting} wait, and ten seconds are enough for 50");
}

#[test]
fn after_a_break_the_client_begins_with_the_terms_that_it_knows() {
    let mut line = Line::with_terms(Terms::per_second(5), None);
    line.type_all(60);
    for _ in 0..5 {
        line.connect();
        line.type_all(40);
    }
    assert_eq!((line.accepted(), line.complaints()), (260, Vec::new()));
}

#[test]
fn whoever_runs_the_server_is_told_once_to_be_its_owner() {
    let mut line = Line::with_terms(Terms::UNLIMITED, Some(KEY));
    line.connect();
    let roles: Vec<&UserEvent> =
        line.seen.iter().filter(|event| matches!(event, UserEvent::Role { .. })).collect();
    assert_eq!(roles, [&UserEvent::Role { role: Role::Owner }]);
}

#[test]
fn a_topic_is_told_once_and_again_when_asked_for() {
    let mut line = Line::with_terms(Terms::UNLIMITED, Some(KEY));
    line.client.handle_line(line.now, LineNumber(1), "/topic exams");
    line.settle();
    line.connect();
    line.client.handle_line(line.now, LineNumber(2), "/topic");
    line.settle();
    let topics: Vec<Option<LineNumber>> = line
        .seen
        .iter()
        .filter_map(|event| match event {
            UserEvent::Topic { topic, by, line, .. } => {
                assert_eq!((&topic[..], &by[..]), ("exams", "ann"));
                Some(*line)
            }
            _ => None,
        })
        .collect();
    assert_eq!(topics, [None, Some(LineNumber(2))]);
    assert!(line.seen.contains(&UserEvent::Obeyed { line: LineNumber(1) }));
}

#[test]
fn requests_and_joins_keep_to_the_terms_as_well() {
    let mut line = Line::with_terms(Terms::per_second(5), None);
    line.type_each(200, |_| "/rooms".to_owned());
    line.type_each(20, |number| format!("/join room{number}"));
    let answers = line.seen.iter().filter(|event| matches!(event, UserEvent::Rooms { .. })).count();
    let joins = line.seen.iter().filter(|event| matches!(event, UserEvent::Joined { own: true, .. })).count();
    assert_eq!((answers, joins, line.complaints()), (200, 21, Vec::new()));
    line.connect();
    line.type_all(50);
    assert_eq!((line.accepted(), line.complaints()), (50, Vec::new()));
}

#[test]
fn what_flew_into_a_broken_line_for_a_minute_is_sent_again_within_the_terms() {
    let mut line = Line::with_terms(Terms::per_second(5), None);
    line.is_cut = true;
    for number in 1..=300 {
        line.client.handle_line(line.now, LineNumber(number), "hi");
        line.settle();
    }
    while line.now < at(60_000_000) {
        line.wait();
    }
    line.connect();
    while line.client.unsettled_lines() > 0 {
        line.wait();
    }
    assert_eq!((line.accepted(), line.complaints()), (300, Vec::new()));
}

#[test]
fn what_a_moderator_did_when_the_line_broke_is_not_done_again_but_told() {
    let mut line = Line::with_terms(Terms::UNLIMITED, Some(KEY));
    line.is_cut = true;
    line.client.handle_line(line.now, LineNumber(1), "/kick bob");
    line.client.handle_line(line.now, LineNumber(2), "/rooms");
    line.settle();
    line.connect();
    let outcomes: Vec<String> = line
        .seen
        .iter()
        .filter_map(|event| match event {
            UserEvent::Error { failure, line } => Some(format!("{line:?} {}", failure.code)),
            UserEvent::Rooms { line, .. } => Some(format!("{line:?} rooms")),
            _ => None,
        })
        .collect();
    assert_eq!(outcomes, ["Some(LineNumber(1)) not-known", "LineNumber(2) rooms"]);
}

#[test]
fn how_far_all_was_shown_is_told_once_and_typing_at_most_once_in_three_seconds() {
    let mut line = Line::with_terms(Terms::per_second(5), None);
    line.type_all(3);
    line.server_heard.clear();
    while line.client.poll_timeout().is_some_and(|at| at < line.now + Duration::from_secs(10)) {
        line.wait();
    }
    assert_eq!(line.server_heard, ["Seen { through: MessageId(3) }"]);
    for second in 0..4 {
        line.now = at(20_000_000 + second * 1_000_000);
        line.client.handle_typing(line.now, Target::Room("lobby".to_owned()));
        line.settle();
    }
    assert_eq!(line.server_heard[1..], ["Typing { to: None }", "Typing { to: None }"]);
}
