//! What was said further back?
//!
//! Each room has an oldest message that was shown here; what comes above it is shown once. Two requests that went
//! out together are answered with the same page: the second one asks again for what is above it.

use crate::chat::client::event::{LineNumber, UserEvent};
use crate::chat::client::rooms::Stay;
use crate::chat::client::router::ChatClient;
use crate::chat::client::typed::no_room;
use crate::chat::message::{Failure, MessageId, RequestId, RoomMessage, ToServer};

/// Above every message: the greatest number that can be written.
const NEWEST: MessageId = MessageId((1 << 62) - 1);

impl ChatClient {
    /// `/history`: asks for so many messages before the oldest that was shown in the current room.
    pub(in crate::chat::client) fn ask_earlier(
        &mut self,
        line: LineNumber,
        count: u64,
    ) -> Result<(), Failure> {
        let room = self.current_room().map(str::to_owned).ok_or_else(no_room)?;
        self.ask_above(line, room, count);
        Ok(())
    }

    fn ask_above(&mut self, line: LineNumber, room: String, count: u64) {
        let before = self.shown.oldest(&room).unwrap_or(NEWEST);
        self.ask(Some(line), |request| ToServer::Earlier { request, room, before, count });
    }

    pub(super) fn hear_page(
        &mut self,
        request: RequestId,
        room: String,
        mut messages: Vec<RoomMessage>,
        at_start: bool,
    ) {
        let Some(asked) = self.requests.settle(request) else { return };
        let (Some(line), ToServer::Earlier { count, .. }) = (asked.line, asked.message) else { return };
        let oldest = self.shown.oldest(&room).unwrap_or(NEWEST);
        let had_some = !messages.is_empty();
        messages.retain(|message| message.id < oldest);
        if messages.is_empty() && had_some && !at_start {
            return self.ask_above(line, room, count);
        }
        if let [first, ..] = messages.as_slice()
            && let [.., last] = messages.as_slice()
        {
            self.shown.on_earlier(&room, (first.id, last.id));
        }
        self.tell(UserEvent::Earlier { line, room, messages, at_start });
    }

    /// May this be asked now? What is read in a room waits until the session is in it again, since the server
    /// hears the two on channels of their own.
    pub(in crate::chat::client) fn may_ask(&self, message: &ToServer) -> bool {
        let ToServer::Earlier { room, .. } = message else { return true };
        let visit = self.rooms.wanted(room).and_then(|id| self.rooms.get(id));
        visit.is_none_or(|visit| !matches!(visit.stay, Stay::Out | Stay::Joining))
    }
}
