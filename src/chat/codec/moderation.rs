//! How are acts of moderators, and what is told of them, written down?
//!
//! ```text
//!  act            0 kick        name, reason
//!                 1 impose      measure, name, seconds, reason
//!                 2 lift        measure, name
//!                 3 slow        room, seconds
//!                 4 topic       room, note
//!                 5 appoint     name, role
//!  measure        0 ban, 1 ban of an address, 2 mute
//!  role           0 member, 1 moderator, 2 owner
//!  measure entry  measure, whom, by, reason, until_ms
//!  audit entry    at_ms, by, deed
//! ```

use super::field::{Taken, put_name, put_note, take_name, take_note};
use crate::chat::message::{Act, AuditEntry, Measure, MeasureEntry, Role};
use crate::wire::{Malformed, Reader, Writer};

const KICK: u8 = 0;
const IMPOSE: u8 = 1;
const LIFT: u8 = 2;
const SLOW: u8 = 3;
const TOPIC: u8 = 4;
const APPOINT: u8 = 5;

pub(super) fn put_act(writer: &mut Writer, act: &Act) {
    match act {
        Act::Kick { name, reason } => {
            put_name(writer.put_u8(KICK), name);
            put_note(writer, reason);
        }
        Act::Impose { measure, name, seconds, reason } => {
            put_measure(writer.put_u8(IMPOSE), *measure);
            put_name(writer, name);
            writer.put_varint(*seconds);
            put_note(writer, reason);
        }
        Act::Lift { measure, name } => {
            put_measure(writer.put_u8(LIFT), *measure);
            put_name(writer, name);
        }
        Act::Slow { room, seconds } => {
            put_name(writer.put_u8(SLOW), room);
            writer.put_varint(*seconds);
        }
        Act::Topic { room, text } => {
            put_name(writer.put_u8(TOPIC), room);
            put_note(writer, text);
        }
        Act::Appoint { name, role } => {
            put_name(writer.put_u8(APPOINT), name);
            put_role(writer, *role);
        }
    }
}

pub(super) fn take_act(reader: &mut Reader) -> Taken<Act> {
    Ok(match reader.take_u8("act")? {
        KICK => Act::Kick { name: take_name(reader)?, reason: take_note(reader)? },
        IMPOSE => Act::Impose {
            measure: take_measure(reader)?,
            name: take_name(reader)?,
            seconds: reader.take_varint("seconds")?,
            reason: take_note(reader)?,
        },
        LIFT => Act::Lift { measure: take_measure(reader)?, name: take_name(reader)? },
        SLOW => Act::Slow { room: take_name(reader)?, seconds: reader.take_varint("seconds")? },
        TOPIC => Act::Topic { room: take_name(reader)?, text: take_note(reader)? },
        APPOINT => Act::Appoint { name: take_name(reader)?, role: take_role(reader)? },
        _ => return Err(Malformed("act")),
    })
}

fn put_measure(writer: &mut Writer, measure: Measure) {
    writer.put_u8(match measure {
        Measure::Ban => 0,
        Measure::BanAddress => 1,
        Measure::Mute => 2,
    });
}

fn take_measure(reader: &mut Reader) -> Taken<Measure> {
    match reader.take_u8("measure")? {
        0 => Ok(Measure::Ban),
        1 => Ok(Measure::BanAddress),
        2 => Ok(Measure::Mute),
        _ => Err(Malformed("measure")),
    }
}

pub(super) fn put_role(writer: &mut Writer, role: Role) {
    writer.put_u8(match role {
        Role::Member => 0,
        Role::Moderator => 1,
        Role::Owner => 2,
    });
}

pub(super) fn take_role(reader: &mut Reader) -> Taken<Role> {
    match reader.take_u8("role")? {
        0 => Ok(Role::Member),
        1 => Ok(Role::Moderator),
        2 => Ok(Role::Owner),
        _ => Err(Malformed("role")),
    }
}

pub(super) fn put_measure_entry(writer: &mut Writer, entry: &MeasureEntry) {
    put_measure(writer, entry.measure);
    put_name(writer, &entry.whom);
    put_name(writer, &entry.by);
    put_note(writer, &entry.reason);
    writer.put_varint(entry.until_ms);
}

pub(super) fn take_measure_entry(reader: &mut Reader) -> Taken<MeasureEntry> {
    Ok(MeasureEntry {
        measure: take_measure(reader)?,
        whom: take_name(reader)?,
        by: take_name(reader)?,
        reason: take_note(reader)?,
        until_ms: reader.take_varint("until")?,
    })
}

pub(super) fn put_audit_entry(writer: &mut Writer, entry: &AuditEntry) {
    writer.put_varint(entry.at_ms);
    put_name(writer, &entry.by);
    put_note(writer, &entry.deed);
}

pub(super) fn take_audit_entry(reader: &mut Reader) -> Taken<AuditEntry> {
    Ok(AuditEntry { at_ms: reader.take_varint("time")?, by: take_name(reader)?, deed: take_note(reader)? })
}
