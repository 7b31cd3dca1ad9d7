//! The datagrams of this session, newest last, with the reasons.
//!
//! ```text
//!  ── ladder, live ── ✓ acknowledged, ✗ lost; Space pauses, …, F2 closes ──
//!     1.200 → #3    ✗ channel 8: message 4 (24 B)
//!     1.261 ← #9      acknowledged: #4 (RTT 51.2 ms)
//!                     #3 is lost: overtaken, and out for 61.0 ms, … (RFC 9002 §6.1.2)
//!     1.261 → #5    ✓ again, as a new packet (RFC 9000 §13.3): channel 8: message 4 (24 B), in place of #3
//!     1.400           probe timer, first: nothing acknowledged for SRTT + 4·RTTVAR (RFC 9002 §6.2.1)
//! ```
//!
//! The words are those of [`lab::ladder`](crate::lab::ladder). Full where the window is low, below the chat
//! where it is high, beside it where it is wide.

use super::super::state::State;
use super::super::theme::Theme;
use super::super::wrap;
use super::{areas, fitted};
use crate::chat::client::display::printable;
use crate::lab::ladder::datagrams::Act;
use crate::lab::ladder::drawing::whole_name;
use crate::lab::ladder::live::{Known, Row, Tone};
use crate::time::Duration;
use crate::trace::TraceEvent;
use crate::transport::session::Transport;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// From this width on it stands beside the chat, from this height on below it.
const BESIDE_FROM: u16 = 160;
const BELOW_FROM: u16 = 22;
/// Cells before the words: time, direction, number, mark.
const LEAD: usize = 19;

/// Shares this part of the window between the chat and the pane, if that is open.
pub fn split(state: &State, area: Rect) -> (Rect, Option<Rect>) {
    if !state.ladder.is_open {
        return (area, None);
    }
    let (chat, pane) = if area.width >= BESIDE_FROM {
        let half = area.width / 2;
        (Rect { width: half, ..area }, Rect { x: half, width: area.width - half, ..area })
    } else if state.size().height >= BELOW_FROM {
        let half = area.height / 2;
        (Rect { height: half, ..area }, Rect { y: half, height: area.height - half, ..area })
    } else {
        (Rect { width: 0, height: 0, ..area }, area)
    };
    (chat, Some(pane))
}

/// Rows above the ladder itself.
pub fn header_rows(state: &State) -> usize {
    1 + usize::from(state.status.transport == Transport::Tcp)
}

/// How many rows each row of the ladder takes in this window.
pub fn heights(state: &State) -> Vec<usize> {
    let width = usize::from(areas(state).ladder.unwrap_or_default().width);
    state.ladder.rows().iter().map(|row| entry_rows(state, row, width).len()).collect()
}

/// The rows in view, from the top.
pub fn rows(state: &State, width: usize, height: usize) -> Vec<Line<'static>> {
    let mut rows = header(state, width);
    rows.truncate(height);
    let window = height - rows.len();
    let ladder = &state.ladder;
    let (mut index, mut cut) = match ladder.bottom {
        None => (ladder.rows().len(), 0),
        Some(bottom) => {
            let index = ladder.index_of(bottom.number);
            let all = ladder.rows().get(index).map_or(0, |row| entry_rows(state, row, width).len());
            (index + 1, all.saturating_sub(bottom.rows))
        }
    };
    let mut shown: Vec<Line> = Vec::new();
    while index > 0 && shown.len() < window {
        index -= 1;
        let Some(row) = ladder.rows().get(index) else { continue };
        shown.extend(entry_rows(state, row, width).into_iter().rev().skip(std::mem::take(&mut cut)));
    }
    shown.truncate(window);
    rows.extend(shown.into_iter().rev());
    rows
}

fn header(state: &State, width: usize) -> Vec<Line<'static>> {
    let (theme, ladder) = (state.theme, &state.ladder);
    let title = match (ladder.bottom, ladder.below()) {
        (None, _) => "ladder, live".to_owned(),
        (Some(_), 0) => "ladder, paused".to_owned(),
        (Some(_), below) => format!("ladder, paused: {below} newer below"),
    };
    let keys = "Space pauses, PgUp PgDn scroll, F2 closes";
    let title = Span::styled(fitted(&format!("── {title} "), width), theme.warning());
    let rest = width - title.width().min(width);
    let is_tcp = state.status.transport == Transport::Tcp;
    let marks = if is_tcp { "" } else { "── ✓ acknowledged ✗ lost " };
    let legend = [format!("{marks}── {keys} "), format!("── {keys} "), "── F2 closes ".into()];
    let legend = legend.into_iter().find(|text| text.width() <= rest).unwrap_or_default();
    let line = "─".repeat(rest - legend.width());
    let mut rows = vec![Line::from(vec![title, Span::styled(legend + &line, theme.dim())])];
    if is_tcp {
        let note = "over TCP: our frames; what the kernel sends, and sends again, is not seen here";
        rows.push(Line::styled(fitted(note, width), theme.dim()));
    }
    rows
}

/// A row of the ladder with all its words.
fn entry_rows(state: &State, row: &Row, width: usize) -> Vec<Line<'static>> {
    let mut lead = Some(lead(state, row));
    let mut rows = Vec::new();
    for (tone, text) in paragraphs(row) {
        let words = Span::styled(printable(&text).into_owned(), style(tone, state.theme));
        for words in wrap::rows(&[words], width.saturating_sub(LEAD)) {
            let mut spans = lead.take().unwrap_or_else(|| vec![Span::raw(" ".repeat(LEAD))]);
            spans.extend(words.spans);
            rows.push(Line::from(spans));
        }
    }
    rows
}

/// Notes of what passes go on in one line; each reason has its own.
fn paragraphs(row: &Row) -> Vec<(Tone, String)> {
    let mut paragraphs: Vec<(Tone, String)> = Vec::new();
    for (tone, text) in row.notes() {
        match paragraphs.last_mut() {
            Some((Tone::What, before)) if tone == Tone::What => {
                before.push_str("; ");
                before.push_str(&text);
            }
            _ => paragraphs.push((tone, text)),
        }
    }
    if paragraphs.is_empty() || paragraphs[0].1.is_empty() {
        let size = bytes(&row.step.facts).map_or_else(String::new, |bytes| format!("{bytes} B"));
        paragraphs.truncate(0);
        paragraphs.push((Tone::Aside, size));
    }
    paragraphs
}

fn bytes(facts: &[TraceEvent]) -> Option<usize> {
    facts.iter().find_map(|fact| match fact {
        TraceEvent::PacketSent { bytes, .. }
        | TraceEvent::PacketReceived { bytes, .. }
        | TraceEvent::HandshakeSent { bytes, .. }
        | TraceEvent::HandshakeReceived { bytes, .. }
        | TraceEvent::DatagramDropped { bytes, .. } => Some(*bytes),
        _ => None,
    })
}

fn style(tone: Tone, theme: Theme) -> Style {
    match tone {
        Tone::What => Style::new(),
        Tone::Why => theme.warning(),
        Tone::Aside => theme.dim(),
    }
}

/// `   1.200 → #3    ✗ `
fn lead(state: &State, row: &Row) -> Vec<Span<'static>> {
    let theme = state.theme;
    let (arrow, name) = match row.step.act {
        Act::Departs(label, _) => ("→", whole_name(label)),
        Act::Arrives(label) => ("←", whole_name(label)),
        Act::Dropped => ("←", "?".to_owned()),
        Act::Happens => (" ", String::new()),
    };
    let (mark, mark_style) = match row.known {
        Known::Nothing => (" ", Style::new()),
        Known::Acknowledged => ("✓", theme.good()),
        Known::Lost => ("✗", theme.error()),
    };
    vec![
        Span::styled(format!("{:>8} ", seconds(state.ladder.since(row.step.at))), theme.dim()),
        Span::raw(format!("{arrow} {name:<5} ")),
        Span::styled(format!("{mark} "), mark_style),
    ]
}

/// `12.345`
fn seconds(span: Duration) -> String {
    format!("{}.{:03}", span.as_secs(), span.subsec_millis())
}

#[cfg(test)]
#[path = "ladder_tests.rs"]
mod tests;
