//! How is what happens to files told in a line?

use super::event::{FileEvent, UnderWay};
use super::message::Offered;
use crate::chat::client::display::printable;
use crate::chat::file_wish::FileTarget;

/// The lines for this, as a person reads them; nothing in them steers a terminal.
pub fn lines(event: &FileEvent) -> Vec<String> {
    let told = match event {
        FileEvent::Offered(offered) => {
            let id = offered.id.0;
            vec![format!("* file #{id}: {}; /accept {id} or /decline {id}", about(offered))]
        }
        FileEvent::Progress { name, sending, bytes, total, rate } => {
            let verb = verb(*sending);
            vec![format!("* {verb} {name}: {} at {}/s", share(*bytes, *total), size(*rate))]
        }
        FileEvent::Sent { id, file, to, .. } => {
            vec![format!("* sent {} to {to} ({}, file #{})", file.name, size(file.size), id.0)]
        }
        FileEvent::Received { file, place, .. } => {
            vec![format!("* received {} ({}): {place}", file.name, size(file.size))]
        }
        FileEvent::Declined { id, .. } => vec![format!("* declined file #{}", id.0)],
        FileEvent::Failed { name, failure, .. } => vec![format!("! {name}: {}", failure.text)],
        FileEvent::List { offered, under_way, .. } if offered.is_empty() && under_way.is_empty() => {
            vec!["* no files are offered or on their way".to_owned()]
        }
        FileEvent::List { offered, under_way, .. } => {
            let waiting =
                offered.iter().map(|offered| format!("* file #{}: {}", offered.id.0, about(offered)));
            waiting.chain(under_way.iter().map(on_its_way)).collect()
        }
    };
    told.into_iter().map(|line| printable(&line).into_owned()).collect()
}

fn about(offered: &Offered) -> String {
    let file = &offered.file;
    let to = match &offered.to {
        FileTarget::Room(room) => format!(" for {room}"),
        FileTarget::Person(_) => " for you".to_owned(),
    };
    format!("{} ({}) from {}{to}", file.name, size(file.size), offered.from)
}

fn on_its_way(file: &UnderWay) -> String {
    format!("* {} {}: {}", verb(file.sending), file.name, share(file.bytes, file.total))
}

const fn verb(sending: bool) -> &'static str {
    if sending { "sending" } else { "receiving" }
}

fn share(bytes: u64, total: u64) -> String {
    let percent = bytes.saturating_mul(100).checked_div(total).unwrap_or(0);
    format!("{percent} % of {}", size(total))
}

/// A number of bytes as people read it: `5.0 MB`.
pub fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1_000 => return format!("{bytes} bytes"),
        1_000..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    let tenths = bytes / (unit / 10);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::client::event::LineNumber;
    use crate::files::message::{FileId, FileLabel};

    #[test]
    fn sizes_are_read_by_people() {
        let told = [0, 999, 1_000, 5_049_999, 1_000_000_000].map(size);
        assert_eq!(told, ["0 bytes", "999 bytes", "1.0 kB", "5.0 MB", "1.0 GB"]);
    }

    #[test]
    fn an_offer_says_how_to_take_it_and_steers_no_terminal() {
        let file = FileLabel {
            name: "a\u{1b}[2J".to_owned(),
            size: 2_000,
            digest: crate::crypto::Digest::default(),
        };
        let to = FileTarget::Room("lab".to_owned());
        let offered = Offered { id: FileId(7), from: "ann".to_owned(), to, file: file.clone(), at_ms: 0 };
        let told = lines(&FileEvent::Offered(offered));
        assert_eq!(told, ["* file #7: a␛[2J (2.0 kB) from ann for lab; /accept 7 or /decline 7"]);
        let progress =
            FileEvent::Progress { name: "b".to_owned(), sending: false, bytes: 50, total: 200, rate: 1_500 };
        assert_eq!(lines(&progress), ["* receiving b: 25 % of 200 bytes at 1.5 kB/s"]);
        let received =
            FileEvent::Received { line: LineNumber(1), id: FileId(7), file, place: "x".to_owned() };
        assert_eq!(lines(&received), ["* received a␛[2J (2.0 kB): x"]);
        let none = FileEvent::List { line: LineNumber(1), offered: vec![], under_way: vec![] };
        assert_eq!(lines(&none), ["* no files are offered or on their way"]);
    }
}
