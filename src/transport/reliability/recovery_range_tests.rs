//! From 50 µs to 10 s: no verdict on a clean line, and an early one on a loss.

use super::*;
use crate::rng::Rng;
use crate::time::at;
use crate::transport::reliability::loss::GRANULARITY;
use crate::wire::frame::{Frame, put_ack, take_frame};
use crate::wire::ranges::RangeSet;
use crate::wire::{Reader, Writer};
use std::collections::VecDeque;

const ROUND_TRIPS_US: [u64; 6] = [50, 1_000, 8_000, 50_000, 1_000_000, 10_000_000];

/// How late a timer fires: that of a shell which sleeps for whole milliseconds.
const TIMER_LATE: Duration = Duration::from_millis(1);

/// A line that keeps the order, and a peer that acknowledges at once.
struct Line {
    round_trip_us: u64,
    /// More delay, from 0 to this.
    jitter_us: u64,
    /// A packet leaves each so often.
    interval_us: u64,
    /// This packet is lost.
    lost: Option<u64>,
}

#[derive(Default)]
struct Seen {
    lost: Vec<(u64, Duration)>,
    probes: u64,
}

impl Outcome for Seen {
    fn on_acknowledged(&mut self, _: u64, _: &[Part]) {}
    fn on_lost(&mut self, number: u64, _: LossRule, age: Duration, _: &[Part]) {
        self.lost.push((number, age));
    }
    fn on_spurious(&mut self, number: u64, _: Duration, _: &[Part]) {
        panic!("packet {number} was not lost");
    }
    fn on_rtt(&mut self, _: Duration, _: &RttEstimate) {}
}

/// What is under way, and what the peer has.
struct Play {
    line: Line,
    recovery: Recovery,
    rng: Rng,
    under_way: VecDeque<(Instant, u64)>,
    peer: RangeSet,
}

impl Play {
    fn new(line: Line) -> Self {
        let mut recovery = Recovery::new(Duration::from_millis(1), Congestion::default(), 1_472);
        recovery.on_handshake_rtt(at(0), Duration::from_micros(line.round_trip_us));
        Self { line, recovery, rng: Rng::from_seed(1), under_way: VecDeque::new(), peer: RangeSet::new() }
    }

    fn send(&mut self, now: Instant) {
        let number = self.recovery.sent().next_number();
        self.recovery.on_sent(now, 100, true);
        if self.line.lost != Some(number) {
            let delay = self.line.round_trip_us + self.rng.below(self.line.jitter_us + 1);
            let last = self.under_way.back().map_or(now, |(due, _)| *due);
            self.under_way.push_back(((now + Duration::from_micros(delay)).max(last), number));
        }
    }

    fn acknowledge(&mut self, now: Instant, number: u64, seen: &mut Seen) {
        self.peer.insert(number, number);
        let mut bytes = Vec::new();
        put_ack(&mut Writer::new(&mut bytes), &self.peer, 0, 0, usize::MAX);
        let Ok(Some(Frame::Ack { ranges, .. })) = take_frame(&mut Reader::new(&bytes)) else {
            panic!("an ACK")
        };
        self.recovery.on_acknowledgement(now, &ranges, Duration::ZERO, seen).expect("it was sent");
    }

    /// So many packets, and what was seen until all had met their fate.
    fn run(mut self, packets: u64) -> Seen {
        let mut seen = Seen::default();
        let interval_us = self.line.interval_us;
        let mut sends = (0..packets).map(|n| at(n * interval_us)).peekable();
        loop {
            let ack = self.under_way.front().map(|(due, _)| *due);
            let timer = self.recovery.poll_timeout().map(|(due, _)| due + TIMER_LATE);
            let Some(now) = [ack, timer, sends.peek().copied()].into_iter().flatten().min() else { break };
            if ack == Some(now) {
                if let Some((_, number)) = self.under_way.pop_front() {
                    self.acknowledge(now, number, &mut seen);
                }
            } else if sends.next_if_eq(&now).is_some() {
                self.send(now);
            } else if self.recovery.handle_timeout(now, &mut seen).is_some() {
                seen.probes += 1;
                self.send(now);
            }
        }
        seen
    }
}

#[test]
fn on_a_clean_line_nothing_is_lost_and_nothing_is_asked_twice_whatever_the_round_trip() {
    for round_trip_us in ROUND_TRIPS_US {
        for interval_us in [round_trip_us / 25, round_trip_us * 3] {
            let line = Line { round_trip_us, jitter_us: 0, interval_us, lost: None };
            let seen = Play::new(line).run(500);
            assert_eq!((seen.lost, seen.probes), (vec![], 0), "{round_trip_us} µs, each {interval_us} µs");
        }
    }
}

#[test]
fn jitter_loses_nothing_and_below_a_millisecond_asks_for_nothing() {
    for round_trip_us in ROUND_TRIPS_US {
        for interval_us in [round_trip_us / 25, round_trip_us * 3] {
            let line = Line { round_trip_us, jitter_us: round_trip_us / 4, interval_us, lost: None };
            let seen = Play::new(line).run(500);
            let probes_max = if round_trip_us / 4 < 1_000 { 0 } else { 25 };
            assert_eq!(seen.lost, [], "{round_trip_us} µs, each {interval_us} µs");
            assert!(seen.probes <= probes_max, "{round_trip_us} µs: {} probes", seen.probes);
        }
    }
}

#[test]
fn a_loss_is_found_within_a_quarter_more_than_a_round_trip_and_a_timers_grain() {
    for round_trip_us in ROUND_TRIPS_US {
        for share in [10, 25] {
            let interval_us = round_trip_us / share;
            let line = Line { round_trip_us, jitter_us: 0, interval_us, lost: Some(100) };
            let seen = Play::new(line).run(200);
            let [(100, age)] = seen.lost[..] else { panic!("{round_trip_us} µs: {:?}", seen.lost) };
            let at_most = Duration::from_micros(round_trip_us * 5 / 4) + GRANULARITY + TIMER_LATE;
            assert!(age <= at_most, "{round_trip_us} µs: found after {age:?}");
            assert_eq!(seen.probes, 0);
        }
    }
}

#[test]
fn a_lost_tail_is_asked_for_after_a_probe_timeout_and_then_found() {
    for round_trip_us in ROUND_TRIPS_US {
        let line = Line { round_trip_us, jitter_us: 0, interval_us: round_trip_us, lost: Some(49) };
        let seen = Play::new(line).run(50);
        let [(49, age)] = seen.lost[..] else { panic!("{round_trip_us} µs: {:?}", seen.lost) };
        let at_most = Duration::from_micros(round_trip_us * 5 / 2) + Duration::from_millis(4);
        assert!(seen.probes == 1 && age <= at_most, "{round_trip_us} µs: found after {age:?}");
    }
}
