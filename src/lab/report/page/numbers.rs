//! How are the tables of the page written?

use super::super::comparison::{Comparison, Line};
use super::super::markdown::sentence;
use super::super::quantity::Quantity;
use super::super::spread::Spread;
use super::super::table::of_runs;
use super::svg::escaped;
use std::fmt::Write as _;

/// The table of a part; each number in JSON's form as `data-value`.
pub fn table(comparison: &Comparison, index: usize) -> String {
    let Some(part) = comparison.part(index) else { return String::new() };
    let first = if part.axis.is_empty() { "link" } else { part.axis };
    let mut text = "<div class=\"scroll\"><table>\n<thead><tr>".to_owned();
    let heads = [first, "carried by"].into_iter().chain(part.columns.iter().map(|it| it.head_with_unit()));
    heads.for_each(|head| {
        let _ = write!(text, "<th scope=\"col\">{}</th>", escaped(head));
    });
    text.push_str("</tr></thead>\n<tbody>\n");
    let lines = comparison.lines(index);
    let mut last = None;
    for line in &lines {
        let is_first = last != Some(line.link);
        last = Some(line.link);
        text.push_str(&row(&part.links[line.link].name, line, is_first, part.columns));
    }
    text.push_str("</tbody>\n</table></div>\n");
    text + &remarks(&lines, part.columns)
}

fn row(name: &str, line: &Line, is_first: bool, columns: &[Quantity]) -> String {
    let (class, name) = if is_first { (" class=\"first\"", name) } else { ("", "") };
    let flag = if line.unfit > 0 { " <span class=\"flag\">!</span>" } else { "" };
    let mut text = format!(
        "<tr{class} data-part=\"{}\" data-link=\"{}\" data-row=\"{}\"><td>{}</td><td title=\"{}\">{}{flag}</td>",
        line.part,
        line.link,
        escaped(&line.row.word()),
        escaped(name),
        escaped(&line.command),
        escaped(&line.label)
    );
    for quantity in columns {
        text.push_str(
            &line
                .spread(*quantity)
                .map_or_else(|| "<td>–</td>".to_owned(), |it| cell(*quantity, it, line.runs)),
        );
    }
    text + "</tr>\n"
}

fn cell(quantity: Quantity, spread: Spread, runs: usize) -> String {
    let Spread { median, least, most, .. } = spread;
    let [from, to] = [least, most].map(|value| format!("{value:.1}"));
    let ends = if from == to { String::new() } else { format!(" <small>{from}–{to}</small>") };
    format!(
        "<td data-quantity=\"{}\" data-value=\"{median},{least},{most}\">{median:.1}{ends}{}</td>",
        quantity.member(),
        of_runs(spread, runs)
    )
}

/// What is missing, and what is not fit.
fn remarks(lines: &[Line], columns: &[Quantity]) -> String {
    let mut text = String::new();
    let missing = lines.iter().filter_map(|line| Some((line, line.missing.as_ref()?)));
    let mut told: Vec<String> = missing
        .map(|(line, it)| format!("{}: {}: {}", sentence(it.word()), escaped(&line.label), escaped(it.why())))
        .collect();
    told.dedup();
    if lines.iter().any(|line| line.unfit > 0) {
        told.push(
            "Rows with ! are unfit: the emulator itself was more than 1 ms late, or overloaded.".to_owned(),
        );
    }
    for remark in told {
        let _ = writeln!(text, "<p class=\"flag\">{remark}</p>");
    }
    let first = "A number is the median over seeds; behind it the least and the greatest";
    let keys: Vec<&str> =
        std::iter::once(first).chain(columns.iter().filter_map(|quantity| quantity.key())).collect();
    text + &format!("<p class=\"soft\">{}.</p>\n", escaped(&keys.join("; ")))
}
