//! How would the settings of a link be typed?
//!
//! The way back of [`super::options`]: every setting that differs from the perfect link, for both directions
//! where they agree, with `--up-` and `--down-` where they do not; then what belongs to the link as a whole,
//! and the seed. Whoever types these words gets the same link, so that a run can be made again elsewhere.
//!
//! Left out: conditions that change over time. They are a file's, and its path is not known here.

use super::config::{DirectionConfig, Fade, LinkConfig, Outage, QueueLimit};
use super::values::spell_out as span;

/// After so many decimals a share is as exact as it can be written.
const DECIMALS_MAX: usize = 17;

/// The settings without the seed, in one line: `--delay 25ms --loss 5%`; empty of a perfect link.
pub fn spelled(link: &LinkConfig) -> String {
    settings_of(link).join(" ")
}

/// Every setting, as words of a command line: `--delay`, `25ms`, `--up-loss`, `5%`, `--seed`, `7`. A perfect
/// link is `--delay 0`, because no word at all is no link.
pub fn words(link: &LinkConfig) -> Vec<String> {
    let mut words = settings_of(link);
    if words.is_empty() {
        words.extend(["--delay".to_owned(), "0".to_owned()]);
    }
    words.extend(["--seed".to_owned(), link.seed.to_string()]);
    words
}

fn settings_of(link: &LinkConfig) -> Vec<String> {
    let (up, down) = (settings(&link.up), settings(&link.down));
    let mut words = Vec::new();
    for ((name, up), (_, down)) in up.into_iter().zip(down) {
        if up == down {
            push(&mut words, "--", name, up);
        } else {
            push(&mut words, "--up-", name, up);
            push(&mut words, "--down-", name, down);
        }
    }
    if let Some(plan) = &link.rebind {
        words.extend(["--rebind".to_owned(), plan.to_string()]);
    }
    for drop in &link.drops {
        words.extend(["--drop".to_owned(), drop.to_string()]);
    }
    words
}

/// What one setting is: nothing where it is as on a perfect link, its value otherwise, an empty one for a
/// flag; several where it repeats.
type Values = Vec<String>;

fn push(words: &mut Vec<String>, lead: &str, name: &str, values: Values) {
    for value in values {
        words.push(format!("{lead}{name}"));
        if !value.is_empty() {
            words.push(value);
        }
    }
}

/// The settings of one direction, always the same ones in the same order.
fn settings(way: &DirectionConfig) -> [(&'static str, Values); 14] {
    let perfect = DirectionConfig::default();
    let spans = |value, usual| if value == usual { vec![] } else { vec![span(value)] };
    let shares = |value: f64| if value > 0.0 { vec![share(value)] } else { vec![] };
    [
        ("delay", spans(way.delay, perfect.delay)),
        ("jitter", spans(way.jitter, perfect.jitter)),
        ("loss", shares(way.loss)),
        ("burst", way.burst.map(|run| run.to_string()).into_iter().collect()),
        ("fade", way.fade.map(fade).into_iter().collect()),
        ("reorder", shares(way.reorder)),
        ("reorder-by", spans(way.reorder_by, perfect.reorder_by)),
        ("duplicate", shares(way.duplicate)),
        ("corrupt", shares(way.corrupt)),
        ("rate", way.rate.map(rate).into_iter().collect()),
        ("queue", way.queue.map(queue).into_iter().collect()),
        ("ecn", if way.ecn { vec![String::new()] } else { vec![] }),
        ("mtu", way.mtu.map(|bytes| bytes.to_string()).into_iter().collect()),
        ("outage", way.outages.iter().copied().map(outage).collect()),
    ]
}

/// As few decimals as give this very number back.
fn share(value: f64) -> String {
    let percent = |decimals: usize| format!("{:.decimals$}", value * 100.0);
    let exact =
        |text: &String| text.parse().is_ok_and(|read: f64| (read / 100.0).to_bits() == value.to_bits());
    let shortest = (0..DECIMALS_MAX).map(percent).find(exact);
    shortest.unwrap_or_else(|| percent(DECIMALS_MAX)) + "%"
}

fn fade(fade: Fade) -> String {
    format!("{}@{}", span(fade.mean), share(fade.share))
}

fn outage(outage: Outage) -> String {
    format!("{}+{}", span(outage.from), span(outage.length))
}

fn rate(bits: u64) -> String {
    in_units(bits, [("gbit", 1_000_000_000), ("mbit", 1_000_000), ("kbit", 1_000)], "bit")
}

fn queue(limit: QueueLimit) -> String {
    match limit {
        QueueLimit::Time(length) => span(length),
        QueueLimit::Packets(count) => format!("{count}pkt"),
        QueueLimit::Bytes(bytes) => in_units(bytes, [("MB", 1_000_000), ("kB", 1_000)], "B"),
    }
}

/// In the largest unit of which it is a whole number.
fn in_units<const N: usize>(value: u64, units: [(&str, u64); N], least: &str) -> String {
    let fits = |(_, size): &(&str, u64)| value > 0 && value.is_multiple_of(*size);
    let (unit, size) = units.into_iter().find(fits).unwrap_or((least, 1));
    format!("{}{unit}", value / size)
}

#[cfg(test)]
#[path = "in_force_tests.rs"]
mod tests;
