//! How do rows become values again?

use super::commit::{integer, origin_bits, read_receipts};
use super::order;
use crate::chat::message::{Counter, Instance, MessageId, Origin, PersonId, PostKind};
use crate::chat::message::{PrivateMessage, RoomMessage};
use crate::store::members::NO_MEMBERS;
use crate::store::{
    Account, Alias, InstanceRecord, MarkRecord, RoomId, RoomRecord, Snapshot, StoreReply, StoreRequest,
};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Params, Row, ToSql};

/// The answer to a look-up.
pub(super) fn answer(connection: &Connection, request: &StoreRequest) -> rusqlite::Result<StoreReply> {
    match request {
        // These two are none; without changes they change nothing.
        StoreRequest::Commit { batch, .. } => Ok(StoreReply::Committed { batch: *batch }),
        StoreRequest::Sweep { ticket, .. } => Ok(StoreReply::Swept { ticket: *ticket, more: false }),
        StoreRequest::After { ticket, room, after, limit } => {
            let values: [&dyn ToSql; 3] = [&integer(room.0), &integer(after.0), limit];
            let messages = collect(connection, AFTER, values, room_message)?;
            Ok(StoreReply::Messages { ticket: *ticket, messages })
        }
        StoreRequest::Latest { ticket, room, through, limit } => {
            let values: [&dyn ToSql; 3] = [&integer(room.0), &integer(through.0), limit];
            let mut messages = collect(connection, LATEST, values, room_message)?;
            messages.reverse();
            Ok(StoreReply::Messages { ticket: *ticket, messages })
        }
        StoreRequest::PrivatesAfter { ticket, person, after, limit } => {
            let values: [&dyn ToSql; 3] = [&integer(person.0), &integer(after.0), limit];
            let messages = collect(connection, PRIVATES_AFTER, values, private_message)?;
            Ok(StoreReply::Privates { ticket: *ticket, messages })
        }
        StoreRequest::FindReceipt { ticket, origin, counter } => {
            let values = [origin_bits(origin.origin()), integer(counter.0)];
            let id = connection.prepare_cached(FIND)?.query_row(values, |row| unsigned(row, 0)).optional()?;
            Ok(StoreReply::Receipt { ticket: *ticket, id: id.map(MessageId) })
        }
        StoreRequest::Audit { ticket, limit } => {
            let mut entries = collect(connection, order::AUDIT, [*limit], order::audit)?;
            entries.reverse();
            Ok(StoreReply::Audit { ticket: *ticket, entries })
        }
        StoreRequest::FindMember { .. } | StoreRequest::FindToken { .. } => Ok(request.refused(NO_MEMBERS)),
    }
}

pub(super) const AFTER: &str = "SELECT id, person, name, origin, counter, at_ms, kind, text FROM messages
    WHERE room = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
const LATEST: &str = "SELECT id, person, name, origin, counter, at_ms, kind, text FROM messages
    WHERE room = ?1 AND id <= ?2 ORDER BY id DESC LIMIT ?3";
const PRIVATES_AFTER: &str = "SELECT id, sender_name, recipient_name, origin, counter, at_ms, text
    FROM privates WHERE recipient = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
const FIND: &str = "SELECT id FROM messages WHERE origin = ?1 AND counter = ?2
    UNION ALL SELECT id FROM privates WHERE origin = ?1 AND counter = ?2 LIMIT 1";

/// All that a server needs to know at its start.
pub(super) fn snapshot(connection: &Connection) -> rusqlite::Result<Snapshot> {
    let accounts = "SELECT person, name, skeleton, key FROM accounts ORDER BY person";
    let aliases = "SELECT skeleton, person, until_ms FROM aliases ORDER BY skeleton";
    let rooms = "SELECT room, name,
            max(last, (SELECT ifnull(max(id), 0) FROM messages WHERE messages.room = rooms.room)),
            topic, topic_by, slow_s
        FROM rooms ORDER BY room";
    let instances =
        "SELECT instance, key, through, beyond, person, privates_from FROM receipts ORDER BY instance";
    let privates = "SELECT recipient, max(last) FROM (
            SELECT recipient, max(id) AS last FROM privates GROUP BY recipient
            UNION ALL SELECT recipient, last FROM swept)
        GROUP BY recipient ORDER BY recipient";
    Ok(Snapshot {
        accounts: collect(connection, accounts, [], account)?,
        aliases: collect(connection, aliases, [], alias)?,
        rooms: collect(connection, rooms, [], room_record)?,
        instances: collect(connection, instances, [], instance_record)?,
        privates: collect(connection, privates, [], |row| {
            Ok((PersonId(unsigned(row, 0)?), MessageId(unsigned(row, 1)?)))
        })?,
        measures: collect(connection, order::MEASURES, [], order::measure)?,
        marks: collect(connection, "SELECT person, room, seen FROM marks ORDER BY person, room", [], mark)?,
        roles: collect(connection, order::ROLES, [], order::role)?,
    })
}

fn mark(row: &Row) -> rusqlite::Result<MarkRecord> {
    let room = RoomId(unsigned(row, 1)?);
    Ok(MarkRecord {
        person: PersonId(unsigned(row, 0)?),
        room: (room != RoomId::default()).then_some(room),
        seen: MessageId(unsigned(row, 2)?),
    })
}

pub(super) fn collect<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    value: impl FnMut(&Row) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare_cached(sql)?.query_map(values, value)?.collect()
}

pub(super) fn unsigned(row: &Row, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

fn origin(row: &Row, column: usize) -> rusqlite::Result<Origin> {
    row.get(column).map(|bits: i64| Origin(bits.cast_unsigned()))
}

pub(super) fn room_message(row: &Row) -> rusqlite::Result<RoomMessage> {
    let kind = match row.get(6)? {
        0 => PostKind::Text,
        1 => PostKind::Action,
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(6, other)),
    };
    Ok(RoomMessage {
        id: MessageId(unsigned(row, 0)?),
        person: PersonId(unsigned(row, 1)?),
        name: row.get(2)?,
        origin: origin(row, 3)?,
        counter: Counter(unsigned(row, 4)?),
        at_ms: unsigned(row, 5)?,
        kind,
        text: row.get(7)?,
    })
}

pub(super) fn private_message(row: &Row) -> rusqlite::Result<PrivateMessage> {
    Ok(PrivateMessage {
        id: MessageId(unsigned(row, 0)?),
        from: row.get(1)?,
        to: row.get(2)?,
        origin: origin(row, 3)?,
        counter: Counter(unsigned(row, 4)?),
        at_ms: unsigned(row, 5)?,
        text: row.get(6)?,
    })
}

fn account(row: &Row) -> rusqlite::Result<Account> {
    let person = PersonId(unsigned(row, 0)?);
    Ok(Account { person, name: row.get(1)?, skeleton: row.get(2)?, key: row.get(3)? })
}

fn alias(row: &Row) -> rusqlite::Result<Alias> {
    Ok(Alias { skeleton: row.get(0)?, person: PersonId(unsigned(row, 1)?), until_ms: unsigned(row, 2)? })
}

fn room_record(row: &Row) -> rusqlite::Result<RoomRecord> {
    let room = RoomId(unsigned(row, 0)?);
    Ok(RoomRecord {
        room,
        name: row.get(1)?,
        last: MessageId(unsigned(row, 2)?),
        topic: (row.get(3)?, row.get(4)?),
        slow_s: unsigned(row, 5)?,
    })
}

fn instance_record(row: &Row) -> rusqlite::Result<InstanceRecord> {
    let steps: Vec<u8> = row.get(3)?;
    let receipts = read_receipts(unsigned(row, 2)?, &steps)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(3, Type::Blob, Box::new(error)))?;
    let person: Option<i64> = row.get(4)?;
    Ok(InstanceRecord {
        instance: Instance(row.get(0)?),
        key: row.get(1)?,
        receipts,
        person: person.map(|_| unsigned(row, 4)).transpose()?.map(PersonId),
        privates_from: MessageId(unsigned(row, 5)?),
    })
}
