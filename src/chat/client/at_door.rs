//! What does the client do when the server wants something proved first?
//!
//! ```text
//!  client                              server
//!    Join, Post #1 ──────────────────▶  not heard
//!    ◀─────────────────────── Asked     who is there? prove it
//!    Prove ──────────────────────────▶  right
//!    ◀───────────────────── Welcome
//!    Anew, Join, Post #1, Post #2 ───▶  heard, in each channel from Anew on
//! ```
//!
//! Until it is asked the client does not know that it will be, and a first flight may be under way. Channels
//! do not wait for each other, so a part of it may come after the welcome: on each channel [`ToServer::Anew`]
//! says where it begins, and the server drops what comes before. Counters keep the rest exactly once.
//!
//! Whoever owns the client takes the question with [`ChatClient::poll_asked`] and answers with
//! [`ChatClient::prove`]; the client itself knows no secret.

use super::router::{ChatClient, Link};
use crate::chat::codec::encode_to_server;
use crate::chat::message::{CONTROL_CHANNEL, Proof, ToServer, Wanted};
use crate::wire::Malformed;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// What the server asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// What is to be proved.
    pub wanted: Wanted,
    /// The salt that the server named.
    pub salt: [u8; 16],
    /// So many answers are looked at, this one included.
    pub tries_left: u8,
    /// Was the answer before, in this session, wrong?
    pub again: bool,
}

/// What the present session has seen of the door.
#[derive(Debug, Default)]
pub struct AtDoor {
    /// Not yet taken by the owner.
    question: Option<Asked>,
    was_asked: bool,
    awaits_proof: bool,
    /// Welcomed after having been asked: the channels that began since.
    begun: Option<BTreeSet<u64>>,
}

impl AtDoor {
    fn on_asked(&mut self, wanted: Wanted, salt: [u8; 16], tries_left: u8) {
        let again = std::mem::replace(&mut self.was_asked, true);
        self.awaits_proof = true;
        self.question = Some(Asked { wanted, salt, tries_left, again });
    }

    /// Something is to be sent on this channel: says first that it begins, if that must be said.
    pub fn begin(&mut self, channel: u64, sends: &mut VecDeque<(u64, Arc<[u8]>)>) {
        if channel != CONTROL_CHANNEL && self.begun.as_mut().is_some_and(|begun| begun.insert(channel)) {
            sends.push_back((channel, encode_to_server(&ToServer::Anew).into()));
        }
    }
}

impl ChatClient {
    /// What the server asks, once for each time that it does.
    pub fn poll_asked(&mut self) -> Option<Asked> {
        self.door.question.take()
    }

    /// Does the server want something proved before it welcomes us?
    pub fn is_at_door(&self) -> bool {
        self.link == Link::Asked
    }

    /// The answer to what the server asked. Nothing if it asked nothing, or has an answer already.
    pub fn prove(&mut self, proof: Proof) {
        if self.link == Link::Asked && std::mem::take(&mut self.door.awaits_proof) {
            self.send_free(CONTROL_CHANNEL, &ToServer::Prove { proof });
        }
    }

    pub(super) fn hear_asked(
        &mut self,
        wanted: Wanted,
        salt: [u8; 16],
        tries_left: u8,
    ) -> Result<(), Malformed> {
        if self.link == Link::Welcomed {
            return Err(Malformed("asked for a proof after the welcome"));
        }
        self.link = Link::Asked;
        self.door.on_asked(wanted, salt, tries_left);
        // Nothing that was sent is heard; what is not sent yet need not be.
        self.sends.clear();
        self.outbox.ground();
        self.rooms.on_disconnected();
        Ok(())
    }

    /// Welcomed: what was said before we knew of the door is said again.
    pub(super) fn say_again_after_the_door(&mut self) {
        if self.door.was_asked && self.door.begun.is_none() {
            self.door.begun = Some(BTreeSet::new());
        }
    }
}
