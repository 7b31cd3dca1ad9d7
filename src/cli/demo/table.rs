//! How are the rows of a comparison printed?

use super::tally::Row;
use crate::time::Duration;

const HEADINGS: [&str; 10] =
    ["", "sent", "delivered", "lost", "twice", "disordered", "p50 ms", "p99 ms", "max ms", "datagrams"];

/// The table: the name to the left, numbers to the right, columns as wide as they need.
pub fn table(rows: &[Row]) -> String {
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    lines.extend(rows.iter().map(cells));
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let one_line = |cells: &[String; 10]| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(one_line).collect()
}

fn cells(row: &Row) -> [String; 10] {
    let (there, back) = row.datagrams;
    [
        row.name.clone(),
        row.sent.to_string(),
        row.delivered.to_string(),
        row.lost.to_string(),
        row.twice.to_string(),
        row.out_of_order.to_string(),
        millis(row.p50),
        millis(row.p99),
        millis(row.max),
        format!("{there}+{back}"),
    ]
}

fn millis(span: Option<Duration>) -> String {
    span.map_or_else(|| "-".to_owned(), |span| format!("{:.1}", span.as_secs_f64() * 1_000.0))
}

#[cfg(test)]
mod tests {
    use super::super::tally::Tally;
    use super::*;
    use crate::time::at;

    #[test]
    fn numbers_stand_under_their_headings() {
        let mut tally = Tally::default();
        let number = tally.on_sent(at(0));
        tally.on_arrived(at(25_340), number);
        let rows = [tally.row("UDP with our layer", (212, 13)), Tally::default().row("bare UDP", (0, 0))];
        assert_eq!(
            table(&rows),
            "                    sent  delivered  lost  twice  disordered  p50 ms  p99 ms  max ms  datagrams\n\
             UDP with our layer     1          1     0      0           0    25.3    25.3    25.3     212+13\n\
             bare UDP               0          0     0      0           0       -       -       -        0+0\n"
        );
    }
}
