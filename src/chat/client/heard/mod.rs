//! What does the client do about a message from the server?
//!
//! Each kind of message has its kind of channel; one in the wrong place, or one that the state of its room
//! does not allow, is an error that ends the session, and never more than that.
//!
//! - `control`: who we are, answers to requests, what became of others;
//! - `private`: private messages, and the receipts of all messages;
//! - `room`: what happens in a room.

mod control;
mod private;
mod room;

use super::router::{ChatClient, Link};
use crate::chat::codec::decode_to_client;
use crate::chat::message::{CONTROL_CHANNEL, PRIVATE_CHANNEL};
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
}
