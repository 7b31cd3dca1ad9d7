//! How fast is one large transfer with each congestion control, and what does it leave to others?
//!
//! Whole sealed sessions of [`sayagain::lab::flow`] on virtual time through one bottleneck: 20 Mbit/s of IP
//! bytes, 25 ms and a queue of 50 ms each way. Each figure is a function of the seeds, the same on every
//! machine.
//!
//! - *alone*: 20 MB in order on one channel in messages of 16 KiB; from the first message handed in, when
//!   the session is open, to the last delivery.
//! - *beside*: 60 s beside one CUBIC flow, after both have begun, a second apart; the mean over the seeds
//!   and both orders of beginning: what each gets, Jain's index, and what the CUBIC flow keeps of what it
//!   gets beside another CUBIC flow.
//!
//! `cargo bench --bench congestion -- [alone|beside] [--cc tolerant] [--seeds 5] [--loss 1] [--rate 20]
//! [--queue 50] [--ecn]`, the loss in percent, the rate in Mbit/s, the queue in ms; with `--ecn` it marks from
//! half of it on.

mod meter;

use sayagain::lab::flow::{Bulk, End, Medium, Plan, SessionPlan, run};
use sayagain::lab::link::config::QueueLimit;
use sayagain::lab::link::{DirectionConfig, LinkConfig};
use sayagain::time::Duration;
use sayagain::transport::congestion::Congestion;
use std::thread;

const ONE_WAY: Duration = Duration::from_millis(25);
const LOSSES: [f64; 4] = [0.0, 0.1, 1.0, 5.0];
/// When the transfer begins: the session is open by then.
const OPEN: Duration = Duration::from_secs(1);
const TRANSFER: u64 = 20_000_000;
/// The second to begin begins so much later.
const APART: Duration = Duration::from_secs(1);
/// The seconds that count of a run beside another flow.
const COUNTED: std::ops::Range<usize> = 2..62;

/// The line, and how often each figure is taken.
#[derive(Clone, Copy)]
struct Extent {
    seeds: u64,
    mbit: u64,
    queue_ms: u64,
    ecn: bool,
}

impl Extent {
    fn plan(self, percent: f64) -> Plan {
        let way = DirectionConfig {
            delay: ONE_WAY,
            loss: percent / 100.0,
            rate: Some(self.mbit * 1_000_000),
            queue: Some(QueueLimit::Time(Duration::from_millis(self.queue_ms))),
            ecn: self.ecn,
            ..DirectionConfig::default()
        };
        Plan::of(LinkConfig::symmetric(way, 0))
    }

    /// Plays each seed, on two threads.
    fn each<T: Send>(self, play: impl Fn(u64) -> T + Sync) -> Vec<T> {
        let half = |first: u64| (first..=self.seeds).step_by(2).map(&play).collect::<Vec<T>>();
        thread::scope(|scope| {
            let other = scope.spawn(|| half(2));
            let mut all = half(1);
            all.extend(other.join().expect("a run does not panic"));
            all
        })
    }

    /// Goodput in Mbit/s of a transfer alone, of each seed.
    fn alone(self, congestion: Congestion, percent: f64) -> Vec<f64> {
        let mut plan = self.plan(percent);
        plan.sessions[0] = session(congestion, Duration::ZERO, TRANSFER);
        self.each(|seed| {
            let report = run(&plan, seed).unwrap_or_else(|stuck| panic!("{stuck}"));
            report.sessions[0].up.bulk.goodput_mbit()
        })
    }

    /// Goodput in Mbit/s of the flow and of a CUBIC flow beside it, of each seed and order.
    fn beside(self, congestion: Congestion, percent: f64) -> Vec<[f64; 2]> {
        let orders = [[Duration::ZERO, APART], [APART, Duration::ZERO]];
        let runs = orders.map(|[own, other]| {
            let mut plan = self.plan(percent);
            plan.medium = Medium::Shared;
            plan.end = End::At(Duration::from_secs(COUNTED.end as u64));
            plan.sessions =
                vec![session(congestion, own, u64::MAX), session(Congestion::Cubic, other, u64::MAX)];
            self.each(|seed| {
                let report = run(&plan, seed).unwrap_or_else(|stuck| panic!("{stuck}"));
                [0, 1].map(|flow| {
                    let seconds = &report.sessions[flow].up.bulk.seconds;
                    mbit(seconds.iter().take(COUNTED.end).skip(COUNTED.start).sum())
                })
            })
        });
        runs.concat()
    }
}

fn session(congestion: Congestion, start: Duration, bytes: u64) -> SessionPlan {
    let mut plan = SessionPlan { start, ..SessionPlan::default() };
    plan.config.congestion = congestion;
    plan.up.bulk = Bulk { bytes, start: OPEN, ..Bulk::default() };
    plan
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn mbit(bytes: u64) -> f64 {
    bytes as f64 * 8.0 / 1e6 / (COUNTED.end - COUNTED.start) as f64
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX));
    values.sum::<f64>() / count
}

/// (Σx)² / (n·Σx²): 1 if both have the same (Jain, Chiu and Hawe 1984).
fn jain([a, b]: [f64; 2]) -> f64 {
    (a + b).powi(2) / (2.0 * (a * a + b * b))
}

fn print_alone(extent: Extent, chosen: &[Congestion], losses: &[f64]) {
    println!("\n20 MB alone, {} seeds\n", extent.seeds);
    println!("| controller | loss | Mbit/s | least of a seed |\n| --- | ---: | ---: | ---: |");
    for congestion in chosen {
        for percent in losses {
            let runs = extent.alone(*congestion, *percent);
            let least = runs.iter().copied().fold(f64::INFINITY, f64::min);
            println!("| {congestion} | {percent} % | {:.2} | {least:.2} |", mean(runs.iter().copied()));
        }
    }
}

fn print_beside(extent: Extent, chosen: &[Congestion], losses: &[f64]) {
    println!("\n60 s beside one CUBIC flow, {} seeds, both orders\n", extent.seeds);
    println!("| controller | loss | own, Mbit/s | CUBIC, Mbit/s | Jain's index | CUBIC keeps |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for percent in losses {
        let with_itself = mean(extent.beside(Congestion::Cubic, *percent).iter().map(|run| run[1]));
        for congestion in chosen {
            let runs = extent.beside(*congestion, *percent);
            let [own, other] = [0, 1].map(|flow| mean(runs.iter().map(|run| run[flow])));
            let index = mean(runs.iter().map(|run| jain(*run)));
            let keeps = other / with_itself;
            println!("| {congestion} | {percent} % | {own:.2} | {other:.2} | {index:.3} | {keeps:.2} |");
        }
    }
}

fn main() {
    let trial = meter::is_trial();
    let extent = Extent {
        seeds: meter::number("--seeds", if trial { 1 } else { 5 }),
        mbit: meter::number("--rate", 20),
        queue_ms: meter::number("--queue", 50),
        ecn: std::env::args().any(|argument| argument == "--ecn"),
    };
    let chosen = meter::option("--cc").map_or_else(
        || vec![Congestion::NewReno, Congestion::Cubic, Congestion::Tolerant],
        |name| vec![name.parse().unwrap_or_else(|error| panic!("--cc: {error}"))],
    );
    let losses = meter::option("--loss")
        .map_or_else(|| LOSSES.to_vec(), |percent| vec![percent.parse().expect("--loss takes percent")]);
    let named = |table: &str| std::env::args().any(|argument| argument == table);
    let all = !trial && !named("alone") && !named("beside");
    if all || trial || named("alone") {
        let (chosen, losses) = if trial { (&chosen[..1], &losses[..1]) } else { (&chosen[..], &losses[..]) };
        print_alone(extent, chosen, losses);
    }
    if all || named("beside") {
        print_beside(extent, &chosen, &losses);
    }
}
