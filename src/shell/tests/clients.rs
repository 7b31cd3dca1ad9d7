//! What a user sees of a client's loop.

use super::toys::{EchoClient, EchoServer};
use super::{Running, WATCHDOG, loopback};
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::lab::link::{DirectionConfig, LinkConfig};
use crate::service::api::{ClientEvent, Ending};
use crate::shell::client_loop::{ClientHandle, ClientLoop};
use crate::shell::lines::{Meaning, read_lines};
use crate::time::Duration;
use crate::transport::session::Transport;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::mpsc::channel;
use std::thread;

/// Runs a toy client over this input, and gives what it said and how it ended.
fn run(transport: Transport, addresses: Vec<SocketAddr>, input: &'static [u8]) -> (Vec<ClientEvent>, Ending) {
    let mut node = match transport {
        Transport::Udp => EchoClient::over_udp(addresses.len()),
        Transport::Tcp => EchoClient::over_tcp(addresses.len()),
    };
    let client = ClientLoop::new(transport, addresses).expect("a loop");
    let handle = client.handle();
    thread::spawn(move || read_lines(input, &handle, Meaning::Typed));
    let (end, ended) = channel();
    thread::spawn(move || {
        let mut said = Vec::new();
        let ending = client.run(&mut node, |event| said.push(event)).expect("no trouble of the system");
        end.send((said, ending))
    });
    ended.recv_timeout(WATCHDOG).expect("the client ends")
}

fn said(events: &[ClientEvent]) -> String {
    let text = |event: &ClientEvent| match event {
        ClientEvent::User(UserEvent::Notice { text }) => text.clone(),
        other => format!("{other:?}"),
    };
    events.iter().map(text).collect()
}

/// A port of loopback where nobody listens.
fn deserted(transport: Transport) -> SocketAddr {
    match transport {
        Transport::Udp => UdpSocket::bind(loopback(0)).and_then(|socket| socket.local_addr()),
        Transport::Tcp => TcpListener::bind(loopback(0)).and_then(|socket| socket.local_addr()),
    }
    .expect("a port")
}

#[test]
fn lines_go_out_and_answers_come_in_over_both_transports() {
    let server = Running::start(EchoServer::default(), loopback(0));
    for transport in [Transport::Udp, Transport::Tcp] {
        let (events, ending) = run(transport, vec![loopback(server.port())], b"one\ntwo\nthree\n");
        assert_eq!(said(&events), "onetwothree", "{transport}");
        assert_eq!(ending, Ending::Done);
    }
    server.shut_down();
}

#[test]
fn a_port_where_nobody_listens_is_reported_and_the_next_address_tried() {
    let server = Running::start(EchoServer::default(), loopback(0));
    for transport in [Transport::Udp, Transport::Tcp] {
        let (_, ending) = run(transport, vec![deserted(transport)], b"anyone?\n");
        assert!(matches!(ending, Ending::NotConnected(_)), "{transport}: {ending:?}");
        let addresses = vec![deserted(transport), loopback(server.port())];
        let (events, ending) = run(transport, addresses, b"");
        assert_eq!((said(&events).as_str(), ending), ("", Ending::Done), "{transport}");
    }
    server.shut_down();
}

#[test]
fn a_tcp_connection_that_ends_is_reported() {
    let listener = TcpListener::bind(loopback(0)).expect("a port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || listener.accept().map(drop));
    let (_, ending) = run(Transport::Tcp, vec![address], b"hello\n");
    assert!(matches!(ending, Ending::NotConnected(_)), "{ending:?}");
}

#[test]
fn a_line_that_is_no_text_is_an_error_of_that_line_and_the_rest_is_sent() {
    let server = Running::start(EchoServer::default(), loopback(0));
    let (events, ending) = run(Transport::Udp, vec![loopback(server.port())], b"a\n\xff\nb\n");
    assert_eq!(ending, Ending::Undelivered(vec![2]));
    let bad: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            ClientEvent::User(UserEvent::Error { failure, line }) => Some((failure.code.as_str(), *line)),
            _ => None,
        })
        .collect();
    assert_eq!(bad, [("not-utf-8", Some(LineNumber(2)))]);
    server.shut_down();
}

#[test]
fn quitting_ends_the_loop_and_frees_whoever_reads_lines() {
    let client = ClientLoop::new(Transport::Udp, vec![deserted(Transport::Udp)]).expect("a loop");
    let handle = client.handle();
    assert!(handle.quit());
    let (end, ended) = channel();
    thread::spawn(move || end.send(client.run(&mut EchoClient::over_udp(1), |_| ())));
    let ending = ended.recv_timeout(WATCHDOG).expect("the client ends").expect("no trouble of the system");
    assert_eq!(ending, Ending::Done);
    assert!(!handle.line(LineNumber(1), "too late".to_owned()));
}

/// A toy client over an emulated link to this peer, running on a thread of its own.
fn start_impaired(mut node: EchoClient, peer: SocketAddr, link: LinkConfig) -> ClientHandle {
    let mut client = ClientLoop::new(Transport::Udp, vec![peer]).expect("a loop");
    client.impair(link, false).expect("these can be had");
    let handle = client.handle();
    thread::spawn(move || client.run(&mut node, |_| ()));
    handle
}

fn datagram_server() -> UdpSocket {
    let socket = UdpSocket::bind(loopback(0)).expect("a port");
    socket.set_read_timeout(Some(WATCHDOG)).expect("a watchdog");
    socket
}

#[test]
fn last_words_leave_even_over_a_slow_link() {
    let server = datagram_server();
    let slow = DirectionConfig { delay: Duration::from_millis(50), ..DirectionConfig::default() };
    let peer = server.local_addr().expect("it is bound");
    let client = start_impaired(EchoClient::that_is_hasty(), peer, LinkConfig::symmetric(slow, 1));
    assert!(client.line(LineNumber(1), "goodbye".to_owned()) && client.end_of_input());
    let mut words = [0; 10];
    assert_eq!(server.recv(&mut words).expect("they arrive"), 7);
}

#[test]
fn last_words_over_tcp_are_not_overtaken_by_a_reset() {
    let listener = TcpListener::bind(loopback(0)).expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        // Unread at the client when it closes.
        stream.write_all(&vec![b'x'; 50_000]).expect("it is open");
        let mut words = String::new();
        stream.read_to_string(&mut words).expect("a clean end, no reset");
        words
    });
    let mut node = EchoClient::over_tcp(1);
    let client = ClientLoop::new(Transport::Tcp, vec![address]).expect("a loop");
    let handle = client.handle();
    assert!(handle.line(LineNumber(1), "goodbye".to_owned()));
    let leave_at_the_first_answer = |_| assert!(handle.quit());
    client.run(&mut node, leave_at_the_first_answer).expect("no trouble of the system");
    assert_eq!(server.join().expect("the server ends"), "goodbye");
}

#[test]
fn a_rebinding_client_speaks_from_another_port_and_hears_there() {
    let server = datagram_server();
    let rebind = Some("port@5ms/5ms".parse().expect("a plan"));
    let peer = server.local_addr().expect("it is bound");
    let client =
        start_impaired(EchoClient::over_udp(1), peer, LinkConfig { rebind, ..LinkConfig::default() });
    let mut ports = BTreeSet::new();
    for number in (1..).map(LineNumber) {
        assert!(client.line(number, "where am I?".to_owned()));
        let (count, from) = server.recv_from(&mut [0; 100]).expect("it arrives");
        assert_eq!(count, 11);
        ports.insert(from.port());
        if ports.len() > 2 {
            break;
        }
    }
    assert!(client.quit());
}

#[test]
fn link_options_over_tcp_are_refused_with_the_way_that_works() {
    let mut client = ClientLoop::new(Transport::Tcp, vec![loopback(1)]).expect("a loop");
    let refused = client.impair(LinkConfig::default(), false).expect_err("TCP's segments are out of reach");
    assert!(refused.contains("sayagain link"), "{refused}");
}
