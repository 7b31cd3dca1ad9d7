//! What did the link see, and how good was it?
//!
//! On standard error, for people, when all is over; and with `--report FILE` as one JSON object.

use crate::lab::bench::LinkReport;
use crate::lab::link::{Direction, DropCause, LinkConfig, in_force};
use crate::shell::emulation::Summary;
use crate::time::Duration;
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::Path;

/// Tells it. An error is one of writing the file, which it names.
pub fn tell(
    summary: &Summary,
    config: &LinkConfig,
    trace: Option<&Path>,
    file: Option<&Path>,
) -> io::Result<()> {
    eprintln!("link       {}", options(config, trace));
    for direction in Direction::BOTH {
        eprintln!("{}", line(summary, direction));
    }
    if let Some(doubt) = doubt(summary) {
        eprintln!("link  {doubt}");
    }
    let Some(path) = file else { return Ok(()) };
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()));
    fs::write(path, format!("{}\n", as_json(summary, config, trace))).map_err(named)
}

const fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    }
}

fn overload(summary: &Summary, direction: Direction) -> u64 {
    let model = summary.relay.counters(direction).dropped(DropCause::Overload);
    summary.overload[direction.index()] + model
}

fn line(summary: &Summary, direction: Direction) -> String {
    let (relay, lateness) = (&summary.relay, summary.relay.lateness(direction));
    let said = format!(
        "link {:<4}  {}; late by {} (p50), {} (p99)",
        word(direction),
        relay.counters(direction),
        millis(lateness.p50()),
        millis(lateness.p99()),
    );
    let beside = [
        (overload(summary, direction), "lost by the emulator itself"),
        (relay.unreachable(direction), "to where the client was"),
    ];
    let beside = beside.into_iter().filter(|(count, _)| *count > 0);
    beside.fold(said, |said, (count, what)| format!("{said}; {count} {what}"))
}

/// What keeps the figures from being the link's.
fn doubt(summary: &Summary) -> Option<String> {
    let late =
        Direction::BOTH.into_iter().any(|way| summary.relay.lateness(way).p99() > LinkReport::LATENESS_BOUND);
    let lost: u64 = Direction::BOTH.into_iter().map(|way| overload(summary, way)).sum();
    let also =
        if lost > 0 { format!("; and the emulator itself lost {lost} packets") } else { String::new() };
    match (late, lost > 0) {
        (false, false) => None,
        (true, _) => Some(format!(
            "UNFIT: of a hundred packets more than one left over {} late; the machine is too busy or too slow{also}",
            millis(LinkReport::LATENESS_BOUND)
        )),
        (false, true) => Some(format!("UNFIT: the emulator itself lost {lost} packets; send less at once")),
    }
}

fn millis(span: Duration) -> String {
    format!("{:.2} ms", span.as_secs_f64() * 1_000.0)
}

/// All that is in force, as it would be typed.
fn options(config: &LinkConfig, trace: Option<&Path>) -> String {
    let trace = trace.map(|path| format!(" --trace {}", path.display()));
    in_force::words(config).join(" ") + &trace.unwrap_or_default()
}

fn as_json(summary: &Summary, config: &LinkConfig, trace: Option<&Path>) -> Value {
    json!({
        "options": options(config, trace),
        "seed": config.seed,
        "start_us": summary.relay.start().as_micros(),
        "up": way_json(summary, Direction::Up),
        "down": way_json(summary, Direction::Down),
        "fit": doubt(summary).is_none(),
    })
}

fn way_json(summary: &Summary, direction: Direction) -> Value {
    let (counters, lateness) = (summary.relay.counters(direction), summary.relay.lateness(direction));
    let by_link = DropCause::ALL.into_iter().filter(|cause| *cause != DropCause::Overload);
    let happened = by_link.filter(|cause| counters.dropped(*cause) > 0);
    let dropped: serde_json::Map<_, _> =
        happened.map(|cause| (cause.word().to_owned(), counters.dropped(cause).into())).collect();
    json!({
        "packets": counters.entered,
        "bytes": counters.entered_bytes,
        "delivered": counters.delivered,
        "duplicated": counters.duplicated,
        "reordered": counters.reordered,
        "corrupted": counters.corrupted,
        "marked": counters.marked,
        "dropped": dropped,
        "overload": overload(summary, direction),
        "strays": summary.relay.strays(direction),
        "unreachable": summary.relay.unreachable(direction),
        "lateness_us": {
            "p50": micros(lateness.p50()),
            "p99": micros(lateness.p99()),
            "max": micros(lateness.max()),
        },
    })
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
