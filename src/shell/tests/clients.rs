//! What a user sees of a client's loop.

use super::toys::{EchoClient, EchoServer};
use super::{Running, WATCHDOG, loopback};
use crate::chat::client::event::{LineNumber, UserEvent};
use crate::service::api::{ClientEvent, Ending};
use crate::shell::client_loop::ClientLoop;
use crate::shell::lines::read_lines;
use crate::transport::session::Transport;
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
    thread::spawn(move || read_lines(input, &handle));
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
