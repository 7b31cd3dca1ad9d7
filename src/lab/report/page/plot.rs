//! How is a figure drawn?
//!
//! ```text
//!        │ ·  ·  ·  ·  ·         ▲ label at its line's end, moved where two would meet
//!   y    │         ╱────────●────● udp
//!        │ ──■────╱    ■─────────■ tcp
//!        └───────────────────────
//!                 x
//! ```
//!
//! Each series carries its numbers as they are in JSON (`data-points`), so that a page can be checked.

use super::super::figures::{Axis, Figure, Point, Scale, Series};
use super::axis::{Ruler, number};
use super::marks::{class, mark, spread_out};
use super::svg::{Anchor, Place, Svg};
use std::fmt::Write as _;

const WIDTH: f64 = 690.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 474.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 344.0;

/// Letters beyond which a label is written smaller.
const LABEL: usize = 18;

/// A label's height.
const LINE: f64 = 22.0;

/// The drawing.
pub fn draw(figure: &Figure) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let points = || figure.series.iter().flat_map(|series| &series.points);
    let x = x_ruler(&figure.x, points().map(|point| point.x));
    let heights = points().flat_map(|point| {
        let (least, most) = point.range.unwrap_or((point.y, point.y));
        [least, point.y, most]
    });
    let y = Ruler::new(figure.y.scale, heights, BOTTOM, TOP);
    let y = if figure.steps { y.up_to(100.0) } else { y };
    frame(&mut svg, figure, &x, &y);
    for series in &figure.series {
        draw_series(&mut svg, figure, series, &x, &y);
    }
    labels(&mut svg, figure, &x, &y);
    svg.finish(&figure.id, &figure.title, &description(figure))
}

fn x_ruler(axis: &Axis, values: impl Iterator<Item = f64> + Clone) -> Ruler {
    let named = axis.names.iter().map(|(at, _)| *at);
    // Some room at both ends, so that marks do not stand on the frame.
    let (from, to) = if axis.scale == Scale::Log { (LEFT, RIGHT) } else { (LEFT + 14.0, RIGHT - 8.0) };
    Ruler::new(axis.scale, values.chain(named), from, to)
}

/// What a screen reader says: the numbers of short series, the ends of long ones.
fn description(figure: &Figure) -> String {
    let told = |series: &Series| {
        let points: Vec<&Point> = match &series.points[..] {
            [first, .., last] if series.points.len() > 10 => vec![first, last],
            points => points.iter().collect(),
        };
        let pairs = points.iter().map(|point| format!("{} at {}", number(point.y), number(point.x)));
        format!("{}: {}.", series.label, pairs.collect::<Vec<_>>().join(", "))
    };
    let all: Vec<String> = figure.series.iter().map(told).collect();
    format!("{} over {}. {}", figure.y.title, figure.x.title, all.join(" "))
}

fn frame(svg: &mut Svg, figure: &Figure, x: &Ruler, y: &Ruler) {
    for tick in y.ticks() {
        let at = y.at(tick);
        svg.line("grid", (LEFT, at), (RIGHT, at));
        svg.text("tick", (LEFT - 8.0, at + 5.0), Anchor::End, &number(tick));
    }
    let names = &figure.x.names;
    if names.is_empty() {
        for tick in x.ticks() {
            let at = x.at(tick);
            svg.line("grid", (at, TOP), (at, BOTTOM));
            svg.text("tick", (at, BOTTOM + 20.0), Anchor::Middle, &number(tick));
        }
    }
    for (index, (at, name)) in names.iter().enumerate() {
        // Every other one lower: names are wide.
        let lower = if index % 2 == 0 { 18.0 } else { 35.0 };
        svg.text("tick", (x.at(*at), BOTTOM + lower), Anchor::Middle, name);
    }
    svg.line("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
    svg.line("axis", (LEFT, TOP), (LEFT, BOTTOM));
    svg.text("name", (f64::midpoint(LEFT, RIGHT), HEIGHT - 8.0), Anchor::Middle, &figure.x.title);
    svg.upright("name", (17.0, f64::midpoint(TOP, BOTTOM)), short(&figure.y.title));
}

/// Of `Goodput: message bytes delivered, kB/s` what stands beside the axis.
fn short(title: &str) -> &str {
    title.split_once(": ").map_or(title, |(_, rest)| rest)
}

/// `x,y,least,most` each, as JSON has them.
fn numbers(series: &Series) -> String {
    series.points.iter().fold(String::new(), |mut text, point| {
        let (least, most) = point.range.unwrap_or((point.y, point.y));
        let space = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{space}{},{},{least},{most}", point.x, point.y);
        text
    })
}

fn draw_series(svg: &mut Svg, figure: &Figure, series: &Series, x: &Ruler, y: &Ruler) {
    let attributes = [
        ("data-figure", figure.id.as_str()),
        ("data-label", &series.label),
        ("data-points", &numbers(series)),
    ];
    svg.begin_group("series", &attributes);
    let class = class(series.style);
    let place = |point: &Point| (x.at(point.x), y.at(point.y));
    let places: Vec<Place> = series.points.iter().map(place).collect();
    svg.path(&format!("curve {class}"), &if figure.steps { steps(&places) } else { joined(&places) });
    if !figure.steps {
        for (point, at) in series.points.iter().zip(&places) {
            if let Some((least, most)) = point.range {
                bar(svg, &class, at.0, y.at(least), y.at(most));
            }
            mark(svg, series.style, *at, 5.5);
        }
    }
    svg.end_group();
}

/// From the least to the greatest of the seeds.
fn bar(svg: &mut Svg, class: &str, x: f64, least: f64, most: f64) {
    let class = format!("range {class}");
    svg.line(&class, (x, least), (x, most));
    for end in [least, most] {
        svg.line(&class, (x - 4.0, end), (x + 4.0, end));
    }
}

fn joined(places: &[Place]) -> String {
    places.iter().fold(String::new(), |mut path, (x, y)| {
        let _ = write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { 'M' } else { 'L' });
        path
    })
}

/// The share rises at each latency, and stays until the next; at the end it stays.
fn steps(places: &[Place]) -> String {
    let Some((first, _)) = places.first() else { return String::new() };
    let mut path = format!("M{first:.1} {BOTTOM:.1}");
    for (x, y) in places {
        let _ = write!(path, "H{x:.1}V{y:.1}");
    }
    let _ = write!(path, "H{RIGHT:.1}");
    path
}

/// Each label at its line's end, with its mark; where it had to move a thin line leads to it.
fn labels(svg: &mut Svg, figure: &Figure, x: &Ruler, y: &Ruler) {
    let drawn: Vec<&Series> = figure.series.iter().filter(|series| !series.points.is_empty()).collect();
    let end = |series: &&Series| {
        let last = series.points.last().map_or((0.0, 0.0), |point| (point.x, point.y));
        let at = if figure.steps { RIGHT } else { x.at(last.0) };
        (at, y.at(last.1))
    };
    let ends: Vec<Place> = drawn.iter().map(end).collect();
    let heights: Vec<f64> = ends.iter().map(|(_, y)| *y).collect();
    let placed = spread_out(&heights, LINE, BOTTOM - 4.0);
    for ((series, end), height) in drawn.iter().zip(&ends).zip(placed) {
        let (from, to) = (end.0 + 6.0, RIGHT + 18.0);
        svg.line("lead", (from, end.1), (to, height));
        mark(svg, series.style, (RIGHT + 26.0, height), 5.5);
        let flag = if series.unfit { " !" } else { "" };
        let label = format!("{}{flag}", series.label);
        let class = if label.chars().count() > LABEL { "label long" } else { "label" };
        svg.text(class, (RIGHT + 38.0, height + 5.5), Anchor::Start, &label);
    }
}
