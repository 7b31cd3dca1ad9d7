//! `chat` alone: which of the servers on this network is meant?
//!
//! ```text
//!  none ─▶ what to do, exit code 3
//!  one ──▶ that one
//!  several ─ at a terminal ─▶ a question
//!          └ else ──────────▶ which there are and how to name one, exit code 2
//! ```
//!
//! Whatever was heard is untrusted. It is shown without what steers a terminal, beside what we know ourselves
//! (is the announced key one that we remember?), and whoever is joined must prove the announced key.

use super::join::Kind;
use super::name;
use super::server::MeantServer;
use crate::chat::client::display::printable;
use crate::cli::arguments::{Chat, ChatTransport};
use crate::cli::exit::Stop;
use crate::crypto::{PublicKey, Thumbprint};
use crate::service::api::Promise;
use crate::service::discovery::{Announcement, Door, Findings, Found};
use crate::shell::discovery::{Ways, search};
use crate::shell::home::Home;
use crate::wire::datagram::VERSION;
use clap::{Args, ValueEnum};
use std::io;

/// How to search.
#[derive(Args, Clone, Copy, Debug)]
pub struct FindOptions {
    /// Without a server's name: search only in this way
    #[arg(long, value_enum, default_value_t = FindBy::Both, hide = true)]
    pub find_by: FindBy,
}

/// A way to search.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum FindBy {
    /// All that there are.
    Both,
    /// mDNS alone.
    Mdns,
    /// Our own probes alone.
    Probe,
}

/// Is this server one that we know?
#[derive(Clone, PartialEq, Eq, Debug)]
enum Acquaintance {
    /// Its key is remembered, under this name.
    Known(String),
    /// Neither its key nor its name is.
    New,
    /// Its name is remembered, with another key.
    OtherKey,
    /// In the clear no key is proved.
    Unproved,
}

impl Acquaintance {
    fn of(told: &Announcement, pins: &[(String, PublicKey)]) -> Self {
        let has_key = |(_, key): &&(String, PublicKey)| Thumbprint::of(key) == told.thumbprint;
        if told.is_clear {
            return Self::Unproved;
        }
        match pins.iter().find(has_key) {
            Some((name, _)) => Self::Known(name.clone()),
            None if pins.iter().any(|(name, _)| *name == told.name) => Self::OtherKey,
            None => Self::New,
        }
    }

    fn in_words(&self, name: &str) -> String {
        match self {
            Self::Known(known) if known == name => "known".to_owned(),
            Self::Known(known) => format!("known as \"{}\"", printable(known)),
            Self::New => "new to you".to_owned(),
            Self::OtherKey => "NOT the key that you know under this name".to_owned(),
            Self::Unproved => "in the clear, no key is proved".to_owned(),
        }
    }
}

/// What we know and want, whatever is found.
struct Seeker {
    pins: Vec<(String, PublicKey)>,
    transport: ChatTransport,
    insecure: bool,
}

impl Seeker {
    /// Why that server cannot be joined as it was asked for.
    fn hindrance(&self, told: &Announcement) -> Option<String> {
        let spoken = match self.transport {
            ChatTransport::Udp => told.spoken.udp,
            ChatTransport::Tcp => told.spoken.tcp,
            ChatTransport::Auto => told.spoken.udp || told.spoken.tcp,
        };
        if told.protocol != VERSION {
            return Some(format!("speaks protocol {}, and this program {VERSION}", told.protocol));
        }
        match (told.is_clear, self.insecure) {
            (true, false) => Some("only with --insecure".to_owned()),
            (false, true) => Some("only without --insecure".to_owned()),
            _ if spoken => None,
            _ if told.spoken.tcp => Some("only with --transport tcp".to_owned()),
            _ => Some("only with --transport udp".to_owned()),
        }
    }

    /// A server in one line, by its number from 1.
    fn row(&self, place: usize, found: &Found) -> String {
        let told = &found.announcement;
        let (number, name, address) = (place + 1, printable(&told.name), address(found));
        format!("{number:>3}  {name}  {address}  {}", self.remark(told))
    }

    /// What there is to know before one joins.
    fn remark(&self, told: &Announcement) -> String {
        let door = match told.door {
            Door::Open => "open",
            Door::Secret => "asks for the class secret",
            Door::Members => "members only",
        };
        let people = match told.people {
            None => String::new(),
            Some(1) => ", 1 person".to_owned(),
            Some(people) => format!(", {people} people"),
        };
        let known = Acquaintance::of(told, &self.pins).in_words(&told.name);
        let hindrance = self.hindrance(told).map(|why| format!(" ({why})")).unwrap_or_default();
        format!("{door}{people}, {known}{hindrance}")
    }

    /// The places of those that can be joined.
    fn fitting(&self, found: &[Found]) -> Vec<usize> {
        let fits = |place: &usize| self.hindrance(&found[*place].announcement).is_none();
        (0..found.len()).filter(fits).collect()
    }

    /// The only one of these that we know.
    fn preferred(&self, found: &[Found], places: &[usize]) -> Option<usize> {
        let is_known = |place: &&usize| {
            matches!(Acquaintance::of(&found[**place].announcement, &self.pins), Acquaintance::Known(_))
        };
        let known: Vec<usize> = places.iter().filter(is_known).copied().collect();
        known.first().copied().filter(|_| known.len() == 1)
    }

    /// Which is meant; `ask` where there is somebody to ask.
    fn choose(
        &self,
        findings: &Findings,
        ask: Option<impl FnMut(&str) -> io::Result<String>>,
    ) -> Result<usize, Stop> {
        let found = findings.all();
        let rows = || found.iter().enumerate().map(|(place, found)| format!("\n{}", self.row(place, found)));
        let fitting = self.fitting(found);
        match (&fitting[..], ask) {
            _ if found.is_empty() => Err(Stop::not_connected(nobody())),
            ([], _) => Err(Stop::not_connected(format!(
                "none of the servers on this network can be joined so:{}",
                rows().collect::<String>()
            ))),
            ([only], _) => Ok(*only),
            (_, Some(ask)) => asked(&fitting, self.preferred(found, &fitting), ask)
                .ok_or_else(|| Stop::not_connected("no server was chosen")),
            ([first, ..], None) => Err(Stop::usage(format!(
                "there are several servers on this network; name one, for example sayagain chat {}:{}",
                address(&found[*first]),
                rows().collect::<String>()
            ))),
        }
    }
}

/// Looks for servers on this network, asks which is meant where there are several, and gives it, with its
/// address as people write it.
pub fn find(chat: &Chat, kind: Kind, home: &Home) -> Result<(String, MeantServer), Stop> {
    let pins = home.known_servers().map_err(Stop::failed)?.pins();
    let seeker = Seeker { pins, transport: chat.transport, insecure: chat.insecure };
    let by = chat.find.find_by;
    let ways = Ways::here(by != FindBy::Probe, by != FindBy::Mdns);
    eprintln!("looking for servers on this network …");
    let has_reader = kind == Kind::Terminal;
    let findings = search(&ways, |place, found| {
        if has_reader {
            eprintln!("{}", seeker.row(place, found));
        }
    });
    let findings = findings.map_err(Stop::failed)?;
    let place = seeker.choose(&findings, has_reader.then_some(name::ask_on_terminal))?;
    let found = &findings.all()[place];
    let (address, told) = (address(found), &found.announcement);
    eprintln!("joining \"{}\" at {address}: {}", printable(&told.name), seeker.remark(told));
    Ok((address, meant(found, chat.insecure)))
}

fn meant(found: &Found, insecure: bool) -> MeantServer {
    let promise = Promise::Announced(found.announcement.thumbprint);
    MeantServer { addresses: found.addresses(), promised: (!insecure).then_some(promise) }
}

fn address(found: &Found) -> String {
    found.addresses().first().map(ToString::to_string).unwrap_or_default()
}

/// Asks for one of these places, by its number from 1, until it is one; an empty line takes the preferred one.
/// `None` at the end of the input.
fn asked(
    places: &[usize],
    preferred: Option<usize>,
    mut ask: impl FnMut(&str) -> io::Result<String>,
) -> Option<usize> {
    let numbers: Vec<String> = places.iter().map(|place| (place + 1).to_string()).collect();
    let proposal = preferred.map(|place| format!(" [{}]", place + 1)).unwrap_or_default();
    let question = format!("Which one ({})?{proposal} ", numbers.join(", "));
    loop {
        let answer = ask(&question).unwrap_or_default();
        let typed = answer.trim();
        if answer.is_empty() {
            return None;
        }
        if typed.is_empty() && preferred.is_some() {
            return preferred;
        }
        if let Some(index) = numbers.iter().position(|number| number == typed) {
            return Some(places[index]);
        }
    }
}

fn nobody() -> String {
    "no server was found on this network. Ask whoever runs it for its join code or its address: sayagain chat \
     sa-…, or sayagain chat 192.168.1.20. (A server on another network, one that is served with --unannounced or \
     for its own machine alone, and a Wi-Fi that keeps its guests apart all look like this; `sayagain doctor` \
     finds out more.)"
        .to_owned()
}

#[cfg(test)]
#[path = "found_tests.rs"]
mod tests;
