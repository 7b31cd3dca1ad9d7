//! Who are we, what is the answer, and what became of the others?

use super::MISPLACED;
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::client::requests::Request;
use crate::chat::client::router::{ChatClient, Link};
use crate::chat::message::{
    Failure, MessageId, PersonEntry, PersonId, PresenceState, RequestId, Role, ToClient, ToServer,
};
use crate::chat::quota::Terms;
use crate::time::Instant;
use crate::wire::Malformed;

impl ChatClient {
    pub(super) fn hear_control(&mut self, now: Instant, message: ToClient) -> Result<(), Malformed> {
        match message {
            ToClient::Welcome { person, name, private_after } => {
                self.hear_welcome(person, &name, private_after);
            }
            ToClient::Terms { role, per_second, burst } => {
                self.pace.on_terms(now, Terms::told(per_second, burst));
                self.hear_role(role);
            }
            ToClient::Measures { request, measures } => {
                self.answer(request, |line| UserEvent::Measures { line, measures });
            }
            ToClient::Audit { request, entries } => {
                self.answer(request, |line| UserEvent::Audit { line, entries });
            }
            ToClient::Page { request, room, messages, at_start } => {
                self.hear_page(request, room, messages, at_start);
            }
            ToClient::Asked { wanted, salt, tries_left } => self.hear_asked(wanted, salt, tries_left)?,
            ToClient::Presence { changes } => self.hear_presence(changes),
            ToClient::Renamed { person, old, new } => self.hear_renamed(person, old, new),
            ToClient::Notice { text } => self.tell(UserEvent::Notice { text }),
            ToClient::Done { request } => self.hear_done(request),
            ToClient::Failed { request, failure } => {
                self.answer(request, |line| UserEvent::Error { failure, line: Some(line) });
            }
            ToClient::Who { request, room, people, total } => {
                self.answer(request, |line| UserEvent::Who { line, room, people, total });
            }
            ToClient::Whois { request, entry } => {
                self.answer(request, |line| UserEvent::Whois { line, entry });
            }
            ToClient::Rooms { request, rooms } => {
                self.answer(request, |line| UserEvent::Rooms { line, rooms });
            }
            _ => return Err(MISPLACED),
        }
        Ok(())
    }

    fn hear_welcome(&mut self, person: PersonId, name: &str, private_after: MessageId) {
        let known = self.myself.on_welcome(person, name);
        self.shown.on_welcome(private_after);
        self.link = Link::Welcomed;
        self.tell(UserEvent::Connected { name: name.to_owned() });
        self.say_again_after_the_door();
        if !known {
            let room = self.current_room().map(str::to_owned);
            self.tell(UserEvent::CurrentRoom { room });
        }
        self.tell_asked_for_keys();
        if let Some(word) = self.myself.away.clone()
            && !self.requests.is_setting_away()
        {
            self.ask(None, |request| ToServer::Away { request, text: Some(word) });
        }
    }

    fn hear_role(&mut self, role: Role) {
        if self.myself.role != role {
            self.myself.role = role;
            self.tell(UserEvent::Role { role });
        }
    }

    fn hear_presence(&mut self, changes: Vec<PersonEntry>) {
        for PersonEntry { name, state } in changes {
            if name != self.myself.name() {
                self.tell(UserEvent::Presence { name, state, line: None });
            }
        }
    }

    fn hear_renamed(&mut self, person: PersonId, old: String, new: String) {
        if self.myself.is(person) {
            let line = self.requests.take_nick_line(&new);
            if line.is_some() || new != self.myself.name() {
                self.rename_myself(new, line);
            }
            return;
        }
        self.rooms.on_renamed(&old, &new);
        if self.reply_to.as_ref() == Some(&old) {
            self.reply_to = Some(new.clone());
        }
        self.tell(UserEvent::Renamed { old, new, own: false, line: None });
    }

    fn rename_myself(&mut self, new: String, line: Option<LineNumber>) {
        let old = self.myself.name().to_owned();
        self.myself.rename(&new);
        self.tell(UserEvent::Renamed { old, new, own: true, line });
    }

    /// The answer to a request; one to no request of ours is no news.
    fn answer(&mut self, request: RequestId, event: impl FnOnce(LineNumber) -> UserEvent) {
        if let Some(line) = self.requests.settle(request).and_then(|request| request.line) {
            self.tell(event(line));
        }
    }

    fn hear_done(&mut self, request: RequestId) {
        let Some(Request { line, message, .. }) = self.requests.settle(request) else { return };
        match (message, line) {
            // The news may have come first, and taken the line with it.
            (ToServer::Nick { name, .. }, Some(_)) => self.rename_myself(name, line),
            (ToServer::Away { text, .. }, _) => self.set_away(text, line),
            (ToServer::Moderate { .. }, Some(line)) => self.tell(UserEvent::Obeyed { line }),
            (
                ToServer::Who { .. }
                | ToServer::Whois { .. }
                | ToServer::Rooms { .. }
                | ToServer::Measures { .. }
                | ToServer::Audit { .. }
                | ToServer::Earlier { .. },
                Some(line),
            ) => {
                self.fail(line, Failure::new("no-answer", "the server has no answer to this"));
            }
            _ => {}
        }
    }

    fn set_away(&mut self, word: Option<String>, line: Option<LineNumber>) {
        let state = if word.is_some() { PresenceState::Away } else { PresenceState::Online };
        self.myself.away = word;
        if line.is_some() {
            let name = self.myself.name().to_owned();
            self.tell(UserEvent::Presence { name, state, line });
        }
    }
}
