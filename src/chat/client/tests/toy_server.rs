//! A server that keeps the rules and checks that the client does: one room a channel, no counter beyond
//! the span, nothing new under an old counter. It forgets sessions whenever it is told to, but never what
//! it settled.

use crate::chat::codec::{decode_greeting, decode_to_server, encode_to_client};
use crate::chat::message::Role;
use crate::chat::message::*;
use crate::rng::Rng;
use std::collections::{BTreeMap, VecDeque};

const ANN: PersonId = PersonId(1);
const BOB: PersonId = PersonId(2);

#[derive(Default)]
pub struct Room {
    pub log: Vec<RoomMessage>,
}

#[derive(Clone, Default, PartialEq)]
enum Place {
    /// Let in, and everything up to this message was sent.
    In { room: String },
    /// Turned away.
    #[default]
    Nowhere,
}

fn private(id: MessageId, from: &str, to: &str, number: u64) -> PrivateMessage {
    PrivateMessage {
        id,
        from: from.into(),
        to: to.into(),
        origin: Origin(77),
        counter: Counter(number),
        at_ms: 1,
        text: format!("p{number}").into(),
    }
}

/// The toy.
#[derive(Default)]
pub struct ToyServer {
    pub rooms: BTreeMap<String, Room>,
    pub privates: Vec<PrivateMessage>,
    settled: BTreeMap<Counter, (ToServer, Result<MessageId, Failure>)>,
    given_up_to: Counter,
    places: BTreeMap<u64, Place>,
    /// On the way to the client: each channel in order, channels in any order.
    ways: BTreeMap<u64, VecDeque<Vec<u8>>>,
    name: String,
    to_bob: u64,
    /// Where the private messages of the instance begin.
    privates_from: Option<MessageId>,
}

fn failure(code: &str) -> Failure {
    Failure::new(code, code)
}

impl ToyServer {
    /// A new session begins; what the last one had under way is lost.
    pub fn connect(&mut self, greeting: &[u8]) {
        let greeting = decode_greeting(greeting).unwrap();
        self.disconnect();
        self.name = greeting.name;
        self.given_up_to = greeting.settled;
        let newest = MessageId(self.privates.len() as u64);
        let since = (greeting.private_since.filter(|since| *since <= newest))
            .unwrap_or(*self.privates_from.get_or_insert(newest));
        self.say(0, &ToClient::Welcome { person: ANN, name: self.name.clone(), private_after: since });
        self.say(0, &ToClient::Terms { role: Role::Member, per_second: 0, burst: 0 });
        let missed: Vec<PrivateMessage> =
            self.privates.iter().filter(|message| message.id > since).cloned().collect();
        for message in missed {
            self.say(PRIVATE_CHANNEL, &ToClient::Private(message));
        }
    }

    pub fn disconnect(&mut self) {
        self.ways.clear();
        self.places.clear();
    }

    fn say(&mut self, channel: u64, message: &ToClient) {
        self.ways.entry(channel).or_default().push_back(encode_to_client(message));
    }

    /// The next message to the client, of a channel picked at random.
    pub fn deliver(&mut self, rng: &mut Rng) -> Option<(u64, Vec<u8>)> {
        self.ways.retain(|_, way| !way.is_empty());
        let pick = usize::try_from(rng.below(self.ways.len() as u64)).unwrap();
        let (channel, way) = self.ways.iter_mut().nth(pick)?;
        Some((*channel, way.pop_front()?))
    }

    /// Bob says something in a room.
    pub fn bob_says(&mut self, room: &str, number: u64) {
        self.store_post(room, BOB, Origin(77), Counter(number), PostKind::Text, &format!("b{number}"));
    }

    /// Bob writes to ann.
    pub fn bob_writes(&mut self, number: u64) {
        let id = MessageId(self.privates.len() as u64 + 1);
        let message = private(id, "bob", &self.name, number);
        self.privates.push(message.clone());
        self.say(PRIVATE_CHANNEL, &ToClient::Private(message));
    }

    /// Ann writes to bob from another terminal.
    pub fn other_terminal_writes(&mut self, number: u64) {
        self.to_bob += 1_000;
        let message = private(MessageId(self.to_bob), &self.name, "bob", number);
        self.say(PRIVATE_CHANNEL, &ToClient::PrivateCopy(message));
    }

    fn store_post(
        &mut self,
        room: &str,
        person: PersonId,
        origin: Origin,
        counter: Counter,
        kind: PostKind,
        text: &str,
    ) -> MessageId {
        let log = &mut self.rooms.entry(room.to_owned()).or_default().log;
        let id = MessageId(log.len() as u64 + 1);
        let name = if person == BOB { "bob" } else { self.name.as_str() }.into();
        let message = RoomMessage { id, person, name, origin, counter, at_ms: 1, kind, text: text.into() };
        log.push(message.clone());
        let here = Place::In { room: room.to_owned() };
        let channel = self.places.iter().find(|(_, place)| **place == here).map(|(channel, _)| *channel);
        if let Some(channel) = channel {
            self.say(channel, &ToClient::Message { message, history: false });
        }
        id
    }

    /// The client says this in the present session.
    pub fn handle(&mut self, rng: &mut Rng, channel: u64, bytes: &[u8]) {
        match decode_to_server(bytes).unwrap() {
            ToServer::Join { room, since, history, .. } => self.join(channel, room, since, history),
            ToServer::Part => {
                let place = self.places.remove(&channel);
                assert!(matches!(place, Some(Place::In { .. })), "a part in a channel without a room");
                self.say(channel, &ToClient::Parted);
            }
            message @ (ToServer::Post { .. } | ToServer::Private { .. }) => {
                self.settle(rng, channel, &message);
            }
            request => self.answer(rng, request),
        }
    }

    fn join(&mut self, channel: u64, room: String, since: Option<MessageId>, history: u32) {
        assert!(is_room_channel(channel), "a join in channel {channel}");
        let place = Place::In { room: room.clone() };
        assert!(!self.places.values().any(|other| *other == place), "twice in {room}");
        let before = self.places.insert(channel, Place::Nowhere);
        assert!(before.is_none_or(|before| before == Place::Nowhere), "channel {channel} is taken");
        if room.starts_with("closed") {
            self.say(channel, &ToClient::JoinFailed { failure: failure("room-closed") });
            return;
        }
        self.places.insert(channel, place);
        let log = self.rooms.entry(room.clone()).or_default().log.clone();
        let last = MessageId(log.len() as u64);
        let after = since.unwrap_or(MessageId(last.0.saturating_sub(history.into())));
        let people = vec!["bob".to_owned()];
        self.say(
            channel,
            &ToClient::Joined { room, people, total: 2, last, from: after, seen: MessageId(0) },
        );
        for message in log.into_iter().filter(|message| message.id > after) {
            self.say(channel, &ToClient::Message { message, history: true });
        }
    }

    fn settle(&mut self, rng: &mut Rng, channel: u64, message: &ToServer) {
        let (ToServer::Post { counter, .. } | ToServer::Private { counter, .. }) = message else { return };
        let counter = *counter;
        assert!(counter > self.given_up_to, "{counter:?} was said to be settled");
        if !self.settled.contains_key(&counter) {
            let through = (0..counter.0).take_while(|n| self.is_settled(Counter(n + 1))).count() as u64;
            assert!(counter.0 <= through + COUNTER_SPAN, "{counter:?} is beyond the span of {through}");
            let outcome = self.decide(rng, channel, message);
            self.settled.insert(counter, (message.clone(), outcome));
        }
        let (before, outcome) = self.settled[&counter].clone();
        assert_eq!(before, *message, "another message under an old counter");
        let answer = match outcome {
            Ok(id) => ToClient::Accepted { counter, id },
            Err(failure) => ToClient::Rejected { counter, failure },
        };
        self.say(channel, &answer);
    }

    fn is_settled(&self, counter: Counter) -> bool {
        counter <= self.given_up_to || self.settled.contains_key(&counter)
    }

    fn decide(&mut self, rng: &mut Rng, channel: u64, message: &ToServer) -> Result<MessageId, Failure> {
        if rng.chance(0.1) {
            return Err(failure("rejected-by-chance"));
        }
        let ToServer::Post { counter, kind, text } = message else {
            self.to_bob += 1;
            return Ok(MessageId(self.to_bob));
        };
        match self.places.get(&channel).cloned() {
            Some(Place::In { room }) => {
                let origin = super::INSTANCE.origin();
                Ok(self.store_post(&room, ANN, origin, *counter, *kind, text))
            }
            Some(Place::Nowhere) => Err(failure("not-in-room")),
            None => panic!("a post in a channel without a join"),
        }
    }

    fn answer(&mut self, rng: &mut Rng, request: ToServer) {
        let answer = match request {
            ToServer::Nick { request, name } if rng.chance(0.7) => {
                let old = std::mem::replace(&mut self.name, name.clone());
                let news = ToClient::Renamed { person: ANN, old, new: name };
                let done = ToClient::Done { request };
                let order = if rng.chance(0.5) { [news, done] } else { [done, news] };
                for message in &order {
                    self.say(0, message);
                }
                return;
            }
            ToServer::Nick { request, .. } => ToClient::Failed { request, failure: failure("name-taken") },
            ToServer::Who { request, room } => ToClient::Who { request, room, people: vec![], total: 0 },
            ToServer::Whois { request, .. } => {
                ToClient::Failed { request, failure: failure("no-such-person") }
            }
            ToServer::Rooms { request } => ToClient::Rooms { request, rooms: vec![] },
            ToServer::Away { request, .. } => ToClient::Done { request },
            other => panic!("not a request: {other:?}"),
        };
        self.say(0, &answer);
    }
}
