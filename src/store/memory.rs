//! What does a server remember that keeps nothing on disk?
//!
//! The newest messages of each room and person, up to a bound, and all names, rooms and receipts. Used by
//! `--ephemeral`, and by the simulator, where it also plays the disk: a simulated server may crash, and the
//! next one starts from [`MemoryStore::snapshot`].
//!
//! Left out on purpose: failing by itself. A test that wants a failing disk answers the request with
//! [`StoreRequest::refused`] and leaves the store alone.

use super::age::{self, Sweep};
use super::members::NO_MEMBERS;
use super::retention::{Keep, STEP};
use super::{
    AUDIT_KEPT, Account, Alias, Change, InstanceRecord, MarkRecord, MeasureRecord, RoomId, RoomRecord,
    Snapshot, Whom,
};
use super::{Store, StoreReply, StoreRequest};
use crate::chat::message::{
    AuditEntry, Counter, Instance, Measure, MessageId, Origin, PersonId, PrivateMessage, Role, RoomMessage,
};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};

/// How many messages are kept before the oldest go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// In each room (10,000).
    pub messages_a_room: usize,
    /// For each recipient (1,000).
    pub privates_a_person: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { messages_a_room: 10_000, privates_a_person: 1_000 }
    }
}

/// A store in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    limits: Limits,
    accounts: BTreeMap<PersonId, Account>,
    aliases: BTreeMap<String, Alias>,
    rooms: BTreeMap<RoomId, RoomRecord>,
    messages: BTreeMap<RoomId, Log<RoomMessage>>,
    privates: BTreeMap<PersonId, Log<PrivateMessage>>,
    ids: BTreeMap<(Origin, Counter), MessageId>,
    /// Each with the moment of its last use.
    instances: BTreeMap<Instance, (InstanceRecord, u64)>,
    measures: BTreeMap<(Measure, Whom), MeasureRecord>,
    roles: BTreeMap<PersonId, Role>,
    marks: BTreeMap<(PersonId, Option<RoomId>), MessageId>,
    audit: VecDeque<AuditEntry>,
    sweep: Sweep,
}

impl MemoryStore {
    /// An empty store with bounds of one's own.
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// What a server that starts at this moment (milliseconds since 1970) needs to know.
    pub fn snapshot(&self, now_ms: u64) -> Snapshot {
        let since_ms = age::receipts_since_ms(now_ms);
        let newest = |(person, log): (&PersonId, &Log<_>)| log.last().map(|id| (*person, id));
        Snapshot {
            accounts: self.accounts.values().cloned().collect(),
            aliases: self.aliases.values().filter(|alias| alias.until_ms > now_ms).cloned().collect(),
            rooms: self.rooms.values().map(|record| self.with_last(record)).collect(),
            instances: (self.instances.values())
                .filter(|(_, at_ms)| *at_ms >= since_ms)
                .map(|(record, _)| record.clone())
                .collect(),
            privates: self.privates.iter().filter_map(newest).collect(),
            measures: self.measures.values().filter(|measure| measure.holds(now_ms)).cloned().collect(),
            marks: (self.marks.iter())
                .map(|((person, room), seen)| MarkRecord { person: *person, room: *room, seen: *seen })
                .collect(),
            roles: self.roles.iter().map(|(person, role)| (*person, *role)).collect(),
        }
    }

    fn with_last(&self, record: &RoomRecord) -> RoomRecord {
        let stored = self.messages.get(&record.room).and_then(Log::last).unwrap_or_default();
        RoomRecord { last: record.last.max(stored), ..record.clone() }
    }

    fn commit(&mut self, changes: Vec<Change>) -> Result<(), String> {
        self.check(&changes)?;
        let sweep = self.sweep.due(&changes);
        for change in changes {
            self.apply(change);
        }
        if let Some(now_ms) = sweep {
            let since_ms = age::receipts_since_ms(now_ms);
            self.instances.retain(|_, (_, at_ms)| *at_ms >= since_ms);
            self.aliases.retain(|_, alias| alias.until_ms > now_ms);
            self.measures.retain(|_, measure| measure.holds(now_ms));
        }
        Ok(())
    }

    /// An id that is given twice is a mistake of the server's: better told than hidden.
    fn check(&self, changes: &[Change]) -> Result<(), String> {
        let mut rooms = BTreeMap::new();
        let mut people = BTreeMap::new();
        for change in changes {
            let (newest, id) = match change {
                Change::Message { room, message } => {
                    let stored = || self.messages.get(room).and_then(Log::last);
                    (rooms.entry(*room).or_insert_with(stored), message.id)
                }
                Change::Private { to, message, .. } => {
                    let stored = || self.privates.get(to).and_then(Log::last);
                    (people.entry(*to).or_insert_with(stored), message.id)
                }
                _ => continue,
            };
            if newest.replace(id).is_some_and(|newest| newest >= id) {
                return Err(format!("message {} is not newer than those that are stored", id.0));
            }
        }
        Ok(())
    }

    /// Takes away the oldest of what is over; true if there may be more.
    fn sweep_step(&mut self, keep: Keep, now_ms: u64) -> bool {
        let mut gone: Vec<(Origin, Counter)> = Vec::new();
        for log in self.messages.values_mut() {
            let left = STEP - gone.len();
            let over = log.shorten(keep, now_ms, left, |message| message.at_ms);
            gone.extend(over.map(|message| (message.origin, message.counter)));
        }
        for log in self.privates.values_mut() {
            let left = STEP - gone.len();
            let over = log.shorten(keep, now_ms, left, |message| message.at_ms);
            gone.extend(over.map(|message| (message.origin, message.counter)));
        }
        gone.iter().for_each(|named| {
            self.ids.remove(named);
        });
        gone.len() == STEP
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Message { room, message } => {
                self.ids.insert((message.origin, message.counter), message.id);
                let log = self.messages.entry(room).or_default();
                if let Some(oldest) = log.push(message.id, message, self.limits.messages_a_room) {
                    self.ids.remove(&(oldest.origin, oldest.counter));
                }
            }
            Change::Private { to, from: _, message } => {
                self.ids.insert((message.origin, message.counter), message.id);
                let log = self.privates.entry(to).or_default();
                if let Some(oldest) = log.push(message.id, message, self.limits.privates_a_person) {
                    self.ids.remove(&(oldest.origin, oldest.counter));
                }
            }
            Change::Instance { record, at_ms } => {
                self.instances.insert(record.instance, (record, at_ms));
            }
            Change::Account(account) => {
                self.aliases.remove(&account.skeleton);
                self.accounts.insert(account.person, account);
            }
            Change::Alias(alias) => {
                self.aliases.insert(alias.skeleton.clone(), alias);
            }
            Change::Room(record) => {
                self.rooms.insert(record.room, record);
            }
            Change::Measure(record) => {
                self.measures.insert((record.measure, record.whom.clone()), record);
            }
            Change::Lift { measure, whom } => {
                self.measures.remove(&(measure, whom));
            }
            Change::Role { person, role: Role::Member } => {
                self.roles.remove(&person);
            }
            Change::Role { person, role } => {
                self.roles.insert(person, role);
            }
            Change::Mark(MarkRecord { person, room, seen }) => {
                self.marks.insert((person, room), seen);
            }
            Change::Audit(entry) => {
                self.audit.push_back(entry);
                if self.audit.len() as u64 > AUDIT_KEPT {
                    self.audit.pop_front();
                }
            }
        }
    }
}

impl Store for MemoryStore {
    fn handle(&mut self, request: StoreRequest) -> StoreReply {
        match request {
            StoreRequest::Commit { batch, changes } => match self.commit(changes) {
                Ok(()) => StoreReply::Committed { batch },
                Err(reason) => StoreReply::Failed { batch, reason },
            },
            StoreRequest::After { ticket, room, after, limit } => {
                let messages =
                    self.messages.get(&room).map(|log| log.after(after, limit)).unwrap_or_default();
                StoreReply::Messages { ticket, messages }
            }
            StoreRequest::Latest { ticket, room, through, limit } => {
                let log = self.messages.get(&room);
                let messages = log.map(|log| log.latest(through, limit)).unwrap_or_default();
                StoreReply::Messages { ticket, messages }
            }
            StoreRequest::PrivatesAfter { ticket, person, after, limit } => {
                let log = self.privates.get(&person);
                let messages = log.map(|log| log.after(after, limit)).unwrap_or_default();
                StoreReply::Privates { ticket, messages }
            }
            StoreRequest::FindReceipt { ticket, origin, counter } => {
                let id = self.ids.get(&(origin.origin(), counter)).copied();
                StoreReply::Receipt { ticket, id }
            }
            StoreRequest::Audit { ticket, limit } => {
                let skipped = self.audit.len().saturating_sub(limit as usize);
                StoreReply::Audit { ticket, entries: self.audit.iter().skip(skipped).cloned().collect() }
            }
            StoreRequest::Sweep { ticket, keep, now_ms } => {
                StoreReply::Swept { ticket, more: self.sweep_step(keep, now_ms) }
            }
            StoreRequest::FindMember { .. } | StoreRequest::FindToken { .. } => request.refused(NO_MEMBERS),
        }
    }
}

/// Messages by their ids, the oldest of which go when there are too many.
#[derive(Clone, Debug)]
struct Log<M> {
    kept: BTreeMap<MessageId, M>,
    /// The newest there ever was.
    last: Option<MessageId>,
}

impl<M> Default for Log<M> {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), last: None }
    }
}

impl<M: Clone> Log<M> {
    fn last(&self) -> Option<MessageId> {
        self.last
    }

    /// Takes away at most `left` of the oldest, as far as they are over.
    fn shorten(
        &mut self,
        keep: Keep,
        now_ms: u64,
        left: usize,
        at_ms: impl Fn(&M) -> u64,
    ) -> std::collections::btree_map::IntoValues<MessageId, M> {
        let oldest = self.kept.iter().take(left).map(|(id, message)| (*id, at_ms(message)));
        let through = keep.over(oldest, self.last.unwrap_or_default(), now_ms);
        let kept = match through {
            Some(through) => self.kept.split_off(&MessageId(through.0.saturating_add(1))),
            None => return BTreeMap::new().into_values(),
        };
        std::mem::replace(&mut self.kept, kept).into_values()
    }

    /// Adds one, and hands back the oldest if there are more than `limit` (at least 1) now.
    fn push(&mut self, id: MessageId, message: M, limit: usize) -> Option<M> {
        self.kept.insert(id, message);
        self.last = Some(id);
        if self.kept.len() <= limit.max(1) {
            return None;
        }
        self.kept.pop_first().map(|(_, oldest)| oldest)
    }

    fn after(&self, id: MessageId, limit: u32) -> Vec<M> {
        let newer = self.kept.range((Excluded(id), Unbounded));
        newer.take(limit as usize).map(|(_, message)| message.clone()).collect()
    }

    fn latest(&self, through: MessageId, limit: u32) -> Vec<M> {
        let newest_first = self.kept.range(..=through).rev();
        let mut messages: Vec<M> =
            newest_first.take(limit as usize).map(|(_, message)| message.clone()).collect();
        messages.reverse();
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{commit, instance_record, latest, message, private};

    #[test]
    fn the_oldest_messages_of_a_room_go_first_and_other_rooms_keep_theirs() {
        let mut store = MemoryStore::with_limits(Limits { messages_a_room: 2, privates_a_person: 1 });
        let said = [(1, 1, 1), (2, 1, 2), (1, 2, 3), (1, 3, 4)];
        commit(&mut store, said.map(|(room, id, counter)| message(room, id, counter)));
        let ids = |room, store: &mut MemoryStore| latest(store, room, 9);
        assert_eq!(ids(1, &mut store), [2, 3]);
        assert_eq!(ids(2, &mut store), [1]);
    }

    #[test]
    fn what_is_no_longer_kept_has_no_receipt_but_the_newest_id_stays_known() {
        let mut store = MemoryStore::with_limits(Limits { messages_a_room: 1, privates_a_person: 1 });
        commit(&mut store, [private(7, 1, 1), private(7, 2, 2)]);
        assert_eq!(store.ids.len(), 1, "the index is as bounded as the messages");
        assert_eq!(store.snapshot(0).privates, [(PersonId(7), MessageId(2))]);
    }

    #[test]
    fn receipts_of_yesterday_are_swept_out_of_memory() {
        let mut store = MemoryStore::default();
        let day = 24 * 3_600_000;
        for (number, at_ms) in [(1, 1_000), (2, day), (3, day + 3_600_000)] {
            let instance = Instance([number; 16]);
            let record = InstanceRecord { instance, ..instance_record() };
            commit(&mut store, [Change::Instance { record, at_ms }]);
        }
        assert_eq!(store.instances.len(), 2);
    }
}
