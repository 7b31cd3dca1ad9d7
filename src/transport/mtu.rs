//! How large may a datagram be on this path?
//!
//! Nobody tells: routers that drop a packet that is too large are often not heard, and whoever trusts their
//! messages can be lied to. So it is tried out (datagram packetization layer path MTU discovery, RFC 8899),
//! with probes that carry nothing: a PING and padding.
//!
//! ```text
//!               16 full datagrams sent                    nothing is left between
//!    ┌──────┐   since the last search      ┌────────┐     what passes and what does not   ┌──────┐
//!    │ base │ ───────────────────────────▶ │ search │ ──────────────────────────────────▶ │ rest │
//!    └──────┘                              └────────┘ ◀────────────────────────────────── └──────┘
//!        ▲  black hole: rest for 60 s           │        after 600 s and 16 full datagrams    │
//!        └──────────────────────────────────────┴─────────────────────────────────────────────┘
//! ```
//!
//! The search asks for the largest at once, since most paths carry it: then it is over after a round trip.
//! If that fails it halves what is left. A lost probe says nothing about congestion, and is counted apart
//! (RFC 8899 §3, RFC 9000 §14.4). A chat of short lines never fills a datagram, and sends none.
//!
//! A *black hole* swallows what is large and lets pass what is small. It shows when large datagrams are
//! lost three times, each sent after the loss before was noticed, and none of them arrived in between. For
//! smaller ones to arrive at all, what a probe timeout sends is never larger than the base.
//!
//! There are no timers: whether it is time is asked when a full datagram has left. Left out on purpose:
//! what ICMP says (RFC 8899 §4.6.1 makes it optional), paths that carry more than Ethernet does, and paths
//! that carry less than the base (RFC 8899 §5.1.2 would be a base below 1,200).

use crate::time::{Duration, Instant};
use crate::wire::datagram::DATAGRAM_BASE;

/// RFC 8899 §5.1.2, `MAX_PROBES`: so many lost probes of a size in a row, and it counts as too large.
const PROBES_MAX: u32 = 3;

/// RFC 8899 §5.1.1, `PMTU_RAISE_TIMER`: after so long a path that carried less is tried again.
const RAISE_AFTER: Duration = Duration::from_mins(10);

/// Ours: after a black hole the search rests so long. If an outage only looked like one, a minute with
/// smaller datagrams costs a hundredth of the rate.
const BLACK_HOLE_REST: Duration = Duration::from_mins(1);

/// Ours: so many losses in a row of what is larger than the base are a black hole.
const BLACK_HOLE_LOSSES: u32 = 3;

/// Ours: so many full datagrams make a search worth its while: more than the initial window holds.
const FULL_FIRST: u32 = 16;

/// What is missing at most of a full datagram: less room than this is not worth cutting a message for.
const FULL_SLACK: usize = 100;

/// Ours: the search ends when no more than this could be won: half a hundredth.
const STEP: usize = 8;

/// How large a datagram may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PathMtu {
    /// What passes, as far as is known.
    size: usize,
    /// The largest that may pass.
    ceiling: usize,
    /// What is never exceeded.
    largest: usize,
    /// The ceiling was found by a failure: halve what is left.
    is_halving: bool,
    /// The size of the probe under way.
    probe: Option<usize>,
    /// How many probes of the present size were lost.
    tries: u32,
    /// Full datagrams sent since the last search.
    full: u32,
    /// A full datagram was sent since the last probe.
    is_worth_it: bool,
    /// Until when no search begins.
    rests_until: Option<Instant>,
    /// Losses in a row of what is larger than the base, and when the last was noticed.
    suspicions: u32,
    suspected_at: Instant,
}

impl PathMtu {
    /// A path of which nothing is known, on which no datagram is ever to have more bytes of UDP payload
    /// than `largest`.
    pub const fn new(largest: usize) -> Self {
        Self {
            size: DATAGRAM_BASE,
            ceiling: largest,
            largest,
            is_halving: false,
            probe: None,
            tries: 0,
            full: 0,
            is_worth_it: false,
            rests_until: None,
            suspicions: 0,
            suspected_at: Instant::ZERO,
        }
    }

    /// How many bytes of UDP payload a datagram may have now.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// A datagram of so many bytes left that was no probe of ours.
    pub const fn on_sent(&mut self, bytes: usize) {
        if bytes + FULL_SLACK >= self.size {
            self.full = self.full.saturating_add(1);
            self.is_worth_it = true;
        }
    }

    /// Has enough been sent since the last probe that another one is worth it?
    pub const fn wants_probe(&self) -> bool {
        self.is_worth_it && self.full >= FULL_FIRST && self.probe.is_none()
    }

    /// How large a probe should leave now, if one should. At most one is under way, and each needs a full
    /// datagram before it: who has nothing large to send any more does not search on.
    pub fn next_probe(&mut self, now: Instant) -> Option<usize> {
        let is_resting = self.rests_until.is_some_and(|until| now < until);
        if !self.wants_probe() || is_resting {
            return None;
        }
        if self.rests_until.take().is_some() {
            (self.ceiling, self.is_halving, self.tries) = (self.largest, false, 0);
        }
        self.candidate()
    }

    fn candidate(&self) -> Option<usize> {
        let left = self.ceiling.saturating_sub(self.size);
        let step = if self.is_halving { left.div_ceil(2) } else { left };
        (left >= STEP).then_some(self.size + step)
    }

    /// The probe left.
    pub const fn on_probe_sent(&mut self, bytes: usize) {
        self.probe = Some(bytes);
        self.is_worth_it = false;
    }

    /// A probe arrived.
    pub fn on_probe_acknowledged(&mut self, now: Instant, bytes: usize) {
        if self.probe.take_if(|probe| *probe == bytes).is_none() {
            return;
        }
        self.size = self.size.max(bytes);
        self.tries = 0;
        self.suspicions = 0;
        self.rest_if_found(now);
    }

    /// A probe is lost.
    pub fn on_probe_lost(&mut self, now: Instant, bytes: usize) {
        if self.probe.take_if(|probe| *probe == bytes).is_none() {
            return;
        }
        self.tries += 1;
        if self.tries >= PROBES_MAX {
            (self.ceiling, self.is_halving, self.tries) = (bytes - 1, true, 0);
            self.rest_if_found(now);
        }
    }

    fn rest_if_found(&mut self, now: Instant) {
        if self.candidate().is_none() {
            self.rest(now + RAISE_AFTER);
        }
    }

    fn rest(&mut self, until: Instant) {
        // A path that carries the largest need not be tried again.
        self.rests_until = (self.size < self.largest).then_some(until);
        self.full = 0;
    }

    /// A datagram of so many bytes arrived that was no probe of ours.
    pub const fn on_acknowledged(&mut self, bytes: usize) {
        if bytes > DATAGRAM_BASE {
            self.suspicions = 0;
        }
    }

    /// A datagram of so many bytes, sent at `sent_at`, is lost that was no probe of ours.
    pub fn on_lost(&mut self, now: Instant, sent_at: Instant, bytes: usize) {
        let is_noticed = self.suspicions > 0 && sent_at <= self.suspected_at;
        if bytes <= DATAGRAM_BASE || self.size == DATAGRAM_BASE || is_noticed {
            return;
        }
        self.suspicions += 1;
        self.suspected_at = now;
        // RFC 8899 §4.3: back to what is known to pass.
        if self.suspicions >= BLACK_HOLE_LOSSES {
            *self = Self::new(self.largest);
            self.rest(now + BLACK_HOLE_REST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;
    use proptest::prelude::*;

    const LARGEST: usize = 1_472;

    fn s(seconds: u64) -> Instant {
        at(seconds * 1_000_000)
    }

    fn filled(mtu: &mut PathMtu) {
        (0..FULL_FIRST).for_each(|_| mtu.on_sent(mtu.size() - 20));
    }

    /// Searches on a path that carries so many bytes; says how many probes were lost.
    fn search(mtu: &mut PathMtu, now: Instant, carries: usize) -> u32 {
        let mut lost = 0;
        filled(mtu);
        while let Some(size) = mtu.next_probe(now) {
            mtu.on_probe_sent(size);
            assert_eq!(mtu.next_probe(now), None, "one at a time");
            if size <= carries {
                mtu.on_probe_acknowledged(now, size);
            } else {
                mtu.on_probe_lost(now, size);
                lost += 1;
            }
            mtu.on_sent(mtu.size());
        }
        lost
    }

    #[test]
    fn a_path_that_carries_the_largest_is_known_after_one_probe() {
        let mut mtu = PathMtu::new(LARGEST);
        assert_eq!((search(&mut mtu, s(1), 9_000), mtu.size()), (0, LARGEST));
        filled(&mut mtu);
        assert_eq!(mtu.next_probe(s(100_000)), None, "there is nothing left to find");
    }

    #[test]
    fn a_chat_of_short_lines_sends_no_probes() {
        let mut mtu = PathMtu::new(LARGEST);
        (0..100_000).for_each(|_| mtu.on_sent(1_000));
        assert_eq!(mtu.next_probe(s(9)), None);
    }

    #[test]
    fn each_probe_needs_a_full_datagram_before_it() {
        let mut mtu = PathMtu::new(LARGEST);
        filled(&mut mtu);
        let size = mtu.next_probe(s(1)).unwrap();
        mtu.on_probe_sent(size);
        mtu.on_probe_lost(s(1), size);
        mtu.on_sent(300);
        assert_eq!(mtu.next_probe(s(2)), None);
        mtu.on_sent(1_190);
        assert_eq!(mtu.next_probe(s(2)), Some(size), "the same again");
    }

    #[test]
    fn one_lost_probe_does_not_make_a_path_small() {
        let mut mtu = PathMtu::new(LARGEST);
        filled(&mut mtu);
        for _ in 1..PROBES_MAX {
            mtu.on_probe_sent(LARGEST);
            mtu.on_probe_lost(s(1), LARGEST);
        }
        assert_eq!((search(&mut mtu, s(1), 9_000), mtu.size()), (0, LARGEST));
    }

    #[test]
    fn a_path_that_carried_less_is_tried_again_after_ten_minutes() {
        let mut mtu = PathMtu::new(LARGEST);
        search(&mut mtu, s(0), 1_300);
        filled(&mut mtu);
        assert_eq!(mtu.next_probe(s(599)), None);
        assert_eq!(mtu.next_probe(s(600)), Some(LARGEST));
    }

    #[test]
    fn three_losses_in_a_row_of_what_is_large_are_a_black_hole() {
        let mut mtu = PathMtu::new(LARGEST);
        search(&mut mtu, s(0), LARGEST);
        for lost in 1..=2 {
            // A whole window is lost at once: that is one loss.
            (0..100).for_each(|_| mtu.on_lost(s(lost * 10), s(lost * 10 - 5), 1_400));
            assert_eq!(mtu.size(), LARGEST);
        }
        mtu.on_lost(s(30), s(25), DATAGRAM_BASE);
        assert_eq!(mtu.size(), LARGEST, "what is small is lost for other reasons");
        mtu.on_lost(s(30), s(25), 1_400);
        assert_eq!(mtu.size(), DATAGRAM_BASE);
        filled(&mut mtu);
        assert_eq!((mtu.next_probe(s(89)), mtu.next_probe(s(90))), (None, Some(LARGEST)));
    }

    #[test]
    fn whatever_large_arrives_in_between_there_is_no_black_hole() {
        let mut mtu = PathMtu::new(LARGEST);
        search(&mut mtu, s(0), LARGEST);
        for lost in 1..100 {
            mtu.on_lost(s(lost * 10), s(lost * 10 - 5), 1_400);
            if lost % 2 == 0 {
                mtu.on_acknowledged(1_400);
            }
        }
        assert_eq!(mtu.size(), LARGEST);
    }

    #[test]
    fn what_became_of_a_probe_of_before_a_black_hole_says_nothing() {
        let mut mtu = PathMtu::new(LARGEST);
        search(&mut mtu, s(0), 1_300);
        filled(&mut mtu);
        let size = mtu.next_probe(s(700)).unwrap();
        mtu.on_probe_sent(size);
        (1..=3).for_each(|n| mtu.on_lost(s(700 + n * 2), s(699 + n * 2), 1_290));
        mtu.on_probe_acknowledged(s(710), size);
        assert_eq!(mtu.size(), DATAGRAM_BASE);
    }

    proptest! {
        #[test]
        fn the_search_ends_within_eight_bytes_of_what_passes_after_few_probes(
            carries in DATAGRAM_BASE..1_600, largest in prop::sample::select(vec![1_452usize, 1_472]),
        ) {
            let mut mtu = PathMtu::new(largest);
            let lost = search(&mut mtu, s(0), carries);
            let most = carries.min(largest);
            prop_assert!(mtu.size() <= most && mtu.size() + STEP > most, "{} of {most}", mtu.size());
            prop_assert!(lost <= 7 * PROBES_MAX, "{lost} probes were lost");
        }
    }
}
