//! How does a loop use its UDP port without ever waiting for it?
//!
//! ```text
//!    node ──send──▶ [ impairment ] ──▶ held (one, while the system's buffer is full) ──▶ port
//!    node ◀──each── [ impairment ] ◀── a batch at a time, while the system says "readable" ◀── port
//! ```
//!
//! The impairment is there only when the user asked for a bad link; see [`impaired`](super::impaired).

use super::udp::{Batch, Sent, UdpPort};
use crate::service::api::Path;
use mio::{Interest, Registry, Token};
use std::io;

/// A port with what a loop remembers of it.
#[derive(Debug)]
pub(super) struct Datagrams {
    port: UdpPort,
    token: Token,
    readable: bool,
    /// What the system would not take; nothing else is sent before it.
    held: Option<(Path, Vec<u8>)>,
}

impl Datagrams {
    /// Registers the port under this token.
    pub fn new(mut port: UdpPort, registry: &Registry, token: Token) -> io::Result<Self> {
        registry.register(&mut port, token, Interest::READABLE)?;
        Ok(Self { port, token, readable: true, held: None })
    }

    /// The system says that there may be something to receive.
    pub fn on_readable(&mut self) {
        self.readable = true;
    }

    /// May there be something to receive?
    pub fn is_readable(&self) -> bool {
        self.readable
    }

    /// Must the node keep what it has to send?
    pub fn is_blocked(&self) -> bool {
        self.held.is_some()
    }

    /// Receives one batch.
    pub fn receive(&mut self, batch: &mut Batch, each: impl FnMut(Path, &mut [u8])) -> io::Result<()> {
        self.readable = self.port.receive(batch, each)?;
        Ok(())
    }

    /// Sends, or holds and asks to be told when the port is writable. Not to be called while blocked.
    /// An error says that the peer cannot be reached.
    pub fn send(&mut self, registry: &Registry, path: Path, datagram: &[u8]) -> io::Result<()> {
        match self.port.send(path, datagram) {
            Sent::Gone => Ok(()),
            Sent::Unreachable(error) => Err(error),
            Sent::Blocked => {
                self.held = Some((path, datagram.to_vec()));
                registry.reregister(&mut self.port, self.token, Interest::READABLE | Interest::WRITABLE)
            }
        }
    }

    /// The system says that the port is writable: sends what was held.
    pub fn on_writable(&mut self, registry: &Registry) -> io::Result<()> {
        let Some((path, datagram)) = self.held.take() else { return Ok(()) };
        self.send(registry, path, &datagram)?;
        if self.held.is_none() {
            // Otherwise each datagram that leaves the machine would wake the loop.
            registry.reregister(&mut self.port, self.token, Interest::READABLE)?;
        }
        Ok(())
    }
}
