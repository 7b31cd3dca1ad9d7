//! How is a run drawn, message by message?
//!
//! A lane each, under each other, over one axis of time. A stroke leans from when its message was handed in to
//! when it was delivered; late ones are thick. Below it a cross for each packet that was lost.

use super::super::figures::Scale;
use super::super::timeline::{Stroke, Timeline};
use super::axis::{Ruler, number};
use super::marks::{class, mark};
use super::svg::{Anchor, Place, Svg};
use crate::lab::link::Direction;
use std::fmt::Write as _;

const WIDTH: f64 = 1_200.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 1_180.0;

/// A lane with its strips of lost packets.
const LANE: f64 = 178.0;

/// From its top: delivered, handed in, lost up, lost down.
const DELIVERED: f64 = 44.0;
const HANDED_IN: f64 = 116.0;
const LOST: [f64; 2] = [138.0, 158.0];

/// The drawing; `styles` are those of the lanes.
pub fn draw(lanes: &[(usize, Timeline)]) -> String {
    let height = LANE * f64::from(u32::try_from(lanes.len()).unwrap_or(u32::MAX)) + 56.0;
    let mut svg = Svg::new(WIDTH, height);
    let ends = lanes.iter().map(|(_, lane)| lane.end);
    let ruler = Ruler::new(Scale::Linear, ends, LEFT, RIGHT);
    let floor = height - 52.0;
    for tick in ruler.ticks() {
        svg.line("grid", (ruler.at(tick), 20.0), (ruler.at(tick), floor));
        svg.text("tick", (ruler.at(tick), floor + 20.0), Anchor::Middle, &number(tick));
    }
    svg.text(
        "name",
        (f64::midpoint(LEFT, RIGHT), height - 8.0),
        Anchor::Middle,
        "time since the first message, ms",
    );
    let mut top = 0.0;
    for (style, lane) in lanes {
        draw_lane(&mut svg, *style, lane, &ruler, top);
        top += LANE;
    }
    svg.finish("timeline", "Each message of one run, and each packet that was lost", &description(lanes))
}

fn description(lanes: &[(usize, Timeline)]) -> String {
    lanes.iter().fold(String::new(), |mut text, (_, lane)| {
        let _ = write!(text, "{}: {}. ", lane.label, counts(lane));
        text
    })
}

/// `3 of 75 late, none missing, 9 packets lost`
fn counts(lane: &Timeline) -> String {
    let (tardy, missing) = lane.late_and_missing();
    let word = |count: usize| if count == 0 { "none".to_owned() } else { count.to_string() };
    let mut text =
        format!("of {} messages {} late, {} missing", lane.strokes.len(), word(tardy), word(missing));
    match &lane.lost {
        Some(lost) => {
            let _ = write!(text, "; {} packets lost", lost.len());
        }
        None => text.push_str("; packets were not kept"),
    }
    text
}

fn draw_lane(svg: &mut Svg, style: usize, lane: &Timeline, ruler: &Ruler, top: f64) {
    let attributes =
        [("data-label", lane.label.as_str()), ("data-messages", &messages(lane)), ("data-lost", &lost(lane))];
    svg.begin_group("lane", &attributes);
    mark(svg, style, (12.0, top + 18.0), 7.0);
    svg.text("label", (26.0, top + 24.0), Anchor::Start, &format!("{}: {}", lane.label, counts(lane)));
    for (y, name) in [
        (DELIVERED, "delivered"),
        (HANDED_IN, "handed in"),
        (LOST[0], "lost going up"),
        (LOST[1], "lost going down"),
    ] {
        svg.text("tick", (LEFT - 10.0, top + y + 5.0), Anchor::End, name);
        svg.line("rail", (LEFT, top + y), (RIGHT, top + y));
    }
    for stroke in &lane.strokes {
        draw_stroke(svg, &class(style), stroke, ruler, top);
    }
    for lost in lane.lost.iter().flatten() {
        let strip = LOST[usize::from(lost.direction == Direction::Down)];
        cross(svg, (ruler.at(lost.at), top + strip), 5.0);
    }
    svg.end_group();
}

fn draw_stroke(svg: &mut Svg, class: &str, stroke: &Stroke, ruler: &Ruler, top: f64) {
    let from = (ruler.at(stroke.sent), top + HANDED_IN);
    if let Some(delivered) = stroke.delivered {
        let weight = if stroke.late { format!("late {class}") } else { "soon".to_owned() };
        svg.line(&weight, from, (ruler.at(delivered), top + DELIVERED));
    } else {
        svg.line("never", from, (from.0, top + HANDED_IN - 18.0));
        svg.circle("never", (from.0, top + HANDED_IN - 23.0), 5.0);
    }
}

/// A lost packet.
pub fn cross(svg: &mut Svg, (x, y): Place, size: f64) {
    let (left, right, up, down) = (x - size, x + size, y - size, y + size);
    svg.path(
        "cross",
        &format!("M{left:.1} {up:.1}L{right:.1} {down:.1}M{left:.1} {down:.1}L{right:.1} {up:.1}"),
    );
}

/// `number,sent,delivered` each; nothing behind the second comma: never.
fn messages(lane: &Timeline) -> String {
    let told = |it: &Stroke| {
        format!("{},{},{}", it.number, it.sent, it.delivered.map(|at| at.to_string()).unwrap_or_default())
    };
    lane.strokes.iter().map(told).collect::<Vec<_>>().join(" ")
}

/// `moment,direction,cause` each.
fn lost(lane: &Timeline) -> String {
    let all = lane.lost.iter().flatten();
    all.map(|it| format!("{},{},{}", it.at, it.direction, it.cause)).collect::<Vec<_>>().join(" ")
}
