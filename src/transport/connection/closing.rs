//! How does a session end so that both sides know?
//!
//! Whoever closes says CLOSE again each probe timeout until the peer answers with a CLOSE of its own, or
//! until three probe timeouts have passed (RFC 9000 §10.2). The peer answers each CLOSE with one, and
//! forgets the session when nothing has come for as long.

use super::{Connection, Phase};
use crate::time::{Duration, Instant};
use crate::trace::TraceEvent;
use crate::transport::reliability::probe::base_timeout;
use crate::transport::session::{CloseCode, CloseReason};

/// How many probe timeouts the end lasts.
const PERIODS: u32 = 3;

/// An end under way.
pub(super) struct Closing {
    pub(super) code: CloseCode,
    pub(super) text: String,
    /// Do we repeat it by ourselves (we closed), or only answer (the peer did)?
    repeats: bool,
    due: Option<Instant>,
    interval: Duration,
    until: Instant,
}

impl Closing {
    /// Is a CLOSE to be sent now? If so it counts as sent.
    pub(super) fn take_due(&mut self, now: Instant) -> bool {
        let due = self.due.is_some_and(|due| due <= now);
        if due {
            self.due = self.repeats.then(|| now + self.interval);
        }
        due
    }

    /// The peer said something that it should not have any more: answer.
    pub(super) fn on_packet(&mut self, now: Instant) {
        self.due = Some(now);
    }

    pub(super) fn poll_timeout(&self) -> Instant {
        self.due.map_or(self.until, |due| due.min(self.until))
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.until <= now
    }
}

impl Connection {
    /// Closes in good order. What is queued and not yet acknowledged may be lost.
    pub fn close(&mut self, now: Instant, code: CloseCode, text: &str) {
        match self.phase {
            Phase::Open => self.begin_closing(now, code, text, true),
            Phase::Handshaking(_) => self.phase = Phase::Over,
            Phase::Closing(_) | Phase::Over => return,
        }
        self.tell_closed(now, CloseReason::Local);
    }

    /// The client did not show in time that it has the keys: nobody may be there, so nothing is said.
    pub fn give_up_handshake(&mut self, now: Instant) {
        self.end(now, CloseReason::HandshakeTimedOut);
    }

    /// The peer broke a rule.
    pub(super) fn violate(&mut self, now: Instant, rule: &'static str) {
        self.begin_closing(now, CloseCode::PROTOCOL, rule, true);
        self.tell_closed(now, CloseReason::Protocol(rule));
    }

    /// The peer closed.
    pub(super) fn on_peer_closed(&mut self, now: Instant, code: CloseCode, text: &str) {
        match self.phase {
            Phase::Open => {
                self.begin_closing(now, CloseCode::GOODBYE, "", false);
                self.tell_closed(now, CloseReason::Peer(code, text.to_owned()));
            }
            // Ours was heard.
            Phase::Closing(_) => self.phase = Phase::Over,
            Phase::Handshaking(_) | Phase::Over => {}
        }
    }

    /// It ends without another word.
    pub(super) fn end(&mut self, now: Instant, reason: CloseReason) {
        if !matches!(self.phase, Phase::Closing(_) | Phase::Over) {
            self.tell_closed(now, reason);
        }
        self.phase = Phase::Over;
    }

    fn begin_closing(&mut self, now: Instant, code: CloseCode, text: &str, repeats: bool) {
        let rtt = self.recovery.rtt();
        let interval = base_timeout(rtt.smoothed(), rtt.variation(), self.config.max_ack_delay);
        let until = now + interval * PERIODS;
        let text = text.to_owned();
        self.phase = Phase::Closing(Closing { code, text, repeats, due: Some(now), interval, until });
    }

    fn tell_closed(&mut self, now: Instant, reason: CloseReason) {
        self.trace(now, TraceEvent::Closed { reason: format!("{reason:?}") });
        self.news.closed = Some(reason);
    }
}
