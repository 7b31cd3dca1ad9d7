//! How do measures, roles and the audit log become rows, and rows become them again?

use super::commit::{integer, run};
use super::look_up::unsigned;
use crate::chat::message::{AuditEntry, Measure, PersonId, Role};
use crate::store::{AUDIT_KEPT, MeasureRecord, Whom};
use rusqlite::types::Type;
use rusqlite::{Row, Transaction};

/// All measures, for [`measure`].
pub(super) const MEASURES: &str = "SELECT kind, whom, person, name, taken_by, rank, reason, until_ms
    FROM measures ORDER BY kind, whom";
/// All roles, for [`role`].
pub(super) const ROLES: &str = "SELECT person, role FROM roles ORDER BY person";
/// The newest entries of the log, newest first, for [`audit`].
pub(super) const AUDIT: &str = "SELECT at_ms, done_by, deed FROM audit ORDER BY number DESC LIMIT ?1";

pub(super) fn keep_measure(transaction: &Transaction, record: &MeasureRecord) -> rusqlite::Result<()> {
    run(
        transaction,
        "INSERT OR REPLACE INTO measures (kind, whom, person, name, taken_by, rank, reason, until_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            &kind(record.measure),
            &bytes(&record.whom),
            &integer(record.person.0),
            &record.name,
            &record.by,
            &number(record.rank),
            &record.reason,
            &record.until_ms.map(integer),
        ],
    )
}

pub(super) fn lift(transaction: &Transaction, measure: Measure, whom: &Whom) -> rusqlite::Result<()> {
    let sql = "DELETE FROM measures WHERE kind = ?1 AND whom = ?2";
    run(transaction, sql, &[&kind(measure), &bytes(whom)])
}

pub(super) fn keep_role(transaction: &Transaction, person: PersonId, role: Role) -> rusqlite::Result<()> {
    if role == Role::Member {
        return run(transaction, "DELETE FROM roles WHERE person = ?1", &[&integer(person.0)]);
    }
    let sql = "INSERT OR REPLACE INTO roles (person, role) VALUES (?1, ?2)";
    run(transaction, sql, &[&integer(person.0), &number(role)])
}

pub(super) fn add_audit(transaction: &Transaction, entry: &AuditEntry) -> rusqlite::Result<()> {
    let sql = "INSERT INTO audit (at_ms, done_by, deed) VALUES (?1, ?2, ?3)";
    run(transaction, sql, &[&integer(entry.at_ms), &entry.by, &entry.deed])?;
    let sql = "DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?1";
    run(transaction, sql, &[&integer(AUDIT_KEPT)])
}

const fn kind(measure: Measure) -> i64 {
    match measure {
        Measure::Ban => 0,
        Measure::BanAddress => 1,
        Measure::Mute => 2,
    }
}

const fn number(role: Role) -> i64 {
    match role {
        Role::Member => 0,
        Role::Moderator => 1,
        Role::Owner => 2,
    }
}

fn numbered(row: &Row, column: usize) -> rusqlite::Result<Role> {
    match row.get(column)? {
        0 => Ok(Role::Member),
        1 => Ok(Role::Moderator),
        2 => Ok(Role::Owner),
        other => Err(rusqlite::Error::IntegralValueOutOfRange(column, other)),
    }
}

fn bytes(whom: &Whom) -> &[u8] {
    match whom {
        Whom::Key(key) => key,
        Whom::Network(network) => network.as_bytes(),
    }
}

pub(super) fn measure(row: &Row) -> rusqlite::Result<MeasureRecord> {
    let measure = match row.get(0)? {
        0 => Measure::Ban,
        1 => Measure::BanAddress,
        2 => Measure::Mute,
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(0, other)),
    };
    let whom =
        match measure {
            Measure::Ban | Measure::Mute => Whom::Key(row.get(1)?),
            Measure::BanAddress => {
                let text = String::from_utf8(row.get(1)?);
                Whom::Network(text.map_err(|error| {
                    rusqlite::Error::FromSqlConversionFailure(1, Type::Blob, Box::new(error))
                })?)
            }
        };
    let until: Option<i64> = row.get(7)?;
    Ok(MeasureRecord {
        measure,
        whom,
        person: PersonId(unsigned(row, 2)?),
        name: row.get(3)?,
        by: row.get(4)?,
        rank: numbered(row, 5)?,
        reason: row.get(6)?,
        until_ms: until.map(|_| unsigned(row, 7)).transpose()?,
    })
}

pub(super) fn role(row: &Row) -> rusqlite::Result<(PersonId, Role)> {
    Ok((PersonId(unsigned(row, 0)?), numbered(row, 1)?))
}

pub(super) fn audit(row: &Row) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry { at_ms: unsigned(row, 0)?, by: row.get(1)?, deed: row.get(2)? })
}
