//! Where does a line go that was typed here?
//!
//! ```text
//!  in lobby     hello          ─▶ (/join lobby, if the client's text goes elsewhere)  hello
//!  with bob     hello          ─▶ /msg bob hello
//!  anywhere     /msg bob hello ─▶ as it is, and the conversation opens
//!  anywhere     /join lab      ─▶ as it is, and the room opens
//!  anywhere     /notify, /theme   settings of this window: nothing leaves
//! ```
//!
//! One Enter is one message: the lines of a paste stay together, with their breaks. What is not well
//! formed is explained, and stays in the line to be mended.

use super::buffer::{Entry, Place};
use super::local::{self, Local};
use super::state::{State, Wish};
use crate::chat::client::event::UserEvent;
use crate::chat::command::{self, Command};
use crate::chat::message::Failure;

/// What a typed line comes to.
enum Plan {
    /// This line leaves for this place, which is looked at from now on.
    Send { place: Place, line: String, needs_room: bool },
    /// The place that is looked at is closed.
    Close,
}

impl State {
    /// Enter was pressed.
    pub(super) fn send(&mut self) -> Wish {
        let text = self.typing.input.text().trim_end_matches('\n').to_owned();
        if text.trim().is_empty() {
            self.typing.input.take();
            return Wish::Nothing;
        }
        if let Some(read) = local::parse(&text) {
            return self.obey(read);
        }
        match self.plan(&text) {
            Ok(plan) => self.carry_out(plan),
            Err(failure) => {
                let refused = UserEvent::Error { failure, line: None };
                self.buffers.say_here(self.now, Entry::Event(refused));
                self.scroll_to_end();
                Wish::Nothing
            }
        }
    }

    fn obey(&mut self, read: Result<Local, String>) -> Wish {
        match read {
            Err(usage) => {
                self.note(format!("! {usage}"));
                return Wish::Nothing;
            }
            Ok(Local::Notify(wanted)) => {
                self.attention.notify = wanted.unwrap_or(self.attention.notify);
                self.note(format!("* the bell rings for: {}", self.attention.notify.word()));
            }
            Ok(Local::Theme(wanted)) => {
                self.theme = wanted.unwrap_or(self.theme);
                self.note(format!("* theme: {}", self.theme.word()));
            }
        }
        self.typing.sent();
        Wish::Nothing
    }

    fn plan(&self, text: &str) -> Result<Plan, Failure> {
        let here = self.buffers.active();
        let send = |place: Place, line: String, needs_room| Ok(Plan::Send { place, line, needs_room });
        let there = |place: Place| send(place, text.to_owned(), false);
        let command = command::parse(text)?;
        match (command, &here.place) {
            (Command::Join { room }, _) => there(Place::Room(room.as_str().to_owned())),
            (Command::Private { to, .. }, _) => there(Place::Person(to)),
            (Command::Reply { text }, _) => match &self.reply_to {
                Some(to) => send(Place::Person(to.clone()), format!("/msg {to} {text}"), false),
                None => there(here.place.clone()),
            },
            (Command::Say { text }, Place::Person(name)) => {
                send(here.place.clone(), format!("/msg {name} {text}"), false)
            }
            (
                Command::Act { .. } | Command::Topic { .. } | Command::Slow { .. } | Command::History { .. },
                Place::Person(_),
            ) => Err(Failure::new("no-room", "this is for rooms, and here you talk in private")),
            (Command::Part { room: None }, Place::Person(_)) => Ok(Plan::Close),
            (Command::Part { room: None }, Place::Room(_)) if here.left => Ok(Plan::Close),
            (command, Place::Room(room)) if here.left && needs_room(&command) => {
                let text = format!("you are not in {room}; /join {room} first");
                Err(Failure::new("not-in-room", text))
            }
            (command, place) => send(place.clone(), text.to_owned(), needs_room(&command)),
        }
    }

    fn carry_out(&mut self, plan: Plan) -> Wish {
        self.typing.sent();
        let Plan::Send { place, line, needs_room } = plan else {
            self.buffers.close(self.buffers.active_index());
            return Wish::Nothing;
        };
        let index = self.buffers.open(place.clone());
        self.go_to(index);
        self.scroll_to_end();
        let Place::Room(room) = &place else {
            self.sending.on_sent(place, &line, false);
            return Wish::Send(vec![line]);
        };
        let mut lines = if needs_room { self.lines_to_talk_in(room) } else { Vec::new() };
        match command::parse(&line) {
            Ok(Command::Join { room }) => self.sending.room = Some(room.as_str().to_owned()),
            Ok(Command::Part { .. }) => self.sending.room = None,
            _ => {}
        }
        self.sending.on_sent(place, &line, false);
        lines.push(line);
        Wish::Send(lines)
    }

    /// What has to leave before a line for this room, if the client's text goes elsewhere.
    pub(super) fn lines_to_talk_in(&mut self, room: &str) -> Vec<String> {
        if self.sending.room.as_deref() == Some(room) {
            return Vec::new();
        }
        let join = format!("/join {room}");
        self.sending.on_sent(Place::Room(room.to_owned()), &join, true);
        self.sending.room = Some(room.to_owned());
        vec![join]
    }
}

/// Does this speak of the room that one is in?
fn needs_room(command: &Command) -> bool {
    matches!(
        command,
        Command::Say { .. }
            | Command::Act { .. }
            | Command::Part { room: None }
            | Command::Topic { .. }
            | Command::Slow { .. }
            | Command::History { .. }
    )
}
