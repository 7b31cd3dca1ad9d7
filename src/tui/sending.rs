//! Which lines of ours have no answer yet?
//!
//! ```text
//!  Enter ─▶ waiting ── Accepted ─▶ accepted ── the message itself ─▶ gone: it stands in its room, ticked
//!              └─────── any other answer, or an error ────────────▶ gone
//! ```
//!
//! The client sends text to one current room; here each room has an input of its own. So before a line for
//! another room goes `/join` of that room, which the client understands as "talk there". Its answer is
//! hidden.

use super::buffer::Place;
use crate::chat::client::event::LineNumber;
use crate::chat::message::MessageId;
use std::collections::VecDeque;

/// Lines that are accepted and whose message has not come, kept at most.
const LIMIT_ACCEPTED: usize = 64;

/// A line that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    /// Its number.
    pub line: LineNumber,
    /// Where it was typed for.
    pub place: Place,
    /// What was typed.
    pub text: String,
    /// Sent by ourselves, not typed.
    pub hidden: bool,
    /// The server has it, and calls it so.
    pub accepted: Option<MessageId>,
}

/// All lines without an answer.
#[derive(Debug, Default)]
pub struct Sending {
    lines_sent: u64,
    pending: VecDeque<Pending>,
    /// Where the client's text goes once it has read all lines; `None`: not known.
    pub room: Option<String>,
}

impl Sending {
    /// Nothing was sent yet, and the client's text would go to this room.
    pub fn new(room: String) -> Self {
        Self { room: Some(room), ..Self::default() }
    }

    /// Notes a line that leaves now.
    pub fn on_sent(&mut self, place: Place, text: &str, hidden: bool) {
        self.lines_sent += 1;
        let (line, text) = (LineNumber(self.lines_sent), text.to_owned());
        self.pending.push_back(Pending { line, place, text, hidden, accepted: None });
    }

    /// What is pending for this place, oldest first.
    pub fn pending<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = &'a Pending> {
        self.pending.iter().filter(|pending| !pending.hidden && pending.place.is(place))
    }

    /// This line has its answer; returns what it was.
    pub fn on_answered(&mut self, line: LineNumber) -> Option<Pending> {
        let index = self.pending.iter().position(|pending| pending.line == line)?;
        self.pending.remove(index)
    }

    /// The line of this number, if it has no answer.
    pub fn get(&self, line: LineNumber) -> Option<&Pending> {
        self.pending.iter().find(|pending| pending.line == line)
    }

    /// The server has this line, as the message `id`, which is not here yet.
    pub fn on_accepted(&mut self, line: LineNumber, id: MessageId) {
        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.line == line) {
            pending.accepted = Some(id);
        }
        let accepted = |pending: &Pending| pending.accepted.is_some();
        if self.pending.iter().filter(|pending| accepted(pending)).count() > LIMIT_ACCEPTED {
            let oldest = self.pending.iter().position(accepted);
            oldest.and_then(|index| self.pending.remove(index));
        }
    }

    /// This message of ours stands in its place now.
    pub fn on_shown(&mut self, place: &Place, id: MessageId) {
        self.pending.retain(|pending| pending.accepted != Some(id) || !pending.place.is(place));
    }

    /// We are out of this place: what was accepted there will not be seen any more.
    pub fn on_left(&mut self, place: &Place) {
        self.pending.retain(|pending| pending.accepted.is_none() || !pending.place.is(place));
        self.room = None;
    }

    /// The client says where its text goes. It may speak of an earlier line than the last one; then the
    /// next line says it again.
    pub fn on_current_room(&mut self, room: Option<&str>) {
        if self.room.as_deref() != room {
            self.room = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str) -> Place {
        Place::Room(name.into())
    }

    #[test]
    fn an_accepted_line_stays_until_its_message_is_here() {
        let mut sending = Sending::default();
        sending.on_sent(room("lobby"), "hi", false);
        sending.on_accepted(LineNumber(1), MessageId(7));
        sending.on_shown(&room("lab"), MessageId(7));
        assert_eq!(sending.pending(&room("lobby")).count(), 1, "numbers are a room's own");
        sending.on_shown(&room("lobby"), MessageId(7));
        assert_eq!(sending.pending(&room("lobby")).count(), 0);
    }

    #[test]
    fn messages_that_never_come_are_forgotten_beyond_a_bound() {
        let mut sending = Sending::default();
        for n in 1..=200 {
            sending.on_sent(room("lobby"), "hi", false);
            sending.on_accepted(LineNumber(n), MessageId(n));
        }
        assert_eq!(sending.pending(&room("lobby")).count(), LIMIT_ACCEPTED);
    }

    #[test]
    fn hidden_lines_have_numbers_and_are_not_shown() {
        let mut sending = Sending::default();
        sending.on_sent(room("lab"), "/join lab", true);
        sending.on_sent(room("lab"), "hi", false);
        let lines: Vec<_> = sending.pending(&room("lab")).map(|pending| pending.line).collect();
        assert_eq!(lines, [LineNumber(2)]);
        assert!(sending.on_answered(LineNumber(1)).is_some_and(|pending| pending.hidden));
    }
}
