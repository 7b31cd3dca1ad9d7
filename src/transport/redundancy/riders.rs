//! Which small messages are under way, and whose turn is it to ride?
//!
//! ```text
//!            first sent                acknowledged, or its channel forgot it
//!   message ───────────▶ rider ──────────────────────────────────────────────▶ gone
//!                        rides: datagrams that carried it; out: those whose fate is unknown
//! ```
//!
//! A rider is *owed* a ride while it had fewer than it should get. When its acknowledgement is overdue, it
//! rides in every datagram: so the first one that gets through after an outage brings all that the outage
//! swallowed, the longest unridden first, instead of waiting for verdicts on each.

use crate::time::{Duration, Instant};
use crate::transport::channel::outgoing::Span;
use std::collections::VecDeque;

/// Riders at once, at most: the unacknowledged messages of a second and more.
pub const RIDERS_MAX: usize = 64;

/// Two rides are at least so far apart: datagrams sent together are lost together.
const APART: Duration = Duration::from_millis(4);

/// Rides of what has had its rides and is overdue: then there are many, and the allowance must last for the whole outage.
const OVERDUE_APART: Duration = Duration::from_millis(19);

/// So long after it was first sent a message rides no more: such a silence is no outage that ends any
/// moment, and probes that back off are what is left (RFC 9002 §6.2.1).
const RIDES_FOR: Duration = Duration::from_secs(1);

/// A message under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rider {
    /// Its channel.
    pub channel: u64,
    /// Where it lies: the whole message.
    pub span: Span,
    first_at: Instant,
    last_at: Instant,
    rides: u32,
    out: u32,
    rides_wanted: u32,
    own_wanted: u32,
    /// When a datagram should leave for its sake.
    due: Option<Instant>,
}

/// What a new rider may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Datagrams that carry it, the first included.
    pub rides: u32,
    /// Of these, those that may leave for its sake.
    pub own: u32,
}

/// The riders, in the order in which they were first sent.
#[derive(Clone, Debug, Default)]
pub struct Riders(VecDeque<Rider>);

impl Riders {
    /// A message left for the first time. More than [`RIDERS_MAX`] do not ride.
    pub fn add(&mut self, now: Instant, channel: u64, span: Span, wanted: Wanted, spacing: Duration) {
        if self.0.len() >= RIDERS_MAX {
            return;
        }
        let due = (wanted.own > 1).then_some(now + spacing);
        self.0.push_back(Rider {
            channel,
            span,
            first_at: now,
            last_at: now,
            rides: 1,
            out: 1,
            rides_wanted: wanted.rides,
            own_wanted: wanted.own,
            due,
        });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// None?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Does this message ride?
    pub fn holds(&self, channel: u64, sequence: u64) -> bool {
        self.index(channel, sequence).is_some()
    }

    /// It left again in a datagram.
    pub fn on_ride(&mut self, now: Instant, channel: u64, sequence: u64, spacing: Duration) {
        if let Some(index) = self.index(channel, sequence) {
            let rider = &mut self.0[index];
            rider.last_at = now;
            rider.rides += 1;
            rider.out += 1;
            rider.due = (rider.rides < rider.own_wanted).then_some(now + spacing);
        }
    }

    /// It arrived, or nobody wants it any more.
    pub fn remove(&mut self, channel: u64, sequence: u64) {
        if let Some(index) = self.index(channel, sequence) {
            self.0.remove(index);
        }
    }

    /// A datagram that carried it is lost. Is no other one out, so that it must go again? A message that
    /// does not ride must.
    pub fn on_lost(&mut self, channel: u64, sequence: u64) -> bool {
        let Some(index) = self.index(channel, sequence) else { return true };
        let rider = &mut self.0[index];
        rider.out = rider.out.saturating_sub(1);
        rider.out == 0
    }

    /// Who rides next in a datagram that leaves now: of those owed a ride, or whose acknowledgement is
    /// overdue, the one that rode longest ago.
    pub fn next(&self, now: Instant, overdue: Duration) -> Option<&Rider> {
        let may_ride = |rider: &&Rider| {
            let is_owed = rider.rides < rider.rides_wanted;
            let apart = if is_owed { APART } else { OVERDUE_APART };
            let is_overdue = || rider.first_at + overdue <= now && now <= rider.first_at + RIDES_FOR;
            rider.last_at + apart <= now && (is_owed || is_overdue())
        };
        self.0.iter().filter(may_ride).min_by_key(|rider| rider.last_at)
    }

    /// Is an acknowledgement overdue?
    pub fn is_overdue(&self, now: Instant, overdue: Duration) -> bool {
        self.0.front().is_some_and(|oldest| oldest.first_at + overdue <= now)
    }

    /// When a datagram should next leave for somebody's sake.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.0.iter().filter_map(|rider| rider.due).min()
    }

    /// Is a datagram due for somebody's sake? It is asked for once: whoever was due is not until the next
    /// ride.
    pub fn take_due(&mut self, now: Instant) -> bool {
        let mut any = false;
        for rider in &mut self.0 {
            any |= rider.due.take_if(|due| *due <= now).is_some();
        }
        any
    }

    // From the newest: what is asked for is mostly there, and the list is short.
    fn index(&self, channel: u64, sequence: u64) -> Option<usize> {
        self.0.iter().rposition(|rider| rider.channel == channel && rider.span.sequence == sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const SPACING: Duration = Duration::from_millis(11);
    const OVERDUE: Duration = Duration::from_millis(60);

    fn riders(times_ms: &[u64]) -> Riders {
        let mut riders = Riders::default();
        for (sequence, ms) in (0..).zip(times_ms) {
            let span = Span { sequence, offset: 0, len: 9 };
            riders.add(at(ms * 1_000), 8, span, Wanted { rides: 3, own: 2 }, SPACING);
        }
        riders
    }

    fn next(riders: &Riders, ms: u64) -> Option<u64> {
        riders.next(at(ms * 1_000), OVERDUE).map(|rider| rider.span.sequence)
    }

    #[test]
    fn a_datagram_is_due_for_its_sake_until_it_has_had_its_own() {
        let mut riders = riders(&[0]);
        assert_eq!(riders.poll_timeout(), Some(at(11_000)));
        assert!(!riders.take_due(at(10_999)) && riders.take_due(at(11_000)));
        assert_eq!(riders.poll_timeout(), None, "asked for once");
        riders.on_ride(at(11_000), 8, 0, SPACING);
        assert_eq!(riders.poll_timeout(), None);
        assert_eq!(next(&riders, 20), Some(0), "it may still ride along");
        riders.on_ride(at(20_000), 8, 0, SPACING);
        assert_eq!(next(&riders, 40), None);
    }

    #[test]
    fn datagrams_that_leave_together_do_not_carry_the_same() {
        let riders = riders(&[0]);
        assert_eq!((next(&riders, 3), next(&riders, 4)), (None, Some(0)));
    }

    #[test]
    fn who_rode_longest_ago_is_next() {
        let mut riders = riders(&[0, 5, 9]);
        assert_eq!(next(&riders, 20), Some(0));
        riders.on_ride(at(20_000), 8, 0, SPACING);
        assert_eq!(next(&riders, 20), Some(1));
    }

    #[test]
    fn what_is_overdue_rides_in_every_datagram() {
        let mut riders = riders(&[0]);
        riders.on_ride(at(11_000), 8, 0, SPACING);
        riders.on_ride(at(20_000), 8, 0, SPACING);
        assert_eq!((next(&riders, 59), next(&riders, 60)), (None, Some(0)));
        riders.on_ride(at(60_000), 8, 0, SPACING);
        assert_eq!(next(&riders, 80), Some(0));
    }

    #[test]
    fn the_oldest_tells_whether_any_is_overdue() {
        let riders = riders(&[0, 50]);
        let is_overdue = |ms: u64| riders.is_overdue(at(ms * 1_000), OVERDUE);
        assert_eq!((is_overdue(59), is_overdue(60)), (false, true));
    }

    #[test]
    fn a_message_goes_again_only_when_all_datagrams_that_carried_it_are_lost() {
        let mut riders = riders(&[0]);
        riders.on_ride(at(11_000), 8, 0, SPACING);
        assert!(!riders.on_lost(8, 0));
        assert!(riders.on_lost(8, 0));
        assert!(riders.on_lost(8, 99), "one that does not ride does at once");
    }

    #[test]
    fn what_arrived_rides_no_more_and_nobody_waits_for_it() {
        let mut riders = riders(&[0]);
        riders.remove(8, 0);
        assert_eq!((next(&riders, 90), riders.poll_timeout(), riders.holds(8, 0)), (None, None, false));
    }

    #[test]
    fn the_number_of_riders_has_a_bound() {
        assert_eq!(riders(&[1; 100]).0.len(), RIDERS_MAX);
    }
}
