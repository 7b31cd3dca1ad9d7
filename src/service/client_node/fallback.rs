//! Which transport carries the session, where datagrams may not pass?
//!
//! ```text
//!                    silent for 2.5 s, or nobody there           answered: UDP again
//!   making one  UDP ──────────────────────────────────▶ TCP     ┌──────────────────┐
//!                ▲              nobody, or silent        │      │                  │
//!                └───────────────────────────────────────┘      │                  │
//!                    suspected, and a stream opens              │                  │
//!   up          UDP ──────────────────────────────────▶ TCP ── asked after 30 s, 60 s … 10 min
//! ```
//!
//! The rules only, as a value that is told what happens and answers with [`Step`]s; who takes them is the node.
//! To go over is a new session of the same instance, so nothing is lost or doubled, whatever is decided here:
//! a wrong guess costs a handshake. Over TCP a [`Question`] is put to the server beside the session, which
//! costs it no state. Left out: a guess at which is faster, since both would have to run for it.

use super::attempts::Next;
use crate::service::api::Preference;
use crate::time::{Duration, Instant};
use crate::transport::handshake::question::Question;
use crate::transport::session::Transport;
use crate::wire::datagram::VERSION;

/// So long UDP is tried first. Ours: 2.5 s, because the user is to know within three seconds, and of four
/// datagrams that left by then one comes through at 20 % loss each way in all but one case in sixty.
const UDP_TURN: Duration = Duration::from_millis(2_500);

/// A stream that is open beside a silent session waits so long: a changed port may bring it back.
const GRACE: Duration = Duration::from_millis(500);

/// A stream beside a silent session is given up and made again after so long.
const STREAM_TURN: Duration = Duration::from_secs(3);

/// After so long over TCP it is asked whether datagrams pass now; then after twice as long, and so on.
const ASK_FIRST: Duration = Duration::from_secs(30);

/// The longest time between two questions.
const ASK_MAX: Duration = Duration::from_mins(10);

/// Between two datagrams of one question.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// Datagrams of one question.
const ASK_TIMES: u8 = 4;

/// A session over UDP that lasted so long has shown that it works.
const STEADY: Duration = Duration::from_mins(1);

/// How an attempt or a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Failing {
    /// Nothing came, or the system says that nothing can.
    Silent,
    /// The server itself was heard, and ended it.
    Heard,
}

/// What is to be done beside, or instead of, the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// Open a socket of this transport beside the session.
    Open(Transport),
    /// Close it.
    Close(Transport),
    /// Make a new session over this one.
    GoOver(Transport),
}

/// What goes on beside the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Beside {
    Nothing,
    /// Over TCP; then it will be asked.
    Rest {
        until: Instant,
    },
    /// Over TCP; the next datagram of the question leaves then, and so many are left.
    Asking {
        question: Question,
        next: Instant,
        left: u8,
    },
    /// Over a silent UDP; a stream is being made.
    Knocking {
        until: Instant,
    },
    /// Over a silent UDP; a stream is open, and is used then.
    Open {
        decide: Instant,
    },
}

/// Which transport, and what is done to find a better one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fallback {
    is_auto: bool,
    present: Transport,
    /// While there is no session: this transport's turn ends then.
    turn_ends: Option<Instant>,
    /// On the transport before, everybody said that nobody listens there.
    refused_before: bool,
    beside: Beside,
    /// Until the next question.
    interval: Duration,
    udp_since: Option<Instant>,
    /// What the user was told last.
    told: Transport,
}

impl Fallback {
    pub(super) const fn new(preference: Preference) -> Self {
        Self {
            is_auto: matches!(preference, Preference::Auto),
            present: preference.first(),
            turn_ends: None,
            refused_before: false,
            beside: Beside::Nothing,
            interval: ASK_FIRST,
            udp_since: None,
            told: preference.first(),
        }
    }

    /// The transport, if the user was told another one.
    pub(super) fn news(&mut self) -> Option<Transport> {
        let former = std::mem::replace(&mut self.told, self.present);
        Some(self.present).filter(|present| *present != former)
    }

    /// Of the session, or of the attempt to make one.
    pub(super) const fn transport(&self) -> Transport {
        self.present
    }

    /// Is there a choice?
    pub(super) const fn is_auto(&self) -> bool {
        self.is_auto
    }

    /// An attempt begins that alone would last until `give_up`: until when does it last?
    pub(super) fn on_attempt(&mut self, now: Instant, give_up: Option<Instant>) -> Option<Instant> {
        self.beside = Beside::Nothing;
        if !self.is_auto || self.present == Transport::Tcp {
            return give_up;
        }
        let turn_ends = *self.turn_ends.get_or_insert(now + UDP_TURN);
        Some(give_up.map_or(turn_ends, |at| at.min(turn_ends)))
    }

    /// A session is up.
    pub(super) fn on_up(&mut self, now: Instant) {
        (self.turn_ends, self.refused_before) = (None, false);
        self.beside = Beside::Nothing;
        self.udp_since = (self.present == Transport::Udp).then_some(now);
        if self.is_auto && self.present == Transport::Tcp {
            self.beside = Beside::Rest { until: now + self.interval };
        }
    }

    /// The attempt or the session is over, and the addresses' own rule says what is next: what is it really?
    /// True: over the other transport.
    pub(super) fn on_failed(
        &mut self,
        now: Instant,
        how: Failing,
        next: Next,
        ever_up: bool,
    ) -> (Next, bool) {
        self.beside = Beside::Nothing;
        self.begin_anew_after_good(now);
        let all_had_their_turn = next != Next::At(now) || self.turn_ends.is_some_and(|at| at <= now);
        if !self.is_auto || how == Failing::Heard || !(ever_up || all_had_their_turn) {
            return (next, false);
        }
        let refused = next == Next::Hopeless;
        if refused && self.refused_before {
            return (Next::Hopeless, false);
        }
        self.refused_before = refused;
        self.turn_ends = None;
        self.present = other(self.present);
        let at = match next {
            Next::At(at) if self.present == Transport::Udp => at,
            _ => now,
        };
        (Next::At(at), true)
    }

    /// A session over UDP ends: if it was a good one, questions begin anew.
    fn begin_anew_after_good(&mut self, now: Instant) {
        if self.udp_since.take().is_some_and(|since| now - since >= STEADY) {
            self.interval = ASK_FIRST;
        }
    }

    /// The node has gone over.
    pub(super) fn on_gone_over(&mut self, now: Instant, to: Transport) {
        self.begin_anew_after_good(now);
        self.present = to;
        (self.beside, self.turn_ends) = (Beside::Nothing, None);
    }

    /// The session has gone silent.
    pub(super) fn on_silent(&mut self, now: Instant) -> Option<Step> {
        let may_knock = self.is_auto && self.present == Transport::Udp && self.beside == Beside::Nothing;
        may_knock.then(|| self.knock(now))
    }

    /// The session is heard again.
    pub(super) fn on_heard(&mut self) -> Option<Step> {
        let knocks = matches!(self.beside, Beside::Knocking { .. } | Beside::Open { .. });
        knocks.then(|| {
            self.beside = Beside::Nothing;
            Step::Close(Transport::Tcp)
        })
    }

    /// The stream beside the session is open.
    pub(super) fn on_stream_opened(&mut self, now: Instant) {
        if let Beside::Knocking { .. } = self.beside {
            self.beside = Beside::Open { decide: now + GRACE };
        }
    }

    /// It ended, or could not be made.
    pub(super) fn on_stream_closed(&mut self, now: Instant) {
        if let Beside::Open { .. } = self.beside {
            self.beside = Beside::Knocking { until: now + STREAM_TURN };
        }
    }

    /// A datagram came beside a session over TCP.
    pub(super) fn on_datagram(&mut self, datagram: &[u8]) -> Option<Step> {
        let Beside::Asking { question, .. } = self.beside else { return None };
        question.answer(datagram).filter(|versions| versions.contains(&VERSION))?;
        // Ours: the next question waits longer even so, because who answers may yet be unfit to be used.
        self.interval = (self.interval * 2).min(ASK_MAX);
        Some(Step::GoOver(Transport::Udp))
    }

    /// The moment of [`poll_timeout`](Self::poll_timeout) has come; `dice`: a new random number.
    pub(super) fn handle_timeout(&mut self, now: Instant, dice: u64) -> Option<Step> {
        match self.beside {
            Beside::Rest { until } if until <= now => {
                let question = Question::new(dice);
                self.beside = Beside::Asking { question, next: now, left: ASK_TIMES };
                Some(Step::Open(Transport::Udp))
            }
            // One that cannot even be put is as good as one without an answer.
            Beside::Asking { next, left, .. } if next <= now && (left == 0 || next + ASK_AGAIN <= now) => {
                self.interval = (self.interval * 2).min(ASK_MAX);
                self.beside = Beside::Rest { until: now + self.interval };
                Some(Step::Close(Transport::Udp))
            }
            Beside::Knocking { until } if until <= now => Some(self.knock(now)),
            Beside::Open { decide } if decide <= now => Some(Step::GoOver(Transport::Tcp)),
            _ => None,
        }
    }

    /// Appends a datagram of the question, if one is due.
    pub(super) fn poll_transmit(&mut self, now: Instant, buffer: &mut Vec<u8>) -> bool {
        match &mut self.beside {
            Beside::Asking { question, next, left } if *left > 0 && *next <= now => {
                (*next, *left) = (now + ASK_AGAIN, *left - 1);
                question.put(buffer);
                true
            }
            _ => false,
        }
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        match self.beside {
            Beside::Nothing => None,
            Beside::Rest { until: at }
            | Beside::Asking { next: at, .. }
            | Beside::Knocking { until: at }
            | Beside::Open { decide: at } => Some(at),
        }
    }

    fn knock(&mut self, now: Instant) -> Step {
        self.beside = Beside::Knocking { until: now + STREAM_TURN };
        Step::Open(Transport::Tcp)
    }
}

const fn other(transport: Transport) -> Transport {
    match transport {
        Transport::Udp => Transport::Tcp,
        Transport::Tcp => Transport::Udp,
    }
}

#[cfg(test)]
#[path = "fallback_tests.rs"]
mod tests;
