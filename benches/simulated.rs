//! How fast is the transport on a bad link, and for how many datagrams?
//!
//! The real connection and the real endpoint over the emulated link, on virtual time
//! ([`sayagain::lab::flow`]): each figure is a function of the seeds, the same on every machine.
//!
//! `cargo bench --bench simulated -- [TABLE…] [--seeds 10] [--messages 5000] [--loss 5]`
//!
//! | table | answers |
//! | --- | --- |
//! | `thin` | a message of 100 bytes each 20 ms, 25 ms one way: in-order latency, datagrams, bytes |
//! | `slow` | the same with one each 100 ms and each 400 ms |
//! | `fade` | the same with outages of 80 ms on average, 5 % of the time |
//! | `first` | first contact: from the first datagram to the first answered message |
//! | `bulk` | 20 MB in order over 20 Mbit/s, 50 ms RTT, queue of one bandwidth-delay product |
//! | `reorder` | the same with packets that are overtaken on the way: what is found lost, and what really is |
//! | `beside` | a message each 20 ms beside such a transfer on the same session |
//! | `fair` | two transfers through one queue for 60 s: Jain's index |
//! | `arq` | the teaching modes' goodput beside the textbooks' formulas, as `sayagain sim --goodput` has it |
//! | `crowd` | 100 sessions that share one queue |
//!
//! Latency is from when a message is handed in to when the receiver's user gets it, in its channel's order.
//! Messages and datagrams of the first five seconds are counted apart, while the estimates settle.
//! Datagrams and bytes a message are of the sender: those datagrams that carry message bytes, and their UDP
//! payload; what only acknowledges is counted apart, both ways.

mod meter;

use sayagain::lab::flow::goodput;
use sayagain::lab::flow::tally::Relation;
use sayagain::lab::flow::{
    End, Latencies, Medium, Meeting, Paced, Plan, Report, SessionReport, Workload, run,
};
use sayagain::lab::link::config::{Fade, QueueLimit};
use sayagain::lab::link::{Direction, DirectionConfig, DropCause, Link, LinkConfig, Verdict};
use sayagain::time::{Duration, at};
use sayagain::transport::arq::Arq;
use sayagain::transport::config::Choices;
use sayagain::transport::congestion::Congestion;
use sayagain::transport::redundancy::Redundancy;
use std::collections::VecDeque;
use std::thread;

/// One way, in every table.
const DELAY: Duration = Duration::from_millis(25);
/// What is counted apart.
const WARM_UP: Duration = Duration::from_secs(5);
/// The loss of each way in the tables over loss, in percent.
const LOSSES: [f64; 7] = [0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0];

/// What is to be reached at each of [`LOSSES`]: p99 and p99.9 in ms, datagrams a message.
const THIN_GOALS: [[f64; 3]; 7] = [
    [26.0, 26.0, 1.02],
    [47.0, 50.0, 1.1],
    [47.0, 50.0, 1.5],
    [38.0, 50.0, 2.1],
    [48.0, 60.0, 2.2],
    [48.0, 70.0, 2.5],
    [60.0, 85.0, 2.8],
];

/// One message each so many ms: loss in percent, p99 in ms, datagrams a message.
const SLOW_GOALS: [(u64, f64, f64, f64); 6] = [
    (100, 5.0, 40.0, 2.2),
    (100, 10.0, 66.0, 2.6),
    (100, 20.0, 70.0, 3.2),
    (400, 5.0, 40.0, f64::NAN),
    (400, 10.0, 66.0, f64::NAN),
    (400, 20.0, 75.0, f64::NAN),
];

/// Bulk: loss in percent, Mbit/s.
const BULK_GOALS: [(f64, f64); 4] = [(0.0, 18.6), (0.1, 18.6), (1.0, 18.4), (5.0, 16.2)];

/// What a crowd's line loses whatever the load, in percent.
const CROWD_LOSS: f64 = 3.0;

/// Messages of each session of a crowd after the warm-up: a minute, so that copies rest and come back.
const CROWD_MESSAGES: u64 = 600;

/// How much is measured.
#[derive(Clone, Copy)]
struct Extent {
    seeds: u64,
    /// Of each seed, after the warm-up.
    messages: u64,
    /// This loss only, in percent.
    only_loss: Option<f64>,
}

impl Extent {
    fn covers(self, percent: f64) -> bool {
        self.only_loss.is_none_or(|only| (only - percent).abs() < 1e-9)
    }

    /// Plays the plan with each seed, on two threads, and gives the reports in the order of the seeds.
    fn reports(self, plan: &Plan) -> Vec<Report> {
        let every_other = |first: u64| -> Vec<(u64, Report)> {
            let seeds = (first..=self.seeds).step_by(2);
            seeds.map(|seed| (seed, run(plan, seed).unwrap_or_else(|stuck| panic!("{stuck}")))).collect()
        };
        let mut reports = thread::scope(|scope| {
            let other = scope.spawn(|| every_other(2));
            let mut reports = every_other(1);
            reports.extend(other.join().expect("a run does not panic"));
            reports
        });
        reports.sort_by_key(|(seed, _)| *seed);
        reports.into_iter().map(|(_, report)| report).collect()
    }

    fn total(self, plan: &Plan) -> SessionReport {
        let mut all = SessionReport::default();
        self.reports(plan).iter().for_each(|report| all.absorb(&report.total(), Relation::Again));
        all
    }
}

fn way(percent: f64) -> DirectionConfig {
    DirectionConfig { delay: DELAY, loss: percent / 100.0, ..DirectionConfig::default() }
}

/// One session that speaks up: a message each `interval`, so many after the warm-up.
fn speaking(way: DirectionConfig, interval: Duration, messages: u64) -> Plan {
    let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
    let early = u64::try_from(WARM_UP.as_micros() / interval.as_micros()).unwrap_or(0);
    plan.sessions[0].up.paced = Paced { messages: messages + early, interval, ..Paced::default() };
    plan.warm_up = WARM_UP;
    plan
}

/// 20 Mbit/s, 50 ms there and back, a queue of one bandwidth-delay product.
fn narrow(percent: f64) -> DirectionConfig {
    DirectionConfig { rate: Some(20_000_000), ..way(percent) }
}

fn ms(latencies: &Latencies, per_mille: usize) -> String {
    let span = latencies.quantile(per_mille);
    span.map_or_else(|| "–".to_owned(), |span| format!("{:.1}", span.as_secs_f64() * 1e3))
}

fn goal(value: f64) -> String {
    if value.is_nan() { String::new() } else { format!(" ({value})") }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn per(count: u64, messages: u64) -> String {
    format!("{:.2}", count as f64 / messages.max(1) as f64)
}

const LATENCY_HEAD: &str = "| case | p50 | p99 (goal) | p99.9 (goal) | max | datagrams a message (goal) | \
    bytes a message | control datagrams a message, there + back | first 5 s: p99 | missing |\n\
    | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |";

/// A row: latencies in ms, and what they cost.
fn print_row(case: &str, all: &SessionReport, [p99, p999, datagrams]: [f64; 3]) {
    let fates = &all.up.steady;
    let [there, back] = Direction::BOTH.map(|way| all.wire(true, way));
    let missing = fates.sent - fates.delivered + all.up.early.sent - all.up.early.delivered;
    println!(
        "| {case} | {} | {}{} | {}{} | {} | {}{} | {} | {} + {} | {} | {missing} |",
        ms(&fates.latencies, 500),
        ms(&fates.latencies, 990),
        goal(p99),
        ms(&fates.latencies, 999),
        goal(p999),
        ms(&fates.latencies, 1_000),
        per(there.carrying.datagrams, fates.sent),
        goal(datagrams),
        per(there.carrying.bytes, fates.sent),
        per(there.control.datagrams, fates.sent),
        per(back.control.datagrams, fates.sent),
        ms(&all.up.early.latencies, 990),
    );
}

fn thin(extent: Extent) {
    println!("\n100 bytes each 20 ms, {} messages a seed, {} seeds\n", extent.messages, extent.seeds);
    println!("{LATENCY_HEAD}");
    for (percent, goals) in LOSSES.into_iter().zip(THIN_GOALS).filter(|(percent, _)| extent.covers(*percent))
    {
        let plan = speaking(way(percent), Duration::from_millis(20), extent.messages);
        print_row(&format!("{percent} % loss"), &extent.total(&plan), goals);
    }
}

fn slow(extent: Extent) {
    println!("\n100 bytes, {} messages a seed, {} seeds\n\n{LATENCY_HEAD}", extent.messages, extent.seeds);
    for (interval, percent, p99, datagrams) in SLOW_GOALS {
        if extent.covers(percent) {
            let plan = speaking(way(percent), Duration::from_millis(interval), extent.messages);
            let case = format!("each {interval} ms, {percent} % loss");
            print_row(&case, &extent.total(&plan), [p99, f64::NAN, datagrams]);
        }
    }
}

/// What outages leave to be had: as if a datagram left each millisecond, and each carried everything.
fn allowed(plan: &Plan, seed: u64) -> Vec<Duration> {
    let Paced { messages, interval, .. } = plan.sessions[0].up.paced;
    let mut link = Link::new(LinkConfig { seed, ..plan.link.clone() }, at(0));
    let step = Duration::from_millis(1);
    let end = at(0) + interval * u32::try_from(messages).unwrap_or(u32::MAX) + Duration::from_mins(1);
    let (mut now, mut waiting, mut sent) = (at(0), VecDeque::new(), 0);
    let mut latencies = Vec::new();
    while now < end && (sent < messages || !waiting.is_empty()) {
        if sent < messages && now >= at(0) + interval * u32::try_from(sent).unwrap_or(u32::MAX) {
            waiting.push_back(now);
            sent += 1;
        }
        if let Verdict::Passes(arrives) = link.handle_packet(now, Direction::Up, 100, &[], ()) {
            latencies.extend(waiting.drain(..).map(|since| arrives - since));
        }
        while link.poll_delivery(now).is_some() {}
        now += step;
    }
    latencies
}

fn fade(extent: Extent) {
    println!(
        "\nOutages of 80 ms on average, 5 % of the time, each way; 100 bytes each 20 ms\n\n{LATENCY_HEAD}"
    );
    let fade = Some(Fade { mean: Duration::from_millis(80), share: 0.05 });
    let plan = speaking(DirectionConfig { fade, ..way(0.0) }, Duration::from_millis(20), extent.messages);
    let ideal = Latencies::of((1..=extent.seeds).flat_map(|seed| allowed(&plan, seed)).collect());
    let [p99, p999] =
        [990, 999].map(|share| ideal.quantile(share).map_or(f64::NAN, |span| span.as_secs_f64() * 1e3));
    println!("| what the outages allow | | {p99:.1} | {p999:.1} | | | | | | |");
    print_row("outages", &extent.total(&plan), [p99 + 20.0, p999 + 20.0, f64::NAN]);
}

/// The client hands a message in with its hello; the server answers it when it arrives.
fn first(extent: Extent) {
    println!("\nFirst contact: from the first datagram to the first answered message, ms\n");
    println!("| case | p50 | p90 | p99 | max |\n| --- | ---: | ---: | ---: | ---: |");
    let meetings = [
        (Meeting::Stranger, "stranger"),
        (Meeting::Known, "known server"),
        (Meeting::Restarted, "known server that has restarted"),
    ];
    for (meeting, name) in meetings {
        for percent in [0.0, 10.0].into_iter().filter(|percent| extent.covers(*percent)) {
            let mut plan = Plan::of(LinkConfig::symmetric(way(percent), 0));
            plan.meeting = meeting;
            plan.sessions[0].up.paced.messages = 1;
            plan.sessions[0].down = Workload { answers: true, ..plan.sessions[0].up };
            let seeds = Extent { seeds: extent.seeds * 100, ..extent };
            let first = seeds.total(&plan).down.first;
            let cells = [500, 900, 990, 1_000].map(|per_mille| ms(&first, per_mille)).join(" | ");
            println!("| {name}, {percent} % loss | {cells} |");
        }
    }
}

fn bulk(extent: Extent) {
    println!("\n20 MB in order, 20 Mbit/s, 50 ms RTT, queue of one bandwidth-delay product\n");
    println!(
        "| loss | Mbit/s (goal) | least of a seed | bytes sent / bytes of messages | control datagrams back a MB | missing |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (percent, mbit) in BULK_GOALS.into_iter().filter(|(percent, _)| extent.covers(*percent)) {
        let mut plan = Plan::of(LinkConfig::symmetric(narrow(percent), 0));
        plan.sessions[0].up.bulk.bytes = 20_000_000;
        let reports = extent.reports(&plan);
        let least = reports.iter().map(|report| report.sessions[0].up.bulk.goodput_mbit());
        let least = least.fold(f64::INFINITY, f64::min);
        let mut all = SessionReport::default();
        reports.iter().for_each(|report| all.absorb(&report.total(), Relation::Again));
        let transfer = &all.up.bulk;
        println!(
            "| {percent} % | {:.1}{} | {least:.1} | {} | {} | {} |",
            transfer.goodput_mbit(),
            goal(mbit),
            per(all.wire(true, Direction::Up).all().bytes, transfer.bytes),
            per(all.wire(true, Direction::Down).control.datagrams, transfer.bytes / 1_000_000),
            transfer.fates.sent - transfer.fates.delivered,
        );
    }
}

/// How a link reorders: which share of the packets it holds back, for so many ms, and how much it loses.
const REORDERINGS: [(f64, u64, f64); 6] =
    [(0.0, 0, 0.0), (0.02, 10, 0.0), (0.3, 2, 0.0), (0.3, 10, 0.0), (0.3, 10, 1.0), (0.3, 30, 0.0)];

fn reorder(extent: Extent) {
    println!("\n20 MB in order, 20 Mbit/s, 50 ms RTT, a queue of 50 ms; packets are overtaken on the way\n");
    println!(
        "| held back | loss | Mbit/s | found lost, of 1000 | really lost, of 1000 | bytes sent / bytes of messages |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (share, by, percent) in REORDERINGS {
        let reorder_by = Duration::from_millis(by);
        let way = DirectionConfig { reorder: share, reorder_by, ..narrow(percent) };
        let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
        plan.sessions[0].up.bulk.bytes = 20_000_000;
        let reports = extent.reports(&plan);
        let mut all = SessionReport::default();
        reports.iter().for_each(|report| all.absorb(&report.total(), Relation::Again));
        let found = reports.iter().map(|report| report.decisions[0]);
        let found: u64 = found.map(|client| client.lost_by_packets + client.lost_by_time).sum();
        let real = reports.iter().map(|report| &report.links[0][0]);
        let real: u64 = real.map(|up| up.dropped(DropCause::Loss) + up.dropped(DropCause::Queue)).sum();
        let sent = all.wire(true, Direction::Up).all();
        println!(
            "| {:.0} % by {by} ms | {percent} % | {:.1} | {} | {} | {} |",
            share * 100.0,
            all.up.bulk.goodput_mbit(),
            per(found * 1_000, sent.datagrams),
            per(real * 1_000, sent.datagrams),
            per(sent.bytes, all.up.bulk.bytes),
        );
    }
}

fn beside(extent: Extent) {
    println!(
        "\nA message each 20 ms beside a transfer of 20 MB on the same session, no loss; the link's queue"
    );
    println!("holds at most 50 ms\n\n{LATENCY_HEAD}");
    let mut plan = speaking(narrow(0.0), Duration::from_millis(20), 400);
    plan.warm_up = Duration::from_secs(1);
    plan.sessions[0].up.bulk.bytes = 20_000_000;
    print_row("beside bulk", &extent.total(&plan), [85.0, f64::NAN, f64::NAN]);
}

/// (Σx)² / (n·Σx²): 1 if all have the same (Jain, Chiu and Hawe 1984).
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn jain(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    if squares > 0.0 { sum * sum / (shares.len() as f64 * squares) } else { 1.0 }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn fair(extent: Extent) {
    println!(
        "\nTwo transfers through one queue, 20 Mbit/s, 50 ms RTT, 60 s; the second begins a second later\n"
    );
    println!("| loss | first, Mbit/s | second, Mbit/s | Jain's index (goal) |\n| --- | ---: | ---: | ---: |");
    for percent in [0.0, 1.0].into_iter().filter(|percent| extent.covers(*percent)) {
        let mut plan = Plan::of(LinkConfig::symmetric(narrow(percent), 0));
        plan.medium = Medium::Shared;
        plan.sessions[0].up.bulk.bytes = u64::MAX;
        plan.sessions.push(plan.sessions[0].clone());
        plan.sessions[1].start = Duration::from_secs(1);
        plan.end = End::At(Duration::from_mins(1));
        let reports = Extent { seeds: extent.seeds.min(5), ..extent }.reports(&plan);
        let count = reports.len().max(1) as f64;
        let rate = |session: usize| {
            let bytes: u64 = reports.iter().map(|report| report.sessions[session].up.bulk.bytes).sum();
            bytes as f64 * 8.0 / 60e6 / count
        };
        let index = |report: &Report| {
            let shares = report.sessions.iter().map(|session| session.up.bulk.bytes as f64);
            jain(&shares.collect::<Vec<f64>>())
        };
        let mean = reports.iter().map(index).sum::<f64>() / count;
        println!("| {percent} % | {:.2} | {:.2} | {mean:.3} (0.93) |", rate(0), rate(1));
    }
}

fn crowd(extent: Extent) {
    println!(
        "\n100 sessions, a message each 100 ms each; one queue of 60 packets before one line up, so that loss"
    );
    println!("rises with load; besides, {CROWD_LOSS} % are lost whatever the load\n\n{LATENCY_HEAD}");
    for kbit in [8_000, 4_000, 3_000, 2_500, 2_000, 1_500] {
        let up = DirectionConfig {
            rate: Some(kbit * 1_000),
            queue: Some(QueueLimit::Packets(60)),
            ..way(CROWD_LOSS)
        };
        let mut plan = speaking(up, Duration::from_millis(100), CROWD_MESSAGES);
        plan.medium = Medium::Shared;
        plan.meeting = Meeting::Clear;
        let one = plan.sessions[0].clone();
        plan.sessions = (0..100).map(|_| one.clone()).collect();
        for (n, session) in (0..).zip(&mut plan.sessions) {
            session.start = Duration::from_millis(37 * n);
        }
        let seeds = Extent { seeds: extent.seeds.min(4), ..extent };
        for redundancy in [Redundancy::Off, Redundancy::Auto] {
            plan.server.redundancy = redundancy;
            plan.sessions.iter_mut().for_each(|session| session.config.redundancy = redundancy);
            print_row(&format!("{kbit} kbit/s, {redundancy}"), &seeds.total(&plan), [f64::NAN; 3]);
        }
    }
}

fn arq(_: Extent) {
    println!(
        "\nGoodput of the teaching modes, {} Mbit/s, the median of five seeds",
        goodput::RATE / 1_000_000
    );
    println!(
        "\n| mode | round trip | loss | a | formula, Mbit/s | Mathis | measured, Mbit/s | measured / formula |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for arq in Arq::TEACHING {
        let congestion =
            if arq == Arq::TcpLike { Congestion::NewReno } else { arq.congestion(Congestion::default()) };
        let choices = Choices { arq, congestion, redundancy: Redundancy::Off };
        for row in goodput::table(choices, goodput::RATE, 1).unwrap_or_else(|stuck| panic!("{stuck}")) {
            println!(
                "| {arq}, {congestion} | {} ms | {:.0} % | {:.1} | {:.3} | {} | {:.3} | {:.2} |",
                row.round_trip.as_millis(),
                row.loss * 100.0,
                row.a,
                row.formula,
                row.mathis.map_or_else(String::new, |mathis| format!("{mathis:.3}")),
                row.measured,
                row.measured / row.formula,
            );
        }
    }
}

type Table = (&'static str, fn(Extent));

const TABLES: [Table; 10] = [
    ("thin", thin),
    ("slow", slow),
    ("fade", fade),
    ("first", first),
    ("bulk", bulk),
    ("reorder", reorder),
    ("beside", beside),
    ("fair", fair),
    ("arq", arq),
    ("crowd", crowd),
];

fn main() {
    let trial = meter::is_trial();
    let extent = Extent {
        seeds: meter::number("--seeds", if trial { 1 } else { 10 }),
        messages: meter::number("--messages", if trial { 50 } else { 5_000 }),
        only_loss: meter::option("--loss").map(|text| text.parse().expect("--loss takes percent")),
    };
    let named: Vec<String> = std::env::args().skip(1).collect();
    let is_table = |name: &str| TABLES.iter().any(|(table, _)| *table == name);
    let wants_all = !trial && !named.iter().any(|name| is_table(name));
    for (name, table) in TABLES {
        if wants_all || named.iter().any(|wanted| wanted == name) || (trial && name == "thin") {
            table(extent);
        }
    }
}
