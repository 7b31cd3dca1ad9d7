//! How does somebody who joins catch up with what was said?
//!
//! One job a channel: pages from the store, each handed on in chunks, and the next only when the session's
//! queue is low again. A session's jobs take turns, so that somebody with sixty rooms is not sent sixty
//! pages at once. The job is done when it has reached the newest stored message; until then nothing live
//! goes to that channel, so that no message falls between or comes twice.
//!
//! ```text
//!           position
//!  history ───┬──────────────┬───────────┐
//!   handed on │ page, waits  │ not asked │ newest stored (moves while we replay)
//!             └──────────────┴───────────┘
//! ```

use super::effect::SessionKey;
use crate::chat::message::{MessageId, PersonId};
use crate::store::RoomId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Messages of one request to the store, at most.
pub const PAGE: u32 = 100;
/// Bytes handed on at once, at most (but always one message).
const CHUNK_BYTES: usize = 64 << 10;

/// What is replayed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// A room's messages.
    Room(RoomId),
    /// Private messages to a person.
    Privates(PersonId),
}

/// A replay on one channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// What.
    pub source: Source,
    /// Where to.
    pub channel: u64,
    /// The newest message handed on.
    pub position: MessageId,
    /// The newest message when the job began: up to here it is history.
    pub history_through: MessageId,
    /// Does the listener miss what is no longer kept?
    pub tells_gap: bool,
    page: VecDeque<(MessageId, Arc<[u8]>)>,
    ticket: Option<u64>,
}

impl Job {
    /// A replay of what came after `position`.
    pub const fn new(
        source: Source,
        channel: u64,
        position: MessageId,
        history_through: MessageId,
        tells_gap: bool,
    ) -> Self {
        Self { source, channel, position, history_through, tells_gap, page: VecDeque::new(), ticket: None }
    }

    /// The next messages that fit into a chunk.
    fn take_chunk(&mut self) -> Vec<Arc<[u8]>> {
        let mut chunk = Vec::new();
        let mut size = 0;
        while let Some((id, bytes)) = self.page.pop_front() {
            size += bytes.len();
            if size > CHUNK_BYTES && !chunk.is_empty() {
                self.page.push_front((id, bytes));
                break;
            }
            self.position = id;
            chunk.push(bytes);
        }
        chunk
    }
}

/// What to do next for a session.
#[derive(PartialEq, Eq, Debug)]
pub enum Step {
    /// Ask the store for a page after this message, and say [`Replays::on_asked`].
    Ask(Source, MessageId),
    /// Hand these on, on this channel.
    Send(u64, Vec<Arc<[u8]>>),
    /// This one has caught up.
    Done(Source),
    /// Nothing until the store answers or the queue is low.
    Wait,
}

#[derive(Debug, Default)]
struct Turns {
    jobs: VecDeque<Job>,
    /// Something was handed on and the queue is not low again.
    is_filled: bool,
}

/// All replays.
#[derive(Debug, Default)]
pub struct Replays {
    sessions: BTreeMap<SessionKey, Turns>,
}

impl Replays {
    /// Begins a replay, after the others of this session.
    pub fn push(&mut self, session: SessionKey, job: Job) {
        self.sessions.entry(session).or_default().jobs.push_back(job);
    }

    /// What the session's present job replays.
    pub fn source(&self, session: SessionKey) -> Option<Source> {
        self.sessions.get(&session)?.jobs.front().map(|job| job.source)
    }

    /// What to do next, if `newest` is the newest stored message of the present source.
    pub fn next(&mut self, session: SessionKey, newest: MessageId) -> Step {
        let Some(turns) = self.sessions.get_mut(&session) else { return Step::Wait };
        let Some(job) = turns.jobs.front_mut() else { return Step::Wait };
        if job.page.is_empty() && job.position >= newest {
            let source = job.source;
            turns.jobs.pop_front();
            return Step::Done(source);
        }
        if turns.is_filled || (job.page.is_empty() && job.ticket.is_some()) {
            return Step::Wait;
        }
        if job.page.is_empty() {
            return Step::Ask(job.source, job.position);
        }
        turns.is_filled = true;
        Step::Send(job.channel, job.take_chunk())
    }

    /// The store was asked under this ticket.
    pub fn on_asked(&mut self, session: SessionKey, ticket: u64) {
        if let Some(job) = self.sessions.get_mut(&session).and_then(|turns| turns.jobs.front_mut()) {
            job.ticket = Some(ticket);
        }
    }

    /// The job that waits for this ticket; `None` if it is gone.
    pub fn waiting_for(&self, session: SessionKey, ticket: u64) -> Option<&Job> {
        self.sessions.get(&session)?.jobs.front().filter(|job| job.ticket == Some(ticket))
    }

    /// The store's answer for the present job; an empty one means that nothing more is kept. Answers how
    /// many messages are missing in front of it, if the listener is to be told.
    pub fn on_page(
        &mut self,
        session: SessionKey,
        page: Vec<(MessageId, Arc<[u8]>)>,
        newest: MessageId,
    ) -> Option<u64> {
        let job = self.sessions.get_mut(&session)?.jobs.front_mut()?;
        job.ticket = None;
        job.page = page.into_iter().filter(|(id, _)| *id > job.position).collect();
        let first = job.page.front().map_or(MessageId(newest.0.saturating_add(1)), |(id, _)| *id);
        let missed = first.0.saturating_sub(job.position.0.saturating_add(1));
        if job.page.is_empty() {
            job.position = job.position.max(newest);
        }
        (missed > 0 && job.tells_gap).then_some(missed)
    }

    /// The session's queue is low again.
    pub fn on_drained(&mut self, session: SessionKey) {
        if let Some(turns) = self.sessions.get_mut(&session) {
            turns.is_filled = false;
            if turns.jobs.is_empty() {
                self.sessions.remove(&session);
            }
        }
    }

    /// Nothing more on this channel: its room was left.
    pub fn cancel(&mut self, session: SessionKey, channel: u64) {
        if let Some(turns) = self.sessions.get_mut(&session) {
            turns.jobs.retain(|job| job.channel != channel);
        }
    }

    /// The session is over.
    pub fn forget(&mut self, session: SessionKey) {
        self.sessions.remove(&session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: SessionKey = SessionKey(1);
    const ROOM: Source = Source::Room(RoomId(1));

    fn replays(position: u64) -> Replays {
        let mut replays = Replays::default();
        replays.push(ONE, Job::new(ROOM, 8, MessageId(position), MessageId(9), true));
        replays
    }

    fn page(ids: std::ops::RangeInclusive<u64>, bytes: usize) -> Vec<(MessageId, Arc<[u8]>)> {
        ids.map(|id| (MessageId(id), vec![0; bytes].into())).collect()
    }

    fn sent(step: Step) -> usize {
        match step {
            Step::Send(8, messages) => messages.len(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_replay_asks_hands_on_waits_for_the_queue_and_ends_at_the_newest() {
        let mut replays = replays(3);
        assert_eq!(replays.next(ONE, MessageId(9)), Step::Ask(ROOM, MessageId(3)));
        replays.on_asked(ONE, 1);
        assert_eq!(replays.next(ONE, MessageId(9)), Step::Wait);
        assert_eq!(replays.on_page(ONE, page(4..=9, 10), MessageId(9)), None);
        assert_eq!(sent(replays.next(ONE, MessageId(11))), 6);
        assert_eq!(replays.next(ONE, MessageId(11)), Step::Wait, "two more came, but the queue is not low");
        replays.on_drained(ONE);
        assert_eq!(replays.next(ONE, MessageId(11)), Step::Ask(ROOM, MessageId(9)));
        replays.on_asked(ONE, 2);
        replays.on_page(ONE, page(10..=11, 10), MessageId(11));
        assert_eq!(sent(replays.next(ONE, MessageId(11))), 2);
        assert_eq!(replays.next(ONE, MessageId(11)), Step::Done(ROOM), "no need to wait to be live");
        assert_eq!(replays.next(ONE, MessageId(12)), Step::Wait);
    }

    #[test]
    fn large_messages_are_handed_on_in_chunks() {
        let mut replays = replays(0);
        replays.on_page(ONE, page(1..=9, 30 << 10), MessageId(9));
        assert_eq!(sent(replays.next(ONE, MessageId(9))), 2);
        assert_eq!(replays.next(ONE, MessageId(9)), Step::Wait);
        replays.on_drained(ONE);
        assert_eq!(sent(replays.next(ONE, MessageId(9))), 2);
    }

    #[test]
    fn what_is_no_longer_kept_is_counted() {
        let mut some_gone = replays(3);
        assert_eq!(some_gone.on_page(ONE, page(7..=9, 1), MessageId(9)), Some(3));
        let mut all_gone = replays(3);
        assert_eq!(all_gone.on_page(ONE, Vec::new(), MessageId(9)), Some(6));
        assert_eq!(all_gone.next(ONE, MessageId(9)), Step::Done(ROOM));
    }

    #[test]
    fn jobs_of_a_session_take_turns() {
        let mut replays = replays(3);
        let privates = Source::Privates(PersonId(1));
        replays.push(ONE, Job::new(privates, 4, MessageId(0), MessageId(0), false));
        assert_eq!(replays.next(ONE, MessageId(9)), Step::Ask(ROOM, MessageId(3)));
        replays.cancel(ONE, 8);
        assert_eq!(replays.source(ONE), Some(privates));
        assert_eq!(replays.next(ONE, MessageId(0)), Step::Done(privates));
    }

    #[test]
    fn an_answer_to_a_replay_that_is_gone_is_nobodys() {
        let mut replays = replays(3);
        replays.on_asked(ONE, 1);
        replays.cancel(ONE, 8);
        replays.push(ONE, Job::new(ROOM, 8, MessageId(0), MessageId(9), true));
        replays.on_asked(ONE, 2);
        assert!(replays.waiting_for(ONE, 1).is_none());
        assert!(replays.waiting_for(ONE, 2).is_some());
        replays.forget(ONE);
        assert!(replays.waiting_for(ONE, 2).is_none());
    }
}
