//! What happens in a room?

use super::MISPLACED;
use crate::chat::client::event::UserEvent;
use crate::chat::client::outbox::Lane;
use crate::chat::client::rooms::{Stay, VisitId};
use crate::chat::client::router::ChatClient;
use crate::chat::client::typed::not_in;
use crate::chat::message::{Failure, MessageId, RoomMessage, ToClient};
use crate::wire::Malformed;

impl ChatClient {
    pub(super) fn hear_room(&mut self, id: VisitId, message: ToClient) -> Result<(), Malformed> {
        let visit = self.rooms.get_mut(id).ok_or(MISPLACED)?;
        let is_in = matches!(visit.stay, Stay::In | Stay::Parting);
        match message {
            ToClient::Joined { room, people, total, last, from, seen } if visit.stay == Stay::Joining => {
                visit.stay = Stay::In;
                visit.room.clone_from(&room);
                visit.members.clear();
                visit.on_members(&people, true);
                visit.members.remove(self.myself.name());
                let is_first = self.shown.since(&room).is_none();
                self.shown.on_joined(&room, last, from);
                self.hear_joined(id, people, total);
                if is_first && seen > MessageId::default() && seen < last {
                    self.tell(UserEvent::SinceLeft { room, seen, missed: last.0 - seen.0 });
                }
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
            ToClient::SeenByAll { through } if is_in => {
                let room = visit.room.clone();
                self.tell(UserEvent::SeenByAll { room, through });
            }
            ToClient::Typing { name } if is_in => {
                let room = Some(visit.room.clone());
                self.tell(UserEvent::Typing { room, name });
            }
            ToClient::Topic { text, by } if is_in => self.hear_topic(id, text, by),
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

    fn hear_topic(&mut self, id: VisitId, topic: String, by: String) {
        let Some(visit) = self.rooms.get_mut(id) else { return };
        // After a reconnect it comes again.
        let known = std::mem::replace(&mut visit.topic, (topic.clone(), by.clone()));
        if known != visit.topic && !visit.told_over {
            let room = visit.room.clone();
            self.tell(UserEvent::Topic { room, topic, by, line: None });
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
