//! How is a comparison told on a terminal?
//!
//! ```text
//! What does loss do to a chat?
//! link  carried by    p50   p90               p99  late %       missing %  kB/s  wire/byte
//! 5 %   raw          50.2  50.4              50.6     0.0  9.3 (6.7–12.0)   4.5        2.4
//!       udp          50.2  50.5  75.1 (75.0–95.2)     …
//! ```
//!
//! A value is the median over seeds; behind it the least and the greatest, where they differ.

use super::comparison::{Comparison, Line};
use super::quantity::Quantity;
use super::scenario::Scenario;
use super::spread::Spread;
use std::fmt::Write as _;

/// The whole.
pub fn table(comparison: &Comparison) -> String {
    let mut text = String::new();
    if let Some(why) = &comparison.about.why_model {
        let _ = writeln!(text, "model: {why}\n");
    }
    text.extend(comparison.matrix.scenario.map(Scenario::told));
    for part in 0..comparison.matrix.parts.len() {
        text.push_str(&of_part(comparison, part));
        text.push('\n');
    }
    text + &key(comparison)
}

/// What must be known to read the columns.
fn key(comparison: &Comparison) -> String {
    let mut text = "Latencies in ms. Medians over seeds, (least–greatest).\n".to_owned();
    let shows =
        |quantity: &Quantity| comparison.matrix.parts.iter().any(|part| part.columns.contains(quantity));
    for key in Quantity::ALL.iter().filter(|quantity| shows(quantity)).filter_map(|quantity| quantity.key()) {
        let _ = writeln!(text, "{key}");
    }
    text
}

fn of_part(comparison: &Comparison, index: usize) -> String {
    let Some(part) = comparison.part(index) else { return String::new() };
    let mut rows = vec![heads(if part.axis.is_empty() { "link" } else { part.axis }, part.columns)];
    let mut notes = String::new();
    let mut last = None;
    for line in comparison.lines(index) {
        let name = if last == Some(line.link) { "" } else { part.links[line.link].name.as_str() };
        last = Some(line.link);
        rows.push(cells(name, &line, part.columns));
        notes.push_str(&remark(name_of(comparison, &line), &line));
    }
    format!("{} ({})\n{}{notes}", part.title, part.workload.told(), aligned(&rows))
}

fn name_of<'a>(comparison: &'a Comparison, line: &Line) -> &'a str {
    comparison
        .part(line.part)
        .and_then(|part| part.links.get(line.link))
        .map_or("", |link| link.name.as_str())
}

fn heads(link: &str, columns: &[Quantity]) -> Vec<String> {
    let numbers = columns.iter().map(|quantity| {
        if quantity.is_percent() { format!("{} %", quantity.head()) } else { quantity.head().to_owned() }
    });
    [link.to_owned(), "carried by".to_owned()].into_iter().chain(numbers).collect()
}

fn cells(name: &str, line: &Line, columns: &[Quantity]) -> Vec<String> {
    let numbers = columns
        .iter()
        .map(|quantity| line.spread(*quantity).map_or_else(|| "-".to_owned(), |it| cell(it, line.runs)));
    let label = if line.unfit > 0 { format!("{} !", line.label) } else { line.label.clone() };
    [name.to_owned(), label].into_iter().chain(numbers).collect()
}

/// `75.1 (75.0–95.2)`; where not each of so many runs has such a number, `75.1 [2 of 3]`.
pub fn cell(spread: Spread, runs: usize) -> String {
    let [median, least, most] = [spread.median, spread.least, spread.most].map(|it| format!("{it:.1}"));
    let ends = if least == most { String::new() } else { format!(" ({least}–{most})") };
    format!("{median}{ends}{}", of_runs(spread, runs))
}

/// A median over the runs that have such a number is not one over all.
pub fn of_runs(spread: Spread, runs: usize) -> String {
    if spread.count < runs { format!(" [{} of {runs}]", spread.count) } else { String::new() }
}

/// What must be known before the line is believed.
fn remark(name: &str, line: &Line) -> String {
    let mut text = String::new();
    if let Some(missing) = &line.missing {
        let _ = writeln!(text, "{}: {} at {name}: {}", missing.word(), line.label, missing.why());
    }
    if line.unfit > 0 {
        let _ = writeln!(
            text,
            "unfit (!): in {} of {} runs of {} at {name} the emulator itself was more than 1 ms late or overloaded",
            line.unfit, line.runs, line.label
        );
    }
    text
}

/// Two columns of names to the left, numbers to the right, as wide as they need.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let length = |cell: &String| cell.chars().count();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(length).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 | 1 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::super::matrix::Matrix;
    use super::super::{About, NoRun, Run};
    use super::*;
    use crate::lab::bench::Carried;

    fn comparison() -> Comparison {
        let matrix = Matrix::usual();
        let runs = matrix.wanted().into_iter().map(|wanted| {
            let mut run = made_up::run(&wanted.row.label(), &[Some(50), Some(100 + wanted.seed), None]);
            run.link.down.overload = u64::from(wanted.row.carried == Carried::Udp && wanted.link == 1);
            let skipped = wanted.row.carried == Carried::Tcp && wanted.link == 4;
            Run { wanted, outcome: if skipped { Err(NoRun::Skipped("no TCP".to_owned())) } else { Ok(run) } }
        });
        let runs = runs.collect();
        Comparison { about: About::default(), matrix, runs }
    }

    #[test]
    fn a_line_has_medians_and_their_ends_and_bad_runs_are_named() {
        let text = table(&comparison());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("What does loss do to a chat? (100 messages"), "{text}");
        assert!(lines[1].starts_with("packets lost each way, %  carried by"), "{text}");
        assert!(lines[5].contains("2 %") && lines[5].contains("102.0 (101.0–103.0)"), "{text}");
        assert!(lines[6].trim_start().starts_with("udp !"), "{text}");
        assert!(text.contains("unfit (!): in 3 of 3 runs of udp at 2 %"), "{text}");
        assert!(text.contains("skipped: tcp at 20 %: no TCP"), "{text}");
        let widths: Vec<usize> = lines[1..17].iter().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width <= 140), "{text}");
    }

    #[test]
    fn why_it_is_a_model_stands_at_the_head() {
        let mut comparison = comparison();
        comparison.about.why_model = Some("no namespaces here".to_owned());
        assert!(table(&comparison).starts_with("model: no namespaces here\n"));
    }
}
