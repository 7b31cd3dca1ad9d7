//! How is a message written that leaves the server?
//!
//! ```text
//!  json   {"from":"ann","id":7,"kind":"text","room":"lab","sent_ms":1700000000000,"text":"hi"}
//!         {"from":"ann","id":2,"kind":"private","room":null,"sent_ms":…,"text":"psst","to":"bob"}
//!  text   2026-11-21 09:05:59 [lab] ann: hi
//!         2026-11-21 09:06:10 [lab] * ann waves
//!         2026-11-21 09:07:00 [ann -> bob] psst
//! ```
//!
//! JSON has every character as it was sent, escaped; a line of text does nothing to a terminal.

use crate::chat::calendar::stamp;
use crate::chat::client::display::printable;
use crate::chat::message::{PostKind, PrivateMessage, RoomMessage};
use clap::ValueEnum;
use serde_json::json;

/// How a message is written.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// A JSON object a line.
    Json,
    /// A line to read.
    Text,
}

/// What a clock on the wall showed at these milliseconds since 1970 UTC, in seconds.
pub type Clock = fn(u64) -> i64;

/// The line of what was said in this room.
pub fn of_room(format: Format, room: &str, message: &RoomMessage, clock: Clock) -> String {
    let RoomMessage { id, name, at_ms, kind, text, .. } = message;
    match format {
        Format::Json => {
            let kind = match kind {
                PostKind::Text => "text",
                PostKind::Action => "action",
            };
            json!({ "room": room, "from": **name, "text": **text, "kind": kind, "id": id.0, "sent_ms": at_ms })
                .to_string()
        }
        Format::Text => {
            let (at, room, name, text) =
                (stamp(clock(*at_ms)), printable(room), printable(name), printable(text));
            match kind {
                PostKind::Text => format!("{at} [{room}] {name}: {text}"),
                PostKind::Action => format!("{at} [{room}] * {name} {text}"),
            }
        }
    }
}

/// The line of a private message.
pub fn of_private(format: Format, message: &PrivateMessage, clock: Clock) -> String {
    let PrivateMessage { id, from, to, at_ms, text, .. } = message;
    match format {
        Format::Json => {
            let members = json!({
                "room": null, "from": **from, "to": **to, "text": **text,
                "kind": "private", "id": id.0, "sent_ms": at_ms,
            });
            members.to_string()
        }
        Format::Text => {
            let at = stamp(clock(*at_ms));
            format!("{at} [{} -> {}] {}", printable(from), printable(to), printable(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::message::{Counter, MessageId, Origin, PersonId};

    fn said(kind: PostKind, text: &str) -> RoomMessage {
        RoomMessage {
            id: MessageId(7),
            person: PersonId(1),
            name: "ann".into(),
            origin: Origin(1),
            counter: Counter(1),
            at_ms: 1_700_000_000_000,
            kind,
            text: text.into(),
        }
    }

    fn utc(at_ms: u64) -> i64 {
        i64::try_from(at_ms / 1_000).unwrap_or(0)
    }

    #[test]
    fn a_line_of_text_has_the_time_and_does_nothing_to_a_terminal() {
        let line = |kind, text| of_room(Format::Text, "lab", &said(kind, text), utc);
        assert_eq!(
            line(PostKind::Text, "hi\n\u{1b}[2Jbob: yes"),
            "2023-11-14 22:13:20 [lab] ann: hi ⏎ ␛[2Jbob: yes"
        );
        assert_eq!(line(PostKind::Action, "waves"), "2023-11-14 22:13:20 [lab] * ann waves");
    }

    #[test]
    fn json_has_every_character_as_it_was_sent() {
        let text = "hi\n\u{1b}[2J \u{202e}🦀";
        let line = of_room(Format::Json, "lab", &said(PostKind::Action, text), utc);
        assert_eq!(line.lines().count(), 1);
        let object: serde_json::Value = serde_json::from_str(&line).expect("an object");
        let wanted = json!({
            "room": "lab", "from": "ann", "text": text, "kind": "action", "id": 7, "sent_ms": 1_700_000_000_000_u64,
        });
        assert_eq!(object, wanted);
    }
}
