//! What can one do here?
//!
//! The keys, and the commands of the chat and of the window, as pages over the chat, which
//! [`view::help`](super::view::help) draws.

use super::key::Key;
use super::local;
use crate::chat::command::help_text;

const KEYS: [(&str, &str); 16] = [
    ("Enter", "send; Alt-Enter begins another line of the same message"),
    ("Tab", "complete a command, a name, a room; again: the next one"),
    ("Up Down", "what was typed before"),
    ("Alt-1 … Alt-9", "that room or conversation"),
    ("Alt-arrows", "the one before or after"),
    ("PgUp PgDn", "older and newer messages, as far back as there are any; the wheel, too"),
    ("Ctrl-Home Ctrl-End", "the oldest and the newest (Esc, too)"),
    ("Ctrl-F", "search here; Enter or Up: older, Down: newer, Esc: done"),
    ("F1", "this help"),
    ("F2", "the datagrams of this session, live; Space: pause"),
    ("Ctrl-A Ctrl-E", "start and end of the line"),
    ("Ctrl-U Ctrl-K Ctrl-W", "delete to the start, to the end, a word"),
    ("Ctrl-arrows", "a word left or right"),
    ("Ctrl-C", "clear the line; on an empty one: leave, if you say yes"),
    ("Ctrl-D", "leave, on an empty line"),
    ("Shift-mouse", "select and copy, in most terminals"),
];
/// Cells of the left column.
const LEFT: usize = 22;

/// The pages, and which rows are in view.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Help {
    rows: Vec<String>,
    /// The first row in view.
    pub top: usize,
}

impl Default for Help {
    fn default() -> Self {
        Self::new()
    }
}

impl Help {
    /// At its beginning.
    pub fn new() -> Self {
        let mut rows = vec!["KEYS".to_owned()];
        rows.extend(KEYS.iter().map(|(key, text)| format!("{key:<LEFT$}{text}")));
        rows.extend([String::new(), "COMMANDS".to_owned()]);
        rows.extend(help_text(None).lines().map(str::to_owned));
        rows.extend(local::COMMANDS.iter().map(|(name, words, text)| format!("{name} {words}  {text}")));
        Self { rows, top: 0 }
    }

    /// All rows.
    pub fn rows(&self) -> &[String] {
        &self.rows
    }

    /// Turns the pages of a window of so many rows; false: the person has read enough.
    pub fn handle_key(&mut self, key: &Key, height: usize) -> bool {
        let page = height.saturating_sub(4).max(1);
        let last = self.rows.len().saturating_sub(1);
        self.top = match key {
            Key::Up => self.top.saturating_sub(1),
            Key::Down => self.top + 1,
            Key::WheelUp => self.top.saturating_sub(3),
            Key::WheelDown => self.top + 3,
            Key::PageUp => self.top.saturating_sub(page),
            Key::PageDown | Key::Char(' ') => self.top + page,
            Key::Home | Key::Oldest => 0,
            Key::End | Key::Newest => last,
            _ => return false,
        }
        .min(last);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_stop_at_both_ends_and_any_other_key_closes() {
        let mut help = Help::new();
        assert!(help.handle_key(&Key::PageUp, 15) && help.top == 0);
        assert!(help.handle_key(&Key::End, 15) && help.handle_key(&Key::PageDown, 15));
        assert_eq!(help.top, help.rows().len() - 1);
        assert!(!help.handle_key(&Key::Escape, 15) && !help.handle_key(&Key::Char('q'), 15));
    }
}
