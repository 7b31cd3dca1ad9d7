use super::*;
use crate::lab::link::config::Direction;
use crate::lab::link::drops::NamedDrop;
use crate::lab::link::{LinkOptions, Rebind, RebindPlan};
use crate::time::Duration;
use clap::Parser;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    link: LinkOptions,
}

fn typed(words: &[String]) -> LinkConfig {
    let line = std::iter::once("program".to_owned()).chain(words.iter().cloned());
    let program = Program::try_parse_from(line).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    let config = program.link.config(0, |_| Ok(String::new()));
    config.unwrap_or_else(|error| panic!("{words:?}: {error}")).expect("a link")
}

fn spelled(line: &str) -> String {
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    super::words(&typed(&words)).join(" ")
}

#[test]
fn what_was_typed_is_spelled_again() {
    for line in [
        "--delay 25ms --loss 5% --seed 7",
        "--delay 0 --seed 3",
        "--up-delay 10ms --down-delay 20ms --down-rate 20mbit --down-queue 125kB --down-ecn --seed 1",
        "--loss 0.1% --burst 4 --fade 80ms@5% --seed 1",
        "--reorder 1% --reorder-by 1.5ms --mtu 1400 --outage 10s+3s --outage 20s+1.5s --seed 1",
        "--delay 1ms --rebind port@1s/5s --drop client:packet#3 --drop server:ack#1-4 --seed 1",
    ] {
        assert_eq!(spelled(line), line);
    }
}

#[test]
fn a_line_of_settings_has_no_seed_and_a_perfect_link_none() {
    let config = typed(&["--loss", "5%", "--seed", "7"].map(str::to_owned));
    assert_eq!(
        (super::spelled(&config), super::spelled(&LinkConfig::default())),
        ("--loss 5%".into(), String::new())
    );
}

#[test]
fn a_profile_is_spelled_as_its_settings() {
    assert_eq!(
        spelled("--profile dsl --seed 2"),
        "--delay 12ms --jitter 2ms --loss 0.01% --up-rate 5mbit --down-rate 50mbit --queue 100ms --seed 2"
    );
}

fn micros() -> impl Strategy<Value = Duration> {
    prop_oneof![Just(0), 1..1_000_000_000_u64, (1..10_000_u64).prop_map(|ms| ms * 1_000)]
        .prop_map(Duration::from_micros)
}

/// What can be typed: thousandths of a percent.
fn shares() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), (1..100_000_u32).prop_map(|n| (f64::from(n) / 1_000.0) / 100.0)]
}

fn limits() -> impl Strategy<Value = QueueLimit> {
    prop_oneof![
        micros().prop_map(QueueLimit::Time),
        (0..1_000_000_u64).prop_map(QueueLimit::Packets),
        (0..100_000_000_u64).prop_map(QueueLimit::Bytes),
    ]
}

prop_compose! {
    fn faults()(
        fade in option::of((1_000..1_000_000_u64, 1..99_u32)),
        reorder in shares(),
        reorder_by in micros(),
        duplicate in shares(),
        corrupt in shares(),
        mtu in option::of(68..65_535_u32),
        outages in vec((micros(), micros()), 0..3),
    ) -> DirectionConfig {
        DirectionConfig {
            fade: fade.map(|(mean, percent)| Fade {
                mean: Duration::from_micros(mean),
                share: f64::from(percent) / 100.0,
            }),
            reorder, reorder_by, duplicate, corrupt, mtu,
            outages: outages.into_iter().map(|(from, length)| Outage { from, length }).collect(),
            ..DirectionConfig::default()
        }
    }
}

prop_compose! {
    fn ways()(
        rest in faults(),
        delay in micros(),
        jitter in micros(),
        loss in shares(),
        burst in option::of(1.0..1e6_f64),
        rate in option::of(1..1_000_000_000_000_u64),
        queue in option::of(limits()),
        ecn: bool,
    ) -> DirectionConfig {
        let burst = burst.filter(|run| loss > 0.0 && loss <= run / (run + 1.0));
        let queue = queue.filter(|_| rate.is_some());
        DirectionConfig { delay, jitter, loss, burst, rate, queue, ecn: ecn && rate.is_some(), ..rest }
    }
}

prop_compose! {
    fn drops()(up: bool, kind in "[a-z]{1,8}", first in 1..100_u64, more in 0..3_u64) -> NamedDrop {
        let direction = if up { Direction::Up } else { Direction::Down };
        NamedDrop { direction, kind, first, last: first + more }
    }
}

prop_compose! {
    fn links()(
        up in ways(),
        other in ways(),
        alike: bool,
        seed: u64,
        rebind in option::of((any::<bool>(), micros(), option::of(1..1_000_000_u64))),
        drops in vec(drops(), 0..3),
    ) -> LinkConfig {
        let down = if alike { up.clone() } else { other };
        let rebind = rebind.map(|(port, first, every)| RebindPlan {
            what: if port { Rebind::Port } else { Rebind::Address },
            first,
            every: every.map(Duration::from_micros),
        });
        LinkConfig { up, down, seed, rebind, drops, ..LinkConfig::default() }
    }
}

proptest! {
    #[test]
    fn whoever_types_the_words_gets_the_same_link(link in links()) {
        let words = words(&link);
        prop_assert_eq!(typed(&words), link, "{:?}", words);
    }
}
