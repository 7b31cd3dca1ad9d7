//! How do changes become rows?

use super::order;
use crate::chat::message::{Counter, Origin, PersonId, PostKind, PrivateMessage, RoomMessage};
use crate::store::{Account, Alias, Change, InstanceRecord, MarkRecord, Receipts, RoomId, RoomRecord, age};
use crate::wire::Writer;
use rusqlite::{Connection, ToSql, Transaction, TransactionBehavior};

/// One transaction: these changes, and a sweep if one is due at this moment.
pub(super) fn commit(
    connection: &mut Connection,
    changes: &[Change],
    sweep_ms: Option<u64>,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for change in changes {
        apply(&transaction, change)?;
    }
    if let Some(now_ms) = sweep_ms {
        sweep(&transaction, now_ms)?;
    }
    transaction.commit()
}

/// Forgets what is out of date at this moment.
pub(super) fn sweep(connection: &Connection, now_ms: u64) -> rusqlite::Result<()> {
    let since = integer(age::receipts_since_ms(now_ms));
    connection.prepare_cached("DELETE FROM receipts WHERE at_ms < ?1")?.execute([since])?;
    connection.prepare_cached("DELETE FROM aliases WHERE until_ms <= ?1")?.execute([integer(now_ms)])?;
    connection.prepare_cached("DELETE FROM measures WHERE until_ms <= ?1")?.execute([integer(now_ms)])?;
    Ok(())
}

/// SQLite's integers are signed; what we count stays far below their end, and what does not is cut there.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An origin is 64 random bits: kept as they are, whatever sign that gives.
pub(super) fn origin_bits(origin: Origin) -> i64 {
    origin.0.cast_signed()
}

fn apply(transaction: &Transaction, change: &Change) -> rusqlite::Result<()> {
    match change {
        Change::Message { room, message } => add_message(transaction, *room, message),
        Change::Private { to, from, message } => add_private(transaction, *to, *from, message),
        Change::Instance { record, at_ms } => keep_instance(transaction, record, *at_ms),
        Change::Account(account) => keep_account(transaction, account),
        Change::Alias(alias) => keep_alias(transaction, alias),
        Change::Room(record) => keep_room(transaction, record),
        Change::Measure(record) => order::keep_measure(transaction, record),
        Change::Lift { measure, whom } => order::lift(transaction, *measure, whom),
        Change::Role { person, role } => order::keep_role(transaction, *person, *role),
        Change::Audit(entry) => order::add_audit(transaction, entry),
        Change::Mark(mark) => keep_mark(transaction, mark),
    }
}

pub(super) fn run(transaction: &Transaction, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<()> {
    transaction.prepare_cached(sql)?.execute(values).map(|_| ())
}

fn add_message(transaction: &Transaction, room: RoomId, message: &RoomMessage) -> rusqlite::Result<()> {
    let kind = match message.kind {
        PostKind::Text => 0,
        PostKind::Action => 1,
    };
    run(
        transaction,
        "INSERT INTO messages (room, id, person, name, origin, counter, at_ms, kind, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &[
            &integer(room.0),
            &integer(message.id.0),
            &integer(message.person.0),
            &&*message.name,
            &origin_bits(message.origin),
            &integer(message.counter.0),
            &integer(message.at_ms),
            &kind,
            &&*message.text,
        ],
    )
}

fn add_private(
    transaction: &Transaction,
    to: PersonId,
    from: PersonId,
    message: &PrivateMessage,
) -> rusqlite::Result<()> {
    run(
        transaction,
        "INSERT INTO privates
             (recipient, id, sender, sender_name, recipient_name, origin, counter, at_ms, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &[
            &integer(to.0),
            &integer(message.id.0),
            &integer(from.0),
            &&*message.from,
            &&*message.to,
            &origin_bits(message.origin),
            &integer(message.counter.0),
            &integer(message.at_ms),
            &&*message.text,
        ],
    )
}

fn keep_instance(transaction: &Transaction, record: &InstanceRecord, at_ms: u64) -> rusqlite::Result<()> {
    run(
        transaction,
        "INSERT OR REPLACE INTO receipts (instance, key, through, beyond, at_ms, person, privates_from)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            &record.instance.0,
            &record.key,
            &integer(record.receipts.through.0),
            &steps_beyond(&record.receipts),
            &integer(at_ms),
            &record.person.map(|person| integer(person.0)),
            &integer(record.privates_from.0),
        ],
    )
}

/// The counters settled beyond `through`, each as the step from the one before.
fn steps_beyond(receipts: &Receipts) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    let mut before = receipts.through;
    for counter in &receipts.beyond {
        writer.put_varint(counter.0.saturating_sub(before.0));
        before = *counter;
    }
    bytes
}

fn keep_account(transaction: &Transaction, account: &Account) -> rusqlite::Result<()> {
    run(transaction, "DELETE FROM aliases WHERE skeleton = ?1", &[&account.skeleton])?;
    run(
        transaction,
        "INSERT OR REPLACE INTO accounts (person, name, skeleton, key) VALUES (?1, ?2, ?3, ?4)",
        &[&integer(account.person.0), &account.name, &account.skeleton, &account.key],
    )
}

fn keep_alias(transaction: &Transaction, alias: &Alias) -> rusqlite::Result<()> {
    run(
        transaction,
        "INSERT OR REPLACE INTO aliases (skeleton, person, until_ms) VALUES (?1, ?2, ?3)",
        &[&alias.skeleton, &integer(alias.person.0), &integer(alias.until_ms)],
    )
}

fn keep_room(transaction: &Transaction, record: &RoomRecord) -> rusqlite::Result<()> {
    run(
        transaction,
        "INSERT OR REPLACE INTO rooms (room, name, last, topic, topic_by, slow_s)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &[
            &integer(record.room.0),
            &record.name,
            &integer(record.last.0),
            &record.topic.0,
            &record.topic.1,
            &integer(record.slow_s),
        ],
    )
}

fn keep_mark(transaction: &Transaction, mark: &MarkRecord) -> rusqlite::Result<()> {
    let MarkRecord { person, room, seen } = mark;
    run(
        transaction,
        "INSERT OR REPLACE INTO marks (person, room, seen) VALUES (?1, ?2, ?3)",
        &[&integer(person.0), &integer(room.unwrap_or_default().0), &integer(seen.0)],
    )
}

/// What [`steps_beyond`] wrote.
pub(super) fn read_receipts(through: u64, steps: &[u8]) -> Result<Receipts, crate::wire::Malformed> {
    let mut receipts = Receipts { through: Counter(through), ..Receipts::default() };
    let mut reader = crate::wire::Reader::new(steps);
    let mut before = through;
    while !reader.is_empty() {
        before = before.saturating_add(reader.take_varint("receipts")?);
        receipts.beyond.insert(Counter(before));
    }
    Ok(receipts)
}
