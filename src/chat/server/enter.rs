//! How does somebody enter a room, catch up, and leave it?

use super::chat_server::{ChatServer, encode};
use super::control::server_busy;
use super::effect::{Effect, SessionKey};
use super::ids::Ids;
use super::list::cut;
use super::lookups::Lookup;
use super::replay::{Job, PAGE, Source, Step};
use super::rooms::Seat;
use crate::chat::message::{
    Failure, MessageId, PersonEntry, PersonId, PresenceState, PrivateMessage, RoomMessage, ToClient,
};
use crate::chat::room_name::RoomName;
use crate::store::{RoomId, StoreRequest};
use crate::time::Instant;
use std::sync::Arc;

/// Messages replayed at a first join, at most.
const HISTORY: u32 = 1_000;
/// Messages replayed to somebody who was here before, at most.
const MISSED: u64 = 10_000;

/// What of a room's earlier messages somebody wants who enters it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    /// What came after this one, which was shown last.
    pub(super) since: Option<MessageId>,
    /// Else so many.
    pub(super) history: u32,
    /// And what the person has not seen on any terminal.
    pub(super) since_left: bool,
}

/// Where a replay begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Start {
    /// After this message.
    after: MessageId,
    /// So many in front of it are missed.
    skipped: u64,
    /// Does the listener miss what is no longer kept?
    tells_gap: bool,
}

/// `seen`: how far the person has read, on whatever terminal.
fn compute_start(wanted: Wanted, seen: Option<MessageId>, newest: MessageId) -> Start {
    // A client that has seen more than there is knew another server of this name: it starts anew.
    if let Some(since) = wanted.since.filter(|since| *since <= newest) {
        let after = since.max(MessageId(newest.0.saturating_sub(MISSED)));
        return Start { after, skipped: after.0 - since.0, tells_gap: true };
    }
    let newest_of = |count: u32| MessageId(newest.0.saturating_sub(u64::from(count.min(HISTORY))));
    let unseen = seen.filter(|_| wanted.since_left).map(|seen| seen.max(newest_of(HISTORY)));
    let after = newest_of(wanted.history).min(unseen.unwrap_or(newest));
    Start { after, skipped: 0, tells_gap: false }
}

impl ChatServer {
    /// Enters a room, which is made if there is none of this name.
    pub(super) fn join(
        &mut self,
        now: Instant,
        key: SessionKey,
        channel: u64,
        typed: &str,
        wanted: Wanted,
    ) -> Result<(), &'static str> {
        let Some(session) = self.sessions.get(key) else { return Ok(()) };
        if session.room(channel).is_some() {
            return Err("this channel is a room already");
        }
        let person = session.person;
        match self.room_to_enter(now, key, typed) {
            Err(failure) => self.send(key, channel, &ToClient::JoinFailed { failure }),
            Ok(room) => {
                let seen = self.news.marks.get(person, Some(room));
                let start = compute_start(wanted, seen, self.rooms.last(room));
                self.sit_down(now, key, person, room, channel, start.after);
                self.begin_replay(key, room, channel, start);
            }
        }
        Ok(())
    }

    fn room_to_enter(&mut self, now: Instant, key: SessionKey, typed: &str) -> Result<RoomId, Failure> {
        let name = RoomName::parse(typed)?;
        let found = self.rooms.find(&name);
        if let Some(session) = self.sessions.get(key) {
            if found.is_some_and(|room| session.channel(room).is_some()) {
                return Err(Failure::new("already-joined", format!("you are in {} already", name.as_str())));
            }
            if session.rooms().len() >= self.config.limits.rooms_per_session {
                return Err(Failure::new("too-many-rooms", "you are in too many rooms; leave one first"));
            }
        }
        match found {
            Some(room) => Ok(room),
            None if self.rooms.total() >= self.config.limits.rooms => {
                Err(Failure::new("too-many-rooms", "this server has no place for another room"))
            }
            None if self.batch.is_full() => Err(server_busy()),
            None => {
                self.check_speech(now, key, None)?;
                let (room, change) = self.rooms.create(&name);
                self.batch.add_facts([change]);
                Ok(room)
            }
        }
    }

    fn sit_down(
        &mut self,
        now: Instant,
        key: SessionKey,
        person: PersonId,
        room: RoomId,
        channel: u64,
        from: MessageId,
    ) {
        if !self.rooms.has(room, person) {
            self.news.comings.add(now, room, person, self.accounts.name(person), true);
        }
        let seat = Seat { channel, is_live: false, news_from: self.news.comings.next_number() };
        self.rooms.sit(room, person, key, seat);
        if let Some(session) = self.sessions.get_mut(key) {
            session.open(channel, room);
        }
        let names = self.rooms.members(room).map(|member| self.accounts.name(member).to_string());
        let joined = ToClient::Joined {
            room: self.rooms.name(room).to_string(),
            people: cut(names, |name| name),
            total: self.rooms.count(room) as u64,
            last: self.rooms.last(room),
            from,
            seen: self.news.marks.get(person, Some(room)).unwrap_or_default(),
        };
        self.send(key, channel, &joined);
        self.effects.push_back(Effect::Entered { session: key, room: self.rooms.name(room) });
        self.tell_manners(key, room, channel);
        self.tell_who_is_not_online(key, person, room);
    }

    /// The list of members holds names only; who of them is away or lost goes with the presence.
    fn tell_who_is_not_online(&mut self, key: SessionKey, person: PersonId, room: RoomId) {
        let others = self.rooms.members(room).filter(|member| *member != person);
        let entries = others.filter_map(|member| match self.people.state(member) {
            PresenceState::Online => None,
            state => Some(PersonEntry { name: self.accounts.name(member).to_string(), state }),
        });
        let changes = cut(entries, |entry| &entry.name);
        if !changes.is_empty() {
            self.tell(key, &ToClient::Presence { changes });
        }
    }

    fn begin_replay(&mut self, key: SessionKey, room: RoomId, channel: u64, start: Start) {
        if start.skipped > 0 {
            self.send(key, channel, &ToClient::HistoryGap { missed: start.skipped });
        }
        let newest = self.rooms.last(room);
        self.replays.push(key, Job::new(Source::Room(room), channel, start.after, newest, start.tells_gap));
        self.step_replay(key);
    }

    /// Leaves the room of this channel, if it is one.
    pub(super) fn part(&mut self, now: Instant, key: SessionKey, channel: u64) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let person = session.person;
        if let Some(room) = session.close(channel) {
            self.replays.cancel(key, channel);
            if self.rooms.rise(room, person, key) {
                self.note_going(now, room, person);
            }
        }
        self.send(key, channel, &ToClient::Parted);
        self.step_replay(key);
    }

    /// Goes on with a session's replay as far as it can.
    pub(super) fn step_replay(&mut self, key: SessionKey) {
        while let Some(source) = self.replays.source(key) {
            match self.replays.next(key, self.newest(source)) {
                Step::Wait => return,
                Step::Ask(source, after) => self.ask_page(key, source, after),
                Step::Send(channel, chunk) => {
                    let send = |bytes| Effect::Send { session: key, channel, bytes };
                    self.effects.extend(chunk.into_iter().map(send));
                }
                Step::Done(source) => self.on_caught_up(key, source),
            }
        }
    }

    fn newest(&self, source: Source) -> MessageId {
        match source {
            Source::Room(room) => self.rooms.last(room),
            Source::Privates(person) => self.private_ids.get(&person).map_or(MessageId(0), Ids::stored),
        }
    }

    fn ask_page(&mut self, key: SessionKey, source: Source, after: MessageId) {
        let ticket = self.lookups.add(Lookup::Page(key));
        self.replays.on_asked(key, ticket);
        self.effects.push_back(Effect::Store(match source {
            Source::Room(room) => StoreRequest::After { ticket, room, after, limit: PAGE },
            Source::Privates(person) => StoreRequest::PrivatesAfter { ticket, person, after, limit: PAGE },
        }));
    }

    fn on_caught_up(&mut self, key: SessionKey, source: Source) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        match source {
            Source::Room(room) => self.rooms.on_caught_up(room, session.person, key),
            Source::Privates(_) => session.hears_privates = true,
        }
    }

    /// A page of a room's messages.
    pub(super) fn on_messages(&mut self, ticket: u64, messages: Vec<RoomMessage>) {
        self.on_page(ticket, messages, |message, history_through| {
            let history = message.id <= history_through;
            (message.id, ToClient::Message { message, history })
        });
    }

    /// A page of private messages.
    pub(super) fn on_privates(&mut self, ticket: u64, messages: Vec<PrivateMessage>) {
        self.on_page(ticket, messages, |message, _| (message.id, ToClient::Private(message)));
    }

    fn on_page<T>(
        &mut self,
        ticket: u64,
        messages: Vec<T>,
        frame: impl Fn(T, MessageId) -> (MessageId, ToClient),
    ) {
        let Some(Lookup::Page(key)) = self.lookups.take(ticket) else { return };
        let Some(job) = self.replays.waiting_for(key, ticket) else { return };
        let (source, channel, history_through) = (job.source, job.channel, job.history_through);
        let framed = messages.into_iter().map(|message| frame(message, history_through));
        let page = framed.map(|(id, message)| (id, encode(&message))).collect::<Vec<(_, Arc<[u8]>)>>();
        if let Some(missed) = self.replays.on_page(key, page, self.newest(source)) {
            self.send(key, channel, &ToClient::HistoryGap { missed });
        }
        self.step_replay(key);
    }

    /// The store could not read a page: the listener is told, and goes on with what comes.
    pub(super) fn on_page_unavailable(&mut self, key: SessionKey, ticket: u64, reason: &str) {
        let Some(job) = self.replays.waiting_for(key, ticket) else { return };
        let (source, channel) = (job.source, job.channel);
        let text = format!("earlier messages could not be read: {reason}");
        self.tell(key, &ToClient::Notice { text });
        if let Some(missed) = self.replays.on_page(key, Vec::new(), self.newest(source)) {
            self.send(key, channel, &ToClient::HistoryGap { missed });
        }
        self.step_replay(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_join_replays_the_newest_and_a_later_one_what_was_missed() {
        let start = |since: Option<u64>, history, newest| {
            let wanted = Wanted { since: since.map(MessageId), history, since_left: true };
            let start = compute_start(wanted, None, MessageId(newest));
            (start.after.0, start.skipped, start.tells_gap)
        };
        assert_eq!(start(None, 50, 120), (70, 0, false));
        assert_eq!(start(None, 50, 20), (0, 0, false));
        assert_eq!(start(None, u32::MAX, 5_000), (4_000, 0, false), "bounded");
        assert_eq!(start(Some(100), 50, 120), (100, 0, true));
        assert_eq!(start(Some(100), 50, 30_000), (20_000, 19_900, true), "bounded, and told");
        assert_eq!(start(Some(500), 50, 120), (70, 0, false), "from another life of the server");
    }

    #[test]
    fn a_known_person_with_a_new_terminal_is_replayed_what_they_have_not_seen() {
        let start = |history, since_left, seen: u64| {
            let wanted = Wanted { since: None, history, since_left };
            compute_start(wanted, Some(MessageId(seen)), MessageId(5_000)).after.0
        };
        assert_eq!(start(50, true, 4_800), 4_800);
        assert_eq!(start(50, true, 4_990), 4_950, "and the newest fifty at least");
        assert_eq!(start(50, true, 10), 4_000, "bounded");
        assert_eq!(start(50, false, 4_800), 4_950, "only if wanted");
        assert_eq!(start(0, true, 5_000), 5_000);
    }
}
