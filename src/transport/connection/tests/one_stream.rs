//! What a peer may say on a stream that carries all channels, and what it may not.

use super::world::{Faults, World, hello, path, server_identity};
use super::{ROOM, is_message, seconds};
use crate::transport::arq::Arq;
use crate::transport::config::TransportConfig;
use crate::transport::session::{ChannelId, CloseCode, CloseReason, SessionEvent};
use crate::transport::trust::TrustAll;
use std::sync::Arc;

#[test]
fn a_receiver_in_our_own_mode_reads_one_stream_and_answers_beside_it() {
    let config = TransportConfig { arq: Arq::TcpLike, ..TransportConfig::default() };
    let mut world = World::with(1, config, hello(None, Arc::new(TrustAll)), Faults::default());
    world.server = super::endpoint(TransportConfig::default(), server_identity(), 2);
    world.client.send(ROOM, b"hi"[..].into()).unwrap();
    world.run_for(seconds(1));
    world.echo();
    world.run_for(seconds(1));
    let heard: Vec<_> = world.client_events.iter().filter(|event| is_message(event)).collect();
    assert_eq!(heard, [&SessionEvent::Message { channel: ROOM, bytes: b"hi".to_vec() }]);
}

#[test]
fn a_peer_that_says_what_is_no_message_of_a_channel_is_told_which_rule_it_broke() {
    for (bytes, rule) in [
        (&b""[..], "a stream's message without its channel"),
        (b"\x80", "a stream's message without its channel"),
        (b"\x07hi", "a stream inside of a stream"),
    ] {
        let mut world = World::new(3, false, Faults::default());
        world.client.send(ChannelId(3), bytes.into()).unwrap();
        world.client.send(ROOM, b"hi"[..].into()).unwrap();
        world.run_for(seconds(1));
        let told = SessionEvent::Closed(CloseReason::Peer(CloseCode::PROTOCOL, rule.to_owned()));
        assert_eq!(world.client_events.last(), Some(&told), "{bytes:?}, from {:?}", path(1));
    }
}
