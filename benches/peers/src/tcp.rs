//! The kernel's TCP: one stream, each message behind its length, Nagle off (RFC 9293 §3.7.4).

use crate::inbox::Inbox;
use crate::peer::{Peer, SERVER};
use socket2::SockRef;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Instant;

/// Either end.
pub struct Tcp {
    stream: TcpStream,
    inbox: Inbox,
}

/// Connects, or waits for who does, with this congestion control.
pub fn open(is_server: bool, congestion: &str) -> io::Result<Tcp> {
    let stream = if is_server { TcpListener::bind(SERVER)?.accept()?.0 } else { TcpStream::connect(SERVER)? };
    stream.set_nodelay(true)?;
    SockRef::from(&stream).set_tcp_congestion(congestion.as_bytes()).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("this system does not allow TCP with {congestion} here: {error}"),
        )
    })?;
    let (heard, incoming) = channel();
    let reader = stream.try_clone()?;
    // Ends with the stream.
    thread::spawn(move || read(reader, &heard));
    Ok(Tcp { stream, inbox: Inbox::new(incoming) })
}

fn read(mut stream: TcpStream, heard: &Sender<Vec<u8>>) -> io::Result<()> {
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut message = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut message)?;
        if heard.send(message).is_err() {
            return Ok(());
        }
    }
}

impl Peer for Tcp {
    fn turn(&mut self, until: Instant) -> io::Result<()> {
        self.inbox.wait(until)
    }

    fn is_connected(&self) -> bool {
        true
    }

    fn send(&mut self, message: &[u8]) -> io::Result<bool> {
        let length = u32::try_from(message.len()).map_err(io::Error::other)?;
        self.stream.write_all(&[&length.to_be_bytes(), message].concat())?;
        Ok(true)
    }

    fn receive(&mut self) -> Option<Vec<u8>> {
        self.inbox.next()
    }
}
