//! What stands further up than all that has come?
//!
//! ```text
//!  PgUp at the top of a room ─▶ /history, unseen ─▶ Earlier ─▶ above what is there; the view stays
//!  More ──asked──▶ Asked ──┬─ a page ─▶ More ─ … ─▶ Start: "the beginning of lobby"
//!                          └─ an error, which is told ─▶ More
//!  Cut: so much has come that the oldest had to go; nothing is asked for above a gap
//! ```

use super::buffer::{Entry, Past, Place};
use super::key::Key;
use super::moment::Moment;
use super::state::{State, Wish};
use crate::chat::client::event::UserEvent;
use crate::chat::message::RoomMessage;

/// What one step further back asks for.
const LINE: &str = "/history 100";

impl State {
    /// A key has moved the view: if it led up, and there is no further up, more is asked for.
    pub(super) fn after_moving(&mut self, key: &Key) -> Wish {
        let leads_up = matches!(key, Key::PageUp | Key::WheelUp | Key::Oldest);
        if !leads_up || !self.is_at_top() {
            return Wish::Nothing;
        }
        let buffer = self.buffers.active_mut();
        let Place::Room(room) = buffer.place.clone() else { return Wish::Nothing };
        if buffer.left || buffer.past != Past::More || buffer.people.is_empty() {
            return Wish::Nothing;
        }
        buffer.past = Past::Asked;
        let mut lines = self.lines_to_talk_in(&room);
        self.sending.on_sent(Place::Room(room), LINE, true);
        lines.push(LINE.to_owned());
        Wish::Send(lines)
    }

    /// What was said further back in a room; `when` says when, of milliseconds since 1970 UTC.
    pub fn on_earlier(&mut self, event: &UserEvent, when: impl Fn(u64) -> Moment) {
        let UserEvent::Earlier { line, room, messages, at_start } = event else { return };
        self.sending.on_answered(*line);
        let me = self.status.name.clone();
        let Some(buffer) = self.buffers.get_mut(&Place::Room(room.clone())) else { return };
        buffer.past = if *at_start { Past::Start } else { Past::More };
        let entries = messages.iter().map(|message| (when(message.at_ms), entry(room, message, &me)));
        buffer.prepend(entries.collect());
    }

    /// What was asked for above a room could not be had: it may be asked for again.
    pub(super) fn on_no_earlier(&mut self, place: &Place) {
        if let Some(buffer) = self.buffers.get_mut(place).filter(|buffer| buffer.past == Past::Asked) {
            buffer.past = Past::More;
        }
    }
}

fn entry(room: &str, message: &RoomMessage, me: &str) -> Entry {
    let RoomMessage { id, name, at_ms, kind, text, .. } = message;
    Entry::Event(UserEvent::Message {
        room: room.to_owned(),
        from: name.to_string(),
        kind: *kind,
        text: text.to_string(),
        id: *id,
        at_ms: *at_ms,
        history: true,
        own: **name == *me,
    })
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::{hear, joined, message, state};
    use super::*;
    use crate::chat::client::event::LineNumber;
    use crate::chat::message::{Counter, Failure, MessageId, Origin, PersonId, PostKind};

    fn old(id: u64) -> RoomMessage {
        RoomMessage {
            id: MessageId(id),
            person: PersonId(2),
            name: "bob".into(),
            origin: Origin(2),
            counter: Counter(id),
            at_ms: id * 1_000,
            kind: PostKind::Text,
            text: format!("old {id}").into(),
        }
    }

    fn answer(state: &mut State, line: u64, ids: std::ops::Range<u64>, at_start: bool) {
        let messages = ids.map(old).collect();
        let event = UserEvent::Earlier { line: LineNumber(line), room: "lobby".into(), messages, at_start };
        state.on_earlier(&event, |ms| Moment(i64::try_from(ms / 1_000).unwrap()));
    }

    fn texts(state: &State) -> Vec<String> {
        state.buffers.active().entries().iter().map(|dated| dated.entry.text().to_owned()).collect()
    }

    fn in_lobby() -> State {
        let mut state = state();
        hear(&mut state, &joined("lobby", "ann", None));
        hear(&mut state, &message("lobby", "bob", "new", 90));
        state
    }

    fn asked() -> Wish {
        Wish::Send(vec![LINE.to_owned()])
    }

    #[test]
    fn at_the_top_of_a_room_more_is_asked_for_once_and_stands_above() {
        let mut state = in_lobby();
        assert_eq!(state.handle_key(&Key::PageUp), asked());
        assert_eq!(state.handle_key(&Key::PageUp), Wish::Nothing, "one page at a time");
        answer(&mut state, 1, 88..90, false);
        assert_eq!(texts(&state), ["old 88", "old 89", "", "new"]);
        assert_eq!(state.handle_key(&Key::WheelUp), asked());
        answer(&mut state, 2, 87..88, true);
        assert_eq!(texts(&state)[..2], ["old 87", "old 88"]);
        assert_eq!(state.handle_key(&Key::Oldest), Wish::Nothing, "it is the beginning");
        assert_eq!(state.handle_key(&Key::PageDown), Wish::Nothing);
    }

    #[test]
    fn the_view_stays_where_it_is_when_more_comes_above() {
        let mut state = in_lobby();
        (91..150).for_each(|id| hear(&mut state, &message("lobby", "bob", &format!("new {id}"), id)));
        assert_eq!(state.handle_key(&Key::PageUp), Wish::Nothing, "not at the top yet");
        let wish = state.handle_key(&Key::Oldest);
        assert_eq!(wish, asked());
        let buffer = state.buffers.active();
        let at = |state: &State| {
            let buffer = state.buffers.active();
            let bottom = buffer.bottom.expect("scrolled up");
            (buffer.entries()[buffer.index_of(bottom.number)].entry.clone(), bottom.rows)
        };
        assert!(buffer.bottom.is_some());
        let before = at(&state);
        answer(&mut state, 1, 1..80, false);
        assert_eq!(at(&state), before);
        assert_eq!(state.buffers.active().index_of(0), 79);
    }

    #[test]
    fn an_error_is_told_and_lets_one_ask_again() {
        let mut state = in_lobby();
        state.handle_key(&Key::PageUp);
        let failure = Failure::new("storage-failed", "no");
        hear(&mut state, &UserEvent::Error { failure, line: Some(LineNumber(1)) });
        assert_eq!(state.handle_key(&Key::PageUp), asked());
    }

    #[test]
    fn what_stands_above_is_bounded_and_nothing_is_asked_for_above_a_gap() {
        let mut state = in_lobby();
        let limit = super::super::buffer::LIMIT_ENTRIES as u64;
        state.handle_key(&Key::PageUp);
        answer(&mut state, 1, 10_000..10_000 + limit, false);
        assert_eq!(state.buffers.active().entries().len() as u64, limit);
        assert_eq!(state.handle_key(&Key::Oldest), Wish::Nothing);
        let mut state = in_lobby();
        (0..=limit).for_each(|id| hear(&mut state, &message("lobby", "bob", "x", 100 + id)));
        assert_eq!(state.handle_key(&Key::Oldest), Wish::Nothing);
    }
}
