//! Who am I, as the server knows me?

use crate::chat::message::{PersonId, Role};

/// One's own person and name, and whether one is away.
#[derive(Debug)]
pub struct Myself {
    person: Option<PersonId>,
    name: String,
    /// The word left on going away; `None` while here.
    pub away: Option<String>,
    /// What one may do on this server.
    pub role: Role,
}

impl Myself {
    /// Somebody who wants this name.
    pub fn new(name: &str) -> Self {
        Self { person: None, name: name.to_owned(), away: None, role: Role::Member }
    }

    /// The name: as the server spells it, once it has.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server knows me as this person; false the first time.
    pub fn on_welcome(&mut self, person: PersonId, name: &str) -> bool {
        self.rename(name);
        self.person.replace(person).is_some()
    }

    /// I have this name from now on.
    pub fn rename(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    /// Is this me? So long as the server has not said who I am, it may be.
    pub fn may_be(&self, person: PersonId) -> bool {
        self.person.is_none_or(|known| known == person)
    }

    /// Is this me, for certain?
    pub fn is(&self, person: PersonId) -> bool {
        self.person == Some(person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_says_who_i_am_and_how_i_am_spelled() {
        let mut myself = Myself::new("ANN");
        assert!(myself.may_be(PersonId(3)) && !myself.is(PersonId(3)));
        assert!(!myself.on_welcome(PersonId(9), "ann"), "the first time");
        assert!(myself.on_welcome(PersonId(9), "ann"), "again");
        assert!(!myself.may_be(PersonId(3)) && myself.is(PersonId(9)));
        assert_eq!(myself.name(), "ann");
    }
}
