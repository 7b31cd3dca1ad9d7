//! What does a client remember for its next start?

use super::observed::Memory;
use crate::shell::home::{Home, KnownServers};
use crate::transport::session::PublicKey;
use log::warn;

/// Remembers in the configuration folder.
#[derive(Debug)]
pub struct HomeMemory {
    home: Home,
    known: KnownServers,
}

impl HomeMemory {
    /// This person's folder, and the servers in it.
    pub fn new(home: Home, known: KnownServers) -> Self {
        Self { home, known }
    }
}

impl Memory for HomeMemory {
    fn on_pin(&mut self, server_name: &str, key: PublicKey, new: bool, address: &str) -> Option<String> {
        let remembered = self.known.remember(server_name, key, address);
        match remembered {
            Err(error) => Some(format!("the server's key could not be remembered: {error}")),
            Ok(()) if new => Some(format!(
                "first time at \"{}\"; from now on it must prove this key: {key}",
                crate::chat::client::display::printable(server_name)
            )),
            Ok(()) => None,
        }
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
