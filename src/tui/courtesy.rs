//! Who has seen it, who is typing, and where did one stop reading?
//!
//! Told by the server, per place, and only while it is news: typing is believed for six seconds, or until
//! what was typed is here.

use super::buffer::Place;
use super::hearing::Said;
use super::moment::Moment;
use super::state::{Mode, State};
use crate::chat::client::courtesy::{TYPING_LASTS, Target};
use crate::chat::client::event::UserEvent;
use crate::chat::message::MessageId;

/// People who are typing in one place, remembered at most.
const LIMIT_TYPING: usize = 64;

/// What is known of those in one place.
#[derive(Debug, Default)]
pub struct Courtesy {
    /// All have seen all up to this message.
    pub seen: MessageId,
    /// One has read so far, on whatever terminal: what is replayed beyond is new.
    pub read_to: Option<MessageId>,
    typing: Vec<(String, Moment)>,
}

impl Courtesy {
    /// Somebody is typing.
    pub fn on_typing(&mut self, name: &str, now: Moment) {
        self.on_typed(name);
        if self.typing.len() < LIMIT_TYPING {
            let seconds = i64::try_from(TYPING_LASTS.as_secs()).unwrap_or_default();
            self.typing.push((name.to_owned(), Moment(now.0 + seconds)));
        }
    }

    /// What they typed is here.
    pub fn on_typed(&mut self, name: &str) {
        self.typing.retain(|(typing, _)| typing != name);
    }

    /// Who is typing now.
    pub fn typing(&self, now: Moment) -> impl Iterator<Item = &str> {
        self.typing.iter().filter(move |(_, until)| *until > now).map(|(name, _)| name.as_str())
    }
}

impl State {
    /// The chat tells of others: who has seen what, who is typing.
    pub(super) fn on_courtesy(&mut self, event: &UserEvent) {
        let now = self.now;
        let (place, typing) = match event {
            UserEvent::SeenByAll { room, .. } => (Place::Room(room.clone()), None),
            UserEvent::SeenBy { name, .. } => (Place::Person(name.clone()), None),
            UserEvent::Typing { room: Some(room), name } => (Place::Room(room.clone()), Some(name)),
            UserEvent::Typing { room: None, name } => (Place::Person(name.clone()), Some(name)),
            _ => return,
        };
        // A conversation begins with what is said, not with its being typed.
        let Some(buffer) = self.buffers.get_mut(&place) else { return };
        match (typing, event) {
            (Some(name), _) => buffer.courtesy.on_typing(name, now),
            (None, UserEvent::SeenByAll { through, .. } | UserEvent::SeenBy { through, .. }) => {
                buffer.courtesy.seen = buffer.courtesy.seen.max(*through);
            }
            _ => {}
        }
    }

    /// Something stands in its place now: whoever said it types no more, and the first that is new to this
    /// person has the line above it.
    pub(super) fn settle_courtesy(&mut self, said: &Said<'_>) {
        let Some(buffer) = self.buffers.get_mut(&said.place) else { return };
        buffer.courtesy.on_typed(said.from);
        if buffer.courtesy.read_to.take_if(|read_to| said.id > *read_to).is_some() {
            buffer.draw_unread_line();
        }
    }

    /// To whom the person is typing a message just now.
    pub fn types_to(&self) -> Option<Target> {
        let text = self.typing.input.text();
        if self.mode != Mode::Typing || text.is_empty() || text.starts_with('/') {
            return None;
        }
        Some(match &self.buffers.active().place {
            Place::Room(room) => Target::Room(room.clone()),
            Place::Person(name) => Target::Person(name.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::{hear, joined, message, press, state};
    use super::super::view::tests::drawn;
    use super::*;

    fn history(id: u64) -> UserEvent {
        match message("lobby", "bob", "earlier", id) {
            UserEvent::Message { room, from, kind, text, id, at_ms, own, .. } => {
                UserEvent::Message { room, from, kind, text, id, at_ms, history: true, own }
            }
            other => other,
        }
    }

    #[test]
    fn the_screen_shows_what_all_have_seen_who_is_typing_and_where_one_stopped_reading() {
        let mut state = state();
        hear(&mut state, &joined("lobby", "ann", None));
        let since_left = UserEvent::SinceLeft { room: "lobby".into(), seen: MessageId(3), missed: 2 };
        hear(&mut state, &since_left);
        (2..=5).for_each(|id| hear(&mut state, &history(id)));
        hear(&mut state, &message("lobby", "ann", "hello", 6));
        hear(&mut state, &message("lobby", "ann", "again", 7));
        hear(&mut state, &UserEvent::SeenByAll { room: "lobby".into(), through: MessageId(6) });
        for name in ["bob", "cid"] {
            hear(&mut state, &UserEvent::Typing { room: Some("lobby".into()), name: name.into() });
        }
        let rows = drawn(&mut state, 60, 15);
        assert!(rows[0].ends_with("bob and cid are typing …"), "{rows:#?}");
        let row = |text: &str| {
            rows.iter().position(|row| row.contains(text)).unwrap_or_else(|| panic!("{rows:#?}"))
        };
        assert!(rows[row("hello")].contains("✓✓ann") && rows[row("again")].contains("✓ ann"), "{rows:#?}");
        let line = row("─ new ─");
        assert_eq!(rows[..line].iter().filter(|row| row.contains("earlier")).count(), 2);
        assert!(rows.iter().any(|row| row.contains("2 messages in lobby since you left")));
        hear(&mut state, &message("lobby", "bob", "hi", 8));
        assert!(drawn(&mut state, 60, 15)[0].ends_with("cid is typing …"));
        state.on_time(Moment(state.now.0 + 6));
        assert!(!drawn(&mut state, 60, 15)[0].contains("typing"));
    }

    #[test]
    fn a_message_is_typed_to_somebody_and_a_command_to_nobody() {
        let mut state = state();
        assert_eq!(state.types_to(), None);
        press(&mut state, "/jo");
        assert_eq!(state.types_to(), None);
        state.typing.input.take();
        press(&mut state, "hi");
        assert_eq!(state.types_to(), Some(Target::Room("lobby".into())));
    }

    #[test]
    fn typing_is_believed_for_six_seconds_or_until_it_is_said() {
        let mut courtesy = Courtesy::default();
        courtesy.on_typing("bob", Moment(10));
        courtesy.on_typing("cid", Moment(12));
        courtesy.on_typing("bob", Moment(11));
        let typing =
            |courtesy: &Courtesy, now| courtesy.typing(Moment(now)).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(typing(&courtesy, 16), ["cid", "bob"]);
        assert_eq!(typing(&courtesy, 17), ["cid"]);
        courtesy.on_typed("cid");
        assert!(typing(&courtesy, 12).iter().all(|name| name == "bob"));
        (0..1_000).for_each(|n| courtesy.on_typing(&n.to_string(), Moment(20)));
        assert_eq!(typing(&courtesy, 21).len(), LIMIT_TYPING - 1, "bob has a place, too");
    }
}
