//! When is what is to be stored handed to the store?
//!
//! At once, if the store is idle; else all together as soon as it is done: group commit. One batch is under
//! way at a time, so under load batches grow by themselves and a disk that syncs a hundred times a second
//! still keeps thousands of messages.
//!
//! ```text
//!  push ──▶ waiting ──begin──▶ under way ──┬─ committed ──▶ told to people
//!             ▲  (bounded)                 └─ failed ─────▶ messages rejected
//!             └──────────────── facts ────────────┘
//! ```
//!
//! *Messages* are told to nobody before they are stored. *Facts* (names and rooms) are true in memory at
//! once, since repeating them changes nothing: if their batch fails, they go with the next one, by
//! themselves after a second.

use super::config::ChatLimits;
use super::effect::SessionKey;
use crate::chat::message::{Counter, Failure, Instance, PersonId, PrivateMessage, RoomMessage};
use crate::store::{Change, RoomId};
use crate::time::{Duration, Instant};
use std::collections::BTreeSet;

/// After a batch of facts alone failed, the next try waits so long.
const RETRY: Duration = Duration::from_secs(1);

/// Who sent a message, and where the answer goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sender {
    /// The session on which it came; may be over when the answer is known.
    pub session: SessionKey,
    /// The channel on which it came.
    pub channel: u64,
    /// The instance, whose present session gets the answer.
    pub instance: Instance,
    /// The message's number there.
    pub counter: Counter,
}

/// What becomes of a message once it is stored.
#[expect(missing_docs, reason = "the text of a variant names its fields")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// It is broadcast in this room.
    Post { room: RoomId, message: RoomMessage },
    /// It is delivered to this person.
    Private { to: PersonId, from: PersonId, message: PrivateMessage },
    /// It was rejected: only its receipt is stored, so that a rejection is told once it is remembered.
    Refusal { failure: Failure },
}

/// One message on its way into the store. Its id is given when the batch begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// Who sent it.
    pub sender: Sender,
    /// What it is.
    pub content: Content,
}

impl Draft {
    fn cost(&self) -> usize {
        match &self.content {
            Content::Post { message, .. } => message.text.len(),
            Content::Private { message, .. } => message.text.len(),
            Content::Refusal { failure } => failure.text.len(),
        }
    }
}

/// A batch that is being handed to the store.
#[derive(Clone, Debug)]
pub struct UnderWay {
    /// Its number.
    pub number: u64,
    /// Names and rooms.
    pub facts: Vec<Change>,
    /// Messages.
    pub drafts: Vec<Draft>,
    /// Instances whose receipts changed without a draft.
    pub touched: BTreeSet<Instance>,
}

/// What waits, and what is under way.
#[derive(Debug)]
pub struct Batch {
    facts: Vec<Change>,
    drafts: Vec<Draft>,
    touched: BTreeSet<Instance>,
    bytes: usize,
    under_way: Option<UnderWay>,
    last_number: u64,
    retry_at: Option<Instant>,
    limits: ChatLimits,
}

impl Batch {
    /// Nothing to store yet.
    pub const fn new(limits: ChatLimits) -> Self {
        Self {
            facts: Vec::new(),
            drafts: Vec::new(),
            touched: BTreeSet::new(),
            bytes: 0,
            under_way: None,
            last_number: 0,
            retry_at: None,
            limits,
        }
    }

    /// Has it come to its bound? Then it takes nothing more until the batch under way is done.
    pub fn is_full(&self) -> bool {
        self.drafts.len() + self.facts.len() >= self.limits.waiting_messages
            || self.bytes >= self.limits.waiting_bytes
    }

    /// Adds a message. The caller asks [`Batch::is_full`] first.
    pub fn push(&mut self, draft: Draft) {
        self.bytes += draft.cost();
        self.drafts.push(draft);
    }

    /// Adds names and rooms. The caller asks [`Batch::is_full`] first.
    pub fn add_facts(&mut self, facts: impl IntoIterator<Item = Change>) {
        self.facts.extend(facts);
    }

    /// Names and rooms and whatever else is true already, and not known to be stored.
    pub fn unstored_facts(&self) -> impl Iterator<Item = &Change> {
        self.under_way.iter().flat_map(|under_way| &under_way.facts).chain(&self.facts)
    }

    /// The receipts of this instance are to be stored with the next batch.
    pub fn touch(&mut self, instance: Instance) {
        self.touched.insert(instance);
    }

    /// The next batch, if the store is idle and there is something to store. The caller gives the ids and
    /// hands it over.
    pub fn begin(&mut self, now: Instant) -> Option<&mut UnderWay> {
        let may_retry = self.retry_at.is_none_or(|at| at <= now);
        let has_rest = !self.facts.is_empty() || !self.touched.is_empty();
        if self.under_way.is_some() || (self.drafts.is_empty() && !(has_rest && may_retry)) {
            return None;
        }
        self.bytes = 0;
        self.retry_at = None;
        self.last_number += 1;
        Some(self.under_way.insert(UnderWay {
            number: self.last_number,
            facts: std::mem::take(&mut self.facts),
            drafts: std::mem::take(&mut self.drafts),
            touched: std::mem::take(&mut self.touched),
        }))
    }

    /// The batch is stored: its messages, to be told. Empty for a number that is not under way.
    pub fn on_committed(&mut self, number: u64) -> Vec<Draft> {
        self.end(number).map(|done| done.drafts).unwrap_or_default()
    }

    /// The batch failed: its messages, to be rejected. Its facts wait again, before all others.
    pub fn on_failed(&mut self, now: Instant, number: u64) -> Vec<Draft> {
        let Some(mut failed) = self.end(number) else { return Vec::new() };
        failed.facts.append(&mut self.facts);
        self.facts = failed.facts;
        self.touched.append(&mut failed.touched);
        self.retry_at = Some(now + RETRY);
        failed.drafts
    }

    fn end(&mut self, number: u64) -> Option<UnderWay> {
        self.under_way.take_if(|under_way| under_way.number == number)
    }

    /// When what failed is tried again; `None` while a batch is under way or nothing waits.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let waits = !self.facts.is_empty() || !self.touched.is_empty();
        self.retry_at.filter(|_| waits && self.under_way.is_none())
    }

    /// Is nothing under way or waiting, but what failed before?
    pub fn is_settled(&self) -> bool {
        let has_rest = !self.facts.is_empty() || !self.touched.is_empty();
        self.under_way.is_none() && self.drafts.is_empty() && (!has_rest || self.retry_at.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Alias;
    use crate::time::at;

    fn batch() -> Batch {
        Batch::new(ChatLimits { waiting_messages: 3, waiting_bytes: 100, ..ChatLimits::default() })
    }

    fn draft(counter: u64, bytes: usize) -> Draft {
        let sender = Sender {
            session: SessionKey(1),
            channel: 8,
            instance: Instance::default(),
            counter: Counter(counter),
        };
        let failure = Failure::new("absent", "x".repeat(bytes));
        Draft { sender, content: Content::Refusal { failure } }
    }

    fn fact(skeleton: &str) -> Change {
        Change::Alias(Alias { skeleton: skeleton.to_owned(), person: PersonId(1), until_ms: 1 })
    }

    fn counters(drafts: &[Draft]) -> Vec<u64> {
        drafts.iter().map(|draft| draft.sender.counter.0).collect()
    }

    #[test]
    fn the_first_goes_at_once_and_the_others_together_when_it_is_done() {
        let mut batch = batch();
        batch.push(draft(1, 1));
        assert_eq!(counters(&batch.begin(at(0)).unwrap().drafts), [1]);
        batch.push(draft(2, 1));
        batch.push(draft(3, 1));
        assert!(batch.begin(at(0)).is_none(), "one at a time");
        assert_eq!(counters(&batch.on_committed(1)), [1]);
        assert_eq!(counters(&batch.begin(at(0)).unwrap().drafts), [2, 3]);
    }

    #[test]
    fn it_is_full_by_count_and_by_bytes() {
        let mut batch = batch();
        batch.push(draft(1, 99));
        assert!(!batch.is_full());
        batch.push(draft(2, 1));
        assert!(batch.is_full());
        batch.begin(at(0)).unwrap();
        (3..6).for_each(|counter| batch.push(draft(counter, 0)));
        assert!(batch.is_full());
    }

    #[test]
    fn facts_of_a_failed_batch_go_first_in_the_next_one_and_messages_do_not() {
        let mut batch = batch();
        batch.add_facts([fact("a")]);
        batch.push(draft(1, 1));
        batch.begin(at(0)).unwrap();
        batch.add_facts([fact("b")]);
        assert_eq!(counters(&batch.on_failed(at(5), 1)), [1]);
        assert!(batch.begin(at(5)).is_none(), "facts alone wait a second");
        assert_eq!(batch.poll_timeout(), Some(at(1_000_005)));
        assert!(batch.is_settled());
        let next = batch.begin(at(1_000_005)).unwrap();
        assert_eq!((next.facts.clone(), next.drafts.len()), (vec![fact("a"), fact("b")], 0));
    }

    #[test]
    fn a_message_does_not_wait_for_the_retry() {
        let mut batch = batch();
        batch.add_facts([fact("a")]);
        batch.begin(at(0)).unwrap();
        batch.on_failed(at(0), 1);
        batch.push(draft(1, 1));
        assert_eq!(batch.begin(at(1)).unwrap().facts, [fact("a")]);
    }

    #[test]
    fn an_answer_to_no_batch_changes_nothing() {
        let mut batch = batch();
        batch.push(draft(1, 1));
        batch.begin(at(0)).unwrap();
        assert!(batch.on_committed(7).is_empty() && batch.on_failed(at(0), 7).is_empty());
        assert_eq!(counters(&batch.on_committed(1)), [1]);
        assert!(batch.is_settled());
    }
}
