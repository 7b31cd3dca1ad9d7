//! What was said in private, and what has the server accepted?

use super::MISPLACED;
use crate::chat::client::event::UserEvent;
use crate::chat::client::outbox::{Said, Unaccepted};
use crate::chat::client::router::ChatClient;
use crate::chat::message::{Counter, Failure, MessageId, Origin, PrivateMessage, ToClient};
use crate::wire::Malformed;

impl ChatClient {
    pub(super) fn hear_private_channel(&mut self, message: ToClient) -> Result<(), Malformed> {
        match message {
            ToClient::Private(message) => self.hear_private(message),
            ToClient::PrivateCopy(message) => self.tell_private(message),
            ToClient::PrivateSeen { by, through } => self.tell(UserEvent::SeenBy { name: by, through }),
            ToClient::Typing { name } => self.tell(UserEvent::Typing { room: None, name }),
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
    pub(super) fn hear_accepted(&mut self, counter: Counter, id: MessageId, at_ms: u64) {
        let Some(Unaccepted { line, said, .. }) = self.outbox.settle(counter) else { return };
        self.tell(UserEvent::Accepted { line, id });
        if let Said::Private { to, text } = said {
            let from = self.myself.name().to_owned();
            self.tell(UserEvent::Private { from, to, text, id, at_ms, own: true });
        }
    }

    pub(super) fn hear_rejected(&mut self, counter: Counter, failure: Failure) {
        if let Some(entry) = self.outbox.settle(counter) {
            self.fail(entry.line, failure);
        }
    }

    pub(super) fn is_here(&self, origin: Origin) -> bool {
        self.config.instance.origin() == origin
    }
}
