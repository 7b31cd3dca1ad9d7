//! How is a comparison told on one page?
//!
//! One HTML file that needs nothing else: styles and drawings are in it, there is no script, nothing is
//! fetched. It follows the reader's light or dark theme, prints in light colours, and says everything that a
//! colour says by a dash, a mark and a label, too.
//!
//! ```text
//! answer.rs    a few sentences        svg.rs    elements        plot.rs      figures
//! numbers.rs   the tables             axis.rs   rulers          timeline.rs  a run, message by message
//! style.css    colours, sizes, print  marks.rs  marks, dashes   ladder.rs    the packets of a message
//! ```

mod answer;
mod axis;
mod ladder;
mod marks;
mod numbers;
mod plot;
mod svg;
mod timeline;

use super::comparison::Comparison;
use super::figures::{Figure, figures, style};
use super::json::stories;
use super::story::Story;
use super::timeline::Timeline;
use std::fmt::Write as _;
use svg::escaped;

const STYLE: &str = include_str!("style.css");

/// The whole page.
pub fn page(comparison: &Comparison) -> String {
    let mut body = head(comparison);
    for part in 0..comparison.matrix.parts.len() {
        body.push_str(&part_section(comparison, part));
        if part == 0 {
            body.push_str(&run_section(comparison));
            body.push_str(&story_section(comparison));
        }
    }
    body.push_str(LIMITS);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>Say Again: what a lossy link does to a chat</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <main>\n{body}</main>\n</body>\n</html>\n"
    )
}

/// Title, answer, and how it was measured.
fn head(comparison: &Comparison) -> String {
    let about = &comparison.about;
    let scenario = comparison.matrix.scenario;
    let title = scenario.map_or("What does a lossy link do to a chat?", |it| it.title);
    let mut text = format!("<h1>{}</h1>\n", escaped(title));
    if let Some(why) = &about.why_model {
        let _ = writeln!(
            text,
            "<p class=\"warn\">Model: computed by the simulator, not measured on the kernel’s TCP. {}</p>",
            escaped(why)
        );
    }
    // What to look for stands in the place of an answer.
    let look = scenario.map(|it| it.look.map(str::to_owned).to_vec());
    let sentences = look.unwrap_or_else(|| answer::sentences(comparison));
    let told = each("p", &sentences);
    let _ = write!(text, "<div class=\"answer\">\n{told}</div>\n<h2>What was measured, and how</h2>\n");
    text.push_str(if comparison.has_model() { HOW_MODEL } else { HOW });
    text.push_str("<dl>\n");
    let runs = comparison.runs.iter().filter(|run| run.outcome.is_ok()).count();
    let facts = [
        ("command", format!("<code>{}</code>", escaped(&about.command))),
        ("program", escaped(&about.program)),
        ("system", escaped(&about.system)),
        ("machine", escaped(&about.machine)),
        ("TCP", escaped(&comparison.tcp_in_force().join(", "))),
        ("date", escaped(&about.date)),
        ("runs", runs.to_string()),
    ];
    for (name, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
        let _ = writeln!(text, "<dt>{name}</dt><dd>{fact}</dd>");
    }
    text + "</dl>\n"
}

const HOW: &str = "<p>A sender hands numbered messages to a chat server, which hands them on to each receiver: \
    real programs on this machine, joined by an emulated link below IP, so that the kernel’s own TCP and our \
    layer on UDP meet the same link packet by packet; with one seed the k-th packet of a direction meets the \
    same fate, whatever carries it. <b>raw</b> is bare UDP without recovery, <b>udp</b> our layer on UDP, \
    <b>tcp</b> the kernel’s TCP. Latency is from the send call to the delivery to the receiving user; udp and tcp deliver in order, raw as it comes. \
    udp and tcp are sealed by the same cryptography.</p>\n";

const HOW_MODEL: &str = "<p>A sender hands numbered messages to a server, which hands them on to each receiver, on \
    virtual time: <b>raw (model)</b> is the link alone, <b>udp (model)</b> the program’s real protocol code, \
    <b>tcp-like (model)</b> the same code in the mode that behaves as TCP does (one order, patient timers, three \
    duplicate acknowledgements); it is not the kernel’s TCP and lacks its tail loss probes and RACK. With one seed \
    the k-th packet of a direction meets the same fate, whatever carries it. Latency is from the moment of \
    handing in to the delivery, in order.</p>\n";

const LIMITS: &str = "<h2>What this does not say</h2>\n<ul>\n\
    <li>One machine, one emulated link: no other traffic, no radio, no routers of others.</li>\n\
    <li>Losses are drawn for each packet. Who sends more packets for the same messages meets more of them.</li>\n\
    <li>A few seeds show a spread, not a confidence interval.</li>\n\
    <li>Ladders show packets. Why an end decided as it did is concluded from them and called a rule that fits.</li>\n\
    </ul>\n";

fn part_section(comparison: &Comparison, index: usize) -> String {
    let Some(part) = comparison.part(index) else { return String::new() };
    let mut text = format!(
        "<h2>{}</h2>\n<p class=\"soft\">{}; {} where chance decides.</p>\n",
        escaped(&part.title),
        escaped(&part.workload.told()),
        if part.seeds == 1 { "one seed".to_owned() } else { format!("{} seeds", part.seeds) }
    );
    text.push_str(&numbers::table(comparison, index));
    let (over, single): (Vec<Figure>, Vec<Figure>) =
        figures(comparison, index).into_iter().partition(|it| !it.steps);
    for group in [over, single] {
        text.push_str("<div class=\"grid\">\n");
        text.extend(group.iter().map(figure));
        text.push_str("</div>\n");
    }
    text
}

fn figure(figure: &Figure) -> String {
    let badge = if figure.series.iter().any(|series| series.model) { MODEL } else { "" };
    let unfit = if figure.series.iter().any(|series| series.unfit) { UNFIT } else { "" };
    format!(
        "<figure>\n<h3>{}{badge}</h3>\n{}\n<figcaption>{}{unfit}<code>{}</code></figcaption>\n</figure>\n",
        escaped(&figure.title),
        plot::draw(figure),
        escaped(&figure.caption),
        escaped(&figure.command)
    )
}

const MODEL: &str = " <span class=\"flag\">model</span>";
const UNFIT: &str =
    " <span class=\"flag\">!</span> in some runs the emulator itself was more than 1 ms late.";

/// One run, message by message.
fn run_section(comparison: &Comparison) -> String {
    let Some(part) = comparison.shown_part() else { return String::new() };
    let shown = comparison.shown_runs();
    let lanes: Vec<(usize, Timeline)> =
        shown.iter().map(|(wanted, run)| (style(part, wanted.row), Timeline::of(run))).collect();
    if lanes.is_empty() {
        return String::new();
    }
    let badge = if comparison.has_model() { MODEL } else { "" };
    let commands: String = lanes.iter().map(|(_, lane)| code(&lane.command)).collect();
    format!(
        "<h2>One run, message by message{badge}</h2>\n<figure>\n{}\n<figcaption>Each stroke is a message: it \
         begins when it was handed in and ends when the receiver got it. Thick: late (50 ms or more behind the \
         fastest). A ring: never. A cross: a packet that the link dropped, of any client. Strokes that end at one \
         moment waited for the same packet.{}</figcaption>\n</figure>\n",
        timeline::draw(&lanes),
        remade(&commands, comparison)
    )
}

/// Where the simulator stood in, the single commands need the link that was refused.
fn remade(commands: &str, comparison: &Comparison) -> String {
    if comparison.has_model() { code(&comparison.about.command) } else { commands.to_owned() }
}

/// Each sentence as such an element.
fn each(element: &str, sentences: &[String]) -> String {
    sentences.iter().fold(String::new(), |mut text, sentence| {
        let _ = writeln!(text, "<{element}>{}</{element}>", escaped(sentence));
        text
    })
}

fn code(command: &str) -> String {
    format!("<code>{}</code>", escaped(command))
}

/// The worst message of each row.
fn story_section(comparison: &Comparison) -> String {
    let Some(part) = comparison.shown_part() else { return String::new() };
    let told = stories(comparison);
    if told.is_empty() {
        return String::new();
    }
    let styles = |story: &Story| {
        let rows = comparison.shown_runs();
        let row = rows.iter().find(|(_, run)| super::comparison::shown_label(run) == story.label);
        row.map_or(0, |(wanted, _)| style(part, wanted.row))
    };
    let mut text = "<h2>The worst message of each, and why it was late</h2>\n".to_owned();
    for (index, story) in told.iter().enumerate() {
        let took = match story.latency {
            Some(latency) => format!("took {:.0} ms", super::quantity::millis(latency)),
            None => "never arrived".to_owned(),
        };
        let badge = if story.model { MODEL } else { "" };
        let reasons = each("li", &story.reasons);
        let _ = write!(
            text,
            "<figure>\n<h3>{}: message {} {took}{badge}</h3>\n<ul>\n{reasons}</ul>\n{}\n<figcaption>Packets as the \
             link saw them, in the order in which they entered it.{}</figcaption>\n</figure>\n",
            escaped(&story.label),
            story.number,
            ladder::draw(styles(story), story, &format!("story-{index}")),
            remade(&code(&story.command), comparison)
        );
    }
    text
}

#[cfg(test)]
mod tests;
