//! How are rows of figures printed? The first column to the left, the others to the right, each as wide as it
//! needs to be.

/// Lines of as many cells each, the first of them the headings.
pub fn columns(lines: &[Vec<String>]) -> String {
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|it| it.chars().count()).max();
    let widths: Vec<usize> = (0..count).map(|column| width(column).unwrap_or(0)).collect();
    let one_line = |cells: &Vec<String>| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(one_line).collect()
}

/// A span in milliseconds, to a tenth; `-` for none.
pub fn millis(span: Option<std::time::Duration>) -> String {
    span.map_or_else(|| "-".to_owned(), |span| format!("{:.1}", span.as_secs_f64() * 1_000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_under_each_other() {
        let line = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let lines = [line(["", "p50", "packets"]), line(["tcp", "51.04", "2"])];
        assert_eq!(columns(&lines), "       p50  packets\ntcp  51.04        2\n");
        assert_eq!(columns(&[]), "");
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        assert_eq!(millis(Some(std::time::Duration::from_micros(25_340))), "25.3");
        assert_eq!(millis(None), "-");
    }
}
