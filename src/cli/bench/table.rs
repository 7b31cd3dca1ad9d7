//! How are runs shown to people?

use crate::cli::columns::{columns, millis};
use crate::lab::bench::{LinkReport, Measurement, WayReport};
use crate::time::Duration;
use std::fmt::Write as _;

const HEADINGS: [&str; 13] = [
    "",
    "delivered",
    "lost",
    "twice",
    "disorder",
    "p50",
    "p90",
    "p99",
    "p99.9",
    "max",
    "packets",
    "kB",
    "dropped",
];

/// A line for each run, and below them what makes a figure doubtful.
pub fn table(runs: &[Measurement]) -> String {
    let mut lines = vec![HEADINGS.map(str::to_owned).to_vec()];
    lines.extend(runs.iter().map(cells));
    let mut text = columns(&lines);
    for run in runs.iter().filter(|run| !run.link.is_fit()) {
        let _ = writeln!(text, "! {}: {}", run.label, why_unfit(&run.link));
    }
    text
}

/// What stands below the table.
pub const LEGEND: &str = "latencies in ms, from the send call to the delivery in order; packets, kB (IP bytes) and what the\n\
                          link dropped: client to server + server to client\n";

fn cells(run: &Measurement) -> Vec<String> {
    let latencies = run.latencies();
    let LinkReport { up, down, .. } = &run.link;
    let both = |of: fn(&WayReport) -> u64| format!("{}+{}", of(up), of(down));
    let name = if run.model { format!("{} (model)", run.label) } else { run.label.clone() };
    vec![
        name,
        format!("{}/{}", run.delivered(), run.fates.len()),
        run.lost().to_string(),
        run.duplicated.to_string(),
        run.out_of_order.to_string(),
        millis(latencies.quantile(500)),
        millis(latencies.quantile(900)),
        millis(latencies.quantile(990)),
        millis(latencies.quantile(999)),
        millis(latencies.max()),
        both(|way| way.packets),
        both(|way| way.bytes.div_ceil(1_000)),
        both(WayReport::dropped_in_all),
    ]
}

/// Why the emulator was not good enough.
fn why_unfit(link: &LinkReport) -> String {
    let overload = link.up.overload + link.down.overload;
    let late = link.up.lateness_p99.max(link.down.lateness_p99);
    let mut reasons = Vec::new();
    if late > LinkReport::LATENESS_BOUND {
        reasons.push(format!("one packet of a hundred left the link {} ms late or more", one_digit(late)));
    }
    if overload > 0 {
        reasons.push(format!("{overload} packets were too many for this machine"));
    }
    format!("unfit, take it again on a quieter machine: {}", reasons.join(", "))
}

fn one_digit(span: Duration) -> String {
    millis(Some(span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::bench::{Carried, MessageFate};
    use crate::time::at;

    fn run(label: &str, late_us: u64, overload: u64) -> Measurement {
        let fate = |number| MessageFate {
            number,
            receiver: 0,
            room: 0,
            sent: at(0),
            delivered: (number > 1).then(|| at(25_340 * number)),
        };
        let way = WayReport {
            packets: 212,
            bytes: 30_001,
            dropped: vec![("loss".to_owned(), 9)],
            overload,
            lateness_p50: Duration::from_micros(3),
            lateness_p99: Duration::from_micros(late_us),
        };
        Measurement {
            carried: Carried::Udp,
            label: label.to_owned(),
            model: false,
            command: String::new(),
            messages: 3,
            receivers: 1,
            fates: (1..=3).map(fate).collect(),
            duplicated: 0,
            out_of_order: 0,
            link: LinkReport {
                options: String::new(),
                seed: 7,
                start: None,
                up: way,
                down: WayReport::default(),
            },
            detail: serde_json::Value::Null,
            passages: Vec::new(),
            departures: crate::lab::bench::Departures::default(),
        }
    }

    #[test]
    fn a_run_is_a_line_and_one_that_does_not_count_says_why() {
        let model = Measurement { model: true, ..run("raw", 20, 0) };
        assert_eq!(
            table(&[run("udp", 20, 0), model, run("tcp", 2_340, 4)]),
            "             delivered  lost  twice  disorder   p50   p90   p99  p99.9   max  packets    kB  dropped\n\
             udp                2/3     1      0         0  50.7  76.0  76.0   76.0  76.0    212+0  31+0      9+0\n\
             raw (model)        2/3     1      0         0  50.7  76.0  76.0   76.0  76.0    212+0  31+0      9+0\n\
             tcp                2/3     1      0         0  50.7  76.0  76.0   76.0  76.0    212+0  31+0      9+0\n\
             ! tcp: unfit, take it again on a quieter machine: one packet of a hundred left the link 2.3 ms late or \
             more, 4 packets were too many for this machine\n"
        );
    }
}
