//! Columns, arrows, and words that keep to their side.
//!
//! ```text
//!   time    the client's words    lane    the server's words
//!    10            35             26              35
//! ```
//!
//! No line is longer than [`WIDTH`] columns within the first day; longer words go on in the next line.

use super::Side;
use super::datagrams::{Act, Fate, Label, Step};
use super::words;
use crate::time::{Duration, Instant};

/// No line is longer, in columns.
pub const WIDTH: usize = 110;

/// The words of each side, in columns.
const WORDS: usize = 35;

/// Between the lifelines, in columns.
const LANE: usize = 24;

/// How far an arrow is drawn from where its datagram leaves, or to where it arrives, in columns.
const NEAR: usize = 15;

/// The longest name on an arrow, in columns.
const NAME: usize = 18;

/// Draws the steps, a line or several each.
pub fn draw(steps: &[Step]) -> String {
    let mut text = line("ms", "client", &" ".repeat(LANE + 2), "server");
    for step in steps {
        let words = words::notes(step);
        let mut words = words.iter().flat_map(|note| wrapped(note, WORDS)).collect::<Vec<_>>();
        if words.is_empty() {
            words.push(String::new());
        }
        for (row, words) in words.iter().enumerate() {
            let time = if row == 0 { time(step.at) } else { String::new() };
            let lane = if row == 0 { lane(step) } else { lifelines() };
            let (client, server) =
                if step.side == Side::Client { (words.as_str(), "") } else { ("", words.as_str()) };
            text.push_str(&line(&time, client, &lane, server));
        }
    }
    text
}

fn line(time: &str, client: &str, lane: &str, server: &str) -> String {
    let drawn = format!("{time:>10} {client:<WORDS$} {lane} {server}");
    format!("{}\n", drawn.trim_end())
}

fn time(at: Instant) -> String {
    words::ms(Duration::from_micros(at.as_micros()))
}

fn lifelines() -> String {
    format!("│{}│", " ".repeat(LANE))
}

/// The lifelines and what passes between them.
fn lane(step: &Step) -> String {
    match step.act {
        Act::Happens => lifelines(),
        Act::Departs(label, fate) => departing(step.side, label, fate),
        Act::Arrives(label) => arriving(step.side, &name(label)),
        Act::Dropped => arriving(step.side, "?"),
    }
}

/// At most [`NAME`] columns of it.
fn name(label: Label) -> String {
    whole_name(label).chars().take(NAME).collect()
}

/// The name of a datagram: `FINISH + #0`.
pub fn whole_name(Label { handshake, number }: Label) -> String {
    match (handshake, number) {
        (Some(kind), Some(number)) => format!("{kind} + #{number}"),
        (Some(kind), None) => kind.to_owned(),
        (None, Some(number)) => format!("#{number}"),
        (None, None) => String::new(),
    }
}

/// From this side: near it the arrow, then how it goes on, or that it ends.
fn departing(side: Side, label: Label, fate: Fate) -> String {
    let (end, beyond) = match fate {
        Fate::Arrived(_) => ("╌", "╌"),
        Fate::UnderWay => ("╌", " "),
        Fate::Lost => ("x", " "),
    };
    let name = name(label);
    let dashes = NEAR.saturating_sub(name.chars().count()).max(1);
    let dashes = "─".repeat(dashes);
    let beyond = beyond.repeat(LANE.saturating_sub(name.chars().count() + dashes.chars().count() + 4));
    match side {
        Side::Client => format!("├─ {name} {dashes}{end}{beyond}│"),
        Side::Server => format!("│{beyond}{end}{dashes} {name} ─┤"),
    }
}

/// To this side.
fn arriving(side: Side, name: &str) -> String {
    let dashes = NEAR.saturating_sub(name.chars().count()).max(1);
    let len = dashes + name.chars().count() + 4;
    let far = "╌".repeat(LANE.saturating_sub(len));
    match side {
        Side::Client => format!("│◀ {name} {}{far}╌│", "─".repeat(dashes)),
        Side::Server => format!("│╌{far}{} {name} ▶│", "─".repeat(dashes)),
    }
}

/// The words in lines of at most `width` columns, broken at spaces where there are any; what a source is
/// called stays in one line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let text = text.replace("RFC ", "RFC\u{a0}");
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        while !word.is_empty() {
            let Some(line) = lines.last_mut() else { break };
            let used = line.chars().count();
            let gap = usize::from(used > 0);
            if used + gap + word.len() <= width {
                line.push_str(if gap > 0 { " " } else { "" });
                line.extend(word.drain(..));
            } else if used > 0 {
                lines.push(String::new());
            } else {
                line.extend(word.drain(..width));
            }
        }
    }
    lines.iter().map(|line| line.replace('\u{a0}', " ")).collect()
}
