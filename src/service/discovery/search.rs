//! When does a client ask, and when has it waited long enough?
//!
//! ```text
//!  0        0.3             1                1.5                             3 s
//!  ├ probe ─┼ probe ────────┼ probe ─────────┤ over, if a server was found ──┤ over
//!            each by broadcast and multicast; mDNS asks on its own meanwhile
//! ```
//!
//! Three probes, because nothing that is broadcast over Wi-Fi is acknowledged or repeated. It goes on
//! until its end also when a server is found at once: whether there is a second one decides what is asked.
//!
//! A server is told of as soon as it is found; one of which only an IPv6 address is known yet a little later,
//! since mDNS tells the families one after the other, and the shorter address is easier to read.

use super::announcement::Announcement;
use super::datagram::{Answer, Probe};
use super::findings::{Findings, Found};
use crate::time::{Duration, Instant};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// When probes leave, from the beginning.
pub const PROBES_AT: [Duration; 3] = [Duration::ZERO, Duration::from_millis(300), Duration::from_secs(1)];
/// How long it takes where somebody is found.
pub const ENOUGH: Duration = Duration::from_millis(1_500);
/// How long it takes where nobody is.
pub const LONGEST: Duration = Duration::from_secs(3);
/// How long a server without an IPv4 address is not told of.
pub const GRACE: Duration = Duration::from_millis(200);

/// A search.
#[derive(Debug)]
pub struct Search {
    began: Instant,
    cookie: [u8; 8],
    probes: usize,
    findings: Findings,
    /// Servers not told of yet, each with when it was found.
    untold: VecDeque<(Instant, usize)>,
    is_over: bool,
}

impl Search {
    /// Begins now; the cookie is random.
    pub fn new(now: Instant, cookie: [u8; 8]) -> Self {
        Self {
            began: now,
            cookie,
            probes: 0,
            findings: Findings::default(),
            untold: VecDeque::new(),
            is_over: false,
        }
    }

    /// A datagram came to where probes leave from. What is no answer to ours is passed over.
    pub fn handle_datagram(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        let Ok(answer) = Answer::decode(datagram) else { return };
        if answer.cookie != self.cookie {
            return;
        }
        let mut address = from;
        address.set_port(answer.announcement.port);
        self.on_heard(now, address, true, &answer.announcement);
    }

    /// Somebody told by mDNS of a server at these addresses.
    pub fn handle_announcement(
        &mut self,
        now: Instant,
        addresses: &[SocketAddr],
        announcement: &Announcement,
    ) {
        for address in addresses {
            self.on_heard(now, *address, false, announcement);
        }
    }

    fn on_heard(&mut self, now: Instant, address: SocketAddr, answered: bool, announcement: &Announcement) {
        let useless = address.ip().is_unspecified() || address.ip().is_multicast();
        if !self.is_over && !useless {
            let new = self.findings.on_heard(address, answered, announcement);
            self.untold.extend(new.map(|place| (now, place)));
        }
    }

    /// A probe to send wherever neighbours may be, if it is time.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Vec<u8>> {
        let due = self.began + *PROBES_AT.get(self.probes)?;
        if due > now {
            return None;
        }
        self.probes += 1;
        Some(Probe { cookie: self.cookie }.encode())
    }

    /// The next server that was found, and its place among them, from 0.
    pub fn poll_event(&mut self, now: Instant) -> Option<(usize, &Found)> {
        self.told_at().filter(|due| self.is_over || *due <= now)?;
        let (_, place) = self.untold.pop_front()?;
        self.findings.all().get(place).map(|found| (place, found))
    }

    /// When the next server is to be told of: in their order, so that their numbers stand below each other.
    fn told_at(&self) -> Option<Instant> {
        let (found_at, place) = self.untold.front()?;
        let has_ipv4 = self.findings.all().get(*place)?.has_ipv4();
        Some(if has_ipv4 { *found_at } else { *found_at + GRACE })
    }

    /// When something is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_over {
            return None;
        }
        let probe = PROBES_AT.get(self.probes).map(|after| self.began + *after);
        [probe, self.told_at(), Some(self.end())].into_iter().flatten().min()
    }

    /// Time passes.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.is_over |= now >= self.end();
    }

    fn end(&self) -> Instant {
        self.began + if self.findings.all().is_empty() { LONGEST } else { ENOUGH }
    }

    /// Has it waited long enough?
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// What was found.
    pub fn into_findings(self) -> Findings {
        self.findings
    }
}
