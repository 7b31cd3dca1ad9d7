//! How is a comparison told in a document?
//!
//! As tables of Markdown, between two marks, so that a page of words can hold them and the next run replaces
//! them and nothing else:
//!
//! ```text
//! <!-- sayagain compare: begin -->
//! `sayagain compare --full` · Linux 6.12 · … · 2026-11-21
//! | 5 % | p50 | p90 | …
//! <!-- sayagain compare: end -->
//! ```

use super::comparison::{Comparison, Line};
use super::table::cell;
use std::fmt::Write as _;

const BEGIN: &str = "<!-- sayagain compare: begin -->\n";
const END: &str = "<!-- sayagain compare: end -->\n";

/// The document with this comparison between its marks; a document without marks gets them at its end.
pub fn put_into(document: &str, comparison: &Comparison) -> String {
    let marked = format!("{BEGIN}\n{}\n{END}", section(comparison));
    let parts = document.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    match parts {
        Some((before, after)) => format!("{before}{marked}{after}"),
        None if document.is_empty() => marked,
        None => format!("{}\n\n{marked}", document.trim_end()),
    }
}

fn section(comparison: &Comparison) -> String {
    let about = &comparison.about;
    let controls = comparison.tcp_in_force().join(", ");
    let facts = [&about.program, &about.system, &about.machine, &about.date].into_iter().cloned();
    let tcp = (!controls.is_empty()).then(|| format!("TCP: {controls}"));
    let facts: Vec<String> = facts.chain(tcp).chain([format!("{} runs", comparison.runs.len())]).collect();
    let mut text = format!("`{}` · {}\n", about.command, facts.join(" · "));
    if let Some(why) = &about.why_model {
        let _ = writeln!(text, "\n**Model**: {why}");
    }
    for index in 0..comparison.matrix.parts.len() {
        text.push_str(&of_part(comparison, index));
    }
    text
}

fn of_part(comparison: &Comparison, index: usize) -> String {
    let Some(part) = comparison.part(index) else { return String::new() };
    let mut text = format!("\n### {}\n\n{}.\n\n", part.title, sentence(&part.workload.told()));
    let link = if part.axis.is_empty() { "link" } else { part.axis };
    let heads: Vec<&str> = part.columns.iter().map(|quantity| quantity.head()).collect();
    let _ = writeln!(text, "| {link} | carried by | {} |", heads.join(" | "));
    let _ = writeln!(text, "| --- | --- |{}", " ---: |".repeat(heads.len()));
    let lines = comparison.lines(index);
    for line in &lines {
        let name = part.links.get(line.link).map_or("", |link| link.name.as_str());
        let numbers = part
            .columns
            .iter()
            .map(|it| line.spread(*it).map_or_else(|| "–".to_owned(), |it| cell(it, line.runs)));
        let numbers: Vec<String> = numbers.collect();
        let _ = writeln!(text, "| {name} | {} | {} |", label(line), numbers.join(" | "));
    }
    for (line, missing) in lines.iter().filter_map(|line| Some((line, line.missing.as_ref()?))) {
        let _ = writeln!(text, "\n{}: {}: {}", sentence(missing.word()), line.label, missing.why());
    }
    if let Some(first) = lines.first() {
        let _ = writeln!(text, "\nThe first run of this table again: `{}`", first.command);
    }
    text
}

/// Of how many runs it was unfit, if it was.
fn label(line: &Line) -> String {
    match line.unfit {
        0 => line.label.clone(),
        unfit => format!("{} (unfit: {unfit} of {})", line.label, line.runs),
    }
}

pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::report::{About, Matrix, NoRun, Run, model};

    fn comparison(command: &str) -> Comparison {
        let mut matrix = Matrix::usual();
        matrix.parts[0].links.truncate(1);
        let runs = matrix
            .wanted()
            .into_iter()
            .map(|wanted| Run { outcome: model::take(&wanted).map_err(NoRun::Skipped), wanted });
        let runs = runs.collect();
        let about = About { command: command.to_owned(), ..About::default() };
        Comparison { about, matrix, runs }
    }

    #[test]
    fn a_table_has_a_line_for_each_link_and_row_with_as_many_cells_as_heads() {
        let text = put_into("", &comparison("sayagain compare"));
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), 2 + 3, "{text}");
        assert!(
            rows.iter().all(|row| row.matches('|').count() == 2 + Matrix::usual().parts[0].columns.len() + 1),
            "{text}"
        );
        assert!(rows[2].contains("| 0 % | raw (model) |"), "{text}");
    }

    #[test]
    fn what_stands_around_the_marks_stays_and_what_is_between_them_goes() {
        let first = put_into("# Words\n\nbefore\n", &comparison("one"));
        assert!(first.starts_with("# Words\n\nbefore\n\n<!--") && first.contains("`one`"), "{first}");
        let second = put_into(&format!("{first}\nafter\n"), &comparison("two"));
        assert!(second.contains("`two`") && !second.contains("`one`"), "{second}");
        assert!(second.starts_with("# Words\n\nbefore\n") && second.ends_with("\nafter\n"), "{second}");
        assert_eq!(second.matches(BEGIN).count(), 1);
    }
}
