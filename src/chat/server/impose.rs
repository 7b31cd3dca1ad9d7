//! Who is banned or muted, and whom does that hit?
//!
//! ```text
//!  name ─▶ whom: the key, or each network that they are on ─▶ who else has it? ─▶ taken, stored, told
//!                                                             warned first        bans end sessions
//! ```

use super::chat_server::ChatServer;
use super::effect::{Peer, SessionKey, close_code};
use super::greet::Refusal;
use super::measures::{self, Subject, in_words, network};
use super::moderate::Actor;
use super::record::because;
use super::sessions::Session;
use crate::chat::message::{Failure, Measure, PersonId, Role};
use crate::store::{MeasureRecord, Whom};
use crate::time::Instant;
use std::collections::BTreeSet;

/// A measure that is asked for.
pub(super) struct Wish<'a> {
    pub(super) measure: Measure,
    pub(super) name: &'a str,
    pub(super) until_ms: Option<u64>,
    pub(super) reason: String,
}

impl ChatServer {
    /// The most that anybody of this key may do, as far as that is known.
    fn role_of_key(&self, key: &[u8; 32]) -> Role {
        let is_owner = self.config.owner == Some(*key);
        let granted = self.accounts.of_key(key).map(|person| self.role_of(person)).max().unwrap_or_default();
        granted.max(if is_owner { Role::Owner } else { Role::Member })
    }

    /// Is whoever comes kept out? `proven`: whom they have proved to be, and what they may do by that.
    pub(super) fn check_ban(
        &self,
        now: Instant,
        peer: &Peer,
        proven: (Option<PersonId>, Role),
    ) -> Result<(), Refusal> {
        let now_ms = self.unix_ms(now);
        let (person, role) = (proven.0, proven.1.max(self.role_of_key(&peer.key)));
        match self.order.measures.ban(Subject { key: &peer.key, person, role }, &peer.address, now_ms) {
            None => Ok(()),
            Some(ban) => Err((close_code::BANNED, format!("you are banned{}", measures::terms(ban, now_ms)))),
        }
    }

    /// A session goes on from another address, where it may be banned.
    pub(super) fn move_to(&mut self, now: Instant, key: SessionKey, address: &str) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        address.clone_into(&mut session.peer.address);
        let (peer, proven) = (session.peer.clone(), (Some(session.person), session.role));
        if let Err((code, text)) = self.check_ban(now, &peer, proven) {
            self.close(now, key, code, &text);
        }
    }

    /// Takes a measure.
    pub(super) fn impose(&mut self, now: Instant, actor: &Actor, wish: Wish<'_>) -> Result<(), Failure> {
        let person = self.subject(now, actor, wish.name)?;
        let aims = self.aims(person, wish.measure)?;
        if self.order.measures.is_full() {
            return Err(Failure::new("too-many-measures", "too many bans and mutes hold; lift some first"));
        }
        // Who shares an address with somebody keeps order there all the same.
        let rank = if wish.measure == Measure::BanAddress { Role::Moderator } else { actor.role };
        self.check_aims(actor, wish.measure, &aims, rank)?;
        self.warn_of_others(actor, person, wish.measure, &aims, rank)?;
        let hit: BTreeSet<SessionKey> = self.hit(&aims, person, rank).map(|(key, _)| key).collect();
        let Wish { measure, until_ms, reason, .. } = wish;
        let name = self.accounts.name(person).to_string();
        let audience = self.neighbours(person);
        let mut text = String::new();
        for whom in aims {
            let (name, by, reason) = (name.clone(), actor.name.clone(), reason.clone());
            let record = MeasureRecord { measure, whom, person, name, by, rank, reason, until_ms };
            text = format!("you are banned{}", measures::terms(&record, self.unix_ms(now)));
            let fact = self.order.measures.impose(record);
            self.batch.add_facts([fact]);
        }
        let left = until_ms.map(|until| in_words(until.saturating_sub(self.unix_ms(now))));
        let span = left.map(|left| format!(" for {left}")).unwrap_or_default();
        let what = match measure {
            Measure::Ban => format!("banned {name}"),
            Measure::BanAddress => format!("banned the address of {name}"),
            Measure::Mute => format!("muted {name}"),
        };
        self.put_on_record(now, actor, format!("{what}{span}{}", because(&reason)), &audience);
        if measure != Measure::Mute {
            self.end_all(now, hit, close_code::BANNED, &text);
        }
        Ok(())
    }

    /// What the measure is against: the person's key, or wherever their sessions come from.
    fn aims(&self, person: PersonId, measure: Measure) -> Result<BTreeSet<Whom>, Failure> {
        let sessions = self.people.sessions(person).filter_map(|key| self.sessions.get(key));
        let aims: BTreeSet<Whom> = match measure {
            Measure::Ban | Measure::Mute => self.accounts.key(person).map(Whom::Key).into_iter().collect(),
            Measure::BanAddress => sessions.filter_map(|session| network(&session.peer.address)).collect(),
        };
        if aims.is_empty() {
            return Err(Failure::new("absent", "they are not here, so their address is not known"));
        }
        Ok(aims)
    }

    /// Nobody touches a measure of somebody above, nor takes one against a key that somebody like them has.
    fn check_aims(
        &self,
        actor: &Actor,
        measure: Measure,
        aims: &BTreeSet<Whom>,
        rank: Role,
    ) -> Result<(), Failure> {
        for whom in aims {
            if let Whom::Key(key) = whom
                && self.role_of_key(key) >= actor.role
            {
                let text = "somebody of your role or above has the same key";
                return Err(Failure::new("not-allowed", text));
            }
            if self.order.measures.get(measure, whom).is_some_and(|held| held.rank > rank.max(actor.role)) {
                return Err(taken_above());
            }
        }
        Ok(())
    }

    /// The sessions that a measure binds.
    fn hit<'a>(
        &'a self,
        aims: &'a BTreeSet<Whom>,
        person: PersonId,
        rank: Role,
    ) -> impl Iterator<Item = (SessionKey, &'a Session)> {
        let is_hit = move |session: &Session| {
            let has_key = aims.contains(&Whom::Key(session.peer.key));
            let is_there = || network(&session.peer.address).is_some_and(|network| aims.contains(&network));
            session.role < rank && (session.person == person || has_key || is_there())
        };
        self.sessions.iter().filter(move |(_, session)| is_hit(session))
    }

    /// A measure that hits others too is taken only when the same is asked for again.
    fn warn_of_others(
        &mut self,
        actor: &Actor,
        person: PersonId,
        measure: Measure,
        aims: &BTreeSet<Whom>,
        rank: Role,
    ) -> Result<(), Failure> {
        let sessions = self.hit(aims, person, rank).map(|(_, session)| session.person);
        let others: BTreeSet<PersonId> = sessions.filter(|other| *other != person).collect();
        let Some(session) = self.sessions.get_mut(actor.key) else { return Ok(()) };
        let warned = session.warned_of.take();
        let is_known = warned.is_some_and(|(kind, who)| kind == measure && others.is_subset(&who));
        if is_known || others.is_empty() {
            return Ok(());
        }
        session.warned_of = Some((measure, others.clone()));
        let what = if measure == Measure::BanAddress { "address" } else { "key" };
        let named: Vec<String> =
            others.iter().take(5).map(|other| self.accounts.name(*other).to_string()).collect();
        let more = if others.len() > 5 { ", …" } else { "" };
        let (noun, verb) = if others.len() == 1 { ("other", "has") } else { ("others", "have") };
        let text = format!(
            "{} {noun} {verb} the same {what} and would be hit too ({}{more}); to do it all the same, say it again",
            others.len(),
            named.join(", ")
        );
        Err(Failure::new("hits-others", text))
    }

    /// Lifts what there is of this kind against somebody of this name, or against this address.
    pub(super) fn lift(
        &mut self,
        now: Instant,
        actor: &Actor,
        measure: Measure,
        name: &str,
    ) -> Result<(), Failure> {
        let person = self.accounts.find(name, self.unix_ms(now));
        let measures = &self.order.measures;
        let of_person = person.and_then(|person| measures.of_person(measure, person).cloned());
        let of_key = person.and_then(|person| self.accounts.key(person)).map(Whom::Key);
        let held: BTreeSet<Whom> = [of_person, of_key, measures.known_as(measure, name)]
            .into_iter()
            .flatten()
            .filter(|whom| measures.get(measure, whom).is_some())
            .collect();
        if held.is_empty() {
            let name = super::control::shortened(name);
            let text = format!("no such measure against {name}; /bans lists them");
            return Err(Failure::new("no-such-measure", text));
        }
        let is_above = |whom| measures.get(measure, whom).is_some_and(|held| held.rank > actor.role);
        if held.iter().any(is_above) {
            return Err(taken_above());
        }
        let facts: Vec<_> = held.iter().filter_map(|whom| self.order.measures.lift(measure, whom)).collect();
        self.batch.add_facts(facts);
        let name = super::control::shortened(name);
        let deed = match measure {
            Measure::Ban | Measure::BanAddress => format!("lifted the ban of {name}"),
            Measure::Mute => format!("lets {name} speak again"),
        };
        let audience = person.map(|person| self.neighbours(person)).unwrap_or_default();
        self.put_on_record(now, actor, deed, &audience);
        Ok(())
    }
}

fn taken_above() -> Failure {
    Failure::new("not-allowed", "somebody above your role took this measure; ask them")
}
