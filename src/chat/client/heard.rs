//! What does the client do about a message from the server?
//!
//! Each kind of message has its kind of channel; one in the wrong place, or one that the state of its room
//! does not allow, is an error that ends the session, and never more than that.

use super::event::{LineNumber, UserEvent};
use super::outbox::{Lane, Said, Unaccepted};
use super::requests::Request;
use super::rooms::{Stay, VisitId};
use super::router::{ChatClient, Link};
use super::typed::not_in;
use crate::chat::codec::decode_to_client;
use crate::chat::message::{
    CONTROL_CHANNEL, Counter, Failure, MessageId, Origin, PRIVATE_CHANNEL, PersonEntry, PersonId,
    PresenceState, PrivateMessage, RequestId, RoomMessage, ToClient, ToServer,
};
use crate::time::Instant;
use crate::wire::Malformed;

const MISPLACED: Malformed = Malformed("a chat message in a channel or at a time where it has no place");

impl ChatClient {
    /// The server said this in this channel of the present session.
    ///
    /// [`Malformed`] when these bytes are no message, or one that has no place there: the caller closes the
    /// session. Nothing is lost by that.
    pub fn handle_message(&mut self, _now: Instant, channel: u64, bytes: &[u8]) -> Result<(), Malformed> {
        if self.link == Link::Down {
            return Err(MISPLACED);
        }
        let message = decode_to_client(bytes)?;
        match channel {
            CONTROL_CHANNEL => self.hear_control(message)?,
            PRIVATE_CHANNEL => self.hear_private_channel(message)?,
            _ => {
                let visit = self.rooms.on_channel(channel).ok_or(MISPLACED)?;
                self.hear_room(visit, message)?;
            }
        }
        self.advance();
        Ok(())
    }

    fn hear_control(&mut self, message: ToClient) -> Result<(), Malformed> {
        match message {
            ToClient::Welcome { person, name, private_last } => {
                self.hear_welcome(person, &name, private_last)
            }
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

    fn hear_welcome(&mut self, person: PersonId, name: &str, private_last: MessageId) {
        let known = self.myself.on_welcome(person, name);
        self.shown.on_welcome(private_last);
        self.link = Link::Welcomed;
        self.tell(UserEvent::Connected { name: name.to_owned() });
        if !known {
            let room = self.current_room().map(str::to_owned);
            self.tell(UserEvent::CurrentRoom { room });
        }
        let pending: Vec<ToServer> = self.requests.iter().cloned().collect();
        for message in pending {
            self.send(CONTROL_CHANNEL, &message);
        }
        if let Some(word) = self.myself.away.clone()
            && !self.requests.is_setting_away()
        {
            self.ask(None, |request| ToServer::Away { request, text: Some(word) });
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
        let Some(Request { line, message }) = self.requests.settle(request) else { return };
        match (message, line) {
            // The news may have come first, and taken the line with it.
            (ToServer::Nick { name, .. }, Some(_)) => self.rename_myself(name, line),
            (ToServer::Away { text, .. }, _) => self.set_away(text, line),
            (ToServer::Who { .. } | ToServer::Whois { .. } | ToServer::Rooms { .. }, Some(line)) => {
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

    fn hear_private_channel(&mut self, message: ToClient) -> Result<(), Malformed> {
        match message {
            ToClient::Private(message) => self.hear_private(message),
            ToClient::PrivateCopy(message) => self.tell_private(message),
            ToClient::Accepted { counter, id } => self.hear_accepted(counter, id, 0),
            ToClient::Rejected { counter, failure } => self.hear_rejected(counter, failure),
            _ => return Err(MISPLACED),
        }
        Ok(())
    }

    fn hear_private(&mut self, message: PrivateMessage) {
        let PrivateMessage { id, from, origin, counter, at_ms, .. } = &message;
        if !self.shown.admit_private(*id) {
            return;
        }
        if &**from != self.myself.name() {
            self.reply_to = Some(from.to_string());
        } else if self.is_here(*origin) {
            // A note to oneself: it has come back, and so was accepted.
            return self.hear_accepted(*counter, *id, *at_ms);
        }
        self.tell_private(message);
    }

    fn tell_private(&mut self, message: PrivateMessage) {
        let PrivateMessage { id, from, to, at_ms, text, .. } = message;
        let (from, to, text) = (from.to_string(), to.to_string(), text.to_string());
        self.tell(UserEvent::Private { from, to, text, id, at_ms, own: false });
    }

    /// The server has it for good: said by a receipt, or by the message itself if the receipt was lost.
    fn hear_accepted(&mut self, counter: Counter, id: MessageId, at_ms: u64) {
        let Some(Unaccepted { line, said, .. }) = self.outbox.settle(counter) else { return };
        self.tell(UserEvent::Accepted { line, id });
        if let Said::Private { to, text } = said {
            let from = self.myself.name().to_owned();
            self.tell(UserEvent::Private { from, to, text, id, at_ms, own: true });
        }
    }

    fn hear_rejected(&mut self, counter: Counter, failure: Failure) {
        if let Some(entry) = self.outbox.settle(counter) {
            self.fail(entry.line, failure);
        }
    }

    fn is_here(&self, origin: Origin) -> bool {
        self.config.instance.origin() == origin
    }

    fn hear_room(&mut self, id: VisitId, message: ToClient) -> Result<(), Malformed> {
        let visit = self.rooms.get_mut(id).ok_or(MISPLACED)?;
        let is_in = matches!(visit.stay, Stay::In | Stay::Parting);
        match message {
            ToClient::Accepted { counter, id } => self.hear_accepted(counter, id, 0),
            ToClient::Rejected { counter, failure } => self.hear_rejected(counter, failure),
            ToClient::Joined { room, people, total, last } if visit.stay == Stay::Joining => {
                visit.stay = Stay::In;
                visit.room.clone_from(&room);
                visit.members.clear();
                visit.on_members(&people, true);
                self.shown.on_joined(&room, last, self.config.history);
                self.hear_joined(id, people, total);
            }
            ToClient::JoinFailed { failure } if visit.stay == Stay::Joining => self.hear_over(id, &failure),
            ToClient::Parted if visit.stay == Stay::Parting => self.finish_visit(id),
            ToClient::Parted if is_in => {
                let failure = not_in(&visit.room);
                self.hear_over(id, &failure);
            }
            ToClient::Message { message, history } if is_in => self.hear_message(id, message, history),
            ToClient::HistoryGap { missed } if is_in => {
                let text = format!("{missed} earlier messages of {} are no longer kept", visit.room);
                self.tell(UserEvent::Notice { text });
            }
            ToClient::MembersJoined { names } if is_in => self.hear_members(id, names, true),
            ToClient::MembersLeft { names } if is_in => self.hear_members(id, names, false),
            _ => return Err(MISPLACED),
        }
        Ok(())
    }

    fn hear_joined(&mut self, id: VisitId, names: Vec<String>, total: u64) {
        let Some(visit) = self.rooms.get_mut(id) else { return };
        if visit.told_over {
            return;
        }
        let room = visit.room.clone();
        let lines = std::mem::take(&mut visit.join_lines);
        let unasked = (!visit.entered && lines.is_empty()).then_some(None);
        visit.entered = true;
        for line in lines.into_iter().map(Some).chain(unasked) {
            let name = self.myself.name().to_owned();
            self.tell(UserEvent::Joined { room: room.clone(), name, own: true, line });
        }
        self.tell(UserEvent::Members { room, names, total });
    }

    /// The server does not have us in this room: all that hangs on it fails, aloud. What was sent already is
    /// left to the server's own answer.
    fn hear_over(&mut self, id: VisitId, failure: &Failure) {
        let Some(visit) = self.rooms.get_mut(id) else { return };
        visit.stay = Stay::Over;
        visit.leaving = true;
        if std::mem::replace(&mut visit.told_over, true) {
            return;
        }
        let (room, entered) = (visit.room.clone(), visit.entered);
        let join_lines = std::mem::take(&mut visit.join_lines);
        let part_line = visit.part_line.take();
        if join_lines.is_empty() {
            self.tell(UserEvent::Error { failure: failure.clone(), line: None });
        }
        for line in join_lines {
            self.fail(line, failure.clone());
        }
        if entered {
            let (room, name) = (room.clone(), self.myself.name().to_owned());
            self.tell(UserEvent::Left { room, name, own: true, line: None });
        }
        for entry in self.outbox.take_waiting(Lane::Visit(id)) {
            self.fail(entry.line, failure.clone());
        }
        if let Some(line) = part_line {
            self.fail(line, not_in(&room));
        }
        self.leave_current(id);
    }

    fn hear_message(&mut self, id: VisitId, message: RoomMessage, history: bool) {
        let own = self.is_here(message.origin) && self.myself.may_be(message.person);
        if own {
            self.hear_accepted(message.counter, message.id, message.at_ms);
        }
        let Some(visit) = self.rooms.get(id).filter(|visit| !visit.told_over) else { return };
        if self.shown.admit(&visit.room, message.id) {
            let room = visit.room.clone();
            let RoomMessage { id, name, at_ms, kind, text, .. } = message;
            let (from, text) = (name.to_string(), text.to_string());
            self.tell(UserEvent::Message { room, from, kind, text, id, at_ms, history, own });
        }
    }

    fn hear_members(&mut self, id: VisitId, names: Vec<String>, came: bool) {
        let Some(visit) = self.rooms.get_mut(id) else { return };
        visit.on_members(&names, came);
        if visit.told_over {
            return;
        }
        let room = visit.room.clone();
        for name in names {
            let (room, own, line) = (room.clone(), false, None);
            // Another terminal of ours says nothing new about us.
            if name == self.myself.name() {
                continue;
            }
            self.tell(if came {
                UserEvent::Joined { room, name, own, line }
            } else {
                UserEvent::Left { room, name, own, line }
            });
        }
    }
}
