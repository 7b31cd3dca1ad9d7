//! Many runs with lines, sessions and breaks at random. A run that fails prints its seed; set it in
//! `SAYAGAIN_SEED` to play that one alone.

use super::toy_server::ToyServer;
use super::{INSTANCE, client};
use crate::chat::client::ChatClient;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::message::{MessageId, RoomMessage};
use crate::rng::Rng;
use crate::time::{Duration, Instant, at};
use std::collections::{BTreeMap, VecDeque};

const RUNS: u64 = 300;
const ROOMS: [&str; 4] = ["lobby", "maths", "physics", "closed"];

struct World {
    rng: Rng,
    now: Instant,
    client: ChatClient,
    server: ToyServer,
    /// On the way to the server: each channel in order, as the transport keeps it.
    ways: BTreeMap<u64, VecDeque<Vec<u8>>>,
    connected: bool,
    typed: Vec<String>,
    seen: Vec<UserEvent>,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            rng: Rng::from_seed(seed),
            now: at(0),
            client: client(),
            server: ToyServer::default(),
            ways: BTreeMap::new(),
            connected: false,
            typed: Vec::new(),
            seen: Vec::new(),
        }
    }

    fn step(&mut self) {
        self.now += Duration::from_millis(self.rng.below(1_000));
        match self.rng.below(100) {
            0..3 => self.break_session(),
            3..8 if !self.connected => self.connect(),
            8..30 => self.type_line(),
            30..36 => self.bob(),
            36..66 => self.carry_to_server(),
            _ => self.carry_to_client(),
        }
        self.drain();
    }

    fn break_session(&mut self) {
        self.connected = false;
        self.ways.clear();
        self.server.disconnect();
        self.client.handle_disconnected(self.now, "by chance");
    }

    fn connect(&mut self) {
        self.connected = true;
        self.server.connect(&self.client.greeting());
        self.client.handle_connected(self.now);
    }

    fn type_line(&mut self) {
        let number = self.typed.len() as u64 + 1;
        let room = ROOMS[usize::try_from(self.rng.below(4)).unwrap()];
        let line = match self.rng.below(24) {
            0..8 => format!("t{number}"),
            8 => format!("/me t{number}"),
            9..12 => format!("/msg bob t{number}"),
            12 => format!("/reply t{number}"),
            13..16 => format!("/join {room}"),
            16 => "/part".to_owned(),
            17 => format!("/part {room}"),
            18 => "/who".to_owned(),
            19 => format!("/nick n{number}"),
            20 => "/away".to_owned(),
            21 => "/whois bob".to_owned(),
            22 => "/rooms".to_owned(),
            _ => ["/back", "", "/nonsense", "/help", "/stats"][usize::try_from(self.rng.below(5)).unwrap()]
                .to_owned(),
        };
        self.client.handle_line(self.now, LineNumber(number), &line);
        self.typed.push(line);
    }

    fn bob(&mut self) {
        let number = self.rng.next_u64() >> 2;
        let room = ROOMS[usize::try_from(self.rng.below(3)).unwrap()];
        if self.rng.chance(0.7) {
            self.server.bob_says(room, number);
        } else if self.connected && self.rng.chance(0.7) {
            self.server.bob_writes(number);
        } else if self.connected {
            self.server.other_terminal_writes(number);
        }
    }

    fn carry_to_server(&mut self) {
        self.ways.retain(|_, way| !way.is_empty());
        let pick = usize::try_from(self.rng.below(self.ways.len() as u64)).unwrap();
        let next = self.ways.iter_mut().nth(pick).map(|(channel, way)| (*channel, way.pop_front().unwrap()));
        if let Some((channel, bytes)) = next {
            self.server.handle(&mut self.rng, channel, &bytes);
        }
    }

    fn carry_to_client(&mut self) {
        if let Some((channel, bytes)) = self.server.deliver(&mut self.rng) {
            self.client.handle_message(self.now, channel, &bytes).unwrap();
        }
    }

    fn drain(&mut self) {
        while let Some((channel, bytes)) = self.client.poll_send() {
            assert!(self.connected, "a message without a session");
            self.ways.entry(channel).or_default().push_back(bytes.to_vec());
        }
        self.seen.extend(std::iter::from_fn(|| self.client.poll_event()));
    }

    fn settle(&mut self) {
        if !self.connected {
            self.connect();
        }
        for _ in 0..20_000 {
            self.carry_to_server();
            self.carry_to_client();
            self.drain();
        }
    }

    fn check(&self) {
        self.check_every_line_has_one_outcome();
        self.check_what_was_accepted_is_there_once_and_in_order();
        self.check_what_was_said_is_shown_once_and_in_order();
        self.check_privates_are_shown_once_and_in_order();
    }

    fn check_every_line_has_one_outcome(&self) {
        assert_eq!(self.client.unsettled_lines(), 0, "{:?}", self.client.unsettled().collect::<Vec<_>>());
        assert_eq!(self.client.pending().count(), 0);
        let mut outcomes = vec![0; self.typed.len()];
        for line in self.seen.iter().filter_map(UserEvent::line) {
            outcomes[usize::try_from(line.0 - 1).unwrap()] += 1;
        }
        for (outcomes, line) in outcomes.iter().zip(&self.typed) {
            assert_eq!(*outcomes, 1, "{line:?}");
        }
    }

    fn check_what_was_accepted_is_there_once_and_in_order(&self) {
        let mut stored: BTreeMap<&str, MessageId> = BTreeMap::new();
        for (name, room) in &self.server.rooms {
            let mut last = 0;
            for (text, id) in own_in(&room.log) {
                assert!(stored.insert(text, id).is_none(), "{text} was stored twice");
                let line: u64 = text[1..].parse().unwrap();
                assert!(line > last, "{text} came late in {name}");
                last = line;
            }
        }
        for event in &self.seen {
            let UserEvent::Accepted { line, id } = event else { continue };
            let typed = &self.typed[usize::try_from(line.0 - 1).unwrap()];
            if typed.starts_with('t') || typed.starts_with("/me") {
                assert_eq!(stored.remove(format!("t{}", line.0).as_str()), Some(*id), "{typed}");
            }
        }
        assert!(stored.is_empty(), "stored, and not told as accepted: {stored:?}");
    }

    fn check_what_was_said_is_shown_once_and_in_order(&self) {
        for (name, server_room) in &self.server.rooms {
            let mut last: Option<MessageId> = None;
            for event in &self.seen {
                let UserEvent::Message { room, id, text, own, .. } = event else { continue };
                if room != name {
                    continue;
                }
                let next = last.map_or(*id, |last| MessageId(last.0 + 1));
                assert_eq!(*id, next, "{text} in {name} is out of turn");
                assert_eq!(*own, text.starts_with('t'), "{text}");
                last = Some(*id);
            }
            if self.client.current_room() == Some(name) {
                assert_eq!(last.map_or(0, |last| last.0), server_room.log.len() as u64, "the end of {name}");
            }
        }
    }

    fn check_privates_are_shown_once_and_in_order(&self) {
        let shown: Vec<&str> = self
            .seen
            .iter()
            .filter_map(|event| match event {
                UserEvent::Private { from, text, .. } if from == "bob" => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let written: Vec<&str> = self.server.privates.iter().map(|message| &*message.text).collect();
        assert_eq!(shown, written);
    }
}

fn own_in(log: &[RoomMessage]) -> impl Iterator<Item = (&str, MessageId)> {
    let own = |message: &&RoomMessage| message.origin == INSTANCE.origin();
    log.iter().filter(own).map(|message| (&*message.text, message.id))
}

#[test]
fn every_line_has_one_outcome_and_everything_is_shown_once_whatever_breaks() {
    let only: Option<u64> = std::env::var("SAYAGAIN_SEED").ok().and_then(|seed| seed.parse().ok());
    for seed in only.map_or(0..RUNS, |seed| seed..seed + 1) {
        let run = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            for _ in 0..600 {
                world.step();
            }
            world.settle();
            world.check();
        });
        assert!(run.is_ok(), "seed {seed}: SAYAGAIN_SEED={seed} cargo test chat::client::tests::generated");
    }
}

#[test]
fn whatever_the_server_says_wherever_nothing_panics_and_no_line_has_two_outcomes() {
    let vectors = include_str!("../../../../tests/vectors/chat.txt");
    let messages: Vec<Vec<u8>> = vectors
        .lines()
        .filter_map(|line| line.strip_prefix("to-client | ")?.split(" | ").next())
        .map(|hex| {
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
        })
        .collect();
    for seed in 0..RUNS {
        let mut world = World::new(seed);
        for _ in 0..200 {
            match world.rng.below(10) {
                0 => world.break_session(),
                1 => world.connect(),
                2..5 => world.type_line(),
                _ => {
                    let pick = usize::try_from(world.rng.below(messages.len() as u64)).unwrap();
                    let channel = 4 * world.rng.below(5);
                    let _ = world.client.handle_message(world.now, channel, &messages[pick]);
                }
            }
            world.drain();
        }
        let mut lines: Vec<LineNumber> = world.seen.iter().filter_map(UserEvent::line).collect();
        lines.sort_unstable();
        assert!(lines.windows(2).all(|pair| pair[0] != pair[1]), "seed {seed}");
        assert_eq!(lines.len() + world.client.unsettled_lines(), world.typed.len(), "seed {seed}");
    }
}
