//! Probes, answers, findings and the search, on virtual time and without a network.

use super::announcement::{NAME_MAX, VERSION_MAX};
use super::datagram::{ANSWER_MAX, PROBE_LEN};
use super::findings::{ADDRESSES_MAX, SERVERS_MAX};
use super::reach::is_neighbour;
use super::responder::ANSWERS_PER_SECOND;
use super::search::{ENOUGH, GRACE, LONGEST, PROBES_AT};
use super::*;
use crate::crypto::Thumbprint;
use crate::time::{Duration, Instant, at};
use proptest::prelude::*;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

fn announcement(name: &str) -> Announcement {
    Announcement {
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        protocol: 1,
        port: 4747,
        thumbprint: Thumbprint([7; 16]),
        door: Door::Open,
        spoken: Spoken { udp: true, tcp: true },
        is_clear: false,
        people: None,
    }
}

fn home_network() -> Vec<Network> {
    vec![network("192.168.1.20", 24), network("127.0.0.1", 8), network("fd00::1", 64)]
}

fn network(address: &str, prefix: u8) -> Network {
    Network { address: address.parse().unwrap(), prefix }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

const COOKIE: [u8; 8] = *b"01234567";

fn probe() -> Vec<u8> {
    Probe { cookie: COOKIE }.encode()
}

fn answer(name: &str) -> Vec<u8> {
    Answer { cookie: COOKIE, announcement: announcement(name) }.encode()
}

fn any_announcement() -> impl Strategy<Value = Announcement> {
    let texts = ("\\PC{1,16}", "[0-9.a-z]{0,32}").prop_filter("a name", |(name, _)| !name.trim().is_empty());
    let door = prop_oneof![Just(Door::Open), Just(Door::Secret), Just(Door::Members)];
    let numbers = (any::<u32>(), 1..u16::MAX, any::<[u8; 16]>(), prop::option::of(0..u32::MAX));
    (texts, door, numbers, any::<[bool; 3]>()).prop_map(|(texts, door, numbers, [udp, tcp, is_clear])| {
        let ((name, version), (protocol, port, thumbprint, people)) = (texts, numbers);
        let (thumbprint, spoken) = (Thumbprint(thumbprint), Spoken { udp, tcp });
        Announcement { name, version, protocol, port, thumbprint, door, spoken, is_clear, people }
    })
}

proptest! {
    #[test]
    fn an_announcement_survives_the_answer_and_the_txt_record(announced in any_announcement()) {
        let answer = Answer { cookie: COOKIE, announcement: announced.clone() };
        let bytes = answer.encode();
        prop_assert!(bytes.len() <= ANSWER_MAX);
        prop_assert_eq!(Answer::decode(&bytes), Ok(answer));
        let txt: HashMap<_, _> = announced.txt().into_iter().collect();
        let read = Announcement::from_txt(announced.port, |key| txt.get(key).map(String::as_str));
        prop_assert_eq!(read, Ok(Announcement { people: None, ..announced }));
    }

    #[test]
    fn whatever_bytes_come_are_read_or_malformed(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = (Probe::decode(&bytes), Answer::decode(&bytes));
        let mut dressed = b"SAY!\x01".to_vec();
        dressed.extend(bytes);
        if let Ok(Answer { announcement, .. }) = Answer::decode(&dressed) {
            prop_assert!(announcement.name.len() <= NAME_MAX && announcement.version.len() <= VERSION_MAX);
            prop_assert!(!announcement.name.trim().is_empty() && announcement.port > 0);
        }
    }

    #[test]
    fn a_changed_answer_is_another_one_or_none(at in 0..60_usize, bit in 0..8_u8) {
        let mut bytes = answer("lab");
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let (read, whole) = (Answer::decode(&bytes), Answer::decode(&answer("lab")).unwrap());
        // The three bits of the flags that mean nothing yet are the only ones that may change unseen.
        let is_spare = at == 35 && bit >= 5;
        prop_assert!(is_spare || read.as_ref() != Ok(&whole), "{}, bit {}: {:?}", at, bit, read);
    }
}

#[test]
fn an_answer_is_never_longer_than_its_probe_however_long_the_name_is() {
    let mut wordy = announcement(&"ü".repeat(100));
    wordy.version = "v".repeat(100);
    wordy.people = Some(u32::MAX);
    let mut responder = Responder::new(Instant::ZERO, wordy);
    let asker = "192.168.1.77".parse().unwrap();
    let answer = responder.answer(at(0), asker, &probe(), &home_network(), 3).expect("an answer");
    assert!(answer.len() <= ANSWER_MAX && ANSWER_MAX < PROBE_LEN && PROBE_LEN == probe().len());
    let read = Answer::decode(&answer).expect("well formed").announcement;
    assert_eq!((read.name.len(), read.version.len(), read.people), (NAME_MAX, VERSION_MAX, Some(3)));
}

#[test]
fn a_probe_that_is_shorter_or_of_another_kind_has_no_answer() {
    let mut responder = Responder::new(Instant::ZERO, announcement("lab"));
    let asker = "192.168.1.77".parse().unwrap();
    let mut answered = |bytes: &[u8]| responder.answer(at(0), asker, bytes, &home_network(), 0).is_some();
    assert!(answered(&probe()));
    assert!(!answered(&probe()[..PROBE_LEN - 1]) && !answered(&answer("lab")) && !answered(b""));
    let (mut other_form, mut longer) = (probe(), probe());
    other_form[4] = 2;
    longer.push(9);
    assert!(!answered(&other_form) && answered(&longer));
}

#[test]
fn only_neighbours_are_answered() {
    let mut responder = Responder::new(Instant::ZERO, announcement("lab"));
    let mut answered =
        |asker: &str| responder.answer(at(0), asker.parse().unwrap(), &probe(), &home_network(), 0).is_some();
    for near in ["192.168.1.77", "127.0.0.1", "fe80::5", "fd00::99", "::ffff:192.168.1.3"] {
        assert!(answered(near), "{near}");
    }
    for far in ["192.168.2.77", "8.8.8.8", "2001:db8::1", "fd00:1::1"] {
        assert!(!answered(far), "{far}");
    }
    let everywhere = [network("10.0.0.1", 0), network("10.0.0.1", 33), network("fd00::1", 0)];
    assert!(!is_neighbour("8.8.8.8".parse().unwrap(), &everywhere), "no prefix is no neighbourhood");
}

#[test]
fn answers_have_a_budget_and_beyond_it_is_silence() {
    let mut responder = Responder::new(Instant::ZERO, announcement("lab"));
    let asker = "192.168.1.77".parse().unwrap();
    let mut answers = |now| {
        let answer = |_: &u32| responder.answer(now, asker, &probe(), &home_network(), 0).is_some();
        u64::try_from((0..10_000).filter(answer).count()).unwrap()
    };
    assert_eq!(answers(at(0)), 10 * ANSWERS_PER_SECOND);
    assert_eq!(answers(at(0)), 0);
    assert_eq!(answers(at(1_000_000)), ANSWERS_PER_SECOND);
}

#[test]
fn how_many_are_here_is_told_only_where_the_server_tells_it() {
    let asker = "192.168.1.77".parse().unwrap();
    for (told, expected) in [(None, None), (Some(0), Some(12))] {
        let told = Announcement { people: told, ..announcement("lab") };
        let mut responder = Responder::new(Instant::ZERO, told);
        let answer = responder.answer(at(0), asker, &probe(), &home_network(), 12).unwrap();
        assert_eq!(Answer::decode(&answer).unwrap().announcement.people, expected);
    }
}

#[test]
fn a_txt_record_without_what_is_needed_or_beyond_its_bounds_is_malformed() {
    let whole: HashMap<&str, String> = announcement("lab").txt().into_iter().collect();
    let read = |record: &HashMap<&str, String>| {
        Announcement::from_txt(4747, |key| record.get(key).map(String::as_str))
    };
    assert_eq!(read(&whole), Ok(announcement("lab")));
    for key in ["protocol", "version", "name", "key", "door", "carriers"] {
        let (mut without, mut long) = (whole.clone(), whole.clone());
        without.remove(key);
        long.insert(key, "1".repeat(65));
        assert!(read(&without).is_err() && read(&long).is_err(), "{key}");
    }
    let mut blank = whole.clone();
    blank.insert("name", "  ".to_owned());
    assert!(read(&blank).is_err());
    assert!(Announcement::from_txt(0, |key| whole.get(key).map(String::as_str)).is_err(), "no port");
    let mut later = whole.clone();
    later.insert("a key of a later version", "x".repeat(200));
    assert_eq!(read(&later), Ok(announcement("lab")));
}

#[test]
fn an_instance_has_a_name_that_fits_dns_and_a_host_that_is_not_the_machine_s() {
    assert_eq!(announcement("lab").instance_name(), "lab");
    assert_eq!(announcement(&"ü".repeat(32)).instance_name(), "ü".repeat(31));
    assert_eq!(announcement("lab").host_name(), "sayagain-07070707-4747.local.");
}

#[test]
fn all_that_is_heard_of_one_server_is_one_server_with_its_addresses() {
    let mut findings = Findings::default();
    let lab = announcement("lab");
    let heard = [
        ("172.17.0.1:4747", false),
        ("[fd00::20]:4747", false),
        ("[fe80::20%3]:4747", true),
        ("192.168.1.20:4747", true),
        ("[::ffff:192.168.1.20]:4747", false),
        ("127.0.0.1:4747", true),
    ];
    let places: Vec<_> =
        heard.iter().filter_map(|(at, answered)| findings.on_heard(address(at), *answered, &lab)).collect();
    assert_eq!((places, findings.all().len()), (vec![0], 1));
    let best_first =
        ["192.168.1.20:4747", "[fe80::20%3]:4747", "127.0.0.1:4747", "172.17.0.1:4747", "[fd00::20]:4747"];
    assert_eq!(findings.all()[0].addresses(), best_first.map(address));
}

#[test]
fn another_key_name_or_port_is_another_server() {
    let mut findings = Findings::default();
    let lab = announcement("lab");
    let others = [
        Announcement { thumbprint: Thumbprint([8; 16]), ..lab.clone() },
        Announcement { port: 4748, ..lab.clone() },
        announcement("hall"),
    ];
    for (place, other) in std::iter::once(&lab).chain(&others).enumerate() {
        assert_eq!(findings.on_heard(address("192.168.1.20:4747"), true, other), Some(place));
    }
}

#[test]
fn what_an_answer_says_of_people_outlives_an_announcement_that_does_not() {
    let mut findings = Findings::default();
    for people in [Some(2), None, Some(3), None] {
        let lab = Announcement { people, ..announcement("lab") };
        findings.on_heard(address("192.168.1.20:4747"), true, &lab);
    }
    assert_eq!(findings.all()[0].announcement.people, Some(3));
}

#[test]
fn findings_are_bounded_by_servers_and_addresses() {
    let mut findings = Findings::default();
    for number in 0..1_000 {
        findings.on_heard(address("10.0.0.1:4747"), true, &announcement(&format!("server {number}")));
        let port = SocketAddr::new("10.0.0.1".parse().unwrap(), 1 + number);
        findings.on_heard(port, false, &announcement("server 0"));
    }
    assert_eq!(findings.all().len(), SERVERS_MAX);
    assert_eq!(findings.all()[0].addresses().len(), ADDRESSES_MAX);
}

/// Lets time pass until the search ends; gives its end and the probes' moments.
fn run(search: &mut Search) -> (Instant, Vec<Duration>) {
    let (mut now, mut probes) = (at(0), Vec::new());
    loop {
        while search.poll_transmit(now).is_some() {
            probes.push(now - at(0));
        }
        search.handle_timeout(now);
        while search.poll_event(now).is_some() {}
        match search.poll_timeout() {
            Some(due) => now = due,
            None => return (now, probes),
        }
    }
}

#[test]
fn a_search_asks_three_times_and_waits_longer_where_nobody_answers() {
    let mut search = Search::new(at(0), COOKIE);
    assert_eq!(run(&mut search), (at(0) + LONGEST, PROBES_AT.to_vec()));
    assert!(search.is_over() && search.into_findings().all().is_empty());
    let mut search = Search::new(at(0), COOKIE);
    search.handle_datagram(at(0), address("192.168.1.20:24747"), &answer("lab"));
    assert_eq!(run(&mut search), (at(0) + ENOUGH, PROBES_AT.to_vec()));
}

#[test]
fn who_is_found_late_ends_the_search_at_once() {
    let mut search = Search::new(at(0), COOKIE);
    search.handle_timeout(at(2_000_000));
    assert!(!search.is_over());
    search.handle_datagram(at(2_000_000), address("192.168.1.20:24747"), &answer("lab"));
    search.handle_timeout(at(2_000_000));
    assert!(search.is_over());
}

#[test]
fn each_server_is_told_once_as_it_is_heard() {
    let mut search = Search::new(at(0), COOKIE);
    let told =
        |search: &mut Search| search.poll_event(at(0)).map(|(index, found)| (index, found.addresses()));
    search.handle_announcement(
        at(0),
        &[address("10.0.0.1:4747"), address("10.0.0.2:4747")],
        &announcement("hall"),
    );
    search.handle_datagram(at(0), address("192.168.1.20:24747"), &answer("lab"));
    search.handle_datagram(at(0), address("192.168.1.20:24747"), &answer("lab"));
    let hall = ["10.0.0.1:4747", "10.0.0.2:4747"].map(address).to_vec();
    assert_eq!(told(&mut search), Some((0, hall)));
    assert_eq!(told(&mut search), Some((1, vec![address("192.168.1.20:4747")])));
    assert_eq!(told(&mut search), None);
}

#[test]
fn a_server_is_told_with_its_ipv4_address_if_that_comes_soon_enough() {
    let (six, four) = (address("[fe80::1%3]:4747"), address("10.0.0.1:4747"));
    let told = |search: &mut Search, now| search.poll_event(now).map(|(_, found)| found.addresses());
    let mut search = Search::new(at(0), COOKIE);
    search.handle_announcement(at(0), &[six], &announcement("lab"));
    assert_eq!((told(&mut search, at(0)), search.poll_timeout()), (None, Some(at(0))), "a probe is due");
    assert!(search.poll_transmit(at(0)).is_some());
    assert_eq!(search.poll_timeout(), Some(at(0) + GRACE));
    search.handle_announcement(at(1_000), &[four], &announcement("lab"));
    assert_eq!(told(&mut search, at(1_000)), Some(vec![four, six]));
    let mut alone = Search::new(at(0), COOKIE);
    alone.handle_announcement(at(0), &[six], &announcement("lab"));
    assert_eq!(told(&mut alone, at(0) + GRACE), Some(vec![six]));
    let mut late = Search::new(at(0), COOKIE);
    late.handle_announcement(at(0) + ENOUGH, &[six], &announcement("lab"));
    late.handle_timeout(at(0) + ENOUGH);
    assert_eq!(told(&mut late, at(0) + ENOUGH), Some(vec![six]), "nobody is left untold");
}

#[test]
fn an_answer_to_another_question_or_from_nowhere_finds_nobody() {
    let mut search = Search::new(at(0), *b"another?");
    search.handle_datagram(at(0), address("192.168.1.20:24747"), &answer("lab"));
    let mut ours = Search::new(at(0), COOKIE);
    for from in ["0.0.0.0:1", "224.0.0.1:1", "[ff02::1]:1", "[::]:1"] {
        ours.handle_datagram(at(0), address(from), &answer("lab"));
    }
    assert!(search.poll_event(at(0)).is_none() && ours.poll_event(at(0)).is_none());
}

#[test]
fn what_listens_on_loopback_alone_is_announced_nowhere() {
    let reach = |text: &str| Reach::of(text.parse::<IpAddr>().unwrap());
    for own in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(reach(own), Reach::Nowhere, "{own}");
    }
    assert_eq!((reach("0.0.0.0"), reach("::")), (Reach::Ipv4, Reach::Both));
    let one = reach("::ffff:10.0.0.5");
    assert_eq!(one, Reach::One("10.0.0.5".parse().unwrap()));
    assert!(one.has_ipv4() && !one.has_ipv6() && Reach::Both.has_ipv6() && !Reach::Ipv4.has_ipv6());
    assert!(!Reach::Nowhere.has_ipv4() && reach("fd00::5").has_ipv6());
}
