use super::super::made_up;
use super::super::matrix::Matrix;
use super::super::model;
use super::*;
use crate::lab::bench::{Fate, TcpPart};
use crate::lab::link::{Direction, DropCause};
use crate::time::at;

const SENDER: u16 = 5_000;
const RECEIVER: u16 = 5_001;

/// A packet that entered at so many ms; `Some`: it took 25 ms.
fn packet(ms: u64, port: u16, direction: Direction, protocol: Protocol, passes: bool) -> Passage {
    let entered = at(1_000_000 + ms * 1_000);
    let fate = if passes {
        Fate::Delivered(entered + Duration::from_millis(25))
    } else {
        Fate::Dropped(DropCause::Loss)
    };
    Passage { entered, direction, number: 1, ip_bytes: 152, client_port: port, protocol, fate }
}

fn data(ms: u64, port: u16, direction: Direction, sequence: u32, passes: bool) -> Passage {
    let segment = TcpPart { flags: 24, sequence, acknowledgement: 1, bytes: 100 };
    packet(ms, port, direction, Protocol::Tcp(segment), passes)
}

fn ack(ms: u64, acknowledgement: u32) -> Passage {
    let segment = TcpPart { flags: 16, sequence: 1, acknowledgement, bytes: 0 };
    packet(ms, SENDER, Direction::Down, Protocol::Tcp(segment), true)
}

/// The story of the message of this index of a run with these packets and latencies.
fn told(label: &str, latencies: &[Option<u64>], passages: Vec<Passage>, index: usize) -> Story {
    let mut run = made_up::run(label, latencies);
    run.passages = passages;
    run.passages.sort_by_key(|it| it.entered);
    let wanted = &Matrix::usual().wanted()[0];
    let fate = run.fates[index];
    story(wanted, &run, &fate, &[])
}

fn assert_told(story: &Story, parts: &[&str]) {
    let all = story.reasons.join("\n");
    for part in parts {
        assert!(all.contains(part), "{part} in:\n{all}");
    }
}

/// Messages each 20 ms; the second's segment is dropped, and goes again after `gap` ms.
fn one_loss(gap: u64, acks: u64) -> Vec<Passage> {
    use Direction::{Down, Up};
    let up = |n: u64| data(20 * n, SENDER, Up, 4_294_967_200_u32.wrapping_add(100 * n as u32), n != 1);
    let mut packets: Vec<Passage> = (0..8).map(up).collect();
    // The first ACK of this number is for the first segment; what follows says that the second is missing.
    packets.extend((0..=acks).map(|n| ack(25 + 20 * n, 4_294_967_200_u32.wrapping_add(100))));
    packets.push(data(20 + gap, SENDER, Up, 4_294_967_200_u32.wrapping_add(100), true));
    packets.push(data(26, RECEIVER, Down, 77, true));
    packets.push(data(46 + gap, RECEIVER, Down, 177, true));
    packets
}

#[test]
fn three_duplicate_acks_before_a_retransmission_are_told_as_fast_retransmit() {
    let story = told("tcp", &[Some(51), Some(160), Some(140)], one_loss(90, 3), 1);
    assert_told(
        &story,
        &["Its own segment was dropped on the way up", "Fast retransmit fits: 3 duplicate ACKs"],
    );
    assert_told(&story, &["+90.0 ms: sent again after 90.0 ms", "one later message"]);
    let asks =
        story.rungs.iter().filter(|it| matches!(it, Rung::Packet { weight: Weight::Asks, .. })).count();
    assert_eq!(asks, 3, "{:?}", story.rungs);
}

#[test]
fn a_later_message_waits_at_the_head_of_the_line_for_bytes_that_are_not_its_own() {
    let story = told("tcp", &[Some(51), Some(160), Some(140)], one_loss(90, 3), 2);
    assert_told(&story, &["Head of line: on the way up its own segment arrived after 25.0 ms"]);
    assert_told(&story, &["−20.0 ms: the segment with bytes 100 to 200 was dropped (loss)"]);
}

#[test]
fn a_long_gap_with_few_duplicate_acks_is_told_as_the_timer_and_a_short_one_is_not() {
    for (gap, acks, words) in [
        (220, 0, "The retransmission timer fits (RFC 6298"),
        (220, 2, "2 duplicate ACKs had come, fewer"),
        (110, 0, "A tail loss probe fits (RFC 8985 §7"),
        (80, 1, "SACK or RACK's clock fits (RFC 6675"),
        (240, 5, "Fast retransmit fits: 5 duplicate"),
    ] {
        let latency = Some(gap + 70);
        let story = told("tcp", &[Some(51), latency, None], one_loss(gap, acks), 1);
        assert_told(&story, &[words]);
    }
}

#[test]
fn a_segment_that_is_lost_twice_is_told_twice() {
    let mut packets = one_loss(500, 3);
    packets.push(data(110, SENDER, Direction::Up, 4_294_967_200_u32.wrapping_add(100), false));
    let story = told("tcp", &[Some(51), Some(560), None], packets, 1);
    assert_told(
        &story,
        &["after 90.0 ms, and was lost again. Fast", "after 410.0 ms. The retransmission timer fits"],
    );
}

#[test]
fn what_goes_again_without_need_is_called_so() {
    let mut packets = one_loss(90, 3);
    packets[1].fate = Fate::Delivered(at(1_220_000)); // held back, and overtaken by its own copy
    let story = told("tcp", &[Some(51), Some(160), Some(140)], packets, 1);
    assert_told(&story, &["sent again after 90.0 ms. For nothing: the one before it was not lost."]);
    assert!(!story.reasons.join(" ").contains("the segment with bytes 100 to 200 was dropped"), "{story:#?}");
}

#[test]
fn without_loss_it_is_said_that_nothing_was_missing_and_what_was_held_back() {
    use Direction::{Down, Up};
    let packets = vec![data(40, SENDER, Up, 9, true), data(65, RECEIVER, Down, 9, true)];
    let story = told("tcp", &[Some(91)], packets, 0);
    assert_told(
        &story,
        &["Its bytes waited 40.0 ms", "passed on the way up in 25.0 ms", "on the way down in 25.0 ms"],
    );
}

#[test]
fn on_the_last_hop_what_was_read_before_the_message_is_not_taken_for_it() {
    use Direction::{Down, Up};
    let packets = vec![
        data(0, SENDER, Up, 9, true),
        // Others' bytes, which the server sent first, and were read at 51 ms.
        data(26, RECEIVER, Down, 100, true),
        data(30, RECEIVER, Down, 200, false),
        data(120, RECEIVER, Down, 200, true),
    ];
    let story = told("tcp", &[Some(146)], packets, 0);
    assert_told(
        &story,
        &["Its own segment was dropped on the way down; its bytes were there after 115.0 ms"],
    );
    assert_told(&story, &["+120.0 ms: sent again after 90.0 ms"]);
}

#[test]
fn bare_udp_says_that_nobody_sends_it_again() {
    let lost = packet(0, SENDER, Direction::Up, Protocol::Udp, false);
    let story = told("raw", &[None], vec![lost], 0);
    assert_told(
        &story,
        &["+0.0 ms: its datagram was dropped on the way up (loss). Bare UDP does not send it again."],
    );
    assert_eq!(story.reasons.len(), 1);
    assert!(
        matches!(&story.rungs[..], [Rung::Packet { arrived: None, text, .. }] if text.contains("its only one"))
    );
}

#[test]
fn sealed_datagrams_are_told_without_guessing_what_they_carried() {
    use Direction::{Down, Up};
    let udp = |ms, port, direction, passes| packet(ms, port, direction, Protocol::Udp, passes);
    let mut small = udp(5, SENDER, Up, true);
    small.ip_bytes = 60;
    let packets = vec![
        udp(0, SENDER, Up, false),
        small,
        udp(20, SENDER, Up, false),
        udp(45, SENDER, Up, true),
        udp(70, RECEIVER, Down, true),
    ];
    let story = told("udp", &[Some(95)], packets, 0);
    assert_told(&story, &["+0.0 ms: its first datagram was dropped on the way up (loss)."]);
    assert_told(
        &story,
        &[
            "One more datagram of this client was dropped on the way up before the next one passed.",
            "left 45.0 ms later",
            "do not show whether",
        ],
    );
    let kinds: Vec<bool> = story.rungs.iter().map(|it| matches!(it, Rung::Others(1))).collect();
    assert_eq!(kinds, [false, true, false, false, false], "{:?}", story.rungs);
}

#[test]
fn what_both_ends_told_says_which_datagram_carried_the_message_and_why_it_left() {
    use crate::lab::bench::departure::{Cargo, Departure};
    use crate::trace::{PieceCause, SendCause};
    use Direction::{Down, Up};
    let mut run = made_up::run("udp", &[Some(95)]);
    // 152 IP bytes are 124 of ours.
    let departure = |ms: u64, session, send: SendCause, piece: PieceCause| Departure {
        at: at(1_000_000 + ms * 1_000),
        session,
        bytes: 124,
        cause: send,
        pieces: vec![Cargo { channel: 8, sequence: 3, bytes: 110, cause: piece }],
    };
    let udp = |ms, port, direction, passes| packet(ms, port, direction, Protocol::Udp, passes);
    run.passages = vec![
        udp(0, SENDER, Up, false),
        udp(12, SENDER, Up, true),
        udp(40, RECEIVER, Down, false),
        udp(70, RECEIVER, Down, true),
    ];
    run.departures.up = vec![
        departure(0, 1, SendCause::First, PieceCause::First),
        departure(12, 1, SendCause::ExtraCopy, PieceCause::Copy),
    ];
    run.departures.down = vec![
        departure(40, 9, SendCause::First, PieceCause::First),
        departure(70, 9, SendCause::Probe, PieceCause::Retransmission),
    ];
    let wanted = &Matrix::usual().wanted()[0];
    let told = |run: &Measurement| story(wanted, run, &run.fates[0], &[]);
    let story = told(&run);
    assert_told(
        &story,
        &[
            "+0.0 ms, on the way up: for the first time; dropped (loss).",
            "+12.0 ms, on the way up: an extra copy",
        ],
    );
    assert_told(
        &story,
        &[
            "+40.0 ms, on the way down: for the first time; dropped",
            "+70.0 ms, on the way down: again in a probe",
        ],
    );
    let lost =
        story.rungs.iter().filter(|it| matches!(it, Rung::Packet { weight: Weight::Lost, .. })).count();
    assert_eq!((lost, story.rungs.len()), (2, 4));
    // An end that told nothing leaves the story to what the packets show.
    run.departures.down.clear();
    assert_told(&told(&run), &["do not show whether"]);
}

#[test]
fn the_worst_message_is_one_that_never_came_else_the_slowest_of_all_seeds() {
    let wanted = Matrix::usual().wanted().swap_remove(0);
    let lost = packet(0, SENDER, Direction::Up, Protocol::Udp, false);
    let of = |latencies: &[Option<u64>]| {
        let mut run = made_up::run("udp", latencies);
        run.passages = vec![lost];
        run
    };
    let (slow, missing) = (of(&[Some(50), Some(300), Some(90)]), of(&[Some(50), None]));
    let number = |runs: &[&Measurement]| {
        worst(runs.iter().map(|run| (&wanted, *run)), &[]).map(|it| (it.number, it.latency))
    };
    assert_eq!(number(&[&slow]), Some((2, Some(Duration::from_millis(300)))));
    assert_eq!(number(&[&slow, &missing]), Some((2, None)));
    assert_eq!(number(&[&made_up::run("udp", &[Some(1)])]), None, "nobody kept packets");
}

#[test]
fn what_an_end_told_itself_stands_beside_what_the_packets_show() {
    let mut run = made_up::run("udp", &[Some(95)]);
    run.passages = vec![packet(0, SENDER, Direction::Up, Protocol::Udp, true)];
    let wanted = &Matrix::usual().wanted()[0];
    let note = |ms: u64| Note { at: at(1_000_000 + ms * 1_000), text: format!("probe {ms}") };
    let story = story(wanted, &run, &run.fates[0], &[note(40), note(200)]);
    assert_told(&story, &["own trace, +40.0 ms: probe 40"]);
    assert!(!story.reasons.join(" ").contains("probe 200"));
}

#[test]
fn every_row_of_the_model_has_a_story_with_rungs_in_order_and_within_bounds() {
    let matrix = Matrix::usual();
    let wanted: Vec<Wanted> = matrix.wanted().into_iter().filter(|it| it.packets).collect();
    for row in &matrix.parts[0].rows {
        let runs: Vec<_> = wanted
            .iter()
            .filter(|it| it.row == *row)
            .map(|it| (it, model::take(it).expect("it is played")))
            .collect();
        let story = worst(runs.iter().map(|(wanted, run)| (*wanted, run)), &[]).expect("packets were kept");
        assert!(!story.reasons.is_empty() && story.rungs.len() <= 29, "{story:#?}");
        let times: Vec<f64> = story
            .rungs
            .iter()
            .filter_map(|it| match it {
                Rung::Packet { at, .. } => Some(*at),
                Rung::Others(_) => None,
            })
            .collect();
        assert!(times.is_sorted() && !times.is_empty(), "{times:?}");
    }
}
