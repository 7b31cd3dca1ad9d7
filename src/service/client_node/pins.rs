//! Is this the server that we know under its name?
//!
//! Keys are pinned at first use, by the server's own name: an address is only a hint, since classroom
//! addresses change. The same name with another key is refused. Whoever came with a join code besides
//! accepts only the key that the code promises, and whoever found the server on the network only the key that
//! it announced.

use super::promised::Promised;
use crate::chat::codec::decode_server_greeting;
use crate::service::api::Promise;
use crate::transport::session::PublicKey;
use crate::transport::trust::Trust;

/// The servers known, each with its key, and what is promised of the one that is meant.
#[derive(Clone, Debug)]
pub struct Pins {
    known: Vec<(String, PublicKey)>,
    promised: Option<Promised>,
}

impl Pins {
    /// These are known; `promised`: only a key of which this is true is accepted at all.
    pub fn new(known: Vec<(String, PublicKey)>, promised: Option<Promise>) -> Self {
        Self { known, promised: promised.map(Promised::new) }
    }

    /// The key to expect: the one known, unless another is promised.
    pub fn expected(&self, known: Option<PublicKey>) -> Option<PublicKey> {
        known.filter(|key| self.promised.as_ref().is_none_or(|promised| promised.is_of_known(key)))
    }

    /// What is wrong with a server that was not trusted, in a word for scripts.
    pub fn complaint(&self) -> &'static str {
        let broken = self.promised.as_ref().filter(|promised| promised.is_broken());
        broken.map_or("server-key-changed", Promised::complaint)
    }

    /// Does a join code vouch for the server?
    pub fn is_vouched_for(&self) -> bool {
        self.promised.as_ref().is_some_and(Promised::vouches)
    }

    /// Is nothing known of this name?
    pub fn is_new(&self, name: &str) -> bool {
        !self.known.iter().any(|(known, _)| known == name)
    }
}

impl Trust for Pins {
    fn check(&self, key: &PublicKey, greeting: &[u8]) -> Result<(), String> {
        let Ok(greeting) = decode_server_greeting(greeting) else {
            return Err("the server's greeting cannot be read".to_owned());
        };
        if let Some(promised) = &self.promised {
            promised.check(key)?;
        }
        let mut known = self.known.iter().filter(|(name, _)| *name == greeting.name).peekable();
        if known.peek().is_none() || known.any(|(_, pinned)| pinned == key) {
            return Ok(());
        }
        Err(format!(
            "the server calls itself {:?} as one you know, but its key is another one ({}…). Either it was set \
             up anew, or somebody else pretends to be it. Ask whoever runs it; if it is all right, remove its \
             line from known_servers in the configuration folder and connect again",
            greeting.name,
            &key.to_string()[..16],
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::codec::encode_server_greeting;
    use crate::chat::message::ServerGreeting;
    use crate::crypto::StretchedKey;

    fn greeting(name: &str) -> Vec<u8> {
        encode_server_greeting(&ServerGreeting { name: name.to_owned(), agent: "test".to_owned() })
    }

    #[test]
    fn a_known_name_must_show_its_key_and_a_new_one_is_welcome() {
        let pins = Pins::new(vec![("lab".to_owned(), PublicKey([1; 32]))], None);
        assert!(pins.check(&PublicKey([1; 32]), &greeting("lab")).is_ok());
        assert!(pins.check(&PublicKey([2; 32]), &greeting("lab")).is_err());
        assert!(pins.check(&PublicKey([2; 32]), &greeting("hall")).is_ok());
        assert!(pins.is_new("hall") && !pins.is_new("lab"));
        assert!(pins.check(&PublicKey([1; 32]), b"garbage").is_err());
        assert_eq!(pins.complaint(), "server-key-changed");
    }

    #[test]
    fn with_a_code_both_the_code_and_the_known_name_must_agree() {
        let (lab, other) = (PublicKey([1; 32]), PublicKey([2; 32]));
        let pins = |promised| {
            Pins::new(vec![("lab".to_owned(), lab)], Some(Promise::Code(StretchedKey::of(&promised))))
        };
        assert!(pins(lab).check(&lab, &greeting("lab")).is_ok());
        assert!(pins(other).check(&other, &greeting("hall")).is_ok());
        let by_name = pins(other);
        assert!(by_name.check(&other, &greeting("lab")).unwrap_err().contains("known_servers"));
        assert_eq!(by_name.complaint(), "server-key-changed");
        let by_code = pins(other);
        assert!(by_code.check(&lab, &greeting("lab")).unwrap_err().contains("this code"));
        assert_eq!(by_code.complaint(), "join-code-mismatch");
    }

    #[test]
    fn a_key_known_at_the_address_is_expected_unless_a_code_promises_another() {
        let (lab, other) = (PublicKey([1; 32]), PublicKey([2; 32]));
        assert_eq!(Pins::new(Vec::new(), None).expected(Some(lab)), Some(lab));
        let promised = Pins::new(Vec::new(), Some(Promise::Code(StretchedKey::of(&lab))));
        assert_eq!(promised.expected(Some(lab)), Some(lab));
        assert_eq!(promised.expected(Some(other)), None);
    }
}
