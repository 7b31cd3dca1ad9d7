//! `doctor`: why does joining fail here, and what is the cure?
//!
//! Looks (at most ten seconds, and joins nobody), judges, and prints a line, or an object, for each check. The
//! thinking is in [`diagnosis`](crate::service::diagnosis), the looking in
//! [`examination`](crate::shell::examination).

use super::chat::server::MeantServer;
use super::exit::{Exit, Outcome, Stop};
use super::key;
use crate::chat::client::display::printable;
use crate::crypto::{PublicKey, StretchedKey, Thumbprint};
use crate::service::api::Promise;
use crate::service::diagnosis::{
    Acquaintance, Folder, Observations, State, Target, Verdict, judge, would_join,
};
use crate::service::discovery::{Findings, Found};
use crate::shell::discovery::{Ways, search};
use crate::shell::examination::{examine, surroundings};
use crate::shell::home::{Home, KnownServers};
use clap::Args;
use serde_json::json;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// A name may take so long to become an address.
const NAME_PATIENCE: Duration = Duration::from_secs(3);

/// `doctor`.
#[derive(Args, Debug)]
pub struct Doctor {
    /// The server, as for `chat` [default: the one that is found on this network, else the one met last]
    #[arg(value_name = "CODE|HOST[:PORT]")]
    pub server: Option<String>,
    /// Print JSON, an object for each check
    #[arg(long)]
    pub json: bool,
}

/// The server that is looked at.
struct Patient {
    asked: String,
    outcome: Result<MeantServer, String>,
}

impl Patient {
    fn of(asked: &str) -> Result<Self, Stop> {
        let outcome = resolved(asked)?;
        Ok(Self { asked: printable(asked).into_owned(), outcome })
    }

    fn found(found: &Found) -> Self {
        let promised = Some(Promise::Announced(found.announcement.thumbprint));
        let addresses = found.addresses();
        Self { asked: named(found), outcome: Ok(MeantServer { addresses, promised }) }
    }

    fn examined(self, known: Option<&KnownServers>) -> Target {
        let place = self.outcome.and_then(|meant| {
            let acquaint = |name: &str, key: &PublicKey| acquaintance(name, key, meant.promised, known);
            examine(&meant.addresses, acquaint).ok_or_else(|| "it has no address".to_owned())
        });
        Target { asked: self.asked, place }
    }
}

/// A wrong form is wrong usage; a name that is not known is a finding.
fn resolved(asked: &str) -> Result<Result<MeantServer, String>, Stop> {
    let (text, (done, outcome)) = (asked.to_owned(), channel());
    thread::spawn(move || done.send(MeantServer::of(&text, false)));
    match outcome.recv_timeout(NAME_PATIENCE) {
        Ok(Ok(meant)) => Ok(Ok(meant)),
        Ok(Err(stop)) if stop.exit == Exit::Usage => Err(stop),
        Ok(Err(stop)) => Ok(Err(stop.text)),
        Err(_) => Ok(Err("the name servers do not answer".to_owned())),
    }
}

/// What is known of this key under this name.
fn acquaintance(
    name: &str,
    key: &PublicKey,
    promised: Option<Promise>,
    known: Option<&KnownServers>,
) -> Acquaintance {
    let keeps = match promised {
        Some(Promise::Code(bits)) => StretchedKey::of(key) == bits,
        Some(Promise::Announced(thumbprint)) => Thumbprint::of(key) == thumbprint,
        None => true,
    };
    let pins: Vec<PublicKey> =
        known.iter().flat_map(|known| known.pins()).filter(|pin| pin.0 == name).map(|pin| pin.1).collect();
    match known {
        _ if !keeps => Acquaintance::NotPromised,
        _ if pins.contains(key) => Acquaintance::Known,
        Some(known) if !pins.is_empty() => Acquaintance::OtherKey(known.path().display().to_string()),
        _ => Acquaintance::New,
    }
}

/// Looks, judges, tells.
pub fn run(doctor: &Doctor) -> Outcome {
    let typed = doctor.server.as_deref().map(Patient::of).transpose()?;
    let (folder, known) = own_things();
    if !doctor.json && io::stderr().is_terminal() {
        eprintln!("looking around; this takes up to ten seconds …");
    }
    let seeking = thread::spawn(|| search(&Ways::here(true, true), |_, _| {}));
    let typed = typed.map(|patient| patient.examined(known.as_ref()));
    let findings = seeking.join().ok().and_then(Result::ok);
    let all = findings.as_ref().map_or(&[][..], Findings::all);
    let target = match (typed, all.first(), last_met(known.as_ref())) {
        (Some(target), ..) => Some(target),
        (None, Some(found), _) => Some(Patient::found(found).examined(known.as_ref())),
        (None, None, Some(last)) => Some(Patient::of(&last)?.examined(known.as_ref())),
        (None, None, None) => None,
    };
    let found = all.iter().map(named).collect();
    let verdicts = judge(&Observations { here: surroundings(folder), target, found });
    tell(&verdicts, doctor.json).map_err(Stop::failed)?;
    Ok(if would_join(&verdicts) { Exit::Done } else { Exit::Failed })
}

fn own_things() -> (Folder, Option<KnownServers>) {
    let home = match Home::find() {
        Ok(home) => home,
        Err(error) => return (Folder::Unusable(error.to_string()), None),
    };
    let usable = home.identity().and_then(|_| home.known_servers());
    match (usable, home.note_use()) {
        (Err(error), _) => (Folder::Unusable(error.to_string()), None),
        (Ok(known), Some(copied)) => (Folder::Copied(key::told(&copied, false)), Some(known)),
        (Ok(known), None) => (Folder::Fine, Some(known)),
    }
}

/// The file has the latest server last, and of each the latest address.
fn last_met(known: Option<&KnownServers>) -> Option<String> {
    known?.servers().last().and_then(|server| server.addresses.last().cloned())
}

fn named(found: &Found) -> String {
    let address = found.addresses().first().map(SocketAddr::to_string).unwrap_or_default();
    format!("{} {address}", printable(&found.announcement.name))
}

fn tell(verdicts: &[Verdict], as_json: bool) -> io::Result<()> {
    let mut output = io::stdout().lock();
    for verdict in verdicts {
        if as_json {
            writeln!(output, "{}", object(verdict))?;
        } else {
            writeln!(output, "{}", line(verdict))?;
        }
    }
    if !as_json {
        writeln!(output, "{}", summary(verdicts))?;
    }
    output.flush()
}

fn object(verdict: &Verdict) -> serde_json::Value {
    let Verdict { check, state, text, cure } = verdict;
    json!({ "check": check, "state": state.name(), "text": text, "cure": cure })
}

fn line(verdict: &Verdict) -> String {
    let Verdict { check, state, text, cure } = verdict;
    let cure =
        if cure.is_empty() { String::new() } else { format!("\n                 → {}", printable(cure)) };
    format!("{:<4}  {check:<9}  {}{cure}", state.name(), printable(text))
}

fn summary(verdicts: &[Verdict]) -> String {
    match verdicts.iter().find(|verdict| verdict.state == State::Fail) {
        None => "A join would work.".to_owned(),
        Some(Verdict { check, .. }) => format!("A join would fail: see {check}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn verdict(state: State, cure: &str) -> Verdict {
        Verdict { check: "udp", state, text: "as it\u{1b}[2J is".to_owned(), cure: cure.to_owned() }
    }

    #[test]
    fn a_check_is_a_line_with_its_cure_below_and_nothing_steers_the_terminal() {
        let text = line(&verdict(State::Fail, "do this"));
        assert!(text.starts_with("fail  udp  ") && text.ends_with("→ do this"), "{text}");
        assert!(!text.contains('\u{1b}'));
        assert_eq!(line(&verdict(State::Ok, "")).lines().count(), 1);
    }

    #[test]
    fn a_check_is_an_object_with_four_members() {
        let object = object(&verdict(State::Warn, "do this"));
        assert_eq!(
            (&object["check"], &object["state"], &object["cure"]),
            (&"udp".into(), &"warn".into(), &"do this".into())
        );
    }

    #[test]
    fn the_first_failure_is_the_one_to_look_at() {
        assert_eq!(summary(&[verdict(State::Warn, "")]), "A join would work.");
        assert_eq!(summary(&[verdict(State::Fail, "")]), "A join would fail: see udp.");
    }

    #[test]
    fn a_key_is_known_new_another_or_not_the_promised_one() {
        let folder = TempDir::new().expect("a folder");
        let mut known = KnownServers::load(folder.path()).expect("an empty file");
        let (key, other) = (PublicKey([1; 32]), PublicKey([2; 32]));
        known.remember("lab", key, "10.0.0.1:4747").expect("remembered");
        let of = |name, key, promised| acquaintance(name, key, promised, Some(&known));
        assert_eq!(of("lab", &key, None), Acquaintance::Known);
        assert_eq!(of("hall", &key, None), Acquaintance::New);
        assert!(
            matches!(of("lab", &other, None), Acquaintance::OtherKey(file) if file.contains("known_servers"))
        );
        let promise = Some(Promise::Announced(Thumbprint::of(&key)));
        assert_eq!(of("lab", &key, promise), Acquaintance::Known);
        assert_eq!(of("hall", &other, promise), Acquaintance::NotPromised);
        assert_eq!(last_met(Some(&known)).as_deref(), Some("10.0.0.1:4747"));
    }
}
