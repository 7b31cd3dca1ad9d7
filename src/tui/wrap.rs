//! Where does a long line break?
//!
//! At the last space that fits, within a word only where the word alone is wider than the row; a wide
//! character (UAX 11) takes two cells and never hangs half over the edge. Continued rows are indented, so
//! that no text can pass for a line of somebody else.

use super::agreed;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Cells by which continued rows are indented.
pub const INDENT: usize = 2;

struct Cell<'a> {
    symbol: &'a str,
    style: Style,
    width: usize,
}

/// Breaks `spans` into rows of at most `width` cells (at least 4 are used).
pub fn rows(spans: &[Span<'_>], width: usize) -> Vec<Line<'static>> {
    let width = width.max(INDENT + 2);
    let cells: Vec<Cell> = spans.iter().flat_map(cells_of).collect();
    let mut rows = Vec::new();
    let mut rest = cells.as_slice();
    loop {
        let indent = if rows.is_empty() { 0 } else { INDENT };
        let (row, after) = rest.split_at(fitting(rest, width - indent));
        rows.push(line(row, indent));
        rest = after;
        if rest.is_empty() {
            return rows;
        }
    }
}

fn cells_of<'a>(span: &'a Span<'_>) -> impl Iterator<Item = Cell<'a>> {
    let style = span.style;
    let symbols = span.content.graphemes(true).filter(|symbol| !symbol.contains(char::is_control));
    symbols.map(agreed::symbol).map(move |symbol| Cell { symbol, style, width: symbol.width() })
}

/// How many cells make the next row.
fn fitting(cells: &[Cell], width: usize) -> usize {
    let mut used = 0;
    let overflow = cells.iter().position(|cell| {
        used += cell.width;
        used > width
    });
    let Some(overflow) = overflow else { return cells.len() };
    let at_space = cells[..overflow].iter().rposition(|cell| cell.symbol == " ");
    // A space that itself would begin the next row is swallowed at the end of this one.
    if cells[overflow].symbol == " " {
        return overflow + 1;
    }
    at_space.map_or(overflow.max(1), |space| space + 1)
}

fn line(cells: &[Cell], indent: usize) -> Line<'static> {
    let mut spans = vec![Span::raw(" ".repeat(indent))];
    for chunk in cells.chunk_by(|one, next| one.style == next.style) {
        let text: String = chunk.iter().map(|cell| cell.symbol).collect();
        spans.push(Span::styled(text, chunk[0].style));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize) -> Vec<String> {
        let rows = rows(&[Span::raw(text)], width);
        rows.iter().map(|row| row.to_string().trim_end().to_owned()).collect()
    }

    #[test]
    fn a_short_line_stays_one_row() {
        assert_eq!(wrapped("hi there", 20), ["hi there"]);
        assert_eq!(wrapped("", 20), [""]);
    }

    #[test]
    fn a_long_line_breaks_at_spaces_and_is_indented() {
        assert_eq!(wrapped("one two three four", 9), ["one two", "  three", "  four"]);
    }

    #[test]
    fn a_space_at_the_edge_is_swallowed() {
        assert_eq!(wrapped("one two three", 7), ["one two", "  three"]);
    }

    #[test]
    fn a_word_wider_than_the_row_is_cut() {
        assert_eq!(wrapped("abcdefgh", 5), ["abcde", "  fgh"]);
    }

    #[test]
    fn a_wide_character_never_hangs_over_the_edge() {
        assert_eq!(wrapped("日本語日本", 5), ["日本", "  語", "  日", "  本"]);
    }

    #[test]
    fn styles_survive_the_break() {
        let bold = Style::new().bold();
        let rows = rows(&[Span::raw("ab "), Span::styled("cdef", bold)], 4);
        assert_eq!(rows[1].spans.last(), Some(&Span::styled("cd", bold)));
    }
}
