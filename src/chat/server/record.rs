//! What did moderators do, and who hears of it?
//!
//! Each act is a notice to those concerned and to all moderators, a line in the server's log, and an entry of the
//! audit log, which the store keeps.

use super::chat_server::ChatServer;
use super::effect::{ChatHappening, Effect, SessionKey};
use super::list::cut;
use super::lookups::Lookup;
use super::moderate::Actor;
use crate::chat::message::{AuditEntry, Failure, RequestId, Role, ToClient};
use crate::store::{Change, StoreRequest};
use crate::time::Instant;
use std::collections::BTreeSet;

/// Entries in an answer; with the bounds of their fields they fit into one message.
const ENTRIES: usize = 50;

impl ChatServer {
    /// Tells those concerned, all moderators and the log, and remembers it.
    pub(super) fn put_on_record(
        &mut self,
        now: Instant,
        actor: &Actor,
        deed: String,
        concerned: &BTreeSet<SessionKey>,
    ) {
        let mut audience = concerned.clone();
        let moderators = self.sessions.iter().filter(|(_, session)| session.role >= Role::Moderator);
        audience.extend(moderators.map(|(key, _)| key));
        audience.insert(actor.key);
        self.tell_all(&audience, &ToClient::Notice { text: format!("{} {deed}", actor.name) });
        let entry = AuditEntry { at_ms: self.unix_ms(now), by: actor.name.clone(), deed: deed.clone() };
        self.batch.add_facts([Change::Audit(entry)]);
        self.happened(ChatHappening::Moderated { by: actor.name.clone(), deed });
    }

    /// `/bans`: which measures hold?
    pub(super) fn list_measures(&mut self, now: Instant, key: SessionKey, request: RequestId) {
        let answer = self.actor(key, Role::Moderator).map(|_| {
            let entries = self.order.measures.entries(self.unix_ms(now)).take(ENTRIES);
            ToClient::Measures { request, measures: cut(entries, |entry| &entry.reason) }
        });
        let total = self.order.measures.entries(self.unix_ms(now)).count();
        if answer.is_ok() && total > ENTRIES {
            let text = format!("{ENTRIES} of {total} bans and mutes are shown; all can be lifted by name");
            self.tell(key, &ToClient::Notice { text });
        }
        self.answer_request(key, request, answer);
    }

    /// `/audit`: what did moderators do?
    pub(super) fn audit(&mut self, key: SessionKey, request: RequestId, count: u64) {
        if let Err(failure) = self.actor(key, Role::Moderator) {
            return self.answer_request(key, request, Err(failure));
        }
        let ticket = self.lookups.add(Lookup::Audit(key, request));
        let limit = u32::try_from(count.clamp(1, ENTRIES as u64)).unwrap_or(1);
        self.effects.push_back(Effect::Store(StoreRequest::Audit { ticket, limit }));
    }

    /// The store has the log.
    pub(super) fn on_audit(&mut self, ticket: u64, mut entries: Vec<AuditEntry>) {
        let Some(Lookup::Audit(key, request)) = self.lookups.take(ticket) else { return };
        if self.sessions.get(key).is_some() {
            // The store answers in order: what it was not asked to keep by then is not among them.
            entries.extend(self.batch.unstored_facts().filter_map(|fact| match fact {
                Change::Audit(entry) => Some(entry.clone()),
                _ => None,
            }));
            entries.drain(..entries.len().saturating_sub(ENTRIES));
            self.tell(key, &ToClient::Audit { request, entries });
        }
    }

    /// The store could not read it.
    pub(super) fn on_audit_unavailable(&mut self, key: SessionKey, request: RequestId, reason: &str) {
        if self.sessions.get(key).is_some() {
            let failure = Failure::new("storage-failed", format!("the log could not be read: {reason}"));
            self.answer_request(key, request, Err(failure));
        }
    }
}

/// `: reason`, if there is one.
pub(super) fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}
