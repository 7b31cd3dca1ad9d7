//! How is a run told to other programs? As the JSON object that scripts rely on, and as a line of CSV.
//!
//! Spans are milliseconds, `up` is from client to server. With several receivers `delivered` and `lost` count
//! each of them: together they are `messages` times `receivers`.

use super::measurement::{Carried, LinkReport, Measurement, WayReport};
use crate::lab::flow::latencies::Latencies;
use crate::time::Duration;
use serde_json::{Value, json};

/// The object of a run.
pub fn object(run: &Measurement) -> Value {
    let mut object = json!({
        "transport": run.carried.word(),
        "label": run.label,
        "model": run.model,
        "messages": run.messages,
        "receivers": run.receivers,
        "delivered": run.delivered(),
        "lost": run.lost(),
        "duplicated": run.duplicated,
        "out_of_order": run.out_of_order,
        "latency_ms": latency(&run.latencies()),
        "wire": wire(&run.link),
        "link": link(&run.link),
        "fit": run.link.is_fit(),
        "command": run.command,
    });
    if run.carried != Carried::Raw {
        object[run.carried.word()] = run.detail.clone();
    }
    object
}

fn latency(latencies: &Latencies) -> Value {
    json!({
        "min": latencies.min().map(millis),
        "p50": latencies.quantile(500).map(millis),
        "p90": latencies.quantile(900).map(millis),
        "p99": latencies.quantile(990).map(millis),
        "p999": latencies.quantile(999).map(millis),
        "max": latencies.max().map(millis),
    })
}

fn wire(link: &LinkReport) -> Value {
    let ways = |of: &dyn Fn(&WayReport) -> Value| json!({ "up": of(&link.up), "down": of(&link.down) });
    let causes = |way: &WayReport| -> Value {
        way.dropped.iter().map(|(word, count)| (word.clone(), json!(count))).collect()
    };
    json!({
        "datagrams": ways(&|way| json!(way.packets)),
        "bytes": ways(&|way| json!(way.bytes)),
        "dropped": ways(&|way| json!(way.dropped_in_all())),
        "dropped_by": ways(&causes),
    })
}

fn link(link: &LinkReport) -> Value {
    let lateness =
        |way: &WayReport| json!({ "p50": millis(way.lateness_p50), "p99": millis(way.lateness_p99) });
    json!({
        "options": link.options,
        "seed": link.seed,
        "lateness_ms": { "up": lateness(&link.up), "down": lateness(&link.down) },
        "overload": { "up": link.up.overload, "down": link.down.overload },
    })
}

/// Milliseconds, to the microsecond: what a clock of microseconds has measured has no more digits.
pub fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e6).round() / 1e3
}

/// The columns of [`csv`], in order.
pub const COLUMNS: [&str; 25] = [
    "transport",
    "label",
    "model",
    "messages",
    "receivers",
    "delivered",
    "lost",
    "duplicated",
    "out_of_order",
    "latency_min_ms",
    "latency_p50_ms",
    "latency_p90_ms",
    "latency_p99_ms",
    "latency_p999_ms",
    "latency_max_ms",
    "datagrams_up",
    "datagrams_down",
    "bytes_up",
    "bytes_down",
    "dropped_up",
    "dropped_down",
    "lateness_p99_ms",
    "fit",
    "seed",
    "options",
];

/// A line of names and one for each run (RFC 4180, but lines end with a line feed alone).
pub fn csv(runs: &[Measurement]) -> String {
    let names = COLUMNS.map(str::to_owned);
    let lines = std::iter::once(names).chain(runs.iter().map(cells));
    lines.map(|cells| cells.map(|cell| quoted(&cell)).join(",") + "\n").collect()
}

fn cells(run: &Measurement) -> [String; COLUMNS.len()] {
    let latencies = run.latencies();
    let span = |span: Option<Duration>| span.map(|span| format!("{:.3}", millis(span))).unwrap_or_default();
    let LinkReport { up, down, options, seed, .. } = &run.link;
    [
        run.carried.word().to_owned(),
        run.label.clone(),
        run.model.to_string(),
        run.messages.to_string(),
        run.receivers.to_string(),
        run.delivered().to_string(),
        run.lost().to_string(),
        run.duplicated.to_string(),
        run.out_of_order.to_string(),
        span(latencies.min()),
        span(latencies.quantile(500)),
        span(latencies.quantile(900)),
        span(latencies.quantile(990)),
        span(latencies.quantile(999)),
        span(latencies.max()),
        up.packets.to_string(),
        down.packets.to_string(),
        up.bytes.to_string(),
        down.bytes.to_string(),
        up.dropped_in_all().to_string(),
        down.dropped_in_all().to_string(),
        span(Some(up.lateness_p99.max(down.lateness_p99))),
        run.link.is_fit().to_string(),
        seed.to_string(),
        options.clone(),
    ]
}

/// RFC 4180 §2: what has commas, quotes or breaks stands in quotes, and a quote inside is doubled.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
