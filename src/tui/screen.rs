//! How do entries scroll away above a few rows that stay?
//!
//! ```text
//!        ┌──────────────────┐
//!        │ older entries    │  the terminal's own: they scroll into its memory and survive our end
//!        │ newest entry     │
//!  top ▶ │ frame            │  redrawn: pending lines, status, input
//!        │ (blank)          │  only until the screen has filled
//!        └──────────────────┘
//! ```
//!
//! To print, the frame is wiped, the entries are written from `top` on, the screen is scrolled as far as the
//! frame needs, and the frame is drawn again below. After a resize nobody knows what the terminal made of
//! its rows, so the screen is cleared and the newest entries are printed again.
//!
//! Ours: not ratatui's inline viewport, which asks the terminal for the cursor's place on every resize; the
//! answer would have to pass the thread that is blocked in reading keys. Instead the screen starts empty
//! and `top` is counted.

use super::draw;
use super::state::{Entry, State, Status};
use super::theme::Theme;
use ratatui::backend::{Backend, ClearType};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use ratatui::text::Line;

/// The terminal's rows, as far as we use them.
#[derive(Debug)]
pub struct Screen<B: Backend> {
    backend: B,
    theme: Theme,
    size: Size,
    /// The frame's first row.
    top: u16,
}

impl<B: Backend> Screen<B> {
    /// A fresh screen; what was on it scrolls into the terminal's memory.
    pub fn new(mut backend: B, theme: Theme) -> Result<Self, B::Error> {
        let size = backend.size()?;
        backend.set_cursor_position(Position::new(0, size.height.saturating_sub(1)))?;
        backend.append_lines(size.height)?;
        Ok(Self { backend, theme, size, top: 0 })
    }

    /// Shows what is new in the state.
    pub fn show(&mut self, state: &mut State) -> Result<(), B::Error> {
        let size = self.backend.size()?;
        let fresh = state.take_fresh();
        let frame = draw::frame(state, self.theme, size.width, size.height);
        let height = u16::try_from(frame.rows.len()).unwrap_or(u16::MAX).min(size.height);
        self.backend.hide_cursor()?;
        let rows = if size == self.size {
            self.wipe_frame()?;
            self.rows_of(fresh.iter(), &state.status)
        } else {
            self.start_anew(size)?;
            self.newest_rows(state, size.height.saturating_sub(height))
        };
        for row in &rows {
            self.make_room(height.max(1))?;
            self.draw_row(self.top, row)?;
            self.top += 1;
        }
        self.make_room(height)?;
        // Of a frame higher than the screen the lower rows matter: the input is the last.
        let skipped = frame.rows.len() - usize::from(height);
        for (y, row) in (self.top..).zip(&frame.rows[skipped..]) {
            self.draw_row(y, row)?;
        }
        let cursor = Position::new(frame.cursor_column, (self.top + height).saturating_sub(1));
        self.backend.set_cursor_position(cursor)?;
        self.backend.show_cursor()?;
        self.backend.flush()
    }

    /// Takes the frame away and leaves the cursor below the entries, for the shell's prompt.
    pub fn leave(&mut self) -> Result<(), B::Error> {
        self.wipe_frame()?;
        self.backend.show_cursor()?;
        self.backend.flush()
    }

    fn rows_of<'a>(&self, entries: impl Iterator<Item = &'a Entry>, status: &Status) -> Vec<Line<'static>> {
        entries.flat_map(|entry| draw::entry(entry, status, self.theme, self.size.width)).collect()
    }

    /// The last rows of the transcript, at most `most`.
    fn newest_rows(&self, state: &State, most: u16) -> Vec<Line<'static>> {
        let most = usize::from(most);
        let mut rows: Vec<Line> = Vec::new();
        for entry in state.newest_first() {
            if rows.len() >= most {
                break;
            }
            rows.extend(self.rows_of(std::iter::once(entry), &state.status).into_iter().rev());
        }
        rows.truncate(most);
        rows.reverse();
        rows
    }

    fn start_anew(&mut self, size: Size) -> Result<(), B::Error> {
        self.size = size;
        self.top = 0;
        self.backend.clear_region(ClearType::All)
    }

    fn wipe_frame(&mut self) -> Result<(), B::Error> {
        self.backend.set_cursor_position(Position::new(0, self.top))?;
        self.backend.clear_region(ClearType::AfterCursor)
    }

    /// Scrolls until `height` rows fit below `top`.
    fn make_room(&mut self, height: u16) -> Result<(), B::Error> {
        let missing = (self.top + height).saturating_sub(self.size.height);
        if missing > 0 {
            self.backend.set_cursor_position(Position::new(0, self.size.height.saturating_sub(1)))?;
            self.backend.append_lines(missing)?;
            self.top = self.top.saturating_sub(missing);
        }
        Ok(())
    }

    /// Draws one row on blank ground.
    fn draw_row(&mut self, y: u16, row: &Line<'_>) -> Result<(), B::Error> {
        let area = Rect::new(0, y, self.size.width, 1);
        let blank = Buffer::empty(area);
        let mut drawn = blank.clone();
        drawn.set_line(0, y, row, self.size.width);
        self.backend.draw(blank.diff(&drawn).into_iter())
    }
}

#[cfg(test)]
#[path = "screen_tests.rs"]
mod tests;
