//! What did the person do, freed of how the terminal reported it?

/// A key, a turn of the wheel, or a paste.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// A paste, perhaps of several lines.
    Paste(String),
    /// Send.
    Enter,
    /// Begin another line of the same message (Alt-Enter).
    NewLine,
    /// Delete to the left.
    Backspace,
    /// Delete to the right.
    Delete,
    /// Delete the word to the left (Ctrl-W).
    DeleteWord,
    /// Delete all to the left (Ctrl-U).
    DeleteToStart,
    /// Delete all to the right (Ctrl-K).
    DeleteToEnd,
    /// One character left.
    Left,
    /// One character right.
    Right,
    /// One word left.
    WordLeft,
    /// One word right.
    WordRight,
    /// To the start.
    Home,
    /// To the end.
    End,
    /// The line before.
    Up,
    /// The line after.
    Down,
    /// Complete.
    Tab,
    /// Give up what is under way (Escape).
    Escape,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D.
    EndOfInput,
    /// Search (Ctrl-F).
    Find,
    /// Explain (F1).
    Help,
    /// Show the datagrams, or do so no longer (F2).
    Ladder,
    /// A page towards older messages.
    PageUp,
    /// A page towards newer messages.
    PageDown,
    /// To the oldest message (Ctrl-Home).
    Oldest,
    /// To the newest message (Ctrl-End).
    Newest,
    /// The wheel, away from oneself.
    WheelUp,
    /// The wheel, towards oneself.
    WheelDown,
    /// To this room or conversation, counted from 1 (Alt-1 to Alt-9).
    Place(usize),
    /// To the one before (Alt-Up, Alt-Left).
    PlaceBefore,
    /// To the one after (Alt-Down, Alt-Right).
    PlaceAfter,
}
