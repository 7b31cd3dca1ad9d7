//! How would a link be typed?
//!
//! The inverse of [`super::options`]: `--delay 25ms --loss 5% --up-rate 2mbit`. What both directions share is
//! said once, what they do not with `--up-` and `--down-`; what is as by default is not said. A figure carries
//! the command that makes it again, so it must be able to name its link.
//!
//! Left out on purpose: the seed, which is the run's, and conditions that change over time, whose file only
//! the caller knows.

use super::config::{Direction, DirectionConfig, Fade, LinkConfig, Outage, QueueLimit};
use super::values::spell_out;
use crate::time::Duration;

/// All settings that differ from those of a perfect link, as they would be typed; empty of a perfect one.
pub fn spelled(config: &LinkConfig) -> String {
    let [up, down] = [words(&config.up), words(&config.down)];
    let mut options: Vec<String> = Vec::new();
    let both = up.iter().filter(|word| down.contains(word));
    options.extend(both.map(|(name, value)| option("", name, value)));
    for (way, mine, other) in [(Direction::Up, &up, &down), (Direction::Down, &down, &up)] {
        let alone = mine.iter().filter(|word| !other.contains(word));
        options.extend(alone.map(|(name, value)| option(&format!("{way}-"), name, value)));
    }
    options.extend(config.rebind.map(|plan| format!("--rebind {plan}")));
    options.extend(config.drops.iter().map(|name| format!("--drop {name}")));
    options.join(" ")
}

fn option(way: &str, name: &str, value: &str) -> String {
    if value.is_empty() { format!("--{way}{name}") } else { format!("--{way}{name} {value}") }
}

/// The settings of one direction that differ from the default: name and value.
fn words(way: &DirectionConfig) -> Vec<(&'static str, String)> {
    let DirectionConfig { delay, jitter, loss, burst, fade, reorder, reorder_by, .. } = way;
    let DirectionConfig { duplicate, corrupt, rate, queue, ecn, mtu, outages, .. } = way;
    let reorder_by = (*reorder_by != DirectionConfig::REORDER_BY).then(|| spell_out(*reorder_by));
    let some = [
        ("delay", span(*delay)),
        ("jitter", span(*jitter)),
        ("loss", share(*loss)),
        ("burst", burst.map(|burst| burst.to_string())),
        ("fade", fade.map(|Fade { mean, share }| format!("{}@{}", spell_out(mean), percent(share)))),
        ("reorder", share(*reorder)),
        ("reorder-by", reorder_by),
        ("duplicate", share(*duplicate)),
        ("corrupt", share(*corrupt)),
        ("rate", rate.map(bits)),
        ("queue", queue.map(limit)),
        ("ecn", ecn.then(String::new)),
        ("mtu", mtu.map(|mtu| mtu.to_string())),
    ];
    let outages = outages.iter().map(|outage| ("outage", outage_word(*outage)));
    some.into_iter().filter_map(|(name, value)| Some((name, value?))).chain(outages).collect()
}

fn span(span: Duration) -> Option<String> {
    (!span.is_zero()).then(|| spell_out(span))
}

fn share(share: f64) -> Option<String> {
    (share > 0.0).then(|| percent(share))
}

/// Without the noise of a float: 7 % of 1 times 100 is not quite 7.
fn percent(share: f64) -> String {
    format!("{}%", (share * 1e9).round() / 1e7)
}

fn bits(rate: u64) -> String {
    let unit = [(1_000_000_000, "gbit"), (1_000_000, "mbit"), (1_000, "kbit")];
    let whole = unit.into_iter().find(|(size, _)| rate.is_multiple_of(*size));
    whole.map_or_else(|| format!("{rate}bit"), |(size, unit)| format!("{}{unit}", rate / size))
}

fn limit(limit: QueueLimit) -> String {
    match limit {
        QueueLimit::Time(span) => spell_out(span),
        QueueLimit::Packets(packets) => format!("{packets}pkt"),
        QueueLimit::Bytes(bytes) => format!("{bytes}B"),
    }
}

fn outage_word(outage: Outage) -> String {
    format!("{}+{}", spell_out(outage.from), spell_out(outage.length))
}

#[cfg(test)]
mod tests {
    use super::super::LinkOptions;
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        link: LinkOptions,
    }

    fn read(line: &str) -> LinkConfig {
        let words = std::iter::once("x").chain(line.split_whitespace());
        let line = Line::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
        line.link.config(0, |_| Ok(String::new())).expect("it fits together").unwrap_or_default()
    }

    #[test]
    fn a_link_is_spelled_as_it_was_typed() {
        for line in [
            "",
            "--delay 25ms --loss 5%",
            "--delay 25ms --jitter 1.5ms --loss 7% --burst 4 --fade 80ms@5% --reorder 1% --reorder-by 3ms",
            "--duplicate 1% --corrupt 0.1% --rate 20mbit --queue 25pkt --ecn --mtu 1400 --outage 10s+3s",
            "--delay 1ms --up-loss 2% --up-rate 500kbit --down-rate 1234bit --down-queue 125000B",
            "--rebind port@1s/5s --drop client:packet#3 --drop server:ack#2-7",
        ] {
            assert_eq!(spelled(&read(line)), line);
        }
    }

    #[test]
    fn every_profile_comes_back_from_its_spelling() {
        for profile in super::super::profile::PROFILES {
            let mut config = LinkConfig::default();
            profile.apply(&mut config).expect(profile.name);
            assert_eq!(read(&spelled(&config)), config, "{}", profile.name);
        }
    }
}
