//! Are these losses ours?
//!
//! A loss without a queue is either the path's (a radio, a bad cable) or that of a queue too short to be
//! seen. Which one an experiment tells: send less for a while. If the losses stay, they are not ours.
//!
//! ```text
//!            more lost than the path is known to lose?
//!   watching ─────────────────────────────────────────▶ trial: the window is reduced
//!      ▲                                                   │ SPAN packets later
//!      ├── ours: they fell to a quarter; it stays reduced ◀┤
//!      └── not ours: they did not; it is taken back,      ◀┘
//!          and the path is known to lose so many
//! ```
//!
//! Loss is counted over spans of [`SPAN`] packets, as a share. Beyond [`SHARE_MAX`] it is always ours:
//! there no experiment is worth the harm that it does to others.
//!
//! Source: none; it is our own. That losses under a small share are borne is what BBR does since its
//! second version (draft-ietf-ccwg-bbr, `BBR.LossThresh` = 2 %).

use crate::time::Instant;

/// Packets over which losses are counted: at 1 % of random loss they are 5.1 ± 2.3,
/// few enough beside `SHARE_BORNE`, and at 20 Mbit/s a span is a quarter of a second.
pub const SPAN: u32 = 512;

/// The share that is always borne: BBR's threshold.
const SHARE_BORNE: f64 = 0.02;

/// The share that is never borne.
pub const SHARE_MAX: f64 = 0.125;

/// Losses that fall to less than this share of what they were in the trial were ours. Ours: sending three
/// tenths less ends the losses of a short queue; chance makes of 11 in a span seldom less than 3.
const FELL: f64 = 0.25;

/// What the path is known to lose is the mean of so many spans, and from then on a sixteenth of each new one.
const SPANS_REMEMBERED: u32 = 16;

/// How far a trial moves it, which is better evidence.
const LEARNED_TRIAL: f64 = 0.5;

/// What the latest packet tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finding {
    /// Nothing new.
    None,
    /// More is lost than the path is known to lose: reduce, and call [`Blame::begin_trial`].
    TooMany,
    /// The trial is over: less was lost, so it was our doing.
    Ours,
    /// The trial is over: as much was lost as before.
    NotOurs,
}

/// Losses of late, and what the path is known to lose.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Blame {
    settled: u32,
    lost: u32,
    /// Only packets sent after this are counted.
    since: Option<Instant>,
    /// The share that the path is known to lose whatever we do.
    known: f64,
    /// From how many spans it is known.
    spans: u32,
    /// The share that led to the trial, while it lasts.
    trial: Option<f64>,
}

impl Blame {
    /// A packet was acknowledged, or lost while no queue stood.
    pub fn on_settled(&mut self, sent_at: Instant, lost: bool) -> Finding {
        if self.since.is_some_and(|since| sent_at <= since) {
            return Finding::None;
        }
        self.settled += 1;
        self.lost += u32::from(lost);
        match self.trial {
            Some(before) => self.judge(before),
            None => self.watch(),
        }
    }

    /// The window was reduced because of a [`Finding::TooMany`].
    pub fn begin_trial(&mut self, now: Instant) {
        let trial = Some(self.share());
        *self = Self { settled: 0, lost: 0, since: Some(now), trial, ..*self };
    }

    /// A queue has lost packets sent before `now`, and the window was reduced: those of that time say
    /// nothing of the path.
    pub fn leave_out_before(&mut self, now: Instant) {
        self.since = Some(now);
    }

    fn watch(&mut self) -> Finding {
        let limit = (2.0 * self.known + SHARE_BORNE).min(SHARE_MAX);
        if f64::from(self.lost) > limit * f64::from(SPAN) {
            return Finding::TooMany;
        }
        if self.settled >= SPAN {
            self.spans = (self.spans + 1).min(SPANS_REMEMBERED);
            self.learn(1.0 / f64::from(self.spans));
        }
        Finding::None
    }

    fn judge(&mut self, before: f64) -> Finding {
        if self.settled < SPAN {
            return Finding::None;
        }
        let share = self.share();
        self.learn(LEARNED_TRIAL);
        self.trial = None;
        if share > FELL * before && share <= SHARE_MAX { Finding::NotOurs } else { Finding::Ours }
    }

    /// The span is over.
    fn learn(&mut self, weight: f64) {
        self.known += weight * (self.share() - self.known);
        (self.settled, self.lost) = (0, 0);
    }

    /// The share lost of the span; of one that is not over, as if nothing more were lost.
    fn share(&self) -> f64 {
        f64::from(self.lost) / f64::from(self.settled.max(SPAN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use crate::time::at;

    /// Settles packets, one a millisecond from `from`, losing each with the chance that `loss` gives for
    /// the state it is in (true: on trial). Says how often each finding was made.
    fn play(blame: &mut Blame, packets: u64, loss: impl Fn(bool) -> f64) -> [u32; 3] {
        let mut rng = Rng::from_seed(7);
        let mut found = [0; 3];
        let mut reduced = false;
        for n in 1..=packets {
            match blame.on_settled(at(n * 1_000), rng.chance(loss(reduced))) {
                Finding::None => {}
                Finding::TooMany => {
                    found[0] += 1;
                    reduced = true;
                    blame.begin_trial(at(n * 1_000));
                }
                Finding::Ours => {
                    found[1] += 1;
                    reduced = false;
                }
                Finding::NotOurs => {
                    found[2] += 1;
                    reduced = false;
                }
            }
        }
        found
    }

    #[test]
    fn losses_that_stay_when_less_is_sent_are_the_paths_and_soon_borne() {
        for loss in [0.01, 0.03, 0.05] {
            let mut blame = Blame::default();
            let [_, ours, _] = play(&mut blame, 10_000, |_| loss);
            assert!(ours <= 1, "{loss}: {ours} times taken for ours");
            assert!((blame.known - loss).abs() < 0.02, "{loss}: {}", blame.known);
            let [too_many, ..] = play(&mut blame.clone_at_rest(), 20_000, |_| loss);
            assert!(too_many <= 6, "{loss}: {too_many} trials in 20,000 packets");
        }
    }

    #[test]
    fn losses_that_end_when_less_is_sent_are_ours_each_time() {
        let mut blame = Blame::default();
        let [too_many, ours, not_ours] = play(&mut blame, 20_000, |reduced| if reduced { 0.0 } else { 0.06 });
        assert!(too_many > 20 && not_ours == 0 && too_many - ours <= 1, "{too_many} {ours} {not_ours}");
        assert!(blame.known < 0.01, "{}", blame.known);
    }

    #[test]
    fn beyond_an_eighth_they_are_ours_whatever_the_trial_says() {
        let [_, ours, not_ours] = play(&mut Blame::default(), 20_000, |_| 0.25);
        assert!(ours > 10 && not_ours <= 1, "{ours} {not_ours}");
    }

    #[test]
    fn a_loss_in_a_hundred_needs_no_trial_at_all_once_known() {
        let mut blame = Blame { known: 0.01, spans: SPANS_REMEMBERED, ..Blame::default() };
        assert!(play(&mut blame, 20_000, |_| 0.01)[0] <= 2);
    }

    #[test]
    fn packets_sent_before_the_reduction_do_not_count() {
        let mut blame = Blame::default();
        blame.leave_out_before(at(5_000));
        (0..100).for_each(|_| assert_eq!(blame.on_settled(at(5_000), true), Finding::None));
        let findings = (0..11).map(|_| blame.on_settled(at(5_001), true));
        assert_eq!(findings.last(), Some(Finding::TooMany), "eleven of 512 are more than 2 %");
    }

    impl Blame {
        fn clone_at_rest(&self) -> Self {
            Self { known: self.known, spans: self.spans, ..Self::default() }
        }
    }
}
