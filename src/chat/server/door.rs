//! Who stands at the door, and what does the door ask of them?
//!
//! ```text
//!                    ┌───────────── nothing is asked ─────────────────────────▶ in
//!  comes ─▶ LookedUp ┤                 right
//!                    └─▶ Asked ─proof─▶ Examined ─────────────────────────────▶ in
//!                          ▲               │ wrong, and tries are left
//!                          └───────────────┴─ wrong, none left; 120 s; too many at the door ─▶ away
//! ```
//!
//! | the door is | a name with an account | any other name |
//! | --- | --- | --- |
//! | open | its password, or a token for it | nothing |
//! | secret | its password, or a token for it | the class secret, or a token |
//! | members | its password, or a token for it | a password that nobody has, or a token |
//!
//! Who stands here has no person, no name and no instance, and is heard by nobody. What comes while the name
//! is looked up waits, within a bound, because for most nothing will be asked. What comes from somebody who
//! is asked is not heard at all, but for the proof: [`Entrance`] then says from where on each channel counts.

use super::effect::{Peer, SessionKey};
use super::wrong_proofs::Host;
use crate::chat::message::{CONTROL_CHANNEL, Greeting, Instance, Proof, Role, Wanted};
use crate::chat::name::Name;
use crate::crypto::{Identity, Kept, Salt, Salts};
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// So long may somebody stand at the door: 120 s. Ours: time to find the slip of paper and to mistype twice.
pub const STANDING: Duration = Duration::from_mins(2);
/// So many answers are looked at, in one session.
pub const TRIES: u8 = 5;
/// So many may be asked at once; then one goes, of those who hold the most places.
pub const ASKED_MAX: usize = 1_024;
/// What comes while a name is looked up: so many messages …
const WAITING_MESSAGES: usize = 1_280;
/// … and so many bytes, a little more than a correct client lets fly.
const WAITING_BYTES: usize = 640 << 10;
/// Bytes that wait so in all sessions together.
const WAITING_BYTES_ALL: usize = 16 << 20;
/// Channels that somebody who was asked may begin anew: more than a session's rooms.
const BEGUN_MAX: usize = 256;

/// Whom the door lets in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Rule {
    /// Everybody.
    #[default]
    Open,
    /// Whoever knows the class secret, of which this is kept; and members.
    Secret(Kept),
    /// Members: those with an account or a token.
    Members,
}

/// Settings of the door.
#[derive(Clone, Debug)]
pub struct DoorConfig {
    /// Whom it lets in.
    pub rule: Rule,
    /// Can the store be asked for accounts and tokens? If not, there are none.
    pub has_members: bool,
    /// The salts of names.
    pub salts: Salts,
}

impl Default for DoorConfig {
    /// Open to everybody, and nothing to look up.
    fn default() -> Self {
        Self { rule: Rule::Open, has_members: false, salts: Salts::of(&Identity::from_secret([0; 32])) }
    }
}

impl Rule {
    /// What is asked of somebody, given whether the name has an account.
    fn wants(self, has_account: bool) -> Option<Wanted> {
        match self {
            _ if has_account => Some(Wanted::Password),
            Self::Open => None,
            Self::Secret(_) => Some(Wanted::Secret),
            Self::Members => Some(Wanted::Password),
        }
    }
}

/// As what somebody comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Admission {
    /// What they may do.
    pub role: Role,
    /// Did they prove the name itself, so that it is theirs whatever their key?
    pub owns_name: bool,
    /// Was anything asked of them?
    pub was_asked: bool,
}

/// How far somebody at the door has got.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// The store is asked whether the name has an account.
    LookedUp,
    /// The answer is awaited.
    Asked(Wanted),
    /// The answer is being looked at.
    Examined(Wanted, Proof),
}

/// Somebody at the door.
#[derive(Debug)]
pub struct Newcomer {
    /// Who is at the other end.
    pub peer: Peer,
    /// What they said of themselves.
    pub greeting: Greeting,
    /// The name that they want.
    pub name: Name,
    /// How far they have got.
    pub step: Step,
    /// So many answers are still looked at.
    pub tries_left: u8,
    /// Has the name an account? Known once they are asked.
    pub has_account: bool,
    leaves_at: Instant,
    waiting: Vec<(u64, Vec<u8>)>,
    waiting_bytes: usize,
}

impl Newcomer {
    /// Somebody who comes now.
    pub fn new(now: Instant, peer: Peer, greeting: Greeting, name: Name) -> Self {
        Self {
            peer,
            greeting,
            name,
            step: Step::LookedUp,
            tries_left: TRIES,
            has_account: false,
            leaves_at: now + STANDING,
            waiting: Vec::new(),
            waiting_bytes: 0,
        }
    }

    /// All that is needed to let them in; at the end what came while the name was looked up: channels and
    /// messages, in order.
    pub fn into_parts(self) -> (Peer, Greeting, Name, Vec<(u64, Vec<u8>)>) {
        (self.peer, self.greeting, self.name, self.waiting)
    }
}

/// The door, and who stands at it.
#[derive(Debug, Default)]
pub struct Door {
    config: DoorConfig,
    newcomers: BTreeMap<SessionKey, Newcomer>,
    /// Those who are asked, or whose answer is looked at.
    asked: BTreeSet<SessionKey>,
    leaving: BTreeSet<(Instant, SessionKey)>,
    waiting_bytes: usize,
}

impl Door {
    /// A door with nobody at it.
    pub fn new(config: DoorConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// Can the store be asked for accounts and tokens?
    pub const fn has_members(&self) -> bool {
        self.config.has_members
    }

    /// What is asked of somebody, given whether the name has an account; `None`: they may come in.
    pub fn wants(&self, has_account: bool) -> Option<Wanted> {
        self.config.rule.wants(has_account)
    }

    /// May anybody come in and take a name?
    pub const fn is_open(&self) -> bool {
        matches!(self.config.rule, Rule::Open)
    }

    /// What is kept of the class secret, where there is one.
    pub const fn class_secret(&self) -> Option<&Kept> {
        match &self.config.rule {
            Rule::Secret(kept) => Some(kept),
            Rule::Open | Rule::Members => None,
        }
    }

    /// What goes with the question: the name's salt. The class secret's is known to both ends.
    pub fn salt(&self, wanted: Wanted, name: &Name) -> Salt {
        match wanted {
            Wanted::Secret => Salt::default(),
            Wanted::Password => self.config.salts.salt(name.skeleton()),
        }
    }

    /// Somebody comes.
    pub fn insert(&mut self, key: SessionKey, newcomer: Newcomer) {
        self.leaving.insert((newcomer.leaves_at, key));
        self.newcomers.insert(key, newcomer);
    }

    /// Somebody at the door.
    pub fn get(&self, key: SessionKey) -> Option<&Newcomer> {
        self.newcomers.get(&key)
    }

    /// The session of this instance that stands here.
    pub fn session(&self, instance: Instance) -> Option<SessionKey> {
        let of_it = |(_, newcomer): &(&SessionKey, &Newcomer)| newcomer.greeting.instance == instance;
        self.newcomers.iter().find(of_it).map(|(key, _)| *key)
    }

    /// They come in, or go.
    pub fn remove(&mut self, key: SessionKey) -> Option<Newcomer> {
        let newcomer = self.newcomers.remove(&key)?;
        self.asked.remove(&key);
        self.leaving.remove(&(newcomer.leaves_at, key));
        self.waiting_bytes -= newcomer.waiting_bytes;
        Some(newcomer)
    }

    /// Everybody here.
    pub fn keys(&self) -> Vec<SessionKey> {
        self.newcomers.keys().copied().collect()
    }

    /// A message waits until the name is looked up; false if it finds no room.
    pub fn wait(&mut self, key: SessionKey, channel: u64, bytes: &[u8]) -> bool {
        let Some(newcomer) = self.newcomers.get_mut(&key) else { return false };
        let fits = newcomer.waiting.len() < WAITING_MESSAGES
            && newcomer.waiting_bytes + bytes.len() <= WAITING_BYTES
            && self.waiting_bytes + bytes.len() <= WAITING_BYTES_ALL;
        if fits {
            self.waiting_bytes += bytes.len();
            newcomer.waiting_bytes += bytes.len();
            newcomer.waiting.push((channel, bytes.to_vec()));
        }
        fits
    }

    /// The name has an account, or not.
    pub fn set_has_account(&mut self, key: SessionKey, has_account: bool) {
        if let Some(newcomer) = self.newcomers.get_mut(&key) {
            newcomer.has_account = has_account;
        }
    }

    /// They are asked, from now on or again; what waited is not heard any more.
    pub fn ask(&mut self, key: SessionKey, wanted: Wanted) {
        if let Some(newcomer) = self.newcomers.get_mut(&key) {
            newcomer.step = Step::Asked(wanted);
            self.waiting_bytes -= std::mem::take(&mut newcomer.waiting_bytes);
            newcomer.waiting = Vec::new();
            self.asked.insert(key);
        }
    }

    /// Their answer is being looked at.
    pub fn examine(&mut self, key: SessionKey, wanted: Wanted, proof: Proof) {
        if let Some(newcomer) = self.newcomers.get_mut(&key) {
            newcomer.step = Step::Examined(wanted, proof);
            newcomer.tries_left = newcomer.tries_left.saturating_sub(1);
        }
    }

    /// Who must go so that another one may be asked, if so many are already: of those whose address holds
    /// the most places, the one who has stood here for longest.
    pub fn surplus(&self) -> Option<SessionKey> {
        if self.asked.len() < ASKED_MAX {
            return None;
        }
        let host =
            |key: &SessionKey| self.newcomers.get(key).map(|newcomer| Host::of(&newcomer.peer.address));
        let mut places: BTreeMap<_, usize> = BTreeMap::new();
        self.asked.iter().for_each(|key| *places.entry(host(key)).or_default() += 1);
        let (fullest, _) = places.into_iter().max_by_key(|(_, count)| *count)?;
        let of_it = |(_, key): &&(Instant, SessionKey)| self.asked.contains(key) && host(key) == fullest;
        self.leaving.iter().find(of_it).map(|(_, key)| *key)
    }

    /// Who has stood here for too long.
    pub fn overdue(&self, now: Instant) -> Option<SessionKey> {
        self.leaving.first().filter(|(at, _)| *at <= now).map(|(_, key)| *key)
    }

    /// When the next one has.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.leaving.first().map(|(at, _)| *at)
    }
}

/// What a session that is in keeps of the door.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Entrance {
    /// What they may do by what they proved.
    pub role: Role,
    /// Did they prove the name itself? Then they keep it.
    pub owns_name: bool,
    /// The channels that began anew; `None` for somebody of whom nothing was asked: all count.
    begun: Option<BTreeSet<u64>>,
}

impl Entrance {
    /// Of somebody who came in so.
    pub fn new(admission: Admission) -> Self {
        let begun = admission.was_asked.then(BTreeSet::new);
        Self { role: admission.role, owns_name: admission.owns_name, begun }
    }

    /// Does what comes on this channel count?
    pub fn hears(&self, channel: u64) -> bool {
        channel == CONTROL_CHANNEL || self.begun.as_ref().is_none_or(|begun| begun.contains(&channel))
    }

    /// The channel begins. An error names the rule that this breaks.
    pub fn begin(&mut self, channel: u64) -> Result<(), &'static str> {
        let begun = self.begun.as_mut().ok_or("a channel begins anew only after the door")?;
        if begun.len() >= BEGUN_MAX {
            return Err("too many channels begin anew");
        }
        if begun.insert(channel) { Ok(()) } else { Err("a channel begins anew once") }
    }
}

#[cfg(test)]
#[path = "door_tests.rs"]
mod tests;
