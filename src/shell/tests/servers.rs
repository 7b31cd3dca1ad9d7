//! What peers see of a server's loop.

use super::toys::{EchoServer, FLOOD_BYTES, LAST_WORDS};
use super::{Running, WATCHDOG, loopback};
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::shell::listen::Transports;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};

fn datagram_peer(server: SocketAddr) -> UdpSocket {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let socket = UdpSocket::bind((any, 0)).expect("a port");
    // A connected socket hears only from the address that it wrote to.
    socket.connect(server).expect("loopback");
    socket.set_read_timeout(Some(WATCHDOG)).expect("a watchdog");
    socket
}

fn stream_peer(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).expect("the server listens");
    stream.set_read_timeout(Some(WATCHDOG)).expect("a watchdog");
    stream
}

fn echoed(peer: &mut TcpStream, text: &[u8]) -> Vec<u8> {
    peer.write_all(text).expect("it is open");
    let mut answer = vec![0; text.len()];
    peer.read_exact(&mut answer).expect("an answer");
    answer
}

fn echoed_datagram(peer: &UdpSocket, text: &[u8]) -> Vec<u8> {
    peer.send(text).expect("loopback");
    let mut answer = vec![0; 65_535];
    let count = peer.recv(&mut answer).expect("an answer");
    answer[..count].to_vec()
}

#[test]
fn both_transports_are_served_on_one_port() {
    let server = Running::start(EchoServer::default(), loopback(0));
    let address = loopback(server.port());
    assert_eq!(echoed_datagram(&datagram_peer(address), b"over udp"), b"over udp");
    assert_eq!(echoed(&mut stream_peer(address), b"over tcp"), b"over tcp");
    server.shut_down();
}

#[test]
fn either_transport_is_served_alone() {
    let server = Running::start_with_only(Transports::Udp);
    let peer = datagram_peer(loopback(server.port()));
    for round in 0..10 {
        assert_eq!(echoed_datagram(&peer, &[round]), [round]);
    }
    server.shut_down();
    let server = Running::start_with_only(Transports::Tcp);
    let mut peer = stream_peer(loopback(server.port()));
    for round in 0..10 {
        assert_eq!(echoed(&mut peer, &[round]), [round]);
    }
    server.shut_down();
}

#[test]
#[cfg(target_os = "linux")]
fn an_answer_leaves_from_the_address_that_was_addressed() {
    let wildcards = [IpAddr::from(Ipv4Addr::UNSPECIFIED), Ipv6Addr::UNSPECIFIED.into()];
    for wildcard in wildcards {
        let server = Running::start(EchoServer::default(), (wildcard, 0).into());
        for last in [1, 2, 77] {
            let peer = datagram_peer((Ipv4Addr::new(127, 0, 0, last), server.port()).into());
            assert_eq!(echoed_datagram(&peer, b"who am I to you?"), b"who am I to you?");
        }
        server.shut_down();
    }
}

#[test]
fn ipv6_and_ipv4_are_served_by_one_wildcard() {
    let server = Running::start(EchoServer::default(), (Ipv6Addr::UNSPECIFIED, 0).into());
    if let (_, SocketAddr::V6(_)) = server.addresses[0] {
        let peer = datagram_peer((Ipv6Addr::LOCALHOST, server.port()).into());
        assert_eq!(echoed_datagram(&peer, b"six"), b"six");
    }
    let peer = datagram_peer(loopback(server.port()));
    assert_eq!(echoed_datagram(&peer, b"four"), b"four");
    server.shut_down();
}

#[test]
fn an_empty_datagram_and_the_longest_one_harm_nobody() {
    let server = Running::start(EchoServer::default(), loopback(0));
    let peer = datagram_peer(loopback(server.port()));
    peer.send(b"").expect("loopback");
    let longest = vec![7; 65_507];
    peer.send(&longest).expect("loopback takes the longest");
    assert_eq!(echoed_datagram(&datagram_peer(loopback(server.port())), b"still here"), b"still here");
    server.shut_down();
}

#[test]
fn a_peer_that_is_gone_before_its_answer_harms_nobody() {
    let server = Running::start(EchoServer::default(), loopback(0));
    for _ in 0..20 {
        datagram_peer(loopback(server.port())).send(b"gone").expect("loopback");
    }
    assert_eq!(echoed_datagram(&datagram_peer(loopback(server.port())), b"still here"), b"still here");
    server.shut_down();
}

#[test]
fn a_slow_tcp_reader_holds_up_nobody() {
    let server = Running::start(EchoServer::default(), loopback(0));
    let address = loopback(server.port());
    let mut slow = stream_peer(address);
    slow.write_all(b"!").expect("it is open");
    let mut other = stream_peer(address);
    for round in 0..100u8 {
        assert_eq!(echoed(&mut other, &[b'a', round]), [b'a', round]);
        assert_eq!(echoed_datagram(&datagram_peer(address), &[round]), [round]);
    }
    let mut flood = vec![0; FLOOD_BYTES];
    slow.read_exact(&mut flood).expect("when it reads at last, it gets all that is its own");
    assert!(flood.iter().all(|byte| *byte == b'x'));
    server.shut_down();
}

#[test]
fn garbage_on_tcp_closes_only_that_connection_and_its_last_words_arrive() {
    let server = Running::start(EchoServer::default(), loopback(0));
    let mut good = stream_peer(loopback(server.port()));
    let mut bad = stream_peer(loopback(server.port()));
    assert_eq!(echoed(&mut good, b"before"), b"before");
    bad.write_all(&vec![b'?'; 100_000]).expect("it is open");
    let mut words = Vec::new();
    bad.read_to_end(&mut words).expect("a clean end, no reset");
    assert_eq!(words, LAST_WORDS);
    assert_eq!(echoed(&mut good, b"after"), b"after");
    server.shut_down();
}

#[test]
fn connections_beyond_the_bound_are_closed_and_make_room_for_nobody_else() {
    let server = Running::start_bounded(EchoServer::default(), 2);
    let mut first = stream_peer(loopback(server.port()));
    let mut second = stream_peer(loopback(server.port()));
    assert_eq!(echoed(&mut first, b"one"), b"one");
    assert_eq!(echoed(&mut second, b"two"), b"two");
    let mut third = stream_peer(loopback(server.port()));
    let refused = third.read(&mut [0; 1]);
    assert!(matches!(refused, Ok(0) | Err(_)), "closed or reset: {refused:?}");
    assert_eq!(echoed(&mut first, b"still one"), b"still one");
    server.shut_down();
}

#[test]
fn a_place_that_becomes_free_is_given_away_again() {
    let server = Running::start_bounded(EchoServer::default(), 1);
    let comes_in = || {
        let mut peer = stream_peer(loopback(server.port()));
        peer.write_all(b"x").is_ok() && matches!(peer.read(&mut [0; 1]), Ok(1))
    };
    for _ in 0..10 {
        // The server may not yet have seen the former one go.
        assert!(std::iter::repeat_with(comes_in).take(10_000).any(|came_in| came_in));
    }
    server.shut_down();
}

#[test]
fn shutting_down_tells_the_tcp_peers_and_ends_the_loop() {
    let server = Running::start(EchoServer::default(), loopback(0));
    let mut peer = stream_peer(loopback(server.port()));
    assert_eq!(echoed(&mut peer, b"hello"), b"hello");
    assert!(server.handle.shutdown());
    assert_eq!(peer.read(&mut [0; 1]).expect("a clean end"), 0);
    drop(peer);
    server.ended.recv_timeout(WATCHDOG).expect("the loop ends").expect("in good order");
    assert!(!server.handle.shutdown(), "nobody is there to ask");
}

#[test]
fn shutting_down_ends_the_loop_even_if_the_node_never_has_done() {
    let server = Running::start(EchoServer::that_never_has_done(), loopback(0));
    let _silent = stream_peer(loopback(server.port()));
    server.shut_down();
}

#[test]
fn a_server_leads_each_peer_through_a_link_of_its_own() {
    let twice = DirectionConfig { duplicate: 1.0, ..DirectionConfig::default() };
    let link = LinkConfig { down: twice, ..LinkConfig::default() };
    let server = Running::start_impaired(EchoServer::default(), link);
    for text in [b"one", b"two"] {
        let peer = datagram_peer(loopback(server.port()));
        assert_eq!(echoed_datagram(&peer, text), text);
        let mut copy = [0; 10];
        assert_eq!(peer.recv(&mut copy).expect("the copy"), text.len());
    }
    server.shut_down();
}

#[test]
fn one_thread_serves_three_hundred_connections_at_once() {
    let server = Running::start(EchoServer::default(), loopback(0));
    let mut peers: Vec<TcpStream> = (0..300).map(|_| stream_peer(loopback(server.port()))).collect();
    for round in 0..3u8 {
        for peer in &mut peers {
            peer.write_all(&[b'a', round]).expect("it is open");
        }
        for peer in &mut peers {
            let mut answer = [0; 2];
            peer.read_exact(&mut answer).expect("an answer");
            assert_eq!(answer, [b'a', round]);
        }
    }
    server.shut_down();
}
