//! Does the link do what was asked for? Measured on virtual time, over several seeds.
//!
//! Tolerances are at least four standard deviations of the figure measured, so that a seed fails by chance
//! less than once in ten thousand; the seeds are fixed, so a test that passes always passes.

use super::model::{MAX_BYTES, MAX_PACKETS};
use super::settings::read_assignment;
use super::*;
use crate::time::{Duration, Instant, at};

const SEEDS: std::ops::Range<u64> = 0..5;

/// A link with these settings, as a trace file would write them.
fn config(settings: &str, seed: u64) -> LinkConfig {
    let mut config = LinkConfig { seed, ..LinkConfig::default() };
    for word in settings.split_whitespace() {
        read_assignment(word).expect("a good setting").1.apply(&mut config);
    }
    config
}

fn link(settings: &str, seed: u64) -> Link<u64> {
    Link::new(config(settings, seed), at(0))
}

/// What came of a flow upwards: numbers from 1, of this size, one each so often.
struct Flow {
    /// (packet, when it came out), in that order.
    arrivals: Vec<(u64, Instant)>,
    verdicts: Vec<Verdict>,
    counters: Counters,
}

fn flow_over(mut link: Link<u64>, packets: u64, ip_bytes: u32, interval: Duration) -> Flow {
    let (mut arrivals, mut verdicts) = (Vec::new(), Vec::new());
    let mut now = at(0);
    for packet in 1..=packets {
        while link.poll_timeout().is_some_and(|due| due <= now) {
            arrivals.extend(link.poll_delivery(now).map(|out| (out.packet, out.due)));
        }
        verdicts.push(link.handle_packet(now, Direction::Up, ip_bytes, &[], packet));
        now += interval;
    }
    while let Some(due) = link.poll_timeout() {
        arrivals.extend(link.poll_delivery(due).map(|out| (out.packet, out.due)));
    }
    Flow { arrivals, verdicts, counters: *link.counters(Direction::Up) }
}

fn flow(settings: &str, seed: u64, packets: u64, interval: Duration) -> Flow {
    flow_over(link(settings, seed), packets, 100, interval)
}

const MS: Duration = Duration::from_millis(1);

#[track_caller]
fn assert_near(measured: f64, asked: f64, tolerance: f64, what: &str) {
    assert!((measured - asked).abs() <= tolerance, "{what}: asked for {asked}, measured {measured}");
}

fn share(count: u64, of: u64) -> f64 {
    count as f64 / of as f64
}

#[test]
fn a_perfect_link_hands_out_what_it_is_handed_at_once() {
    let flow = flow("", 1, 100, MS);
    assert!((1..=100).zip(&flow.arrivals).all(|(packet, out)| *out == (packet, at((packet - 1) * 1_000))));
    assert_eq!(flow.counters.dropped_in_all(), 0);
}

#[test]
fn delay_is_exact_and_of_one_direction() {
    let mut link = link("up-delay=25ms down-delay=40ms", 1);
    link.handle_packet(at(100), Direction::Up, 60, &[], 1);
    link.handle_packet(at(100), Direction::Down, 60, &[], 2);
    assert!(link.poll_delivery(at(25_099)).is_none());
    assert_eq!(
        link.poll_delivery(at(25_100)).map(|out| (out.packet, out.direction)),
        Some((1, Direction::Up))
    );
    assert_eq!(link.poll_delivery(at(99_999)).map(|out| out.due), Some(at(40_100)), "the caller was late");
    assert_eq!(link.poll_timeout(), None);
}

#[test]
fn jitter_is_uniform_and_keeps_the_order() {
    for seed in SEEDS {
        // One packet each 10 ms: jitter up to 8 ms never pushes the next one, so it is seen as drawn.
        let flow = flow("delay=5ms jitter=8ms", seed, 10_000, 10 * MS);
        let extra: Vec<f64> = flow
            .arrivals
            .iter()
            .map(|(packet, due)| due.as_micros() as f64 - ((packet - 1) * 10_000 + 5_000) as f64)
            .collect();
        let mean = extra.iter().sum::<f64>() / 10_000.0;
        assert_near(mean, 4_000.0, 4.0 * 23.1, "mean jitter in microseconds");
        let low = extra.iter().filter(|extra| **extra < 2_000.0).count() as u64;
        assert_near(share(low, 10_000), 0.25, 4.0 * 0.0043, "share in the lowest quarter");
        assert!(extra.iter().all(|extra| (0.0..=8_000.0).contains(extra)));
        let dense = flow_in_order("delay=5ms jitter=8ms", seed);
        assert!(dense, "order is kept");
    }
}

fn flow_in_order(settings: &str, seed: u64) -> bool {
    flow(settings, seed, 1_000, MS / 10).arrivals.is_sorted_by_key(|(packet, _)| *packet)
}

#[test]
fn loss_is_the_share_that_was_asked_for_in_each_direction() {
    for seed in SEEDS {
        for loss in [1.0, 5.0, 20.0] {
            let mut link = link(&format!("up-loss={loss}% down-loss={}%", loss / 2.0), seed);
            for packet in 0..100_000 {
                link.handle_packet(at(packet), Direction::Up, 60, &[], packet);
                link.handle_packet(at(packet), Direction::Down, 60, &[], packet);
                while link.poll_delivery(at(packet)).is_some() {}
            }
            for (direction, percent) in [(Direction::Up, loss), (Direction::Down, loss / 2.0)] {
                let p = percent / 100.0;
                let lost = share(link.counters(direction).dropped(DropCause::Loss), 100_000);
                assert_near(lost, p, 4.0 * (p * (1.0 - p) / 100_000.0).sqrt(), "share lost");
            }
        }
    }
}

#[test]
fn losses_come_in_runs_of_the_mean_length_asked_for() {
    for seed in SEEDS {
        let flow = flow("loss=5% burst=4", seed, 200_000, MS);
        let lost: Vec<bool> =
            flow.verdicts.iter().map(|verdict| *verdict == Verdict::Dropped(DropCause::Loss)).collect();
        let count = lost.iter().filter(|lost| **lost).count() as f64;
        let runs = lost.windows(2).filter(|pair| pair[0] && !pair[1]).count() as f64;
        // 2,500 runs, geometric with mean 4 and standard deviation 3.5: 0.07 of the mean of all.
        assert_near(count / runs, 4.0, 4.0 * 0.07, "mean run");
        // The number of runs varies by 1/√2,500, each with its length: 2.6 % of the share.
        assert_near(count / 200_000.0, 0.05, 4.0 * 0.0013, "share lost");
    }
}

#[test]
fn fades_take_the_share_of_time_asked_for_whatever_the_pace_of_packets() {
    for seed in SEEDS {
        let out = |interval: u32| {
            let flow = flow("fade=80ms@5%", seed, 2_000_000 / u64::from(interval), MS * interval);
            share(flow.counters.dropped(DropCause::Fade), flow.counters.entered)
        };
        let (dense, sparse) = (out(5), out(50));
        // 2,000 s hold 1,250 outages: a standard deviation of 1/√1,250 · √2 = 4 % of the share.
        assert_near(dense, 0.05, 4.0 * 0.002, "share of time out of order");
        assert_near(sparse, dense, 0.006, "the same, asked ten times more rarely");
    }
}

#[test]
fn outages_are_exact() {
    let flow = flow("outage=1s+500ms outage=3s+1ms", 1, 4_000, MS);
    let missing: Vec<u64> =
        (1..=4_000).filter(|packet| !flow.arrivals.iter().any(|(arrived, _)| arrived == packet)).collect();
    let expected: Vec<u64> = (1_001..=1_500).chain([3_001]).collect();
    assert_eq!(missing, expected);
}

#[test]
fn the_rate_is_kept_and_the_queue_bounds_the_wait() {
    for size in [100u32, 1_500] {
        let own = Duration::from_micros(u64::from(size) * 8); // at 1 Mbit/s
        let twice_the_rate = own / 2;
        let packets = 20_000_000 / (size * 4);
        let link = link("delay=10ms rate=1mbit queue=50ms", 1);
        let flow = flow_over(link, u64::from(packets), size, twice_the_rate);
        let span = flow.arrivals[flow.arrivals.len() - 1].1 - flow.arrivals[0].1;
        let bits = (flow.arrivals.len() as f64 - 1.0) * f64::from(size) * 8.0;
        assert_near(bits / span.as_secs_f64(), 1e6, 1e3, "bits a second");
        let sent = |packet: u64| at((packet - 1) * u64::from(size) * 4);
        let waits = flow.arrivals.iter().map(|(packet, due)| *due - sent(*packet));
        let longest = waits.max().expect("some arrived");
        assert!(longest <= 60 * MS + own, "delay, a full queue and its own time on the line: {longest:?}");
        assert!(longest + own >= 60 * MS, "the queue was used: {longest:?}");
    }
}

#[test]
fn the_default_queue_is_one_round_trip_at_the_rate() {
    // The link of quic-interop-runner: 10 Mbit/s and 30 ms there and back hold 25 full packets.
    let mut link = link("delay=15ms rate=10mbit", 1);
    let passed = (0..100).filter(|packet| {
        matches!(link.handle_packet(at(0), Direction::Up, 1_500, &[], *packet), Verdict::Passes(_))
    });
    assert_eq!(passed.count(), 1 + 25);
}

#[test]
fn marks_come_only_when_asked_for() {
    for (settings, marks) in [("rate=1mbit queue=10pkt ecn=on", 6), ("rate=1mbit queue=10pkt", 0)] {
        let mut link = link(settings, 1);
        (0..100).for_each(|packet| {
            link.handle_packet(at(0), Direction::Up, 1_500, &[], packet);
        });
        let mut marked = 0;
        while let Some(due) = link.poll_timeout() {
            marked += u64::from(link.poll_delivery(due).is_some_and(|out| out.ce));
        }
        assert_eq!((marked, link.counters(Direction::Up).marked), (marks, marks));
    }
}

#[test]
fn the_share_held_back_is_overtaken() {
    for seed in SEEDS {
        let flow = flow("delay=20ms reorder=2% reorder-by=10ms", seed, 50_000, MS);
        let held = share(flow.counters.held_back, 50_000);
        assert_near(held, 0.02, 4.0 * 0.00063, "share held back");
        // All but those at the very end are overtaken.
        assert!(flow.counters.held_back - flow.counters.reordered <= 1);
        let late = |(packet, due): &(u64, Instant)| *due - at((packet - 1) * 1_000);
        assert!(flow.arrivals.iter().map(late).all(|late| late == 20 * MS || late == 30 * MS));
    }
}

#[test]
fn second_copies_come_right_behind_and_as_often_as_asked_for() {
    for seed in SEEDS {
        let flow = flow("delay=20ms duplicate=3%", seed, 50_000, MS);
        assert_near(share(flow.counters.duplicated, 50_000), 0.03, 4.0 * 0.00076, "share that comes twice");
        let twins = flow.arrivals.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
        assert_eq!(twins, flow.counters.duplicated);
        assert_eq!(flow.counters.delivered, 50_000 + flow.counters.duplicated);
        assert_eq!(flow.counters.reordered, 0, "a copy is no reordering");
    }
}

#[test]
fn corruption_flips_exactly_one_bit_anywhere() {
    let mut link: Link<[u8; 8]> = Link::new(config("corrupt=10%", 3), at(0));
    let (mut damaged, mut places) = (0u64, [0u64; 64]);
    for _ in 0..64_000 {
        link.handle_packet(at(0), Direction::Up, 36, &[], [0; 8]);
        let Some(mut out) = link.poll_delivery(at(0)) else { continue };
        let Some(flip) = out.flip else { continue };
        flip.apply(&mut out.packet);
        let bits = u64::from_be_bytes(out.packet);
        assert_eq!(bits.count_ones(), 1);
        damaged += 1;
        places[bits.trailing_zeros() as usize] += 1;
    }
    assert_near(share(damaged, 64_000), 0.1, 4.0 * 0.0012, "share damaged");
    assert!(places.iter().all(|count| (50..=150).contains(count)), "each of 64 about 100 times: {places:?}");
    Flip(u64::MAX).apply(&mut []);
}

#[test]
fn larger_packets_than_the_mtu_vanish() {
    let mut link = link("mtu=1400", 1);
    assert_eq!(link.handle_packet(at(0), Direction::Up, 1_400, &[], 1), Verdict::Passes(at(0)));
    assert_eq!(link.handle_packet(at(0), Direction::Up, 1_401, &[], 2), Verdict::Dropped(DropCause::Mtu));
}

/// Which of 2,000 packets passed.
fn passed(settings: &str, size: u32, interval: Duration) -> Vec<bool> {
    let flow = flow_over(link(settings, 11), 2_000, size, interval);
    flow.verdicts.iter().map(|verdict| matches!(verdict, Verdict::Passes(_))).collect()
}

#[test]
fn the_kth_packet_meets_the_same_fate_whatever_its_size_and_its_time() {
    for settings in ["loss=10%", "loss=10% burst=3"] {
        let fate = passed(settings, 60, MS);
        assert!(fate.contains(&false));
        assert_eq!(fate, passed(settings, 1_400, 7 * MS), "{settings}");
        let more = format!("{settings} delay=9ms jitter=5ms reorder=5% duplicate=5% corrupt=5%");
        assert_eq!(fate, passed(&more, 60, MS), "other options shift nothing: {settings}");
    }
}

#[test]
fn a_packet_that_is_dropped_otherwise_still_counts_in_the_sequence_of_fates() {
    let fate = passed("loss=10% burst=3", 60, MS);
    let with_outage = passed("loss=10% burst=3 outage=500ms+100ms", 60, MS);
    assert_eq!(fate[..500], with_outage[..500]);
    assert!(with_outage[500..600].iter().all(|passed| !passed));
    assert_eq!(fate[600..], with_outage[600..]);
}

#[test]
fn other_seeds_and_directions_meet_other_fates() {
    let mut link = link("loss=50%", 11);
    let [up, down] = Direction::BOTH.map(|direction| -> Vec<Verdict> {
        (0..64).map(|packet| link.handle_packet(at(0), direction, 60, &[], packet)).collect()
    });
    assert_ne!(up, down);
    assert_ne!(flow("loss=50%", 11, 64, MS).verdicts, flow("loss=50%", 12, 64, MS).verdicts);
}

#[test]
fn packets_are_dropped_by_name() {
    let names =
        ["client:packet#3", "client:data#2", "server:ack#1"].map(|name| name.parse().expect("a good name"));
    let mut link = Link::new(LinkConfig { drops: names.to_vec(), ..LinkConfig::default() }, at(0));
    let mut drop = |direction, kind: &str| {
        let verdict = link.handle_packet(at(0), direction, 60, &[kind], ());
        verdict == Verdict::Dropped(DropCause::Named)
    };
    let up = ["data", "ack", "ack", "data", "data"].map(|kind| drop(Direction::Up, kind));
    assert_eq!(up, [false, false, true, true, false]);
    let down = ["data", "ack", "ack"].map(|kind| drop(Direction::Down, kind));
    assert_eq!(down, [false, true, false]);
}

#[test]
fn conditions_change_at_their_times() {
    let trace = "1s loss=100%\n2s loss=0 up-delay=50ms".parse().expect("a good trace");
    let link = Link::new(LinkConfig { conditions: trace, ..LinkConfig::default() }, at(0));
    let flow = flow_over(link, 3_000, 100, MS);
    let arrived: Vec<u64> = flow.arrivals.iter().map(|(packet, _)| *packet).collect();
    assert_eq!(arrived, (1..=1_000).chain(2_001..=3_000).collect::<Vec<u64>>());
    assert_eq!(flow.arrivals[1_000].1, at(2_050_000));
}

#[test]
fn packets_due_at_the_same_moment_come_out_as_they_went_in() {
    let mut link = link("delay=5ms", 1);
    for packet in 0..100 {
        let direction = Direction::BOTH[usize::from(packet % 3 == 0)];
        link.handle_packet(at(0), direction, 60, &[], packet);
    }
    let out: Vec<u64> = std::iter::from_fn(|| link.poll_delivery(at(5_000))).map(|out| out.packet).collect();
    assert_eq!(out, (0..100).collect::<Vec<u64>>());
}

#[test]
fn what_is_under_way_is_bounded_and_the_overload_is_told() {
    let mut link: Link<()> = Link::new(config("delay=10min", 1), at(0));
    for _ in 0..MAX_PACKETS + 10 {
        link.handle_packet(at(0), Direction::Up, 60, &[], ());
    }
    assert!(link.counters(Direction::Up).dropped(DropCause::Overload) >= 10);
    assert_eq!(link.handle_packet(at(0), Direction::Down, 60, &[], ()), Verdict::Passes(at(600_000_000)));

    let mut link: Link<()> = Link::new(config("delay=10min", 1), at(0));
    for _ in 0..=MAX_BYTES / 60_000 {
        link.handle_packet(at(0), Direction::Up, 60_000, &[], ());
    }
    assert!(link.counters(Direction::Up).dropped(DropCause::Overload) >= 1);
}
