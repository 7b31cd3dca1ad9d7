//! How do messages leave the file?
//!
//! One step is one short transaction. It goes through the rooms, then through the recipients of private
//! messages, looks at the old end of each, and stops when it has taken away as many as a step may. The newest id
//! stays known, so that none is ever given twice.

use super::commit::{integer, run};
use super::look_up::{collect, unsigned};
use crate::chat::message::MessageId;
use crate::store::retention::{Keep, PEEK, STEP};
use rusqlite::{Connection, Transaction, TransactionBehavior};

/// The statements for messages of one kind.
struct Kind {
    /// The next room (or recipient) behind this one.
    next: &'static str,
    /// The oldest of one, so many, and when they were said.
    oldest: &'static str,
    newest: &'static str,
    delete: &'static str,
    /// The newest that was ever there.
    note_last: &'static str,
}

const ROOMS: Kind = Kind {
    next: "SELECT min(room) FROM messages WHERE room > ?1",
    oldest: "SELECT id, at_ms FROM messages WHERE room = ?1 ORDER BY id LIMIT ?2",
    newest: "SELECT max(id) FROM messages WHERE room = ?1",
    delete: "DELETE FROM messages WHERE room = ?1 AND id <= ?2",
    note_last: "UPDATE rooms SET last = max(last, ?2) WHERE room = ?1",
};

const PRIVATES: Kind = Kind {
    next: "SELECT min(recipient) FROM privates WHERE recipient > ?1",
    oldest: "SELECT id, at_ms FROM privates WHERE recipient = ?1 ORDER BY id LIMIT ?2",
    newest: "SELECT max(id) FROM privates WHERE recipient = ?1",
    delete: "DELETE FROM privates WHERE recipient = ?1 AND id <= ?2",
    note_last: "INSERT INTO swept (recipient, last) VALUES (?1, ?2)
        ON CONFLICT (recipient) DO UPDATE SET last = max(last, ?2)",
};

/// Takes away the oldest of what is over at this moment; true if there may be more.
pub(super) fn step(connection: &mut Connection, keep: Keep, now_ms: u64) -> rusqlite::Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut left = STEP;
    for kind in [ROOMS, PRIVATES] {
        let mut owner = -1;
        while left > 0
            && let Some(next) = next(&transaction, &kind, owner)?
        {
            owner = next;
            left -= shorten(&transaction, &kind, owner, (keep, now_ms), left)?;
        }
    }
    transaction.commit()?;
    Ok(left == 0)
}

fn next(transaction: &Transaction, kind: &Kind, owner: i64) -> rusqlite::Result<Option<i64>> {
    transaction.prepare_cached(kind.next)?.query_row([owner], |row| row.get(0))
}

/// Takes away at most `left` of one's messages; says how many.
fn shorten(
    transaction: &Transaction,
    kind: &Kind,
    owner: i64,
    (keep, now_ms): (Keep, u64),
    left: usize,
) -> rusqlite::Result<usize> {
    let newest: i64 = transaction.prepare_cached(kind.newest)?.query_row([owner], |row| row.get(0))?;
    let newest_id = MessageId(u64::try_from(newest).unwrap_or(0));
    let over = |limit: usize| -> rusqlite::Result<Option<MessageId>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let oldest = collect(transaction, kind.oldest, [owner, limit], |row| {
            Ok((MessageId(unsigned(row, 0)?), unsigned(row, 1)?))
        })?;
        Ok(keep.over(oldest.into_iter(), newest_id, now_ms))
    };
    if over(PEEK.min(left))?.is_none() {
        return Ok(0);
    }
    let Some(through) = over(left)? else { return Ok(0) };
    run(transaction, kind.note_last, &[&owner, &newest])?;
    transaction.prepare_cached(kind.delete)?.execute([owner, integer(through.0)])
}
