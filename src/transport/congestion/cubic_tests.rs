//! Tests of `cubic.rs`.

use super::*;
use crate::time::at;

const DATAGRAM: u64 = 1_200;
const RTT_US: u64 = 50_000;

/// A flow that always has something to send over a path of 50 ms without queue; time goes on by round trips.
struct Flow {
    cubic: Cubic,
    now: u64,
}

impl Flow {
    /// In congestion avoidance just after a loss at this window in datagrams.
    fn after_a_loss_at(datagrams: u64) -> Self {
        let mut cubic = Cubic::new(DATAGRAM);
        cubic.growth.window = real(datagrams * DATAGRAM);
        let mut flow = Self { cubic, now: 1_000_000 };
        flow.lose();
        flow
    }

    fn lose(&mut self) {
        self.cubic.on_lost(at(self.now), at(self.now - 1));
        self.now += RTT_US;
    }

    /// A round trip in which the window was used whole.
    fn round(&mut self) {
        let (now, sent_at) = (at(self.now), at(self.now - RTT_US + 1));
        let rtt = Duration::from_micros(RTT_US);
        for _ in 0..self.datagrams() {
            self.cubic.on_acknowledged(Acknowledged { now, sent_at, bytes: DATAGRAM, limited: true });
        }
        self.cubic.on_round_trip(RoundTrip { now, sent_at, sample: rtt, smoothed: rtt, least: rtt });
        self.now += RTT_US;
    }

    fn run(&mut self, seconds: f64) {
        let until = self.now + (seconds * 1e6) as u64;
        while self.now < until {
            self.round();
        }
    }

    fn datagrams(&self) -> u64 {
        self.cubic.window() / DATAGRAM
    }
}

#[test]
fn a_loss_takes_three_tenths_once_a_round_trip() {
    let mut flow = Flow::after_a_loss_at(1_000);
    assert_eq!(flow.datagrams(), 700);
    flow.cubic.on_lost(at(1_000_001), at(999_000));
    assert_eq!(flow.datagrams(), 700, "sent before the reduction");
    (0..100).for_each(|_| flow.lose());
    assert_eq!(flow.cubic.window(), 2 * DATAGRAM, "never below two datagrams");
}

#[test]
fn the_window_is_back_where_the_loss_was_after_k_seconds_and_rests_there() {
    // RFC 9438 §4.2: K = ∛(300 / 0.4) = 9.09 s.
    let mut flow = Flow::after_a_loss_at(1_000);
    flow.run(4.5);
    assert!((940..=990).contains(&flow.datagrams()), "concave: {}", flow.datagrams());
    flow.run(4.6);
    assert!((995..=1_001).contains(&flow.datagrams()), "plateau: {}", flow.datagrams());
    flow.run(2.0);
    assert!((1_001..=1_006).contains(&flow.datagrams()), "past it slowly: {}", flow.datagrams());
    flow.run(8.0);
    assert!(flow.datagrams() > 1_300, "convex: {}", flow.datagrams());
}

#[test]
fn where_the_curve_is_slower_than_newreno_it_grows_as_newreno() {
    // RFC 9438 §4.3: 0.53 datagrams a round trip up to the old window, one a round trip from there.
    let mut flow = Flow::after_a_loss_at(20);
    flow.run(0.5);
    assert!((18..=19).contains(&flow.datagrams()), "14 + 10 · 0.53: {}", flow.datagrams());
    flow.run(1.0);
    assert!((32..=38).contains(&flow.datagrams()), "{}", flow.datagrams());
}

#[test]
fn who_has_less_than_at_the_last_loss_leaves_room_to_a_newcomer() {
    let mut flow = Flow::after_a_loss_at(1_000);
    flow.lose();
    // RFC 9438 §4.7: 700 · (1 + 0.7) / 2.
    assert!((flow.cubic.growth.w_max / real(DATAGRAM) - 595.0).abs() < 0.1);
}

#[test]
fn no_round_trip_grows_the_window_by_more_than_half() {
    let mut flow = Flow::after_a_loss_at(10);
    flow.round();
    flow.now += 60_000_000;
    let before = flow.cubic.window();
    flow.round();
    assert!(flow.cubic.window() <= before * 3 / 2 + DATAGRAM, "RFC 9438 §4.4");
}

#[test]
fn time_in_which_nothing_waited_to_be_sent_does_not_count() {
    let mut flow = Flow::after_a_loss_at(1_000);
    flow.run(5.0);
    let mut rested = Flow { ..flow };
    let idle = Acknowledged {
        now: at(rested.now),
        sent_at: at(rested.now - RTT_US + 1),
        bytes: DATAGRAM,
        limited: false,
    };
    rested.cubic.on_acknowledged(idle);
    rested.now += 600_000_000;
    flow.run(2.0);
    rested.run(2.0);
    assert!(flow.datagrams().abs_diff(rested.datagrams()) <= 2, "RFC 9438 §5.8");
}

#[test]
fn after_a_slow_start_that_ended_without_a_loss_the_plateau_is_there() {
    let mut cubic = Cubic::new(DATAGRAM);
    cubic.growth.window = real(500 * DATAGRAM);
    cubic.growth.threshold = cubic.growth.window;
    let mut flow = Flow { cubic, now: 1_000_000 };
    flow.round();
    assert_eq!((flow.cubic.growth.k, flow.datagrams()), (0.0, 500), "RFC 9438 §4.10");
}

#[test]
fn a_reduction_taken_back_restores_the_curve_as_it_was() {
    let mut flow = Flow::after_a_loss_at(1_000);
    flow.run(3.0);
    let growth = flow.cubic.growth;
    flow.lose();
    flow.cubic.on_spurious_loss();
    assert_eq!(flow.cubic.growth, growth);
}

#[test]
fn the_cube_root_is_right_from_small_to_large() {
    for x in [0.0, 1e-6, 0.3, 1.0, 8.0, 750.0, 1e9, 1e15] {
        assert!((cube_root(x) - f64::cbrt(x)).abs() <= 1e-5 * f64::cbrt(x), "{x}: {}", cube_root(x));
    }
}
