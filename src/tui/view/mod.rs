//! What does the state look like?
//!
//! ```text
//!  ┌──────────────┬───────────────────────────────────────────┐
//!  │ ROOMS        │ lobby: where everybody begins             │ title
//!  │ 1 lobby      │ ───── Saturday, 21 November 2026 ─────    │
//!  │ 2 lab     3  │ 12:01   bob: hi                           │ messages
//!  │ PRIVATE      │ 12:02 ✓ ann: hello                        │
//!  │ 3 bob    @1  │ ───────────── new ─────────────           │
//!  │ PEOPLE 2     │ 12:03 @ bob: ann, look                    │
//!  │ ann  bob     │       … how are you?                      │ sent, and not yet accepted
//!  ├──────────────┴───────────────────────────────────────────┤
//!  │ ● connected │ ann │ udp │ rtt 12.3 ms ▁▂▁ │ loss 0.0 % ▁ │ status
//!  │ lobby> how about din▏                                    │ input, up to some rows
//!  └──────────────────────────────────────────────────────────┘
//! ```
//!
//! Pure: cells from state. In a window of under 72 columns the side bar folds away and the title lists the
//! rooms instead; what has no room in a very low window goes in this order: title, status. [`ladder`] takes
//! a share of what is above the status line, or all of it.

pub mod help;
pub mod input_line;
pub mod ladder;
pub mod messages;
pub mod search_bar;
pub mod side_bar;
pub mod status_line;
pub mod title;

use super::agreed;
use super::state::{Mode, State};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns of the side bar, its border included.
pub const SIDE_WIDTH: u16 = 22;
/// The part above status and input that has room for it.
const SIDE_FROM: (u16, u16) = (72, 6);

/// Which part of the window is for what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Areas {
    /// The room and its topic, or all rooms.
    pub title: Rect,
    /// Rooms and people; `None` where it is folded away.
    pub side: Option<Rect>,
    /// What was said.
    pub messages: Rect,
    /// The datagrams; `None` where they are not shown.
    pub ladder: Option<Rect>,
    /// How the connection is.
    pub status: Rect,
    /// What is being typed.
    pub input: Rect,
}

/// The parts of the window.
pub fn areas(state: &State) -> Areas {
    let size = state.size();
    let (width, height) = (size.width, size.height);
    let input_rows = input_line::rows(state).min((height / 3).max(1)).min(height);
    let status_rows = u16::from(height > input_rows);
    let upper = height - input_rows - status_rows;
    let (chat, ladder) = ladder::split(state, Rect::new(0, 0, width, upper));
    let title_rows = u16::from(chat.height >= 2);
    let has_side = chat.width >= SIDE_FROM.0 && chat.height >= SIDE_FROM.1;
    let side_width = if has_side { SIDE_WIDTH } else { 0 };
    let rest = chat.width - side_width;
    Areas {
        title: Rect::new(side_width, 0, rest, title_rows),
        side: (side_width > 0).then(|| Rect::new(0, 0, side_width, chat.height)),
        messages: Rect::new(side_width, title_rows, rest, chat.height - title_rows),
        ladder,
        status: Rect::new(0, upper, width, status_rows),
        input: Rect::new(0, upper + status_rows, width, input_rows),
    }
}

/// Draws everything.
pub fn draw(state: &State, frame: &mut Frame<'_>) {
    let areas = areas(state);
    let within = |area: Rect| area.intersection(frame.area());
    let (title, messages, status, input) =
        (within(areas.title), within(areas.messages), within(areas.status), within(areas.input));
    let (side, pane) = (areas.side.map(within), areas.ladder.map(within));
    put(frame, title, &[title::row(state, areas.side.is_none(), usize::from(title.width))]);
    let rows = messages::rows(state, usize::from(messages.width), usize::from(messages.height));
    // The newest stands right above the status line.
    let blank = messages.height.saturating_sub(cells(rows.len()));
    put(frame, Rect { y: messages.y + blank, height: messages.height - blank, ..messages }, &rows);
    if let Some(side) = side {
        put(frame, side, &side_bar::rows(state, usize::from(side.width), usize::from(side.height)));
    }
    if let Some(pane) = pane {
        put(frame, pane, &ladder::rows(state, usize::from(pane.width), usize::from(pane.height)));
    }
    put(frame, status, &[status_line::row(state, usize::from(status.width))]);
    let (rows, cursor) = match &state.mode {
        Mode::Searching(search) => search_bar::rows(state, search, usize::from(input.width)),
        _ => input_line::drawn(state, usize::from(input.width), usize::from(input.height)),
    };
    put(frame, input, &rows);
    if let Mode::Help(help) = &state.mode {
        help::draw(help, state.theme, frame);
    } else if input.height > 0 {
        let column = cursor.0.min(input.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(column, input.y + cursor.1.min(input.height - 1)));
    }
}

fn put(frame: &mut Frame<'_>, area: Rect, rows: &[Line<'_>]) {
    for (y, row) in area.rows().zip(rows) {
        frame.buffer_mut().set_line(y.x, y.y, row, y.width);
    }
}

/// A count as cells.
pub fn cells(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// This text in at most so many cells; what is cut off is shown by a mark.
pub fn fitted(text: &str, width: usize) -> String {
    let text = agreed::text(text);
    if text.width() <= width {
        return text;
    }
    let mut used = 1;
    let kept = text.graphemes(true).take_while(|symbol| {
        used += symbol.width();
        used <= width
    });
    let kept: String = kept.collect();
    if width == 0 { String::new() } else { kept + "…" }
}

#[cfg(test)]
#[path = "tests.rs"]
pub(super) mod tests;
