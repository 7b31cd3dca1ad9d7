//! What do the observations mean, and what is to be done?
//!
//! ```text
//!  UDP \ TCP │ opened                 refused                      silent
//!  ──────────┼──────────────────────────────────────────────────────────────────────────────
//!  answered  │ ok                     ok (UDP only)                ok (UDP only)
//!  refused   │ a server of TCP alone  no server there              no server there
//!  silent    │ UDP is blocked         UDP is dropped, no server    near: isolated, or a firewall
//!            │                        over TCP                     far: another network, a firewall
//! ```
//!
//! Each check is one verdict with at most one cure, a sentence. Of two that are silent the machine's other
//! signs of life tell which it is: a reset from another port, a hardware address. Pure: observations in,
//! verdicts out.

use super::observation::{
    Acquaintance, Firewall, Folder, Interface, Met, Observations, Place, Reply, Surroundings, Target,
};
use crate::wire::datagram::VERSION;

/// Before this second no build of this program can have run: 2026-01-01.
const EARLIEST_SECOND: u64 = 1_767_225_600;

/// After this second a clock is wrong rather than late: 2100-01-01.
const LATEST_SECOND: u64 = 4_102_444_800;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// As it should be.
    Ok,
    /// It may do harm.
    Warn,
    /// So nobody joins.
    Fail,
}

impl State {
    /// In a word: `ok`, `warn`, `fail`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What came of one check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// The check, in a word that stays.
    pub check: &'static str,
    /// How bad it is.
    pub state: State,
    /// What was found.
    pub text: String,
    /// What to do; empty where nothing is to be done.
    pub cure: String,
}

fn ok(check: &'static str, text: impl Into<String>) -> Verdict {
    Verdict { check, state: State::Ok, text: text.into(), cure: String::new() }
}

fn warn(check: &'static str, text: impl Into<String>, cure: impl Into<String>) -> Verdict {
    Verdict { check, state: State::Warn, text: text.into(), cure: cure.into() }
}

fn fail(check: &'static str, text: impl Into<String>, cure: impl Into<String>) -> Verdict {
    Verdict { check, state: State::Fail, text: text.into(), cure: cure.into() }
}

/// All checks, in the order in which they build on each other.
pub fn judge(seen: &Observations) -> Vec<Verdict> {
    let mut verdicts = vec![network(&seen.here)];
    verdicts.extend(tunnel(seen));
    if let Some(target) = &seen.target {
        verdicts.extend(reach(target, &seen.here));
    }
    verdicts.push(discovery(seen));
    verdicts.push(clock(&seen.here));
    verdicts.push(folder(&seen.here));
    verdicts.extend(firewall(seen));
    verdicts
}

/// Would a join work?
pub fn would_join(verdicts: &[Verdict]) -> bool {
    verdicts.iter().all(|verdict| verdict.state != State::Fail)
}

fn network(here: &Surroundings) -> Verdict {
    let each = here.interfaces.iter().map(|one| format!("{} on {}", one.address, one.name));
    match each.collect::<Vec<_>>() {
        none if none.is_empty() => warn(
            "network",
            "this machine has no network",
            "join a Wi-Fi or plug in a cable, and run this again",
        ),
        all => ok("network", all.join(", ")),
    }
}

fn tunnel(seen: &Observations) -> Option<Verdict> {
    let place = seen.target.as_ref().and_then(|target| target.place.as_ref().ok());
    let way = match place {
        Some(place) => place.way.as_ref(),
        None => seen.here.default_way.as_ref(),
    };
    let Interface { name, .. } = way.filter(|way| way.is_tunnel())?;
    Some(warn(
        "vpn",
        format!("the way leads through {name}, which looks like a VPN"),
        "switch the VPN off, or let it leave out the local network, if the server is in the same room",
    ))
}

fn reach(target: &Target, here: &Surroundings) -> Vec<Verdict> {
    let asked = &target.asked;
    let place = match &target.place {
        Ok(place) => place,
        Err(why) => {
            let cure = "check the spelling, or use the server's IP address or its join code (sa-…)";
            return vec![fail("name", format!("{asked} leads nowhere: {why}"), cure)];
        }
    };
    let mut verdicts = vec![ok("name", format!("{asked} is {}", place.address))];
    let no_way = match (&place.datagrams.full, &place.stream) {
        (Reply::Unreachable(why), Reply::Unreachable(_)) if place.way.is_none() => Some(why),
        _ => None,
    };
    match (no_way, &place.way) {
        (Some(why), _) => {
            let cure = "join the network that the server is in, or ask for an address that leads there";
            verdicts.push(fail("route", format!("no way leads to {}: {why}", place.address.ip()), cure));
            return verdicts;
        }
        (None, Some(Interface { name, address })) => {
            let near = if place.is_near { ", in our own network" } else { "" };
            verdicts.push(ok("route", format!("through {name} ({address}){near}")));
        }
        (None, None) => verdicts.push(ok("route", "there is a way")),
    }
    verdicts.push(datagrams(place, here));
    verdicts.push(stream(place));
    verdicts.extend(version(place));
    verdicts.extend(mtu(place));
    verdicts.extend(server(place));
    verdicts
}

/// Does UDP work, and if not, why?
fn datagrams(place: &Place, here: &Surroundings) -> Verdict {
    let sizes = &place.datagrams;
    let (full, stream) = (&sizes.full, &place.stream);
    let port = place.address.port();
    match (full, stream) {
        (Reply::Answered, _) => ok("udp", "datagrams get there and back"),
        _ if sizes.small == Reply::Answered => ok("udp", "small datagrams get there and back"),
        (Reply::Refused, Reply::Answered) => {
            fail("udp", format!("the server speaks no UDP on port {port}"), "join with --transport tcp")
        }
        (Reply::Refused, _) => fail(
            "udp",
            format!("the machine is there, but no server listens on port {port} (port unreachable)"),
            "start `sayagain serve` there, or check the port",
        ),
        (_, Reply::Answered) => fail(
            "udp",
            "UDP is blocked: TCP to the same port works",
            "join with --transport auto (or tcp), or have UDP let through on this port",
        ),
        (_, Reply::Refused) => fail(
            "udp",
            format!("UDP is dropped on the way, and nobody listens on TCP port {port}"),
            format!(
                "check that the server runs and on which port; if it does, let UDP port {port} through {}",
                whose_firewall(place, here)
            ),
        ),
        _ => silence(place, here),
    }
}

fn whose_firewall(place: &Place, here: &Surroundings) -> String {
    if place.is_own {
        format!("this machine's firewall{}", opened_by(here.firewall, place.address.port()))
    } else {
        "that machine's firewall".to_owned()
    }
}

fn opened_by(firewall: Option<Firewall>, port: u16) -> String {
    match firewall {
        Some(Firewall::Ufw) => format!(" (`sudo ufw allow {port}`)"),
        Some(Firewall::Firewalld) => {
            format!(" (`sudo firewall-cmd --add-port={port}/udp --add-port={port}/tcp`)")
        }
        Some(Firewall::Windows) => " (allow sayagain in \"Allow an app through the firewall\")".to_owned(),
        None => String::new(),
    }
}

/// Neither UDP nor TCP gets a word: is there a machine at all?
fn silence(place: &Place, here: &Surroundings) -> Verdict {
    let says_no_elsewhere = matches!(place.elsewhere, Reply::Refused | Reply::Answered);
    let is_no_neighbour = place.is_near && place.is_heard_nearby == Some(false);
    let is_unheard = matches!(place.stream, Reply::Unreachable(_)) || is_no_neighbour;
    if says_no_elsewhere || place.is_own || (place.is_near && place.is_heard_nearby == Some(true)) {
        let port = place.address.port();
        return fail(
            "udp",
            format!("the machine is there, but says nothing on port {port}: a firewall drops it"),
            format!("let UDP and TCP port {port} through {}", whose_firewall(place, here)),
        );
    }
    if place.is_near && is_unheard {
        return fail(
            "udp",
            "nobody has this address on our network, or the Wi-Fi keeps its clients apart (isolation)",
            "check the address; if it is right, use a hotspot, a cable, or a server on a machine that all reach",
        );
    }
    if place.is_near {
        return fail(
            "udp",
            "not a word comes back from our own network: the Wi-Fi keeps its clients apart, or a firewall on that \
             machine drops everything",
            "try with that machine's firewall off; if it stays silent, use a hotspot or a cable",
        );
    }
    fail(
        "udp",
        "not a word comes back, over UDP or TCP: the machine is off, in another network, or behind a firewall",
        "join the same network as the server, or have both UDP and TCP let through to it",
    )
}

fn stream(place: &Place) -> Verdict {
    match (&place.stream, &place.datagrams.full) {
        (Reply::Answered, _) => ok("tcp", "a stream to the same port opens"),
        (_, Reply::Answered) => warn(
            "tcp",
            "no stream to the same port opens",
            "nothing, as long as UDP works; for TCP let the server serve --transport both, and open the port",
        ),
        (Reply::Refused, _) => warn("tcp", "nobody listens on the same port", ""),
        (Reply::Silent, _) => warn("tcp", "no answer", ""),
        (Reply::Unreachable(why), _) => warn("tcp", why.clone(), ""),
    }
}

fn version(place: &Place) -> Option<Verdict> {
    let spoken = &place.datagrams.versions;
    if spoken.is_empty() {
        return None;
    }
    Some(if spoken.contains(&VERSION) {
        ok("version", format!("both speak version {VERSION} of the protocol"))
    } else {
        let theirs: Vec<String> = spoken.iter().map(u32::to_string).collect();
        let text = format!("the server speaks version {}, and this program {VERSION}", theirs.join(", "));
        fail("version", text, "update the older of the two programs")
    })
}

fn mtu(place: &Place) -> Option<Verdict> {
    let sizes = &place.datagrams;
    match (&sizes.small, &sizes.full, &sizes.large) {
        (_, Reply::Answered, Reply::Answered) => Some(ok("mtu", "the largest datagrams pass")),
        (_, Reply::Answered, _) => Some(ok("mtu", "datagrams of 1,200 bytes pass, the largest do not")),
        (Reply::Answered, _, _) => Some(fail(
            "mtu",
            "small datagrams pass, and those of 1,200 bytes, which a handshake needs, do not",
            "raise the MTU of the VPN or the tunnel to 1,280 or more, or join with --transport tcp",
        )),
        _ => None,
    }
}

fn server(place: &Place) -> Option<Verdict> {
    Some(match &place.met {
        Met::Server(name, Acquaintance::Known) => {
            ok("key", format!("\"{name}\", with the key that you know"))
        }
        Met::Server(name, Acquaintance::New) => ok("key", format!("\"{name}\", new to you")),
        Met::Server(name, Acquaintance::OtherKey(file)) => fail(
            "key",
            format!("\"{name}\" shows another key than the one that you know under this name"),
            format!("ask whoever runs it whether the key was changed; if so, delete its line in {file}"),
        ),
        Met::Server(name, Acquaintance::NotPromised) => fail(
            "key",
            format!("\"{name}\" answers there, and its key is not the one that was promised"),
            "ask whoever runs the server for the join code that it shows now",
        ),
        Met::TurnedAway(text) => fail(
            "key",
            format!("the server turned the handshake down: {text}"),
            "do what it says; a server in the clear is joined with --insecure",
        ),
        Met::Nobody => return None,
    })
}

fn discovery(seen: &Observations) -> Verdict {
    if !seen.found.is_empty() {
        return ok("discovery", format!("found on this network: {}", seen.found.join(", ")));
    }
    let text = "no server answers a search of this network";
    let cure =
        "join by the server's code (sa-…) or address; a search needs the same network, without isolation";
    if seen.target.is_none() { fail("discovery", text, cure) } else { warn("discovery", text, cure) }
}

fn clock(here: &Surroundings) -> Verdict {
    if (EARLIEST_SECOND..LATEST_SECOND).contains(&here.unix_seconds) {
        return ok("clock", "plausible");
    }
    warn(
        "clock",
        "this machine's clock is years off",
        "set the clock: until then times are shown wrong and each first message takes a round trip more",
    )
}

fn folder(here: &Surroundings) -> Verdict {
    match &here.folder {
        Folder::Fine => ok("config", "your key and settings can be read"),
        Folder::Copied(text) => warn("config", text.clone(), "if it is not all yours: sayagain key new"),
        Folder::Unusable(text) => {
            fail("config", text.clone(), "make the folder yours, or set SAYAGAIN_CONFIG_DIR to another")
        }
    }
}

/// Only on a machine that serves: what others may meet.
fn firewall(seen: &Observations) -> Option<Verdict> {
    let place = seen.target.as_ref().and_then(|target| target.place.as_ref().ok());
    let serves = place.map_or(seen.here.serves_here, |place| place.is_own);
    let firewall = seen.here.firewall.filter(|_| serves)?;
    let name = match firewall {
        Firewall::Ufw => "ufw",
        Firewall::Firewalld => "firewalld",
        Firewall::Windows => "the Windows firewall",
    };
    let port = place.map_or(4747, |place| place.address.port());
    Some(warn(
        "firewall",
        format!(
            "the server is on this machine, and {name} may keep others out: from here that cannot be seen"
        ),
        format!(
            "let port {port} through{}, and run doctor on a second machine",
            opened_by(Some(firewall), port)
        ),
    ))
}

#[cfg(test)]
#[path = "judgement_tests.rs"]
mod tests;
