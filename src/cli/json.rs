//! What does `--json` print for an event?
//!
//! One object a line, each with `event` (a stable name) and `at_us` (microseconds of the monotonic clock,
//! taken when the event was handed to the user). The names and members of the table in the README are
//! fixed; others may be added, none changes its meaning. Pure: values in, values out.

use crate::chat::client::event::{Fingerprint, LineNumber, UserEvent};
use crate::chat::message::{AuditEntry, Measure, MeasureEntry, RoomMessage};
use crate::chat::message::{PersonEntry, PostKind, PresenceState, RoomEntry, SessionEntry, WhoisEntry};
use crate::service::api::ServerEvent;
use crate::transport::session::{BytesByCause, SessionStats};
use serde_json::{Value, json};
use std::time::Duration;

/// The session that an event came from: what `connected` tells beyond the chat's own event.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    /// `udp` or `tcp`.
    pub transport: &'a str,
    /// The server's address.
    pub server: &'a str,
}

/// The object of an event.
pub fn object(event: &UserEvent, session: Session<'_>, at_us: u64) -> Value {
    let (name, members) = named(event, session);
    finished(name, members, event.line(), at_us)
}

/// The object of the session's statistics, on their own or as the answer to a line.
pub fn stats(stats: &SessionStats, line: Option<LineNumber>, at_us: u64) -> Value {
    let millis = |span: Option<Duration>| span.map(|span| span.as_secs_f64() * 1_000.0);
    let arrived = stats.arrived;
    let members = json!({
        "rtt_ms": millis(stats.rtt),
        "rttvar_ms": millis(stats.rttvar),
        "rtt_min_ms": millis(stats.rtt_min),
        "loss": stats.loss,
        "loss_in": arrived.and_then(|arrived| arrived.loss),
        "sent": stats.sent,
        "retransmitted": stats.retransmitted,
        "spurious": stats.spurious,
        "marks": stats.marks,
        "probes": stats.probes,
        "duplicates": arrived.map(|arrived| arrived.duplicates),
        "reordered": arrived.map(|arrived| arrived.reordered),
        "bytes_out": stats.bytes_out,
        "bytes_in": stats.bytes_in,
        "in_flight": stats.in_flight,
        "cwnd": stats.cwnd,
    });
    finished("stats", with(members, bytes(stats.spent)), line, at_us)
}

/// What the bytes sent were for.
fn bytes(spent: Option<BytesByCause>) -> Value {
    let of = |count: fn(&BytesByCause) -> u64| spent.as_ref().map(count);
    json!({
        "bytes_first": of(|it| it.first),
        "bytes_bundle": of(|it| it.bundle),
        "bytes_copy": of(|it| it.copy),
        "bytes_retransmission": of(|it| it.retransmission),
        "bytes_acknowledgement": of(|it| it.acknowledgement),
        "bytes_control": of(|it| it.control),
        "bytes_overhead": of(|it| it.overhead),
    })
}

/// The object of what happened on a server.
pub fn server_object(event: &ServerEvent, at_us: u64) -> Value {
    let (name, members) = match event {
        ServerEvent::Connected { name, transport, address, agent, sessions } => {
            let (transport, address) = (transport.to_string(), address.to_string());
            let members = json!({
                "name": name, "transport": transport, "address": address, "agent": agent, "sessions": sessions,
            });
            ("connected", members)
        }
        ServerEvent::Disconnected { name, address, reason, sessions } => {
            let address = address.to_string();
            let members = json!({ "name": name, "address": address, "reason": reason, "sessions": sessions });
            ("disconnected", members)
        }
        ServerEvent::Liveness { name, address, state } => {
            ("liveness", json!({ "name": name, "address": address.to_string(), "state": state }))
        }
        ServerEvent::Roamed { from, to } => {
            ("roamed", json!({ "from": from.to_string(), "to": to.to_string() }))
        }
        ServerEvent::WrongProof { name, address, what } => {
            ("wrong-proof", json!({ "name": name, "address": address.to_string(), "what": what }))
        }
        ServerEvent::TurnedAway { address, reason } => {
            ("turned-away", json!({ "address": address.to_string(), "reason": reason }))
        }
        ServerEvent::Renamed { old, new } => ("renamed", json!({ "old": old, "new": new })),
        ServerEvent::Moderated { by, deed } => ("moderated", json!({ "by": by, "deed": deed })),
        ServerEvent::StoreFailed { reason } => ("store-failed", json!({ "reason": reason })),
    };
    finished(name, members, None, at_us)
}

/// An object that has all its members but the time, as a line.
pub fn stamped(object: Value, at_us: u64) -> String {
    with(object, json!({ "at_us": at_us })).to_string()
}

fn finished(name: &str, members: Value, line: Option<LineNumber>, at_us: u64) -> Value {
    let object = with(members, json!({ "event": name, "at_us": at_us }));
    match line {
        Some(LineNumber(line)) => with(object, json!({ "line": line })),
        None => object,
    }
}

fn named(event: &UserEvent, session: Session<'_>) -> (&'static str, Value) {
    match event {
        UserEvent::Connected { name } => {
            let Session { transport, server } = session;
            ("connected", json!({ "name": name, "transport": transport, "server": server }))
        }
        UserEvent::Message { room, from, kind, text, id, at_ms, history, own } => {
            let members = json!({
                "room": room, "from": from, "kind": said(*kind), "text": text,
                "id": id.0, "sent_ms": at_ms, "history": history, "own": own,
            });
            ("message", members)
        }
        UserEvent::Private { from, to, text, id, at_ms, own } => {
            let id = id.0;
            let members =
                json!({ "from": from, "to": to, "text": text, "id": id, "sent_ms": at_ms, "own": own });
            ("private", members)
        }
        UserEvent::Accepted { id, .. } => ("accepted", json!({ "id": id.0 })),
        UserEvent::Joined { room, name, own, .. } => {
            ("joined", json!({ "room": room, "name": name, "own": own }))
        }
        UserEvent::Left { room, name, own, .. } => {
            ("left", json!({ "room": room, "name": name, "own": own }))
        }
        UserEvent::Members { room, names, total } => {
            ("members", json!({ "room": room, "names": names, "total": total }))
        }
        UserEvent::SinceLeft { room, seen, missed } => {
            ("since-left", json!({ "room": room, "seen": seen.0, "missed": missed }))
        }
        UserEvent::SeenByAll { room, through } => {
            ("seen-by-all", json!({ "room": room, "through": through.0 }))
        }
        UserEvent::SeenBy { name, through } => ("seen-by", json!({ "name": name, "through": through.0 })),
        UserEvent::Typing { room, name } => ("typing", json!({ "room": room, "name": name })),
        UserEvent::CurrentRoom { room } => ("current-room", json!({ "room": room })),
        UserEvent::Presence { name, state, .. } => {
            ("presence", json!({ "name": name, "state": presence(*state) }))
        }
        UserEvent::Renamed { old, new, own, .. } => {
            ("renamed", json!({ "old": old, "new": new, "own": own }))
        }
        UserEvent::Who { room, people, total, .. } => {
            ("who", json!({ "room": room, "people": each(people, person), "total": total }))
        }
        UserEvent::Whois { entry, .. } => ("whois", whois(entry)),
        UserEvent::Rooms { rooms, .. } => ("rooms", json!({ "rooms": each(rooms, room) })),
        UserEvent::Topic { room, topic, by, .. } => {
            ("topic", json!({ "room": room, "topic": topic, "by": by }))
        }
        UserEvent::Role { role } => ("role", json!({ "role": role.word() })),
        UserEvent::Obeyed { .. } => ("done", json!({})),
        UserEvent::Measures { measures, .. } => ("bans", json!({ "bans": each(measures, measure) })),
        UserEvent::Audit { entries, .. } => ("audit", json!({ "entries": each(entries, deed) })),
        UserEvent::Earlier { room, messages, at_start, .. } => ("earlier", page(room, messages, *at_start)),
        UserEvent::Help { text, .. } => ("help", json!({ "text": text })),
        UserEvent::StatsAsked { .. } => ("stats-asked", json!({})),
        UserEvent::FileAsked { .. } => ("file-asked", json!({})),
        UserEvent::FingerprintsAsked { .. } => ("fingerprint-asked", json!({})),
        UserEvent::Fingerprints { server, own, .. } => {
            ("fingerprint", json!({ "server": server.as_ref().map(fingerprint), "own": fingerprint(own) }))
        }
        UserEvent::QuitAsked { .. } => ("quit", json!({})),
        UserEvent::Notice { text } => ("notice", json!({ "text": text })),
        UserEvent::Warning { text } => ("warning", json!({ "text": text })),
        UserEvent::Reconnecting { reason } => ("reconnecting", json!({ "reason": reason })),
        UserEvent::Disconnected { reason } => ("disconnected", json!({ "reason": reason })),
        UserEvent::Error { failure, .. } => ("error", json!({ "code": failure.code, "text": failure.text })),
    }
}

fn each<T>(all: &[T], object: impl Fn(&T) -> Value) -> Vec<Value> {
    all.iter().map(object).collect()
}

fn page(room: &str, messages: &[RoomMessage], at_start: bool) -> Value {
    json!({ "room": room, "messages": each(messages, old), "at_start": at_start })
}

fn old(message: &RoomMessage) -> Value {
    let RoomMessage { id, name, at_ms, kind, text, .. } = message;
    json!({ "from": **name, "kind": said(*kind), "text": **text, "id": id.0, "sent_ms": at_ms })
}

fn deed(entry: &AuditEntry) -> Value {
    json!({ "at_ms": entry.at_ms, "by": entry.by, "deed": entry.deed })
}

fn with(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut members), Value::Object(more)) => {
            members.extend(more);
            Value::Object(members)
        }
        (one, _) => one,
    }
}

fn said(kind: PostKind) -> &'static str {
    match kind {
        PostKind::Text => "text",
        PostKind::Action => "action",
    }
}

fn fingerprint(fingerprint: &Fingerprint) -> Value {
    json!({ "words": fingerprint.words, "key": fingerprint.key })
}

fn room(entry: &RoomEntry) -> Value {
    json!({ "name": entry.name, "people": entry.people })
}

fn person(entry: &PersonEntry) -> Value {
    json!({ "name": entry.name, "state": presence(entry.state) })
}

fn measure(entry: &MeasureEntry) -> Value {
    let kind = match entry.measure {
        Measure::Ban => "ban",
        Measure::BanAddress => "ban-address",
        Measure::Mute => "mute",
    };
    let until_ms = (entry.until_ms > 0).then_some(entry.until_ms);
    json!({
        "kind": kind, "whom": entry.whom, "by": entry.by, "reason": entry.reason, "until_ms": until_ms,
    })
}

fn whois(entry: &WhoisEntry) -> Value {
    let session = |session: &SessionEntry| {
        let rtt_ms = session.rtt_us.map(|micros| Duration::from_micros(micros).as_secs_f64() * 1_000.0);
        json!({ "transport": session.transport, "rtt_ms": rtt_ms, "address": session.address })
    };
    json!({
        "name": entry.name,
        "state": presence(entry.state),
        "away": entry.away,
        "since_ms": entry.since_ms,
        "sessions": entry.sessions.iter().map(session).collect::<Vec<_>>(),
        "rooms": entry.rooms,
        "role": entry.role.word(),
    })
}

fn presence(state: PresenceState) -> &'static str {
    match state {
        PresenceState::Online => "online",
        PresenceState::Away => "away",
        PresenceState::Lost => "lost",
        PresenceState::Offline => "offline",
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
