//! How is a simulated run told in figures?
//!
//! Latencies are of all sessions, in milliseconds, from when a message was handed in to when the other
//! end's user got it; datagrams are those that left, not those that arrived.

use crate::cli::chat::stats;
use crate::lab::flow::tally::Fates;
use crate::lab::flow::witness::{Decisions, Wire};
use crate::lab::flow::{Report, SessionReport};
use crate::lab::link::Direction;
use crate::time::Duration;
use crate::transport::session::{CloseReason, SessionStats};
use std::fmt::Write as _;

const WAYS: [(Direction, &str); 2] =
    [(Direction::Up, "client to server"), (Direction::Down, "server to client")];

/// A name, and which of the counts it is.
type Count = (&'static str, fn(&Decisions) -> u64);

/// What each end decided, with the rule behind it.
const DECISIONS: [Count; 10] = [
    ("lost, overtaken by too many (RFC 9002 §6.1.1)", |it| it.lost_by_packets),
    ("lost, their time was up (RFC 9002 §6.1.2)", |it| it.lost_by_time),
    ("of these, spurious: arrived after all (RFC 4015 §1)", |it| it.spurious),
    ("marks of growing queues that were heard of (ECN, RFC 9002 §7.1)", |it| it.marks),
    ("probe timers that fired (RFC 9002 §6.2.1)", |it| it.probes),
    ("pieces that were here already (RFC 9000 §2.2)", |it| it.pieces_again),
    ("datagrams that came twice (RFC 9000 §12.3)", |it| it.duplicates),
    ("datagrams whose seal did not hold (RFC 8439 §2.8)", |it| it.forged),
    ("datagrams dropped unread for another reason", |it| it.unread),
    ("packets that came behind a later one", |it| it.late),
];

/// What only the teaching modes decide: told where it happened.
const OF_MODES: [Count; 2] = [
    ("lost, out for a timeout, or sent after such a one (RFC 6298 §5)", |it| it.timed_out),
    ("packets dropped since they came before their turn (go-back-N)", |it| it.untimely),
];

/// Everything.
pub fn table(report: &Report) -> String {
    let all = report.total();
    let sessions = report.sessions.len();
    let mut text = format!(
        "seed {}, {sessions} session{}, over after {} ms\n\n",
        report.seed,
        if sessions == 1 { "" } else { "s" },
        report.ended.as_micros() / 1_000
    );
    text.push_str(&columns(&messages(&all)));
    text.push('\n');
    text.push_str(&columns(&datagrams(report, &all)));
    text.push('\n');
    text.push_str(&columns(&decisions(report)));
    text.push('\n');
    text.push_str(&causes(&all));
    text.push_str(&round_trips(&all));
    text.push_str(&endings(report));
    text
}

/// A few lines under a ladder.
pub fn summary(report: &Report) -> String {
    let all = report.total();
    let mut text = String::new();
    for (way, name) in WAYS {
        let fates = all.way(way).paced();
        if fates.sent > 0 {
            let (p50, p99, max) = (quantile(&fates, 500), quantile(&fates, 990), quantile(&fates, 1_000));
            let _ = writeln!(
                text,
                "{name}: {} of {} delivered, in order after p50 {p50}, p99 {p99}, max {max} ms",
                fates.delivered, fates.sent
            );
        }
    }
    text.push_str(&endings(report));
    let seed = report.seed;
    let _ =
        writeln!(text, "seed {seed} (--seed {seed} plays it again); --stats: the table, --json: every event");
    text
}

fn messages(all: &SessionReport) -> Vec<Vec<String>> {
    let heads = ["", "sent", "delivered", "missing", "twice", "disorder", "refused", "min", "p50", "p90"];
    let heads = heads.iter().chain(&["p99", "p99.9", "max", "Mbit/s"]);
    let mut rows = vec![heads.map(|head| (*head).to_owned()).collect()];
    for (way, name) in WAYS {
        let report = all.way(way);
        rows.extend(fates(name.to_owned(), &report.paced(), "-".to_owned()));
        let goodput = format!("{:.2}", report.bulk.goodput_mbit());
        rows.extend(fates(format!("{name}, bulk"), &report.bulk.fates, goodput));
    }
    rows
}

/// A row, if there were any.
fn fates(name: String, fates: &Fates, goodput: String) -> Option<Vec<String>> {
    let Fates { sent, delivered, duplicated, out_of_order, refused, ref latencies } = *fates;
    let counts = [sent, delivered, sent - delivered, duplicated, out_of_order, refused];
    let mut row = vec![name];
    row.extend(counts.map(|count| count.to_string()));
    row.push(millis(latencies.min()));
    row.extend([500, 900, 990, 999, 1_000].map(|per_mille| quantile(fates, per_mille)));
    row.push(goodput);
    (sent > 0).then_some(row)
}

fn datagrams(report: &Report, all: &SessionReport) -> Vec<Vec<String>> {
    let heads = ["", "datagrams", "with messages", "control only", "UDP bytes", "message bytes"];
    let mut rows = vec![heads.iter().chain(&["lost on the link"]).map(|head| (*head).to_owned()).collect()];
    for (way, name) in WAYS {
        let wire = wire(all, way);
        let dropped: u64 = report.links.iter().map(|link| link[way.index()].dropped_in_all()).sum();
        let counts = [
            wire.all().datagrams,
            wire.carrying.datagrams,
            wire.control.datagrams,
            wire.all().bytes,
            wire.message_bytes,
            dropped,
        ];
        rows.push(std::iter::once(name.to_owned()).chain(counts.map(|count| count.to_string())).collect());
    }
    rows
}

fn wire(all: &SessionReport, way: Direction) -> Wire {
    let mut wire = all.wire(false, way).clone();
    wire.absorb(all.wire(true, way));
    wire
}

fn decisions(report: &Report) -> Vec<Vec<String>> {
    let mut rows = vec![["decided and noticed", "client", "server"].map(str::to_owned).to_vec()];
    let of_modes = OF_MODES.into_iter().filter(|(_, count)| report.decisions.iter().any(|it| count(it) > 0));
    rows.extend(DECISIONS.into_iter().chain(of_modes).map(|(name, count)| {
        let counts = report.decisions.each_ref().map(|decisions| count(decisions).to_string());
        std::iter::once(name.to_owned()).chain(counts).collect()
    }));
    rows
}

/// `packets, client to server: 500 First, 12 Probe`
fn causes(all: &SessionReport) -> String {
    let line = |(way, name): (Direction, &str)| {
        let causes = wire(all, way).causes;
        let causes: Vec<String> = causes
            .iter()
            .map(|(cause, volume)| format!("{} {}", volume.datagrams, format!("{cause:?}").to_lowercase()))
            .collect();
        format!("packets, {name}: {}\n", causes.join(", "))
    };
    WAYS.into_iter().map(line).collect()
}

fn round_trips(all: &SessionReport) -> String {
    let line = |(end, stats): (&str, &Option<SessionStats>)| {
        let stats = stats.as_ref()?;
        let (srtt, rttvar, least) = (millis(stats.rtt), millis(stats.rttvar), millis(stats.rtt_min));
        let (ours, theirs) = (percent(stats.loss), percent(stats.arrived.and_then(|it| it.loss)));
        let bytes = stats.spent.as_ref().map(stats::bytes).unwrap_or_default();
        Some(format!(
            "{end}: SRTT {srtt}, RTTVAR {rttvar}, least RTT {least} ms; lost {ours} of its packets, {theirs} of \
             the other end's\n{end}'s bytes: {bytes}\n"
        ))
    };
    ["first client", "its server"].into_iter().zip(&all.stats).filter_map(line).collect()
}

/// Which sessions ended before their time.
fn endings(report: &Report) -> String {
    let closed = |(index, session): (usize, &SessionReport)| {
        let [client, server] = &session.closed;
        let told = |end: &str, reason: &Option<CloseReason>| {
            reason.as_ref().map(|reason| format!("session {index} is over at the {end}: {reason}\n"))
        };
        told("client", client).into_iter().chain(told("server", server)).collect::<String>()
    };
    report.sessions.iter().enumerate().map(closed).collect()
}

fn quantile(fates: &Fates, per_mille: usize) -> String {
    millis(fates.latencies.quantile(per_mille))
}

fn millis(span: Option<Duration>) -> String {
    span.map_or_else(|| "-".to_owned(), |span| format!("{:.1}", span.as_secs_f64() * 1_000.0))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// Names to the left, numbers to the right, columns as wide as they need.
pub fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::flow::{Plan, run};
    use crate::lab::link::{DirectionConfig, LinkConfig};

    fn report() -> Report {
        let delay = Duration::from_millis(25);
        let way = DirectionConfig { delay, loss: 0.1, ..DirectionConfig::default() };
        let mut plan = Plan::of(LinkConfig::symmetric(way, 0));
        plan.sessions[0].up.paced.messages = 100;
        plan.sessions[0].down.bulk.bytes = 100_000;
        run(&plan, 2).expect("time goes on")
    }

    #[test]
    fn each_kind_of_message_that_was_sent_has_a_row_and_no_other() {
        let text = table(&report());
        let rows = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(rows("client to server, bulk"), 0, "{text}");
        assert_eq!((rows("server to client, bulk"), rows("client to server")), (1, 2), "{text}");
        assert!(
            text.contains("SRTT")
                && text.contains("of the other end's")
                && text.contains("bundled")
                && text.contains("probe timers that fired (RFC 9002 §6.2.1)"),
            "{text}"
        );
    }

    #[test]
    fn the_summary_says_how_to_play_it_again() {
        let text = summary(&report());
        assert!(text.contains("100 of 100 delivered") && text.contains("--seed 2"), "{text}");
    }

    #[test]
    fn numbers_stand_under_their_headings() {
        let rows = [["", "sent"], ["a way", "7"], ["b", "123456"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(columns(&rows), "         sent\na way       7\nb      123456\n");
    }
}
