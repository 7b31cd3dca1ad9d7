//! How is order kept, and who hears of it?
//!
//! ```text
//!  act ─▶ may they? ─▶ is it clear whom it hits? ─▶ done, stored, told ─▶ audit log
//!         role         several share the key or      the person, those who share a room
//!                      the address: warned first     with them, moderators, themselves
//! ```
//!
//! Nobody acts against somebody of their own role or above. What holds is a fact for the store, like names and
//! rooms: true at once, and kept over restarts. The server's own key is an owner by itself.

use super::chat_server::ChatServer;
use super::effect::{ChatHappening, Effect, SessionKey, close_code};
use super::greet::Refusal;
use super::list::cut;
use super::lookups::Lookup;
use super::measures::{self, in_words, network};
use super::sessions::Session;
use super::slow_mode::SLOWEST_S;
use crate::chat::message::{Act, AuditEntry, Failure, Measure, PersonId, RequestId, Role, ToClient};
use crate::chat::server::effect::Peer;
use crate::store::{Change, Key, MeasureRecord, RoomId, StoreRequest, Whom};
use crate::time::{Duration, Instant};
use std::collections::BTreeSet;

/// A reason, and what a room is about: so many bytes, what is longer is cut.
const REASON_MAX: usize = 300;
/// Entries in an answer; with the bounds of their fields they fit into one message.
const ENTRIES: usize = 50;
/// The longest time of a measure that is not for good: ten years.
const LONGEST_S: u64 = 10 * 365 * 86_400;

/// A moderator at work.
struct Actor {
    key: SessionKey,
    name: String,
    role: Role,
}

impl ChatServer {
    /// What a person may do, on whichever session.
    pub(super) fn role_of(&self, person: PersonId) -> Role {
        let granted = self.order.roles.get(&person).copied().unwrap_or_default();
        let is_owner = self.accounts.key(person).is_some() && self.accounts.key(person) == self.config.owner;
        let of_sessions = self.people.sessions(person).filter_map(|key| self.sessions.get(key));
        let proven = of_sessions.map(|session| session.entrance.role).max().unwrap_or_default();
        granted.max(proven).max(if is_owner { Role::Owner } else { Role::Member })
    }

    /// Gives a session the role of its person, and tells it the terms.
    pub(super) fn appoint_session(&mut self, key: SessionKey) {
        let Some(person) = self.sessions.get(key).map(|session| session.person) else { return };
        let role = self.role_of(person);
        let terms = self.config.limits.terms;
        if let Some(session) = self.sessions.get_mut(key) {
            session.role = role;
        }
        self.tell(key, &ToClient::Terms { role, per_second: terms.per_second, burst: terms.burst });
    }

    /// The most that anybody of this key may do.
    fn role_of_key(&self, key: &Key) -> Role {
        self.accounts.of_key(key).map(|person| self.role_of(person)).max().unwrap_or_default()
    }

    /// Is whoever comes kept out? Who runs the server never is, nor who keeps order there.
    pub(super) fn check_ban(&self, now: Instant, peer: &Peer) -> Result<(), Refusal> {
        let now_ms = self.unix_ms(now);
        let Some(ban) = self.order.measures.ban(&peer.key, &peer.address, now_ms) else { return Ok(()) };
        if self.config.owner == Some(peer.key) || self.role_of_key(&peer.key) >= Role::Moderator {
            return Ok(());
        }
        Err((close_code::BANNED, format!("you are banned{}", measures::terms(ban, now_ms))))
    }

    /// Does what a moderator asks for, if they may.
    pub(super) fn moderate(&mut self, now: Instant, key: SessionKey, request: RequestId, act: &Act) {
        let done = self.act(now, key, act).map(|()| ToClient::Done { request });
        self.answer_request(key, request, done);
    }

    fn act(&mut self, now: Instant, key: SessionKey, act: &Act) -> Result<(), Failure> {
        let needed = if matches!(act, Act::Appoint { .. }) { Role::Owner } else { Role::Moderator };
        let actor = self.actor(key, needed)?;
        if self.batch.is_full() {
            return Err(super::control::server_busy());
        }
        match act {
            Act::Kick { name, reason } => self.kick(now, &actor, name, &cut_to(reason)),
            Act::Impose { measure, name, seconds, reason } => {
                let until_ms = (*seconds > 0)
                    .then(|| self.unix_ms(now) + (*seconds).min(LONGEST_S).saturating_mul(1_000));
                self.impose(now, &actor, *measure, name, until_ms, &cut_to(reason))
            }
            Act::Lift { measure, name } => self.lift(now, &actor, *measure, name),
            Act::Slow { room, seconds } => self.slow(now, &actor, room, *seconds),
            Act::Topic { room, text } => self.set_topic(now, &actor, room, &cut_to(text)),
            Act::Appoint { name, role } => self.appoint(now, &actor, name, *role),
        }
    }

    fn actor(&self, key: SessionKey, needed: Role) -> Result<Actor, Failure> {
        let session = self.sessions.get(key).filter(|session| session.role >= needed);
        let session = session.ok_or_else(|| {
            let text = format!("only {}s may do this; whoever runs the server can /op you", needed.word());
            Failure::new("not-allowed", text)
        })?;
        let name = self.accounts.name(session.person).to_string();
        Ok(Actor { key, name, role: session.role })
    }

    /// Somebody of this name over whom the actor has a say.
    fn subject(&self, now: Instant, actor: &Actor, name: &str) -> Result<PersonId, Failure> {
        let person = self.accounts.find(name, self.unix_ms(now)).ok_or_else(|| {
            let name = super::control::shortened(name);
            Failure::new("no-such-name", format!("nobody is called {name}"))
        })?;
        let role = self.role_of(person);
        if role >= actor.role {
            let text = format!("{} is a {}, as you are", self.accounts.name(person), role.word());
            return Err(Failure::new("not-allowed", text));
        }
        Ok(person)
    }

    fn kick(&mut self, now: Instant, actor: &Actor, name: &str, reason: &str) -> Result<(), Failure> {
        let person = self.subject(now, actor, name)?;
        let sessions: Vec<SessionKey> = self.people.sessions(person).collect();
        if sessions.is_empty() {
            return Err(super::control::absent(name));
        }
        let name = self.accounts.name(person).to_string();
        let audience = self.neighbours(person);
        self.put_on_record(now, actor, format!("kicked {name}{}", because(reason)), &audience);
        let text = format!("{} kicked you{}; you may come back", actor.name, because(reason));
        self.end_all(now, sessions, close_code::KICKED, &text);
        Ok(())
    }

    fn end_all(&mut self, now: Instant, sessions: Vec<SessionKey>, code: u16, text: &str) {
        for session in sessions {
            self.close(now, session, code, text);
        }
    }

    fn impose(
        &mut self,
        now: Instant,
        actor: &Actor,
        measure: Measure,
        name: &str,
        until_ms: Option<u64>,
        reason: &str,
    ) -> Result<(), Failure> {
        let person = self.subject(now, actor, name)?;
        let whom = self.aim(person, measure)?;
        if self.order.measures.is_full() {
            return Err(Failure::new("too-many-measures", "too many bans and mutes hold; lift some first"));
        }
        if let Whom::Key(key) = &whom
            && self.role_of_key(key) >= actor.role
        {
            let text = "somebody of your role or above has the same key";
            return Err(Failure::new("not-allowed", text));
        }
        self.warn_of_others(actor, person, measure, &whom)?;
        let name = self.accounts.name(person).to_string();
        let record = MeasureRecord {
            measure,
            whom: whom.clone(),
            name: name.clone(),
            by: actor.name.clone(),
            reason: reason.to_owned(),
            until_ms,
        };
        let fact = self.order.measures.impose(record.clone());
        self.batch.add_facts([fact]);
        let left = until_ms.map(|until| in_words(until.saturating_sub(self.unix_ms(now))));
        let span = left.map(|left| format!(" for {left}")).unwrap_or_default();
        let deed = match measure {
            Measure::Ban => format!("banned {name}{span}{}", because(reason)),
            Measure::BanAddress => format!("banned the address of {name}{span}{}", because(reason)),
            Measure::Mute => format!("muted {name}{span}{}", because(reason)),
        };
        let audience = self.neighbours(person);
        self.put_on_record(now, actor, deed, &audience);
        if measure != Measure::Mute {
            let text = format!("you are banned{}", measures::terms(&record, self.unix_ms(now)));
            // Somebody with an account may be here with several keys.
            let hit: BTreeSet<SessionKey> =
                self.hit(&whom).map(|(key, _)| key).chain(self.people.sessions(person)).collect();
            self.end_all(now, hit.into_iter().collect(), close_code::BANNED, &text);
        }
        Ok(())
    }

    /// What the measure is against: the person's key, or where one of their sessions comes from.
    fn aim(&self, person: PersonId, measure: Measure) -> Result<Whom, Failure> {
        if measure != Measure::BanAddress {
            let key = self.accounts.key(person);
            return key.map(Whom::Key).ok_or_else(|| Failure::new("no-such-name", "nobody is called so"));
        }
        let sessions = self.people.sessions(person).filter_map(|key| self.sessions.get(key));
        let mut networks = sessions.filter_map(|session| network(&session.peer.address));
        networks
            .next()
            .ok_or_else(|| Failure::new("absent", "they are not here, so their address is not known"))
    }

    /// The sessions below a moderator that a measure is against.
    fn hit<'a>(&'a self, whom: &'a Whom) -> impl Iterator<Item = (SessionKey, &'a Session)> {
        let is_hit = move |session: &Session| match whom {
            Whom::Key(key) => session.peer.key == *key,
            Whom::Network(_) => network(&session.peer.address).as_ref() == Some(whom),
        };
        self.sessions.iter().filter(move |(_, session)| session.role < Role::Moderator && is_hit(session))
    }

    /// A measure that hits others too is taken only when the same is asked for again.
    fn warn_of_others(
        &mut self,
        actor: &Actor,
        person: PersonId,
        measure: Measure,
        whom: &Whom,
    ) -> Result<(), Failure> {
        let others: BTreeSet<PersonId> =
            self.hit(whom).map(|(_, session)| session.person).filter(|other| *other != person).collect();
        let Some(session) = self.sessions.get_mut(actor.key) else { return Ok(()) };
        let aim = (measure, whom.clone());
        let was_warned = session.warned_of.take().as_ref() == Some(&aim);
        if others.is_empty() || was_warned {
            return Ok(());
        }
        session.warned_of = Some(aim);
        let what = if measure == Measure::BanAddress { "address" } else { "key" };
        let named: Vec<String> =
            others.iter().take(5).map(|other| self.accounts.name(*other).to_string()).collect();
        let more = if others.len() > 5 { " and others" } else { "" };
        let text = format!(
            "{} {}{more} {} the same {what} and would be hit too; to do it all the same, say it again",
            others.len(),
            if others.len() == 1 { "other" } else { "others" },
            if others.len() == 1 { "has" } else { "have" },
        );
        Err(Failure::new("hits-others", format!("{text} ({})", named.join(", "))))
    }

    fn lift(&mut self, now: Instant, actor: &Actor, measure: Measure, name: &str) -> Result<(), Failure> {
        let by_person =
            self.accounts.find(name, self.unix_ms(now)).and_then(|person| self.accounts.key(person));
        let own = by_person.map(Whom::Key).and_then(|whom| self.order.measures.lift(measure, &whom));
        let known = || {
            let whom = self.order.measures.known_as(measure, name)?;
            self.order.measures.lift(measure, &whom)
        };
        let fact = own.or_else(known).ok_or_else(|| {
            let text =
                format!("no such measure against {}; /bans lists them", super::control::shortened(name));
            Failure::new("no-such-measure", text)
        })?;
        self.batch.add_facts([fact]);
        let deed = match measure {
            Measure::Ban | Measure::BanAddress => format!("lifted the ban of {name}"),
            Measure::Mute => format!("lets {name} speak again"),
        };
        let person = self.accounts.find(name, self.unix_ms(now));
        let audience = person.map(|person| self.neighbours(person)).unwrap_or_default();
        self.put_on_record(now, actor, deed, &audience);
        Ok(())
    }

    fn slow(&mut self, now: Instant, actor: &Actor, room: &str, seconds: u64) -> Result<(), Failure> {
        let room = self.existing_room(room)?;
        if seconds > SLOWEST_S {
            return Err(Failure::new("usage", format!("a room may be slow by {SLOWEST_S} seconds at most")));
        }
        let fact = self.rooms.set_slow(room, seconds);
        self.batch.add_facts(fact);
        self.order.slow_mode.forget(room);
        let name = self.rooms.name(room);
        let deed = match seconds {
            0 => format!("ended the slow mode of {name}"),
            seconds => format!("made {name} slow: one message in {}", in_words(seconds * 1_000)),
        };
        let audience = self.audience(room);
        self.put_on_record(now, actor, deed, &audience);
        Ok(())
    }

    fn set_topic(&mut self, now: Instant, actor: &Actor, room: &str, text: &str) -> Result<(), Failure> {
        let room = self.existing_room(room)?;
        let fact = self.rooms.set_topic(room, text, &actor.name);
        self.batch.add_facts(fact);
        let topic = super::chat_server::encode(&self.topic(room));
        for (session, seat) in self.rooms.seats(room) {
            self.effects.push_back(Effect::Send { session, channel: seat.channel, bytes: topic.clone() });
        }
        let deed = format!("set the topic of {}{}", self.rooms.name(room), because(text));
        self.put_on_record(now, actor, deed, &BTreeSet::new());
        Ok(())
    }

    fn topic(&self, room: RoomId) -> ToClient {
        let (text, by) = self.rooms.topic(room);
        ToClient::Topic { text: text.to_owned(), by: by.to_owned() }
    }

    /// Somebody took a seat: what the room is about, and that it is slow.
    pub(super) fn tell_manners(&mut self, key: SessionKey, room: RoomId, channel: u64) {
        if !self.rooms.topic(room).0.is_empty() {
            let topic = self.topic(room);
            self.send(key, channel, &topic);
        }
        let interval = self.rooms.interval(room);
        if interval > Duration::ZERO {
            let slow = in_words(interval.as_secs() * 1_000);
            let text = format!("{} is slow: one message in {slow}", self.rooms.name(room));
            self.tell(key, &ToClient::Notice { text });
        }
    }

    fn appoint(&mut self, now: Instant, actor: &Actor, name: &str, role: Role) -> Result<(), Failure> {
        if role >= Role::Owner {
            return Err(Failure::new("not-allowed", "there is one owner: whoever runs the server"));
        }
        let person = self.subject(now, actor, name)?;
        let live = self.people.sessions(person).filter_map(|key| self.sessions.get(key));
        if live.map(|session| session.entrance.role).max().unwrap_or_default() > role {
            let text = "that role comes with the account or the token; change it with `sayagain account`";
            return Err(Failure::new("not-allowed", text));
        }
        match role {
            Role::Member => self.order.roles.remove(&person),
            role => self.order.roles.insert(person, role),
        };
        self.batch.add_facts([Change::Role { person, role }]);
        let sessions: Vec<SessionKey> = self.people.sessions(person).collect();
        sessions.into_iter().for_each(|session| self.appoint_session(session));
        let deed = format!("made {} a {}", self.accounts.name(person), role.word());
        let audience = self.neighbours(person);
        self.put_on_record(now, actor, deed, &audience);
        Ok(())
    }

    fn audience(&self, room: RoomId) -> BTreeSet<SessionKey> {
        self.rooms.seats(room).map(|(session, _)| session).collect()
    }

    /// Tells those concerned, all moderators and the log, and remembers it.
    fn put_on_record(&mut self, now: Instant, actor: &Actor, deed: String, concerned: &BTreeSet<SessionKey>) {
        let mut audience = concerned.clone();
        let moderators = self.sessions.iter().filter(|(_, session)| session.role >= Role::Moderator);
        audience.extend(moderators.map(|(key, _)| key));
        audience.insert(actor.key);
        self.tell_all(&audience, &ToClient::Notice { text: format!("{} {deed}", actor.name) });
        let entry = AuditEntry { at_ms: self.unix_ms(now), by: actor.name.clone(), deed: deed.clone() };
        self.batch.add_facts([Change::Audit(entry)]);
        self.happened(ChatHappening::Moderated { by: actor.name.clone(), deed });
    }

    /// `/bans`: which measures hold?
    pub(super) fn list_measures(&mut self, now: Instant, key: SessionKey, request: RequestId) {
        let answer = self.actor(key, Role::Moderator).map(|_| {
            let entries = self.order.measures.entries(self.unix_ms(now)).take(ENTRIES);
            ToClient::Measures { request, measures: cut(entries, |entry| &entry.reason) }
        });
        self.answer_request(key, request, answer);
    }

    /// `/audit`: what did moderators do?
    pub(super) fn audit(&mut self, key: SessionKey, request: RequestId, count: u64) {
        if let Err(failure) = self.actor(key, Role::Moderator) {
            return self.answer_request(key, request, Err(failure));
        }
        let ticket = self.lookups.add(Lookup::Audit(key, request));
        let limit = u32::try_from(count.clamp(1, ENTRIES as u64)).unwrap_or(1);
        self.effects.push_back(Effect::Store(StoreRequest::Audit { ticket, limit }));
    }

    /// The store has the log.
    pub(super) fn on_audit(&mut self, ticket: u64, mut entries: Vec<AuditEntry>) {
        let Some(Lookup::Audit(key, request)) = self.lookups.take(ticket) else { return };
        if self.sessions.get(key).is_some() {
            // The store answers in order: what it was not asked to keep by then is not among them.
            entries.extend(self.batch.unstored_facts().filter_map(|fact| match fact {
                Change::Audit(entry) => Some(entry.clone()),
                _ => None,
            }));
            entries.drain(..entries.len().saturating_sub(ENTRIES));
            self.tell(key, &ToClient::Audit { request, entries });
        }
    }

    /// The store could not read it.
    pub(super) fn on_audit_unavailable(&mut self, key: SessionKey, request: RequestId, reason: &str) {
        if self.sessions.get(key).is_some() {
            let failure = Failure::new("storage-failed", format!("the log could not be read: {reason}"));
            self.answer_request(key, request, Err(failure));
        }
    }
}

/// `: reason`, if there is one.
fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

/// At most so much of it, and nothing that steers a terminal.
fn cut_to(text: &str) -> String {
    let end = (0..=REASON_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text[..end].trim().chars().filter(|letter| !letter.is_control()).collect()
}
