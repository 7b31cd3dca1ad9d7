//! What acknowledgements and silence must mean.

use super::*;
use crate::time::at;
use crate::wire::frame::{Frame, put_ack, take_frame};
use crate::wire::ranges::RangeSet;
use crate::wire::{Reader, Writer};

#[derive(Default)]
pub(super) struct Told {
    pub acknowledged: Vec<u64>,
    pub lost: Vec<(u64, LossRule)>,
    pub spurious: Vec<u64>,
}

impl Outcome for Told {
    fn on_acknowledged(&mut self, number: u64, _: &[Part]) {
        self.acknowledged.push(number);
    }
    fn on_lost(&mut self, number: u64, rule: LossRule, _: Duration, _: &[Part]) {
        self.lost.push((number, rule));
    }
    fn on_spurious(&mut self, number: u64, _: Duration, _: &[Part]) {
        self.spurious.push(number);
    }
    fn on_rtt(&mut self, _: Duration, _: &RttEstimate) {}
}

pub(super) fn acknowledge(recovery: &mut Recovery, now: u64, numbers: &[u64]) -> Result<Told, &'static str> {
    let mut ranges = RangeSet::new();
    numbers.iter().for_each(|n| {
        ranges.insert(*n, *n);
    });
    let mut bytes = Vec::new();
    put_ack(&mut Writer::new(&mut bytes), &ranges, 0, 0, usize::MAX);
    let Ok(Some(Frame::Ack { ranges, .. })) = take_frame(&mut Reader::new(&bytes)) else {
        panic!("an ACK frame reads back");
    };
    let mut told = Told::default();
    recovery.on_acknowledgement(at(now), &ranges, Duration::ZERO, &mut told)?;
    Ok(told)
}

fn with_sent(times: &[u64]) -> Recovery {
    let mut recovery = Recovery::new(Duration::ZERO, Congestion::default(), 1_472);
    times.iter().for_each(|time| recovery.on_sent(at(*time), 100, true));
    recovery
}

#[test]
fn an_acknowledgement_of_the_unsent_is_a_lie() {
    let mut recovery = with_sent(&[0, 1]);
    assert!(acknowledge(&mut recovery, 10, &[2]).is_err());
}

#[test]
fn a_late_acknowledgement_cancels_the_probe() {
    let mut recovery = with_sent(&[0]);
    let (due, timer) = recovery.poll_timeout().unwrap();
    assert_eq!((due, timer), (at(300_000), Timer::Probe), "100 ms + 4 × 50 ms before any sample");
    acknowledge(&mut recovery, 40_000, &[0]).unwrap();
    assert_eq!(recovery.poll_timeout(), None);
}

#[test]
fn an_overtaken_packet_is_lost_when_its_time_is_up_without_any_probe() {
    let mut recovery = with_sent(&[0, 1_000]);
    let told = acknowledge(&mut recovery, 41_000, &[1]).unwrap();
    assert_eq!((told.acknowledged, told.lost), (vec![1], vec![]));
    assert_eq!(recovery.poll_timeout(), Some((at(45_000), Timer::LossTime)));
    let mut told = Told::default();
    assert_eq!(recovery.handle_timeout(at(45_000), &mut told), None);
    assert_eq!(told.lost, [(0, LossRule::TimeThreshold)]);
    assert_eq!(recovery.poll_timeout(), None);
}

#[test]
fn a_probe_may_leave_although_the_window_is_full() {
    let mut recovery = Recovery::new(Duration::ZERO, Congestion::default(), 1_472);
    while recovery.may_send(at(0)) {
        recovery.on_sent(at(0), DATAGRAM_BASE, true);
    }
    let (due, _) = recovery.poll_timeout().unwrap();
    assert_eq!(recovery.handle_timeout(due, &mut Told::default()), Some(1));
    assert!(recovery.may_send(due) && recovery.is_probe_owed());
    recovery.on_sent(due, DATAGRAM_BASE, true);
    assert!(!recovery.may_send(due));
}

#[test]
fn what_is_sent_at_once_beyond_the_initial_window_is_paced() {
    let mut recovery = Recovery::new(Duration::ZERO, Congestion::NewReno, 1_472);
    recovery.on_handshake_rtt(at(0), Duration::from_millis(50));
    while recovery.may_send(at(0)) {
        recovery.on_sent(at(0), DATAGRAM_BASE, true);
    }
    acknowledge(&mut recovery, 50_000, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).unwrap();
    let mut count = 0;
    while recovery.may_send(at(50_000)) {
        recovery.on_sent(at(50_000), DATAGRAM_BASE, true);
        count += 1;
    }
    assert_eq!((count, recovery.window()), (10, 24_000));
    let due = recovery.poll_pacing().expect("the window has room, so the pacer says when");
    assert!(recovery.may_send(due));
    recovery.on_nothing_waits();
    assert_eq!(recovery.poll_pacing(), None, "and rests when nothing waits");
}

#[test]
fn a_fixed_window_counts_packets_however_small() {
    let mut recovery = Recovery::new(Duration::ZERO, Congestion::Fixed(2), 1_472);
    recovery.on_sent(at(0), 60, true);
    assert!(recovery.may_send(at(0)));
    recovery.on_sent(at(0), 60, true);
    assert!(!recovery.may_send(at(0)));
    acknowledge(&mut recovery, 50_000, &[0]).unwrap();
    assert!(recovery.may_send(at(50_000)));
}

#[test]
fn a_window_grows_only_when_it_held_something_back() {
    for (held_back, window) in [(false, 12_000), (true, 24_000)] {
        let mut recovery = Recovery::new(Duration::ZERO, Congestion::NewReno, 1_472);
        while recovery.may_send(at(0)) {
            recovery.on_sent(at(0), DATAGRAM_BASE, true);
        }
        if !held_back {
            recovery.on_nothing_waits();
        }
        acknowledge(&mut recovery, 50_000, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).unwrap();
        assert_eq!(recovery.window(), window, "RFC 9002 §7.8");
    }
}

#[test]
fn an_outage_of_over_three_probe_timeouts_leaves_the_least_window() {
    for (outage_us, persistent) in [(150_000, false), (500_000, true)] {
        let mut recovery = Recovery::new(Duration::ZERO, Congestion::NewReno, 1_472);
        recovery.on_sent(at(0), 1_000, true);
        acknowledge(&mut recovery, 50_000, &[0]).unwrap();
        let times = [60_000, 60_000 + outage_us, 60_000 + outage_us];
        times.into_iter().for_each(|now| recovery.on_sent(at(now), 1_000, true));
        (0..3).for_each(|_| recovery.on_sent(at(61_000 + outage_us), 1_000, true));
        acknowledge(&mut recovery, 120_000 + outage_us, &[4, 5, 6]).unwrap();
        assert_eq!(recovery.window() == 2_400, persistent, "RFC 9002 §7.6: {}", recovery.window());
    }
}

/// Ten packets, a millisecond apart from 60 ms on, of which the first is passed by all others.
fn overtaken() -> Recovery {
    let mut recovery = Recovery::new(Duration::ZERO, Congestion::NewReno, 1_472);
    recovery.on_sent(at(0), 1_000, true);
    acknowledge(&mut recovery, 50_000, &[0]).unwrap();
    (60..70).for_each(|ms| recovery.on_sent(at(ms * 1_000), 1_000, true));
    recovery
}

#[test]
fn a_spurious_loss_is_told_with_what_followed_from_it_taken_back() {
    let mut recovery = overtaken();
    let window = recovery.window();
    let told = acknowledge(&mut recovery, 115_000, &[2, 3, 4, 5]).unwrap();
    assert_eq!(told.lost, [(1, LossRule::PacketThreshold)]);
    assert!(recovery.window() < window && recovery.lost_packets() == 1);
    let told = acknowledge(&mut recovery, 116_000, &[1]).unwrap();
    assert_eq!((told.spurious, told.acknowledged), (vec![1], vec![]));
    assert_eq!((recovery.window(), recovery.lost_packets(), recovery.spurious_losses()), (window, 0, 1));
    assert_eq!(acknowledge(&mut recovery, 117_000, &[1]).unwrap().spurious, [0; 0], "once");
}

#[test]
fn a_reduction_stands_while_one_of_its_losses_may_be_true() {
    let mut recovery = overtaken();
    let window = recovery.window();
    acknowledge(&mut recovery, 115_000, &[6]).unwrap();
    acknowledge(&mut recovery, 116_000, &[1, 3]).unwrap();
    assert!(recovery.window() < window, "packet 2 is missing");
    acknowledge(&mut recovery, 117_000, &[2]).unwrap();
    assert_eq!(recovery.window(), window);
}

#[test]
fn a_mark_answers_once_a_round_trip_and_is_not_taken_back_with_a_spurious_loss() {
    let mut recovery = overtaken();
    recovery.on_sent(at(70_000), 1_000, true);
    recovery.on_sent_ect();
    recovery.on_sent(at(71_000), 1_000, true);
    recovery.on_sent_ect();
    let window = recovery.window();
    acknowledge(&mut recovery, 115_000, &[2, 3, 4, 5]).unwrap();
    let reduced = recovery.window();
    assert!(reduced < window);
    assert_eq!(recovery.on_marks(at(115_000), 1), Some(1));
    assert_eq!(recovery.window(), reduced, "what was acknowledged left before the loss was answered");
    acknowledge(&mut recovery, 116_000, &[1]).unwrap();
    assert_eq!((recovery.window(), recovery.spurious_losses()), (reduced, 1));
    recovery.on_sent(at(130_000), 1_000, true);
    acknowledge(&mut recovery, 185_000, &[13]).unwrap();
    assert_eq!(recovery.on_marks(at(185_000), 2), Some(1));
    assert!(recovery.window() < reduced, "the next round trip");
    assert_eq!(recovery.on_marks(at(186_000), 3), None, "only two could have been marked");
}

#[test]
fn after_a_spurious_loss_as_many_may_pass_a_packet_as_passed_that_one() {
    let mut recovery = overtaken();
    acknowledge(&mut recovery, 115_000, &[2, 3, 4, 5, 6]).unwrap();
    acknowledge(&mut recovery, 116_000, &[1]).unwrap();
    (130..140).for_each(|ms| recovery.on_sent(at(ms * 1_000), 1_000, true));
    acknowledge(&mut recovery, 184_000, &[7, 8, 9, 10]).unwrap();
    let told = acknowledge(&mut recovery, 185_000, &[12, 13, 14, 15, 16]).unwrap();
    assert_eq!(told.lost, []);
    let told = acknowledge(&mut recovery, 186_000, &[17, 18]).unwrap();
    assert_eq!(told.lost, [(11, LossRule::PacketThreshold)]);
}

#[test]
fn the_peers_delay_counts_for_a_probe_only_where_packets_leave_in_a_run() {
    let delay = Duration::from_millis(1);
    let probe_after = |interval: u64| {
        let mut recovery = Recovery::new(delay, Congestion::default(), 1_472);
        (0..8).for_each(|n| recovery.on_sent(at(n * interval), 100, true));
        recovery.poll_timeout().unwrap().0 - at(7 * interval)
    };
    assert_eq!(probe_after(1_001), Duration::from_millis(300));
    assert_eq!(probe_after(1_000), Duration::from_millis(301));
}

#[test]
fn an_acknowledgement_queued_when_the_timer_fires_is_looked_at_first() {
    let mut recovery = with_sent(&[0, 1_000]);
    acknowledge(&mut recovery, 41_000, &[1]).unwrap();
    let (due, timer) = recovery.poll_timeout().unwrap();
    assert_eq!(timer, Timer::LossTime);
    let told = acknowledge(&mut recovery, due.as_micros(), &[0]).unwrap();
    assert_eq!((told.acknowledged, told.lost), (vec![0], vec![]));
    assert_eq!((recovery.handle_timeout(due, &mut Told::default()), recovery.poll_timeout()), (None, None));
}

#[test]
fn a_lost_size_probe_shrinks_no_window_and_counts_as_no_loss() {
    let mut recovery = Recovery::new(Duration::ZERO, Congestion::NewReno, 1_472);
    recovery.sent().note(Part::SizeProbe);
    recovery.on_sent(at(0), 1_472, true);
    (0..3).for_each(|_| recovery.on_sent(at(1_000), 100, true));
    let told = acknowledge(&mut recovery, 51_000, &[1, 2, 3]).unwrap();
    assert_eq!(told.lost, [(0, LossRule::PacketThreshold)]);
    assert_eq!((recovery.window(), recovery.lost_packets(), recovery.bytes_in_flight()), (12_000, 0, 0));
    assert_eq!(recovery.next_size_probe(at(51_000)), None, "nothing large is sent");
}

#[test]
fn what_a_probe_timeout_sends_is_no_larger_than_what_every_path_carries() {
    let mut recovery = Recovery::new(Duration::ZERO, Congestion::NewReno, 1_472);
    recovery.sent().note(Part::SizeProbe);
    recovery.on_sent(at(0), 1_472, true);
    acknowledge(&mut recovery, 50_000, &[0]).unwrap();
    assert_eq!((recovery.datagram_size(), recovery.next_datagram_size()), (1_472, 1_472));
    recovery.on_sent(at(60_000), 1_472, true);
    let (due, _) = recovery.poll_timeout().unwrap();
    recovery.handle_timeout(due, &mut Told::default());
    assert_eq!((recovery.datagram_size(), recovery.next_datagram_size()), (1_472, DATAGRAM_BASE));
}
