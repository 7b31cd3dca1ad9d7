//! Which datagrams may be marked (ECN), and which marks count?

use super::world::{Faults, World, path};
use crate::time::Duration;
use crate::transport::session::ChannelId;
use crate::transport::timer::Timer;

/// A session between two that know each other, at rest.
fn at_rest() -> World {
    let mut world = World::new(1, true, Faults::default());
    world.run_for(Duration::from_secs(1));
    world
}

#[test]
fn each_packet_that_opens_counts_its_mark_once() {
    let mut world = at_rest();
    world.client.send(ChannelId(8), b"hello".to_vec().into()).unwrap();
    let mut datagram = Vec::new();
    assert!(world.client.poll_transmit(world.now, &mut datagram).is_some() && world.client.is_ect());
    let mut forged = datagram.clone();
    *forged.last_mut().unwrap() ^= 1;
    for mut copy in [forged, datagram.clone(), datagram] {
        world.server.handle_marked_datagram(world.now, world.client_path, &mut copy);
    }
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.client.stats().marks, Some(1));
}

#[test]
fn what_has_a_handshake_in_it_may_not_be_marked() {
    let mut world = World::new(1, false, Faults::default());
    let mut datagram = Vec::new();
    assert!(world.client.poll_transmit(world.now, &mut datagram).is_some() && !world.client.is_ect());
    world.server.handle_marked_datagram(world.now, world.client_path, &mut datagram);
    assert!(world.server.poll_transmit(world.now, &mut datagram).is_some() && !world.server.is_ect());
    world.client.handle_marked_datagram(world.now, path(9), &mut datagram);
    // FINISH, and a packet behind it that asks for an acknowledgement.
    assert!(world.client.poll_transmit(world.now, &mut datagram).is_some() && !world.client.is_ect());
}

#[test]
fn a_probe_and_what_only_acknowledges_may_not_be_marked() {
    let mut world = at_rest();
    world.client.send(ChannelId(8), b"hello".to_vec().into()).unwrap();
    let mut datagram = Vec::new();
    assert!(world.client.poll_transmit(world.now, &mut datagram).is_some() && world.client.is_ect());
    let due = loop {
        let (due, timer) = world.client.poll_timeout().unwrap();
        world.client.handle_timeout(due);
        if world.client.poll_transmit(due, &mut datagram).is_some() && timer == Timer::Probe {
            break due;
        }
    };
    assert!(!world.client.is_ect());
    world.server.handle_datagram(due, world.client_path, &mut datagram);
    assert!(world.server.poll_transmit(due, &mut datagram).is_some() && !world.server.is_ect());
}
