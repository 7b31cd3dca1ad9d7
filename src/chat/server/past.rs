//! What was said further back?
//!
//! ```text
//!  Earlier(room, before 70, 50) ─▶ is the asker in the room? ─▶ store: the newest 51 up to 69
//!                                                                    │
//!  Page: 20 … 69, not at the start, since a 51st was there ◀─────────┘
//! ```
//!
//! A page is cut from its old end, so that it always joins on to what the asker has, and fits into one message.

use super::chat_server::ChatServer;
use super::control::server_busy;
use super::effect::{Effect, SessionKey};
use super::lookups::Lookup;
use crate::chat::message::{Failure, MessageId, RequestId, RoomMessage, ToClient};
use crate::store::{RoomId, StoreRequest};

/// Messages of a page, at most.
pub const PAGE: u64 = 100;
/// Bytes of a page, at most (but always one message). Ours: leaves room for the fields around it.
const BYTES: usize = 60_000;
/// What a message takes besides its name and its text, at most.
const OVERHEAD: usize = 64;
/// Pages of a session that the store is asked for at a time.
const AT_A_TIME: usize = 8;

/// A page that somebody waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Who.
    pub session: SessionKey,
    /// By which request.
    pub request: RequestId,
    /// Of which room.
    pub room: RoomId,
    /// So many messages.
    pub count: usize,
}

/// The newest of these that fit into one message, and whether all do.
fn cut(messages: Vec<RoomMessage>, count: usize) -> (Vec<RoomMessage>, bool) {
    let mut bytes = 0;
    let fits = |(index, message): &(usize, &RoomMessage)| {
        bytes += message.name.len() + message.text.len() + OVERHEAD;
        *index < count && (bytes <= BYTES || *index == 0)
    };
    let taken = messages.iter().rev().enumerate().take_while(fits).count();
    let left_out = messages.len() - taken;
    (messages.into_iter().skip(left_out).collect(), left_out == 0)
}

impl ChatServer {
    /// Somebody wants to read what was said in a room before this message.
    pub(super) fn earlier(
        &mut self,
        key: SessionKey,
        request: RequestId,
        room: &str,
        before: MessageId,
        count: u64,
    ) {
        match self.room_to_read(key, room) {
            Err(failure) => self.answer_request(key, request, Err(failure)),
            Ok(room) => {
                let count = count.clamp(1, PAGE);
                let wanted =
                    Wanted { session: key, request, room, count: usize::try_from(count).unwrap_or(1) };
                let ticket = self.lookups.add(Lookup::Earlier(wanted));
                let through = MessageId(before.0.saturating_sub(1));
                let limit = u32::try_from(count + 1).unwrap_or(u32::MAX);
                self.effects.push_back(Effect::Store(StoreRequest::Latest { ticket, room, through, limit }));
            }
        }
    }

    /// The room of this name, if this session is in it and not too much is under way.
    fn room_to_read(&self, key: SessionKey, typed: &str) -> Result<RoomId, Failure> {
        let room = self.existing_room(typed)?;
        if self.sessions.get(key).and_then(|session| session.channel(room)).is_none() {
            let text = format!("you are not in {}; /join it first", self.rooms.name(room));
            return Err(Failure::new("not-in-room", text));
        }
        if self.lookups.pages_of(key) >= AT_A_TIME {
            return Err(server_busy());
        }
        Ok(room)
    }

    /// The store has messages of a room: a page that somebody asked for, or else one of a replay.
    pub(super) fn on_room_messages(&mut self, ticket: u64, messages: Vec<RoomMessage>) {
        let Some(wanted) = self.lookups.take_page(ticket) else { return self.on_messages(ticket, messages) };
        if self.sessions.get(wanted.session).is_some() {
            let (messages, at_start) = cut(messages, wanted.count);
            let (request, room) = (wanted.request, self.rooms.name(wanted.room).to_string());
            self.tell(wanted.session, &ToClient::Page { request, room, messages, at_start });
        }
    }

    /// The store could not read it.
    pub(super) fn on_earlier_unavailable(&mut self, wanted: &Wanted, reason: &str) {
        if self.sessions.get(wanted.session).is_some() {
            let failure =
                Failure::new("storage-failed", format!("earlier messages could not be read: {reason}"));
            self.answer_request(wanted.session, wanted.request, Err(failure));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::message::{Counter, Origin, PersonId, PostKind};

    fn messages(count: u64, bytes: usize) -> Vec<RoomMessage> {
        let message = |id| RoomMessage {
            id: MessageId(id),
            person: PersonId(1),
            name: "ann".into(),
            origin: Origin(1),
            counter: Counter(id),
            at_ms: 0,
            kind: PostKind::Text,
            text: "x".repeat(bytes).into(),
        };
        (1..=count).map(message).collect()
    }

    #[test]
    fn a_page_is_cut_from_its_old_end_by_count_and_by_bytes() {
        let of = |count, bytes, asked| {
            let (page, all) = cut(messages(count, bytes), asked);
            (page.len(), page.last().map(|message| message.id.0), all)
        };
        assert_eq!(of(51, 1, 50), (50, Some(51), false));
        assert_eq!(of(50, 1, 50), (50, Some(50), true));
        assert_eq!(of(10, 16_000, 50), (3, Some(10), false));
        assert_eq!(of(0, 0, 50), (0, None, true));
    }

    #[test]
    fn the_fullest_page_fits_into_one_message() {
        let (messages, _) = cut(messages(101, 530), 100);
        assert_eq!(messages.len(), 100);
        let page =
            ToClient::Page { request: RequestId(1 << 61), room: "x".repeat(128), messages, at_start: false };
        assert!(crate::chat::codec::encode_to_client(&page).len() <= 65_536);
    }
}
