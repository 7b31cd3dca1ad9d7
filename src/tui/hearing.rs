//! What does something that the chat says change on the terminal?
//!
//! ```text
//!  Message, Joined, Topic, … of a room  ─▶ that room's buffer
//!  Private                              ─▶ the conversation with the other one
//!  the answer to a line                 ─▶ where the line was typed
//!  all else                             ─▶ where the person looks
//! ```

use super::attention;
use super::buffer::{Entry, Place};
use super::help::Help;
use super::moment::Moment;
use super::sending::Pending;
use super::state::{Mode, State};
use super::status::Link;
use crate::chat::client::display::printable;
use crate::chat::client::event::UserEvent;
use crate::chat::message::{MessageId, PresenceState};

/// Characters of a message that an alert shows.
const ALERT_CHARS: usize = 160;

impl State {
    /// The chat has something to show, that happened `at`.
    pub fn on_event(&mut self, event: &UserEvent, at: Moment) {
        let answered = self.on_answer(event);
        self.learn(event);
        let is_hidden = answered.as_ref().is_some_and(|pending| pending.hidden);
        if is_hidden && !matches!(event, UserEvent::Error { .. }) {
            return;
        }
        if let (Some(pending), UserEvent::Error { .. }) = (&answered, event) {
            self.on_no_earlier(&pending.place);
        }
        let typed_at = answered.map(|pending| pending.place);
        match event {
            UserEvent::Accepted { .. }
            | UserEvent::Obeyed { .. }
            | UserEvent::StatsAsked { .. }
            | UserEvent::FileAsked { .. }
            | UserEvent::QuitAsked { .. }
            | UserEvent::Earlier { .. }
            | UserEvent::CurrentRoom { .. } => {}
            UserEvent::Message { .. } | UserEvent::Private { .. } => self.on_said(event, at),
            UserEvent::SeenByAll { .. } | UserEvent::SeenBy { .. } | UserEvent::Typing { .. } => {
                self.on_courtesy(event);
            }
            UserEvent::SinceLeft { room, seen, .. } => {
                let buffer = self.buffers.at(Place::Room(room.clone()));
                buffer.courtesy.read_to = Some(*seen);
                buffer.push(at, Entry::Event(event.clone()));
            }
            UserEvent::Help { text, .. } if text.contains('\n') => self.mode = Mode::Help(Help::new()),
            UserEvent::Members { room, names, .. } => self.on_members(room, names, event, at),
            UserEvent::Left { room, own: true, line, .. } => {
                self.on_left(room, line.is_some(), event, at);
            }
            UserEvent::Renamed { new, line: None, .. } => self.say_where_known(new, event, at),
            UserEvent::Presence { name, line: None, .. } => self.say_where_known(name, event, at),
            UserEvent::Joined { room, .. } | UserEvent::Left { room, .. } | UserEvent::Topic { room, .. } => {
                self.buffers.at(Place::Room(room.clone())).push(at, Entry::Event(event.clone()));
            }
            _ => self.say_at(typed_at, event, at),
        }
    }

    /// Takes the line that this answers off the pending ones. One that is accepted stays until its message
    /// stands in its room; `/stats` is answered by the statistics, which come on their own.
    fn on_answer(&mut self, event: &UserEvent) -> Option<Pending> {
        let line = event.line()?;
        let in_room = self.sending.get(line).is_some_and(|pending| !pending.place.is_private());
        match event {
            UserEvent::StatsAsked { .. } | UserEvent::FileAsked { .. } => None,
            UserEvent::Accepted { id, .. } if in_room => {
                self.sending.on_accepted(line, *id);
                None
            }
            _ => self.sending.on_answered(line),
        }
    }

    fn learn(&mut self, event: &UserEvent) {
        match event {
            UserEvent::Connected { name } => {
                self.status.name.clone_from(name);
                self.status.link = Link::Connected;
            }
            UserEvent::Reconnecting { .. } => self.status.link = Link::Reconnecting,
            UserEvent::Disconnected { .. } => self.status.link = Link::Over,
            UserEvent::CurrentRoom { room } => self.sending.on_current_room(room.as_deref()),
            UserEvent::Joined { room, name, own, .. } => self.learn_joined(room, name, *own),
            UserEvent::Left { room, name, own: false, .. } => {
                if let Some(buffer) = self.buffers.get_mut(&Place::Room(room.clone())) {
                    buffer.people.remove(name);
                }
            }
            UserEvent::Topic { room, topic, .. } => {
                self.buffers.at(Place::Room(room.clone())).topic.clone_from(topic);
            }
            UserEvent::Renamed { old, new, own, .. } => self.learn_renamed(old, new, *own),
            UserEvent::Presence { name, state, .. } => self.learn_presence(name, *state),
            UserEvent::Who { people, .. } => {
                for person in people {
                    self.typing.meet(&person.name);
                    self.learn_presence(&person.name, person.state);
                }
            }
            UserEvent::Rooms { rooms, .. } => rooms.iter().for_each(|room| self.typing.meet(&room.name)),
            UserEvent::Message { from, .. } | UserEvent::Private { from, .. } => self.typing.meet(from),
            _ => {}
        }
    }

    fn learn_joined(&mut self, room: &str, name: &str, own: bool) {
        self.typing.meet(room);
        self.typing.meet(name);
        let buffer = self.buffers.at(Place::Room(room.to_owned()));
        if buffer.place.name().to_lowercase() == room.to_lowercase() {
            buffer.on_came(name, PresenceState::Online);
            buffer.left &= !own;
        }
    }

    fn learn_renamed(&mut self, old: &str, new: &str, own: bool) {
        self.typing.forget(old);
        self.typing.meet(new);
        self.buffers.on_renamed(old, new);
        if own {
            new.clone_into(&mut self.status.name);
        }
        if self.reply_to.as_deref() == Some(old) {
            self.reply_to = Some(new.to_owned());
        }
    }

    fn learn_presence(&mut self, name: &str, state: PresenceState) {
        for known in self.buffers.iter_mut().filter_map(|buffer| buffer.people.get_mut(name)) {
            *known = state;
        }
    }

    fn on_members(&mut self, room: &str, names: &[String], event: &UserEvent, at: Moment) {
        names.iter().for_each(|name| self.typing.meet(name));
        let own = self.status.name.clone();
        let buffer = self.buffers.at(Place::Room(room.to_owned()));
        // After a reconnect it is told again; it is news only once.
        let is_news = buffer.people.len() <= 1;
        let mut before = std::mem::take(&mut buffer.people);
        for name in names.iter().chain([&own]) {
            let state = before.remove(name).filter(|state| *state != PresenceState::Offline);
            buffer.on_came(name, state.unwrap_or(PresenceState::Online));
        }
        if is_news {
            buffer.push(at, Entry::Event(event.clone()));
        }
    }

    fn on_left(&mut self, room: &str, asked: bool, event: &UserEvent, at: Moment) {
        let place = Place::Room(room.to_owned());
        self.sending.on_left(&place);
        let Some(index) = self.buffers.find(&place) else { return };
        if let Some(buffer) = self.buffers.get_mut(&place) {
            buffer.people.clear();
            buffer.left = true;
            buffer.push(at, Entry::Event(event.clone()));
        }
        if asked {
            self.buffers.close(index);
        }
    }

    fn on_said(&mut self, event: &UserEvent, at: Moment) {
        let me = self.status.name.clone();
        let Some(said) = Said::of(event, &me) else { return };
        if said.place.is_private() && said.from != me {
            self.reply_to = Some(said.from.to_owned());
        }
        self.sending.on_shown(&said.place, said.id);
        let index = self.buffers.open(said.place.clone());
        let in_view = index == self.buffers.active_index() && self.sees_newest();
        let Some(buffer) = self.buffers.get_mut(&said.place) else {
            return self.buffers.say_here(at, Entry::Event(event.clone()));
        };
        buffer.push(at, Entry::Event(event.clone()));
        self.settle_courtesy(&said);
        let Some(buffer) = self.buffers.get_mut(&said.place) else { return };
        if said.from == me || said.is_old {
            return;
        }
        let is_mention = said.place.is_private() || attention::names(said.text, &me);
        if !in_view || self.attention.is_away() {
            buffer.on_unread(is_mention);
        }
        self.attention.on_message(|| said.alert(), is_mention, in_view);
    }

    fn say_at(&mut self, place: Option<Place>, event: &UserEvent, at: Moment) {
        let failed = matches!(event, UserEvent::Error { .. });
        let buffer = place.and_then(|place| self.buffers.get_mut(&place));
        match buffer {
            Some(buffer) => {
                // A room that was opened for a `/join` that failed.
                buffer.left |= failed && !buffer.place.is_private() && buffer.people.is_empty();
                buffer.push(at, Entry::Event(event.clone()));
            }
            None => self.buffers.say_here(at, Entry::Event(event.clone())),
        }
    }

    /// News of a person: in every place where one sees them.
    fn say_where_known(&mut self, name: &str, event: &UserEvent, at: Moment) {
        let person = Place::Person(name.to_owned());
        for buffer in self.buffers.iter_mut() {
            if buffer.people.contains_key(name) || buffer.place.is(&person) {
                buffer.push(at, Entry::Event(event.clone()));
            }
        }
    }
}

/// Something that somebody said.
pub(super) struct Said<'a> {
    pub(super) place: Place,
    pub(super) from: &'a str,
    text: &'a str,
    pub(super) id: MessageId,
    is_old: bool,
}

impl<'a> Said<'a> {
    fn of(event: &'a UserEvent, me: &str) -> Option<Self> {
        match event {
            UserEvent::Message { room, from, text, id, history, .. } => {
                Some(Self { place: Place::Room(room.clone()), from, text, id: *id, is_old: *history })
            }
            UserEvent::Private { from, to, text, id, .. } => {
                let other = if from == me { to } else { from };
                Some(Self { place: Place::Person(other.clone()), from, text, id: *id, is_old: false })
            }
            _ => None,
        }
    }

    fn alert(&self) -> String {
        let text: String = self.text.chars().take(ALERT_CHARS).collect();
        let (from, text) = (printable(self.from), printable(&text).into_owned());
        if self.place.is_private() {
            return format!("{from} to you: {text}");
        }
        format!("{from} in {}: {text}", printable(self.place.name()))
    }
}
