//! Somebody comes to the door: what do they have to prove, and is it right?
//!
//! The branching of [`door`](super::door), which only keeps who stands there: names are looked up, proofs
//! are held against what the store knows at that moment, and whoever may come in is handed to `greet`.

use super::chat_server::{ChatServer, Stage};
use super::door::{Admission, Newcomer, Step};
use super::effect::{ChatHappening, Effect, Peer, SessionKey, close_code};
use super::greet::Refusal;
use super::lookups::Lookup;
use super::wrong_proofs::Debtors;
use crate::chat::codec::{decode_greeting, decode_to_server};
use crate::chat::message::{
    CONTROL_CHANNEL, Failure, Greeting, Proof, RequestId, ToClient, ToServer, Wanted,
};
use crate::chat::name::Name;
use crate::crypto::{Kept, Stretched};
use crate::store::{Member, Pass, StoreRequest, TokenStanding};
use crate::time::Instant;

/// What is to be done about somebody whose name or proof was looked up.
#[derive(Clone, Copy)]
enum Verdict {
    In(Admission),
    Ask(Wanted, bool),
    Wrong(&'static str),
    Away(&'static str),
}

impl ChatServer {
    /// A session is up: its person comes in at once, or stands at the door.
    pub(super) fn knock(&mut self, now: Instant, key: SessionKey, peer: Peer, greeting: &[u8]) {
        let (greeting, name) = match self.read_greeting(&peer, greeting) {
            Ok(read) => read,
            Err(refusal) => return self.refuse(key, refusal),
        };
        if let Some(older) = self.order.door.session(greeting.instance) {
            self.turn_away(older, close_code::REPLACED, "a newer session of the same client took over");
        }
        if !self.order.door.has_members() && self.order.door.wants(false).is_none() {
            return self.let_in(now, key, peer, &greeting, &name, Admission::default());
        }
        self.order.door.insert(key, Newcomer::new(now, peer, greeting, name));
        if self.order.door.has_members() {
            self.find_member(now, key);
        } else {
            self.on_found(now, key, None);
        }
    }

    fn read_greeting(&self, peer: &Peer, greeting: &[u8]) -> Result<(Greeting, Name), Refusal> {
        if self.stage != Stage::Open {
            return Err((close_code::SHUTDOWN, "the server is going down".to_owned()));
        }
        let greeting = decode_greeting(greeting).map_err(|bad| (close_code::PROTOCOL, bad.to_string()))?;
        let name = Name::parse(&greeting.name).map_err(|failure| (close_code::NAME_INVALID, failure.text))?;
        if self.instances.key(greeting.instance).is_some_and(|key| *key != peer.key) {
            return Err((close_code::PROTOCOL, "this instance belongs to another key".to_owned()));
        }
        Ok((greeting, name))
    }

    /// Says no to a session of which nothing is kept.
    pub(super) fn refuse(&mut self, key: SessionKey, (code, text): Refusal) {
        self.happened(ChatHappening::Refused { session: key, reason: text.clone() });
        self.effects.push_back(Effect::Close { session: key, code, text });
    }

    /// Sends somebody at the door away.
    pub(super) fn turn_away(&mut self, key: SessionKey, code: u16, text: &str) {
        if self.order.door.remove(key).is_some() {
            self.refuse(key, (code, text.to_owned()));
        }
    }

    fn find_member(&mut self, now: Instant, key: SessionKey) {
        let Some(newcomer) = self.order.door.get(key) else { return };
        let skeleton = newcomer.name.skeleton().to_owned();
        self.look_up_member(now, Lookup::Newcomer(key), skeleton);
    }

    fn look_up_member(&mut self, now: Instant, lookup: Lookup, skeleton: String) {
        let (ticket, now_ms) = (self.lookups.add(lookup), self.unix_ms(now));
        self.effects.push_back(Effect::Store(StoreRequest::FindMember { ticket, skeleton, now_ms }));
    }

    /// The store knows this of a name.
    pub(super) fn on_member(&mut self, now: Instant, ticket: u64, member: Option<Member>) {
        match self.lookups.take(ticket) {
            Some(Lookup::Newcomer(key)) => self.on_found(now, key, member),
            Some(Lookup::Nick(key, request, name)) => {
                self.on_nick_looked_up(now, key, request, &name, member);
            }
            _ => {}
        }
    }

    /// The store knows this of a token.
    pub(super) fn on_token(&mut self, now: Instant, ticket: u64, standing: TokenStanding) {
        let Some(Lookup::Newcomer(key)) = self.lookups.take(ticket) else { return };
        let Some(newcomer) = self.order.door.get(key) else { return };
        let Step::Examined(_, Proof::Token(_)) = &newcomer.step else { return };
        let verdict = match standing {
            TokenStanding::Good(pass) => judge_pass(&pass, newcomer),
            TokenStanding::Unknown => Verdict::Wrong("a token that was never issued here"),
            TokenStanding::Expired => Verdict::Away("this token has expired: ask for a new one"),
            TokenStanding::Revoked => Verdict::Away("this token was taken back: ask for a new one"),
        };
        self.carry_out(now, key, verdict);
    }

    fn on_found(&mut self, now: Instant, key: SessionKey, member: Option<Member>) {
        let Some(newcomer) = self.order.door.get(key) else { return };
        let verdict = match &newcomer.step {
            Step::LookedUp => match self.order.door.wants(member.is_some()) {
                None => Verdict::In(Admission::default()),
                Some(wanted) => Verdict::Ask(wanted, member.is_some()),
            },
            Step::Examined(Wanted::Password, Proof::Stretched(proof)) => judge_password(proof, member),
            Step::Examined(..) | Step::Asked(_) => return,
        };
        self.carry_out(now, key, verdict);
    }

    /// Nobody can say whether somebody at the door may come in.
    pub(super) fn on_unknown(&mut self, now: Instant, key: SessionKey) {
        let Some(newcomer) = self.order.door.get(key) else { return };
        if matches!(newcomer.step, Step::Examined(..)) {
            let debtors = self.debtors(newcomer);
            self.order.wrong_proofs.on_right(now, &debtors);
        }
        self.turn_away(key, close_code::BUSY, "the server cannot look up its members just now");
    }

    /// Somebody at the door says something.
    pub(super) fn hear_at_door(&mut self, now: Instant, key: SessionKey, channel: u64, bytes: &[u8]) {
        let Some(newcomer) = self.order.door.get(key) else { return };
        match (&newcomer.step, decode_to_server(bytes)) {
            (Step::LookedUp, _) => {
                if !self.order.door.wait(key, channel, bytes) {
                    self.turn_away(key, close_code::BUSY, "more was said at once than the server can keep");
                }
            }
            (Step::Asked(wanted), Ok(ToServer::Prove { proof })) if channel == CONTROL_CHANNEL => {
                let wanted = *wanted;
                self.examine(now, key, wanted, proof);
            }
            (_, Ok(ToServer::Prove { .. })) => {
                self.turn_away(key, close_code::PROTOCOL, "broke the protocol: one proof at a time");
            }
            (_, Err(malformed)) => {
                self.turn_away(key, close_code::PROTOCOL, &format!("broke the protocol: {}", malformed.0));
            }
            // Said before the client knew that it is asked: it says so again when it is in.
            (_, Ok(_)) => {}
        }
    }

    fn debtors(&self, newcomer: &Newcomer) -> Debtors {
        let key = &newcomer.peer.key;
        let by_own_key = self.accounts.is_held_by(&newcomer.name, key);
        let is_known = !self.order.door.is_open() && self.accounts.knows(key);
        Debtors::new(newcomer.name.skeleton(), by_own_key, &newcomer.peer.address, is_known)
    }

    fn examine(&mut self, now: Instant, key: SessionKey, wanted: Wanted, proof: Proof) {
        let Some(newcomer) = self.order.door.get(key) else { return };
        let debtors = self.debtors(newcomer);
        if !self.order.wrong_proofs.admit(now, &debtors) {
            let text = "too many wrong answers were given for this name, or from your address: try again in a \
                        minute";
            return self.turn_away(key, close_code::DENIED, text);
        }
        self.order.door.examine(key, wanted, proof.clone());
        match (wanted, proof) {
            (_, Proof::Token(_)) if !self.order.door.has_members() => {
                self.carry_out(now, key, Verdict::Wrong("a token, though no tokens are issued here"));
            }
            (_, Proof::Token(token)) => {
                let kept = Kept::of_token(&token).0;
                let (ticket, now_ms) = (self.lookups.add(Lookup::Newcomer(key)), self.unix_ms(now));
                self.effects.push_back(Effect::Store(StoreRequest::FindToken { ticket, kept, now_ms }));
            }
            (Wanted::Password, Proof::Stretched(_)) if self.order.door.has_members() => {
                self.find_member(now, key);
            }
            (Wanted::Password, Proof::Stretched(_)) => self.on_found(now, key, None),
            (Wanted::Secret, Proof::Stretched(proof)) => {
                let right = self.order.door.class_secret().is_some_and(|kept| kept.is_of(&Stretched(proof)));
                let admission = Admission { was_asked: true, ..Admission::default() };
                let wrong = Verdict::Wrong("a wrong class secret");
                self.carry_out(now, key, if right { Verdict::In(admission) } else { wrong });
            }
        }
    }

    fn carry_out(&mut self, now: Instant, key: SessionKey, verdict: Verdict) {
        match verdict {
            Verdict::In(admission) => self.open_door(now, key, admission),
            Verdict::Ask(wanted, has_account) => self.ask_at_door(key, wanted, has_account),
            Verdict::Wrong(what) => self.on_wrong(key, what),
            Verdict::Away(text) => self.turn_away(key, close_code::DENIED, text),
        }
    }

    fn open_door(&mut self, now: Instant, key: SessionKey, admission: Admission) {
        if let Some(newcomer) = self.order.door.get(key).filter(|_| admission.was_asked) {
            let debtors = self.debtors(newcomer);
            self.order.wrong_proofs.on_right(now, &debtors);
        }
        let Some(newcomer) = self.order.door.remove(key) else { return };
        let (peer, greeting, name, waiting) = newcomer.into_parts();
        self.let_in(now, key, peer, &greeting, &name, admission);
        for (channel, bytes) in waiting {
            self.hear(now, key, channel, &bytes);
        }
    }

    fn ask_at_door(&mut self, key: SessionKey, wanted: Wanted, has_account: bool) {
        if let Some(surplus) = self.order.door.surplus() {
            self.turn_away(surplus, close_code::BUSY, "too many stand at the door: come back in a minute");
        }
        self.order.door.set_has_account(key, has_account);
        self.put_question(key, wanted);
    }

    fn put_question(&mut self, key: SessionKey, wanted: Wanted) {
        self.order.door.ask(key, wanted);
        let Some(newcomer) = self.order.door.get(key) else { return };
        let (salt, tries_left) = (self.order.door.salt(wanted, &newcomer.name), newcomer.tries_left);
        self.tell(key, &ToClient::Asked { wanted, salt, tries_left });
    }

    fn on_wrong(&mut self, key: SessionKey, what: &str) {
        let Some(newcomer) = self.order.door.get(key) else { return };
        let (tries_left, name) = (newcomer.tries_left, newcomer.name.as_str().to_owned());
        let Step::Examined(wanted, _) = newcomer.step else { return };
        self.happened(ChatHappening::WrongProof { session: key, name, what: what.to_owned() });
        if tries_left == 0 {
            let text = "that was the last of five answers, and all were wrong: ask whoever runs the server";
            return self.turn_away(key, close_code::DENIED, text);
        }
        self.put_question(key, wanted);
    }

    /// `/nick`: a name with an account is nobody's who has not proved it.
    pub(super) fn ask_for_name(&mut self, now: Instant, key: SessionKey, request: RequestId, typed: &str) {
        let Some(session) = self.sessions.get(key) else { return };
        let person = session.person;
        let (Ok(name), true) = (Name::parse(typed), self.order.door.has_members()) else {
            return self.nick(now, key, request, typed);
        };
        if self.accounts.is_named(person, &name) {
            self.nick(now, key, request, typed);
        } else if session.entrance.owns_name {
            let text =
                "your name belongs to your account here, and you to it: another name is another account";
            self.tell(key, &ToClient::Failed { request, failure: Failure::new("name-fixed", text) });
        } else if self.lookups.nicks_of(key) >= NICKS_MAX {
            let text = "several new names of yours are being looked up: try again when they are answered";
            self.tell(key, &ToClient::Failed { request, failure: Failure::new("server-busy", text) });
        } else {
            let skeleton = name.skeleton().to_owned();
            self.look_up_member(now, Lookup::Nick(key, request, typed.to_owned()), skeleton);
        }
    }

    fn on_nick_looked_up(
        &mut self,
        now: Instant,
        key: SessionKey,
        request: RequestId,
        typed: &str,
        member: Option<Member>,
    ) {
        if self.sessions.get(key).is_none() {
            return;
        }
        if member.is_none() {
            return self.nick(now, key, request, typed);
        }
        let text =
            format!("the name {} belongs to an account here: come with it, and prove it", typed.trim());
        self.tell(key, &ToClient::Failed { request, failure: Failure::new("name-taken", text) });
    }

    /// Everybody at the door is sent home.
    pub(super) fn clear_door(&mut self, code: u16, text: &str) {
        for key in self.order.door.keys() {
            self.turn_away(key, code, text);
        }
    }

    /// Whoever has stood at the door for too long goes.
    pub(super) fn turn_away_overdue(&mut self, now: Instant) {
        while let Some(key) = self.order.door.overdue(now) {
            let text = "no answer within two minutes: connect again when you have it";
            self.turn_away(key, close_code::DENIED, text);
        }
    }
}

/// New names of one session that are being looked up, at most.
const NICKS_MAX: usize = 8;

fn judge_password(proof: &[u8; 32], member: Option<Member>) -> Verdict {
    let kept = member.and_then(|member| Some((Kept(member.kept?), member.role)));
    match kept {
        Some((kept, role)) if kept.is_of(&Stretched(*proof)) => {
            Verdict::In(Admission { role, owns_name: true, was_asked: true })
        }
        _ => Verdict::Wrong("a wrong password"),
    }
}

/// A token for a name serves for that name; one for no name, wherever there is no account.
fn judge_pass(pass: &Pass, newcomer: &Newcomer) -> Verdict {
    let owns_name = pass.skeleton.as_deref() == Some(newcomer.name.skeleton());
    if owns_name || (pass.skeleton.is_none() && !newcomer.has_account) {
        return Verdict::In(Admission { role: pass.role, owns_name, was_asked: true });
    }
    Verdict::Wrong("a token for another name")
}
