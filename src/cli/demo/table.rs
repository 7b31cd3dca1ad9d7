//! How are the rows of a comparison printed?

use super::tally::Row;
use crate::cli::columns::{columns, millis};

const HEADINGS: [&str; 10] =
    ["", "sent", "delivered", "lost", "twice", "disorder", "p50", "p99", "max", "packets"];

/// The table: the name to the left, numbers to the right, columns as wide as they need.
pub fn table(rows: &[Row]) -> String {
    let mut lines = vec![HEADINGS.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(cells));
    columns(&lines)
}

fn cells(row: &Row) -> Vec<String> {
    let (there, back) = row.datagrams;
    vec![
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
        let rows = [tally.row("UDP + our layer", (212, 13)), Tally::default().row("bare UDP", (0, 0))];
        assert_eq!(
            table(&rows),
            "                 sent  delivered  lost  twice  disorder   p50   p99   max  packets\n\
             UDP + our layer     1          1     0      0         0  25.3  25.3  25.3   212+13\n\
             bare UDP            0          0     0      0         0     -     -     -      0+0\n"
        );
    }
}
