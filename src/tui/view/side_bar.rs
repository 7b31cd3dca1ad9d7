//! Which rooms, which conversations, and who is here?
//!
//! Numbers are those of Alt-1 to Alt-9; counts are of what is unread, with an `@` where it is meant for
//! oneself. Where the rows do not suffice, places come before people, and the present place is in view.

use super::super::buffer::Buffer;
use super::super::state::State;
use super::super::theme::Theme;
use super::fitted;
use crate::chat::client::display::printable;
use crate::chat::message::PresenceState;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Rows that people have, if there are so many.
const PEOPLE_ROWS: usize = 4;

/// All rows, each of this width, with the border at the right.
pub fn rows(state: &State, width: usize, height: usize) -> Vec<Line<'static>> {
    let inner = width.saturating_sub(2);
    let mut rows = places(state, inner, height.saturating_sub(PEOPLE_ROWS));
    rows.extend(people(state, inner, height.saturating_sub(rows.len())));
    rows.resize(height, (String::new(), Style::new()));
    rows.into_iter().map(|(text, style)| bordered(&text, style, inner, state.theme)).collect()
}

fn bordered(text: &str, style: Style, inner: usize, theme: Theme) -> Line<'static> {
    let shown = fitted(text, inner);
    let blank = " ".repeat(inner - shown.width().min(inner));
    Line::from(vec![Span::styled(shown + &blank, style), Span::styled("│ ", theme.dim())])
}

fn places(state: &State, width: usize, most: usize) -> Vec<(String, Style)> {
    let active = state.buffers.active_index();
    let mut rows = Vec::new();
    let mut at_active = 0;
    let mut private = None;
    for (index, buffer) in state.buffers.iter().enumerate() {
        if private.replace(buffer.place.is_private()) != Some(buffer.place.is_private()) {
            let heading = if buffer.place.is_private() { "PRIVATE" } else { "ROOMS" };
            rows.push((heading.to_owned(), state.theme.dim()));
        }
        rows.push(place(buffer, index, index == active, width, state.theme));
        if index == active {
            at_active = rows.len();
        }
    }
    let skipped = at_active.saturating_sub(most.max(1));
    rows.into_iter().skip(skipped).take(most.max(1)).collect()
}

fn place(buffer: &Buffer, index: usize, active: bool, width: usize, theme: Theme) -> (String, Style) {
    let number = if index < 9 { (index + 1).to_string() } else { " ".to_owned() };
    let (count, style) = match (buffer.mentions, buffer.unread) {
        (0, 0) if buffer.left => (" ×".to_owned(), theme.dim()),
        (0, 0) => (String::new(), Style::new()),
        (0, unread) => (format!(" {unread}"), Style::new().bold()),
        (mentions, _) => (format!(" @{mentions}"), theme.warning()),
    };
    let name = fitted(&printable(buffer.place.name()), width.saturating_sub(2 + count.width()));
    let gap = " ".repeat(width.saturating_sub(2 + name.width() + count.width()));
    (format!("{number} {name}{gap}{count}"), if active { theme.chosen() } else { style })
}

fn people(state: &State, width: usize, most: usize) -> Vec<(String, Style)> {
    let people = &state.buffers.active().people;
    if people.is_empty() || most < 2 {
        return Vec::new();
    }
    let theme = state.theme;
    let room = most - 1;
    let shown = if people.len() > room { room - 1 } else { people.len() };
    let mut rows = vec![(format!("PEOPLE {}", people.len()), theme.dim())];
    rows.extend(people.iter().take(shown).map(|(name, presence)| person(name, *presence, width, theme)));
    if people.len() > shown {
        rows.push((format!("  and {} more", people.len() - shown), theme.dim()));
    }
    rows
}

fn person(name: &str, state: PresenceState, width: usize, theme: Theme) -> (String, Style) {
    let (suffix, style) = match state {
        PresenceState::Online => ("", theme.name(name)),
        PresenceState::Away => (" away", theme.dim()),
        PresenceState::Lost => (" lost", theme.dim()),
        PresenceState::Offline => (" gone", theme.dim()),
    };
    let shown = fitted(&printable(name), width.saturating_sub(2 + suffix.width()));
    (format!("  {shown}{suffix}"), style)
}
