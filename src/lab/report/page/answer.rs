//! What is the answer in a few sentences?
//!
//! Made of the lines of the shown link alone, so that a page never says more than its table.

use super::super::comparison::{Comparison, Line};
use super::super::quantity::Quantity;
use super::super::row::Row;

/// A sentence for each row over the shown link.
pub fn sentences(comparison: &Comparison) -> Vec<String> {
    let Some(part) = comparison.part(0) else { return Vec::new() };
    let Some(link) = part.links.get(part.shown()) else { return Vec::new() };
    let lines = comparison.lines(0);
    let of =
        |row: &Row| lines.iter().find(|line| line.link == part.shown() && line.row == *row && line.runs > 0);
    let told: Vec<String> = part.rows.iter().filter_map(of).map(sentence).collect();
    let asked = if link.options.is_empty() { "a perfect link" } else { &link.options };
    let head = format!("On a link of {asked} (each way; a message crosses it twice):");
    std::iter::once(head).chain(told).collect()
}

fn sentence(line: &Line) -> String {
    let number = |quantity: Quantity| line.spread(quantity).map(|spread| spread.median);
    // A median would hide the one run of three that lost some.
    let most = line.spread(Quantity::Missing).map_or(0.0, |spread| spread.most);
    let missing = match number(Quantity::Missing) {
        Some(share) if share >= 0.05 => format!("loses {share:.1} % of the messages"),
        _ if most > 0.0 => format!("loses up to {most:.1} % of the messages in a run"),
        _ => "delivers every message".to_owned(),
    };
    let (Some(p50), Some(p99)) = (number(Quantity::P50), number(Quantity::P99)) else {
        return format!("{} {missing}.", line.label);
    };
    let cost = number(Quantity::Overhead)
        .map(|it| format!(", for {it:.1} bytes on the wire a byte"))
        .unwrap_or_default();
    let of_those = if missing.starts_with("loses") { " of those that arrive" } else { "" };
    format!(
        "{} {missing}; the median{of_those} takes {p50:.0} ms, 99 of 100 at most {p99:.0} ms{cost}.",
        line.label
    )
}
