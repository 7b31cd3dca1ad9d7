//! What was said here?
//!
//! ```text
//!  ───────── Saturday, 21 November 2026 ─────────    above the first of each day
//!  12:01   bob: hi
//!  12:01 ✓✓ann: here we are                          ✓✓ all have seen it
//!  12:02 ✓ ann: hello, and a line so long that it    ✓ one's own: the server has it for good
//!            goes on below
//!  ──────────────────── new ─────────────────────    above what came while nobody looked
//!  12:03 @ bob: ann, look                            @ speaks to oneself
//!        … how are you?                              … not yet accepted
//! ```

use super::super::attention;
use super::super::buffer::{Buffer, Dated, Entry, Past};
use super::super::moment::Moment;
use super::super::sending::Pending;
use super::super::state::{Mode, State};
use super::super::wrap::{self, INDENT};
use super::areas;
use crate::chat::client::display::printable;
use crate::chat::client::event::UserEvent;
use crate::chat::client::plain::{PlainContext, plain_lines};
use crate::chat::message::PostKind;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// The width from which on the time is shown.
const TIME_FROM: usize = 40;
/// Pending lines that are shown; more are counted.
const PENDING_LINES: usize = 5;

/// The rows in view, oldest first.
pub fn rows(state: &State, width: usize, height: usize) -> Vec<Line<'static>> {
    let buffer = state.buffers.active();
    let mut rows: Vec<Line> = Vec::new();
    let (mut index, mut cut) = match buffer.bottom {
        None => {
            rows.extend(pending(state, width, height / 2).into_iter().rev());
            (buffer.entries().len(), 0)
        }
        Some(bottom) => {
            let index = buffer.index_of(bottom.number);
            let rows = entry_rows(state, buffer, index, width).len();
            (index + 1, rows.saturating_sub(bottom.rows))
        }
    };
    while index > 0 && rows.len() < height {
        index -= 1;
        rows.extend(entry_rows(state, buffer, index, width).into_iter().rev().skip(std::mem::take(&mut cut)));
    }
    rows.truncate(height);
    rows.reverse();
    rows
}

/// How many rows each entry of the present place has in this window.
pub fn heights(state: &State) -> Vec<usize> {
    let width = usize::from(areas(state).messages.width);
    let buffer = state.buffers.active();
    (0..buffer.entries().len()).map(|index| entry_rows(state, buffer, index, width).len()).collect()
}

/// An entry with what stands above it.
fn entry_rows(state: &State, buffer: &Buffer, index: usize, width: usize) -> Vec<Line<'static>> {
    let Some(dated) = buffer.entries().get(index) else { return Vec::new() };
    let before = index.checked_sub(1).and_then(|index| buffer.entries().get(index));
    let mut rows = Vec::new();
    if before.is_none() && buffer.past == Past::Start {
        let text = format!("the beginning of {}", printable(buffer.place.name()));
        rows.push(rule(&text, state.theme.dim(), width));
    }
    if before.is_none_or(|before| before.at.day() != dated.at.day()) {
        rows.push(rule(&dated.at.date(), state.theme.dim(), width));
    }
    if buffer.unread_from == Some(dated.number) {
        rows.push(rule("new", state.theme.warning(), width));
    }
    rows.extend(said_rows(state, dated, width));
    rows
}

fn rule(text: &str, style: Style, width: usize) -> Line<'static> {
    let text = super::fitted(&format!(" {text} "), width);
    let left = (width - text.width().min(width)) / 2;
    let right = width.saturating_sub(left + text.width());
    Line::styled(format!("{}{text}{}", "─".repeat(left), "─".repeat(right)), style)
}

fn said_rows(state: &State, dated: &Dated, width: usize) -> Vec<Line<'static>> {
    let found = matches!(&state.mode, Mode::Searching(search) if search.at == Some(dated.number));
    let chosen = found.then(|| state.theme.chosen());
    match &dated.entry {
        Entry::Note(text) => {
            beside_time(state, dated.at, Mark::None, noted(text, chosen.unwrap_or(state.theme.dim())), width)
        }
        Entry::Event(event) => said(state, event, dated.at, chosen, width),
    }
}

fn said(
    state: &State,
    event: &UserEvent,
    at: Moment,
    chosen: Option<Style>,
    width: usize,
) -> Vec<Line<'static>> {
    let (from, kind, text, id, is_old, is_private) = match event {
        UserEvent::Message { from, kind, text, id, history, .. } => (from, *kind, text, id, *history, false),
        UserEvent::Private { from, text, id, .. } => (from, PostKind::Text, text, id, false, true),
        _ => return beside_time(state, at, Mark::None, told(state, event), width),
    };
    let is_own = *from == state.status.name;
    let mentioned = !is_own && !is_private && attention::names(text, &state.status.name);
    let is_seen = *id <= state.buffers.active().courtesy.seen;
    let mark = match (is_own, mentioned) {
        (true, _) if is_seen => Mark::Seen,
        (true, _) => Mark::Accepted,
        (_, true) => Mark::Mention,
        _ => Mark::None,
    };
    let style = match (is_old, mentioned) {
        (true, _) => state.theme.dim(),
        (_, true) => state.theme.addressed(),
        _ => Style::new(),
    };
    let style = chosen.unwrap_or(style);
    let name = Span::styled(printable(from).into_owned(), state.theme.name(from));
    let mut lines = text_lines(text).map(|line| Span::styled(line, style));
    let first = lines.next().unwrap_or_default();
    let head = match kind {
        PostKind::Text => vec![name, Span::raw(": "), first],
        PostKind::Action => vec![Span::raw("* "), name, Span::raw(" "), first],
    };
    let lines = std::iter::once(head).chain(lines.map(|line| vec![line])).collect();
    beside_time(state, at, mark, lines, width)
}

/// The lines of a text, each harmless.
fn text_lines(text: &str) -> impl Iterator<Item = String> {
    text.trim_end_matches(['\n', '\r']).lines().map(|line| printable(line).into_owned())
}

fn noted(text: &str, style: Style) -> Vec<Vec<Span<'static>>> {
    text_lines(text).map(|line| vec![Span::styled(line, style)]).collect()
}

fn told(state: &State, event: &UserEvent) -> Vec<Vec<Span<'static>>> {
    let status = &state.status;
    let transport = status.transport.to_string();
    let context = PlainContext { server: &status.server, transport: &transport, name: &status.name };
    let style = event_style(state, event);
    plain_lines(event, &context).into_iter().map(|line| vec![Span::styled(line, style)]).collect()
}

fn event_style(state: &State, event: &UserEvent) -> Style {
    match event {
        UserEvent::Error { .. } => state.theme.error(),
        UserEvent::Reconnecting { .. } | UserEvent::Disconnected { .. } | UserEvent::Warning { .. } => {
            state.theme.warning()
        }
        event if event.line().is_some() => Style::new(),
        UserEvent::Notice { .. } => Style::new(),
        _ => state.theme.dim(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Accepted,
    Seen,
    Mention,
}

/// The time and the mark, and beside them the lines, wrapped. Whatever is not the first row of an entry is
/// indented, so that no text can pass for a message of somebody else.
fn beside_time(
    state: &State,
    at: Moment,
    mark: Mark,
    lines: Vec<Vec<Span<'static>>>,
    width: usize,
) -> Vec<Line<'static>> {
    let mut gutter = Vec::new();
    if width >= TIME_FROM {
        gutter.push(Span::styled(format!("{} ", at.time()), state.theme.dim()));
    }
    gutter.push(match mark {
        Mark::None => Span::raw("  "),
        Mark::Accepted => Span::styled("✓ ", state.theme.good()),
        Mark::Seen => Span::styled("✓✓", state.theme.good()),
        Mark::Mention => Span::styled("@ ", state.theme.warning()),
    });
    beside(&gutter, lines, width)
}

fn beside(gutter: &[Span<'static>], lines: Vec<Vec<Span<'static>>>, width: usize) -> Vec<Line<'static>> {
    let gutter_width: usize = gutter.iter().map(Span::width).sum();
    let mut rows = Vec::new();
    for line in lines {
        // The second line of a text and its like stand where a wrapped row stands.
        let indent = if rows.is_empty() { 0 } else { INDENT };
        for row in wrap::rows(&line, width.saturating_sub(gutter_width + indent)) {
            let mut spans = if rows.is_empty() {
                gutter.to_vec()
            } else {
                vec![Span::raw(" ".repeat(gutter_width + indent))]
            };
            spans.extend(row.spans);
            rows.push(Line::from(spans));
        }
    }
    rows
}

/// What was typed here and does not stand above yet.
fn pending(state: &State, width: usize, most: usize) -> Vec<Line<'static>> {
    let pending: Vec<&Pending> = state.sending.pending(&state.buffers.active().place).collect();
    let blank = if width >= TIME_FROM { "      " } else { "" };
    let hidden = pending.len().saturating_sub(PENDING_LINES);
    let mut rows: Vec<Line> = Vec::new();
    for line in pending.iter().take(PENDING_LINES) {
        let mark = match line.accepted {
            None => Span::styled("… ", state.theme.dim()),
            Some(_) => Span::styled("✓ ", state.theme.good()),
        };
        rows.extend(beside(&[Span::raw(blank), mark], noted(&line.text, state.theme.dim()), width));
    }
    let too_high = rows.len() > most;
    if too_high || hidden > 0 {
        rows.truncate(most.saturating_sub(1));
        let told = if hidden > 0 { format!("… and {hidden} more, not yet accepted") } else { "…".into() };
        rows.push(Line::styled(format!("{blank}{told}"), state.theme.dim()));
    }
    rows.truncate(most);
    rows
}
