//! What every store owes, whichever keeps it: each test runs against all of them.

use super::*;
use crate::chat::message::PostKind;
use tempfile::TempDir;

pub(super) const INSTANCE: Instance = Instance(*b"a-client's-start");

pub(super) fn instance_record() -> InstanceRecord {
    InstanceRecord {
        instance: INSTANCE,
        key: [3; 32],
        receipts: Receipts::default(),
        person: None,
        privates_from: MessageId(0),
    }
}

pub(super) fn message(room: u64, id: u64, counter: u64) -> Change {
    let message = RoomMessage {
        id: MessageId(id),
        person: PersonId(1),
        name: "Änne".into(),
        origin: INSTANCE.origin(),
        counter: Counter(counter),
        at_ms: 1_700_000_000_000 + id,
        kind: if id.is_multiple_of(2) { PostKind::Action } else { PostKind::Text },
        text: format!("message {id} 🦀").into(),
    };
    Change::Message { room: RoomId(room), message }
}

pub(super) fn private(to: u64, id: u64, counter: u64) -> Change {
    let message = PrivateMessage {
        id: MessageId(id),
        from: "ann".into(),
        to: "bob".into(),
        origin: INSTANCE.origin(),
        counter: Counter(counter),
        at_ms: 1_700_000_000_000,
        text: "psst".into(),
    };
    Change::Private { to: PersonId(to), from: PersonId(1), message }
}

pub(super) fn account(person: u64, name: &str) -> Change {
    let skeleton = name.to_lowercase();
    Change::Account(Account { person: PersonId(person), name: name.to_owned(), skeleton, key: [9; 32] })
}

pub(super) fn commit(store: &mut dyn Store, changes: impl IntoIterator<Item = Change>) {
    let reply = store.handle(StoreRequest::Commit { batch: 1, changes: changes.into_iter().collect() });
    assert_eq!(reply, StoreReply::Committed { batch: 1 });
}

fn ids(reply: StoreReply) -> Vec<u64> {
    match reply {
        StoreReply::Messages { messages, .. } => messages.iter().map(|message| message.id.0).collect(),
        StoreReply::Privates { messages, .. } => messages.iter().map(|message| message.id.0).collect(),
        other => panic!("no messages: {other:?}"),
    }
}

pub(super) fn latest(store: &mut dyn Store, room: u64, limit: u32) -> Vec<u64> {
    let through = MessageId(u64::MAX);
    ids(store.handle(StoreRequest::Latest { ticket: 1, room: RoomId(room), through, limit }))
}

fn after(store: &mut dyn Store, room: u64, after: u64, limit: u32) -> Vec<u64> {
    let after = MessageId(after);
    ids(store.handle(StoreRequest::After { ticket: 1, room: RoomId(room), after, limit }))
}

fn receipt(store: &mut dyn Store, counter: u64) -> Option<u64> {
    let request = StoreRequest::FindReceipt { ticket: 5, origin: INSTANCE, counter: Counter(counter) };
    match store.handle(request) {
        StoreReply::Receipt { ticket: 5, id } => id.map(|id| id.0),
        other => panic!("no receipt: {other:?}"),
    }
}

/// A store that can be started again, and what it knows then.
enum Kept {
    Memory(Box<MemoryStore>),
    Sqlite(TempDir),
}

impl Kept {
    fn each() -> [Self; 2] {
        [Self::Memory(Box::default()), Self::Sqlite(TempDir::new().expect("a folder to test in"))]
    }

    fn start(&mut self, now_ms: u64, work: impl FnOnce(&mut dyn Store)) -> Snapshot {
        match self {
            Self::Memory(store) => {
                let snapshot = store.snapshot(now_ms);
                work(&mut **store);
                snapshot
            }
            Self::Sqlite(folder) => {
                let opened = SqliteStore::open(&folder.path().join("store.db"), now_ms);
                let (mut store, snapshot) = opened.expect("a store that opens");
                work(&mut store);
                snapshot
            }
        }
    }
}

fn every_store(test: impl Fn(&mut dyn Store)) {
    for mut kept in Kept::each() {
        kept.start(0, &test);
    }
}

#[test]
fn messages_come_back_as_they_were() {
    every_store(|store| {
        commit(store, [message(1, 1, 1), message(1, 2, 2)]);
        let request = StoreRequest::After { ticket: 3, room: RoomId(1), after: MessageId(0), limit: 9 };
        let StoreReply::Messages { ticket: 3, messages } = store.handle(request) else { panic!("messages") };
        let changes = messages.into_iter().map(|message| Change::Message { room: RoomId(1), message });
        assert_eq!(changes.collect::<Vec<_>>(), [message(1, 1, 1), message(1, 2, 2)]);
    });
}

#[test]
fn after_and_latest_answer_oldest_first_within_their_bounds() {
    every_store(|store| {
        commit(store, (1..=9).map(|id| message(1, id, id)));
        commit(store, [message(2, 5, 10)]);
        assert_eq!(after(store, 1, 3, 2), [4, 5]);
        assert_eq!(after(store, 1, 7, 50), [8, 9]);
        assert!(after(store, 1, u64::MAX, 50).is_empty(), "nothing is newer than the end of all numbers");
        assert_eq!(latest(store, 1, 3), [7, 8, 9]);
        let request = StoreRequest::Latest { ticket: 1, room: RoomId(1), through: MessageId(4), limit: 2 };
        assert_eq!(ids(store.handle(request)), [3, 4]);
        assert!(latest(store, 3, 3).is_empty(), "a room that nobody knows has no messages");
    });
}

#[test]
fn a_persons_private_messages_are_those_to_them() {
    every_store(|store| {
        commit(store, [private(7, 1, 1), private(7, 2, 2), private(8, 1, 3)]);
        let (person, after) = (PersonId(7), MessageId(1));
        let reply = store.handle(StoreRequest::PrivatesAfter { ticket: 4, person, after, limit: 9 });
        let StoreReply::Privates { ticket: 4, messages } = reply else { panic!("privates") };
        let [message] = messages.try_into().expect("one message");
        assert_eq!(Change::Private { to: person, from: PersonId(1), message }, private(7, 2, 2));
    });
}

#[test]
fn a_receipt_is_found_for_a_message_of_either_kind() {
    every_store(|store| {
        commit(store, [message(1, 41, 1), private(7, 42, 2)]);
        assert_eq!([1, 2, 3].map(|counter| receipt(store, counter)), [Some(41), Some(42), None]);
    });
}

#[test]
fn a_commit_that_fails_leaves_nothing_and_the_next_one_works() {
    every_store(|store| {
        commit(store, [message(1, 1, 1)]);
        let changes = vec![message(1, 2, 2), message(1, 1, 3)];
        let reply = store.handle(StoreRequest::Commit { batch: 8, changes });
        assert!(matches!(reply, StoreReply::Failed { batch: 8, .. }), "{reply:?}");
        assert_eq!(latest(store, 1, 9), [1]);
        commit(store, [message(1, 2, 2)]);
        assert_eq!(latest(store, 1, 9), [1, 2]);
    });
}

#[test]
fn whoever_starts_again_knows_all_that_was_committed() {
    let now_ms = 1_700_000_000_000;
    let known = InstanceRecord {
        receipts: Receipts { through: Counter(70), beyond: [72, 900].map(Counter).into() },
        person: Some(PersonId(2)),
        privates_from: MessageId(4),
        ..instance_record()
    };
    let settled = Change::Instance { record: known.clone(), at_ms: now_ms };
    let record = RoomRecord {
        room: RoomId(4),
        name: "lobby".into(),
        topic: ("exams".into(), "Ann".into()),
        slow_s: 5,
        ..RoomRecord::default()
    };
    let alias = Alias { skeleton: "old".into(), person: PersonId(1), until_ms: now_ms + 9 };
    let whom = |number| Whom::Key([number; 32]);
    let ban = measure(Measure::Ban, whom(1), None);
    let of_address = measure(Measure::BanAddress, Whom::Network("10.0.0.7".into()), Some(now_ms + 1));
    let over = measure(Measure::Ban, whom(2), Some(now_ms));
    let lifted = measure(Measure::Mute, whom(3), None);
    for mut kept in Kept::each() {
        let changes = [
            account(1, "Ann"),
            account(2, "bob"),
            Change::Room(record.clone()),
            message(4, 17, 1),
            private(2, 5, 2),
            settled.clone(),
            Change::Alias(alias.clone()),
            Change::Measure(ban.clone()),
            Change::Measure(of_address.clone()),
            Change::Measure(over.clone()),
            Change::Measure(lifted.clone()),
            Change::Lift { measure: Measure::Mute, whom: lifted.whom.clone() },
            Change::Role { person: PersonId(1), role: Role::Moderator },
            Change::Role { person: PersonId(2), role: Role::Owner },
            Change::Role { person: PersonId(2), role: Role::Member },
        ];
        assert_eq!(kept.start(now_ms, |store| commit(store, changes)), Snapshot::default());
        let snapshot = kept.start(now_ms, |_| ());
        let [Change::Account(ann), Change::Account(bob)] = [account(1, "Ann"), account(2, "bob")] else {
            panic!("accounts");
        };
        assert_eq!(snapshot.accounts, [ann, bob]);
        assert_eq!(snapshot.aliases, std::slice::from_ref(&alias));
        assert_eq!(snapshot.rooms, [RoomRecord { last: MessageId(17), ..record.clone() }]);
        assert_eq!(snapshot.instances, std::slice::from_ref(&known));
        assert_eq!(snapshot.privates, [(PersonId(2), MessageId(5))]);
        assert_eq!(snapshot.measures, [ban.clone(), of_address.clone()]);
        assert_eq!(snapshot.roles, [(PersonId(1), Role::Moderator)]);
    }
}

fn measure(measure: Measure, whom: Whom, until_ms: Option<u64>) -> MeasureRecord {
    let [name, by, reason] = ["bob", "Ann", "spam"].map(str::to_owned);
    MeasureRecord { measure, whom, person: PersonId(2), name, by, rank: Role::Moderator, reason, until_ms }
}

#[test]
fn the_newest_acts_are_remembered_in_their_order_and_no_more_than_10_000() {
    for mut kept in Kept::each() {
        let deed = |number: u64| {
            Change::Audit(AuditEntry { at_ms: number, by: "Ann".into(), deed: format!("did {number}") })
        };
        kept.start(0, |store| {
            commit(store, (0..AUDIT_KEPT + 5).map(deed).collect::<Vec<_>>());
            let asked =
                |store: &mut dyn Store, limit| match store.handle(StoreRequest::Audit { ticket: 1, limit }) {
                    StoreReply::Audit { ticket: 1, entries } => entries,
                    other => panic!("{other:?}"),
                };
            let last: Vec<u64> = asked(store, 2).iter().map(|entry| entry.at_ms).collect();
            assert_eq!(last, [AUDIT_KEPT + 3, AUDIT_KEPT + 4]);
            let all = asked(store, u32::MAX);
            assert_eq!((all.len() as u64, all[0].at_ms), (AUDIT_KEPT, 5));
        });
    }
}

#[test]
fn a_newer_account_or_receipt_replaces_the_older_one() {
    for mut kept in Kept::each() {
        let receipts = |through| Receipts { through: Counter(through), ..Receipts::default() };
        let settle = |through| Change::Instance {
            record: InstanceRecord { receipts: receipts(through), ..instance_record() },
            at_ms: 5,
        };
        kept.start(0, |store| commit(store, [account(1, "ann"), settle(1), account(1, "anna"), settle(2)]));
        let snapshot = kept.start(0, |_| ());
        assert_eq!(snapshot.accounts.iter().map(|account| &account.name).collect::<Vec<_>>(), ["anna"]);
        let through: Vec<_> = snapshot.instances.iter().map(|kept| kept.receipts.through.0).collect();
        assert_eq!(through, [2]);
    }
}

#[test]
fn receipts_of_yesterday_and_names_no_longer_reserved_are_forgotten() {
    let day = 24 * 3_600_000;
    for mut kept in Kept::each() {
        let settled = Change::Instance { record: instance_record(), at_ms: 1_000 };
        let alias = Alias { skeleton: "old".into(), person: PersonId(1), until_ms: 2_000 };
        kept.start(0, |store| commit(store, [settled, Change::Alias(alias)]));
        let snapshot = kept.start(1_999, |_| ());
        assert_eq!((snapshot.instances.len(), snapshot.aliases.len()), (1, 1));
        let snapshot = kept.start(1_001 + day, |_| ());
        assert_eq!((snapshot.instances.len(), snapshot.aliases.len()), (0, 0));
    }
}

#[test]
fn a_name_that_is_taken_again_is_no_longer_given_up() {
    for mut kept in Kept::each() {
        let alias = Alias { skeleton: "ann".into(), person: PersonId(1), until_ms: 99 };
        kept.start(0, |store| commit(store, [account(1, "anna"), Change::Alias(alias), account(1, "ann")]));
        assert!(kept.start(0, |_| ()).aliases.is_empty());
    }
}

#[test]
fn a_refusal_answers_with_the_number_of_what_was_asked() {
    let commit = StoreRequest::Commit { batch: 6, changes: Vec::new() };
    assert_eq!(commit.refused("full"), StoreReply::Failed { batch: 6, reason: "full".into() });
    let find = StoreRequest::FindReceipt { ticket: 7, origin: INSTANCE, counter: Counter(1) };
    assert_eq!(find.refused("full"), StoreReply::Unavailable { ticket: 7, reason: "full".into() });
}

#[test]
fn receipts_settle_in_any_order_and_admit_a_bounded_span() {
    let mut receipts = Receipts::default();
    assert!(receipts.settle(Counter(2)) && receipts.settle(Counter(1)));
    assert_eq!(receipts, Receipts { through: Counter(2), beyond: BTreeSet::new() });
    assert!(!receipts.settle(Counter(2)), "a second time settles nothing");
    assert!(!receipts.admits(Counter(0)) && receipts.admits(Counter(2 + Receipts::SPAN)));
    assert!(!receipts.admits(Counter(3 + Receipts::SPAN)));
    assert!(receipts.settle(Counter(6)) && receipts.settle(Counter(9)));
    receipts.settle_through(Counter(5));
    assert_eq!(receipts, Receipts { through: Counter(6), beyond: BTreeSet::from([Counter(9)]) });
    receipts.settle_through(Counter(1));
    assert_eq!(receipts.through, Counter(6), "what is settled stays settled");
}

fn sweep(store: &mut dyn Store, keep: Keep, now_ms: u64) -> bool {
    match store.handle(StoreRequest::Sweep { ticket: 6, keep, now_ms }) {
        StoreReply::Swept { ticket: 6, more } => more,
        other => panic!("no sweep: {other:?}"),
    }
}

fn privates(store: &mut dyn Store, person: u64) -> Vec<u64> {
    let (person, after) = (PersonId(person), MessageId(0));
    ids(store.handle(StoreRequest::PrivatesAfter { ticket: 1, person, after, limit: 9_999 }))
}

#[test]
fn a_sweep_takes_what_is_too_old_or_too_many_and_says_when_there_is_more() {
    every_store(|store| {
        commit(store, (1..=900).map(|id| message(1, id, id)).collect::<Vec<_>>());
        commit(store, [message(2, 1, 901), private(7, 1, 902), private(7, 2, 903)]);
        let count = Keep { age: None, count: Some(1) };
        assert!(!sweep(store, Keep::ALL, u64::MAX), "all is kept");
        assert!(sweep(store, count, 0), "899 are more than a step takes");
        assert_eq!(latest(store, 1, 9_999).len(), 400);
        assert!(!sweep(store, count, 0));
        assert_eq!(
            (latest(store, 1, 9), latest(store, 2, 9), privates(store, 7)),
            (vec![900], vec![1], vec![2])
        );
        assert_eq!(
            [1, 900, 901, 902].map(|counter| receipt(store, counter)),
            [None, Some(900), Some(1), None]
        );
        let old = Keep { age: Some(crate::time::Duration::from_secs(1)), count: None };
        let now_ms = 1_700_000_002_000;
        assert!(!sweep(store, old, now_ms - 1_000), "nothing is as old as that yet");
        assert_eq!(privates(store, 7), [2]);
        assert!(!sweep(store, old, now_ms));
        assert!(
            latest(store, 1, 9).is_empty() && latest(store, 2, 9).is_empty() && privates(store, 7).is_empty()
        );
    });
}

#[test]
fn the_newest_number_stays_known_when_nothing_is_left() {
    let record = RoomRecord { room: RoomId(1), name: "lobby".into(), ..RoomRecord::default() };
    for mut kept in Kept::each() {
        kept.start(0, |store| {
            commit(store, [Change::Room(record.clone()), message(1, 17, 1), private(7, 5, 2)]);
            let old = Keep { age: Some(crate::time::Duration::ZERO), count: None };
            sweep(store, old, u64::MAX);
            assert!(latest(store, 1, 9).is_empty() && privates(store, 7).is_empty());
        });
        let snapshot = kept.start(0, |_| ());
        assert_eq!(snapshot.rooms[0].last, MessageId(17));
        assert_eq!(snapshot.privates, [(PersonId(7), MessageId(5))]);
    }
}
