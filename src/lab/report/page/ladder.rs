//! How is the ladder of a message drawn?
//!
//! Three uprights: sender, server, receiver. A rung is a packet; it falls a little on its way, as time does,
//! and ends in a cross where it was dropped. What stands beside it is its moment and its part in the story.

use super::super::quantity::millis;
use super::super::story::ladder::Rung;
use super::super::story::{Story, Weight};
use super::marks::class;
use super::svg::{Anchor, Place, Svg};
use super::timeline::cross;
use crate::lab::link::Direction;

const WIDTH: f64 = 1_200.0;
const SENDER: f64 = 150.0;
const SERVER: f64 = 350.0;
const RECEIVER: f64 = 550.0;
const TEXT: f64 = 574.0;

/// The height of a rung, and how far a packet falls.
const STEP: f64 = 27.0;
const FALL: f64 = 9.0;

/// The height above the first rung.
const HEAD: f64 = 62.0;

/// The drawing; `style` is the row's.
pub fn draw(style: usize, story: &Story, id: &str) -> String {
    let rungs = f64::from(u32::try_from(story.rungs.len()).unwrap_or(u32::MAX));
    let height = HEAD + rungs * STEP + 42.0;
    let mut svg = Svg::new(WIDTH, height);
    for (x, name) in [(SENDER, "sender"), (SERVER, "server"), (RECEIVER, "receiver")] {
        svg.text("label", (x, 20.0), Anchor::Middle, name);
        svg.line("upright", (x, 30.0), (x, height - 30.0));
    }
    svg.text("tick", (SENDER - 14.0, 48.0), Anchor::End, "handed in: 0 ms");
    svg.circle(&format!("mark {}", class(style)), (SENDER, 43.0), 5.0);
    let mut y = HEAD;
    for rung in &story.rungs {
        draw_rung(&mut svg, style, rung, y);
        y += STEP;
    }
    if let Some(latency) = story.latency {
        svg.circle(&format!("mark {}", class(style)), (RECEIVER, y + 6.0), 5.0);
        svg.text("label", (TEXT, y + 11.0), Anchor::Start, &format!("delivered: {:.1} ms", millis(latency)));
    } else {
        svg.text("label", (TEXT, y + 11.0), Anchor::Start, "never delivered");
    }
    let title = format!("The packets of message {} over {}", story.number, story.label);
    svg.finish(id, &title, &story.reasons.join(" "))
}

fn draw_rung(svg: &mut Svg, style: usize, rung: &Rung, y: f64) {
    match rung {
        Rung::Others(count) => {
            let noun = if *count == 1 { "other packet" } else { "other packets" };
            svg.text("gap", (SERVER, y + 12.0), Anchor::Middle, &format!("⋮ {count} {noun}"));
        }
        Rung::Packet { by_receiver, direction, at, arrived, ip_bytes, weight, text } => {
            let (client, server) = (if *by_receiver { RECEIVER } else { SENDER }, SERVER);
            let (from, to) = if *direction == Direction::Up { (client, server) } else { (server, client) };
            arrow(svg, style, *weight, (from, y), (to, y + FALL), arrived.is_some());
            svg.text("tick", (SENDER - 14.0, y + 10.0), Anchor::End, &moment(*at));
            let arrived = arrived.map(|at| format!(", there at {}", moment(at))).unwrap_or_default();
            let told = if text.is_empty() {
                format!("{ip_bytes} bytes{arrived}")
            } else {
                format!("{text}; {ip_bytes} bytes{arrived}")
            };
            svg.text("told", (TEXT, y + 10.0), Anchor::Start, &told);
        }
    }
}

fn moment(ms: f64) -> String {
    if ms < 0.0 { format!("−{:.1} ms", -ms) } else { format!("{ms:.1} ms") }
}

fn arrow(svg: &mut Svg, style: usize, weight: Weight, from: Place, to: Place, passes: bool) {
    let weight = match weight {
        Weight::Own | Weight::Again => format!("rung {}", class(style)),
        Weight::Asks => "rung asks".to_owned(),
        Weight::Lost => "rung lost".to_owned(),
    };
    let side = (to.0 - from.0).signum();
    if passes {
        let end = (to.0 - side * 2.0, to.1);
        svg.line(&weight, from, end);
        let (back, up, down) = (end.0 - side * 9.0, end.1 - 5.0, end.1 + 4.0);
        svg.path(&weight, &format!("M{back:.1} {up:.1}L{:.1} {:.1}L{back:.1} {down:.1}", end.0, end.1));
    } else {
        let end = (from.0 + (to.0 - from.0) * 0.55, from.1 + FALL * 0.55);
        svg.line(&weight, from, end);
        cross(svg, end, 6.0);
    }
}
