//! CUBIC: grow towards the window of the last loss quickly, past it slowly, and on again ever more quickly
//! (RFC 9438). What most senders of the Internet do, and so what one has to live with.
//!
//! ```text
//!   window                                    ╱  convex: looks for more
//!     W_max ┤- - -╲- - - - - - - - - ___-----
//!           │      ╲           _--‾‾             concave: back to where the loss was
//!  0.7W_max ┤       ╲______--‾
//!           └────────┼────────────────┼─────── time
//!                  epoch              K          W(t) = C·(t − K)³ + W_max
//! ```
//!
//! The growth depends on the time since the loss, not on the round trips since: flows of different
//! round-trip times come closer to each other. Where that would be slower than `NewReno` (short round trips,
//! small windows) it grows as `NewReno` would (§4.3). Slow start ends as `hystart.rs` says (§4.10).
//!
//! Windows are in bytes, as `f64`, with nothing but the four operations: the same on every machine.

use super::hystart::HyStart;
use super::{Acknowledged, Controller, LEAST_DATAGRAMS, RoundTrip, initial_window};
use crate::time::{Duration, Instant};

/// RFC 9438 §4.6: what is left of the window after a loss.
pub const BETA: f64 = 0.7;

/// RFC 9438 §5: how steep the curve is, in datagrams / s³.
const C: f64 = 0.4;

/// RFC 9438 §4.3: growth in datagrams each round trip that makes a decrease by [`BETA`] as fast as
/// `NewReno` is with its half: 3·(1 − β)/(1 + β).
const ALPHA: f64 = 3.0 * (1.0 - BETA) / (1.0 + BETA);

/// What a loss changes, and what is restored if it was none.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Growth {
    window: f64,
    /// The slow-start threshold; infinite until there is one.
    threshold: f64,
    /// Where the curve has its plateau.
    w_max: f64,
    /// Seconds from the epoch to the plateau.
    k: f64,
    /// When congestion avoidance began; set by the first acknowledgement in it.
    epoch: Option<Instant>,
    /// What `NewReno` would have by now (§4.3).
    w_est: f64,
    /// The window just before the last loss.
    prior: f64,
}

/// RFC 9438.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cubic {
    datagram: f64,
    growth: Growth,
    /// As it was before the latest reduction.
    before: Option<Growth>,
    /// Packets sent before this were sent before the latest reduction, and ask for no other.
    recovery_since: Option<Instant>,
    /// Since when the window is not what holds the sender back.
    idle_since: Option<Instant>,
    smoothed: Duration,
    hystart: HyStart,
}

impl Cubic {
    /// For datagrams of this many bytes.
    pub fn new(datagram: u64) -> Self {
        let window = real(initial_window(datagram));
        let growth = Growth {
            window,
            threshold: f64::INFINITY,
            w_max: 0.0,
            k: 0.0,
            epoch: None,
            w_est: window,
            prior: 0.0,
        };
        Self {
            datagram: real(datagram),
            growth,
            before: None,
            recovery_since: None,
            idle_since: None,
            smoothed: Duration::ZERO,
            hystart: HyStart::default(),
        }
    }

    /// Was a packet sent at this moment sent before the latest reduction?
    pub fn in_recovery(&self, sent_at: Instant) -> bool {
        self.recovery_since.is_some_and(|since| sent_at <= since)
    }

    /// Reduces the window to this share of it, once a round trip. True if it did.
    pub fn reduce(&mut self, now: Instant, sent_at: Instant, share: f64) -> bool {
        // RFC 9002 §7.3.2: once a round trip.
        if self.in_recovery(sent_at) {
            return false;
        }
        self.recovery_since = Some(now);
        let growth = &mut self.growth;
        self.before = Some(*growth);
        growth.prior = growth.window;
        // RFC 9438 §4.7: fast convergence: who has less than at the last loss leaves room to a newcomer.
        growth.w_max =
            if growth.window < growth.w_max { growth.window * (1.0 + share) / 2.0 } else { growth.window };
        // RFC 9438 §4.6.
        growth.window = (growth.window * share).max(real(LEAST_DATAGRAMS) * self.datagram);
        growth.threshold = growth.window;
        growth.epoch = None;
        true
    }

    /// RFC 9438 §4.2: congestion avoidance begins; the first acknowledgement in it tells when.
    fn begin_epoch(&mut self, now: Instant) -> Instant {
        let growth = &mut self.growth;
        growth.epoch = Some(now);
        growth.w_est = growth.window;
        // RFC 9438 §4.10: after a slow start that ended without a loss the plateau is here.
        growth.w_max = growth.w_max.max(growth.window);
        growth.k = cube_root((growth.w_max - growth.window) / (C * self.datagram));
        now
    }

    /// RFC 9438 §4.2: the window that the curve has at this time after the epoch.
    fn curve(&self, seconds: f64) -> f64 {
        let t = seconds - self.growth.k;
        C * t * t * t * self.datagram + self.growth.w_max
    }

    fn avoid_congestion(&mut self, now: Instant, bytes: f64) {
        let epoch = self.growth.epoch.unwrap_or_else(|| self.begin_epoch(now));
        let t = (now - epoch).as_secs_f64();
        let window = self.growth.window;
        // RFC 9438 §4.2: what the curve has a round trip from now, at most half as much again.
        let target = self.curve(t + self.smoothed.as_secs_f64()).clamp(window, 1.5 * window);
        // RFC 9438 §4.3: as NewReno would grow, and faster no more once it is where the loss was.
        let alpha = if self.growth.w_est < self.growth.prior { ALPHA } else { 1.0 };
        self.growth.w_est += alpha * self.datagram * bytes / window;
        self.growth.window = if self.curve(t) < self.growth.w_est {
            window.max(self.growth.w_est)
        } else {
            // RFC 9438 §4.4, §4.5.
            window + (target - window) * bytes / window
        };
    }

    /// RFC 9438 §5.8: time in which the window held nobody back is no time of the epoch.
    fn leave_out_idle_time(&mut self, now: Instant) {
        if let Some(since) = self.idle_since.take()
            && let Some(epoch) = &mut self.growth.epoch
        {
            *epoch += now - since.max(*epoch);
        }
    }

    fn is_slow_start(&self) -> bool {
        self.growth.window < self.growth.threshold
    }
}

impl Controller for Cubic {
    fn on_acknowledged(&mut self, packet: Acknowledged) {
        if !packet.limited {
            self.idle_since.get_or_insert(packet.now);
            return;
        }
        self.leave_out_idle_time(packet.now);
        if self.in_recovery(packet.sent_at) {
            return;
        }
        if self.is_slow_start() {
            self.growth.window += real(self.hystart.growth(packet.bytes));
        } else {
            self.avoid_congestion(packet.now, real(packet.bytes));
        }
    }

    fn on_round_trip(&mut self, trip: RoundTrip) {
        self.smoothed = trip.smoothed;
        if self.is_slow_start() && self.hystart.on_round_trip(trip) {
            self.growth.threshold = self.growth.window;
        }
    }

    fn on_lost(&mut self, now: Instant, sent_at: Instant) {
        self.reduce(now, sent_at, BETA);
    }

    fn on_marked(&mut self, now: Instant, sent_at: Instant) {
        self.reduce(now, sent_at, BETA);
    }

    fn on_persistent_congestion(&mut self) {
        // RFC 9002 §7.6.2; RFC 9438 §4.8: slow start up to the threshold that the losses have set.
        self.growth.window = real(LEAST_DATAGRAMS) * self.datagram;
        self.growth.epoch = None;
        self.recovery_since = None;
        self.hystart = HyStart::default();
    }

    fn on_spurious_loss(&mut self) {
        // RFC 9438 §4.9: all that the reduction has changed.
        if let Some(before) = self.before.take().filter(|before| before.window > self.growth.window) {
            self.growth = before;
        }
    }

    fn on_path_changed(&mut self) {
        *self = Self::new(bytes(self.datagram));
    }

    fn on_datagram_size(&mut self, bytes: u64) {
        self.datagram = real(bytes);
        self.growth.window = self.growth.window.max(real(LEAST_DATAGRAMS) * self.datagram);
    }

    fn window(&self) -> u64 {
        bytes(self.growth.window)
    }

    fn threshold(&self) -> Option<u64> {
        self.growth.threshold.is_finite().then(|| bytes(self.growth.threshold))
    }
}

/// The cube root of a number that is not negative, to about a millionth: Newton's method from above.
///
/// Ours, because the standard library's differs between machines in its last bits, and a seed is to play
/// the same everywhere.
fn cube_root(x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let mut root = x.max(1.0);
    // Far above the root each step takes a third off: a window of 2^40 datagrams needs fewer.
    for _ in 0..100 {
        let next = (2.0 * root + x / (root * root)) / 3.0;
        if root - next < 1e-6 * root {
            return next;
        }
        root = next;
    }
    root
}

#[expect(clippy::cast_precision_loss, reason = "windows are far below 2^53 bytes")]
const fn real(bytes: u64) -> f64 {
    bytes as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole bytes; never negative")]
const fn bytes(window: f64) -> u64 {
    window as u64
}

#[cfg(test)]
#[path = "cubic_tests.rs"]
mod tests;
