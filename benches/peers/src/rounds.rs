//! Which rows, over which links, and how are they printed?

use crate::peer::Kind;
use crate::workload::Workload;
use clap::Args;
use serde_json::Value;
use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What both have in common.
#[derive(Args)]
pub struct Common {
    /// The program `sayagain`
    #[arg(long, default_value = "target/release/sayagain")]
    program: PathBuf,
    /// Seeds, each a run of its own
    #[arg(long, default_value_t = 3)]
    seeds: u64,
    /// Only these
    #[arg(long, value_delimiter = ',')]
    only: Vec<Kind>,
}

/// `thin`.
#[derive(Args)]
pub struct Thin {
    #[command(flatten)]
    common: Common,
    /// Losses, each way, in per cent
    #[arg(long, value_delimiter = ',', default_values_t = [1.0, 5.0, 20.0])]
    losses: Vec<f64>,
    /// Messages of a run
    #[arg(long, default_value_t = 1_000)]
    messages: u64,
    /// One each so many milliseconds
    #[arg(long, default_value_t = 20)]
    interval_ms: u64,
    /// One way, in milliseconds
    #[arg(long, default_value_t = 22)]
    delay_ms: u64,
}

/// `bulk`.
#[derive(Args)]
pub struct Bulk {
    #[command(flatten)]
    common: Common,
    /// Losses, each way, in per cent
    #[arg(long, value_delimiter = ',', default_values_t = [0.0, 1.0])]
    losses: Vec<f64>,
    /// Megabytes of the transfer
    #[arg(long, default_value_t = 10)]
    megabytes: u64,
}

/// What a run says.
struct Run {
    latencies_us: Vec<u64>,
    elapsed_us: u64,
    bytes: u64,
    up: (u64, u64),
    down: (u64, u64),
    fit: bool,
}

fn run(
    common: &Common,
    kind: Kind,
    workload: Workload,
    link: &str,
    seed: u64,
) -> Result<Run, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let report = folder.path().join("report");
    let this = std::env::current_exe()?;
    let (seed, kind, workload) = (seed.to_string(), kind.word(), workload.word());
    let output = Command::new(&common.program)
        .env("PEERS_FOLDER", folder.path())
        .args(["link", "--seed", &seed])
        .args(link.split_whitespace())
        .arg("--report")
        .arg(&report)
        .arg("--")
        .arg(&this)
        .args(["server", &kind, &workload, "::"])
        .arg(&this)
        .args(["client", &kind, &workload])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            format!("{}: {error}; build it with: cargo build --release", common.program.display())
        })?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("it failed").into());
    }
    let said: Value = serde_json::from_slice(&output.stdout)?;
    let link: Value = serde_json::from_str(&std::fs::read_to_string(report)?)?;
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let way = |name: &str| (number(&link[name]["packets"]), number(&link[name]["bytes"]));
    let latencies = said["latencies_us"].as_array().ok_or("no latencies")?;
    Ok(Run {
        latencies_us: latencies.iter().map(number).collect(),
        elapsed_us: number(&said["elapsed_us"]),
        bytes: number(&said["bytes"]),
        up: way("up"),
        down: way("down"),
        fit: link["fit"] == true,
    })
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Of the messages of all seeds together, since one seed has too few that are slow; in milliseconds, nearest
/// rank.
fn quantile(runs: &[Run], per_mille: usize) -> f64 {
    let mut sorted: Vec<u64> = runs.iter().flat_map(|run| &run.latencies_us).copied().collect();
    sorted.sort_unstable();
    let rank = (sorted.len() * per_mille).div_ceil(1_000).max(1);
    sorted.get(rank - 1).map_or(f64::NAN, |micros| *micros as f64 / 1_000.0)
}

/// All seeds of a row; `None`, with a word, where this system cannot have it.
fn rows(common: &Common, kind: Kind, workload: Workload, link: &str) -> Option<Vec<Run>> {
    let mut runs = Vec::new();
    for seed in 1..=common.seeds {
        eprintln!("{link} --seed {seed}: {}", kind.label());
        match run(common, kind, workload, link, seed) {
            Ok(run) => runs.push(run),
            Err(error) => {
                eprintln!("skipped: {}: {error}", kind.label());
                return None;
            }
        }
    }
    Some(runs)
}

fn kinds(common: &Common) -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| common.only.is_empty() || common.only.contains(kind)).collect()
}

/// In how many of its runs the emulator itself was too late.
fn mark(runs: &[Run]) -> String {
    match runs.iter().filter(|run| !run.fit).count() {
        0 => String::new(),
        unfit => format!(" (unfit: {unfit} of {})", runs.len()),
    }
}

/// A table for each loss.
pub fn thin(thin: &Thin) -> Result<(), Box<dyn Error>> {
    let workload =
        Workload { messages: thin.messages, interval: Duration::from_millis(thin.interval_ms), size: 100 };
    for loss in &thin.losses {
        let link = format!("--delay {}ms --loss {loss}%", thin.delay_ms);
        println!(
            "\n`{link}`, {} messages of 100 bytes, one each {} ms, {} seeds together\n",
            thin.messages, thin.interval_ms, thin.common.seeds
        );
        println!(
            "| one way, in order, ms | p50 | p90 | p99 | p99.9 | packets a message | bytes a message |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        );
        for kind in kinds(&thin.common) {
            let Some(runs) = rows(&thin.common, kind, workload, &link) else { continue };
            let of = |figure: &dyn Fn(&Run) -> f64| median(runs.iter().map(figure));
            let messages = thin.messages as f64;
            println!(
                "| {}{} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} | {:.0} |",
                kind.label(),
                mark(&runs),
                quantile(&runs, 500),
                quantile(&runs, 900),
                quantile(&runs, 990),
                quantile(&runs, 999),
                of(&|run| (run.up.0 + run.down.0) as f64 / messages),
                of(&|run| (run.up.1 + run.down.1) as f64 / messages),
            );
        }
    }
    Ok(())
}

/// A table for each loss.
pub fn bulk(bulk: &Bulk) -> Result<(), Box<dyn Error>> {
    let workload =
        Workload { messages: bulk.megabytes * 1_000_000 / 16_000, interval: Duration::ZERO, size: 16_000 };
    for loss in &bulk.losses {
        let link = format!("--delay 25ms --rate 20mbit --queue 50ms --loss {loss}%");
        println!("\n`{link}`, {} MB, medians of {} seeds\n", bulk.megabytes, bulk.common.seeds);
        println!(
            "| goodput | Mbit/s | lowest, highest | bytes sent for each delivered |\n| --- | ---: | ---: | ---: |"
        );
        for kind in kinds(&bulk.common) {
            let Some(runs) = rows(&bulk.common, kind, workload, &link) else { continue };
            let goodput = |run: &Run| run.bytes as f64 * 8.0 / run.elapsed_us as f64;
            let cost = |run: &Run| (run.up.1 + run.down.1) as f64 / run.bytes as f64;
            let all: Vec<f64> = runs.iter().map(goodput).collect();
            println!(
                "| {}{} | {:.2} | {:.2}, {:.2} | {:.2} |",
                kind.label(),
                mark(&runs),
                median(all.iter().copied()),
                all.iter().copied().fold(f64::INFINITY, f64::min),
                all.iter().copied().fold(0.0, f64::max),
                median(runs.iter().map(cost)),
            );
        }
    }
    Ok(())
}
