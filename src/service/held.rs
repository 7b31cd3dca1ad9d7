//! Whose claim to replace a live session must wait for a proof?
//!
//! A client that knows the server is let in by its very first message, and anybody who recorded that
//! message can send it again. To a new instance that does no harm: nothing is doubled, and the copy's sender
//! can neither read nor say anything. But to replace the live session of an instance would be to end it. So
//! such a newcomer is held until it has proved that it has the keys of this very session.

use super::carriers::Carrier;
use crate::transport::session::SessionEvent;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Events kept for one newcomer: more than fit into a first flight.
const EVENTS_MAX: usize = 256;

/// A newcomer's address and what it told so far.
pub type Newcomer = (Option<SocketAddr>, Vec<SessionEvent>);

/// The newcomers that wait. The transports bound how many there can be.
#[derive(Debug, Default)]
pub struct Held(BTreeMap<Carrier, Newcomer>);

impl Held {
    /// Is this one held?
    pub fn holds(&self, carrier: Carrier) -> bool {
        self.0.contains_key(&carrier)
    }

    /// Holds an event; the end of a newcomer ends its wait.
    pub fn hold(&mut self, carrier: Carrier, remote: Option<SocketAddr>, event: SessionEvent) {
        if matches!(event, SessionEvent::Closed(_)) {
            self.0.remove(&carrier);
            return;
        }
        let (_, events) = self.0.entry(carrier).or_insert_with(|| (remote, Vec::new()));
        if events.len() < EVENTS_MAX {
            events.push(event);
        }
    }

    /// Lets one go that has proved itself.
    pub fn release(
        &mut self,
        proven: impl Fn(Carrier, &[SessionEvent]) -> bool,
    ) -> Option<(Carrier, Newcomer)> {
        let carrier = *self.0.iter().find(|(carrier, (_, events))| proven(**carrier, events))?.0;
        self.0.remove_entry(&carrier)
    }
}
