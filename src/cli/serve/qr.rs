//! How does a code come from a terminal into a phone's camera?
//!
//! Two rows of squares are one row of half blocks, with the four squares of light around that a reader needs
//! (ISO/IEC 18004 §6.3.8). The squares are black on white by colours of their own, so that it does not matter
//! which ones the terminal has. With `NO_COLOR` the light squares are drawn, for a dark terminal; most readers
//! take the inverse too.

use qrcode::{Color, EcLevel, QrCode};
use ratatui::crossterm::terminal;
use std::io::{self, IsTerminal, Write};

/// Light squares on each side.
const QUIET: usize = 4;
/// Black on white, in colours that no palette changes: 16 and 231 of the 256.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const BACK_TO_NORMAL: &str = "\x1b[0m";

/// Shows this text on standard error, if that is a terminal wide enough.
pub fn show(text: &str) {
    let coloured = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let rows = rows(text, coloured);
    let width = rows.first().map_or(0, |row| row.chars().count());
    let columns = terminal::size().map_or(usize::MAX, |(columns, _)| usize::from(columns));
    if !io::stderr().is_terminal() || columns < width {
        return;
    }
    let mut output = io::stderr().lock();
    for row in rows {
        let line = if coloured { format!("{BLACK_ON_WHITE}{row}{BACK_TO_NORMAL}") } else { row };
        // A reader who has gone does not stop a server.
        let _ = writeln!(output, "{line}");
    }
}

/// The rows of half blocks, each of the same width; `dark`: what is drawn are the dark squares, otherwise
/// the light ones. No rows for a text that is too long for a QR code.
fn rows(text: &str, dark: bool) -> Vec<String> {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return Vec::new() };
    let (colours, inner) = (code.to_colors(), code.width());
    let is_dark = |x: usize, y: usize| {
        let place = x.checked_sub(QUIET).zip(y.checked_sub(QUIET)).filter(|(x, y)| *x < inner && *y < inner);
        place.is_some_and(|(x, y)| colours[y * inner + x] == Color::Dark)
    };
    let width = inner + 2 * QUIET;
    let block = |x, y| match (is_dark(x, y) == dark, y + 1 < width && is_dark(x, y + 1) == dark) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    (0..width).step_by(2).map(|y| (0..width).map(|x| block(x, y)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "SA-R2M0-250J-HE8A-MCXV-C9B5-3DQN-G4GM";

    #[test]
    fn a_code_fits_a_small_square_with_light_all_around() {
        let rows = rows(TEXT, true);
        assert_eq!(rows.len(), 17, "version 2 has 25 squares a side");
        assert!(rows.iter().all(|row| row.chars().count() == 33));
        assert!(rows[..2].iter().all(|row| row.trim().is_empty()));
        assert!(rows.iter().all(|row| row.starts_with("    ") && row.ends_with("    ")));
        assert!(rows[2].trim_start().starts_with("█▀▀▀▀▀█"), "the corner that a reader looks for");
    }

    #[test]
    fn the_light_squares_are_the_inverse_of_the_dark_ones() {
        let inverse = |block| match block {
            '█' => ' ',
            '▀' => '▄',
            '▄' => '▀',
            _ => '█',
        };
        let (dark, light) = (rows(TEXT, true), rows(TEXT, false));
        for (dark, light) in dark.iter().zip(&light).take(16) {
            assert_eq!(dark.chars().map(inverse).collect::<String>(), *light);
        }
        assert_eq!(light[16], "▀".repeat(33), "half a row, since 33 is odd");
    }

    #[test]
    fn a_text_that_is_too_long_has_no_rows() {
        assert!(rows(&"x".repeat(5_000), true).is_empty());
    }
}
