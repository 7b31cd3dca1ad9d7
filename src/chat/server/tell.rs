//! Who is told of whom?

use super::chat_server::{ChatServer, encode};
use super::comings::{Coming, compute_net};
use super::effect::{Effect, SessionKey};
use super::list::split;
use crate::chat::message::{CONTROL_CHANNEL, PersonEntry, PersonId, ToClient};
use crate::store::RoomId;
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl ChatServer {
    /// Tells the members of each room who came and went, each only what they did not see themselves.
    pub(super) fn tell_comings(&mut self, due: &[(RoomId, Vec<Coming>)]) {
        for (room, comings) in due {
            let mut known: BTreeMap<usize, Vec<Arc<[u8]>>> = BTreeMap::new();
            for (session, seat) in self.rooms.seats(*room) {
                let seen = comings.partition_point(|coming| coming.number < seat.news_from);
                let unseen = comings.get(seen..).unwrap_or_default();
                for bytes in known.entry(seen).or_insert_with(|| encode_comings(unseen)) {
                    let bytes = Arc::clone(bytes);
                    self.effects.push_back(Effect::Send { session, channel: seat.channel, bytes });
                }
            }
        }
    }

    /// Tells everybody who shares a room with somebody whose state changed.
    pub(super) fn tell_presence(&mut self, now: Instant) {
        let due = self.news.presence.take_due(now, |person| self.people.state(person));
        let mut audience: BTreeMap<SessionKey, BTreeSet<PersonId>> = BTreeMap::new();
        for (person, changed) in &due {
            for (session, _) in changed.rooms.iter().flat_map(|room| self.rooms.seats(*room)) {
                if self.sessions.get(session).is_some_and(|session| session.person != *person) {
                    audience.entry(session).or_default().insert(*person);
                }
            }
        }
        let mut known: BTreeMap<BTreeSet<PersonId>, Vec<Arc<[u8]>>> = BTreeMap::new();
        for (session, people) in audience {
            let messages = match known.get(&people) {
                Some(messages) => messages.clone(),
                None => known.entry(people.clone()).or_insert(self.encode_presence(&people)).clone(),
            };
            for bytes in messages {
                self.effects.push_back(Effect::Send { session, channel: CONTROL_CHANNEL, bytes });
            }
        }
    }

    fn encode_presence(&self, people: &BTreeSet<PersonId>) -> Vec<Arc<[u8]>> {
        let entry = |person: &PersonId| PersonEntry {
            name: self.accounts.name(*person).to_string(),
            state: self.people.state(*person),
        };
        let entries: Vec<PersonEntry> = people.iter().map(entry).collect();
        let runs = split(&entries, |entry| &entry.name).into_iter();
        runs.map(|changes| encode(&ToClient::Presence { changes })).collect()
    }

    /// Tells all of these the same on the control channel.
    pub(super) fn tell_all(&mut self, sessions: &BTreeSet<SessionKey>, message: &ToClient) {
        let bytes = encode(message);
        for session in sessions {
            let bytes = Arc::clone(&bytes);
            self.effects.push_back(Effect::Send { session: *session, channel: CONTROL_CHANNEL, bytes });
        }
    }
}

fn encode_comings(comings: &[Coming]) -> Vec<Arc<[u8]>> {
    let (came, went) = compute_net(comings);
    let went = split(&went, |name| name).into_iter().map(|names| ToClient::MembersLeft { names });
    let came = split(&came, |name| name).into_iter().map(|names| ToClient::MembersJoined { names });
    went.chain(came).map(|message| encode(&message)).collect()
}
