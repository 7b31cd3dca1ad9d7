//! What did we ask the store, and for whom?

use super::batch::Sender;
use super::effect::SessionKey;
use super::past::Wanted;
use crate::chat::message::RequestId;
use std::collections::BTreeMap;

/// What to do with an answer of the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// It is a page of this session's present replay.
    Page(SessionKey),
    /// It is the receipt of this message.
    Receipt(Sender),
    /// It is the audit log, which this session asked for.
    Audit(SessionKey, RequestId),
    /// It is this page of a room's past.
    Earlier(Wanted),
    /// It is a step of a sweep.
    Sweep,
    /// It is about somebody at the door.
    Newcomer(SessionKey),
    /// It is about the new name that this session asks for with this request.
    Nick(SessionKey, RequestId, String),
}

/// Questions that are under way, by ticket.
#[derive(Debug, Default)]
pub struct Lookups {
    waiting: BTreeMap<u64, Lookup>,
    last: u64,
}

impl Lookups {
    /// A ticket for a new question.
    pub fn add(&mut self, lookup: Lookup) -> u64 {
        self.last += 1;
        self.waiting.insert(self.last, lookup);
        self.last
    }

    /// The answer is here: for whom? `None` for a ticket that is not out.
    pub fn take(&mut self, ticket: u64) -> Option<Lookup> {
        self.waiting.remove(&ticket)
    }

    /// The page that this ticket is for, if it is for one: whose question is answered now.
    pub fn take_page(&mut self, ticket: u64) -> Option<Wanted> {
        let Some(Lookup::Earlier(wanted)) = self.waiting.get(&ticket) else { return None };
        let wanted = wanted.clone();
        self.waiting.remove(&ticket);
        Some(wanted)
    }

    /// How many pages of the past this session waits for.
    pub fn pages_of(&self, session: SessionKey) -> usize {
        let of_it = |lookup: &&Lookup| matches!(lookup, Lookup::Earlier(wanted) if wanted.session == session);
        self.waiting.values().filter(of_it).count()
    }

    /// How many new names of this session are being looked up.
    pub fn nicks_of(&self, session: SessionKey) -> usize {
        let of_it = |lookup: &&Lookup| matches!(lookup, Lookup::Nick(key, ..) if *key == session);
        self.waiting.values().filter(of_it).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_for_one_answer() {
        let mut lookups = Lookups::default();
        let first = lookups.add(Lookup::Page(SessionKey(1)));
        let second = lookups.add(Lookup::Page(SessionKey(2)));
        assert_eq!(lookups.take(second), Some(Lookup::Page(SessionKey(2))));
        assert_eq!(lookups.take(first), Some(Lookup::Page(SessionKey(1))));
        assert_eq!(lookups.take(first), None);
    }
}
