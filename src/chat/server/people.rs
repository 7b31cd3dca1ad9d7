//! Who is here, and how?
//!
//! A person is the union of their live sessions:
//!
//! ```text
//!  no session ──▶ offline        all sessions silent ──▶ lost
//!  else, said to be away ──▶ away          else ──▶ online
//! ```

use super::effect::SessionKey;
use crate::chat::message::{PersonId, PresenceState};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
struct Present {
    /// Each session, and whether it is silent.
    sessions: BTreeMap<SessionKey, bool>,
    away: Option<String>,
    since_ms: u64,
}

/// Everybody who has a session.
#[derive(Debug, Default)]
pub struct People {
    present: BTreeMap<PersonId, Present>,
}

/// How somebody is whose sessions are silent (`true`) or not, and who is said to be away or not.
pub fn compute_state(silent: impl IntoIterator<Item = bool>, is_away: bool) -> PresenceState {
    let mut silent = silent.into_iter().peekable();
    if silent.peek().is_none() {
        PresenceState::Offline
    } else if silent.all(|is_silent| is_silent) {
        PresenceState::Lost
    } else if is_away {
        PresenceState::Away
    } else {
        PresenceState::Online
    }
}

impl People {
    /// How this person is.
    pub fn state(&self, person: PersonId) -> PresenceState {
        self.present.get(&person).map_or(PresenceState::Offline, |present| {
            compute_state(present.sessions.values().copied(), present.away.is_some())
        })
    }

    /// A session of this person began at this moment, in milliseconds since 1970.
    pub fn come(&mut self, person: PersonId, session: SessionKey, at_ms: u64) {
        let present =
            self.present.entry(person).or_insert_with(|| Present { since_ms: at_ms, ..Present::default() });
        present.sessions.insert(session, false);
    }

    /// A session of this person ended. After the last one, `/away` is over too.
    pub fn go(&mut self, person: PersonId, session: SessionKey) {
        if let Some(present) = self.present.get_mut(&person) {
            present.sessions.remove(&session);
            if present.sessions.is_empty() {
                self.present.remove(&person);
            }
        }
    }

    /// A session went silent, or is back.
    pub fn set_silent(&mut self, person: PersonId, session: SessionKey, is_silent: bool) {
        if let Some(known) = self.present.get_mut(&person).and_then(|p| p.sessions.get_mut(&session)) {
            *known = is_silent;
        }
    }

    /// Says that they are away with this word, or back.
    pub fn set_away(&mut self, person: PersonId, word: Option<String>) {
        if let Some(present) = self.present.get_mut(&person) {
            present.away = word;
        }
    }

    /// Their word on going away.
    pub fn away(&self, person: PersonId) -> Option<String> {
        self.present.get(&person)?.away.clone()
    }

    /// Here since, in milliseconds since 1970; 0 for somebody who is not.
    pub fn since_ms(&self, person: PersonId) -> u64 {
        self.present.get(&person).map_or(0, |present| present.since_ms)
    }

    /// Their live sessions.
    pub fn sessions(&self, person: PersonId) -> impl Iterator<Item = SessionKey> + '_ {
        self.present.get(&person).into_iter().flat_map(|present| present.sessions.keys().copied())
    }

    /// Everybody.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = PersonId> + '_ {
        self.present.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PresenceState::{Away, Lost, Offline, Online};

    #[test]
    fn the_state_is_the_union_of_the_sessions() {
        for (silent, is_away, state) in [
            (&[][..], false, Offline),
            (&[][..], true, Offline),
            (&[false], false, Online),
            (&[true], false, Lost),
            (&[true], true, Lost),
            (&[true, false], false, Online),
            (&[false, true], true, Away),
            (&[true, true], false, Lost),
        ] {
            assert_eq!(compute_state(silent.iter().copied(), is_away), state, "{silent:?} {is_away}");
        }
    }

    #[test]
    fn away_ends_with_the_last_session() {
        let (bob, mut people) = (PersonId(1), People::default());
        people.come(bob, SessionKey(1), 5);
        people.come(bob, SessionKey(2), 9);
        people.set_away(bob, Some("lunch".to_owned()));
        people.go(bob, SessionKey(1));
        assert_eq!((people.state(bob), people.since_ms(bob)), (Away, 5));
        people.go(bob, SessionKey(2));
        assert_eq!(people.state(bob), Offline);
        people.come(bob, SessionKey(3), 11);
        assert_eq!((people.state(bob), people.since_ms(bob)), (Online, 11));
    }
}
