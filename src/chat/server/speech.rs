//! May this be said, here, by this person, now?
//!
//! ```text
//!  anything    is it too fast?              the session's quota; a warning comes before a refusal
//!  a message   is the key muted?            a measure
//!              is the room slow?            one message in so many seconds, below a moderator
//! ```
//!
//! A message that came before is not counted again: it gets the answer that it had. A client repeats what a
//! break left open, which is one span of counters at most; beyond that, repetitions count like anything else.

use super::chat_server::ChatServer;
use super::effect::SessionKey;
use super::instances::{Fault, Standing};
use super::measures::{self, Subject};
use crate::chat::message::{CONTROL_CHANNEL, Counter, Failure, RequestId, Role, ToClient, ToServer};
use crate::chat::quota::Verdict;
use crate::store::RoomId;
use crate::time::{Duration, Instant};

impl ChatServer {
    /// Hands a message back if there is a quota for it; else answers that it came too fast.
    pub(super) fn paced(
        &mut self,
        now: Instant,
        key: SessionKey,
        channel: u64,
        message: ToServer,
    ) -> Option<ToServer> {
        if self.is_free(key, channel, &message) {
            return Some(message);
        }
        match self.sessions.get_mut(key)?.quota.take(now) {
            Verdict::Yes => return Some(message),
            Verdict::YesButSlowDown(left) => {
                let text = format!("you are saying too much: {left} messages more and the next are refused");
                self.send(key, CONTROL_CHANNEL, &ToClient::Notice { text });
                return Some(message);
            }
            Verdict::No(wait) => self.refuse_fast(key, channel, &message, wait),
        }
        None
    }

    /// Takes a token of a session's quota for something that is not said in the chat; false if there is none.
    pub fn spend(&mut self, now: Instant, key: SessionKey) -> bool {
        let verdict = self.sessions.get_mut(key).map(|session| session.quota.take(now));
        !matches!(verdict, Some(Verdict::No(_)))
    }

    /// Leaving a room costs nothing, nor does what was counted before.
    fn is_free(&mut self, key: SessionKey, channel: u64, message: &ToServer) -> bool {
        let Some(session) = self.sessions.get_mut(key) else { return true };
        match message {
            ToServer::Prove { .. } | ToServer::Anew => true,
            ToServer::Part => session.room(channel).is_some(),
            ToServer::Seen { through } => self.is_news(key, channel, *through),
            ToServer::Post { counter, .. } | ToServer::Private { counter, .. } => {
                let is_repeat = self.instances.standing(session.instance, *counter) != Standing::New;
                let is_free = is_repeat && session.free_repeats > 0;
                session.free_repeats -= u64::from(is_free);
                is_free
            }
            _ => false,
        }
    }

    fn refuse_fast(&mut self, key: SessionKey, channel: u64, message: &ToServer, wait: Duration) {
        let wait = measures::in_words(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1));
        let failure = Failure::new("too-fast", format!("too much at once; wait {wait} and say it again"));
        match message {
            ToServer::Post { counter, .. } | ToServer::Private { counter, .. } => {
                self.refuse_message(key, channel, *counter, failure);
            }
            ToServer::Join { .. } => self.send(key, channel, &ToClient::JoinFailed { failure }),
            other => {
                if let Some(request) = request_of(other) {
                    self.answer_request(key, request, Err(failure));
                }
            }
        }
    }

    /// For the present session only: a message that was resent after a break, faster than is allowed, may
    /// come once more. One that came before has its answer, or will have it.
    fn refuse_message(&mut self, key: SessionKey, channel: u64, counter: Counter, failure: Failure) {
        let Some(session) = self.sessions.get(key) else { return };
        let instance = session.instance;
        if self.instances.standing(instance, counter) == Standing::New {
            self.instances.reject(instance, counter, failure.clone(), Fault::Ours);
            self.send(key, channel, &ToClient::Rejected { counter, failure });
        }
    }

    /// May this session's person say something, in this room or (`None`) in private?
    pub(super) fn check_speech(
        &self,
        now: Instant,
        key: SessionKey,
        room: Option<RoomId>,
    ) -> Result<(), Failure> {
        let Some(session) = self.sessions.get(key) else { return Ok(()) };
        let now_ms = self.unix_ms(now);
        let (key, person, role) = (&session.peer.key, Some(session.person), session.role);
        if let Some(mute) = self.order.measures.mute(Subject { key, person, role }, now_ms) {
            let text = format!("you are muted{}", measures::terms(mute, now_ms));
            return Err(Failure::new("muted", text));
        }
        let Some(room) = room.filter(|_| session.role < Role::Moderator) else { return Ok(()) };
        let interval = self.rooms.interval(room);
        match self.order.slow_mode.wait(now, room, session.person, interval) {
            None => Ok(()),
            Some(wait) => {
                let wait = measures::in_words(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
                let slow = measures::in_words(interval.as_secs() * 1_000);
                let text = format!(
                    "{} is slow: one message in {slow}; wait {wait} and say it again",
                    self.rooms.name(room)
                );
                Err(Failure::new("slow-mode", text))
            }
        }
    }

    /// Something is being said in this room.
    pub(super) fn note_speech(&mut self, now: Instant, key: SessionKey, room: RoomId) {
        let interval = self.rooms.interval(room);
        if let Some(session) = self.sessions.get(key)
            && interval > Duration::ZERO
            && session.role < Role::Moderator
        {
            self.order.slow_mode.on_spoke(now, room, session.person, interval);
        }
    }
}

const fn request_of(message: &ToServer) -> Option<RequestId> {
    match message {
        ToServer::Nick { request, .. }
        | ToServer::Who { request, .. }
        | ToServer::Whois { request, .. }
        | ToServer::Rooms { request }
        | ToServer::Away { request, .. }
        | ToServer::Moderate { request, .. }
        | ToServer::Measures { request }
        | ToServer::Earlier { request, .. }
        | ToServer::Audit { request, .. } => Some(*request),
        ToServer::Prove { .. }
        | ToServer::Anew
        | ToServer::Private { .. }
        | ToServer::Join { .. }
        | ToServer::Part
        | ToServer::Seen { .. }
        | ToServer::Typing { .. }
        | ToServer::Post { .. } => None,
    }
}
