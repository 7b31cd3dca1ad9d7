//! How does a loop use its UDP port without ever waiting for it?
//!
//! ```text
//!    node ──send──▶ [ links ] ──▶ held (one, while the system's buffer is full) ──▶ port
//!    node ◀──each── [ links ] ◀── a batch at a time, while the system says "readable" ◀── port
//! ```
//!
//! The links are there only when the user asked for a bad one: see [`impaired`](super::impaired). They
//! outlive the port, which a client closes, opens and changes.

use super::ecn::Ecn;
use super::impaired::{Impairment, Way};
use super::udp::{Batch, Sent, UdpPort};
use crate::service::api::Path;
use crate::time::Instant;
use mio::{Interest, Registry, Token};
use std::io;

#[derive(Debug)]
struct Open {
    port: UdpPort,
    token: Token,
    readable: bool,
    /// What the system would not take; nothing else is sent before it.
    held: Option<(Path, Ecn, Vec<u8>)>,
    /// Only what is on its way in the links still leaves.
    closing: bool,
}

/// A UDP port with what a loop remembers of it, or the place where one will be.
#[derive(Debug)]
pub(super) struct Datagrams {
    open: Option<Open>,
    links: Option<Impairment>,
    batch: Batch,
}

impl Datagrams {
    /// No port yet; so many datagrams will be received at once.
    pub fn new(batch: usize) -> Self {
        Self { open: None, links: None, batch: Batch::new(batch) }
    }

    /// From now on all datagrams go through these links.
    pub fn impair(&mut self, links: Impairment) {
        self.links = Some(links);
    }

    /// Uses this port from now on, registered under this token; a former one is closed.
    pub fn open(&mut self, mut port: UdpPort, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut port, token, Interest::READABLE)?;
        self.open = Some(Open { port, token, readable: true, held: None, closing: false });
        Ok(())
    }

    /// Closes the port, as soon as all that was sent has left.
    pub fn close(&mut self) {
        let flushed = self.is_flushed();
        self.open = self.open.take().filter(|_| !flushed);
        if let Some(open) = &mut self.open {
            open.closing = true;
        }
    }

    /// Is there a port, perhaps closing?
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Is there a port that is not closing?
    pub fn is_in_use(&self) -> bool {
        self.open.as_ref().is_some_and(|open| !open.closing)
    }

    /// The system says that there may be something to receive.
    pub fn on_readable(&mut self) {
        if let Some(open) = &mut self.open {
            open.readable = true;
        }
    }

    /// May there be something to receive?
    pub fn is_readable(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.readable)
    }

    /// Is there a port that takes datagrams?
    pub fn is_ready(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.held.is_none() && !open.closing)
    }

    /// Has everything that was to be sent left?
    pub fn is_flushed(&self) -> bool {
        let held = self.open.as_ref().is_some_and(|open| open.held.is_some());
        !held && !self.links.as_ref().is_some_and(Impairment::has_outgoing)
    }

    /// When [`deliver`](Self::deliver) will have something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let waits_for_the_port = self.open.as_ref().is_some_and(|open| open.held.is_some());
        self.links.as_ref().filter(|_| !waits_for_the_port)?.poll_timeout()
    }

    /// Receives one batch if there may be something, and hands over what is due. An error says that the
    /// peer cannot be reached ([`means_unreachable`](super::udp::means_unreachable)), or that the port is
    /// broken.
    pub fn receive(
        &mut self,
        now: Instant,
        registry: &Registry,
        mut each: impl FnMut(Path, Ecn, &mut [u8]),
    ) -> io::Result<()> {
        if let Some(open) = self.open.as_mut().filter(|open| open.readable) {
            open.readable = match &mut self.links {
                None if open.closing => open.port.receive(&mut self.batch, |_, _, _| {})?,
                None => open.port.receive(&mut self.batch, &mut each)?,
                Some(links) => {
                    let enter =
                        |path, ecn, datagram: &mut [u8]| links.handle(now, Way::In, path, ecn, datagram);
                    open.port.receive(&mut self.batch, enter)?
                }
            };
        }
        self.deliver(now, registry, each)
    }

    /// Hands over what has come through the links by now, in both directions. Errors as for
    /// [`receive`](Self::receive).
    pub fn deliver(
        &mut self,
        now: Instant,
        registry: &Registry,
        mut each: impl FnMut(Path, Ecn, &mut [u8]),
    ) -> io::Result<()> {
        while self.open.as_ref().is_none_or(|open| open.held.is_none()) {
            let Some(mut emerged) = self.links.as_mut().and_then(|links| links.poll(now)) else { break };
            match (emerged.way, &mut self.open) {
                (Way::In, Some(open)) if !open.closing => {
                    each(emerged.path, emerged.ecn, &mut emerged.datagram);
                }
                (Way::Out, Some(open)) => {
                    open.send(registry, emerged.path, emerged.ecn, &emerged.datagram)?;
                }
                // Nobody is there to hear, or nothing for it to leave through.
                _ => {}
            }
        }
        if self.open.as_ref().is_some_and(|open| open.closing) {
            self.close();
        }
        Ok(())
    }

    /// Sends, or holds and asks to be told when the port is writable. To be called only while
    /// [ready](Self::is_ready). Errors as for [`receive`](Self::receive).
    pub fn send(
        &mut self,
        now: Instant,
        registry: &Registry,
        path: Path,
        ecn: Ecn,
        datagram: &[u8],
    ) -> io::Result<()> {
        match (&mut self.links, &mut self.open) {
            (Some(links), _) => {
                links.handle(now, Way::Out, path, ecn, datagram);
                Ok(())
            }
            (None, Some(open)) => open.send(registry, path, ecn, datagram),
            (None, None) => Ok(()),
        }
    }

    /// The system says that the port is writable: sends what was held.
    pub fn on_writable(&mut self, registry: &Registry) -> io::Result<()> {
        self.open.as_mut().map_or(Ok(()), |open| open.release(registry))
    }
}

impl Open {
    fn send(&mut self, registry: &Registry, path: Path, ecn: Ecn, datagram: &[u8]) -> io::Result<()> {
        match self.port.send(path, ecn, datagram) {
            Sent::Gone => Ok(()),
            Sent::Unreachable(error) => Err(error),
            Sent::Blocked => {
                self.held = Some((path, ecn, datagram.to_vec()));
                registry.reregister(&mut self.port, self.token, Interest::READABLE | Interest::WRITABLE)
            }
        }
    }

    fn release(&mut self, registry: &Registry) -> io::Result<()> {
        let Some((path, ecn, datagram)) = self.held.take() else { return Ok(()) };
        // Otherwise each datagram that leaves the machine would wake the loop.
        registry.reregister(&mut self.port, self.token, Interest::READABLE)?;
        self.send(registry, path, ecn, &datagram)
    }
}
