//! What does the node do when the server wants something proved?
//!
//! It hands the question on, with the salt bound to the key that the server proved, to whoever knows a secret
//! or can ask a person. In the clear no key is proved, so nothing is ever answered.

use super::node::{ClientNode, GOODBYE, Stage};
use crate::chat::client::at_door::Asked;
use crate::chat::client::event::UserEvent;
use crate::chat::message::{Failure, Wanted};
use crate::crypto::{BoundSalt, Purpose};
use crate::service::api::{Answer, ClientEvent, Ending, Question};
use crate::time::Instant;
use crate::transport::session::CloseCode;

impl ClientNode {
    pub(super) fn on_asked(&mut self, now: Instant, asked: Asked) {
        let Some(server) = self.server_key.filter(|_| !self.config.insecure) else {
            let text = "the server asks for a secret, and with --insecure everybody could read it: nothing was \
                        sent. Ask whoever runs it to serve without --insecure";
            return self.leave_door(now, Failure::new("secret-required", text));
        };
        let purpose = match asked.wanted {
            Wanted::Secret => Purpose::ClassSecret,
            Wanted::Password => Purpose::Password,
        };
        self.events.push_back(ClientEvent::Asked(Question {
            wanted: asked.wanted,
            name: self.chat.name().to_owned(),
            salt: BoundSalt::new(purpose, &server, asked.salt),
            tries_left: asked.tries_left,
            again: asked.again,
            first_meeting: self.is_new_server && !self.pins.is_vouched_for(),
        }));
    }

    pub(super) fn answer(&mut self, now: Instant, answer: Answer) {
        match answer {
            _ if self.stage != Stage::Up => {}
            Ok(proof) => self.chat.prove(proof),
            Err(failure) => self.leave_door(now, failure),
        }
    }

    /// There is no answer: leaves in good order, refused.
    fn leave_door(&mut self, now: Instant, failure: Failure) {
        if self.is_leaving() {
            return;
        }
        let Failure { code, text } = failure.clone();
        self.tell(UserEvent::Error { failure, line: None });
        self.stage = Stage::Leaving { ending: Ending::Refused { code, text }, until: now + GOODBYE };
        if let Some(session) = &mut self.session {
            session.close(now, CloseCode::GOODBYE, "");
        }
    }
}
