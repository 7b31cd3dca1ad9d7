//! Which numbers are plotted?
//!
//! Values only: the page draws them, JSON lists them, and a test holds the two to each other. A plotted number
//! is rounded to a thousandth once, here or where it was computed.

use super::comparison::{Comparison, Line};
use super::matrix::{LinkChoice, Part};
use super::quantity::{Quantity, millis};
use super::row::Row;
use super::spread::rounded;
use crate::lab::bench::Measurement;
use crate::lab::flow::Latencies;

/// Points of a distribution, at most; beyond that every n-th is drawn.
const POINTS: usize = 300;

/// How numbers become lengths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scale {
    /// Evenly, from zero on.
    Linear,
    /// By their logarithm.
    Log,
}

/// An axis.
#[derive(Clone, PartialEq, Debug)]
pub struct Axis {
    /// What it says.
    pub title: String,
    /// How.
    pub scale: Scale,
    /// Names in the place of numbers.
    pub names: Vec<(f64, String)>,
}

/// A plotted number.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: f64,
    /// The least and the greatest of the seeds, where they differ.
    pub range: Option<(f64, f64)>,
}

/// What is drawn of one row.
#[derive(Clone, PartialEq, Debug)]
pub struct Series {
    /// Its label, `model` included.
    pub label: String,
    /// Which colour, dash and mark.
    pub style: usize,
    /// The simulator computed some of it.
    pub model: bool,
    /// The emulator was not good enough in some of its runs.
    pub unfit: bool,
    /// From left to right.
    pub points: Vec<Point>,
}

/// A plot.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    /// Unique, of letters, digits and dashes.
    pub id: String,
    /// A heading.
    pub title: String,
    /// What to see in it.
    pub caption: String,
    /// The command that makes it again.
    pub command: String,
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// Points are joined by steps, without marks.
    pub steps: bool,
    /// A row each.
    pub series: Vec<Series>,
}

/// What is drawn over the links of a part: a number, a title, a scale, and what to see in it.
type Over = (Quantity, &'static str, Scale, &'static str);

const LATENCIES: [Over; 2] = [
    (
        Quantity::P50,
        "The usual message: median latency, ms",
        Scale::Log,
        "Half of the messages that arrived took at most this.",
    ),
    (
        Quantity::P99,
        "The slow ones: 99th percentile, ms",
        Scale::Log,
        "99 of 100 messages that arrived took at most this: what people notice.",
    ),
];

const MISSING: Over = (
    Quantity::Missing,
    "Messages that never arrived, %",
    Scale::Linear,
    "What nobody repeats stays away. Each message crosses the link twice: up to the server and down again.",
);

const COSTS: [Over; 2] = [
    (
        Quantity::Goodput,
        "Goodput: message bytes delivered, kB/s",
        Scale::Linear,
        "From the first message that was handed in to the last delivery. Higher is better.",
    ),
    (
        Quantity::Overhead,
        "IP bytes on the wire for each byte delivered",
        Scale::Linear,
        "All packets both ways, the set-up of the connections included. Lower is cheaper.",
    ),
];

/// All figures, in the order of the page.
pub fn figures(comparison: &Comparison, part: usize) -> Vec<Figure> {
    let Some(of) = comparison.part(part) else { return Vec::new() };
    let mut figures = Vec::new();
    let bulk = of.workload.is_bulk();
    if !bulk && (part == 0 || of.axis.is_empty()) {
        figures.extend((0..of.links.len()).map(|link| distribution(comparison, part, of, link)));
    }
    if of.links.len() > 1 {
        let lines = comparison.lines(part);
        let latencies = LATENCIES.into_iter().chain([MISSING]).filter(|_| !bulk);
        let wanted = latencies.chain(COSTS);
        figures.extend(wanted.map(|over| over_links(comparison, of, &lines, over)));
    }
    figures.retain(|figure| figure.series.iter().any(|series| !series.points.is_empty()));
    figures
}

/// How a row is drawn: the three of a lecture always alike.
pub fn style(part: &Part, row: Row) -> usize {
    let usual = Row::usual();
    if let Some(place) = usual.iter().position(|known| *known == row) {
        return place;
    }
    let others = part.rows.iter().filter(|other| !usual.contains(other));
    usual.len() + others.take_while(|other| **other != row).count()
}

/// The command that takes one link of a part again.
fn command_of_link(comparison: &Comparison, part: &Part, link: usize, choice: &LinkChoice) -> String {
    // Not every workload of a scenario can be asked for link by link.
    if comparison.matrix.scenario.is_some() {
        return comparison.about.command.clone();
    }
    let rows: Vec<String> = part.rows.iter().map(|row| row.word()).collect();
    let model = if comparison.about.why_model.is_some() { " --model" } else { "" };
    let words = [
        format!("sayagain compare{model} --transports {} --seeds {}", rows.join(","), part.seeds),
        part.workload_on(link).options(),
        choice.options.clone(),
        format!("--seed {} --html page.html", comparison.matrix.seed),
    ];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn distribution(comparison: &Comparison, part: usize, of: &Part, link: usize) -> Figure {
    let choice = &of.links[link];
    let series = of.rows.iter().filter_map(|row| {
        let runs = || comparison.taken(part, link, *row).filter_map(|run| run.outcome.as_ref().ok());
        let first = runs().next()?;
        Some(Series {
            label: super::comparison::shown_label(first),
            style: style(of, *row),
            model: runs().any(|run| run.model),
            unfit: runs().any(|run| !run.model && !run.link.is_fit()),
            points: shares(runs()),
        })
    });
    let what =
        if of.axis.is_empty() { choice.name.clone() } else { format!("{} {}", choice.name, of_axis(of)) };
    Figure {
        id: format!("{}-latencies-{link}", of.id),
        title: format!(
            "How long {} take: {what}",
            if of.workload.handshakes { "connects" } else { "messages" }
        ),
        caption:
            "Of all messages, the share that had arrived after so long; all seeds together. A curve that \
                  ends below 100 % has lost some."
                .to_owned(),
        command: command_of_link(comparison, of, link, choice),
        x: Axis { title: "latency, ms".to_owned(), scale: Scale::Log, names: Vec::new() },
        y: Axis {
            title: "messages that have arrived, %".to_owned(),
            scale: Scale::Linear,
            names: Vec::new(),
        },
        steps: true,
        series: series.collect(),
    }
}

/// `lost each way` of `packets lost each way, %`.
fn of_axis(part: &Part) -> &str {
    part.axis.trim_end_matches(", %").trim_start_matches("packets ")
}

/// The share of all messages, in percent, that had arrived after each of the latencies that occurred.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn shares<'a>(runs: impl Iterator<Item = &'a Measurement>) -> Vec<Point> {
    let (mut all, mut sent) = (Latencies::default(), 0);
    for run in runs {
        all.absorb(&run.latencies());
        sent += run.fates.len();
    }
    let step = all.len().div_ceil(POINTS).max(1);
    let mut points: Vec<Point> = Vec::new();
    for rank in (1..=all.len()).filter(|rank| rank % step == 0 || *rank == all.len() || *rank == 1) {
        let Some(latency) = all.ranked(rank) else { break };
        let point =
            Point { x: rounded(millis(latency)), y: rounded(rank as f64 * 100.0 / sent as f64), range: None };
        match points.last_mut().filter(|last| last.x >= point.x) {
            Some(last) => last.y = point.y,
            None => points.push(point),
        }
    }
    points
}

fn over_links(comparison: &Comparison, of: &Part, lines: &[Line], over: Over) -> Figure {
    let (quantity, title, scale, caption) = over;
    let names = if of.axis.is_empty() {
        of.links.iter().map(|link| (link.x, link.name.clone())).collect()
    } else {
        Vec::new()
    };
    let x = if of.axis.is_empty() { "the link" } else { of.axis };
    let series = of.rows.iter().filter_map(|row| {
        let mine: Vec<&Line> = lines.iter().filter(|line| line.row == *row && line.runs > 0).collect();
        let first = *mine.first()?;
        Some(Series {
            label: first.label.clone(),
            style: style(of, *row),
            model: mine.iter().any(|line| line.model),
            unfit: mine.iter().any(|line| line.unfit > 0),
            points: mine.iter().filter_map(|line| point(of, line, quantity)).collect(),
        })
    });
    Figure {
        id: format!("{}-{}", of.id, quantity.member().replace('_', "-")),
        title: title.to_owned(),
        caption: format!("{caption} Medians over seeds; the bars reach from the least to the greatest."),
        command: comparison.about.command.clone(),
        x: Axis { title: x.to_owned(), scale: Scale::Linear, names },
        y: Axis { title: title.to_owned(), scale, names: Vec::new() },
        steps: false,
        series: series.collect(),
    }
}

fn point(of: &Part, line: &Line, quantity: Quantity) -> Option<Point> {
    let spread = line.spread(quantity)?;
    let range = (!spread.is_point()).then_some((spread.least, spread.most));
    Some(Point { x: of.links.get(line.link)?.x, y: spread.median, range })
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::super::matrix::Matrix;
    use super::super::{About, NoRun, Run};
    use super::*;

    fn comparison(matrix: Matrix) -> Comparison {
        let runs = matrix.wanted().into_iter().map(|wanted| {
            let outcome = match wanted.row.label().as_str() {
                "tcp bbr" => Err(NoRun::Skipped("no bbr here".to_owned())),
                label => Ok(made_up::run(label, &[Some(50), Some(50 + wanted.seed), None, Some(90)])),
            };
            Run { wanted, outcome }
        });
        let runs = runs.collect();
        Comparison {
            about: About { command: "sayagain compare".to_owned(), ..About::default() },
            matrix,
            runs,
        }
    }

    #[test]
    fn a_distribution_ends_at_the_share_that_arrived() {
        let all = figures(&comparison(Matrix::usual()), 0);
        let raw = &all[2].series[0];
        let points: Vec<_> = raw.points.iter().map(|point| (point.x, point.y)).collect();
        // Three seeds of four messages, of which one never arrives.
        assert_eq!(points, [(50.0, 25.0), (51.0, 33.333), (52.0, 41.667), (53.0, 50.0), (90.0, 75.0)]);
        assert!(all[2].steps && all[2].title.ends_with("5 % lost each way"), "{}", all[2].title);
        assert!(all[2].command.contains("--delay 25ms --loss 5% --seed 1"), "{}", all[2].command);
    }

    #[test]
    fn over_the_links_stand_the_medians_with_their_range() {
        let all = figures(&comparison(Matrix::usual()), 0);
        let p50 = all.iter().find(|figure| figure.id == "loss-latency-p50-ms").expect("it is drawn");
        let points = &p50.series[1].points;
        assert_eq!(points.iter().map(|point| point.x).collect::<Vec<_>>(), [0.0, 2.0, 5.0, 10.0, 20.0]);
        assert_eq!((points[0].range, points[1].y, points[1].range), (None, 52.0, Some((51.0, 53.0))));
    }

    #[test]
    fn every_part_of_the_full_matrix_is_drawn_and_ids_are_unique() {
        let full = comparison(Matrix::full());
        let all: Vec<Figure> = (0..full.matrix.parts.len()).flat_map(|part| figures(&full, part)).collect();
        let ids: std::collections::BTreeSet<&str> = all.iter().map(|figure| figure.id.as_str()).collect();
        assert_eq!(ids.len(), all.len());
        for part in &full.matrix.parts {
            assert!(all.iter().any(|figure| figure.id.starts_with(part.id)), "{}", part.id);
        }
        let controls = all.iter().find(|figure| figure.id == "controls-latency-p99-ms").expect("it is drawn");
        let styles: Vec<_> = controls.series.iter().map(|it| (it.label.as_str(), it.style)).collect();
        assert_eq!(styles, [("udp", 1), ("tcp", 2), ("tcp reno", 3), ("tcp nagle", 5)]);
    }

    #[test]
    fn a_long_distribution_is_thinned_and_keeps_its_ends() {
        let latencies: Vec<_> = (1..=10_000).map(|ms| Some(ms + 50)).collect();
        let run = made_up::run("udp", &latencies);
        let points = shares(std::iter::once(&run));
        assert!(points.len() <= POINTS + 2, "{}", points.len());
        assert_eq!(
            (points[0].x, points.last().map(|last| (last.x, last.y))),
            (51.0, Some((10_050.0, 100.0)))
        );
    }
}
