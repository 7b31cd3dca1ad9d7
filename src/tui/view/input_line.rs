//! What is being typed, and where is the cursor?
//!
//! A long line goes on in the next row, and so do the lines of a paste; of many rows those around the
//! cursor are shown.

use super::super::agreed;
use super::super::state::State;
use super::cells;
use crate::chat::client::display::printable;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Rows at most.
const ROWS_MAX: u16 = 6;

/// The text in rows, and the row and column of the cursor.
#[derive(Default)]
struct Broken {
    rows: Vec<String>,
    cursor: (usize, usize),
}

/// How many rows the input would like to have.
pub fn rows(state: &State) -> u16 {
    let width = usize::from(state.size().width);
    let (_, broken) = broken(state, width);
    cells(broken.rows.len()).clamp(1, ROWS_MAX)
}

/// The rows in view, and the cursor's column and row in them.
pub fn drawn(state: &State, width: usize, height: usize) -> (Vec<Line<'static>>, (u16, u16)) {
    let (prompt, broken) = broken(state, width);
    let prompt_width = prompt.width();
    let Broken { rows, cursor: (row, column) } = broken;
    let first = (row + 1).saturating_sub(height.max(1));
    let shown = rows.into_iter().enumerate().skip(first).take(height.max(1));
    let mut lines: Vec<Line> = shown
        .map(|(index, text)| {
            let before = if index == first { prompt.clone() } else { " ".repeat(prompt_width) };
            Line::from(vec![Span::styled(before, state.theme.dim()), Span::raw(text)])
        })
        .collect();
    if state.typing.input.is_empty() {
        let hint = Span::styled("type a message, or /help", state.theme.dim());
        lines = vec![Line::from(vec![Span::styled(prompt, state.theme.dim()), hint])];
    }
    (lines, (cells(prompt_width + column), cells(row - first)))
}

fn broken(state: &State, width: usize) -> (String, Broken) {
    let place = &state.buffers.active().place;
    let sign = if place.is_private() { "@" } else { "" };
    let prompt = format!("{sign}{}> ", printable(place.name()));
    let prompt = if prompt.width() * 2 > width { "> ".to_owned() } else { prompt };
    let input = &state.typing.input;
    // One cell more for a cursor behind the last character.
    let room = width.saturating_sub(prompt.width() + 1).max(2);
    let broken = broken_at(input.text(), input.before_cursor().len(), room);
    (prompt, broken)
}

fn broken_at(text: &str, cursor: usize, width: usize) -> Broken {
    let mut broken = Broken { rows: vec![String::new()], cursor: (0, 0) };
    let mut used = 0;
    for (at, symbol) in text.grapheme_indices(true) {
        let symbol = agreed::symbol(symbol);
        let is_break = symbol == "\n";
        let wide = if is_break { 0 } else { symbol.width() };
        if used + wide > width {
            broken.rows.push(String::new());
            used = 0;
        }
        if at == cursor {
            broken.cursor = (broken.rows.len() - 1, used);
        }
        if is_break {
            broken.rows.push(String::new());
            used = 0;
        } else if let Some(row) = broken.rows.last_mut() {
            row.push_str(symbol);
            used += wide;
        }
    }
    if cursor == text.len() {
        broken.cursor = (broken.rows.len() - 1, used);
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str, cursor: usize, width: usize) -> (Vec<String>, (usize, usize)) {
        let broken = broken_at(text, cursor, width);
        (broken.rows, broken.cursor)
    }

    #[test]
    fn a_long_line_and_the_lines_of_a_paste_go_on_below() {
        assert_eq!(broken("abcdef", 6, 4), (vec!["abcd".into(), "ef".into()], (1, 2)));
        assert_eq!(broken("ab\ncd", 3, 4), (vec!["ab".into(), "cd".into()], (1, 0)));
        assert_eq!(broken("ab\n", 3, 4), (vec!["ab".into(), String::new()], (1, 0)));
    }

    #[test]
    fn a_wide_character_never_hangs_over_the_edge() {
        assert_eq!(broken("日本語", 3, 5), (vec!["日本".into(), "語".into()], (0, 2)));
    }
}
