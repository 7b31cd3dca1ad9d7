//! What does the client do about a line that was typed?
//!
//! Text and commands change what is wanted, at once: text typed behind `/join b` goes to `b`, though the
//! server has not let us in yet. What the server says to it comes later, with the line's number.

use super::event::{LineNumber, UserEvent};
use super::outbox::Said;
use super::router::{ChatClient, OPEN_LINES_MAX};
use crate::chat::command::{self, Command};
use crate::chat::file_wish::{FileTarget, FileWish};
use crate::chat::message::{Act, Failure, PostKind, ToServer};
use crate::chat::room_name::RoomName;
use crate::time::Instant;

impl ChatClient {
    /// The user typed this. Each line ends in exactly one event that carries its number; numbers are not
    /// used twice.
    pub fn handle_line(&mut self, now: Instant, line: LineNumber, text: &str) {
        let is_full = self.open_lines.len() >= OPEN_LINES_MAX;
        self.open_lines.insert(line);
        let obeyed =
            if is_full { Err(full()) } else { command::parse(text).and_then(|c| self.obey(now, line, c)) };
        if let Err(failure) = obeyed {
            self.fail(line, failure);
        }
        self.advance(now);
    }

    fn obey(&mut self, now: Instant, line: LineNumber, command: Command) -> Result<(), Failure> {
        match command {
            Command::Say { text } => self.post(now, line, PostKind::Text, text)?,
            Command::Act { text } => self.post(now, line, PostKind::Action, text)?,
            Command::Private { to, text } => self.say(now, line, Said::Private { to, text }),
            Command::Reply { text } => {
                let to = self.reply_to.clone().ok_or_else(nobody_wrote)?;
                self.say(now, line, Said::Private { to, text });
            }
            Command::Join { room } => self.join(line, &room),
            Command::Part { room } => self.part(line, room.as_ref())?,
            Command::Rooms => self.ask(Some(line), |request| ToServer::Rooms { request }),
            Command::Who { room } => {
                let room = room.map(|room| room.as_str().to_owned());
                self.ask(Some(line), |request| ToServer::Who { request, room });
            }
            Command::Whois { name } => self.ask(Some(line), |request| ToServer::Whois { request, name }),
            Command::Nick { name } => self.ask(Some(line), |request| ToServer::Nick { request, name }),
            Command::Away { text } => {
                let text = Some(text.unwrap_or_default());
                self.ask(Some(line), |request| ToServer::Away { request, text });
            }
            Command::Back => self.ask(Some(line), |request| ToServer::Away { request, text: None }),
            Command::Moderate { act } => self.ask(Some(line), |request| ToServer::Moderate { request, act }),
            Command::Slow { seconds } => {
                let room = self.current_room().map(str::to_owned).ok_or_else(no_room)?;
                let act = Act::Slow { room, seconds };
                self.ask(Some(line), |request| ToServer::Moderate { request, act });
            }
            Command::Topic { text } => self.topic(line, text)?,
            Command::Measures => self.ask(Some(line), |request| ToServer::Measures { request }),
            Command::Audit { count } => self.ask(Some(line), |request| ToServer::Audit { request, count }),
            Command::History { count } => self.ask_earlier(line, count)?,
            Command::Help { about } => {
                self.tell(UserEvent::Help { line, text: command::help_text(about) });
            }
            Command::Send { path, to } => self.send_file(line, path, to)?,
            Command::File { wish } => self.tell(UserEvent::FileAsked { line, wish }),
            Command::Stats => self.tell(UserEvent::StatsAsked { line }),
            Command::Fingerprint => self.ask_for_keys(line),
            Command::Quit => self.tell(UserEvent::QuitAsked { line }),
        }
        Ok(())
    }

    fn post(&mut self, now: Instant, line: LineNumber, kind: PostKind, text: String) -> Result<(), Failure> {
        let visit = self.rooms.current().ok_or_else(no_room)?;
        self.say(now, line, Said::Post { visit, kind, text });
        Ok(())
    }

    fn send_file(&mut self, line: LineNumber, path: String, to: Option<String>) -> Result<(), Failure> {
        let to = match to {
            Some(name) => FileTarget::Person(name),
            None => FileTarget::Room(self.current_room().map(str::to_owned).ok_or_else(no_room)?),
        };
        self.tell(UserEvent::FileAsked { line, wish: FileWish::Send { path, to } });
        Ok(())
    }

    fn join(&mut self, line: LineNumber, room: &RoomName) {
        let wanted = self.rooms.wanted(room.as_str());
        let id = wanted.unwrap_or_else(|| self.rooms.enter(room.as_str()));
        self.go_to(Some(id));
        let Some(visit) = self.rooms.get_mut(id) else { return };
        if visit.entered {
            let room = visit.room.clone();
            let name = self.myself.name().to_owned();
            self.tell(UserEvent::Joined { room, name, own: true, line: Some(line) });
        } else {
            visit.join_lines.push(line);
        }
    }

    /// `/topic` asks the server to set it, or else tells what we know of it.
    fn topic(&mut self, line: LineNumber, text: Option<String>) -> Result<(), Failure> {
        let visit = self.rooms.current().and_then(|id| self.rooms.get(id)).ok_or_else(no_room)?;
        let room = visit.room.clone();
        match text {
            None => {
                let (topic, by) = visit.topic.clone();
                self.tell(UserEvent::Topic { room, topic, by, line: Some(line) });
            }
            Some(text) => {
                let act = Act::Topic { room, text };
                self.ask(Some(line), |request| ToServer::Moderate { request, act });
            }
        }
        Ok(())
    }

    fn part(&mut self, line: LineNumber, room: Option<&RoomName>) -> Result<(), Failure> {
        let id = match room {
            Some(room) => self.rooms.wanted(room.as_str()).ok_or_else(|| not_in(room.as_str()))?,
            None => self.rooms.current().ok_or_else(no_room)?,
        };
        if let Some(visit) = self.rooms.get_mut(id) {
            visit.leaving = true;
            visit.part_line = Some(line);
        }
        self.leave_current(id);
        Ok(())
    }
}

fn full() -> Failure {
    let text =
        format!("{OPEN_LINES_MAX} lines wait for the server already; type this again when some are through");
    Failure::new("too-many-pending", text)
}

pub(super) fn no_room() -> Failure {
    Failure::new("no-room", "you are in no room: /join one first, or /msg somebody")
}

pub(super) fn not_in(room: &str) -> Failure {
    Failure::new("not-in-room", format!("you are not in {room}"))
}

fn nobody_wrote() -> Failure {
    Failure::new("nobody-to-reply", "nobody has written to you in private yet; use /msg NAME TEXT")
}
