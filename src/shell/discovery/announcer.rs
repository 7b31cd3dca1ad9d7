//! How does a server announce itself?
//!
//! By mDNS and by answering probes, each for itself: what one of them lacks does not end the other, and neither
//! ends the server.

use super::answering::{self, Answering};
use super::mdns::Announced;
use crate::service::discovery::datagram::PORT;
use crate::service::discovery::{Announcement, Reach, Responder};
use crate::shell::clock;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// A server that is announced, until this is dropped.
#[derive(Default)]
pub struct Announcer {
    mdns: Option<Announced>,
    answering: Option<Answering>,
}

impl Announcer {
    /// Announces this, of a server that is bound to `bound`; `people` is how many are here at each moment. Gives
    /// besides a sentence for each way that cannot be had. A server on loopback is not announced.
    pub fn start(announcement: &Announcement, bound: IpAddr, people: Arc<AtomicU32>) -> (Self, Vec<String>) {
        let reach = Reach::of(bound);
        let (mut announcer, mut complaints) = (Self::default(), Vec::new());
        if reach == Reach::Nowhere {
            return (announcer, complaints);
        }
        match Announced::start(announcement, reach) {
            Ok(mdns) => announcer.mdns = Some(mdns),
            Err(error) => complaints.push(format!("not announced by mDNS: {error}")),
        }
        match answer(announcement, reach, people, &mut complaints) {
            Ok(answering) => announcer.answering = answering,
            Err(error) => complaints.push(format!("probes are not answered: {error}")),
        }
        (announcer, complaints)
    }

    /// Is it announced in any way?
    pub const fn is_announced(&self) -> bool {
        self.mdns.is_some() || self.answering.is_some()
    }
}

impl fmt::Debug for Announcer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Announcer(mdns: {}, probes: {})", self.mdns.is_some(), self.answering.is_some())
    }
}

fn answer(
    announcement: &Announcement,
    reach: Reach,
    people: Arc<AtomicU32>,
    complaints: &mut Vec<String>,
) -> std::io::Result<Option<Answering>> {
    let (sockets, errors) = answering::sockets(reach, PORT);
    complaints.extend(errors.iter().map(|error| format!("probes to UDP port {PORT} are not heard: {error}")));
    if sockets.is_empty() {
        return Ok(None);
    }
    // Whoever hears the answer takes its sender for the server's address.
    let reply = match reach {
        Reach::One(address) => Some(answering::bind(SocketAddr::new(address, 0), false)?),
        Reach::Nowhere | Reach::Ipv4 | Reach::Both => None,
    };
    let responder = Responder::new(clock::now(), announcement.clone());
    Answering::start(responder, sockets, reply, people).map(Some)
}
