//! Are the datagrams of a handshake, and the first packets after it, the bytes that the known answers have?
//! (`tests/vectors/handshake.txt`)

use super::prologue;
use crate::crypto::{Identity, Initiator, Opener, Pattern, Responder, Sealer};
use crate::transport::channel::ChannelLimits;
use crate::transport::params::Params;
use crate::wire::datagram::{ConnectionId, DATA_HEADER, Handshake, put_data_header, put_handshake};

const FILE: &str = include_str!("../../../tests/vectors/handshake.txt");

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")).collect()
}

/// One pattern's part of the file.
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

    fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().expect(name)
    }

    fn id(&self, name: &str) -> ConnectionId {
        ConnectionId(u64::from_be_bytes(self.array(name)))
    }

    /// The record that this message carries, held against what our writer makes of its fields.
    fn params(&self, name: &str) -> Vec<u8> {
        let recorded = self.bytes(name);
        let params = Params::read(&recorded).expect(name);
        let ChannelLimits { session_window, channel_window, .. } = params.limits;
        assert_eq!((session_window, channel_window, params.heartbeat_ms), (1 << 20, 1 << 18, 1_000));
        assert_eq!(params.stamp_us, if name == "welcome_params" { 0 } else { 1_795_000_000_123_456 });
        let mut written = Vec::new();
        params.put(&mut written);
        assert_eq!(written, recorded);
        recorded
    }

    fn assert_datagram(&self, name: &str, to: ConnectionId, from: ConnectionId, content: &Handshake<'_>) {
        let mut written = Vec::new();
        put_handshake(&mut written, to, from, content);
        assert_eq!(written, self.bytes(name), "{name}");
    }

    fn assert_packets(&self, name: &str, to: ConnectionId, (sealer, opener): (&mut Sealer, &mut Opener)) {
        assert_eq!(self.all(name).count(), 2);
        for packet in self.all(name) {
            let fields: Vec<&str> = packet.split(',').map(str::trim).collect();
            let [number, frames, expected] = fields[..] else { panic!("three fields: {packet}") };
            let (number, frames) = (number.parse().expect("a number"), hex(frames));
            let mut written = Vec::new();
            put_data_header(&mut written, to, sealer.phase(), number);
            written.extend_from_slice(&frames);
            sealer.seal_packet(number, &mut written);
            assert_eq!(written, hex(expected), "{name}");
            let header = opener.uncover(&written).expect("whole");
            let body = &mut written[DATA_HEADER..];
            let len = opener.open(false, number, &header, body).expect("opens");
            assert_eq!(body[..len], frames);
        }
    }
}

/// Shakes hands as the file says, holding every datagram against it.
fn assert_pattern(name: &str, pattern: Pattern) {
    let section = Section::of(name);
    let (client, server) = (section.id("client_id"), section.id("server_id"));
    let identity = |name| Identity::from_secret(section.array(name));
    let (own, known) = (identity("client_secret"), identity("server_secret"));
    let prologue = prologue(pattern.to_byte(), client);
    assert_eq!(prologue, section.bytes("prologue"));
    let (seed, server_seed) = (section.array("client_seed"), section.array("server_seed"));
    let mut initiator = Initiator::new(pattern, &own, Some(known.public()), &prologue, seed).expect("begins");
    let payload = if pattern.has_finish() { Vec::new() } else { section.params("hello_params") };
    let hello = initiator.write_hello(&payload).expect("fits");
    let content = Handshake::Hello { pattern: pattern.to_byte(), token: &[], noise: &hello };
    section.assert_datagram("hello", ConnectionId(0), client, &content);
    let (mut responder, read) =
        Responder::accept(pattern, &known, &prologue, server_seed, &hello).expect("opens");
    assert_eq!(read, payload);
    let payload = section.params("welcome_params");
    let welcome = responder.write_welcome(&payload).expect("fits");
    section.assert_datagram("welcome", client, server, &Handshake::Welcome { noise: &welcome });
    assert_eq!(initiator.read_welcome(&welcome), Ok(payload));
    if pattern.has_finish() {
        let payload = section.params("finish_params");
        let finish = initiator.write_finish(&payload).expect("fits");
        section.assert_datagram("finish", server, client, &Handshake::Finish { noise: &finish });
        assert_eq!(responder.read_finish(&finish), Ok(payload));
    }
    let (mut up, mut down) = initiator.into_keys().expect("done").client();
    let (mut server_up, mut server_down) = responder.into_keys().expect("done").server();
    section.assert_packets("to_server_packet", server, (&mut up, &mut server_down));
    section.assert_packets("to_client_packet", client, (&mut server_up, &mut down));
}

#[test]
fn a_handshake_with_a_stranger_is_byte_for_byte_the_recorded_one() {
    assert_pattern("xx", Pattern::Xx);
}

#[test]
fn a_handshake_with_a_known_server_is_byte_for_byte_the_recorded_one() {
    assert_pattern("ik", Pattern::Ik);
}

#[test]
fn a_handshake_in_the_clear_is_byte_for_byte_the_recorded_one() {
    assert_pattern("clear", Pattern::Clear);
}
