//! Do the bytes agree with an independent reading of the specifications? (`tests/vectors/seal.txt`)

use super::handshake::{Initiator, Pattern, Responder};
use super::identity::{Identity, PublicKey};
use super::lock::TrafficKeys;
use super::open::Opener;
use super::seal::Sealer;
use crate::wire::datagram::{ConnectionId, DATA_HEADER, put_data_header, read_data_header};

const FILE: &str = include_str!("../../tests/vectors/seal.txt");

/// One section of the file: names and what stands behind `=`.
struct Section(Vec<(&'static str, &'static str)>);

impl Section {
    fn of(pattern: &str) -> Self {
        let start = FILE.find(&format!("[{pattern}]")).expect("a section");
        let lines = FILE[start..].lines().skip(1).take_while(|line| !line.is_empty());
        Self(lines.map(|line| line.split_once('=').map(|(k, v)| (k.trim(), v.trim())).expect("=")).collect())
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter(move |(key, _)| *key == name).map(|(_, value)| *value)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        hex(self.all(name).next().expect(name))
    }

    fn array(&self, name: &str) -> [u8; 32] {
        self.bytes(name).try_into().expect("32 bytes")
    }
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")).collect()
}

/// Runs the handshake of a section and holds every message against it.
fn shake_hands(section: &Section, pattern: Pattern) -> (TrafficKeys, TrafficKeys) {
    let client = Identity::from_secret(section.array("client_secret"));
    let server = Identity::from_secret(section.array("server_secret"));
    assert_eq!(client.public(), PublicKey(section.array("client_public")));
    assert_eq!(server.public(), PublicKey(section.array("server_public")));
    let (prologue, seeds) = match pattern {
        Pattern::Clear => (section.bytes("prologue"), [[0; 32]; 2]),
        _ => (section.bytes("prologue"), ["client_seed", "server_seed"].map(|seed| section.array(seed))),
    };
    let mut initiator =
        Initiator::new(pattern, &client, Some(server.public()), &prologue, seeds[0]).expect("begins");
    let hello = initiator.write_hello(&section.bytes("hello_payload")).expect("fits");
    assert_eq!(hello, section.bytes("hello"));
    let (mut responder, payload) =
        Responder::accept(pattern, &server, &prologue, seeds[1], &hello).expect("opens");
    assert_eq!(payload, section.bytes("hello_payload"));
    let welcome = responder.write_welcome(&section.bytes("welcome_payload")).expect("fits");
    assert_eq!(welcome, section.bytes("welcome"));
    assert_eq!(initiator.read_welcome(&welcome), Ok(section.bytes("welcome_payload")));
    if pattern.has_finish() {
        let finish = initiator.write_finish(&section.bytes("finish_payload")).expect("fits");
        assert_eq!(finish, section.bytes("finish"));
        assert_eq!(responder.read_finish(&finish), Ok(section.bytes("finish_payload")));
    }
    (initiator.into_keys().expect("done"), responder.into_keys().expect("done"))
}

/// Seals and opens the packets of one direction, changing keys where the phase does.
fn send(section: &Section, direction: &str, sealer: &mut Sealer, opener: &mut Opener) {
    let packets: Vec<_> = section.all(direction).collect();
    assert!(!packets.is_empty());
    for packet in packets {
        let fields: Vec<&str> = packet.split(',').map(str::trim).collect();
        let [phase, number, header, payload, expected] = fields[..] else { panic!("five fields: {packet}") };
        let (phase, number) = (phase == "1", number.parse().expect("a number"));
        if phase != sealer.phase() {
            sealer.rekey();
        }
        let (header, payload) = (hex(header), hex(payload));
        let mut buffer = [&header[..], &payload].concat();
        sealer.seal(number, &mut buffer, header.len());
        assert_eq!(buffer[header.len()..], hex(expected), "{direction}: {packet}");
        let (header, body) = buffer.split_at_mut(header.len());
        assert_eq!(opener.open(phase, number, header, body), Ok(payload.len()));
        assert_eq!(body[..payload.len()], payload);
    }
}

#[test]
fn every_message_and_packet_is_as_the_specifications_have_it() {
    for (name, pattern) in [("xx", Pattern::Xx), ("ik", Pattern::Ik), ("clear", Pattern::Clear)] {
        let section = Section::of(name);
        let (client, server) = shake_hands(&section, pattern);
        let ((mut up, mut client_opener), (mut down, mut server_opener)) = (client.client(), server.server());
        send(&section, "to_server_packet", &mut up, &mut server_opener);
        send(&section, "to_client_packet", &mut down, &mut client_opener);
    }
}

/// Seals and opens the datagrams of one direction, headers masked, changing keys where the phase does.
fn send_datagrams(section: &Section, direction: &str, sealer: &mut Sealer, opener: &mut Opener) {
    let datagrams: Vec<_> = section.all(direction).collect();
    assert!(!datagrams.is_empty());
    for datagram in datagrams {
        let fields: Vec<&str> = datagram.split(',').map(str::trim).collect();
        let [phase, number, frames, expected] = fields[..] else { panic!("four fields: {datagram}") };
        let (phase, number) = (phase == "1", number.parse::<u64>().expect("a number"));
        if phase != sealer.phase() {
            sealer.rekey();
        }
        let mut packet = Vec::new();
        put_data_header(&mut packet, ConnectionId(0x1122_3344_5566_7788), phase, number);
        packet.extend(hex(frames));
        sealer.seal_packet(number, &mut packet);
        assert_eq!(packet, hex(expected), "{direction}: {datagram}");
        let head = opener.uncover(&packet).expect("long enough");
        let header = read_data_header(&head).expect("a header");
        assert_eq!((header.phase, u64::from(header.truncated)), (phase, number & 0xffff_ffff));
        let body = &mut packet[DATA_HEADER..];
        let len = opener.open(phase, number, &head, body).expect("opens");
        assert_eq!(body[..len], hex(frames));
    }
}

#[test]
fn every_masked_datagram_is_as_the_specifications_have_it() {
    for name in ["xx", "ik"] {
        let section = Section::of(name);
        let keys = || TrafficKeys::sealed(&section.array("to_server_key"), &section.array("to_client_key"));
        let ((mut up, mut client_opener), (mut down, mut server_opener)) = (keys().client(), keys().server());
        send_datagrams(&section, "to_server_datagram", &mut up, &mut server_opener);
        send_datagrams(&section, "to_client_datagram", &mut down, &mut client_opener);
    }
}

#[test]
fn the_traffic_keys_are_those_of_the_file() {
    for name in ["xx", "ik"] {
        let section = Section::of(name);
        let keys = || TrafficKeys::sealed(&section.array("to_server_key"), &section.array("to_client_key"));
        let ((mut up, mut client_opener), (mut down, mut server_opener)) = (keys().client(), keys().server());
        send(&section, "to_server_packet", &mut up, &mut server_opener);
        send(&section, "to_client_packet", &mut down, &mut client_opener);
    }
}
