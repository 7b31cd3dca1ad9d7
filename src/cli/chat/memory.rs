//! What does a client remember for its next start?

use super::face::News;
use super::observed::Memory;
use crate::chat::client::display::printable;
use crate::chat::client::event::UserEvent;
use crate::shell::home::{Home, KnownServers};
use crate::transport::session::PublicKey;
use log::warn;

/// Remembers in the configuration folder.
#[derive(Debug)]
pub struct HomeMemory {
    home: Home,
    known: KnownServers,
    /// Did a join code promise the server's key?
    by_code: bool,
}

impl HomeMemory {
    /// This person's folder, and the servers in it; `by_code`: the key is not new to whoever has the code.
    pub fn new(home: Home, known: KnownServers, by_code: bool) -> Self {
        Self { home, known, by_code }
    }

    fn first_met(&self, server_name: &str, key: PublicKey) -> News {
        let why = if self.by_code { "the join code vouches for it, and " } else { "" };
        News::Note(format!(
            "first time at \"{}\"; {why}from now on it must prove this key: {key}",
            printable(server_name)
        ))
    }
}

/// Another server answers at an address that we know. In a network where addresses change that is nothing;
/// but it is also what it looks like when somebody takes a server's place under another name.
fn another_here(former: &str, server_name: &str, key: PublicKey, address: &str) -> News {
    let (former, server_name) = (printable(former), printable(server_name));
    let text = format!(
        "at {address} there was \"{former}\" before, and now another server answers, \"{server_name}\", with \
         another key ({}…). If you do not expect that, leave (/quit) and ask whoever runs it; /fingerprint \
         shows words to compare",
        &key.to_string()[..16],
    );
    News::Chat(UserEvent::Warning { text })
}

impl Memory for HomeMemory {
    fn on_pin(&mut self, server_name: &str, key: PublicKey, new: bool, address: &str) -> Vec<News> {
        let mut remarks = Vec::new();
        let former = self.known.at_address(address).filter(|former| former.key != key && !self.by_code);
        if let Some(former) = former {
            remarks.push(another_here(&former.name, server_name, key, address));
        }
        match self.known.remember(server_name, key, address) {
            Err(error) => {
                remarks.push(News::Note(format!("the server's key could not be remembered: {error}")));
            }
            Ok(()) if new => remarks.push(self.first_met(server_name, key)),
            Ok(()) => {}
        }
        remarks
    }

    fn on_name(&mut self, name: &str) {
        if self.home.remembered_name().as_deref() == Some(name) {
            return;
        }
        if let Err(error) = self.home.remember_name(name) {
            warn!("the name could not be remembered: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: PublicKey = PublicKey([1; 32]);
    const OTHER: PublicKey = PublicKey([2; 32]);

    fn remarks(by_code: bool, meetings: &[(&str, PublicKey, bool)]) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder to test in");
        let home = Home::at(folder.path().join("config"), folder.path().join("data"));
        let known = home.known_servers().expect("none yet");
        let mut memory = HomeMemory::new(home, known, by_code);
        let told =
            meetings.iter().flat_map(|(name, key, new)| memory.on_pin(name, *key, *new, "10.0.0.5:4747"));
        told.map(|news| match news {
            News::Note(text) => text,
            News::Chat(UserEvent::Warning { text }) => format!("WARNING {text}"),
            other => panic!("{other:?}"),
        })
        .collect()
    }

    #[test]
    fn a_new_key_at_a_known_address_is_told_aloud() {
        let told = remarks(false, &[("lab", KEY, true), ("lab", KEY, false), ("hall", OTHER, true)]);
        let [first, loud, also] = &told[..] else { panic!("{told:?}") };
        assert!(first.contains("first time at \"lab\"") && also.contains("first time at \"hall\""));
        assert!(loud.starts_with("WARNING at 10.0.0.5:4747 there was \"lab\" before"), "{loud}");
    }

    #[test]
    fn a_key_that_a_code_vouches_for_is_told_in_a_low_voice() {
        let told = remarks(true, &[("lab", KEY, true), ("hall", OTHER, true)]);
        assert!(told.iter().all(|text| text.contains("the join code vouches")), "{told:?}");
    }
}
