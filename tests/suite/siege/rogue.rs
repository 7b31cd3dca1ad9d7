//! Somebody who is in by right, with keys of their own, and sends whatever they like.

use super::room::Room;
use sayagain::chat::codec::encode_greeting;
use sayagain::chat::message::{Counter, Greeting, Instance};
use sayagain::crypto::{Identity, Initiator, Pattern, Sealer};
use sayagain::transport::channel::ChannelLimits;
use sayagain::transport::handshake::prologue;
use sayagain::transport::params::Params;
use sayagain::wire::bytes::Writer;
use sayagain::wire::datagram::{ConnectionId, Handshake, put_data_header, put_handshake, read_handshake};
use sayagain::wire::frame::{Piece, put_piece};
use std::net::SocketAddr;

/// A peer with keys.
pub struct Rogue {
    address: SocketAddr,
    to: ConnectionId,
    sealer: Sealer,
    number: u64,
}

impl Rogue {
    /// Comes in under a name of its own.
    pub fn enter(room: &mut Room, index: u8) -> Self {
        let address = SocketAddr::from(([203, 0, 113, index], 4_000));
        let (own, identity) = (ConnectionId(u64::from(index) + 1), Identity::from_secret([index + 50; 32]));
        let prologue = prologue(Pattern::Ik.to_byte(), own);
        let server = room.server_key().public();
        let begun = Initiator::new(Pattern::Ik, &identity, Some(server), &prologue, [index; 32]);
        let mut initiator = begun.expect("the key is known");
        let noise = initiator.write_hello(&params(own, index)).expect("fits");
        let mut hello = Vec::new();
        let content = Handshake::Hello { pattern: Pattern::Ik.to_byte(), token: &[], noise: &noise };
        put_handshake(&mut hello, ConnectionId(0), own, &content);
        room.listens_at = Some(address);
        room.strike(address, hello);
        let letters = std::mem::take(&mut room.letters);
        let part = letters.iter().find_map(|letter| read_handshake(letter).ok()).expect("an answer");
        let Some(Handshake::Welcome { noise }) = part.content else { panic!("{part:?}") };
        initiator.read_welcome(noise).expect("opens");
        let (sealer, _) = initiator.into_keys().expect("done").client();
        let mut rogue = Self { address, to: part.source, sealer, number: 0 };
        // A ping, which proves it.
        rogue.send(room, &[0x01]);
        rogue
    }

    /// Sends a packet with these frames.
    pub fn send(&mut self, room: &mut Room, frames: &[u8]) {
        let mut packet = Vec::new();
        put_data_header(&mut packet, self.to, self.sealer.phase(), self.number);
        packet.extend_from_slice(frames);
        self.sealer.seal_packet(self.number, &mut packet);
        self.number += 1;
        room.strike(self.address, packet);
    }

    /// Sends a piece of a message.
    pub fn send_piece(&mut self, room: &mut Room, piece: &Piece<'_>) {
        let mut frames = Vec::new();
        put_piece(&mut Writer::new(&mut frames), piece);
        self.send(room, &frames);
    }
}

fn params(own: ConnectionId, index: u8) -> Vec<u8> {
    let greeting = encode_greeting(&Greeting {
        instance: Instance([index; 16]),
        name: format!("rogue{index}"),
        private_since: None,
        settled: Counter(0),
        agent: "a rogue".to_owned(),
    });
    let mut payload = Vec::new();
    Params {
        connection_id: own,
        limits: ChannelLimits::default(),
        heartbeat_ms: 1_000,
        early_accepted: false,
        reset_token: [0; 16],
        stamp_us: 1,
        greeting: &greeting,
        early: &[],
    }
    .put(&mut payload);
    payload
}
