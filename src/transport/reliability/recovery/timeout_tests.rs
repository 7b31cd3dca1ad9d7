//! What a timeout gives up, and when.

use super::super::tests::{Told, acknowledge};
use super::*;
use crate::time::{Duration, at};
use crate::transport::arq::Arq;
use crate::transport::congestion::Congestion;

const MS: u64 = 1_000;

/// Packets sent at these milliseconds; the round trip is known to be 50 ms.
fn with_sent(arq: Arq, times: &[u64]) -> Recovery {
    let congestion = arq.congestion(Congestion::NewReno);
    let mut recovery = Recovery::new(Duration::ZERO, congestion, 1_472).obeying(arq);
    for time in 0..40 {
        recovery.on_sent(at(time * 100 * MS), 100, true);
        acknowledge(&mut recovery, (time * 100 + 50) * MS, &[time]).expect("it was sent");
    }
    times.iter().for_each(|time| recovery.on_sent(at(time * MS), 100, true));
    recovery
}

/// What the timer gives up when it fires, and when that is, in milliseconds.
fn fired(recovery: &mut Recovery) -> (u64, Vec<(u64, LossRule)>) {
    let (due, timer) = recovery.poll_timeout().expect("something is out");
    assert_eq!(timer, Timer::Retransmission);
    let mut told = Told::default();
    assert_eq!(recovery.handle_timeout(due, &mut told), None, "no probe");
    (due.as_micros() / MS, told.lost)
}

#[test]
fn selective_repeat_gives_up_each_packet_by_itself() {
    let mut recovery = with_sent(Arq::SelectiveRepeat, &[5_000, 5_010, 5_020]);
    assert_eq!(fired(&mut recovery), (5_051, vec![(40, LossRule::Timeout)]));
    assert_eq!(fired(&mut recovery), (5_061, vec![(41, LossRule::Timeout)]));
}

#[test]
fn a_timeout_of_the_textbooks_modes_grows_to_a_second_and_no_further() {
    let mut recovery = with_sent(Arq::StopAndWait, &[5_000]);
    let mut waits = Vec::new();
    for _ in 0..10 {
        let sent_at = recovery.sent().last_eliciting_at().expect("it is out").as_micros() / MS;
        let due = fired(&mut recovery).0;
        waits.push(due - sent_at);
        recovery.on_sent(at(due * MS), 100, true);
    }
    assert_eq!(waits, [51, 51, 51, 102, 204, 408, 816, 1_000, 1_000, 1_000]);
}

#[test]
fn go_back_n_gives_up_all_from_the_oldest_on() {
    let mut recovery = with_sent(Arq::GoBackN, &[5_000, 5_010, 5_020]);
    let all = vec![(40, LossRule::Timeout), (41, LossRule::Behind), (42, LossRule::Behind)];
    assert_eq!(fired(&mut recovery), (5_051, all));
    assert_eq!(recovery.poll_timeout(), None);
}

#[test]
fn in_the_textbooks_modes_no_later_acknowledgement_makes_a_loss() {
    for arq in [Arq::GoBackN, Arq::SelectiveRepeat] {
        let mut recovery = with_sent(arq, &[5_000, 5_001, 5_002, 5_003, 5_004]);
        let told = acknowledge(&mut recovery, 5_050 * MS, &[41, 42, 43, 44]).expect("they were sent");
        assert_eq!(told.lost, [], "{arq}");
        assert_eq!(fired(&mut recovery).1, [(40, LossRule::Timeout)], "{arq}");
    }
}

#[test]
fn the_timeout_of_tcp_is_two_hundred_milliseconds_at_least_and_doubles_at_once() {
    let mut recovery = with_sent(Arq::TcpLike, &[5_000]);
    assert_eq!(fired(&mut recovery), (5_200, vec![(40, LossRule::Timeout)]));
    assert_eq!(recovery.window(), 2_400, "RFC 5681 §3.1");
    recovery.on_sent(at(5_200 * MS), 100, true);
    assert_eq!(fired(&mut recovery).0, 5_600);
    recovery.on_sent(at(5_600 * MS), 100, true);
    assert_eq!(fired(&mut recovery).0, 6_400);
}

#[test]
fn the_timer_of_tcp_runs_anew_with_each_acknowledgement() {
    let mut recovery = with_sent(Arq::TcpLike, &[5_000, 5_010]);
    acknowledge(&mut recovery, 5_050 * MS, &[40]).expect("it was sent");
    assert_eq!(fired(&mut recovery), (5_250, vec![(41, LossRule::Timeout)]));
}

#[test]
fn tcp_takes_three_later_acknowledgements_for_a_loss_and_waits_for_no_time() {
    let mut recovery = with_sent(Arq::TcpLike, &[5_000, 5_001, 5_002, 5_003]);
    assert_eq!(acknowledge(&mut recovery, 5_199 * MS, &[41, 42]).expect("sent").lost, []);
    let told = acknowledge(&mut recovery, 5_200 * MS, &[43]).expect("it was sent");
    assert_eq!(told.lost, [(40, LossRule::PacketThreshold)]);
}

#[test]
fn what_was_given_up_and_arrives_after_all_is_noticed() {
    let mut recovery = with_sent(Arq::GoBackN, &[5_000, 5_010]);
    fired(&mut recovery);
    let told = acknowledge(&mut recovery, 5_060 * MS, &[40, 41]).expect("they were sent");
    assert_eq!(told.spurious, [40, 41]);
}

#[test]
fn packets_that_only_acknowledge_are_forgotten_when_later_ones_arrive() {
    let mut recovery = with_sent(Arq::StopAndWait, &[]);
    (0..5).for_each(|_| recovery.on_sent(at(5_000 * MS), 30, false));
    assert_eq!(recovery.poll_timeout(), None);
    recovery.on_sent(at(5_001 * MS), 100, true);
    let told = acknowledge(&mut recovery, 5_050 * MS, &[45]).expect("it was sent");
    assert_eq!(told.lost.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [40, 41, 42]);
}
