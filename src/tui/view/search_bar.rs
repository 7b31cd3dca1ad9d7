//! What is sought, and how often is it here?

use super::super::agreed;
use super::super::search::Search;
use super::super::state::State;
use super::cells;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// The row in the input's place, and the cursor's column and row in it.
pub fn rows(state: &State, search: &Search, width: usize) -> (Vec<Line<'static>>, (u16, u16)) {
    let (count, shown) = search.count(state.buffers.active());
    let shown_as = |text: &str| agreed::text(&text.replace('\n', " "));
    let words = shown_as(search.words.text());
    let told = match (words.is_empty(), count) {
        (true, _) => "   Esc ends the search".to_owned(),
        (false, 0) => "   not found here".to_owned(),
        (false, _) => format!("   {shown} of {count}; Enter: older, Down: newer, Esc: done"),
    };
    let style = if count == 0 && !words.is_empty() { state.theme.warning() } else { state.theme.dim() };
    let prompt = "search: ";
    let before = shown_as(search.words.before_cursor()).width();
    let row = Line::from(vec![
        Span::styled(prompt, state.theme.warning()),
        Span::raw(words),
        Span::styled(told, style),
    ]);
    (vec![row], (cells((prompt.width() + before).min(width)), 0))
}
