//! A probe and its answer over real sockets, on loopback alone: nothing here reaches a real interface.

use super::answering::{Answering, bind};
use super::searching::{Ways, search};
use crate::crypto::Thumbprint;
use crate::service::discovery::{Announcement, Answer, Door, Probe, Responder, Spoken};
use crate::shell::clock;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

fn announcement(name: &str, port: u16) -> Announcement {
    Announcement {
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        protocol: 1,
        port,
        thumbprint: Thumbprint([7; 16]),
        door: Door::Open,
        spoken: Spoken { udp: true, tcp: true },
        is_clear: false,
        people: Some(0),
    }
}

/// What answers on loopback, and where.
fn answering(name: &str, port: u16, loopback: &str) -> (Answering, SocketAddr) {
    let responder = Responder::new(clock::now(), announcement(name, port));
    let socket = bind(SocketAddr::new(loopback.parse().unwrap(), 0), true).expect("a socket on loopback");
    let address = socket.local_addr().expect("it has an address");
    let people = Arc::new(AtomicU32::new(5));
    (Answering::start(responder, vec![socket], None, people).expect("a thread"), address)
}

fn has_ipv6() -> bool {
    let has = UdpSocket::bind("[::1]:0").is_ok();
    if !has {
        eprintln!("skipped: IPv6: this machine has none");
    }
    has
}

#[test]
fn a_server_answers_a_probe_and_is_found_where_it_answers_from() {
    let (_lab, lab) = answering("lab", 4750, "127.0.0.1");
    let (_hall, hall) = answering("hall", 4751, "127.0.0.1");
    let mut told = Vec::new();
    let ways = Ways { mdns: false, probes: vec![lab, hall] };
    let findings = search(&ways, |place, found| told.push((place, found.announcement.name.clone()))).unwrap();
    let found: Vec<_> = findings.all().iter().map(|found| (&found.announcement, found.addresses())).collect();
    assert_eq!(found.len(), 2);
    for (announcement, addresses) in found {
        let port = if announcement.name == "lab" { 4750 } else { 4751 };
        assert_eq!(addresses, [SocketAddr::new(IpAddr::from([127, 0, 0, 1]), port)]);
        assert_eq!(announcement.people, Some(5));
    }
    told.sort();
    assert_eq!(told.len(), 2, "each once, as it comes: {told:?}");
}

#[test]
fn one_server_in_both_families_is_one_server() {
    if !has_ipv6() {
        return;
    }
    let (_four, four) = answering("lab", 4750, "127.0.0.1");
    let (_six, six) = answering("lab", 4750, "::1");
    let findings = search(&Ways { mdns: false, probes: vec![four, six] }, |_, _| {}).unwrap();
    assert_eq!(findings.all().len(), 1);
    assert_eq!(findings.all()[0].addresses().len(), 2);
}

#[test]
fn where_nobody_answers_the_search_ends_with_nothing() {
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ways = Ways { mdns: false, probes: vec![closed] };
    assert!(search(&ways, |_, _| panic!("nobody is there")).unwrap().all().is_empty());
}

#[test]
fn garbage_is_passed_over_and_who_asks_rightly_is_answered_behind_it() {
    let (_lab, lab) = answering("lab", 4750, "127.0.0.1");
    let asker = UdpSocket::bind("127.0.0.1:0").unwrap();
    asker.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    for size in [0, 1, 159, 160, 511, 512, 513, 1_500, 60_000] {
        asker.send_to(&vec![b'S'; size], lab).unwrap();
    }
    let probe = Probe { cookie: [9; 8] }.encode();
    asker.send_to(&probe, lab).unwrap();
    let mut buffer = [0; 1_500];
    let (len, from) = asker.recv_from(&mut buffer).expect("the only answer");
    let answer = Answer::decode(&buffer[..len]).expect("well formed");
    assert_eq!((answer.cookie, from), ([9; 8], lab));
    assert!(len <= probe.len());
}

#[test]
fn answering_ends_when_it_is_dropped_and_frees_its_port() {
    let (lab, address) = answering("lab", 4750, "127.0.0.1");
    drop(lab);
    UdpSocket::bind(address).expect("the port is free again");
}
