//! What does the person see of this session's datagrams?
//!
//! ```text
//!           ┌── F2 ──▶ follows the newest ── Space, PgUp, wheel ──▶ stands still ──┐
//!  closed ──┤              ▲      │                                     │   │      │
//!           │              └──────┼───── Space, PgDn to the end ────────┘   │      │
//!           └◀────────────────────┴─────────── F2, Escape ──────────────────┘      │
//!                                 ▲   what it stands at is gone (4,000 rows later) │
//!                                 └────────────────────────────────────────────────┘
//! ```
//!
//! The rows are kept while the pane is closed too, so that opening it shows what led here. While it is open
//! one goes on typing; Space is its key only in an empty line.

use super::buffer::Bottom;
use super::key::Key;
use super::scroll;
use super::state::{Mode, State};
use super::view;
use crate::lab::ladder::Recorded;
use crate::lab::ladder::live::{Live, ROWS_MAX, Row};
use crate::time::{Duration, Instant};
use std::collections::VecDeque;

/// Rows that one notch of the wheel moves.
const WHEEL_ROWS: isize = 3;

/// The pane and what it shows.
#[derive(Debug, Default)]
pub struct Ladder {
    /// Is it in view?
    pub is_open: bool,
    /// The last row in view; `None`: the newest.
    pub bottom: Option<Bottom<u64>>,
    live: Live,
    began: Option<Instant>,
}

impl Ladder {
    /// What is remembered, oldest first: at most [`ROWS_MAX`] rows, twice as many while the pane stands still.
    pub const fn rows(&self) -> &VecDeque<Row> {
        self.live.rows()
    }

    /// How long after the first fact that was.
    pub fn since(&self, at: Instant) -> Duration {
        at - self.began.unwrap_or(at)
    }

    /// Rows below the window.
    pub fn below(&self) -> usize {
        let Some(bottom) = self.bottom else { return 0 };
        let newest = self.rows().back().map_or(0, |row| row.number);
        usize::try_from(newest.saturating_sub(bottom.number)).unwrap_or(0)
    }

    /// The index of the row with this number, or of the oldest one.
    pub fn index_of(&self, number: u64) -> usize {
        let first = self.rows().front().map_or(0, |row| row.number);
        usize::try_from(number.saturating_sub(first)).unwrap_or(0)
    }

    fn on_facts(&mut self, facts: Vec<Recorded>) {
        for fact in facts {
            self.began.get_or_insert(fact.at);
            let keep = if self.bottom.is_some() { 2 * ROWS_MAX } else { ROWS_MAX };
            self.live.on_fact(fact, keep);
        }
        let first = self.rows().front().map_or(0, |row| row.number);
        self.bottom = self.bottom.filter(|bottom| bottom.number >= first);
    }
}

impl State {
    /// The session did this, in this order.
    pub fn on_traced(&mut self, facts: Vec<Recorded>) {
        self.ladder.on_facts(facts);
    }

    /// Opens the pane, or a key of the open one; false for all others.
    pub(super) fn in_ladder(&mut self, key: &Key) -> bool {
        if *key == Key::Ladder {
            self.toggle_ladder();
            return true;
        }
        if !self.ladder.is_open {
            return false;
        }
        let is_typing = matches!(self.mode, Mode::Typing);
        let window = self.ladder_rows();
        let page = isize::try_from(window.saturating_sub(1).max(1)).unwrap_or(1);
        match key {
            Key::PageUp => self.scroll_ladder(-page),
            Key::PageDown => self.scroll_ladder(page),
            Key::WheelUp => self.scroll_ladder(-WHEEL_ROWS),
            Key::WheelDown => self.scroll_ladder(WHEEL_ROWS),
            Key::Oldest => self.scroll_ladder(isize::MIN / 2),
            Key::Newest => self.ladder.bottom = None,
            Key::Escape if is_typing => self.toggle_ladder(),
            Key::Char(' ') if is_typing && self.typing.input.is_empty() => self.pause(),
            _ => return false,
        }
        true
    }

    fn toggle_ladder(&mut self) {
        self.ladder.is_open = !self.ladder.is_open;
        self.ladder.bottom = None;
        self.on_looked();
    }

    fn pause(&mut self) {
        let rows = view::ladder::heights(self).last().copied().unwrap_or(0);
        let newest = self.ladder.rows().back().map(|row| Bottom { number: row.number, rows });
        self.ladder.bottom = if self.ladder.bottom.is_some() { None } else { newest };
    }

    /// Rows of the pane that show the ladder.
    fn ladder_rows(&self) -> usize {
        let area = view::areas(self).ladder.unwrap_or_default();
        usize::from(area.height).saturating_sub(view::ladder::header_rows(self))
    }

    fn scroll_ladder(&mut self, by: isize) {
        let heights = view::ladder::heights(self);
        let ladder = &self.ladder;
        let from = ladder.bottom.map(|bottom| (ladder.index_of(bottom.number), bottom.rows));
        let to = scroll::moved(&heights, self.ladder_rows(), from, by);
        self.ladder.bottom = to.and_then(|(index, rows)| {
            let number = self.ladder.rows().get(index)?.number;
            Some(Bottom { number, rows })
        });
    }
}

#[cfg(test)]
#[path = "ladder_tests.rs"]
pub(super) mod tests;
