//! The table: what was seen, which check fails, and a word of the cure.

use super::super::observation::Datagrams;
use super::*;

fn interface(name: &str) -> Interface {
    Interface { name: name.to_owned(), address: [192, 168, 1, 20].into() }
}

fn here() -> Surroundings {
    Surroundings {
        interfaces: vec![interface("wlan0")],
        default_way: Some(interface("wlan0")),
        unix_seconds: 1_780_000_000,
        folder: Folder::Fine,
        firewall: None,
        serves_here: false,
    }
}

/// All is well: a near server that answers everything.
fn place() -> Place {
    Place {
        address: "192.168.1.5:4747".parse().unwrap(),
        is_own: false,
        is_near: true,
        way: Some(interface("wlan0")),
        datagrams: Datagrams {
            small: Reply::Answered,
            full: Reply::Answered,
            large: Reply::Answered,
            versions: vec![VERSION],
        },
        stream: Reply::Answered,
        elsewhere: Reply::Refused,
        is_heard_nearby: Some(true),
        met: Met::Server("lab".to_owned(), Acquaintance::New),
    }
}

/// Datagrams of all sizes got this.
fn all(reply: &Reply) -> Datagrams {
    let (small, full, large) = (reply.clone(), reply.clone(), reply.clone());
    Datagrams { small, full, large, versions: Vec::new() }
}

/// Nobody answered: datagrams got the one, streams the other.
fn mute(udp: &Reply, tcp: Reply) -> Place {
    Place { datagrams: all(udp), stream: tcp, met: Met::Nobody, ..place() }
}

fn at(place: Place) -> Observations {
    let target = Target { asked: "lab.example".to_owned(), place: Ok(place) };
    Observations { here: here(), target: Some(target), found: vec!["lab 192.168.1.5:4747".to_owned()] }
}

fn states(seen: &Observations) -> Vec<(&'static str, State)> {
    let bad = |verdict: &Verdict| verdict.state != State::Ok;
    judge(seen).iter().filter(|it| bad(it)).map(|it| (it.check, it.state)).collect()
}

#[test]
fn where_all_is_well_every_check_is_ok_and_nothing_is_to_be_done() {
    let verdicts = judge(&at(place()));
    let checks: Vec<&str> = verdicts.iter().map(|verdict| verdict.check).collect();
    let order =
        ["network", "name", "route", "udp", "tcp", "version", "mtu", "key", "discovery", "clock", "config"];
    assert_eq!(checks, order);
    assert!(would_join(&verdicts) && verdicts.iter().all(|verdict| verdict.cure.is_empty()));
}

#[test]
fn each_pair_of_answers_has_its_cause_and_its_cure() {
    use Reply::{Answered, Refused, Silent};
    let unheard = || Reply::Unreachable("no route to host".to_owned());
    let far = |place| Place { is_near: false, is_heard_nearby: None, elsewhere: Silent, ..place };
    let asleep = |place| Place { is_heard_nearby: Some(false), elsewhere: Silent, ..place };
    let unknown = |place| Place { is_heard_nearby: None, elsewhere: Silent, ..place };
    let own =
        |place| Place { is_own: true, elsewhere: Silent, is_heard_nearby: None, is_near: false, ..place };
    let table = [
        (mute(&Refused, Refused), "no server listens", "sayagain serve"),
        (mute(&Refused, Silent), "no server listens", "sayagain serve"),
        (mute(&Refused, Answered), "speaks no UDP", "--transport tcp"),
        (mute(&Silent, Answered), "UDP is blocked", "--transport auto"),
        (mute(&Silent, Refused), "UDP is dropped", "check that the server runs"),
        (mute(&Silent, Silent), "a firewall drops it", "that machine's firewall"),
        (unknown(mute(&Silent, Silent)), "not a word comes back from our own", "hotspot"),
        (asleep(mute(&Silent, Silent)), "isolation", "hotspot, a cable"),
        (asleep(mute(&unheard(), unheard())), "isolation", "hotspot, a cable"),
        (unknown(mute(&Silent, unheard())), "isolation", "hotspot, a cable"),
        (far(mute(&Silent, Silent)), "in another network", "same network"),
        (own(mute(&Silent, Silent)), "a firewall drops it", "this machine's firewall"),
    ];
    for (place, cause, cure) in table {
        let seen = at(place);
        let verdicts = judge(&seen);
        let udp = verdicts.iter().find(|verdict| verdict.check == "udp").unwrap();
        assert!(udp.text.contains(cause) && udp.cure.contains(cure), "{seen:?}\n{udp:?}");
        assert!(udp.state == State::Fail && !would_join(&verdicts));
    }
}

#[test]
fn a_server_of_udp_alone_can_be_joined() {
    let seen = at(Place { stream: Reply::Refused, ..place() });
    assert_eq!(states(&seen), [("tcp", State::Warn)]);
}

#[test]
fn a_path_that_is_too_narrow_for_a_handshake_is_told_from_one_that_is_blocked() {
    let mut narrow = place();
    (narrow.datagrams.full, narrow.datagrams.large) = (Reply::Silent, Reply::Silent);
    narrow.met = Met::Nobody;
    assert_eq!(states(&at(narrow)), [("mtu", State::Fail)]);
    let mut usual = place();
    usual.datagrams.large = Reply::Silent;
    assert_eq!(states(&at(usual)), [], "1,200 bytes are all that a path must carry");
}

#[test]
fn another_version_another_key_and_a_broken_promise_keep_one_out() {
    let mut old = place();
    old.datagrams.versions = vec![VERSION + 1];
    old.met = Met::Nobody;
    assert_eq!(states(&at(old)), [("version", State::Fail)]);
    let met = [
        Met::Server("lab".to_owned(), Acquaintance::OtherKey("/home/ann/known_servers".to_owned())),
        Met::Server("lab".to_owned(), Acquaintance::NotPromised),
        Met::TurnedAway("use --insecure".to_owned()),
    ];
    for (met, word) in met.into_iter().zip(["/home/ann/known_servers", "join code", "--insecure"]) {
        let seen = at(Place { met, ..place() });
        assert_eq!(states(&seen), [("key", State::Fail)]);
        assert!(judge(&seen).iter().any(|verdict| verdict.cure.contains(word)), "{word}");
    }
}

#[test]
fn what_leads_nowhere_is_told_before_anything_is_asked_there() {
    let mut seen = at(place());
    seen.target = Some(Target { asked: "lba".to_owned(), place: Err("no such host".to_owned()) });
    assert_eq!(states(&seen), [("name", State::Fail)]);
    let unheard = Reply::Unreachable("network is unreachable".to_owned());
    let seen = at(Place { way: None, is_near: false, ..mute(&unheard, unheard.clone()) });
    assert_eq!(states(&seen), [("route", State::Fail)]);
}

#[test]
fn a_vpn_is_told_when_it_carries_the_way() {
    for name in ["tun0", "wg0", "utun3", "tailscale0", "OpenVPN TAP"] {
        let seen = at(Place { way: Some(interface(name)), ..place() });
        assert_eq!(states(&seen), [("vpn", State::Warn)], "{name}");
    }
    let mut seen = at(place());
    seen.here.default_way = Some(interface("tun0"));
    assert_eq!(states(&seen), [], "the way to this server is another one");
    seen.target = None;
    assert_eq!(states(&seen), [("vpn", State::Warn)]);
}

#[test]
fn without_an_address_a_search_that_finds_nobody_is_the_failure() {
    let seen = Observations { target: None, found: Vec::new(), ..at(place()) };
    assert_eq!(states(&seen), [("discovery", State::Fail)]);
    let seen = Observations { found: Vec::new(), ..at(place()) };
    assert_eq!(states(&seen), [("discovery", State::Warn)]);
}

#[test]
fn this_machine_has_its_own_troubles() {
    let with = |change: fn(&mut Surroundings)| {
        let mut seen = at(place());
        change(&mut seen.here);
        states(&seen)
    };
    assert_eq!(with(|here| here.interfaces.clear()), [("network", State::Warn)]);
    assert_eq!(with(|here| here.unix_seconds = 5), [("clock", State::Warn)]);
    assert_eq!(with(|here| here.folder = Folder::Copied("elsewhere".into())), [("config", State::Warn)]);
    assert_eq!(with(|here| here.folder = Folder::Unusable("full".into())), [("config", State::Fail)]);
}

#[test]
fn only_whoever_serves_is_told_of_the_firewall_here() {
    let mut seen = at(place());
    for (firewall, word) in [
        (Firewall::Ufw, "ufw allow 4747"),
        (Firewall::Firewalld, "4747/udp"),
        (Firewall::Windows, "Allow an app"),
    ] {
        seen.here.firewall = Some(firewall);
        seen.target.as_mut().unwrap().place.as_mut().unwrap().is_own = false;
        assert_eq!(states(&seen), []);
        seen.target.as_mut().unwrap().place.as_mut().unwrap().is_own = true;
        assert_eq!(states(&seen), [("firewall", State::Warn)]);
        assert!(judge(&seen).last().unwrap().cure.contains(word), "{word}");
    }
}
