//! Whom does a server answer that asks "who is here?", and how often?
//!
//! Whoever sends a whole probe, from one of the networks that the server stands in, while the budget lasts.
//! So a probe with a forged sender makes the server send at most as many bytes as came, to its own neighbours
//! only, and so many times a second; it keeps nothing of anybody.

use super::announcement::Announcement;
use super::datagram::{Answer, Probe};
use super::reach::{Network, is_neighbour};
use crate::chat::quota::{Quota, Terms, Verdict};
use crate::time::Instant;
use std::net::IpAddr;

/// Answers a second; ten times as many at once. Ours: three hundred laptops that ask three times each in both
/// families, all in the same second, are answered.
pub const ANSWERS_PER_SECOND: u64 = 200;

/// What answers probes.
#[derive(Debug)]
pub struct Responder {
    announcement: Announcement,
    quota: Quota,
}

impl Responder {
    /// Answers with this.
    pub fn new(now: Instant, announcement: Announcement) -> Self {
        Self { announcement, quota: Quota::new(now, Terms::per_second(ANSWERS_PER_SECOND)) }
    }

    /// The answer to this datagram, if there is one, to send to `asker`. `networks`: those of our own
    /// interfaces; `people`: who is here now.
    pub fn answer(
        &mut self,
        now: Instant,
        asker: IpAddr,
        datagram: &[u8],
        networks: &[Network],
        people: u32,
    ) -> Option<Vec<u8>> {
        let probe = Probe::decode(datagram).ok()?;
        if !is_neighbour(asker, networks) || matches!(self.quota.take(now), Verdict::No(_)) {
            return None;
        }
        if self.announcement.people.is_some() {
            self.announcement.people = Some(people);
        }
        let answer = Answer { cookie: probe.cookie, announcement: self.announcement.clone() }.encode();
        (answer.len() <= datagram.len()).then_some(answer)
    }
}
