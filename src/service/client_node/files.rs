//! What has a client node to do with files? It carries what the porter says, and waits for it on leaving.

use super::node::ClientNode;
use crate::files::FileEvent;
use crate::files::message::FILES_CHANNEL;
use crate::service::api::ClientEvent;
use crate::time::Instant;

impl ClientNode {
    /// Is any line without its outcome?
    pub(super) fn is_unsettled(&self) -> bool {
        self.chat.unsettled_lines() > 0 || !self.files.is_idle()
    }

    /// One step of what there is to do about files. False if there is nothing.
    pub(super) fn carry_files(&mut self, now: Instant) -> bool {
        let chat = &self.chat;
        self.files.advance(|room| chat.standing(room));
        if let Some(bytes) = self.files.poll_send() {
            self.send(now, FILES_CHANNEL, bytes);
        } else if let Some(event) = self.files.poll_event() {
            if event.line().is_some() {
                self.leave.on_settled(now);
            } else if matches!(event, FileEvent::Progress { .. }) {
                self.leave.on_moved(now);
            }
            self.events.push_back(ClientEvent::File(event));
        } else {
            return false;
        }
        true
    }
}
