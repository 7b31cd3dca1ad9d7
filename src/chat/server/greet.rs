//! Who comes, who goes?

use super::accounts::Claim;
use super::chat_server::{ChatServer, Stage};
use super::door::{Admission, Entrance};
use super::effect::{ChatHappening, Effect, Peer, SessionKey, close_code};
use super::ids::Ids;
use super::replay::{Job, Source};
use super::sessions::Session;
use crate::chat::codec::decode_greeting;
use crate::chat::message::{Greeting, MessageId, PRIVATE_CHANNEL, PersonId, PresenceState, ToClient};
use crate::chat::name::Name;
use crate::chat::quota::Quota;
use crate::store::RoomId;
use crate::time::{Duration, Instant};
use std::collections::BTreeSet;

/// A person whose session was replaced stays in their rooms for so long, until the new session joins them.
const GRACE: Duration = Duration::from_secs(10);
/// Private messages replayed to somebody who comes back, at most.
pub(super) const PRIVATES_REPLAYED: u64 = 1_000;

/// Why somebody is turned away: a close code, and a text for people.
pub(super) type Refusal = (u16, String);

impl ChatServer {
    /// Lets somebody in who may come in, or turns them away after all.
    pub(super) fn let_in(
        &mut self,
        now: Instant,
        key: SessionKey,
        peer: Peer,
        greeting: &Greeting,
        name: &Name,
        admission: Admission,
    ) {
        match self.admit(now, &peer, greeting, name, admission) {
            Ok(person) => self.welcome(now, key, peer, greeting, person, admission),
            Err(refusal) => self.refuse(key, refusal),
        }
    }

    fn admit(
        &mut self,
        now: Instant,
        peer: &Peer,
        greeting: &Greeting,
        name: &Name,
        admission: Admission,
    ) -> Result<PersonId, Refusal> {
        if self.stage != Stage::Open {
            return Err((close_code::SHUTDOWN, "the server is going down".to_owned()));
        }
        if self.instances.key(greeting.instance).is_some_and(|key| *key != peer.key) {
            return Err((close_code::PROTOCOL, "this instance belongs to another key".to_owned()));
        }
        let known =
            admission.owns_name.then(|| self.accounts.find(name.as_str(), self.unix_ms(now))).flatten();
        self.check_ban(now, peer, (known, admission.role))?;
        let person = if admission.owns_name {
            self.hand_over(peer, name)?
        } else {
            self.identify(now, peer, greeting, name)?
        };
        let replaces = self.session_of(greeting).is_some_and(|old| old.person == person);
        let others = self.people.sessions(person).count() - usize::from(replaces);
        if others >= self.config.limits.sessions_per_person {
            return Err((close_code::FULL, format!("{} has too many sessions already", name.as_str())));
        }
        Ok(person)
    }

    /// The person behind a name that was proved: theirs whatever the key, which is the name's from now on.
    fn hand_over(&mut self, peer: &Peer, name: &Name) -> Result<PersonId, Refusal> {
        if self.batch.is_full() && !self.accounts.is_held_by(name, &peer.key) {
            return Err((close_code::FULL, "the server is too busy for a new name just now".to_owned()));
        }
        let handed = self.accounts.hand_over(name, peer.key);
        let (person, change) = handed.map_err(|failure| (close_code::FULL, failure.text))?;
        self.batch.add_facts(change);
        Ok(person)
    }

    /// Would a session with this greeting end the live session of its instance?
    pub fn would_replace(&self, greeting: &[u8]) -> bool {
        // Whoever stands at the door is replaced as well: its first flight may be a copy, too.
        decode_greeting(greeting).is_ok_and(|greeting| {
            self.session_of(&greeting).is_some() || self.order.door.session(greeting.instance).is_some()
        })
    }

    fn session_of(&self, greeting: &Greeting) -> Option<&Session> {
        self.sessions.get(self.instances.session(greeting.instance)?)
    }

    /// The person behind a name: a known one, or a new one if the name is free.
    fn identify(
        &mut self,
        now: Instant,
        peer: &Peer,
        greeting: &Greeting,
        name: &Name,
    ) -> Result<PersonId, Refusal> {
        let now_ms = self.unix_ms(now);
        match self.accounts.claim(name, &peer.key, self.instances.person(greeting.instance), now_ms) {
            Claim::Owned(person) => Ok(person),
            Claim::Taken => Err((close_code::NAME_TAKEN, self.accounts.taken(name, now_ms).text)),
            Claim::Free if self.batch.is_full() => {
                Err((close_code::FULL, "the server is too busy for a new name just now".to_owned()))
            }
            Claim::Free => {
                let taken = self.accounts.take(name, peer.key);
                let (person, change) = taken.map_err(|failure| (close_code::FULL, failure.text))?;
                self.batch.add_facts([change]);
                Ok(person)
            }
        }
    }

    fn welcome(
        &mut self,
        now: Instant,
        key: SessionKey,
        peer: Peer,
        greeting: &Greeting,
        person: PersonId,
        admission: Admission,
    ) {
        let before = self.people.state(person);
        let at_ms = self.unix_ms(now);
        self.people.come(person, key, at_ms);
        if let Some(old) = self.instances.session(greeting.instance) {
            let text = "a newer session of the same client took over";
            self.effects.push_back(Effect::Close {
                session: old,
                code: close_code::REPLACED,
                text: text.to_owned(),
            });
            self.forget(now, old, text, Some(person));
        }
        let rooms = self.rooms.of(person);
        self.note_presence(person, before, &rooms);
        let newest = self.private_ids.get(&person).map_or(MessageId(0), Ids::stored);
        let wants_unseen = greeting.private_since.is_none_or(|since| since <= newest);
        let begins = if wants_unseen { self.privates_begin(person, newest) } else { newest };
        let known_from = self.instances.bind(now, greeting.instance, peer.key, person, key, begins);
        self.instances.on_told_settled(greeting.instance, greeting.settled);
        // Known on disk before any private message that it is to hear: its welcome may get lost.
        self.batch.touch(greeting.instance);
        let quota = Quota::new(now, self.config.limits.terms);
        let mut session = Session::new(person, greeting.instance, peer, quota);
        session.entrance = Entrance::new(admission);
        self.sessions.insert(key, session);
        let name = self.accounts.name(person).to_string();
        self.happened(ChatHappening::Connected {
            session: key,
            name: name.clone(),
            agent: greeting.agent.clone(),
            sessions: self.sessions.total(),
        });
        let since = replay_privates_from(greeting.private_since, known_from, begins, newest);
        let role = self.role_of(person);
        self.tell(key, &ToClient::Welcome { person, name, private_after: since });
        if let Some(session) = self.sessions.get_mut(key) {
            session.role = role;
        }
        self.tell_terms(key);
        self.reappoint(person);
        let job = Job::new(Source::Privates(person), PRIVATE_CHANNEL, since, newest, false);
        self.replays.push(key, job);
        self.step_replay(key);
    }

    /// After which private message a new terminal of this person begins: those that they have not seen.
    fn privates_begin(&self, person: PersonId, newest: MessageId) -> MessageId {
        let seen = self.news.marks.get(person, None).unwrap_or_default();
        seen.clamp(MessageId(newest.0.saturating_sub(PRIVATES_REPLAYED)), newest)
    }

    /// A session went silent, or is back.
    pub(super) fn hear_liveness(&mut self, key: SessionKey, lost: bool) {
        let Some(person) = self.sessions.get(key).map(|session| session.person) else { return };
        let before = self.people.state(person);
        self.people.set_silent(person, key, lost);
        let rooms = self.rooms.of(person);
        self.note_presence(person, before, &rooms);
        let name = self.accounts.name(person).to_string();
        self.happened(ChatHappening::Liveness { session: key, name, lost });
    }

    /// Ends a session from our side.
    pub(super) fn close(&mut self, now: Instant, key: SessionKey, code: u16, text: &str) {
        self.effects.push_back(Effect::Close { session: key, code, text: text.to_owned() });
        self.forget(now, key, text, None);
    }

    /// A session is over. `replaced_for`: a newer session of this person takes its place.
    pub(super) fn forget(
        &mut self,
        now: Instant,
        key: SessionKey,
        reason: &str,
        replaced_for: Option<PersonId>,
    ) {
        let Some(session) = self.sessions.remove(key) else { return };
        let person = session.person;
        let before = self.people.state(person);
        let audience = self.rooms.of(person);
        self.people.go(person, key);
        let marks = self.news.marks.take_of(person);
        self.batch.add_facts(marks);
        self.replays.forget(key);
        self.instances.unbind(now, session.instance, key);
        for room in session.rooms() {
            if replaced_for == Some(person) {
                self.rooms.hold(room, person, key, now + GRACE);
            } else if self.rooms.rise(room, person, key) {
                self.note_going(now, room, person);
            }
        }
        if self.people.state(person) == PresenceState::Offline {
            for room in self.rooms.of(person) {
                self.rooms.remove(room, person);
                self.note_going(now, room, person);
            }
        }
        self.note_presence(person, before, &audience);
        self.reappoint(person);
        self.happened(ChatHappening::Disconnected {
            session: key,
            name: self.accounts.name(person).to_string(),
            reason: reason.to_owned(),
            sessions: self.sessions.total(),
        });
    }

    /// A person left a room.
    pub(super) fn note_going(&mut self, now: Instant, room: RoomId, person: PersonId) {
        self.news.comings.add(now, room, person, self.accounts.name(person), false);
    }

    /// A person may be another way than `before`: the members of these rooms are to hear it.
    pub(super) fn note_presence(
        &mut self,
        person: PersonId,
        before: PresenceState,
        rooms: &BTreeSet<RoomId>,
    ) {
        if self.people.state(person) != before {
            self.news.presence.add(person, before, rooms);
        }
    }

    /// The end of a shutdown: everybody is told and closed.
    pub(super) fn say_goodbye(&mut self) {
        self.stage = Stage::Down;
        let text = format!("{} is going down", self.config.server_name);
        self.clear_door(close_code::SHUTDOWN, &text);
        for key in self.sessions.keys() {
            self.tell(key, &ToClient::Notice { text: text.clone() });
            self.effects.push_back(Effect::Close {
                session: key,
                code: close_code::SHUTDOWN,
                text: text.clone(),
            });
            self.sessions.remove(key);
        }
    }
}

/// Where the private messages begin that somebody missed: a client that was here before says after which; if
/// its first welcome was lost, it hears those since it first came; and a new one begins where its person has
/// read to (`begins`), or with what comes from now on. A client that has shown more than there is wants just
/// that, or knew another server of this name.
fn replay_privates_from(
    shown: Option<MessageId>,
    known_from: Option<MessageId>,
    begins: MessageId,
    newest: MessageId,
) -> MessageId {
    let from = shown.filter(|shown| *shown <= newest).max(known_from).unwrap_or(begins);
    from.min(newest).max(MessageId(newest.0.saturating_sub(PRIVATES_REPLAYED)))
}

#[cfg(test)]
mod tests {
    use super::replay_privates_from;
    use crate::chat::message::MessageId;

    #[test]
    fn a_new_client_hears_what_its_person_has_not_seen_and_one_that_comes_back_what_it_missed() {
        let from = |shown: Option<u64>, known: Option<u64>, newest| {
            let (shown, known) = (shown.map(MessageId), known.map(MessageId));
            replay_privates_from(shown, known, MessageId(7), MessageId(newest)).0
        };
        assert_eq!(from(None, None, 9), 7, "new");
        assert_eq!(from(Some(5), None, 9), 5, "known to itself, though the server forgot it");
        assert_eq!(from(Some(0), None, 9), 0, "it was here before there was any");
        assert_eq!(from(None, Some(3), 9), 3, "was here when 3 was the newest");
        assert_eq!(from(Some(5), Some(3), 9), 5);
        assert_eq!(from(Some(50), None, 9), 7, "it knew another server, or begins now: that is `begins`");
        assert_eq!(from(Some(50), Some(3), 9), 3, "and its first welcome was lost");
        assert_eq!(from(Some(5), Some(3), 5_000), 4_000, "bounded");
    }
}
