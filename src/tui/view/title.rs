//! Where is one?
//!
//! Beside the side bar: the room and what it is about. Without it: all places, the present one reversed,
//! the others with what is unread. At the right, who is typing here.

use super::super::buffer::Buffer;
use super::super::state::State;
use super::fitted;
use crate::chat::client::display::printable;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// The first row.
pub fn row(state: &State, is_folded: bool, width: usize) -> Line<'static> {
    let buffer = state.buffers.active();
    if buffer.bottom.is_some() {
        let news = if buffer.unread > 0 { format!("{} new below; ", buffer.unread) } else { String::new() };
        let text = format!("reading older messages; {news}Esc or Ctrl-End returns");
        return Line::styled(fitted(&text, width), state.theme.warning());
    }
    let typing = typing(buffer, state, width / 2);
    let rest = width.saturating_sub(typing.width());
    let mut row = if is_folded { tabs(state, rest) } else { about(buffer, state, rest) };
    if !typing.is_empty() {
        let blank = " ".repeat(rest.saturating_sub(row.width()));
        row.spans.extend([Span::raw(blank), Span::styled(typing, state.theme.dim())]);
    }
    row
}

fn typing(buffer: &Buffer, state: &State, width: usize) -> String {
    let names: Vec<_> = buffer.courtesy.typing(state.now).map(|name| printable(name).into_owned()).collect();
    let text = match &names[..] {
        [] => return String::new(),
        [one] => format!(" {one} is typing …"),
        [one, other] => format!(" {one} and {other} are typing …"),
        more => format!(" {} are typing …", more.len()),
    };
    fitted(&text, width)
}

fn about(buffer: &Buffer, state: &State, width: usize) -> Line<'static> {
    let name = printable(buffer.place.name());
    let (what, about) = match (buffer.place.is_private(), buffer.left) {
        (true, _) => (format!("{name}, in private"), String::new()),
        (false, true) => (format!("{name}: you are not here; /join {name}"), String::new()),
        (false, false) => (name.into_owned(), printable(&buffer.topic).into_owned()),
    };
    let separator = if about.is_empty() { "" } else { ": " };
    let rest = width.saturating_sub(what.width() + separator.width());
    Line::from(vec![
        Span::styled(fitted(&what, width), state.theme.name(buffer.place.name())),
        Span::raw(separator),
        Span::styled(fitted(&about, rest), state.theme.dim()),
    ])
}

fn tabs(state: &State, width: usize) -> Line<'static> {
    let active = state.buffers.active_index();
    let tabs: Vec<(String, Style)> =
        state.buffers.iter().enumerate().map(|(index, buffer)| tab(buffer, index, active, state)).collect();
    // The present one must be in view: as many of those before it as leave room for it.
    let mut first = active;
    let mut used = tabs[active].0.width();
    while first > 0 && used + tabs[first - 1].0.width() <= width {
        first -= 1;
        used += tabs[first].0.width();
    }
    let mut rest = width;
    let spans = tabs[first..].iter().map_while(|(text, style)| {
        let shown = fitted(text, rest);
        rest = rest.saturating_sub(text.width());
        (!shown.is_empty()).then(|| Span::styled(shown, *style))
    });
    Line::from(spans.collect::<Vec<_>>())
}

fn tab(buffer: &Buffer, index: usize, active: usize, state: &State) -> (String, Style) {
    let sign = if buffer.place.is_private() { "@" } else { "" };
    let name = printable(buffer.place.name());
    let (count, style) = match (buffer.mentions, buffer.unread) {
        (0, 0) => (String::new(), state.theme.dim()),
        (0, unread) => (format!(" {unread}"), Style::new()),
        (mentions, _) => (format!(" @{mentions}"), state.theme.warning()),
    };
    let style = if index == active { state.theme.chosen() } else { style };
    (format!(" {} {sign}{name}{count} ", index + 1), style)
}
