//! What does a connection ask about copies?
//!
//! It tells what left, arrived and got lost, and is told who rides along, when a datagram should leave for
//! a copy's sake, and what may leave beside the congestion window.

use super::SMALL_MAX;
use super::allowance::Allowance;
use super::restraint::Restraint;
use super::riders::{Riders, Wanted};
use super::target::{self, LOSS_HIGH, LOSS_MAX, LOSS_MIN, Redundancy, Target};
use crate::time::{Duration, Instant};
use crate::transport::channel::outgoing::Span;

/// The copies of one session's messages.
#[derive(Clone, Debug)]
pub struct Copies {
    setting: Redundancy,
    riders: Riders,
    restraint: Restraint,
    /// What text and copies may send beside the window.
    allowance: Allowance,
    /// What whole numbers of rides have left over so far.
    rest: Rest,
    /// A datagram should leave for somebody's sake.
    is_owed: bool,
    /// The datagram that is being written.
    written: Written,
    /// Nobody's datagram leaves for a copy's sake: the owner of all sessions says so.
    is_held: bool,
}

/// What is known of the datagram that is being written.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    /// It carries text or copies.
    is_carrying: bool,
    /// Not all copies found room in it.
    is_short: bool,
}

/// What a copy may meet on its way. Each is asked only where the answer matters.
pub trait Road {
    /// The share of packets that were lost lately.
    fn loss(&self) -> f64;
    /// After so long an acknowledgement is overdue.
    fn overdue(&self) -> Duration;
    /// Does a queue stand on the path?
    fn is_queueing(&self) -> bool;
}

/// Fractions of rides carried over to the next message.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Rest {
    rides: f64,
    own: f64,
}

impl Rest {
    fn wanted(&mut self, target: Target) -> Wanted {
        Wanted { rides: whole(&mut self.rides, target.rides), own: whole(&mut self.own, target.own) }
    }
}

/// The whole part of what is wanted and left over; the fraction is left over for the next.
fn whole(rest: &mut f64, wanted: f64) -> u32 {
    let sum = *rest + wanted;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 9")]
    let whole = sum as u32;
    *rest = sum - f64::from(whole);
    whole
}

impl Copies {
    /// Nothing under way yet.
    pub fn new(setting: Redundancy) -> Self {
        Self {
            setting,
            riders: Riders::default(),
            restraint: Restraint::default(),
            allowance: Allowance::default(),
            rest: Rest::default(),
            is_owed: false,
            written: Written::default(),
            is_held: false,
        }
    }

    /// How many messages ride.
    pub fn riders(&self) -> usize {
        self.riders.len()
    }

    /// A piece left, first or again, on a path like this. Small whole messages ride. Answers how long there
    /// are no copies from now on, if a rest begins.
    pub fn on_piece_sent(
        &mut self,
        now: Instant,
        channel: u64,
        span: Span,
        is_whole: bool,
        road: &impl Road,
    ) -> Option<Duration> {
        if !is_whole || span.len > SMALL_MAX {
            return None;
        }
        self.written.is_carrying = true;
        if self.setting == Redundancy::Off {
            return None;
        }
        // In an outage everything is lost, whatever the share was before.
        let is_out = self.riders.is_overdue(now, road.overdue());
        let loss = if is_out { road.loss().max(LOSS_HIGH) } else { road.loss() };
        let rest = self.observe(now, loss, road);
        let target = self.target(now, loss);
        if self.riders.holds(channel, span.sequence) {
            self.riders.on_ride(now, channel, span.sequence, target.spacing);
        } else {
            let wanted = self.rest.wanted(target);
            self.riders.add(now, channel, span, wanted, target.spacing);
        }
        rest
    }

    /// Do copies make it worse? `max` does not ask.
    fn observe(&mut self, now: Instant, loss: f64, road: &impl Road) -> Option<Duration> {
        let asks = self.setting == Redundancy::Auto && loss >= LOSS_MIN;
        asks.then(|| self.restraint.on_observed(now, road.is_queueing() || loss > LOSS_MAX)).flatten()
    }

    fn target(&self, now: Instant, loss: f64) -> Target {
        let Target { rides, own, spacing } = target::compute(self.setting, loss);
        let share = self.restraint.share(now);
        Target { rides: 1.0 + (rides - 1.0) * share, own: 1.0 + (own - 1.0) * share, spacing }
    }

    /// The word leaves that this message will not come: small like text, and sent like it.
    pub fn on_abandoned(&mut self, channel: u64, sequence: u64) {
        self.written.is_carrying = true;
        self.riders.remove(channel, sequence);
    }

    /// The message arrived, or nobody wants it any more.
    pub fn on_settled(&mut self, channel: u64, sequence: u64) {
        self.riders.remove(channel, sequence);
    }

    /// A packet that carried it is lost: must it go again?
    pub fn on_lost(&mut self, channel: u64, sequence: u64) -> bool {
        self.riders.on_lost(channel, sequence)
    }

    /// Who rides next in a datagram that leaves now. What is out longer than `overdue` without an
    /// acknowledgement rides in all.
    pub fn next_rider(&self, now: Instant, overdue: Duration) -> Option<(u64, Span)> {
        if self.restraint.holds(now) {
            return None;
        }
        self.riders.next(now, overdue).map(|rider| (rider.channel, rider.span))
    }

    /// May text or a copy of up to `bytes` leave now, whatever the window?
    pub fn may_send(&mut self, now: Instant, bytes: usize) -> bool {
        self.allowance.covers(now, bytes)
    }

    /// Should a datagram leave for a copy's sake?
    pub fn is_owed(&self) -> bool {
        self.is_owed && !self.is_held
    }

    /// A copy found no room in the datagram. If it is overdue, another datagram is worth its while.
    pub fn on_no_room(&mut self, now: Instant, overdue: Duration) {
        self.written.is_short = self.riders.is_overdue(now, overdue);
    }

    /// A datagram left.
    pub fn on_datagram(&mut self, bytes: usize) {
        let Written { is_carrying, is_short } = std::mem::take(&mut self.written);
        if is_carrying {
            self.is_owed = is_short;
            self.allowance.on_sent(bytes);
        }
    }

    /// There was nobody to leave for.
    pub fn forget_owed(&mut self) {
        self.is_owed = false;
    }

    /// From now on no datagram (or one again) may leave only for a copy's sake.
    pub fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
    }

    /// When a datagram should leave for a copy's sake.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.riders.poll_timeout()
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.is_owed |= self.riders.take_due(now) && !self.restraint.holds(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const OVERDUE: Duration = Duration::from_millis(60);

    /// A road without queues that loses this share.
    struct Losing(f64);

    impl Road for Losing {
        fn loss(&self) -> f64 {
            self.0
        }

        fn overdue(&self) -> Duration {
            Duration::from_secs(9)
        }

        fn is_queueing(&self) -> bool {
            false
        }
    }

    fn span(sequence: u64, len: u64) -> Span {
        Span { sequence, offset: 0, len }
    }

    #[test]
    fn a_message_rides_as_often_as_the_loss_calls_for() {
        let mut copies = Copies::new(Redundancy::Auto);
        for sequence in 0..10 {
            copies.on_piece_sent(at(0), 8, span(sequence, 20), true, &Losing(0.02));
        }
        let mut rides = 10;
        for ms in (20..400).step_by(20) {
            let now = at(ms * 1_000);
            while let Some((channel, span)) = copies.next_rider(now, Duration::from_secs(9)) {
                copies.on_piece_sent(now, channel, span, true, &Losing(0.02));
                rides += 1;
            }
        }
        assert!((24..=25).contains(&rides), "2.5 rides each, {rides} in all");
    }

    #[test]
    fn when_switched_off_and_for_long_messages_there_are_no_copies() {
        for (setting, len, is_whole) in [
            (Redundancy::Off, 20, true),
            (Redundancy::Max, SMALL_MAX + 1, true),
            (Redundancy::Max, 20, false),
        ] {
            let mut copies = Copies::new(setting);
            copies.on_piece_sent(at(0), 8, span(0, len), is_whole, &Losing(0.3));
            assert_eq!(copies.next_rider(at(900_000), OVERDUE), None);
            assert_eq!(copies.poll_timeout(), None);
            assert!(copies.on_lost(8, 0));
        }
    }

    #[test]
    fn a_datagram_for_a_copy_is_owed_once_its_time_has_come_unless_it_is_held() {
        let mut copies = Copies::new(Redundancy::Max);
        copies.on_piece_sent(at(0), 8, span(0, 20), true, &Losing(0.0));
        let due = copies.poll_timeout().unwrap();
        copies.handle_timeout(due);
        assert!(copies.is_owed());
        copies.hold(true);
        assert!(!copies.is_owed());
        copies.hold(false);
        copies.on_datagram(90);
        assert!(!copies.is_owed());
    }
}
