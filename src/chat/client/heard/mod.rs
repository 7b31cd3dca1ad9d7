//! What does the client do about a message from the server?
//!
//! Each kind of message has its kind of channel; one in the wrong place, or one that the state of its room
//! does not allow, is an error that ends the session, and never more than that.
//!
//! - `control`: who we are, answers to requests, what became of others;
//! - `private`: private messages, and the receipts of all messages;
//! - `room`: what happens in a room;
//! - `past`: what was said further back.

mod control;
mod past;
mod private;
mod room;

use super::router::{ChatClient, Link};
use crate::chat::codec::decode_to_client;
use crate::chat::message::{CONTROL_CHANNEL, PRIVATE_CHANNEL, ToClient};
use crate::time::Instant;
use crate::wire::Malformed;

const MISPLACED: Malformed = Malformed("a chat message in a channel or at a time where it has no place");

impl ChatClient {
    /// The server said this in this channel of the present session.
    ///
    /// [`Malformed`] when these bytes are no message, or one that has no place there: the caller closes the
    /// session. Nothing is lost by that.
    pub fn handle_message(&mut self, now: Instant, channel: u64, bytes: &[u8]) -> Result<(), Malformed> {
        if self.link == Link::Down {
            return Err(MISPLACED);
        }
        match (channel, decode_to_client(bytes)?) {
            (CONTROL_CHANNEL, message) => self.hear_control(now, message)?,
            // A receipt may come when its room is left already, or is another one: its counter says it all.
            (_, ToClient::Accepted { counter, id }) => self.hear_accepted(counter, id, 0),
            (_, ToClient::Rejected { counter, failure }) => self.hear_rejected(counter, failure),
            (PRIVATE_CHANNEL, message) => self.hear_private_channel(message)?,
            (_, message) => {
                let visit = self.rooms.on_channel(channel).ok_or(MISPLACED)?;
                self.hear_room(visit, message)?;
            }
        }
        self.advance(now);
        Ok(())
    }
}
