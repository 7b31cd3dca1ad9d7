//! Is this the server that we know under its name?
//!
//! Keys are pinned at first use, by the server's own name: an address is only a hint, since classroom
//! addresses change. The same name with another key is refused.

use crate::chat::codec::decode_server_greeting;
use crate::transport::session::PublicKey;
use crate::transport::trust::Trust;

/// The servers known, each with its key.
#[derive(Clone, Debug)]
pub struct Pins(Vec<(String, PublicKey)>);

impl Pins {
    /// These are known.
    pub const fn new(pins: Vec<(String, PublicKey)>) -> Self {
        Self(pins)
    }

    /// Is nothing known of this name?
    pub fn is_new(&self, name: &str) -> bool {
        !self.0.iter().any(|(known, _)| known == name)
    }
}

impl Trust for Pins {
    fn check(&self, key: &PublicKey, greeting: &[u8]) -> Result<(), String> {
        let Ok(greeting) = decode_server_greeting(greeting) else {
            return Err("the server's greeting cannot be read".to_owned());
        };
        let mut known = self.0.iter().filter(|(name, _)| *name == greeting.name).peekable();
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

    fn greeting(name: &str) -> Vec<u8> {
        encode_server_greeting(&ServerGreeting { name: name.to_owned(), agent: "test".to_owned() })
    }

    #[test]
    fn a_known_name_must_show_its_key_and_a_new_one_is_welcome() {
        let pins = Pins::new(vec![("lab".to_owned(), PublicKey([1; 32]))]);
        assert!(pins.check(&PublicKey([1; 32]), &greeting("lab")).is_ok());
        assert!(pins.check(&PublicKey([2; 32]), &greeting("lab")).is_err());
        assert!(pins.check(&PublicKey([2; 32]), &greeting("hall")).is_ok());
        assert!(pins.is_new("hall") && !pins.is_new("lab"));
        assert!(pins.check(&PublicKey([1; 32]), b"garbage").is_err());
    }
}
