//! When does the server hear what was shown here, and that somebody is typing?
//!
//! Gathered: half a second after the first message that was shown, the server hears once for each room how
//! far all was; whoever leaves within it sees the last messages again the next time. Typing is told at most
//! once in three seconds, and believed for six.

use super::rooms::Stay;
use super::router::{ChatClient, Link};
use crate::chat::message::{PRIVATE_CHANNEL, ToServer};
use crate::time::{Duration, Instant};

const TELL_SEEN_AFTER: Duration = Duration::from_millis(500);
const TYPING_AGAIN_AFTER: Duration = Duration::from_secs(3);
/// Whoever is not said to be typing again for so long is not.
pub const TYPING_LASTS: Duration = Duration::from_secs(6);

/// What is to be told, and when.
#[derive(Debug, Default)]
pub struct Courtesy {
    seen_at: Option<Instant>,
    /// Where typing was told last, and when it may be again.
    typing: Option<(Target, Instant)>,
}

/// To whom somebody types.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Everybody in this room.
    Room(String),
    /// This person.
    Person(String),
}

impl Courtesy {
    /// When the server is to hear what was shown.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.seen_at
    }
}

impl ChatClient {
    pub(super) fn tell_seen(&mut self, now: Instant) {
        if self.link != Link::Welcomed || !self.config.reading.tells_seen || !self.shown.is_ahead() {
            self.courtesy.seen_at = None;
            return;
        }
        if now < *self.courtesy.seen_at.get_or_insert(now + TELL_SEEN_AFTER) {
            return;
        }
        self.courtesy.seen_at = None;
        if let Some(through) = self.shown.take_private_mark() {
            self.send_free(PRIVATE_CHANNEL, &ToServer::Seen { through });
        }
        for (room, through) in self.shown.take_marks() {
            if let Some(channel) = self.channel_in(&room) {
                self.send_free(channel, &ToServer::Seen { through });
            }
        }
    }

    /// The channel of a room that we are in.
    fn channel_in(&self, room: &str) -> Option<u64> {
        let visit = self.rooms.get(self.rooms.wanted(room)?)?;
        visit.channel.filter(|_| visit.stay == Stay::In)
    }

    /// The person is typing, and not yet done. Told if it is news and the server's terms let it.
    pub fn handle_typing(&mut self, now: Instant, target: Target) {
        let is_news = |(told, again_at): &(Target, Instant)| *told != target || *again_at <= now;
        if self.link != Link::Welcomed || !self.courtesy.typing.as_ref().is_none_or(is_news) {
            return;
        }
        let (channel, to) = match &target {
            Target::Person(name) => (PRIVATE_CHANNEL, Some(name.clone())),
            Target::Room(room) => {
                let Some(channel) = self.channel_in(room) else { return };
                (channel, None)
            }
        };
        if self.pace.may_send(now) {
            self.send(channel, &ToServer::Typing { to });
            self.courtesy.typing = Some((target, now + TYPING_AGAIN_AFTER));
        }
        self.advance(now);
    }
}
