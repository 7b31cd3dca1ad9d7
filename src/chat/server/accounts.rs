//! Whose name is this?
//!
//! A name belongs to the key that took it first, unless it is proved by other means: then to the key that
//! proved it last. One key may own several names, each a person of its own.
//! A person who changes the name leaves the old one behind as an alias: reserved for the key for a day,
//! and whoever asks for it finds the person under the new name.
//!
//! ```text
//!  skeleton ──▶ person ──▶ name, key          names that are in use
//!  skeleton ──▶ person, until                 aliases
//! ```
//!
//! Every change of memory is also a [`Change`] for the store, in the order in which it happened.

use super::config::ChatLimits;
use crate::chat::message::{Failure, PersonId};
use crate::chat::name::{Name, skeleton};
use crate::store::{Account, Alias, Change, Key};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long a name that was given up stays reserved for its key: a day.
const RESERVED_MS: u64 = 24 * 60 * 60 * 1_000;

#[derive(Debug)]
struct Person {
    name: Arc<str>,
    skeleton: String,
    key: Key,
}

#[derive(Debug)]
struct Reserved {
    person: PersonId,
    until_ms: u64,
}

/// All names.
#[derive(Debug)]
pub struct Accounts {
    people: BTreeMap<PersonId, Person>,
    names: BTreeMap<String, PersonId>,
    aliases: BTreeMap<String, Reserved>,
    names_of_key: BTreeMap<Key, usize>,
    limits: ChatLimits,
}

/// What a name is to somebody who asks for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claim {
    /// Theirs already.
    Owned(PersonId),
    /// Nobody's, or reserved for them.
    Free,
    /// Somebody else's.
    Taken,
}

/// A name that changed.
#[derive(PartialEq, Eq, Debug)]
pub struct Renaming {
    /// Before.
    pub old: Arc<str>,
    /// Now.
    pub new: Arc<str>,
    /// For the store.
    pub changes: Vec<Change>,
}

impl Accounts {
    /// The names that the store knows.
    pub fn new(limits: ChatLimits, accounts: Vec<Account>, aliases: Vec<Alias>) -> Self {
        let mut this = Self {
            people: BTreeMap::new(),
            names: BTreeMap::new(),
            aliases: BTreeMap::new(),
            names_of_key: BTreeMap::new(),
            limits,
        };
        for Account { person, name, skeleton, key } in accounts {
            this.insert(person, Person { name: name.into(), skeleton, key });
        }
        for Alias { skeleton, person, until_ms } in aliases {
            if !this.names.contains_key(&skeleton) && this.people.contains_key(&person) {
                this.aliases.insert(skeleton, Reserved { person, until_ms });
            }
        }
        this
    }

    fn insert(&mut self, id: PersonId, person: Person) {
        *self.names_of_key.entry(person.key).or_default() += 1;
        self.names.insert(person.skeleton.clone(), id);
        self.people.insert(id, person);
    }

    /// A person's present name; empty for nobody.
    pub fn name(&self, person: PersonId) -> Arc<str> {
        self.people.get(&person).map_or_else(|| Arc::from(""), |person| Arc::clone(&person.name))
    }

    /// Who has this name, or had it and still has it reserved.
    pub fn find(&self, typed: &str, now_ms: u64) -> Option<PersonId> {
        let skeleton = skeleton(typed);
        self.names.get(&skeleton).copied().or_else(|| self.alias(&skeleton, now_ms))
    }

    fn alias(&self, skeleton: &str, now_ms: u64) -> Option<PersonId> {
        self.aliases.get(skeleton).filter(|alias| alias.until_ms > now_ms).map(|alias| alias.person)
    }

    /// The key that a person's name belongs to.
    pub fn key(&self, person: PersonId) -> Option<Key> {
        self.people.get(&person).map(|person| person.key)
    }

    /// Everybody whose name belongs to this key.
    pub fn of_key(&self, key: &Key) -> impl Iterator<Item = PersonId> {
        self.people.iter().filter(move |(_, person)| person.key == *key).map(|(id, _)| *id)
    }

    fn is_of(&self, person: PersonId, key: &Key) -> bool {
        self.people.get(&person).is_some_and(|person| person.key == *key)
    }

    /// Is this the name of the person with this key, just now?
    pub fn is_held_by(&self, name: &Name, key: &Key) -> bool {
        self.names.get(name.skeleton()).is_some_and(|person| self.is_of(*person, key))
    }

    /// Has this person this name, however it is written?
    pub fn is_named(&self, person: PersonId, name: &Name) -> bool {
        self.names.get(name.skeleton()) == Some(&person)
    }

    /// Has this key any name?
    pub fn knows(&self, key: &Key) -> bool {
        self.names_of_key.contains_key(key)
    }

    /// Gives a name to the key that proved it, whoever had it: its person is theirs. What the store is to
    /// remember, if anything changed.
    ///
    /// A [`Failure`] `server-full` is about a bound. How many names the key has does not count: each was proved.
    pub fn hand_over(&mut self, name: &Name, key: Key) -> Result<(PersonId, Option<Change>), Failure> {
        let Some(id) = self.names.get(name.skeleton()).copied() else {
            return self.insert_new(name, key).map(|(person, change)| (person, Some(change)));
        };
        let Some(person) = self.people.get_mut(&id).filter(|person| person.key != key) else {
            return Ok((id, None));
        };
        let former = std::mem::replace(&mut person.key, key);
        let (shown, skeleton) = (person.name.to_string(), person.skeleton.clone());
        *self.names_of_key.entry(key).or_default() += 1;
        if let Some(count) = self.names_of_key.get_mut(&former) {
            *count -= 1;
            if *count == 0 {
                self.names_of_key.remove(&former);
            }
        }
        Ok((id, Some(Change::Account(Account { person: id, name: shown, skeleton, key }))))
    }

    /// What this name is to this key. `resuming`: the person whom the instance that asks was before; it may
    /// not have heard yet that its name changed, so its old name still leads to that person.
    pub fn claim(&self, name: &Name, key: &Key, resuming: Option<PersonId>, now_ms: u64) -> Claim {
        if let Some(person) = self.names.get(name.skeleton()) {
            return if self.is_of(*person, key) { Claim::Owned(*person) } else { Claim::Taken };
        }
        match self.alias(name.skeleton(), now_ms) {
            Some(person) if !self.is_of(person, key) => Claim::Taken,
            Some(person) if resuming == Some(person) => Claim::Owned(person),
            _ => Claim::Free,
        }
    }

    /// Gives a free name to a new person of this key. A [`Failure`] `server-full` or `too-many-names` is
    /// about a bound.
    pub fn take(&mut self, name: &Name, key: Key) -> Result<(PersonId, Change), Failure> {
        if self.names_of_key.get(&key).is_some_and(|count| *count >= self.limits.names_per_key) {
            return Err(Failure::new("too-many-names", "you own too many names here; use one of them"));
        }
        self.insert_new(name, key)
    }

    fn insert_new(&mut self, name: &Name, key: Key) -> Result<(PersonId, Change), Failure> {
        if self.people.len() >= self.limits.accounts {
            return Err(Failure::new("server-full", "this server takes no more names"));
        }
        let person = PersonId(self.people.last_key_value().map_or(1, |(last, _)| last.0.saturating_add(1)));
        self.aliases.remove(name.skeleton());
        self.insert(person, Person { name: name.shown(), skeleton: name.skeleton().to_owned(), key });
        Ok((person, account(person, name, key)))
    }

    /// Gives a person another name; `None` if it is the one they have.
    ///
    /// A [`Failure`] `name-taken` proposes a free one; `too-many-names` is about the bound on aliases.
    pub fn rename(&mut self, id: PersonId, name: &Name, now_ms: u64) -> Result<Option<Renaming>, Failure> {
        let Some(person) = self.people.get(&id) else { return Ok(None) };
        if *person.name == *name.as_str() {
            return Ok(None);
        }
        let (old, key, old_skeleton) = (Arc::clone(&person.name), person.key, person.skeleton.clone());
        let mut changes = vec![account(id, name, key)];
        if old_skeleton != name.skeleton() {
            self.check_free(id, name, &key, now_ms)?;
            self.names.remove(&old_skeleton);
            self.aliases.remove(name.skeleton());
            self.names.insert(name.skeleton().to_owned(), id);
            let until_ms = now_ms.saturating_add(RESERVED_MS);
            self.aliases.insert(old_skeleton.clone(), Reserved { person: id, until_ms });
            changes.push(Change::Alias(Alias { skeleton: old_skeleton, person: id, until_ms }));
        }
        if let Some(person) = self.people.get_mut(&id) {
            person.name = name.shown();
            name.skeleton().clone_into(&mut person.skeleton);
        }
        Ok(Some(Renaming { old, new: name.shown(), changes }))
    }

    fn check_free(&self, person: PersonId, name: &Name, key: &Key, now_ms: u64) -> Result<(), Failure> {
        if self.claim(name, key, None, now_ms) != Claim::Free {
            return Err(self.taken(name, now_ms));
        }
        let own = |(skeleton, alias): &(&String, &Reserved)| {
            alias.person == person && alias.until_ms > now_ms && *skeleton != name.skeleton()
        };
        if self.aliases.iter().filter(own).count() >= self.limits.aliases_per_person {
            let text = "you changed your name too often today; your old names are reserved for a day";
            return Err(Failure::new("too-many-names", text));
        }
        Ok(())
    }

    /// The refusal of a name that is taken, with a free one like it where there is one.
    pub fn taken(&self, name: &Name, now_ms: u64) -> Failure {
        let is_free = |name: &Name| {
            !self.names.contains_key(name.skeleton()) && self.alias(name.skeleton(), now_ms).is_none()
        };
        let free = name
            .propose(is_free)
            .map_or_else(|| "choose another one".to_owned(), |free| format!("{} is free", free.as_str()));
        Failure::new("name-taken", format!("the name {} is taken; {free}", name.as_str()))
    }

    /// Frees the aliases whose day is over.
    pub fn forget(&mut self, now_ms: u64) {
        self.aliases.retain(|_, alias| alias.until_ms > now_ms);
    }

    /// Is there anything that [`Accounts::forget`] may free some time?
    pub fn has_aliases(&self) -> bool {
        !self.aliases.is_empty()
    }
}

fn account(person: PersonId, name: &Name, key: Key) -> Change {
    let (name, skeleton) = (name.as_str().to_owned(), name.skeleton().to_owned());
    Change::Account(Account { person, name, skeleton, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Key = [1; 32];
    const BEN: Key = [2; 32];

    fn name(typed: &str) -> Name {
        Name::parse(typed).unwrap()
    }

    fn accounts() -> Accounts {
        Accounts::new(ChatLimits::default(), Vec::new(), Vec::new())
    }

    fn with_bob() -> (Accounts, PersonId) {
        let mut accounts = accounts();
        let (bob, _) = accounts.take(&name("bob"), ANN).unwrap();
        (accounts, bob)
    }

    #[test]
    fn a_name_belongs_to_the_key_that_took_it_in_every_look_alike_form() {
        let (accounts, bob) = with_bob();
        for form in ["bob", "BOB", "b\u{43e}b"] {
            assert_eq!(accounts.claim(&name(form), &ANN, None, 0), Claim::Owned(bob));
            assert_eq!(accounts.claim(&name(form), &BEN, None, 0), Claim::Taken);
        }
        assert_eq!(accounts.claim(&name("ben"), &BEN, None, 0), Claim::Free);
    }

    #[test]
    fn a_refusal_names_a_free_name_in_a_fixed_form() {
        let (mut accounts, _) = with_bob();
        assert_eq!(accounts.taken(&name("Bob"), 0).text, "the name Bob is taken; Bob2 is free");
        accounts.take(&name("bob2"), BEN).unwrap();
        assert_eq!(accounts.taken(&name("bob"), 0).text, "the name bob is taken; bob3 is free");
    }

    #[test]
    fn an_old_name_is_reserved_for_its_key_for_a_day_and_leads_to_the_new_one() {
        let (mut accounts, bob) = with_bob();
        let renaming = accounts.rename(bob, &name("rob"), 1_000).unwrap().unwrap();
        assert_eq!((&*renaming.old, &*renaming.new, renaming.changes.len()), ("bob", "rob", 2));
        assert_eq!(accounts.find("BOB", 1_000), Some(bob));
        assert_eq!(accounts.claim(&name("bob"), &BEN, None, 1_000), Claim::Taken);
        assert_eq!(accounts.claim(&name("bob"), &ANN, None, 1_000), Claim::Free);
        let next_day = 1_000 + RESERVED_MS;
        assert_eq!(accounts.claim(&name("bob"), &BEN, None, next_day), Claim::Free);
        assert_eq!(accounts.find("bob", next_day), None);
        accounts.forget(next_day);
        assert!(!accounts.has_aliases());
    }

    #[test]
    fn an_instance_that_missed_its_own_renaming_is_still_that_person() {
        let (mut accounts, bob) = with_bob();
        accounts.rename(bob, &name("rob"), 0).unwrap();
        assert_eq!(accounts.claim(&name("bob"), &ANN, Some(bob), 0), Claim::Owned(bob));
    }

    #[test]
    fn a_person_may_take_the_old_name_back() {
        let (mut accounts, bob) = with_bob();
        accounts.rename(bob, &name("rob"), 0).unwrap();
        assert!(accounts.rename(bob, &name("bob"), 1).unwrap().is_some());
        assert_eq!(accounts.find("rob", 1), Some(bob), "now the other one is reserved");
        assert_eq!(&*accounts.name(bob), "bob");
    }

    #[test]
    fn another_way_of_writing_the_same_name_leaves_no_alias() {
        let (mut accounts, bob) = with_bob();
        assert_eq!(accounts.rename(bob, &name("bob"), 0).unwrap(), None);
        let renaming = accounts.rename(bob, &name("Bob"), 0).unwrap().unwrap();
        assert_eq!(renaming.changes.len(), 1);
        assert!(!accounts.has_aliases());
    }

    #[test]
    fn nobody_takes_a_name_that_is_in_use_not_even_by_the_same_key() {
        let (mut accounts, bob) = with_bob();
        accounts.take(&name("ann"), ANN).unwrap();
        assert_eq!(accounts.rename(bob, &name("ann"), 0).unwrap_err().code, "name-taken");
    }

    #[test]
    fn names_of_a_key_and_aliases_of_a_person_are_bounded() {
        let (mut accounts, bob) = with_bob();
        for number in 1..64 {
            accounts.take(&name(&format!("ann-{number}")), ANN).unwrap();
        }
        assert_eq!(accounts.take(&name("more"), ANN).unwrap_err().code, "too-many-names");
        for number in 1..=8 {
            accounts.rename(bob, &name(&format!("bob-{number}")), 0).unwrap();
        }
        assert_eq!(accounts.rename(bob, &name("bob-9"), 0).unwrap_err().code, "too-many-names");
        assert!(accounts.rename(bob, &name("bob-3"), 0).is_ok(), "but back is always possible");
    }

    #[test]
    fn what_the_store_knew_is_known_again() {
        let account =
            Account { person: PersonId(7), name: "Bob".into(), skeleton: skeleton("bob"), key: ANN };
        let alias = Alias { skeleton: skeleton("rob"), person: PersonId(7), until_ms: 9 };
        let mut accounts = Accounts::new(ChatLimits::default(), vec![account], vec![alias]);
        assert_eq!(accounts.find("rob", 8), Some(PersonId(7)));
        assert_eq!(accounts.claim(&name("bob"), &BEN, None, 0), Claim::Taken);
        assert_eq!(accounts.take(&name("new"), BEN).unwrap().0, PersonId(8), "numbers are not used twice");
    }
}
