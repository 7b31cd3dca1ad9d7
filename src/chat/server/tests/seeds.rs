//! Any order of arrival, any reconnect, any restart: every message exactly once and in order for everybody.
//!
//! Each seed is one run. Channels are queues of their own in both directions, and chance says which moves
//! next; a reconnect drops what was under way; a restart drops the server and keeps its store.

use super::{World, join, post};
use crate::chat::message::{Counter, MessageId, Origin, ToClient, ToServer};
use crate::chat::server::ChatLimits;
use crate::rng::Rng;
use crate::store::{Store, StoreReply, StoreRequest};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const ROOMS: [&str; 3] = ["a", "b", "c"];
const TERMINALS: usize = 4;
const MESSAGES: u64 = 25;

fn channel(room: usize) -> u64 {
    8 + 4 * room as u64
}

/// A client as small as it can be: sends again what is not settled, drops nothing, trusts the server.
#[derive(Default)]
struct Terminal {
    session: Option<u64>,
    said: u64,
    unsettled: BTreeMap<u64, usize>,
    accepted: BTreeMap<u64, MessageId>,
    rejected: BTreeSet<u64>,
    outboxes: BTreeMap<u64, VecDeque<ToServer>>,
    shown: [Vec<(MessageId, Origin, Counter)>; 3],
}

impl Terminal {
    fn say(&mut self, room: usize) {
        self.said += 1;
        self.unsettled.insert(self.said, room);
        self.outboxes.entry(channel(room)).or_default().push_back(post(self.said, "x"));
    }

    /// A new session: join every room where it left off, then send again in order.
    fn begin(&mut self, session: u64) {
        self.session = Some(session);
        self.outboxes.clear();
        for (room, name) in ROOMS.iter().enumerate() {
            let since = Some(self.shown[room].last().map_or(MessageId(0), |(id, ..)| *id));
            let mut join = join(name);
            if let ToServer::Join { since: wanted, .. } = &mut join {
                *wanted = since;
            }
            self.outboxes.entry(channel(room)).or_default().push_back(join);
        }
        for (counter, room) in &self.unsettled {
            self.outboxes.entry(channel(*room)).or_default().push_back(post(*counter, "x"));
        }
    }

    fn hear(&mut self, channel: u64, message: ToClient) {
        match message {
            ToClient::Accepted { counter, id } => {
                if let Some(before) = self.accepted.insert(counter.0, id) {
                    assert_eq!(before, id, "accepted under two numbers");
                }
                self.unsettled.remove(&counter.0);
            }
            ToClient::Rejected { counter, failure } => {
                // The second: the rejection was stored, the server started anew, and the reason is gone.
                assert!(["storage-failed", "not-kept"].contains(&&*failure.code), "{failure:?}");
                self.unsettled.remove(&counter.0);
                self.rejected.insert(counter.0);
            }
            ToClient::Message { message, .. } => {
                let shown = &mut self.shown[usize::try_from((channel - 8) / 4).unwrap()];
                let newest = shown.last().map_or(0, |(id, ..)| id.0);
                assert_eq!(message.id.0, newest + 1, "each once, in order, none missing");
                shown.push((message.id, message.origin, message.counter));
            }
            ToClient::HistoryGap { missed } => panic!("{missed} missed"),
            _ => {}
        }
    }
}

struct Run {
    world: World,
    rng: Rng,
    terminals: Vec<Terminal>,
    next_session: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut world = World::new();
        world.store_waits = true;
        world.queues_wait = true;
        let terminals = (0..TERMINALS).map(|_| Terminal::default()).collect();
        Self { world, rng: Rng::from_seed(seed), terminals, next_session: 1 }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let index = usize::try_from(self.rng.below(from.len() as u64)).unwrap();
        from.get(index).copied()
    }

    /// Terminals 0 and 1 are one person on two machines.
    fn connect(&mut self, index: usize) {
        let person = u8::try_from(index.max(1)).unwrap();
        let session = self.next_session;
        self.next_session += 1;
        let instance = u8::try_from(index).unwrap() + 1;
        self.world.connect(session, [person; 32], instance, &format!("p-{person}"));
        self.terminals[index].begin(session);
    }

    fn restart(&mut self) {
        let mut world = World::over(std::mem::take(&mut self.world.store), ChatLimits::default());
        world.store_waits = true;
        world.queues_wait = true;
        world.now = self.world.now;
        self.world = world;
        self.terminals.iter_mut().for_each(|terminal| terminal.session = None);
    }

    /// The store does what it was asked, fails it, or does it and the answer is lost with the server.
    fn store(&mut self) {
        let is_commit = matches!(self.world.requests.front(), Some(StoreRequest::Commit { .. }));
        if is_commit && self.rng.chance(0.05) {
            self.world.fail_store();
        } else if is_commit && self.rng.chance(0.02) {
            if let Some(request) = self.world.requests.pop_front() {
                assert!(matches!(self.world.store.handle(request), StoreReply::Committed { .. }));
            }
            self.restart();
        } else {
            self.world.answer_store();
        }
    }

    fn step(&mut self) {
        let index = usize::try_from(self.rng.below(TERMINALS as u64)).unwrap();
        let Some(session) = self.terminals[index].session else { return self.connect(index) };
        match self.rng.below(100) {
            0 => self.connect(index),
            1 => {
                self.world.disconnect(session);
                self.terminals[index].session = None;
            }
            2 if self.rng.chance(0.2) => self.restart(),
            3..20 if self.terminals[index].said < MESSAGES => {
                let room = usize::try_from(self.rng.below(ROOMS.len() as u64)).unwrap();
                self.terminals[index].say(room);
            }
            20..45 => self.send(index, session),
            45..70 => self.deliver(index, session),
            70..85 => self.store(),
            85..95 => self.world.drain(session),
            _ => self.world.pass_ms(50),
        }
    }

    fn send(&mut self, index: usize, session: u64) {
        let outboxes = &self.terminals[index].outboxes;
        let filled: Vec<u64> = outboxes.iter().filter(|(_, b)| !b.is_empty()).map(|(c, _)| *c).collect();
        let Some(channel) = self.pick(&filled) else { return };
        let next = self.terminals[index].outboxes.get_mut(&channel).and_then(VecDeque::pop_front);
        self.world.hear(session, channel, &next.unwrap());
    }

    fn deliver(&mut self, index: usize, session: u64) {
        let filled = self.world.channels(session);
        let Some(channel) = self.pick(&filled) else { return };
        let message = self.world.next_on(session, channel).unwrap();
        self.terminals[index].hear(channel, message);
    }

    /// Everything that is under way arrives, until nothing moves.
    fn calm_down(&mut self) {
        for index in 0..TERMINALS {
            self.connect(index);
        }
        for _ in 0..10_000 {
            self.world.answer_store();
            for index in 0..TERMINALS {
                let session = self.terminals[index].session.unwrap();
                self.send(index, session);
                self.deliver(index, session);
                self.world.drain(session);
            }
        }
        assert!(self.world.closed.values().all(|(code, _)| *code == 4), "{:?}", self.world.closed);
    }

    fn check(&self) {
        for terminal in &self.terminals {
            assert!(terminal.unsettled.is_empty(), "unsettled: {:?}", terminal.unsettled);
            assert_eq!(terminal.shown, self.terminals[0].shown, "everybody sees the same");
        }
        for (index, terminal) in self.terminals.iter().enumerate() {
            let origin = crate::chat::message::Instance([u8::try_from(index).unwrap() + 1; 16]).origin();
            let mut shown: Vec<(u64, MessageId)> = (terminal.shown.iter().flatten())
                .filter(|(_, of, _)| *of == origin)
                .map(|(id, _, counter)| (counter.0, *id))
                .collect();
            shown.sort_unstable();
            let accepted: Vec<(u64, MessageId)> = terminal.accepted.iter().map(|(c, id)| (*c, *id)).collect();
            assert_eq!(shown, accepted, "what was accepted was shown once, under its number");
            assert!(terminal.rejected.iter().all(|counter| !terminal.accepted.contains_key(counter)));
            assert_eq!(
                terminal.accepted.len() + terminal.rejected.len(),
                usize::try_from(terminal.said).unwrap()
            );
        }
    }
}

#[test]
fn every_accepted_message_is_shown_exactly_once_and_in_order_whatever_happens() {
    for seed in 0..150 {
        let outcome = std::panic::catch_unwind(|| {
            let mut run = Run::new(seed);
            for _ in 0..2_500 {
                run.step();
            }
            run.calm_down();
            run.check();
        });
        assert!(outcome.is_ok(), "seed {seed} fails; to replay it, let the seeds begin with it");
    }
}
