use super::super::matrix::Matrix;
use super::super::row::Row;
use super::*;
use crate::lab::bench::Fate;
use crate::time::Duration;

fn wanted(row: &str, change: impl FnOnce(&mut Wanted)) -> Wanted {
    let mut wanted = Matrix::usual().with_rows(&[row.parse::<Row>().expect("a row")]).wanted();
    let mut first = wanted.swap_remove(4); // 5 % loss, the first seed, with packets
    assert!(first.packets, "{first:?}");
    change(&mut first);
    first
}

#[test]
fn over_a_perfect_link_every_row_takes_the_delay_twice() {
    for row in ["raw", "udp", "tcp", "udp:go-back-n"] {
        let taken = take(&wanted(row, |it| it.config.up.loss = 0.0)).expect(row);
        let lossless = take(&wanted(row, |it| {
            it.config.up.loss = 0.0;
            it.config.down.loss = 0.0;
        }));
        let latencies = lossless.expect(row).latencies();
        assert_eq!(latencies.len(), 100, "{row}");
        assert_eq!(latencies.min(), Some(Duration::from_millis(50)), "{row}");
        assert!(latencies.quantile(500) < Some(Duration::from_millis(52)), "{row}");
        assert!(taken.model && taken.label == row.replace(':', " "), "{row}");
    }
}

#[test]
fn raw_misses_exactly_what_the_link_dropped() {
    let taken = take(&wanted("raw", |it| it.workload.messages = 1_000)).expect("it is played");
    let dropped = taken.link.up.dropped_in_all() + taken.link.down.dropped_in_all();
    assert_eq!((taken.lost(), taken.delivered()), (dropped, 1_000 - dropped));
    assert!((60..140).contains(&dropped), "{dropped} of 1,000 twice at 5 %");
    assert_eq!(taken.out_of_order + taken.duplicated, 0);
}

#[test]
fn our_layer_and_its_model_of_tcp_lose_nothing_and_the_model_is_slower() {
    let run = |row: &str| take(&wanted(row, |it| it.workload.messages = 300)).expect(row);
    let (ours, tcp) = (run("udp"), run("tcp"));
    assert_eq!((ours.lost(), tcp.lost()), (0, 0));
    assert!(ours.latencies().quantile(950) < tcp.latencies().quantile(950));
    assert_eq!((tcp.carried, tcp.label.as_str()), (Carried::Tcp, "tcp"));
}

#[test]
fn the_packets_are_those_that_the_link_counted() {
    for row in ["raw", "udp", "tcp"] {
        let taken = take(&wanted(row, |_| ())).expect(row);
        for way in Direction::BOTH {
            let mine = || taken.passages.iter().filter(|it| it.direction == way);
            let report = taken.link.way(way);
            let bytes: u64 = mine().map(|it| u64::from(it.ip_bytes)).sum();
            let dropped = mine().filter(|it| matches!(it.fate, Fate::Dropped(_))).count() as u64;
            assert_eq!((mine().count() as u64, bytes), (report.packets, report.bytes), "{row} {way}");
            assert_eq!(dropped, report.dropped_in_all(), "{row} {way}");
            assert!(mine().zip(1..).all(|(it, number)| it.number == number), "{row} {way}");
        }
    }
}

#[test]
fn a_seed_says_the_same_again_and_another_something_else() {
    let seeded = |seed| take(&wanted("udp", |it| it.seed = seed)).expect("it is played");
    assert_eq!(seeded(3), seeded(3));
    assert_ne!(seeded(3).fates, seeded(4).fates);
}

#[test]
fn every_receiver_gets_every_message() {
    for row in ["raw", "udp", "tcp"] {
        let taken = take(&wanted(row, |it| {
            it.workload.receivers = 4;
            it.config.up.loss = 0.0;
            it.config.down.loss = 0.0;
        }));
        let taken = taken.expect(row);
        assert_eq!((taken.fates.len(), taken.lost()), (400, 0), "{row}");
        assert!(
            (0..4).all(|receiver| taken.fates.iter().filter(|it| it.receiver == receiver).count() == 100)
        );
    }
}

#[test]
fn what_no_model_can_say_is_refused_with_the_reason() {
    for (row, reason) in [("tcp:bbr", "bbr"), ("tcp:nagle", "Nagle")] {
        let error = take(&wanted(row, |_| ())).expect_err(row);
        assert!(error.contains(reason), "{error}");
    }
    let bulk = wanted("raw", |it| it.workload.interval = Duration::ZERO);
    assert!(take(&bulk).is_err_and(|error| error.contains("rate")));
}
