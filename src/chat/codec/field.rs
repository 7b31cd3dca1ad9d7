//! How is each part of a chat message written, and how large may it be?
//!
//! ```text
//!  person entry     name, state
//!  room entry       name, people
//!  session entry    transport, rtt_us?, address?
//!  whois entry      name, state, away?, since_ms, sessions, rooms, role
//!  failure          code, note
//!  room message     id, person, name, origin (8), counter, at_ms, kind, text
//!  private message  id, from, to, origin (8), counter, at_ms, text
//!  state            0 online, 1 away, 2 lost, 3 offline
//!  kind             0 text, 1 action
//! ```
//!
//! A list never takes memory for entries that it only promises: each entry takes at least a byte of what
//! really came.

use super::moderation::{put_role, take_role};
use crate::chat::message::{
    Counter, Failure, MessageId, Origin, PersonEntry, PersonId, PostKind, PresenceState, PrivateMessage,
    RequestId, RoomEntry, RoomMessage, SessionEntry, TEXT_BYTES_MAX, WhoisEntry,
};
use crate::wire::{Malformed, Reader, Writer};
use std::sync::Arc;

/// The name of a person or a room: at most 128 bytes.
pub const NAME_MAX: usize = 128;
/// The text of a failure or a notice, and what somebody says on going away: at most 1,024 bytes.
pub const NOTE_MAX: usize = 1_024;
/// A failure's code, an agent, a server's name, a transport, an address: at most 64 bytes.
pub const LABEL_MAX: usize = 64;
/// A list: at most 4,096 entries.
pub const ENTRIES_MAX: usize = 4_096;

pub(super) type Taken<T> = Result<T, Malformed>;

fn put_cut(writer: &mut Writer, text: &str, max: usize) {
    let end = (0..=max.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    writer.put_str(&text[..end]);
}

pub(super) fn put_text(writer: &mut Writer, text: &str) {
    put_cut(writer, text, TEXT_BYTES_MAX);
}

pub(super) fn put_name(writer: &mut Writer, name: &str) {
    put_cut(writer, name, NAME_MAX);
}

pub(super) fn put_note(writer: &mut Writer, note: &str) {
    put_cut(writer, note, NOTE_MAX);
}

pub(super) fn put_label(writer: &mut Writer, label: &str) {
    put_cut(writer, label, LABEL_MAX);
}

pub(super) fn take_text<'a>(reader: &mut Reader<'a>) -> Taken<&'a str> {
    reader.take_str(TEXT_BYTES_MAX, "text")
}

pub(super) fn take_name(reader: &mut Reader) -> Taken<String> {
    reader.take_str(NAME_MAX, "name").map(str::to_owned)
}

pub(super) fn take_note(reader: &mut Reader) -> Taken<String> {
    reader.take_str(NOTE_MAX, "note").map(str::to_owned)
}

pub(super) fn take_label(reader: &mut Reader) -> Taken<String> {
    reader.take_str(LABEL_MAX, "label").map(str::to_owned)
}

pub(super) fn put_option<T>(writer: &mut Writer, value: Option<T>, put: impl FnOnce(&mut Writer, T)) {
    writer.put_u8(u8::from(value.is_some()));
    if let Some(value) = value {
        put(writer, value);
    }
}

pub(super) fn take_option<'a, T>(
    reader: &mut Reader<'a>,
    take: impl FnOnce(&mut Reader<'a>) -> Taken<T>,
) -> Taken<Option<T>> {
    take_bool(reader, "option")?.then(|| take(reader)).transpose()
}

pub(super) fn take_bool(reader: &mut Reader, what: &'static str) -> Taken<bool> {
    match reader.take_u8(what)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed(what)),
    }
}

pub(super) fn put_list<T>(writer: &mut Writer, list: &[T], put: impl Fn(&mut Writer, &T)) {
    let list = &list[..list.len().min(ENTRIES_MAX)];
    writer.put_varint(list.len() as u64);
    for entry in list {
        put(writer, entry);
    }
}

pub(super) fn take_list<'a, T>(
    reader: &mut Reader<'a>,
    take: impl Fn(&mut Reader<'a>) -> Taken<T>,
) -> Taken<Vec<T>> {
    let len = reader.take_varint("list")?;
    if len > ENTRIES_MAX as u64 {
        return Err(Malformed("list"));
    }
    let mut list = Vec::new();
    for _ in 0..len {
        list.push(take(reader)?);
    }
    Ok(list)
}

pub(super) fn put_names(writer: &mut Writer, names: &[String]) {
    put_list(writer, names, |writer, name| put_name(writer, name));
}

pub(super) fn take_names(reader: &mut Reader) -> Taken<Vec<String>> {
    take_list(reader, take_name)
}

pub(super) fn take_request(reader: &mut Reader) -> Taken<RequestId> {
    reader.take_varint("request").map(RequestId)
}

pub(super) fn take_counter(reader: &mut Reader) -> Taken<Counter> {
    reader.take_varint("counter").map(Counter)
}

pub(super) fn take_id(reader: &mut Reader) -> Taken<MessageId> {
    reader.take_varint("message id").map(MessageId)
}

pub(super) fn take_person(reader: &mut Reader) -> Taken<PersonId> {
    reader.take_varint("person").map(PersonId)
}

pub(super) fn put_failure(writer: &mut Writer, failure: &Failure) {
    put_label(writer, &failure.code);
    put_note(writer, &failure.text);
}

pub(super) fn take_failure(reader: &mut Reader) -> Taken<Failure> {
    Ok(Failure { code: take_label(reader)?, text: take_note(reader)? })
}

pub(super) fn put_kind(writer: &mut Writer, kind: PostKind) {
    writer.put_u8(match kind {
        PostKind::Text => 0,
        PostKind::Action => 1,
    });
}

pub(super) fn take_kind(reader: &mut Reader) -> Taken<PostKind> {
    match reader.take_u8("kind")? {
        0 => Ok(PostKind::Text),
        1 => Ok(PostKind::Action),
        _ => Err(Malformed("kind")),
    }
}

fn put_state(writer: &mut Writer, state: PresenceState) {
    writer.put_u8(match state {
        PresenceState::Online => 0,
        PresenceState::Away => 1,
        PresenceState::Lost => 2,
        PresenceState::Offline => 3,
    });
}

fn take_state(reader: &mut Reader) -> Taken<PresenceState> {
    match reader.take_u8("state")? {
        0 => Ok(PresenceState::Online),
        1 => Ok(PresenceState::Away),
        2 => Ok(PresenceState::Lost),
        3 => Ok(PresenceState::Offline),
        _ => Err(Malformed("state")),
    }
}

pub(super) fn put_person_entry(writer: &mut Writer, entry: &PersonEntry) {
    put_name(writer, &entry.name);
    put_state(writer, entry.state);
}

pub(super) fn take_person_entry(reader: &mut Reader) -> Taken<PersonEntry> {
    Ok(PersonEntry { name: take_name(reader)?, state: take_state(reader)? })
}

pub(super) fn put_room_entry(writer: &mut Writer, entry: &RoomEntry) {
    put_name(writer, &entry.name);
    writer.put_varint(entry.people);
}

pub(super) fn take_room_entry(reader: &mut Reader) -> Taken<RoomEntry> {
    Ok(RoomEntry { name: take_name(reader)?, people: reader.take_varint("people")? })
}

fn put_session_entry(writer: &mut Writer, entry: &SessionEntry) {
    put_label(writer, &entry.transport);
    put_option(writer, entry.rtt_us, |writer, rtt| {
        writer.put_varint(rtt);
    });
    put_option(writer, entry.address.as_deref(), put_label);
}

fn take_session_entry(reader: &mut Reader) -> Taken<SessionEntry> {
    Ok(SessionEntry {
        transport: take_label(reader)?,
        rtt_us: take_option(reader, |reader| reader.take_varint("rtt"))?,
        address: take_option(reader, take_label)?,
    })
}

pub(super) fn put_whois_entry(writer: &mut Writer, entry: &WhoisEntry) {
    put_name(writer, &entry.name);
    put_state(writer, entry.state);
    put_option(writer, entry.away.as_deref(), put_note);
    writer.put_varint(entry.since_ms);
    put_list(writer, &entry.sessions, put_session_entry);
    put_names(writer, &entry.rooms);
    put_role(writer, entry.role);
}

pub(super) fn take_whois_entry(reader: &mut Reader) -> Taken<WhoisEntry> {
    Ok(WhoisEntry {
        name: take_name(reader)?,
        state: take_state(reader)?,
        away: take_option(reader, take_note)?,
        since_ms: reader.take_varint("since")?,
        sessions: take_list(reader, take_session_entry)?,
        rooms: take_names(reader)?,
        role: take_role(reader)?,
    })
}

pub(super) fn put_room_message(writer: &mut Writer, message: &RoomMessage) {
    writer.put_varint(message.id.0).put_varint(message.person.0);
    put_name(writer, &message.name);
    writer.put_u64(message.origin.0).put_varint(message.counter.0).put_varint(message.at_ms);
    put_kind(writer, message.kind);
    put_text(writer, &message.text);
}

pub(super) fn take_room_message(reader: &mut Reader) -> Taken<RoomMessage> {
    Ok(RoomMessage {
        id: take_id(reader)?,
        person: take_person(reader)?,
        name: Arc::from(reader.take_str(NAME_MAX, "name")?),
        origin: Origin(reader.take_u64("origin")?),
        counter: take_counter(reader)?,
        at_ms: reader.take_varint("time")?,
        kind: take_kind(reader)?,
        text: Arc::from(take_text(reader)?),
    })
}

pub(super) fn put_private_message(writer: &mut Writer, message: &PrivateMessage) {
    writer.put_varint(message.id.0);
    put_name(writer, &message.from);
    put_name(writer, &message.to);
    writer.put_u64(message.origin.0).put_varint(message.counter.0).put_varint(message.at_ms);
    put_text(writer, &message.text);
}

pub(super) fn take_private_message(reader: &mut Reader) -> Taken<PrivateMessage> {
    Ok(PrivateMessage {
        id: take_id(reader)?,
        from: Arc::from(reader.take_str(NAME_MAX, "name")?),
        to: Arc::from(reader.take_str(NAME_MAX, "name")?),
        origin: Origin(reader.take_u64("origin")?),
        counter: take_counter(reader)?,
        at_ms: reader.take_varint("time")?,
        text: Arc::from(take_text(reader)?),
    })
}
