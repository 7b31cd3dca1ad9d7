//! How is what the server says written down?

use super::field::{
    put_failure, put_list, put_name, put_names, put_note, put_option, put_person_entry, put_private_message,
    put_room_entry, put_room_message, put_whois_entry, take_bool, take_counter, take_failure, take_id,
    take_list, take_name, take_names, take_note, take_option, take_person, take_person_entry,
    take_private_message, take_request, take_room_entry, take_room_message, take_whois_entry,
};
use super::moderation::{
    put_audit_entry, put_measure_entry, put_role, take_audit_entry, take_measure_entry, take_role,
};
use super::past::{put_page, take_page};
use super::proof::{put_wanted, take_wanted};
use crate::chat::message::ToClient;
use crate::wire::{Malformed, Reader, Writer};

const WELCOME: u8 = 0x40;
const DONE: u8 = 0x41;
const FAILED: u8 = 0x42;
const WHO: u8 = 0x43;
const WHOIS: u8 = 0x44;
const ROOMS: u8 = 0x45;
const PRESENCE: u8 = 0x46;
const RENAMED: u8 = 0x47;
const NOTICE: u8 = 0x48;
const MEASURES: u8 = 0x49;
const AUDIT: u8 = 0x4a;
const TERMS: u8 = 0x4b;
const ASKED: u8 = 0x4c;
const PAGE: u8 = 0x4d;
const PRIVATE: u8 = 0x50;
const ACCEPTED: u8 = 0x51;
const REJECTED: u8 = 0x52;
const PRIVATE_COPY: u8 = 0x53;
const PRIVATE_SEEN: u8 = 0x54;
const TYPING: u8 = 0x55;
const JOINED: u8 = 0x60;
const JOIN_FAILED: u8 = 0x61;
const PARTED: u8 = 0x62;
const MESSAGE: u8 = 0x63;
const HISTORY_GAP: u8 = 0x64;
const MEMBERS_JOINED: u8 = 0x65;
const MEMBERS_LEFT: u8 = 0x66;
const TOPIC: u8 = 0x67;
const SEEN_BY_ALL: u8 = 0x68;

/// The bytes of a message to a client.
pub fn encode_to_client(message: &ToClient) -> Vec<u8> {
    let mut bytes = Vec::new();
    let writer = &mut Writer::new(&mut bytes);
    writer.put_u8(kind(message));
    put_fields(writer, message);
    bytes
}

fn kind(message: &ToClient) -> u8 {
    match message {
        ToClient::Welcome { .. } => WELCOME,
        ToClient::Done { .. } => DONE,
        ToClient::Failed { .. } => FAILED,
        ToClient::Who { .. } => WHO,
        ToClient::Whois { .. } => WHOIS,
        ToClient::Rooms { .. } => ROOMS,
        ToClient::Measures { .. } => MEASURES,
        ToClient::Page { .. } => PAGE,
        ToClient::Audit { .. } => AUDIT,
        ToClient::Terms { .. } => TERMS,
        ToClient::Presence { .. } => PRESENCE,
        ToClient::Renamed { .. } => RENAMED,
        ToClient::Notice { .. } => NOTICE,
        ToClient::Asked { .. } => ASKED,
        ToClient::Private(_) => PRIVATE,
        ToClient::PrivateCopy(_) => PRIVATE_COPY,
        ToClient::Accepted { .. } => ACCEPTED,
        ToClient::Rejected { .. } => REJECTED,
        ToClient::Joined { .. } => JOINED,
        ToClient::JoinFailed { .. } => JOIN_FAILED,
        ToClient::Parted => PARTED,
        ToClient::Message { .. } => MESSAGE,
        ToClient::HistoryGap { .. } => HISTORY_GAP,
        ToClient::MembersJoined { .. } => MEMBERS_JOINED,
        ToClient::MembersLeft { .. } => MEMBERS_LEFT,
        ToClient::Topic { .. } => TOPIC,
        ToClient::SeenByAll { .. } => SEEN_BY_ALL,
        ToClient::PrivateSeen { .. } => PRIVATE_SEEN,
        ToClient::Typing { .. } => TYPING,
    }
}

fn put_fields(writer: &mut Writer, message: &ToClient) {
    match message {
        ToClient::Welcome { person, name, private_after } => {
            writer.put_varint(person.0);
            put_name(writer, name);
            writer.put_varint(private_after.0);
        }
        ToClient::Done { request } => {
            writer.put_varint(request.0);
        }
        ToClient::Failed { request, failure } => {
            writer.put_varint(request.0);
            put_failure(writer, failure);
        }
        ToClient::Who { request, room, people, total } => {
            writer.put_varint(request.0);
            put_option(writer, room.as_deref(), put_name);
            put_list(writer, people, put_person_entry);
            writer.put_varint(*total);
        }
        ToClient::Whois { request, entry } => {
            writer.put_varint(request.0);
            put_whois_entry(writer, entry);
        }
        ToClient::Rooms { request, rooms } => {
            writer.put_varint(request.0);
            put_list(writer, rooms, put_room_entry);
        }
        ToClient::Presence { changes } => put_list(writer, changes, put_person_entry),
        ToClient::Renamed { person, old, new } => {
            writer.put_varint(person.0);
            put_name(writer, old);
            put_name(writer, new);
        }
        ToClient::Notice { text } => put_note(writer, text),
        ToClient::Asked { wanted, salt, tries_left } => {
            put_wanted(writer, *wanted);
            writer.put(salt).put_u8(*tries_left);
        }
        ToClient::Private(message) | ToClient::PrivateCopy(message) => put_private_message(writer, message),
        ToClient::Accepted { counter, id } => {
            writer.put_varint(counter.0).put_varint(id.0);
        }
        ToClient::Rejected { counter, failure } => {
            writer.put_varint(counter.0);
            put_failure(writer, failure);
        }
        ToClient::Joined { room, people, total, last, from, seen } => {
            put_name(writer, room);
            put_names(writer, people);
            writer.put_varint(*total).put_varint(last.0).put_varint(from.0).put_varint(seen.0);
        }
        ToClient::JoinFailed { failure } => put_failure(writer, failure),
        ToClient::Parted => {}
        ToClient::Message { message, history } => {
            writer.put_u8(u8::from(*history));
            put_room_message(writer, message);
        }
        ToClient::HistoryGap { missed } => {
            writer.put_varint(*missed);
        }
        ToClient::MembersJoined { names } | ToClient::MembersLeft { names } => put_names(writer, names),
        ToClient::Measures { .. }
        | ToClient::Audit { .. }
        | ToClient::Terms { .. }
        | ToClient::Topic { .. }
        | ToClient::Page { .. } => put_of_order(writer, message),
        ToClient::SeenByAll { .. } | ToClient::PrivateSeen { .. } | ToClient::Typing { .. } => {
            put_courtesy(writer, message);
        }
    }
}

/// What moderators keep, and are told, and what was said further back.
fn put_of_order(writer: &mut Writer, message: &ToClient) {
    match message {
        ToClient::Measures { request, measures } => {
            writer.put_varint(request.0);
            put_list(writer, measures, put_measure_entry);
        }
        ToClient::Audit { request, entries } => {
            writer.put_varint(request.0);
            put_list(writer, entries, put_audit_entry);
        }
        ToClient::Terms { role, per_second, burst } => {
            put_role(writer, *role);
            writer.put_varint(*per_second).put_varint(*burst);
        }
        ToClient::Page { request, room, messages, at_start } => {
            put_page(writer, *request, room, messages, *at_start);
        }
        ToClient::Topic { text, by } => {
            put_note(writer, text);
            put_name(writer, by);
        }
        _ => {}
    }
}

/// Who has seen what, and who is typing.
fn put_courtesy(writer: &mut Writer, message: &ToClient) {
    match message {
        ToClient::SeenByAll { through } => {
            writer.put_varint(through.0);
        }
        ToClient::PrivateSeen { by, through } => {
            put_name(writer, by);
            writer.put_varint(through.0);
        }
        ToClient::Typing { name } => put_name(writer, name),
        _ => {}
    }
}

/// A message to a client; an error if these bytes are none, or not quite.
pub fn decode_to_client(bytes: &[u8]) -> Result<ToClient, Malformed> {
    let mut reader = Reader::new(bytes);
    let message = take(&mut reader)?;
    reader.finish("end")?;
    Ok(message)
}

fn take(reader: &mut Reader) -> Result<ToClient, Malformed> {
    Ok(match reader.take_u8("type")? {
        WELCOME => ToClient::Welcome {
            person: take_person(reader)?,
            name: take_name(reader)?,
            private_after: take_id(reader)?,
        },
        DONE => ToClient::Done { request: take_request(reader)? },
        FAILED => ToClient::Failed { request: take_request(reader)?, failure: take_failure(reader)? },
        WHO => ToClient::Who {
            request: take_request(reader)?,
            room: take_option(reader, take_name)?,
            people: take_list(reader, take_person_entry)?,
            total: reader.take_varint("total")?,
        },
        WHOIS => ToClient::Whois { request: take_request(reader)?, entry: take_whois_entry(reader)? },
        ROOMS => {
            ToClient::Rooms { request: take_request(reader)?, rooms: take_list(reader, take_room_entry)? }
        }
        MEASURES => ToClient::Measures {
            request: take_request(reader)?,
            measures: take_list(reader, take_measure_entry)?,
        },
        AUDIT => {
            ToClient::Audit { request: take_request(reader)?, entries: take_list(reader, take_audit_entry)? }
        }
        PAGE => take_page(reader)?,
        TERMS => ToClient::Terms {
            role: take_role(reader)?,
            per_second: reader.take_varint("rate")?,
            burst: reader.take_varint("burst")?,
        },
        PRESENCE => ToClient::Presence { changes: take_list(reader, take_person_entry)? },
        RENAMED => ToClient::Renamed {
            person: take_person(reader)?,
            old: take_name(reader)?,
            new: take_name(reader)?,
        },
        NOTICE => ToClient::Notice { text: take_note(reader)? },
        ASKED => ToClient::Asked {
            wanted: take_wanted(reader)?,
            salt: reader.take_array("salt")?,
            tries_left: reader.take_u8("tries")?,
        },
        PRIVATE => ToClient::Private(take_private_message(reader)?),
        PRIVATE_COPY => ToClient::PrivateCopy(take_private_message(reader)?),
        ACCEPTED => ToClient::Accepted { counter: take_counter(reader)?, id: take_id(reader)? },
        REJECTED => ToClient::Rejected { counter: take_counter(reader)?, failure: take_failure(reader)? },
        JOINED => ToClient::Joined {
            room: take_name(reader)?,
            people: take_names(reader)?,
            total: reader.take_varint("total")?,
            last: take_id(reader)?,
            from: take_id(reader)?,
            seen: take_id(reader)?,
        },
        JOIN_FAILED => ToClient::JoinFailed { failure: take_failure(reader)? },
        PARTED => ToClient::Parted,
        MESSAGE => {
            ToClient::Message { history: take_bool(reader, "history")?, message: take_room_message(reader)? }
        }
        HISTORY_GAP => ToClient::HistoryGap { missed: reader.take_varint("missed")? },
        SEEN_BY_ALL => ToClient::SeenByAll { through: take_id(reader)? },
        PRIVATE_SEEN => ToClient::PrivateSeen { by: take_name(reader)?, through: take_id(reader)? },
        TYPING => ToClient::Typing { name: take_name(reader)? },
        MEMBERS_JOINED => ToClient::MembersJoined { names: take_names(reader)? },
        MEMBERS_LEFT => ToClient::MembersLeft { names: take_names(reader)? },
        TOPIC => ToClient::Topic { text: take_note(reader)?, by: take_name(reader)? },
        _ => return Err(Malformed("type")),
    })
}
