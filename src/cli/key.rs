//! `key`: which key does somebody prove here, and how do they get one of their own?
//!
//! A new one is wanted where others have the same: a cloned image, a copied folder. The old one is kept
//! beside, since names on servers hang on it.

use super::exit::{Exit, Outcome, Stop};
use crate::chat::client::display::printable;
use crate::crypto::StretchedKey;
use crate::shell::home::{Copied, Home};
use clap::{Args, Subcommand};
use std::io::{self, Write};

/// `key`.
#[derive(Args, Debug)]
pub struct Key {
    /// What is to be done [default: show].
    #[command(subcommand)]
    pub act: Option<KeyAct>,
    /// The key of the server here, in place of yours
    #[arg(long, global = true)]
    pub server: bool,
}

/// What is to be done with a key.
#[derive(Subcommand, Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyAct {
    /// Show its public half, as people compare it (what is done without a word, too)
    Show,
    /// Make a new one; the old one is kept beside it
    New,
}

/// Shows the key, or makes a new one.
pub fn run(key: &Key) -> Outcome {
    let home = Home::find().map_err(Stop::failed)?;
    let mut text = String::new();
    if key.act == Some(KeyAct::New) {
        let kept = if key.server { home.renew_server_identity() } else { home.renew_identity() };
        if let Some(kept) = kept.map_err(Stop::failed)? {
            text = format!("{}\nthe old one is kept as {}\n", consequence(key.server), kept.display());
        }
    }
    let identity = if key.server { home.server_identity() } else { home.identity() };
    let public = identity.map_err(Stop::failed)?.public();
    let words = StretchedKey::of(&public).words();
    write!(io::stdout(), "{text}{public}\n{words}\n").map_err(Stop::failed)?;
    Ok(Exit::Done)
}

const fn consequence(of_server: bool) -> &'static str {
    if of_server {
        "a new key: clients that know this server by the old one will refuse it, and join codes change"
    } else {
        "a new key: names that servers gave to the old one stay with it, so take another one there"
    }
}

/// What somebody is told whose key came from elsewhere.
pub fn told(copied: &Copied, of_server: bool) -> String {
    let made_in = printable(&copied.made_in);
    let machine = if copied.from_another_machine { " on another machine" } else { "" };
    let (what, harm, command) = if of_server {
        ("server's key", "pass for this server", "sayagain key new --server")
    } else {
        ("key", "speak as you", "sayagain key new")
    };
    format!(
        "the {what} here was made in {made_in}{machine}. If somebody else uses that folder, or a copy of it (a \
         cloned image, a shared account), they have the same key and can {harm}: `{command}` makes one that \
         only this folder has. If all of that is yours, all is well; this is told once in each place"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_a_copied_key_is_told_whence_and_the_cure() {
        let mut copied = Copied { made_in: "/home/a\u{1b}[2J".to_owned(), from_another_machine: true };
        let text = told(&copied, false);
        assert!(text.contains("on another machine") && text.contains("`sayagain key new` makes"), "{text}");
        assert!(!text.contains('\u{1b}'));
        copied.from_another_machine = false;
        let text = told(&copied, true);
        assert!(!text.contains("on another machine") && text.contains("key new --server"), "{text}");
    }
}
