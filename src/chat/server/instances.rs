//! Was this message of this instance settled already?
//!
//! Exactly once rests on this file. For each instance (one start of a client) it knows which counters are
//! settled, over reconnects and for a day after the last use:
//!
//! ```text
//!            on_storing         on_handed_over       on_stored
//!  New ──────────────▶ BeingStored ───────────────────────────▶ Settled
//!   │ reject                                │ reject (the batch failed)
//!   └──────────────▶ Rejected ◀─────────────┘
//! ```
//!
//! A counter enters the [`Receipts`] when its batch is handed to the store, so that receipts and message
//! are one transaction. A rejected counter stays settled: the client will not send it again, and a hole
//! would hold the span back for good. Only if the rejection was the server's trouble (its store failed, it
//! was too busy) and never reached the client, the client sends again in its next session, and then the
//! message is welcome. In the session that was told, a copy may still be under way, and is rejected again.

use crate::chat::message::{Counter, Failure, Instance, MessageId, PersonId};
use crate::chat::server::effect::SessionKey;
use crate::store::{InstanceRecord, Key, Receipts};
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// Forgotten so long after its last use: a day.
const KEPT: Duration = Duration::from_hours(24);
/// How many rejections of an instance are remembered with their reasons.
const REASONS_KEPT: usize = 64;

/// What is to be done with a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Take it.
    New,
    /// Its batch is under way; the answer comes from there.
    BeingStored,
    /// Settled earlier; the store knows the number, if it was not rejected.
    Settled,
    /// Rejected earlier, for this reason.
    Rejected(Failure),
    /// No such counter is possible: 0, or beyond the span.
    Impossible,
}

/// Whose trouble a rejection was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The client's: it stays rejected.
    Theirs,
    /// The server's: if it comes again in a later session, it is welcome.
    Ours,
}

#[derive(Debug)]
struct Rejection {
    failure: Failure,
    fault: Fault,
    told: Option<SessionKey>,
}

impl Rejection {
    fn holds_in(&self, session: Option<SessionKey>) -> bool {
        self.fault == Fault::Theirs || self.told == session
    }
}

#[derive(Debug)]
struct Record {
    key: Key,
    receipts: Receipts,
    storing: BTreeSet<Counter>,
    rejected: BTreeMap<Counter, Rejection>,
    person: Option<PersonId>,
    session: Option<SessionKey>,
    privates_from: MessageId,
    used_at: Instant,
}

/// All instances seen within a day.
#[derive(Debug)]
pub struct Instances {
    records: BTreeMap<Instance, Record>,
    by_use: BTreeSet<(Instant, Instance)>,
    bound: usize,
}

impl Instances {
    /// The instances that the store knows; more than `bound` are never remembered.
    pub fn new(bound: usize, known: Vec<InstanceRecord>) -> Self {
        let mut this = Self { records: BTreeMap::new(), by_use: BTreeSet::new(), bound };
        for record in known {
            this.insert(Instant::ZERO, record);
        }
        this
    }

    fn insert(&mut self, now: Instant, known: InstanceRecord) {
        while self.records.len() >= self.bound && self.forget_one(|_| true) {}
        let InstanceRecord { instance, key, receipts, person, privates_from } = known;
        let record = Record {
            key,
            receipts,
            storing: BTreeSet::new(),
            rejected: BTreeMap::new(),
            person,
            session: None,
            privates_from,
            used_at: now,
        };
        self.by_use.insert((now, instance));
        self.records.insert(instance, record);
    }

    /// The key that the instance belongs to; `None` if it is not known.
    pub fn key(&self, instance: Instance) -> Option<&Key> {
        self.records.get(&instance).map(|record| &record.key)
    }

    /// Whom the instance was last, if that is known.
    pub fn person(&self, instance: Instance) -> Option<PersonId> {
        self.records.get(&instance)?.person
    }

    /// The instance's live session.
    pub fn session(&self, instance: Instance) -> Option<SessionKey> {
        self.records.get(&instance)?.session
    }

    /// The instance has this session now. Answers the private message after which it has everything to
    /// hear, or `None` if it was not known: then `newest` is where it begins.
    pub fn bind(
        &mut self,
        now: Instant,
        instance: Instance,
        key: Key,
        person: PersonId,
        session: SessionKey,
        newest: MessageId,
    ) -> Option<MessageId> {
        let is_known = self.records.contains_key(&instance);
        if !is_known {
            let receipts = Receipts::default();
            let record =
                InstanceRecord { instance, key, receipts, person: Some(person), privates_from: newest };
            self.insert(now, record);
        }
        self.touch(now, instance);
        let record = self.records.get_mut(&instance)?;
        if record.person.is_some_and(|before| before != person) {
            record.privates_from = newest;
        }
        record.person = Some(person);
        record.session = Some(session);
        is_known.then_some(record.privates_from)
    }

    /// The client says that all up to this one are settled or given up, and will not come again: where a
    /// server that no longer knew the instance begins to count, and what closes any hole there may be.
    pub fn on_told_settled(&mut self, instance: Instance, through: Counter) {
        if let Some(record) = self.records.get_mut(&instance) {
            record.receipts.settle_through(through);
        }
    }

    /// This session of the instance is over.
    pub fn unbind(&mut self, now: Instant, instance: Instance, session: SessionKey) {
        if let Some(record) = self.records.get_mut(&instance).filter(|r| r.session == Some(session)) {
            record.session = None;
            self.touch(now, instance);
        }
    }

    fn touch(&mut self, now: Instant, instance: Instance) {
        if let Some(record) = self.records.get_mut(&instance) {
            self.by_use.remove(&(record.used_at, instance));
            self.by_use.insert((now, instance));
            record.used_at = now;
        }
    }

    /// What is to be done with this message?
    pub fn standing(&self, instance: Instance, counter: Counter) -> Standing {
        let Some(record) = self.records.get(&instance) else { return Standing::Impossible };
        if !record.receipts.admits(counter) {
            return Standing::Impossible;
        }
        if record.storing.contains(&counter) {
            return Standing::BeingStored;
        }
        match record.rejected.get(&counter) {
            Some(rejection) if rejection.holds_in(record.session) => {
                Standing::Rejected(rejection.failure.clone())
            }
            None if record.receipts.contains(counter) => Standing::Settled,
            _ => Standing::New,
        }
    }

    /// The message waits for its batch.
    pub fn on_storing(&mut self, instance: Instance, counter: Counter) {
        if let Some(record) = self.records.get_mut(&instance) {
            record.rejected.remove(&counter);
            record.storing.insert(counter);
        }
    }

    /// The message is in the batch that is being handed to the store.
    pub fn on_handed_over(&mut self, instance: Instance, counter: Counter) {
        if let Some(record) = self.records.get_mut(&instance) {
            record.receipts.settle(counter);
        }
    }

    /// The message is stored.
    pub fn on_stored(&mut self, instance: Instance, counter: Counter) {
        if let Some(record) = self.records.get_mut(&instance) {
            record.storing.remove(&counter);
        }
    }

    /// The message will not be stored.
    pub fn reject(&mut self, instance: Instance, counter: Counter, failure: Failure, fault: Fault) {
        if let Some(record) = self.records.get_mut(&instance) {
            record.storing.remove(&counter);
            record.receipts.settle(counter);
            record.rejected.insert(counter, Rejection { failure, fault, told: record.session });
            if record.rejected.len() > REASONS_KEPT {
                record.rejected.pop_first();
            }
        }
    }

    /// What the store is to remember of the instance.
    pub fn record(&self, instance: Instance) -> Option<InstanceRecord> {
        let Record { key, receipts, person, privates_from, .. } = self.records.get(&instance)?;
        let (key, receipts) = (*key, receipts.clone());
        Some(InstanceRecord { instance, key, receipts, person: *person, privates_from: *privates_from })
    }

    /// Forgets the instances that were last used more than a day ago.
    pub fn forget(&mut self, now: Instant) {
        while self.forget_one(|used_at| used_at + KEPT <= now) {}
    }

    /// Is any instance remembered?
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Forgets the one that was not used for longest, if its time is `over` and nothing needs it.
    fn forget_one(&mut self, over: impl Fn(Instant) -> bool) -> bool {
        let is_idle = |instance: &Instance| {
            self.records.get(instance).is_none_or(|r| r.session.is_none() && r.storing.is_empty())
        };
        let oldest = self.by_use.iter().take_while(|(used_at, _)| over(*used_at));
        let Some(found) = oldest.copied().find(|(_, instance)| is_idle(instance)) else { return false };
        self.by_use.remove(&found);
        self.records.remove(&found.1).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const KEY: Key = [1; 32];
    const ONE: Instance = Instance([1; 16]);

    fn instances() -> Instances {
        let mut instances = Instances::new(3, Vec::new());
        instances.bind(at(0), ONE, KEY, PersonId(1), SessionKey(1), MessageId(0));
        instances
    }

    fn store(instances: &mut Instances, counter: u64) {
        instances.on_storing(ONE, Counter(counter));
        instances.on_handed_over(ONE, Counter(counter));
        instances.on_stored(ONE, Counter(counter));
    }

    fn receipts(instances: &Instances) -> Receipts {
        instances.record(ONE).unwrap().receipts
    }

    fn failure() -> Failure {
        Failure::new("absent", "not here")
    }

    #[test]
    fn a_message_is_new_then_being_stored_then_settled() {
        let mut instances = instances();
        assert_eq!(instances.standing(ONE, Counter(1)), Standing::New);
        instances.on_storing(ONE, Counter(1));
        assert_eq!(instances.standing(ONE, Counter(1)), Standing::BeingStored);
        instances.on_handed_over(ONE, Counter(1));
        assert_eq!(instances.standing(ONE, Counter(1)), Standing::BeingStored);
        instances.on_stored(ONE, Counter(1));
        assert_eq!(instances.standing(ONE, Counter(1)), Standing::Settled);
    }

    #[test]
    fn a_message_enters_the_receipts_only_with_its_batch() {
        let mut instances = instances();
        instances.on_storing(ONE, Counter(1));
        instances.on_storing(ONE, Counter(2));
        instances.on_handed_over(ONE, Counter(1));
        assert_eq!(receipts(&instances).through, Counter(1));
    }

    #[test]
    fn a_swapped_pair_is_taken_once_each() {
        let mut instances = instances();
        (1..=4).for_each(|counter| store(&mut instances, counter));
        store(&mut instances, 6);
        assert_eq!(instances.standing(ONE, Counter(5)), Standing::New);
        store(&mut instances, 5);
        assert_eq!(instances.standing(ONE, Counter(6)), Standing::Settled);
        assert_eq!(receipts(&instances).through, Counter(6));
    }

    #[test]
    fn zero_and_what_lies_beyond_the_span_are_impossible() {
        let instances = instances();
        assert_eq!(instances.standing(ONE, Counter(0)), Standing::Impossible);
        assert_eq!(instances.standing(ONE, Counter(1_024)), Standing::New);
        assert_eq!(instances.standing(ONE, Counter(1_025)), Standing::Impossible);
    }

    #[test]
    fn an_instance_that_was_forgotten_goes_on_where_its_client_says() {
        let mut instances = instances();
        store(&mut instances, 3);
        instances.on_told_settled(ONE, Counter(2));
        assert_eq!(receipts(&instances).through, Counter(3), "the hole is closed");
        instances.on_told_settled(ONE, Counter(5_000));
        assert_eq!(instances.standing(ONE, Counter(5_001)), Standing::New);
        instances.on_told_settled(ONE, Counter(7));
        assert_eq!(receipts(&instances).through, Counter(5_000), "never back");
        assert!(receipts(&instances).beyond.is_empty());
    }

    #[test]
    fn a_rejection_is_repeated_and_leaves_no_hole() {
        let mut instances = instances();
        instances.reject(ONE, Counter(1), failure(), Fault::Theirs);
        assert_eq!(instances.standing(ONE, Counter(1)), Standing::Rejected(failure()));
        assert_eq!(receipts(&instances).through, Counter(1));
    }

    #[test]
    fn a_message_that_the_store_failed_to_keep_is_welcome_in_a_later_session() {
        let mut instances = instances();
        instances.on_storing(ONE, Counter(1));
        instances.on_handed_over(ONE, Counter(1));
        instances.reject(ONE, Counter(1), failure(), Fault::Ours);
        assert_eq!(instances.standing(ONE, Counter(1)), Standing::Rejected(failure()), "it was just told");
        instances.bind(at(1), ONE, KEY, PersonId(1), SessionKey(2), MessageId(0));
        assert_eq!(instances.standing(ONE, Counter(1)), Standing::New, "it cannot have heard");
        store(&mut instances, 1);
        assert_eq!(instances.standing(ONE, Counter(1)), Standing::Settled);
    }

    #[test]
    fn reasons_are_bounded_but_what_was_rejected_stays_settled() {
        let mut instances = instances();
        for counter in 1..=100 {
            instances.reject(ONE, Counter(counter), failure(), Fault::Theirs);
        }
        assert_eq!(instances.standing(ONE, Counter(1)), Standing::Settled);
        assert_eq!(instances.standing(ONE, Counter(100)), Standing::Rejected(failure()));
    }

    #[test]
    fn an_instance_is_forgotten_a_day_after_its_last_use_but_never_while_it_is_here() {
        let mut instances = instances();
        let day = at(0) + KEPT;
        instances.forget(day);
        assert!(instances.key(ONE).is_some(), "still connected");
        instances.unbind(day, ONE, SessionKey(1));
        instances.forget(day + KEPT - Duration::from_micros(1));
        assert!(instances.key(ONE).is_some());
        instances.forget(day + KEPT);
        assert!(instances.is_empty());
    }

    #[test]
    fn past_the_bound_the_one_that_was_not_used_for_longest_goes() {
        let mut instances = instances();
        for number in 2..=4 {
            let instance = Instance([number; 16]);
            instances.bind(at(u64::from(number)), instance, KEY, PersonId(1), SessionKey(9), MessageId(0));
            instances.unbind(at(u64::from(number)), instance, SessionKey(9));
        }
        assert!(instances.key(ONE).is_some(), "it is connected");
        assert!(instances.key(Instance([2; 16])).is_none());
        assert!(instances.key(Instance([4; 16])).is_some());
    }

    #[test]
    fn a_known_instance_hears_the_private_messages_since_it_first_came() {
        let mut instances = Instances::new(9, Vec::new());
        assert_eq!(instances.bind(at(0), ONE, KEY, PersonId(1), SessionKey(1), MessageId(7)), None);
        let again = instances.bind(at(1), ONE, KEY, PersonId(1), SessionKey(2), MessageId(9));
        assert_eq!(again, Some(MessageId(7)));
        let as_another = instances.bind(at(2), ONE, KEY, PersonId(2), SessionKey(3), MessageId(3));
        assert_eq!(as_another, Some(MessageId(3)), "the messages of one person are not another's");
        instances.unbind(at(3), ONE, SessionKey(2));
        assert_eq!(instances.session(ONE), Some(SessionKey(3)), "an old session ends no new one");
    }
    #[test]
    fn a_server_that_starts_anew_goes_on_where_the_private_messages_of_an_instance_began() {
        let mut before = Instances::new(9, Vec::new());
        before.bind(at(0), ONE, KEY, PersonId(1), SessionKey(1), MessageId(7));
        let known = || vec![before.record(ONE).unwrap()];
        let mut same = Instances::new(9, known());
        assert_eq!(same.bind(at(0), ONE, KEY, PersonId(1), SessionKey(1), MessageId(9)), Some(MessageId(7)));
        let mut renamed = Instances::new(9, known());
        assert_eq!(
            renamed.bind(at(0), ONE, KEY, PersonId(2), SessionKey(1), MessageId(9)),
            Some(MessageId(9))
        );
    }
}
