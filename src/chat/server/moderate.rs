//! How is order kept, and who hears of it?
//!
//! ```text
//!  act ─▶ may they? ─┬▶ kick, appoint                            done, told, and on record
//!         role       ├▶ impose, lift     bans and mutes           (record)
//!                    └▶ slow, topic      manners of a room
//! ```
//!
//! Nobody acts against somebody of their own role or above. What holds is a fact for the store, like names and
//! rooms: true at once, and kept over restarts. The server's own key is an owner by itself.

use super::chat_server::ChatServer;
use super::effect::{SessionKey, close_code};
use super::impose::Wish;
use super::record::because;
use crate::chat::message::{Act, Failure, PersonId, RequestId, Role, ToClient};
use crate::store::Change;
use crate::time::Instant;

/// A reason, and what a room is about: so many bytes, what is longer is cut.
const REASON_MAX: usize = 300;
/// The longest time of a measure that is not for good: ten years.
const LONGEST_S: u64 = 10 * 365 * 86_400;

/// A moderator at work.
pub(super) struct Actor {
    pub(super) key: SessionKey,
    pub(super) name: String,
    pub(super) role: Role,
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

    /// A session is in: what it may do, and how fast.
    pub(super) fn tell_terms(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.get(key) else { return };
        let terms = self.config.limits.terms;
        let told = ToClient::Terms { role: session.role, per_second: terms.per_second, burst: terms.burst };
        self.tell(key, &told);
    }

    /// What a person may do may have changed: their sessions hear it.
    pub(super) fn reappoint(&mut self, person: PersonId) {
        let role = self.role_of(person);
        let sessions: Vec<SessionKey> = self.people.sessions(person).collect();
        for key in sessions {
            if let Some(session) = self.sessions.get_mut(key).filter(|session| session.role != role) {
                session.role = role;
                self.tell_terms(key);
            }
        }
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
                let (measure, reason) = (*measure, cut_to(reason));
                let until_ms = (*seconds > 0)
                    .then(|| self.unix_ms(now) + (*seconds).min(LONGEST_S).saturating_mul(1_000));
                self.impose(now, &actor, Wish { measure, name, until_ms, reason })
            }
            Act::Lift { measure, name } => self.lift(now, &actor, *measure, name),
            Act::Slow { room, seconds } => self.slow(now, &actor, room, *seconds),
            Act::Topic { room, text } => self.set_topic(now, &actor, room, &cut_to(text)),
            Act::Appoint { name, role } => self.appoint(now, &actor, name, *role),
        }
    }

    /// The person of this session, if they may as much as is needed.
    pub(super) fn actor(&self, key: SessionKey, needed: Role) -> Result<Actor, Failure> {
        let session = self.sessions.get(key).filter(|session| session.role >= needed);
        let session = session.ok_or_else(|| {
            let text = format!("only {}s may do this; whoever runs the server can /op you", needed.word());
            Failure::new("not-allowed", text)
        })?;
        let name = self.accounts.name(session.person).to_string();
        Ok(Actor { key, name, role: session.role })
    }

    /// Somebody of this name over whom the actor has a say.
    pub(super) fn subject(&self, now: Instant, actor: &Actor, name: &str) -> Result<PersonId, Failure> {
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

    /// Ends these sessions.
    pub(super) fn end_all(
        &mut self,
        now: Instant,
        sessions: impl IntoIterator<Item = SessionKey>,
        code: u16,
        text: &str,
    ) {
        for session in sessions {
            self.close(now, session, code, text);
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
        self.reappoint(person);
        let deed = format!("made {} a {}", self.accounts.name(person), role.word());
        let audience = self.neighbours(person);
        self.put_on_record(now, actor, deed, &audience);
        Ok(())
    }
}

/// At most so much of it, and nothing that steers a terminal.
fn cut_to(text: &str) -> String {
    let end = (0..=REASON_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text[..end].trim().chars().filter(|letter| !letter.is_control()).collect()
}
