//! What does `--json` print for what happens to files?

use crate::chat::client::event::LineNumber;
use crate::chat::file_wish::FileTarget;
use crate::files::FileEvent;
use crate::files::event::UnderWay;
use crate::files::message::{FileLabel, Offered};
use serde_json::{Value, json};

/// The object of an event, stamped with microseconds of the monotonic clock.
pub fn object(event: &FileEvent, at_us: u64) -> Value {
    let (name, mut members) = named(event);
    members["event"] = name.into();
    members["at_us"] = at_us.into();
    if let Some(LineNumber(line)) = event.line() {
        members["line"] = line.into();
    }
    members
}

fn named(event: &FileEvent) -> (&'static str, Value) {
    match event {
        FileEvent::Offered(offered) => ("file-offered", offer(offered)),
        FileEvent::Progress { name, sending, bytes, total, rate } => {
            let members =
                json!({ "name": name, "sending": sending, "bytes": bytes, "total": total, "rate": rate });
            ("file-progress", members)
        }
        FileEvent::Sent { id, file, to, .. } => ("file-sent", with_target(label(id.0, file), to)),
        FileEvent::Received { id, file, place, .. } => {
            let mut members = label(id.0, file);
            members["path"] = place.as_str().into();
            ("file-received", members)
        }
        FileEvent::Declined { id, .. } => ("file-declined", json!({ "id": id.0 })),
        FileEvent::Failed { name, failure, .. } => {
            ("file-failed", json!({ "name": name, "code": failure.code, "text": failure.text }))
        }
        FileEvent::List { offered, under_way, .. } => {
            let offered: Vec<Value> = offered.iter().map(offer).collect();
            let under_way: Vec<Value> = under_way.iter().map(on_its_way).collect();
            ("files", json!({ "offered": offered, "under_way": under_way }))
        }
    }
}

fn label(id: u64, file: &FileLabel) -> Value {
    json!({ "id": id, "name": file.name, "size": file.size, "digest": file.digest.to_string() })
}

fn with_target(mut members: Value, to: &FileTarget) -> Value {
    match to {
        FileTarget::Room(room) => members["room"] = room.as_str().into(),
        FileTarget::Person(name) => members["to"] = name.as_str().into(),
    }
    members
}

fn offer(offered: &Offered) -> Value {
    let mut members = with_target(label(offered.id.0, &offered.file), &offered.to);
    members["from"] = offered.from.as_str().into();
    members["sent_ms"] = offered.at_ms.into();
    members
}

fn on_its_way(file: &UnderWay) -> Value {
    json!({ "name": file.name, "sending": file.sending, "bytes": file.bytes, "total": file.total })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::message::FileId;

    #[test]
    fn an_event_of_files_is_an_object_with_the_line_that_it_ends() {
        let file = FileLabel { name: "a".to_owned(), size: 3, digest: crate::crypto::Digest([1; 32]) };
        let received = FileEvent::Received {
            line: LineNumber(4),
            id: FileId(7),
            file: file.clone(),
            place: "p/a".to_owned(),
        };
        let told = object(&received, 9);
        assert_eq!(
            (&told["event"], &told["line"], &told["path"]),
            (&"file-received".into(), &4.into(), &"p/a".into())
        );
        assert_eq!((&told["digest"], &told["at_us"]), (&"01".repeat(32).into(), &9.into()));
        let to = FileTarget::Person("bob".to_owned());
        let offered = Offered { id: FileId(7), from: "ann".to_owned(), to, file, at_ms: 5 };
        let told = object(&FileEvent::Offered(offered), 9);
        assert_eq!(
            (&told["event"], &told["to"], &told["from"]),
            (&"file-offered".into(), &"bob".into(), &"ann".into())
        );
        assert!(told.get("line").is_none() && told.get("room").is_none());
    }
}
